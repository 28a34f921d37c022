/* What the two halves of the benchmark share: a case, and one measured run of it. */
#ifndef LNN_BENCH_H
#define LNN_BENCH_H

#include "lnnflow.h"

struct bench { /* a case: problem, start, sample times and the reference there */
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_model *model;
    const struct lnn_ode *ode; /* gradient_flow */
    double *w0;
    size_t dim; /* of gradient_flow's state: the weights and the energy */
    struct {
        size_t n;
        double *t, *reference; /* n times; n x dim */
    } few, many;
    double *y;    /* the states of the run being measured, many.n x dim */
    double limit; /* seconds a run may take */
};

struct job { /* one run of one candidate */
    const struct bench *b;
    double tol; /* gradient descent: the number of steps */
    size_t n;
    const double *t;
    double *y;                   /* n x dim, to be filled */
    unsigned long rhs, products; /* products: Jacobian-vector products, Jacobians */
    double begin;                /* of this run, by bench_seconds */
    bool late;                   /* the run took longer than it may and was given up */
};

double bench_seconds(void); /* processor time of this thread */

/* To be asked at every right-hand side; looks at the clock at some of them. */
bool bench_late(struct job *job);

/* Every candidate integrates b->ode with relative tolerance tol and
 * absolute tolerance bench_atol(tol), and fills y. False: failed. */
typedef bool bench_solver(struct job *job);

static inline double bench_atol(double tol)
{
    return 0.01 * tol;
}

/* CVODE; these fail where SUNDIALS is not installed. */
extern const bool bench_cvode;
bench_solver bench_cvode_adams, bench_cvode_bdf;

#endif
