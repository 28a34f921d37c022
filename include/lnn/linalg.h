/* Dense row-major linear algebra on plain arrays: BLAS and LAPACK behind a few names.
 * Nothing here allocates but the *_alloc functions. Outputs may not overlap inputs. */
#ifndef LNN_LINALG_H
#define LNN_LINALG_H

#include <stdbool.h>
#include <stddef.h>

struct lnn_matrix { /* at == NULL: absent */
    size_t rows, cols;
    double *at; /* row-major, owned by whoever holds the struct */
};

/* C (m x n) = alpha op(A) op(B) + beta C; op transposes when its flag is set; the inner
 * size is l. A is m x l (or l x m when ta), B is l x n (or n x l when tb). */
void lnn_gemm(bool ta, bool tb, size_t m, size_t n, size_t l, double alpha,
              const double A[], const double B[], double beta, double C[]);

double lnn_dot(size_t n, const double x[], const double y[]);
double lnn_norm(size_t n, const double x[]); /* Euclidean = Frobenius; no overflow */
double lnn_distance(size_t n, const double x[], const double y[]); /* ||x - y|| */
void lnn_axpy(size_t n, double a, const double x[], double y[]);   /* y += a x */
bool lnn_finite(size_t n, const double x[]);

/* Thin singular value decomposition A = U diag(s) V^T with q = min(m, n): U is m x q, s
 * descending, Vt is q x n. The arrays belong to the struct; LAPACK dgesdd, falling back
 * to dgesvd. */
struct lnn_svd {
    size_t m, n, q;
    double *U, *s, *Vt;
    double *copy, *work;
    int *iwork, lwork;
};
struct lnn_svd *lnn_svd_alloc(size_t m, size_t n); /* one block; free(3) releases it */
int lnn_svd(struct lnn_svd *f,
            const double A[]); /* GSL_EFAILED: not finite, no convergence */

/* Upper triangular (or trapezoidal) R of A = QR (m x n, A is overwritten): R is
 * min(m,n) x n; and B (l x m) <- B Q's first min(m,n) columns, l x min(m,n). */
int lnn_qr(size_t m, size_t n, double A[], double R[], size_t l, const double B[],
           double BQ[]);

/* Eigenvalues (ascending) and, if V is not NULL, eigenvectors (columns of V) of a
 * symmetric n x n matrix. Allocates; not for right-hand sides. */
int lnn_eig_symmetric(size_t n, const double A[], double values[], double V[]);

/* ||A A^T - B^T B||_F for A n x a and B b x n: work is n x n doubles. */
double lnn_gram_gap(size_t n, size_t a, const double A[], size_t b, const double B[],
                    double work[]);

#endif
