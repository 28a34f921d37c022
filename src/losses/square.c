/* The square loss, from the triangular factor of the data: no cost per example. */
#include "lnn/loss.h"

#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static int check(const struct lnn_data *data)
{
    if (!data->mask) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "data.mask and data.observed go with loss.kind masked; the "
                    "square loss sees every entry");
}

static size_t scratch(const struct lnn_data *data)
{
    return data->k * data->q;
}

/* E = W R^T - B, k x q; for whitened data R = I and the product is spared. */
static double *residual(const struct lnn_objective *o, const double W[])
{
    const struct lnn_data *data = o->data;
    double *E = o->scratch;
    if (data->whitened) {
        for (size_t i = 0; i < data->k * data->d; i++) E[i] = W[i] - data->Phi[i];
        return E;
    }
    memcpy(E, data->B, data->k * data->q * sizeof *E);
    lnn_gemm(false, true, data->k, data->q, data->d, 1, W, data->R, -1, E);
    return E;
}

static double value_of(const struct lnn_objective *o, const double E[])
{
    double norm = lnn_norm(o->data->k * o->data->q, E);
    return 0.5 * norm * norm + o->data->floor;
}

static void gradient_of(const struct lnn_objective *o, const double E[], double G[])
{
    const struct lnn_data *data = o->data;
    if (data->whitened)
        memcpy(G, E, data->k * data->d * sizeof *G);
    else
        lnn_gemm(false, false, data->k, data->d, data->q, 1, E, data->R, 0, G);
}

static double value(const struct lnn_objective *o, const double W[])
{
    return value_of(o, residual(o, W));
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    gradient_of(o, residual(o, W), G);
}

static double value_gradient(const struct lnn_objective *o, const double W[],
                             double G[])
{
    const double *E = residual(o, W);
    gradient_of(o, E, G);
    return value_of(o, E);
}

static void hessian(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    const struct lnn_data *data = o->data;
    (void)W; /* quadratic */
    if (data->whitened) {
        memcpy(HD, D, data->k * data->d * sizeof *HD);
        return;
    }
    lnn_gemm(false, true, data->k, data->q, data->d, 1, D, data->R, 0, o->scratch);
    lnn_gemm(false, false, data->k, data->d, data->q, 1, o->scratch, data->R, 0, HD);
}

static double outputs(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], double dF[])
{
    double sum = 0;
    for (size_t i = 0; i < e->m * o->data->k; i++) {
        double r = F[i] - e->Y[i];
        sum += r * r;
        if (dF) dF[i] = e->weight * r;
    }
    return 0.5 * e->weight * sum;
}

static void curvature(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], const double T[], double T2[])
{
    (void)F; /* quadratic */
    for (size_t i = 0; i < e->m * o->data->k; i++) T2[i] = e->weight * T[i];
}

static enum lnn_attained infimum(const struct lnn_objective *o, double *value_)
{
    *value_ = o->data->floor;
    return LNN_ATTAINED;
}

const struct lnn_loss lnn_loss_square = {
    .name = "square",
    .doc = "1/(2m) ||W X^T - Y^T||_F^2 = 1/2 tr(W Lambda_xx W^T) - tr(W Lambda_yx^T) + "
           "1/2 tr(Lambda_yy), computed as 1/2 ||W R^T - B||_F^2 + floor; for whitened "
           "data "
           "and target matrices 1/2 ||W - Phi||_F^2 + floor. Convex; its infimum, the "
           "floor, "
           "is attained.",
    .scratch = scratch,
    .check = check,
    .value = value,
    .gradient = gradient,
    .value_gradient = value_gradient,
    .hessian = hessian,
    .outputs = outputs,
    .curvature = curvature,
    .infimum = infimum,
};
