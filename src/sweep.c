/* The plan of a sweep, its threads, and the file at the end. */
#include "lnn/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lnn/err.h"
#include "lnn/registry.h"
#include "sweep_private.h"

static const double SAVED = 10; /* seconds between two states of the file */

void lnn_sweep_point_text(const struct lnn_problem *problem, size_t i, char text[],
                          size_t room)
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t a = 0; a < problem->sweep.n && n < room; a++) {
        const struct lnn_axis *axis = &problem->sweep.at[a];
        int k = snprintf(text + n, room - n, "%s%s=%s", a ? " " : "", axis->key,
                         axis->values[lnn_problem_point_value(problem, i, a)]);
        if (k > 0) n += (size_t)k;
    }
}

/* In front of what a point's own reading says. */
static int fail_at(const struct lnn_problem *problem, size_t i, int status)
{
    char point[400];
    lnn_sweep_point_text(problem, i, point, sizeof point);
    return lnn_fail(status, "%s%s%s", point, *point ? ": " : "", lnn_error());
}

static const struct lnn_ode *ode_of(const struct lnn_problem *p, size_t entry)
{
    return lnn_registry_find((const void *const *)lnn_odes,
                             p->trajectories.at[entry].system);
}

static int find_discrete(struct lnn_sweeping *s)
{
    const struct lnn_problem *p = s->problem;
    s->entry = calloc(p->trajectories.n, sizeof *s->entry);
    s->grid->names = calloc(p->trajectories.n, sizeof *s->grid->names);
    if (!s->entry || !s->grid->names) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i < p->trajectories.n; i++) {
        const struct lnn_ode *ode = ode_of(p, i);
        if (!ode || !ode->map) continue;
        char *name = strdup(p->trajectories.at[i].name);
        if (!name) return lnn_fail(GSL_ENOMEM, "out of memory");
        s->grid->names[s->grid->trajectories] = name;
        s->entry[s->grid->trajectories++] = i;
    }
    if (s->grid->trajectories > 0) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: error: a sweep is of discrete systems, and there is none",
                    lnn_problem_place(p, "trajectories", NULL));
}

static int read_points(struct lnn_sweeping *s)
{
    struct lnn_grid *g = s->grid;
    g->points = lnn_problem_points(s->problem);
    s->points = calloc(g->points, sizeof *s->points);
    if (!s->points) return lnn_fail(GSL_ENOMEM, "out of memory for the sweep");
    g->rates = 1;
    for (size_t i = 0; i < g->points; i++) {
        int status = lnn_problem_point(s->problem, i, &s->points[i].problem);
        if (status != GSL_SUCCESS) return fail_at(s->problem, i, status);
        const struct lnn_problem *p = s->points[i].problem;
        size_t rates = lnn_problem_rates(p, NULL);
        if (rates > g->rates) g->rates = rates;
        for (size_t t = 0; t < g->trajectories; t++) {
            const struct lnn_ode *ode = ode_of(p, s->entry[t]);
            if (ode && ode->map)
                status = lnn_simulate_check_system(p, s->entry[t], ode);
            else
                status = lnn_fail(GSL_EINVAL, "trajectory %s is not discrete there",
                                  g->names[t]);
            if (status != GSL_SUCCESS) return fail_at(s->problem, i, status);
        }
    }
    return GSL_SUCCESS;
}

static int plan_cells(struct lnn_sweeping *s)
{
    struct lnn_grid *g = s->grid;
    size_t rows = g->points * g->trajectories;
    double *rates = calloc(g->rates, sizeof *rates);
    g->cells = calloc(rows * g->rates, sizeof *g->cells);
    g->best = calloc(rows, sizeof *g->best);
    if (!rates || !g->cells || !g->best) {
        free(rates);
        return lnn_fail(GSL_ENOMEM, "out of memory for %zu runs", rows * g->rates);
    }
    for (size_t i = 0; i < rows * g->rates; i++) {
        size_t row = i / g->rates, r = i % g->rates;
        struct lnn_point *point = &s->points[row / g->trajectories];
        const struct lnn_problem *p = point->problem;
        double given =
            p->trajectories.at[s->entry[row % g->trajectories]].learning_rate;
        size_t n = isnan(given) ? lnn_problem_rates(p, rates) : 1;
        double rate = r >= n ? NAN : isnan(given) ? rates[r] : given;
        g->cells[i] =
            (struct lnn_cell){.learning_rate = rate, .loss = NAN, .loss_least = NAN};
        point->left += r < n;
        g->runs += r < n;
    }
    free(rates);
    return GSL_SUCCESS;
}

static int plan(struct lnn_sweeping *s)
{
    const struct lnn_problem *p = s->problem;
    LNN_TRY(find_discrete(s));
    LNN_TRY(read_points(s));
    LNN_TRY(plan_cells(s));
    s->grid->by_loss =
        p->search.by ? strcmp(p->search.by, "loss") == 0 : isnan(p->stop.loss);
    s->grid->path = lnn_simulate_path(p, s->options->run.output);
    if (!s->grid->path) return lnn_fail(GSL_ENOMEM, "out of memory");
    return lnn_simulate_check_path(p, s->grid->path);
}

static void show(struct lnn_sweeping *s, size_t threads)
{
    const struct lnn_grid *g = s->grid;
    struct lnn_sweep_progress p = {g->runs, g->done, 0,
                                   lnn_simulate_now() - s->started};
    for (size_t i = 0; i < g->points * g->trajectories * g->rates; i++)
        p.iterations += (double)g->cells[i].iterations;
    for (size_t i = 0; i < threads; i++)
        p.iterations += (double)atomic_load(&s->steps[i]);
    s->options->progress(s->options->progress_arg, &p);
}

/* Locked. Until the last thread has ended: progress, the clock, the file. */
static void wait_for_all(struct lnn_sweeping *s, size_t threads)
{
    double saved = s->started;
    size_t done = 0;
    while (s->working > 0) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += 100000000;
        if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&s->finished, &s->lock, &t);
        if (s->options->progress) show(s, threads);
        double now = lnn_simulate_now();
        if (now - s->started > s->problem->stop.max_seconds)
            atomic_store(&s->stop, LNN_STOP_SECONDS);
        if (s->status != GSL_SUCCESS) atomic_store(&s->stop, LNN_STOP_SIGNAL);
        if (now - saved < SAVED || s->grid->done == done) continue;
        lnn_sweep_choose(s->grid);
        (void)lnn_sweep_write(s, false, false); /* the last one must succeed */
        saved = now;
        done = s->grid->done;
    }
}

static int run_threads(struct lnn_sweeping *s, size_t threads)
{
    struct lnn_worker *workers = calloc(threads, sizeof *workers);
    if (!workers) return lnn_fail(GSL_ENOMEM, "out of memory for %zu threads", threads);
    pthread_mutex_lock(&s->lock);
    size_t n = 0;
    for (; n < threads; n++) {
        workers[n] = (struct lnn_worker){.s = s, .number = n};
        if (pthread_create(&workers[n].thread, NULL, lnn_sweep_work, &workers[n]) != 0)
            break;
        s->working++;
    }
    wait_for_all(s, n);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < n; i++) pthread_join(workers[i].thread, NULL);
    free(workers);
    if (n == 0) return lnn_fail(GSL_ENOMEM, "cannot start a thread");
    return s->status == GSL_SUCCESS ? GSL_SUCCESS : lnn_fail(s->status, "%s", s->why);
}

static int all_runs(struct lnn_sweeping *s)
{
    size_t threads = s->options->threads ? s->options->threads : 1;
    const volatile sig_atomic_t *signal = s->options->run.signal;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->finished, &clock);
    pthread_condattr_destroy(&clock);
    int status = run_threads(s, threads);
    pthread_cond_destroy(&s->finished);
    pthread_mutex_destroy(&s->lock);
    if (signal && *signal) atomic_store(&s->stop, LNN_STOP_SIGNAL);
    s->grid->stopped = (enum lnn_reason)atomic_load(&s->stop);
    lnn_sweep_choose(s->grid);
    return status;
}

/* The runs whose rows are written: the best of each searched trajectory, and what has
 * no other rate. False: none. */
static bool choose_best(struct lnn_sweeping *s, double iterations[])
{
    const struct lnn_grid *g = s->grid;
    struct lnn_problem *p = s->points[0].problem;
    bool any = false;
    if (g->points > 1 || g->stopped != LNN_RUNNING) return false;
    for (size_t t = 0; t < g->trajectories; t++) {
        struct lnn_problem_trajectory *spec = &p->trajectories.at[s->entry[t]];
        bool given = !isnan(spec->learning_rate);
        long best = given ? 0 : g->best[t];
        iterations[s->entry[t]] = LNN_LEFT_OUT;
        if (best < 0) continue;
        const struct lnn_cell *cell = &g->cells[t * g->rates + (size_t)best];
        spec->learning_rate = cell->learning_rate;
        iterations[s->entry[t]] = (double)cell->iterations;
    }
    for (size_t i = 0; i < p->trajectories.n; i++)
        any = any || iterations[i] != LNN_LEFT_OUT;
    return any;
}

static int write_best(struct lnn_sweeping *s, const double iterations[])
{
    const struct lnn_problem *p = s->points[0].problem;
    struct lnn_simulate_options o = s->options->run;
    struct lnn_sweep_group group;
    o.force = true; /* over the sweep's own */
    o.output = s->grid->path;
    struct lnn_simulator sim = {.problem = p,
                                .options = &o,
                                .started = lnn_simulate_now(),
                                .iterations =
                                    lnn_problem_searches(p) ? iterations : NULL};
    int status = lnn_sweep_group_fill(s, &group);
    sim.extra = &group.group;
    if (status == GSL_SUCCESS) status = lnn_simulator_run(&sim, &s->grid->simulation);
    lnn_sweep_group_clear(&group);
    return status;
}

static int conclude(struct lnn_sweeping *s)
{
    double *iterations = calloc(s->problem->trajectories.n, sizeof *iterations);
    if (!iterations) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = choose_best(s, iterations) ? write_best(s, iterations)
                                            : lnn_sweep_write(s, false, true);
    free(iterations);
    s->grid->seconds = lnn_simulate_now() - s->started;
    return status;
}

static void release(struct lnn_sweeping *s)
{
    for (size_t i = 0; s->points && i < s->grid->points; i++) {
        lnn_sweep_close_point(&s->points[i]);
        lnn_problem_free(s->points[i].problem);
    }
    free(s->points);
    free(s->entry);
    free(s);
}

static struct lnn_sweeping *open_sweep(const struct lnn_problem *problem,
                                       const struct lnn_sweep_options *options)
{
    size_t threads = options->threads ? options->threads : 1;
    struct lnn_sweeping *s = calloc(1, sizeof *s + threads * sizeof s->steps[0]);
    struct lnn_grid *grid = calloc(1, sizeof *grid);
    if (!s || !grid) {
        free(s);
        free(grid);
        return NULL;
    }
    s->problem = problem;
    s->options = options;
    s->grid = grid;
    s->started = lnn_simulate_now();
    return s;
}

int lnn_sweep(const struct lnn_problem *problem,
              const struct lnn_sweep_options *options, struct lnn_grid **grid)
{
    struct lnn_sweeping *s = open_sweep(problem, options);
    *grid = NULL;
    if (!s) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = plan(s);
    if (status == GSL_SUCCESS) {
        lnn_sweep_choose(s->grid);
        status = lnn_sweep_write(s, true, false);
    }
    if (status == GSL_SUCCESS) {
        status = all_runs(s);
        if (status != GSL_SUCCESS)
            (void)lnn_sweep_write(s, false, false); /* what was finished before */
    }
    if (status != GSL_SUCCESS && s->why[0]) status = lnn_fail(status, "%s", s->why);
    if (status == GSL_SUCCESS) status = conclude(s);
    *grid = s->grid;
    release(s);
    if (status == GSL_SUCCESS) return status;
    lnn_grid_free(*grid);
    *grid = NULL;
    return status;
}

int lnn_sweep_check(const struct lnn_problem *problem)
{
    const struct lnn_sweep_options options = {0};
    struct lnn_sweeping *s = open_sweep(problem, &options);
    if (!s) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = plan(s);
    for (size_t i = 0; i < s->grid->points && status == GSL_SUCCESS; i++) {
        status = lnn_sweep_open_point(&s->points[i]);
        lnn_sweep_close_point(&s->points[i]);
        if (status != GSL_SUCCESS) status = fail_at(problem, i, status);
    }
    struct lnn_grid *grid = s->grid;
    release(s);
    lnn_grid_free(grid);
    return status;
}

void lnn_grid_free(struct lnn_grid *grid)
{
    if (!grid) return;
    for (size_t t = 0; grid->names && t < grid->trajectories; t++) free(grid->names[t]);
    free(grid->names);
    free(grid->cells);
    free(grid->best);
    lnn_simulation_free(grid->simulation);
    free(grid->path);
    free(grid);
}
