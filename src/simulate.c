/* A whole problem: all trajectories from sample to sample, side by side, into one file.
 */
#include "lnn/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "lnn/err.h"
#include "simulate_private.h"

double lnn_simulate_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum lnn_reason interrupted(void *arg, const struct lnn_run *run)
{
    const struct lnn_simulator *sim = arg;
    const struct lnn_simulate_options *o = sim->options;
    (void)run;
    if (o->signal && *o->signal) return LNN_STOP_SIGNAL;
    if (lnn_simulate_now() - sim->started > sim->problem->stop.max_seconds)
        return LNN_STOP_SECONDS;
    return LNN_RUNNING; /* also when max_seconds is NaN: no limit */
}

static enum lnn_reason poll(void *arg, const struct lnn_run *run)
{
    struct lnn_simulator *sim = arg;
    const struct lnn_simulate_options *o = sim->options;
    const struct lnn_track *track = sim->stepping;
    size_t last = sim->problem->time.samples - 1;
    if (o->progress) {
        const struct lnn_result *r = &sim->out->results[track - sim->tracks];
        const struct lnn_run_counts *counts = lnn_run_counts(run);
        struct lnn_progress p = {r->name,
                                 lnn_run_time(run),
                                 track->times[last],
                                 counts->h,
                                 r->loss,
                                 r->drift_samples,
                                 counts->steps,
                                 lnn_simulate_now() - sim->started};
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
    if (sim->last_call == 0) sim->last_call = lnn_simulate_now() + 1;
    return lnn_simulate_now() < sim->last_call ? LNN_RUNNING : reason;
}

int lnn_track_product(const struct lnn_track *track, struct lnn_model *model,
                      const double y[], double W[])
{
    return model->mlp ? GSL_SUCCESS : track->ode->product(model, y, W);
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
                lnn_track_product(track, track->model_ref, track->y_ref,
                                  track->W_ref) == GSL_SUCCESS;
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
    bool last = t == track->times[sim->problem->time.samples - 1];
    if (last && track->reason == LNN_RUNNING) track->reason = LNN_END;
    track->done = track->reason != LNN_RUNNING;
    /* a discrete system may not have moved since the last sample, nor one that stopped
     */
    track->fresh = r->rows == 0 || track->reached > before;
    if (!track->fresh) return GSL_SUCCESS;
    if (track->run_ref) follow(sim, track);
    if (track->flow) lnn_track_follow_flow(sim, track, interrupted_behind);
    return lnn_track_product(track, track->model, track->y, track->W);
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

static int sample(struct lnn_simulator *sim, size_t row)
{
    for (size_t i = 0; i < sim->n; i++) {
        sim->tracks[i].fresh = false;
        if (sim->tracks[i].done) continue;
        LNN_TRY(advance(sim, &sim->tracks[i], sim->tracks[i].times[row]));
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
    sim->out->seconds = lnn_simulate_now() - sim->started;
    struct lnn_attribute wall = {
        .name = "wall_seconds", .kind = 'n', .number = sim->out->seconds};
    return lnn_file_attribute(sim->file, "volatile", &wall);
}

static int run_all(struct lnn_simulator *sim)
{
    bool complete = true;
    int status = GSL_SUCCESS;
    for (size_t i = 0; i < sim->problem->time.samples && status == GSL_SUCCESS; i++)
        status = sample(sim, i);
    if (status == GSL_SUCCESS) status = conclude(sim);
    complete = status == GSL_SUCCESS;
    int closed = lnn_file_close(sim->file, complete);
    return status == GSL_SUCCESS ? closed : status;
}

char *lnn_simulate_path(const struct lnn_problem *problem, const char *output)
{
    if (output) return strdup(output);
    if (problem->output.file) return lnn_problem_path(problem, problem->output.file);
    return strdup("trajectory.h5");
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Not even `force` lets a run replace what it is made from. */
int lnn_simulate_check_path(const struct lnn_problem *p, const char *output)
{
    const char *inputs[] = {p->data.file, p->data.targets_file, p->init.file};
    bool clash = same_file(p->path, output);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char *path = inputs[i] ? lnn_problem_path(p, inputs[i]) : NULL;
        clash = clash || same_file(path, output);
        free(path);
    }
    if (!clash) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s is an input of this run; another output is meant",
                    output);
}

int lnn_simulator_run(struct lnn_simulator *sim, struct lnn_simulation **simulation)
{
    *simulation = NULL;
    sim->out = calloc(1, sizeof *sim->out);
    if (!sim->out) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = lnn_simulator_open(sim);
    if (status == GSL_SUCCESS &&
        !(sim->out->path = lnn_simulate_path(sim->problem, sim->options->output)))
        status = lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS)
        status = lnn_simulate_check_path(sim->problem, sim->out->path);
    if (status == GSL_SUCCESS) status = lnn_simulator_create_file(sim, sim->out->path);
    if (status == GSL_SUCCESS) status = run_all(sim);
    lnn_simulator_close(sim);
    if (status == GSL_SUCCESS)
        *simulation = sim->out;
    else
        lnn_simulation_free(sim->out);
    return status;
}

/* What stands for many runs is the sweep's. */
static int check_alone(const struct lnn_problem *problem)
{
    if (problem->sweep.n == 0 && !lnn_problem_searches(problem)) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s: a search or a sweep is many runs: lnn_sweep",
                    problem->path);
}

int lnn_simulate(const struct lnn_problem *problem,
                 const struct lnn_simulate_options *options,
                 struct lnn_simulation **simulation)
{
    struct lnn_simulator sim = {
        .problem = problem, .options = options, .started = lnn_simulate_now()};
    *simulation = NULL;
    LNN_TRY(check_alone(problem));
    return lnn_simulator_run(&sim, simulation);
}

int lnn_simulate_check(const struct lnn_problem *problem)
{
    struct lnn_simulate_options options = {0};
    struct lnn_simulator sim = {.problem = problem, .options = &options};
    LNN_TRY(check_alone(problem));
    sim.out = calloc(1, sizeof *sim.out);
    int status =
        sim.out ? lnn_simulator_open(&sim) : lnn_fail(GSL_ENOMEM, "out of memory");
    lnn_simulator_close(&sim);
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
