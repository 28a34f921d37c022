/* The closed-form end-to-end dynamics (Arora, Cohen & Hazan, ICML 2018, Theorem 1).
 * State: W (k x d), then E with dE/dt = ||gradient||^2 of a balanced factorisation. */
#include "lnn/ode.h"

#include <string.h>
#include "lnn/err.h"

static size_t size(const struct lnn_model *m)
{
    return m->net.d[m->net.N] * m->net.d[0];
}

static size_t dim(const struct lnn_model *m)
{
    return size(m) + 1;
}

static int init(struct lnn_model *m, double y[])
{
    lnn_network_product(&m->net, m->w0, y, m->chain);
    y[size(m)] = 0;
    return lnn_model_keep_rank(m, y);
}

static int rhs(double t, const double y[], double dydt[], void *params)
{
    struct lnn_model *m = params;
    (void)t; /* autonomous */
    size_t n = size(m);
    LNN_TRY(lnn_model_end_to_end(m, y, dydt, &dydt[n]));
    for (size_t i = 0; i < n; i++) dydt[i] = -dydt[i];
    return GSL_SUCCESS;
}

static int product(struct lnn_model *m, const double y[], double W[])
{
    memcpy(W, y, size(m) * sizeof *W);
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_end_to_end = {
    .name = "end_to_end",
    .doc =
        "dW/dt = -lambda N W - sum_j [W W^T]^{(j-1)/N} dl/dW [W^T W]^{(N-j)/N}, 0^0 = "
        "1: "
        "the product's own dynamics, exact when the start is balanced (Arora, Cohen & "
        "Hazan 2018, Theorem 1). From one thin SVD per right-hand side. Keeps the rank "
        "of the start, as the flow does; where W loses rank on the way and N >= 3 the "
        "field "
        "is only Hoelder continuous, and the layers are the reference.",
    .energy = true,
    .dim = dim,
    .init = init,
    .rhs = rhs,
    .product = product,
    .objective = lnn_model_end_to_end_objective,
};
