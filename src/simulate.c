/* A whole problem: all trajectories from sample to sample, side by side, into one file.
 */
#include "lnn/simulate.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lnn/err.h"
#include "lnn/registry.h"
#include "simulate_private.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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

/* ---- setting up ---- */

static struct lnn_run_options run_options(const struct lnn_simulator *sim,
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
        .t_end = p->time.end,
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
    struct lnn_run_options o = run_options(sim, track, true);
    LNN_TRY(lnn_model_alloc(sim->problem, sim->data, sim->w0,
                            track->spec->learning_rate, &track->model_ref));
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

/* One block for a track's arrays, hung on y. */
static int track_arrays(const struct lnn_simulator *sim, struct lnn_track *track)
{
    const struct lnn_network *net = &sim->net;
    size_t kd = sim->data->k * sim->data->d, dim = lnn_run_dim(track->run), widest = 0;
    size_t imbalances = lnn_network_imbalance_size(net);
    for (size_t j = 0; j <= net->N; j++)
        widest = net->d[j] > widest ? net->d[j] : widest;
    track->y = calloc(2 * dim + 2 * kd + imbalances + row_size(track) + net->N +
                          widest * widest + kd,
                      sizeof *track->y);
    if (!track->y) return lnn_fail(GSL_ENOMEM, "out of memory for %zu unknowns", dim);
    track->y_ref = track->y + dim;
    track->W = track->y_ref + dim;
    track->W_ref = track->W + kd;
    track->C0 = track->W_ref + kd;
    track->values = track->C0 + imbalances;
    track->scratch = track->values + row_size(track);
    double *C = track->C0;
    for (size_t j = 1; j < net->N; j++, C += net->d[j - 1] * net->d[j - 1])
        lnn_network_imbalance(net, sim->w0, j, C);
    return GSL_SUCCESS;
}

static int open_track(struct lnn_simulator *sim, struct lnn_track *track)
{
    struct lnn_run_options o = run_options(sim, track, false);
    LNN_TRY(lnn_model_alloc(sim->problem, sim->data, sim->w0,
                            track->spec->learning_rate, &track->model));
    LNN_TRY(lnn_run_alloc(track->ode, track->model, &o, &track->run));
    if (sim->problem->global_error) LNN_TRY(open_reference(sim, track));
    LNN_TRY(lnn_track_describe(sim, track));
    return track_arrays(sim, track);
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
    if (track->ode->map && !(spec->learning_rate <= sim->problem->time.end))
        return lnn_fail(
            GSL_EINVAL,
            "trajectory %s: learning_rate %g is above time.end %g, so that no "
            "iteration would be taken",
            spec->name, spec->learning_rate, sim->problem->time.end);
    if (!sim->partner && strcmp(track->ode->name, "end_to_end") == 0)
        sim->partner = track;
    return GSL_SUCCESS;
}

static int open_results(struct lnn_simulator *sim)
{
    struct lnn_simulation *out = sim->out;
    out->results = calloc(sim->n, sizeof *out->results);
    if (!out->results) return lnn_fail(GSL_ENOMEM, "out of memory for the results");
    out->n = sim->n;
    for (size_t i = 0; i < sim->n; i++) {
        const struct lnn_problem_trajectory *spec = &sim->problem->trajectories.at[i];
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
    sim->n = sim->problem->trajectories.n;
    sim->tracks = calloc(sim->n, sizeof *sim->tracks);
    if (!sim->tracks) return lnn_fail(GSL_ENOMEM, "out of memory for the trajectories");
    for (size_t i = 0; i < sim->n; i++) {
        sim->tracks[i].spec = &sim->problem->trajectories.at[i];
        LNN_TRY(find_members(sim, &sim->tracks[i]));
    }
    LNN_TRY(open_results(sim));
    for (size_t i = 0; i < sim->n; i++) {
        int status = open_track(sim, &sim->tracks[i]);
        if (status != GSL_SUCCESS)
            return lnn_fail(status, "trajectory %s: %s", sim->out->results[i].name,
                            lnn_error());
    }
    return GSL_SUCCESS;
}

static int open_simulator(struct lnn_simulator *sim)
{
    const struct lnn_counts *widths = &sim->problem->network.widths;
    sim->net = lnn_network_of(widths->n, widths->at);
    double entries = (double)widths->at[0] * (double)widths->at[sim->net.N];
    if (sim->net.size > INT_MAX || entries > INT_MAX)
        return lnn_fail(GSL_EINVAL,
                        "network.widths: %zu weights are more than BLAS can count",
                        sim->net.size);
    LNN_TRY(lnn_data_load(sim->problem, &sim->data));
    sim->w0 = calloc(sim->net.size, sizeof *sim->w0);
    sim->times = calloc(sim->problem->time.samples, sizeof *sim->times);
    if (!sim->w0 || !sim->times)
        return lnn_fail(GSL_ENOMEM, "out of memory for %zu weights", sim->net.size);
    LNN_TRY(lnn_simulate_times(sim->problem, sim->times));
    LNN_TRY(lnn_init_start(sim->problem, &sim->net, sim->w0));
    return open_tracks(sim);
}

static void close_simulator(struct lnn_simulator *sim)
{
    for (size_t i = 0; sim->tracks && i < sim->n; i++) {
        struct lnn_track *track = &sim->tracks[i];
        lnn_run_free(track->run);
        lnn_run_free(track->run_ref);
        lnn_model_free(track->model);
        lnn_model_free(track->model_ref);
        lnn_track_undescribe(track);
        free(track->y);
    }
    free(sim->tracks);
    free(sim->times);
    free(sim->w0);
    lnn_data_free(sim->data);
}

/* ---- running ---- */

static enum lnn_reason interrupted(void *arg, const struct lnn_run *run)
{
    const struct lnn_simulator *sim = arg;
    const struct lnn_simulate_options *o = sim->options;
    (void)run;
    if (o->signal && *o->signal) return LNN_STOP_SIGNAL;
    if (now() - sim->started > sim->problem->stop.max_seconds) return LNN_STOP_SECONDS;
    return LNN_RUNNING; /* also when max_seconds is NaN: no limit */
}

static enum lnn_reason poll(void *arg, const struct lnn_run *run)
{
    struct lnn_simulator *sim = arg;
    const struct lnn_simulate_options *o = sim->options;
    const struct lnn_track *track = sim->stepping;
    if (o->progress) {
        const struct lnn_result *r = &sim->out->results[track - sim->tracks];
        const struct lnn_run_counts *counts = lnn_run_counts(run);
        struct lnn_progress p = {
            r->name, lnn_run_time(run), sim->problem->time.end, counts->h,
            r->loss, r->drift_samples,  counts->steps,          now() - sim->started};
        o->progress(o->progress_arg, &p);
    }
    return interrupted(arg, run);
}

/* After a signal the second run has another second to catch up with the first. */
static enum lnn_reason interrupted_behind(void *arg, const struct lnn_run *run)
{
    struct lnn_simulator *sim = arg;
    enum lnn_reason reason = interrupted(arg, run);
    if (reason == LNN_RUNNING) return reason;
    if (sim->last_call == 0) sim->last_call = now() + 1;
    return now() < sim->last_call ? LNN_RUNNING : reason;
}

/* The second run, at the time the first has reached; once it fails there is no
 * estimate. */
static void follow(struct lnn_simulator *sim, struct lnn_track *track)
{
    double reached, h = lnn_run_counts(track->run)->h_largest;
    if (h > 0) lnn_run_limit(track->run_ref, 0.5 * h);
    enum lnn_reason reason =
        lnn_run_sample(track->run_ref, track->reached, track->y_ref, &reached,
                       interrupted_behind, sim);
    bool good = !lnn_reason_failed(reason) && reached == track->reached &&
                track->ode->product(track->model_ref, track->y_ref, track->W_ref) ==
                    GSL_SUCCESS;
    if (good) return;
    lnn_run_free(track->run_ref);
    track->run_ref = NULL;
}

static int advance(struct lnn_simulator *sim, struct lnn_track *track, double t)
{
    double before = track->reached;
    const struct lnn_result *r = &sim->out->results[track - sim->tracks];
    sim->stepping = track;
    track->reason = lnn_run_sample(track->run, t, track->y, &track->reached, poll, sim);
    bool last = t == sim->times[sim->problem->time.samples - 1];
    if (last && track->reason == LNN_RUNNING) track->reason = LNN_END;
    track->done = track->reason != LNN_RUNNING;
    /* a discrete system may not have moved since the last sample, nor one that stopped
     */
    track->fresh = r->rows == 0 || track->reached > before;
    if (!track->fresh) return GSL_SUCCESS;
    if (track->run_ref) follow(sim, track);
    return track->ode->product(track->model, track->y, track->W);
}

/* A numerical failure ends the trajectory, not the run; what the file refuses ends
 * both. */
static int write_row(struct lnn_simulator *sim, struct lnn_track *track)
{
    int status = track->fresh ? lnn_track_row(sim, track) : GSL_SUCCESS;
    if (status != GSL_EFAILED) return status;
    track->reason = LNN_FAIL_NONFINITE;
    track->done = true;
    track->fresh = false;
    strncpy(track->why, lnn_error(), sizeof track->why - 1);
    return GSL_SUCCESS;
}

static int sample(struct lnn_simulator *sim, double t)
{
    for (size_t i = 0; i < sim->n; i++) {
        sim->tracks[i].fresh = false;
        if (!sim->tracks[i].done) LNN_TRY(advance(sim, &sim->tracks[i], t));
    }
    /* the end-to-end solution first: the others' error bars are joined with its own */
    if (sim->partner) LNN_TRY(write_row(sim, sim->partner));
    for (size_t i = 0; i < sim->n; i++)
        if (&sim->tracks[i] != sim->partner) LNN_TRY(write_row(sim, &sim->tracks[i]));
    return GSL_SUCCESS;
}

static int conclude(struct lnn_simulator *sim)
{
    for (size_t i = 0; i < sim->n; i++) {
        struct lnn_track *track = &sim->tracks[i];
        struct lnn_result *r = &sim->out->results[i];
        r->reason = track->reason;
        r->counts = *lnn_run_counts(track->run);
        r->message = strdup(track->why[0] ? track->why : lnn_run_message(track->run));
        if (!r->message) return lnn_fail(GSL_ENOMEM, "out of memory for the results");
        LNN_TRY(lnn_track_conclude(sim, track));
    }
    sim->out->seconds = now() - sim->started;
    struct lnn_attribute wall = {
        .name = "wall_seconds", .kind = 'n', .number = sim->out->seconds};
    return lnn_file_attribute(sim->file, "volatile", &wall);
}

static int run_all(struct lnn_simulator *sim)
{
    bool complete = true;
    int status = GSL_SUCCESS;
    for (size_t i = 0; i < sim->problem->time.samples && status == GSL_SUCCESS; i++)
        status = sample(sim, sim->times[i]);
    if (status == GSL_SUCCESS) status = conclude(sim);
    complete = status == GSL_SUCCESS;
    int closed = lnn_file_close(sim->file, complete);
    return status == GSL_SUCCESS ? closed : status;
}

static char *output_path(const struct lnn_simulator *sim)
{
    if (sim->options->output) return strdup(sim->options->output);
    if (sim->problem->output.file)
        return lnn_problem_path(sim->problem, sim->problem->output.file);
    return strdup("trajectory.h5");
}

int lnn_simulate(const struct lnn_problem *problem,
                 const struct lnn_simulate_options *options,
                 struct lnn_simulation **simulation)
{
    struct lnn_simulator sim = {
        .problem = problem, .options = options, .started = now()};
    *simulation = NULL;
    sim.out = calloc(1, sizeof *sim.out);
    if (!sim.out) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = open_simulator(&sim);
    if (status == GSL_SUCCESS && !(sim.out->path = output_path(&sim)))
        status = lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS) status = lnn_simulator_create_file(&sim, sim.out->path);
    if (status == GSL_SUCCESS) status = run_all(&sim);
    close_simulator(&sim);
    if (status == GSL_SUCCESS)
        *simulation = sim.out;
    else
        lnn_simulation_free(sim.out);
    return status;
}

void lnn_simulation_free(struct lnn_simulation *simulation)
{
    if (!simulation) return;
    for (size_t i = 0; i < simulation->n; i++) {
        free(simulation->results[i].name);
        free(simulation->results[i].message);
    }
    free(simulation->results);
    free(simulation->path);
    free(simulation);
}
