/* A target near the identity gives a residual network its margin for free.
 *
 * sigma_min(Phi) >= 1 - ||Phi - I||_op >= 1 - ||Phi - I||_F, and W(0) = I: the margin
 * sigma_min(Phi) - ||W(0) - Phi||_F is at least c = 1 - 2 ||Phi - I||_F: with equality
 * for Phi = I - s u u^T. Equal layers are balanced. Hence the flow's rate 2 N
 * c^{2-2/N} (see flow_converges: whitened, square), and for small steps that of Theorem
 * 1 of Arora, Cohen, Golowich & Hu (see descent_converges). */
#include "theorem_residual.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "theorem_margin.h"

struct course {
    const struct lnn_record *r;
    const struct lnn_margin *m;
    double distance, c; /* ||Phi - I||_F, 1 - 2 ||Phi - I||_F */
    double start, start_bar;
    double rate; /* of ln(l - l*) in flow time; NaN: none is claimed */
    struct lnn_tight tight;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return lnn_residual_about(e, r) && r->net.N != 1;
}

static void margin(struct course *s, struct lnn_judgement *j)
{
    const struct lnn_margin *m = s->m;
    s->start = lnn_margin_excess(m, s->r->W, 0, &s->start_bar); /* it is what it is */
    double exact = lnn_margin_certified(m, s->start);
    double bar = fabs(exact - lnn_margin_certified(m, s->start + s->start_bar)) +
                 8 * (double)m->d * DBL_EPSILON * (m->norm + sqrt((double)m->d));
    lnn_tight_add(&s->tight, "1 - 2 ||Phi - I||_F, to be below the margin,", 0, s->c,
                  exact, bar, s->c);
    lnn_judge_figure(j, "||Phi - I||_F", s->distance);
    lnn_judge_figure(j, "guaranteed margin 1 - 2 ||Phi - I||_F", s->c);
    lnn_judge_figure(j, "deficiency margin c", exact);
    lnn_judge_explain(j,
                      "c = sigma_min(Phi) - ||W(0) - Phi||_F = %.10g >= 1 - 2 ||Phi - "
                      "I||_F = 1 - 2 * %.10g = %.10g",
                      exact, s->distance, s->c);
}

static void flow_rate(struct course *s, struct lnn_judgement *j)
{
    double N = (double)s->r->net.N, c = fmax(s->c, 0);
    s->rate = 2 * N * pow(c, 2 - 2 / N);
    lnn_judge_explain(j,
                      "l(t) - l* <= (l(0) - l*) exp(-2 N c^(2-2/N) t) = %.6g exp(-2 * "
                      "%g * %.6g^(2-2/%g) t) = %.6g exp(-%.6g t)",
                      s->start, N, c, N, s->start, s->rate);
}

/* Only below the constants' learning rate is there a rate. */
static void descent_rate(struct course *s, struct lnn_judgement *j)
{
    struct lnn_descent_constants at =
        lnn_descent_constants(s->r->net.N, s->m->norm, fmax(s->c, 0));
    double eta = s->r->learning_rate;
    s->rate = eta <= at.eta ? at.rate : NAN;
    lnn_judge_figure(j, "eta of Theorem 1", at.eta);
    if (eta <= at.eta)
        lnn_judge_explain(j,
                          "eta = %g <= %.6g: at iteration n, l - l* <= %.6g exp(-%.6g "
                          "n)",
                          eta, at.eta, s->start, eta * at.rate);
    else
        lnn_judge_explain(j,
                          "eta = %g > %.6g: the margin is judged, no rate is claimed",
                          eta, at.eta);
}

static void rows(struct course *s)
{
    const struct lnn_record *r = s->r;
    for (size_t i = 1; i < r->rows && !isnan(s->rate); i++) {
        double bar, excess = lnn_margin_row(s->m, r, i, &bar);
        double decay = exp(-s->rate * (r->t[i] - r->t[0])), bound = s->start * decay;
        lnn_tight_add(&s->tight, "the excess loss", i, excess, bound,
                      bar + s->start_bar * decay + 1e-15 * bound, bound);
    }
}

static int judge_margin(struct course *s, struct lnn_judgement *j)
{
    const struct lnn_record *r = s->r;
    const struct lnn_tight *t = &s->tight;
    double bar;
    margin(s, j);
    if (r->dynamics == LNN_DYNAMICS_FLOW)
        flow_rate(s, j);
    else
        descent_rate(s, j);
    rows(s);
    double last = lnn_margin_row(s->m, r, r->rows - 1, &bar);
    lnn_judge_figure(j, "excess loss at the start", s->start);
    lnn_judge_figure(j, "excess loss at the end", last);
    lnn_judge_figure(j, "guaranteed rate", s->rate);
    lnn_judge_figure(j, "mean rate measured",
                     log(s->start / last) / (r->t[r->rows - 1] - r->t[0]));
    if (t->what)
        lnn_judge_explain(j, "tightest at t = %.6g: %s: %.6g <= %.6g (error bar %.2g)",
                          r->t[t->row], t->what, t->measured, t->bound, t->bar);
    return lnn_tight_conclude(t, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_margin *m;
    if (!lnn_residual_ready(e, r, j) || !lnn_residual_start(e, r, j))
        return GSL_SUCCESS;
    struct course s = {.r = r, .rate = NAN};
    s.distance = lnn_residual_gap(r->d, e->data->Phi);
    s.c = 1 - 2 * s.distance;
    double rounding = 4 * DBL_EPSILON * (s.distance + (double)r->d);
    lnn_judge_hypothesis(j, "||Phi - I||_F < 1/2", s.distance, 0.5, rounding);
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    LNN_TRY(lnn_margin_alloc(e, &m));
    s.m = m;
    int status = judge_margin(&s, j);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_residual_start = {
    .name = "residual_start",
    .doc =
        "A linear residual network whose target is within 1/2 of the identity starts "
        "with a deficiency margin of at least 1 - 2 ||Phi - I||_F, and so converges "
        "to the global minimum at a linear rate.",
    .source = "Arora, Cohen, Golowich & Hu 2019, remark on residual networks after "
              "Theorem 1; Bartlett, Helmbold & Long 2018 (targets near the identity)",
    .needs = "gradient flow or descent, all widths equal, W_j(0) = I, square loss of "
             "whitened data, no weight decay, ||Phi - I||_F < 1/2",
    .claims =
        "margin >= c = 1 - 2 ||Phi - I||_F; flow: l(t) - l* <= (l(0) - l*) exp(-2 "
        "N c^(2-2/N) t); descent with eta at most Theorem 1's: l - l* <= (l(0) - "
        "l*) exp(-eta c^(2-2/N) n) at iteration n (with larger eta only the "
        "margin)",
    .about = about,
    .judge = judge,
};
