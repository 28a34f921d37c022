/* The discrete end-to-end update rule (Arora, Cohen & Hazan 2018, Theorem 1's discrete
 * form). State: W (k x d). */
#include "lnn/ode.h"

#include <string.h>
#include "lnn/err.h"

static size_t dim(const struct lnn_model *m)
{
    return m->net.d[m->net.N] * m->net.d[0];
}

static int init(struct lnn_model *m, double y[])
{
    lnn_network_product(&m->net, m->w0, y, m->chain);
    return GSL_SUCCESS;
}

static int map(struct lnn_model *m, double eta, double y[])
{
    LNN_TRY(lnn_model_end_to_end(m, y, m->dW, NULL));
    lnn_axpy(dim(m), -eta, m->dW, y);
    return GSL_SUCCESS;
}

static int product(struct lnn_model *m, const double y[], double W[])
{
    memcpy(W, y, dim(m) * sizeof *W);
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_end_to_end_descent = {
    .name = "end_to_end_descent",
    .doc = "W <- (1 - eta lambda N) W - eta sum_j [W W^T]^{(j-1)/N} dl/dW [W^T "
           "W]^{(N-j)/N}: "
           "the end-to-end update rule of Arora, Cohen & Hazan 2018. One step differs "
           "from "
           "one step of gradient descent on balanced layers by O(eta^2).",
    .dim = dim,
    .init = init,
    .map = map,
    .loss_of_state = true,
    .product = product,
    .objective = lnn_model_end_to_end_objective,
};
