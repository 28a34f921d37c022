/* Family: the loss l(W) of the end-to-end matrix W (k x d), its gradient and Hessian.
 * One file each in src/losses/, listed in src/losses/losses.def. */
#ifndef LNN_LOSS_H
#define LNN_LOSS_H

#include "lnn/data.h"

struct lnn_objective { /* a loss bound to its data; made by lnn_objective_alloc */
    const struct lnn_loss *loss;
    const struct lnn_data *data;
    double p;        /* lp: the exponent */
    double factor;   /* lp: 1 (slides) or 1/p (papers) */
    double *scratch; /* loss->scratch(data) doubles */
};

/* What is known of inf l. With _UNKNOWN and _BELOW the value is only a lower bound: the
 * lp loss has a minimiser (_BELOW), but what it is worth takes a solver to find. */
enum lnn_attained {
    LNN_ATTAINED_UNKNOWN,
    LNN_ATTAINED,      /* some W attains the value */
    LNN_NOT_ATTAINED,  /* no W does; the value is the infimum */
    LNN_ATTAINED_BELOW /* some W attains the infimum, which is the value or more */
};

/* m examples, one a row: all of the data, or a batch of it. */
struct lnn_examples {
    size_t m;
    const double *X, *Y; /* m x d, m x k */
    double weight;       /* 1/m; 1 for a target matrix */
};

struct lnn_loss {
    const char *name;
    const char *doc;
    bool examples; /* needs the examples, not only their moments */
    size_t (*scratch)(const struct lnn_data *data); /* doubles the calls below need */
    int (*check)(const struct lnn_data *data);      /* does this data suit? or NULL */
    double (*value)(const struct lnn_objective *o, const double W[]);
    void (*gradient)(const struct lnn_objective *o, const double W[], double G[]);
    /* Both at once, from one residual, and the value to the bit that of `value`; NULL:
     * one after the other. */
    double (*value_gradient)(const struct lnn_objective *o, const double W[],
                             double G[]);
    /* HD = D^2 l(W)[D], all k x d. */
    void (*hessian)(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[]);
    /* The same loss of the outputs F (m x k) of any examples, data.offset left out: its
     * value, and in dF (m x k, may be F itself) its derivative unless NULL. NULL: not a
     * sum over examples. */
    double (*outputs)(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], double dF[]);
    /* T2 = D^2 l(F)[T], all m x k, T2 may be T: the second derivative of the same. */
    void (*curvature)(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], const double T[], double T2[]);
    /* inf over all k x d matrices: its value if known (else a lower bound), and whether
     * some W attains it. May use the scratch; not for right-hand sides. */
    enum lnn_attained (*infimum)(const struct lnn_objective *o, double *value);
};

extern const struct lnn_loss *const lnn_losses[]; /* NULL-terminated */

/* The objective of problem->loss on `data` (kept, not owned), one block of memory:
 * free(3) releases it. Its calls share the scratch: one objective per thread. */
int lnn_objective_alloc(const struct lnn_problem *problem, const struct lnn_data *data,
                        struct lnn_objective **objective);
double lnn_objective_value(const struct lnn_objective *o, const double W[]);
void lnn_objective_gradient(const struct lnn_objective *o, const double W[],
                            double G[]);
double lnn_objective_value_gradient(const struct lnn_objective *o, const double W[],
                                    double G[]);

#endif
