/* Family: what is measured along a trajectory. One file each in src/observables/,
 * listed in observables.def. Evaluations allocate nothing and change nothing. */
#ifndef LNN_OBSERVABLE_H
#define LNN_OBSERVABLE_H

#include "lnn/run.h"

struct lnn_sample { /* one row, made by simulate.c; shared quantities computed once */
    struct lnn_model *model;
    const struct lnn_ode *ode;
    double t;
    const double *y;         /* the state */
    double t_natural;        /* the end of the natural step that holds t, >= t, ... */
    const double *w_natural; /* ... and the layers there, free of interpolation error */
    const double *w;         /* W_1..W_N, NULL when the system has no layers */
    const double *W, *G;     /* k x d: end-to-end matrix (NULL: non-linear), dl/dW */
    const double *s;         /* singular values of W, descending, q */
    double loss;             /* l(W) */
    double objective, objective0; /* with weight decay; at t and at 0 */
    double gradient_norm;
    const double *C0;    /* all C_j(0), NULL without layers */
    const double *W_ref; /* the same sample at a tighter tolerance; NULL if off, ... */
    const double *w_ref; /* ... and its layers, NULL if it has none */
    double W_bar;        /* error bar of W, Frobenius norm; NaN if off */
    double w_bar;        /* error bar of the layers, all of them together; NaN if off */
    double rounding; /* relative size of accumulated rounding, eps sqrt(steps + 1) */
    const double
        *W_other; /* the end-to-end solution's W at this t; NULL if there is none */
    const double *w_flow, *W_flow; /* the gradient flow at t, of discrete systems; NULL:
                                    * there is none, or nothing asks for it */
    double w_flow_bar, W_flow_bar; /* their error bars; NaN if off */
    const struct lnn_run_counts *counts;
    double *scratch; /* max_j d_j^2, 2 k d, and of non-linear ones 2 net.size doubles */
};

/* The tighter run has an error of its own: the difference is taken twice. (Measured:
 * the difference alone is within 6 % of the error, at worst 1.9 times below it.) And a
 * difference may cross zero where the error does not: it counts as no less than half of
 * what it was at the sample before. */
#define LNN_ERROR_SAFETY 2.0
#define LNN_ERROR_SAFETY_MAP 8.0 /* of an iteration: one draw of random rounding */

struct lnn_context { /* what decides whether an observable applies */
    const struct lnn_model *model;
    const struct lnn_ode *ode;
    bool paired;  /* an end-to-end trajectory runs beside this one */
    bool flow;    /* the problem has a gradient_flow trajectory */
    bool checked; /* global_error is on */
};

struct lnn_row { /* shape of one row: 0, 1 or 2 axes and the dimension scale of each */
    size_t rank, dims[2];
    const char *axes[2]; /* "output" (k), "input" (d), "mode" (q), "interface" (N-1) */
};

struct lnn_observable {
    const char *name; /* of the dataset */
    const char *doc;  /* long_name */
    bool integer;     /* stored as int64 */
    bool (*shape)(const struct lnn_context *c,
                  struct lnn_row *row); /* false: no use here */
    void (*eval)(const struct lnn_sample *s, double out[]);
};

/* The shape of a number that always applies. */
bool lnn_shape_scalar(const struct lnn_context *c, struct lnn_row *row);
/* The same of a number that is about the matrix of a linear network. */
bool lnn_shape_scalar_linear(const struct lnn_context *c, struct lnn_row *row);
/* A number for each of the N-1 interfaces between layers, of systems with layers where
 * gradient flow conserves something at one at least. */
bool lnn_shape_interfaces(const struct lnn_context *c, struct lnn_row *row);

/* ||C_j - exp(-2 lambda t) C_j(0)||_F of the layers w at time t, j = 1..N-1, into out.
 */
void lnn_imbalance_drift(const struct lnn_sample *s, const double w[], double t,
                         double out[]);

extern const struct lnn_observable *const lnn_observables[]; /* NULL-terminated */

#endif
