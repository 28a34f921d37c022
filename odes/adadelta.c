/* AdaDelta over the layers (Zeiler 2012). Buffers: s and u, the decaying means of the
 * squares of the gradients and of the steps. */
#include "lnn/ode.h"

#include <math.h>

static size_t dim(const struct lnn_model *m)
{
    return lnn_descent_dim(m, 2);
}

static int init(struct lnn_model *m, double y[])
{
    return lnn_descent_init(m, 2, y);
}

static int map(struct lnn_model *m, double eta, double y[])
{
    size_t n = m->net.size;
    double rho = m->spec->decay, epsilon = m->spec->epsilon, *s = y + n, *u = s + n;
    lnn_descent_gradient(m, 2, y);
    for (size_t i = 0; i < n; i++) {
        double g = m->grad[i];
        s[i] = rho * s[i] + (1 - rho) * g * g;
        double step = lnn_descent_ratio(sqrt(u[i] + epsilon) * g, sqrt(s[i] + epsilon));
        u[i] = rho * u[i] + (1 - rho) * step * step;
        y[i] -= eta * step;
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_adadelta = {
    .name = "adadelta",
    .doc = "s <- rho s + (1 - rho) g^2, d = g sqrt(u + epsilon) / sqrt(s + "
           "epsilon), u <- rho u + (1 - rho) d^2, W <- W - eta d, entry by entry, "
           "where g = dphi/dW + lambda W and s = u = 0 at first: Zeiler 2012, who "
           "has no learning rate, eta = 1; then t counts iterations. It is no "
           "flow's time.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
