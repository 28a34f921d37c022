/* The gradient flow beside a discrete track, at the track's own times: what its gap is
 * measured from. The flow's samples are no use, since eta k is not a sample time. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "simulate_private.h"

static bool asks_for_the_flow(const struct lnn_track *track)
{
    for (size_t i = 0; i < track->n_observables; i++)
        if (strstr(track->observables[i]->name, "flow_distance")) return true;
    return false;
}

/* It follows the track: no stops of its own but for the budget of steps, and room for
 * the iteration beyond the end. */
static int open_run(const struct lnn_simulator *sim, const struct lnn_track *track,
                    bool reference, struct lnn_model **model, struct lnn_run **run)
{
    struct lnn_run_options o = lnn_track_options(sim, sim->flow, reference);
    o.stop_loss = o.stop_gradient = NAN;
    o.t_end = fmax(o.t_end, track->times[sim->problem->time.samples - 1]) +
              track->spec->learning_rate;
    LNN_TRY(lnn_model_alloc(sim->problem, sim->data, sim->w0, NAN, model));
    (*model)->spec = sim->flow->spec;
    return lnn_run_alloc(sim->flow->ode, *model, &o, run);
}

int lnn_track_open_flow(const struct lnn_simulator *sim, struct lnn_track *track)
{
    if (!sim->flow || !asks_for_the_flow(track)) return GSL_SUCCESS;
    size_t kd = sim->data->k * sim->data->d, dim = sim->flow->ode->dim(track->model);
    struct lnn_companion *flow =
        calloc(1, sizeof *flow + 2 * (dim + kd) * sizeof(double));
    if (!flow)
        return lnn_fail(GSL_ENOMEM, "out of memory for a flow of %zu unknowns", dim);
    *flow = (struct lnn_companion){.good = true};
    track->flow = flow;
    flow->w = (double *)(flow + 1);
    flow->w_ref = flow->w + dim;
    flow->W = flow->w_ref + dim;
    flow->W_ref = flow->W + kd;
    LNN_TRY(open_run(sim, track, false, &flow->model, &flow->run));
    if (!sim->problem->global_error) return GSL_SUCCESS;
    return open_run(sim, track, true, &flow->model_ref, &flow->run_ref);
}

void lnn_track_close_flow(struct lnn_track *track)
{
    struct lnn_companion *flow = track->flow;
    if (!flow) return;
    lnn_run_free(flow->run);
    lnn_run_free(flow->run_ref);
    lnn_model_free(flow->model);
    lnn_model_free(flow->model_ref);
    free(flow);
}

static bool reach(struct lnn_simulator *sim, struct lnn_run *run,
                  struct lnn_model *model, double t, double w[], double W[],
                  lnn_poll *poll)
{
    double reached;
    enum lnn_reason reason = lnn_run_sample(run, t, w, &reached, poll, sim);
    return !lnn_reason_failed(reason) && reached == t &&
           lnn_track_product(sim->flow, model, w, W) == GSL_SUCCESS;
}

void lnn_track_follow_flow(struct lnn_simulator *sim, struct lnn_track *track,
                           lnn_poll *poll)
{
    struct lnn_companion *flow = track->flow;
    size_t kd = sim->data->k * sim->data->d, n = sim->net.size;
    flow->W_bar = flow->w_bar = NAN;
    if (!flow->good) return;
    flow->good =
        reach(sim, flow->run, flow->model, track->reached, flow->w, flow->W, poll);
    if (!flow->good || !flow->run_ref) return;
    const struct lnn_run_counts *counts = lnn_run_counts(flow->run);
    if (counts->h_largest > 0) lnn_run_limit(flow->run_ref, 0.5 * counts->h_largest);
    if (!reach(sim, flow->run_ref, flow->model_ref, track->reached, flow->w_ref,
               flow->W_ref, poll)) {
        lnn_run_free(flow->run_ref);
        flow->run_ref = NULL;
        return;
    }
    double rounding = DBL_EPSILON * sqrt((double)counts->steps + 1);
    flow->W_bar =
        lnn_track_bar(LNN_ERROR_SAFETY, rounding, kd, flow->W, flow->W_ref, &flow->gap);
    flow->w_bar = lnn_track_bar(LNN_ERROR_SAFETY, rounding, n, flow->w, flow->w_ref,
                                &flow->layers_gap);
}
