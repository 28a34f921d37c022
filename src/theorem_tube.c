/* Gradient descent against gradient flow: curvature in a tube around the flow. */
#include "theorem_tube.h"
#include "theorem_hessian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static int measure(struct lnn_tube *tube, struct lnn_hessian *s,
                   const struct lnn_record *flow)
{
    for (size_t i = 0; i < tube->rows; i++) {
        LNN_TRY(lnn_hessian_at(s, flow->w + i * s->n));
        LNN_TRY(lnn_hessian_spectrum(s));
        tube->G[i] = lnn_norm(s->kd, s->G);
        tube->slope[i] = lnn_norm(s->n, s->grad);
        tube->low[i] = s->values[0];
        tube->high[i] = s->values[s->n - 1];
        memcpy(tube->norms + i * tube->N, s->norms, tube->N * sizeof *s->norms);
    }
    return GSL_SUCCESS;
}

int lnn_tube_alloc(const struct lnn_evidence *e, const struct lnn_record *flow,
                   double curvature, struct lnn_tube **tube)
{
    size_t rows = flow->weights_rows, N = flow->net.N;
    struct lnn_tube *b = malloc(sizeof *b + rows * (9 + N) * sizeof(double));
    struct lnn_hessian *s = NULL;
    *tube = NULL;
    int status = b ? lnn_hessian_open(&flow->net, e->objective, flow->weight_decay, &s)
                   : lnn_fail(GSL_ENOMEM, "out of memory for Hessians");
    if (status == GSL_SUCCESS) {
        *b = (struct lnn_tube){
            .rows = rows, .N = N, .t = flow->w_t, .curvature = curvature};
        double **arrays[] = {&b->high,  &b->low, &b->slope, &b->G,     &b->beta,
                             &b->gamma, &b->m,   &b->bound, &b->growth};
        for (size_t i = 0; i < 9; i++) *arrays[i] = (double *)(b + 1) + i * rows;
        b->norms = (double *)(b + 1) + 9 * rows;
        status = measure(b, s, flow);
    }
    lnn_hessian_close(s);
    if (status == GSL_SUCCESS)
        *tube = b;
    else
        free(b);
    return status;
}

static void extrema(struct lnn_tube *b, double eps)
{
    for (size_t i = 0; i < b->rows; i++) {
        double third =
            lnn_hessian_within(b->N, b->norms + i * b->N, b->G[i], b->curvature, eps)
                .third;
        b->beta[i] = fmax(b->high[i], -b->low[i]) + third * eps;
        b->gamma[i] = b->slope[i] + b->beta[i] * eps;
        b->m[i] = b->low[i] - third * eps;
    }
}

double lnn_tube_bound(struct lnn_tube *b, double eta, double eps)
{
    double largest = 0;
    extrema(b, eps);
    b->bound[0] = b->growth[0] = 0;
    for (size_t i = 1; i < b->rows; i++) {
        double h = b->t[i] - b->t[i - 1], m = fmin(b->m[i], b->m[i - 1]);
        double source =
            fmax(b->beta[i], b->beta[i - 1]) * fmax(b->gamma[i], b->gamma[i - 1]);
        double mean = m == 0 ? h : -expm1(-m * h) / m; /* int_0^h e^{-m s} ds */
        b->bound[i] = b->bound[i - 1] * exp(-m * h) + eta * source * mean;
        b->growth[i] = b->growth[i - 1] + fmax(-m, 0) * h;
        if (!(b->bound[i] <= largest)) largest = b->bound[i];
    }
    return largest;
}

double lnn_tube_radius(struct lnn_tube *b, double eta)
{
    enum { TRIES = 200 };
    double eps = 1.02 * lnn_tube_bound(b, eta, 0);
    for (size_t i = 0; i < TRIES && isfinite(eps); i++) {
        double bound = lnn_tube_bound(b, eta, eps);
        if (bound <= eps) return eps;
        eps = 1.02 * bound;
    }
    return NAN;
}
