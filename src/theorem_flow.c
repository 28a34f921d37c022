/* Stored rows made ready for judges of flows: checks, error bars, losses, integrals. */
#include "theorem_flow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

void lnn_flow_keep(struct lnn_flow_worst *worst, double measured, double bar, double t,
                   size_t row, size_t layer)
{
    bool lost = isnan(worst->measured) || isnan(worst->bar);
    bool worse = isnan(measured) || isnan(bar) ||
                 measured * worst->bar > worst->measured * bar ||
                 (measured > 0 && bar == 0 && worst->bar > 0);
    if (worst->any && (lost || !worse)) return;
    *worst = (struct lnn_flow_worst){measured, bar, t, row, layer, true};
}

bool lnn_flow_ready(const struct lnn_record *r, size_t least, struct lnn_judgement *j)
{
    const char *reason = NULL;
    size_t row = 0;
    if (!r->w || r->net.N == 0 || r->weights_rows == 0) {
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "the file has no weights W1..WN");
        return false;
    }
    for (size_t i = 0; i < r->weights_rows && !reason; i++) {
        row = i;
        if (!isfinite(r->w_t[i])) reason = "has no time";
        if (i > 0 && !(r->w_t[i] > r->w_t[i - 1]))
            reason = "is not later than the last";
        if (!lnn_finite(r->net.size, r->w + i * r->net.size))
            reason = "holds weights that are not finite";
    }
    if (reason)
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "row %zu of the weights %s", row,
                             reason);
    else if (r->weights_rows < least)
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE,
                             "too few rows of weights: %zu, at least %zu are needed",
                             r->weights_rows, least);
    else
        return true;
    return false;
}

bool lnn_flow_has_loss(const struct lnn_evidence *e, struct lnn_judgement *j)
{
    if (e->objective) return true;
    (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "the file does not say the loss");
    return false;
}

size_t lnn_flow_row(const struct lnn_record *r, double t)
{
    size_t low = 0, high = r->rows;
    double slack = 1e-12 * (1 + fabs(t));
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->t[middle] < t - slack)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->rows && fabs(r->t[low] - t) <= slack ? low : r->rows;
}

size_t lnn_flow_iterations(const struct lnn_record *r, double t0, double t1)
{
    double k = (t1 - t0) / r->learning_rate;
    /* times are eta times an integer, rounded */
    double slack = 8 * DBL_EPSILON * (1 + fabs(t1 / r->learning_rate));
    return k > 0.5 && fabs(k - round(k)) <= slack ? (size_t)round(k) : 0;
}

struct response { /* of the product to its layers: eigenvalues of J J^T */
    double slope; /* sqrt of their mean */
    double top;   /* not below the largest */
};

static void swap(double **a, double **b)
{
    double *c = *a;
    *a = *b;
    *b = c;
}

/* From sum_j (W_N..W_{j+1})(..)^T kron (W_{j-1}..W_1)^T (..). scratch:
 * N + 1 + 2 room doubles. */
static struct response response(const struct lnn_network *net, const double w[],
                                double scratch[], size_t room)
{
    const size_t *d = net->d, N = net->N;
    double *norms = scratch, *a = norms + N + 1, *b = a + room, above = 1;
    struct response out = {0, 0};
    norms[0] = 1;
    for (size_t j = 1; j <= N; j++) {
        const double *Wj = w + lnn_network_offset(net, j);
        if (j == 1)
            memcpy(b, Wj, d[1] * d[0] * sizeof *b);
        else
            lnn_gemm(false, false, d[j], d[0], d[j - 1], 1, Wj, a, 0, b);
        norms[j] = lnn_norm(d[j] * d[0], b);
        swap(&a, &b);
    }
    for (size_t j = N; j >= 1; j--) {
        const double *Wj = w + lnn_network_offset(net, j);
        double term = above * above * norms[j - 1] * norms[j - 1];
        out.top += term; /* an identity's norm is 1 here, its trace d there */
        out.slope += term * (j == N ? (double)d[N] : 1) * (j == 1 ? (double)d[0] : 1);
        if (j == N)
            memcpy(b, Wj, d[N] * d[N - 1] * sizeof *b);
        else
            lnn_gemm(false, false, d[N], d[j - 1], d[j], 1, a, Wj, 0, b);
        above = lnn_norm(d[N] * d[j - 1], b);
        swap(&a, &b);
    }
    out.slope = sqrt(out.slope / (double)(d[0] * d[N]));
    return out;
}

/* The loss's curvature at W, by a few power iterations; infinite when unknown. room: 2
 * k d doubles. */
static double curvature(const struct lnn_objective *o, const double W[], size_t kd,
                        double room[])
{
    double *D = room, *HD = room + kd, norm = 0;
    if (!o || !W) return INFINITY;
    for (size_t i = 0; i < kd; i++) D[i] = 1 / sqrt((double)kd) + W[i];
    for (int round = 0; round < 5; round++) {
        double length = lnn_norm(kd, D);
        if (!(length > 0)) break;
        for (size_t i = 0; i < kd; i++) D[i] /= length;
        o->loss->hessian(o, W, D, HD);
        norm = lnn_norm(kd, HD);
        memcpy(D, HD, kd * sizeof *D);
    }
    return norm;
}

static size_t widest(const struct lnn_network *net)
{
    size_t most = 0;
    for (size_t j = 0; j <= net->N; j++) most = net->d[j] > most ? net->d[j] : most;
    return most;
}

/* Errors of W that have died out by t still moved the layers: fresh ones come at the
 * rate at which the flow forgets, but no faster than one a step. */
static double forgotten(const struct lnn_record *r, double rate, double from, double to)
{
    double span = r->t[r->rows - 1] - r->t[0];
    double steps = r->steps > 0 && span > 0 ? (double)r->steps / span : INFINITY;
    double fresh = rate < steps ? rate : steps;
    return isfinite(fresh) ? fresh * (to - from) : 0;
}

/* Rounding accumulates like a random walk. */
static double rounded(const struct lnn_record *r, const struct lnn_network *net,
                      const double w[])
{
    size_t steps = r->steps > 0 ? r->steps : r->rows;
    return 2 * lnn_record_rounding(r) * sqrt((double)(steps + widest(net))) *
           lnn_norm(net->size, w);
}

/* A time in float32 is off: by as much as the layers moved meanwhile they seem off. */
static double mistimed(const struct lnn_record *r, size_t size, size_t n,
                       const double t[], const double w[], size_t i)
{
    size_t a = i > 0 ? i - 1 : 0, b = i + 1 < n ? i + 1 : i;
    if (!(r->t_rounding > DBL_EPSILON) || !(t[b] > t[a])) return 0;
    return lnn_distance(size, w + a * size, w + b * size) / (t[b] - t[a]) *
           r->t_rounding * fabs(t[i]);
}

static int assumed_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                        const struct lnn_network *net, size_t n, const double t[],
                        const double w[], double bars[], bool *stated)
{
    size_t k = net->d[net->N], d = net->d[0], kd = k * d;
    size_t room = (k > d ? k : d) * widest(net);
    double *scratch = malloc((net->N + 1 + 2 * room + 2 * kd) * sizeof *scratch);
    double largest = 0, faded = 0;
    if (!scratch) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    *stated = true;
    for (size_t i = 0; i < n; i++) {
        bool said = false;
        size_t row = lnn_flow_row(r, t[i]);
        const double *W = row < r->rows && r->W ? r->W + row * kd : NULL;
        double bar = W ? lnn_record_W_bar(r, row, &said) : NAN;
        struct response is = response(net, w + i * net->size, scratch, room);
        if (is.slope < 1 && bar > 0) bar /= is.slope;
        if (i > 0) {
            double rate = is.top * curvature(e->objective, W, kd,
                                             scratch + net->N + 1 + 2 * room);
            faded += forgotten(r, rate, t[i - 1], t[i]) * bar;
        }
        if (isnan(bar) || bar > largest) largest = isnan(largest) ? NAN : bar;
        *stated = *stated && said;
        bars[i] = largest + faded + rounded(r, net, w + i * net->size);
    }
    free(scratch);
    return GSL_SUCCESS;
}

/* Without a product to infer them from: the layers' own spacing. What was off once
 * stays so where something is conserved: the worst so far. */
static void spaced_bars(const struct lnn_record *r, const struct lnn_network *net,
                        size_t n, const double t[], const double w[], double bars[])
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double *here = w + i * net->size;
        double bar = lnn_record_gap(n, t, net->size, w, i) +
                     lnn_record_tolerance(r, net->size, lnn_norm(net->size, here));
        if (isnan(bar) || bar > largest) largest = isnan(largest) ? NAN : bar;
        bars[i] = largest + rounded(r, net, here) + mistimed(r, net->size, n, t, w, i);
    }
}

int lnn_flow_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                  const struct lnn_network *net, size_t n, const double t[],
                  const double w[], double bars[], bool *stated)
{
    if (!r->weights_error && net->activation) {
        *stated = false;
        spaced_bars(r, net, n, t, w, bars);
        return GSL_SUCCESS;
    }
    if (!r->weights_error || w != r->w)
        return assumed_bars(e, r, net, n, t, w, bars, stated);
    *stated = true;
    for (size_t i = 0; i < n; i++) {
        size_t row = lnn_flow_row(r, t[i]);
        double bar = row < r->rows ? fabs(r->weights_error[row]) : NAN;
        bars[i] = bar + rounded(r, net, w + i * net->size) +
                  mistimed(r, net->size, n, t, w, i);
    }
    return GSL_SUCCESS;
}

void lnn_flow_explain_bars(struct lnn_judgement *j, const struct lnn_record *r,
                           double largest, bool stated)
{
    if (r->weights_error)
        lnn_judge_explain(j, "error bar of the layers: %.3g, the file's weights_error",
                          largest);
    else if (r->net.activation && isnan(largest))
        lnn_judge_explain(
            j, "error bar of the layers: unknown; there is no weights_error, "
               "and fewer than five rows to tell it from");
    else if (r->net.activation)
        lnn_judge_explain(
            j,
            "error bar of the layers: up to %.3g, from the spacing of the "
            "samples; assumed: rows are as accurate as the cubic through "
            "their neighbours was at its worst",
            largest);
    else
        lnn_judge_explain(j,
                          "error bar of the layers: up to %.3g, from %s; assumed: the "
                          "layers are as accurate as their product was at its worst, "
                          "and errors that have died out in the product add up",
                          largest,
                          stated ? "the file's W_error" : "the spacing of the samples");
}

int lnn_flow_stored_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                         struct lnn_judgement *j, double **bars)
{
    bool stated = false;
    size_t n = r->weights_rows;
    *bars = malloc(n * sizeof **bars);
    if (!*bars) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    LNN_TRY(lnn_flow_bars(e, r, &r->net, n, r->w_t, r->w, *bars, &stated));
    lnn_flow_explain_bars(j, r, (*bars)[n - 1], stated);
    return GSL_SUCCESS;
}

/* Divided differences with every node twice: c[0..2p-1], nodes z. */
static void confluent(size_t p, const double t[], const double f[],
                      const double slope[], double z[], double c[])
{
    for (size_t i = 0; i < p; i++) {
        z[2 * i] = z[2 * i + 1] = t[i];
        c[2 * i] = c[2 * i + 1] = f[i];
    }
    for (size_t order = 1; order < 2 * p; order++)
        for (size_t i = 2 * p - 1; i >= order; i--)
            c[i] = z[i] == z[i - order] ? slope[i / 2]
                                        : (c[i] - c[i - 1]) / (z[i] - z[i - order]);
}

double lnn_flow_integral(size_t n, const double t[], const double f[],
                         const double slope[], size_t i, size_t p)
{
    /* Gauss-Legendre with 8 points: exact to degree 15 = 2 p - 1 for p = 8 */
    static const double node[] = {0.1834346424956498, 0.5255324099163290,
                                  0.7966664774136267, 0.9602898564975363};
    static const double weight[] = {0.3626837833783620, 0.3137066458778873,
                                    0.2223810344533745, 0.1012285362903763};
    double z[16], c[16], sum = 0;
    size_t left = p / 2 > 0 ? p / 2 - 1 : 0, begin = i > left ? i - left : 0;
    if (begin + p > n) begin = n - p;
    confluent(p, t + begin, f + begin, slope + begin, z, c);
    double middle = 0.5 * (t[i] + t[i + 1]), half = 0.5 * (t[i + 1] - t[i]);
    for (size_t g = 0; g < 8; g++) {
        double x = middle + (g % 2 ? half : -half) * node[g / 2], y = c[2 * p - 1];
        for (size_t m = 2 * p - 1; m-- > 0;) y = y * (x - z[m]) + c[m];
        sum += weight[g / 2] * y;
    }
    return half * sum;
}

bool lnn_flow_smooth(const struct lnn_objective *o)
{
    return strcmp(o->loss->name, "lp") != 0 || fmod(o->p, 2) == 0;
}

/* Does f change little enough from row i to the next for polynomials to follow it? By
 * half at most, and along its slopes by itself. */
static bool follows(size_t n, const double t[], size_t m, const double f[],
                    const double slope[], size_t i)
{
    double h = t[i + 1] - t[i], here = 0, next = 0, apart = 0, rate = 0;
    for (size_t a = 0; a < m; a++) {
        const double *at = f + a * n + i, *by = slope + a * n + i;
        here = hypot(here, at[0]);
        next = hypot(next, at[1]);
        apart = hypot(apart, at[1] - at[0]);
        rate = hypot(rate, fmax(fabs(by[0]), fabs(by[1])));
    }
    double most = fmax(here, next);
    return apart <= 0.5 * most && h * rate <= most;
}

/* All m integrals by order p. */
static void integrals(size_t n, const double t[], size_t m, const double f[],
                      const double slope[], size_t i, size_t p, double Q[])
{
    for (size_t a = 0; a < m; a++)
        Q[a] = lnn_flow_integral(n, t, f + a * n, slope + a * n, i, p);
}

/* The order whose neighbours, below and above, differ least; apart[p]: order p from
 * p - 1. One small difference among larger ones is chance, so three count. */
static size_t calmest(size_t most, const double apart[], double *bar)
{
    size_t best = 2;
    *bar = INFINITY;
    for (size_t p = 2; p <= most; p++) {
        double below = p > 2 ? apart[p - 1] : apart[p];
        double above = p < most ? apart[p + 1] : below;
        double gap = 2 * (below + apart[p] + above);
        if ((p > 2 && !(apart[p] <= below)) || !(gap < *bar)) continue;
        *bar = gap;
        best = p;
    }
    return best;
}

void lnn_flow_integral_best(size_t n, const double t[], size_t m, const double f[],
                            const double slope[], bool smooth, size_t i, double Q[],
                            double *bar)
{
    size_t most = n < 7 ? n : 7;
    double apart[8] = {0}, kinks = 0;
    integrals(n, t, m, f, slope, i, 1, Q + m);
    for (size_t p = 2; p <= most; p++) { /* the last two take turns behind Q */
        double *last = Q + (1 + p % 2) * m, *here = Q + (2 - p % 2) * m;
        integrals(n, t, m, f, slope, i, p, here);
        apart[p] = lnn_distance(m, here, last);
        if (p == 3 || p == 4) kinks += apart[p];
    }
    size_t p = calmest(most, apart, bar);
    if (!smooth) {
        p = 2;
        *bar = most > 3 ? 2 * kinks : INFINITY;
    }
    integrals(n, t, m, f, slope, i, p, Q);
    bool resolved = *bar < LNN_FLOW_RESOLVED * lnn_norm(m, Q);
    if (!resolved || !follows(n, t, m, f, slope, i)) *bar = INFINITY;
}
