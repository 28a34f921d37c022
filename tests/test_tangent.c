/* The chain rule's own derivative, and the Hessian of a whole problem. */
#include "naive.h"

TestSuite(tangent, .init = lnn_test_setup);

/* <G, W_N .. with A_j for W_j and B_l for W_l .. W_1> summed over j (l = 0: none). */
static void replaced(const struct lnn_network *net, const double w[], size_t j,
                     const double A[], size_t l, const double B[], double W[])
{
    double *v = naive_new(net->size);
    memcpy(v, w, net->size * sizeof *v);
    size_t at = lnn_network_offset(net, j), size = net->d[j] * net->d[j - 1];
    memcpy(v + at, A + at, size * sizeof *v);
    if (l > 0) {
        at = lnn_network_offset(net, l);
        memcpy(v + at, B + at, net->d[l] * net->d[l - 1] * sizeof *v);
    }
    naive_partial(net, v, 1, net->N, W);
    free(v);
}

/* dW = sum_j W_N .. D_j .. W_1. */
static void tangent_by_parts(const struct lnn_network *net, const double w[],
                             const double D[], double dW[])
{
    size_t kd = net->d[net->N] * net->d[0];
    double *part = naive_new(10000);
    memset(dW, 0, kd * sizeof *dW);
    for (size_t j = 1; j <= net->N; j++) {
        replaced(net, w, j, D, 0, NULL, part);
        for (size_t i = 0; i < kd; i++) dW[i] += part[i];
    }
    free(part);
}

/* The second derivative of <G, product> at fixed G, as a symmetric form of A and B. */
static double curvature_by_parts(const struct lnn_network *net, const double w[],
                                 const double G[], const double A[], const double B[])
{
    double *part = naive_new(10000), sum = 0;
    for (size_t j = 1; j <= net->N; j++)
        for (size_t l = 1; l <= net->N; l++) {
            if (l == j) continue;
            replaced(net, w, j, A, l, B, part);
            sum += naive_dot(net->d[net->N] * net->d[0], G, part);
        }
    free(part);
    return sum;
}

struct tangent { /* scratch of the exact size, a guard behind it */
    struct lnn_network net;
    size_t kd, room;
    double *w, *D, *E, *G, *W, *dW, *dE, *dgrad, *scratch;
};

static struct tangent open_tangent(size_t i)
{
    struct tangent t = {.net = lnn_network_of(naive_widths[i].n, naive_widths[i].d)};
    t.kd = t.net.d[t.net.N] * t.net.d[0];
    t.room = lnn_network_tangent_size(&t.net);
    t.w = naive_random(t.net.size, 300 + i);
    t.D = naive_random(t.net.size, 400 + i);
    t.E = naive_random(t.net.size, 500 + i);
    t.G = naive_random(t.kd, 600 + i);
    t.W = naive_new(t.kd);
    t.dW = naive_new(t.kd);
    t.dE = naive_new(10000);
    t.dgrad = naive_new(t.net.size);
    t.scratch = naive_new(t.room + 1);
    for (size_t c = 0; c < t.room; c++) t.scratch[c] = NAN;
    t.scratch[t.room] = 7;
    return t;
}

static void close_tangent(struct tangent *t)
{
    cr_assert_eq(t->scratch[t->room], 7);
    double *all[] = {t->w, t->D, t->E, t->G, t->W, t->dW, t->dE, t->dgrad, t->scratch};
    for (size_t c = 0; c < sizeof all / sizeof all[0]; c++) free(all[c]);
}

Test(tangent, product_rule)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct tangent t = open_tangent(i);
        lnn_network_product_tangent(&t.net, t.w, t.D, t.W, t.dW, t.scratch);
        naive_partial(&t.net, t.w, 1, t.net.N, t.dE);
        LNN_CLOSE(lnn_test_gap(t.kd, t.W, t.dE), 0, 1e-14 * naive_norm(t.kd, t.dE));
        tangent_by_parts(&t.net, t.w, t.D, t.dE);
        LNN_CLOSE(lnn_test_gap(t.kd, t.dW, t.dE), 0, 2e-14 * naive_norm(t.kd, t.dE));
        close_tangent(&t);
    }
}

/* The bilinear form of the Hessian of 1/2 ||W||^2-like losses, dG = dW:
 *   <E, H D> = <dW_E, dW_D> + sum_{j != l} <G, W_N .. D_j .. E_l .. W_1>. */
Test(tangent, gradient_tangent_is_the_hessian_form)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct tangent t = open_tangent(i);
        lnn_network_product_tangent(&t.net, t.w, t.D, t.W, t.dW, t.scratch);
        lnn_network_gradient_tangent(&t.net, t.w, t.D, t.G, t.dW, t.dgrad, t.scratch);
        const double *other[2] = {t.E, t.D};
        for (int c = 0; c < 2; c++) {
            tangent_by_parts(&t.net, t.w, other[c], t.dE);
            double want = naive_dot(t.kd, t.dE, t.dW) +
                          curvature_by_parts(&t.net, t.w, t.G, t.D, other[c]);
            double got = naive_dot(t.net.size, other[c], t.dgrad);
            double scale =
                naive_norm(t.net.size, t.dgrad) * naive_norm(t.net.size, other[c]);
            LNN_CLOSE(got, want, 1e-14 * (1 + scale));
        }
        close_tangent(&t);
    }
}

Test(tangent, gradient_tangent_is_the_difference_quotient)
{
    const double e = 1e-5;
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        struct tangent t = open_tangent(i);
        double *dG = naive_random(t.kd, 800 + i), *up = naive_new(t.net.size);
        double *down = naive_new(t.net.size), *w = naive_new(t.net.size),
               *G = naive_new(t.kd);
        lnn_network_product_tangent(&t.net, t.w, t.D, t.W, t.dW, t.scratch);
        lnn_network_gradient_tangent(&t.net, t.w, t.D, t.G, dG, t.dgrad, t.scratch);
        for (int sign = -1; sign <= 1; sign += 2) {
            for (size_t c = 0; c < t.net.size; c++) w[c] = t.w[c] + sign * e * t.D[c];
            for (size_t c = 0; c < t.kd; c++) G[c] = t.G[c] + sign * e * dG[c];
            naive_gradient(&t.net, w, G, sign > 0 ? up : down);
        }
        for (size_t c = 0; c < t.net.size; c++) up[c] = (up[c] - down[c]) / (2 * e);
        LNN_CLOSE(lnn_test_gap(t.net.size, up, t.dgrad), 0,
                  1e-8 * (1 + naive_norm(t.net.size, t.dgrad)));
        double *all[] = {dG, up, down, w, G};
        for (size_t c = 0; c < 5; c++) free(all[c]);
        close_tangent(&t);
    }
}

/* --- spectra of the Hessian of the whole problem ---------------------------------- */

/* Eigenvalues, ascending, of the Hessian at w; it must be symmetric. */
static void spectrum(struct naive_case *c, const double w[], double values[])
{
    size_t n = c->net.size;
    double *H = naive_new(n * n), *e = naive_new(n), *T = naive_new(n * n);
    for (size_t i = 0; i < n; i++) {
        e[i] = 1;
        lnn_model_hessian(c->model, w, e, H + i * n);
        e[i] = 0;
    }
    naive_transpose(n, n, H, T);
    LNN_CLOSE(lnn_test_gap(n * n, H, T), 0, 1e-14);
    LNN_OK(lnn_eig_symmetric(n, H, values, NULL));
    free(H);
    free(e);
    free(T);
}

static void check_spectrum(const struct naive_widths *widths, const double Phi[],
                           const double w[], const double want[], double tol)
{
    struct naive_case c = naive_target(widths, Phi, "");
    double values[64];
    spectrum(&c, w ? w : c.w0, values);
    for (size_t i = 0; i < c.net.size; i++) LNN_CLOSE(values[i], want[i], tol);
    naive_close(&c);
}

static const double diagonal[4] = {2, 0, 0, 1};

Test(tangent, hessian_at_the_origin)
{
    static const struct naive_widths two = {3, {3, 4, 2}}, three = {4, {3, 4, 4, 2}};
    static const double Phi[6] = {2, 0, 0, 0, 1, 0}, zero[36] = {0};
    double want[20]; /* +-sigma_i, each as often as the layer is wide */
    for (int i = 0; i < 20; i++) want[i] = i / 4 - 2;
    check_spectrum(&two, Phi, NULL, want, 1e-14);
    check_spectrum(&three, Phi, NULL, zero, 0);
}

/* Layers diag(2,0)^{1/N}: the missing mode is a strict saddle for N = 2 only. */
Test(tangent, hessian_at_balanced_saddles)
{
    static const struct naive_widths widths[] = {
        {3, {2, 2, 2}}, {4, {2, 2, 2, 2}}, {5, {2, 2, 2, 2, 2}}};
    static const double largest[3] = {4, 7.55952629937, 11.313708499};
    for (int i = 0; i < 3; i++) {
        struct naive_case c = naive_target(&widths[i], diagonal, "");
        size_t N = c.net.N, negative = 0, zero = 0;
        double *w = naive_new(c.net.size), values[16];
        for (size_t j = 0; j < N; j++) w[4 * j] = pow(2, 1 / (double)N);
        spectrum(&c, w, values);
        for (size_t r = 0; r < c.net.size; r++) {
            negative += values[r] < -1e-12;
            zero += fabs(values[r]) <= 1e-12;
        }
        LNN_CLOSE(values[c.net.size - 1], largest[i], 1e-9);
        if (N == 2) LNN_CLOSE(values[0], -1, 1e-14);
        cr_assert_eq(negative, N == 2 ? 1 : 0);
        if (N > 2) cr_assert_eq(c.net.size - negative - zero, 3);
        free(w);
        naive_close(&c);
    }
}

Test(tangent, hessian_at_an_unbalanced_saddle_and_at_the_minimum)
{
    static const struct naive_widths widths = {4, {2, 2, 2, 2}};
    static const double saddle[12] = {0, 0, 0, 0, 1, 0, 0, 1};
    static const double strict[12] = {-2, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 2};
    static const double flat[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 3, 5.1072431518, 5.1072431518, 7.5595262994};
    double minimum[12] = {0};
    for (int j = 0; j < 3; j++) {
        minimum[4 * j] = cbrt(2);
        minimum[4 * j + 3] = 1;
    }
    check_spectrum(&widths, diagonal, saddle, strict, 1e-14);
    check_spectrum(&widths, diagonal, minimum, flat, 1e-9);
}

/* lambda_min >= -(N-1) ||G|| times the largest product of N-2 layers' norms. */
Test(tangent, hessian_is_bounded_below)
{
    static const double Phi[6] = {1, 0.5, -0.25, 0, -1, 0.75};
    static const struct naive_widths widths = {4, {3, 2, 3, 2}};
    struct naive_case c = naive_target(&widths, Phi, "");
    for (unsigned long seed = 0; seed < 20; seed++) {
        double *w = naive_random(c.net.size, seed), values[18], worst = 0;
        spectrum(&c, w, values);
        double G = naive_norm(6, c.model->G);
        for (size_t j = 1; j <= 3; j++)
            worst = fmax(worst, naive_norm(6, w + lnn_network_offset(&c.net, j)));
        cr_assert_geq(values[0], -2 * G * worst);
        cr_assert_lt(values[0], 0);
        free(w);
    }
    naive_close(&c);
}

Test(tangent, weight_decay_shifts_the_spectrum)
{
    static const struct naive_widths widths = {3, {3, 4, 2}};
    static const double Phi[6] = {1, 0.5, -0.25, 0, -1, 0.75};
    struct naive_case plain = naive_target(&widths, Phi, "");
    struct naive_case decay = naive_target(&widths, Phi, "loss: {weight_decay: 0.3}\n");
    double *w = naive_random(20, 1), a[20], b[20];
    spectrum(&plain, w, a);
    spectrum(&decay, w, b);
    for (int i = 0; i < 20; i++) LNN_CLOSE(b[i] - a[i], 0.3, 1e-13);
    free(w);
    naive_close(&plain);
    naive_close(&decay);
}
