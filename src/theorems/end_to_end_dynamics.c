/* ICML 2018, Theorem 1: the product of balanced layers obeys an equation of its own. */
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
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END ||
           r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT;
}

/* The gap of row i to the end-to-end trajectory at the same time; false: none there. */
static bool gap_at(const struct lnn_record *r, const struct lnn_record *other, size_t i,
                   double W[], double chain[], double *gap, double *bar)
{
    size_t kd = r->net.d[0] * r->net.d[r->net.N];
    size_t mine = lnn_flow_row(r, r->w_t[i]), its = lnn_flow_row(other, r->w_t[i]);
    bool stated;
    if (mine == r->rows || its == other->rows) return false;
    lnn_network_product(&r->net, r->w + i * r->net.size, W, chain);
    *gap = lnn_distance(kd, W, other->W + its * kd);
    *bar = lnn_record_W_bar(r, mine, &stated) + lnn_record_W_bar(other, its, &stated);
    /* below its absolute tolerance a stepper promises nothing */
    *bar += (r->atol > 0 ? r->atol : 0) + (other->atol > 0 ? other->atol : 0);
    return true;
}

/* Has a mode u_r^T W v_r of the row before changed its sign? Then it was 0 between. */
static bool crossed(const struct lnn_svd *f, size_t rank, const double W[])
{
    for (size_t r = 0; r < rank; r++) {
        double mode = 0;
        for (size_t a = 0; a < f->m; a++)
            for (size_t b = 0; b < f->n; b++)
                mode += f->U[a * f->q + r] * W[a * f->n + b] * f->Vt[r * f->n + b];
        if (!(mode > 0)) return true;
    }
    return false;
}

/* How long W is certified: up to the first row where a singular value that was not 0
 * at the start is below rounding or W's error bar, or has gone through 0 since the row
 * before. Flow keeps it from 0, rounding does not, and past 0 the end-to-end trajectory
 * is another one. */
static int certified(const struct lnn_record *r, double *until)
{
    size_t kd = r->k * r->d, rank = 0;
    struct lnn_svd *f = lnn_svd_alloc(r->k, r->d);
    int status = f ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    *until = -INFINITY;
    for (size_t i = 0; i < r->rows && lnn_finite(kd, r->W + i * kd); i++) {
        bool stated;
        if (status == GSL_SUCCESS && crossed(f, rank, r->W + i * kd)) break;
        if (status == GSL_SUCCESS) status = lnn_svd(f, r->W + i * kd);
        if (status != GSL_SUCCESS) break;
        double rounding = (double)(r->k + r->d) * DBL_EPSILON * f->s[0];
        while (i == 0 && rank < f->q && f->s[rank] > rounding) rank++;
        double bar = i > 0 ? lnn_record_W_bar(r, i, &stated) : 0;
        if (rank > 0 && !(f->s[rank - 1] > rounding + bar)) break;
        *until = r->t[i];
    }
    free(f);
    return status;
}

/* Beside an end-to-end trajectory from the same start: the worst gap. */
static int distances(const struct lnn_record *r, const struct lnn_record *other,
                     struct lnn_flow_worst *worst)
{
    size_t kd = r->net.d[0] * r->net.d[r->net.N];
    double until, gap, bar;
    LNN_TRY(certified(other, &until));
    double *W = malloc((kd + r->net.chain) * sizeof *W);
    if (!W) return lnn_fail(GSL_ENOMEM, "out of memory for a product");
    for (size_t i = 0; i < r->weights_rows && r->w_t[i] <= until; i++) {
        if (!gap_at(r, other, i, W, W + kd, &gap, &bar)) continue;
        if (!worst->any && !(gap <= bar)) break; /* another start: not comparable */
        lnn_flow_keep(worst, gap, bar, r->w_t[i], i, 0);
    }
    free(W);
    return GSL_SUCCESS;
}

static bool comparable(const struct lnn_record *r, const struct lnn_record *other)
{
    return other && other->W && other->rows > 0 && other->net.N == r->net.N &&
           other->net.d[0] == r->net.d[0] &&
           other->net.d[r->net.N] == r->net.d[r->net.N] &&
           other->weight_decay == r->weight_decay;
}

static int judge_flow(const struct lnn_evidence *e, const struct lnn_record *r,
                      struct lnn_judgement *j)
{
    const struct lnn_record *other = lnn_evidence_first(e, LNN_DYNAMICS_END_TO_END);
    struct lnn_flow_worst rate = {.any = false}, gap = {.any = false};
    LNN_TRY(lnn_flow_judge_rate(e, r, j, lnn_flow_theorem_1, &rate));
    if (comparable(r, other)) LNN_TRY(distances(r, other, &gap));
    lnn_judge_figure(j, "largest gap of the rates d/dt(W_N..W_1)", rate.measured);
    lnn_judge_figure(j, "its error bar", rate.bar);
    lnn_judge_explain(
        j,
        "||d/dt(W_N..W_1) + lambda N W + sum_j [W W^T]^{(j-1)/N} G [W^T "
        "W]^{(N-j)/N}|| = %.3g at t = %g, N = %zu, lambda = %g; error bar "
        "%.3g (layers moved by their own bar)",
        rate.measured, rate.t, r->net.N, r->weight_decay, rate.bar);
    if (gap.any) {
        lnn_judge_figure(j, "largest ||W_N..W_1 - W||", gap.measured);
        lnn_judge_figure(j, "joint error bar of the gap", gap.bar);
        lnn_judge_explain(j,
                          "||W_N..W_1 - W_%s|| = %.3g at t = %g; joint error bar %.3g",
                          other->name, gap.measured, gap.t, gap.bar);
        lnn_flow_keep(&rate, gap.measured, gap.bar, gap.t, gap.row, 1);
    }
    lnn_judge_conclude(j,
                       rate.layer ? "the gap to the end-to-end solution"
                                  : "the gap of the product's rate to the theorem's",
                       rate.measured, 0, rate.bar);
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_flow_has_loss(e, j)) return GSL_SUCCESS;
    if (r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT)
        return lnn_flow_judge_rule(e, r, j, lnn_flow_theorem_1);
    if (r->dynamics == LNN_DYNAMICS_END_TO_END)
        return lnn_flow_judge_solution(e, r, j, lnn_flow_theorem_1);
    return lnn_flow_ready(r, 2, j) ? judge_flow(e, r, j) : GSL_SUCCESS;
}

const struct lnn_theorem lnn_theorem_end_to_end_dynamics = {
    .name = "end_to_end_dynamics",
    .doc =
        "From a balanced start the product W = W_N...W_1 of layers under gradient flow "
        "obeys an equation of its own: depth preconditions the gradient by fractional "
        "powers of W W^T and W^T W. Any widths, any rank, weight decay included. The "
        "discrete form is judged as an update rule; W without layers by what it moves "
        "by "
        "from row to row.",
    .source = "Arora, Cohen & Hazan 2018 (ICML), Theorem 1",
    .needs =
        "layers under gradient flow, a balanced start, the loss known; or W of the "
        "end-to-end flow, or iterations of the discrete rule",
    .claims = "W' = -lambda N W - sum_j [W W^T]^{(j-1)/N} dl/dW [W^T W]^{(N-j)/N}",
    .about = about,
    .judge = judge,
};
