/* Data that is known by its moments or examples alone. */
#include "data_parts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* Sizes, facts and made-up names; the rest is zero. */
static int begin(const struct lnn_moments *given, struct lnn_data **data)
{
    *data = calloc(1, sizeof **data);
    if (!*data) return lnn_fail(GSL_ENOMEM, "out of memory for the data");
    struct lnn_data *out = *data;
    size_t d = given->d, k = given->k;
    out->m = given->m;
    out->d = d;
    out->k = k;
    out->whitened = given->whitened;
    out->weight = given->weight;
    if (!(out->weight > 0)) out->weight = given->m > 0 ? 1 / (double)given->m : 1;
    out->input_names = lnn_data_names("x", d);
    out->target_names = lnn_data_names("y", k);
    out->x_mean = lnn_data_array(1, d);
    out->x_scale = lnn_data_array(1, d);
    out->y_mean = lnn_data_array(1, k);
    out->y_scale = lnn_data_array(1, k);
    if (!out->input_names || !out->target_names || !out->x_mean || !out->x_scale ||
        !out->y_mean || !out->y_scale)
        return GSL_ENOMEM;
    for (size_t j = 0; j < d; j++) out->x_scale[j] = 1;
    for (size_t j = 0; j < k; j++) out->y_scale[j] = 1;
    return GSL_SUCCESS;
}

static double *copy(size_t rows, size_t cols, const double from[])
{
    double *to = lnn_data_array(rows, cols);
    if (to && from) memcpy(to, from, rows * cols * sizeof *to);
    return to;
}

/* Lambda_xx = V diag(l) V^T: R = diag(sqrt l) V^T and B = Lambda_yx V diag(1/sqrt l).
 */
static int square_root(struct lnn_data *data)
{
    size_t d = data->d, k = data->k;
    double *l = lnn_data_array(d + 1, d);
    if (!l) return GSL_ENOMEM;
    double *V = l + d;
    int status = lnn_eig_symmetric(d, data->Lxx, l, V);
    double least = (double)d * DBL_EPSILON * l[d - 1];
    for (size_t r = 0; status == GSL_SUCCESS && r < d; r++) {
        if (!(l[r] > least)) continue; /* its direction stays zero */
        data->rank++;
        for (size_t i = 0; i < d; i++) data->R[r * d + i] = sqrt(l[r]) * V[i * d + r];
        for (size_t i = 0; i < k; i++) {
            double sum = 0;
            for (size_t j = 0; j < d; j++) sum += data->Lyx[i * d + j] * V[j * d + r];
            data->B[i * d + r] = sum / sqrt(l[r]);
        }
    }
    free(l);
    return status;
}

static int factor(const struct lnn_moments *given, struct lnn_data *data)
{
    size_t d = data->d, k = data->k;
    data->q = d;
    data->Lxx = copy(d, d, given->Lxx);
    data->Lyx = copy(k, d, given->Lyx);
    data->Lyy = copy(k, k, given->Lyy);
    data->Phi = copy(k, d, given->Lyx);
    data->R = lnn_data_array(d, d);
    data->B = lnn_data_array(k, d);
    if (!data->Lxx || !data->Lyx || !data->Lyy || !data->Phi || !data->R || !data->B)
        return GSL_ENOMEM;
    if (!lnn_finite(d * d, data->Lxx) || !lnn_finite(k * d, data->Lyx) ||
        !lnn_finite(k * k, data->Lyy))
        return lnn_fail(GSL_EINVAL, "the data's moments are not finite");
    if (!data->whitened) LNN_TRY(square_root(data));
    if (data->whitened) {
        data->rank = d;
        memcpy(data->B, data->Phi, k * d * sizeof *data->B);
        memset(data->Lxx, 0, d * d * sizeof *data->Lxx);
        for (size_t j = 0; j < d; j++) data->Lxx[j * d + j] = data->R[j * d + j] = 1;
    }
    double norm = lnn_norm(k * d, data->B), trace = 0;
    for (size_t i = 0; i < k; i++) trace += data->Lyy[i * k + i];
    data->floor = given->floor;
    if (isnan(given->floor)) data->floor = fmax(0, 0.5 * (trace - norm * norm));
    return GSL_SUCCESS;
}

static int done(int status, struct lnn_data **data)
{
    if (status == GSL_SUCCESS) return GSL_SUCCESS;
    lnn_data_free(*data);
    *data = NULL;
    return status;
}

int lnn_data_from_moments(const struct lnn_moments *moments, struct lnn_data **data)
{
    int status = begin(moments, data);
    if (status == GSL_SUCCESS) status = factor(moments, *data);
    return done(status, data);
}

int lnn_data_from_examples(const struct lnn_moments *sizes, const double X[],
                           const double Y[], struct lnn_data **data)
{
    int status = begin(sizes, data);
    if (status != GSL_SUCCESS) return done(status, data);
    (*data)->X = copy(sizes->m, sizes->d, X);
    (*data)->Y = copy(sizes->m, sizes->k, Y);
    bool finite = (*data)->X && (*data)->Y;
    if (!finite) status = GSL_ENOMEM;
    finite = finite && lnn_finite(sizes->m * sizes->d, X) &&
             lnn_finite(sizes->m * sizes->k, Y);
    if (status == GSL_SUCCESS && !finite)
        status = lnn_fail(GSL_EINVAL, "the data's examples are not finite");
    if (status == GSL_SUCCESS) status = lnn_data_factor(*data);
    return done(status, data);
}
