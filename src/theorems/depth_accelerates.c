/* ICML 2018, Section 7 and Appendix B: on an l_p loss with p > 2 and unequal targets
 * over-parameterised descent can be faster than one layer's at any learning rate, by a
 * factor without bound.
 *
 * The record's iterations are compared with what one layer needs at its best, from 0 or
 * from the record's own W(0), whichever is the better (theorem_power.h): between a
 * lower bound over all convergent learning rates and an upper bound that one of them
 * keeps. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "theorem_power.h"

struct race {
    const struct lnn_power *power;
    double level, taken, above; /* eps; its iteration; the last one stored before */
    double *gap;                /* n: scratch */
    struct lnn_power_best zero, own;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return lnn_power_about(e, r) && r->net.N >= 2;
}

/* max_i |Delta_i|, not smaller than it is for certain */
static double largest(const struct lnn_power *power, size_t row)
{
    double out = 0;
    for (size_t i = 0; i < power->n; i++) {
        double bar, gap = lnn_power_gap(power, row, i, 0, &bar);
        if (!(fabs(gap) + bar <= out)) out = fabs(gap) + bar;
    }
    return out;
}

/* eps is what the last row has reached; it counts from the first row that keeps it, so
 * that no single row decides. */
static void measure(struct race *s)
{
    const struct lnn_power *power = s->power;
    const struct lnn_record *r = power->r;
    size_t row = r->rows - 1;
    s->level = largest(power, row);
    while (row > 0 && largest(power, row - 1) <= s->level) row--;
    s->taken = r->iteration[row];
    s->above = row > 0 ? r->iteration[row - 1] : 0;
    for (size_t i = 0; i < power->n; i++) s->gap[i] = power->y[i];
    s->zero = lnn_power_best(power, s->gap, s->level);
    for (size_t i = 0; i < power->n; i++) {
        double bar;
        s->gap[i] = lnn_power_gap(power, 0, i, 0, &bar);
    }
    s->own = lnn_power_best(power, s->gap, s->level);
}

/* Iterations the asymptotic rate predicts: once w_1 = y_1, the small coordinates obey
 * the one-layer rule with eta ||Phi||^{2-2/N}. */
static double predicted(const struct race *s)
{
    const struct lnn_power *power = s->power;
    double norm = 0, most = 0, N = (double)power->r->net.N;
    for (size_t i = 0; i < power->n; i++) norm = hypot(norm, power->y[i]);
    double eta = power->eta * pow(norm, 2 - 2 / N);
    for (size_t i = 0; i < power->n; i++) {
        double x = lnn_power_share(power, i, eta, s->gap[i]);
        double ratio = fabs(s->gap[i]) / s->level;
        if (ratio > 1 && x < 1) most = fmax(most, lnn_power_enough(power->q, x, ratio));
    }
    return most;
}

static void describe(const struct race *s, double at_least, double at_most,
                     struct lnn_judgement *j)
{
    const struct lnn_power *power = s->power;
    size_t N = power->r->net.N;
    lnn_judge_figure(j, "eps reached: max |Delta|", s->level);
    lnn_judge_figure(j, "iterations to eps", s->taken);
    lnn_judge_figure(j, "one layer from 0: learning rate below", s->zero.rate);
    lnn_judge_figure(j, "one layer from 0: iterations at least", s->zero.at_least);
    lnn_judge_figure(j, "one layer from W(0): learning rate below", s->own.rate);
    lnn_judge_figure(j, "one layer from W(0): iterations at least", s->own.at_least);
    lnn_judge_figure(j, "one layer at its best: iterations at most", at_most);
    lnn_judge_figure(j, "guaranteed speed-up from 0", s->zero.at_least / s->taken);
    lnn_judge_figure(j, "guaranteed speed-up", at_least / s->taken);
    lnn_judge_figure(j, "iterations by the asymptotic rate", predicted(s));
    lnn_judge_figure(j, "gain from near 0 without overshoot",
                     lnn_power_gain(N, power->q));
    lnn_judge_explain(j,
                      "max |Delta| <= %.6g from iteration %.10g on, depth %zu, eta = "
                      "%.6g",
                      s->level, s->taken, N, power->eta);
    lnn_judge_explain(
        j,
        "one layer from 0: converges only for eta < 2 / max c_i |y_i|^%g = "
        "%.6g, and needs (|y_2/eps|^q - 1) / ((1-x)^-q - 1) = %.8g or more "
        "iterations, x = %.6g; from W(0): %.8g",
        power->q, s->zero.rate, s->zero.at_least, s->zero.crawl, s->own.at_least);
    lnn_judge_explain(j,
                      "one layer's best lies between %.8g and %.8g iterations: "
                      "speed-up %.6g or more",
                      at_least, at_most, at_least / s->taken);
}

/* Is there a coordinate that one layer must let crawl, and has it got anywhere? */
static bool unequal(const struct race *s, double from, struct lnn_judgement *j)
{
    const struct lnn_power_best *worse =
        s->zero.crawl > s->own.crawl ? &s->zero : &s->own;
    double round = 8 * DBL_EPSILON * (s->power->q + 2);
    bool crawls = lnn_judge_hypothesis(
        j, "unequal targets: 2 (c_2 |Delta_2|^(p-2)) / (c_1 |Delta_1|^(p-2)) < 1",
        worse->crawl, 1, round * worse->crawl);
    return lnn_judge_hypothesis(j, "eps is below the slow coordinate's start", s->level,
                                from, round * from) &&
           crawls;
}

static int conclude(struct race *s, struct lnn_judgement *j)
{
    measure(s);
    if (!isfinite(s->level))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the last row's error bar is not finite");
    double at_least = fmin(s->zero.at_least, s->own.at_least);
    double at_most = fmin(s->zero.at_most, s->own.at_most);
    bool met = unequal(s, fmin(s->zero.from, s->own.from), j);
    if (met) describe(s, at_least, at_most, j);
    double measured = met ? s->taken / at_least : NAN;
    double bar = 16 * DBL_EPSILON * (1 + fabs(log(at_least))) * measured;
    /* slower than some one layer for certain: depth can be faster, not always is */
    if (met && s->taken > at_most + s->taken - s->above)
        return lnn_judge_stop(j, LNN_NOT_MET,
                              "this start and step do not accelerate: %.6g iterations, "
                              "one layer at its best learning rate takes at most %.6g",
                              s->taken, at_most);
    if (measured > 1) bar += (at_most + s->taken - s->above) / at_least - 1;
    lnn_judge_conclude(j, "iterations over what one layer needs at least", measured, 1,
                       met ? bar : NAN);
    return GSL_SUCCESS;
}

static int judge_power(struct lnn_power *power, struct lnn_judgement *j)
{
    struct race s = {.power = power};
    if (!lnn_power_hypotheses(power, j)) {
        lnn_judge_conclude(j, "conclusion", NAN, NAN, NAN);
        return GSL_SUCCESS;
    }
    if (power->r->iteration[0] != 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the rows do not begin with the start");
    s.gap = malloc((power->n + 1) * sizeof *s.gap);
    if (!s.gap) return lnn_fail(GSL_ENOMEM, "out of memory for the residuals");
    int status = conclude(&s, j);
    free(s.gap);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    return lnn_power_judge(e, r, j, judge_power);
}

const struct lnn_theorem lnn_theorem_depth_accelerates = {
    .name = "depth_accelerates",
    .doc = "On an l_p loss with p > 2 and a large and a small target, descent on two "
           "or more layers can reach an accuracy in fewer iterations than one layer's "
           "descent at any learning rate that converges; with a suitable start and "
           "step the factor "
           "has no bound. From near 0 with a cautious step it is a constant.",
    .source = "Arora, Cohen & Hazan 2018 (ICML), Section 7 and Appendix B; the bounds "
              "for one layer are derived for all p > 2",
    .needs = "gradient descent or the end-to-end rule, N >= 2, one output, l_p loss "
             "with p > 2, every example with one input and every input with one "
             "example at most, no weight decay, c_1 |Delta_1(0)|^{p-2} > 2 c_2 "
             "|Delta_2(0)|^{p-2}",
    .claims =
        "the record reaches max |Delta_i| <= eps (that of its last row, kept) in "
        "fewer iterations than the lower bound for one layer at every convergent "
        "learning rate, from 0 as from W(0). Not met where one layer at a known "
        "learning "
        "rate is faster for certain: not every start and step accelerates; undecided "
        "between",
    .about = about,
    .judge = judge,
};
