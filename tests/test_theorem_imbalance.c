/* imbalance_rate: the conserved bound against the layers themselves, Claim 4's start
 * under flow, and what is found in spoilt files. */
#include "naive.h"
#include "test_convergence.h"
#include "theorem_imbalance.h"

TestSuite(imbalance_rate, .init = lnn_test_setup, .timeout = 120);

#define JUDGE "imbalance_rate"

/* sigma_min^2 over the rows x rows Gram matrix: 0 if there are fewer columns. */
static double gram_least(size_t rows, size_t cols, const double A[])
{
    if (cols < rows) return 0;
    struct lnn_svd *f = lnn_svd_alloc(rows, cols);
    LNN_OK(lnn_svd(f, A));
    double s = f->s[f->q - 1];
    free(f);
    return s * s;
}

static double *product(size_t a, size_t b, size_t c, const double A[], const double B[])
{
    double *P = naive_new(a * c);
    for (size_t i = 0; i < a; i++)
        for (size_t j = 0; j < c; j++)
            for (size_t l = 0; l < b; l++) P[i * c + j] += A[i * b + l] * B[l * c + j];
    return P;
}

static double *transposed(size_t rows, size_t cols, const double A[])
{
    double *T = naive_new(rows * cols);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) T[j * rows + i] = A[i * cols + j];
    return T;
}

/* rho = sum_j lambda_min(A_j A_j^T) lambda_min(B_j^T B_j) in plain loops. */
static double naive_rho(size_t N, const size_t d[], const double w[])
{
    struct lnn_network net = lnn_network_of(N + 1, d);
    double sum = 0;
    for (size_t j = 1; j <= N; j++) {
        double term = 1, *P = NULL, *Q;
        for (size_t i = N; i > j; i--, P = Q) {
            const double *W = w + lnn_network_offset(&net, i);
            Q = P ? product(d[N], d[i], d[i - 1], P, W) : naive_new(d[N] * d[i - 1]);
            if (!P) memcpy(Q, W, d[N] * d[i - 1] * sizeof *Q);
            free(P);
        }
        if (P) term *= gram_least(d[N], d[j], P);
        free(P);
        P = NULL;
        for (size_t i = 1; i < j; i++, P = Q) {
            const double *W = w + lnn_network_offset(&net, i);
            Q = P ? product(d[i], d[i - 1], d[0], W, P) : naive_new(d[1] * d[0]);
            if (!P) memcpy(Q, W, d[1] * d[0] * sizeof *Q);
            free(P);
        }
        if (P) {
            Q = transposed(d[j - 1], d[0], P);
            term *= gram_least(d[0], d[j - 1], Q);
            free(Q);
        }
        free(P);
        sum += term;
    }
    return sum;
}

/* r <= rho for all weights: drawn ones whose layers differ in size, so that r > 0. */
Test(imbalance_rate, conserved_bound_is_below_the_layers_own)
{
    static const struct naive_widths nets[] = {
        {3, {1, 1, 1}},       {3, {3, 6, 2}},    {3, {2, 2, 2}},    {3, {2, 6, 4}},
        {3, {5, 1, 3}},       {4, {1, 1, 1, 1}}, {4, {2, 2, 2, 2}}, {4, {2, 3, 4, 2}},
        {5, {2, 2, 2, 2, 2}}, {4, {3, 5, 4, 2}}};
    for (size_t n = 0; n < sizeof nets / sizeof *nets; n++) {
        struct lnn_network net = lnn_network_of(nets[n].n, nets[n].d);
        double *w = naive_new(net.size), largest = 0;
        for (unsigned long seed = 0; seed < 60; seed++) {
            struct lnn_imbalance is;
            naive_fill(net.size, w, seed);
            for (size_t j = 1; j <= net.N; j++) {
                double size =
                    seed % net.N == j - 1 ? 0.3 : 1 + 0.7 * (double)(seed % 5);
                for (size_t i = 0; i < net.d[j] * net.d[j - 1]; i++)
                    w[lnn_network_offset(&net, j) + i] *= size;
            }
            double rho = naive_rho(net.N, net.d, w);
            LNN_OK(lnn_imbalance_rate(&net, w, &is));
            cr_assert(is.certain <= is.r && is.r <= 1.000001 * is.certain + 1e-12);
            cr_assert(is.certain <= rho, "net %zu, %lu: %g > %g", n, seed, is.r, rho);
            largest = fmax(largest, is.r / rho);
        }
        bool narrow = net.N > 2 || nets[n].d[1] == 1;
        cr_assert(largest > 0 || narrow, "net %zu: always vacuous", n);
        if (n == 4) LNN_CLOSE(largest, 0, 0); /* h = 1 < k, d */
        free(w);
    }
}

Test(imbalance_rate, scalars_and_diagonals_by_hand)
{
    static const size_t one[] = {1, 1, 1, 1}, two[] = {2, 2, 2}, tall[] = {1, 2, 3};
    struct lnn_network net = lnn_network_of(4, one);
    struct lnn_imbalance is;
    double x[] = {3, -2, 5}, swapped[] = {-5, 3, 2};
    LNN_OK(lnn_imbalance_rate(&net, x, &is));
    LNN_CLOSE(is.r, (9 - 4) * (25 - 4), 1e-12);
    LNN_OK(lnn_imbalance_rate(&net, swapped, &is));
    LNN_CLOSE(is.r, (9 - 4) * (25 - 4), 1e-12);
    net = lnn_network_of(3, two); /* C = diag(9 - 1, 4 - 1.5^2) */
    double w[] = {1, 0, 0, 1.5, 3, 0, 0, 2};
    LNN_OK(lnn_imbalance_rate(&net, w, &is));
    LNN_CLOSE(is.r, 4 - 2.25, 1e-13);
    LNN_CLOSE(is.top, 4 - 2.25, 1e-13);
    LNN_CLOSE(is.bottom, -8, 1e-13);
    double v[] = {3, 0, 0, 1, 1, 0, 0, 3}; /* C = diag(-8, 8): of neither sign */
    LNN_OK(lnn_imbalance_rate(&net, v, &is));
    LNN_CLOSE(is.r, 0, 0);
    net = lnn_network_of(3, tall); /* h = 2 < k = 3: only W_1 can drive it */
    double u[] = {3, 4, 1, 0, 0, 1, 0, 0};
    LNN_OK(lnn_imbalance_rate(&net, u, &is));
    cr_assert(isnan(is.top));
    LNN_CLOSE(is.r, 24, 1e-12); /* C = I - v v^T, |v| = 5: eigenvalues -24, 1 */
}

#define CLAIM4                                                                  \
    "network: {widths: [1, 1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"       \
    "init: {kind: lambda_balanced, lambda: -9999.99994375, matrix: [[0.75]]}\n" \
    "trajectories: [{system: gradient_flow, stepper: bsimp, rtol: 1.0e-12, "    \
    "atol: 1.0e-14}]\ntime: {end: 1.0e-3, samples: 21}\n"

/* x = (100, 0.0075): descent from it diverges at any learning rate; flow converges. */
Test(imbalance_rate, start_of_claim_4_converges_under_flow)
{
    static const char *const longer[] = {"time={end: 0.01, samples: 41}", NULL};
    struct judged v = evidence_of(CLAIM4, NULL);
    LNN_CLOSE(v.r->w[0], 100, 1e-12);
    LNN_CLOSE(v.r->w[1], 0.0075, 1e-16);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed rate 2 alpha r"), 2 * 9999.99994375, 1e-8);
    LNN_CLOSE(figure(&v, "lambda_d(-C)"), 9999.99994375, 1e-9);
    cr_assert(figure(&v, "mean rate measured") > 2 * 9999.99994375);
    LNN_CLOSE(figure(&v, "mean rate measured") / 2e4, 1, 1e-7);
    LNN_CLOSE(figure(&v, "smallest ||grad||^2 over 2 alpha rho (l - l*)"), 1, 1e-6);
    forget(&v);
    v = evidence_of(CLAIM4, longer);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(v.r->W[40], 1, 1e-11);
    cr_assert(figure(&v, "statements below their error bar") > 20);
    spoil(v.r->W)[35] = 1.001; /* a late row may be mute, but not when it is wrong */
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    forget(&v);
}

/* One weight a layer: the bound is attained but for (w / C)^2 = 2e-8 of the rate, so
 * that a millionth of the way to go shows either way, in the row or in the next. */
Test(imbalance_rate, a_small_error_in_one_row_is_found)
{
    struct judged v = evidence_of(CLAIM4, NULL);
    double *W = spoil(v.r->W), *w = spoil(v.r->w);
    for (size_t row = 2; row < 12; row += 3) {
        for (double sign = -1; sign <= 1; sign += 2) {
            double kept = W[row], first = w[2 * row];
            W[row] += sign * 1e-6 * (1 - kept);
            w[2 * row] = W[row] / w[2 * row + 1];
            VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
            W[row] = kept;
            w[2 * row] = first;
        }
    }
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    forget(&v);
}

#define UNEVEN                                           \
    "network: {widths: [3, 6, 2]}\n" PHI                 \
    "init: {kind: gaussian, scale: 0.7, seed: 3}\n" FLOW \
    "time: {end: 3, samples: 31}\n"

/* [lambda_k(C)]_+ + [lambda_d(-C)]_+ from the file's own layers. */
static double naive_rate(const struct lnn_record *r)
{
    size_t d = r->net.d[0], h = r->net.d[1], k = r->net.d[2];
    double *C = naive_new(h * h), *values = naive_new(h);
    const double *W1 = r->w, *W2 = r->w + h * d;
    for (size_t a = 0; a < h; a++)
        for (size_t b = 0; b < h; b++) {
            for (size_t i = 0; i < k; i++)
                C[a * h + b] += W2[i * h + a] * W2[i * h + b];
            for (size_t i = 0; i < d; i++)
                C[a * h + b] -= W1[a * d + i] * W1[b * d + i];
        }
    LNN_OK(lnn_eig_symmetric(h, C, values, NULL));
    double rate = fmax(0, values[h - k]) + fmax(0, -values[d - 1]);
    free(C);
    free(values);
    return rate;
}

Test(imbalance_rate, two_layers_from_any_start)
{
    struct judged v = evidence_of(UNEVEN, NULL);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    double rate = 2 * naive_rate(v.r), l0 = v.r->loss[0], ratio = INFINITY;
    cr_assert(rate > 0.5);
    LNN_CLOSE(figure(&v, "guaranteed rate 2 alpha r"), rate, 1e-12);
    for (size_t i = 0; i < v.r->rows; i++) {
        const double *w = v.r->w + i * v.r->net.size;
        double grad[30], rho = naive_rho(2, v.r->net.d, w);
        LNN_OK(lnn_record_gradient(v.e, v.r, i, grad));
        cr_assert(v.r->loss[i] <= l0 * exp(-rate * v.r->t[i]));
        ratio = fmin(ratio, lnn_dot(30, grad, grad) / (2 * rho * v.r->loss[i]));
    }
    LNN_CLOSE(figure(&v, "smallest ||grad||^2 over 2 alpha rho (l - l*)"), ratio, 1e-6);
    forget(&v);
}

/* Shapes, depths and data: never violated, whatever the start. */
Test(imbalance_rate, holds_over_many_starts)
{
    static const char *const nets[] = {"[1, 1, 1, 1]", "[2, 5, 4, 3]",
                                       "[3, 2, 2, 2]", "[2, 2, 2, 2, 2]",
                                       "[1, 4, 3]",    "[4, 5, 1]"};
    size_t held = 0;
    for (size_t n = 0; n < 6; n++)
        for (int seed = 1; seed <= 4; seed++) {
            char yaml[400];
            snprintf(
                yaml, sizeof yaml,
                "network: {widths: %s}\ndata: {kind: teacher, samples: 30, noise: "
                "0.1, seed: %d}\ninit: {kind: gaussian, scale: 0.8, seed: %d}\n%s"
                "time: {end: 4, samples: 41}\n",
                nets[n], seed, seed,
                seed % 2
                    ? FLOW
                    : "trajectories: [{system: gradient_flow, stepper: rkf45, rtol: "
                      "1.0e-6, atol: 1.0e-8}]\n");
            struct judged v = evidence_of(yaml, NULL);
            enum lnn_verdict verdict = ask(&v, JUDGE, NULL);
            cr_assert(verdict != LNN_VIOLATED, "%s, %d: %s", nets[n], seed, v.j.reason);
            held += verdict == LNN_HOLDS;
            forget(&v);
        }
    cr_assert(held >= 16, "%zu", held);
}

Test(imbalance_rate, hypotheses_that_are_not_met)
{
    static const char *const sets[][2] = {
        {"init={kind: balanced, scale: 0.5}"},
        {"loss={kind: square, weight_decay: 0.1}"},
        {"network={widths: [3, 1, 2]}"}, /* too narrow: [lambda_2(C)]_+ of 1 x 1 */
        {"data={kind: teacher, samples: 2, seed: 1}"}};
    for (size_t i = 0; i < 4; i++) {
        struct judged v = evidence_of(UNEVEN, sets[i]);
        VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
        forget(&v);
    }
}

/* Three balanced layers: no conserved rate, but the layers' own between rows. */
Test(imbalance_rate, deep_and_balanced)
{
    static const char *const set[] = {"network={widths: [3, 4, 3, 2]}",
                                      "init={kind: balanced, scale: 0.8}", NULL};
    struct judged v = evidence_of(UNEVEN, set);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed rate 2 alpha r"), 0, 1e-12);
    double *W = spoil(v.r->W);
    for (size_t i = 0; i < 6; i++) W[15 * 6 + i] = W[13 * 6 + i]; /* two rows late */
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    forget(&v);
}

/* Balanced weights, no conserved rate: between close rows rho alone says how fast. A
 * flow slower by a quarter is not one. */
Test(imbalance_rate, a_slow_clock_is_found)
{
    struct judged v = evidence_of(
        "network: {widths: [1, 1, 1, 1]}\ndata: {kind: target, matrix: [[2]]}\n"
        "init: {kind: balanced, matrix: [[0.5]]}\n" FLOW
        "time: {end: 1, samples: 401}\n",
        NULL);
    double *t = spoil(v.r->t), *w_t = spoil(v.r->w_t);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed rate 2 alpha r"), 0, 0);
    for (size_t i = 0; i < v.r->rows; i++) t[i] *= 4. / 3;
    for (size_t i = 0; w_t != t && i < v.r->weights_rows; i++) w_t[i] *= 4. / 3;
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    forget(&v);
}

Test(imbalance_rate, is_about_flow_of_layers)
{
    static const char *const set[] = {
        "trajectories=[{system: end_to_end}, {system: gradient_descent, learning_rate: "
        "0.1}, {system: gradient_flow}]",
        NULL};
    struct judged v = evidence_of(UNEVEN, set);
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, JUDGE);
    for (size_t i = 0; i < 3; i++)
        cr_assert(t->about(v.e, &v.e->records[i]) ==
                  (strcmp(v.e->records[i].name, "gradient_flow") == 0));
    forget(&v);
}

Test(imbalance_rate, spoilt_files)
{
    struct judged v = evidence_of(UNEVEN, NULL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), kept = W[90];
    W[90] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    W[90] = kept + 0.3;
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    W[90] = kept;
    kept = w[100];
    w[100] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    w[100] = kept;
    r->rows = r->weights_rows = 1;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    r->rows = r->weights_rows = 31;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    forget(&v);
}
