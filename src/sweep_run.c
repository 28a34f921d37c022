/* The runs of a sweep: threads take them from the grid in its order. */
#include "sweep_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/registry.h"

int lnn_sweep_open_point(struct lnn_point *point)
{
    struct lnn_network net = lnn_network_for(point->problem);
    LNN_TRY(lnn_data_load(point->problem, &point->data));
    point->w0 = calloc(net.size, sizeof *point->w0);
    if (!point->w0)
        return lnn_fail(GSL_ENOMEM, "out of memory for %zu weights", net.size);
    return lnn_init_start(point->problem, &net, point->w0);
}

void lnn_sweep_close_point(struct lnn_point *point)
{
    lnn_data_free(point->data);
    free(point->w0);
    point->data = NULL;
    point->w0 = NULL;
}

static enum lnn_reason poll(void *arg, const struct lnn_run *run)
{
    struct lnn_worker *w = arg;
    const volatile sig_atomic_t *signal = w->s->options->run.signal;
    atomic_store_explicit(&w->s->steps[w->number], lnn_run_counts(run)->steps,
                          memory_order_relaxed);
    if (signal && *signal) return LNN_STOP_SIGNAL;
    return (enum lnn_reason)atomic_load_explicit(&w->s->stop, memory_order_relaxed);
}

static int run_model(struct lnn_worker *w, const struct lnn_ode *ode,
                     const struct lnn_problem *p, struct lnn_model *model,
                     struct lnn_cell *cell)
{
    struct lnn_run *run = NULL;
    double end = lnn_problem_searches(p) ? INFINITY : p->time.end, reached;
    struct lnn_run_options o = {.h0 = NAN,
                                .t_end = end,
                                .stop_loss = p->stop.loss,
                                .stop_gradient = p->stop.gradient_norm,
                                .max_steps = p->stop.max_steps,
                                .watch_loss = true};
    LNN_TRY(lnn_run_alloc(ode, model, &o, &run));
    double *y = calloc(lnn_run_dim(run), sizeof *y);
    int status = y ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    if (y) {
        cell->ended = lnn_run_sample(run, end, y, &reached, poll, w);
        if (cell->ended == LNN_RUNNING) cell->ended = LNN_END;
        const struct lnn_run_counts *counts = lnn_run_counts(run);
        cell->iterations = counts->steps + lnn_reason_failed(cell->ended);
        cell->loss_least = counts->loss_least;
        status = lnn_ode_loss(ode, model, y, &cell->loss);
    }
    free(y);
    lnn_run_free(run);
    return status;
}

static int run_cell(struct lnn_worker *w, size_t i, struct lnn_cell *cell)
{
    struct lnn_sweeping *s = w->s;
    size_t row = lnn_sweep_row(s->grid, i), of = s->grid->trajectories;
    const struct lnn_point *point = &s->points[row / of];
    const struct lnn_problem_trajectory *spec =
        &point->problem->trajectories.at[s->entry[row % of]];
    const struct lnn_ode *ode =
        lnn_registry_find((const void *const *)lnn_odes, spec->system);
    struct lnn_model *model = NULL;
    LNN_TRY(lnn_model_alloc(point->problem, point->data, point->w0, cell->learning_rate,
                            &model));
    model->spec = spec;
    int status = run_model(w, ode, point->problem, model, cell);
    lnn_model_free(model);
    if (status == GSL_SUCCESS) return status;
    size_t entry = (size_t)(spec - point->problem->trajectories.at);
    return lnn_fail(status, "%s: error: trajectory %s: %s",
                    lnn_problem_entry_place(point->problem, entry),
                    spec->name ? spec->name : spec->system, lnn_error());
}

/* Locked. The next cell that is a run, its point open; false: there is none. */
static bool take(struct lnn_sweeping *s, size_t *cell)
{
    struct lnn_grid *g = s->grid;
    size_t n = g->points * g->trajectories * g->rates;
    while (s->next < n && isnan(g->cells[s->next].learning_rate)) s->next++;
    if (s->next == n || s->status != GSL_SUCCESS || atomic_load(&s->stop)) return false;
    *cell = s->next++;
    struct lnn_point *point = &s->points[lnn_sweep_row(g, *cell) / g->trajectories];
    if (point->data) return true;
    s->status = lnn_sweep_open_point(point);
    if (s->status == GSL_SUCCESS) return true;
    snprintf(s->why, sizeof s->why, "%s", lnn_error());
    s->failed_cell = *cell;
    return false;
}

/* Locked. A run that was interrupted leaves no trace. */
static void give(struct lnn_worker *w, size_t i, int status,
                 const struct lnn_cell *cell)
{
    struct lnn_sweeping *s = w->s;
    struct lnn_point *point =
        &s->points[lnn_sweep_row(s->grid, i) / s->grid->trajectories];
    if (--point->left == 0) lnn_sweep_close_point(point);
    atomic_store(&s->steps[w->number], 0);
    if (status != GSL_SUCCESS) {
        if (s->status == GSL_SUCCESS || i < s->failed_cell) {
            snprintf(s->why, sizeof s->why, "%s", lnn_error());
            s->status = status;
            s->failed_cell = i;
        }
    } else if (cell->ended != LNN_STOP_SIGNAL && cell->ended != LNN_STOP_SECONDS) {
        s->grid->cells[i] = *cell;
        s->grid->done++;
    }
    pthread_cond_signal(&s->finished);
}

void *lnn_sweep_work(void *arg)
{
    struct lnn_worker *w = arg;
    struct lnn_sweeping *s = w->s;
    size_t i;
    pthread_mutex_lock(&s->lock);
    while (take(s, &i)) {
        struct lnn_cell cell = s->grid->cells[i];
        pthread_mutex_unlock(&s->lock);
        int status = run_cell(w, i, &cell);
        pthread_mutex_lock(&s->lock);
        give(w, i, status, &cell);
    }
    s->working--;
    pthread_cond_signal(&s->finished);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
