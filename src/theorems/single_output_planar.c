/* One output, balanced layers, whitened data: the flow lives in a plane.
 *
 * For every depth: w(t) stays in span{w(0), Phi}, and its angle th to Phi never grows,
 * th' = -|w|^{1-2/N} |Phi| sin th <= 0. For one layer and two the closed form besides.
 * An error across the plane keeps its angle to it: it moves like the part of w across
 * Phi, w_perp(t) / w_perp(0), which the rows themselves say. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_modes.h"

struct plane {
    const struct lnn_data *data;
    const struct lnn_record *r;
    size_t d, N;
    double F, start;                  /* |Phi|, the error of w(0) */
    double across;                    /* |w(0) - its part along Phi| */
    double *along, *side, *w0, *rest; /* d each: orthonormal basis, w(0), scratch */
    double *spread, *numbers, *step;  /* rows; 2 d; 2 d */
    double angle, last_bar;           /* of the row before, NaN if it is not known */
    double outside;                   /* largest component outside the plane */
    struct lnn_closed_rows rows;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return lnn_closed_about(r) && r->net.d[r->net.N] == 1;
}

struct planar {
    struct lnn_closed_form form;
    const double *Phi, *w0; /* behind the struct */
};

static int planar_at(struct lnn_closed_form *form, double t, double W[])
{
    const struct planar *self = (const struct planar *)form;
    lnn_planar(form->d, self->Phi, self->w0, t, W);
    return GSL_SUCCESS;
}

/* numbers: w(0), Phi. */
static int make(const void *of, const double numbers[], struct lnn_closed_form **form)
{
    const struct plane *p = of;
    size_t d = p->d;
    if (p->N == 1)
        return lnn_closed_linear(1, d, p->data->q, p->data->R, numbers + d, numbers,
                                 form);
    struct planar *self = malloc(sizeof *self + 2 * d * sizeof(double));
    *form = NULL;
    if (!self) return lnn_fail(GSL_ENOMEM, "out of memory for a closed form");
    double *copy = memcpy(self + 1, numbers, 2 * d * sizeof *copy);
    *self = (struct planar){{"one output, planar", planar_at, 1, d}, copy + d, copy};
    *form = &self->form;
    return GSL_SUCCESS;
}

/* x <- x - <x, e> e; returns <x, e>. */
static double remove_part(size_t d, const double e[], double x[])
{
    double part = lnn_dot(d, x, e);
    lnn_axpy(d, -part, e, x);
    return part;
}

/* The basis: along Phi, and across it where w(0) has such a part beyond rounding. */
static void make_basis(struct plane *p)
{
    const double *Phi = p->data->Phi;
    p->F = lnn_norm(p->d, Phi);
    for (size_t i = 0; i < p->d; i++) p->along[i] = p->F > 0 ? Phi[i] / p->F : 0;
    memcpy(p->side, p->w0, p->d * sizeof *p->side);
    remove_part(p->d, p->along, p->side);
    remove_part(p->d, p->along, p->side); /* twice: the first leaves rounding */
    p->across = lnn_norm(p->d, p->side);
    if (!(p->across > 4 * p->start)) p->across = 0;
    for (size_t i = 0; i < p->d; i++)
        p->side[i] = p->across > 0 ? p->side[i] / p->across : 0;
}

/* What is outside the plane at row i, and the angle to Phi against that of row i-1. */
static void row(struct plane *p, size_t i)
{
    const struct lnn_record *r = p->r;
    const double *w = r->W + i * p->d;
    memcpy(p->rest, w, p->d * sizeof *w);
    double x = remove_part(p->d, p->along, p->rest), across = lnn_norm(p->d, p->rest);
    remove_part(p->d, p->side, p->rest);
    double size = hypot(x, across), outside = lnn_norm(p->d, p->rest);
    double bar = lnn_closed_bar(r, i) + 16 * DBL_EPSILON * size;
    double grown = p->across > 0 ? p->start * across / p->across : p->spread[i];
    size_t within = p->across > 0 ? 2 : 1;
    if (outside > p->outside) p->outside = outside;
    if (p->d > within)
        lnn_closed_add(&p->rows, outside, bar + grown, lnn_distance(p->d, w, p->w0),
                       r->t[i], i, 3);
    double angle = p->F > 0 && size > bar ? atan2(across, x) : NAN;
    double angle_bar = asin(fmin(1, bar / size)) + 8 * DBL_EPSILON;
    if (p->across > 0 && isfinite(angle) && isfinite(p->angle))
        lnn_closed_add(&p->rows, fmax(0, angle - p->angle), angle_bar + p->last_bar,
                       p->angle - angle, r->t[i], i, 4);
    p->angle = angle;
    p->last_bar = angle_bar;
}

static int closed_form(struct plane *p)
{
    struct lnn_closed_form *form = NULL;
    size_t d = p->d;
    memcpy(p->numbers, p->w0, d * sizeof *p->w0);
    memcpy(p->numbers + d, p->N == 1 ? p->data->B : p->data->Phi, d * sizeof *p->w0);
    lnn_closed_step(d, p->start, p->step);
    lnn_closed_step(d, 8 * DBL_EPSILON * p->F, p->step + d);
    LNN_TRY(
        lnn_closed_spread(p->r, make, p, 2 * d, p->numbers, p->step, p->F, p->spread));
    LNN_TRY(make(p, p->numbers, &form));
    int status = lnn_closed_compare(p->r, form, p->spread, p->N > 1, &p->rows);
    free(form);
    return status;
}

static int conclude(struct plane *p, struct lnn_judgement *j)
{
    static const char *const what[] = {
        "the gap of w to the closed form", "the gap of the layers' product to it", "",
        "the part of w outside span{w(0), Phi}", "the growth of the angle to Phi"};
    double start = lnn_norm(p->d, p->w0), end;
    const double *last = p->r->W + (p->r->rows - 1) * p->d;
    const struct lnn_flow_worst *w = &p->rows.worst;
    end = lnn_norm(p->d, last);
    lnn_judge_figure(j, "|Phi|", p->F);
    lnn_judge_figure(j, "|w| at the start", start);
    lnn_judge_figure(j, "cos of its angle to Phi",
                     lnn_dot(p->d, p->w0, p->along) / start);
    lnn_judge_figure(j, "|w| at the end", end);
    lnn_judge_figure(j, "cos of its angle to Phi, at the end",
                     lnn_dot(p->d, last, p->along) / end);
    lnn_judge_figure(j, "largest part outside the plane", p->outside);
    lnn_judge_figure(j, "rounding in the start", p->start);
    lnn_judge_explain(j,
                      "|w|' = %zu |w|^(%.4g) (%.6g cos th - |w|), th' = -|w|^(%.4g) "
                      "%.6g sin th; %s",
                      p->N, 2 - 2 / (double)p->N, p->F, 1 - 2 / (double)p->N, p->F,
                      p->N <= 2 ? "w(t) in closed form"
                                : "no closed form for this depth: plane and angle");
    lnn_judge_explain(j, "%s: %.3g at t = %g; error bar %.3g",
                      w->any ? what[w->layer] : "nothing to compare", w->measured, w->t,
                      w->bar);
    if (!w->any && p->rows.mute == 0)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "w(0) and Phi span all there is, and w(t) has no closed "
                              "form for %zu layers: nothing is claimed",
                              p->N);
    return lnn_closed_conclude(&p->rows, what[w->layer], j);
}

/* w(0) along Phi: the plane is a line, and what leaves it grows as about one mode. */
static int line(const struct plane *p)
{
    double s = lnn_dot(p->d, p->w0, p->along) < 0 ? -p->F : p->F;
    double u0 = lnn_norm(p->d, p->w0);
    struct lnn_modes m = {.N = p->N, .q = 1, .spare = true, .s = &s, .u0 = &u0};
    m.start = m.zero = 5 * p->start;
    m.target = 8 * DBL_EPSILON * p->F;
    return lnn_modes_spread(&m, p->r->rows, p->r->t, p->spread);
}

static int judge_plane(struct plane *p, struct lnn_judgement *j)
{
    lnn_margin_balanced(p->r, j);
    LNN_TRY(lnn_closed_start_error(p->r, p->w0, &p->start));
    make_basis(p);
    if (p->across == 0) LNN_TRY(line(p));
    for (size_t i = 0; i < p->r->rows; i++) row(p, i);
    if (p->N <= 2) LNN_TRY(closed_form(p));
    return conclude(p, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_closed_ready(e, r, j)) return GSL_SUCCESS;
    if (!lnn_closed_facts(e, r, true, j)) return GSL_SUCCESS;
    struct plane p = {.data = e->data, .r = r, .d = r->d, .N = r->net.N, .angle = NAN};
    double *w0 = lnn_closed_start(r);
    double *room = malloc((7 * p.d + r->rows) * sizeof *room);
    int status = GSL_ENOMEM;
    if (w0 && room) {
        p.w0 = w0;
        p.along = room;
        p.side = room + p.d;
        p.rest = room + 2 * p.d;
        p.numbers = room + 3 * p.d;
        p.step = room + 5 * p.d;
        p.spread = room + 7 * p.d;
        status = judge_plane(&p, j);
    } else {
        status = lnn_fail(GSL_ENOMEM, "out of memory for the plane");
    }
    free(w0);
    free(room);
    return status;
}

const struct lnn_theorem lnn_theorem_single_output_planar = {
    .name = "single_output_planar",
    .doc = "With one output, balanced layers and whitened data the flow never leaves "
           "the plane of its start and the target, and turns steadily towards the "
           "target; with two layers it is known in closed form.",
    .source = "planar form of Claim 2 of Arora, Cohen & Hazan 2018 (ICML); derived",
    .needs = "one output, gradient flow, the square loss of whitened data, no weight "
             "decay, balanced start",
    .claims =
        "w(t) in span{w(0), Phi}; the angle to Phi does not grow; N <= 2: w(t) is "
        "the closed form, cos th = tanh(|Phi| t + a) for N = 2",
    .about = about,
    .judge = judge,
};
