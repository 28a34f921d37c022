/* Gauss collocation with 1 to 8 stages as GSL step types: order 2s, symmetric, and
 * exact on quadratic invariants, so balancedness stays at round-off at any tolerance.
 * The stages are solved by fixed-point sweeps. Hairer, Lubich & Wanner, Geometric
 * Numerical Integration, II.1.3, IV.2.1, VIII.6; the form of the coefficients:
 * stepper_gauss.h. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_errno.h>
#include "lnn/stepper.h"
#include "stepper_gauss.h"

enum { STAGES_MAX = LNN_GAUSS_MAX, SWEEPS_MAX = 50 };

/* A contraction of the sweeps above this costs more than a shorter step: measured, the
 * optimum is flat between 0.2 and 0.6. */
static const double slow = 0.4;

/* What is left to sweep when a step is done, in ulps of |y| + |L|. What is left has a
 * sign: at 0.25 the norm of a rotation drifts steadily by 7e-17 a step. */
static const double done = 0.02;

/* yerr is this many times the estimate: at 1 it fell short of the true error of a step
 * up to 4-fold where an error estimate's components cancel. */
static const double safety = 5;

struct gauss {
    struct lnn_gauss_tableau a;
    size_t s, dim;
    /* The last step made, from (t0, y0) over h to (t1, y1): predicts the next stages */
    bool known;
    double t0, t1, h;
    double contraction;          /* of the sweeps, per unit of |h|; 0 unknown */
    double *y0, *y1, *f1, *past; /* past: its L, s x dim */
    double *L, *Y, *k, *f, *end; /* the step being made; f and end: f at its ends */
    double data[];
};

/* --- stages --- */

/* Is the step from (t, y) next to the last one made, or the last one again (after a
 * rejection)? `*origin` is then where it starts on the last step's [0, 1]. */
static bool adjacent(const struct gauss *g, double t, const double y[], double *origin)
{
    const size_t bytes = g->dim * sizeof *y;
    if (!g->known) return false;
    *origin = 1;
    if (t == g->t1 && memcmp(y, g->y1, bytes) == 0) return true;
    *origin = 0;
    return t == g->t0 && memcmp(y, g->y0, bytes) == 0;
}

/* First L: f at the start, or the polynomial through f at the last step's stages and
 * end, extrapolated (after a rejected step: interpolated). */
static void predict(struct gauss *g, double h, bool near, double origin)
{
    const size_t s = g->s, n = g->dim;
    long double x[STAGES_MAX + 1];
    for (size_t j = 0; j < s; j++) x[j] = g->a.c[j];
    x[s] = 1;
    for (size_t i = 0; i < s; i++) {
        double w[STAGES_MAX + 1], *L = g->L + i * n;
        const double hb = h * g->a.b[i];
        for (size_t j = 0; near && j <= s; j++) {
            const double at = origin + h / g->h * g->a.c[i];
            w[j] = (double)lnn_gauss_lagrange(s + 1, x, j, at) * hb;
            if (j < s) w[j] /= g->h * g->a.b[j];
        }
        for (size_t l = 0; l < n; l++) {
            double sum = near ? w[s] * g->f1[l] : hb * g->f[l];
            for (size_t j = 0; near && j < s; j++) sum += w[j] * g->past[j * n + l];
            L[l] = sum;
        }
    }
}

/* How far a sweep moved L. Written so that a NaN wins every comparison. */
struct change {
    double largest, size; /* max |change|, max (|y| + |L|) */
    double ulps;          /* max |change| / (eps (|y| + |L|)), component by component */
};

static void widen(double *largest, double value)
{
    if (!(value <= *largest)) *largest = value;
}

/* One Gauss-Seidel sweep through the stages. */
static int sweep(struct gauss *g, const gsl_odeiv2_system *sys, double t, double h,
                 const double y[], struct change *change)
{
    const size_t s = g->s, n = g->dim;
    *change = (struct change){0, 0, 0};
    for (size_t i = 0; i < s; i++) {
        double *L = g->L + i * n;
        for (size_t l = 0; l < n; l++) {
            double sum = 0;
            for (size_t j = 0; j < s; j++) sum += g->a.m[i][j] * g->L[j * n + l];
            g->Y[l] = y[l] + sum;
        }
        const int status = sys->function(t + g->a.c[i] * h, g->Y, g->k, sys->params);
        if (status != GSL_SUCCESS) return status;
        const double hb = h * g->a.b[i];
        for (size_t l = 0; l < n; l++) {
            const double now = hb * g->k[l], moved = fabs(now - L[l]);
            const double size = fabs(y[l]) + fabs(now);
            widen(&change->largest, moved);
            widen(&change->size, size);
            widen(&change->ulps, moved / (DBL_EPSILON * size + DBL_MIN));
            L[l] = now;
        }
    }
    return GSL_SUCCESS;
}

/* Sweep until round-off: done when what is left, judged by the rate of contraction, is
 * below `done` in every component, or when rounding stops the contraction. Refuses when
 * the sweeps left would not get there. */
static int solve(struct gauss *g, const gsl_odeiv2_system *sys, double t, double h,
                 const double y[])
{
    struct change last = {0, 0, 0}, now;
    bool measured = false;
    for (int count = 1; count <= SWEEPS_MAX; count++) {
        const int status = sweep(g, sys, t, h, y, &now);
        if (status != GSL_SUCCESS) return status;
        if (!isfinite(now.largest) || !isfinite(now.size)) return GSL_EFAILED;
        const double noise = 64 * DBL_EPSILON * now.size;
        const double rate = now.largest / last.largest, q = now.ulps / last.ulps;
        if (count > 1 && now.largest > noise) {
            measured = true;
            g->contraction = rate / fabs(h);
        }
        if (now.ulps <= done ||
            (count > 1 && ((q < 1 && now.ulps * q / (1 - q) <= done) ||
                           (q > 0.5 && now.largest <= noise)))) {
            if (!measured) g->contraction /= 2; /* old news: let h grow again */
            return GSL_SUCCESS;
        }
        if (count > 3 && now.largest > noise &&
            !(now.largest * pow(rate, SWEEPS_MAX - count) <= noise))
            return GSL_FAILURE;
        last = now;
    }
    return GSL_FAILURE;
}

/* --- the step --- */

/* Component l of the larger of the defects h |f - P'| of the collocation polynomial P
 * at the ends of the step, and the size of h f. */
static double defect(const struct gauss *g, double h, size_t l, double *size)
{
    double left = h * g->f[l], right = h * g->end[l];
    *size = fmax(fabs(left), fabs(right));
    for (size_t j = 0; j < g->s; j++) {
        const double L = g->L[j * g->dim + l];
        left -= g->a.left[j] * L;
        right -= g->a.right[j] * L;
        *size = fmax(*size, fabs(L) / g->a.b[j]);
    }
    return fmax(fabs(left), fabs(right));
}

/* yerr. The defect E is O(h^{s+1}), as an embedded formula's error would be: far too
 * large for the error O(h^{2s+1}). But the quadrature error is the square of the node
 * polynomial where E is its first power: relative to |h f| the error is about E^2, and
 * for y' = lambda y, z = h lambda, exactly
 *     E = s!/(2s)! |z|^s |h f|,    error = E^2 / ((2s + 1) |h f|).
 * So yerr = E r with r the largest of E/|h f| in this component, E/|h f| in the maximum
 * norm, and s!/(2s)! |z|^s for the fastest mode, whose z the sweeps measure: their
 * contraction is at least |z| max_j b_j / 2 for z < 0. Without the last, a fast mode of
 * small amplitude beneath a slow one would be missed. */
static void estimate(const struct gauss *g, double h, double yerr[])
{
    const double z = g->contraction * fabs(h) / (g->a.b_max / 2);
    double fastest = 1, defects = 0, sizes = 0, size;
    for (size_t j = 1; j <= g->s; j++) fastest *= z / (double)(g->s + j);
    for (size_t l = 0; l < g->dim; l++) {
        yerr[l] = defect(g, h, l, &size);
        defects = fmax(defects, yerr[l]);
        sizes = fmax(sizes, size);
    }
    const double common = fmax(fastest, sizes > 0 ? defects / sizes : 0);
    for (size_t l = 0; l < g->dim; l++) {
        const double e = defect(g, h, l, &size);
        const double ratio = safety * fmax(common, size > 0 ? e / size : 0);
        yerr[l] = ratio < 1 ? e * ratio : e;
    }
}

/* Y = y + sum_j L_j, summed with compensation, and f there. */
static int finish(struct gauss *g, const gsl_odeiv2_system *sys, double t, double h,
                  const double y[])
{
    for (size_t l = 0; l < g->dim; l++) {
        double sum = y[l], low = 0;
        for (size_t j = 0; j < g->s; j++) {
            const double L = g->L[j * g->dim + l], next = sum + L, part = next - sum;
            low += (sum - (next - part)) + (L - part);
            sum = next;
        }
        g->Y[l] = sum + low;
    }
    const int status = sys->function(t + h, g->Y, g->end, sys->params);
    if (status != GSL_SUCCESS) return status;
    for (size_t l = 0; l < g->dim; l++)
        if (!isfinite(g->Y[l]) || !isfinite(g->end[l])) return GSL_EFAILED;
    return GSL_SUCCESS;
}

/* Everything that can fail; touches neither y nor what is known of the last step. */
static int attempt(struct gauss *g, const gsl_odeiv2_system *sys, double t, double h,
                   const double y[], const double dydt_in[])
{
    double origin = 0;
    const bool near = adjacent(g, t, y, &origin);
    if (!near) g->contraction = 0;
    if (g->contraction * fabs(h) > slow) return GSL_FAILURE; /* no need to try */
    if (dydt_in != NULL) {
        memcpy(g->f, dydt_in, g->dim * sizeof *y);
    } else {
        const int status = sys->function(t, y, g->f, sys->params);
        if (status != GSL_SUCCESS) return status;
    }
    for (size_t l = 0; l < g->dim; l++)
        if (!isfinite(y[l]) || !isfinite(g->f[l])) return GSL_EFAILED;
    predict(g, h, near, origin);
    const double contraction = g->contraction;
    int status = solve(g, sys, t, h, y);
    if (status == GSL_SUCCESS) status = finish(g, sys, t, h, y);
    if (status != GSL_SUCCESS) g->contraction = contraction;
    return status;
}

static int gauss_apply(void *state, size_t dim, double t, double h, double y[],
                       double yerr[], const double dydt_in[], double dydt_out[],
                       const gsl_odeiv2_system *sys)
{
    struct gauss *g = state;
    const size_t bytes = dim * sizeof *y;
    const int status = attempt(g, sys, t, h, y, dydt_in);
    if (status != GSL_SUCCESS) return status;
    estimate(g, h, yerr);
    memcpy(g->y0, y, bytes);
    memcpy(g->y1, g->Y, bytes);
    memcpy(g->f1, g->end, bytes);
    memcpy(y, g->Y, bytes);
    if (dydt_out != NULL) memcpy(dydt_out, g->end, bytes);
    double *spare = g->past;
    g->past = g->L;
    g->L = spare;
    g->known = true;
    g->t0 = t;
    g->t1 = t + h;
    g->h = h;
    return GSL_SUCCESS;
}

/* --- GSL's step type --- */

static void *gauss_alloc(size_t s, size_t dim)
{
    struct gauss *g = calloc(1, sizeof *g + (2 * s + 7) * dim * sizeof(double));
    if (g == NULL) return NULL;
    g->s = s;
    g->dim = dim;
    g->L = g->data;
    g->past = g->L + s * dim;
    double **const vectors[] = {&g->y0, &g->y1, &g->f1, &g->Y, &g->k, &g->f, &g->end};
    for (size_t i = 0; i < 7; i++) *vectors[i] = g->past + (s + i) * dim;
    lnn_gauss_tableau(s, &g->a);
    return g;
}

static void *alloc_one(size_t dim)
{
    return gauss_alloc(1, dim);
}

static void *alloc_two(size_t dim)
{
    return gauss_alloc(2, dim);
}

static void *alloc_three(size_t dim)
{
    return gauss_alloc(3, dim);
}

static void *alloc_four(size_t dim)
{
    return gauss_alloc(4, dim);
}

static void *alloc_five(size_t dim)
{
    return gauss_alloc(5, dim);
}

static void *alloc_six(size_t dim)
{
    return gauss_alloc(6, dim);
}

static void *alloc_seven(size_t dim)
{
    return gauss_alloc(7, dim);
}

static void *alloc_eight(size_t dim)
{
    return gauss_alloc(8, dim);
}

static int gauss_set_driver(void *state, const gsl_odeiv2_driver *driver)
{
    /* needs no tolerance: the stages converge to round-off */
    (void)state, (void)driver;
    return GSL_SUCCESS;
}

static int gauss_reset(void *state, size_t dim)
{
    struct gauss *g = state;
    (void)dim;
    g->known = false;
    return GSL_SUCCESS;
}

/* GSL's control takes yerr = O(h^{order + 1}); estimate's is O(h^{2s+1}). */
static unsigned gauss_order(void *state)
{
    const struct gauss *g = state;
    return 2 * (unsigned)g->s;
}

static void gauss_free(void *state)
{
    free(state);
}

/* positional as GSL's own: its struct is the contract */
#define GAUSS_TYPE(stages, alloc)                                                 \
    {                                                                             \
        "gauss" #stages, 1, 1, alloc, gauss_apply, gauss_set_driver, gauss_reset, \
            gauss_order, gauss_free                                               \
    }

static const gsl_odeiv2_step_type gauss_types[STAGES_MAX] = {
    GAUSS_TYPE(1, alloc_one),   GAUSS_TYPE(2, alloc_two),   GAUSS_TYPE(3, alloc_three),
    GAUSS_TYPE(4, alloc_four),  GAUSS_TYPE(5, alloc_five),  GAUSS_TYPE(6, alloc_six),
    GAUSS_TYPE(7, alloc_seven), GAUSS_TYPE(8, alloc_eight),
};

static const gsl_odeiv2_step_type *type(size_t stages)
{
    return stages >= 1 && stages <= STAGES_MAX ? &gauss_types[stages - 1] : NULL;
}

static size_t order(size_t stages)
{
    return 2 * stages;
}

extern const struct lnn_stepper lnn_stepper_gauss;
const struct lnn_stepper lnn_stepper_gauss = {
    .name = "gauss",
    .doc = "Gauss-Legendre collocation with 1 to 8 `stages` s: order 2s, symmetric, "
           "implicit, solved by fixed-point sweeps to round-off; no Jacobian. Keeps "
           "quadratic invariants, hence balancedness, to round-off at any tolerance. "
           "Steps stay below about 2/|J|: not for stiff systems. Hairer, Lubich & "
           "Wanner, Geometric Numerical Integration, II.1.3 and IV.2.1.",
    .type = type,
    .order = order,
    .jacobian = false,
    .quadratic = true,
};
