/* What one iteration of gradient descent does to the imbalance, exactly. */
#include "lnn/theorem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_DESCENT && r->net.N != 1;
}

static double layer_norm(const struct lnn_network *net, const double w[], size_t j)
{
    return lnn_norm(net->d[j] * net->d[j - 1], w + lnn_network_offset(net, j));
}

struct pair { /* two consecutive iterations */
    const double *w, *next;
    double eta, slope, examples, rounding;
};

/* Rounding of g_j in one evaluation of the gradient, in any order of summation: how
 * often a sum rounds, times ||G(W)|| + ||G(0)|| (the residual is a difference), times
 * the other layers' norms. */
static double gradient_rounding(const struct lnn_flow *x, const struct pair *p,
                                size_t j)
{
    double terms = sqrt(p->examples) + (double)x->k, product = p->slope;
    for (size_t i = 0; i < x->net.N; i++) terms += (double)x->net.d[i];
    for (size_t i = 1; i <= x->net.N; i++)
        if (i != j) product *= layer_norm(&x->net, p->w, i);
    return p->rounding * terms * product;
}

/* C(k+1) - a^2 C(k) - eta^2 (...), a = 1 - eta lambda, into D; the bar of its norm. */
static double residual(const struct lnn_flow *x, const struct pair *p, size_t j,
                       double D[])
{
    const struct lnn_network *net = &x->net;
    const size_t *d = net->d, n = d[j] * d[j], at = lnn_network_offset(net, j),
                 up = lnn_network_offset(net, j + 1);
    double *C = D + n, a = 1 - p->eta * x->lambda, e2 = p->eta * p->eta;
    lnn_network_imbalance(net, p->next, j, D);
    lnn_network_imbalance(net, p->w, j, C);
    lnn_axpy(n, -a * a, C, D);
    const double *above = x->grad + up, *below = x->grad + at;
    lnn_gemm(true, false, d[j], d[j], d[j + 1], -e2, above, above, 1, D);
    lnn_gemm(false, true, d[j], d[j], d[j - 1], e2, below, below, 1, D);
    double hi = layer_norm(net, p->next, j + 1), lo = layer_norm(net, p->next, j);
    double hi0 = layer_norm(net, p->w, j + 1), lo0 = layer_norm(net, p->w, j);
    double stored = 4 * p->rounding * (hi * hi + lo * lo + hi0 * hi0 + lo0 * lo0);
    double moved =
        gradient_rounding(x, p, j + 1) * hi + gradient_rounding(x, p, j) * lo;
    return stored + 2 * p->eta * moved;
}

static double gradient_size(struct lnn_flow *x, const double w[])
{
    size_t kd = x->k * x->d;
    for (size_t i = 0; i < kd; i++) x->V[i] = 0;
    lnn_objective_gradient(x->objective, x->V, x->F);
    double at_zero = lnn_norm(kd, x->F);
    (void)lnn_flow_gradient(x, w);
    lnn_axpy(x->net.size, -x->lambda, w, x->grad);
    return at_zero + lnn_norm(kd, x->G);
}

struct tally {
    struct lnn_flow_worst worst;
    double drift;       /* the largest change of a C_j in one iteration */
    size_t pairs, told; /* told: that change is larger than the error bar */
};

static int measure(struct lnn_flow *x, const struct lnn_record *r, struct tally *tally)
{
    size_t most = 0, size = r->net.size;
    for (size_t j = 1; j < r->net.N; j++)
        most = r->net.d[j] > most ? r->net.d[j] : most;
    double *D = malloc(2 * most * most * sizeof *D);
    if (!D) return lnn_fail(GSL_ENOMEM, "out of memory for the imbalance");
    for (size_t i = 0; i + 1 < r->weights_rows; i++) {
        if (lnn_flow_iterations(r, r->w_t[i], r->w_t[i + 1]) != 1) continue;
        struct pair p = {r->w + i * size,
                         r->w + (i + 1) * size,
                         r->learning_rate,
                         0,
                         (double)x->objective->data->m,
                         lnn_record_rounding(r)};
        p.slope = gradient_size(x, p.w);
        for (size_t j = 1; j < r->net.N; j++) {
            size_t n = r->net.d[j] * r->net.d[j];
            double bar = residual(x, &p, j, D);
            lnn_flow_keep(&tally->worst, lnn_norm(n, D), bar, r->w_t[i + 1], i + 1, j);
            lnn_network_imbalance(&r->net, p.next, j, D);
            double one = lnn_distance(n, D, D + n);
            if (!(one <= tally->drift)) tally->drift = one;
            tally->told += one > bar;
        }
        tally->pairs++;
    }
    free(D);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_flow *x;
    struct tally tally = {.drift = 0};
    if (!lnn_flow_ready(r, 2, j) || !lnn_flow_has_loss(e, j)) return GSL_SUCCESS;
    if (!(r->learning_rate > 0))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say the learning rate");
    LNN_TRY(lnn_flow_open(e, &r->net, r->weight_decay, &x));
    int status = measure(x, r, &tally);
    lnn_flow_close(x);
    LNN_TRY(status);
    if (tally.pairs == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no two consecutive iterations are stored");
    lnn_judge_figure(j, "pairs of consecutive iterations", (double)tally.pairs);
    lnn_judge_figure(j, "largest drift of C_j in one iteration", tally.drift);
    const struct lnn_flow_worst *worst = &tally.worst;
    lnn_judge_explain(j,
                      "||C_%zu(k+1) - (1 - eta lambda)^2 C_%zu(k) - eta^2 (g_{j+1}^T "
                      "g_{j+1} - g_j g_j^T)|| = %.3g at t = %g, eta = %g, lambda = %g; "
                      "rounding %.3g; one iteration moves C_j by up to %.3g",
                      worst->layer, worst->layer, worst->measured, worst->t,
                      r->learning_rate, r->weight_decay, worst->bar, tally.drift);
    if (tally.told == 0 && worst->measured <= worst->bar)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no iteration moves C_j by more than its error bar: at "
                              "most %.3g",
                              tally.drift);
    lnn_judge_conclude(j, "the gap to the drift identity", worst->measured, 0,
                       worst->bar);
    return GSL_SUCCESS;
}

const struct lnn_theorem lnn_theorem_descent_drift_identity = {
    .name = "descent_drift_identity",
    .doc =
        "Gradient descent breaks balancedness at second order only, by an exact rule: "
        "C_j(k+1) - C_j(k) = eta^2 (g_{j+1}^T g_{j+1} - g_j g_j^T), g_j = dphi/dW_j; "
        "with weight decay C_j(k) is first multiplied by (1 - eta lambda)^2.",
    .source = "follows from W_{j+1}^T g_{j+1} = g_j W_j^T (Arora, Cohen & Hazan 2018, "
              "proof of Theorem 1); compare Elkabetz & Cohen 2021",
    .needs =
        "layers under gradient descent, two consecutive iterations stored, the loss "
        "and the learning rate known",
    .claims = "C_j(k+1) = (1 - eta lambda)^2 C_j(k) + eta^2 (g_{j+1}^T g_{j+1} - g_j "
              "g_j^T), to rounding",
    .about = about,
    .judge = judge,
};
