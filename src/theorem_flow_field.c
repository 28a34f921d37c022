/* The product's rate: from the layers by the chain rule, and by the published formulas
 * from W alone. Judges of either compare the two. */
#include "theorem_flow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/model.h"
#include "lnn/rng.h"

int lnn_flow_open(const struct lnn_evidence *e, const struct lnn_network *net,
                  double lambda, struct lnn_flow **flow)
{
    size_t k = net->d[net->N], d = net->d[0], kd = k * d, q = k < d ? k : d;
    size_t tangent = lnn_network_tangent_size(net);
    size_t chain = net->chain > tangent ? net->chain : tangent;
    struct lnn_flow *x =
        malloc(sizeof *x + (7 * kd + q * q + 3 * net->size + chain) * sizeof(double));
    *flow = x;
    if (!x) return lnn_fail(GSL_ENOMEM, "out of memory for a judge's scratch");
    *x = (struct lnn_flow){
        .net = *net, .objective = e->objective, .lambda = lambda, .k = k, .d = d};
    x->rank = q;
    x->W = (double *)(x + 1);
    x->G = x->W + kd;
    x->F = x->G + kd;
    x->V = x->F + kd;
    x->flip = x->V + kd;
    x->flip_G = x->flip + kd;
    x->H = x->flip_G + kd;
    x->T = x->H + kd;
    x->grad = x->T + q * q;
    x->hv = x->grad + net->size;
    x->probe = x->hv + net->size;
    x->chain = x->probe + net->size;
    x->svd = lnn_svd_alloc(q, k < d ? d : k);
    int status = x->svd ? GSL_SUCCESS
                        : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    if (status == GSL_SUCCESS && net->activation)
        status = lnn_mlp_alloc(net, e->objective, &x->mlp);
    if (status == GSL_SUCCESS) return GSL_SUCCESS;
    lnn_flow_close(x);
    *flow = NULL;
    return status;
}

void lnn_flow_close(struct lnn_flow *flow)
{
    if (!flow) return;
    lnn_mlp_free(flow->mlp);
    free(flow->svd);
    free(flow);
}

double lnn_flow_objective(struct lnn_flow *x, const double w[])
{
    struct lnn_examples all = lnn_examples_all(x->objective->data);
    double decay = 0.5 * x->lambda * lnn_dot(x->net.size, w, w);
    if (x->mlp) return lnn_mlp_gradient(x->mlp, &all, w, NULL) + decay;
    lnn_network_product(&x->net, w, x->W, x->chain);
    return lnn_objective_value(x->objective, x->W) + decay;
}

double lnn_flow_gradient(struct lnn_flow *x, const double w[])
{
    struct lnn_examples all = lnn_examples_all(x->objective->data);
    if (x->mlp) {
        (void)lnn_mlp_gradient(x->mlp, &all, w, x->grad);
    } else {
        lnn_network_product(&x->net, w, x->W, x->chain);
        lnn_objective_gradient(x->objective, x->W, x->G);
        lnn_network_gradient(&x->net, w, x->G, x->grad, x->chain);
    }
    lnn_axpy(x->net.size, x->lambda, w, x->grad);
    return lnn_dot(x->net.size, x->grad, x->grad);
}

void lnn_flow_hessian(struct lnn_flow *x, const double w[])
{
    struct lnn_examples all = lnn_examples_all(x->objective->data);
    if (x->mlp) {
        lnn_mlp_hessian(x->mlp, &all, w, x->grad, x->hv);
    } else {
        lnn_network_product_tangent(&x->net, w, x->grad, x->W, x->V, x->chain);
        lnn_objective_gradient(x->objective, x->W, x->G);
        x->objective->loss->hessian(x->objective, x->W, x->V, x->F);
        lnn_network_gradient_tangent(&x->net, w, x->grad, x->G, x->F, x->hv, x->chain);
    }
    lnn_axpy(x->net.size, x->lambda, x->grad, x->hv);
}

static void transpose(size_t m, size_t n, const double A[], double B[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) B[j * m + i] = A[i * n + j];
}

/* sum_j [W W^T]^{(j-1)/N} G [W^T W]^{(N-j)/N} of q x n matrices, q <= n; 0^0 = 1. */
static int preconditioned(struct lnn_flow *x, size_t n, const double W[],
                          const double G[], double F[])
{
    struct lnn_svd *f = x->svd;
    size_t q = f->q, N = x->net.N;
    LNN_TRY(lnn_svd(f, W));
    for (size_t r = 0; r < q; r++) /* below its rounding a singular value is 0 */
        if (r >= x->rank || f->s[r] <= (double)n * DBL_EPSILON * f->s[0]) f->s[r] = 0;
    lnn_gemm(true, false, q, n, q, 1, f->U, G, 0, x->H);
    lnn_gemm(false, true, q, q, n, 1, x->H, f->Vt, 0, x->T);
    for (size_t r = 0; r < q; r++) {
        double outside = lnn_preconditioner_eigenvalue(N, f->s[r], 0);
        for (size_t c = 0; c < n; c++) x->H[r * n + c] *= outside;
        for (size_t c = 0; c < q; c++)
            x->T[r * q + c] *=
                lnn_preconditioner_eigenvalue(N, f->s[r], f->s[c]) - outside;
    }
    lnn_gemm(false, false, q, n, q, 1, x->T, f->Vt, 1, x->H);
    lnn_gemm(false, false, q, n, q, 1, f->U, x->H, 0, F);
    return GSL_SUCCESS;
}

int lnn_flow_theorem_1(struct lnn_flow *x, const double W[], double F[])
{
    size_t k = x->k, d = x->d;
    lnn_objective_gradient(x->objective, W, x->G);
    if (k <= d) {
        LNN_TRY(preconditioned(x, d, W, x->G, F));
    } else { /* the formula transposed is the formula */
        transpose(k, d, W, x->flip);
        transpose(k, d, x->G, x->flip_G);
        LNN_TRY(preconditioned(x, k, x->flip, x->flip_G, x->V));
        transpose(d, k, x->V, F);
    }
    lnn_axpy(k * d, x->lambda * (double)x->net.N, W, F);
    return GSL_SUCCESS;
}

/* ||w||^{2-2/N} (G + (N-1) Pr_w(G)) + lambda N w, for one output. */
int lnn_flow_claim_2(struct lnn_flow *x, const double W[], double F[])
{
    size_t n = x->k * x->d;
    double N = (double)x->net.N, norm = lnn_norm(n, W);
    lnn_objective_gradient(x->objective, W, x->G);
    memset(F, 0, n * sizeof *F);
    if (norm > 0 || x->net.N == 1) lnn_axpy(n, pow(norm, 2 - 2 / N), x->G, F);
    if (norm > 0) lnn_axpy(n, (N - 1) * pow(norm, -2 / N) * lnn_dot(n, x->G, W), W, F);
    lnn_axpy(n, x->lambda * N, W, F);
    return GSL_SUCCESS;
}

/* gap = d/dt(W_N..W_1) along -gradient, by the chain rule, plus F(W_N..W_1). */
static int rate_gap(struct lnn_flow *x, const double w[], lnn_flow_field *field,
                    double gap[])
{
    size_t kd = x->k * x->d;
    (void)lnn_flow_gradient(x, w);
    LNN_TRY(field(x, x->W, x->F));
    lnn_network_product_tangent(&x->net, w, x->grad, x->W, gap, x->chain);
    lnn_axpy(kd, -1, x->F, gap);
    return GSL_SUCCESS;
}

enum { PROBES = 8 };
static const double PROBE_SAFETY = 4;

/* How much the gap changes when the layers move by their error bar, in random
 * directions, and the rounding of both rates: of their size, and of what rounding of
 * the layers does to them (G is a small difference near the minimum). probes: 3 k d +
 * net.size doubles. */
static int rate_bar(struct lnn_flow *x, const double w[], double bar, gsl_rng *rng,
                    lnn_flow_field *field, double probes[], double *out)
{
    size_t kd = x->k * x->d, n = x->net.size;
    double *gap = probes, *other = gap + kd, *F = other + kd, *moved = F + kd;
    double most = 0, steep = 0, ulps = DBL_EPSILON * (double)x->net.N * sqrt((double)n);
    LNN_TRY(rate_gap(x, w, field, gap));
    memcpy(F, x->F, kd * sizeof *F);
    double rounding = 16 * ulps * (lnn_norm(kd, F) + lnn_norm(n, x->grad));
    for (int p = 0; p < PROBES && isfinite(bar); p++) {
        lnn_rng_normals(rng, 1, n, x->probe);
        double length = lnn_norm(n, x->probe);
        for (size_t i = 0; i < n; i++) moved[i] = w[i] + bar * x->probe[i] / length;
        LNN_TRY(rate_gap(x, moved, field, other));
        double change = lnn_distance(kd, gap, other);
        if (!(change <= most)) most = change;
        if (bar > 0) steep = fmax(steep, lnn_distance(kd, F, x->F) / bar);
    }
    rounding += 4 * ulps * steep * lnn_norm(n, w);
    *out = isfinite(bar) ? PROBE_SAFETY * most + rounding : NAN;
    return GSL_SUCCESS;
}

/* An imbalance may be what the layers' error bar and rounding allow. */
static int balanced(const struct lnn_record *r, size_t i, double bar, double *imbalance,
                    double *allowed)
{
    double scale;
    LNN_TRY(lnn_record_imbalance(r, i, imbalance, &scale));
    *allowed = 2 * sqrt(2 * scale) * bar + 16 * lnn_record_rounding(r) * scale;
    return GSL_SUCCESS;
}

/* The start must be balanced; under gradient flow the layers then stay so, and layers
 * that do not are not those of a flow. */
static int hypotheses(const struct lnn_record *r, const double bars[],
                      struct lnn_judgement *j)
{
    struct lnn_flow_worst worst = {.any = false};
    double imbalance, allowed;
    LNN_TRY(balanced(r, 0, bars[0], &imbalance, &allowed));
    lnn_judge_hypothesis(j, "the start is balanced: W_{j+1}^T W_{j+1} = W_j W_j^T",
                         imbalance, allowed, 0);
    lnn_judge_figure(j, "imbalance at the start", imbalance);
    for (size_t i = 1; i < r->weights_rows; i++) {
        LNN_TRY(balanced(r, i, bars[i], &imbalance, &allowed));
        lnn_flow_keep(&worst, imbalance, allowed + bars[0], r->w_t[i], i, 0);
    }
    lnn_judge_hypothesis(j, "the layers stay balanced, as under gradient flow",
                         worst.measured, worst.bar, 0);
    lnn_judge_figure(j, "largest imbalance later", worst.measured);
    return GSL_SUCCESS;
}

static int rates(struct lnn_flow *x, const struct lnn_record *r, const double bars[],
                 gsl_rng *rng, lnn_flow_field *field, struct lnn_flow_worst *worst)
{
    size_t kd = x->k * x->d, n = x->net.size;
    double *room = malloc((3 * kd + n) * sizeof *room);
    if (!room) return lnn_fail(GSL_ENOMEM, "out of memory for a judge's scratch");
    int status = GSL_SUCCESS;
    for (size_t i = 0; i < r->weights_rows && status == GSL_SUCCESS; i++) {
        double bar = NAN;
        status = rate_bar(x, r->w + i * n, bars[i], rng, field, room, &bar);
        if (status == GSL_SUCCESS)
            lnn_flow_keep(worst, lnn_norm(kd, room), bar, r->w_t[i], i, 0);
    }
    free(room);
    return status;
}

int lnn_flow_judge_rate(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j, lnn_flow_field *field,
                        struct lnn_flow_worst *worst)
{
    struct lnn_flow *x = NULL;
    bool stated = false;
    size_t n = r->weights_rows;
    double *bars = malloc(n * sizeof *bars);
    gsl_rng *rng = lnn_rng_open(0, "theorem.probes");
    int status = bars && rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS)
        status = lnn_flow_bars(e, r, &r->net, n, r->w_t, r->w, bars, &stated);
    if (status == GSL_SUCCESS) status = hypotheses(r, bars, j);
    if (status == GSL_SUCCESS) status = lnn_flow_open(e, &r->net, r->weight_decay, &x);
    if (status == GSL_SUCCESS) status = rates(x, r, bars, rng, field, worst);
    if (status == GSL_SUCCESS) lnn_flow_explain_bars(j, r, bars[n - 1], stated);
    lnn_flow_close(x);
    if (rng) gsl_rng_free(rng);
    free(bars);
    return status;
}

/* What rounding does to one application of the rule: W moved by some roundings. */
static int rule_bar(struct lnn_flow *x, const struct lnn_record *r, const double W[],
                    gsl_rng *rng, lnn_flow_field *field, double room[], double *bar)
{
    size_t kd = x->k * x->d;
    double *F = room, *other = room + kd, *moved = other + kd, *dir = moved + kd;
    double norm = lnn_norm(kd, W), most = 0, eta = r->learning_rate;
    double rounding = lnn_record_rounding(r) * sqrt((double)kd);
    LNN_TRY(field(x, W, F));
    for (int p = 0; p < PROBES; p++) {
        lnn_rng_normals(rng, 1, kd, dir);
        double step = 4 * rounding * norm / lnn_norm(kd, dir);
        memcpy(moved, W, kd * sizeof *moved);
        lnn_axpy(kd, step, dir, moved);
        LNN_TRY(field(x, moved, other));
        double change = lnn_distance(kd, F, other);
        if (!(change <= most)) most = change;
    }
    *bar = eta * PROBE_SAFETY * most +
           8 * rounding * (norm + eta * (double)x->net.N * lnn_norm(kd, F));
    return GSL_SUCCESS;
}

static int rules(struct lnn_flow *x, const struct lnn_record *r, gsl_rng *rng,
                 lnn_flow_field *field, double room[], struct lnn_flow_worst *worst)
{
    size_t kd = x->k * x->d;
    for (size_t i = 0; i + 1 < r->rows; i++) {
        const double *W = r->W + i * kd;
        double bar;
        if (lnn_flow_iterations(r, r->t[i], r->t[i + 1]) != 1) continue;
        LNN_TRY(rule_bar(x, r, W, rng, field, room, &bar));
        memcpy(room + kd, W, kd * sizeof *room);
        lnn_axpy(kd, -r->learning_rate, room, room + kd);
        lnn_flow_keep(worst, lnn_distance(kd, room + kd, W + kd), bar, r->t[i + 1],
                      i + 1, 0);
    }
    return GSL_SUCCESS;
}

static int judge_rule(struct lnn_flow *x, const struct lnn_record *r,
                      lnn_flow_field *field, struct lnn_flow_worst *worst)
{
    gsl_rng *rng = lnn_rng_open(0, "theorem.probes");
    double *room = malloc(4 * x->k * x->d * sizeof *room);
    int status = rng && room ? rules(x, r, rng, field, room, worst)
                             : lnn_fail(GSL_ENOMEM, "out of memory");
    if (rng) gsl_rng_free(rng);
    free(room);
    return status;
}

int lnn_flow_judge_rule(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j, lnn_flow_field *field)
{
    struct lnn_flow *x;
    struct lnn_flow_worst worst = {0};
    if (!r->W || r->net.N == 0 || !(r->learning_rate > 0))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "W, the widths or the learning rate are not in the file");
    if (!lnn_finite(r->rows * r->net.d[0] * r->net.d[r->net.N], r->W))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE, "W is not finite in every row");
    LNN_TRY(lnn_flow_open(e, &r->net, r->weight_decay, &x));
    int status = judge_rule(x, r, field, &worst);
    lnn_flow_close(x);
    LNN_TRY(status);
    if (!worst.any)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no two consecutive iterations are stored");
    lnn_judge_explain(j,
                      "||W(k+1) - (W(k) - eta F(W(k)))|| = %.3g <= %.3g (rounding), "
                      "eta = %g, worst at t = %g",
                      worst.measured, worst.bar, r->learning_rate, worst.t);
    lnn_judge_conclude(j, "the gap to the update rule", worst.measured, 0, worst.bar);
    return GSL_SUCCESS;
}
