/* Modes of W along balanced gradient flow: rates, and the growth of small errors. */
#include "theorem_modes.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/closed_form.h"
#include "lnn/err.h"
#include "lnn/model.h"

void lnn_modes_rates(size_t N, double lambda, const struct lnn_svd *at,
                     const double G[], double rates[])
{
    double depth = (double)N;
    for (size_t r = 0; r < at->q; r++) {
        double along = 0, sigma = at->s[r];
        for (size_t i = 0; i < at->m; i++)
            along += at->U[i * at->q + r] *
                     lnn_dot(at->n, G + i * at->n, at->Vt + r * at->n);
        rates[r] =
            -depth * pow(sigma * sigma, 1 - 1 / depth) * along - depth * lambda * sigma;
    }
}

/* u' */
static double velocity(size_t N, double u, double s)
{
    return (double)N * pow(fabs(u), 2 - 2 / (double)N) * (s - u);
}

/* Near equal modes the quotient is the derivative: N u^{2-2/N} + (N-1) u^{1-2/N} (u_r -
 * s_r + u_q - s_q), to first order in their distance, which is below `near` here. */
double lnn_modes_stiffness(size_t N, double ur, double sr, double uq, double sq,
                           double *P)
{
    const double near = 1e-6;
    double depth = (double)N, size = fmax(fabs(ur), fabs(uq)), gap = ur - uq;
    *P = lnn_preconditioner_eigenvalue(N, fabs(ur), fabs(uq));
    if (size == 0) /* u' = 2 |u| s for two layers: either sign may come */
        return N == 1 ? 1 : N == 2 ? -(fabs(sr) + fabs(sq)) : 0;
    if (fabs(gap) > near * size)
        return (*P * (sr - sq) - velocity(N, ur, sr) + velocity(N, uq, sq)) / gap;
    double u = 0.5 * (ur + uq), slope = copysign(pow(fabs(u), 1 - 2 / depth), u);
    return depth * pow(fabs(u), 2 - 2 / depth) +
           (depth - 1) * slope * (ur - sr + uq - sq);
}

struct pair { /* what the unit errors of the start and of the target are by now */
    size_t r, q;
    double sign; /* of the partner: +1 the sum, -1 the difference */
    double start, target;
};

/* One step of y' = -kappa y + P dPhi with the coefficients of its midpoint. */
static void step(const struct lnn_modes *m, const double u[], double h, struct pair *p)
{
    bool spare = p->q == m->q;
    double uq = spare ? 0 : u[p->q], sq = spare ? 0 : m->s[p->q], P;
    double kappa =
        lnn_modes_stiffness(m->N, u[p->r], m->s[p->r], p->sign * uq, p->sign * sq, &P);
    double decay = exp(-kappa * h), mean = kappa == 0 ? h : -expm1(-kappa * h) / kappa;
    p->start *= decay;
    p->target = p->target * decay + P * mean;
}

static size_t make_pairs(const struct lnn_modes *m, struct pair pairs[])
{
    size_t n = 0, end = m->q + m->spare;
    for (size_t r = 0; r < m->q; r++)
        for (size_t q = r + 1; q < end; q++)
            for (int side = 0; side < 2; side++)
                pairs[n++] = (struct pair){r, q, side ? -1 : 1, 1, 0};
    return n;
}

/* So many midpoints that kappa times the step is small, within reason. */
static size_t substeps(const struct lnn_modes *m, size_t rows, size_t pairs, double h)
{
    const double per_rate = 8, budget = 3e7;
    double size = 0, most = fmax(4, budget / (double)((rows + 1) * (pairs + m->q + 1)));
    for (size_t r = 0; r < m->q; r++)
        size = fmax(size, fmax(fabs(m->s[r]), fabs(m->u0[r])));
    double rate = 2 * (double)m->N * pow(size, 2 - 2 / (double)m->N);
    double n = ceil(per_rate * rate * h);
    return n < 1 ? 1 : n < most ? (size_t)n : (size_t)most;
}

/* The error of W(0) between modes r and q; q = m->q are directions without one. */
static double start_error(const struct lnn_modes *m, size_t r, size_t q)
{
    bool zero = m->u0[r] == 0 && (q == m->q || m->u0[q] == 0);
    return zero ? m->zero : m->start;
}

/* Rounding never ceases: what has died out comes back as 8 roundings of W. */
static void renew(const struct lnn_modes *m, const double u[], size_t n,
                  struct pair pairs[])
{
    double rounding = 8 * DBL_EPSILON * lnn_norm(m->q, u);
    for (size_t p = 0; p < n; p++) {
        double start = start_error(m, pairs[p].r, pairs[p].q);
        if (start == m->start && pairs[p].start * start < rounding)
            pairs[p].start = rounding / start;
    }
}

static void advance(const struct lnn_modes *m, size_t rows, double from, double to,
                    size_t n, struct pair pairs[], double u[])
{
    size_t steps = substeps(m, rows, n, to - from);
    double h = (to - from) / (double)steps;
    for (size_t i = 0; i < steps; i++) {
        double middle = from + ((double)i + 0.5) * h;
        for (size_t r = 0; r < m->q; r++)
            u[r] = lnn_mode(m->N, m->s[r], m->u0[r], middle);
        for (size_t p = 0; p < n; p++) step(m, u, h, &pairs[p]);
        if (m->start > 0) renew(m, u, n, pairs);
    }
}

/* How far mode r is from itself with start and target moved either way. */
static double mode_spread(const struct lnn_modes *m, size_t r, double t)
{
    double u = lnn_mode(m->N, m->s[r], m->u0[r], t), most = 0;
    double start = start_error(m, r, r);
    for (int side = 0; side < 4; side++) {
        double s = m->s[r] + (side & 1 ? m->target : -m->target);
        double u0 = m->u0[r] + (side & 2 ? start : -start);
        double moved = fabs(lnn_mode(m->N, s, u0, t) - u);
        if (!(moved <= most)) most = moved;
    }
    double E = m->imbalance;
    return m->N == 2 && E > 0 && u != 0 ? most + E * E / (8 * fabs(u)) : most;
}

static double worst(const struct lnn_modes *m, double t, size_t n,
                    const struct pair pairs[])
{
    double most = 0;
    for (size_t p = 0; p < n; p++) {
        double start = start_error(m, pairs[p].r, pairs[p].q);
        double moved = pairs[p].start * start + pairs[p].target * m->target;
        if (!(moved <= most)) most = moved;
    }
    for (size_t r = 0; r < m->q; r++) {
        double moved = mode_spread(m, r, t);
        if (!(moved <= most)) most = moved;
    }
    return most;
}

int lnn_modes_spread(const struct lnn_modes *m, size_t rows, const double t[],
                     double spread[])
{
    struct pair *pairs = malloc((m->q + 1) * (m->q + 1) * sizeof *pairs);
    double *u = malloc((m->q + 1) * sizeof *u);
    if (!pairs || !u) {
        free(pairs);
        free(u);
        return lnn_fail(GSL_ENOMEM, "out of memory for the growth of errors");
    }
    size_t n = make_pairs(m, pairs);
    for (size_t i = 0; i < rows; i++) {
        if (i > 0) advance(m, rows, t[i - 1] - t[0], t[i] - t[0], n, pairs, u);
        spread[i] = worst(m, t[i] - t[0], n, pairs);
    }
    free(pairs);
    free(u);
    return GSL_SUCCESS;
}
