/* Balanced critical points of the whitened square loss: the nearest one, its spectrum,
 * and how far it may be. */
#include "theorem_critical.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/model.h"
#include "theorem_flow.h"

static size_t smallest_width(const struct lnn_network *net)
{
    size_t least = net->d[0];
    for (size_t j = 1; j <= net->N; j++) least = net->d[j] < least ? net->d[j] : least;
    return least;
}

static size_t widest(const struct lnn_network *net)
{
    size_t most = 0;
    for (size_t j = 0; j <= net->N; j++) most = net->d[j] > most ? net->d[j] : most;
    return most;
}

static struct lnn_critical *block(const struct lnn_network *net, const double Phi[])
{
    size_t k = net->d[net->N], d = net->d[0], q = k < d ? k : d;
    size_t doubles =
        4 * q + k * q + q * d + k * d + 2 * net->size + 2 * widest(net) * q;
    struct lnn_critical *c = malloc(sizeof *c + doubles * sizeof(double));
    if (!c) return NULL;
    *c = (struct lnn_critical){.net = *net, .Phi = Phi, .k = k, .d = d, .q = q};
    c->least = smallest_width(net);
    c->s = (double *)(c + 1);
    c->mode = c->s + q;
    c->kept = c->mode + q;
    c->chosen = c->kept + q;
    c->U = c->chosen + q;
    c->Vt = c->U + k * q;
    c->room = c->Vt + q * d;
    c->w = c->room + k * d;
    c->values = c->w + net->size;
    c->basis = c->values + net->size;
    return c;
}

/* The smallest distance of two of 0, s_1, ..., s_q (descending). */
static double spacing(size_t q, const double s[])
{
    double apart = s[q - 1];
    for (size_t i = 0; i + 1 < q; i++) apart = fmin(apart, s[i] - s[i + 1]);
    return apart;
}

/* Critical values are 1/2 the sum of the missing s^2, at most `least` of them kept: the
 * next one above the infimum has a kept mode replaced by a smaller one, or by none. */
static double next_value(const struct lnn_critical *c)
{
    double tiny = 8 * (double)(c->k + c->d) * DBL_EPSILON * c->s[0] * c->s[0];
    double step = INFINITY;
    for (size_t a = 0; a < c->least; a++)
        for (size_t i = c->least; i <= c->q; i++) {
            double s = i < c->q ? c->s[i] : 0, more = c->s[a] * c->s[a] - s * s;
            if (more > tiny) step = fmin(step, 0.5 * more);
        }
    return step;
}

int lnn_critical_open(const struct lnn_network *net, const double Phi[],
                      struct lnn_critical **critical)
{
    struct lnn_critical *c = block(net, Phi);
    *critical = NULL;
    if (c) c->svd = lnn_svd_alloc(c->k, c->d);
    int status = c && c->svd ? lnn_svd(c->svd, Phi)
                             : lnn_fail(GSL_ENOMEM, "out of memory for modes");
    if (status != GSL_SUCCESS) {
        lnn_critical_close(c);
        return status;
    }
    memcpy(c->s, c->svd->s, c->q * sizeof *c->s);
    memcpy(c->U, c->svd->U, c->k * c->q * sizeof *c->U);
    memcpy(c->Vt, c->svd->Vt, c->q * c->d * sizeof *c->Vt);
    c->norm = lnn_norm(c->q, c->s);
    c->apart = spacing(c->q, c->s);
    for (size_t i = c->least; i < c->q; i++) c->infimum += 0.5 * c->s[i] * c->s[i];
    c->step = next_value(c);
    *critical = c;
    return GSL_SUCCESS;
}

void lnn_critical_close(struct lnn_critical *c)
{
    if (c) free(c->svd);
    free(c);
}

/* u^T A v of the i-th pair of singular vectors. */
static double along(const struct lnn_critical *c, const double U[], const double Vt[],
                    const double A[], size_t i)
{
    double sum = 0;
    for (size_t a = 0; a < c->k; a++)
        sum += U[a * c->q + i] * lnn_dot(c->d, A + a * c->d, Vt + i * c->d);
    return sum;
}

/* B = A - sum_i t_i u_i v_i^T (k x d) */
static void without(const struct lnn_critical *c, const double U[], const double Vt[],
                    const double t[], const double A[], double B[])
{
    memcpy(B, A, c->k * c->d * sizeof *B);
    for (size_t i = 0; i < c->q; i++)
        for (size_t a = 0; a < c->k; a++)
            lnn_axpy(c->d, -t[i] * U[a * c->q + i], Vt + i * c->d, B + a * c->d);
}

/* Which modes W has. The factor is irrational: s_a (1 + factor) = s_i would mix two
 * modes of W + Phi, and does not happen with ordinary numbers. */
static int modes(struct lnn_critical *c, const double W[])
{
    const double FACTOR = 0.6180339887498949;
    double tiny = (double)(c->k + c->d) * DBL_EPSILON * c->norm;
    memcpy(c->room, c->Phi, c->k * c->d * sizeof *c->room);
    lnn_axpy(c->k * c->d, FACTOR, W, c->room);
    LNN_TRY(lnn_svd(c->svd, c->room));
    c->rank = 0;
    c->weakest = INFINITY;
    c->strongest = 0;
    for (size_t i = 0; i < c->q; i++) {
        double s = along(c, c->svd->U, c->svd->Vt, c->Phi, i);
        c->mode[i] = fabs(s) <= tiny ? 0 : s;
        bool kept = along(c, c->svd->U, c->svd->Vt, W, i) > 0.5 * s && s > tiny;
        c->kept[i] = kept;
        c->rank += kept;
        if (kept) c->weakest = fmin(c->weakest, s);
        if (!kept) c->strongest = fmax(c->strongest, c->mode[i]);
    }
    without(c, c->svd->U, c->svd->Vt, c->mode, c->Phi, c->room);
    c->misfit = lnn_norm(c->k * c->d, c->room) + 4 * tiny;
    return GSL_SUCCESS;
}

/* Columns of Q (rows x cols) orthonormal, in their order, Gram-Schmidt twice. */
static void orthonormalise(size_t rows, size_t cols, double Q[])
{
    for (size_t b = 0; b < cols; b++) {
        for (int pass = 0; pass < 2; pass++)
            for (size_t a = 0; a < b; a++) {
                double dot = 0;
                for (size_t i = 0; i < rows; i++)
                    dot += Q[i * cols + a] * Q[i * cols + b];
                for (size_t i = 0; i < rows; i++)
                    Q[i * cols + b] -= dot * Q[i * cols + a];
            }
        double square = 0;
        for (size_t i = 0; i < rows; i++) square += Q[i * cols + b] * Q[i * cols + b];
        for (size_t i = 0; i < rows; i++) Q[i * cols + b] /= sqrt(square);
    }
}

/* The kept singular vectors as columns: of U, or of V. */
static void outer_basis(const struct lnn_critical *c, bool left, double Q[])
{
    size_t rows = left ? c->k : c->d, r = c->rank, at = 0;
    for (size_t m = 0; m < c->q; m++) {
        if (c->kept[m] == 0) continue;
        for (size_t i = 0; i < rows; i++)
            Q[i * r + at] = left ? c->svd->U[i * c->q + m] : c->svd->Vt[m * c->d + i];
        at++;
    }
}

/* Columns scaled by the kept modes' power `e`. */
static void scale_columns(const struct lnn_critical *c, size_t rows, double e,
                          double Q[])
{
    size_t at = 0;
    for (size_t m = 0; m < c->q; m++) {
        if (c->kept[m] == 0) continue;
        double by = pow(c->mode[m], e);
        for (size_t i = 0; i < rows; i++) Q[i * c->rank + at] *= by;
        at++;
    }
}

/* W*_j = Q_j Sigma^{1/N} Q_{j-1}^T, Q_j from W_j Q_{j-1}. */
static void layers(struct lnn_critical *c, const double w[])
{
    const struct lnn_network *net = &c->net;
    size_t r = c->rank;
    double power = 1 / (double)net->N;
    double *below = c->basis, *above = below + widest(net) * c->q;
    memset(c->w, 0, net->size * sizeof *c->w);
    outer_basis(c, false, below);
    for (size_t j = 1; j <= net->N && r > 0; j++) {
        size_t rows = net->d[j], cols = net->d[j - 1], at = lnn_network_offset(net, j);
        if (j == net->N)
            outer_basis(c, true, above);
        else
            lnn_gemm(false, false, rows, r, cols, 1, w + at, below, 0, above);
        if (j < net->N) {
            scale_columns(c, rows, -power, above);
            orthonormalise(rows, r, above);
        }
        scale_columns(c, cols, power, below);
        lnn_gemm(false, true, rows, cols, r, 1, above, below, 0, c->w + at);
        double *swap = below;
        below = above;
        above = swap;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What a kept mode has with another mode m, kept or not; returns how many were put. */
static size_t pair(const struct lnn_critical *c, size_t a, size_t m, double out[])
{
    double s = c->mode[a], t = c->mode[m], power = 1 - 2 / (double)c->net.N;
    if (c->kept[m] != 0) {
        out[0] = lnn_preconditioner_eigenvalue(c->net.N, s, t);
        return 1;
    }
    out[0] = pow(s, power) * (s - t);
    out[1] = pow(s, power) * (s + t);
    return 2;
}

static void spectrum(struct lnn_critical *c)
{
    size_t n = c->net.size, N = c->net.N, at = 0, q = c->q;
    size_t extra = c->k > c->d ? c->k - c->d : c->d - c->k;
    for (size_t i = 0; i < n; i++) c->values[i] = N == 1;
    for (size_t a = 0; N > 1 && a < q; a++) {
        if (c->kept[a] == 0) continue;
        for (size_t m = 0; m < q; m++) at += pair(c, a, m, c->values + at);
        for (size_t i = 0; i < extra; i++)
            c->values[at++] = pow(c->mode[a], 2 - 2 / (double)N);
    }
    for (size_t m = 0; N == 2 && m < q; m++)
        for (size_t i = c->rank; c->kept[m] == 0 && i < c->net.d[1]; i++) {
            c->values[at++] = c->mode[m];
            c->values[at++] = -c->mode[m];
        }
    qsort(c->values, n, sizeof *c->values, ascending);
}

int lnn_critical_near(struct lnn_critical *c, const struct lnn_hessian *s)
{
    LNN_TRY(modes(c, s->W));
    c->distance = INFINITY;
    if (c->rank > c->least) return GSL_SUCCESS;
    layers(c, s->w);
    spectrum(c);
    double distance = lnn_distance(s->n, c->w, s->w);
    if (isfinite(distance)) c->distance = distance;
    return GSL_SUCCESS;
}

/* eps times a sum of inner sizes: the relative rounding of a chain of products. */
static double unit(const struct lnn_critical *c)
{
    return DBL_EPSILON * lnn_hessian_terms(&c->net);
}

double lnn_critical_weyl(const struct lnn_critical *c, struct lnn_hessian *s)
{
    size_t N = c->net.N, n = s->n;
    double by = c->distance + 2 * unit(c) * lnn_norm(n, s->w);
    double most = fmax(fabs(c->values[0]), fabs(c->values[n - 1]));
    if (!isfinite(by)) return INFINITY;
    struct lnn_hessian_bounds b =
        lnn_hessian_within(N, s->norms, lnn_norm(s->kd, s->G), 1, by);
    double e2 = N < 2 ? 0 : (double)(N - 1) * lnn_hessian_product(s->norms, N - 2, by);
    return b.third * by + e2 * c->misfit + lnn_hessian_rounding(s, most) +
           8 * (double)N * DBL_EPSILON * most;
}

double lnn_critical_gap(const struct lnn_critical *c, const struct lnn_hessian *s)
{
    double worst = 0;
    for (size_t i = 0; i < s->n; i++) {
        double gap = fabs(s->values[i] - c->values[i]);
        if (!(gap <= worst)) worst = gap;
    }
    return worst;
}

double lnn_critical_scale(const struct lnn_critical *c)
{
    size_t n = c->net.size;
    double most = fmax(fabs(c->values[0]), fabs(c->values[n - 1])), least = INFINITY;
    double tiny = 16 * DBL_EPSILON * (double)(c->k + c->d + c->net.N);
    for (size_t i = 0; i < n; i++)
        if (fabs(c->values[i]) > tiny * most) least = fmin(least, fabs(c->values[i]));
    for (size_t i = c->q; i-- > 0 && isinf(least);)
        if (c->s[i] > tiny * c->norm) least = pow(c->s[i], 2 - 2 / (double)c->net.N);
    return least;
}

double lnn_critical_slack(const struct lnn_critical *c, const struct lnn_hessian *s,
                          double bar)
{
    size_t N = c->net.N;
    double G = lnn_norm(s->kd, s->G);
    double move =
        bar != 0 ? lnn_hessian_within(N, s->norms, G, 1, bar).second * bar : 0;
    double first = lnn_hessian_within(N, s->frobenius, 0, 0, 0).first;
    return move + 2 * unit(c) * first *
                      (G + lnn_hessian_product(s->frobenius, N, 0) + c->norm);
}

double lnn_critical_excess(const struct lnn_critical *c, const struct lnn_hessian *s,
                           double bar, double *excess_bar)
{
    size_t N = c->net.N;
    double G = lnn_norm(s->kd, s->G);
    double move = lnn_hessian_within(N, s->norms, 0, 0, bar).first * bar +
                  unit(c) * lnn_hessian_product(s->frobenius, N, 0) +
                  DBL_EPSILON * c->norm;
    *excess_bar = G * move + 0.5 * move * move +
                  8 * DBL_EPSILON * (double)(s->kd + c->q) * (G * G + c->infimum);
    return 0.5 * G * G - c->infimum;
}

double lnn_critical_subset(struct lnn_critical *c, const struct lnn_hessian *s,
                           double slack, double *bar)
{
    double rounding = 4 * DBL_EPSILON * (double)(c->k + c->d) * c->norm;
    for (size_t i = 0; i < c->q; i++)
        c->chosen[i] = along(c, c->U, c->Vt, s->W, i) > 0.5 * c->s[i] ? c->s[i] : 0;
    without(c, c->U, c->Vt, c->chosen, s->W, c->room);
    double X = lnn_norm(s->kd, c->room);
    *bar = 2 * (2 * s->norms[0] * slack + rounding * c->norm) / c->apart;
    if (!(c->apart > rounding) || !(X < 0.25 * c->apart)) *bar = NAN;
    return X;
}

int lnn_critical_balance(const struct lnn_record *r, size_t i, double bar,
                         double *imbalance, double *allowed)
{
    double scale;
    LNN_TRY(lnn_record_imbalance(r, i, imbalance, &scale));
    bar += lnn_hessian_layer_rounding(&r->net, r->w + i * r->net.size);
    *allowed = 2 * sqrt(2 * scale) * bar + 16 * lnn_record_rounding(r) * scale;
    return GSL_SUCCESS;
}

int lnn_critical_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                      double bars[], bool *stated)
{
    size_t n = r->weights_rows;
    bool flow = r->dynamics == LNN_DYNAMICS_FLOW;
    *stated = true;
    if (flow) LNN_TRY(lnn_flow_bars(e, r, &r->net, n, r->w_t, r->w, bars, stated));
    for (size_t i = 0; i < n; i++) {
        double rounding = lnn_hessian_layer_rounding(&r->net, r->w + i * r->net.size);
        bool start = i == 0 && r->rows > 0 && r->w_t[0] == r->t[0];
        double flow_bar = bars[i];
        bars[i] = rounding;
        if (flow && !start) bars[i] += LNN_IDENTITY_CERTAIN * flow_bar;
    }
    return GSL_SUCCESS;
}

int lnn_critical_escape(const struct lnn_hessian *s, double *mu)
{
    const size_t *d = s->net.d;
    size_t h = d[1], n = 2 * h, at = lnn_network_offset(&s->net, 2);
    *mu = NAN;
    if (n > LNN_HESSIAN_DENSE) return GSL_SUCCESS;
    double *M = calloc(n * n + n + 2 * h * h, sizeof *M), *A = M + n * n + n;
    if (!M) return lnn_fail(GSL_ENOMEM, "out of memory for an escape direction");
    lnn_gemm(false, true, h, h, d[0], 1, s->w, s->w, 0, A);
    lnn_gemm(true, false, h, h, d[2], 1, s->w + at, s->w + at, 0, A + h * h);
    for (size_t i = 0; i < h; i++) {
        memcpy(M + i * n, A + i * h, h * sizeof *M);
        memcpy(M + (h + i) * n + h, A + (h + i) * h, h * sizeof *M);
        M[i * n + h + i] = M[(h + i) * n + i] = -s->slope;
    }
    int status = lnn_eig_symmetric(n, M, M + n * n, NULL);
    if (status == GSL_SUCCESS) *mu = M[n * n];
    free(M);
    return status;
}
