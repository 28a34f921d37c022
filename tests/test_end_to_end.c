/* The end-to-end vector field against the theorem's formula and against the layers.
 *
 * W is made of known factors, W = U diag(s) V^T with square orthogonal U and V, so that
 * the fractional powers [W W^T]^e = U diag(s^{2e}) U^T, with 0^0 = 1, are known. Where
 * the rank is deficient the library sees singular values of rounding size instead of 0,
 * and rounding to the power 2/N is no longer small: see noise(). */
#include "naive.h"

TestSuite(end_to_end, .init = lnn_test_setup);

struct factors {
    size_t k, d, q;
    double *U, *V, *s, *W; /* k x k, d x d, q, k x d */
    bool exact;            /* U, V permute the axes: singular values 0 are exact */
};

static struct factors open_factors(size_t k, size_t d, size_t rank, bool exact)
{
    struct factors f = {k,
                        d,
                        k < d ? k : d,
                        naive_new(k * k),
                        naive_new(d * d),
                        NULL,
                        naive_new(k * d),
                        exact};
    gsl_rng *rng = lnn_rng_open(k + 10 * d, "test");
    f.s = naive_new(f.q);
    for (size_t r = 0; r < rank; r++) f.s[r] = 1.3 / (double)(1 + r * r) + 0.05;
    if (exact) {
        for (size_t i = 0; i < k; i++) f.U[i * k + (k - 1 - i)] = i % 2 == 0 ? 1 : -1;
        for (size_t i = 0; i < d; i++) f.V[i * d + (i + 1) % d] = 1;
    } else {
        lnn_rng_orthonormal(rng, k, k, f.U);
        lnn_rng_orthonormal(rng, d, d, f.V);
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < d; j++)
            for (size_t r = 0; r < f.q; r++)
                f.W[i * d + j] += f.U[i * k + r] * f.s[r] * f.V[j * d + r];
    gsl_rng_free(rng);
    return f;
}

static void close_factors(struct factors *f)
{
    free(f->U);
    free(f->V);
    free(f->s);
    free(f->W);
}

/* P (n x n) = Q diag(s^{2 e}) Q^T, s padded with zeros, 0^0 = 1. */
static void power(size_t n, const double Q[], size_t q, const double s[], double e,
                  double P[])
{
    memset(P, 0, n * n * sizeof *P);
    for (size_t r = 0; r < n; r++) {
        double x = e == 0 ? 1 : pow(r < q ? s[r] : 0, 2 * e);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                P[i * n + j] += Q[i * n + r] * x * Q[j * n + r];
    }
}

/* sum_j [W W^T]^{(j-1)/N} G [W^T W]^{(N-j)/N}. */
static void formula(const struct factors *f, size_t N, const double G[], double F[])
{
    size_t k = f->k, d = f->d;
    double *left = naive_new(k * k), *right = naive_new(d * d), *LG = naive_new(k * d);
    double *term = naive_new(k * d);
    memset(F, 0, k * d * sizeof *F);
    for (size_t j = 1; j <= N; j++) {
        power(k, f->U, f->q, f->s, (double)(j - 1) / (double)N, left);
        power(d, f->V, f->q, f->s, (double)(N - j) / (double)N, right);
        naive_multiply(k, d, k, left, G, LG);
        naive_multiply(k, d, d, LG, right, term);
        for (size_t i = 0; i < k * d; i++) F[i] += term[i];
    }
    free(left);
    free(right);
    free(LG);
    free(term);
}

/* P_W = sum_j [W^T W]^{(N-j)/N} kron [W W^T]^{(j-1)/N}, kd x kd, vec column-first. */
static double *preconditioner(const struct factors *f, size_t N)
{
    size_t k = f->k, d = f->d, n = k * d;
    double *P = naive_new(n * n), *left = naive_new(k * k), *right = naive_new(d * d);
    for (size_t j = 1; j <= N; j++) {
        power(k, f->U, f->q, f->s, (double)(j - 1) / (double)N, left);
        power(d, f->V, f->q, f->s, (double)(N - j) / (double)N, right);
        for (size_t row = 0; row < n; row++)
            for (size_t col = 0; col < n; col++)
                P[row * n + col] +=
                    right[row / k * d + col / k] * left[row % k * k + col % k];
    }
    free(left);
    free(right);
    return P;
}

/* What singular values of rounding size change: their power 2/N, times G. */
static double noise(const struct factors *f, size_t N, size_t rank, double G)
{
    if (f->exact || rank == f->q || rank == 0 || N == 1) return 0;
    return 4 * pow(1e-15, 2 / (double)N) * G;
}

/* A network with these ends; the hidden widths do not matter to the field. */
static struct naive_case open_ends(size_t N, size_t k, size_t d, const double Phi[],
                                   const char *more)
{
    struct naive_widths widths = {.n = N + 1};
    for (size_t j = 0; j <= N; j++) widths.d[j] = 7;
    widths.d[0] = d;
    widths.d[N] = k;
    return naive_target(&widths, Phi, more);
}

static void check_field(size_t N, size_t k, size_t d, size_t rank, bool exact)
{
    struct factors f = open_factors(k, d, rank, exact);
    double *Phi = naive_random(k * d, 7), *G = naive_new(k * d), *F = naive_new(k * d);
    double *want = naive_new(k * d), *T = naive_new(k * d), *PG = naive_new(k * d),
           square;
    struct naive_case c = open_ends(N, k, d, Phi, "");
    for (size_t i = 0; i < k * d; i++) G[i] = f.W[i] - Phi[i];
    LNN_OK(lnn_model_end_to_end(c.model, f.W, F, &square));
    formula(&f, N, G, want);
    double size = naive_norm(k * d, G), tol = 1e-13 * size + noise(&f, N, rank, size);
    cr_assert(lnn_test_gap(k * d, F, want) <= tol,
              "N %zu, %zu x %zu, rank %zu: %g > %g", N, k, d, rank,
              lnn_test_gap(k * d, F, want), tol);
    LNN_CLOSE(square, naive_dot(k * d, G, want), tol * size);
    double *P = preconditioner(&f, N); /* and as P_W vec(G) */
    naive_transpose(k, d, G, T);
    naive_multiply(k * d, 1, k * d, P, T, PG);
    naive_transpose(k, d, F, T);
    LNN_CLOSE(lnn_test_gap(k * d, PG, T), 0, tol);
    naive_close(&c);
    close_factors(&f);
    double *all[] = {Phi, G, F, want, T, PG, P};
    for (size_t i = 0; i < 7; i++) free(all[i]);
}

Test(end_to_end, field_is_the_theorems_formula)
{
    static const size_t ends[][2] = {{1, 1}, {1, 4}, {4, 1}, {2, 3}, {3, 2},
                                     {3, 3}, {5, 2}, {2, 6}, {4, 4}, {6, 3}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t N = 1; N <= 6; N++) {
            size_t k = ends[i][0], d = ends[i][1];
            for (size_t rank = 0; rank <= (k < d ? k : d); rank++) {
                check_field(N, k, d, rank, true);
                check_field(N, k, d, rank, false);
            }
        }
}

/* The spectrum of the dense P_W: its ends as lnn_preconditioner_range has them. */
Test(end_to_end, spectrum_of_the_dense_preconditioner)
{
    static const size_t ends[][2] = {{1, 1}, {1, 3}, {3, 1}, {2, 3},
                                     {3, 2}, {3, 3}, {4, 2}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t N = 1; N <= 5; N++) {
            size_t k = ends[i][0], d = ends[i][1], q = k < d ? k : d;
            for (size_t rank = 0; rank <= q; rank++) {
                struct factors f = open_factors(k, d, rank, false);
                double *P = preconditioner(&f, N), values[12], smallest, largest,
                       sum = 0;
                LNN_OK(lnn_eig_symmetric(k * d, P, values, NULL));
                lnn_preconditioner_range(N, k, d, f.s, &smallest, &largest);
                LNN_CLOSE(smallest, values[0], 1e-14);
                LNN_CLOSE(largest, values[k * d - 1], 2e-14);
                for (size_t r = 0; r < k; r++)
                    for (size_t c = 0; c < d; c++)
                        sum += lnn_preconditioner_eigenvalue(N, r < q ? f.s[r] : 0,
                                                             c < q ? f.s[c] : 0);
                for (size_t c = 0; c < k * d; c++) sum -= values[c];
                LNN_CLOSE(sum, 0, 1e-13);
                free(P);
                close_factors(&f);
            }
        }
}

/* --- the layers' own derivative --------------------------------------------------- */

/* d/dt of W_N..W_1 when W_j' = -grad_j. */
static void product_rule(const struct lnn_network *net, const double w[],
                         const double grad[], double dW[])
{
    size_t kd = net->d[net->N] * net->d[0];
    double *v = naive_new(net->size), *part = naive_new(10000);
    memset(dW, 0, kd * sizeof *dW);
    for (size_t j = 1; j <= net->N; j++) {
        size_t at = lnn_network_offset(net, j);
        memcpy(v, w, net->size * sizeof *v);
        memcpy(v + at, grad + at, net->d[j] * net->d[j - 1] * sizeof *v);
        naive_partial(net, v, 1, net->N, part);
        for (size_t i = 0; i < kd; i++) dW[i] -= part[i];
    }
    free(v);
    free(part);
}

/* A random k x d matrix of the rank the narrowest layer allows. */
static double *random_product(const struct naive_widths *widths, size_t *rank)
{
    size_t d = widths->d[0], k = widths->d[widths->n - 1], q = k < d ? k : d;
    *rank = q;
    for (size_t j = 0; j < widths->n; j++)
        *rank = widths->d[j] < *rank ? widths->d[j] : *rank;
    double *A = naive_new(k * d), *L = naive_random(k * *rank, 3);
    double *R = naive_random(*rank * d, 4);
    naive_multiply(k, d, *rank, L, R, A);
    free(L);
    free(R);
    return A;
}

static void check_layers(const struct naive_widths *widths, const char *more)
{
    size_t rank, k = widths->d[widths->n - 1], d = widths->d[0], kd = k * d;
    double *A = random_product(widths, &rank), *Phi = naive_random(kd, 5), square;
    double *dW = naive_new(kd), *F = naive_new(kd);
    struct factors shape = {.q = k < d ? k : d};
    struct naive_case c = naive_target(widths, Phi, more);
    LNN_OK(lnn_balanced_start(&c.net, A, c.w0));
    LNN_OK(lnn_rotated_start(&c.net, 6, c.w0));
    double *grad = naive_new(c.net.size),
           layers = lnn_model_gradient(c.model, c.w0, grad);
    product_rule(&c.net, c.w0, grad, dW);
    LNN_OK(lnn_model_end_to_end(c.model, c.model->W, F, &square));
    for (size_t i = 0; i < kd; i++) F[i] = -F[i];
    double G = naive_norm(kd, c.model->G), size = 1 + naive_norm(kd, A);
    double tol = (1e-13 * G + noise(&shape, c.net.N, rank, G)) * size * size;
    cr_assert(lnn_test_gap(kd, dW, F) <= tol, "%zu layers, %zu x %zu: %g > %g", c.net.N,
              k, d, lnn_test_gap(kd, dW, F), tol);
    LNN_CLOSE(square, layers, tol * G + 1e-13 * layers);
    naive_close(&c);
    double *all[] = {A, Phi, dW, F, grad};
    for (size_t i = 0; i < 5; i++) free(all[i]);
}

Test(end_to_end, field_is_the_product_rule_of_balanced_layers)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) check_layers(&naive_widths[i], "");
}

Test(end_to_end, weight_decay_is_the_product_rule_too)
{
    for (size_t i = 0; i < NAIVE_NETS; i++)
        check_layers(&naive_widths[i], "loss: {weight_decay: 0.4}\n");
}

/* From an unbalanced start the field is another one. */
Test(end_to_end, field_is_not_that_of_unbalanced_layers)
{
    static const struct naive_widths widths = {4, {3, 3, 3, 2}};
    static const double Phi[6] = {1, 0.5, -0.25, 0, -1, 0.75};
    struct naive_case c = naive_target(&widths, Phi, "");
    double *w = naive_random(c.net.size, 1), *grad = naive_new(c.net.size), dW[6], F[6];
    lnn_model_gradient(c.model, w, grad);
    product_rule(&c.net, w, grad, dW);
    LNN_OK(lnn_model_end_to_end(c.model, c.model->W, F, NULL));
    for (int i = 0; i < 6; i++) F[i] = -F[i];
    cr_assert_gt(lnn_test_gap(6, dW, F), 0.1);
    free(w);
    free(grad);
    naive_close(&c);
}

/* One output (Claim 2): w = (0.3, -0.4, 1.2), dl/dW = (1, 2, -1). */
Test(end_to_end, one_output)
{
    static const double w[3] = {0.3, -0.4, 1.2}, Phi[3] = {-0.7, -2.4, 2.2};
    static const size_t depths[3] = {2, 3, 7};
    static const double want[3][3] = {
        {-0.9076923076923077, -3.123076923076923, 2.8692307692307693},
        {-0.5624871012699547, -3.9793863582381857, 4.844105334817369},
        {1.271057868947627, -6.921234819233068, 12.923967966744854}};
    for (int i = 0; i < 3; i++) {
        struct naive_case c = open_ends(depths[i], 1, 3, Phi, ""), t;
        double F[3];
        LNN_OK(lnn_model_end_to_end(c.model, w, F, NULL));
        for (int e = 0; e < 3; e++) LNN_CLOSE(-F[e], want[i][e], 2e-14);
        t = open_ends(depths[i], 3, 1, Phi, ""); /* the transposed network */
        LNN_OK(lnn_model_end_to_end(t.model, w, F, NULL));
        for (int e = 0; e < 3; e++) LNN_CLOSE(-F[e], want[i][e], 2e-14);
        naive_close(&c);
        naive_close(&t);
    }
}

Test(end_to_end, what_is_not_finite_is_refused)
{
    static const double Phi[2] = {0, 0}, far[2] = {1e200, 1};
    double W[2] = {NAN, 0}, F[2];
    struct naive_case c = open_ends(2, 1, 2, Phi, "loss: {kind: lp, p: 4}\n");
    cr_assert_eq(lnn_model_end_to_end(c.model, W, F, NULL), GSL_EFAILED);
    cr_assert_not_null(strstr(lnn_error(), "not finite"));
    cr_assert_eq(lnn_model_end_to_end(c.model, far, F, NULL), GSL_EFAILED);
    cr_assert_not_null(strstr(lnn_error(), "not finite"));
    naive_close(&c);
}
