/* A trajectory's rows against a closed form. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/rng.h"

bool lnn_closed_about(const struct lnn_record *r)
{
    bool flow =
        r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
    return flow && r->net.N > 0;
}

/* Why the rows cannot be judged; NULL. A damaged file decides nothing, wherever the
 * damage is. */
static const char *damage(const struct lnn_record *r)
{
    if (!lnn_finite(r->rows * r->k * r->d, r->W)) return "W is not finite in every row";
    if (r->w && !lnn_finite(r->weights_rows * r->net.size, r->w))
        return "a row holds weights that are not finite";
    for (size_t i = 0; i < r->rows; i++)
        if (!isfinite(r->t[i]) || (i > 0 && !(r->t[i] > r->t[i - 1])))
            return "the times do not ascend";
    if (r->dynamics == LNN_DYNAMICS_FLOW && !lnn_margin_start(r))
        return "the layers at the start are not in the file";
    return NULL;
}

bool lnn_closed_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                      struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j)) return false;
    const char *reason = damage(r);
    if (!reason) return true;
    (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "%s", reason);
    return false;
}

bool lnn_closed_facts(const struct lnn_evidence *e, const struct lnn_record *r,
                      bool whitened, struct lnn_judgement *j)
{
    bool square = lnn_margin_is_square(e) && (!whitened || e->data->whitened);
    const char *what =
        whitened ? "the square loss of whitened data" : "the square loss";
    bool met = lnn_judge_fact(j, what, square);
    met = lnn_judge_fact(j, "no weight decay", r->weight_decay == 0) && met;
    if (!met)
        (void)lnn_judge_stop(j, LNN_NOT_MET, "hypothesis does not hold: %s",
                             square ? "no weight decay" : what);
    return met;
}

double *lnn_closed_start(const struct lnn_record *r)
{
    size_t kd = r->k * r->d;
    const double *w = r->dynamics == LNN_DYNAMICS_FLOW ? lnn_margin_start(r) : NULL;
    double *W = malloc((kd + r->net.chain) * sizeof *W);
    if (W && w)
        lnn_network_product(&r->net, w, W, W + kd);
    else if (W)
        memcpy(W, r->W, kd * sizeof *W);
    return W;
}

double lnn_closed_rounding(const struct lnn_record *r)
{
    const struct lnn_network *net = &r->net;
    size_t widest = 0;
    for (size_t j = 0; j <= net->N; j++)
        widest = net->d[j] > widest ? net->d[j] : widest;
    return 64 * lnn_record_rounding(r) * (double)(net->N + widest);
}

int lnn_closed_start_error(const struct lnn_record *r, const double W0[], double *error)
{
    const struct lnn_network *net = &r->net;
    double imbalance, scale;
    *error = 8 * lnn_record_rounding(r) * lnn_norm(r->k * r->d, W0);
    if (net->N < 2 || r->dynamics != LNN_DYNAMICS_FLOW) return GSL_SUCCESS;
    LNN_TRY(lnn_record_imbalance(r, 0, &imbalance, &scale));
    *error += (double)net->N * (imbalance + 4 * lnn_record_rounding(r) * scale) *
              pow(scale, 0.5 * (double)(net->N - 2));
    return GSL_SUCCESS;
}

int lnn_closed_imbalance(const struct lnn_record *r, double *E)
{
    double imbalance, start = 0, scale, most = 0;
    *E = 0;
    if (r->net.N < 2 || r->dynamics != LNN_DYNAMICS_FLOW) return GSL_SUCCESS;
    for (size_t i = 0; i < r->weights_rows; i++) {
        LNN_TRY(lnn_record_imbalance(r, i, &imbalance, &scale));
        most = fmax(most, scale);
        if (i == 0) start = imbalance;
    }
    *E = start + 4 * DBL_EPSILON * sqrt((double)r->steps + 1) * most;
    return GSL_SUCCESS;
}

void lnn_closed_step(size_t n, double error, double step[])
{
    for (size_t i = 0; i < n; i++) step[i] = error / sqrt((double)n);
}

struct probes {
    const struct lnn_record *r;
    lnn_closed_make *make;
    const void *of;
    size_t n;
    const double *numbers, *step;
    double rate;
    struct lnn_closed_form *form;
    double *moved, *normal, *W, *Z; /* n, n, and two of the form's matrices */
};

static const double PROBE_SAFETY = 4;

static int probe_gap(const struct probes *p, struct lnn_closed_form *other, double t,
                     double *gap, bool *lost)
{
    size_t size = p->form->k * p->form->d;
    LNN_TRY(p->form->at(p->form, t, p->W));
    LNN_TRY(other->at(other, t, p->Z));
    *gap = PROBE_SAFETY * lnn_distance(size, p->W, p->Z);
    *lost = *lost || !(*gap <= sqrt(DBL_EPSILON) * lnn_norm(size, p->W));
    return GSL_SUCCESS;
}

/* ||form - other|| at every row: where larger, it replaces spread. */
static int widen(const struct probes *p, struct lnn_closed_form *other, double spread[])
{
    const double most = 1000;
    const double *t = p->r->t;
    bool lost = false;
    double gap, between;
    for (size_t i = 0; i < p->r->rows; i++) {
        double h = i > 0 ? t[i] - t[i - 1] : 0, steps = fmin(most, ceil(h * p->rate));
        for (double s = 1; s < steps && !lost; s++)
            LNN_TRY(probe_gap(p, other, t[i] - t[0] - h * (1 - s / steps), &between,
                              &lost));
        gap = INFINITY;
        if (!lost) LNN_TRY(probe_gap(p, other, t[i] - t[0], &gap, &lost));
        if (lost) gap = INFINITY;
        if (!(gap <= spread[i])) spread[i] = gap;
    }
    return GSL_SUCCESS;
}

static int probe(const struct probes *p, gsl_rng *rng, double spread[])
{
    struct lnn_closed_form *other = NULL;
    lnn_rng_normals(rng, 1, p->n, p->normal);
    for (size_t i = 0; i < p->n; i++)
        p->moved[i] = p->numbers[i] + p->step[i] * p->normal[i];
    LNN_TRY(p->make(p->of, p->moved, &other));
    int status = widen(p, other, spread);
    free(other);
    return status;
}

static int all_probes(struct probes *p, double spread[])
{
    enum { PROBES = 6 };
    size_t size = p->form->k * p->form->d;
    gsl_rng *rng = lnn_rng_open(0, "theorem.closed");
    p->moved = malloc((2 * p->n + 2 * size) * sizeof *p->moved);
    int status = rng && p->moved ? GSL_SUCCESS
                                 : lnn_fail(GSL_ENOMEM, "out of memory for probes");
    if (status == GSL_SUCCESS) {
        p->normal = p->moved + p->n;
        p->W = p->normal + p->n;
        p->Z = p->W + size;
    }
    for (int i = 0; i < PROBES && status == GSL_SUCCESS; i++)
        status = probe(p, rng, spread);
    for (size_t i = 0; i < p->r->rows && status == GSL_SUCCESS; i++) {
        /* as the exact system states for its own error */
        status = p->form->at(p->form, p->r->t[i] - p->r->t[0], p->W);
        spread[i] += 64 * DBL_EPSILON * lnn_norm(size, p->W);
    }
    free(p->moved);
    if (rng) gsl_rng_free(rng);
    return status;
}

int lnn_closed_spread(const struct lnn_record *r, lnn_closed_make *make, const void *of,
                      size_t n, const double numbers[], const double step[],
                      double rate, double spread[])
{
    struct probes p = {.r = r, .make = make, .of = of, .n = n};
    p.numbers = numbers;
    p.step = step;
    p.rate = rate;
    LNN_TRY(make(of, numbers, &p.form));
    for (size_t i = 0; i < r->rows; i++) spread[i] = 0;
    int status = all_probes(&p, spread);
    free(p.form);
    return status;
}

/* fmax would lose a NaN */
static double smooth(double before, double here, double after)
{
    const double most = 10;
    return isnan(here) ? here : fmin(fmax(here, fmax(before, after)), most * here);
}

double lnn_closed_bar(const struct lnn_record *r, size_t i)
{
    bool stated;
    double here = lnn_record_W_bar(r, i, &stated);
    double before = i > 0 ? lnn_record_W_bar(r, i - 1, &stated) : here;
    double after = i + 1 < r->rows ? lnn_record_W_bar(r, i + 1, &stated) : here;
    return smooth(before, here, after);
}

double lnn_closed_smooth(size_t n, const double bars[], size_t i)
{
    return smooth(bars[i > 0 ? i - 1 : i], bars[i], bars[i + 1 < n ? i + 1 : i]);
}

void lnn_closed_add(struct lnn_closed_rows *rows, double gap, double bar, double moved,
                    double t, size_t row, size_t kind)
{
    if (isinf(bar)) { /* it cannot be violated either */
        rows->mute++;
        return;
    }
    if (gap > rows->largest) rows->largest = gap;
    if (bar > rows->widest) rows->widest = bar;
    lnn_flow_keep(&rows->worst, gap, bar, t, row, kind);
    if (bar < moved)
        rows->decided++;
    else
        rows->mute++;
}

/* The layers' product in row i, where they are stored with the rows. */
static bool product_at(const struct lnn_record *r, size_t i, double W[], double chain[])
{
    if (!r->w || r->w_t != r->t || r->dynamics != LNN_DYNAMICS_FLOW) return false;
    lnn_network_product(&r->net, r->w + i * r->net.size, W, chain);
    return true;
}

struct comparison {
    const struct lnn_record *r;
    struct lnn_closed_form *form;
    const double *spread;
    struct lnn_svd *svd; /* NULL: the rank is not looked at */
    size_t rank;
    double E;                   /* singular values below E^{N/2} are not certified */
    double *Z, *W, *Z0, *chain; /* k d, k d, k d, the network's scratch */
};

/* Is the smallest singular value that must not vanish below the bar? */
static int certify(struct comparison *c, size_t i, double bar,
                   struct lnn_closed_rows *rows)
{
    if (!c->svd) return GSL_SUCCESS;
    LNN_TRY(lnn_svd(c->svd, c->Z));
    double rounding = lnn_closed_rounding(c->r) * c->svd->s[0];
    for (size_t q = 0; i == 0 && q < c->svd->q; q++) c->rank += c->svd->s[q] > rounding;
    if (i > 0 && c->rank > 0 && c->svd->s[c->rank - 1] <= bar) rows->lost = i;
    return GSL_SUCCESS;
}

static int compare_row(struct comparison *c, size_t i, struct lnn_closed_rows *rows)
{
    const struct lnn_record *r = c->r;
    size_t kd = r->k * r->d;
    double t = r->t[i] - r->t[0], bar = lnn_closed_bar(r, i) + c->spread[i];
    LNN_TRY(c->form->at(c->form, t, c->Z));
    LNN_TRY(certify(c, i, bar, rows));
    if (rows->lost == i) return GSL_SUCCESS;
    double moved = lnn_distance(kd, c->Z, c->Z0);
    double gap = lnn_distance(kd, c->Z, r->W + i * kd);
    lnn_closed_add(rows, gap, bar, moved, r->t[i], i, 0);
    if (product_at(r, i, c->W, c->chain))
        lnn_closed_add(rows, lnn_distance(kd, c->Z, c->W), bar, moved, r->t[i], i, 1);
    return GSL_SUCCESS;
}

int lnn_closed_compare(const struct lnn_record *r, struct lnn_closed_form *form,
                       const double spread[], bool keeps_rank,
                       struct lnn_closed_rows *rows)
{
    size_t kd = r->k * r->d;
    struct comparison c = {.r = r, .form = form, .spread = spread};
    double *room = malloc((3 * kd + r->net.chain) * sizeof *room);
    if (keeps_rank) c.svd = lnn_svd_alloc(r->k, r->d);
    int status = room && (c.svd || !keeps_rank)
                     ? GSL_SUCCESS
                     : lnn_fail(GSL_ENOMEM, "out of memory for a closed form");
    rows->lost = r->rows;
    if (status == GSL_SUCCESS) {
        c.Z = room;
        c.W = room + kd;
        c.Z0 = room + 2 * kd;
        c.chain = room + 3 * kd;
        status = form->at(form, 0, c.Z0);
    }
    for (size_t i = 0; i < rows->lost && status == GSL_SUCCESS; i++)
        status = compare_row(&c, i, rows);
    rows->mute += r->rows - rows->lost;
    free(c.svd);
    free(room);
    return status;
}

static bool met(const struct lnn_judgement *j)
{
    for (size_t i = 0; i < j->n_hypotheses; i++)
        if (j->hypotheses[i].verdict != LNN_HOLDS) return false;
    return true;
}

int lnn_closed_conclude(const struct lnn_closed_rows *rows, const char *what,
                        struct lnn_judgement *j)
{
    const struct lnn_flow_worst *w = &rows->worst;
    lnn_judge_figure(j, "largest gap", rows->largest);
    lnn_judge_figure(j, "widest error bar", rows->widest);
    lnn_judge_figure(j, "statements decided", (double)rows->decided);
    lnn_judge_figure(j, "statements below their error bar", (double)rows->mute);
    if (met(j) && w->any && !isfinite(w->bar))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the error of W is not in the file, and the rows are too "
                              "few to estimate it");
    if (met(j) && rows->decided == 0 && !(w->measured > w->bar)) {
        j->measured = w->measured;
        j->bar = w->bar;
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "no row can decide: every error bar (widest %.3g) is "
                              "wider than W has moved",
                              rows->widest);
    }
    lnn_judge_conclude(j, what, w->measured, 0, w->bar);
    return GSL_SUCCESS;
}
