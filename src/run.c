/* The loop over time: natural steps on gsl_odeiv2_step_apply and
 * gsl_odeiv2_control_hadjust, samples by dense output. */
#include "lnn/run.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"
#include "run_private.h"

static enum lnn_reason fail(struct lnn_run *run, enum lnn_reason reason,
                            const char *why)
{
    strncpy(run->message, why, sizeof run->message - 1);
    return run->reason = reason;
}

/* GSL calls these; they only count, and refuse what is not finite (GSL's step control
 * lets NaN through). */
static int counted_rhs(double t, const double y[], double dydt[], void *params)
{
    struct lnn_run *run = params;
    run->counts.rhs++;
    LNN_TRY(run->ode->rhs(t, y, dydt, run->model));
    if (!lnn_finite(run->dim, dydt))
        return lnn_fail(GSL_EFAILED, "the right-hand side is not finite");
    return GSL_SUCCESS;
}

static int counted_jac(double t, const double y[], double *dfdy, double dfdt[],
                       void *params)
{
    struct lnn_run *run = params;
    run->counts.jacobians++;
    return run->ode->jac(t, y, dfdy, dfdt, run->model);
}

/* The same for the dense output, whose price is counted apart. */
static int dense_rhs(double t, const double y[], double dydt[], void *params)
{
    struct lnn_run *run = params;
    run->counts.rhs_dense++;
    return run->ode->rhs(t, y, dydt, run->model);
}

static int dense_jac(double t, const double y[], double *dfdy, double dfdt[],
                     void *params)
{
    struct lnn_run *run = params;
    run->counts.jacobians_dense++;
    return run->ode->jac(t, y, dfdy, dfdt, run->model);
}

static int check_jacobian(const struct lnn_run *run)
{
    const struct lnn_stepper *stepper = run->o.stepper;
    double bytes = 8.0 * (double)run->dim * (double)run->dim;
    if (!stepper->jacobian) return GSL_SUCCESS;
    if (!run->ode->jac)
        return lnn_fail(
            GSL_EINVAL,
            "stepper %s needs a Jacobian, which %s does not have; use an explicit "
            "stepper, or gauss",
            stepper->name, run->ode->name);
    if (bytes > lnn_jacobian_limit)
        return lnn_fail(
            GSL_EINVAL,
            "stepper %s needs the Jacobian of %zu unknowns, %.1f GiB, over the "
            "limit of %.0f GiB; use an explicit stepper, or gauss",
            stepper->name, run->dim, bytes / 1073741824.0,
            lnn_jacobian_limit / 1073741824.0);
    return GSL_SUCCESS;
}

static double scaled_norm(const struct lnn_run *run, const double x[])
{
    double worst = 0;
    for (size_t i = 0; i < run->dim; i++) {
        double scale = run->o.atol + run->o.rtol * fabs(run->y[i]);
        double ratio = fabs(x[i]) / (scale > 0 ? scale : DBL_MIN);
        if (isnan(ratio)) return ratio;
        if (ratio > worst) worst = ratio;
    }
    return worst;
}

/* Hairer, Norsett & Wanner I, II.4: a first step from the sizes of y, y' and y''. */
static int first_step(struct lnn_run *run, size_t order)
{
    double size = scaled_norm(run, run->y), slope = scaled_norm(run, run->f);
    double h = size > 1e-5 && slope > 1e-5 ? 0.01 * size / slope : 1e-6;
    if (h > run->o.t_end) h = run->o.t_end;
    for (size_t i = 0; i < run->dim; i++) run->y0[i] = run->y[i] + h * run->f[i];
    LNN_TRY(counted_rhs(h, run->y0, run->f0, run));
    for (size_t i = 0; i < run->dim; i++) run->yerr[i] = (run->f0[i] - run->f[i]) / h;
    double curvature = scaled_norm(run, run->yerr);
    double most = slope > curvature ? slope : curvature;
    double power = 1 / ((double)(order ? order : 1) + 1);
    double wanted = most > 1e-15 ? pow(0.01 / most, power) : 1e-3 * run->o.t_end;
    run->h = 100 * h < wanted ? 100 * h : wanted;
    return GSL_SUCCESS;
}

static int open_stepper(struct lnn_run *run)
{
    const struct lnn_run_options *o = &run->o;
    LNN_TRY(check_jacobian(run));
    run->sys = (gsl_odeiv2_system){counted_rhs, run->ode->jac ? counted_jac : NULL,
                                   run->dim, run};
    run->driver = gsl_odeiv2_driver_alloc_standard_new(
        &run->sys, o->stepper->type(o->stages), 1e-6, o->atol, o->rtol, 1, 0);
    gsl_odeiv2_system between = {dense_rhs, run->ode->jac ? dense_jac : NULL, run->dim,
                                 run};
    run->dense = lnn_dense_alloc(&between, o->stepper->jacobian, o->rtol, o->atol);
    if (!run->driver || !run->dense)
        return lnn_fail(GSL_ENOMEM, "out of memory for a state of %zu unknowns",
                        run->dim);
    int status = counted_rhs(0, run->y, run->f, run);
    if (status == GSL_SUCCESS) {
        run->h = o->h0;
        if (isnan(o->h0)) status = first_step(run, o->stepper->order(o->stages));
    }
    if (status != GSL_SUCCESS) fail(run, LNN_FAIL_NONFINITE, lnn_error());
    return GSL_SUCCESS; /* a start that cannot be evaluated is a result, not an error */
}

/* Where the field jumps: the steps say how often they have crossed such a place. */
static int open_signs(struct lnn_run *run)
{
    const struct lnn_network *net = &run->model->net;
    struct lnn_examples all = lnn_examples_all(run->model->data);
    if (!run->ode->layers || !net->activation || !net->activation->kinked)
        return GSL_SUCCESS;
    run->signs = calloc(all.m * lnn_mlp_units(net) + 1, sizeof *run->signs);
    if (!run->signs) return lnn_fail(GSL_ENOMEM, "out of memory for the units' signs");
    (void)lnn_mlp_signs(run->model->mlp, &all, run->y, run->signs);
    return GSL_SUCCESS;
}

static void count_kinks(struct lnn_run *run)
{
    struct lnn_examples all = lnn_examples_all(run->model->data);
    if (run->signs)
        run->counts.kinks += lnn_mlp_signs(run->model->mlp, &all, run->y, run->signs);
}

int lnn_run_alloc(const struct lnn_ode *ode, struct lnn_model *model,
                  const struct lnn_run_options *options, struct lnn_run **out)
{
    *out = NULL;
    size_t dim = ode->dim(model);
    struct lnn_run *run = malloc(sizeof *run + 5 * dim * sizeof(double));
    if (!run)
        return lnn_fail(GSL_ENOMEM, "out of memory for a state of %zu unknowns", dim);
    *run = (struct lnn_run){
        .ode = ode, .model = model, .o = *options, .dim = dim, .h_max = INFINITY};
    run->counts.loss_least = NAN;
    run->lazy = ode->loss_of_state && !lnn_descent_batched(model);
    model->with_loss = run->lazy && (options->watch_loss || !isnan(options->stop_loss));
    run->y = (double *)(run + 1);
    run->y0 = run->y + dim;
    run->f = run->y0 + dim;
    run->f0 = run->f + dim;
    run->yerr = run->f0 + dim;
    int status = ode->init(model, run->y);
    if (status == GSL_SUCCESS && ode->rhs) status = open_stepper(run);
    if (status == GSL_SUCCESS && ode->rhs) status = open_signs(run);
    if (status == GSL_SUCCESS && options->perturb > 0) {
        run->rng = lnn_rng_open(0, "run.perturb");
        if (!run->rng) status = GSL_ENOMEM;
    }
    if (status != GSL_SUCCESS) {
        lnn_run_free(run);
        return status;
    }
    *out = run;
    return GSL_SUCCESS;
}

void lnn_run_free(struct lnn_run *run)
{
    if (!run) return;
    if (run->driver) gsl_odeiv2_driver_free(run->driver);
    if (run->rng) gsl_rng_free(run->rng);
    lnn_dense_free(run->dense);
    free(run->signs);
    free(run);
}

/* One attempt from y0 with step h. On refusal y is y0 again and *h holds the next size.
 */
static bool attempt(struct lnn_run *run, double *h)
{
    gsl_odeiv2_step *step = run->driver->s;
    double size = *h;
    bool takes = step->type->can_use_dydt_in, gives = step->type->gives_exact_dydt_out;
    int status =
        gsl_odeiv2_step_apply(step, run->t0, size, run->y, run->yerr,
                              takes ? run->f0 : NULL, gives ? run->f : NULL, &run->sys);
    if (status == GSL_SUCCESS && !gives)
        status = counted_rhs(run->t0 + size, run->y, run->f, run);
    if (status == GSL_SUCCESS &&
        !(lnn_finite(run->dim, run->y) && lnn_finite(run->dim, run->yerr)))
        status = lnn_fail(GSL_EFAILED, "the state is not finite");
    bool accepted = status == GSL_SUCCESS &&
                    gsl_odeiv2_control_hadjust(run->driver->c, step, run->y, run->yerr,
                                               run->f, h) != GSL_ODEIV_HADJ_DEC;
    if (accepted) return true;
    if (status == GSL_SUCCESS)
        lnn_error_clear(); /* refused for accuracy: no fault to report on underflow */
    else
        *h = 0.5 * size;
    memcpy(run->y, run->y0, run->dim * sizeof *run->y);
    run->counts.rejected++;
    return false;
}

/* Why steps became too small to move t: the last refusal's fault, or accuracy. */
static enum lnn_reason underflow(struct lnn_run *run)
{
    memcpy(run->f, run->f0, run->dim * sizeof *run->f);
    if (strstr(lnn_error(), "not finite"))
        return fail(run, LNN_FAIL_NONFINITE, lnn_error());
    if (lnn_error()[0]) return fail(run, LNN_FAIL_STEPPER, lnn_error());
    return fail(run, LNN_FAIL_UNDERFLOW,
                "the tolerances ask for a step below rounding");
}

static enum lnn_reason flow_step(struct lnn_run *run)
{
    double end = run->o.t_end;
    bool refused = false;
    run->t0 = run->t;
    memcpy(run->y0, run->y, run->dim * sizeof *run->y);
    memcpy(run->f0, run->f, run->dim * sizeof *run->f);
    lnn_error_clear();
    for (double h = run->h < run->h_max ? run->h : run->h_max;;) {
        bool last = run->t0 + h >= end;
        double size = last ? end - run->t0 : h;
        if (!last && !(size > 16 * DBL_EPSILON * run->t0 + DBL_MIN))
            return underflow(run);
        h = size;
        if (!attempt(run, &h)) {
            refused = true;
            continue;
        }
        run->t = last ? end : run->t0 + size;
        run->h = refused && h > size ? size : h; /* no growth right after a refusal */
        run->counts.h = size;
        if (size > run->counts.h_largest) run->counts.h_largest = size;
        break;
    }
    run->counts.steps++;
    count_kinks(run);
    lnn_dense_step(run->dense, run->t0, run->counts.h, run->y0, run->f0, run->y,
                   run->f);
    return LNN_RUNNING;
}

static void perturb(struct lnn_run *run)
{
    for (size_t i = 0; i < run->dim; i++)
        run->y[i] *= 1 + run->o.perturb * (2 * lnn_rng_uniform(run->rng) - 1);
}

static enum lnn_reason map_step(struct lnn_run *run)
{
    double eta = run->model->learning_rate;
    if (run->rng) perturb(run); /* the start as well: rounding is in it, too */
    memcpy(run->y0, run->y, run->dim * sizeof *run->y);
    int status = run->ode->map(run->model, eta, run->y);
    if (run->model->with_loss && status == GSL_SUCCESS &&
        lnn_run_met(run, run->model->loss)) {
        memcpy(run->y, run->y0, run->dim * sizeof *run->y);
        return LNN_STOP_LOSS; /* before this iteration */
    }
    if (status != GSL_SUCCESS || !lnn_finite(run->dim, run->y)) {
        memcpy(run->y, run->y0, run->dim * sizeof *run->y);
        return fail(run, LNN_FAIL_NONFINITE,
                    status == GSL_SUCCESS ? "the iteration is not finite"
                                          : lnn_error());
    }
    run->counts.steps++;
    run->counts.rhs++;
    run->counts.h = eta;
    run->t0 = run->t;
    run->t = eta * (double)run->counts.steps;
    return LNN_RUNNING;
}

/* Take one natural step and see whether it was the last. */
static void advance(struct lnn_run *run,
                    enum lnn_reason (*poll)(void *, const struct lnn_run *), void *arg)
{
    run->reason = run->ode->rhs ? flow_step(run) : map_step(run);
    if (run->reason == LNN_RUNNING) run->reason = lnn_run_stop(run);
    if (run->reason == LNN_RUNNING && poll) run->reason = poll(arg, run);
    if (run->reason == LNN_RUNNING && run->t >= run->o.t_end) run->reason = LNN_END;
}

/* The last state's loss, which no further iteration has brought. */
static void look_once_more(struct lnn_run *run)
{
    bool open = run->reason == LNN_RUNNING || run->reason == LNN_END ||
                run->reason == LNN_STOP_STEPS;
    if (run->lazy && open && lnn_run_low_enough(run)) run->reason = LNN_STOP_LOSS;
}

static enum lnn_reason sample_closed_form(struct lnn_run *run, double t)
{
    int status = run->ode->at(run->model, t * (1 + run->o.perturb), run->y);
    if (status != GSL_SUCCESS) return fail(run, LNN_FAIL_STEPPER, lnn_error());
    if (!lnn_finite(run->dim, run->y))
        return fail(run, LNN_FAIL_NONFINITE, "the closed form is not finite");
    run->t = t;
    return run->reason = t >= run->o.t_end ? LNN_END : LNN_RUNNING;
}

enum lnn_reason lnn_run_sample(struct lnn_run *run, double t, double y[],
                               double *reached,
                               enum lnn_reason (*poll)(void *, const struct lnn_run *),
                               void *poll_arg)
{
    bool flow = run->ode->rhs, discrete = run->ode->map;
    /* a discrete system stops at the iteration nearest t, a flow at or after t */
    double target = discrete ? t - 0.5 * run->model->learning_rate : t;
    if (run->ode->at && run->reason == LNN_RUNNING) sample_closed_form(run, t);
    if (run->reason == LNN_RUNNING && run->t < target) run->counts.h_largest = 0;
    if (run->reason == LNN_RUNNING && run->t < target && run->counts.steps == 0 &&
        lnn_run_low_enough(run))
        run->reason = LNN_STOP_LOSS;
    bool going = run->reason == LNN_RUNNING && run->t < target;
    while (run->reason == LNN_RUNNING && run->t < target) advance(run, poll, poll_arg);
    if (going) look_once_more(run);
    *reached = run->t;
    if (flow && t < run->t && run->counts.steps > 0) {
        if (lnn_dense_eval(run->dense, t, y) != GSL_SUCCESS)
            return fail(run, LNN_FAIL_STEPPER, lnn_error());
        *reached = t;
        return LNN_RUNNING; /* also within the last step */
    }
    memcpy(y, run->y, run->dim * sizeof *y);
    return run->reason;
}

void lnn_run_limit(struct lnn_run *run, double h)
{
    run->h_max = h;
}

double lnn_run_time(const struct lnn_run *run)
{
    return run->t;
}

const double *lnn_run_state(const struct lnn_run *run)
{
    return run->y;
}

size_t lnn_run_dim(const struct lnn_run *run)
{
    return run->dim;
}

const struct lnn_run_counts *lnn_run_counts(const struct lnn_run *run)
{
    return &run->counts;
}

const char *lnn_run_message(const struct lnn_run *run)
{
    return run->message;
}
