/* Private: the rate of convergence that imbalance guarantees.
 *
 * With A_j = W_N..W_{j+1} and B_j = W_{j-1}..W_1, gradient flow has
 *     l' = -sum_j ||A_j^T G B_j^T||^2 <= -rho ||G||^2,
 *     rho = sum_j lambda_min(A_j A_j^T) lambda_min(B_j^T B_j).
 * C_i = W_{i+1}^T W_{i+1} - W_i W_i^T (i = 1..N-1) is conserved. Weyl's inequality for
 *     W_i^T W_i = C_{i-1} + W_{i-1} W_{i-1}^T,  W_i W_i^T = W_{i+1}^T W_{i+1} - C_i
 * gives, for every j and beginning with b_j = a_j = 0,
 *     lambda_min(W_i W_i^T) >= b_i = [lambda_{d_i}(C_{i-1}) + b_{i-1}]_+,      i > j,
 *     lambda_min(W_i^T W_i) >= a_i = [lambda_{d_{i-1}}(-C_i) + a_{i+1}]_+,     i < j,
 * lambda_i the i-th largest eigenvalue, and 0 where the layer is too small to have that
 * rank (d_i > d_{i-1}, d_{i-1} > d_i). So at all times
 *     rho >= r = sum_j prod_{i>j} b_i prod_{i<j} a_i.
 * N = 2: r = [lambda_k(C)]_+ + [lambda_d(-C)]_+ (Tarmoun et al. 2021; Min et al. 2021).
 * All widths 1: r = prod_{i != m} (x_i^2 - x_m^2), x_m the smallest weight. */
#ifndef LNN_THEOREM_IMBALANCE_H
#define LNN_THEOREM_IMBALANCE_H

#include "lnn/network.h"

struct lnn_imbalance {
    double r, certain;  /* with the eigenvalues as computed; less their rounding */
    double top, bottom; /* lambda_k(C_{N-1}), lambda_d(-C_1); NaN: too few of them */
};
/* Of N >= 2 layers w. GSL_ENOMEM, or what the eigenvalues fail with. */
int lnn_imbalance_rate(const struct lnn_network *net, const double w[],
                       struct lnn_imbalance *out);

#endif
