/* Why a trajectory ends: the names, and the stops a problem may ask for. */
#include "run_private.h"

#include <math.h>

const char *lnn_reason_name(enum lnn_reason reason)
{
    static const char *const names[] = {
        "running",
        "end",
        "stop_loss",
        "stop_gradient_norm",
        "stop_max_steps",
        "stop_max_seconds",
        "stop_signal",
        "fail_nonfinite",
        "fail_step_underflow",
        "fail_stepper",
    };
    return names[reason];
}

bool lnn_reason_failed(enum lnn_reason reason)
{
    return reason >= LNN_FAIL_NONFINITE;
}

/* The gradient's norm, from what the step left behind. Methods with buffers or batches
 * leave something else. */
static double gradient_norm(const struct lnn_run *run)
{
    size_t n = run->dim;
    struct lnn_model *m = run->model;
    if (run->ode->map && run->ode->layers && n > m->net.size)
        return sqrt(lnn_model_gradient(m, run->y, m->grad));
    if (run->ode->energy) return sqrt(run->f[n - 1]); /* dE/dt = ||gradient||^2 */
    if (run->ode->rhs) return lnn_norm(n, run->f);
    return lnn_distance(n, run->y, run->y0) / run->model->learning_rate;
}

/* A gradient that starts below the bound sits near a saddle (the origin): the bound
 * counts only after the gradient has been ten times above it. Below the stepper's own
 * noise the norm says nothing, hence the floor. */
static bool gradient_stop(struct lnn_run *run)
{
    double bound = run->o.stop_gradient;
    if (isnan(bound)) return false;
    double norm = gradient_norm(run);
    if (norm > run->largest_gradient) run->largest_gradient = norm;
    if (run->ode->rhs) {
        double floor = run->o.atol > 10 * run->o.rtol * run->largest_gradient
                           ? run->o.atol
                           : 10 * run->o.rtol * run->largest_gradient;
        if (bound < floor) bound = floor;
    }
    if (norm > 10 * bound) run->armed = true;
    return run->armed && norm <= bound;
}

bool lnn_run_met(struct lnn_run *run, double loss)
{
    double *least = &run->counts.loss_least;
    if (isfinite(loss) && !(*least <= loss)) *least = loss;
    return loss <= run->o.stop_loss;
}

bool lnn_run_low_enough(struct lnn_run *run)
{
    double loss;
    if (isnan(run->o.stop_loss) && !run->o.watch_loss) return false;
    return lnn_ode_loss(run->ode, run->model, run->y, &loss) == GSL_SUCCESS &&
           lnn_run_met(run, loss);
}

enum lnn_reason lnn_run_stop(struct lnn_run *run)
{
    if (gradient_stop(run)) return LNN_STOP_GRADIENT;
    if (!run->lazy && lnn_run_low_enough(run)) return LNN_STOP_LOSS;
    if (run->o.max_steps && run->counts.steps >= run->o.max_steps)
        return LNN_STOP_STEPS;
    return LNN_RUNNING;
}
