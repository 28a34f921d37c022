/* The l_p loss: absolute residuals to any real power p > 1. */
#include "lnn/loss.h"

#include <math.h>
#include <string.h>
#include <gsl/gsl_math.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static int check(const struct lnn_data *data)
{
    if (!data->mask) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "data.mask and data.observed go with loss.kind masked; the lp "
                    "loss sees every entry");
}

static size_t scratch(const struct lnn_data *data)
{
    return 2 * data->m * data->k;
}

/* a^e for a >= 0; small whole exponents, the common case, by multiplication. */
static double power(double a, double e)
{
    if (e == floor(e) && e >= 0 && e <= 16) return gsl_pow_uint(a, (unsigned)e);
    return pow(a, e);
}

/* E = X W^T - Y, m x k. */
static double *residual(const struct lnn_objective *o, const double W[])
{
    const struct lnn_data *data = o->data;
    double *E = o->scratch;
    memcpy(E, data->Y, data->m * data->k * sizeof *E);
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, W, -1, E);
    return E;
}

static double value(const struct lnn_objective *o, const double W[])
{
    const double *E = residual(o, W);
    double sum = 0;
    for (size_t i = 0; i < o->data->m * o->data->k; i++) sum += power(fabs(E[i]), o->p);
    return o->factor * o->data->weight * sum;
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    const struct lnn_data *data = o->data;
    double *E = residual(o, W);
    for (size_t i = 0; i < data->m * data->k; i++)
        E[i] = copysign(power(fabs(E[i]), o->p - 1), E[i]);
    lnn_gemm(true, false, data->k, data->d, data->m, o->factor * o->p * data->weight, E,
             data->X, 0, G);
}

static void hessian(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    const struct lnn_data *data = o->data;
    double *E = residual(o, W), *T = o->scratch + data->m * data->k;
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, D, 0, T);
    for (size_t i = 0; i < data->m * data->k; i++)
        T[i] *= E[i] == 0 && o->p < 2 ? 0 : power(fabs(E[i]), o->p - 2);
    lnn_gemm(true, false, data->k, data->d, data->m,
             o->factor * o->p * (o->p - 1) * data->weight, T, data->X, 0, HD);
}

static double outputs(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], double dF[])
{
    double sum = 0, slope = o->factor * o->p * e->weight;
    for (size_t i = 0; i < e->m * o->data->k; i++) {
        double r = F[i] - e->Y[i], s = power(fabs(r), o->p - 1);
        sum += s * fabs(r);
        if (dF) dF[i] = copysign(slope * s, r);
    }
    return o->factor * e->weight * sum;
}

static void curvature(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], const double T[], double T2[])
{
    double factor = o->factor * o->p * (o->p - 1) * e->weight;
    for (size_t i = 0; i < e->m * o->data->k; i++) {
        double r = fabs(F[i] - e->Y[i]);
        T2[i] = r == 0 && o->p < 2 ? 0 : factor * power(r, o->p - 2) * T[i];
    }
}

/* l is convex and grows without bound off the directions W X^T does not see: a minimum
 * exists. It is 0 where X has full row rank, as every Y is met then; p = 2 is twice the
 * square loss. */
static enum lnn_attained infimum(const struct lnn_objective *o, double *value_)
{
    const struct lnn_data *data = o->data;
    *value_ = 0;
    if (data->rank == data->m) return LNN_ATTAINED;
    if (o->p != 2) return LNN_ATTAINED_BELOW;
    *value_ = 2 * o->factor * data->floor;
    return LNN_ATTAINED;
}

const struct lnn_loss lnn_loss_lp = {
    .name = "lp",
    .doc =
        "(1/m) sum |W x - y|^p over examples and outputs, any real p > 1 (scaling: "
        "slides), "
        "or that divided by p (scaling: papers); on a target matrix sum |W - Phi|^p, "
        "without data.offset. Convex; its infimum is attained. For 1 < p < 2 the "
        "second "
        "derivative of |r|^p is infinite at r = 0; the Hessian takes 0 there.",
    .examples = true,
    .scratch = scratch,
    .check = check,
    .value = value,
    .gradient = gradient,
    .hessian = hessian,
    .outputs = outputs,
    .curvature = curvature,
    .infimum = infimum,
};
