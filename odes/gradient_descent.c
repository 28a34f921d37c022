/* Full-batch gradient descent over the layers: W_j <- W_j - eta (dphi/dW_j + lambda
 * W_j), all layers at once. State: W_1..W_N. */
#include "lnn/ode.h"

#include <string.h>
#include "lnn/err.h"

static size_t dim(const struct lnn_model *m)
{
    return m->net.size;
}

static int init(struct lnn_model *m, double y[])
{
    memcpy(y, m->w0, m->net.size * sizeof *y);
    return GSL_SUCCESS;
}

static int map(struct lnn_model *m, double eta, double y[])
{
    lnn_model_gradient(m, y, m->grad);
    lnn_axpy(m->net.size, -eta, m->grad, y);
    return GSL_SUCCESS;
}

static int product(struct lnn_model *m, const double y[], double W[])
{
    lnn_network_product(&m->net, y, W, m->chain);
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_gradient_descent = {
    .name = "gradient_descent",
    .doc = "W_j <- W_j - eta (dphi/dW_j + lambda W_j), full batch, all layers at once: "
           "Euler's method for the gradient flow. An iteration advances t by eta.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = product,
    .objective = lnn_model_objective,
};
