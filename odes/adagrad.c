/* AdaGrad over the layers, diagonal (Duchi, Hazan & Singer 2011). Buffer: s, the sum
 * of the squares of the gradients. */
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
    double epsilon = m->spec->epsilon, *s = y + n;
    lnn_descent_gradient(m, 1, y);
    for (size_t i = 0; i < n; i++) {
        double g = m->grad[i];
        s[i] += g * g;
        y[i] -= eta * lnn_descent_ratio(g, sqrt(s[i]) + epsilon);
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_adagrad = {
    .name = "adagrad",
    .doc = "s <- s + g^2, W <- W - eta g / (sqrt(s) + epsilon), entry by entry, "
           "where g = dphi/dW + lambda W and s = 0 at first: Duchi, Hazan & Singer "
           "2011, the diagonal form; epsilon is their delta. t = eta k is no "
           "flow's time.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
