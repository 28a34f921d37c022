/* ICML 2018, Claim 2: with one output the end-to-end rule is a step length and a
 * projection. */
#include "lnn/theorem.h"

#include "lnn/err.h"
#include "theorem_flow.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    bool known = r->dynamics == LNN_DYNAMICS_FLOW ||
                 r->dynamics == LNN_DYNAMICS_END_TO_END ||
                 r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT;
    return known && r->net.N > 0 && r->net.d[r->net.N] == 1;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_flow_worst worst = {.any = false};
    if (!lnn_flow_has_loss(e, j)) return GSL_SUCCESS;
    if (r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT)
        return lnn_flow_judge_rule(e, r, j, lnn_flow_claim_2);
    if (r->dynamics == LNN_DYNAMICS_END_TO_END)
        return lnn_flow_judge_solution(e, r, j, lnn_flow_claim_2);
    if (!lnn_flow_ready(r, 2, j)) return GSL_SUCCESS;
    LNN_TRY(lnn_flow_judge_rate(e, r, j, lnn_flow_claim_2, &worst));
    lnn_judge_figure(j, "time of the worst row", worst.t);
    lnn_judge_explain(
        j,
        "||d/dt(W_N..W_1) + lambda N w + ||w||^{2-2/N} (G + (N-1) "
        "Pr_w(G))|| = %.3g at t = %g, N = %zu, lambda = %g; error bar %.3g "
        "(layers moved by their own bar)",
        worst.measured, worst.t, r->net.N, r->weight_decay, worst.bar);
    lnn_judge_conclude(j, "the gap of the product's rate to the claim's",
                       worst.measured, 0, worst.bar);
    return GSL_SUCCESS;
}

const struct lnn_theorem lnn_theorem_end_to_end_single_output = {
    .name = "end_to_end_single_output",
    .doc =
        "With one output and a balanced start the end-to-end dynamics is the gradient "
        "plus N-1 times its projection on the direction already taken, both scaled by "
        "||w||^{2-2/N}: an adaptive step length and a memory.",
    .source = "Arora, Cohen & Hazan 2018 (ICML), Claim 2",
    .needs = "one output; layers under gradient flow from a balanced start, W of the "
             "end-to-end flow, or iterations of the discrete rule; the loss known",
    .claims = "w' = -lambda N w - ||w||^{2-2/N} (G + (N-1) Pr_w(G))",
    .about = about,
    .judge = judge,
};
