/* Private: the loop integral that tells whether a vector field is a gradient.
 *
 * F(W) = ||W||^{2-2/N} (G(W) + (N-1) <G(W), W> W / ||W||^2), W in R^d, drives the
 * product of N balanced layers with one output. The closed curve Gamma_{r,R} of Arora,
 * Cohen & Hazan (2018, Theorem 2) lies in the plane of e and f, orthogonal and of
 * length 1:
 *     -R e -> -r e,  half circle through r f to r e,  -> R e,  half circle through R f.
 * For G = g constant and e = g / ||g|| the integral is
 *     ||g|| 2 (N-1)(N-2) / (3N-2) (R^{3-2/N} - r^{3-2/N}):
 * both segments give 2 N^2 ||g|| (..) / (3N-2), as F = N ||W||^{2-2/N} g there; on the
 * half circles the projection is normal to the curve: they give -2 ||g|| (..). */
#ifndef THEOREM_LOOP_H
#define THEOREM_LOOP_H

#include "lnn/theorem.h"

struct lnn_loop {
    size_t N, d;
    double r, R;         /* 0 < r < R */
    const double *e, *f; /* d each; orthogonal, of length 1 */
    void (*gradient)(void *context, const double W[], double G[]);
    void *context;
    bool kinks; /* is a derivative of the gradient not continuous? */
};

/* Quadrature of <F, dW> along the curve, piece by piece between the corners; *bar is
 * its own error estimate, rounding of F included but not that of G. GSL_EFAILED when F
 * is not finite, GSL_ENOMEM. */
int lnn_loop_integral(const struct lnn_loop *loop, double *value, double *bar);

/* The closed form for a constant gradient of length `norm` along e. */
double lnn_loop_constant(size_t N, double norm, double r, double R);

/* A unit vector f orthogonal to the unit vector e, d >= 2. */
void lnn_loop_orthogonal(size_t d, const double e[], double f[]);

#endif
