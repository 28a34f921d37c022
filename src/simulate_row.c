/* One row: evaluate the observables of a track's state, write them, keep the summary.
 */
#include "simulate_private.h"

#include <float.h>
#include <math.h>
#include "lnn/err.h"

/* Rounding accumulates like a random walk over the steps; a closed form is a few dozen
 * operations on each number. */
static double rounding(const struct lnn_track *track)
{
    double steps = (double)lnn_run_counts(track->run)->steps;
    return DBL_EPSILON * (track->ode->at ? 64 : sqrt(steps + 1));
}

/* The gradient's norm; leaves W's singular values in the model's svd and G in the
 * model. */
static int gradient(struct lnn_track *track, double *norm)
{
    struct lnn_model *m = track->model;
    double square;
    if (track->ode->layers) {
        square = lnn_model_gradient(m, track->y, m->grad);
        if (!m->mlp) LNN_TRY(lnn_svd(m->svd, track->W));
    } else {
        LNN_TRY(lnn_model_end_to_end(m, track->W, m->dW, &square));
    }
    *norm = sqrt(square > 0 ? square : 0);
    return GSL_SUCCESS;
}

double lnn_track_bar(double safety, double rounding_, size_t n, const double x[],
                     const double ref[], double *gap)
{
    *gap = fmax(lnn_distance(n, x, ref), 0.5 * *gap);
    return safety * *gap + rounding_ * lnn_norm(n, x);
}

static double error_bar(const struct lnn_track *track, const struct lnn_sample *sample,
                        size_t n, const double x[], const double ref[], double *gap)
{
    double safety = track->ode->map ? LNN_ERROR_SAFETY_MAP : LNN_ERROR_SAFETY;
    return lnn_track_bar(safety, sample->rounding, n, x, ref, gap);
}

static void error_bars(struct lnn_track *track, struct lnn_sample *sample)
{
    const struct lnn_model *m = track->model;
    sample->W_bar = sample->w_bar = NAN;
    if (!track->run_ref) return;
    if (sample->W_ref)
        sample->W_bar = error_bar(track, sample, m->data->k * m->data->d, track->W,
                                  track->W_ref, &track->gap);
    if (track->ode->layers)
        sample->w_bar = error_bar(track, sample, m->net.size, track->y, track->y_ref,
                                  &track->layers_gap);
}

static int observe(struct lnn_simulator *sim, struct lnn_track *track,
                   struct lnn_sample *sample)
{
    struct lnn_model *m = track->model;
    const struct lnn_track *other = sim->partner;
    bool paired = other && other != track && other->fresh &&
                  fabs(other->reached - track->reached) <= 1e-12 * (1 + track->reached);
    *sample = (struct lnn_sample){
        .model = m,
        .ode = track->ode,
        .t = track->reached,
        .y = track->y,
        .w = track->ode->layers ? track->y : NULL,
        .t_natural = lnn_run_time(track->run),
        .w_natural = track->ode->layers ? lnn_run_state(track->run) : NULL,
        .W = m->mlp ? NULL : track->W,
        .G = m->G,
        .s = m->svd->s,
        .C0 = track->C0,
        .W_ref = track->run_ref && !m->mlp ? track->W_ref : NULL,
        .w_ref = track->run_ref && track->ode->layers ? track->y_ref : NULL,
        .rounding = rounding(track),
        .W_other = paired ? other->W : NULL,
        .counts = lnn_run_counts(track->run),
        .scratch = track->scratch + sim->net.N, /* before it: summarise() */
    };
    if (track->flow && track->flow->good) {
        sample->w_flow = track->flow->w;
        sample->W_flow = track->flow->W;
        sample->w_flow_bar = track->flow->w_bar;
        sample->W_flow_bar = track->flow->W_bar;
    }
    error_bars(track, sample);
    LNN_TRY(lnn_ode_loss(track->ode, m, track->y, &sample->loss));
    if (!isfinite(sample->loss)) return lnn_fail(GSL_EFAILED, "the loss is not finite");
    sample->objective =
        track->ode->objective ? track->ode->objective(m, track->y) : sample->loss;
    if (isnan(track->objective0)) track->objective0 = sample->objective;
    sample->objective0 = track->objective0;
    return gradient(track, &sample->gradient_norm);
}

/* The summary's numbers come from the observables themselves, stored or not. */
static void summarise(struct lnn_simulator *sim, struct lnn_track *track,
                      const struct lnn_sample *sample)
{
    extern const struct lnn_observable lnn_observable_loss_error,
        lnn_observable_W_error, lnn_observable_balancedness_drift,
        lnn_observable_energy_balance;
    struct lnn_result *r = &sim->out->results[track - sim->tracks];
    size_t kd = sim->data->k * sim->data->d, N = sim->net.N;
    r->t = sample->t;
    r->loss = sample->loss;
    r->gradient_norm = sample->gradient_norm;
    r->W_norm = sample->W ? lnn_norm(kd, sample->W) : NAN;
    lnn_observable_loss_error.eval(sample, &r->loss_error);
    lnn_observable_W_error.eval(sample, &r->W_error);
    track->W_error = r->W_error;
    if (track->ode->energy)
        lnn_observable_energy_balance.eval(sample, &r->energy_balance);
    if (track->watched) {
        double *drift = track->scratch;
        lnn_observable_balancedness_drift.eval(sample, drift);
        for (size_t j = 1; j < N; j++)
            if (lnn_network_conserved(&sim->net, j) != LNN_CONSERVED_NOTHING &&
                !(drift[j - 1] <= r->drift_samples))
                r->drift_samples = drift[j - 1];
    }
    if (sample->W_other) {
        double distance = lnn_distance(kd, sample->W, sample->W_other);
        if (!(distance <= r->distance)) {
            r->distance = distance;
            r->distance_t = sample->t;
            r->distance_error = r->W_error + sim->partner->W_error;
        }
    }
}

int lnn_track_row(struct lnn_simulator *sim, struct lnn_track *track)
{
    struct lnn_result *r = &sim->out->results[track - sim->tracks];
    struct lnn_sample sample;
    LNN_TRY(observe(sim, track, &sample));
    double *at = track->values;
    for (size_t i = 0; i < track->n_observables; i++) {
        const struct lnn_row *row = &track->shapes[i];
        track->observables[i]->eval(&sample, at);
        at += (row->rank > 0 ? row->dims[0] : 1) * (row->rank > 1 ? row->dims[1] : 1);
    }
    summarise(sim, track, &sample);
    size_t every = sim->problem->output.weights_every;
    bool weights = track->ode->layers && every && (r->rows % every == 0 || track->done);
    r->rows++;
    return lnn_file_put(sim->file, track->group, sample.t, track->values,
                        weights ? track->y : NULL);
}
