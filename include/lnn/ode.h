/* Family: dynamical systems, one file each in odes/, listed in odes/odes.def, each with
 * its smallest runnable problem beside it. */
#ifndef LNN_ODE_H
#define LNN_ODE_H

#include "lnn/descent.h"

struct lnn_ode {
    const char *name;
    const char *doc; /* the equation, its assumptions, its source */
    bool layers;     /* the state begins with W_1..W_N (network.h) */
    /* map leaves in m->loss the loss of the state it was given, if m->with_loss; where
     * it cannot, a stop.loss costs an evaluation of its own at every iteration */
    bool loss_of_state;
    bool energy; /* the state ends with E(t) = int_0^t ||grad||^2 */
    size_t (*dim)(const struct lnn_model *m);
    /* The state at t = 0 from m->w0; refuses (GSL_EINVAL and the reason) where the
     * system's hypotheses fail. */
    int (*init)(struct lnn_model *m, double y[]);
    /* Exactly one of rhs, map, at is set. rhs and jac have GSL's signatures, params is
     * the model: gsl_odeiv2_system sys = {ode->rhs, ode->jac, dim, model}. */
    int (*rhs)(double t, const double y[], double dydt[], void *params);
    int (*jac)(double t, const double y[], double *dfdy, double dfdt[], void *params);
    int (*map)(struct lnn_model *m, double h, double y[]); /* y <- Phi_h(y), h = eta */
    int (*at)(struct lnn_model *m, double t, double y[]);  /* closed form */
    /* The end-to-end matrix W (k x d) of a state; of linear networks only. */
    int (*product)(struct lnn_model *m, const double y[], double W[]);
    /* phi + weight decay along the flow, at state y; NULL when W's loss alone. */
    double (*objective)(struct lnn_model *m, const double y[]);
};

extern const struct lnn_ode *const lnn_odes[]; /* NULL-terminated */

/* The loss, without weight decay, at a state. */
int lnn_ode_loss(const struct lnn_ode *ode, struct lnn_model *m, const double y[],
                 double *loss);

/* Refuse a Jacobian of n x n doubles above this many bytes (1 GiB). */
extern const double lnn_jacobian_limit;

#endif
