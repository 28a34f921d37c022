/* Gradient flow over the layers: dW_j/dt = -dphi/dW_j - lambda W_j. State: W_1..W_N,
 * then E with dE/dt = ||gradient||^2, the energy that has been lost. */
#include "lnn/ode.h"

#include <string.h>
#include "lnn/err.h"

static size_t dim(const struct lnn_model *m)
{
    return m->net.size + 1;
}

static int init(struct lnn_model *m, double y[])
{
    memcpy(y, m->w0, m->net.size * sizeof *y);
    y[m->net.size] = 0;
    return GSL_SUCCESS;
}

static int rhs(double t, const double y[], double dydt[], void *params)
{
    struct lnn_model *m = params;
    (void)t; /* autonomous */
    size_t n = m->net.size;
    dydt[n] = lnn_model_gradient(m, y, dydt);
    for (size_t i = 0; i < n; i++) dydt[i] = -dydt[i];
    return GSL_SUCCESS;
}

/* Minus the Hessian H, a column at a time by exact Hessian-vector products; H is
 * symmetric, so column i is row i. Last row: dE'/dw = 2 H grad. */
static int jac(double t, const double y[], double *dfdy, double dfdt[], void *params)
{
    struct lnn_model *m = params;
    (void)t;
    size_t n = m->net.size, dims = n + 1;
    double *direction = dfdt; /* as large as a direction, and zero at the end */
    memset(dfdt, 0, dims * sizeof *dfdt);
    lnn_model_gradient(m, y, m->grad);
    lnn_model_hessian(m, y, m->grad, dfdy + n * dims);
    for (size_t i = 0; i < n; i++) dfdy[n * dims + i] *= 2;
    for (size_t i = 0; i < n; i++) {
        double *row = dfdy + i * dims;
        direction[i] = -1;
        lnn_model_hessian(m, y, direction, row);
        row[n] = 0;
        direction[i] = 0;
    }
    dfdy[n * dims + n] = 0;
    return GSL_SUCCESS;
}

static int product(struct lnn_model *m, const double y[], double W[])
{
    lnn_network_product(&m->net, y, W, m->chain);
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_gradient_flow = {
    .name = "gradient_flow",
    .doc =
        "dW_j/dt = -dphi/dW_j - lambda W_j over all layers, phi(W_1..W_N) = "
        "l(W_N...W_1): "
        "no assumption on the start or the widths. Polynomial in the weights for the "
        "square loss. Conserves C_j = W_{j+1}^T W_{j+1} - W_j W_j^T (lambda = 0).",
    .layers = true,
    .energy = true,
    .dim = dim,
    .init = init,
    .rhs = rhs,
    .jac = jac,
    .product = product,
    .objective = lnn_model_objective,
};
