/* Gradient descent over the layers: W_j <- W_j - eta (dphi/dW_j + lambda W_j), all
 * layers at once; phi may be that of a mini-batch. State: descent.h's, without
 * buffers. */
#include "lnn/ode.h"

static size_t dim(const struct lnn_model *m)
{
    return lnn_descent_dim(m, 0);
}

static int init(struct lnn_model *m, double y[])
{
    return lnn_descent_init(m, 0, y);
}

static int map(struct lnn_model *m, double eta, double y[])
{
    lnn_descent_gradient(m, 0, y);
    for (size_t i = 0; i < m->net.size; i++) y[i] -= eta * m->grad[i];
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_gradient_descent = {
    .name = "gradient_descent",
    .doc = "W_j <- W_j - eta (dphi/dW_j + lambda W_j), all layers at once, full "
           "batch unless `batch` says otherwise: Euler's method for the gradient "
           "flow. An iteration advances t by eta.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
