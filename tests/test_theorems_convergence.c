/* flow_converges and the deficiency margin. */
#include "test_convergence.h"
#include "theorem_margin.h"

TestSuite(flow_converges, .init = lnn_test_setup);

#define IDENTITY                                                             \
    "network: {widths: [2, 2, 2, 2]}\n" PHI2 "init: {kind: identity}\n" FLOW \
    "time: {end: 2, samples: 21}\n"

/* Moments of a made-up square loss: R (d x d, upper triangular) and W* (k x d). */
static struct lnn_data data_of(size_t k, size_t d, double R[], const double W[],
                               double B[])
{
    lnn_gemm(false, true, k, d, d, 1, W, R, 0, B);
    return (struct lnn_data){
        .m = d, .d = d, .k = k, .q = d, .rank = d, .weight = 1, .R = R, .B = B};
}

Test(flow_converges, closed_form_of_the_whitened_margin)
{
    struct judged v = evidence_of(IDENTITY, NULL);
    struct lnn_margin *m;
    double bar, excess;
    LNN_OK(lnn_margin_alloc(v.e, &m));
    LNN_CLOSE(m->sigma, 0.9, 1e-15);
    LNN_CLOSE(m->norm, 1.42126704035519, 1e-14);
    excess = lnn_margin_row(m, v.r, 0, &bar);
    LNN_CLOSE(excess, 0.01, 1e-16);
    LNN_CLOSE(lnn_margin_certified(m, excess), 0.75857864376269, 1e-14);
    free(m);
    forget(&v);
}

/* k = 1: min of the loss over ||w|| <= c is a trust-region problem whose solution for a
 * multiplier mu is w = w* Lxx (Lxx + mu)^{-1}. The dual must find ||w|| back. */
Test(flow_converges, general_margin_is_the_solution_of_a_trust_region)
{
    double R[] = {1, 0.7, 0, 2}, w[] = {1.5, -0.4}, B[2], E[2];
    struct lnn_data data = data_of(1, 2, R, w, B);
    struct lnn_evidence e = {.data = &data};
    struct lnn_margin *m;
    LNN_OK(lnn_margin_alloc(&e, &m));
    LNN_CLOSE(lnn_test_gap(2, m->W, w), 0, 1e-15);
    for (double mu = 1e-3; mu < 1e3; mu *= 7) {
        double a = 1 + mu, b = 0.7, c = 4.49 + mu, det = a * c - b * b;
        double x = w[0] + 0.7 * w[1], y = 0.7 * w[0] + 4.49 * w[1];
        double at[] = {(c * x - b * y) / det, (a * y - b * x) / det};
        double D[] = {at[0] - w[0], at[1] - w[1]};
        lnn_gemm(false, true, 1, 2, 2, 1, D, R, 0, E);
        LNN_CLOSE(lnn_margin_certified(m, 0.5 * lnn_dot(2, E, E)), lnn_norm(2, at),
                  1e-9);
    }
    free(m);
}

/* Among matrices with sigma_min <= c none has less loss than the margin allows. */
static void sample_deficient(size_t k, size_t d, double R[], const double Wstar[])
{
    double B[9], W[9], best = INFINITY, c, bar, excess = 0.3;
    struct lnn_data data = data_of(k, d, R, Wstar, B);
    struct lnn_evidence e = {.data = &data};
    struct lnn_margin *m;
    LNN_OK(lnn_margin_alloc(&e, &m));
    c = lnn_margin_certified(m, excess);
    cr_assert(c > m->sigma - sqrt(2 * excess / m->alpha));
    cr_assert(c > 0 && c < m->sigma, "%g", c);
    struct lnn_svd *svd = lnn_svd_alloc(k, d);
    unsigned state = 7;
    for (size_t trial = 0; trial < 200000; trial++) {
        for (size_t i = 0; i < k * d; i++) {
            state = state * 1664525u + 1013904223u;
            W[i] = Wstar[i] + 2 * ((double)state / 4294967296.0 - 0.5);
        }
        LNN_OK(lnn_svd(svd, W));
        double loss = lnn_margin_excess(m, W, 0, &bar);
        if (svd->s[svd->q - 1] <= c && loss < best) best = loss;
    }
    cr_assert(best >= excess, "%g", best);
    cr_assert(best <= 2 * excess, "nothing near: %g", best);
    free(svd);
    free(m);
}

Test(flow_converges, no_deficient_matrix_is_below_the_certified_margin)
{
    double R2[] = {1, 0.5, 0, 1.5}, R3[] = {1, 0.3, 0.1, 0, 1.5, -0.2, 0, 0, 0.8};
    double square[] = {1.5, 0.2, -0.3, 1.2};
    double wide[] = {1.5, 0.2, 0.1, -0.3, 1.2, 0.4};
    double tall[] = {1.5, 0.2, 0.1, 1.4, 0.4, -0.3};
    sample_deficient(2, 2, R2, square);
    sample_deficient(2, 3, R3, wide);
    sample_deficient(3, 2, R2, tall);
}

Test(flow_converges, identity_start_meets_the_oracles)
{
    struct judged v = evidence_of(IDENTITY, NULL);
    struct lnn_margin *m;
    double bar, c = 0.75857864376269, rate = 6 * pow(c, 4. / 3);
    VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed rate"), rate, 1e-12);
    LNN_CLOSE(figure(&v, "kappa"), 3, 0);
    LNN_CLOSE(0.01 * exp(-figure(&v, "guaranteed rate")), 0.000157488, 5e-10);
    LNN_CLOSE(0.01 * exp(-0.5 * rate), 0.00125494, 5e-9);
    cr_assert(v.j.margin > v.j.bar && v.j.bar > 0);
    LNN_OK(lnn_margin_alloc(v.e, &m));
    LNN_CLOSE(lnn_margin_row(m, v.r, 5, &bar) / 0.000503696819948, 1, 1e-9);
    LNN_CLOSE(lnn_margin_row(m, v.r, 10, &bar) / 2.80291425018e-05, 1, 1e-9);
    LNN_CLOSE(lnn_margin_row(m, v.r, 20, &bar) / 1.20032065779e-07, 1, 1e-9);
    free(m);
    forget(&v);
}

Test(flow_converges, wide_and_tall_products)
{
    static const char *const yaml[] = {
        "network: {widths: [3, 4, 2]}\n" PHI
        "init: {kind: balanced, matrix: [[0.8, 0.3, -0.2], [0.1, -0.8, 0.5]]}\n" FLOW
        "time: {end: 3, samples: 16}\n",
        "network: {widths: [1, 1, 2, 3, 3]}\n"
        "data: {kind: target, matrix: [[1], [2], [-1]]}\n"
        "init: {kind: balanced, matrix: [[0.6], [1.6], [-0.4]]}\n" FLOW
        "time: {end: 1, samples: 11}\n"};
    for (size_t i = 0; i < 2; i++) {
        struct judged v = evidence_of(yaml[i], NULL);
        VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "kappa"), 1, 0);
        cr_assert(figure(&v, "mean rate measured") > figure(&v, "guaranteed rate"));
        forget(&v);
    }
}

#define TEACHER                                                                    \
    "network: {widths: [2, 3, 2]}\n"                                               \
    "data: {kind: teacher, samples: 50, condition: 4, noise: 0.1, seed: 2}\n" FLOW \
    "time: {end: 8, samples: 17}\n"

Test(flow_converges, data_that_is_not_whitened)
{
    char init[200];
    const char *set[] = {init, NULL};
    struct judged v = evidence_of(TEACHER "init: {scale: 0.1}\n", NULL);
    struct lnn_margin *m;
    LNN_OK(lnn_margin_alloc(v.e, &m));
    cr_assert(m->alpha < 0.6 * m->beta, "%g %g", m->alpha, m->beta);
    double G[4];
    lnn_objective_gradient(v.e->objective, m->W, G);
    LNN_CLOSE(lnn_norm(4, G), 0, 1e-15);
    VERDICT(&v, "flow_converges", NULL, LNN_NOT_MET); /* near zero: no margin */
    snprintf(init, sizeof init, "init={kind: balanced, matrix: [[%g, %g], [%g, %g]]}",
             0.95 * m->W[0], 0.95 * m->W[1], 0.95 * m->W[2], 0.95 * m->W[3]);
    free(m);
    forget(&v);
    v = evidence_of(TEACHER, set);
    VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "kappa"), 2, 0);
    forget(&v);
}

Test(flow_converges, the_end_to_end_flow_too)
{
    static const char *const set[] = {"trajectories=[{system: end_to_end}]", NULL};
    struct judged v = evidence_of(IDENTITY, set);
    VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
    forget(&v);
}

Test(flow_converges, hypotheses_that_are_not_met)
{
    static const char *const sets[][2] = {
        {"data.matrix=[[1, 0], [0, -0.5]]"},   /* Claim 5: no margin */
        {"init={kind: gaussian, scale: 0.6}"}, /* not balanced */
        {"loss={kind: square, weight_decay: 0.1}"}};
    for (size_t i = 0; i < 3; i++) {
        struct judged v = evidence_of(IDENTITY, sets[i]);
        VERDICT(&v, "flow_converges", NULL, LNN_NOT_MET);
        forget(&v);
    }
}

Test(flow_converges, spoilt_files)
{
    struct judged v = evidence_of(IDENTITY, NULL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), kept = W[10 * 4];
    W[10 * 4] = NAN;
    VERDICT(&v, "flow_converges", NULL, LNN_INCONCLUSIVE);
    W[10 * 4] = kept - 0.03; /* loss 4.5e-4 where 1.6e-4 is the bound */
    VERDICT(&v, "flow_converges", NULL, LNN_VIOLATED);
    W[10 * 4] = kept;
    r->rows = 1;
    VERDICT(&v, "flow_converges", NULL, LNN_INCONCLUSIVE);
    r->rows = 21;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    VERDICT(&v, "flow_converges", NULL, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    const double *w = r->w;
    r->w = NULL; /* the balance of the start is unknown */
    VERDICT(&v, "flow_converges", NULL, LNN_INCONCLUSIVE);
    r->w = w;
    VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
    forget(&v);
}

/* Rows below their error bars decide nothing, but do not spoil the others. */
Test(flow_converges, rows_below_rounding_are_counted_and_left_out)
{
    static const char *const set[] = {"time={end: 40, samples: 41}", NULL};
    struct judged v = evidence_of(IDENTITY, set);
    VERDICT(&v, "flow_converges", NULL, LNN_HOLDS);
    cr_assert(figure(&v, "statements below their error bar") > 20);
    cr_assert(figure(&v, "statements decided") > 3);
    forget(&v);
}
