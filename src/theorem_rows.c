/* What judges of convergence ask of a record: its start, its margin, and which of many
 * rows decides. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "lnn/linalg.h"

bool lnn_margin_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                      bool loss, struct lnn_judgement *j)
{
    if (!r->W || r->net.N == 0) {
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "neither W nor the layers are in the file");
        return false;
    }
    if (r->rows < 2) {
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "%zu row: two at least are needed",
                       r->rows);
        return false;
    }
    if (loss && (!e->objective || !e->data)) {
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "the file does not say the loss: neither data nor target");
        return false;
    }
    if (loss && (e->data->k != r->net.d[r->net.N] || e->data->d != r->net.d[0])) {
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "the data is %zu x %zu, W is %zu x %zu",
                       e->data->k, e->data->d, r->net.d[r->net.N], r->net.d[0]);
        return false;
    }
    return true;
}

bool lnn_margin_is_square(const struct lnn_evidence *e)
{
    return strcmp(e->objective->loss->name, "square") == 0;
}

size_t lnn_margin_broken(const struct lnn_record *r)
{
    size_t broken = 0;
    for (size_t i = 0; r->w && i < r->weights_rows; i++)
        broken += !lnn_finite(r->net.size, r->w + i * r->net.size);
    return broken;
}

const double *lnn_margin_start(const struct lnn_record *r)
{
    if (!r->w || !r->w_t || r->weights_rows == 0 || r->rows == 0) return NULL;
    return r->w_t[0] == r->t[0] ? r->w : NULL;
}

bool lnn_margin_balanced(const struct lnn_record *r, struct lnn_judgement *j)
{
    if (r->dynamics == LNN_DYNAMICS_END_TO_END ||
        r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT)
        return lnn_judge_fact(j, "balanced (what the end-to-end dynamics stands for)",
                              true);
    double gap = NAN, scale = NAN, widest = 0;
    for (size_t i = 0; i <= r->net.N; i++) widest = fmax(widest, (double)r->net.d[i]);
    if (lnn_margin_start(r) && lnn_record_imbalance(r, 0, &gap, &scale) != GSL_SUCCESS)
        gap = NAN;
    return lnn_judge_hypothesis(
        j, "the start is balanced, up to rounding", gap,
        2 * lnn_record_rounding(r) * ((double)r->net.N + widest) * scale, 0);
}

bool lnn_margin_hypothesis(const struct lnn_margin *m, const struct lnn_record *r,
                           struct lnn_judgement *j, double *c, double *excess,
                           double *excess_bar)
{
    *excess = lnn_margin_row(m, r, 0, excess_bar);
    *c = lnn_margin_certified(m, *excess);
    double worse = lnn_margin_certified(m, *excess + *excess_bar);
    double bar = fabs(*c - worse) + lnn_margin_rounding(m);
    lnn_judge_figure(j, "sigma_min of the minimiser", m->sigma);
    lnn_judge_figure(j, "norm of the minimiser", m->norm);
    lnn_judge_figure(j, "smallest eigenvalue alpha of Lambda_xx", m->alpha);
    lnn_judge_figure(j, "excess loss at the start", *excess);
    lnn_judge_figure(j, "deficiency margin c", *c);
    lnn_judge_explain(j,
                      m->data->whitened
                          ? "c = sigma_min(Phi) - ||W(0) - Phi||_F = %.10g - %.10g = "
                            "%.10g"
                          : "c: sigma_min(W*) = %.10g, sqrt(2 (l(0) - l*)) = %.10g, "
                            "certified from below by duality: %.10g",
                      m->sigma, sqrt(2 * *excess), *c);
    bool holds =
        lnn_judge_hypothesis(j, "deficiency margin c > 0 (measured: -c)", -*c, 0, bar);
    *c = worse; /* what is certain, for the constants made of it */
    return holds;
}

/* 0 holds, 1 undecided, 2 violated */
static int severity(double measured, double bound, double bar)
{
    if (measured - bar > bound) return 2;
    return measured + bar <= bound ? 0 : 1;
}

void lnn_worst_add(struct lnn_worst *w, const char *what, size_t row, double measured,
                   double bound, double bar)
{
    if (!isfinite(measured) || isnan(bound) || !isfinite(bar)) {
        w->broken++;
        return;
    }
    int now = severity(measured, bound, bar);
    if (now == 1 && bar >= bound) {
        w->mute++;
        return;
    }
    bool first = w->decided + w->undecided + w->violated == 0;
    int before = first ? -1 : severity(w->measured, w->bound, w->bar);
    if (now == 0)
        w->decided++;
    else if (now == 1)
        w->undecided++;
    else
        w->violated++;
    /* the first of equals; both differences are in units of the error bar */
    if (now < before) return;
    if (now == before && (measured - bound) * (w->bar + DBL_MIN) <=
                             (w->measured - w->bound) * (bar + DBL_MIN))
        return;
    w->measured = measured;
    w->bound = bound;
    w->bar = bar;
    w->what = what;
    w->row = row;
}

bool lnn_worst_add_attained(struct lnn_worst *w, const char *what, size_t row,
                            double measured, double bound, double bar, double sight)
{
    double over = (measured - bound) / (bar + DBL_MIN);
    if (over <= 1 && bar >= sight)
        w->mute++;
    else
        lnn_worst_add(w, what, row, over, 1, 0);
    return fabs(over) <= 1;
}

static bool hypothesis_is(const struct lnn_judgement *j, enum lnn_verdict verdict)
{
    for (size_t i = 0; i < j->n_hypotheses; i++)
        if (j->hypotheses[i].verdict == verdict) return true;
    return false;
}

int lnn_worst_conclude(const struct lnn_worst *w, struct lnn_judgement *j)
{
    lnn_judge_figure(j, "statements decided", (double)w->decided);
    lnn_judge_figure(j, "statements below their error bar", (double)w->mute);
    bool met = !hypothesis_is(j, LNN_VIOLATED);
    if (met && w->broken > 0 && w->violated == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "%zu statements cannot be judged: NaN in the rows or no "
                              "error bar",
                              w->broken);
    if (met && w->decided + w->undecided + w->violated == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no row can decide: %zu are below their error bars",
                              w->mute);
    if (w->what)
        lnn_judge_conclude(j, w->what, w->measured, w->bound, w->bar);
    else
        lnn_judge_conclude(j, "conclusion", NAN, NAN, NAN);
    return GSL_SUCCESS;
}
