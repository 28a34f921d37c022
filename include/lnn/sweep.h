/* Many runs of one problem: every learning rate of the search's grid, for every
 * discrete trajectory, at every point of the sweep. The grid goes into one file, with
 * the best runs' trajectories when there is one point only. No run depends on another,
 * nor on the number of threads. */
#ifndef LNN_SWEEP_H
#define LNN_SWEEP_H

#include "lnn/simulate.h"

struct lnn_cell {          /* one run */
    double learning_rate;  /* NaN: there is no such run */
    enum lnn_reason ended; /* LNN_RUNNING: not run, or not to its end */
    /* Taken; of a run that failed, the one whose result is not finite. The first state
     * that meets stop.loss is that after `iterations`. */
    unsigned long iterations;
    double loss;       /* of the last (finite) state */
    double loss_least; /* of all states; NaN if none was finite */
};

enum { LNN_NONE = -1, LNN_OPEN = -2 }; /* best: no run qualifies; not all have run */

struct lnn_grid {
    size_t points, trajectories, rates;
    char **names;           /* of the discrete trajectories */
    struct lnn_cell *cells; /* points x trajectories x rates */
    /* Which rate is the best, points x trajectories; LNN_NONE, LNN_OPEN. By iterations:
     * fewest to stop.loss; by loss: the smallest that is finite, of what did not fail.
     * Ties: smaller loss, then smaller rate. */
    long *best;
    bool by_loss;
    size_t runs, done;
    enum lnn_reason stopped; /* LNN_RUNNING, or LNN_STOP_SIGNAL, LNN_STOP_SECONDS */
    struct lnn_simulation *simulation; /* of the best runs, or NULL */
    char *path;
    double seconds;
};

struct lnn_sweep_progress {
    size_t runs, done;
    double iterations; /* of all runs together */
    double seconds;
};

struct lnn_sweep_options {
    struct lnn_simulate_options run; /* its progress: of the best runs, afterwards */
    size_t threads;                  /* 0: one */
    void (*progress)(void *arg, const struct lnn_sweep_progress *p); /* or NULL */
    void *progress_arg;
};

/* Runs it all. GSL_SUCCESS also where runs diverge, none reaches its target, or a
 * signal came: the grid says so, and the file holds what was finished. GSL_EINVAL,
 * GSL_EOF, GSL_ENOMEM where a run could not be made or the file not be written. BLAS
 * should have been told to use one thread. */
int lnn_sweep(const struct lnn_problem *problem,
              const struct lnn_sweep_options *options, struct lnn_grid **grid);
/* Everything short of running: every point's problem, data, start. */
int lnn_sweep_check(const struct lnn_problem *problem);
void lnn_grid_free(struct lnn_grid *grid);

/* A name for "init.scale=0.1 init.seed=3": what the i-th point is; "" without sweep. */
void lnn_sweep_point_text(const struct lnn_problem *problem, size_t i, char text[],
                          size_t room);

#endif
