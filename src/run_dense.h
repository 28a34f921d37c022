/* Dense output of one step for any stepper; private to run*.c.
 *
 * Known: y and f at both ends. The step's solution is rebuilt as
 *     u(x) = y0 + h sum_i L_i(x) f_i + r (3 x^2 - 2 x^3),    x = (t - t0)/h in [0, 1],
 * where L_i are the integrals of the Lagrange basis on Gauss-Lobatto nodes, f_i =
 * f(u_old) at those nodes, and the remainder r makes u(1) = y1. With the two end nodes
 * alone this is the cubic Hermite interpolant, u = y + O(h^4). Each sweep takes one
 * more interior node, evaluates f there on the interpolant so far and so gains one
 * order (a Picard iteration; Enright et al. 1986 call it bootstrapping). Sweeps go on
 * until the last one changed u by less than a hundredth of the step's tolerance, so the
 * order fits the stepper.
 *
 * The steps of implicit steppers, whose order is at most 5 or so, are first read off
 * the polynomial through the states at the ends of the last steps, as multistep methods
 * do: no evaluation at all. It is taken where two degrees agree within the tolerance.
 *
 * Over the long steps of implicit steppers on stiff problems the sweeps diverge. Then
 * the step is retraced from node to node by GSL's bsimp, and u is the polynomial
 * through the states there (not through their slopes, which stiffness amplifies). */
#ifndef LNN_RUN_DENSE_H
#define LNN_RUN_DENSE_H

#include <stddef.h>
#include <gsl/gsl_odeiv2.h>

enum { LNN_DENSE_INNER = 9, LNN_DENSE_NODES = LNN_DENSE_INNER + 2, LNN_DENSE_PAST = 7 };

struct lnn_dense {
    size_t dim;
    gsl_odeiv2_system sys;
    gsl_odeiv2_step *retrace; /* bsimp, for implicit steppers; NULL for the others */
    double rtol, atol;
    double *past[LNN_DENSE_PAST], t_past[LNN_DENSE_PAST], *low; /* implicit steppers */
    size_t n_past, degree;
    /* the current step */
    double t0, h;
    const double *y0, *f0, *y1, *f1; /* kept by the owner */
    size_t inner;                    /* interior nodes of u; 0: cubic Hermite */
    enum {
        LNN_DENSE_NEW,
        LNN_DENSE_SWEPT,
        LNN_DENSE_RECALLED,
        LNN_DENSE_RETRACED
    } state;
    double *f[LNN_DENSE_INNER]; /* at the interior nodes: f, or y if retraced */
    double *next[LNN_DENSE_INNER], *was[LNN_DENSE_INNER], *remainder, *u;
    double node[LNN_DENSE_INNER + 1][LNN_DENSE_NODES];
    /* basis[n][i][p]: coefficient of x^{p+1} in L_i with n interior nodes */
    long double basis[LNN_DENSE_INNER + 1][LNN_DENSE_NODES][LNN_DENSE_NODES];
};

/* For the system, whose jac is used if `implicit`. */
struct lnn_dense *lnn_dense_alloc(const gsl_odeiv2_system *sys, int implicit,
                                  double rtol, double atol);
void lnn_dense_free(struct lnn_dense *dense);

/* A new step: the pointers must stay valid until the next call. */
void lnn_dense_step(struct lnn_dense *dense, double t0, double h, const double y0[],
                    const double f0[], const double y1[], const double f1[]);

/* u(t) into y; refines u first if this is the first reading of the step. GSL's code
 * when the right-hand side fails. */
int lnn_dense_eval(struct lnn_dense *dense, double t, double y[]);

#endif
