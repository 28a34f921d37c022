/* The preconditioner P_W = sum_j [W^T W]^{(N-j)/N} kron [W W^T]^{(j-1)/N} of the
 * end-to-end dynamics vec(W') = -P_W vec(G).
 *
 * P_W is formed densely from fractional powers of both Gram matrices and diagonalised;
 * its eigenvalues are compared with p(r, q) of the singular values of W, which come
 * from an SVD. For k d above DENSE only P_W (u v^T) = p u v^T is checked, for the
 * extreme singular vectors. The bar is rounding: a Gram matrix is known to
 * delta = (k + d) eps ||W||^2, its p-th power (p < 1) to the lesser of delta^p (it is
 * operator monotone) and 2 lambda^{p-1} delta, lambda the smallest eigenvalue that may
 * be nonzero. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/model.h"

enum { DENSE = 64 };

struct parts {
    size_t N, k, d, q, n; /* n = k d if dense, else 0 */
    struct lnn_svd *svd;
    double *A, *B;             /* N powers of W W^T (k x k) and of W^T W (d x d) */
    double *gram, *V, *lambda; /* max(k, d) square twice, max(k, d) */
    double *P, *values, *p;    /* n x n, n, n */
    double *X, *PX, *T;        /* k x d each */
};

struct found {                                          /* at one row */
    double spectrum, order, asymmetry, negative, sharp; /* should be 0 */
    double least, bar;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->net.N > 0 &&
           (r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END);
}

static struct parts *parts_alloc(size_t N, size_t k, size_t d)
{
    size_t side = k > d ? k : d, n = k * d <= DENSE ? k * d : 0;
    size_t doubles =
        N * (k * k + d * d) + 2 * side * side + side + n * n + 2 * n + 3 * k * d;
    struct parts *s = malloc(sizeof *s + doubles * sizeof(double));
    if (!s) return NULL;
    *s = (struct parts){.N = N, .k = k, .d = d, .q = k < d ? k : d, .n = n};
    s->A = (double *)(s + 1);
    s->B = s->A + N * k * k;
    s->gram = s->B + N * d * d;
    s->V = s->gram + side * side;
    s->lambda = s->V + side * side;
    s->P = s->lambda + side;
    s->values = s->P + n * n;
    s->p = s->values + n;
    s->X = s->p + n;
    s->PX = s->X + k * d;
    s->T = s->PX + k * d;
    return s;
}

/* out[i] = gram^{i/N}, i = 0..N-1 (0: the identity), n x n each; all but the q largest
 * eigenvalues are 0. */
static int powers(struct parts *s, size_t n, double out[])
{
    LNN_TRY(lnn_eig_symmetric(n, s->gram, s->lambda, s->V));
    for (size_t i = 0; i < s->N; i++) {
        double p = (double)i / (double)s->N, *C = out + i * n * n;
        for (size_t a = 0; a < n * n; a++) C[a] = 0;
        for (size_t a = 0; i == 0 && a < n; a++) C[a * n + a] = 1;
        for (size_t r = n - s->q; i > 0 && r < n; r++) {
            double power = pow(fmax(s->lambda[r], 0), p);
            for (size_t a = 0; a < n; a++)
                for (size_t b = 0; b < n; b++)
                    C[a * n + b] += power * s->V[a * n + r] * s->V[b * n + r];
        }
    }
    return GSL_SUCCESS;
}

/* PX = P_W applied to X: sum_j [W W^T]^{(j-1)/N} X [W^T W]^{(N-j)/N}. */
static void apply(struct parts *s)
{
    size_t k = s->k, d = s->d;
    for (size_t j = 1; j <= s->N; j++) {
        lnn_gemm(false, false, k, d, k, 1, s->A + (j - 1) * k * k, s->X, 0, s->T);
        lnn_gemm(false, false, k, d, d, 1, s->T, s->B + (s->N - j) * d * d,
                 j == 1 ? 0 : 1, s->PX);
    }
}

/* X = u_r v_c^T */
static void outer(struct parts *s, size_t r, size_t c)
{
    for (size_t a = 0; a < s->k; a++)
        for (size_t b = 0; b < s->d; b++)
            s->X[a * s->d + b] =
                s->svd->U[a * s->svd->q + r] * s->svd->Vt[c * s->d + b];
}

/* vec is column first: entry (r, c) of a k x d matrix stands at c k + r. */
static void dense(struct parts *s)
{
    size_t k = s->k, d = s->d, n = s->n;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            double sum = 0;
            for (size_t j = 1; j <= s->N; j++)
                sum += s->B[(s->N - j) * d * d + (a / k) * d + b / k] *
                       s->A[(j - 1) * k * k + (a % k) * k + b % k];
            s->P[a * n + b] = sum;
        }
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double sigma(const struct parts *s, size_t r)
{
    return r < s->q ? s->svd->s[r] : 0;
}

static int dense_check(struct parts *s, struct found *f)
{
    size_t n = s->n;
    dense(s);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < a; b++)
            f->asymmetry = fmax(f->asymmetry, fabs(s->P[a * n + b] - s->P[b * n + a]));
    LNN_TRY(lnn_eig_symmetric(n, s->P, s->values, NULL));
    for (size_t a = 0; a < n; a++)
        s->p[a] =
            lnn_preconditioner_eigenvalue(s->N, sigma(s, a % s->k), sigma(s, a / s->k));
    qsort(s->p, n, sizeof *s->p, ascending);
    for (size_t a = 0; a < n; a++)
        f->spectrum = fmax(f->spectrum, fabs(s->values[a] - s->p[a]));
    double least, largest;
    lnn_preconditioner_range(s->N, s->k, s->d, s->svd->s, &least, &largest);
    f->least = s->values[0];
    f->negative = fmax(0, -f->least);
    f->sharp = fmax(fabs(f->least - least), fabs(s->values[n - 1] - largest));
    return GSL_SUCCESS;
}

/* ||P_W X - p X|| for the corners, and the order of <X, P_W X> along X = u_r v_r^T:
 * directions already taken are reinforced more. */
static void vectors_check(struct parts *s, struct found *f)
{
    size_t kd = s->k * s->d;
    double before = INFINITY;
    for (size_t r = 0; r < s->q; r++) {
        outer(s, r, r);
        apply(s);
        double now = lnn_dot(kd, s->X, s->PX);
        f->order = fmax(f->order, now - before);
        before = now;
        if (s->n || (r > 0 && r + 1 < s->q)) continue;
        lnn_axpy(kd, -lnn_preconditioner_eigenvalue(s->N, sigma(s, r), sigma(s, r)),
                 s->X, s->PX);
        f->spectrum = fmax(f->spectrum, lnn_norm(kd, s->PX));
    }
}

static double power_error(double delta, double lambda, double p)
{
    if (p == 0) return 0;
    double plain = pow(delta, p);
    return lambda > delta ? fmin(plain, 2 * pow(lambda, p - 1) * delta) : plain;
}

static double rounding(const struct parts *s)
{
    double top = s->svd->s[0] * s->svd->s[0];
    double low = s->svd->s[s->q - 1] * s->svd->s[s->q - 1];
    double delta = DBL_EPSILON * (double)(s->k + s->d) * top, sum = 0;
    /* exponents such as 1/3 are rounded too: that counts as often as the logarithm */
    double ulps =
        (double)(s->k * s->d) + (low > 0 ? -log(fmin(low, 1)) : 0) + log(fmax(top, 1));
    for (size_t j = 1; j <= s->N; j++) {
        double a = (double)(j - 1) / (double)s->N;
        double b = (double)(s->N - j) / (double)s->N;
        sum += power_error(delta, low, a) * pow(top, b) +
               pow(top, a) * power_error(delta, low, b) +
               DBL_EPSILON * ulps * pow(top, a) * pow(top, b);
    }
    return 2 * sum;
}

static int row(struct parts *s, const double W[], struct found *f)
{
    *f = (struct found){.least = NAN};
    LNN_TRY(lnn_svd(s->svd, W));
    lnn_gemm(false, true, s->k, s->k, s->d, 1, W, W, 0, s->gram);
    LNN_TRY(powers(s, s->k, s->A));
    lnn_gemm(true, false, s->d, s->d, s->k, 1, W, W, 0, s->gram);
    LNN_TRY(powers(s, s->d, s->B));
    if (s->n) LNN_TRY(dense_check(s, f));
    vectors_check(s, f);
    f->bar = rounding(s);
    return GSL_SUCCESS;
}

static double largest(const struct found *f)
{
    return fmax(fmax(f->spectrum, f->order),
                fmax(f->asymmetry, fmax(f->negative, f->sharp)));
}

struct tally {
    struct found worst;
    double t, ratio, least, definite, full, judged, broken;
};

static int walk(struct parts *s, const struct lnn_record *r, struct tally *tally)
{
    double side = (double)(s->k + s->d), n = (double)s->n;
    double cost = 30 * side * side * side + 10 * n * n * n; /* flops a row */
    size_t affordable = 1 + (size_t)(2e10 / cost), stride = r->rows / affordable + 1;
    *tally = (struct tally){.ratio = -1, .least = INFINITY};
    for (size_t i = 0; i < r->rows; i += stride) {
        const double *W = r->W + i * s->k * s->d;
        struct found f;
        if (!lnn_finite(s->k * s->d, W)) {
            tally->broken++;
            continue;
        }
        LNN_TRY(row(s, W, &f));
        tally->judged++;
        tally->definite += f.least > f.bar;
        tally->full += s->svd->s[s->q - 1] > DBL_EPSILON * side * s->svd->s[0];
        if (f.least < tally->least) tally->least = f.least;
        double ratio = f.bar > 0 ? largest(&f) / f.bar : largest(&f) > 0 ? INFINITY : 0;
        if (ratio <= tally->ratio) continue;
        tally->ratio = ratio;
        tally->worst = f;
        tally->t = r->t[i];
    }
    return GSL_SUCCESS;
}

static int conclude(const struct parts *s, const struct tally *tally,
                    struct lnn_judgement *j)
{
    const struct found *f = &tally->worst;
    lnn_judge_figure(j, "rows judged", tally->judged);
    lnn_judge_figure(j, "rows of full rank", tally->full);
    if (s->n) {
        lnn_judge_figure(j, "rows where P_W is definite", tally->definite);
        lnn_judge_figure(j, "smallest eigenvalue of P_W", tally->least);
        lnn_judge_figure(j, "asymmetry", f->asymmetry);
        lnn_judge_figure(j, "distance from the sharp extremes", f->sharp);
    }
    lnn_judge_figure(j, "distance of eigenvalues from p(r,q)", f->spectrum);
    lnn_judge_figure(j, "departure from the singular values' order", f->order);
    if (tally->broken > 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE, "W is not finite in %g rows",
                              tally->broken);
    lnn_judge_explain(j,
                      "P_W (%zu x %zu, N = %zu) at t = %.6g: eigenvalues p(r,q) = "
                      "sum_j sigma_r^(2(N-j)/N) sigma_q^(2(j-1)/N) to %.3g, rounding "
                      "allows %.3g",
                      s->k * s->d, s->k * s->d, s->N, tally->t, f->spectrum, f->bar);
    lnn_judge_explain(j, "lambda_min = %ssigma_min^(2-2/N) since k %s d; %s",
                      s->k == s->d ? "N " : "", s->k == s->d ? "=" : "!=",
                      s->n ? "from the dense spectrum"
                           : "k d is large: only extreme singular vectors were tried");
    lnn_judge_conclude(j, "P_W's distance from Claim 1", largest(f), 0, f->bar);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, false, j)) return GSL_SUCCESS;
    lnn_margin_balanced(r, j);
    struct parts *s = parts_alloc(r->net.N, r->net.d[r->net.N], r->net.d[0]);
    if (!s) return lnn_fail(GSL_ENOMEM, "out of memory for P_W");
    struct tally tally;
    s->svd = lnn_svd_alloc(s->k, s->d);
    int status = s->svd ? walk(s, r, &tally)
                        : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    if (status == GSL_SUCCESS) status = conclude(s, &tally, j);
    free(s->svd);
    free(s);
    return status;
}

const struct lnn_theorem lnn_theorem_preconditioner = {
    .name = "preconditioner",
    .doc =
        "The preconditioner P_W of the end-to-end dynamics is symmetric and positive "
        "semidefinite, definite exactly where W has full rank, and strengthens the "
        "directions W has already taken. Algebra of every stored W; that the product "
        "moves by it is end_to_end_dynamics.",
    .source = "Arora, Cohen & Hazan 2018, Claim 1; smallest eigenvalue sharpened",
    .needs = "balanced layers (for the dynamics; P_W's spectrum needs nothing)",
    .claims = "eig(P_W) = p(r,q) = sum_j sigma_r^(2(N-j)/N) sigma_q^(2(j-1)/N) >= 0, "
              "growing with the singular values; lambda_min = sigma_min^(2-2/N), times "
              "N if k = d",
    .about = about,
    .judge = judge,
};
