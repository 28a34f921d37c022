/* depth_accelerates: the tuned jump and the cautious start, against plain loops and the
 * listed numbers. */
#include "test_convergence.h"
#include "theorem_power.h"

TestSuite(depth_accelerates, .init = lnn_test_setup, .timeout = 120);

/* The end-to-end rule on (1/4) sum (w - y)^4, two inputs, until both are within eps. */
static size_t naive_rule(size_t N, double y1, double w1, double w2, double eta,
                         double eps)
{
    size_t n = 0;
    for (; fabs(w1 - y1) > eps || fabs(w2 - 1) > eps; n++) {
        double g1 = pow(w1 - y1, 3), g2 = pow(w2 - 1, 3), r = hypot(w1, w2);
        double along = (double)(N - 1) * (g1 * w1 + g2 * w2) / (r * r);
        double step = eta * pow(r, 2 - 2 / (double)N);
        w1 -= step * (g1 + along * w1);
        w2 -= step * (g2 + along * w2);
        cr_assert(isfinite(w1) && n < 10000000);
    }
    return n;
}

static double jump(double Y)
{
    double e = 1 / Y;
    return (Y / e - 1) / (2 * pow(Y - e, 3));
}

/* n iterations of the rule for target (Y, 1) from (1/Y, 1e-3/Y). */
static struct judged jumped(double Y, double n, size_t samples, const char *const *set)
{
    char yaml[600];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [2, 1, 1]}\n"
             "loss: {kind: lp, p: 4, scaling: papers}\n"
             "data: {kind: target, matrix: [[%.17g, 1]]}\n"
             "init: {kind: balanced, matrix: [[%.17g, %.17g]]}\n"
             "trajectories: [{system: end_to_end_descent, learning_rate: %.17g}]\n"
             "time: {end: %.17g, samples: %zu}\n",
             Y, 1 / Y, 1e-3 / Y, jump(Y), n * jump(Y), samples);
    return evidence_of(yaml, set);
}

static double first_within(const struct judged *v, double eps)
{
    const double *W = v->r->W, *Phi = v->e->data->Phi;
    for (size_t i = 0; i < v->r->rows; i++)
        if (fabs(W[2 * i] - Phi[0]) <= eps && fabs(W[2 * i + 1] - Phi[1]) <= eps)
            return v->r->iteration[i];
    return NAN;
}

/* Listed: iterations to 0.01, and the guaranteed speed-up from zero. */
Test(depth_accelerates, the_tuned_jump)
{
    static const double listed[][3] = {
        {10, 9982, 24.3}, {30, 10004, 224}, {100, 9991, 2501}, {1000, 9992, 2.5e5}};
    for (size_t i = 0; i < 4; i++) {
        double Y = listed[i][0], n = listed[i][1];
        struct judged v = jumped(Y, n + 2, (size_t)n + 3, NULL);
        LNN_CLOSE(first_within(&v, 0.01), n, 2);
        LNN_CLOSE(first_within(&v, 0.01),
                  (double)naive_rule(2, Y, 1 / Y, 1e-3 / Y, jump(Y), 0.01), 0);
        VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "guaranteed speed-up from 0") / listed[i][2], 1, 4e-3);
        LNN_CLOSE(v.j.measured * figure(&v, "guaranteed speed-up"), 1, 1e-12);
        cr_assert(figure(&v, "guaranteed speed-up") <=
                  figure(&v, "guaranteed speed-up from 0"));
        LNN_CLOSE(figure(&v, "iterations by the asymptotic rate") / n, 1, 0.03);
        LNN_CLOSE(figure(&v, "one layer from 0: learning rate below") * Y * Y, 2,
                  1e-14);
        double x = 2 / (Y * Y), eps = figure(&v, "eps reached: max |Delta|");
        LNN_CLOSE(figure(&v, "one layer from 0: iterations at least") /
                      ((1 / (eps * eps) - 1) * (1 - x) * (1 - x) / (x * (2 - x))),
                  1, 1e-12);
        forget(&v);
    }
}

/* Near zero and without overshoot the gain is the constant 3.375, measured 3.446. */
Test(depth_accelerates, the_cautious_step_gains_a_constant)
{
    const char *yaml = "network: {widths: [2, 1, 1]}\nglobal_error: false\n"
                       "loss: {kind: lp, p: 4, scaling: papers}\n"
                       "data: {kind: target, matrix: [[20, 1]]}\n"
                       "init: {kind: balanced, matrix: [[1.0e-3, 1.0e-3]]}\n"
                       "trajectories: [{system: end_to_end_descent, "
                       "learning_rate: 4.21875e-4}]\n"
                       "time: {end: 244.798453125, samples: 2}\n";
    struct judged v = evidence_of(yaml, NULL);
    LNN_CLOSE(first_within(&v, 0.01), 580263, 2);
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed speed-up"), 1999794. / 580263 / 2, 0.02);
    LNN_CLOSE(figure(&v, "gain from near 0 without overshoot"), 3.375, 1e-12);
    forget(&v);
    double small = 1, large = 20, n = 0; /* one layer, eta = 1 / 400 */
    for (; fabs(large) > 0.01 || fabs(small) > 0.01; n++) {
        large *= 1 - large * large / 400;
        small *= 1 - small * small / 400;
    }
    LNN_CLOSE(n, 1999794, 2);
    LNN_CLOSE((double)naive_rule(2, 20, 1e-3, 1e-3, 27 / (8 * 8e3), 0.01), 580263, 2);
}

/* The layers' own descent: one step from 1/Y lands at Y for eta = (Y-1) / (Y-1/Y)^3. */
Test(depth_accelerates, layers_and_three_of_them)
{
    static const char *const set[] = {
        "trajectories=[{system: gradient_descent, learning_rate: 1.0751e-3}]",
        "time={end: 12, samples: 301}", NULL};
    static const char *const deep[] = {
        "network.widths=[2, 2, 1, 1]",
        "trajectories=[{system: end_to_end_descent, learning_rate: 0.15}]",
        "init={kind: balanced, matrix: [[0.5, 0.05]]}",
        "data.matrix=[[3, 0.25]]",
        "time={end: 150, samples: 301}",
        NULL};
    struct judged v = jumped(30, 1000, 2, set);
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    cr_assert(figure(&v, "guaranteed speed-up") > 10);
    forget(&v);
    v = jumped(30, 1000, 2, deep);
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "gain from near 0 without overshoot"), 3.1417, 5e-5);
    forget(&v);
}

Test(depth_accelerates, hypotheses_that_are_not_met)
{
    static const char *const sets[][3] = {
        {"loss={kind: lp, p: 2}", "init={kind: balanced, scale: 0.1}"},
        {"data.matrix=[[1, 1]]", "init={kind: balanced, scale: 0.1}"},
        {"data.matrix=[[1.4, 1]]", "init={kind: balanced, scale: 0.1}"},
        {"loss={kind: lp, p: 4, scaling: papers, weight_decay: 0.01}"}};
    for (size_t i = 0; i < 4; i++) {
        struct judged v = jumped(10, 100, 11, sets[i]);
        VERDICT(&v, "depth_accelerates", NULL, LNN_NOT_MET);
        forget(&v);
    }
    /* not yet anywhere: the large residual is above where the small one began */
    struct judged v = jumped(10, 100, 101, NULL);
    struct lnn_record *r = &v.e->records[0];
    spoil(r->W)[2 * 100] = 8;
    VERDICT(&v, "depth_accelerates", NULL, LNN_NOT_MET);
    forget(&v);
}

/* Depth gains nothing here: refuted where one layer is faster for certain. */
Test(depth_accelerates, near_zero_with_little_to_gain)
{
    static const char *const timid[] = {
        "trajectories=[{system: end_to_end_descent, learning_rate: 0.04}]",
        "init={kind: balanced, matrix: [[1.0e-3, 1.0e-3]]}",
        "time={end: 800, samples: 401}", NULL};
    static const char *const cautious[] = {
        "trajectories=[{system: end_to_end_descent, learning_rate: 0.4}]",
        "init={kind: balanced, matrix: [[1.0e-3, 1.0e-3]]}",
        "time={end: 800, samples: 401}", NULL};
    struct judged v = jumped(2, 100, 2, timid);
    VERDICT(&v, "depth_accelerates", NULL, LNN_NOT_MET);
    double most = figure(&v, "one layer at its best: iterations at most");
    double eps = figure(&v, "eps reached: max |Delta|"), w = 1.999, d = 0.999, n = 0;
    double eta = 1 / (w * w); /* one layer from W(0), landing on the large target */
    for (; fabs(w) > eps || fabs(d) > eps; n++) {
        w *= 1 - eta * w * w;
        d *= 1 - eta * d * d;
    }
    cr_assert(n <= most && n < figure(&v, "iterations to eps"), "%g %g", n, most);
    cr_assert(n >= figure(&v, "one layer from 0: iterations at least"));
    forget(&v);
    v = jumped(2, 100, 2, cautious);
    VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
    cr_assert(v.j.measured > 1);
    forget(&v);
}

/* A single row at the target is no arrival; a bad last row takes the level with it. */
Test(depth_accelerates, a_level_is_reached_when_it_is_kept)
{
    struct judged v = jumped(10, 2000, 401, NULL);
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    double taken = figure(&v, "iterations to eps"), eps = v.j.measured;
    LNN_CLOSE(taken, 2000, 0);
    double *W = spoil(v.r->W);
    W[2 * 100] = 10;
    W[2 * 100 + 1] = 1;
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "iterations to eps"), taken, 0);
    LNN_CLOSE(v.j.measured, eps, 0);
    W[2 * 400 + 1] = 1.5; /* |Delta_2| = 0.5: from the row that keeps it */
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "eps reached: max |Delta|"), 0.5, 1e-9);
    cr_assert(figure(&v, "iterations to eps") < 20);
    forget(&v);
}

/* What the depth-1 bound allows: from W(0) with a small Delta_2 there is less to do. */
Test(depth_accelerates, the_better_start_counts)
{
    static const char *const near[] = {
        "init={kind: balanced, matrix: [[1, 0.9]]}",
        "trajectories=[{system: end_to_end_descent, learning_rate: 3.375e-3}]",
        "time={end: 67.5, samples: 401}", NULL};
    struct judged v = jumped(10, 1, 2, near);
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    double own = figure(&v, "one layer from W(0): iterations at least");
    double zero = figure(&v, "one layer from 0: iterations at least");
    cr_assert(own < 0.95 * zero && own > 0, "%g %g", own, zero);
    LNN_CLOSE(figure(&v, "guaranteed speed-up") * figure(&v, "iterations to eps"), own,
              1e-9 * own);
    forget(&v);
}

Test(depth_accelerates, spoilt_files)
{
    struct judged v = jumped(10, 2000, 201, NULL);
    struct lnn_record *r = &v.e->records[0], kept = *r;
    double *W = spoil(r->W), *n = spoil(r->iteration), was = W[100];
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    W[100] = NAN;
    VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
    W[100] = was;
    spoil(r->W_error)[200] = INFINITY;
    VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
    spoil(r->W_error)[200] = NAN;
    VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
    r->W_error = NULL; /* rounding instead: 4 units an iteration */
    VERDICT(&v, "depth_accelerates", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "eps reached: max |Delta|") - fabs(W[401] - 1),
              4 * DBL_EPSILON * 2001 * (1 + W[401]), 1e-15);
    n[0] = 1;
    VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
    n[0] = 0;
    for (int piece = 0; piece < 5; piece++) {
        const struct lnn_objective *o = v.e->objective;
        if (piece == 0) r->rows = r->weights_rows = 1;
        if (piece == 1) r->iteration = NULL;
        if (piece == 2) r->learning_rate = NAN;
        if (piece == 3) r->W = NULL;
        if (piece == 4) v.e->objective = NULL;
        VERDICT(&v, "depth_accelerates", NULL, LNN_INCONCLUSIVE);
        *r = kept;
        v.e->objective = o;
    }
    forget(&v);
}

Test(depth_accelerates, what_it_and_its_counterpart_are_about)
{
    const void *const *list = (const void *const *)lnn_theorems;
    const struct lnn_theorem *deep = lnn_registry_find(list, "depth_accelerates"),
                             *one = lnn_registry_find(list, "descent_slow_lp");
    static const char *const square[] = {"loss={kind: square}", NULL};
    struct judged v = jumped(10, 100, 11, NULL);
    struct lnn_evidence bare = *v.e;
    struct lnn_record r = *v.r;
    bare.objective = NULL;
    bare.data = NULL;
    cr_assert(deep->about(v.e, &r) && one->about(v.e, &r) == false);
    cr_assert(deep->about(&bare, &r));
    r.net.N = 1;
    cr_assert(deep->about(v.e, &r) == false && one->about(v.e, &r));
    r.net.N = 0;
    cr_assert(deep->about(v.e, &r) == false && one->about(v.e, &r) == false);
    r = *v.r;
    r.k = 2;
    cr_assert(deep->about(v.e, &r) == false);
    r = *v.r;
    r.dynamics = LNN_DYNAMICS_FLOW;
    cr_assert(deep->about(v.e, &r) == false);
    forget(&v);
    v = jumped(10, 100, 11, square);
    cr_assert(deep->about(v.e, v.r) == false);
    forget(&v);
}
