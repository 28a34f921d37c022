/* Closed forms of whole matrices. */
#include "lnn_test_flow.h"

#include "lnn/closed_form.h"

TestSuite(closed_form_matrix, .init = lnn_test_setup);

static const double Phi[] = {1, 0.5, -0.25, 0, -1, 0.75}; /* 2 x 3 */

/* The product of two balanced layers with the singular values and vectors of W0. */
static void split(size_t k, size_t d, const double W0[], double W1[], double W2[])
{
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    LNN_OK(lnn_svd(f, W0));
    for (size_t r = 0; r < f->q; r++) {
        for (size_t j = 0; j < d; j++) W1[r * d + j] = sqrt(f->s[r]) * f->Vt[r * d + j];
        for (size_t i = 0; i < k; i++)
            W2[i * f->q + r] = sqrt(f->s[r]) * f->U[i * f->q + r];
    }
    free(f);
}

Test(closed_form_matrix, planar_is_the_two_layer_form_of_one_output)
{
    static const double target[] = {3, 4, 0}, w0[] = {-0.02, 0.01, 0.03};
    double W1[3], W2[1], w[3], W[3];
    struct lnn_closed_form *form = NULL;
    split(1, 3, w0, W1, W2);
    LNN_OK(lnn_closed_two_layer(1, 1, 3, target, 0, W1, W2, &form));
    for (double t = 0; t < 3; t += 0.3) {
        lnn_planar(3, target, w0, t, w);
        LNN_OK(form->at(form, t, W));
        cr_assert(lnn_test_gap(3, w, W) <= 1e-12);
    }
    free(form);
}

Test(closed_form_matrix, riccati_of_a_symmetric_factorisation)
{
    /* U' = (Y - U U^T) U: X = 2 U U^T solves the Riccati equation */
    static const double Y[] = {1, 0.3, 0.3, -0.5},
                        U0[] = {0.1, 0.2, 0, -0.05, 0.1, 0.3};
    double Q0[6], Q[4];
    struct lnn_riccati *riccati = NULL;
    for (size_t i = 0; i < 6; i++) Q0[i] = M_SQRT2 * U0[i];
    LNN_OK(lnn_riccati_alloc(2, 3, Y, Q0, &riccati)); /* three columns reduced to two */
    cr_assert(riccati->h == 2);
    LNN_OK(lnn_riccati_at(riccati, 1.7, Q));
    LNN_CLOSE((Q[0] * Q[0] + Q[1] * Q[1]) / 2, 0.681465158559, 1e-12);
    LNN_CLOSE((Q[0] * Q[2] + Q[1] * Q[3]) / 2, 0.145658541753, 1e-12);
    LNN_CLOSE((Q[2] * Q[2] + Q[3] * Q[3]) / 2, 0.042983650698, 1e-12);
    free(riccati);
}

/* X' = F X + X F - X^2, 4 x 4, params F. */
static int riccati_rhs(double t, const double X[], double dX[], void *params)
{
    const double *F = params;
    (void)t;
    for (size_t i = 0; i < 16; i++) dX[i] = 0;
    lnn_test_multiply(4, 4, 4, X, X, dX);
    for (size_t i = 0; i < 16; i++) dX[i] = -dX[i];
    lnn_test_multiply(4, 4, 4, F, X, dX);
    lnn_test_multiply(4, 4, 4, X, F, dX);
    return GSL_SUCCESS;
}

Test(closed_form_matrix, riccati_agrees_with_integration)
{
    gsl_rng *rng = lnn_rng_open(3, "test.riccati");
    for (int trial = 0; trial < 5; trial++) {
        double F[16], Q0[8], Q[8], X[16] = {0}, T[16] = {0}, Qt[8];
        lnn_rng_normals(rng, 1, 16, F);
        lnn_rng_normals(rng, trial == 4 ? 20 : 0.5, 8, Q0);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < i; j++) F[i * 4 + j] = F[j * 4 + i];
        for (size_t i = 0; i < 16 && trial == 3; i++) F[i] = 0;
        for (size_t i = 0; i < 8; i++) Qt[(i % 2) * 4 + i / 2] = Q0[i];
        lnn_test_multiply(4, 4, 2, Q0, Qt, X);
        LNN_OK(lnn_test_integrate(riccati_rhs, F, 16, 0, 1.3, 1e-13, 1e-14, X));
        struct lnn_riccati *riccati = NULL;
        LNN_OK(lnn_riccati_alloc(4, 2, F, Q0, &riccati));
        LNN_OK(lnn_riccati_at(riccati, 1.3, Q));
        for (size_t i = 0; i < 8; i++) Qt[(i % 2) * 4 + i / 2] = Q[i];
        lnn_test_multiply(4, 4, 2, Q, Qt, T);
        cr_assert(lnn_test_gap(16, X, T) <= 1e-11, "%g", lnn_test_gap(16, X, T));
        free(riccati);
    }
    gsl_rng_free(rng);
}

Test(closed_form_matrix, two_layers_oracles)
{
    static const double A0[] = {0.3, -0.2, 0.1, 0.05, 0.4, -0.15}, t[] = {1, 3, 10};
    static const double expected[][6] = {
        {0.76424976902499738, 0.13437856102106475, -0.040437116690004714,
         0.018703059883164078, 0.039518050444601919, 0.0097024884563235427},
        {0.87685903519752417, 0.6653594942420884, -0.37585223924041814,
         -0.42272217989483363, -0.40685375788366795, 0.31315731080551493},
        {0.99990810861835658, 0.50040367308373512, -0.24948378073160551,
         -7.8287157338344615e-5, -0.9996560655870653, 0.75043982997549686}};
    double W1[6], W2[4], W[6];
    struct lnn_closed_form *form = NULL;
    split(2, 3, A0, W1, W2);
    LNN_OK(lnn_closed_two_layer(2, 2, 3, Phi, 0, W1, W2, &form));
    for (size_t i = 0; i < 3; i++) {
        LNN_OK(form->at(form, t[i], W));
        cr_assert(lnn_test_gap(6, W, expected[i]) <= 1e-14, "%zu %g", i,
                  lnn_test_gap(6, W, expected[i]));
    }
    free(form);
}

Test(closed_form_matrix, two_layers_over_long_times)
{
    /* the formula in one piece is off by 0.49 at t = 10 and singular at t = 20 */
    static const double S[] = {3, 0, 0, 0.5}, W0[] = {1e-3, 3e-4, -2e-4, 8e-4};
    static const double t5[] = {2.999999999170217, 4.4629570434859986e-7,
                                4.2509092930233302e-7, 0.09766667329973132};
    double W1[4], W2[4], W[4], again[4];
    struct lnn_closed_form *form = NULL;
    split(2, 2, W0, W1, W2);
    LNN_OK(lnn_closed_two_layer(2, 2, 2, S, 0, W1, W2, &form));
    LNN_OK(form->at(form, 40, W));
    cr_assert(lnn_test_gap(4, W, S) <= 1e-13, "%g", lnn_test_gap(4, W, S));
    LNN_OK(form->at(form, 10, again)); /* back in time: from the start again */
    LNN_CLOSE(again[3], 0.48649648260508038, 1e-14);
    LNN_OK(form->at(form, 5, W));
    cr_assert(lnn_test_gap(4, W, t5) <= 1e-14, "%g", lnn_test_gap(4, W, t5));
    LNN_OK(form->at(form, 7.3, W));
    LNN_OK(form->at(form, 10, W)); /* other times on the way leave no trace */
    cr_assert(memcmp(W, again, sizeof W) == 0);
    cr_assert(form->at(form, 1e12, W) == GSL_EMAXITER);
    free(form);
}

Test(closed_form_matrix, aligned_modes_oracle)
{
    static const double U[] = {0.6, -0.8, 0.8, 0.6};
    static const double Vt[] = {2 / 3.0, 2 / 3.0, -1 / 3.0, -1 / 3.0, 2 / 3.0, 2 / 3.0};
    static const double modes[][2] = {{0.8668780543111, 0.0476468296199},
                                      {0.0858698416784, 0.0174931060052}};
    double target[6], W0[6], W[6], expected[6], misalignment = 1;
    for (size_t i = 0; i < 6; i++) {
        double a = U[i / 3 * 2] * Vt[i % 3], b = U[i / 3 * 2 + 1] * Vt[3 + i % 3];
        target[i] = 3 * a + b;
        W0[i] = 0.01 * (a + b);
    }
    for (size_t N = 2; N <= 3; N++) {
        struct lnn_closed_form *form = NULL;
        LNN_OK(lnn_closed_aligned(N, 2, 3, target, W0, &misalignment, &form));
        cr_assert(misalignment < 1e-14);
        LNN_OK(form->at(form, 0.8, W));
        for (size_t i = 0; i < 6; i++)
            expected[i] = modes[N - 2][0] * U[i / 3 * 2] * Vt[i % 3] +
                          modes[N - 2][1] * U[i / 3 * 2 + 1] * Vt[3 + i % 3];
        cr_assert(lnn_test_gap(6, W, expected) <= 1e-12);
        free(form);
    }
}

/* A (k x d) = U diag(x) V^T from orthonormal columns. */
static void compose(size_t k, size_t d, size_t q, const double U[], const double V[],
                    const double x[], double A[])
{
    memset(A, 0, k * d * sizeof *A);
    for (size_t i = 0; i < k; i++)
        for (size_t r = 0; r < q; r++)
            for (size_t j = 0; j < d; j++)
                A[i * d + j] += U[i * q + r] * x[r] * V[j * q + r];
}

Test(closed_form_matrix, aligned_modes_with_repeated_and_vanishing_values)
{
    static const double s[] = {2, 2, 2, 1, 0, 0}, u0[] = {0.5, -0.5, 0.5, 0, 0.3, 0};
    static const size_t shapes[][2] = {{6, 6}, {6, 9}, {8, 6}};
    gsl_rng *rng = lnn_rng_open(1, "test.aligned");
    for (size_t c = 0; c < 3; c++) {
        size_t k = shapes[c][0], d = shapes[c][1];
        double U[48], V[54], target[54], W0[54], W[54], expected[54], u[6],
            misalignment = 1;
        lnn_rng_orthonormal(rng, k, 6, U);
        lnn_rng_orthonormal(rng, d, 6, V);
        compose(k, d, 6, U, V, s, target);
        compose(k, d, 6, U, V, u0, W0);
        for (size_t N = 2; N <= 5; N++) {
            struct lnn_closed_form *form = NULL;
            LNN_OK(lnn_closed_aligned(N, k, d, target, W0, &misalignment, &form));
            cr_assert(misalignment < 1e-13, "%g", misalignment);
            LNN_OK(form->at(form, 12, W)); /* rounding in mode 4 would have grown */
            for (size_t r = 0; r < 6; r++) u[r] = lnn_mode(N, s[r], u0[r], 12);
            compose(k, d, 6, U, V, u, expected);
            cr_assert(lnn_test_gap(k * d, W, expected) <= 1e-12);
            free(form);
        }
    }
    gsl_rng_free(rng);
}

Test(closed_form_matrix, alignment_keeps_clear_of_coincidences)
{
    /* for one of these x, in any one combination, two different modes nearly coincide
     */
    static const double U[] = {0.6, -0.8, 0.8, 0.6}, V[] = {0.28, 0.96, 0.96, -0.28};
    for (double x = -3; x < 3; x += 5e-4) {
        double s[] = {1, 1 + x}, u0[] = {2, 1}, target[4], W0[4], misalignment = 1;
        struct lnn_closed_form *form = NULL;
        compose(2, 2, 2, U, V, s, target);
        compose(2, 2, 2, U, V, u0, W0);
        LNN_OK(lnn_closed_aligned(3, 2, 2, target, W0, &misalignment, &form));
        cr_assert(misalignment < 3e-14, "%g at x = %g", misalignment, x);
        free(form);
    }
}

Test(closed_form_matrix, misalignment_is_seen)
{
    static const double A0[] = {0.3, -0.2, 0.1, 0.05, 0.4, -0.15};
    static const double left[] = {1, 0, 0, 0, 0, 0}, right[] = {0, 1, 0, 0, 0, 0};
    double misalignment = 0;
    struct lnn_closed_form *form = NULL;
    LNN_OK(lnn_closed_aligned(3, 2, 3, Phi, A0, &misalignment, &form));
    cr_assert(misalignment > 0.1);
    free(form);
    LNN_OK(lnn_closed_aligned(3, 2, 3, left, right, &misalignment,
                              &form)); /* W Phi^T = 0 */
    cr_assert(misalignment > 0.1);
    free(form);
}

Test(closed_form_matrix, balance_defect)
{
    static const size_t widths[] = {2, 1, 3};
    static const double w[] = {3, 4, 0, 5, 12}; /* |W_1|^2 = 25, |W_2|^2 = 169 */
    double defect = 0;
    LNN_OK(lnn_closed_balance(2, widths, w, 0, &defect));
    LNN_CLOSE(defect, 144.0 / 194, 1e-15);
    LNN_OK(lnn_closed_balance(2, widths, w, 144, &defect));
    LNN_CLOSE(defect, 0, 1e-15);
    LNN_OK(lnn_closed_balance(1, widths, w, 0, &defect));
    LNN_CLOSE(defect, 0, 0);
}

Test(closed_form_matrix, one_layer_tends_to_the_minimiser_along_the_data)
{
    /* rank 1: R = (3, 4)/5 * 2, B = 6: what is orthogonal to R stays */
    static const double R[] = {1.2, 1.6}, B[] = {6}, W0[] = {1, -1};
    double W[2], along = (1 * 3 - 1 * 4) / 5.0, across = (1 * 4 + 1 * 3) / 5.0;
    struct lnn_closed_form *form = NULL;
    LNN_OK(lnn_closed_linear(1, 2, 1, R, B, W0, &form));
    for (double t = 0; t < 2; t += 0.25) { /* along' = -4 along + 12 */
        double x = 3 + (along - 3) * exp(-4 * t);
        LNN_OK(form->at(form, t, W));
        LNN_CLOSE(W[0], 0.6 * x + 0.8 * across, 1e-14);
        LNN_CLOSE(W[1], 0.8 * x - 0.6 * across, 1e-14);
    }
    free(form);
}
