/* The heavy ball of Polyak 1964 over the layers. Buffer: the velocity v. */
#include "lnn/ode.h"

static size_t dim(const struct lnn_model *m)
{
    return lnn_descent_dim(m, 1);
}

static int init(struct lnn_model *m, double y[])
{
    return lnn_descent_init(m, 1, y);
}

static int map(struct lnn_model *m, double eta, double y[])
{
    size_t n = m->net.size;
    double mu = m->spec->momentum, *v = y + n;
    lnn_descent_gradient(m, 1, y);
    for (size_t i = 0; i < n; i++) {
        v[i] = mu * v[i] - eta * m->grad[i];
        y[i] += v[i];
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_momentum = {
    .name = "momentum",
    .doc = "v <- mu v - eta g, W <- W + v, where g = dphi/dW + lambda W and v = 0 "
           "at first: the heavy ball (Polyak 1964). PyTorch's b <- mu b + g, W <- "
           "W - eta b is the same with v = -eta b. Follows the flow at the time t "
           "/ (1 - mu) once v has caught up.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
