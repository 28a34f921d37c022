/* What gradient flow conserves between the layers of a network with activations. */
#include "lnn/theorem.h"

#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    bool layers =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_DESCENT;
    if (!layers || !r->net.activation) return false;
    for (size_t j = 1; j < r->net.N; j++)
        if (lnn_network_conserved(&r->net, j) != LNN_CONSERVED_NOTHING) return true;
    return false;
}

struct drift {
    struct lnn_flow_worst worst; /* of the conserved part of C_j */
    double largest, moved;       /* moved: change of the units' incoming norms^2 */
    double norms;                /* | ||W_{j+1}||^2 - ||W_j||^2 - at the start | */
    double rounding;
};

static double layer_norm(const struct lnn_network *net, const double w[], size_t j)
{
    return lnn_norm(net->d[j] * net->d[j - 1], w + lnn_network_offset(net, j));
}

/* The Euclidean norm over units of the change of ||row i of W_j||^2. */
static double incoming_change(const struct lnn_network *net, const double w[],
                              const double w0[], size_t j)
{
    size_t in = net->d[j - 1], at = lnn_network_offset(net, j);
    double sum = 0;
    for (size_t i = 0; i < net->d[j]; i++, at += in)
        sum = hypot(sum, lnn_dot(in, w + at, w + at) - lnn_dot(in, w0 + at, w0 + at));
    return sum;
}

/* C: 2 d_j^2 doubles. */
static void compare(const struct lnn_record *r, size_t i, size_t j, const double bars[],
                    double C[], struct drift *out)
{
    const struct lnn_network *net = &r->net;
    const double *w = r->w + i * net->size, *w0 = r->w;
    size_t d = net->d[j], n = d * d;
    double above = layer_norm(net, w, j + 1), below = layer_norm(net, w, j),
           above0 = layer_norm(net, w0, j + 1), below0 = layer_norm(net, w0, j);
    double scale = above * above + below * below + above0 * above0 + below0 * below0;
    double rounding = 4 * lnn_record_rounding(r) * scale, *C0 = C + n, trace = 0;
    lnn_network_imbalance(net, w, j, C);
    lnn_network_imbalance(net, w0, j, C0);
    lnn_axpy(n, -exp(-2 * r->weight_decay * (r->w_t[i] - r->w_t[0])), C0, C);
    for (size_t a = 0; a < d; a++) trace += C[a * (d + 1)];
    double bar = 2 * (above + below) * bars[i] + 2 * (above0 + below0) * bars[0];
    lnn_flow_keep(&out->worst, lnn_norm(n, C), bar + rounding, r->w_t[i], i, j);
    out->largest = fmax(out->largest, lnn_norm(n, C));
    out->norms = fmax(out->norms, fabs(trace));
    out->moved = fmax(out->moved, incoming_change(net, w, w0, j));
    out->rounding = fmax(out->rounding, rounding);
}

static int measure(const struct lnn_record *r, const double bars[], struct drift *out)
{
    const struct lnn_network *net = &r->net;
    size_t widest = 0;
    for (size_t j = 1; j < net->N; j++)
        widest = net->d[j] > widest ? net->d[j] : widest;
    double *C = malloc(2 * widest * widest * sizeof *C);
    if (!C) return lnn_fail(GSL_ENOMEM, "out of memory for the imbalance");
    for (size_t i = 1; i < r->weights_rows; i++)
        for (size_t j = 1; j < net->N; j++)
            if (lnn_network_conserved(net, j) != LNN_CONSERVED_NOTHING)
                compare(r, i, j, bars, C, out);
    free(C);
    return GSL_SUCCESS;
}

static int conclude(const struct lnn_record *r, const struct drift *drift,
                    struct lnn_judgement *j)
{
    const struct lnn_flow_worst *worst = &drift->worst;
    bool all = lnn_network_conserved(&r->net, worst->layer) == LNN_CONSERVED_ALL;
    lnn_judge_figure(j, "largest drift of what is conserved", drift->largest);
    lnn_judge_figure(j, "largest drift of ||W_{j+1}||^2 - ||W_j||^2", drift->norms);
    lnn_judge_figure(j, "largest change of the units' incoming norms^2", drift->moved);
    lnn_judge_figure(j, "time of the worst row", worst->t);
    lnn_judge_explain(
        j,
        "%s of C_%zu(t) - exp(-2 lambda t) C_%zu(0) has norm %.3g at t = %g, lambda = "
        "%g, activation %s; error bar %.3g; the units' incoming norms^2 moved by %.3g",
        all ? "all" : "the diagonal", worst->layer, worst->layer, worst->measured,
        worst->t, r->weight_decay, r->net.activation->name, worst->bar, drift->moved);
    if (r->dynamics == LNN_DYNAMICS_DESCENT)
        lnn_judge_explain(j,
                          "this is descent, not flow: a drift of order eta is expected "
                          "of it");
    if (isnan(worst->bar))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the error bar of the layers is unknown: the file has no "
                              "weights_error, and it takes five rows to estimate one");
    if (worst->bar > drift->moved && worst->bar > 2 * drift->rounding &&
        worst->measured <= worst->bar) {
        j->measured = worst->measured;
        j->bar = worst->bar;
        return lnn_judge_stop(
            j, LNN_INCONCLUSIVE,
            "the error bar %.3g is wider than the change of the units' "
            "incoming norms^2, %.3g: nothing is told from conserved",
            worst->bar, drift->moved);
    }
    lnn_judge_conclude(j, "the drift of what is conserved", worst->measured, 0,
                       worst->bar);
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
    return status == GSL_SUCCESS ? conclude(r, &drift, j) : status;
}

const struct lnn_theorem lnn_theorem_homogeneous_balance = {
    .name = "homogeneous_balance",
    .doc =
        "Gradient flow of a network with relu or leaky_relu conserves, unit by unit, "
        "the norm of the outgoing weights against that of the incoming ones, and so "
        "||W_{j+1}||_F^2 - ||W_j||_F^2; kinks do not matter, whatever derivative is "
        "chosen there, since s(z) = s'(z) z. Between the factors of one dense layer, "
        "where no activation stands, all of C_j is conserved.",
    .source =
        "Du, Hu & Lee 2018 (Algorithmic regularization in learning deep homogeneous "
        "models: layers are automatically balanced), Theorems 2.1, 2.2, Corollary "
        "2.1",
    .needs =
        "gradient flow of a network with a positively homogeneous activation, or of "
        "any factors next to each other (descent is judged too, to be told from "
        "flow)",
    .claims = "||column i of W_{j+1}(t)||^2 - ||row i of W_j(t)||^2 = exp(-2 lambda t) "
              "times its value at t = 0, for every unit i behind which an activation "
              "stands",
    .nonlinear = true,
    .about = about,
    .judge = judge,
};
