/* Gradient descent against gradient flow: curvature in a tube around the flow. */
#include "theorem_tube.h"

#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct hessian { /* scratch */
    const struct lnn_network *net;
    const struct lnn_objective *objective;
    double *H, *values, *v, *grad, *W, *G, *dW, *dG, *chain, *tangent;
};

static struct hessian *hessian_alloc(const struct lnn_network *net,
                                     const struct lnn_objective *o)
{
    size_t n = net->size, kd = net->d[net->N] * net->d[0];
    size_t doubles =
        n * n + 3 * n + 4 * kd + net->chain + lnn_network_tangent_size(net);
    struct hessian *s = malloc(sizeof *s + doubles * sizeof(double));
    if (!s) return NULL;
    *s = (struct hessian){.net = net, .objective = o};
    s->H = (double *)(s + 1);
    s->values = s->H + n * n;
    s->v = s->values + n;
    s->grad = s->v + n;
    s->W = s->grad + n;
    s->G = s->W + kd;
    s->dW = s->G + kd;
    s->dG = s->dW + kd;
    s->chain = s->dG + kd;
    s->tangent = s->chain + net->chain;
    return s;
}

/* Extreme eigenvalues of D^2 phi + decay at the layers w, by columns. */
static int extremes(struct hessian *s, const double w[], double decay, double *low,
                    double *high)
{
    size_t n = s->net->size;
    for (size_t i = 0; i < n; i++) s->v[i] = 0;
    for (size_t i = 0; i < n; i++) {
        s->v[i] = 1;
        lnn_network_product_tangent(s->net, w, s->v, s->W, s->dW, s->tangent);
        s->objective->loss->hessian(s->objective, s->W, s->dW, s->dG);
        lnn_network_gradient_tangent(s->net, w, s->v, s->G, s->dG, s->H + i * n,
                                     s->tangent);
        s->H[i * n + i] += decay;
        s->v[i] = 0;
    }
    LNN_TRY(lnn_eig_symmetric(n, s->H, s->values, NULL));
    *low = s->values[0];
    *high = s->values[n - 1];
    return GSL_SUCCESS;
}

static int layer_norms(const struct lnn_network *net, const double w[], double norms[])
{
    for (size_t j = 1; j <= net->N; j++) {
        struct lnn_svd *svd = lnn_svd_alloc(net->d[j], net->d[j - 1]);
        if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
        int status = lnn_svd(svd, w + lnn_network_offset(net, j));
        double norm = svd->s[0];
        free(svd);
        if (status != GSL_SUCCESS) return status;
        size_t at = j - 1;
        for (; at > 0 && norms[at - 1] < norm; at--) norms[at] = norms[at - 1];
        norms[at] = norm;
    }
    return GSL_SUCCESS;
}

static int measure(struct lnn_tube *tube, struct hessian *s,
                   const struct lnn_record *flow)
{
    const struct lnn_network *net = s->net;
    for (size_t i = 0; i < tube->rows; i++) {
        const double *w = flow->w + i * net->size;
        lnn_network_product(net, w, s->W, s->chain);
        lnn_objective_gradient(s->objective, s->W, s->G);
        lnn_network_gradient(net, w, s->G, s->grad, s->chain);
        lnn_axpy(net->size, flow->weight_decay, w, s->grad);
        tube->G[i] = lnn_norm(net->d[net->N] * net->d[0], s->G);
        tube->slope[i] = lnn_norm(net->size, s->grad);
        LNN_TRY(extremes(s, w, flow->weight_decay, &tube->low[i], &tube->high[i]));
        LNN_TRY(layer_norms(net, w, tube->norms + i * net->N));
    }
    return GSL_SUCCESS;
}

int lnn_tube_alloc(const struct lnn_evidence *e, const struct lnn_record *flow,
                   double curvature, struct lnn_tube **tube)
{
    size_t rows = flow->weights_rows, N = flow->net.N;
    struct lnn_tube *b = malloc(sizeof *b + rows * (9 + N) * sizeof(double));
    struct hessian *s = hessian_alloc(&flow->net, e->objective);
    *tube = NULL;
    int status = GSL_SUCCESS;
    if (b && s) {
        *b = (struct lnn_tube){
            .rows = rows, .N = N, .t = flow->w_t, .curvature = curvature};
        double **arrays[] = {&b->high,  &b->low, &b->slope, &b->G,     &b->beta,
                             &b->gamma, &b->m,   &b->bound, &b->growth};
        for (size_t i = 0; i < 9; i++) *arrays[i] = (double *)(b + 1) + i * rows;
        b->norms = (double *)(b + 1) + 9 * rows;
        status = measure(b, s, flow);
    } else {
        status = lnn_fail(GSL_ENOMEM, "out of memory for Hessians");
    }
    free(s);
    if (status == GSL_SUCCESS)
        *tube = b;
    else
        free(b);
    return status;
}

/* Product of the largest `count` of the layers' norms, each eps larger. */
static double product(const struct lnn_tube *b, size_t i, size_t count, double eps)
{
    double p = 1;
    for (size_t j = 0; j < count; j++) p *= b->norms[i * b->N + j] + eps;
    return p;
}

static void extrema(struct lnn_tube *b, double eps)
{
    double N = (double)b->N;
    for (size_t i = 0; i < b->rows; i++) {
        double e1 = 0;
        for (size_t j = 0; j < b->N; j++) {
            double p = product(b, i, b->N, eps) / (b->norms[i * b->N + j] + eps);
            e1 += p * p;
        }
        /* eps = 0 with a layer that is 0: the quotient above is no number */
        e1 = isfinite(e1) ? sqrt(e1) : sqrt(N) * product(b, i, b->N - 1, eps);
        double e2 = b->N < 2 ? 0 : (N - 1) * product(b, i, b->N - 2, eps);
        double e3 = b->N < 3 ? 0 : sqrt(N) * (N - 2) * product(b, i, b->N - 3, eps);
        double G = b->G[i] + b->curvature * e1 * eps;
        double third = 3 * b->curvature * e1 * e2 + G * e3;
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
