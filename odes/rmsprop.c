/* RMSProp over the layers (Tieleman & Hinton 2012, lecture 6.5). Buffer: s, the
 * decaying mean of the squares of the gradients. */
#include "lnn/ode.h"

#include <math.h>

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
    double rho = m->spec->decay, epsilon = m->spec->epsilon, *s = y + n;
    lnn_descent_gradient(m, 1, y);
    for (size_t i = 0; i < n; i++) {
        double g = m->grad[i];
        s[i] = rho * s[i] + (1 - rho) * g * g;
        y[i] -= eta * lnn_descent_ratio(g, sqrt(s[i]) + epsilon);
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_rmsprop = {
    .name = "rmsprop",
    .doc = "s <- rho s + (1 - rho) g^2, W <- W - eta g / (sqrt(s) + epsilon), "
           "entry by entry, where g = dphi/dW + lambda W and s = 0 at first: "
           "Tieleman & Hinton 2012, who have no epsilon; here, as in PyTorch, it "
           "is added to the root. t = eta k is no flow's time.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
