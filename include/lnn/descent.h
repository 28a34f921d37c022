/* What the discrete methods on the layers share: state, gradient, mini-batches.
 *
 * The state is W_1..W_N, then the method's buffers, each laid out like the layers and 0
 * at first, and at its end, where there are buffers or mini-batches, the number k of
 * iterations made so far. The state is all there is: a method that starts from it goes
 * on as if it had not stopped. The parameters are those of m->spec. */
#ifndef LNN_DESCENT_H
#define LNN_DESCENT_H

#include "lnn/model.h"

/* Are there mini-batches? Not with all examples, or more, in a batch. */
bool lnn_descent_batched(const struct lnn_model *m);

size_t lnn_descent_dim(const struct lnn_model *m, size_t buffers);

/* The state at the start m->w0. Makes m->batches where batches are asked for; refuses
 * (GSL_EINVAL) a loss that has none, and buffers without m->spec. */
int lnn_descent_init(struct lnn_model *m, size_t buffers, double y[]);

/* Begins an iteration from the state y: m->grad is the gradient at its layers of the
 * loss, of the iteration's batch if there are batches, + lambda W_j. Counts the
 * iteration in y, and returns its number 1, 2, ... (1 where the state has no k). */
double lnn_descent_gradient(struct lnn_model *m, size_t buffers, double y[]);

int lnn_descent_product(struct lnn_model *m, const double y[], double W[]);

/* a / b, and 0 / 0 = 0: where the gradient always was 0 nothing moves, whatever epsilon
 * is. */
double lnn_descent_ratio(double a, double b);

#endif
