/* Objective and derivatives of a whole problem, and the preconditioner's spectrum. */
#include "naive.h"

TestSuite(model, .init = lnn_test_setup);

static const double Phi[6] = {1, 0.5, -0.25, 0, -1, 0.75};
static const double A0[6] = {0.3, -0.2, 0.1, 0.05, 0.4, -0.15};

/* --- every loss, with and without weight decay ------------------------------------ */

/* Labels of -1 and 1 suit every loss; `data` is appended to the target's keys. */
static struct naive_case open_loss(const char *loss, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text,
             "network: {widths: [3, 4, 2, 2]}\n"
             "data: {kind: target, matrix: %s%s}\n"
             "loss: {kind: %s%s}\ninit: {kind: zero}\ntime: {end: 1}\n",
             strcmp(loss, "cross_entropy") == 0 ? "[[1, 0, 1], [0, 1, 0]]"
                                                : "[[1, -1, 1], [-1, 1, 1]]",
             strcmp(loss, "masked") == 0 ? ", mask: [[1, 0, 1], [1, 1, 0]]" : "", loss,
             more);
    return naive_open(text);
}

/* The gradient of the objective by central differences, and what the call returns. */
static void check_gradient(struct naive_case *c, unsigned long seed)
{
    const double e = 1e-5;
    size_t n = c->net.size;
    double *w = naive_random(n, seed), *grad = naive_new(n);
    double square = lnn_model_gradient(c->model, w, grad);
    LNN_CLOSE(square, naive_dot(n, grad, grad), 1e-13 * square);
    cr_assert_gt(square, 1e-3);
    for (size_t i = 0; i < n; i++) {
        double keep = w[i];
        w[i] = keep + e;
        double up = lnn_model_objective(c->model, w);
        w[i] = keep - e;
        double down = lnn_model_objective(c->model, w);
        w[i] = keep;
        LNN_CLOSE(grad[i], (up - down) / (2 * e), 3e-8 * (1 + sqrt(square)));
    }
    free(w);
    free(grad);
}

/* Hessian-vector products by central differences of the gradient. */
static void check_hessian(struct naive_case *c, unsigned long seed)
{
    const double e = 1e-5;
    size_t n = c->net.size;
    double *w = naive_random(n, seed), *v = naive_random(n, seed + 50),
           *hv = naive_new(n);
    double *up = naive_new(n), *down = naive_new(n), *at = naive_new(n);
    lnn_model_hessian(c->model, w, v, hv);
    for (size_t i = 0; i < n; i++) at[i] = w[i] + e * v[i];
    lnn_model_gradient(c->model, at, up);
    for (size_t i = 0; i < n; i++) at[i] = w[i] - e * v[i];
    lnn_model_gradient(c->model, at, down);
    for (size_t i = 0; i < n; i++) up[i] = (up[i] - down[i]) / (2 * e);
    LNN_CLOSE(lnn_test_gap(n, hv, up), 0, 1e-7 * (1 + naive_norm(n, hv)));
    double *all[] = {w, v, hv, up, down, at};
    for (size_t i = 0; i < 6; i++) free(all[i]);
}

Test(model, derivatives_of_every_loss_are_the_difference_quotients)
{
    static const char *const more[] = {"", ", weight_decay: 0.7"};
    for (size_t l = 0; lnn_losses[l]; l++)
        for (int decay = 0; decay < 2; decay++)
            for (unsigned long seed = 0; seed < 3; seed++) {
                struct naive_case c = open_loss(lnn_losses[l]->name, more[decay]);
                check_gradient(&c, seed);
                check_hessian(&c, seed);
                naive_close(&c);
            }
}

Test(model, derivatives_on_data_that_is_not_whitened)
{
    static const char *const losses[] = {"square", "lp, p: 3.5",
                                         "lp, p: 4, scaling: papers"};
    for (int l = 0; l < 3; l++) {
        char text[500];
        snprintf(
            text, sizeof text,
            "network: {widths: [4, 3, 2]}\nloss: {kind: %s, weight_decay: 0.1}\n"
            "data: {kind: teacher, samples: 9, noise: 0.3, condition: 50, seed: 4}\n"
            "init: {kind: zero}\ntime: {end: 1}\n",
            losses[l]);
        struct naive_case c = naive_open(text);
        check_gradient(&c, 7);
        check_hessian(&c, 8);
        naive_close(&c);
    }
}

/* phi + lambda/2 sum ||W_j||^2 in plain loops. */
Test(model, objective_is_loss_and_decay)
{
    static const struct naive_widths widths = {4, {3, 4, 3, 2}};
    struct naive_case plain = naive_target(&widths, Phi, "");
    struct naive_case decay =
        naive_target(&widths, Phi, "loss: {weight_decay: 0.25}\n");
    double *w = naive_random(plain.net.size, 5), *W = naive_new(10000), loss = 0;
    naive_partial(&plain.net, w, 1, 3, W);
    for (int i = 0; i < 6; i++) loss += 0.5 * (W[i] - Phi[i]) * (W[i] - Phi[i]);
    LNN_CLOSE(lnn_model_objective(plain.model, w), loss, 1e-14);
    double norm = naive_dot(plain.net.size, w, w);
    LNN_CLOSE(lnn_model_objective(decay.model, w), loss + 0.125 * norm, 1e-14);
    free(w);
    free(W);
    naive_close(&plain);
    naive_close(&decay);
}

Test(model, gradient_leaves_the_product_and_the_loss_gradient)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        const struct naive_widths *widths = &naive_widths[i];
        size_t kd = widths->d[0] * widths->d[widths->n - 1];
        double *target = naive_random(kd, i);
        struct naive_case c = naive_target(widths, target, "");
        double *w = naive_random(c.net.size, i), *grad = naive_new(c.net.size);
        double *want = naive_new(c.net.size), *W = naive_new(10000);
        lnn_model_gradient(c.model, w, grad);
        naive_partial(&c.net, w, 1, c.net.N, W);
        LNN_CLOSE(lnn_test_gap(kd, c.model->W, W), 0, 1e-14 * naive_norm(kd, W));
        for (size_t e = 0; e < kd; e++) W[e] -= target[e];
        LNN_CLOSE(lnn_test_gap(kd, c.model->G, W), 0, 1e-14 * naive_norm(kd, W));
        naive_gradient(&c.net, w, W, want);
        double scale = naive_norm(c.net.size, want);
        LNN_CLOSE(lnn_test_gap(c.net.size, grad, want), 0, 2e-14 * scale);
        double *all[] = {target, w, grad, want, W};
        for (size_t e = 0; e < 5; e++) free(all[e]);
        naive_close(&c);
    }
}

/* --- the preconditioner ----------------------------------------------------------- */

/* Eigenvalues of P_W for A0, all six from the padded singular values. */
Test(model, preconditioner_of_the_standard_matrix)
{
    static const size_t depths[3] = {2, 3, 5};
    static const double want[3][6] = {
        {0.28177322319025755, 0.49558435275235774, 0.5635464463805151,
         0.7773575759426152, 0.7773575759426152, 0.9911687055047155},
        {0.18472809850011435, 0.3921842191608667, 0.5541842955003431,
         0.8460729482653453, 0.8460729482653453, 1.1765526574826002},
        {0.13177698043535896, 0.3252281563898717, 0.6588849021767949,
         1.0886724391294487, 1.0886724391294487, 1.6261407819493585}};
    struct lnn_svd *f = lnn_svd_alloc(2, 3);
    LNN_OK(lnn_svd(f, A0));
    double s[3] = {f->s[0], f->s[1], 0};
    for (int i = 0; i < 3; i++) {
        double got[6], smallest, largest;
        for (int r = 0; r < 2; r++)
            for (int q = 0; q < 3; q++)
                got[3 * r + q] = lnn_preconditioner_eigenvalue(depths[i], s[r], s[q]);
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < a; b++)
                if (got[a] < got[b]) {
                    double swap = got[a];
                    got[a] = got[b];
                    got[b] = swap;
                }
        for (int a = 0; a < 6; a++) LNN_CLOSE(got[a], want[i][a], 1e-15);
        lnn_preconditioner_range(depths[i], 2, 3, s, &smallest, &largest);
        LNN_CLOSE(smallest, want[i][0], 1e-15);
        LNN_CLOSE(largest, want[i][5], 1e-15);
    }
    free(f);
}

Test(model, preconditioner_eigenvalue_is_the_divided_difference)
{
    LNN_CLOSE(lnn_preconditioner_eigenvalue(3, 0.5, 0.2), 0.729254441523753, 1e-15);
    for (size_t N = 1; N <= 9; N++) {
        double n = (double)N, x[12];
        naive_fill(12, x, N);
        for (int i = 0; i < 12; i += 2) {
            double a = fabs(x[i]), b = fabs(x[i + 1]);
            double want = (a * a - b * b) / (pow(a, 2 / n) - pow(b, 2 / n));
            LNN_CLOSE(lnn_preconditioner_eigenvalue(N, a, b), want, 1e-12 * want);
            LNN_CLOSE(lnn_preconditioner_eigenvalue(N, b, a), want, 1e-12 * want);
            want = n * pow(a, 2 - 2 / n);
            LNN_CLOSE(lnn_preconditioner_eigenvalue(N, a, a), want, 1e-14 * want);
            want = pow(a, 2 - 2 / n);
            LNN_CLOSE(lnn_preconditioner_eigenvalue(N, a, 0), want, 1e-14 * want);
            LNN_CLOSE(lnn_preconditioner_eigenvalue(N, 0, a), want, 1e-14 * want);
        }
        cr_assert_eq(lnn_preconditioner_eigenvalue(N, 0, 0), N == 1 ? 1 : 0);
    }
}

/* Against all k d eigenvalues p(r, q), for every shape, rank and depth. */
Test(model, preconditioner_range_is_that_of_all_pairs)
{
    static const double s[4] = {1.7, 0.9, 0.9, 0.2};
    for (size_t k = 1; k <= 4; k++)
        for (size_t d = 1; d <= 4; d++)
            for (size_t rank = 0; rank <= (k < d ? k : d); rank++)
                for (size_t N = 1; N <= 6; N++) {
                    double sigma[4] = {0}, smallest, largest, low = INFINITY, high = 0;
                    memcpy(sigma, s, rank * sizeof *s);
                    for (size_t r = 0; r < k; r++)
                        for (size_t q = 0; q < d; q++) {
                            double p =
                                lnn_preconditioner_eigenvalue(N, sigma[r], sigma[q]);
                            low = fmin(low, p);
                            high = fmax(high, p);
                        }
                    lnn_preconditioner_range(N, k, d, sigma, &smallest, &largest);
                    LNN_CLOSE(smallest, low, 1e-15);
                    LNN_CLOSE(largest, high, 1e-14);
                }
}
