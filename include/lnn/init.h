/* Family: starts W_1(0)..W_N(0). One file each in src/inits/, listed in inits.def. */
#ifndef LNN_INIT_H
#define LNN_INIT_H

#include "lnn/data.h"
#include "lnn/network.h"
#include "lnn/problem.h"

struct lnn_init {
    const char *name;
    const char *doc;
    /* Fill w (net->size doubles, layout of network.h). A start that these widths do not
     * allow is GSL_EINVAL with the reason. */
    int (*start)(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[]);
};

extern const struct lnn_init *const lnn_inits[]; /* NULL-terminated */

/* The start problem->init asks for. */
int lnn_init_start(const struct lnn_problem *problem, const struct lnn_network *net,
                   double w[]);

/* Procedure 1 of Arora, Cohen, Golowich & Hu 2019 (ICLR), used by several members: with
 * A = U diag(s) V^T (thin, q = min(k, d)), W_N ~ U S^{1/N}, W_j ~ S^{1/N}, W_1 ~
 * S^{1/N} V^T, zero-padded; needs min hidden width >= rank A. Product A, balanced to
 * round-off. From LAPACK's SVD: the same on every machine to round-off, not to the bit.
 */
int lnn_balanced_start(const struct lnn_network *net, const double A[], double w[]);

/* W_j <- O_j W_j O_{j-1}^T with random orthogonal O_1..O_{N-1}, O_0 = O_N = I: changes
 * neither the product nor the balancedness. */
int lnn_rotated_start(const struct lnn_network *net, unsigned long seed, double w[]);

#endif
