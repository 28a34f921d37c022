/* Dense Hessians of the layers' loss at stored weights, and bounds around them. */
#include "theorem_hessian.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

/* One block for the struct and all its arrays but the SVD. */
static struct lnn_hessian *block(const struct lnn_network *net,
                                 const struct lnn_objective *o, double decay)
{
    size_t n = net->size, kd = net->d[net->N] * net->d[0];
    size_t square = n <= LNN_HESSIAN_DENSE ? n * n : 0;
    size_t tangent = lnn_network_tangent_size(net);
    size_t doubles = 4 * kd + 3 * n + 2 * net->N + square + net->chain + tangent;
    struct lnn_hessian *s = malloc(sizeof *s + doubles * sizeof(double));
    if (!s) return NULL;
    *s = (struct lnn_hessian){
        .net = *net, .objective = o, .decay = decay, .n = n, .kd = kd};
    s->W = (double *)(s + 1);
    s->G = s->W + kd;
    s->dW = s->G + kd;
    s->dG = s->dW + kd;
    s->grad = s->dG + kd;
    s->values = s->grad + n;
    s->v = s->values + n;
    s->norms = s->v + n;
    s->frobenius = s->norms + net->N;
    s->chain = s->frobenius + net->N;
    s->tangent = s->chain + net->chain;
    if (square) s->H = s->tangent + tangent;
    return s;
}

int lnn_hessian_open(const struct lnn_network *net, const struct lnn_objective *o,
                     double decay, struct lnn_hessian **hessian)
{
    struct lnn_hessian *s = block(net, o, decay);
    *hessian = NULL;
    if (s) s->svd = lnn_svd_alloc(net->d[net->N], net->d[0]);
    if (!s || !s->svd) {
        lnn_hessian_close(s);
        return lnn_fail(GSL_ENOMEM, "out of memory for Hessians");
    }
    *hessian = s;
    return GSL_SUCCESS;
}

void lnn_hessian_close(struct lnn_hessian *s)
{
    if (s) free(s->svd);
    free(s);
}

/* Keeps `norms` (of which `n` are there) descending. */
static void insert(double norms[], size_t n, double norm)
{
    for (; n > 0 && norms[n - 1] < norm; n--) norms[n] = norms[n - 1];
    norms[n] = norm;
}

static int layer_norms(struct lnn_hessian *s)
{
    const struct lnn_network *net = &s->net;
    for (size_t j = 1; j <= net->N; j++) {
        size_t rows = net->d[j], cols = net->d[j - 1];
        const double *Wj = s->w + lnn_network_offset(net, j);
        struct lnn_svd *svd = lnn_svd_alloc(rows, cols);
        if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
        int status = lnn_svd(svd, Wj);
        if (status == GSL_SUCCESS) insert(s->norms, j - 1, svd->s[0]);
        free(svd);
        LNN_TRY(status);
        insert(s->frobenius, j - 1, lnn_norm(rows * cols, Wj));
    }
    return GSL_SUCCESS;
}

int lnn_hessian_at(struct lnn_hessian *s, const double w[])
{
    s->w = w;
    lnn_network_product(&s->net, w, s->W, s->chain);
    lnn_objective_gradient(s->objective, s->W, s->G);
    lnn_network_gradient(&s->net, w, s->G, s->grad, s->chain);
    lnn_axpy(s->n, s->decay, w, s->grad);
    LNN_TRY(lnn_svd(s->svd, s->G));
    s->slope = s->svd->s[0];
    return layer_norms(s);
}

void lnn_hessian_apply(struct lnn_hessian *s, const double v[], double Hv[])
{
    lnn_network_product_tangent(&s->net, s->w, v, s->W, s->dW, s->tangent);
    s->objective->loss->hessian(s->objective, s->W, s->dW, s->dG);
    lnn_network_gradient_tangent(&s->net, s->w, v, s->G, s->dG, Hv, s->tangent);
    lnn_axpy(s->n, s->decay, v, Hv);
}

int lnn_hessian_spectrum(struct lnn_hessian *s)
{
    if (!s->H)
        return lnn_fail(GSL_EINVAL, "%zu weights: dense Hessians are made up to %d",
                        s->n, LNN_HESSIAN_DENSE);
    memset(s->v, 0, s->n * sizeof *s->v);
    for (size_t i = 0; i < s->n; i++) {
        s->v[i] = 1;
        lnn_hessian_apply(s, s->v, s->H + i * s->n);
        s->v[i] = 0;
    }
    return lnn_eig_symmetric(s->n, s->H, s->values, NULL);
}

double lnn_hessian_product(const double norms[], size_t count, double eps)
{
    double p = 1;
    for (size_t j = 0; j < count; j++) p *= norms[j] + eps;
    return p;
}

struct lnn_hessian_bounds lnn_hessian_within(size_t N, const double norms[], double G,
                                             double c, double eps)
{
    double e1 = 0, n = (double)N;
    for (size_t j = 0; j < N; j++) {
        double others = 1;
        for (size_t i = 0; i < N; i++)
            if (i != j) others *= norms[i] + eps;
        e1 = hypot(e1, others);
    }
    double e2 = N < 2 ? 0 : (n - 1) * lnn_hessian_product(norms, N - 2, eps);
    double e3 = N < 3 ? 0 : sqrt(n) * (n - 2) * lnn_hessian_product(norms, N - 3, eps);
    double most = G + c * e1 * eps;
    return (struct lnn_hessian_bounds){.G = most,
                                       .first = e1,
                                       .second = c * e1 * e1 + most * e2,
                                       .third = 3 * c * e1 * e2 + most * e3};
}

double lnn_hessian_curvature(struct lnn_hessian *s)
{
    enum { ROUNDS = 20 };
    if (s->objective->data->whitened && !s->objective->loss->examples) return 1;
    gsl_rng *rng = lnn_rng_open(0, "theorem.curvature");
    double norm = NAN;
    if (!rng) return NAN;
    lnn_rng_normals(rng, 1, s->kd, s->dW);
    gsl_rng_free(rng);
    for (int round = 0; round <= ROUNDS; round++) {
        double length = lnn_norm(s->kd, s->dW);
        if (length == 0) return 0;
        for (size_t i = 0; i < s->kd; i++) s->dW[i] /= length;
        s->objective->loss->hessian(s->objective, s->W, s->dW, s->dG);
        norm = lnn_norm(s->kd, s->dG);
        memcpy(s->dW, s->dG, s->kd * sizeof *s->dW);
    }
    return 2 * norm;
}

double lnn_hessian_terms(const struct lnn_network *net)
{
    double sum = 0;
    for (size_t j = 0; j <= net->N; j++) sum += (double)net->d[j] + 2;
    return sum;
}

/* Inner size of the loss's products with the data; 0 where it makes none. */
static double inner(const struct lnn_objective *o)
{
    const struct lnn_data *data = o->data;
    if (o->loss->examples) return (double)data->m;
    return data->whitened ? 0 : (double)data->q;
}

double lnn_hessian_rounding(struct lnn_hessian *s, double largest)
{
    double n = (double)s->n, d = (double)s->net.d[0], within = inner(s->objective);
    struct lnn_hessian_bounds b = lnn_hessian_within(
        s->net.N, s->frobenius, lnn_norm(s->kd, s->G), lnn_hessian_curvature(s), 0);
    double loss = within > 0 ? d * (d + within) : 0;
    return DBL_EPSILON * (sqrt(n) * b.second * (4 * lnn_hessian_terms(&s->net) + loss) +
                          4 * n * (largest + fabs(s->decay)));
}

double lnn_hessian_layer_rounding(const struct lnn_network *net, const double w[])
{
    return DBL_EPSILON * lnn_hessian_terms(net) * lnn_norm(net->size, w);
}

/* Operations of one Hessian-vector product; a BLAS call is worth some thousand. */
static double product_cost(const struct lnn_hessian *s)
{
    const struct lnn_data *data = s->objective->data;
    double d = (double)s->net.d[0], kd = (double)s->kd;
    double layers = 14 * (double)s->n * d + 7 * (double)s->net.N * 2000;
    return layers + 6 * kd * inner(s->objective) + (data->whitened ? kd : 0);
}

size_t lnn_hessian_rows(const struct lnn_hessian *s, size_t rows)
{
    enum { LEAST = 3 };
    const double BUDGET = 1e10; /* a second or two */
    double n = (double)s->n, K = LNN_LANCZOS_STEPS;
    double row =
        s->H ? n * product_cost(s) + 6 * n * n * n : K * (product_cost(s) + 8 * K * n);
    double most = fmax(LEAST, floor(BUDGET / row));
    return (double)rows <= most ? rows : (size_t)most;
}

size_t lnn_hessian_row(size_t i, size_t judged, size_t rows)
{
    return judged < 2 ? 0 : i * (rows - 1) / (judged - 1);
}

bool lnn_hessian_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                       struct lnn_judgement *j)
{
    size_t k = r->net.N ? r->net.d[r->net.N] : 0, d = r->net.N ? r->net.d[0] : 0;
    if (!r->w || r->net.N == 0 || r->weights_rows == 0)
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "the file has no weights W1..WN");
    else if (!e->objective || !e->data)
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "the file does not say the loss: neither data nor target");
    else if (e->data->k != k || e->data->d != d)
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "the data is %zu x %zu, W is %zu x %zu",
                       e->data->k, e->data->d, k, d);
    else if (!lnn_finite(r->weights_rows * r->net.size, r->w) ||
             (r->W && !lnn_finite(r->rows * k * d, r->W)))
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "not every stored weight is finite");
    else
        return true;
    return false;
}
