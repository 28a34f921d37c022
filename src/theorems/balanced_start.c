/* How balanced the start is, by the kind of start it is.
 *
 * C_j = W_{j+1}^T W_{j+1} - W_j W_j^T is
 *   0 to the bit     for layers that are one multiple of the identity (or all 0),
 *   0 up to rounding for balanced starts and (within limits on the widths) for
 *                    orthogonal and for rotated identity starts,
 *   random           for independent N(0, s^2) weights: then C_j is s^2 times a number
 *                    that knows nothing of s, and Claim 2 bounds its size's law. Starts
 *                    with s = 1 are drawn, so that small s cannot underflow. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/rng.h"
#include "theorem_chance.h"
#include "theorem_margin.h"

/* The chance that an interval misses the truth; and how many standard errors the mean
 * of 200 samples or more may be off: the samples' tails are heavy (a square of squares
 * of normal numbers), so a chance as small as that takes more than a normal law's. */
static const double MISS = 1e-6, SIGMAS = 12;

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    bool layers =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_DESCENT;
    return (layers || r->w) && r->net.N != 1;
}

/* Is every layer x times the identity (ones on its diagonal)? */
static bool multiple_of_identity(const struct lnn_network *net, const double w[])
{
    for (size_t j = 1; j <= net->N; j++) {
        const double *Wj = w + lnn_network_offset(net, j);
        for (size_t r = 0; r < net->d[j]; r++)
            for (size_t c = 0; c < net->d[j - 1]; c++)
                if (Wj[r * net->d[j - 1] + c] != (r == c ? w[0] : 0)) return false;
    }
    return true;
}

static size_t shorter(const struct lnn_network *net, size_t j)
{
    return net->d[j] < net->d[j - 1] ? net->d[j] : net->d[j - 1];
}

/* x^2 times a projection on the first shorter(j) directions on both sides of layer j */
static bool equal_sides(const struct lnn_network *net)
{
    for (size_t j = 2; j <= net->N; j++)
        if (shorter(net, j) != shorter(net, 1)) return false;
    return true;
}

/* Orthonormal rows below a hidden space and orthonormal columns above it: both Gram
 * matrices there are the identity. */
static bool narrow_inside(const struct lnn_network *net)
{
    for (size_t j = 1; j < net->N; j++)
        if (net->d[j] > net->d[j - 1] || net->d[j] > net->d[j + 1]) return false;
    return true;
}

static size_t widest(const struct lnn_network *net)
{
    size_t most = 0;
    for (size_t j = 0; j <= net->N; j++) most = net->d[j] > most ? net->d[j] : most;
    return most;
}

/* The start's imbalance against a bar of factor * max_j (||W_{j+1}||^2 + ||W_j||^2). */
static int judge_gap(const struct lnn_record *r, double factor, const char *how,
                     struct lnn_judgement *j)
{
    double gap, scale;
    LNN_TRY(lnn_record_imbalance(r, 0, &gap, &scale));
    factor += lnn_record_rounding(r) - DBL_EPSILON; /* stored in float32 */
    lnn_judge_figure(j, "largest ||C_j||", gap);
    lnn_judge_figure(j, "largest ||W_{j+1}||^2 + ||W_j||^2", scale);
    lnn_judge_explain(j, "max_j ||W_{j+1}^T W_{j+1} - W_j W_j^T|| = %.3g, %s %.3g", gap,
                      how, factor * scale);
    lnn_judge_conclude(j, "the start's imbalance", gap, 0, factor * scale);
    return GSL_SUCCESS;
}

/* Every entry of both Gram matrices is one product and zeros. A multiply-add that
 * rounds once may leave the rounding of x^2, half an epsilon, on the diagonal; the
 * scale is twice the diagonal's x^2 each, so that its norm is below a quarter. */
static int judge_exact(const struct lnn_record *r, struct lnn_judgement *j)
{
    double x = r->w[0];
    if (x != 0)
        lnn_judge_fact(j, "the shorter sides of all layers are equal",
                       equal_sides(&r->net));
    lnn_judge_figure(j, "the identity's factor", x);
    lnn_judge_explain(j, "every layer is %.10g times the identity: C_j = x^2 - x^2", x);
    return judge_gap(r, DBL_EPSILON / 4, "one rounding of a product is", j);
}

/* Rounding, in units of epsilon and of the scale, h the widest layer: h/2 of the inner
 * products in C_j. Two rotations a layer: the partial sums of O W stay below ||W|| as
 * columns of O are orthonormal, so h additions and products round by (h + sqrt(h)) / 2
 * at most, each counts twice in C_j: 2 (h + sqrt(h)). Last, what singular vectors and
 * rotations lack of orthonormality, on both sides: LAPACK's were found up to 6 off for
 * h = 2 and 100 for h = 128, twice repeated Gram-Schmidt a third of that; 2 h + 8 is
 * allowed. In all 6.5 h + 2 sqrt(h) + 16. */
static int judge_rounded(const struct lnn_record *r, struct lnn_judgement *j)
{
    double h = (double)widest(&r->net);
    return judge_gap(r, DBL_EPSILON * (6.5 * h + 2 * sqrt(h) + 16), "rounding allows",
                     j);
}

struct trial { /* starts with s = 1 */
    const struct lnn_network *net;
    size_t n;
    double *worst; /* n: max_j ||C_j|| */
    double *mean;  /* N: of ||C_j||^2, j = 1..N-1 */
};

static void draw(struct trial *t, gsl_rng *rng, double w[], double C[])
{
    for (size_t i = 0; i < t->n; i++) {
        lnn_rng_normals(rng, 1, t->net->size, w);
        for (size_t j = 1; j < t->net->N; j++) {
            lnn_network_imbalance(t->net, w, j, C);
            double norm = lnn_norm(t->net->d[j] * t->net->d[j], C);
            t->mean[j] += norm * norm / (double)t->n;
            t->worst[i] = fmax(t->worst[i], norm);
        }
    }
}

static int trial_alloc(const struct lnn_network *net, struct trial *t)
{
    size_t side = widest(net);
    *t = (struct trial){.net = net, .n = lnn_chance_samples(net->size)};
    t->worst = calloc(t->n + net->N, sizeof *t->worst);
    t->mean = t->worst ? t->worst + t->n : NULL;
    double *w = malloc((net->size + side * side) * sizeof *w);
    gsl_rng *rng = t->worst && w ? lnn_rng_open(0, "theorem.balanced_start") : NULL;
    if (rng) draw(t, rng, w, w + net->size);
    if (rng) gsl_rng_free(rng);
    free(w);
    if (rng) return GSL_SUCCESS;
    free(t->worst);
    return lnn_fail(GSL_ENOMEM, "out of memory for samples");
}

static size_t within(const struct trial *t, double delta)
{
    size_t hits = 0;
    for (size_t i = 0; i < t->n; i++) hits += t->worst[i] <= delta;
    return hits;
}

/* P(||C_j|| <= delta for all j) >= 1 - 10 N s^4 d_max^3 / delta^2, at the delta where
 * that is 1/4, 1/2, 3/4. In units of the half-width of the samples' interval the
 * statement p <= estimate holds where p is below it, and fails where p is above. */
static void claim_2(const struct trial *t, double s, struct lnn_worst *worst,
                    struct lnn_judgement *j)
{
    static const char *const names[][3] = {
        {"delta where Claim 2 says 1/4", "sampled probability there (1/4)",
         "its lower limit (1/4)"},
        {"delta where Claim 2 says 1/2", "sampled probability there (1/2)",
         "its lower limit (1/2)"},
        {"delta where Claim 2 says 3/4", "sampled probability there (3/4)",
         "its lower limit (3/4)"}};
    double d = (double)widest(t->net), N = (double)t->net->N;
    for (size_t i = 0; i < 3; i++) {
        double p = 0.25 * (double)(i + 1);
        double delta = sqrt(10 * N * d * d * d / (1 - p));
        struct lnn_chance seen = lnn_chance_interval(within(t, delta), t->n, MISS);
        lnn_judge_figure(j, names[i][0], s * s * delta);
        lnn_judge_figure(j, names[i][1], seen.estimate);
        lnn_judge_figure(j, names[i][2], seen.low);
        lnn_judge_explain(j,
                          "P(%.6g-balanced) >= 1 - 10 N s^4 d_max^3 / delta^2 = %g: "
                          "sampled %.4f, [%.4f, %.4f]",
                          s * s * delta, p, seen.estimate, seen.low, seen.high);
        lnn_worst_add(worst, "the probability that Claim 2 guarantees", 0, p,
                      0.5 * (seen.low + seen.high), 0.5 * (seen.high - seen.low));
    }
}

/* E ||C_j||^2 against the samples' mean, in standard errors of that; sums of positive
 * numbers round by n + d^2 epsilons at most, and the products of length d in them. */
static void moments(const struct trial *t, struct lnn_worst *worst,
                    struct lnn_judgement *j)
{
    const size_t *d = t->net->d;
    double farthest = -1, here = NAN, mean = NAN, exact = NAN;
    for (size_t i = 1; i < t->net->N; i++) {
        double E = lnn_chance_imbalance_mean(d[i + 1], d[i], d[i - 1]);
        double V = lnn_chance_imbalance_variance(d[i + 1], d[i], d[i - 1]);
        double off = fabs(t->mean[i] - E) / sqrt(V / (double)t->n);
        double side = (double)widest(t->net);
        double bar =
            DBL_EPSILON * ((double)t->n + 4 * side * side) * E * sqrt((double)t->n / V);
        lnn_worst_add(worst, "the second moment's distance in standard errors", 0, off,
                      SIGMAS, bar);
        if (off <= farthest) continue;
        farthest = off;
        here = (double)i;
        mean = t->mean[i];
        exact = E;
    }
    lnn_judge_figure(j, "second moment's distance in standard errors", farthest);
    lnn_judge_figure(j, "its layer j", here);
    lnn_judge_figure(j, "E ||C_j||^2 / s^4 there", exact);
    lnn_judge_figure(j, "samples' mean there", mean);
    lnn_judge_explain(
        j,
        "E ||C_j||^2 = s^4 (d (a-b)^2 + d (d+1) (a+b)), a, d, b the widths "
        "above, at and below C_j; farthest at j = %g: %.8g s^4, sampled "
        "%.8g s^4, %.2f standard errors (%g allowed)",
        here, exact, mean, farthest, SIGMAS);
}

/* This start among the drawn ones, and the two ways to look at its size. */
static int own(const struct lnn_record *r, const struct trial *t, double s,
               struct lnn_judgement *j)
{
    double gap, scale;
    LNN_TRY(lnn_record_imbalance(r, 0, &gap, &scale));
    double unit = gap / (s * s), rank = (double)within(t, unit) / (double)t->n;
    lnn_judge_figure(j, "largest ||C_j||", gap);
    lnn_judge_figure(j, "that over s^2", unit);
    lnn_judge_figure(j, "that over ||W_{j+1}||^2 + ||W_j||^2", gap / scale);
    lnn_judge_figure(j, "its rank among the samples", rank);
    lnn_judge_explain(
        j,
        "this start: max_j ||C_j|| = %.6g = %.6g s^2, above %.4f of the "
        "drawn ones. Near zero it vanishes as s^2, not in comparison with "
        "the layers: %.3g of ||W_{j+1}||^2 + ||W_j||^2 whatever s is",
        gap, unit, rank, gap / scale);
    return GSL_SUCCESS;
}

static int judge_random(const struct lnn_record *r, double s, struct lnn_judgement *j)
{
    struct trial t;
    struct lnn_worst worst = {0};
    lnn_chance_drawn(j, r->net.size, r->w, s);
    LNN_TRY(trial_alloc(&r->net, &t));
    lnn_judge_figure(j, "standard deviation s", s);
    lnn_judge_figure(j, "samples", (double)t.n);
    claim_2(&t, s, &worst, j);
    moments(&t, &worst, j);
    int status = own(r, &t, s, j);
    free(t.worst);
    return status == GSL_SUCCESS ? lnn_worst_conclude(&worst, j) : status;
}

/* What the file says the start is, where the weights do not show it. */
static int judge_said(const struct lnn_evidence *e, const struct lnn_record *r,
                      struct lnn_judgement *j)
{
    bool identity = strcmp(e->init, "identity") == 0;
    bool noisy = strcmp(e->init, "zero") == 0 && e->init_noise > 0;
    if (e->init[0] == '\0')
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say what the start is, and it is no "
                              "multiple of the identity");
    if (noisy) return judge_random(r, e->init_noise, j);
    if (strcmp(e->init, "gaussian") == 0) {
        if (e->init_scale > 0) return judge_random(r, e->init_scale, j);
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say the standard deviation of its "
                              "gaussian start (init_scale)");
    }
    if (strcmp(e->init, "balanced") == 0) return judge_rounded(r, j);
    if (strcmp(e->init, "orthogonal") == 0) {
        lnn_judge_fact(j, "no hidden width above its neighbours'",
                       narrow_inside(&r->net));
        return judge_rounded(r, j);
    }
    if (identity && !(e->init_noise > 0)) {
        lnn_judge_fact(j, "the shorter sides of all layers are equal",
                       equal_sides(&r->net));
        return judge_rounded(r, j);
    }
    lnn_judge_fact(j, "an identity, balanced, orthogonal or gaussian start", false);
    return lnn_judge_stop(j, LNN_NOT_MET,
                          "the start is none of these: identity without noise, zero, "
                          "balanced, orthogonal, independent normal weights (it is %s)",
                          e->init);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!r->w || r->net.N == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE, "the file has no weights W1..WN");
    if (!lnn_chance_ready(r, j)) return GSL_SUCCESS;
    return multiple_of_identity(&r->net, r->w) ? judge_exact(r, j)
                                               : judge_said(e, r, j);
}

const struct lnn_theorem lnn_theorem_balanced_start = {
    .name = "balanced_start",
    .doc = "How balanced a start is: identity starts are, exactly; Procedure 1 makes "
           "balanced ones; independent normal weights are approximately balanced near "
           "zero, with a probability that is bounded.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Definition 1, Procedure 1, Claim 2 of "
              "the appendix; the second moment is derived",
    .needs = "two layers or more, from the start: identity of equal widths, zero, "
             "balanced, orthogonal without wider hidden layers, or independent N(0, "
             "s^2) weights (the file's attributes init, init_scale, init_noise)",
    .claims = "C_j = 0, exactly or up to rounding; normal weights: P(||C_j|| <= delta "
              "for all j) >= 1 - 10 N s^4 d_max^3 / delta^2, and E ||C_j||^2 = s^4 (d "
              "(a-b)^2 + d (d+1) (a+b)), against samples",
    .about = about,
    .judge = judge,
};
