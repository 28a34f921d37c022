/* The gap between descent and flow at t = eta k: order, error bar, bound. */
#include <gsl/gsl_odeiv2.h>
#include "lnn_test_flow.h"
#include "test_convergence.h"
#include "theorem_margin.h"
#include "theorem_tube.h"

TestSuite(descent_gap, .init = lnn_test_setup, .timeout = 120);

static double largest(const struct outcome *o, const char *group, const char *name)
{
    struct lnn_shape shape;
    double *x = values(o, group, name, &shape), most = 0;
    cr_assert_gt(shape.dims[0], 1);
    for (size_t i = 0; i < shape.dims[0]; i++) {
        cr_assert(isfinite(x[i]), "%s %s, row %zu", group, name, i);
        most = fmax(most, x[i]);
    }
    free(x);
    return most;
}

/* Sample times that are no multiples of any of the learning rates. */
#define HALVINGS                                                              \
    "trajectories:\n"                                                         \
    "  - {system: gradient_flow}\n"                                           \
    "  - {system: gradient_descent, learning_rate: 4.0e-3, name: a}\n"        \
    "  - {system: gradient_descent, learning_rate: 2.0e-3, name: b}\n"        \
    "  - {system: gradient_descent, learning_rate: 1.0e-3, name: c}\n"        \
    "  - {system: end_to_end_descent, learning_rate: 4.0e-3, name: rule_a}\n" \
    "  - {system: end_to_end_descent, learning_rate: 2.0e-3, name: rule_b}\n" \
    "time: {end: 2, samples: 37}\n"

static const char *const problems[] = {
    "network: {widths: [3, 2]}\n" PHI A0 HALVINGS,
    "network: {widths: [3, 2, 2]}\n" PHI A0 HALVINGS "loss: {weight_decay: 0.2}\n",
    "network: {widths: [3, 4, 3, 2]}\n" PHI A0 HALVINGS,
    "network: {widths: [4, 3, 5, 3]}\ninit: {kind: balanced, scale: 0.4}\n"
    "data: {kind: teacher, samples: 9, noise: 0.2}\n" HALVINGS,
    "network: {widths: [2, 3, 3, 2, 1]}\ninit: {kind: balanced, scale: 0.6}\n"
    "loss: {kind: lp, p: 4}\ndata: {kind: teacher, samples: 7}\n" HALVINGS};

Test(descent_gap, is_of_the_first_order)
{
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        struct outcome o = simulate(problems[i], NULL);
        static const char *const names[] = {"product_flow_distance", "flow_distance"};
        for (int n = 0; n < 2; n++) {
            double a = largest(&o, "a", names[n]), b = largest(&o, "b", names[n]);
            double c = largest(&o, "c", names[n]);
            LNN_CLOSE(log2(a / b), 1, 0.05);
            LNN_CLOSE(log2(b / c), 1, 0.05);
            cr_assert(c > 1e-6 && c < 0.05, "%zu: %g", i, c);
        }
        double a = largest(&o, "rule_a", names[0]), b = largest(&o, "rule_b", names[0]);
        LNN_CLOSE(log2(a / b), 1, 0.05);
        finish(&o);
    }
}

static const char beside[] =
    "network: {widths: [3, 4, 2]}\n" PHI "init: {kind: gaussian, scale: 0.6}\n"
    "trajectories: [{system: gradient_flow}, {system: gradient_descent, "
    "learning_rate: 0.03}, {system: adam, learning_rate: 0.03}]\n"
    "time: {end: 2, samples: 14}\n";

/* The stored distances against those to the flow by GSL's own driver, at t = eta k. */
static void check_distances(const struct outcome *o, const char *name, double most)
{
    struct lnn_test_flow f = lnn_test_flow_of(beside);
    const struct lnn_ode *flow =
        lnn_registry_find((const void *const *)lnn_odes, "gradient_flow");
    double *t = values(o, name, "time", NULL), y[21];
    double *W1 = values(o, name, "W1", NULL), *W2 = values(o, name, "W2", NULL);
    double *gap = values(o, name, "flow_distance", NULL);
    double *bar = values(o, name, "flow_distance_error", NULL);
    LNN_OK(flow->init(f.model, y));
    for (int r = 1; r < 14; r++) {
        LNN_OK(lnn_test_integrate(flow->rhs, f.model, 21, t[r - 1], t[r], 1e-13, 1e-14,
                                  y));
        double want = hypot(lnn_distance(12, y, W1 + 12 * r),
                            lnn_distance(8, y + 12, W2 + 8 * r));
        cr_assert(fabs(gap[r] - want) <= bar[r] + 1e-12,
                  "%s, t = %g: %.10g, not %.10g +- %g", name, t[r], gap[r], want,
                  bar[r]);
        cr_assert_lt(bar[r], most);
    }
    double *all[] = {t, W1, W2, gap, bar};
    for (size_t a = 0; a < 5; a++) free(all[a]);
    lnn_test_flow_free(&f);
}

Test(descent_gap, is_taken_at_the_iterations_time_and_knows_its_error)
{
    static const char *const tolerances[] = {"1e-3", "1e-6", "1e-10"};
    static const double most[] = {1, 1e-3, 1e-8};
    for (int i = 0; i < 3; i++) {
        char rtol[40], atol[40];
        snprintf(rtol, sizeof rtol, "trajectories.rtol=%s", tolerances[i]);
        snprintf(atol, sizeof atol, "trajectories.atol=%s", tolerances[i]);
        const char *set[] = {rtol, atol, NULL};
        struct outcome o = simulate(beside, set);
        check_distances(&o, "gradient_descent", most[i]);
        check_distances(&o, "adam", most[i]);
        finish(&o);
    }
}

/* f = (w_1 w_2 - 1)^2 / 2 from (z, z), every iteration up to T. */
static double gap_from(double z, double eta, double T)
{
    char text[600];
    snprintf(text, sizeof text,
             "network: {widths: [1, 1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"
             "init: {kind: balanced, matrix: [[%.17g]]}\n"
             "trajectories: [{system: gradient_flow}, {system: gradient_descent, "
             "learning_rate: %g}]\ntime: {end: %.17g, samples: %.0f}\n"
             "output: {observables: flow_distance, weights_every: 0}\n",
             z * z, eta, T, 1 + floor(T / eta + 0.5));
    struct outcome o = simulate(text, NULL);
    double gap = largest(&o, "gradient_descent", "flow_distance");
    finish(&o);
    return gap;
}

/* Measured before, with tolerances near 1e-13. */
Test(descent_gap, of_two_weights)
{
    static const double table[][2] = {
        {1e-1, 0.3696}, {1e-2, 0.9934}, {1e-3, 1.6200}, {1e-4, 2.2466}};
    LNN_CLOSE(gap_from(0.05, 1e-3, 6), 5.561e-4, 1e-7);
    LNN_CLOSE(gap_from(0.3, 1e-3, 6), 9.352e-5, 1e-8);
    LNN_CLOSE(gap_from(0.05, 1e-2, 6), 5.558e-3, 1e-6);
    for (int i = 0; i < 4; i++) {
        double z = table[i][0], T = log(1 / z) + 3;
        LNN_CLOSE(gap_from(z, 1e-3, T) / 1e-3, table[i][1], 1e-3);
    }
}

/* The judge takes gaps from the weights in the file, the observable from a flow of its
 * own; both stay below the bound. */
Test(descent_gap, is_what_the_judge_finds_and_below_its_bound)
{
    static const char text[] =
        "network: {widths: [1, 1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"
        "init: {kind: balanced, matrix: [[0.0025]]}\ntrajectories:\n"
        "  - {system: gradient_descent, learning_rate: 1.0e-3}\n"
        "  - {system: gradient_descent, learning_rate: 5.0e-4, name: half}\n"
        "  - {system: gradient_flow}\ntime: {end: 6, samples: 301}\n";
    struct judged v = evidence_of(text, NULL);
    const struct lnn_record *flow = lnn_evidence_find(v.e, "gradient_flow");
    struct lnn_margin *m;
    struct lnn_tube *tube;
    LNN_OK(lnn_margin_alloc(v.e, &m));
    LNN_OK(lnn_tube_alloc(v.e, flow, m->beta, &tube));
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "half" : "gradient_descent";
        double eta = i ? 5e-4 : 1e-3, radius = lnn_tube_radius(tube, eta);
        double *gap = values(&v.o, name, "flow_distance", NULL);
        VERDICT(&v, "flow_against_descent", name, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "largest gap"), largest(&v.o, name, "flow_distance"),
                  1e-12);
        LNN_CLOSE(figure(&v, "order of the gap in eta"), 1, 0.01);
        cr_assert(lnn_tube_bound(tube, eta, radius) <= radius);
        for (int r = 1; r < 301; r++)
            cr_assert(gap[r] > 0 && gap[r] <= tube->bound[r], "row %d: %g, %g", r,
                      gap[r], tube->bound[r]);
        free(gap);
    }
    free(tube);
    free(m);
    forget(&v);
}

static bool has(const struct outcome *o, const char *group, const char *name)
{
    struct lnn_shape shape;
    return lnn_reader_shape(o->reader, group, name, &shape) == GSL_SUCCESS;
}

Test(descent_gap, applies_to_discrete_systems_beside_a_flow)
{
    static const char discrete[] =
        "network: {widths: [3, 2, 2]}\n" PHI A0 "time: {end: 1, samples: 3}\n"
        "trajectories: [{system: momentum, learning_rate: 0.1}, "
        "{system: end_to_end_descent, learning_rate: 0.1}%s]\n";
    for (int i = 0; i < 3; i++) {
        char text[600];
        snprintf(text, sizeof text, discrete,
                 i == 0 ? "" : ", {system: gradient_flow}");
        const char *set[] = {i == 2 ? "global_error=false" : "time.end=1", NULL};
        struct outcome o = simulate(text, set);
        cr_assert_eq(has(&o, "momentum", "flow_distance"), i > 0);
        cr_assert_eq(has(&o, "momentum", "product_flow_distance"), i > 0);
        cr_assert_eq(has(&o, "momentum", "flow_distance_error"), i == 1);
        cr_assert_not(has(&o, "end_to_end_descent", "flow_distance"));
        cr_assert_eq(has(&o, "end_to_end_descent", "product_flow_distance"), i > 0);
        cr_assert_not(has(&o, "gradient_flow", "flow_distance"));
        if (i > 0) cr_assert_gt(largest(&o, "momentum", "flow_distance"), 1e-3);
        finish(&o);
    }
}
