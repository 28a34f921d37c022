/* Adam over the layers (Kingma & Ba 2015, Algorithm 1). Buffers: a and s, the decaying
 * means of the gradients and of their squares. */
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
    double beta1 = m->spec->beta1, beta2 = m->spec->beta2, epsilon = m->spec->epsilon;
    double *a = y + n, *s = a + n, k = lnn_descent_gradient(m, 2, y);
    double c1 = -expm1(k * log(beta1)), c2 = -expm1(k * log(beta2)); /* 1 - beta^k */
    for (size_t i = 0; i < n; i++) {
        double g = m->grad[i];
        a[i] = beta1 * a[i] + (1 - beta1) * g;
        s[i] = beta2 * s[i] + (1 - beta2) * g * g;
        y[i] -= eta * lnn_descent_ratio(a[i] / c1, sqrt(s[i] / c2) + epsilon);
    }
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_adam = {
    .name = "adam",
    .doc = "a <- beta1 a + (1 - beta1) g, s <- beta2 s + (1 - beta2) g^2, W <- W - "
           "eta a' / (sqrt(s') + epsilon) with a' = a / (1 - beta1^k), s' = s / (1 "
           "- beta2^k), entry by entry, where g = dphi/dW + lambda W, k = 1, 2, "
           "... and a = s = 0 at first: Kingma & Ba 2015, Algorithm 1. (Their "
           "faster form has another epsilon.) t = eta k is no flow's time.",
    .layers = true,
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = lnn_descent_product,
    .objective = lnn_model_objective,
};
