/* Gradient descent stays near gradient flow: Euler's method with the bound
 *   ||theta(t_k) - theta_k|| <= eta int_0^t beta gamma e^{-int_s^t m} ds,
 * beta >= ||Hessian||, gamma >= ||gradient||, m <= lambda_min(Hessian) on a tube around
 * the flow that is at least as wide as the bound. */
#include "theorem_margin.h"
#include "theorem_tube.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

enum { WEIGHTS = 200 };

static bool same_network(const struct lnn_record *a, const struct lnn_record *b)
{
    if (a->net.N == 0 || a->net.N != b->net.N || !a->w || !b->w) return false;
    return memcmp(a->net.d, b->net.d, (a->net.N + 1) * sizeof *a->net.d) == 0;
}

static const struct lnn_record *flow_of(const struct lnn_evidence *e,
                                        const struct lnn_record *r)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct lnn_record *f = &e->records[i];
        if (f->dynamics == LNN_DYNAMICS_FLOW && same_network(f, r)) return f;
    }
    return NULL;
}

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return r->dynamics == LNN_DYNAMICS_DESCENT && flow_of(e, r);
}

static bool same_start(const struct lnn_record *a, const struct lnn_record *b)
{
    const double *x = lnn_margin_start(a), *y = lnn_margin_start(b);
    return x && y && lnn_distance(a->net.size, x, y) == 0;
}

/* The row of `r` at flow time t, from *at on; false when there is none. */
static bool common(const struct lnn_record *r, double t, size_t *at)
{
    double tolerance = 16 * DBL_EPSILON * fabs(t);
    while (*at < r->weights_rows && r->w_t[*at] < t - tolerance) (*at)++;
    return *at < r->weights_rows && fabs(r->w_t[*at] - t) <= tolerance;
}

static double gap_at(const struct lnn_record *flow, size_t i,
                     const struct lnn_record *r, size_t at)
{
    size_t n = flow->net.size;
    return lnn_distance(n, flow->w + i * n, r->w + at * n);
}

/* Error of the flow's layers at row i of the weights: the file has one for W alone.
 * Where the tolerances are stated, every step's tolerance, grown as the bound says;
 * else W's relative error for all layers. */
static double flow_bar(const struct lnn_record *flow, const struct lnn_tube *tube,
                       size_t i)
{
    size_t n = flow->net.size, row = 0;
    double norm = lnn_norm(n, flow->w + i * n);
    bool stated;
    if (flow->steps > 0 && flow->rtol > 0 && flow->atol >= 0)
        return (double)flow->steps *
               (flow->rtol * norm + flow->atol * sqrt((double)n)) *
               exp(tube->growth[i]);
    while (row + 1 < flow->rows && flow->t[row] < flow->w_t[i]) row++;
    size_t kd = flow->net.d[flow->net.N] * flow->net.d[0];
    if (!flow->W) return NAN;
    return lnn_record_W_bar(flow, row, &stated) * norm /
           lnn_norm(kd, flow->W + row * kd);
}

static double largest_gap(const struct lnn_record *flow, const struct lnn_record *r)
{
    double gap = 0;
    for (size_t i = 1, at = 0; i < flow->weights_rows; i++)
        if (common(r, flow->w_t[i], &at)) gap = fmax(gap, gap_at(flow, i, r, at));
    return gap;
}

/* Another descent of the same start tells the order: gap ~ eta^order. */
static void order(const struct lnn_evidence *e, const struct lnn_record *flow,
                  const struct lnn_record *r, struct lnn_judgement *j)
{
    double gap = largest_gap(flow, r);
    lnn_judge_figure(j, "largest gap", gap);
    lnn_judge_figure(j, "largest gap / eta", gap / r->learning_rate);
    for (size_t i = 0; i < e->n; i++) {
        const struct lnn_record *o = &e->records[i];
        if (o == r || o->dynamics != LNN_DYNAMICS_DESCENT || !same_network(o, r) ||
            !same_start(o, r) || !(fabs(o->learning_rate - r->learning_rate) > 0))
            continue;
        double other = largest_gap(flow, o);
        lnn_judge_figure(j, "order of the gap in eta",
                         log(gap / other) / log(r->learning_rate / o->learning_rate));
        return;
    }
}

static int rows(const struct lnn_record *flow, const struct lnn_record *r,
                struct lnn_tube *tube, struct lnn_judgement *j)
{
    double eta = r->learning_rate, eps = lnn_tube_radius(tube, eta);
    double bound = lnn_tube_bound(tube, eta, isnan(eps) ? 0 : eps);
    struct lnn_worst worst = {0};
    lnn_judge_fact(j, "the bound is no wider than the tube it was made for",
                   !isnan(eps));
    lnn_judge_figure(j, "radius of the tube", eps);
    lnn_judge_figure(j, "largest bound (no tube: radius 0)", bound);
    size_t times = 0;
    for (size_t i = 1, at = 0; i < tube->rows; i++) {
        if (!common(r, tube->t[i], &at)) continue;
        times++;
        double theta = lnn_norm(r->net.size, r->w + at * r->net.size);
        double bar = flow_bar(flow, tube, i) +
                     lnn_record_rounding(r) * theta * (2 + tube->t[i] / eta);
        lnn_worst_add(&worst, "gap between flow and descent", i, gap_at(flow, i, r, at),
                      tube->bound[i], bar);
    }
    lnn_judge_figure(j, "common times", (double)times);
    if (times == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "flow and descent have no common times: let the sample "
                              "times be multiples of the learning rate");
    lnn_judge_explain(j,
                      "eta = %g, tube of radius %.4g; beta, gamma, m from Hessians at "
                      "%zu samples of the flow, widened to the tube by bounds of the "
                      "third derivative; between the samples the worse end is taken, "
                      "which is not rigorous",
                      eta, eps, tube->rows);
    if (worst.what)
        lnn_judge_explain(j, "tightest at t = %.6g: gap %.6g <= %.6g",
                          tube->t[worst.row], worst.measured, worst.bound);
    return lnn_worst_conclude(&worst, j);
}

static int ready(const struct lnn_evidence *e, const struct lnn_record *flow,
                 const struct lnn_record *r, struct lnn_judgement *j)
{
    size_t n = flow->net.size;
    if (!(r->learning_rate > 0))
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "the file does not say the learning rate");
    else if (!same_start(flow, r))
        lnn_judge_stop(j, LNN_NOT_MET, "flow %s and this descent start apart",
                       flow->name);
    else if (!lnn_margin_is_square(e))
        lnn_judge_stop(j, LNN_NOT_MET,
                       "the loss is %s: the tube's bounds are for the "
                       "square loss",
                       e->objective->loss->name);
    else if (fabs(flow->weight_decay - r->weight_decay) > 0)
        lnn_judge_stop(j, LNN_NOT_MET, "flow and descent differ in weight decay");
    else if (n > WEIGHTS)
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "%zu weights: dense Hessians are made up to %d", n, WEIGHTS);
    else if (flow->weights_rows < 2 || r->weights_rows < 2)
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "two rows of weights at least are needed");
    else if (!lnn_finite(flow->weights_rows * n, flow->w) ||
             !lnn_finite(flow->weights_rows, flow->w_t))
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "the flow's weights are not all finite");
    else
        return GSL_SUCCESS;
    return GSL_CONTINUE;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    const struct lnn_record *flow = flow_of(e, r);
    if (!lnn_margin_ready(e, r, true, j) || !flow) return GSL_SUCCESS;
    if (ready(e, flow, r, j) != GSL_SUCCESS) return GSL_SUCCESS;
    struct lnn_margin *m;
    struct lnn_tube *tube = NULL;
    LNN_TRY(lnn_margin_alloc(e, &m));
    int status = lnn_tube_alloc(e, flow, m->beta, &tube);
    if (status == GSL_SUCCESS) {
        lnn_judge_fact(j, "flow and descent of the same start", true);
        order(e, flow, r, j);
        status = rows(flow, r, tube, j);
    }
    free(tube);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_flow_against_descent = {
    .name = "flow_against_descent",
    .doc = "Gradient descent stays within O(eta) of gradient flow from the same start; "
           "the constant is governed by the most negative curvature met on the way.",
    .source = "Elkabetz & Cohen 2021; explicit form after Hairer, Norsett & Wanner, "
              "Solving ODEs I, I.10 (Euler's method)",
    .needs = "a flow and a descent of the same start in the file, square loss, and a "
             "bound no wider than the tube in which beta, gamma and m were taken "
             "(at the flow's samples: not rigorous between them)",
    .claims =
        "||theta(t_k) - theta_k|| <= eta int_0^t beta gamma exp(-int_s^t m) ds at "
        "all common times",
    .about = about,
    .judge = judge,
};
