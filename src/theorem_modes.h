/* Private: modes of W along balanced gradient flow, as numbers: how fast singular
 * values move, and what small errors of the start become. */
#ifndef THEOREM_MODES_H
#define THEOREM_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include "lnn/linalg.h"

/* sigma_r' = -N (sigma_r^2)^{1-1/N} <G, u_r v_r^T> - N lambda sigma_r for the thin SVD
 * `at` of W (k x d) and G = dl/dW (Arora, Cohen, Hu & Luo 2019); rates: min(k, d). */
void lnn_modes_rates(size_t N, double lambda, const struct lnn_svd *at,
                     const double G[], double rates[]);

/* Modes u_r(t) of W(t) = U diag(u) V^T towards Phi = U diag(s) V^T, r < q, and errors:
 * Frobenius norms. Two layers may know better than W(0) how small their modes of 0 are:
 * a unit with a and b of rounding on its sides is one of (a + b)^2 / 4. */
struct lnn_modes {
    size_t N, q;
    bool spare; /* W is not square: one side has directions without a mode */
    const double *s, *u0;
    double start, target; /* errors of W(0) and of Phi */
    double zero;          /* error of W(0) among modes of 0 and spare directions */
    double imbalance; /* E of two layers: a mode that falls to u is off by E^2 / 8u */
};

/* kappa(r,q): in the end-to-end flow linearised at U diag(u) V^T the entries (r,q) and
 * (q,r) of U^T dW V decouple into their sum and difference y, with
 *     y' = -kappa y + P dPhi,  P = (u_r^2 - u_q^2) / (|u_r|^{2/N} - |u_q|^{2/N}),
 *     kappa = [P (s_r - s_q) - u_r' + u_q'] / (u_r - u_q),  u' = N |u|^{2-2/N} (s - u)
 * for the sum, and the same with -u_q, -s_q for the difference. Derived from Theorem 1
 * of Arora, Cohen & Hazan 2018; N = 1: kappa = P = 1. */
double lnn_modes_stiffness(size_t N, double ur, double sr, double uq, double sq,
                           double *P);

/* spread[i]: how far W(t_i) may be from U diag(u(t_i)) V^T with these errors: the worst
 * pair by the linearisation above, the worst mode by the mode equation itself, so that
 * a mode of 0 grows as rounding lets it. t[0] is the start, times ascend. */
int lnn_modes_spread(const struct lnn_modes *m, size_t rows, const double t[],
                     double spread[]);

#endif
