/* W alone against the end-to-end flow's equation W' = -F(W): what it moves by between
 * two rows is the integral of -F, taken from F and its rate of change at the rows. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/rng.h"
#include "theorem_flow.h"

struct solution {
    struct lnn_flow *x;
    const struct lnn_record *r;
    lnn_flow_field *field;
    size_t kd, rows;
    bool smooth;       /* the loss */
    double *F, *slope; /* kd x rows: an entry's values over time lie together */
    double *bars;      /* rows: of W */
    double *feels;     /* rows: ||DF(W)|| along F and a random direction, the larger */
    double *noise;     /* rows: what rounding does to the slopes */
    double *room;      /* 4 kd */
    struct lnn_flow_worst worst;
    double moved, decided; /* lengths of W's path: all, and where a bar is shorter */
};

static struct solution *solution_alloc(const struct lnn_record *r)
{
    size_t kd = r->k * r->d, rows = r->rows;
    size_t doubles = 2 * kd * rows + 3 * rows + 4 * kd;
    struct solution *s = malloc(sizeof *s + doubles * sizeof(double));
    if (!s) return NULL;
    *s = (struct solution){.r = r, .kd = kd, .rows = rows};
    s->F = (double *)(s + 1);
    s->slope = s->F + kd * rows;
    s->bars = s->slope + kd * rows;
    s->feels = s->bars + rows;
    s->noise = s->feels + rows;
    s->room = s->noise + rows;
    return s;
}

static double step_along(const struct solution *s, const double W[], const double D[])
{
    return cbrt(DBL_EPSILON) * lnn_norm(s->kd, W) / lnn_norm(s->kd, D);
}

/* out = DF(W)[D] by a central difference. */
static int derivative(struct solution *s, const double W[], const double D[],
                      double out[])
{
    size_t kd = s->kd;
    double *moved = s->room + 2 * kd, *other = s->room + 3 * kd;
    double size = lnn_norm(kd, D), step = step_along(s, W, D);
    memset(out, 0, kd * sizeof *out);
    if (!(size > 0) || !(step > 0)) return GSL_SUCCESS;
    for (int sign = -1; sign <= 1; sign += 2) {
        memcpy(moved, W, kd * sizeof *moved);
        lnn_axpy(kd, sign * step, D, moved);
        LNN_TRY(s->field(s->x, moved, other));
        lnn_axpy(kd, sign / (2 * step), other, out);
    }
    return GSL_SUCCESS;
}

static int fill_row(struct solution *s, size_t i, gsl_rng *rng)
{
    size_t kd = s->kd;
    const double *W = s->r->W + i * kd;
    double *F = s->room, *change = F + kd, probe[2] = {0, 0};
    bool stated;
    LNN_TRY(s->field(s->x, W, F));
    LNN_TRY(derivative(s, W, F, change));
    for (size_t a = 0; a < kd; a++) {
        s->F[a * s->rows + i] = F[a];
        s->slope[a * s->rows + i] = -change[a];
    }
    if (lnn_norm(kd, F) > 0) probe[0] = lnn_norm(kd, change) / lnn_norm(kd, F);
    double step = step_along(s, W, F), size = lnn_norm(kd, F);
    lnn_rng_normals(rng, 1, kd, F);
    LNN_TRY(derivative(s, W, F, change));
    probe[1] = lnn_norm(kd, change) * sqrt((double)kd) / lnn_norm(kd, F);
    s->feels[i] = fmax(probe[0], probe[1]);
    /* two fields that are known to some roundings, apart by twice the step */
    double rounding =
        4 * DBL_EPSILON * sqrt((double)kd) * (size + s->feels[i] * lnn_norm(kd, W));
    s->noise[i] = size > 0 && step > 0 ? rounding / step : 0;
    /* below its absolute tolerance a stepper promises nothing */
    double atol = s->r->atol > 0 ? s->r->atol : 0;
    s->bars[i] = lnn_record_W_bar(s->r, i, &stated) + atol +
                 4 * DBL_EPSILON * sqrt((double)kd) * lnn_norm(kd, W);
    return GSL_SUCCESS;
}

/* ||W(t_{i+1}) - W(t_i) + int F|| against the integral's and both rows' error. */
static void interval(struct solution *s, size_t i)
{
    const double *W = s->r->W + i * s->kd, *next = W + s->kd, *t = s->r->t;
    double *Q = s->room, gap = 0, apart, h = t[i + 1] - t[i];
    lnn_flow_integral_best(s->rows, t, s->kd, s->F, s->slope, s->smooth, i, Q, &apart);
    for (size_t a = 0; a < s->kd; a++) gap = hypot(gap, next[a] - W[a] + Q[a]);
    /* an error dW is one of DF dW in F, of DF^2 dW in its rate, which counts h^2/12 */
    double feels = fmax(s->feels[i], s->feels[i + 1]);
    double steep = feels * fmax(s->bars[i], s->bars[i + 1]) * (1 + h * feels / 3);
    double noise = h * h / 3 * fmax(s->noise[i], s->noise[i + 1]);
    double bar = apart + s->bars[i] + s->bars[i + 1] + h * steep + noise;
    double moved = lnn_distance(s->kd, W, next);
    if (!isinf(bar) || !isfinite(gap)) /* NaN stays */
        lnn_flow_keep(&s->worst, gap, bar, t[i + 1], i + 1, 0);
    s->moved += moved;
    if (bar < moved) s->decided += moved;
}

/* The flow keeps the rank of its start; rounding does not, and a root magnifies it. */
static int keep_rank(struct solution *s)
{
    size_t k = s->r->k, d = s->r->d;
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    int status = f ? lnn_svd(f, s->r->W) : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS && s->r->net.N > 1) {
        double least = (double)(k + d) * lnn_record_rounding(s->r) * f->s[0];
        s->x->rank = 0;
        while (s->x->rank < f->q && f->s[s->x->rank] > least) s->x->rank++;
    }
    free(f);
    return status;
}

static int measure(struct solution *s)
{
    gsl_rng *rng = lnn_rng_open(0, "theorem.probes");
    int status = rng ? keep_rank(s) : GSL_ENOMEM;
    for (size_t i = 0; i < s->rows && status == GSL_SUCCESS; i++)
        status = fill_row(s, i, rng);
    for (size_t i = 0; i + 1 < s->rows && status == GSL_SUCCESS; i++) interval(s, i);
    if (rng) gsl_rng_free(rng);
    return status;
}

static int conclude(const struct solution *s, struct lnn_judgement *j)
{
    const struct lnn_flow_worst *w = &s->worst;
    lnn_judge_figure(j, "length of W's path", s->moved);
    lnn_judge_figure(j, "of it where the error bar is shorter", s->decided);
    lnn_judge_explain(
        j,
        "||W(t_i) - W(t_{i-1}) + int F(W) dt|| = %.3g at t_i = %g, N = %zu, "
        "lambda = %g; error bar %.3g (both rows' and the integral's)",
        w->measured, w->t, s->r->net.N, s->r->weight_decay, w->bar);
    j->measured = w->measured;
    j->bar = w->bar;
    if (!(w->measured > w->bar) && !(s->decided > 0.5 * s->moved))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "along %.3g of W's path of %.3g the error bar is wider "
                              "than the step from row to row: too few samples, or "
                              "nothing moved",
                              s->moved - s->decided, s->moved);
    lnn_judge_conclude(j, "what W moves by between two rows, minus the integral",
                       w->measured, 0, w->bar);
    return GSL_SUCCESS;
}

static bool ready(const struct lnn_record *r, struct lnn_judgement *j)
{
    const char *reason = NULL;
    if (!r->W || r->net.N == 0)
        reason = "W or the widths are not in the file";
    else if (r->rows < 2)
        reason = "two rows at least are needed";
    else if (!lnn_finite(r->rows * r->k * r->d, r->W))
        reason = "W is not finite in every row";
    for (size_t i = 0; i < r->rows && !reason; i++)
        if (!isfinite(r->t[i]) || (i > 0 && !(r->t[i] > r->t[i - 1])))
            reason = "the times are not ascending";
    if (reason) (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "%s", reason);
    return !reason;
}

int lnn_flow_judge_solution(const struct lnn_evidence *e, const struct lnn_record *r,
                            struct lnn_judgement *j, lnn_flow_field *field)
{
    struct lnn_flow *x;
    if (!ready(r, j)) return GSL_SUCCESS;
    LNN_TRY(lnn_flow_open(e, &r->net, r->weight_decay, &x));
    struct solution *s = solution_alloc(r);
    int status = s ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the rows");
    if (s) {
        s->x = x;
        s->field = field;
        s->smooth = lnn_flow_smooth(e->objective);
        status = measure(s);
    }
    if (status == GSL_SUCCESS) status = conclude(s, j);
    free(s);
    lnn_flow_close(x);
    return status;
}
