/* What sweep*.c share. */
#ifndef LNN_SWEEP_PRIVATE_H
#define LNN_SWEEP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include "lnn/sweep.h"
#include "simulate_private.h"

struct lnn_point { /* open while one of its runs is under way or to come */
    struct lnn_problem *problem;
    struct lnn_data *data;
    double *w0;
    size_t left; /* runs to be finished */
};

struct lnn_sweeping {
    const struct lnn_problem *problem;
    const struct lnn_sweep_options *options;
    struct lnn_grid *grid;
    size_t *entry; /* of each discrete trajectory, in problem->trajectories */
    struct lnn_point *points;
    double started;
    /* Guards all above that changes, and HDF5. */
    pthread_mutex_t lock;
    pthread_cond_t finished; /* a run, or a thread */
    size_t next, working;    /* the next cell; threads at work */
    size_t failed_cell;      /* whose status that is; the first in the grid's order */
    int status;
    char why[1024];
    atomic_int stop;      /* an lnn_reason: all end */
    atomic_ulong steps[]; /* of the run under way, a thread each */
};

struct lnn_worker { /* a thread */
    struct lnn_sweeping *s;
    size_t number;
    pthread_t thread;
};

static inline size_t lnn_sweep_row(const struct lnn_grid *g, size_t cell)
{
    return cell / g->rates; /* point x trajectory */
}

/* sweep_run.c: a thread's whole life */
void *lnn_sweep_work(void *worker);
int lnn_sweep_open_point(struct lnn_point *point);
void lnn_sweep_close_point(struct lnn_point *point);

/* sweep_best.c */
void lnn_sweep_choose(struct lnn_grid *grid);

/* sweep_file.c: the group /search as it stands */
struct lnn_sweep_group {
    struct lnn_group group;
    struct lnn_variable *variables;
    struct lnn_attribute *attributes;
    size_t n_owned;
    void **owned;
};
int lnn_sweep_group_fill(const struct lnn_sweeping *s, struct lnn_sweep_group *g);
void lnn_sweep_group_clear(struct lnn_sweep_group *g);
/* A file with the group alone, in place of the one before. */
int lnn_sweep_write(const struct lnn_sweeping *s, bool first, bool complete);

#endif
