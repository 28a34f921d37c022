/* ICML 2018, Section 7 and Appendix B: one layer's descent on an l_p loss, p > 2, is
 * slow: the step that the large coordinate allows lets the small one crawl.
 *
 * theorem_power.h has the derivation. Two statements of a coordinate are judged at
 * every row: from the first row with x < 1 on (the theorem), and from the row before
 * it, which a wrong row cannot hide from. One iteration apart both bounds are the rule
 * itself, Delta (1 - x). A row's distance from the bounds is 0 up to its error bar; if
 * so and iterations are left out between the rows, the conclusion is the theorem's
 * inequality where it is nearest to an equation. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "theorem_flow.h"
#include "theorem_power.h"

struct crawl {
    const struct lnn_power *power;
    struct lnn_flow_worst worst;
    double judged, mute;
    /* of the lower bounds over |Delta|, from the start on, that are told from 1: the
     * largest */
    double tightest, tight_bar;
    bool consecutive;   /* no iteration is left out */
    size_t slow, start; /* the coordinate of the smallest x, its first row with x < 1 */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return lnn_power_about(e, r) && r->net.N == 1;
}

struct state { /* of a coordinate in a row: Delta, what it may be off by, x, the largest
                  x within that */
    double gap, bar, x, x_most;
};

static struct state state_of(const struct lnn_power *power, size_t row, size_t i)
{
    struct state s;
    s.gap = lnn_power_gap(power, row, i, power->r->iteration[row], &s.bar);
    s.x = lnn_power_share(power, i, power->eta, s.gap);
    s.x_most = lnn_power_share(power, i, power->eta, fabs(s.gap) + s.bar);
    return s;
}

struct span { /* between which the second |Delta| must lie, with its sign; error bar */
    double low, high, bar;
};

/* What the rounding of n iterations adds up to. One rounds w, y - w and the step: units
 * of |w| + |y| times 1 + (q+6) x. Later iterations multiply an error by |1 - (q+1) x|,
 * which is above 1 once at most: x > 2/(q+1) is followed by x (1-x)^q < 2/(q+1). */
static double rounding(const struct lnn_power *power, size_t i, const struct state *a,
                       double n)
{
    double q = power->q, grown = fmax(1, (q + 1) * a->x_most);
    double size = 2 * fabs(power->y[i]) + fabs(a->gap);
    return 4 * lnn_record_rounding(power->r) * n * size * (1 + (q + 6) * a->x_most) *
           grown;
}

/* n iterations after a; false when nothing can be said. The least is convex in u, thus
 * smallest at an end of the error bar. */
static bool span_of(const struct lnn_power *power, size_t i, const struct state *a,
                    double n, struct span *out)
{
    double q = power->q, size = fabs(a->gap), less = size - a->bar,
           more = size + a->bar;
    if (n == 1) {
        out->low = out->high = size * (1 - a->x);
        out->bar = a->bar * (1 + (q + 1) * a->x_most);
    } else if (less > 0 && a->x_most < 1) {
        double x_less = lnn_power_share(power, i, power->eta, less);
        double ends = fmin(less * lnn_power_least(q, x_less, n),
                           more * lnn_power_least(q, a->x_most, n));
        out->low = size * lnn_power_least(q, a->x, n);
        out->high = size * lnn_power_most(q, a->x, n);
        out->bar =
            fmax(out->low - ends, more * lnn_power_most(q, a->x_most, n) - out->high);
    } else {
        return false;
    }
    out->bar += rounding(power, i, a, n);
    return true;
}

/* Row b against row a. A bar that reaches from the bound to 0 says nothing of slowness,
 * unless even so the row is beyond it. */
static void compare(struct crawl *s, size_t i, size_t a, size_t b, bool from_start)
{
    const struct lnn_record *r = s->power->r;
    struct state before = state_of(s->power, a, i), after = state_of(s->power, b, i);
    double n = r->iteration[b] - r->iteration[a];
    struct span span;
    s->consecutive = s->consecutive && (from_start || n == 1);
    if (!span_of(s->power, i, &before, n, &span)) return;
    double gap = copysign(1, before.gap) * after.gap, bar = span.bar + after.bar;
    double distance = fmax(0, fmax(span.low - gap, gap - span.high));
    if (bar >= fabs(span.low) && distance <= bar) {
        s->mute++;
        return;
    }
    s->judged++;
    lnn_flow_keep(&s->worst, distance, bar, r->iteration[b], b, i + 1);
    if (from_start && gap - span.low > bar && span.low > s->tightest * gap) {
        s->tightest = span.low / gap;
        s->tight_bar = bar / gap;
    }
}

static size_t first_below(const struct lnn_power *power, size_t i)
{
    size_t row = 0;
    while (row < power->r->rows && !(state_of(power, row, i).x_most < 1)) row++;
    return row;
}

static void rows_of(struct crawl *s, size_t i)
{
    size_t rows = s->power->r->rows, start = first_below(s->power, i);
    double x = state_of(s->power, 0, i).x;
    if (i == 0 || (x > 0 && x < state_of(s->power, 0, s->slow).x)) {
        s->slow = i;
        s->start = start;
    }
    for (size_t row = 1; row < rows; row++) {
        compare(s, i, row - 1, row, false);
        if (row > start) compare(s, i, start, row, true);
    }
}

/* The slow coordinate in numbers. */
static void describe(const struct crawl *s, struct lnn_judgement *j)
{
    const struct lnn_power *power = s->power;
    const struct lnn_record *r = power->r;
    size_t last = r->rows - 1;
    lnn_judge_figure(j, "statements judged", s->judged);
    lnn_judge_figure(j, "statements below their error bar", s->mute);
    if (s->start >= last) return;
    struct state a = state_of(power, s->start, s->slow),
                 b = state_of(power, last, s->slow);
    double n = r->iteration[last] - r->iteration[s->start], q = power->q;
    double ratio = fmax(1, fabs(a.gap / b.gap));
    lnn_judge_figure(j, "slow coordinate: |Delta| at first", fabs(a.gap));
    lnn_judge_figure(j, "slow coordinate: eta' |Delta|^(p-2) at first", a.x);
    lnn_judge_figure(j, "slow coordinate: |Delta| at last", fabs(b.gap));
    lnn_judge_figure(j, "its lower bound", fabs(a.gap) * lnn_power_least(q, a.x, n));
    lnn_judge_figure(j, "its upper bound", fabs(a.gap) * lnn_power_most(q, a.x, n));
    lnn_judge_figure(j, "iterations taken", n);
    lnn_judge_figure(j, "iterations needed at least", lnn_power_needed(q, a.x, ratio));
    if (s->tightest > 0)
        lnn_judge_figure(j, "largest lower bound over |Delta|", s->tightest);
    lnn_judge_explain(j,
                      "slow coordinate: u_0 = |Delta|^-%g = %.6g, eta' = %.6g, x_0 = "
                      "eta'/u_0 = %.6g, (1-x_0)^-%g - 1 = %.6g",
                      q, pow(fabs(a.gap), -q), power->eta * power->c[s->slow], a.x, q,
                      pow(1 - a.x, -q) - 1);
    lnn_judge_explain(j,
                      "|Delta| >= (u_0 (1 + n ((1-x_0)^-q - 1)))^(-1/q) = %.10g after "
                      "n = %.10g iterations; it is %.10g, which takes at least %.10g",
                      fabs(a.gap) * lnn_power_least(q, a.x, n), n, fabs(b.gap),
                      lnn_power_needed(q, a.x, ratio));
}

/* eta' |Delta(0)|^q < 2 for the largest coordinate; at 2 it would swing for ever. */
static void convergent(const struct lnn_power *power, struct lnn_judgement *j)
{
    double most = 0, bar = 0;
    for (size_t i = 0; i < power->n; i++) {
        struct state s = state_of(power, 0, i);
        if (s.x < most) continue;
        most = s.x;
        bar = s.x_most - s.x + 4 * DBL_EPSILON * (power->q + 4) * s.x;
    }
    lnn_judge_figure(j, "largest eta' |Delta|^(p-2) at the start", most);
    lnn_judge_hypothesis(j, "convergent learning rate: eta' |Delta(0)|^(p-2) < 2", most,
                         2, bar);
}

static int judge_power(struct lnn_power *power, struct lnn_judgement *j)
{
    struct crawl s = {.power = power, .consecutive = true};
    bool met = lnn_power_hypotheses(power, j);
    if (power->q > 0 && power->n > 0) convergent(power, j);
    for (size_t i = 0; met && i < power->n; i++) rows_of(&s, i);
    if (met) describe(&s, j);
    if (met && s.judged == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "nothing can be judged: no row has eta' |Delta|^(p-2) < "
                              "1, or %g statements are below their error bars",
                              s.mute);
    if (met)
        lnn_judge_explain(j,
                          "nearest to the bounds: coordinate %zu at iteration %.10g, "
                          "%.3g outside, error bar %.3g",
                          power->at[s.worst.layer - 1] + 1, s.worst.t, s.worst.measured,
                          s.worst.bar);
    double distance = s.worst.measured, bar = met ? s.worst.bar : NAN;
    if (!(distance <= bar) || s.consecutive || s.tightest == 0)
        lnn_judge_conclude(j, "the residuals' distance from their bounds", distance, 0,
                           bar);
    else
        lnn_judge_conclude(j, "the lower bound over |Delta|, where it is nearest,",
                           s.tightest, 1, s.tight_bar);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    return lnn_power_judge(e, r, j, judge_power);
}

const struct lnn_theorem lnn_theorem_descent_slow_lp = {
    .name = "descent_slow_lp",
    .doc = "One layer's descent on an l_p loss with p > 2 slows down as a residual "
           "shrinks: reaching eps takes some eps^{2-p} iterations, at a learning rate "
           "that the largest residual limits to 2 / |Delta|^{p-2}.",
    .source = "Arora, Cohen & Hazan 2018 (ICML), Section 7 and Appendix B (two points, "
              "p = 4); the bounds for all p > 2 are derived",
    .needs = "gradient descent of one layer, one output, l_p loss with p > 2, every "
             "example with one input and every input with one example at most, no "
             "weight decay, eta' |Delta_i(0)|^{p-2} < 2 (eta' = eta factor p weight "
             "|x_i|^p)",
    .claims =
        "with q = p-2, u_0 = |Delta_0|^-q and x_0 = eta'/u_0 < 1, n iterations "
        "on: |Delta| >= (u_0 + n u_0 ((1-x_0)^-q - 1))^{-1/q} (at least (u_eps - "
        "u_0) / (u_0 ((1-x_0)^-q - 1)) iterations to eps) and |Delta| <= (u_0 + n "
        "q eta')^{-1/q}; for n = 1 Delta = Delta_0 (1 - x_0)",
    .about = about,
    .judge = judge,
};
