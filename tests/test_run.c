/* One trajectory in time: natural steps, dense output, stops, failures. */
#include "lnn_test.h"

TestSuite(run, .init = lnn_test_setup);

struct rig { /* a problem with its model and data, for one run */
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_model *model;
    const struct lnn_ode *ode;
    double *w0;
};

static struct rig rig_open(const char *yaml, const char *system)
{
    struct rig r = {.problem = lnn_test_problem(yaml)};
    struct lnn_network net =
        lnn_network_of(r.problem->network.widths.n, r.problem->network.widths.at);
    r.w0 = calloc(net.size, sizeof *r.w0);
    LNN_OK(lnn_data_load(r.problem, &r.data));
    LNN_OK(lnn_init_start(r.problem, &net, r.w0));
    double eta = r.problem->trajectories.at[0].learning_rate;
    LNN_OK(lnn_model_alloc(r.problem, r.data, r.w0, eta, &r.model));
    r.ode = lnn_registry_find((const void *const *)lnn_odes, system);
    cr_assert(r.ode != NULL);
    return r;
}

static void rig_close(struct rig *r)
{
    lnn_model_free(r->model);
    lnn_data_free(r->data);
    lnn_problem_free(r->problem);
    free(r->w0);
}

static struct lnn_run_options options(const char *stepper, double tol, double end)
{
    return (struct lnn_run_options){
        .stepper = lnn_registry_find((const void *const *)lnn_steppers, stepper),
        .stages = 4,
        .rtol = tol,
        .atol = tol,
        .h0 = NAN,
        .t_end = end,
        .stop_loss = NAN,
        .stop_gradient = NAN,
    };
}

#define NETWORK(widths)                                                \
    "network: {widths: " widths "}\n"                                  \
    "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n" \
    "init: {kind: gaussian, scale: 0.6, seed: 3}\n"                    \
    "time: {end: 4}\n"

static const char *const net = NETWORK("[3, 4, 3, 2]");

/* Sample a run at n equal times; the final state goes to y. */
static struct lnn_run_counts sweep(const struct rig *r, struct lnn_run_options o,
                                   size_t n, double y[])
{
    struct lnn_run *run;
    double reached;
    LNN_OK(lnn_run_alloc(r->ode, r->model, &o, &run));
    for (size_t i = 0; i < n; i++) {
        double t = i == n - 1 ? o.t_end : o.t_end * (double)i / (double)(n - 1);
        enum lnn_reason reason = lnn_run_sample(run, t, y, &reached, NULL, NULL);
        cr_assert(reason == (i == n - 1 ? LNN_END : LNN_RUNNING), "%zu: %s", i,
                  lnn_reason_name(reason));
        LNN_CLOSE(reached, t, 0);
    }
    struct lnn_run_counts counts = *lnn_run_counts(run);
    lnn_run_free(run);
    return counts;
}

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

Test(run, dense_output_stays_below_the_tolerance)
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
Test(run, dense_output_adds_less_than_the_tolerance_for_every_stepper)
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
Test(run, dense_output_of_implicit_steps_on_a_stiff_flow)
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

Test(run, dense_output_is_continuous_and_exact_at_steps)
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
