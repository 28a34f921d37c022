/* Gradient flow preserves the imbalance of neighbouring layers, whatever the start. */
#include "lnn/theorem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    bool layers =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_DESCENT;
    return layers && r->net.N != 1;
}

struct drift {
    struct lnn_flow_worst worst; /* of ||C_j(t) - e^{-2 lambda t} C_j(0)|| */
    double largest;              /* of all of them */
    double moved;                /* the largest change of a W_j W_j^T */
    double rounding;             /* the largest rounding of a C_j */
};

static double layer_norm(const struct lnn_network *net, const double w[], size_t j)
{
    return lnn_norm(net->d[j] * net->d[j - 1], w + lnn_network_offset(net, j));
}

/* ||W_j W_j^T - W_j(0) W_j(0)^T||: A is scratch, d_j x d_j. */
static double gram_change(const struct lnn_network *net, const double w[],
                          const double w0[], size_t j, double A[])
{
    size_t m = net->d[j], n = net->d[j - 1], at = lnn_network_offset(net, j);
    lnn_gemm(false, true, m, m, n, 1, w + at, w + at, 0, A);
    lnn_gemm(false, true, m, m, n, -1, w0 + at, w0 + at, 1, A);
    return lnn_norm(m * m, A);
}

static void compare(const struct lnn_record *r, size_t i, size_t j, const double bars[],
                    double *C, struct drift *out)
{
    const struct lnn_network *net = &r->net;
    const double *w = r->w + i * net->size, *w0 = r->w;
    size_t n = net->d[j] * net->d[j];
    double t = r->w_t[i] - r->w_t[0], above = layer_norm(net, w, j + 1),
           below = layer_norm(net, w, j);
    double above0 = layer_norm(net, w0, j + 1), below0 = layer_norm(net, w0, j);
    double scale = above * above + below * below + above0 * above0 + below0 * below0;
    double rounding = 4 * lnn_record_rounding(r) * scale, *C0 = C + n;
    lnn_network_imbalance(net, w, j, C);
    lnn_network_imbalance(net, w0, j, C0);
    lnn_axpy(n, -exp(-2 * r->weight_decay * t), C0, C);
    double drift = lnn_norm(n, C);
    double bar = 2 * (above + below) * bars[i] + 2 * (above0 + below0) * bars[0];
    lnn_flow_keep(&out->worst, drift, bar + rounding, r->w_t[i], i, j);
    double moved = gram_change(net, w, w0, j, C);
    if (drift > out->largest) out->largest = drift;
    if (moved > out->moved) out->moved = moved;
    if (rounding > out->rounding) out->rounding = rounding;
}

static int measure(const struct lnn_record *r, const double bars[], struct drift *out)
{
    size_t widest = 0;
    for (size_t j = 1; j < r->net.N; j++)
        widest = r->net.d[j] > widest ? r->net.d[j] : widest;
    double *C = malloc(2 * widest * widest * sizeof *C);
    if (!C) return lnn_fail(GSL_ENOMEM, "out of memory for the imbalance");
    for (size_t i = 1; i < r->weights_rows; i++)
        for (size_t j = 1; j < r->net.N; j++) compare(r, i, j, bars, C, out);
    free(C);
    return GSL_SUCCESS;
}

/* D += weight (g_{j+1}^T g_{j+1} - g_j g_j^T) of row i, without the decay's part. */
static int add_source(const struct lnn_evidence *e, const struct lnn_record *r,
                      size_t i, size_t j, double weight, double grad[], double D[])
{
    const size_t *d = r->net.d, at = lnn_network_offset(&r->net, j),
                 up = lnn_network_offset(&r->net, j + 1);
    LNN_TRY(lnn_record_gradient(e, r, i, grad));
    lnn_axpy(r->net.size, -r->weight_decay, r->w + i * r->net.size, grad);
    lnn_gemm(true, false, d[j], d[j], d[j + 1], weight, grad + up, grad + up, 1, D);
    lnn_gemm(false, true, d[j], d[j], d[j - 1], -weight, grad + at, grad + at, 1, D);
    return GSL_SUCCESS;
}

/* Iterations that row i stands for, of those from row 0 to row `last`: between two
 * rows n apart the source is taken to change linearly, which is exact when every
 * iteration is stored:
 *     sum_{m < n} (f_a + (f_b - f_a) m / n) = f_a (n + 1) / 2 + f_b (n - 1) / 2. */
static double share(const struct lnn_record *r, size_t i, size_t last)
{
    double eta = r->learning_rate, sum = 0;
    if (i < last) sum += 0.5 * ((r->w_t[i + 1] - r->w_t[i]) / eta + 1);
    if (i > 0) sum += 0.5 * ((r->w_t[i] - r->w_t[i - 1]) / eta - 1);
    return sum;
}

/* Descent drifts by eta^2 (g_{j+1}^T g_{j+1} - g_j g_j^T) an iteration. */
static int expected(const struct lnn_evidence *e, const struct lnn_record *r,
                    const struct lnn_flow_worst *worst, double *out)
{
    size_t n = r->net.d[worst->layer] * r->net.d[worst->layer];
    double *D = calloc(n + r->net.size, sizeof *D), eta = r->learning_rate;
    int status = D ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i <= worst->row && status == GSL_SUCCESS; i++) {
        double fade = exp(-2 * r->weight_decay * (worst->t - r->w_t[i]));
        double weight = eta * eta * fade * share(r, i, worst->row);
        status = add_source(e, r, i, worst->layer, weight, D + n, D);
    }
    if (status == GSL_SUCCESS) *out = lnn_norm(n, D);
    free(D);
    return status;
}

static int conclude(const struct lnn_evidence *e, const struct lnn_record *r,
                    const struct drift *drift, struct lnn_judgement *j)
{
    const struct lnn_flow_worst *worst = &drift->worst;
    lnn_judge_figure(j, "largest drift of C_j", drift->largest);
    lnn_judge_figure(j, "largest change of W_j W_j^T", drift->moved);
    lnn_judge_figure(j, "time of the worst row", worst->t);
    lnn_judge_explain(
        j,
        "||C_%zu(t) - exp(-2 lambda t) C_%zu(0)|| = %.3g at t = %g, lambda "
        "= %g; error bar %.3g; W_j W_j^T itself moved by %.3g",
        worst->layer, worst->layer, worst->measured, worst->t, r->weight_decay,
        worst->bar, drift->moved);
    if (r->dynamics == LNN_DYNAMICS_DESCENT && e->objective && r->learning_rate > 0) {
        double order = NAN;
        LNN_TRY(expected(e, r, worst, &order));
        lnn_judge_figure(j, "drift expected of descent, order eta", order);
        lnn_judge_explain(j,
                          "this is descent, not flow: eta int (g_{j+1}^T g_{j+1} - g_j "
                          "g_j^T) dt predicts a drift of %.3g (eta = %g)",
                          order, r->learning_rate);
    }
    if (worst->bar > drift->moved && worst->bar > 2 * drift->rounding &&
        worst->measured <= worst->bar) {
        j->measured = worst->measured;
        j->bar = worst->bar;
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the error bar %.3g is wider than the change of W_j "
                              "W_j^T, %.3g: nothing is told from conserved",
                              worst->bar, drift->moved);
    }
    lnn_judge_conclude(j, "the drift of the imbalance", worst->measured, 0, worst->bar);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct drift drift = {.largest = 0};
    double *bars = NULL;
    if (!lnn_flow_ready(r, 2, j)) return GSL_SUCCESS;
    int status = lnn_flow_stored_bars(e, r, j, &bars);
    if (status == GSL_SUCCESS) status = measure(r, bars, &drift);
    free(bars);
    return status == GSL_SUCCESS ? conclude(e, r, &drift, j) : status;
}

const struct lnn_theorem lnn_theorem_balancedness_preserved = {
    .name = "balancedness_preserved",
    .doc = "Under gradient flow the imbalance C_j = W_{j+1}^T W_{j+1} - W_j W_j^T of "
           "neighbouring layers stays what it was, from any start; with weight decay "
           "lambda it is C_j(0) exp(-2 lambda t). Descent moves it by O(eta).",
    .source = "Arora, Cohen & Hazan 2018 (ICML), proof of Theorem 1; Arora, Cohen, "
              "Golowich & Hu 2019 (ICLR), balancedness",
    .needs = "layers under gradient flow of a loss of the product (descent is judged "
             "too, to be told from it)",
    .claims = "C_j(t) = exp(-2 lambda t) C_j(0) for j = 1..N-1 and all t",
    .about = about,
    .judge = judge,
};
