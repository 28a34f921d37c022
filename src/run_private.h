/* The state of a run; private to run*.c. */
#ifndef LNN_RUN_PRIVATE_H
#define LNN_RUN_PRIVATE_H

#include <gsl/gsl_rng.h>
#include "lnn/run.h"
#include "run_dense.h"

struct lnn_run {
    const struct lnn_ode *ode;
    struct lnn_model *model;
    struct lnn_run_options o;
    size_t dim;
    gsl_odeiv2_system sys;
    gsl_odeiv2_driver *driver; /* its stepper and control; its own loop is not used */
    struct lnn_dense *dense;
    gsl_rng *rng;
    double t, t0, h; /* natural time, the last step's beginning, the next step's size */
    double h_max;
    double *y, *y0, *f, *f0, *yerr;
    double largest_gradient;
    bool lazy;  /* the next iteration brings this state's loss with it */
    bool armed; /* the gradient has been well above stop_gradient */
    enum lnn_reason reason;
    struct lnn_run_counts counts;
    char message[512];
};

/* Whether the step just taken meets one of the problem's stops; LNN_RUNNING if not. */
enum lnn_reason lnn_run_stop(struct lnn_run *run);
bool lnn_run_low_enough(struct lnn_run *run); /* stop.loss alone; at the start, too */
/* The same, of a state whose loss is known. */
bool lnn_run_met(struct lnn_run *run, double loss);

#endif
