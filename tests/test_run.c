/* One trajectory in time: natural steps, dense output, stops, failures. */
#include "test_run.h"

TestSuite(run, .init = lnn_test_setup);

Test(run, number_of_samples_changes_nothing)
{
    struct rig r = rig_open(net, "gradient_flow");
    double few[64], many[64];
    for (const struct lnn_stepper *const *s = lnn_steppers; *s; s++) {
        if ((*s)->order(4) && (*s)->order(4) < 3 && (*s)->jacobian) continue; /* slow */
        struct lnn_run_options o = options((*s)->name, 1e-6, 4);
        struct lnn_run_counts a = sweep(&r, o, 10, few), b = sweep(&r, o, 10000, many);
        cr_assert(memcmp(few, many, r.ode->dim(r.model) * sizeof *few) == 0, "%s",
                  (*s)->name);
        cr_assert(a.rhs == b.rhs && a.steps == b.steps && a.rejected == b.rejected,
                  "%s", (*s)->name);
        /* the interpolant's price is per step, not per sample */
        unsigned long most =
            (*s)->jacobian ? 700 : 90; /* sweeps, and 19 retraced steps */
        cr_assert(b.rhs_dense <= most * b.steps, "%s: %lu for %lu steps", (*s)->name,
                  b.rhs_dense, b.steps);
    }
    rig_close(&r);
}

Test(run, planar_closed_form) /* O5 */
{
    struct rig r = rig_open("network: {widths: [3, 1, 1]}\n"
                            "data: {kind: target, matrix: [3, 4, 0]}\n"
                            "init: {kind: balanced, matrix: [-0.02, 0.01, 0.03]}\n"
                            "time: {end: 0.6}\n",
                            "gradient_flow");
    static const double W[] = {1.0139409437658025, 1.5549253561296863,
                               0.1660942618161416};
    static const char *const systems[] = {"gradient_flow", "end_to_end"};
    for (int i = 0; i < 2; i++) {
        double y[64], product[3];
        r.ode = lnn_registry_find((const void *const *)lnn_odes, systems[i]);
        sweep(&r, options("rk8pd", 1e-13, 0.6), 2, y);
        LNN_OK(r.ode->product(r.model, y, product));
        cr_assert(lnn_test_gap(3, product, W) < 1e-11, "%s", systems[i]);
        LNN_CLOSE(lnn_norm(3, product), 1.8637211176535, 1e-10);
    }
    rig_close(&r);
}

Test(run, stops_on_loss_gradient_and_steps)
{
    struct rig r = rig_open(net, "gradient_flow");
    struct lnn_run *run;
    double y[64], reached;
    struct lnn_run_options o = options("rk8pd", 1e-8, 400);
    o.stop_loss = 0.05;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 400, y, &reached, NULL, NULL) == LNN_STOP_LOSS);
    lnn_network_product(&r.model->net, y, r.model->W, r.model->chain);
    cr_assert(lnn_objective_value(r.model->objective, r.model->W) <= 0.05);
    cr_assert(reached < 400);
    lnn_run_free(run);

    o = options("rk8pd", 1e-8, 400);
    o.stop_gradient = 1e-6;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 400, y, &reached, NULL, NULL) == LNN_STOP_GRADIENT);
    double norm = sqrt(lnn_model_gradient(r.model, y, r.model->grad));
    cr_assert(norm <= 1e-6 && norm > 1e-8, "%g", norm);
    lnn_run_free(run);

    o = options("rk8pd", 1e-8, 400);
    o.max_steps = 7;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 400, y, &reached, NULL, NULL) == LNN_STOP_STEPS);
    cr_assert(lnn_run_counts(run)->steps == 7);
    /* what was passed before the stop can still be read */
    double t = 0.5 * reached;
    cr_assert(lnn_run_sample(run, t + 0.4999 * reached, y, &t, NULL, NULL) ==
                  LNN_RUNNING ||
              t == reached);
    lnn_run_free(run);
    rig_close(&r);
}

Test(run, gradient_stop_is_not_fooled_by_the_origin)
{
    struct rig r =
        rig_open("network: {widths: [3, 4, 3, 2]}\n"
                 "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n"
                 "init: {kind: gaussian, scale: 1.0e-2, seed: 3}\n"
                 "time: {end: 4}\n",
                 "gradient_flow");
    struct lnn_run_options o = options("rk8pd", 1e-10, 1e5);
    struct lnn_run *run;
    double y[64], reached;
    o.stop_gradient = 1e-3; /* the start's own gradient is about 1e-4 */
    double start = sqrt(lnn_model_gradient(r.model, r.w0, r.model->grad));
    cr_assert(start < o.stop_gradient);
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 1e5, y, &reached, NULL, NULL) == LNN_STOP_GRADIENT);
    lnn_network_product(&r.model->net, y, r.model->W, r.model->chain);
    cr_assert(lnn_objective_value(r.model->objective, r.model->W) < 1);
    cr_assert(lnn_run_counts(run)->steps > 20);
    lnn_run_free(run);
    rig_close(&r);
}

Test(run, descent_that_diverges_is_named)
{
    struct rig r =
        rig_open(NETWORK("[3, 4, 3, 2]") "trajectories: [{system: gradient_descent, "
                                         "learning_rate: 3}]\n",
                 "gradient_descent");
    struct lnn_run_options o = options("rk8pd", 1e-8, 1000);
    struct lnn_run *run;
    double y[64], reached;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 1000, y, &reached, NULL, NULL) == LNN_FAIL_NONFINITE);
    cr_assert(lnn_finite(r.model->net.size, y), "the last good state is handed out");
    cr_assert(reached < 1000);
    cr_assert(strlen(lnn_run_message(run)) > 0);
    lnn_run_free(run);
    rig_close(&r);
}

Test(run, implicit_without_jacobian_is_refused)
{
    struct rig r = rig_open(net, "end_to_end");
    struct lnn_run_options o = options("msbdf", 1e-8, 1);
    struct lnn_run *run = NULL;
    cr_assert(lnn_run_alloc(r.ode, r.model, &o, &run) == GSL_EINVAL);
    cr_assert(run == NULL);
    cr_assert(strstr(lnn_error(), "Jacobian") != NULL);
    rig_close(&r);
}

Test(run, jacobian_above_the_limit_is_refused)
{
    struct rig r = rig_open("network: {widths: [100, 100, 100]}\n"
                            "data: {kind: teacher, samples: 200}\n"
                            "init: {kind: gaussian}\n"
                            "time: {end: 1}\n",
                            "gradient_flow");
    struct lnn_run_options o = options("bsimp", 1e-8, 1);
    struct lnn_run *run = NULL;
    cr_assert(lnn_run_alloc(r.ode, r.model, &o, &run) == GSL_EINVAL);
    cr_assert(strstr(lnn_error(), "GiB") != NULL, "%s", lnn_error());
    rig_close(&r);
}

/* Layers, then E: every stepper reaches the same weights. */
Test(run, every_stepper_reaches_the_same_state)
{
    struct rig r = rig_open(net, "gradient_flow");
    double exact[64], y[64];
    size_t n = r.ode->dim(r.model);
    sweep(&r, options("rk8pd", 1e-13, 1), 2, exact);
    for (const struct lnn_stepper *const *s = lnn_steppers; *s; s++) {
        size_t order = (*s)->order(4);
        double tol = order == 1 ? 1e-3 : order == 2 ? 1e-5 : 1e-7;
        sweep(&r, options((*s)->name, tol, 1), 2, y);
        double bound =
            (order ? 100 : 1000) * tol; /* multistep: errors add up over steps */
        cr_assert(lnn_test_gap(n, y, exact) <= bound, "%s: %g", (*s)->name,
                  lnn_test_gap(n, y, exact));
    }
    rig_close(&r);
}

/* The energy in the state equals what the objective lost. */
Test(run, energy_is_what_the_loss_lost)
{
    static const char *const systems[] = {"gradient_flow", "end_to_end"};
    for (int i = 0; i < 2; i++) {
        struct rig r =
            rig_open("network: {widths: [3, 4, 3, 2]}\n"
                     "loss: {kind: square, weight_decay: 0.05}\n"
                     "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n"
                     "init: {kind: balanced, scale: 0.5, seed: 1}\n"
                     "time: {end: 2}\n",
                     systems[i]);
        double y[64];
        size_t dim = r.ode->dim(r.model);
        LNN_OK(r.ode->init(r.model, y));
        double before = r.ode->objective(r.model, y);
        sweep(&r, options("rk8pd", 1e-12, 2), 2, y);
        LNN_CLOSE(before - r.ode->objective(r.model, y), y[dim - 1], 1e-11);
        cr_assert(y[dim - 1] > 0.1);
        rig_close(&r);
    }
}

Test(run, steps_can_be_limited)
{
    struct rig r = rig_open(net, "gradient_flow");
    struct lnn_run_options o = options("rk8pd", 1e-3, 4);
    struct lnn_run *run;
    double y[64], reached;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    lnn_run_limit(run, 0.03125);
    lnn_run_sample(run, 3, y, &reached, NULL, NULL);
    cr_assert(lnn_run_counts(run)->h_largest == 0.03125);
    lnn_run_limit(run, INFINITY);
    lnn_run_sample(run, 4, y, &reached, NULL, NULL);
    cr_assert(lnn_run_counts(run)->h_largest > 0.03125);
    lnn_run_free(run);
    rig_close(&r);
}

Test(run, a_loss_met_at_the_start_takes_no_step)
{
    struct rig r = rig_open(net, "gradient_flow");
    struct lnn_run_options o = options("rk8pd", 1e-8, 400);
    struct lnn_run *run;
    double y[64], reached;
    o.stop_loss = 1e3;
    LNN_OK(lnn_run_alloc(r.ode, r.model, &o, &run));
    cr_assert(lnn_run_sample(run, 400, y, &reached, NULL, NULL) == LNN_STOP_LOSS);
    cr_assert(reached == 0 && lnn_run_counts(run)->steps == 0);
    lnn_run_free(run);
    rig_close(&r);
}
