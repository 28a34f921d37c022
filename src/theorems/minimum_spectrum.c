/* The Hessian's spectrum at a balanced global minimum: that of the preconditioner.
 *
 * Where W = Phi, D^2 phi = J^T J, and J J^T = P_W for balanced layers: the nonzero
 * eigenvalues are those of P_W, p(r, q) = sum_j s_r^{2(N-j)/N} s_q^{2(j-1)/N},
 * r = 1..k, q = 1..d, and n - kd (or more, if W is singular) are 0. Where the layers
 * are too narrow for Phi, the minimum is its best approximation of rank p, the smallest
 * width, and the two p(a, 0) of a kept mode a with a missing one i become s_a^{1-2/N}
 * (s_a +- s_i): see theorem_critical.h. The last row is judged. The exact minimum next
 * to it is made from its layers, so that the distance, and by Weyl's inequality the
 * error bar of the eigenvalues, are certain. */
#include "theorem_critical.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

struct last {
    const struct lnn_record *r;
    struct lnn_hessian *s;
    struct lnn_critical *c;
    size_t row;
    double bar; /* of its layers */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return r->net.N >= 1 && r->w != NULL &&
           (!e->objective || strcmp(e->objective->loss->name, "square") == 0);
}

/* A zero gradient may be a saddle's: the loss tells, its critical values lie apart. */
static int hypotheses(struct last *x, struct lnn_judgement *j)
{
    double excess_bar, imbalance, allowed;
    LNN_TRY(lnn_hessian_at(x->s, x->r->w + x->row * x->s->n));
    LNN_TRY(lnn_critical_near(x->c, x->s));
    LNN_TRY(lnn_critical_balance(x->r, x->row, x->bar, &imbalance, &allowed));
    double g = lnn_norm(x->s->n, x->s->grad);
    double slack = lnn_critical_slack(x->c, x->s, x->bar);
    double excess = lnn_critical_excess(x->c, x->s, x->bar, &excess_bar);
    lnn_judge_hypothesis(j, "the last row is critical: norm of its gradient", g, slack,
                         0);
    lnn_judge_hypothesis(j,
                         "its loss is the infimum: excess below the next critical one",
                         excess, 0.5 * x->c->step, excess_bar);
    lnn_judge_hypothesis(j, "the last row is balanced", imbalance, allowed, 0);
    lnn_judge_figure(j, "time of the last row", x->r->w_t[x->row]);
    lnn_judge_figure(j, "norm of its gradient", g);
    lnn_judge_figure(j, "its loss above the infimum", excess);
    lnn_judge_figure(j, "its imbalance", imbalance);
    lnn_judge_figure(j, "error bar of its layers", x->bar);
    return GSL_SUCCESS;
}

static size_t beyond(size_t n, const double values[], double bar)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += fabs(values[i]) > bar;
    return count;
}

static void predicted(const struct last *x, double low, double high, double bar,
                      struct lnn_judgement *j)
{
    const struct lnn_critical *c = x->c;
    size_t n = x->s->n;
    lnn_judge_figure(j, "distance of the layers to the minimum", c->distance);
    lnn_judge_figure(j, "error bar of the eigenvalues", bar);
    lnn_judge_figure(j, "modes kept", (double)c->rank);
    lnn_judge_figure(j, "smallest eigenvalue", low);
    lnn_judge_figure(j, "largest eigenvalue", high);
    lnn_judge_figure(j, "largest p(r,q): N s_1^(2-2/N)", c->values[n - 1]);
    lnn_judge_figure(j, "smallest nonzero p(r,q)", lnn_critical_scale(c));
    lnn_judge_figure(j, "largest stable learning rate 2 / lambda_max",
                     2 / c->values[n - 1]);
}

static int dense(struct last *x, struct lnn_judgement *j)
{
    size_t n = x->s->n;
    const double *values = x->s->values;
    double bar = lnn_critical_weyl(x->c, x->s), scale = lnn_critical_scale(x->c);
    LNN_TRY(lnn_hessian_spectrum(x->s));
    double gap = lnn_critical_gap(x->c, x->s);
    predicted(x, values[0], values[n - 1], bar, j);
    lnn_judge_figure(j, "eigenvalues", (double)n);
    lnn_judge_figure(j, "nonzero eigenvalues", (double)beyond(n, values, bar));
    lnn_judge_figure(j, "nonzero p(r,q)", (double)beyond(n, x->c->values, 0.5 * scale));
    lnn_judge_figure(j, "largest distance of an eigenvalue from p(r,q)", gap);
    lnn_judge_explain(j,
                      "%zu eigenvalues from %.10g to %.10g; p(r,q) of P_W, and zeros, "
                      "from %.10g to N s_1^(2-2/N) = %.10g; the i-th of both differ by "
                      "%.3g at most",
                      n, values[0], values[n - 1], x->c->values[0], x->c->values[n - 1],
                      gap);
    lnn_judge_explain(j,
                      "error bar %.3g: third derivative times the distance %.3g to an "
                      "exact balanced minimum (Weyl), and rounding",
                      bar, x->c->distance);
    if (!(bar < 0.5 * scale))
        return lnn_judge_stop(
            j, LNN_INCONCLUSIVE,
            "the error bar %.3g of the eigenvalues is wider than half "
            "the smallest nonzero p(r,q), %.3g",
            bar, scale);
    lnn_judge_conclude(j, "the largest distance of an eigenvalue from p(r,q)", gap, 0,
                       bar);
    return GSL_SUCCESS;
}

/* Too large for all eigenvalues: the extremes are told, and nothing is concluded. */
static int sparse(struct last *x, struct lnn_judgement *j)
{
    struct lnn_lanczos ritz;
    LNN_TRY(lnn_hessian_extremes(x->s, &ritz));
    predicted(x, ritz.low, ritz.high, lnn_critical_weyl(x->c, x->s), j);
    lnn_judge_figure(j, "Lanczos: gap of the extremes", ritz.gap);
    return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                          "%zu weights: whole spectra are made up to %d; Lanczos has "
                          "the extremes %.6g and %.6g, p(r,q) %.6g and %.6g",
                          x->s->n, LNN_HESSIAN_DENSE, ritz.low, ritz.high,
                          x->c->values[0], x->c->values[x->s->n - 1]);
}

static bool met(const struct lnn_judgement *j)
{
    for (size_t i = 0; i < j->n_hypotheses; i++)
        if (j->hypotheses[i].verdict != LNN_HOLDS) return false;
    return true;
}

static int judge_last(struct last *x, const struct lnn_evidence *e,
                      struct lnn_judgement *j)
{
    bool stated;
    size_t rows = x->r->weights_rows;
    double *bars = malloc(rows * sizeof *bars);
    if (!bars) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    int status = lnn_critical_bars(e, x->r, bars, &stated);
    x->row = rows - 1;
    x->bar = bars[rows - 1];
    free(bars);
    LNN_TRY(status);
    LNN_TRY(lnn_hessian_open(&x->r->net, e->objective, 0, &x->s));
    LNN_TRY(lnn_critical_open(&x->r->net, e->data->Phi, &x->c));
    LNN_TRY(hypotheses(x, j));
    if (!met(j)) {
        lnn_judge_conclude(j, "", NAN, NAN, NAN);
        return GSL_SUCCESS;
    }
    if (!isfinite(x->c->distance))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no exact minimum is found next to the last row");
    return x->s->H ? dense(x, j) : sparse(x, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct last x = {.r = r};
    if (!lnn_hessian_ready(e, r, j)) return GSL_SUCCESS;
    bool whitened = lnn_judge_fact(j, "whitened data", e->data->whitened);
    bool plain = lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    if (!whitened || !plain)
        return lnn_judge_stop(j, LNN_NOT_MET, "hypothesis does not hold: %s",
                              whitened ? "no weight decay" : "whitened data");
    int status = judge_last(&x, e, j);
    lnn_critical_close(x.c);
    lnn_hessian_close(x.s);
    return status;
}

const struct lnn_theorem lnn_theorem_minimum_spectrum = {
    .name = "minimum_spectrum",
    .doc =
        "At a balanced global minimum of the whitened square loss the Hessian of the "
        "layers has the eigenvalues of the end-to-end preconditioner P_W, and zeros: "
        "curvature there depends on the target and the depth alone.",
    .source =
        "Arora, Cohen & Hazan 2018 (ICML), Claim 1 for P_W; the Hessian's spectrum "
        "derived in the source",
    .needs = "a last row that is a global minimum within its error bars, and balanced; "
             "square loss, whitened data, no weight decay",
    .claims =
        "the eigenvalues of Hess are p(r,q) = sum_j s_r^(2(N-j)/N) "
        "s_q^(2(j-1)/N), r = 1..k, q = 1..d, s the singular values of Phi, and n - "
        "kd zeros; for layers narrower than the rank of Phi s_a^(1-2/N) (s_a +- "
        "s_i) in place of p(a,i) and p(i,a) of each missing mode i",
    .about = about,
    .judge = judge,
};
