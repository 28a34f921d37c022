/* Lanczos against dense eigenvalues of the same matrix, and what it does not prove. */
#include "naive_hessian.h"
#include "lnn/rng.h"
#include "test_convergence.h"
#include "theorem_hessian.h"

TestSuite(theorem_lanczos, .init = lnn_test_setup, .timeout = 120);

struct matrix {
    size_t n;
    double *A;
};

static void times(void *params, const double v[], double Av[])
{
    const struct matrix *m = params;
    naive_multiply(m->n, 1, m->n, m->A, v, Av);
}

/* Q diag(values) Q^T with a Haar Q. */
static struct matrix with_spectrum(size_t n, const double values[], unsigned long seed)
{
    double *Q = naive_new(n * n);
    gsl_rng *rng = lnn_rng_open(seed, "test.lanczos");
    lnn_rng_orthonormal(rng, n, n, Q);
    gsl_rng_free(rng);
    struct matrix m = {n, naive_new(n * n)};
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            for (size_t i = 0; i < n; i++)
                m.A[a * n + b] += Q[a * n + i] * values[i] * Q[b * n + i];
    free(Q);
    return m;
}

/* Spread evenly, as Chebyshev's nodes (hard), or with one value far below. */
static void spectrum_of(int kind, size_t n, double values[])
{
    for (size_t i = 0; i < n; i++) {
        double x = ((double)i + 0.5) / (double)n;
        values[i] = kind == 0 ? 3 * x - 1 : kind == 1 ? -cos(3.14159265358979 * x) : x;
    }
    if (kind == 2) values[0] = -2;
}

Test(theorem_lanczos, never_outside_and_inside_by_less_than_the_gap)
{
    enum { n = 120 };
    double values[n], closest = 0;
    for (int kind = 0; kind < 3; kind++)
        for (size_t steps = 10; steps <= 120; steps += 22) {
            spectrum_of(kind, n, values);
            struct matrix m = with_spectrum(n, values, steps);
            struct lnn_lanczos out;
            LNN_OK(lnn_lanczos(n, times, &m, steps, &out));
            cr_assert(out.low >= values[0] - 1e-13 &&
                      out.high <= values[n - 1] + 1e-13);
            double off = fmax(out.low - values[0], values[n - 1] - out.high);
            cr_assert(off <= out.gap + 1e-13, "%d, %zu: %g %g", kind, steps, off,
                      out.gap);
            if (out.complete) LNN_CLOSE(off, 0, 1e-12);
            if (out.gap > 0) closest = fmax(closest, off / out.gap);
            cr_assert_eq(out.steps, steps);
            free(m.A);
        }
    cr_assert(closest > 1e-6, "%g", closest);
}

/* P(eps) = 1.6 sqrt(n / eps) exp(-2 (k-1) sqrt(eps)) = 1e-9, an end. */
Test(theorem_lanczos, the_gap_is_the_stated_probability)
{
    enum { n = 200 };
    double values[n];
    spectrum_of(1, n, values);
    struct matrix m = with_spectrum(n, values, 1);
    for (size_t k = 40; k <= 120; k += 40) {
        struct lnn_lanczos out;
        LNN_OK(lnn_lanczos(n, times, &m, k, &out));
        double eps = out.gap / (out.high - out.low + 2 * out.gap);
        double P = 1.6 * sqrt(n / eps) * exp(-2 * (double)(k - 1) * sqrt(eps));
        LNN_CLOSE(P / 1e-9, 1, 1e-6);
        LNN_CLOSE(out.failure, 2e-9, 1e-24);
    }
    struct lnn_lanczos few;
    LNN_OK(lnn_lanczos(n, times, &m, 5, &few));
    cr_assert(isinf(few.gap));
    free(m.A);
}

Test(theorem_lanczos, invariant_spaces_are_complete)
{
    enum { n = 30 };
    double values[n], zero[n * n] = {0};
    struct matrix m = {n, zero};
    struct lnn_lanczos out;
    LNN_OK(lnn_lanczos(n, times, &m, 20, &out));
    cr_assert(out.complete && out.steps == 1 && out.low == 0 && out.high == 0);
    for (size_t i = 0; i < n; i++) values[i] = i < 4 ? -2 : i < 9 ? 0.5 : 3;
    m = with_spectrum(n, values, 3);
    LNN_OK(lnn_lanczos(n, times, &m, 20, &out));
    cr_assert(out.complete && out.steps == 3, "%zu", out.steps);
    LNN_CLOSE(out.low, -2, 1e-13);
    LNN_CLOSE(out.high, 3, 1e-13);
    cr_assert_eq(out.gap, 0);
    free(m.A);
    double one = 7;
    m = (struct matrix){1, &one};
    LNN_OK(lnn_lanczos(1, times, &m, 20, &out));
    cr_assert(out.complete && out.low == 7 && out.high == 7);
}

/* An eigenvector orthogonal to the start is not seen until rounding brings it in: that
 * is what has but a small probability. */
Test(theorem_lanczos, a_ritz_value_proves_nothing_from_below)
{
    enum { n = 40 };
    double b[n], v[n], D[n], A[n * n];
    gsl_rng *rng = lnn_rng_open(0, "theorem.lanczos");
    lnn_rng_normals(rng, 1, n, b);
    lnn_rng_normals(rng, 1, n, v);
    gsl_rng_free(rng);
    double along = naive_dot(n, v, b) / naive_dot(n, b, b);
    for (size_t i = 0; i < n; i++) v[i] -= along * b[i];
    double length = naive_norm(n, v), mean = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] /= length;
        D[i] = (double)i / n;
        mean += D[i] * v[i] * v[i];
    }
    /* (I - v v^T) D (I - v v^T) - 2 v v^T */
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            A[i * n + k] = (i == k ? D[i] : 0) - (D[i] + D[k] - mean + 2) * v[i] * v[k];
    struct matrix m = {n, A};
    struct lnn_lanczos out;
    LNN_OK(lnn_lanczos(n, times, &m, 8, &out));
    cr_assert(out.low > -0.1 && isinf(out.gap), "%g %g", out.low, out.gap);
    LNN_OK(lnn_lanczos(n, times, &m, n, &out));
    LNN_CLOSE(out.low, -2, 1e-9);
}

/* The same Hessian: 300 weights dense and by Lanczos, 704 by an assembled matrix. */
static void same_hessian(const char *yaml)
{
    struct judged v = evidence_of(yaml, NULL);
    struct lnn_hessian *s;
    struct lnn_lanczos out;
    LNN_OK(lnn_hessian_open(&v.r->net, v.e->objective, 0, &s));
    LNN_OK(lnn_hessian_at(s, v.r->w));
    LNN_OK(lnn_hessian_extremes(s, &out));
    size_t n = s->n;
    double *H = naive_new(n * n), *e = naive_new(n), *values = naive_new(n);
    for (size_t i = 0; i < n; i++) {
        e[i] = 1;
        lnn_hessian_apply(s, e, H + i * n);
        e[i] = 0;
    }
    LNN_OK(lnn_eig_symmetric(n, H, values, NULL));
    cr_assert_eq(s->H == NULL, n > LNN_HESSIAN_DENSE);
    if (s->H) {
        LNN_OK(lnn_hessian_spectrum(s));
        LNN_CLOSE(s->values[0], values[0], 0);
        LNN_CLOSE(s->values[n - 1], values[n - 1], 0);
    } else {
        cr_assert_eq(lnn_hessian_spectrum(s), GSL_EINVAL);
    }
    double rounding = lnn_hessian_rounding(s, values[n - 1]);
    cr_assert(out.low >= values[0] - rounding && out.high <= values[n - 1] + rounding);
    LNN_CLOSE(out.low, values[0], 1e-9); /* far better than the gap promises */
    LNN_CLOSE(out.high, values[n - 1], 1e-9);
    cr_assert(out.gap > 1e-9 && out.gap < 0.1 * (out.high - out.low), "%zu: %g of %g",
              n, out.gap, out.high - out.low);
    free(H);
    free(e);
    free(values);
    lnn_hessian_close(s);
    forget(&v);
}

#define NOISY                                                                  \
    "data: {kind: teacher, samples: 80, condition: 20, noise: 0.2, seed: 2}\n" \
    "init: {kind: gaussian, scale: 0.4, seed: 4}\n" FLOW "time: {end: 0.001, " \
    "samples: 2}\n"

Test(theorem_lanczos, hessians_dense_and_matrix_free)
{
    same_hessian("network: {widths: [10, 10, 10, 10]}\n" NOISY);
    same_hessian("network: {widths: [16, 16, 16, 12]}\n" NOISY);
}
