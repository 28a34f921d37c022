/* Setting up a run: sample times, data, start, and a track per trajectory. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/registry.h"
#include "simulate_private.h"

int lnn_simulate_times(const struct lnn_problem *problem, double t[])
{
    size_t n = problem->time.samples;
    double end = problem->time.end, first = problem->time.first;
    bool logarithmic = strcmp(problem->time.spacing, "log") == 0;
    if (isnan(first)) first = end / 1e4;
    t[0] = 0;
    for (size_t i = 1; i < n; i++) {
        double share = (double)i / (double)(n - 1);
        if (logarithmic) /* geometric from first (i = 1) to end (i = n - 1) */
            share = n == 2
                        ? 1
                        : exp(log(first / end) * (double)(n - 1 - i) / (double)(n - 2));
        t[i] = share * end;
    }
    t[n - 1] = end;
    for (size_t i = 1; i < n; i++)
        if (!(t[i] > t[i - 1]))
            return lnn_fail(GSL_EINVAL,
                            "time: %zu samples up to %g are closer than rounding", n,
                            end);
    return GSL_SUCCESS;
}

/* Iterations 0..K of a discrete trajectory that stops by itself at K, as its times. */
static void iteration_times(const struct lnn_problem *problem, double eta, double K,
                            double t[])
{
    size_t n = problem->time.samples;
    bool logarithmic = K >= 2 && strcmp(problem->time.spacing, "log") == 0;
    t[0] = 0;
    for (size_t i = 1; i < n; i++) {
        double k = K * (double)i / (double)(n - 1);
        if (logarithmic && n > 2) k = exp(log(K) * (double)(i - 1) / (double)(n - 2));
        t[i] = eta * round(k);
    }
    t[n - 1] = eta * fmax(K, 1);
}

static int choose_times(struct lnn_simulator *sim, struct lnn_track *track)
{
    const struct lnn_problem *p = sim->problem;
    size_t entry = (size_t)(track->spec - p->trajectories.at);
    track->times = sim->times;
    if (!sim->iterations || !track->ode->map) return GSL_SUCCESS;
    track->own_times = calloc(p->time.samples, sizeof *track->own_times);
    if (!track->own_times) return lnn_fail(GSL_ENOMEM, "out of memory for the samples");
    iteration_times(p, track->spec->learning_rate, sim->iterations[entry],
                    track->own_times);
    track->times = track->own_times;
    return GSL_SUCCESS;
}

struct lnn_run_options lnn_track_options(const struct lnn_simulator *sim,
                                         const struct lnn_track *track, bool reference)
{
    const struct lnn_problem *p = sim->problem;
    const struct lnn_problem_trajectory *spec = track->spec;
    struct lnn_run_options o = {
        .stepper = track->stepper,
        .stages = spec->stages,
        .rtol = spec->rtol,
        .atol = spec->atol,
        .h0 = spec->first_step,
        .t_end = track->own_times ? INFINITY : p->time.end,
        .stop_loss = p->stop.loss,
        .stop_gradient = p->stop.gradient_norm,
        .max_steps = p->stop.max_steps,
    };
    if (reference) { /* it follows the first run: no stops of its own */
        o.rtol = fmax(spec->rtol / 100, 1e-15);
        o.atol = spec->atol / 100;
        o.perturb = DBL_EPSILON;
        o.stop_loss = o.stop_gradient = NAN;
        o.max_steps = 0;
    }
    return o;
}

static int open_reference(struct lnn_simulator *sim, struct lnn_track *track)
{
    struct lnn_run_options o = lnn_track_options(sim, track, true);
    LNN_TRY(lnn_model_alloc(sim->problem, sim->data, sim->w0,
                            track->spec->learning_rate, &track->model_ref));
    track->model_ref->spec = track->spec;
    return lnn_run_alloc(track->ode, track->model_ref, &o, &track->run_ref);
}

static size_t row_size(const struct lnn_track *track)
{
    size_t size = 0;
    for (size_t i = 0; i < track->n_observables; i++) {
        const struct lnn_row *row = &track->shapes[i];
        size += (row->rank > 0 ? row->dims[0] : 1) * (row->rank > 1 ? row->dims[1] : 1);
    }
    return size;
}

static bool asks_for_balancedness(const struct lnn_track *track)
{
    for (size_t i = 0; i < track->n_observables; i++)
        if (strncmp(track->observables[i]->name, "balancedness", 12) == 0) return true;
    return false;
}

/* One block for a track's arrays, hung on y. */
static int track_arrays(const struct lnn_simulator *sim, struct lnn_track *track)
{
    const struct lnn_network *net = &sim->net;
    size_t kd = sim->data->k * sim->data->d, dim = lnn_run_dim(track->run), widest = 0;
    track->watched = asks_for_balancedness(track);
    size_t imbalances = track->watched ? lnn_network_imbalance_size(net) : 0;
    for (size_t j = 0; j <= net->N && track->watched; j++)
        widest = net->d[j] > widest ? net->d[j] : widest;
    size_t scratch = widest * widest > 2 * kd ? widest * widest : 2 * kd;
    if (net->activation && scratch < 2 * net->size) scratch = 2 * net->size;
    track->y =
        calloc(2 * dim + 2 * kd + imbalances + row_size(track) + net->N + scratch,
               sizeof *track->y);
    if (!track->y)
        return lnn_fail(GSL_ENOMEM,
                        "out of memory for %zu unknowns and %.1f GiB of balancedness "
                        "(output.observables can leave that out)",
                        dim, 8.0 * (double)(imbalances + scratch) / 1073741824.0);
    track->y_ref = track->y + dim;
    track->W = track->y_ref + dim;
    track->W_ref = track->W + kd;
    track->C0 = track->W_ref + kd;
    track->values = track->C0 + imbalances;
    track->scratch = track->values + row_size(track);
    double *C = track->C0;
    for (size_t j = 1; j < net->N && track->watched;
         j++, C += net->d[j - 1] * net->d[j - 1])
        lnn_network_imbalance(net, sim->w0, j, C);
    return GSL_SUCCESS;
}

static int open_track(struct lnn_simulator *sim, struct lnn_track *track)
{
    LNN_TRY(choose_times(sim, track));
    struct lnn_run_options o = lnn_track_options(sim, track, false);
    LNN_TRY(lnn_model_alloc(sim->problem, sim->data, sim->w0,
                            track->spec->learning_rate, &track->model));
    track->model->spec = track->spec;
    LNN_TRY(lnn_run_alloc(track->ode, track->model, &o, &track->run));
    if (sim->problem->global_error) LNN_TRY(open_reference(sim, track));
    LNN_TRY(lnn_track_describe(sim, track));
    if (track->ode->map) LNN_TRY(lnn_track_open_flow(sim, track));
    return track_arrays(sim, track);
}

static const char *entry_place(const struct lnn_simulator *sim,
                               const struct lnn_track *track)
{
    size_t entry = (size_t)(track->spec - sim->problem->trajectories.at);
    return lnn_problem_entry_place(sim->problem, entry);
}

int lnn_simulate_check_system(const struct lnn_problem *problem, size_t entry,
                              const struct lnn_ode *ode)
{
    const struct lnn_problem_trajectory *spec = &problem->trajectories.at[entry];
    struct lnn_network net = lnn_network_for(problem);
    if (!net.activation || ode->layers) return GSL_SUCCESS;
    return lnn_fail(
        GSL_EINVAL,
        "%s: error: trajectory %s: system %s is about the product of a linear "
        "network's layers; with network.activation %s there is none",
        lnn_problem_entry_place(problem, entry), spec->name ? spec->name : spec->system,
        spec->system, net.activation->name);
}

static int find_members(struct lnn_simulator *sim, struct lnn_track *track)
{
    const struct lnn_problem_trajectory *spec = track->spec;
    track->ode = lnn_registry_find((const void *const *)lnn_odes, spec->system);
    track->stepper =
        lnn_registry_find((const void *const *)lnn_steppers, spec->stepper);
    track->objective0 = NAN;
    if (!track->ode)
        return lnn_fail(GSL_EINVAL, "no system is called \"%s\"", spec->system);
    if (track->ode->rhs && !track->stepper)
        return lnn_fail(GSL_EINVAL, "no stepper is called \"%s\"", spec->stepper);
    LNN_TRY(lnn_simulate_check_system(
        sim->problem, (size_t)(spec - sim->problem->trajectories.at), track->ode));
    if (track->ode->map && !sim->iterations &&
        !(spec->learning_rate <= sim->problem->time.end))
        return lnn_fail(GSL_EINVAL,
                        "%s: error: trajectory %s: learning_rate %g is above time.end "
                        "%g, so that no "
                        "iteration would be taken",
                        entry_place(sim, track), spec->name, spec->learning_rate,
                        sim->problem->time.end);
    if (!sim->partner && strcmp(track->ode->name, "end_to_end") == 0)
        sim->partner = track;
    if (!sim->flow && strcmp(track->ode->name, "gradient_flow") == 0) sim->flow = track;
    return GSL_SUCCESS;
}

static int open_results(struct lnn_simulator *sim)
{
    struct lnn_simulation *out = sim->out;
    out->results = calloc(sim->n, sizeof *out->results);
    if (!out->results) return lnn_fail(GSL_ENOMEM, "out of memory for the results");
    out->n = sim->n;
    for (size_t i = 0; i < sim->n; i++) {
        const struct lnn_problem_trajectory *spec = sim->tracks[i].spec;
        out->results[i] = (struct lnn_result){
            .name = strdup(spec->name ? spec->name : spec->system),
            .system = sim->tracks[i].ode->name,
            .loss_error = NAN,
            .W_error = NAN,
            .drift_samples = NAN,
            .energy_balance = NAN,
            .distance = NAN,
            .distance_t = NAN,
            .distance_error = NAN,
        };
        if (!out->results[i].name)
            return lnn_fail(GSL_ENOMEM, "out of memory for the results");
    }
    return GSL_SUCCESS;
}

static int open_tracks(struct lnn_simulator *sim)
{
    size_t all = sim->problem->trajectories.n;
    sim->tracks = calloc(all, sizeof *sim->tracks);
    if (!sim->tracks) return lnn_fail(GSL_ENOMEM, "out of memory for the trajectories");
    for (size_t i = 0; i < all; i++) {
        if (sim->iterations && sim->iterations[i] == LNN_LEFT_OUT) continue;
        sim->tracks[sim->n].spec = &sim->problem->trajectories.at[i];
        LNN_TRY(find_members(sim, &sim->tracks[sim->n++]));
    }
    LNN_TRY(open_results(sim));
    for (size_t i = 0; i < sim->n; i++) {
        int status = open_track(sim, &sim->tracks[i]);
        if (status != GSL_SUCCESS)
            return lnn_fail(status, "%s: error: trajectory %s: %s",
                            entry_place(sim, &sim->tracks[i]),
                            sim->out->results[i].name, lnn_error());
    }
    return GSL_SUCCESS;
}

static bool observed(const struct lnn_simulator *sim, const char *name)
{
    for (size_t i = 0; i < sim->n; i++)
        for (size_t o = 0; o < sim->tracks[i].n_observables; o++)
            if (strcmp(sim->tracks[i].observables[o]->name, name) == 0) return true;
    return false;
}

/* What was asked for by name must not vanish without a word. */
static int check_observables(const struct lnn_simulator *sim)
{
    const struct lnn_words *asked = &sim->problem->output.observables;
    for (size_t i = 0; i < asked->n; i++)
        if (!observed(sim, asked->at[i]))
            return lnn_fail(
                GSL_EINVAL,
                "%s: error: output.observables: %s applies to none of these "
                "trajectories",
                lnn_problem_place(sim->problem, "output", "observables"), asked->at[i]);
    return GSL_SUCCESS;
}

/* Of the start, whether or not it is stored; NaN where it would take 100 MB or more. */
static double start_imbalance(const struct lnn_simulator *sim)
{
    const struct lnn_network *net = &sim->net;
    double square = 0;
    for (size_t j = 1; j < net->N; j++) {
        size_t size = net->d[j] * net->d[j];
        if (lnn_network_conserved(net, j) == LNN_CONSERVED_NOTHING) continue;
        double *C = size < 12500000 ? malloc(size * sizeof *C) : NULL;
        if (!C) return NAN;
        lnn_network_imbalance(net, sim->w0, j, C);
        square += lnn_dot(size, C, C);
        free(C);
    }
    return sqrt(square);
}

int lnn_simulate_network(const struct lnn_problem *problem, struct lnn_network *net)
{
    *net = lnn_network_for(problem);
    double product = (double)net->d[0] * (double)net->d[net->N];
    double most = fmax((double)net->size, product);
    if (most <= INT_MAX) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: error: network.widths: %.0f %s are more than BLAS can count",
                    lnn_problem_place(problem, "network", "widths"), most,
                    most > product ? "weights" : "entries of the layers' product");
}

int lnn_simulator_open(struct lnn_simulator *sim)
{
    LNN_TRY(lnn_simulate_network(sim->problem, &sim->net));
    LNN_TRY(lnn_data_load(sim->problem, &sim->data));
    sim->w0 = calloc(sim->net.size, sizeof *sim->w0);
    sim->times = calloc(sim->problem->time.samples, sizeof *sim->times);
    if (!sim->w0 || !sim->times)
        return lnn_fail(GSL_ENOMEM, "out of memory for %zu weights", sim->net.size);
    if (!isnan(sim->problem->time.end))
        LNN_TRY(lnn_simulate_times(sim->problem, sim->times));
    LNN_TRY(lnn_init_start(sim->problem, &sim->net, sim->w0));
    LNN_TRY(open_tracks(sim));
    sim->out->imbalance = start_imbalance(sim);
    return check_observables(sim);
}

void lnn_simulator_close(struct lnn_simulator *sim)
{
    for (size_t i = 0; sim->tracks && i < sim->n; i++) {
        struct lnn_track *track = &sim->tracks[i];
        lnn_run_free(track->run);
        lnn_run_free(track->run_ref);
        lnn_model_free(track->model);
        lnn_model_free(track->model_ref);
        lnn_track_close_flow(track);
        lnn_track_undescribe(track);
        free(track->own_times);
        free(track->y);
    }
    free(sim->tracks);
    free(sim->times);
    free(sim->w0);
    lnn_data_free(sim->data);
}
