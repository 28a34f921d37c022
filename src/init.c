/* The list of starts, and Procedure 1 that several of them use. */
#include "lnn/init.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/registry.h"
#include "lnn/rng.h"

#define LNN_INIT(name) extern const struct lnn_init lnn_init_##name;
#include "inits/inits.def"
#undef LNN_INIT

const struct lnn_init *const lnn_inits[] = {
#define LNN_INIT(name) &lnn_init_##name,
#include "inits/inits.def"
#undef LNN_INIT
    NULL,
};

int lnn_init_start(const struct lnn_problem *problem, const struct lnn_network *net,
                   double w[])
{
    const struct lnn_init *init =
        lnn_registry_find((const void *const *)lnn_inits, problem->init.kind);
    if (!init)
        return lnn_fail(GSL_EINVAL, "no start is called \"%s\"", problem->init.kind);
    int status = init->start(problem, net, w);
    if (status == GSL_SUCCESS && !lnn_finite(net->size, w))
        status = lnn_fail(GSL_EINVAL, "the start holds a weight that is not finite");
    if (status != GSL_EINVAL) return status;
    return lnn_fail(status, "%s: error: %s", lnn_problem_place(problem, "init", "kind"),
                    lnn_error());
}

/* Can every hidden space hold `rank` dimensions? */
static int wide_enough(const struct lnn_network *net, size_t rank)
{
    for (size_t j = 1; j < net->N; j++)
        if (net->d[j] < rank)
            return lnn_fail(
                GSL_EINVAL,
                "no balanced start: W(0) has rank %zu but hidden layer %zu has "
                "width %zu; give a matrix of rank <= %zu or wider layers",
                rank, j, net->d[j], net->d[j]);
    return GSL_SUCCESS;
}

/* The largest entry of every u_r positive: LAPACK leaves the sign of a pair open. */
static void fix_signs(struct lnn_svd *f)
{
    for (size_t r = 0; r < f->q; r++) {
        double largest = 0;
        for (size_t i = 0; i < f->m; i++)
            if (fabs(f->U[i * f->q + r]) > fabs(largest)) largest = f->U[i * f->q + r];
        if (largest >= 0) continue;
        for (size_t i = 0; i < f->m; i++) f->U[i * f->q + r] *= -1;
        for (size_t c = 0; c < f->n; c++) f->Vt[r * f->n + c] *= -1;
    }
}

int lnn_balanced_start(const struct lnn_network *net, const double A[], double w[])
{
    size_t N = net->N, k = net->d[N], d = net->d[0];
    if (N == 1) {
        memcpy(w, A, net->size * sizeof *w);
        return GSL_SUCCESS;
    }
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    if (!f) return lnn_fail(GSL_ENOMEM, "out of memory for the start");
    int status = lnn_svd(f, A);
    size_t rank = 0, side = k > d ? k : d;
    if (status == GSL_SUCCESS) {
        while (rank < f->q && f->s[rank] > (double)side * 2.3e-16 * f->s[0]) rank++;
        status = wide_enough(net, rank);
    }
    if (status == GSL_SUCCESS) {
        double *W1 = w, *WN = w + lnn_network_offset(net, N);
        memset(w, 0, net->size * sizeof *w);
        fix_signs(f);
        for (size_t r = 0; r < rank; r++) {
            double root = pow(f->s[r], 1 / (double)N);
            for (size_t c = 0; c < d; c++) W1[r * d + c] = root * f->Vt[r * d + c];
            for (size_t j = 2; j < N; j++)
                w[lnn_network_offset(net, j) + r * net->d[j - 1] + r] = root;
            for (size_t i = 0; i < k; i++)
                WN[i * net->d[N - 1] + r] = root * f->U[i * f->q + r];
        }
    }
    free(f);
    return status;
}

/* C (m x n) = A B with B's strides given; in a fixed order of summation, which BLAS
 * does not promise, so that a seed gives the same rotated start on every machine. */
static void multiply(size_t m, size_t n, size_t l, const double A[], const double B[],
                     size_t row_stride, size_t column_stride, double C[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t c = 0; c < n; c++) {
            double sum = 0;
            for (size_t j = 0; j < l; j++)
                sum += A[i * l + j] * B[j * row_stride + c * column_stride];
            C[i * n + c] = sum;
        }
}

int lnn_rotated_start(const struct lnn_network *net, unsigned long seed, double w[])
{
    size_t side = 0;
    for (size_t j = 0; j <= net->N; j++) side = net->d[j] > side ? net->d[j] : side;
    double *O = malloc(2 * side * side * sizeof *O), *copy = O ? O + side * side : NULL;
    if (!O) return lnn_fail(GSL_ENOMEM, "out of memory for rotating the start");
    int status = GSL_SUCCESS;
    for (size_t j = 1; j < net->N && status == GSL_SUCCESS; j++) {
        char purpose[48];
        snprintf(purpose, sizeof purpose, "init.rotate.%zu", j);
        gsl_rng *rng = lnn_rng_open(seed, purpose);
        if (!rng) {
            status = GSL_ENOMEM;
            break;
        }
        size_t h = net->d[j], below = net->d[j - 1], above = net->d[j + 1];
        double *Wj = w + lnn_network_offset(net, j);
        double *Wnext = w + lnn_network_offset(net, j + 1);
        lnn_rng_orthonormal(rng, h, h, O);
        memcpy(copy, Wj, h * below * sizeof *copy);
        multiply(h, below, h, O, copy, below, 1, Wj);
        memcpy(copy, Wnext, above * h * sizeof *copy);
        multiply(above, h, h, copy, O, 1, h, Wnext); /* O transposed */
        gsl_rng_free(rng);
    }
    free(O);
    return status;
}
