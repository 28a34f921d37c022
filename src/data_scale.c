/* Scaling of inputs and targets, and the constant input. */
#include "data_parts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct block { /* the inputs or the targets */
    const char *what, *key;
    size_t m, n;
    double *A, *mean, *scale; /* m x n, n, n */
    char **names;
};

/* Take the means off; the second pass removes what rounding left of them. */
static void center(const struct block *b)
{
    for (size_t j = 0; j < b->n; j++)
        for (int pass = 0; pass < 2; pass++) {
            double sum = 0;
            for (size_t i = 0; i < b->m; i++) sum += b->A[i * b->n + j];
            sum /= (double)b->m;
            b->mean[j] += sum;
            for (size_t i = 0; i < b->m; i++) b->A[i * b->n + j] -= sum;
        }
}

/* Equal entries are told before centring, which leaves round-off of them. */
static int refuse_constant(const struct lnn_problem *problem, const struct block *b)
{
    for (size_t j = 0; j < b->n; j++) {
        size_t i = 1;
        while (i < b->m && b->A[i * b->n + j] == b->A[j]) i++;
        if (i >= b->m)
            return lnn_fail(
                GSL_EINVAL,
                "%s: error: %s \"%s\" is %.6g in every example and "
                "cannot be scaled to deviation 1 (%s); leave it out, or use "
                "data.intercept for a constant input",
                lnn_problem_place(problem, "data", NULL), b->what, b->names[j], b->A[j],
                b->key);
    }
    return GSL_SUCCESS;
}

/* Centred columns to standard deviation 1 (the root of the mean square). */
static void normalize(const struct block *b)
{
    for (size_t j = 0; j < b->n; j++) {
        double top = 0, sum = 0;
        for (size_t i = 0; i < b->m; i++) top = fmax(top, fabs(b->A[i * b->n + j]));
        for (size_t i = 0; i < b->m; i++) {
            double a = b->A[i * b->n + j] / top; /* squares cannot overflow */
            sum += a * a;
        }
        b->scale[j] = top * sqrt(sum / (double)b->m);
        for (size_t i = 0; i < b->m; i++) b->A[i * b->n + j] /= b->scale[j];
    }
}

static int refuse_deficient(const struct lnn_problem *problem, const struct block *b,
                            const struct lnn_svd *f)
{
    double floor = (double)(b->m > b->n ? b->m : b->n) * DBL_EPSILON * f->s[0];
    size_t rank = 0;
    while (rank < f->q && f->s[rank] > floor) rank++;
    if (rank == b->n) return GSL_SUCCESS;
    if (b->m <= b->n)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.scale whiten needs more examples than "
                        "inputs: %zu examples leave %zu usable directions of %zu",
                        lnn_problem_place(problem, "data", "scale"), b->m, rank, b->n);
    return lnn_fail(
        GSL_EINVAL,
        "%s: error: data.scale whiten needs inputs of full rank; "
        "they have %zu usable directions of %zu (some inputs are combinations "
        "of others)",
        lnn_problem_place(problem, "data", "scale"), rank, b->n);
}

/* X = U S V^T (centred, unit deviations D taken out) becomes sqrt(m) U V^T, so that
 * X_centred = X whitener^T with whitener = D V (S / sqrt(m)) V^T. */
static int whiten(const struct lnn_problem *problem, const struct block *b,
                  struct lnn_data *data)
{
    size_t m = b->m, d = b->n;
    struct lnn_svd *f = lnn_svd_alloc(m, d);
    data->whitener = lnn_data_array(d, d);
    int status = f && data->whitener
                     ? lnn_svd(f, b->A)
                     : lnn_fail(GSL_ENOMEM, "out of memory for whitening");
    if (status == GSL_SUCCESS) status = refuse_deficient(problem, b, f);
    if (status == GSL_SUCCESS) {
        lnn_gemm(false, false, m, d, d, sqrt((double)m), f->U, f->Vt, 0, b->A);
        memcpy(f->copy, f->Vt, d * d * sizeof *f->copy); /* m >= d: there is room */
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                f->copy[i * d + j] *= f->s[i] / sqrt((double)m);
        lnn_gemm(true, false, d, d, d, 1, f->Vt, f->copy, 0, data->whitener);
        for (size_t i = 0; i < d * d; i++) data->whitener[i] *= b->scale[i / d];
        for (size_t j = 0; j < d; j++) b->scale[j] = 1; /* it is in the whitener now */
        data->whitened = true;
    }
    free(f);
    return status;
}

static int scale_inputs(const struct lnn_problem *problem, struct lnn_data *data)
{
    struct block b = {"input", "data.scale", data->m,       data->d,
                      data->X, data->x_mean, data->x_scale, data->input_names};
    if (strcmp(problem->data.scale, "none") == 0) return GSL_SUCCESS;
    LNN_TRY(refuse_constant(problem, &b));
    center(&b);
    normalize(&b);
    if (strcmp(problem->data.scale, "whiten") != 0) return GSL_SUCCESS;
    return whiten(problem, &b, data);
}

/* Y / ||Lambda_yx||_F; how small a norm is round-off follows from the entries' sizes.
 */
static int unit_moment(const struct lnn_problem *problem, struct lnn_data *data)
{
    size_t n = data->m * data->k;
    double *L = lnn_data_array(data->k, data->d);
    if (!L) return GSL_ENOMEM;
    lnn_gemm(true, false, data->k, data->d, data->m, data->weight, data->Y, data->X, 0,
             L);
    double norm = lnn_norm(data->k * data->d, L);
    free(L);
    double size =
        data->weight * lnn_norm(n, data->Y) * lnn_norm(data->m * data->d, data->X);
    if (!(norm > 100 * DBL_EPSILON * size))
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.target_scale unit needs targets that "
                        "go with the inputs; Lambda_yx is 0",
                        lnn_problem_place(problem, "data", "target_scale"));
    for (size_t i = 0; i < n; i++) data->Y[i] /= norm;
    for (size_t j = 0; j < data->k; j++) data->y_scale[j] = norm;
    return GSL_SUCCESS;
}

static int scale_targets(const struct lnn_problem *problem, struct lnn_data *data)
{
    const char *how = problem->data.target_scale;
    struct block b = {"target", "data.target_scale", data->m,       data->k,
                      data->Y,  data->y_mean,        data->y_scale, data->target_names};
    bool standardize = strcmp(how, "standardize") == 0;
    if (strcmp(how, "none") == 0) return GSL_SUCCESS;
    data->classes = false;
    if (strcmp(how, "center") != 0) LNN_TRY(refuse_constant(problem, &b));
    center(&b);
    if (standardize) normalize(&b);
    return strcmp(how, "unit") == 0 ? unit_moment(problem, data) : GSL_SUCCESS;
}

/* X with a last column of ones. */
static int append_constant(struct lnn_data *data)
{
    size_t m = data->m, d = data->d;
    double *X = lnn_data_array(m, d + 1);
    char **names = realloc(data->input_names, (d + 2) * sizeof *names);
    if (names) data->input_names = names;
    char *name = strdup("intercept");
    if (!X || !names || !name) {
        free(X);
        free(name);
        return lnn_fail(GSL_ENOMEM, "out of memory for the data");
    }
    names[d] = name;
    names[d + 1] = NULL;
    for (size_t i = 0; i < m; i++) {
        memcpy(X + i * (d + 1), data->X + i * d, d * sizeof *X);
        X[i * (d + 1) + d] = 1;
    }
    free(data->X);
    data->X = X;
    data->d = d + 1;
    return GSL_SUCCESS;
}

int lnn_data_scale(const struct lnn_problem *problem, struct lnn_data *data)
{
    bool intercept = problem->data.intercept;
    if (intercept && strcmp(problem->data.scale, "whiten") == 0)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.intercept does not go with data.scale "
                        "whiten: Lambda_xx would no longer be I",
                        lnn_problem_place(problem, "data", "intercept"));
    LNN_TRY(scale_inputs(problem, data));
    if (intercept) LNN_TRY(append_constant(data));
    return scale_targets(problem, data);
}
