/* Generated data: a target matrix, and a teacher with normal inputs. Plain loops with a
 * fixed order of operations, so that a seed gives the same bits on every machine. */
#include "data_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

int lnn_data_from_target(const struct lnn_problem *problem, struct lnn_data *data)
{
    const struct lnn_matrix *phi = &problem->data.matrix;
    if (!phi->at || phi->rows == 0 || phi->cols == 0)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.kind target needs data.matrix, the "
                        "target Phi (d_N x d_0)",
                        lnn_problem_place(problem, "data", "kind"));
    size_t k = data->k = phi->rows, d = data->d = data->m = phi->cols;
    data->weight = 1;
    data->whitened = true;
    data->floor = problem->data.offset;
    data->X = lnn_data_array(d, d);
    data->Y = lnn_data_array(d, k);
    data->input_names = lnn_data_names("x", d);
    data->target_names = lnn_data_names("y", k);
    if (!data->X || !data->Y || !data->input_names || !data->target_names)
        return GSL_ENOMEM;
    for (size_t j = 0; j < d; j++) {
        data->X[j * d + j] = 1;
        for (size_t i = 0; i < k; i++) data->Y[j * k + i] = phi->at[i * d + j];
    }
    return GSL_SUCCESS;
}

/* C (m x n) += A B, or A B^T when tb; the inner size is l. */
static void product(bool tb, size_t m, size_t n, size_t l, const double A[],
                    const double B[], double C[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t h = 0; h < l; h++)
            for (size_t j = 0; j < n; j++)
                C[i * n + j] += A[i * l + h] * (tb ? B[j * l + h] : B[h * n + j]);
}

static int normals(unsigned long seed, const char *purpose, double sd, size_t n,
                   double x[])
{
    gsl_rng *rng = lnn_rng_open(seed, purpose);
    if (!rng) return GSL_ENOMEM;
    lnn_rng_normals(rng, sd, n, x);
    gsl_rng_free(rng);
    return GSL_SUCCESS;
}

/* X <- Z diag(lambda)^1/2 O, lambda_j from 1 down to 1/condition evenly in log, O
 * random orthogonal: the rows' covariance is O^T diag(lambda) O. */
static int correlate(const struct lnn_problem *problem, struct lnn_data *data)
{
    double condition = problem->data.condition;
    size_t m = data->m, d = data->d;
    if (!(condition > 1)) return GSL_SUCCESS;
    if (d == 1)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.condition %g with a single input, whose "
                        "covariance has condition number 1",
                        lnn_problem_place(problem, "data", "condition"), condition);
    gsl_rng *rng = lnn_rng_open(problem->data.seed, "data.basis");
    double *O = lnn_data_array(d, d), *X = lnn_data_array(m, d);
    if (rng && O && X) {
        lnn_rng_orthonormal(rng, d, d, O);
        for (size_t j = 0; j < d; j++) {
            double root = pow(condition, -0.5 * (double)j / (double)(d - 1));
            for (size_t i = 0; i < d; i++) O[j * d + i] *= root;
        }
        product(false, m, d, d, data->X, O, X);
        memcpy(data->X, X, m * d * sizeof *X);
    }
    int status = rng && O && X ? GSL_SUCCESS : GSL_ENOMEM;
    gsl_rng_free(rng);
    free(O);
    free(X);
    return status;
}

/* T (k x d) of the rank asked for; its entries have mean 0 and variance 1. */
static int draw_teacher(const struct lnn_problem *problem, size_t k, size_t d,
                        double T[])
{
    size_t full = k < d ? k : d, rank = problem->data.rank ? problem->data.rank : full;
    unsigned long seed = problem->data.seed;
    if (rank > full)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.rank is %zu; a %zu x %zu matrix has at "
                        "most rank %zu",
                        lnn_problem_place(problem, "data", "rank"), rank, k, d, full);
    if (rank == full) return normals(seed, "data.teacher", 1, k * d, T);
    double *A = lnn_data_array(k + d, rank), *B = A ? A + k * rank : NULL;
    if (!A) return GSL_ENOMEM;
    int status =
        normals(seed, "data.teacher", pow((double)rank, -0.25), (k + d) * rank, A);
    product(true, k, d, rank, A, B, T);
    free(A);
    return status;
}

int lnn_data_from_teacher(const struct lnn_problem *problem, struct lnn_data *data)
{
    const size_t *width = problem->network.widths.at;
    size_t m = data->m = problem->data.samples;
    size_t k = data->k = width[problem->network.widths.n - 1];
    size_t d = data->d = width[0] - (problem->data.intercept ? 1 : 0);
    unsigned long seed = problem->data.seed;
    if (d == 0)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: network.widths says 1 input, which "
                        "data.intercept takes; there must be one more",
                        lnn_problem_place(problem, "network", "widths"));
    data->weight = 1 / (double)m;
    data->X = lnn_data_array(m, d);
    data->Y = lnn_data_array(m, k);
    data->input_names = lnn_data_names("x", d);
    data->target_names = lnn_data_names("y", k);
    if (!data->X || !data->Y || !data->input_names || !data->target_names)
        return GSL_ENOMEM;
    LNN_TRY(normals(seed, "data.inputs", 1, m * d, data->X));
    LNN_TRY(normals(seed, "data.noise", problem->data.noise, m * k, data->Y));
    LNN_TRY(correlate(problem, data));
    double *T = lnn_data_array(k, d);
    if (!T) return GSL_ENOMEM;
    int status = draw_teacher(problem, k, d, T);
    product(true, m, k, d, data->X, T, data->Y);
    free(T);
    return status;
}
