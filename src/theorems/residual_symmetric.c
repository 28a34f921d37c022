/* A residual network with a symmetric positive definite target: every mode for itself.
 *
 * Phi = U diag(phi) U^T, W_j(0) = I: all layers stay the same U diag(w) U^T (see
 * margin_necessary), w <- w + eta w^{N-1} (phi - w^N), w(0) = 1. With a = phi^{1/N},
 *   phi - w^N = (a - w) (a^{N-1} + a^{N-2} w + .. + w^{N-1}),
 * so a - w is multiplied by 1 - eta q, q = w^{N-1} (a^{N-1} + .. + w^{N-1}). While w is
 * between 1 and a, N m^{2N-2} <= q <= N M^{2N-2} with m = min(1, a), M = max(1, a). If
 * eta N M^{2N-2} <= 1 the factor is in [0, 1 - eta N m^{2N-2}]: w stays between 1 and
 * a, and is monotone. Under flow (a - w)' = -q (a - w): the factor over t is in
 * [0, exp(-N m^{2N-2} t)].
 *
 * w as a function of phi has the slope w^{N-1} (phi - w^N) int_1^w dx / (x^{N-1} (phi -
 * x^N)^2) under flow, which is at most M^{N-1} / (N m^{N-1}); the layers are this
 * function of the matrix Phi: an error of Phi's eigenvectors turns up in them no more
 * than so much larger (twice, to allow for the steps of descent). */
#include "theorem_residual.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"

struct course {
    const struct lnn_record *r;
    const struct lnn_spectrum *s;
    double *bars;                  /* weights_rows: error bars of the layers */
    double *w, *last;              /* d: modes of layer 1, here and a row before */
    bool stated;                   /* the bars are the file's own */
    double lowest, highest, slope; /* m and M over all modes; of the modes in phi */
    double layers, off;            /* largest difference of entries, off-diagonal */
    double arrived;                /* when all modes were within NEAR of a */
    struct lnn_tight tight;
};

static const double NEAR = 1e-8;

static double root(const struct course *c, size_t a)
{
    return pow(c->s->phi[a], 1 / (double)c->r->net.N);
}

static const double *layer(const struct course *c, size_t i, size_t j)
{
    return c->r->w + i * c->r->net.size + lnn_network_offset(&c->r->net, j);
}

/* A method that treats all layers alike keeps them equal, whatever the errors of its
 * steps: then W is off by more than m^{N-1} times what a layer is off by. What rounding
 * does is amplified no more than W's errors. */
static void error_bars(struct course *c)
{
    const struct lnn_record *r = c->r;
    double largest = 0, N = (double)r->net.N, d = (double)r->d;
    c->stated = true;
    for (size_t i = 0; i < r->weights_rows; i++) {
        bool stated = false;
        double bar = lnn_record_W_bar(r, lnn_flow_row(r, r->w_t[i]), &stated);
        double norm = lnn_norm(r->d * r->d, layer(c, i, 1));
        double rounding = DBL_EPSILON * norm * (sqrt((double)r->steps) + 4 * d);
        c->stated = c->stated && stated;
        if (isnan(bar) || bar > largest) largest = isnan(largest) ? NAN : bar;
        c->bars[i] =
            (largest + rounding) / pow(c->lowest, N - 1) + c->slope * c->s->rounding;
    }
}

/* Largest difference of an entry between two layers, over all rows: also told where the
 * hypotheses fail. */
static double spread(const struct course *c)
{
    size_t n = c->r->d * c->r->d;
    double most = 0;
    for (size_t i = 0; i < c->r->weights_rows; i++)
        for (size_t j = 2; j <= c->r->net.N; j++)
            for (size_t k = 1; k < j; k++)
                for (size_t x = 0; x < n; x++)
                    most = fmax(most, fabs(layer(c, i, j)[x] - layer(c, i, k)[x]));
    return most;
}

/* All layers equal, symmetric, with the eigenvectors of Phi: there is as much to tell
 * as they have moved. */
static void form(struct course *c, size_t i)
{
    size_t d = c->r->d, n = d * d;
    const double *first = layer(c, i, 1);
    double moved = lnn_residual_gap(d, first), bar = c->bars[i], skew = 0, off = 0;
    for (size_t j = 2; j <= c->r->net.N; j++)
        lnn_tight_add(&c->tight, "the difference between two layers", i,
                      lnn_distance(n, first, layer(c, i, j)), 0, 2 * bar, moved);
    const double *S = lnn_spectrum_modes(c->s, first);
    for (size_t a = 0; a < d; a++)
        for (size_t b = 0; b < d; b++) {
            skew = hypot(skew, first[a * d + b] - first[b * d + a]);
            if (a != b) off = hypot(off, S[a * d + b]);
        }
    lnn_tight_add(&c->tight, "W_1 - W_1^T", i, skew, 0, 2 * bar, moved);
    lnn_tight_add(&c->tight, "the part of U^T W_1 U off its diagonal", i, off, 0, bar,
                  moved);
    for (size_t a = 0; a < d; a++) c->w[a] = S[a * d + a];
    c->off = fmax(c->off, off);
}

/* What a - w is multiplied by, at most, from row i - 1 to row i; NaN: not known. */
static double factor(const struct course *c, size_t i, double m)
{
    const struct lnn_record *r = c->r;
    double N = (double)r->net.N, q = N * pow(m, 2 * N - 2), eta = r->learning_rate;
    if (r->dynamics == LNN_DYNAMICS_FLOW) return exp(-q * (r->w_t[i] - r->w_t[i - 1]));
    size_t n = lnn_flow_iterations(r, r->w_t[i - 1], r->w_t[i]);
    return n > 0 ? pow(fmax(1 - eta * q, 0), (double)n) : NAN;
}

static void contraction(struct course *c, size_t i)
{
    double here = c->bars[i], gap = 0;
    for (size_t a = 0; a < c->r->d; a++) {
        double to = root(c, a), m = fmin(1, to), N = (double)c->r->net.N;
        double exact = to * (c->s->rounding / c->s->phi[a] / N + 4 * DBL_EPSILON);
        double left = to - c->w[a], sign = to > 1 ? 1 : -1;
        if (to != 1)
            lnn_tight_add(&c->tight, "the way of a mode from 1 to phi^(1/N)", i,
                          (c->w[a] - 1) * sign, fabs(to - 1), here + exact,
                          fabs(to - 1));
        gap = fmax(gap, fabs(left));
        if (i == 0) continue;
        double f = factor(c, i, m), bound = f * fabs(to - c->last[a]);
        double bar = here + f * c->bars[i - 1] + 2 * exact;
        lnn_tight_add(&c->tight, "|phi^(1/N) - w|, after the row before,", i,
                      fabs(left), bound, bar, bound);
    }
    if (isnan(c->arrived) && gap <= NEAR) c->arrived = c->r->w_t[i] - c->r->w_t[0];
}

static void modes(struct course *c)
{
    for (size_t i = 0; i < c->r->weights_rows; i++) {
        form(c, i);
        contraction(c, i);
        double *swap = c->last;
        c->last = c->w;
        c->w = swap;
    }
}

/* Of all modes; the bound of the time to NEAR is ln(|1 - a| / NEAR) / (N m^{2N-2}). */
static void constants(struct course *c, struct lnn_judgement *j)
{
    const struct lnn_record *r = c->r;
    double N = (double)r->net.N, until = 0, eta = r->learning_rate;
    double low = root(c, 0), high = root(c, r->d - 1);
    bool descent = r->dynamics == LNN_DYNAMICS_DESCENT;
    c->lowest = fmin(1, low);
    c->highest = fmax(1, high);
    c->slope = 2 * pow(c->highest / c->lowest, N - 1) / N;
    for (size_t a = 0; a < r->d; a++) {
        double to = root(c, a), q = N * pow(fmin(1, to), 2 * N - 2);
        until = fmax(until, log(fabs(1 - to) / NEAR) / q);
    }
    double most = 1 / (N * pow(c->highest, 2 * N - 2));
    /* the bound is rounded, and may be met: a factor below 0 by rounding is no harm */
    if (descent)
        lnn_judge_hypothesis(j, "learning rate <= 1 / (N M^(2N-2))", eta,
                             most * (1 + 4 * N * DBL_EPSILON), 0);
    lnn_judge_figure(j, "m = min(1, smallest phi^(1/N))", c->lowest);
    lnn_judge_figure(j, "M = max(1, largest phi^(1/N))", c->highest);
    if (descent) lnn_judge_figure(j, "largest learning rate", most);
    lnn_judge_figure(j, "time to |phi^(1/N) - w| <= 1e-8, by the bound", until);
    if (descent) lnn_judge_figure(j, "iterations to 1e-8, by the bound", until / eta);
    lnn_judge_explain(j,
                      descent ? "|a - w| falls by 1 - eta N m^(2N-2) an iteration, a = "
                                "phi^(1/N); m = %.6g, M = %.6g, N = %g"
                              : "|a - w| falls like exp(-N m^(2N-2) t), a = phi^(1/N); "
                                "m = %.6g, M = %.6g, N = %g",
                      c->lowest, c->highest, N);
}

static void say(const struct course *c, struct lnn_judgement *j)
{
    const struct lnn_tight *t = &c->tight;
    lnn_judge_figure(j, "largest part of U^T W_1 U off its diagonal", c->off);
    if (!isnan(c->arrived))
        lnn_judge_figure(j, "time at which all modes are within 1e-8", c->arrived);
    if (!isnan(c->arrived) && c->r->dynamics == LNN_DYNAMICS_DESCENT)
        lnn_judge_figure(j, "iterations after which they are",
                         nearbyint(c->arrived / c->r->learning_rate));
    if (t->what)
        lnn_judge_explain(j, "tightest at t = %.6g: %s: %.6g <= %.6g (error bar %.2g)",
                          c->r->w_t[t->row], t->what, t->measured, t->bound, t->bar);
    lnn_judge_explain(j, "error bar of the layers: up to %.3g, from %s and rounding",
                      c->bars[c->r->weights_rows - 1],
                      c->stated ? "the file's W_error" : "the spacing of the samples");
}

static int judge_course(struct course *c, struct lnn_judgement *j)
{
    const struct lnn_record *r = c->r;
    bool positive, symmetric = lnn_spectrum_symmetric(c->s, j);
    double *bars = malloc((r->weights_rows + 2 * r->d) * sizeof *bars);
    if (!bars) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    positive = lnn_judge_hypothesis(
        j, "Phi is positive definite (measured: minus its smallest eigenvalue)",
        -c->s->phi[0], 0, c->s->rounding);
    c->layers = spread(c);
    lnn_judge_figure(j, "smallest eigenvalue of Phi", c->s->phi[0]);
    lnn_judge_figure(j, "largest eigenvalue of Phi", c->s->phi[r->d - 1]);
    lnn_judge_figure(j, "asymmetry of Phi", c->s->asymmetry);
    lnn_judge_figure(j, "largest difference of an entry between layers", c->layers);
    if (symmetric && positive) {
        c->bars = bars;
        c->w = bars + r->weights_rows;
        c->last = c->w + r->d;
        constants(c, j);
        error_bars(c);
        modes(c);
        say(c, j);
    }
    free(bars);
    return lnn_tight_conclude(&c->tight, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_spectrum *s;
    if (!lnn_residual_ready(e, r, j) || !lnn_residual_start(e, r, j))
        return GSL_SUCCESS;
    if (r->weights_rows < 2)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "one row of layers: two at least are needed");
    if (r->dynamics == LNN_DYNAMICS_DESCENT && !(r->learning_rate > 0))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say the learning rate");
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    LNN_TRY(lnn_spectrum_alloc(e->data, &s));
    struct course c = {.r = r, .s = s, .arrived = NAN};
    int status = judge_course(&c, j);
    free(s);
    return status;
}

const struct lnn_theorem lnn_theorem_residual_symmetric = {
    .name = "residual_symmetric",
    .doc = "A linear residual network with a symmetric positive definite target keeps "
           "all layers equal, symmetric, and with the target's eigenvectors; each mode "
           "goes monotonically from 1 to phi^(1/N), at a linear rate.",
    .source = "Bartlett, Helmbold & Long 2018 (identity initialisation, symmetric "
              "positive definite case); constants derived",
    .needs =
        "gradient flow or descent, all widths equal, W_j(0) = I, square loss of "
        "whitened data, no weight decay, Phi symmetric positive definite; descent: "
        "eta <= 1 / (N M^(2N-2)), M = max(1, phi^(1/N))",
    .claims =
        "W_1 = .. = W_N = U diag(w) U^T with Phi = U diag(phi) U^T; w between 1 "
        "and a = phi^(1/N), |a - w| times at most 1 - eta N m^(2N-2) an iteration, "
        "m = min(1, a); flow: exp(-N m^(2N-2) t)",
    .about = lnn_residual_about,
    .judge = judge,
};
