/* Coefficients of Gauss collocation with s stages on [0, 1]; private to
 * steppers/gauss.c.
 *
 * With increments L_j = h b_j f(t + c_j h, Y_j) the method reads
 *     Y_i = y + sum_j m_ij L_j,   y1 = y + sum_j L_j,   m_ij = a_ij / b_j,
 * and keeps quadratic invariants iff m_ij + m_ji = 1. In this form the condition can be
 * met exactly in floating point, not just to the rounding of a_ij (Antonana, Makazaga
 * & Murua, Numer. Algorithms 76 (2017) 861-880), so that what remains is unbiased
 * rounding. */
#ifndef LNN_STEPPER_GAUSS_H
#define LNN_STEPPER_GAUSS_H

#include <stddef.h>

enum { LNN_GAUSS_MAX = 8 };

struct lnn_gauss_tableau {
    size_t s;
    double b[LNN_GAUSS_MAX], c[LNN_GAUSS_MAX], m[LNN_GAUSS_MAX][LNN_GAUSS_MAX];
    /* h times the derivative of the collocation polynomial at the ends of the step:
     * sum_j left_j L_j and sum_j right_j L_j */
    double left[LNN_GAUSS_MAX], right[LNN_GAUSS_MAX];
    double b_max;
};

/* s = 1..8. Accurate to the rounding of each coefficient. */
void lnn_gauss_tableau(size_t s, struct lnn_gauss_tableau *tableau);

/* The j-th of the n Lagrange polynomials on the nodes x. */
long double lnn_gauss_lagrange(size_t n, const long double x[], size_t j,
                               long double at);

#endif
