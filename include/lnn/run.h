/* One trajectory in time: a system, a stepper, natural steps, samples by dense output.
 * The caller (simulate.c) asks for the state at a sequence of times; how it is stepped
 * does not depend on them. */
#ifndef LNN_RUN_H
#define LNN_RUN_H

#include <signal.h>
#include "lnn/ode.h"
#include "lnn/stepper.h"

enum lnn_reason { /* why a trajectory ended; names in lnn_reason_name */
                  LNN_RUNNING,
                  LNN_END,            /* reached time.end */
                  LNN_STOP_LOSS,      /* stop.loss */
                  LNN_STOP_GRADIENT,  /* stop.gradient_norm */
                  LNN_STOP_STEPS,     /* stop.max_steps */
                  LNN_STOP_SECONDS,   /* stop.max_seconds */
                  LNN_STOP_SIGNAL,    /* SIGINT, SIGTERM */
                  LNN_FAIL_NONFINITE, /* a state or right-hand side is not finite */
                  LNN_FAIL_UNDERFLOW, /* steps near the spacing of doubles */
                  LNN_FAIL_STEPPER,   /* stepper or system refused: the text */
};
const char *lnn_reason_name(enum lnn_reason reason); /* "end", "stop_loss", ... */
bool lnn_reason_failed(enum lnn_reason reason);

struct lnn_run_counts {
    unsigned long steps, rejected, rhs, jacobians;
    unsigned long rhs_dense, jacobians_dense; /* spent on dense output */
    double h;                                 /* the last step taken */
    double loss_least;                        /* of watch_loss; NaN: none yet */
    double h_largest; /* of the steps the last lnn_run_sample that stepped has taken */
};

struct lnn_run; /* opaque */

struct lnn_run_options {
    const struct lnn_stepper *stepper; /* ignored by map and closed-form systems */
    size_t stages;
    double rtol, atol, h0; /* h0 NaN: chosen from the right-hand side at t = 0 */
    double t_end;
    /* Relative perturbation, +- this much, of a map's state at every iteration and of a
     * closed form's time (0: none): measures what rounding does. */
    double perturb;
    double stop_loss, stop_gradient; /* NaN: none */
    unsigned long max_steps;         /* 0: none */
    bool watch_loss;                 /* of a map: keep the smallest loss met */
};

/* Starts at t = 0. The model is kept, not owned. */
int lnn_run_alloc(const struct lnn_ode *ode, struct lnn_model *model,
                  const struct lnn_run_options *options, struct lnn_run **run);
void lnn_run_free(struct lnn_run *run);

/* Steps until the natural time is >= t, then leaves the state at t in y (dim doubles)
 * and the time really reached in *reached: t, unless the trajectory ended before (then
 * the last good state and its time), or the system is discrete (then eta k nearest t).
 * Returns why it ended, LNN_RUNNING if it goes on. `poll` (may be NULL) is called after
 * every natural step with `poll_arg`; when it returns something else than LNN_RUNNING
 * the trajectory ends there with that reason. */
enum lnn_reason lnn_run_sample(struct lnn_run *run, double t, double y[],
                               double *reached,
                               enum lnn_reason (*poll)(void *, const struct lnn_run *),
                               void *poll_arg);

/* No natural step longer than h from now on: keeps a second run truly finer than a
 * first whose steps something else than the tolerance bounds. */
void lnn_run_limit(struct lnn_run *run, double h);

double lnn_run_time(const struct lnn_run *run);
const double *lnn_run_state(const struct lnn_run *run); /* at lnn_run_time */
size_t lnn_run_dim(const struct lnn_run *run);
const struct lnn_run_counts *lnn_run_counts(const struct lnn_run *run);
const char *lnn_run_message(const struct lnn_run *run); /* of a failure; "" otherwise */

#endif
