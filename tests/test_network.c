/* The layers' product, chain rule and balancedness against plain loops. */
#include "naive.h"

TestSuite(network, .init = lnn_test_setup);

struct net { /* random weights, a random G and scratch of the exact size */
    struct lnn_network net;
    size_t N, k, d, kd;
    double *w, *G, *W, *grad, *scratch;
};

static const double guard = 12345.678;

static struct net open_net(size_t i)
{
    struct net n = {.net = lnn_network_of(naive_widths[i].n, naive_widths[i].d)};
    n.N = n.net.N;
    n.k = n.net.d[n.N];
    n.d = n.net.d[0];
    n.kd = n.k * n.d;
    n.w = naive_random(n.net.size, 100 + i);
    n.G = naive_random(n.kd, 200 + i);
    n.W = naive_new(n.kd + 1);
    n.grad = naive_new(n.net.size + 1);
    n.scratch = naive_new(n.net.chain + 1);
    for (size_t c = 0; c < n.net.chain; c++) n.scratch[c] = NAN;
    n.W[n.kd] = n.grad[n.net.size] = n.scratch[n.net.chain] = guard;
    return n;
}

static void close_net(struct net *n)
{
    cr_assert_eq(n->W[n->kd], guard);
    cr_assert_eq(n->grad[n->net.size], guard);
    cr_assert_eq(n->scratch[n->net.chain], guard);
    free(n->w);
    free(n->G);
    free(n->W);
    free(n->grad);
    free(n->scratch);
}

Test(network, layers_lie_one_after_the_other)
{
    static const size_t widths[] = {3, 4, 5, 2};
    struct lnn_network net = lnn_network_of(4, widths);
    cr_assert_eq(net.N, 3);
    cr_assert_eq(net.size, 12 + 20 + 10);
    cr_assert_eq(lnn_network_offset(&net, 1), 0);
    cr_assert_eq(lnn_network_offset(&net, 2), 12);
    cr_assert_eq(lnn_network_offset(&net, 3), 32);
    cr_assert_eq(lnn_network_imbalance_size(&net), 16 + 25);
    struct lnn_network one = lnn_network_of(2, widths);
    cr_assert_eq(one.N, 1);
    cr_assert_eq(lnn_network_imbalance_size(&one), 0);
}

Test(network, product_is_that_of_plain_loops)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        double *want = naive_new(10000);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        naive_partial(&n.net, n.w, 1, n.N, want);
        double scale = naive_norm(n.kd, want);
        LNN_CLOSE(lnn_test_gap(n.kd, n.W, want), 0, 1e-14 * scale);
        free(want);
        close_net(&n);
    }
}

Test(network, gradient_is_that_of_plain_loops)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        double *want = naive_new(n.net.size);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        lnn_network_gradient(&n.net, n.w, n.G, n.grad, n.scratch);
        naive_gradient(&n.net, n.w, n.G, want);
        double scale = naive_norm(n.net.size, want);
        LNN_CLOSE(lnn_test_gap(n.net.size, n.grad, want), 0, 1e-14 * scale);
        free(want);
        close_net(&n);
    }
}

/* <G, product> is affine in every single weight: a difference of step 1 is exact. */
Test(network, gradient_is_the_difference_quotient)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        lnn_network_gradient(&n.net, n.w, n.G, n.grad, n.scratch);
        double before = naive_dot(n.kd, n.G, n.W), scale = 1 + naive_norm(n.kd, n.W);
        for (size_t c = 0; c < n.net.size; c++) {
            double keep = n.w[c];
            n.w[c] += 1;
            lnn_network_product(&n.net, n.w, n.W, n.scratch);
            LNN_CLOSE(naive_dot(n.kd, n.G, n.W) - before, n.grad[c],
                      1e-14 * (scale + fabs(before) + fabs(n.grad[c])) * (double)n.kd);
            n.w[c] = keep;
        }
        close_net(&n);
    }
}

/* Euler: sum over W_j of <W_j, grad_j> is <G, W> for every layer. */
Test(network, every_layer_holds_the_same_share_of_the_product)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        lnn_network_gradient(&n.net, n.w, n.G, n.grad, n.scratch);
        double want = naive_dot(n.kd, n.G, n.W), scale = naive_norm(n.kd, n.W);
        for (size_t j = 1; j <= n.N; j++) {
            size_t at = lnn_network_offset(&n.net, j);
            size_t size = n.net.d[j] * n.net.d[j - 1];
            LNN_CLOSE(naive_dot(size, n.w + at, n.grad + at), want,
                      1e-13 * (scale + naive_norm(n.net.size, n.grad)));
        }
        close_net(&n);
    }
}

Test(network, imbalance_is_that_of_plain_loops)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        double *T = naive_new(100), *C = naive_new(100), *up = naive_new(100);
        double *down = naive_new(100);
        for (size_t j = 1; j < n.N; j++) {
            size_t h = n.net.d[j], below = n.net.d[j - 1], above = n.net.d[j + 1];
            const double *Wj = n.w + lnn_network_offset(&n.net, j),
                         *next = Wj + h * below;
            naive_transpose(above, h, next, T);
            naive_multiply(h, h, above, T, next, up);
            naive_transpose(h, below, Wj, T);
            naive_multiply(h, h, below, Wj, T, down);
            for (size_t c = 0; c < h * h; c++) up[c] -= down[c];
            lnn_network_imbalance(&n.net, n.w, j, C);
            LNN_CLOSE(lnn_test_gap(h * h, C, up), 0, 1e-14);
        }
        free(T);
        free(C);
        free(up);
        free(down);
        close_net(&n);
    }
}

/* C_j rests along the gradient of any G, as W_{j+1}^T grad_{j+1} = grad_j W_j^T. */
Test(network, gradient_flow_conserves_the_imbalance)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        double *L = naive_new(100), *R = naive_new(100);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        lnn_network_gradient(&n.net, n.w, n.G, n.grad, n.scratch);
        double scale = naive_norm(n.net.size, n.grad);
        for (size_t j = 1; j < n.N; j++) {
            size_t h = n.net.d[j], below = n.net.d[j - 1], above = n.net.d[j + 1];
            size_t at = lnn_network_offset(&n.net, j), next = at + h * below;
            lnn_gemm(true, false, h, h, above, 1, n.w + next, n.grad + next, 0, L);
            lnn_gemm(false, true, h, h, below, 1, n.grad + at, n.w + at, 0, R);
            LNN_CLOSE(lnn_test_gap(h * h, L, R), 0, 1e-14 * scale);
        }
        free(L);
        free(R);
        close_net(&n);
    }
}

/* The transposed network has the transposed product and gradient: the two orders of
 * multiplication (d_0 <= d_N, d_0 > d_N) agree. */
Test(network, both_orders_of_multiplication_agree)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct net n = open_net(i);
        size_t N = n.N, d[8], done = 0;
        for (size_t j = 0; j <= N; j++) d[j] = n.net.d[N - j];
        struct lnn_network net = lnn_network_of(N + 1, d);
        double *w = naive_new(net.size), *W = naive_new(n.kd), *G = naive_new(n.kd);
        double *back = naive_new(n.kd), *grad = naive_new(net.size);
        double *scratch = naive_new(net.chain), *T = naive_new(100);
        for (size_t j = N; j >= 1; j--) {
            size_t rows = n.net.d[j], cols = n.net.d[j - 1];
            naive_transpose(rows, cols, n.w + lnn_network_offset(&n.net, j), w + done);
            done += rows * cols;
        }
        naive_transpose(n.k, n.d, n.G, G);
        lnn_network_product(&net, w, W, scratch);
        lnn_network_gradient(&net, w, G, grad, scratch);
        lnn_network_product(&n.net, n.w, n.W, n.scratch);
        lnn_network_gradient(&n.net, n.w, n.G, n.grad, n.scratch);
        naive_transpose(n.d, n.k, W, back);
        LNN_CLOSE(lnn_test_gap(n.kd, back, n.W), 0, 1e-14 * naive_norm(n.kd, n.W));
        double scale = naive_norm(n.net.size, n.grad);
        for (size_t j = 1; j <= N; j++) {
            size_t rows = n.net.d[j], cols = n.net.d[j - 1];
            naive_transpose(cols, rows, grad + lnn_network_offset(&net, N + 1 - j), T);
            LNN_CLOSE(
                lnn_test_gap(rows * cols, T, n.grad + lnn_network_offset(&n.net, j)), 0,
                1e-14 * scale);
        }
        double *all[] = {w, W, G, back, grad, scratch, T};
        for (size_t c = 0; c < 7; c++) free(all[c]);
        close_net(&n);
    }
}
