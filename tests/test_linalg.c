/* Dense linear algebra against plain loops and defining properties. */
#include "naive.h"

TestSuite(linalg, .init = lnn_test_setup);

static const size_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1},  {2, 3},   {3, 2},
                                   {4, 4}, {7, 3}, {3, 17}, {40, 25}, {25, 40}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* --- products --------------------------------------------------------------------- */

static void check_gemm(bool ta, bool tb, size_t m, size_t n, size_t l)
{
    double *A = naive_random(m * l, 1), *B = naive_random(l * n, 2);
    double *C = naive_random(m * n, 3), *want = naive_new(m * n);
    double *opA = naive_new(m * l), *opB = naive_new(l * n);
    ta ? naive_transpose(l, m, A, opA) : (void)memcpy(opA, A, m * l * sizeof *A);
    tb ? naive_transpose(n, l, B, opB) : (void)memcpy(opB, B, l * n * sizeof *B);
    naive_multiply(m, n, l, opA, opB, want);
    for (size_t i = 0; i < m * n; i++) want[i] = -1.5 * want[i] + 0.25 * C[i];
    lnn_gemm(ta, tb, m, n, l, -1.5, A, B, 0.25, C);
    LNN_CLOSE(lnn_test_gap(m * n, C, want), 0, 1e-14 * (double)(l + 1));
    free(A);
    free(B);
    free(C);
    free(want);
    free(opA);
    free(opB);
}

Test(linalg, gemm_is_the_product_of_plain_loops)
{
    static const size_t sizes[][3] = {{1, 1, 1}, {2, 3, 4}, {4, 1, 3},    {1, 5, 2},
                                      {3, 4, 1}, {5, 5, 5}, {33, 17, 29}, {2, 70, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int op = 0; op < 4; op++)
            check_gemm(op & 1, op & 2, sizes[i][0], sizes[i][1], sizes[i][2]);
}

/* beta = 0 means that C is not read: it may hold anything before. */
Test(linalg, gemm_overwrites_what_is_not_finite)
{
    static const size_t sizes[][3] = {
        {1, 1, 1}, {1, 4, 3}, {4, 1, 3}, {3, 4, 1}, {20, 30, 9}};
    for (size_t i = 0; i < 5; i++) {
        size_t m = sizes[i][0], n = sizes[i][1], l = sizes[i][2];
        double *A = naive_random(m * l, 1), *B = naive_random(l * n, 2);
        double *C = naive_new(m * n), *want = naive_new(m * n);
        for (size_t c = 0; c < m * n; c++) C[c] = c % 2 == 0 ? NAN : INFINITY;
        lnn_gemm(false, false, m, n, l, 1, A, B, 0, C);
        naive_multiply(m, n, l, A, B, want);
        LNN_CLOSE(lnn_test_gap(m * n, C, want), 0, 1e-14);
        for (size_t c = 0; c < m * n; c++) cr_assert(isfinite(C[c]));
        free(A);
        free(B);
        free(C);
        free(want);
    }
}

/* --- vectors ---------------------------------------------------------------------- */

Test(linalg, dot_norm_axpy)
{
    static const double x[3] = {2, -3, 6}, z[3] = {1, 1, 0.5};
    double y[3] = {1, 0, -1};
    cr_assert_eq(lnn_dot(3, x, y), -4);
    LNN_CLOSE(lnn_norm(3, x), 7, 1e-15);
    LNN_CLOSE(lnn_distance(3, x, z), sqrt(1 + 16 + 5.5 * 5.5), 1e-15);
    lnn_axpy(3, -0.5, x, y);
    cr_assert(y[0] == 0 && y[1] == 1.5 && y[2] == -4);
}

Test(linalg, norm_and_distance_neither_overflow_nor_underflow)
{
    static const double large[2] = {3e200, 4e200}, small[2] = {3e-200, 4e-200};
    static const double other[2] = {-3e200, -4e200}, zero[2] = {0, 0};
    LNN_CLOSE(lnn_norm(2, large) / 5e200, 1, 4e-16);
    LNN_CLOSE(lnn_norm(2, small) / 5e-200, 1, 4e-16);
    LNN_CLOSE(lnn_distance(2, large, other) / 1e201, 1, 4e-16);
    LNN_CLOSE(lnn_distance(2, small, zero) / 5e-200, 1, 4e-16);
    cr_assert_eq(lnn_distance(2, large, large), 0);
}

Test(linalg, distance_keeps_what_is_not_finite_wherever_it_stands)
{
    static const double zero[4] = {0};
    for (int at = 0; at < 4; at++) {
        double x[4] = {0}, y[4] = {1, 2, 3, 4};
        x[at] = NAN;
        cr_assert(isnan(lnn_distance(4, x, zero)), "NaN at %d is lost", at);
        y[at] = NAN;
        cr_assert(isnan(lnn_distance(4, y, zero)), "NaN at %d is lost", at);
        y[at] = -INFINITY;
        cr_assert_eq(lnn_distance(4, y, zero), INFINITY);
        cr_assert(isnan(lnn_distance(4, y, y)), "inf - inf at %d is lost", at);
    }
}

Test(linalg, finite_sees_every_entry)
{
    double x[9];
    for (int at = 0; at < 9; at++) {
        static const double wrong[3] = {NAN, INFINITY, -INFINITY};
        for (int i = 0; i < 9; i++) x[i] = i % 2 == 0 ? 1.7e308 : -5e-324;
        cr_assert(lnn_finite(9, x));
        for (int i = 0; i < 3; i++) {
            x[at] = wrong[i];
            cr_assert_not(lnn_finite(9, x));
        }
    }
    cr_assert(lnn_finite(0, x));
}

/* --- factorisations --------------------------------------------------------------- */

static double orthonormal_defect(size_t m, size_t n, const double Q[])
{
    double *T = naive_new(m * n), *gram = naive_new(n * n), worst = 0;
    naive_transpose(m, n, Q, T);
    naive_multiply(n, n, m, T, Q, gram);
    for (size_t i = 0; i < n * n; i++)
        worst = fmax(worst, fabs(gram[i] - (i % (n + 1) == 0)));
    free(T);
    free(gram);
    return worst;
}

static void check_svd(size_t m, size_t n, const double A[], double tol)
{
    size_t q = m < n ? m : n;
    struct lnn_svd *f = lnn_svd_alloc(m, n);
    double *US = naive_new(m * q), *B = naive_new(m * n), *V = naive_new(n * q);
    cr_assert_not_null(f);
    cr_assert(f->m == m && f->n == n && f->q == q);
    LNN_OK(lnn_svd(f, A));
    for (size_t r = 0; r < q; r++) {
        cr_assert_geq(f->s[r], 0);
        if (r > 0) cr_assert_leq(f->s[r], f->s[r - 1]);
        for (size_t i = 0; i < m; i++) US[i * q + r] = f->U[i * q + r] * f->s[r];
    }
    naive_multiply(m, n, q, US, f->Vt, B);
    LNN_CLOSE(lnn_test_gap(m * n, A, B), 0, tol);
    naive_transpose(q, n, f->Vt, V);
    LNN_CLOSE(orthonormal_defect(m, q, f->U), 0, 1e-14);
    LNN_CLOSE(orthonormal_defect(n, q, V), 0, 1e-14);
    free(f);
    free(US);
    free(B);
    free(V);
}

Test(linalg, svd_of_every_shape_is_orthonormal_and_gives_the_matrix_back)
{
    for (size_t i = 0; i < SHAPES; i++) {
        size_t m = shapes[i][0], n = shapes[i][1];
        double *A = naive_random(m * n, i), *u = naive_random(m, 1),
               *v = naive_random(n, 2);
        check_svd(m, n, A, 2e-14);
        naive_multiply(m, n, 1, u, v, A); /* rank 1 */
        check_svd(m, n, A, 2e-14);
        memset(A, 0, m * n * sizeof *A);
        check_svd(m, n, A, 0);
        free(A);
        free(u);
        free(v);
    }
}

Test(linalg, svd_of_the_standard_matrix)
{
    static const double A0[6] = {0.3, -0.2, 0.1, 0.05, 0.4, -0.15};
    static const double s[2] = {0.49558435275235774, 0.28177322319025755};
    double T[6];
    struct lnn_svd *wide = lnn_svd_alloc(2, 3), *tall = lnn_svd_alloc(3, 2);
    naive_transpose(2, 3, A0, T);
    LNN_OK(lnn_svd(wide, A0));
    LNN_OK(lnn_svd(tall, T));
    for (int r = 0; r < 2; r++) {
        LNN_CLOSE(wide->s[r], s[r], 2e-16);
        LNN_CLOSE(tall->s[r], s[r], 2e-16);
    }
    free(wide);
    free(tall);
}

Test(linalg, svd_refuses_what_is_not_finite_and_serves_again)
{
    double A[6] = {1, 2, 3, 4, 5, NAN};
    struct lnn_svd *f = lnn_svd_alloc(2, 3);
    lnn_error_clear();
    cr_assert_eq(lnn_svd(f, A), GSL_EFAILED);
    cr_assert_not_null(strstr(lnn_error(), "not finite"));
    A[5] = INFINITY;
    cr_assert_eq(lnn_svd(f, A), GSL_EFAILED);
    A[5] = 6;
    LNN_OK(lnn_svd(f, A));
    LNN_CLOSE(f->s[0] * f->s[0] + f->s[1] * f->s[1], 91, 1e-13);
    free(f);
}

/* A^T A = R^T R, R upper triangular, and B A = (B Q) R: what data.h needs of it. */
static void check_qr(size_t m, size_t n)
{
    size_t q = m < n ? m : n, l = 3;
    double *A = naive_random(m * n, m), *copy = naive_random(m * n, m),
           *T = naive_new(m * n);
    double *R = naive_new(q * n), *RT = naive_new(q * n), *gram = naive_new(n * n);
    double *want = naive_new(n * n), *B = naive_random(l * m, 9),
           *BQ = naive_new(l * q);
    double *BA = naive_new(l * n), *BQR = naive_new(l * n);
    LNN_OK(lnn_qr(m, n, A, R, l, B, BQ));
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < i; j++) cr_assert_eq(R[i * n + j], 0);
    naive_transpose(m, n, copy, T);
    naive_transpose(q, n, R, RT);
    naive_multiply(n, n, m, T, copy, want);
    naive_multiply(n, n, q, RT, R, gram);
    LNN_CLOSE(lnn_test_gap(n * n, gram, want), 0, 1e-13);
    naive_multiply(l, n, m, B, copy, BA);
    naive_multiply(l, n, q, BQ, R, BQR);
    LNN_CLOSE(lnn_test_gap(l * n, BA, BQR), 0, 1e-13);
    double *all[] = {A, copy, T, R, RT, gram, want, B, BQ, BA, BQR};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}

Test(linalg, qr_keeps_the_gram_matrix_and_the_products)
{
    for (size_t i = 0; i < SHAPES; i++) check_qr(shapes[i][0], shapes[i][1]);
}

Test(linalg, qr_without_right_hand_sides)
{
    double A[4] = {3, 1, 4, 2}, R[4];
    LNN_OK(lnn_qr(2, 2, A, R, 0, NULL, NULL));
    LNN_CLOSE(fabs(R[0]), 5, 1e-14);
    LNN_CLOSE(fabs(R[0] * R[3]), 2, 1e-14);
}

Test(linalg, symmetric_eigenvalues_ascend_and_rebuild_the_matrix)
{
    for (size_t n = 1; n <= 12; n++) {
        double *A = naive_random(n * n, n), *V = naive_new(n * n),
               *T = naive_new(n * n);
        double *B = naive_new(n * n), values[12], alone[12];
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) A[j * n + i] = A[i * n + j];
        LNN_OK(lnn_eig_symmetric(n, A, values, V));
        LNN_OK(lnn_eig_symmetric(n, A, alone, NULL));
        LNN_CLOSE(lnn_test_gap(n, values, alone), 0, 1e-14);
        LNN_CLOSE(orthonormal_defect(n, n, V), 0, 1e-14);
        for (size_t c = 1; c < n; c++) cr_assert_geq(values[c], values[c - 1]);
        for (size_t i = 0; i < n * n; i++) T[i % n * n + i / n] = V[i] * values[i % n];
        naive_multiply(n, n, n, V, T, B); /* V diag V^T */
        LNN_CLOSE(lnn_test_gap(n * n, A, B), 0, 1e-14);
        free(A);
        free(V);
        free(T);
        free(B);
    }
    double wrong[4] = {1, NAN, NAN, 1}, values[2];
    cr_assert_eq(lnn_eig_symmetric(2, wrong, values, NULL), GSL_EFAILED);
}

Test(linalg, gram_gap_of_plain_loops)
{
    size_t n = 3, a = 4, b = 2;
    double *A = naive_random(n * a, 1), *B = naive_random(b * n, 2), AT[12], BT[6];
    double AAT[9], BTB[9], work[9];
    naive_transpose(n, a, A, AT);
    naive_transpose(b, n, B, BT);
    naive_multiply(n, n, a, A, AT, AAT);
    naive_multiply(n, n, b, BT, B, BTB);
    for (int i = 0; i < 9; i++) AAT[i] -= BTB[i];
    LNN_CLOSE(lnn_gram_gap(n, a, A, b, B, work), naive_norm(9, AAT), 1e-14);
    cr_assert_leq(lnn_gram_gap(n, a, A, a, AT, work), 1e-15);
    free(A);
    free(B);
}
