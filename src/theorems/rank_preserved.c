/* Balanced flow of two or more layers keeps the rank of W, and the sign of det W.
 *
 * A singular value below the error bar of W says nothing: for two layers it may truly
 * be e^{-43} while the numbers, having lost it in rounding, continue on the other side
 * of det W = 0. So from the first such row on nothing is concluded; and neither is a
 * change of sign between two rows if the true value may have been below the bar there:
 * |d ln sigma_r / dt| <= N sigma_r^{1-2/N} ||G|| by the singular values' equation. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct walk {
    const struct lnn_evidence *e;
    const struct lnn_record *r;
    size_t k, d, q, rank;
    struct lnn_svd *svd;
    double *LU, *G;
    struct lnn_worst kept, none; /* the rank-th value stays, the next stays 0 */
    double sign, last_s, last_g, last_bar, grown; /* of the row before */
    size_t lost;                                  /* first uncertified row, or rows */
    double seed;                                  /* rounding in the start's rank */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
}

/* Sign of det A (n x n, overwritten) by elimination with row pivoting. */
static double determinant_sign(size_t n, double A[])
{
    double sign = 1;
    for (size_t c = 0; c < n; c++) {
        size_t p = c;
        for (size_t i = c + 1; i < n; i++)
            if (fabs(A[i * n + c]) > fabs(A[p * n + c])) p = i;
        if (A[p * n + c] == 0) return 0;
        if (A[p * n + c] < 0) sign = -sign;
        if (p != c) sign = -sign;
        for (size_t i = 0; p != c && i < n; i++) {
            double swap = A[p * n + i];
            A[p * n + i] = A[c * n + i];
            A[c * n + i] = swap;
        }
        for (size_t i = c + 1; i < n; i++)
            lnn_axpy(n - c, -A[i * n + c] / A[c * n + c], A + c * n + c, A + i * n + c);
    }
    return sign;
}

static double sign_of(struct walk *s, const double W[])
{
    if (s->k != s->d || s->rank < s->q) return 1;
    memcpy(s->LU, W, s->k * s->k * sizeof *W);
    return determinant_sign(s->k, s->LU);
}

/* ||G(W)||_F, a bound for the operator norm; NaN without a loss. */
static double slope(struct walk *s, const double W[])
{
    if (!s->e->objective) return NAN;
    lnn_objective_gradient(s->e->objective, W, s->G);
    return lnn_norm(s->k * s->d, s->G);
}

/* Bound of the change of ln sigma between the rows i-1 and i: larger ends of both. */
static double change(const struct walk *s, size_t i, double sigma, double g)
{
    double N = (double)s->r->net.N;
    return N * pow(sigma, 1 - 2 / N) * fmax(s->last_g, g) *
           (s->r->t[i] - s->r->t[i - 1]);
}

/* A value that was 0 up to rounding: has it grown more than the flow lets rounding? */
static void judge_zero(struct walk *s, size_t i, double sigma, double g, double bar)
{
    if (i > 0) s->grown += change(s, i, sigma, g);
    double may = s->seed * exp(s->grown);
    if (isnan(may) && sigma <= bar) may = 0;
    if (sigma <= bar + may)
        lnn_worst_add(&s->none, "singular value beyond the rank", i, 0, 1, 0);
    else
        lnn_worst_add(&s->none, "singular value beyond the rank, over its error bar", i,
                      sigma / (bar + may), 1, 0);
}

/* signed sigma_rank > 0: as 0 <= signed sigma with the error bar of W */
static void judge_kept(struct walk *s, size_t i, double g, double bar, double sign)
{
    double sigma = s->svd->s[s->rank - 1], flip = sign * s->sign;
    bool certain = sigma > bar && flip != 0;
    if (certain && flip < 0) { /* could the truth have been below the bar between? */
        double before = s->last_s * exp(-change(s, i, fmax(s->last_s, sigma), g));
        certain = before > fmax(bar, s->last_bar);
    }
    if (!certain) {
        s->lost = i;
        return;
    }
    lnn_worst_add(&s->kept, "0, against the signed smallest kept singular value,", i, 0,
                  flip * sigma, bar);
    s->last_s = sigma;
    s->last_bar = bar;
}

static int row(struct walk *s, size_t i)
{
    const double *W = s->r->W + i * s->k * s->d;
    bool stated;
    if (!lnn_finite(s->k * s->d, W)) {
        s->kept.broken++;
        s->lost = i;
        return GSL_SUCCESS;
    }
    LNN_TRY(lnn_svd(s->svd, W));
    double rounding = lnn_record_rounding(s->r) * (double)(s->k + s->d) * s->svd->s[0];
    double bar = lnn_record_W_bar(s->r, i, &stated) + rounding, g = slope(s, W);
    if (i == 0) { /* the start is what it is: only its singular values are rounded */
        while (s->rank < s->q && s->svd->s[s->rank] > rounding) s->rank++;
        s->seed = 2 * rounding;
        s->sign = sign_of(s, W);
        bar = rounding;
    }
    if (!isfinite(bar)) {
        s->kept.broken++;
        s->lost = i;
        return GSL_SUCCESS;
    }
    if (s->rank < s->q) judge_zero(s, i, s->svd->s[s->rank], g, bar);
    if (s->rank > 0) judge_kept(s, i, g, bar, sign_of(s, W));
    s->last_g = g;
    return GSL_SUCCESS;
}

static int conclude(struct walk *s, struct lnn_judgement *j)
{
    bool broken = s->kept.violated > 0, rose = s->none.violated > 0;
    const struct lnn_worst *w = rose && !broken ? &s->none : &s->kept;
    lnn_judge_figure(j, "rank of the start", (double)s->rank);
    lnn_judge_figure(j, "sign of det W(0), 1 if not square or singular", s->sign);
    lnn_judge_figure(j, "rows certified", (double)s->lost);
    if (s->kept.what) {
        lnn_judge_figure(j, "smallest kept singular value", fabs(s->kept.bound));
        lnn_judge_figure(j, "its error bar", s->kept.bar);
        lnn_judge_explain(j,
                          "rank %zu: sigma_%zu(t) > error bar of W on %zu of %zu rows; "
                          "nearest at t = %.6g: %.6g against %.3g",
                          s->rank, s->rank, s->lost, s->r->rows, s->r->t[s->kept.row],
                          fabs(s->kept.bound), s->kept.bar);
    }
    if (s->lost < s->r->rows && !broken && !rose) {
        if (j->n_hypotheses && s->kept.broken == 0)
            lnn_judge_figure(j, "time certified to", s->r->t[s->lost]);
        for (size_t i = 0; i < j->n_hypotheses; i++)
            if (j->hypotheses[i].verdict == LNN_VIOLATED)
                return lnn_worst_conclude(w, j);
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "from t = %g on the smallest singular value is below the "
                              "error bar of W (or NaN): rank and sign of det W are not "
                              "certified",
                              s->r->t[s->lost]);
    }
    return lnn_worst_conclude(s->rank == 0 ? &s->none : w, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, false, j)) return GSL_SUCCESS;
    size_t k = r->net.d[r->net.N], d = r->net.d[0], kd = k * d;
    lnn_judge_fact(j, "two layers or more", r->net.N >= 2);
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    lnn_margin_balanced(r, j);
    struct walk s = {.e = e, .r = r, .k = k, .d = d, .q = k < d ? k : d};
    bool usable = !e->objective || (e->data && e->data->k == k && e->data->d == d);
    if (!usable) return lnn_judge_stop(j, LNN_INCONCLUSIVE, "the data does not fit W");
    s.lost = r->rows;
    s.svd = lnn_svd_alloc(k, d);
    s.LU = malloc(2 * kd * sizeof *s.LU);
    s.G = s.LU ? s.LU + kd : NULL;
    int status = s.svd && s.LU ? GSL_SUCCESS
                               : lnn_fail(GSL_ENOMEM, "out of memory for the rank");
    for (size_t i = 0; status == GSL_SUCCESS && i < s.lost; i++) status = row(&s, i);
    if (status == GSL_SUCCESS) status = conclude(&s, j);
    free(s.svd);
    free(s.LU);
    return status;
}

const struct lnn_theorem lnn_theorem_rank_preserved = {
    .name = "rank_preserved",
    .doc =
        "Along gradient flow of two or more balanced layers the singular values of W "
        "keep their signs: the rank of W, and the sign of det W, stay those of the "
        "start for all finite time.",
    .source = "Arora, Cohen, Hu & Luo 2019 (singular values' dynamics); Razin & Cohen "
              "2020",
    .needs = "gradient flow, N >= 2, no weight decay, balanced start",
    .claims = "rank W(t) = rank W(0); k = d: sign det W(t) = sign det W(0). A singular "
              "value below the error bar of W decides nothing",
    .about = about,
    .judge = judge,
};
