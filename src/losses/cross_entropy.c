/* The cross-entropy of the softmax of the outputs with one-hot labels. */
#include "lnn/loss.h"

#include <math.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static int refuse_row(const struct lnn_data *data, size_t i)
{
    static const char meant[] = "its targets are not one 1 and else 0; cross_entropy "
                                "needs classes (data.classes, "
                                "and data.target_scale none)";
    if (data->source)
        return lnn_fail(GSL_EINVAL, "%s:%zu: error: %s", data->source, data->lines[i],
                        meant);
    return lnn_fail(GSL_EINVAL, "example %zu: %s", i + 1, meant);
}

static int check(const struct lnn_data *data)
{
    if (data->mask)
        return lnn_fail(GSL_EINVAL, "data.mask and data.observed go with loss.kind "
                                    "masked; cross_entropy sees every entry");
    if (data->k < 2)
        return lnn_fail(GSL_EINVAL,
                        "cross_entropy needs two classes at least, an output "
                        "each; for labels 0 and 1 in one there is logistic");
    for (size_t i = 0; i < data->m; i++) {
        size_t ones = 0, zeros = 0;
        for (size_t r = 0; r < data->k; r++) {
            ones += data->Y[i * data->k + r] == 1;
            zeros += data->Y[i * data->k + r] == 0;
        }
        if (ones != 1 || ones + zeros != data->k) return refuse_row(data, i);
    }
    return GSL_SUCCESS;
}

/* Two m x k blocks, and room for infimum's k x d and k. */
static size_t scratch(const struct lnn_data *data)
{
    return 2 * data->m * data->k + data->k * (data->d + 1);
}

/* log sum_r exp(f_r) - max f in return, max f in *top: no exponential overflows, and
 * what is left beside the largest keeps its digits. */
static double log_sum(size_t k, const double f[], double *top)
{
    size_t first = 0;
    double others = 0;
    for (size_t r = 1; r < k; r++) first = f[r] > f[first] ? r : first;
    for (size_t r = 0; r < k; r++) others += r == first ? 0 : exp(f[r] - f[first]);
    *top = f[first];
    return log1p(others);
}

/* The label's own derivative, p_y - 1, is minus the other classes' together. */
static double outputs(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], double dF[])
{
    size_t k = o->data->k;
    double sum = 0;
    for (size_t i = 0; i < e->m * k; i += k) {
        double top, rest = log_sum(k, F + i, &top), others = 0;
        size_t label = i;
        for (size_t r = i; r < i + k; r++) {
            if (e->Y[r] == 1) label = r;
            double p = e->Y[r] == 1 ? 0 : exp(F[r] - top - rest);
            if (e->Y[r] == 1) sum += rest - (F[r] - top);
            if (dF) dF[r] = e->weight * p;
            others += p;
        }
        if (dF) dF[label] = -e->weight * others;
    }
    return e->weight * sum;
}

/* (diag p - p p^T) t for every example. From the largest score's t on, since p of the
 * others may be far below round-off of its 1, and all of the result. */
static void curvature(const struct lnn_objective *o, const struct lnn_examples *e,
                      const double F[], const double T[], double T2[])
{
    size_t k = o->data->k;
    for (size_t i = 0; i < e->m * k; i += k) {
        double top, rest = log_sum(k, F + i, &top), mean = 0;
        size_t first = i;
        while (first + 1 < i + k && F[first] != top) first++;
        double t = T[first];
        for (size_t r = i; r < i + k; r++) mean += exp(F[r] - top - rest) * (T[r] - t);
        for (size_t r = i; r < i + k; r++)
            T2[r] = e->weight * exp(F[r] - top - rest) * (T[r] - t - mean);
    }
}

/* Z = X W^T, m x k. */
static double *scores(const struct lnn_objective *o, const double W[])
{
    const struct lnn_data *data = o->data;
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, W, 0, o->scratch);
    return o->scratch;
}

static struct lnn_examples all(const struct lnn_data *data)
{
    return (struct lnn_examples){data->m, data->X, data->Y, data->weight};
}

static double value(const struct lnn_objective *o, const double W[])
{
    struct lnn_examples e = all(o->data);
    return outputs(o, &e, scores(o, W), NULL);
}

static void gradient(const struct lnn_objective *o, const double W[], double G[])
{
    const struct lnn_data *data = o->data;
    struct lnn_examples e = all(data);
    double *Z = scores(o, W);
    outputs(o, &e, Z, Z);
    lnn_gemm(true, false, data->k, data->d, data->m, 1, Z, data->X, 0, G);
}

static void hessian(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    const struct lnn_data *data = o->data;
    struct lnn_examples e = all(data);
    double *Z = scores(o, W), *T = o->scratch + data->m * data->k;
    lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, D, 0, T);
    curvature(o, &e, Z, T, T);
    lnn_gemm(true, false, data->k, data->d, data->m, 1, T, data->X, 0, HD);
}

/* The class with the largest score but `label`, f = W x in the scratch. */
static size_t rival(size_t k, const double f[], size_t label)
{
    size_t best = label == 0 ? 1 : 0;
    for (size_t r = 0; r < k; r++)
        if (r != label && f[r] > f[best]) best = r;
    return best;
}

/* The perceptron of k classes, within a bounded number of operations: true is a proof
 * that some W puts every example's own class first, with a margin above round-off. */
static bool separable(const struct lnn_objective *o)
{
    const struct lnn_data *data = o->data;
    size_t d = data->d, k = data->k;
    double *W = o->scratch, *f = W + k * d;
    double passes = fmin(1000, 1 + 1e9 / (double)(data->m * d * k));
    memset(W, 0, k * d * sizeof *W);
    for (int pass = 0; pass < passes; pass++) {
        size_t mistakes = 0;
        double norm = lnn_norm(k * d, W);
        for (size_t i = 0; i < data->m; i++) {
            const double *x = data->X + i * d, *y = data->Y + i * k;
            double size = lnn_norm(d, x);
            size_t label = 0;
            while (y[label] != 1) label++;
            for (size_t r = 0; r < k; r++) f[r] = lnn_dot(d, W + r * d, x);
            size_t other = rival(k, f, label);
            if (f[label] - f[other] > 1e-12 * norm * size) continue;
            if (size > 0) lnn_axpy(d, 1 / size, x, W + label * d);
            if (size > 0) lnn_axpy(d, -1 / size, x, W + other * d);
            mistakes++;
        }
        if (mistakes == 0) return true;
    }
    return false;
}

/* 0 if the classes are separable, and then no W attains it. */
static enum lnn_attained infimum(const struct lnn_objective *o, double *value_)
{
    const struct lnn_data *data = o->data;
    *value_ = 0;
    if (data->rank == data->m) return LNN_NOT_ATTAINED; /* W X^T = Y^T t for any t */
    return separable(o) ? LNN_NOT_ATTAINED : LNN_ATTAINED_UNKNOWN;
}

const struct lnn_loss lnn_loss_cross_entropy = {
    .name = "cross_entropy",
    .doc =
        "(1/m) sum -log softmax(f)_y over examples, f = W x the k outputs, y the class "
        "whose target is 1: k >= 2 classes, one-hot (data.classes). Convex; where some "
        "W puts every example's class first (always if the examples are linearly "
        "independent) its infimum is 0 and not attained, else it is not known "
        "beforehand.",
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
