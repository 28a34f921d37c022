/* One output: how probable a balanced normal start has a deficiency margin.
 *
 * ||W - Phi|| <= ||Phi|| - c, the margin, is 2 <W, Phi> >= |W|^2 + 2 c ||Phi|| - c^2.
 * With c = s^2 d0 / (2 ||Phi||) and s^2 d0/2 <= |W|^2 <= 2 s^2 d0, which fails with a
 * chance below 2 e^{-d0/16}, the cosine of the angle must reach 1.0607 / sqrt(a d0) at
 * most, a = ||Phi||^2 / (s^2 d0^2); a cosine below that in size has at most twice the
 * chance of a normal number below 2 sqrt(2/a). This is the paper's guarantee
 *     (1 - 2 e^{-d0/16}) (3 - 4 F(2 sqrt(2/a))) / 2,
 * where both factors are positive (their product also is where neither is). The chance
 * itself is had twice: by quadrature, and by drawing starts.
 *
 * The theorem's learning rate is usually too small for an iteration to change a double.
 * So convergence is judged where a file has reached T, and said to be out of reach
 * elsewhere. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/rng.h"
#include "theorem_chance.h"
#include "theorem_margin.h"

static const double MISS = 1e-6; /* the chance that an interval misses the truth */

struct start {
    const struct lnn_record *r;
    const struct lnn_margin *m; /* of Phi */
    double N, d, s;
    double a, c;             /* the theorem's */
    double guarantee;        /* its bound; not positive: it says nothing */
    double own, own_bar;     /* the margin of the start in the file */
    double eta, slow, early; /* the rate; T = 4/rate (slow + early ln(.../eps)) */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->k == 1 && r->dynamics != LNN_DYNAMICS_OTHER;
}

/* The standard deviation of the entries of W(0), if the file says that they are
 * independent and normal; NaN. One layer is its own product. */
static double said(const struct lnn_evidence *e, const struct lnn_record *r)
{
    bool one = r->net.N == 1;
    if (strcmp(e->init, "balanced") == 0 || strcmp(e->init, "lambda_balanced") == 0 ||
        (one && strcmp(e->init, "gaussian") == 0))
        return e->init_scale;
    if (one && strcmp(e->init, "zero") == 0 && e->init_noise > 0) return e->init_noise;
    return NAN;
}

/* The law of the start; *s NaN when nothing can be computed. */
static void law(const struct lnn_evidence *e, const struct lnn_record *r,
                struct lnn_judgement *j, double *s)
{
    static const char *const text =
        "the file says that the entries of W(0) were drawn from N(0, s^2)";
    *s = said(e, r);
    if (!(*s > 0)) *s = NAN;
    if (e->init[0] == '\0')
        lnn_judge_hypothesis(j, text, NAN, NAN, 0);
    else if (lnn_judge_fact(j, text, *s > 0))
        lnn_chance_drawn(j, r->d, r->W, *s);
}

/* Below 0 where a factor is: two negative factors guarantee nothing. */
static double guarantee(double d, double a)
{
    double length = 1 - 2 * exp(-d / 16);
    double angle = (3 - 4 * gsl_cdf_ugaussian_P(2 * sqrt(2 / a))) / 2;
    return length > 0 && angle > 0 ? length * angle : fmin(length, angle);
}

static void constants(struct start *s)
{
    double phi = s->m->norm, spread = s->s * s->s * s->d, N = s->N;
    s->a = pow(phi / (s->s * s->d), 2);
    s->c = spread / (2 * phi);
    s->guarantee = guarantee(s->d, s->a);
    s->eta = pow(spread, 4 - 2 / N) / (1e5 * N * N * N * pow(phi, 10 - 6 / N));
    s->slow = log(4) * pow(phi / spread, 2 - 2 / N);
    s->early = pow(phi, 2 / N - 2);
    double gap = lnn_distance(s->m->d, s->r->W, s->m->W);
    s->own = phi - gap;
    s->own_bar = DBL_EPSILON * (double)s->m->d * (phi + gap);
}

static void explain(const struct start *s, struct lnn_judgement *j)
{
    double T = 4 / s->eta * (s->slow + s->early * log(s->m->norm * s->m->norm / 8e-6));
    lnn_judge_figure(j, "inputs d0", s->d);
    lnn_judge_figure(j, "standard deviation s", s->s);
    lnn_judge_figure(j, "norm of Phi", s->m->norm);
    lnn_judge_figure(j, "a = ||Phi||^2 / (s^2 d0^2)", s->a);
    lnn_judge_figure(j, "margin c = s^2 d0 / (2 ||Phi||)", s->c);
    lnn_judge_figure(j, "guaranteed probability", s->guarantee);
    lnn_judge_figure(j, "margin of this start", s->own);
    lnn_judge_figure(j, "this start has the margin c", s->own >= s->c);
    lnn_judge_figure(j, "eta of Theorem 2", s->eta);
    lnn_judge_figure(j, "iterations T for eps = 1e-6 at that eta", T);
    lnn_judge_explain(j,
                      "s = %.6g = ||Phi|| / sqrt(a d0^2), a = %.6g, d0 = %g, ||Phi|| = "
                      "%.6g: P(margin c = s^2 d0 / (2 ||Phi||) = %.6g) >= (1 - 2 "
                      "e^(-d0/16)) (3 - 4 F(2 sqrt(2/a))) / 2 = %.6g",
                      s->s, s->a, s->d, s->m->norm, s->c, s->guarantee);
    lnn_judge_explain(j,
                      "eta <= (s^2 d0)^(4-2/N) / (10^5 N^3 ||Phi||^(10-6/N)) = %.3g, "
                      "T(1e-6) = (4/eta) (ln 4 (||Phi||/(s^2 d0))^(2-2/N) + "
                      "||Phi||^(2/N-2) ln(||Phi||^2/(8 eps))) = %.3g",
                      s->eta, T);
    lnn_judge_explain(j, "this start's margin ||Phi|| - ||W(0) - Phi|| is %.6g: %s",
                      s->own, s->own >= s->c ? "it is one of those" : "it is not one");
}

/* How many of n drawn starts have the margin. */
static int sample(const struct start *s, size_t n, size_t *hits)
{
    size_t d = s->m->d;
    double *W = malloc(d * sizeof *W), reach = s->m->norm - s->c;
    gsl_rng *rng = W ? lnn_rng_open(0, "theorem.margin_probability") : NULL;
    *hits = 0;
    if (!rng) {
        free(W);
        return lnn_fail(GSL_ENOMEM, "out of memory for samples");
    }
    for (size_t i = 0; i < n; i++) {
        lnn_rng_normals(rng, s->s, d, W);
        *hits += lnn_distance(d, W, s->m->W) <= reach;
    }
    gsl_rng_free(rng);
    free(W);
    return GSL_SUCCESS;
}

/* Both probabilities; a quadrature outside of the samples' interval refutes itself. */
static int probability(const struct start *s, struct lnn_judgement *j)
{
    size_t n = lnn_chance_samples(s->m->d), hits;
    double error, P = lnn_chance_margin(s->m->d, s->s, s->m->norm, s->c, &error);
    LNN_TRY(sample(s, n, &hits));
    struct lnn_chance seen = lnn_chance_interval(hits, n, MISS);
    double beside = fmax(0, fmax(seen.low - P, P - seen.high));
    lnn_judge_figure(j, "probability by quadrature", P);
    lnn_judge_figure(j, "its error", error);
    lnn_judge_figure(j, "samples", (double)n);
    lnn_judge_figure(j, "probability by sampling", seen.estimate);
    lnn_judge_figure(j, "its interval, from", seen.low);
    lnn_judge_figure(j, "its interval, to", seen.high);
    lnn_judge_figure(j, "chance that the interval misses", MISS);
    lnn_judge_explain(
        j,
        "P = E 1/2 I_{1-z^2}((d0-1)/2, 1/2), z = (rho^2 + 2 c ||Phi|| - "
        "c^2) / (2 rho ||Phi||), rho = s chi_d0: %.8g (error %.2g); %zu of "
        "%zu drawn starts: [%.6g, %.6g] with confidence 1 - %g",
        P, error, hits, n, seen.low, seen.high, MISS);
    if (beside > error)
        lnn_judge_conclude(j, "the probability's distance from the samples' interval",
                           beside, 0, error);
    else
        lnn_judge_conclude(j, "the guaranteed probability of the margin", s->guarantee,
                           P, error + 4 * DBL_EPSILON);
    return GSL_SUCCESS;
}

static double iterations(const struct lnn_record *r)
{
    size_t last = r->rows - 1;
    return r->iteration ? r->iteration[last] - r->iteration[0]
                        : (r->t[last] - r->t[0]) / r->learning_rate;
}

/* Append to the reason of what holds. */
static void add(struct lnn_judgement *j, const char *text)
{
    size_t n = strlen(j->reason);
    if (j->verdict != LNN_HOLDS) return;
    snprintf(j->reason + n, sizeof j->reason - n, "%s", text);
}

/* l(T) <= eps at the last row, for the eps whose T that is. Returns whether it was
 * judged: descent at the theorem's rate, from a start with the margin, for long enough.
 */
static bool convergence(const struct start *s, struct lnn_judgement *j)
{
    const struct lnn_record *r = s->r;
    if (r->dynamics != LNN_DYNAMICS_DESCENT || !(r->learning_rate <= s->eta))
        return false;
    double bar, excess = lnn_margin_row(s->m, r, r->rows - 1, &bar), n = iterations(r);
    double past = (n * r->learning_rate / 4 - s->slow) / s->early;
    lnn_judge_explain(j,
                      "descent at the theorem's rate: %.3g iterations, the margin's "
                      "phase takes %.3g",
                      n, 4 * s->slow / r->learning_rate);
    if (!(s->own - s->own_bar >= s->c) || !(past >= 0)) return false;
    double eps = s->m->norm * s->m->norm / 8 * exp(-past);
    lnn_judge_figure(j, "loss at the last row over eps of its T", excess / eps);
    lnn_judge_explain(j, "T is reached for eps = %.6g: l = %.6g there", eps, excess);
    lnn_judge_conclude(j, "the loss at T over eps", excess / eps, 1, bar / eps);
    return true;
}

/* An update moves a layer by eta |W|^{1-1/N} ||G||, ||G|| about ||Phi||; the layer's
 * norm is |W|^{1/N}. */
static void reachable(const struct start *s, struct lnn_judgement *j)
{
    double rho = lnn_norm(s->m->d, s->r->W);
    double update = s->eta * pow(rho, 1 - 2 / s->N) * s->m->norm;
    lnn_judge_figure(j, "update over weights at that eta", update);
    if (update < 0.5 * DBL_EPSILON) {
        lnn_judge_explain(j,
                          "an update at that eta is %.2g of the weights, below "
                          "rounding: it cannot be run in double precision",
                          update);
        add(j, "; Theorem 2's eta is below rounding: it cannot be run in double "
               "precision");
    } else {
        add(j, "; T of Theorem 2 is out of reach");
    }
}

static int judge_start(struct start *s, struct lnn_judgement *j)
{
    constants(s);
    lnn_judge_hypothesis(j, "s <= ||Phi||/sqrt(a d0^2), guarantee > 0 (measured: -it)",
                         -s->guarantee, 0, 4 * DBL_EPSILON);
    explain(s, j);
    bool reached = convergence(s, j);
    if (reached && j->verdict != LNN_HOLDS) return GSL_SUCCESS;
    LNN_TRY(probability(s, j));
    if (!reached) reachable(s, j);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j) || !lnn_chance_ready(r, j)) return GSL_SUCCESS;
    struct start s = {.r = r, .N = (double)r->net.N, .d = (double)r->d};
    bool whitened = lnn_margin_is_square(e) && e->data->whitened;
    lnn_judge_fact(j, "the square loss of whitened data", whitened);
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    lnn_margin_balanced(r, j);
    law(e, r, j, &s.s);
    struct lnn_margin *m;
    LNN_TRY(lnn_margin_alloc(e, &m));
    s.m = m;
    bool target = lnn_judge_fact(j, "the target is not 0", m->norm > 0);
    int status = GSL_SUCCESS;
    if (whitened && target && isfinite(s.s))
        status = judge_start(&s, j);
    else
        lnn_judge_conclude(j, "the probability of a margin", NAN, NAN, NAN);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_margin_probability = {
    .name = "margin_probability",
    .doc = "One output: a balanced start whose product has small independent normal "
           "entries has a deficiency margin, and so converges to the global minimum, "
           "with a probability as near to 1/2 as one likes.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Theorem 2 and its proof; the exact "
              "probability is derived",
    .needs = "one output, square loss of whitened data, no weight decay, balanced "
             "start, entries of W(0) from N(0, s^2) (the file's attributes init, "
             "init_scale), s <= ||Phi|| / sqrt(a d0^2) with a positive guarantee",
    .claims = "P(margin s^2 d0 / (2 ||Phi||)) >= (1 - 2 e^(-d0/16)) (3 - 4 F(2 "
              "sqrt(2/a))) / 2, by quadrature and by sampling; l(T) <= eps where T is "
              "reached at Theorem 2's eta",
    .about = about,
    .judge = judge,
};
