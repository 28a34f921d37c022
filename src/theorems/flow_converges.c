/* Gradient flow of balanced layers reaches the global minimum at a linear rate.
 *
 * With margin c every W' whose loss is at most l(W(0)) has sigma_min(W') >= c, the flow
 * never raises the loss, and lambda_min(P_W) = kappa sigma_min^{2-2/N} with kappa = N
 * if k = d, else 1. So (l - l*)' = -<G, P_W G> <= -kappa c^{2-2/N} ||G||^2, and strong
 * convexity gives ||G||^2 >= 2 alpha (l - l*). */
#include "theorem_margin.h"

#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
}

/* What the exponent is made of, with what rounding may do to the bound. */
struct rate {
    double start, start_bar, exponent;
};

static struct rate rate_of(const struct lnn_margin *m, const struct lnn_record *r,
                           struct lnn_judgement *j)
{
    double c, excess, bar, N = (double)r->net.N;
    if (!lnn_judge_fact(j, "Lambda_xx has full rank (strong convexity)", m->alpha > 0))
        return (struct rate){NAN, NAN, NAN};
    lnn_margin_hypothesis(m, r, j, &c, &excess, &bar);
    double kappa = m->k == m->d ? N : 1;
    double exponent = 2 * m->alpha * kappa * pow(fmax(c, 0), 2 - 2 / N);
    lnn_judge_figure(j, "kappa", kappa);
    lnn_judge_figure(j, "guaranteed rate", exponent);
    lnn_judge_explain(j,
                      "l(t) - l* <= (l(0) - l*) exp(-2 alpha kappa c^(2-2/N) t) = %.6g "
                      "exp(-2 * %.6g * %g * %.6g^(2-2/%g) t) = %.6g exp(-%.6g t)",
                      excess, m->alpha, kappa, fmax(c, 0), N, excess, exponent);
    return (struct rate){excess, bar, exponent};
}

static int rows(const struct lnn_margin *m, const struct lnn_record *r,
                struct lnn_judgement *j)
{
    struct rate rate = rate_of(m, r, j);
    struct lnn_worst worst = {0};
    for (size_t i = 1; i < r->rows; i++) {
        double bar, excess = lnn_margin_row(m, r, i, &bar);
        double decay = exp(-rate.exponent * (r->t[i] - r->t[0]));
        lnn_worst_add(&worst, "excess loss", i, excess, rate.start * decay,
                      bar + rate.start_bar * decay + 1e-15 * rate.start * decay);
    }
    double bar, last = lnn_margin_row(m, r, r->rows - 1, &bar);
    double span = r->t[r->rows - 1] - r->t[0];
    lnn_judge_figure(j, "mean rate measured", log(rate.start / last) / span);
    lnn_judge_figure(j, "excess loss at the end", last);
    if (worst.what) lnn_judge_figure(j, "time of the tightest row", r->t[worst.row]);
    if (worst.what)
        lnn_judge_explain(j, "tightest at t = %.6g: %.6g <= %.6g (error bar %.2g)",
                          r->t[worst.row], worst.measured, worst.bound, worst.bar);
    return lnn_worst_conclude(&worst, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j)) return GSL_SUCCESS;
    if (!lnn_judge_fact(j, "the square loss", lnn_margin_is_square(e)))
        return lnn_judge_stop(j, LNN_NOT_MET, "the loss is %s, not the square loss",
                              e->objective->loss->name);
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    lnn_margin_balanced(r, j);
    struct lnn_margin *m;
    LNN_TRY(lnn_margin_alloc(e, &m));
    int status = rows(m, r, j);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_flow_converges = {
    .name = "flow_converges",
    .doc = "Gradient flow from a balanced start whose loss is below that of every "
           "matrix with a singular value of at most c converges to the global minimum, "
           "at a linear rate.",
    .source = "Arora, Cohen, Golowich & Hu 2019 (flow version of Theorem 1; slides: "
              "convergence to the global minimum); rate sharpened by strong convexity "
              "and the smallest eigenvalue of P_W",
    .needs = "gradient flow, square loss, Lambda_xx of full rank, no weight decay, "
             "balanced start, deficiency margin c > 0 (whitened data: closed form; "
             "else a margin certified by duality, which is sufficient)",
    .claims = "l(t) - l* <= (l(0) - l*) exp(-2 alpha kappa c^(2-2/N) t) at every row, "
              "alpha = lambda_min(Lambda_xx), kappa = N if k = d, else 1",
    .about = about,
    .judge = judge,
};
