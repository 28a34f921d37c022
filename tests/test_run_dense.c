/* Dense output between natural steps, for every stepper. */
#include "test_run.h"

TestSuite(run_dense, .init = lnn_test_setup);

/* Largest errors at the ends of steps and at 19 points within each step, in units of
 * the step's tolerance, against a run at 1e-13. */
static void errors(const struct rig *r, const char *stepper, double tol,
                   double *at_steps, double *between)
{
    struct lnn_run_options o = options(stepper, tol, 4),
                           fine = options("rk8pd", 1e-13, 4);
    struct lnn_run *run, *exact;
    double y[64], z[64], reached, begin = 0;
    LNN_OK(lnn_run_alloc(r->ode, r->model, &o, &run));
    LNN_OK(lnn_run_alloc(r->ode, r->model, &fine, &exact));
    *at_steps = *between = 0;
    while (begin < 4) {
        double first = begin + 1e-6 < 4 ? begin + 1e-6 : 4; /* takes the next step */
        lnn_run_sample(run, first, y, &reached, NULL, NULL);
        double end = lnn_run_time(run);
        for (int i = 1; i <= 20; i++) {
            double t = i == 20 ? end : begin + (end - begin) * i / 20;
            lnn_run_sample(run, t, y, &reached, NULL, NULL);
            lnn_run_sample(exact, t, z, &reached, NULL, NULL);
            double *worst = i == 20 ? at_steps : between;
            double gap = lnn_test_gap(r->model->net.size, y, z) / tol;
            if (!(gap <= *worst)) *worst = gap;
        }
        begin = end;
    }
    lnn_run_free(run);
    lnn_run_free(exact);
}

Test(run_dense, dense_output_stays_below_the_tolerance)
{
    struct rig r = rig_open(net, "gradient_flow");
    static const double tols[] = {1e-3, 1e-5, 1e-7, 1e-9, 1e-11};
    for (size_t i = 0; i < sizeof tols / sizeof *tols; i++) {
        double at_steps, between;
        errors(&r, "rk8pd", tols[i], &at_steps, &between);
        cr_assert(between <= 1, "rk8pd at %g: %.3g tolerances between the steps",
                  tols[i], between);
        cr_assert(between <= at_steps + 0.25, "rk8pd at %g: %.3g against %.3g", tols[i],
                  between, at_steps);
    }
    rig_close(&r);
}

/* Other steppers carry larger global errors; the interpolant may add one tolerance. */
Test(run_dense, dense_output_adds_less_than_the_tolerance_for_every_stepper)
{
    struct rig r = rig_open(net, "gradient_flow");
    static const double tols[] = {1e-4, 1e-7, 1e-10};
    for (const struct lnn_stepper *const *s = lnn_steppers; *s; s++)
        for (size_t i = 0; i < sizeof tols / sizeof *tols; i++) {
            double at_steps, between;
            size_t order = (*s)->order(4);
            if (order > 0 && order < 3 && tols[i] < 1e-4) continue; /* slow */
            errors(&r, (*s)->name, tols[i], &at_steps, &between);
            cr_assert(between <= 1.05 * at_steps + 1,
                      "%s at %g: %.3g against %.3g at steps", (*s)->name, tols[i],
                      between, at_steps);
        }
    rig_close(&r);
}

/* Stiff: hidden weights of size 100 make a rate of 1e4 beside one of order 1. */
Test(run_dense, dense_output_of_implicit_steps_on_a_stiff_flow)
{
    struct rig r =
        rig_open("network: {widths: [1, 1, 1]}\n"
                 "data: {kind: target, matrix: [[1]]}\n"
                 "init: {kind: lambda_balanced, matrix: [[-0.9]], lambda: 1.0e4}\n"
                 "time: {end: 4}\n",
                 "gradient_flow");
    static const char *const names[] = {"bsimp", "msbdf", "rk4imp"};
    for (size_t i = 0; i < 3; i++) {
        double at_steps, between;
        errors(&r, names[i], 1e-6, &at_steps, &between);
        cr_assert(between <= 2 * at_steps + 3, "%s: %.3g against %.3g at steps",
                  names[i], between, at_steps);
    }
    rig_close(&r);
}

Test(run_dense, dense_output_is_continuous_and_exact_at_steps)
{
    struct rig r = rig_open(net, "gradient_flow");
    struct lnn_run_options o = options("rk8pd", 1e-8, 4);
    struct lnn_run *run;
    double y[64], before[64], reached, t = 0;
    size_t n = r.model->net.size;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    for (int i = 0; i < 8; i++) {
        lnn_run_sample(run, t + 1e-9, y, &reached, NULL, NULL); /* takes one step */
        t = lnn_run_time(run);
        memcpy(before, lnn_run_state(run), n * sizeof *before);
        lnn_run_sample(run, t - 1e-12, y, &reached, NULL, NULL);
        cr_assert(lnn_test_gap(n, y, before) < 1e-10);
        lnn_run_sample(run, t, y, &reached, NULL, NULL);
        cr_assert(lnn_test_gap(n, y, before) == 0);
    }
    lnn_run_free(run);
    rig_close(&r);
}

/* Multistep steppers are read off their own past: hardly any evaluations between steps,
 * also where stiffness makes the sweeps diverge. */
Test(run_dense, dense_output_of_multistep_is_nearly_free)
{
    struct rig r =
        rig_open("network: {widths: [6, 4, 2]}\n"
                 "data: {kind: teacher, samples: 100, condition: 1.0e5, noise: 0.1}\n"
                 "init: {kind: balanced, scale: 0.3, seed: 1}\n"
                 "time: {end: 2.0e4}\n",
                 "gradient_flow");
    double y[64];
    struct lnn_run_counts c = sweep(&r, options("msbdf", 1e-5, 2e4), 2000, y);
    cr_assert(c.rhs_dense <= 5 * c.steps, "%lu for %lu steps", c.rhs_dense, c.steps);
    rig_close(&r);
}
