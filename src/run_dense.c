/* Dense output: see run_dense.h for the construction. */
#include "run_dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_sf_legendre.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* Interior Gauss-Lobatto nodes on [0, 1] are the roots of P'_{n+1}(2x - 1): Newton from
 * the Chebyshev-Lobatto points, with (1 - z^2) P'' = 2 z P' - n'(n' + 1) P. */
static void lobatto(size_t inner, double node[])
{
    size_t degree = inner + 1;
    double P[LNN_DENSE_NODES + 1], dP[LNN_DENSE_NODES + 1];
    node[0] = 0;
    node[degree] = 1;
    for (size_t i = 1; i <= inner; i++) {
        double z = -cos(M_PI * (double)i / (double)degree);
        for (int iteration = 0; iteration < 20; iteration++) {
            gsl_sf_legendre_Pl_deriv_array((int)degree, z, P, dP);
            double n = (double)degree;
            double second =
                (2 * z * dP[degree] - n * (n + 1) * P[degree]) / (1 - z * z);
            z -= dP[degree] / second;
        }
        node[i] = 0.5 * (1 + z);
    }
}

/* Coefficients of the integral of the i-th Lagrange polynomial on nodes 0..n-1. */
static void integrated_basis(size_t n, const double node[], size_t i, long double L[])
{
    long double c[LNN_DENSE_NODES] = {1}, scale = 1;
    size_t degree = 0;
    for (size_t j = 0; j < n; j++) {
        if (j == i) continue;
        scale *= (long double)node[i] - node[j];
        degree++;
        for (size_t p = degree; p > 0; p--) c[p] = c[p - 1] - node[j] * c[p];
        c[0] *= -node[j];
    }
    for (size_t p = 0; p < n; p++) L[p] = c[p] / scale / (long double)(p + 1);
}

struct lnn_dense *lnn_dense_alloc(const gsl_odeiv2_system *sys, int implicit,
                                  double rtol, double atol)
{
    size_t dim = sys->dimension,
           doubles = (3 * LNN_DENSE_INNER + LNN_DENSE_PAST + 3) * dim;
    struct lnn_dense *dense = malloc(sizeof *dense + doubles * sizeof(double));
    if (!dense) return NULL;
    memset(dense, 0, sizeof *dense);
    dense->dim = dim;
    dense->sys = *sys;
    dense->rtol = rtol;
    dense->atol = atol;
    double *at = (double *)(dense + 1);
    for (size_t i = 0; i < LNN_DENSE_INNER; i++, at += 3 * dim) {
        dense->f[i] = at;
        dense->next[i] = at + dim;
        dense->was[i] = at + 2 * dim;
    }
    dense->remainder = at;
    dense->u = at + dim;
    dense->low = at + 2 * dim;
    for (size_t i = 0; i < LNN_DENSE_PAST; i++) dense->past[i] = at + (3 + i) * dim;
    for (size_t n = 0; n <= LNN_DENSE_INNER; n++) {
        lobatto(n, dense->node[n]);
        for (size_t i = 0; i < n + 2; i++)
            integrated_basis(n + 2, dense->node[n], i, dense->basis[n][i]);
    }
    if (implicit) {
        dense->retrace = gsl_odeiv2_step_alloc(gsl_odeiv2_step_bsimp, dim);
        if (!dense->retrace) {
            free(dense);
            return NULL;
        }
    }
    return dense;
}

void lnn_dense_free(struct lnn_dense *dense)
{
    if (!dense) return;
    if (dense->retrace) gsl_odeiv2_step_free(dense->retrace);
    free(dense);
}

static double weight(const struct lnn_dense *dense, size_t n, size_t i, double x)
{
    long double sum = 0;
    for (size_t p = n + 2; p-- > 0;) sum = (sum + dense->basis[n][i][p]) * x;
    return (double)sum;
}

static const double *slope(const struct lnn_dense *dense, size_t n, size_t i)
{
    if (i == 0) return dense->f0;
    return i == n + 1 ? dense->f1 : dense->f[i - 1];
}

/* y = y0 + h sum_i L_i(x) f_i. The sum is formed apart from y0 to keep its digits. */
static void accumulate(const struct lnn_dense *dense, double x, double sum[])
{
    size_t n = dense->inner;
    for (size_t c = 0; c < dense->dim; c++) sum[c] = 0;
    for (size_t i = 0; i < n + 2; i++) {
        double a = dense->h * weight(dense, n, i, x);
        const double *f = slope(dense, n, i);
        for (size_t c = 0; c < dense->dim; c++) sum[c] += a * f[c];
    }
}

static void set_remainder(struct lnn_dense *dense)
{
    accumulate(dense, 1, dense->remainder);
    for (size_t c = 0; c < dense->dim; c++)
        dense->remainder[c] = (dense->y1[c] - dense->y0[c]) - dense->remainder[c];
}

/* The i-th state on the retraced grid: two panels of the last rule's nodes, meeting in
 * the middle of the step. bsimp's steps are too long for one polynomial of this degree.
 */
static const double *retraced(const struct lnn_dense *dense, int panel, size_t i)
{
    const double *middle = dense->was[0];
    if (i == 0) return panel ? middle : dense->y0;
    if (i == LNN_DENSE_NODES - 1) return panel ? dense->y1 : middle;
    return panel ? dense->next[i - 1] : dense->f[i - 1];
}

/* Lagrange's interpolation of the retraced states. */
static void read_retraced(const struct lnn_dense *dense, double x, double y[])
{
    const double *node = dense->node[LNN_DENSE_INNER];
    int panel = x > 0.5;
    double z = 2 * x - panel;
    for (size_t c = 0; c < dense->dim; c++) y[c] = 0;
    for (size_t i = 0; i < LNN_DENSE_NODES; i++) {
        const double *state = retraced(dense, panel, i);
        double l = 1;
        for (size_t j = 0; j < LNN_DENSE_NODES; j++)
            if (j != i) l *= (z - node[j]) / (node[i] - node[j]);
        for (size_t c = 0; c < dense->dim; c++) y[c] += l * state[c];
    }
}

static void read_swept(const struct lnn_dense *dense, double x, double y[])
{
    double blend = x * x * (3 - 2 * x);
    accumulate(dense, x, y);
    for (size_t c = 0; c < dense->dim; c++)
        y[c] = dense->y0[c] + (y[c] + blend * dense->remainder[c]);
}

/* The states at the ends of the last steps, the newest first. */
static void remember(struct lnn_dense *dense, double t, const double y[])
{
    double *oldest = dense->past[LNN_DENSE_PAST - 1];
    for (size_t i = LNN_DENSE_PAST - 1; i > 0; i--) {
        dense->past[i] = dense->past[i - 1];
        dense->t_past[i] = dense->t_past[i - 1];
    }
    dense->past[0] = memcpy(oldest, y, dense->dim * sizeof *y);
    dense->t_past[0] = t;
    if (dense->n_past < LNN_DENSE_PAST) dense->n_past++;
}

/* Lagrange's interpolation of the last degree + 1 of them. */
static void read_past(const struct lnn_dense *dense, size_t degree, double t,
                      double y[])
{
    const double *node = dense->t_past;
    for (size_t c = 0; c < dense->dim; c++) y[c] = 0;
    for (size_t i = 0; i <= degree; i++) {
        double l = 1;
        for (size_t j = 0; j <= degree; j++)
            if (j != i) l *= (t - node[j]) / (node[i] - node[j]);
        lnn_axpy(dense->dim, l, dense->past[i], y);
    }
}

/* The degree that differs least, amid the step, from the one below: within the
 * tolerance, or 0. */
static size_t past_degree(struct lnn_dense *dense)
{
    double t = dense->t0 + 0.5 * dense->h, best = 1;
    size_t degree = 0;
    for (size_t k = 1; k < dense->n_past; k++) {
        double worst = 0;
        read_past(dense, k, t, dense->u);
        for (size_t c = 0; c < dense->dim && k > 1; c++) {
            double tolerance = dense->atol + dense->rtol * fabs(dense->u[c]) + 1e-300;
            double gap = fabs(dense->u[c] - dense->low[c]) / tolerance;
            if (isnan(gap) || gap > worst) worst = gap;
            if (isnan(worst)) return 0;
        }
        if (k > 1 && worst < best) {
            best = worst;
            degree = k;
        }
        memcpy(dense->low, dense->u, dense->dim * sizeof *dense->low);
    }
    return degree;
}

void lnn_dense_step(struct lnn_dense *dense, double t0, double h, const double y0[],
                    const double f0[], const double y1[], const double f1[])
{
    dense->t0 = t0;
    dense->h = h;
    dense->y0 = y0;
    dense->f0 = f0;
    dense->y1 = y1;
    dense->f1 = f1;
    dense->inner = 0;
    dense->state = LNN_DENSE_NEW;
    if (!dense->retrace) return;
    if (dense->n_past == 0) remember(dense, t0, y0);
    remember(dense, t0 + h, y1);
}

/* Largest change of u at the new nodes, in units of the step's tolerance. */
static double change(struct lnn_dense *dense, size_t nodes)
{
    double worst = 0;
    for (size_t i = 0; i < nodes; i++) {
        read_swept(dense, dense->node[nodes][i + 1], dense->u);
        for (size_t c = 0; c < dense->dim; c++) {
            double size = fabs(dense->u[c]);
            double gap = fabs(dense->u[c] - dense->was[i][c]);
            double ratio = gap / (dense->atol + (dense->rtol + 4e-16) * size + 1e-300);
            if (isnan(ratio)) return INFINITY;
            if (ratio > worst) worst = ratio;
        }
    }
    return worst;
}

/* f at the interior nodes of the n-node rule, on the present u, which is kept in `was`.
 */
static int evaluate(struct lnn_dense *dense, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = dense->node[n][i + 1];
        read_swept(dense, x, dense->was[i]);
        LNN_TRY(GSL_ODEIV_FN_EVAL(&dense->sys, dense->t0 + x * dense->h, dense->was[i],
                                  dense->next[i]));
    }
    for (size_t i = 0; i < n; i++) {
        double *old = dense->f[i];
        dense->f[i] = dense->next[i];
        dense->next[i] = old;
    }
    return GSL_SUCCESS;
}

/* A sweep per order: 2, 3, ... interior nodes; the last rule may be iterated a few
 * times more, which only very long steps at loose tolerances need. Leaves in *worst the
 * last sweep's change in tolerances. */
static int sweeps(struct lnn_dense *dense, double *worst)
{
    enum { EXTRA = 6, SETTLED = 5 };
    *worst = INFINITY;
    set_remainder(dense);
    for (size_t sweep = 2; sweep < LNN_DENSE_INNER + EXTRA; sweep++) {
        size_t n = sweep < LNN_DENSE_INNER ? sweep : LNN_DENSE_INNER;
        LNN_TRY(evaluate(dense, n));
        dense->inner = n;
        set_remainder(dense);
        double now = change(dense, n), before = *worst;
        *worst = now;
        if (now <= 0.01 || (now <= 1 && now >= before)) break;
        if (sweep >= SETTLED && !(now < before)) break; /* diverging, or rounding */
    }
    return GSL_SUCCESS;
}

static int retrace(struct lnn_dense *dense)
{
    const double *node = dense->node[LNN_DENSE_INNER], *from = dense->y0;
    size_t inner = LNN_DENSE_INNER;
    gsl_odeiv2_step_reset(dense->retrace);
    for (size_t i = 0; i < 2 * inner + 1; i++) { /* inner, the middle, inner */
        size_t panel = i > inner, n = panel ? i - inner - 1 : i;
        double *to = i == inner ? dense->was[0] : panel ? dense->next[n] : dense->f[n];
        double begin = dense->t0 + 0.5 * dense->h * (node[n] + (double)panel);
        memcpy(to, from, dense->dim * sizeof *to);
        LNN_TRY(gsl_odeiv2_step_apply(dense->retrace, begin,
                                      0.5 * dense->h * (node[n + 1] - node[n]), to,
                                      dense->u, NULL, NULL, &dense->sys));
        from = to;
    }
    dense->state = LNN_DENSE_RETRACED;
    return GSL_SUCCESS;
}

int lnn_dense_eval(struct lnn_dense *dense, double t, double y[])
{
    double x = (t - dense->t0) / dense->h, worst = 0;
    if (dense->state == LNN_DENSE_NEW && dense->retrace &&
        (dense->degree = past_degree(dense)) > 0)
        dense->state = LNN_DENSE_RECALLED;
    if (dense->state == LNN_DENSE_NEW) {
        int status = sweeps(dense, &worst);
        dense->state = LNN_DENSE_SWEPT;
        if (dense->retrace && (status != GSL_SUCCESS || !(worst <= 1)))
            status = retrace(dense);
        LNN_TRY(status);
    }
    if (dense->state == LNN_DENSE_RECALLED)
        read_past(dense, dense->degree, t, y);
    else if (dense->state == LNN_DENSE_RETRACED)
        read_retraced(dense, x, y);
    else
        read_swept(dense, x, y);
    return GSL_SUCCESS;
}
