/* Outputs, loss, gradient and Hessian-vector products of a network with activations
 *     f(x) = W_N s(W_{N-1} ... s(W_1 x)),   phi(w) = sum_i weight l(f(x_i), y_i),
 * over any examples, by back-propagation. Examples go through in blocks whose
 * intermediate values fit the cache; nothing is allocated after lnn_mlp_alloc. Works for
 * linear networks too (activation NULL), as a second way to what network.h and the
 * moments give. */
#ifndef LNN_MLP_H
#define LNN_MLP_H

#include "lnn/loss.h"
#include "lnn/network.h"

struct lnn_mlp; /* a network with its loss, and scratch; one per thread */

/* The network's widths and the objective are kept, not owned. GSL_EINVAL: the loss is no
 * sum over examples. */
int lnn_mlp_alloc(const struct lnn_network *net, const struct lnn_objective *objective,
                  struct lnn_mlp **mlp);
void lnn_mlp_free(struct lnn_mlp *mlp);

/* All examples of data, in the form the functions below take. */
struct lnn_examples lnn_examples_all(const struct lnn_data *data);

/* phi at the layers w; its gradient into grad (net.size) unless NULL. At a kink the
 * activation's own choice of s' is taken. */
double lnn_mlp_gradient(struct lnn_mlp *mlp, const struct lnn_examples *e,
                        const double w[], double grad[]);

/* hv = D^2 phi(w)[v], by the chain rule differentiated along v: exact where phi is
 * smooth, else of the smooth piece that the choice of s' belongs to. */
void lnn_mlp_hessian(struct lnn_mlp *mlp, const struct lnn_examples *e,
                     const double w[], const double v[], double hv[]);

/* F (e->m x k) = the network's outputs. */
void lnn_mlp_outputs(struct lnn_mlp *mlp, const struct lnn_examples *e,
                     const double w[], double F[]);

#endif
