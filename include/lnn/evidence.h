/* What a trajectory file says, ready to be judged: everything is read from the file,
 * and nothing is integrated. Files of other programs work too; the least they need is
 * in `lnnflow help file`: a group (or the root) with time or iteration and W1..WN. */
#ifndef LNN_EVIDENCE_H
#define LNN_EVIDENCE_H

#include "lnn/loss.h"
#include "lnn/mlp.h"
#include "lnn/network.h"
#include "lnn/trajectory.h"

/* What the trajectory claims to be: gradient flow of the layers; descent on the layers,
 * learning_rate known; the closed end-to-end flow, W alone (singular_modes as well);
 * its descent; anything else. */
enum lnn_dynamics {
    LNN_DYNAMICS_FLOW,
    LNN_DYNAMICS_DESCENT,
    LNN_DYNAMICS_END_TO_END,
    LNN_DYNAMICS_END_TO_END_DESCENT,
    LNN_DYNAMICS_OTHER /* optimisers, and descent on mini-batches, too */
};

/* One trajectory; the arrays belong to the evidence and are NULL when absent. */
struct lnn_record {
    const char *name; /* of the group, "" the root */
    /* Attribute system, or what was inferred: layers + learning_rate =
     * gradient_descent, layers alone = gradient_flow, else "unknown". */
    const char *system;
    enum lnn_dynamics dynamics;
    /* Of W1..WN, else of the attribute widths, else N = 0; with the attributes
     * activation, factors, slope, sharpness. */
    struct lnn_network net;
    size_t k, d;             /* of W: known even where N is not */
    size_t rows;             /* with 0, lnn_judge_all says inconclusive */
    const double *t;         /* rows; eta * iteration if only that is there, else NaN */
    const double *iteration; /* rows; NULL for flows, or when not said */
    /* rows x k x d; the layers' product if not in the file; NULL if the layers are
     * stored more rarely than the rows, or the network is not linear. */
    const double *W;
    size_t weights_rows; /* rows of w */
    const double *w_t;   /* their times */
    const double *w;     /* weights_rows x net.size, layout of network.h */
    const double
        *loss; /* rows; from W (non-linear: w) and the objective if not there */
    const double *loss_error, *W_error; /* rows; absolute error bars */
    const double *weights_error;        /* rows; of all layers together */
    /* Relative rounding of the stored layers (of W where there are none): 2^-23 for
     * float32, or what the attribute rounding says if that is more; 0 is the same as
     * DBL_EPSILON. To be asked for with lnn_record_rounding. */
    double rounding;
    double t_rounding;                  /* of the times */
    const double *W_rounding;           /* rows; of lnn_record_W_rounding; NULL: 0 */
    double learning_rate, weight_decay; /* NaN, 0 when not said */
    double rtol, atol;                  /* NaN when not said */
    bool keeps_invariants; /* the stepper keeps quadratic invariants to round-off */
    size_t steps;          /* natural steps or iterations taken; 0 when not said */
    const char *reason;    /* why it ended; "" when not said */
};

struct lnn_evidence {
    const char *path;
    size_t n;
    struct lnn_record *records;
    /* The loss, where the file says it (/data or a dataset Phi | target, and the root
     * attribute loss, default square): NULL otherwise. */
    const struct lnn_data *data;
    const struct lnn_objective *objective;
    bool complete; /* the root attribute; true when not said */
    /* How the start was made, root attributes init, init_scale, init_noise: the kind,
     * "" when not said; a standard deviation or factor, NaN when not said or when the
     * start was given, not drawn; noise on every weight, 0 when not said. */
    const char *init;
    double init_scale, init_noise;
};

/* GSL_EOF: not readable; GSL_EINVAL: readable, but nothing in it can be judged, or its
 * shapes contradict each other. Rows with NaN are kept: a judge says inconclusive. Free
 * with lnn_evidence_free. */
int lnn_evidence_read(const char *path, struct lnn_evidence **evidence);
void lnn_evidence_free(struct lnn_evidence *evidence);

/* The record called `name`, or the first with these dynamics; NULL. */
const struct lnn_record *lnn_evidence_find(const struct lnn_evidence *e,
                                           const char *name);
const struct lnn_record *lnn_evidence_first(const struct lnn_evidence *e,
                                            enum lnn_dynamics dynamics);

/* Relative rounding of the stored weights, and of the arithmetic they come from as far
 * as it can be known: DBL_EPSILON, or 2^-23 where they are float32 (also doubles that
 * all are float32 numbers). What a judge takes for the rounding of stored weights. */
double lnn_record_rounding(const struct lnn_record *r);
/* What numbers coarser than doubles make W uncertain by in row i (Frobenius); else 0.
 * Where a loss_error stands for the error bar of W, this still comes on top. */
double lnn_record_W_rounding(const struct lnn_record *r, size_t i);

/* Error bar of W in row i: the file's W_error if it has one (NaN where that is); else
 * estimated from the samples' spacing: the difference between W in row i and the cubic
 * through the four nearest other rows (an assumption: the samples resolve the
 * trajectory), plus what the steps' tolerances allow where the file says
 * rtol, plus rounding; NaN when there are fewer than five. *stated says which.
 * lnn_record_W_rounding is part of both.
 */
double lnn_record_W_bar(const struct lnn_record *r, size_t i, bool *stated);
/* Its two parts, for whatever the rows hold: ||row i of f (rows x n) less the cubic
 * through the four nearest other rows, x ascending||, NaN when there are fewer than
 * five; and what rtol and atol allow all steps together at values of norm `size`. */
double lnn_record_gap(size_t rows, const double x[], size_t n, const double f[],
                      size_t i);
double lnn_record_tolerance(const struct lnn_record *r, size_t n, double size);

#endif
