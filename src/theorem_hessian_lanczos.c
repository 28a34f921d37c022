/* Lanczos with full reorthogonalisation, and what it is worth.
 *
 * Let A be symmetric, its spectrum shifted and scaled to [0, 1] with lambda_max = 1,
 * and c the start's component along an eigenvector of lambda_max. The largest Ritz
 * value after k products, theta, is the largest Rayleigh quotient of p(A) b over
 * polynomials p of degree < k. If 1 - theta > eps, then for every such p
 *   sum_i c_i^2 (1 - lambda_i - eps) p(lambda_i)^2 > 0,
 * so that c^2 eps p(1)^2 < sum over lambda_i <= 1 - eps of c_i^2 p(lambda_i)^2. With
 * the Chebyshev polynomial of [0, 1 - eps], |p| <= 1 there and p(1) = T_{k-1}((1 +
 * eps) / (1 - eps)) >= 1/2 exp(2 (k-1) sqrt(eps)): hence |c| < 2 exp(-2 (k-1)
 * sqrt(eps)) / sqrt(eps). A coordinate of a uniform unit vector in R^n has a density of
 * at most sqrt(n / (2 pi)), so this has the probability
 *   P(eps) <= 1.6 sqrt(n / eps) exp(-2 (k-1) sqrt(eps)).
 * (Kuczynski & Wozniakowski 1992, SIAM J. Matrix Anal. Appl. 13, have the same with
 * exp(-(2k-1) sqrt(eps)) and without the 1/sqrt(eps).) Krylov spaces do not change
 * under shifts and signs: the same holds at the lower end. The spread lambda_max -
 * lambda_min, by which eps is scaled, is at most (high - low) / (1 - 2 eps) where
 * neither end fails. */
#include "theorem_hessian.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/rng.h"

/* sqrt(eps) with P(eps) = failure; 1 or more when there is none below 1. */
static double relative_gap(double n, double k, double failure)
{
    double low = 0, high = 1; /* P falls */
    if (1.6 * sqrt(n) * exp(-2 * (k - 1)) > failure) return 1;
    for (int i = 0; i < 60; i++) {
        double x = 0.5 * (low + high);
        if (1.6 * sqrt(n) / x * exp(-2 * (k - 1) * x) > failure)
            low = x;
        else
            high = x;
    }
    return high;
}

struct basis {
    size_t n, k;
    double *q;            /* (steps + 1) x n */
    double *alpha, *beta; /* the tridiagonal matrix: beta[i] between i and i + 1 */
};

static void random_start(gsl_rng *rng, struct basis *b)
{
    lnn_rng_normals(rng, 1, b->n, b->q);
    double length = lnn_norm(b->n, b->q);
    for (size_t i = 0; i < b->n; i++) b->q[i] /= length;
}

/* q_{k+1} from A q_k, orthogonal to all before: two passes leave rounding only. False
 * when nothing is left of it, that is when the Krylov space is invariant. */
static bool step(struct basis *b, lnn_symmetric *A, void *params)
{
    double *q = b->q + b->k * b->n, *next = q + b->n, scale = 0;
    A(params, q, next);
    b->alpha[b->k] = lnn_dot(b->n, q, next);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i <= b->k; i++) {
            const double *qi = b->q + i * b->n;
            lnn_axpy(b->n, -lnn_dot(b->n, qi, next), qi, next);
        }
    double beta = lnn_norm(b->n, next);
    for (size_t i = 0; i <= b->k; i++)
        scale = fmax(scale, fabs(b->alpha[i]) + (i < b->k ? b->beta[i] : 0));
    b->beta[b->k++] = beta;
    if (!(beta > (double)b->n * DBL_EPSILON * scale)) return false;
    for (size_t i = 0; i < b->n; i++) next[i] /= beta;
    return true;
}

static int ritz(const struct basis *b, double T[], struct lnn_lanczos *out)
{
    size_t k = b->k;
    double *values = T + k * k;
    for (size_t i = 0; i < k * k; i++) T[i] = 0;
    for (size_t i = 0; i < k; i++) {
        T[i * k + i] = b->alpha[i];
        if (i + 1 < k) T[i * k + i + 1] = T[(i + 1) * k + i] = b->beta[i];
    }
    LNN_TRY(lnn_eig_symmetric(k, T, values, NULL));
    out->low = values[0];
    out->high = values[k - 1];
    return GSL_SUCCESS;
}

int lnn_lanczos(size_t n, lnn_symmetric *A, void *params, size_t steps,
                struct lnn_lanczos *out)
{
    const double FAILURE = 1e-9;
    size_t most = steps < n ? steps : n;
    *out = (struct lnn_lanczos){.low = NAN, .high = NAN, .gap = INFINITY};
    double *room = malloc(((most + 1) * (n + 3) + most * most) * sizeof *room);
    gsl_rng *rng = lnn_rng_open(0, "theorem.lanczos");
    struct basis b = {.n = n, .q = room};
    int status = room && rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS) {
        b.alpha = room + (most + 1) * n;
        b.beta = b.alpha + most + 1;
        random_start(rng, &b);
        while (b.k < most && !out->complete) out->complete = !step(&b, A, params);
        out->complete = out->complete || b.k == n;
        out->steps = b.k;
        status = ritz(&b, b.beta + most + 1, out);
    }
    if (rng) gsl_rng_free(rng);
    free(room);
    double x = relative_gap((double)n, (double)b.k, FAILURE), eps = x * x;
    if (out->complete)
        out->gap = 0;
    else if (eps < 0.5)
        out->gap = eps * (out->high - out->low) / (1 - 2 * eps);
    out->failure = out->complete ? 0 : 2 * FAILURE;
    return status;
}

static void apply(void *params, const double v[], double Av[])
{
    lnn_hessian_apply(params, v, Av);
}

int lnn_hessian_extremes(struct lnn_hessian *s, struct lnn_lanczos *out)
{
    return lnn_lanczos(s->n, apply, s, LNN_LANCZOS_STEPS, out);
}
