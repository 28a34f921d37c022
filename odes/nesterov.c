/* Nesterov's accelerated gradient over the layers, as Sutskever et al. 2013 write it.
 * Buffer: the velocity v. W + (mu v - eta g) is where the gradient was taken, less eta
 * g. */
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
    for (size_t i = 0; i < n; i++) y[i] += mu * v[i];
    lnn_descent_gradient(m, 1, y);
    for (size_t i = 0; i < n; i++) {
        v[i] = mu * v[i] - eta * m->grad[i];
        y[i] -= eta * m->grad[i];
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_nesterov = {
    .name = "nesterov",
    .doc = "v <- mu v - eta g(W + mu v), W <- W + v, where g = dphi/dW + lambda W "
           "and v = 0 at first: Nesterov 1983 with a constant mu, in the form of "
           "Sutskever, Martens, Dahl & Hinton 2013. PyTorch stores W + mu v in "
           "place of W.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
