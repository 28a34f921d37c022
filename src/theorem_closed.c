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

double lnn_closed_rounding(const struct lnn_network *net)
{
    size_t widest = 0;
    for (size_t j = 0; j <= net->N; j++)
        widest = net->d[j] > widest ? net->d[j] : widest;
    return 64 * DBL_EPSILON * (double)(net->N + widest);
}

int lnn_closed_start_error(const struct lnn_record *r, const double W0[], double *error)
{
    const struct lnn_network *net = &r->net;
    double imbalance, scale;
    *error = 8 * DBL_EPSILON * lnn_norm(r->k * r->d, W0);
    if (net->N < 2 || r->dynamics != LNN_DYNAMICS_FLOW) return GSL_SUCCESS;
    LNN_TRY(lnn_record_imbalance(r, 0, &imbalance, &scale));
    *error += (double)net->N * (imbalance + 4 * DBL_EPSILON * scale) *
              pow(scale, 0.5 * (double)(net->N - 2));
    return GSL_SUCCESS;
}

void lnn_closed_step(size_t n, double error, double step[])
{
    for (size_t i = 0; i < n; i++) step[i] = error / sqrt((double)n);
}

/* ||form - other|| at every row: where larger, it replaces spread. W: room for two. */
static int widen(const struct lnn_record *r, struct lnn_closed_form *form,
                 struct lnn_closed_form *other, double W[], double spread[])
{
    size_t kd = form->k * form->d;
    for (size_t i = 0; i < r->rows; i++) {
        double t = r->t[i] - r->t[0];
        LNN_TRY(form->at(form, t, W));
        LNN_TRY(other->at(other, t, W + kd));
        double gap = lnn_distance(kd, W, W + kd);
        if (!(gap <= spread[i])) spread[i] = gap;
    }
    return GSL_SUCCESS;
}

/* 64 roundings of W, as the exact system states for its own error. */
static int finish(const struct lnn_record *r, struct lnn_closed_form *form, double W[],
                  double spread[])
{
    const double safety = 4;
    for (size_t i = 0; i < r->rows; i++) {
        LNN_TRY(form->at(form, r->t[i] - r->t[0], W));
        spread[i] =
            safety * spread[i] + 64 * DBL_EPSILON * lnn_norm(form->k * form->d, W);
    }
    return GSL_SUCCESS;
}

/* The worst of some probes into spread. room: 2 n doubles, W: two of the form's. */
static int probe(const struct lnn_record *r, lnn_closed_make *make, const void *of,
                 size_t n, const double numbers[], const double step[],
                 struct lnn_closed_form *form, double room[], double W[],
                 double spread[])
{
    enum { PROBES = 6 };
    gsl_rng *rng = lnn_rng_open(0, "theorem.closed");
    int status = rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for probes");
    for (int p = 0; p < PROBES && status == GSL_SUCCESS; p++) {
        struct lnn_closed_form *other = NULL;
        lnn_rng_normals(rng, 1, n, room + n);
        for (size_t i = 0; i < n; i++) room[i] = numbers[i] + step[i] * room[n + i];
        status = make(of, room, &other);
        if (status == GSL_SUCCESS) status = widen(r, form, other, W, spread);
        free(other);
    }
    if (rng) gsl_rng_free(rng);
    return status;
}

int lnn_closed_spread(const struct lnn_record *r, lnn_closed_make *make, const void *of,
                      size_t n, const double numbers[], const double step[],
                      double spread[])
{
    struct lnn_closed_form *form = NULL;
    LNN_TRY(make(of, numbers, &form));
    double *room = malloc((2 * n + 2 * form->k * form->d) * sizeof *room);
    int status =
        room ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    for (size_t i = 0; i < r->rows; i++) spread[i] = 0;
    if (status == GSL_SUCCESS)
        status = probe(r, make, of, n, numbers, step, form, room, room + 2 * n, spread);
    if (status == GSL_SUCCESS) status = finish(r, form, room + 2 * n, spread);
    free(form);
    free(room);
    return status;
}

void lnn_closed_add(struct lnn_closed_rows *rows, double gap, double bar, double moved,
                    double t, size_t row, size_t kind)
{
    if (gap > rows->largest) rows->largest = gap;
    if (bar > rows->widest) rows->widest = bar;
    if (isinf(bar)) { /* it cannot be violated either */
        rows->mute++;
        return;
    }
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
    double *Z, *W, *Z0, *chain; /* k d, k d, k d, the network's scratch */
};

/* Is the smallest singular value that must not vanish below the bar? */
static int certify(struct comparison *c, size_t i, double bar,
                   struct lnn_closed_rows *rows)
{
    if (!c->svd) return GSL_SUCCESS;
    LNN_TRY(lnn_svd(c->svd, c->Z));
    double rounding = lnn_closed_rounding(&c->r->net) * c->svd->s[0];
    for (size_t q = 0; i == 0 && q < c->svd->q; q++) c->rank += c->svd->s[q] > rounding;
    if (i > 0 && c->rank > 0 && c->svd->s[c->rank - 1] <= bar) rows->lost = i;
    return GSL_SUCCESS;
}

static int compare_row(struct comparison *c, size_t i, struct lnn_closed_rows *rows)
{
    const struct lnn_record *r = c->r;
    size_t kd = r->k * r->d;
    bool stated;
    double t = r->t[i] - r->t[0];
    double bar = lnn_record_W_bar(r, i, &stated) + c->spread[i];
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
