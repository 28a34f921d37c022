/* Two layers with W_2^T W_2 - W_1 W_1^T = lambda I (Domine et al. 2024). */
#include "lnn/init.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

/* lambda > 0. A (k x d) = sum_r s_r u_r v_r^T: hidden direction r carries u_r a_r on
 * its output side and b_r v_r on its input side, a_r^2 - b_r^2 = lambda, a_r b_r = s_r.
 * Every one of the h directions needs its own u_r since a_r >= sqrt(lambda) > 0. `P` is
 * A padded with zero columns to k x n, n = max(k, d), so that all k vectors u_r exist;
 * v_r of a vanishing s_r does not matter, as b_r = 0. */
static int split(size_t k, size_t d, size_t h, double lambda, const double A[],
                 double W1[], double W2[])
{
    size_t n = k > d ? k : d;
    if (h > k)
        return lnn_fail(
            GSL_EINVAL,
            "no such start: lambda > 0 needs hidden width <= d_2, lambda < 0 "
            "hidden width <= d_0 (here the limit is %zu, the width %zu)",
            k, h);
    double *P = calloc(k * n, sizeof *P);
    struct lnn_svd *f = lnn_svd_alloc(k, n);
    int status =
        P && f ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the start");
    if (status == GSL_SUCCESS) {
        for (size_t i = 0; i < k; i++) memcpy(P + i * n, A + i * d, d * sizeof *P);
        status = lnn_svd(f, P);
    }
    if (status == GSL_SUCCESS && h < k && f->s[h] > (double)n * 2.3e-16 * f->s[0])
        status =
            lnn_fail(GSL_EINVAL,
                     "no such start: the rank of W(0) exceeds the hidden width %zu", h);
    for (size_t r = 0; r < h && status == GSL_SUCCESS; r++) {
        double s = f->s[r], a = sqrt((lambda + hypot(lambda, 2 * s)) / 2), b = s / a;
        for (size_t i = 0; i < k; i++) W2[i * h + r] = a * f->U[i * f->q + r];
        for (size_t c = 0; c < d; c++) W1[r * d + c] = b * f->Vt[r * n + c];
    }
    free(P);
    free(f);
    return status;
}

static void transpose(size_t rows, size_t cols, const double A[], double B[])
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < cols; c++) B[c * rows + i] = A[i * cols + c];
}

/* lambda < 0 is the transposed network with -lambda. */
static int split_transposed(size_t k, size_t d, size_t h, double lambda,
                            const double A[], double W1[], double W2[])
{
    double *T = malloc((k * d + h * k + d * h) * sizeof *T);
    if (!T) return lnn_fail(GSL_ENOMEM, "out of memory for the start");
    double *T1 = T + k * d, *T2 = T1 + h * k;
    transpose(k, d, A, T);
    int status = split(d, k, h, lambda, T, T1, T2);
    if (status == GSL_SUCCESS) {
        transpose(h, k, T1, W2);
        transpose(d, h, T2, W1);
    }
    free(T);
    return status;
}

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    if (net->N != 2)
        return lnn_fail(GSL_EINVAL, "lambda_balanced is for two layers, not %zu",
                        net->N);
    size_t d = net->d[0], h = net->d[1], k = net->d[2];
    double lambda = problem->init.lambda, *A = malloc(k * d * sizeof *A);
    gsl_rng *rng = A ? lnn_rng_open(problem->init.seed, "init.balanced") : NULL;
    int status =
        rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the start");
    if (rng) {
        lnn_rng_normals(rng, problem->init.scale, k * d, A);
        gsl_rng_free(rng);
        if (problem->init.matrix.at)
            memcpy(A, problem->init.matrix.at, k * d * sizeof *A);
        if (lambda == 0)
            status = lnn_balanced_start(net, A, w);
        else if (lambda > 0)
            status = split(k, d, h, lambda, A, w, w + h * d);
        else
            status = split_transposed(k, d, h, -lambda, A, w, w + h * d);
    }
    free(A);
    LNN_TRY(status);
    return problem->init.rotate ? lnn_rotated_start(net, problem->init.seed, w)
                                : GSL_SUCCESS;
}

const struct lnn_init lnn_init_lambda_balanced = {
    .name = "lambda_balanced",
    .doc =
        "Two layers with W_2^T W_2 - W_1 W_1^T = lambda I and product init.matrix (or "
        "one "
        "with entries from N(0, scale^2)); lambda > 0 needs hidden width <= d_2, "
        "lambda < "
        "0 hidden width <= d_0, and the hidden width >= the rank. Domine et al. 2024.",
    .start = start,
};
