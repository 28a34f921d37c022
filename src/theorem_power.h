/* Private: descent on l_p losses that decouple, shared by the judges of Arora, Cohen &
 * Hazan (2018, Section 7 and Appendix B: two points ([1,0], y1), ([0,1], y2)).
 *
 * One output, every example sees one input and every input at most one example: x = s
 * e_i, target Y. With Delta_i = w_i - y_i, y_i = Y / s,
 *     dl/dw_i = c_i |Delta_i|^q Delta_i,    q = p - 2,   c_i = factor p weight |s|^p,
 * where factor is 1 (slides) or 1/p (papers), weight 1/m or 1 (target matrix, s = 1).
 * So one layer's descent is, coordinate by coordinate,
 *     Delta <- Delta (1 - x),    x = eta c |Delta|^q,
 * which never comes nearer to 0 when x >= 2 and converges, |Delta| falling, when x < 2.
 *
 * How slow (q > 0, derived): let u = |Delta|^-q, so that u <- u (1-x)^-q with x = eta c
 * / u. While x < 1, u grows by u h(x), h(x) = (1-x)^-q - 1, which is eta c h(x) / x; h
 * is convex with h(0) = 0, so that h(x)/x falls with x, from h(x0)/x0 towards q. After
 * n steps
 *     |Delta_0| (1 + n h(x0))^{-1/q} <= |Delta_n| <= |Delta_0| (1 + n q x0)^{-1/q}.
 * For p = 4, y = 1 the left is (eps^-2 - 1)(1-eta)^2 / (eta (2-eta)) <= n. */
#ifndef THEOREM_POWER_H
#define THEOREM_POWER_H

#include "lnn/theorem.h"

struct lnn_power {
    const struct lnn_record *r;
    double p, q, eta;
    size_t n;      /* coordinates; 0: the data does not decouple */
    size_t *at;    /* n: which entry of W */
    double *y, *c; /* n */
};

/* Descent with one output on the lp loss, or on a loss the file does not say? */
bool lnn_power_about(const struct lnn_evidence *e, const struct lnn_record *r);

/* Is there what the judges need: the loss, the learning rate, W, two rows at least, all
 * finite, iterations that rise? If not, the judgement has ended, inconclusive. */
bool lnn_power_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                     struct lnn_judgement *j);

/* One block; free(3) releases it. Needs the lp loss with its examples. */
int lnn_power_alloc(const struct lnn_evidence *e, const struct lnn_record *r,
                    struct lnn_power **power);

/* p > 2, decoupled, no weight decay: do all hold? */
bool lnn_power_hypotheses(const struct lnn_power *power, struct lnn_judgement *j);

/* Delta_i in row `row`. *bar: the file's W_error; where it has none, what rounding adds
 * up to since iteration `since`: 4 units of |w| + |y| each. */
double lnn_power_gap(const struct lnn_power *power, size_t row, size_t i, double since,
                     double *bar);

/* x = eta c |Delta|^q at learning rate eta. */
double lnn_power_share(const struct lnn_power *power, size_t i, double eta, double gap);

/* |Delta_n| / |Delta_0| is at least .. (x0 < 1), at most .. (x0 <= 1); n > 0. */
double lnn_power_least(double q, double x0, double n);
double lnn_power_most(double q, double x0, double n);

/* Iterations from |Delta_0| to |Delta_0| / ratio, ratio >= 1: at least (x0 < 1), at
 * most (x0 <= 1). */
double lnn_power_needed(double q, double x0, double ratio);
double lnn_power_enough(double q, double x0, double ratio);

/* What one layer's descent from Delta(0) = gap[] can do at its best, over all
 * convergent learning rates, to bring every |Delta_i| to `level`. They lie below `rate`
 * = min_i 2 / (c_i |Delta_i|^q). Coordinate i needs the more steps the smaller eta is,
 * so that it needs at least lnn_power_needed at x = `rate` c_i |Delta_i|^q, if that is
 * below 1; and with rate / 2 no coordinate overshoots. */
struct lnn_power_best {
    double rate;     /* the supremum of convergent learning rates */
    double crawl;    /* the smallest x at that rate; the slow coordinate's */
    double from;     /* |Delta(0)| of the coordinate that needs the most */
    double at_least; /* iterations; 0 when no x is below 1 */
    double at_most;
};
struct lnn_power_best lnn_power_best(const struct lnn_power *power, const double gap[],
                                     double level);

/* Over-parameterised descent from near 0, its step the largest that does not overshoot
 * the large coordinate, gains this factor on the small one's rate over eta = 1 /
 * y1^q:  (a+b)^{a+b} / (N a^a b^b), a = 2 - 2/N, b = q. */
double lnn_power_gain(size_t N, double q);

/* Makes ready what `of` judges, and releases it. */
int lnn_power_judge(const struct lnn_evidence *e, const struct lnn_record *r,
                    struct lnn_judgement *j,
                    int (*of)(struct lnn_power *power, struct lnn_judgement *j));

#endif
