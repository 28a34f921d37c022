/* What the losses work from: moments, the triangular factor R, B, rank and floor. */
#include "data_parts.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static double square(size_t n, const double x[])
{
    double norm = lnn_norm(n, x);
    return norm * norm;
}

static int moments(struct lnn_data *data)
{
    size_t m = data->m, d = data->d, k = data->k;
    double w = data->weight;
    data->Lxx = lnn_data_array(d, d);
    data->Lyx = lnn_data_array(k, d);
    data->Lyy = lnn_data_array(k, k);
    data->Phi = lnn_data_array(k, d);
    if (!data->Lxx || !data->Lyx || !data->Lyy || !data->Phi) return GSL_ENOMEM;
    if (data->whitened)
        for (size_t j = 0; j < d; j++) data->Lxx[j * d + j] = 1;
    else
        lnn_gemm(true, false, d, d, m, w, data->X, data->X, 0, data->Lxx);
    lnn_gemm(true, false, k, d, m, w, data->Y, data->X, 0, data->Lyx);
    lnn_gemm(true, false, k, k, m, w, data->Y, data->Y, 0, data->Lyy);
    memcpy(data->Phi, data->Lyx, k * d * sizeof *data->Phi);
    if (lnn_finite(d * d, data->Lxx) && lnn_finite(k * d, data->Lyx) &&
        lnn_finite(k * k, data->Lyy))
        return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "the data's numbers are so large that their squares overflow; "
                    "scale them");
}

/* R = I, B = Phi; the floor from the residual Y - X Phi^T itself: no cancellation. */
static int factor_whitened(struct lnn_data *data)
{
    size_t m = data->m, d = data->d, k = data->k;
    double *E = lnn_data_array(m, k);
    if (!E) return GSL_ENOMEM;
    memcpy(E, data->Y, m * k * sizeof *E);
    lnn_gemm(false, true, m, k, d, -1, data->X, data->Phi, 1, E);
    data->floor += 0.5 * data->weight * square(m * k, E);
    free(E);
    data->rank = d;
    memcpy(data->R, data->Lxx, d * d * sizeof *data->R);
    memcpy(data->B, data->Phi, k * d * sizeof *data->B);
    return GSL_SUCCESS;
}

/* The QR of [X Y] / sqrt(m) has R and B^T in its first q rows, and below them what of Y
 * is orthogonal to X's columns. */
static int factor_general(struct lnn_data *data)
{
    size_t m = data->m, d = data->d, k = data->k, n = d + k, q = data->q;
    size_t rows = m < n ? m : n;
    double root = sqrt(data->weight);
    double *A = lnn_data_array(m + rows, n), *F = A ? A + m * n : NULL;
    if (!A) return GSL_ENOMEM;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < d; j++) A[i * n + j] = root * data->X[i * d + j];
        for (size_t j = 0; j < k; j++) A[i * n + d + j] = root * data->Y[i * k + j];
    }
    int status = lnn_qr(m, n, A, F, 0, NULL, NULL);
    for (size_t i = 0; i < rows; i++) {
        if (i < q) {
            memcpy(data->R + i * d, F + i * n, d * sizeof *F);
            for (size_t j = 0; j < k; j++) data->B[j * q + i] = F[i * n + d + j];
        } else {
            data->floor += 0.5 * square(k, F + i * n + d);
        }
    }
    free(A);
    return status;
}

/* Without full row rank R, the part of B outside R's range is out of reach as well. */
static int project(struct lnn_data *data)
{
    size_t d = data->d, k = data->k, q = data->q;
    struct lnn_svd *f = lnn_svd_alloc(q, d);
    double *C = lnn_data_array(k, q);
    int status = f && C ? lnn_svd(f, data->R) : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS) {
        double least = (double)(data->m > d ? data->m : d) * DBL_EPSILON * f->s[0];
        while (data->rank < q && f->s[data->rank] > least) data->rank++;
    }
    if (status == GSL_SUCCESS && data->rank < q) {
        lnn_gemm(false, false, k, q, q, 1, data->B, f->U, 0, C);
        for (size_t i = 0; i < k; i++)
            for (size_t j = data->rank; j < q; j++) {
                data->floor += 0.5 * C[i * q + j] * C[i * q + j];
                C[i * q + j] = 0;
            }
        lnn_gemm(false, true, k, q, q, 1, C, f->U, 0, data->B);
    }
    free(C);
    free(f);
    return status;
}

int lnn_data_factor(struct lnn_data *data)
{
    data->q = data->m < data->d ? data->m : data->d;
    data->R = lnn_data_array(data->q, data->d);
    data->B = lnn_data_array(data->k, data->q);
    if (!data->R || !data->B) return GSL_ENOMEM;
    LNN_TRY(moments(data));
    if (data->whitened) return factor_whitened(data);
    LNN_TRY(factor_general(data));
    return project(data);
}
