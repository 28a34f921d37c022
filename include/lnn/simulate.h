/* A whole problem: every trajectory advances from sample to sample side by side, and
 * each sample's rows go to the file. */
#ifndef LNN_SIMULATE_H
#define LNN_SIMULATE_H

#include "lnn/observable.h"
#include "lnn/trajectory.h"

struct lnn_progress { /* what a progress line shows; of the trajectory just stepped */
    const char *trajectory;
    double t, t_end, h, loss, drift;
    unsigned long steps;
    double seconds; /* since the start of the run */
};

struct lnn_result { /* one per trajectory, in the problem's order */
    char *name;
    const char *system;
    enum lnn_reason reason;
    char *message; /* "" unless it failed */
    struct lnn_run_counts counts;
    size_t rows;
    double t, loss, loss_error, W_norm, W_error, gradient_norm;
    double drift_samples;  /* NaN without layers */
    double energy_balance; /* NaN without */
    /* The largest gap to the end-to-end solution over the samples, where that is, and
     * the sum of both error estimates there; NaN if there is none. */
    double distance, distance_t, distance_error;
};

struct lnn_simulate_options {
    const char *output; /* path; NULL: problem->output.file */
    bool force, fsync;
    volatile sig_atomic_t *signal; /* non-zero: finish the step and close; or NULL */
    void (*progress)(void *arg, const struct lnn_progress *progress); /* or NULL */
    void *progress_arg;
    const char *version, *command; /* for the file's history */
};

struct lnn_simulation {
    size_t n;
    struct lnn_result *results;
    double
        imbalance; /* sqrt(sum_j ||C_j(0)||_F^2); NaN if layers are too wide to ask */
    char *path;    /* of the file written */
    double seconds;
};

/* Integrates and writes. GSL_SUCCESS also when a trajectory stopped early or failed:
 * its reason says so. GSL_EINVAL, GSL_EOF, GSL_ENOMEM when the run could not be made.
 */
int lnn_simulate(const struct lnn_problem *problem,
                 const struct lnn_simulate_options *options,
                 struct lnn_simulation **simulation);
/* Everything short of integrating: is the data there, the start possible, does every
 * system take it, is there a Jacobian where a stepper needs one? */
int lnn_simulate_check(const struct lnn_problem *problem);
void lnn_simulation_free(struct lnn_simulation *simulation);

/* The sample times of problem->time: t[0] = 0 < ... < t[samples-1] = end. */
int lnn_simulate_times(const struct lnn_problem *problem, double t[]);

#endif
