/* Is a saddle of a linear network strict? Two layers: always. More layers, balanced:
 * exactly when a kept mode is weaker than a missing one.
 *
 * Two layers, W = W_2 W_1 critical, no global minimum, s = ||G||_op > 0 with singular
 * vectors u, v, u^T G v = -s. Criticality gives W_1 v = 0 and W_2^T u = 0. On the
 * directions D_2 = u a^T, D_1 = b v^T the Hessian is
 *   ||W_2 b||^2 + ||W_1^T a||^2 - 2 s a.b = (a, b) M (a, b)^T,
 *   M = [W_1 W_1^T, -s I; -s I, W_2^T W_2]
 * (away from a critical point plus at most ||grad||^2 / s^2, from the product (u^T W_2
 * b)(a^T W_1 v)). M has a negative eigenvalue mu unless the smallest eigenvalue of W_1
 * W_1^T W_2^T W_2 is s^2 or more, that is sigma_h(W) >= s, h the hidden width; but then
 * W, all of whose h singular values are singular values of Phi that no missing one
 * exceeds, is the best approximation of rank h, a global minimum. So lambda_min <= mu <
 * 0, for any shapes, any rank and any multiplicities of Phi: of the hypotheses of
 * Kawaguchi (2016), Theorem 2.3 (iv) (distinct eigenvalues, d_y <= d_x, full ranks)
 * whitened data needs none. mu/2 is what is judged: lambda_min = mu may be.
 *
 * Three layers or more: theorem_critical.h. That every balanced saddle with a missing
 * mode is non-strict is true of leading modes only: Phi = diag(2, 1), W = diag(0, 1),
 * N = 3 has lambda_min = 1 - 2. */
#include "theorem_critical.h"
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

enum state { REGULAR, MINIMUM, UNKNOWN, SADDLE };

struct saddle { /* what the figures tell of one */
    double t, gradient, low, high, bar, negative, positive, predicted, escape;
    double rank, weakest, strongest, off, subset_loss, loss, distance;
    double imbalance, allowed; /* what its error bars leave of the former */
};

struct course {
    const struct lnn_record *r;
    struct lnn_hessian *s;
    struct lnn_critical *c;
    double *bars; /* of the layers, one a row */
    enum state *state;
    size_t count[4];
    double least, slack, when; /* the smallest gradient, what it may be, its time */
    struct lnn_worst worst;
    struct saddle first;
    double imbalance, allowed;    /* of the most balanced one */
    size_t judged, spectra, open; /* open: told by Lanczos alone */
    double gap;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return r->net.N >= 2 && r->w != NULL &&
           (!e->objective || strcmp(e->objective->loss->name, "square") == 0);
}

/* A row is critical when a critical point may lie within its error bar: the gradient's
 * norm is at most the second derivative times the bar, and rounding. A minimum is told
 * from a saddle by the loss, whose critical values lie apart. */
static int scan(struct course *c)
{
    c->least = INFINITY;
    for (size_t i = 0; i < c->r->weights_rows; i++) {
        double excess_bar;
        LNN_TRY(lnn_hessian_at(c->s, c->r->w + i * c->s->n));
        double g = lnn_norm(c->s->n, c->s->grad);
        double slack = lnn_critical_slack(c->c, c->s, c->bars[i]);
        double excess = lnn_critical_excess(c->c, c->s, c->bars[i], &excess_bar);
        bool told = isfinite(slack) && excess_bar < 0.25 * c->c->step;
        c->state[i] = g > slack                   ? REGULAR
                      : !told                     ? UNKNOWN
                      : excess < 0.5 * c->c->step ? MINIMUM
                                                  : SADDLE;
        c->count[c->state[i]]++;
        if (c->state[i] == MINIMUM || !(g < c->least)) continue;
        c->least = g;
        c->slack = slack;
        c->when = c->r->w_t[i];
    }
    return GSL_SUCCESS;
}

/* measured / bar, for statements measured <= bar */
static double in_bars(double measured, double bar)
{
    return measured == 0 ? 0 : measured / bar;
}

/* Is there a negative eigenvalue, below `bound` with its bar? A Ritz value that is not
 * says nothing. */
static void strict(struct course *c, size_t row, const char *what, double low,
                   double bound, double bar)
{
    size_t before = c->worst.decided;
    if (!(bound < 0))
        c->worst.mute++;
    else if (!c->s->H && !(low + bar <= bound))
        c->open++;
    else
        lnn_worst_add(&c->worst, what, row, low, bound, bar);
    c->spectra += c->worst.decided > before;
}

static void two_layers(struct course *c, size_t row, const struct saddle *is)
{
    double first = is->gradient / c->s->slope;
    strict(c, row, "the smallest eigenvalue, against half the escape direction's,",
           is->low, 0.5 * is->escape, is->bar + first * first);
}

/* Balanced layers: the whole spectrum, or what Lanczos sees of it. */
static void closed_form(struct course *c, size_t row, struct saddle *is)
{
    double bar = lnn_critical_weyl(c->c, c->s);
    if (c->s->H && !(bar < 0.5 * lnn_critical_scale(c->c))) {
        c->worst.mute++;
    } else if (c->s->H) {
        is->bar = bar;
        lnn_worst_add(&c->worst,
                      "an eigenvalue's distance from the closed form, in error bars,",
                      row, in_bars(lnn_critical_gap(c->c, c->s), bar), 1, 0);
        c->spectra++;
    } else if (is->low + bar < is->predicted) {
        lnn_worst_add(&c->worst, "the smallest eigenvalue's depth, in error bars,", row,
                      in_bars(is->predicted - is->low, bar), 1, 0);
    } else if (is->predicted < 0) {
        strict(c, row, "a Ritz value, against half the smallest eigenvalue,", is->low,
               0.5 * is->predicted, bar);
    } else {
        c->open++;
    }
}

static void modes_kept(struct course *c, size_t row, struct saddle *is)
{
    double bar, slack = lnn_critical_slack(c->c, c->s, c->bars[row]);
    is->off = lnn_critical_subset(c->c, c->s, slack, &bar);
    double G = lnn_norm(c->s->kd, c->s->G);
    is->loss = 0.5 * G * G;
    is->subset_loss = 0;
    for (size_t i = 0; i < c->c->q; i++) {
        double missing = c->c->s[i] - c->c->chosen[i];
        is->subset_loss += 0.5 * missing * missing;
    }
    if (isnan(bar)) return; /* Phi's singular values are not distinct */
    lnn_worst_add(&c->worst, "the distance of W from P_S Phi, in error bars,", row,
                  in_bars(is->off, bar), 1, 0);
}

static int extremes(struct course *c, size_t row, struct saddle *is)
{
    struct lnn_hessian *s = c->s;
    struct lnn_lanczos ritz;
    if (s->H) {
        LNN_TRY(lnn_hessian_spectrum(s));
        is->low = s->values[0];
        is->high = s->values[s->n - 1];
    } else {
        LNN_TRY(lnn_hessian_extremes(s, &ritz));
        is->low = ritz.low;
        is->high = ritz.high;
        c->gap = fmax(c->gap, ritz.gap);
    }
    double G = lnn_norm(s->kd, s->G), by = c->bars[row];
    is->bar = lnn_hessian_rounding(s, fmax(fabs(is->low), fabs(is->high))) +
              lnn_hessian_within(s->net.N, s->norms, G, 1, by).third * by;
    return GSL_SUCCESS;
}

static void count_signs(const struct lnn_hessian *s, struct saddle *is)
{
    for (size_t i = 0; s->H && i < s->n; i++) {
        is->negative += s->values[i] < -is->bar;
        is->positive += s->values[i] > is->bar;
    }
}

static int judge_row(struct course *c, size_t row)
{
    struct saddle is = {.t = c->r->w_t[row], .escape = NAN, .predicted = NAN};
    LNN_TRY(lnn_hessian_at(c->s, c->r->w + row * c->s->n));
    LNN_TRY(lnn_critical_near(c->c, c->s));
    LNN_TRY(lnn_critical_balance(c->r, row, c->bars[row], &is.imbalance, &is.allowed));
    LNN_TRY(extremes(c, row, &is));
    bool balanced = is.imbalance <= is.allowed && isfinite(c->c->distance);
    is.rank = (double)c->c->rank;
    is.weakest = c->c->weakest;
    is.strongest = c->c->strongest;
    is.distance = c->c->distance;
    if (balanced) is.predicted = c->c->values[0];
    is.gradient = lnn_norm(c->s->n, c->s->grad);
    modes_kept(c, row, &is);
    if (c->s->net.N == 2) {
        LNN_TRY(lnn_critical_escape(c->s, &is.escape));
        two_layers(c, row, &is);
    }
    if (balanced && (c->s->H || c->s->net.N > 2)) closed_form(c, row, &is);
    count_signs(c->s, &is);
    if (c->judged == 0 || is.imbalance * c->allowed < c->imbalance * is.allowed) {
        c->imbalance = is.imbalance;
        c->allowed = is.allowed;
    }
    if (c->judged++ == 0) c->first = is;
    return GSL_SUCCESS;
}

static int judge_saddles(struct course *c)
{
    size_t rows = c->count[SADDLE], n = lnn_hessian_rows(c->s, rows), at = 0, seen = 0;
    for (size_t i = 0; i < c->r->weights_rows && at < n; i++) {
        if (c->state[i] != SADDLE) continue;
        if (seen++ != lnn_hessian_row(at, n, rows)) continue;
        LNN_TRY(judge_row(c, i));
        at++;
    }
    return GSL_SUCCESS;
}

static void figures(const struct course *c, struct lnn_judgement *j)
{
    const struct saddle *is = &c->first;
    lnn_judge_figure(j, "critical rows, global minima left out",
                     (double)c->count[SADDLE]);
    lnn_judge_figure(j, "critical rows that are global minima",
                     (double)c->count[MINIMUM]);
    lnn_judge_figure(j, "saddles judged", (double)c->judged);
    lnn_judge_figure(j, "time of the first", is->t);
    lnn_judge_figure(j, "its gradient's norm", is->gradient);
    lnn_judge_figure(j, "its imbalance", is->imbalance);
    lnn_judge_figure(j, "modes kept", is->rank);
    lnn_judge_figure(j, "its smallest eigenvalue", is->low);
    lnn_judge_figure(j, "its largest eigenvalue", is->high);
    lnn_judge_figure(j, "error bar of its eigenvalues", is->bar);
    if (c->s->H) {
        double n = (double)c->s->n;
        lnn_judge_figure(j, "negative eigenvalues", is->negative);
        lnn_judge_figure(j, "zero eigenvalues", n - is->negative - is->positive);
        lnn_judge_figure(j, "positive eigenvalues", is->positive);
    } else {
        lnn_judge_figure(j, "Lanczos: gap to the smallest eigenvalue", c->gap);
    }
    if (isfinite(is->predicted)) {
        lnn_judge_figure(j, "smallest eigenvalue in closed form", is->predicted);
        lnn_judge_figure(j, "distance to the balanced critical point", is->distance);
    }
    if (isfinite(is->weakest)) lnn_judge_figure(j, "weakest kept mode", is->weakest);
    lnn_judge_figure(j, "strongest missing mode", is->strongest);
    if (isfinite(is->escape))
        lnn_judge_figure(j, "curvature of the escape direction", is->escape);
    lnn_judge_figure(j, "distance of W from P_S Phi", is->off);
    lnn_judge_figure(j, "loss above its floor", is->loss);
    lnn_judge_figure(j, "1/2 sum of the missing s^2", is->subset_loss);
}

static void explain(const struct course *c, struct lnn_judgement *j)
{
    const struct saddle *is = &c->first;
    lnn_judge_explain(j,
                      "at t = %g: W keeps %g of %zu modes of Phi, ||W - P_S Phi|| = "
                      "%.3g, loss %.10g = 1/2 sum of the missing s^2 = %.10g",
                      is->t, is->rank, c->c->q, is->off, is->loss, is->subset_loss);
    if (c->s->net.N == 2)
        lnn_judge_explain(j,
                          "N = 2: lambda_min = %.10g <= mu = %.10g < 0, the curvature "
                          "of D_2 = u a^T, D_1 = b v^T; error bar %.3g",
                          is->low, is->escape, is->bar);
    if (isfinite(is->predicted))
        lnn_judge_explain(
            j,
            "balanced, N = %zu: min over kept a, missing i of s_a^(1-2/N) "
            "(s_a - s_i)%s; weakest kept %.6g, strongest missing %.6g: "
            "lambda_min = %.10g, found %.10g (error bar %.3g)",
            c->s->net.N, c->s->net.N > 2 ? ", or 0" : " and of -s_i", is->weakest,
            is->strongest, is->predicted, is->low, is->bar);
}

static int conclude(struct course *c, struct lnn_judgement *j)
{
    bool deep = c->s->net.N >= 3, fine = c->worst.violated == 0;
    figures(c, j);
    explain(c, j);
    if (deep)
        lnn_judge_hypothesis(j, "N >= 3: balanced at the critical row", c->imbalance,
                             c->allowed, 0);
    bool met = !deep || c->imbalance <= c->allowed;
    if (met && fine && c->open > 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "Lanczos finds no eigenvalue below %.3g, and with high "
                              "probability none is below %.3g; their signs take a "
                              "dense Hessian, made up to %d weights",
                              c->first.low, c->first.low - c->gap, LNN_HESSIAN_DENSE);
    if (met && fine && c->spectra == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the error bar of the eigenvalues (%.3g) hides their "
                              "signs at all %zu saddles judged",
                              c->first.bar, c->judged);
    return lnn_worst_conclude(&c->worst, j);
}

static int no_saddle(const struct course *c, struct lnn_judgement *j)
{
    lnn_judge_figure(j, "critical rows that are global minima",
                     (double)c->count[MINIMUM]);
    lnn_judge_figure(j, "smallest gradient norm elsewhere", c->least);
    lnn_judge_figure(j, "its time", c->when);
    if (c->count[UNKNOWN] > 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "%zu rows have no error bar, or one too wide to tell "
                              "whether they are saddles",
                              c->count[UNKNOWN]);
    lnn_judge_fact(j, "a stored row is critical, and no global minimum", false);
    if (c->count[REGULAR] == 0)
        return lnn_judge_stop(j, LNN_NOT_MET,
                              "hypothesis does not hold: every stored row is a global "
                              "minimum, none a saddle");
    return lnn_judge_stop(j, LNN_NOT_MET,
                          "hypothesis does not hold: no stored row is a saddle; the "
                          "smallest gradient norm, %zu global minima left out, is %.3g "
                          "at t = %g, where up to %.3g would pass for 0",
                          c->count[MINIMUM], c->least, c->when, c->slack);
}

static int course(struct course *c, const struct lnn_evidence *e,
                  struct lnn_judgement *j)
{
    bool stated;
    size_t rows = c->r->weights_rows;
    c->bars = malloc(rows * sizeof *c->bars);
    c->state = malloc(rows * sizeof *c->state);
    if (!c->bars || !c->state) return lnn_fail(GSL_ENOMEM, "out of memory for rows");
    LNN_TRY(lnn_hessian_open(&c->r->net, e->objective, 0, &c->s));
    LNN_TRY(lnn_critical_open(&c->r->net, e->data->Phi, &c->c));
    LNN_TRY(lnn_critical_bars(e, c->r, c->bars, &stated));
    LNN_TRY(scan(c));
    if (c->count[SADDLE] == 0) return no_saddle(c, j);
    lnn_judge_fact(j, "a stored row is critical, and no global minimum", true);
    LNN_TRY(judge_saddles(c));
    return conclude(c, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct course c = {.r = r};
    if (!lnn_hessian_ready(e, r, j)) return GSL_SUCCESS;
    bool whitened = lnn_judge_fact(j, "whitened data", e->data->whitened);
    bool plain = lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    if (!whitened || !plain)
        return lnn_judge_stop(j, LNN_NOT_MET, "hypothesis does not hold: %s",
                              whitened ? "no weight decay" : "whitened data");
    int status = course(&c, e, j);
    lnn_critical_close(c.c);
    lnn_hessian_close(c.s);
    free(c.bars);
    free(c.state);
    return status;
}

const struct lnn_theorem lnn_theorem_saddle_strictness = {
    .name = "saddle_strictness",
    .doc =
        "Critical points of the whitened square loss that are no global minima: with "
        "two layers each has a direction of negative curvature (strict saddle). With "
        "three or more balanced layers there is one only if a mode is missing that is "
        "stronger than one that is kept; at the others, the origin among them, the "
        "Hessian has no negative eigenvalue (non-strict saddle).",
    .source =
        "Kawaguchi 2016 (NeurIPS), Theorem 2.3; Achour, Malgouyres & Gerchinovitz "
        "2024 (JMLR 25), second-order classification; spectrum derived in the "
        "source",
    .needs =
        "a stored row that is critical (gradient zero within its error bar) and no "
        "global minimum; square loss, whitened data, no weight decay, N >= 2; for N "
        ">= 3 balanced layers",
    .claims =
        "N = 2: lambda_min(Hess) < 0. Balanced: the spectrum is p(a,b) of P_W for "
        "kept a, b, s_a^(1-2/N) (s_a +- s_i) for kept a and missing i, s_a^(2-2/N) "
        "|k - d| times, for N = 2 +-s_i as often as hidden units are free, and 0. W "
        "= P_S Phi where the singular values of Phi are distinct",
    .about = about,
    .judge = judge,
};
