/* The Hessian's most negative eigenvalue is bounded by the gradient of the loss.
 *
 * For W = W_N..W_1 and directions D = (D_1..D_N) let J D be the product's derivative.
 *   Hess phi [D, D] = D^2 l(W)[J D, J D]
 *                     + 2 sum_{j<i} <G, W_N..W_{i+1} D_i W_{i-1}..W_{j+1} D_j ..W_1>.
 * The first part is not negative, l being convex. As <G, A> <= ||G||_op ||A||_* and
 * ||B D_i C D_j E||_* <= ||B|| ||C|| ||E|| ||D_i||_F ||D_j||_F, the second is at least
 *   -2 ||G||_op M sum_{j<i} ||D_i|| ||D_j|| >= -(N-1) ||G||_op M ||D||^2,
 * M the largest product of N - 2 of the norms ||W_j||_op. Weight decay lambda adds
 * lambda ||D||^2. Balanced layers all have ||W_j||_op = ||W||_op^{1/N}; for any layers
 * ||W||^{1-2/N} <= M, by ||W|| <= prod ||W_j||: W alone gives the same bound for
 * balanced layers, and too small a one for others.
 *
 * This holds at any weights, so it is stated for the stored ones, and their error bars
 * do not enter: the truth near by has its own inequality. It even holds for any G and
 * any positive semidefinite D^2 l put in place of the true ones, so that the rounding
 * of these does not matter either; only that of assembling the Hessian and of its
 * eigenvalues does. It is often attained (at 0, N = 2): a row is in its favour when
 * lambda_min lies no further below the bound than rounding, and rounding hides not all
 * of the Hessian. */
#include "theorem_flow.h"
#include "theorem_hessian.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

struct tightest {
    double share; /* of the bound that the eigenvalue uses up */
    double low, bound, slope, product, alone, imbalance, t;
    bool balanced;
};

struct course {
    const struct lnn_record *r;
    struct lnn_hessian *s;
    struct lnn_flow_worst worst;
    struct tightest at;
    size_t judged, decided, mute, violated, balanced;
    double low, high; /* extremes of the spectra */
    double gap, failure;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->net.N > 0 && r->w != NULL;
}

/* Is l twice differentiable at the rows? Only |r|^p with p < 2 may not be: at r = 0. */
static int smooth(const struct lnn_evidence *e, const struct course *c, size_t judged,
                  bool *out)
{
    const struct lnn_objective *o = e->objective;
    const struct lnn_data *data = e->data;
    size_t mk = data->m * data->k;
    *out = true;
    if (strcmp(o->loss->name, "lp") != 0 || o->p >= 2) return GSL_SUCCESS;
    double *E = malloc((mk + c->s->kd + c->s->net.chain) * sizeof *E), *W = E + mk;
    if (!E) return lnn_fail(GSL_ENOMEM, "out of memory for residuals");
    for (size_t i = 0; i < judged; i++) {
        size_t row = lnn_hessian_row(i, judged, c->r->weights_rows);
        lnn_network_product(&c->s->net, c->r->w + row * c->s->n, W, W + c->s->kd);
        memcpy(E, data->Y, mk * sizeof *E);
        lnn_gemm(false, true, data->m, data->k, data->d, 1, data->X, W, -1, E);
        for (size_t q = 0; q < mk; q++) *out = *out && E[q] != 0;
    }
    free(E);
    return GSL_SUCCESS;
}

/* Up to rounding of the layers, as of a flow just started. */
static int balance(const struct course *c, size_t row, struct tightest *t)
{
    double scale;
    LNN_TRY(lnn_record_imbalance(c->r, row, &t->imbalance, &scale));
    double rounding = lnn_hessian_layer_rounding(&c->s->net, c->s->w);
    t->balanced = t->imbalance <= 2 * sqrt(2 * scale) * rounding +
                                      16 * lnn_record_rounding(c->r) * scale;
    return GSL_SUCCESS;
}

/* lambda_min, or what Lanczos says of it: a Ritz value above it, which is not more
 * than *gap above it unless the start was unlucky. */
static int spectrum(struct course *c, double *low, double *high, double *gap)
{
    struct lnn_lanczos ritz;
    *gap = 0;
    if (c->s->H) {
        LNN_TRY(lnn_hessian_spectrum(c->s));
        *low = c->s->values[0];
        *high = c->s->values[c->s->n - 1];
        return GSL_SUCCESS;
    }
    LNN_TRY(lnn_hessian_extremes(c->s, &ritz));
    *low = ritz.low;
    *high = ritz.high;
    *gap = ritz.gap;
    c->gap = fmax(c->gap, ritz.gap);
    c->failure += ritz.failure;
    return GSL_SUCCESS;
}

static void decide(struct course *c, size_t row, double low, double scale, double gap,
                   double bound, double bar)
{
    double below = fmax(bound - low, 0);
    bool refuted = below > bar;
    bool told = c->s->H ? bar < scale || bar == 0 : low - gap - bar >= bound;
    if (refuted)
        c->violated++;
    else if (told)
        c->decided++;
    else
        c->mute++;
    if (refuted || told) lnn_flow_keep(&c->worst, below, bar, c->r->w_t[row], row, 0);
}

static int judge_row(struct course *c, size_t row)
{
    struct lnn_hessian *s = c->s;
    size_t N = s->net.N;
    double high, gap;
    struct tightest t = {.t = c->r->w_t[row], .product = N < 2 ? 0 : 1};
    LNN_TRY(lnn_hessian_at(s, c->r->w + row * s->n));
    LNN_TRY(spectrum(c, &t.low, &high, &gap));
    LNN_TRY(balance(c, row, &t));
    if (N > 2) t.product = lnn_hessian_product(s->norms, N - 2, 0);
    double factor = ((double)N - 1) * s->slope, scale;
    t.slope = s->slope;
    t.bound = s->decay - factor * t.product;
    LNN_TRY(lnn_svd(s->svd, s->W));
    t.alone = s->decay - (N < 2 ? 0 : factor * pow(s->svd->s[0], 1 - 2 / (double)N));
    scale = fmax(fabs(t.low - s->decay), fabs(high - s->decay));
    double bar = lnn_hessian_rounding(s, fmax(fabs(t.low), fabs(high))) +
                 4 * DBL_EPSILON * lnn_hessian_terms(&s->net) * factor *
                     t.product; /* the norms */
    ;
    decide(c, row, t.low, scale, gap, t.bound, bar);
    t.share = t.bound < s->decay ? (s->decay - t.low) / (s->decay - t.bound) : 0;
    c->balanced += t.balanced;
    if (c->judged++ == 0 || t.share > c->at.share) c->at = t;
    c->low = fmin(c->low, t.low);
    c->high = fmax(c->high, high);
    return GSL_SUCCESS;
}

static void figures(const struct course *c, struct lnn_judgement *j)
{
    const struct tightest *t = &c->at;
    lnn_judge_figure(j, "rows judged", (double)c->judged);
    lnn_judge_figure(j, "rows of weights", (double)c->r->weights_rows);
    lnn_judge_figure(j, "rows that rounding or Lanczos leaves open", (double)c->mute);
    lnn_judge_figure(j, "smallest eigenvalue met", c->low);
    lnn_judge_figure(j, "largest eigenvalue met", c->high);
    lnn_judge_figure(j, "weight decay", c->s->decay);
    lnn_judge_figure(j, "tightest: time", t->t);
    lnn_judge_figure(j, "tightest: smallest eigenvalue", t->low);
    lnn_judge_figure(j, "tightest: bound", t->bound);
    lnn_judge_figure(j, "tightest: share of the bound used", t->share);
    lnn_judge_figure(j, "tightest: ||G||_op", t->slope);
    lnn_judge_figure(j, "tightest: largest product of N-2 norms", t->product);
    lnn_judge_figure(j, "tightest: imbalance", t->imbalance);
    if (t->balanced) lnn_judge_figure(j, "tightest: bound from W alone", t->alone);
    lnn_judge_figure(j, "balanced rows", (double)c->balanced);
    if (c->s->H) return;
    lnn_judge_figure(j, "Lanczos steps", LNN_LANCZOS_STEPS);
    lnn_judge_figure(j, "Lanczos: largest gap to lambda_min", c->gap);
    lnn_judge_figure(j, "Lanczos: probability of a larger one", c->failure);
}

static void explain(const struct course *c, struct lnn_judgement *j)
{
    const struct tightest *t = &c->at;
    lnn_judge_explain(
        j,
        "lambda_min(Hess) >= lambda - (N-1) ||G||_op max prod ||W_j||_op: "
        "%.10g >= %g - %zu * %.6g * %.6g = %.10g at t = %g, the tightest "
        "of %zu rows (%zu are stored)",
        t->low, c->s->decay, c->s->net.N - 1, t->slope, t->product, t->bound, t->t,
        c->judged, c->r->weights_rows);
    if (t->balanced)
        lnn_judge_explain(j,
                          "balanced there: from W alone lambda - (N-1) ||G||_op "
                          "||W||_op^(1-2/N) = %.10g",
                          t->alone);
    lnn_judge_explain(j,
                      "the inequality holds at any weights: it is judged at the stored "
                      "ones, within rounding (%.3g)",
                      c->worst.bar);
    if (!c->s->H)
        lnn_judge_explain(
            j,
            "%zu weights, more than %d: extreme Ritz values of %d Lanczos steps. They "
            "are never below lambda_min, so they refute for certain; that lambda_min "
            "is not more than %.3g below holds but with probability 1 - %.2g, from P = "
            "1.6 sqrt(n/eps) exp(-2 (k-1) sqrt(eps)) (after Kuczynski & Wozniakowski "
            "1992)",
            c->s->n, LNN_HESSIAN_DENSE, LNN_LANCZOS_STEPS, c->gap, c->failure);
}

static int conclude(const struct course *c, struct lnn_judgement *j)
{
    figures(c, j);
    explain(c, j);
    if (c->violated + c->decided == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              c->s->H ? "rounding hides the whole Hessian at all %zu "
                                        "rows judged"
                                      : "the bound is finer than what Lanczos resolves "
                                        "at all %zu rows judged",
                              c->judged);
    lnn_judge_conclude(j, "the shortfall of lambda_min below its bound",
                       c->worst.measured, 0, c->worst.bar);
    size_t end = strlen(j->reason);
    if (j->verdict == LNN_HOLDS && !c->s->H)
        snprintf(j->reason + end, sizeof j->reason - end,
                 " at %zu of %zu rows: statistical, by Lanczos, with probability 1 - "
                 "%.2g",
                 c->decided, c->judged, c->failure);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct course c = {.r = r, .low = INFINITY, .high = -INFINITY};
    bool twice = true;
    if (!lnn_hessian_ready(e, r, j)) return GSL_SUCCESS;
    LNN_TRY(lnn_hessian_open(&r->net, e->objective, r->weight_decay, &c.s));
    size_t judged = lnn_hessian_rows(c.s, r->weights_rows);
    int status = smooth(e, &c, judged, &twice);
    if (status == GSL_SUCCESS && !twice)
        lnn_judge_stop(
            j, LNN_NOT_MET,
            "hypothesis does not hold: l is twice differentiable (a residual "
            "is 0 and p < 2)");
    lnn_judge_fact(j, "l is twice differentiable at the rows", twice);
    for (size_t i = 0; twice && i < judged && status == GSL_SUCCESS; i++)
        status = judge_row(&c, lnn_hessian_row(i, judged, r->weights_rows));
    if (status == GSL_SUCCESS && twice) status = conclude(&c, j);
    lnn_hessian_close(c.s);
    return status;
}

const struct lnn_theorem lnn_theorem_curvature_bound = {
    .name = "curvature_bound",
    .doc =
        "The most negative curvature of a convex loss of a linear network is at most "
        "the gradient with respect to the product times N - 1 times the norms of the "
        "other layers: near the loss's minimum the landscape is almost convex.",
    .source = "Elkabetz & Cohen 2021, the lemma on the Hessian's smallest eigenvalue; "
              "constant with operator norms derived in the source",
    .needs = "stored layers; a convex loss of the product, twice differentiable there "
             "(all are but lp with p < 2 where a residual is 0)",
    .claims =
        "lambda_min(Hess) >= lambda - (N-1) ||G||_op max over N - 2 layers of prod "
        "||W_j||_op, lambda the weight decay; balanced: lambda - (N-1) ||G||_op "
        "||W||_op^(1-2/N). N = 1: lambda_min >= lambda. At every stored row",
    .about = about,
    .judge = judge,
};
