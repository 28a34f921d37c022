/* The logistic loss of labels -1, 1 (or 0, 1). */
#include "lnn/loss.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static int refuse_label(const struct lnn_data *data, size_t i, const char *meant)
{
    size_t row = i / data->k;
    const char *name = data->target_names[i % data->k];
    if (data->source)
        return lnn_fail(GSL_EINVAL, "%s:%zu: error: label \"%s\" is %.6g%s",
                        data->source, data->lines[row], name, data->Y[i], meant);
    return lnn_fail(GSL_EINVAL, "label \"%s\" of example %zu is %.6g%s", name, row + 1,
                    data->Y[i], meant);
}

static int check(const struct lnn_data *data)
{
    bool zero = false, minus = false;
    if (data->mask)
        return lnn_fail(GSL_EINVAL,
                        "data.mask and data.observed go with loss.kind masked; "
                        "the logistic loss sees every entry");
    for (size_t i = 0; i < data->m * data->k; i++) {
        double y = data->Y[i];
        if (y != -1 && y != 0 && y != 1)
            return refuse_label(data, i,
                                "; the logistic loss needs labels -1 and 1, or 0 "
                                "and 1 (and data.target_scale none)");
        zero = zero || y == 0;
        minus = minus || y == -1;
        if (zero && minus)
            return refuse_label(data, i,
                                " after labels of the other kind; they must be -1 "
                                "and 1, or 0 and 1, throughout");
    }
    return GSL_SUCCESS;
}

/* Two m x k blocks, and room for infimum's d. */
static size_t scratch(const struct lnn_data *data)
{
    return 2 * data->m * data->k + data->d;
}

/* Z = X W^T, m x k. */
static double *scores(const struct lnn_objective *o, const double W[])
{
    const struct lnn_data *data = o->data;
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, W, 0, o->scratch);
    return o->scratch;
}

static double sign(double label)
{
    return label > 0 ? 1 : -1;
}

/* 1 / (1 + exp(t)); exp sees no positive argument, so it cannot overflow. */
static double falling(double t)
{
    double e = exp(-fabs(t));
    return t > 0 ? e / (1 + e) : 1 / (1 + e);
}

static double value_of(const struct lnn_objective *o, const double Z[])
{
    const struct lnn_data *data = o->data;
    double sum = 0;
    for (size_t i = 0; i < data->m * data->k; i++) {
        double t = sign(data->Y[i]) * Z[i];
        sum += log1p(exp(-fabs(t))) - (t < 0 ? t : 0);
    }
    return data->weight * sum;
}

/* Z is used up. */
static void gradient_of(const struct lnn_objective *o, double Z[], double G[])
{
    const struct lnn_data *data = o->data;
    for (size_t i = 0; i < data->m * data->k; i++) {
        double s = sign(data->Y[i]);
        Z[i] = -s * falling(s * Z[i]);
    }
    lnn_gemm(true, false, data->k, data->d, data->m, data->weight, Z, data->X, 0, G);
}

static double value(const struct lnn_objective *o, const double W[])
{
    return value_of(o, scores(o, W));
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    gradient_of(o, scores(o, W), G);
}

static double value_gradient(const struct lnn_objective *o, const double W[],
                             double G[])
{
    double *Z = scores(o, W), value = value_of(o, Z);
    gradient_of(o, Z, G);
    return value;
}

static void hessian(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    const struct lnn_data *data = o->data;
    double *Z = scores(o, W), *T = o->scratch + data->m * data->k;
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, D, 0, T);
    for (size_t i = 0; i < data->m * data->k; i++)
        T[i] *= falling(Z[i]) * falling(-Z[i]);
    lnn_gemm(true, false, data->k, data->d, data->m, data->weight, T, data->X, 0, HD);
}

static double outputs(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], double dF[])
{
    double sum = 0;
    for (size_t i = 0; i < e->m * o->data->k; i++) {
        double s = sign(e->Y[i]), t = s * F[i];
        sum += log1p(exp(-fabs(t))) - (t < 0 ? t : 0);
        if (dF) dF[i] = -e->weight * s * falling(t);
    }
    return e->weight * sum;
}

static void curvature(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], const double T[], double T2[])
{
    for (size_t i = 0; i < e->m * o->data->k; i++)
        T2[i] = e->weight * falling(F[i]) * falling(-F[i]) * T[i];
}

/* The perceptron, within a bounded number of operations: true is a proof that a
 * hyperplane through 0 separates output j's labels, with a margin above round-off. */
static bool separable(const struct lnn_objective *o, size_t j)
{
    const struct lnn_data *data = o->data;
    double *w = o->scratch, passes = fmin(1000, 1 + 1e9 / (double)(data->m * data->d));
    memset(w, 0, data->d * sizeof *w);
    for (int pass = 0; pass < passes; pass++) {
        size_t mistakes = 0;
        double norm = lnn_norm(data->d, w);
        for (size_t i = 0; i < data->m; i++) {
            const double *x = data->X + i * data->d;
            double s = sign(data->Y[i * data->k + j]), size = lnn_norm(data->d, x);
            if (s * lnn_dot(data->d, w, x) > 1e-12 * norm * size) continue;
            if (size > 0) lnn_axpy(data->d, s / size, x, w);
            mistakes++;
        }
        if (mistakes == 0) return true;
    }
    return false;
}

/* 0 if every output's labels are separable, and then no W attains it. */
static enum lnn_attained infimum(const struct lnn_objective *o, double *value_)
{
    const struct lnn_data *data = o->data;
    *value_ = 0;
    if (data->rank == data->m) return LNN_NOT_ATTAINED; /* W X^T = Y^T t for any t */
    for (size_t j = 0; j < data->k; j++)
        if (!separable(o, j)) return LNN_ATTAINED_UNKNOWN;
    return LNN_NOT_ATTAINED;
}

const struct lnn_loss lnn_loss_logistic = {
    .name = "logistic",
    .doc =
        "(1/m) sum log(1 + exp(-y (W x))) over examples and outputs, labels y = -1 or "
        "1 "
        "(0 "
        "counts as -1); several outputs are as many binary losses added. Convex; where "
        "a hyperplane through 0 separates every output's labels (always if the "
        "examples "
        "are linearly independent) its infimum is 0 and not attained, else it is not "
        "known beforehand.",
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
