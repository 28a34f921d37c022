/* No matrix that is at least as good as the start is nearly deficient.
 *
 * Claim 1: with margin c > 0 every W' with l(W') <= l(W(0)) has sigma_min(W') >= c.
 * Gradient flow never raises the loss, so it holds at all its rows; elsewhere at those
 * whose loss is not above the start's.
 *
 * A target of rank r < min(k, d): Weyl's |sigma_r(W') - sigma_r(Phi)| <= ||W' - Phi||
 * proves the same of the r-th singular value, c = sigma_r(Phi) - ||W(0) - Phi||_F. It
 * does not need the condition published with it, that W(0) shares the target's null
 * spaces (the convergence theorems do: on those, P_W is positive); here it is asked
 * for as it is published.
 *
 * How good is a certified c? For one unit u the least ||u^T W'|| among all W' with
 * l(W') - l* <= excess is a trust-region problem with one multiplier; its W' has a
 * least singular direction of its own, and so on downhill: to a W' as good as the start
 * whose sigma_min no margin can exceed. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct walk {
    struct lnn_margin *m;
    const struct lnn_record *r;
    struct lnn_svd *svd; /* k x d */
    double *A, *a, *u;   /* k x d; max(k, d); max(k, d) */
    size_t rank;         /* of W*: the singular value spoken of, from 1 */
    bool flow;           /* the loss never rises */
    double c, least;
    double above, near; /* rows left out: loss above the start's, or not told from it */
    struct lnn_worst worst;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return r->dynamics != LNN_DYNAMICS_OTHER &&
           (!e->objective || lnn_margin_is_square(e));
}

/* sum_i L_i a_i^2 / (1 + nu L_i)^2, falling in nu */
static double reach(const struct lnn_margin *m, const double a[], double nu)
{
    double sum = 0;
    for (size_t i = 0; i < m->d; i++) {
        double x = a[i] / (1 + nu * m->lambda[i]);
        sum += m->lambda[i] * x * x;
    }
    return sum;
}

/* In the eigenbasis of Lambda_xx = V L V^T, A = W' V and a = Z^T u: the least ||A^T u||
 * is that of y = nu L (1 + nu L)^{-1} a where sum L (y - a)^2 = 2 excess, and A = Z +
 * u (y - a)^T. */
static void from_left(struct walk *s, double excess)
{
    const struct lnn_margin *m = s->m;
    double low = 0, high = 1e-12 / m->beta;
    lnn_gemm(false, false, 1, m->d, m->k, 1, s->u, m->Z, 0, s->a);
    if (reach(m, s->a, 0) <= 2 * excess) high = 0; /* y = 0 is within reach */
    while (high > 0 && isfinite(high) && reach(m, s->a, high) > 2 * excess) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < 60 && high > 0; i++) {
        double nu = 0.5 * (low + high);
        if (reach(m, s->a, nu) > 2 * excess)
            low = nu;
        else
            high = nu;
    }
    for (size_t i = 0; i < m->d; i++) s->a[i] /= -(1 + high * m->lambda[i]);
    memcpy(s->A, m->Z, m->k * m->d * sizeof *s->A);
    lnn_gemm(false, false, m->k, m->d, 1, 1, s->u, s->a, 1, s->A);
}

/* A = Z + (y - Z v) (L^{-1} v)^T / q, q = v^T L^{-1} v, is the cheapest with A v = y:
 * its excess is ||y - Z v||^2 / (2 q). So y is Z v, shortened by sqrt(2 excess q). */
static void from_right(struct walk *s, double excess)
{
    const struct lnn_margin *m = s->m;
    double q = 0;
    for (size_t i = 0; i < m->d; i++) q += s->u[i] * s->u[i] / m->lambda[i];
    lnn_gemm(false, false, m->k, 1, m->d, 1, m->Z, s->u, 0, s->a);
    double norm = lnn_norm(m->k, s->a), cut = fmin(norm, sqrt(2 * excess * q));
    memcpy(s->A, m->Z, m->k * m->d * sizeof *s->A);
    for (size_t r = 0; r < m->k && norm > 0; r++)
        for (size_t i = 0; i < m->d; i++)
            s->A[r * m->d + i] -= cut / norm * s->a[r] * s->u[i] / (m->lambda[i] * q);
}

static void direction(struct walk *s, size_t i)
{
    const struct lnn_svd *f = s->svd;
    for (size_t r = 0; r < (s->m->k <= s->m->d ? f->m : f->n); r++)
        s->u[r] = s->m->k <= s->m->d ? f->U[r * f->q + i] : f->Vt[i * f->n + r];
}

/* Downhill from each singular direction of W*. */
static int found(struct walk *s, double excess, double *sigma)
{
    const struct lnn_margin *m = s->m;
    *sigma = m->sigma;
    for (size_t start = 0; start < s->svd->q; start++) {
        double last = INFINITY, now = INFINITY;
        LNN_TRY(lnn_svd(s->svd, m->Z));
        direction(s, start);
        for (int round = 0; round < 500; round++) {
            if (m->k <= m->d)
                from_left(s, excess);
            else
                from_right(s, excess);
            LNN_TRY(lnn_svd(s->svd, s->A));
            now = s->svd->s[s->svd->q - 1];
            if (!(now < last * (1 - 1e-14))) break;
            last = now;
            direction(s, s->svd->q - 1);
        }
        *sigma = fmin(*sigma, now);
    }
    return GSL_SUCCESS;
}

/* ---- hypotheses ---- */

/* ||W(0) - P W(0) Q||_F with the projections on the target's column and row space */
static void share_null_spaces(struct walk *s, struct lnn_judgement *j)
{
    const struct lnn_svd *f = s->svd;
    const double *W = s->r->W;
    size_t k = s->m->k, d = s->m->d;
    memcpy(s->A, W, k * d * sizeof *W);
    double all = lnn_norm(k * d, W);
    for (size_t p = 0; p < s->rank; p++) {
        lnn_gemm(false, true, k, 1, d, 1, W, f->Vt + p * d, 0, s->a);
        for (size_t q = 0; q < s->rank; q++) {
            double inside = 0;
            for (size_t r = 0; r < k; r++) inside += f->U[r * f->q + q] * s->a[r];
            for (size_t r = 0; r < k; r++)
                lnn_axpy(d, -inside * f->U[r * f->q + q], f->Vt + p * d, s->A + r * d);
        }
    }
    double gap = lnn_norm(k * d, s->A);
    double angle = DBL_EPSILON * (double)(k + d) * f->s[0] / f->s[s->rank - 1];
    lnn_judge_hypothesis(j,
                         "rank-deficient target: W(0) shares its null spaces, up to "
                         "rounding",
                         gap, 8 * angle * all, 0);
    lnn_judge_explain(j,
                      "the target has rank %zu < %zu: sigma_min stands for its "
                      "smallest positive singular value sigma_%zu",
                      s->rank, f->q, s->rank);
}

static int rank_of(struct walk *s, struct lnn_judgement *j)
{
    const struct lnn_svd *f = s->svd;
    double zero = DBL_EPSILON * (double)(f->m + f->n);
    LNN_TRY(lnn_svd(s->svd, s->m->W));
    while (s->rank < f->q && f->s[s->rank] > zero * f->s[0]) s->rank++;
    lnn_judge_figure(j, "rank of the minimiser", (double)s->rank);
    if (s->rank == f->q || s->rank == 0 || !s->m->data->whitened) {
        s->rank = f->q;
        return GSL_SUCCESS;
    }
    s->m->sigma = f->s[s->rank - 1];
    share_null_spaces(s, j);
    return GSL_SUCCESS;
}

static int margin(struct walk *s, struct lnn_judgement *j)
{
    double excess, bar, sigma = NAN;
    if (!lnn_judge_fact(j, "Lambda_xx has full rank (W* is unique)", s->m->alpha > 0))
        return GSL_SUCCESS;
    LNN_TRY(rank_of(s, j));
    if (!lnn_margin_hypothesis(s->m, s->r, j, &s->c, &excess, &bar)) return GSL_SUCCESS;
    double plain = lnn_margin_plain(s->m, excess), best = fmax(plain, s->c);
    lnn_judge_figure(j, "plain bound sigma_min(W*) - sqrt(2 excess / alpha)", plain);
    if (s->m->data->whitened) return GSL_SUCCESS;
    LNN_TRY(found(s, excess, &sigma));
    lnn_judge_figure(j, "gained by duality", best - plain);
    lnn_judge_figure(j, "least sigma_min found at the start's loss", sigma);
    lnn_judge_figure(j, "tightness: certified over found", best / sigma);
    lnn_judge_explain(j,
                      "plain bound: %.10g - sqrt(2 * %.6g / %.6g) = %.10g; a W' with "
                      "the start's loss and sigma_min %.10g was found, so no margin is "
                      "larger: the certified one is %.4g of it",
                      s->m->sigma, excess, s->m->alpha, plain, sigma, best / sigma);
    return GSL_SUCCESS;
}

/* ---- conclusion ---- */

/* Is row i one with l <= l(0)? Flow never raises the loss. A loss within its error bar
 * of the start's decides nothing. NaN: broken. */
static bool counts(struct walk *s, size_t i)
{
    const struct lnn_record *r = s->r;
    if (s->flow) return true;
    double rise = r->loss ? r->loss[i] - r->loss[0] : NAN;
    double bar = r->loss ? 8 * DBL_EPSILON * (fabs(r->loss[i]) + fabs(r->loss[0])) : 0;
    if (r->loss_error && isfinite(r->loss_error[i])) bar += fabs(r->loss_error[i]);
    if (isnan(rise)) s->worst.broken++;
    s->above += rise > bar;
    s->near += fabs(rise) <= bar;
    return rise < -bar;
}

/* Along a flow the truth is within the error bar of what is stored; elsewhere the claim
 * is about what is stored. The start has sigma_min >= c by the definition of c. */
static int rows(struct walk *s)
{
    const struct lnn_record *r = s->r;
    size_t k = s->m->k, d = s->m->d;
    s->least = INFINITY;
    for (size_t i = 0; i < r->rows; i++) {
        const double *W = r->W + i * k * d;
        bool stated;
        if (!lnn_finite(k * d, W)) {
            s->worst.broken++;
            continue;
        }
        if (i == 0 || !counts(s, i)) continue;
        LNN_TRY(lnn_svd(s->svd, W));
        double sigma = s->svd->s[s->rank - 1];
        double bar =
            DBL_EPSILON * (double)(k + d) * s->svd->s[0] + lnn_margin_rounding(s->m);
        if (s->flow) bar += lnn_record_W_bar(r, i, &stated);
        s->least = fmin(s->least, sigma);
        lnn_worst_add(&s->worst, "margin c, against sigma_min(W),", i, s->c, sigma,
                      bar);
    }
    return GSL_SUCCESS;
}

static int judge_walk(struct walk *s, struct lnn_judgement *j)
{
    LNN_TRY(margin(s, j));
    if (s->c > 0) LNN_TRY(rows(s));
    s->worst.broken += lnn_margin_broken(s->r);
    if (s->worst.what) {
        const struct lnn_worst *w = &s->worst;
        lnn_judge_figure(j, "smallest sigma_min of the rows", s->least);
        lnn_judge_figure(j, "time of the tightest row", s->r->t[w->row]);
        lnn_judge_figure(j, "rows left out: loss above the start's", s->above);
        lnn_judge_figure(j, "rows left out: loss not told from the start's", s->near);
        lnn_judge_explain(j,
                          "tightest at t = %.6g: c = %.10g <= sigma_%zu(W) = %.10g "
                          "(error bar %.2g)",
                          s->r->t[w->row], s->c, s->rank, w->bound, w->bar);
    }
    return lnn_worst_conclude(&s->worst, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j)) return GSL_SUCCESS;
    bool flow =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
    struct walk s = {.r = r, .flow = flow && r->weight_decay == 0, .c = NAN};
    LNN_TRY(lnn_margin_alloc(e, &s.m));
    size_t k = s.m->k, d = s.m->d, side = k > d ? k : d;
    s.svd = lnn_svd_alloc(k, d);
    s.A = malloc((k * d + 2 * side) * sizeof *s.A);
    s.a = s.A ? s.A + k * d : NULL;
    s.u = s.A ? s.a + side : NULL;
    int status = s.svd && s.A ? judge_walk(&s, j)
                              : lnn_fail(GSL_ENOMEM, "out of memory for the margin");
    free(s.A);
    free(s.svd);
    free(s.m);
    return status;
}

const struct lnn_theorem lnn_theorem_deficiency_margin = {
    .name = "deficiency_margin",
    .doc = "Where the start's loss is below that of every matrix with a singular value "
           "of at most c, every matrix that is at least as good, and with it every row "
           "of a gradient flow, has all its singular values above c.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Definition 2 and Claim 1; rank-"
              "deficient targets as there, with the smallest positive singular value",
    .needs =
        "square loss, Lambda_xx of full rank, margin c > 0 at the start: whitened "
        "data c = sigma_min(Phi) - ||W(0) - Phi||_F, else the largest c certified "
        "by duality. Whitened target of rank r < min(k, d): sigma_r for sigma_min, "
        "and a W(0) that shares its null spaces",
    .claims = "sigma_min(W) >= c at every later row of a flow without weight decay; of "
              "other dynamics at every row whose loss is below the start's",
    .about = about,
    .judge = judge,
};
