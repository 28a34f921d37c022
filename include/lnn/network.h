/* What depends on the layers W_1..W_N alone: layout, product, balancedness, and the
 * chain rule between the end-to-end matrix and the layers. Weights lie in one array,
 * W_1 first. */
#ifndef LNN_NETWORK_H
#define LNN_NETWORK_H

#include <stddef.h>
#include "lnn/activation.h"
#include "lnn/problem.h"

struct lnn_network {
    size_t N;        /* depth: number of matrices */
    const size_t *d; /* N + 1 widths d_0..d_N; not owned */
    size_t size;     /* number of weights: sum_j d_j d_{j-1} */
    size_t chain;    /* doubles of scratch for the functions below */
    /* Of a non-linear network: what stands behind every factors-th matrix but the last,
     * and its parameter. NULL: the network is linear. */
    const struct lnn_activation *activation;
    double parameter;
    size_t factors;
};

/* Linear. */
struct lnn_network lnn_network_of(size_t n_widths, const size_t widths[]);
/* problem->network, each dense matrix as the product of its factors. */
struct lnn_network lnn_network_for(const struct lnn_problem *problem);
/* Sets the activation, to NULL where there is no place for one: one dense layer, or the
 * identity. */
void lnn_network_activate(struct lnn_network *net,
                          const struct lnn_activation *activation, double parameter,
                          size_t factors);
/* Does the activation stand between W_j and W_{j+1}? */
bool lnn_network_activated(const struct lnn_network *net, size_t j);

/* What gradient flow conserves of C_j (up to exp(-2 lambda t)): all of it between
 * matrices that are next to each other; its diagonal across a positively homogeneous
 * activation, that is ||column i of W_{j+1}||^2 - ||row i of W_j||^2 for every unit i
 * (Du, Hu & Lee 2018, Theorem 2.1); else nothing. */
enum lnn_conserved { LNN_CONSERVED_NOTHING, LNN_CONSERVED_DIAGONAL, LNN_CONSERVED_ALL };
enum lnn_conserved lnn_network_conserved(const struct lnn_network *net, size_t j);

/* Where W_j (d_j x d_{j-1}) begins, j = 1..N. */
size_t lnn_network_offset(const struct lnn_network *net, size_t j);

/* W = W_N ... W_1 (k x d); scratch: net->chain doubles. Activations are not looked at:
 * of a non-linear network this is no map of anything. */
void lnn_network_product(const struct lnn_network *net, const double w[], double W[],
                         double scratch[]);

/* grad_j = (W_N..W_{j+1})^T G (W_{j-1}..W_1)^T for all j: dphi/dW_j when G = dl/dW.
 * Call lnn_network_product with the same w and scratch first: it leaves the partial
 * products there. */
void lnn_network_gradient(const struct lnn_network *net, const double w[],
                          const double G[], double grad[], double scratch[]);

/* Directional derivatives, for Hessian-vector products, along the layers' direction D
 * (laid out like w). scratch: lnn_network_tangent_size doubles. W = product(w) and
 * dW = d/de product(w + e D) at e = 0. */
size_t lnn_network_tangent_size(const struct lnn_network *net);
void lnn_network_product_tangent(const struct lnn_network *net, const double w[],
                                 const double D[], double W[], double dW[],
                                 double scratch[]);
/* dgrad = d/de gradient(w + e D, G + e dG) at e = 0; call the function above first with
 * the same w, D and scratch. */
void lnn_network_gradient_tangent(const struct lnn_network *net, const double w[],
                                  const double D[], const double G[], const double dG[],
                                  double dgrad[], double scratch[]);

/* C_j = W_{j+1}^T W_{j+1} - W_j W_j^T (d_j x d_j), j = 1..N-1; only the part of it that
 * gradient flow conserves, 0 elsewhere, NaN throughout if that is nothing. */
void lnn_network_imbalance(const struct lnn_network *net, const double w[], size_t j,
                           double C[]);
/* Doubles all C_1..C_{N-1} take, one after the other. */
size_t lnn_network_imbalance_size(const struct lnn_network *net);

#endif
