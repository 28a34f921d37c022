/* Judges of linear residual networks: the start, a symmetric target, tight bounds. */
#include "theorem_residual.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_margin.h"

bool lnn_residual_about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    bool layers =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_DESCENT;
    if (!layers || r->net.N == 0) return false;
    for (size_t j = 1; j <= r->net.N; j++)
        if (r->net.d[j] != r->net.d[0]) return false;
    return !e->objective || lnn_margin_is_square(e);
}

bool lnn_residual_ordered(const struct lnn_record *r, struct lnn_judgement *j)
{
    bool start = lnn_margin_start(r), order = true;
    for (size_t i = 0; i < r->rows; i++)
        order &= isfinite(r->t[i]) && (i == 0 || r->t[i] > r->t[i - 1]);
    for (size_t i = 0; start && i < r->weights_rows; i++)
        order &= isfinite(r->w_t[i]) && (i == 0 || r->w_t[i] > r->w_t[i - 1]);
    if (start && order) return true;
    (void)lnn_judge_stop(j, LNN_INCONCLUSIVE,
                         start ? "the rows are not in the order of time"
                               : "the layers of the start are not in the file");
    return false;
}

bool lnn_residual_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j) || !lnn_residual_ordered(r, j)) return false;
    const char *bad = NULL;
    size_t row = 0, kd = r->k * r->d;
    for (size_t i = 0; i < r->rows && !bad; row = i++)
        if (!lnn_finite(kd, r->W + i * kd)) bad = "W";
    for (size_t i = 0; i < r->weights_rows && !bad; row = i++)
        if (!lnn_finite(r->net.size, r->w + i * r->net.size)) bad = "the layers";
    if (!bad) return true;
    (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "row %zu of %s is not finite", row, bad);
    return false;
}

double lnn_residual_gap(size_t d, const double A[])
{
    double gap = 0;
    for (size_t i = 0; i < d * d; i++)
        gap = hypot(gap, A[i] - (i % (d + 1) == 0 ? 1 : 0));
    return gap;
}

bool lnn_residual_whitened(const struct lnn_evidence *e, struct lnn_judgement *j)
{
    if (lnn_judge_fact(j, "the square loss of whitened data",
                       lnn_margin_is_square(e) && e->data->whitened))
        return true;
    (void)lnn_judge_stop(j, LNN_NOT_MET,
                         "hypothesis does not hold: the square loss of whitened data");
    return false;
}

bool lnn_residual_start(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j)
{
    size_t d = r->d;
    double worst = 0;
    if (!lnn_residual_whitened(e, j)) return false;
    for (size_t i = 1; i <= r->net.N; i++)
        worst = fmax(worst, lnn_residual_gap(d, r->w + lnn_network_offset(&r->net, i)));
    lnn_judge_hypothesis(j, "every layer starts as the identity, up to rounding", worst,
                         2 * DBL_EPSILON * sqrt((double)d), 0);
    return true;
}

int lnn_spectrum_alloc(const struct lnn_data *data, struct lnn_spectrum **spectrum)
{
    size_t d = data->d;
    struct lnn_spectrum *s = malloc(sizeof *s + (3 * d * d + d) * sizeof(double));
    *spectrum = NULL;
    if (!s) return lnn_fail(GSL_ENOMEM, "out of memory for the target's spectrum");
    *s = (struct lnn_spectrum){.d = d};
    s->phi = (double *)(s + 1);
    s->U = s->phi + d;
    s->T = s->U + d * d;
    s->S = s->T + d * d;
    for (size_t i = 0; i < d; i++)
        for (size_t c = 0; c < d; c++) {
            double a = data->Phi[i * d + c], b = data->Phi[c * d + i];
            s->S[i * d + c] = 0.5 * (a + b);
            s->asymmetry = hypot(s->asymmetry, a - b);
        }
    int status = lnn_eig_symmetric(d, s->S, s->phi, s->U);
    if (status != GSL_SUCCESS) {
        free(s);
        return status;
    }
    /* LAPACK is backward stable: its error is a modest multiple of d eps ||Phi|| */
    s->rounding = 2 * (double)d * DBL_EPSILON * lnn_norm(d, s->phi) + s->asymmetry;
    *spectrum = s;
    return GSL_SUCCESS;
}

bool lnn_spectrum_symmetric(const struct lnn_spectrum *s, struct lnn_judgement *j)
{
    double bound = 2 * (double)s->d * DBL_EPSILON * lnn_norm(s->d, s->phi);
    return lnn_judge_hypothesis(j, "Phi is symmetric, up to rounding", s->asymmetry,
                                bound, 0);
}

const double *lnn_spectrum_modes(const struct lnn_spectrum *s, const double A[])
{
    size_t d = s->d;
    lnn_gemm(false, false, d, d, d, 1, A, s->U, 0, s->T);
    lnn_gemm(true, false, d, d, d, 1, s->U, s->T, 0, s->S);
    return s->S;
}

/* x^n, 0^0 = 1 */
static double power(double x, size_t n)
{
    double y = 1;
    for (; n > 0; n--) y *= x;
    return y;
}

/* The block of the modes a, b, of side N if they are one, else 2N. */
static void block(size_t N, size_t side, const double w[2], const double g[2],
                  double H[])
{
    for (size_t x = 0; x < side; x++) /* layer j = x % N + 1 of D[a,b], D[b,a] */
        for (size_t y = 0; y < side; y++) {
            size_t j = x % N, l = y % N, from = j < l ? x : y;
            size_t p = x / N, q = side == N ? p : !p, gap = j < l ? l - j : j - l;
            bool same = x / N == y / N, crossed = side == N || !same;
            double wa = w[side == N ? 0 : p], wb = w[side == N ? 0 : q], h = 0;
            if (same) h = power(wa, 2 * N - 2 - j - l) * power(wb, j + l);
            size_t top = side == N ? 0 : !(from / N); /* g of the upper layer's row */
            double wt = w[top], wo = w[side == N ? 0 : !top];
            if (crossed && gap > 0)
                h += g[top] * power(wt, N - 1 - gap) * power(wo, gap - 1);
            H[x * side + y] = h;
        }
}

int lnn_residual_curvature(size_t N, size_t d, const double w[], const double g[],
                           double *low, double *high)
{
    double *H = malloc((4 * N * N + 2 * N) * sizeof *H), *values = H + 4 * N * N;
    int status = H ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for a Hessian");
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t a = 0; a < d && status == GSL_SUCCESS; a++)
        for (size_t b = a; b < d && status == GSL_SUCCESS; b++) {
            size_t side = a == b ? N : 2 * N;
            block(N, side, (double[]){w[a], w[b]}, (double[]){g[a], g[b]}, H);
            status = lnn_eig_symmetric(side, H, values, NULL);
            *low = fmin(*low, values[0]);
            *high = fmax(*high, values[side - 1]);
        }
    free(H);
    return status;
}

static bool broken(double measured, double bound, double bar)
{
    return measured - bound > LNN_IDENTITY_CERTAIN * bar;
}

void lnn_tight_add(struct lnn_tight *t, const char *what, size_t row, double measured,
                   double bound, double bar, double size)
{
    if (!isfinite(measured) || isnan(bound) || !(bar >= 0)) {
        t->broken++;
        return;
    }
    if (measured - bound <= bar && !(bar < size)) {
        t->mute++;
        return;
    }
    bool first = t->decided++ == 0;
    bool before = !first && broken(t->measured, t->bound, t->bar);
    bool worse = (measured - bound) * (t->bar + DBL_MIN) >
                 (t->measured - t->bound) * (bar + DBL_MIN);
    if (!first && (before ? !broken(measured, bound, bar) || !worse : !worse)) return;
    t->measured = measured;
    t->bound = bound;
    t->bar = bar;
    t->what = what;
    t->row = row;
}

bool lnn_tight_violated(const struct lnn_tight *t)
{
    return t->what && broken(t->measured, t->bound, t->bar);
}

static bool any(const struct lnn_judgement *j, enum lnn_verdict verdict)
{
    for (size_t i = 0; i < j->n_hypotheses; i++)
        if (j->hypotheses[i].verdict == verdict) return true;
    return false;
}

int lnn_tight_conclude(const struct lnn_tight *t, struct lnn_judgement *j)
{
    lnn_judge_figure(j, "statements decided", (double)t->decided);
    lnn_judge_figure(j, "statements below their error bar", (double)t->mute);
    bool met = !any(j, LNN_VIOLATED) && !any(j, LNN_INCONCLUSIVE);
    if (met && t->broken > 0 && !lnn_tight_violated(t))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "%zu statements cannot be judged: no error bar",
                              t->broken);
    if (met && t->decided == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "nothing can be decided: %zu statements are below their "
                              "error bars",
                              t->mute);
    if (!t->what) {
        lnn_judge_conclude(j, "the conclusion", NAN, NAN, NAN);
        return GSL_SUCCESS;
    }
    lnn_judge_conclude(j, t->what, t->measured, t->bound, t->bar);
    double over = t->measured - t->bound;
    if (!met || t->bound == 0 || over <= -t->bar) return GSL_SUCCESS;
    j->verdict = over <= t->bar                         ? LNN_HOLDS
                 : over > LNN_IDENTITY_CERTAIN * t->bar ? LNN_VIOLATED
                                                        : LNN_INCONCLUSIVE;
    snprintf(j->reason, sizeof j->reason,
             "%s is %.9g, and the bound %.9g: %s it by %.3g (error bar %.3g)", t->what,
             t->measured, t->bound, over > 0 ? "above" : "below", fabs(over), t->bar);
    return GSL_SUCCESS;
}
