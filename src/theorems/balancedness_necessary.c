/* Without balancedness: from a start with a margin descent blows up.
 *
 * Phi = I, W_j(0) = diag(x_j, 1, .., 1): all entries but the first stay, and with W =
 * x_1 .. x_N and P_j = prod_{i != j} x_i^2 an iteration is
 *     x_j <- x_j - eta (W - 1) W / x_j = x_j (1 - eta P_j (1 - 1/W)).
 * Lemma. If B <= |x_j| <= C for all j, B >= 2, N >= 2, eta B^{2N-1} >= 20 C, then every
 * x_j changes its sign, |x_j| becomes at least 9 C and at most f eta C^{2N-1}, f = 1 if
 * W > 0, else 5/4; and the same holds again. Proof: |W| >= B^N >= 4, so 1 - 1/W is in
 * [3/4, 5/4] (< 1 if W > 0), and eta P_j (1 - 1/W) >= 15 C / B > 1: the sign changes,
 * |x_j| becomes eta P_j |x_j| (1 - 1/W) - |x_j|, >= 3/4 eta B^{2N-1} - C >= 14 C and <
 * f eta C^{2N-1}. Again: eta (9 C)^{2N-1} >= 729 eta C^{2N-1} >= 20 (5/4) eta C^{2N-1}.
 * The published lemma asks for one sign of all x_j; that is not needed. |W| grows
 * 9^N-fold, so |W - 1| does not fall, nor does the loss (W - 1)^2 / 2.
 *
 * A start x_j = A for half of the layers, c^{2/N} / A for the others (product c < 1) is
 * there after one iteration if A is at least max{c^{1/N}, sqrt(eta (1-c) c), 2/kap,
 * (20 (K+1) / (eta kap^{2N-1}))^{1/(2N-2)}}, kap = min(1, q), K = max(1, q), q = eta
 * (1-c) c^{1-2/N}: then kap A <= x_j <= (K+1) A. */
#include "lnn/theorem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"
#include "theorem_margin.h"
#include "theorem_residual.h"

struct course {
    const struct lnn_record *r;
    const struct lnn_margin *m;
    size_t N, d, good; /* rows of the weights before the first that is not finite */
    double eta;
    double *x, *next; /* N each: of a row, and of the one after it */
    double *from;     /* N: where the lemma begins */
    double least;     /* smallest condition of all rows */
    bool begins;
    size_t n0;            /* iteration, from the first row, at which it begins */
    double B, C, gap;     /* extremes of |x_j| there, |W - 1| there */
    double pairs, growth; /* consecutive rows judged, smallest min |x_j| / C */
    double lowest, last;  /* the loss: smallest, at the last finite row */
    struct lnn_worst worst;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return lnn_residual_about(e, r) && r->dynamics == LNN_DYNAMICS_DESCENT &&
           r->net.N % 2 == 0;
}

static void entries(const struct course *s, size_t i, double x[])
{
    for (size_t j = 0; j < s->N; j++)
        x[j] = s->r->w[i * s->r->net.size + lnn_network_offset(&s->r->net, j + 1)];
}

static void extremes(const struct course *s, const double x[], double *B, double *C)
{
    *B = INFINITY;
    *C = 0;
    for (size_t j = 0; j < s->N; j++) {
        *B = fmin(*B, fabs(x[j]));
        *C = fmax(*C, fabs(x[j]));
    }
}

/* prod_{i != j} x_i; j = N: of all. */
static double product(const struct course *s, const double x[], size_t j)
{
    double W = 1;
    for (size_t i = 0; i < s->N; i++) W *= i == j ? 1 : x[i];
    return W;
}

/* At most 1 where the lemma's condition holds: max(2/B, 20 C / (eta B^{2N-1})). */
static double condition(const struct course *s, const double x[])
{
    double B, C;
    extremes(s, x, &B, &C);
    if (B == 0 || !isfinite(C)) return INFINITY;
    return fmax(2 / B, 20 * (C / B) / s->eta / pow(B, 2 * (double)s->N - 2));
}

static size_t iterations(const struct course *s, double t)
{
    return t == s->r->t[0] ? 0 : lnn_flow_iterations(s->r, s->r->t[0], t);
}

/* Where the lemma begins: at the first row, one iteration later whether or not that is
 * stored (so that a file which does not blow up is caught), or at a later row. */
static void begin(struct course *s)
{
    s->least = INFINITY;
    for (size_t i = 0; i < s->good && !s->begins; i++) {
        entries(s, i, s->x);
        s->n0 = iterations(s, s->r->w_t[i]);
        double here = condition(s, s->x), next = INFINITY, W = product(s, s->x, s->N);
        for (size_t j = 0; j < s->N; j++)
            s->from[j] = s->x[j] - s->eta * (W - 1) * product(s, s->x, j);
        if (i == 0 && here > 1) next = condition(s, s->from);
        if (next <= 1)
            s->n0 = 1;
        else
            memcpy(s->from, s->x, s->N * sizeof *s->x);
        s->least = fmin(s->least, fmin(here, next));
        s->begins = here <= 1 || next <= 1;
    }
    extremes(s, s->from, &s->B, &s->C);
    s->gap = fabs(product(s, s->from, s->N) - 1);
}

/* Relative, of an x_j in one iteration: of the products, W - 1 and the difference. */
static double rounding(const struct course *s)
{
    return 4 * ((double)s->N + 2) * DBL_EPSILON;
}

/* min_j of sign(before_j) sign x_j */
static double smallest(const struct course *s, const double before[], const double x[],
                       double sign)
{
    double y = INFINITY;
    for (size_t j = 0; j < s->N; j++)
        y = fmin(y, before[j] > 0 ? sign * x[j] : -sign * x[j]);
    return y;
}

/* From where the lemma begins to row i, n iterations later. */
static void anchored(struct course *s, size_t i, size_t n)
{
    double sign = n % 2 ? -1 : 1, y = smallest(s, s->from, s->x, sign);
    double factor = fmin(pow(9, (double)n), DBL_MAX), B, C;
    extremes(s, s->x, &B, &C);
    if (n > 0) {
        lnn_worst_add(&s->worst, "9^n, against min |x_j| (<= 0: a wrong sign) over C,",
                      i, factor, y / s->C, rounding(s) * factor);
        return;
    }
    lnn_worst_add(&s->worst,
                  "half of B, against the first iteration's min |x_j| over B,", i, 0.5,
                  y / s->B, rounding(s));
    lnn_worst_add(&s->worst, "half of max |x_j| after the first iteration, over C,", i,
                  0.5 * C / s->C, 1, rounding(s));
}

/* The iteration from row i, whose x is s->x, to the next row. */
static void pair(struct course *s, size_t i)
{
    const double *t = s->r->w_t;
    double B, C, low, high;
    if (i + 1 >= s->good || lnn_flow_iterations(s->r, t[i], t[i + 1]) != 1) return;
    if (condition(s, s->x) > 1) return;
    entries(s, i + 1, s->next);
    extremes(s, s->x, &B, &C);
    double grown = smallest(s, s->x, s->next, -1) / C;
    double f = product(s, s->x, s->N) > 0 ? 1 : 1.25;
    extremes(s, s->next, &low, &high);
    double most = high / C / (f * s->eta * pow(C, 2 * (double)s->N - 2));
    lnn_worst_add(&s->worst, "9, against min |x_j| (<= 0: a wrong sign) over C,", i + 1,
                  9, grown, 9 * rounding(s));
    lnn_worst_add(&s->worst, "max |x_j| over eta C^(2N-1)", i + 1, most, 1,
                  rounding(s));
    s->pairs++;
    s->growth = fmin(s->growth, grown);
}

static void layers(struct course *s)
{
    for (size_t i = 0; i < s->good; i++) {
        size_t n = iterations(s, s->r->w_t[i]);
        if (n == 0 && i > 0) s->worst.broken++; /* not a whole number of them */
        if (!s->begins || n < s->n0) continue;
        entries(s, i, s->x);
        if (memcmp(s->x, s->from, s->N * sizeof *s->x) != 0) anchored(s, i, n - s->n0);
        pair(s, i);
    }
}

/* Must the numbers overflow within n iterations of row i? By the lemma ln |x_j| becomes
 * at least ln(0.7 eta) + 2 sum ln |x_i| - ln |x_j|, and the gradient 1/eta of it. */
static bool overflows(struct course *s, size_t i, size_t n)
{
    double *a = s->x;
    entries(s, i, a);
    if (condition(s, a) > 1) return false;
    for (size_t j = 0; j < s->N; j++) a[j] = log(fabs(a[j]));
    for (; n > 0; n--) {
        double sum = 0, largest = 0;
        for (size_t j = 0; j < s->N; j++) sum += a[j];
        for (size_t j = 0; j < s->N; j++) {
            a[j] = log(0.7 * s->eta) + 2 * sum - a[j];
            largest = fmax(largest, a[j] - fmin(log(s->eta), 0));
        }
        if (fmax(sum, largest) > log(DBL_MAX)) return true;
    }
    return false;
}

/* Rows that are not finite are honest where the iteration has left the range of doubles
 * for certain; *since: the time from which W may be so. */
static void tail(struct course *s, double *since)
{
    const struct lnn_record *r = s->r;
    *since = INFINITY;
    for (size_t i = 0; i < s->good && s->begins; i++) {
        double W = 0;
        entries(s, i, s->x);
        for (size_t j = 0; j < s->N; j++) W += log(fabs(s->x[j]));
        if (W > log(DBL_MAX)) *since = fmin(*since, r->w_t[i]);
    }
    if (s->good == r->weights_rows) return;
    for (size_t i = s->good; i < r->weights_rows; i++)
        if (lnn_finite(r->net.size, r->w + i * r->net.size)) s->worst.broken++;
    size_t last = s->good - 1;
    size_t n = lnn_flow_iterations(r, r->w_t[last], r->w_t[s->good]);
    if (s->begins && iterations(s, r->w_t[last]) >= s->n0 && overflows(s, last, n))
        *since = fmin(*since, r->w_t[s->good]);
    else
        s->worst.broken++;
}

/* The loss is never again below what it was where the lemma begins. */
static void floor_rows(struct course *s, double since)
{
    const struct lnn_record *r = s->r;
    size_t n = s->d * s->d;
    for (size_t i = 0; i < r->rows; i++) {
        const double *W = r->W + i * n;
        if (!lnn_finite(n, W)) {
            s->worst.broken += r->t[i] < since;
            continue;
        }
        double gap = lnn_distance(n, W, s->m->data->Phi);
        s->lowest = fmin(s->lowest, 0.5 * gap * gap);
        s->last = 0.5 * gap * gap;
        if (!s->begins || iterations(s, r->t[i]) <= s->n0) continue;
        lnn_worst_add(&s->worst,
                      "1, against the loss over that where the lemma begins,", i, 1,
                      (gap / s->gap) * (gap / s->gap), rounding(s));
    }
}

/* The start of the paper, and how large its A has to be. */
static void constants(struct course *s, struct lnn_judgement *j)
{
    double N = (double)s->N, eta = s->eta, A, small;
    size_t large = 0;
    entries(s, 0, s->x);
    extremes(s, s->x, &small, &A);
    double c = product(s, s->x, s->N);
    lnn_judge_figure(j, "largest x_j of the start, A", A);
    lnn_judge_figure(j, "product of the start's x_j, c", c);
    for (size_t i = 0; i < s->N; i++) {
        double to = fabs(s->x[i]) > sqrt(A * small) ? A : small;
        large += to == A;
        if (!(fabs(s->x[i] - to) <= 8 * DBL_EPSILON * to)) return;
    }
    if (large != s->N / 2 || !(c > 0 && c < 1)) return;
    double q = eta * (1 - c) * pow(c, 1 - 2 / N), kap = fmin(1, q), K = fmax(1, q);
    double blow = pow(20 * (K + 1) / (eta * pow(kap, 2 * N - 1)), 1 / (2 * N - 2));
    double least =
        fmax(fmax(pow(c, 1 / N), sqrt(eta * (1 - c) * c)), fmax(2 / kap, blow));
    lnn_judge_figure(j, "A that suffices", least);
    lnn_judge_explain(j,
                      "x_j = A or c^(2/N) / A, A = %.6g, c = %.6g; q = eta (1-c) "
                      "c^(1-2/N) = %.6g, kap = %.6g, K = %.6g: A >= %.6g suffices",
                      A, c, q, kap, K, least);
}

/* Everything the claim asks of the file before the lemma. */
static void hypotheses(struct course *s, struct lnn_judgement *j)
{
    const struct lnn_record *r = s->r;
    double tiny = 2 * DBL_EPSILON * (double)s->d, off = 0, target = 0;
    double bar, gap = NAN, scale = NAN;
    for (size_t i = 0; i < s->d * s->d; i++) {
        double one = i % (s->d + 1) == 0;
        target = hypot(target, s->m->data->Phi[i] - one);
        for (size_t l = 1; l <= s->N && i > 0; l++)
            off = hypot(off, r->w[lnn_network_offset(&r->net, l) + i] - one);
    }
    lnn_judge_hypothesis(j, "the target is the identity, up to rounding", target, tiny,
                         0);
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    lnn_judge_hypothesis(j, "every layer starts as diag(x_j, 1, .., 1)", off,
                         (double)s->N * tiny, 0);
    double excess = lnn_margin_excess(s->m, r->W, 0, &bar);
    double c = lnn_margin_certified(s->m, excess);
    bar = fabs(c - lnn_margin_certified(s->m, excess + bar)) + 8 * tiny;
    lnn_judge_figure(j, "deficiency margin c", c);
    lnn_judge_hypothesis(j, "deficiency margin c > 0 (measured: -c)", -c, 0, bar);
    if (lnn_record_imbalance(r, 0, &gap, &scale) != GSL_SUCCESS) gap = NAN;
    lnn_judge_hypothesis(j, "the start is unbalanced (rounding, imbalance)",
                         8 * tiny * scale, gap, 0);
}

static void say(const struct course *s, struct lnn_judgement *j)
{
    const struct lnn_worst *w = &s->worst;
    lnn_judge_figure(j, "lowest loss", s->lowest);
    lnn_judge_figure(j, "loss at the last finite row", s->last);
    if (!s->begins) return;
    lnn_judge_figure(j, "iteration at which the lemma begins", (double)s->n0);
    lnn_judge_figure(j, "B = min |x_j| there", s->B);
    lnn_judge_figure(j, "C = max |x_j| there", s->C);
    lnn_judge_figure(j, "loss there, the floor from then on", 0.5 * s->gap * s->gap);
    lnn_judge_figure(j, "consecutive iterations judged", s->pairs);
    lnn_judge_figure(j, "smallest growth min |x_j| / C in one",
                     s->pairs > 0 ? s->growth : NAN);
    lnn_judge_explain(j,
                      "lemma from iteration %zu: B = %.6g >= 2 and eta B^(2N-1) = %.6g "
                      ">= 20 C = %.6g, eta = %g, N = %zu",
                      s->n0, s->B, s->eta * pow(s->B, 2 * (double)s->N - 1), 20 * s->C,
                      s->eta, s->N);
    lnn_judge_explain(j, "the file ends with: %s; %zu of %zu rows are finite",
                      s->r->reason, s->good, s->r->weights_rows);
    if (w->what)
        lnn_judge_explain(j, "nearest in row %zu: %s %.6g <= %.6g (rounding %.2g)",
                          w->row, w->what, w->measured, w->bound, w->bar);
    else
        lnn_judge_explain(j, "no later iteration is stored");
}

static int judge_course(struct course *s, struct lnn_judgement *j)
{
    double since;
    hypotheses(s, j);
    constants(s, j);
    begin(s);
    lnn_judge_hypothesis(j, "blow-up: 2 <= B and 20 C <= eta B^(2N-1) at an iteration",
                         s->least, 1, 0);
    tail(s, &since);
    layers(s);
    floor_rows(s, since);
    say(s, j);
    return lnn_worst_conclude(&s->worst, j);
}

/* A start, and the times in order: what later rows may be is for the lemma to say. */
static bool ready(const struct lnn_evidence *e, const struct lnn_record *r,
                  struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j) || !lnn_residual_ordered(r, j)) return false;
    bool known = r->learning_rate > 0;
    if (known && lnn_finite(r->net.size, r->w) && lnn_finite(r->k * r->d, r->W))
        return true;
    (void)lnn_judge_stop(j, LNN_INCONCLUSIVE,
                         known ? "the start holds weights that are not finite"
                               : "the file does not say the learning rate");
    return false;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_margin *m;
    if (!ready(e, r, j) || !lnn_residual_whitened(e, j)) return GSL_SUCCESS;
    LNN_TRY(lnn_margin_alloc(e, &m));
    struct course s = {.r = r,
                       .m = m,
                       .N = r->net.N,
                       .d = r->d,
                       .eta = r->learning_rate,
                       .growth = INFINITY,
                       .lowest = INFINITY};
    const double *w = r->w;
    for (; s.good < r->weights_rows && lnn_finite(r->net.size, w); w += r->net.size)
        s.good++;
    s.x = calloc(3 * s.N, sizeof *s.x);
    int status = GSL_SUCCESS;
    if (!s.x) status = lnn_fail(GSL_ENOMEM, "out of memory for the blow-up");
    s.from = s.x ? s.x + s.N : NULL;
    s.next = s.x ? s.from + s.N : NULL;
    if (status == GSL_SUCCESS) status = judge_course(&s, j);
    free(s.x);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_balancedness_necessary = {
    .name = "balancedness_necessary",
    .doc = "Without balance a deficiency margin is not enough: for every learning rate "
           "and margin c < 1 descent blows up doubly exponentially from layers "
           "diag(x_j, 1, ..) with certain unequal x_j.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Claim 4; the blow-up lemma with its "
              "constants derived",
    .needs =
        "gradient descent, N even, all widths equal, square loss of whitened data, "
        "Phi = I, no weight decay, unbalanced start diag(x_j, 1, .., 1) with a "
        "margin c > 0; at an iteration B <= |x_j| <= C, B >= 2, eta B^(2N-1) >= 20 "
        "C",
    .claims =
        "from then on every x_j changes its sign at every iteration, min |x_j| >= "
        "9 C and max |x_j| <= eta C^(2N-1) (5/4 of it if W < 0) with C of the "
        "iteration before, and the loss stays above what it was",
    .about = about,
    .judge = judge,
};
