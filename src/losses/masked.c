/* The square loss on the observed entries of a target matrix: matrix completion. */
#include "lnn/loss.h"

#include "lnn/err.h"

static int check(const struct lnn_data *data)
{
    if (!data->whitened || data->source)
        return lnn_fail(GSL_EINVAL, "loss.kind masked needs a target matrix: data.kind "
                                    "target, or teacher with data.scale whiten");
    if (!data->mask)
        return lnn_fail(GSL_EINVAL,
                        "loss.kind masked needs data.mask or data.observed to say "
                        "which entries are observed");
    return GSL_SUCCESS;
}

static size_t scratch(const struct lnn_data *data)
{
    (void)data;
    return 0;
}

static double value(const struct lnn_objective *o, const double W[])
{
    const struct lnn_data *data = o->data;
    double sum = 0;
    for (size_t i = 0; i < data->k * data->d; i++) {
        double gap = data->mask[i] * (W[i] - data->Phi[i]);
        sum += gap * gap;
    }
    return 0.5 * sum + data->floor;
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    const struct lnn_data *data = o->data;
    for (size_t i = 0; i < data->k * data->d; i++)
        G[i] = data->mask[i] * (W[i] - data->Phi[i]);
}

static void hessian(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    (void)W; /* quadratic */
    for (size_t i = 0; i < o->data->k * o->data->d; i++)
        HD[i] = o->data->mask[i] * D[i];
}

static enum lnn_attained infimum(const struct lnn_objective *o, double *value_)
{
    *value_ = o->data->floor;
    return LNN_ATTAINED;
}

const struct lnn_loss lnn_loss_masked = {
    .name = "masked",
    .doc = "1/2 sum (W - Phi)_ij^2 over the observed entries (data.mask or "
           "data.observed) of a "
           "target matrix, + floor. Convex; its infimum, the floor, is attained.",
    .scratch = scratch,
    .check = check,
    .value = value,
    .gradient = gradient,
    .hessian = hessian,
    .infimum = infimum,
};
