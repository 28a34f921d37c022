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

/* E <- sign(E) |E|^{p-1}; returns sum |E|^p. */
static double slopes(double p, size_t n, double E[])
{
    unsigned e = p == floor(p) && p <= 17 ? (unsigned)p - 1 : 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = E[i], square = x * x, slope = e % 2 ? x : x * fabs(x);
        if (e == 0) slope = copysign(pow(fabs(x), p - 1), x);
        for (unsigned j = 3; j <= e; j += 2) slope *= square;
        sum += slope * x;
        E[i] = slope;
    }
    return sum;
}

/* Rows of X that stay in the cache between X w and X^T r: 64 kB. */
static size_t block_of(const struct lnn_data *data)
{
    enum { DOUBLES = 1 << 13 };
    size_t rows = DOUBLES / data->d;
    return rows < 8 ? 8 : rows > data->m ? data->m : rows;
}

/* The loss, and its gradient unless G is NULL. The examples come from memory once. */
static double value_gradient(const struct lnn_objective *o, const double W[],
                             double G[])
{
    const struct lnn_data *data = o->data;
    size_t k = data->k, d = data->d, block = block_of(data);
    double *E = o->scratch, sum = 0;
    if (G) memset(G, 0, k * d * sizeof *G);
    for (size_t i = 0; i < data->m; i += block) {
        size_t rows = data->m - i < block ? data->m - i : block;
        memcpy(E, data->Y + i * k, rows * k * sizeof *E);
        lnn_gemm(false, true, rows, k, d, 1, data->X + i * d, W, -1, E);
        sum += slopes(o->p, rows * k, E);
        if (G)
            lnn_gemm(true, false, k, d, rows, o->factor * o->p * data->weight, E,
                     data->X + i * d, 1, G);
    }
    return o->factor * data->weight * sum;
}

static double value(const struct lnn_objective *o, const double W[])
{
    return value_gradient(o, W, NULL);
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    (void)value_gradient(o, W, G);
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
    .value_gradient = value_gradient,
    .hessian = hessian,
    .outputs = outputs,
    .curvature = curvature,
    .infimum = infimum,
};
