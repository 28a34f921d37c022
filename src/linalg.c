/* Dense row-major linear algebra: BLAS and LAPACK behind a few names. */
#include "lnn/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cblas.h>
#include <lapacke.h>
#include "lnn/err.h"

/* y = alpha op(A) x + beta y, A rows x cols as stored. */
static void gemv(bool transposed, size_t rows, size_t cols, double alpha,
                 const double A[], const double x[], double beta, double y[])
{
    if (beta == 0) memset(y, 0, (transposed ? cols : rows) * sizeof *y);
    cblas_dgemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, (int)rows,
                (int)cols, alpha, A, (int)cols, x, 1, beta == 0 ? 1 : beta, y, 1);
}

/* C (m x n) = alpha a b^T + beta C */
static void outer(size_t m, size_t n, double alpha, const double a[], const double b[],
                  double beta, double C[])
{
    for (size_t i = 0; i < m; i++, C += n) {
        double x = alpha * a[i];
        for (size_t j = 0; j < n; j++) C[j] = x * b[j] + (beta == 0 ? 0 : beta * C[j]);
    }
}

/* Products with vectors do not need the packing of products of matrices: BLAS's own
 * dgemm takes two to three times as long for them. */
void lnn_gemm(bool ta, bool tb, size_t m, size_t n, size_t l, double alpha,
              const double A[], const double B[], double beta, double C[])
{
    if (m == 1 && n == 1) { /* rounded twice, as a difference of equals must be 0 */
        C[0] = alpha * lnn_dot(l, A, B) + (beta == 0 ? 0 : beta * C[0]);
        return;
    }
    if (n == 1 && m > 0) {
        gemv(ta, ta ? l : m, ta ? m : l, alpha, A, B, beta, C);
        return;
    }
    if (m == 1) {
        gemv(!tb, tb ? n : l, tb ? l : n, alpha, B, A, beta, C);
        return;
    }
    if (l == 1) {
        outer(m, n, alpha, A, B, beta, C);
        return;
    }
    cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
                tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)l, alpha, A,
                (int)(ta ? m : l), B, (int)(tb ? l : n), beta, C, (int)n);
}

double lnn_dot(size_t n, const double x[], const double y[])
{
    return cblas_ddot((int)n, x, 1, y, 1);
}

double lnn_norm(size_t n, const double x[])
{
    return cblas_dnrm2((int)n, x, 1);
}

double lnn_distance(size_t n, const double x[], const double y[])
{
    double scale = 0;
    for (size_t i = 0; i < n; i++) {
        double gap = fabs(x[i] - y[i]);
        if (isnan(gap)) return gap; /* a maximum would drop it */
        if (gap > scale) scale = gap;
    }
    if (!(scale > 0) || isinf(scale)) return scale;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double gap = (x[i] - y[i]) / scale;
        sum += gap * gap;
    }
    return scale * sqrt(sum);
}

void lnn_axpy(size_t n, double a, const double x[], double y[])
{
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

bool lnn_finite(size_t n, const double x[])
{
    double sum = 0; /* x - x is 0 for finite x and NaN otherwise; no branch per entry */
    for (size_t i = 0; i < n; i++) sum += x[i] - x[i];
    return sum == 0;
}

/* LAPACK sees a row-major m x n matrix as column-major n x m, its transpose: the roles
 * of U and Vt swap and no transposition is needed. */
static int svd_work_size(size_t m, size_t n, size_t q)
{
    double gesdd = 0, gesvd = 0, a = 0;
    int i = 0;
    LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', (int)n, (int)m, &a, (int)n, &a, &a,
                        (int)n, &a, (int)q, &gesdd, -1, &i);
    LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, 'S', 'S', (int)n, (int)m, &a, (int)n, &a, &a,
                        (int)n, &a, (int)q, &gesvd, -1);
    return (int)(gesdd > gesvd ? gesdd : gesvd);
}

struct lnn_svd *lnn_svd_alloc(size_t m, size_t n)
{
    size_t q = m < n ? m : n;
    int lwork = svd_work_size(m, n, q);
    size_t doubles = m * q + q + q * n + m * n + (size_t)lwork;
    struct lnn_svd *f =
        malloc(sizeof *f + doubles * sizeof(double) + 8 * q * sizeof(int));
    if (!f) return NULL;
    *f = (struct lnn_svd){.m = m, .n = n, .q = q, .lwork = lwork};
    f->U = (double *)(f + 1);
    f->s = f->U + m * q;
    f->Vt = f->s + q;
    f->copy = f->Vt + q * n;
    f->work = f->copy + m * n;
    f->iwork = (int *)(f->work + lwork);
    return f;
}

int lnn_svd(struct lnn_svd *f, const double A[])
{
    if (!lnn_finite(f->m * f->n, A))
        return lnn_fail(GSL_EFAILED, "singular values of a matrix that is not finite");
    int m = (int)f->m, n = (int)f->n, q = (int)f->q;
    memcpy(f->copy, A, f->m * f->n * sizeof *A);
    int info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', n, m, f->copy, n, f->s, f->Vt,
                                   n, f->U, q, f->work, f->lwork, f->iwork);
    if (info != 0) { /* divide and conquer can fail where QR iteration does not */
        memcpy(f->copy, A, f->m * f->n * sizeof *A);
        info = LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, 'S', 'S', n, m, f->copy, n, f->s,
                                   f->Vt, n, f->U, q, f->work, f->lwork);
    }
    if (info != 0) return lnn_fail(GSL_EFAILED, "the singular values did not converge");
    return GSL_SUCCESS;
}

int lnn_qr(size_t m, size_t n, double A[], double R[], size_t l, const double B[],
           double BQ[])
{
    size_t q = m < n ? m : n;
    double *tau = malloc((q + l * m) * sizeof *tau);
    if (!tau) return lnn_fail(GSL_ENOMEM, "out of memory for a QR factorisation");
    double *copy = tau + q;
    int info = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, (int)m, (int)n, A, (int)n, tau);
    if (info == 0 && l > 0) {
        memcpy(copy, B, l * m * sizeof *B);
        info = LAPACKE_dormqr(LAPACK_ROW_MAJOR, 'R', 'N', (int)l, (int)m, (int)q, A,
                              (int)n, tau, copy, (int)m);
    }
    if (info != 0) {
        free(tau);
        return lnn_fail(GSL_EFAILED, "QR factorisation failed (LAPACK: %d)", info);
    }
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < n; j++) R[i * n + j] = j < i ? 0 : A[i * n + j];
    for (size_t i = 0; i < l; i++) memcpy(BQ + i * q, copy + i * m, q * sizeof *BQ);
    free(tau);
    return GSL_SUCCESS;
}

int lnn_eig_symmetric(size_t n, const double A[], double values[], double V[])
{
    if (!lnn_finite(n * n, A))
        return lnn_fail(GSL_EFAILED, "eigenvalues of a matrix that is not finite");
    double *copy = malloc(n * n * sizeof *copy);
    if (!copy) return lnn_fail(GSL_ENOMEM, "out of memory for eigenvalues");
    memcpy(copy, A, n * n * sizeof *copy);
    int info = LAPACKE_dsyev(LAPACK_ROW_MAJOR, V ? 'V' : 'N', 'U', (int)n, copy, (int)n,
                             values);
    if (V) memcpy(V, copy, n * n * sizeof *copy);
    free(copy);
    if (info != 0) return lnn_fail(GSL_EFAILED, "the eigenvalues did not converge");
    return GSL_SUCCESS;
}

double lnn_gram_gap(size_t n, size_t a, const double A[], size_t b, const double B[],
                    double work[])
{
    lnn_gemm(true, false, n, n, b, 1, B, B, 0, work);
    lnn_gemm(false, true, n, n, a, -1, A, A, 1, work);
    return lnn_norm(n * n, work);
}
