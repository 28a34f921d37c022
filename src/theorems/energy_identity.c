/* What the loss falls by is the gradient's squared norm, integrated over time. */
#include "lnn/theorem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END ||
           r->dynamics == LNN_DYNAMICS_DESCENT;
}

struct samples { /* layers over time, and what is measured on them; one block */
    struct lnn_network net;
    size_t n;
    bool smooth; /* the loss */
    const double *t, *w;
    double *energy, *square, *slope, *steep, *bars;
    double at[];
};

/* Balanced layers of W = U S V^T: U S^{1/N}, S^{1/N}, ..., S^{1/N} V^T. Along the
 * end-to-end flow they are layers under gradient flow (Theorem 1). */
static void factorise(const struct lnn_network *net, const struct lnn_svd *f,
                      size_t rank, double w[])
{
    size_t q = f->q, N = net->N;
    memset(w, 0, net->size * sizeof *w);
    for (size_t r = 0; r < rank; r++) {
        double root = pow(f->s[r], 1 / (double)N);
        for (size_t c = 0; c < f->n; c++) w[r * f->n + c] = root * f->Vt[r * f->n + c];
        for (size_t j = 2; j < N; j++) w[lnn_network_offset(net, j) + r * q + r] = root;
        double *top = w + lnn_network_offset(net, N);
        for (size_t i = 0; i < f->m; i++) top[i * q + r] = root * f->U[i * q + r];
    }
}

/* The flow keeps the rank of its start, rounding does not, and a root magnifies it:
 * modes beyond it are left out. *told: no other mode falls below its error bar. */
static int factorise_all(const struct lnn_record *r, const struct lnn_network *net,
                         double w[], bool *told)
{
    size_t k = net->d[net->N], d = net->d[0], rank = 0, side = k > d ? k : d;
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    int status = f ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    *told = true;
    for (size_t i = 0; i < r->rows && status == GSL_SUCCESS; i++) {
        bool stated;
        if (net->N == 1) {
            memcpy(w + i * k * d, r->W + i * k * d, k * d * sizeof *w);
            continue;
        }
        status = lnn_svd(f, r->W + i * k * d);
        if (status != GSL_SUCCESS) break;
        if (i == 0)
            while (rank < f->q &&
                   f->s[rank] > (double)side * lnn_record_rounding(r) * f->s[0])
                rank++;
        if (rank > 0 && !(f->s[rank - 1] > lnn_record_W_bar(r, i, &stated)))
            *told = false;
        factorise(net, f, rank, w + i * net->size);
    }
    free(f);
    return status;
}

static struct samples *samples_alloc(const struct lnn_network *net, size_t n,
                                     size_t more)
{
    struct samples *s = malloc(sizeof *s + (5 * n + more) * sizeof(double));
    if (!s) return NULL;
    *s = (struct samples){.net = *net, .n = n};
    s->energy = s->at;
    s->square = s->energy + n;
    s->slope = s->square + n;
    s->steep = s->slope + n;
    s->bars = s->steep + n;
    return s;
}

static int fill(const struct lnn_evidence *e, const struct lnn_record *r,
                struct samples *s)
{
    struct lnn_flow *x;
    LNN_TRY(lnn_flow_open(e, &s->net, r->weight_decay, &x));
    for (size_t i = 0; i < s->n; i++) {
        const double *w = s->w + i * s->net.size;
        s->energy[i] = lnn_flow_objective(x, w);
        s->square[i] = lnn_flow_gradient(x, w);
        lnn_flow_hessian(x, w);
        /* d/dt ||g||^2 = -2 g^T H g; an error dw changes ||g||^2 by 2 ||H g|| dw */
        s->slope[i] = -2 * lnn_dot(s->net.size, x->grad, x->hv);
        s->steep[i] = 2 * lnn_norm(s->net.size, x->hv);
    }
    lnn_flow_close(x);
    return GSL_SUCCESS;
}

struct balance {
    struct lnn_flow_worst worst; /* .layer: the row it begins at */
    double integral, quadrature;
    double fallen, path, decided; /* path: falls and rises; of it where a bar is less */
};

static void keep(struct balance *out, double gap, double bar, const struct samples *s,
                 size_t from, size_t row)
{
    if (!isinf(bar) || !isfinite(gap)) /* NaN stays */
        lnn_flow_keep(&out->worst, fabs(gap), bar, s->t[row], row, from);
}

/* E(s) - E(t) - int_s^t ||g||^2 from the start and from the row before, with a bar of
 * three parts: neighbouring orders of the integral, the layers' own error, rounding.
 * From an interval on that the samples do not resolve, the start says nothing. */
static void balance(const struct samples *s, struct balance *out)
{
    double sum = 0, quadrature = 0, carried = 0, *E = s->energy;
    double first = sqrt(s->square[0]) * s->bars[0], before = first;
    double rounding = 16 * DBL_EPSILON * sqrt((double)s->net.size);
    for (size_t i = 0; i + 1 < s->n; i++) {
        double apart, Q[3], h = s->t[i + 1] - s->t[i], fall = E[i] - E[i + 1];
        lnn_flow_integral_best(s->n, s->t, 1, s->square, s->slope, s->smooth, i, Q,
                               &apart);
        double moved =
            0.5 * h * (s->steep[i] * s->bars[i] + s->steep[i + 1] * s->bars[i + 1]);
        double end = sqrt(s->square[i + 1]) * s->bars[i + 1];
        double bar = apart + moved + before + end +
                     rounding * (fabs(E[i]) + fabs(E[i + 1]) + fabs(Q[0]));
        sum += Q[0];
        quadrature += apart;
        carried += moved;
        keep(out, E[0] - E[i + 1] - sum,
             quadrature + carried + first + end +
                 rounding * (fabs(E[0]) + fabs(E[i + 1]) + fabs(sum)),
             s, 0, i + 1);
        keep(out, fall - Q[0], bar, s, i, i + 1);
        out->path += fabs(fall);
        if (bar < fabs(fall)) out->decided += fabs(fall);
        before = end;
    }
    out->integral = sum;
    out->quadrature = quadrature;
    out->fallen = E[0] - E[s->n - 1];
}

/* Descent follows W' = -g - eta/2 H g to second order, so that its balance is off by
 * eta/2 int g^T H g = eta/4 (||g(s)||^2 - ||g(t)||^2) from s to t. */
static void explain_descent(const struct lnn_record *r, const struct samples *s,
                            const struct lnn_flow_worst *worst, struct lnn_judgement *j)
{
    double from = s->square[worst->layer], to = s->square[worst->row];
    double order = 0.25 * r->learning_rate * (from - to);
    lnn_judge_figure(j, "gap expected of descent, order eta", fabs(order));
    lnn_judge_explain(j,
                      "this is descent, not flow: eta/4 (||g(s)||^2 - ||g(t)||^2) "
                      "predicts a gap of %.3g (eta = %g)",
                      order, r->learning_rate);
}

static int judge_samples(const struct lnn_evidence *e, const struct lnn_record *r,
                         struct samples *s, struct lnn_judgement *j)
{
    struct balance b = {.integral = NAN};
    bool stated = false;
    s->smooth = lnn_flow_smooth(e->objective) &&
                !(s->net.activation && s->net.activation->kinked);
    LNN_TRY(fill(e, r, s));
    LNN_TRY(lnn_flow_bars(e, r, &s->net, s->n, s->t, s->w, s->bars, &stated));
    balance(s, &b);
    lnn_judge_figure(j, "fall of the objective", b.fallen);
    lnn_judge_figure(j, "integral of ||gradient||^2", b.integral);
    lnn_judge_figure(j, "error bar of the quadrature", b.quadrature);
    lnn_judge_figure(j, "of the fall, where the error bar is less", b.decided);
    lnn_flow_explain_bars(j, r, s->bars[s->n - 1], stated);
    lnn_judge_explain(
        j,
        "objective fell by %.10g, int ||gradient||^2 dt = %.10g (%zu "
        "samples with slopes; neighbouring orders differ by %.3g); worst gap %.3g from "
        "t = %g to %g, error bar %.3g",
        b.fallen, b.integral, s->n, b.quadrature, b.worst.measured, s->t[b.worst.layer],
        b.worst.t, b.worst.bar);
    if (r->dynamics == LNN_DYNAMICS_DESCENT) explain_descent(r, s, &b.worst, j);
    if (!(b.decided > 0.5 * b.path) && !(b.worst.measured > b.worst.bar)) {
        j->measured = b.worst.measured;
        j->bar = b.worst.bar;
        return lnn_judge_stop(
            j, LNN_INCONCLUSIVE,
            "of %.3g that the objective moved by, %.3g lies where the "
            "error bar is wider than the step from row to row: too "
            "few samples, or nothing moved",
            b.path, b.path - b.decided);
    }
    lnn_judge_conclude(j, "the objective's fall minus int ||gradient||^2",
                       b.worst.measured, 0, b.worst.bar);
    return GSL_SUCCESS;
}

static int judge_layers(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j)
{
    if (!lnn_flow_ready(r, 2, j)) return GSL_SUCCESS;
    struct samples *s = samples_alloc(&r->net, r->weights_rows, 0);
    if (!s) return lnn_fail(GSL_ENOMEM, "out of memory for the samples");
    s->t = r->w_t;
    s->w = r->w;
    int status = judge_samples(e, r, s, j);
    free(s);
    return status;
}

static int judge_end_to_end(const struct lnn_evidence *e, const struct lnn_record *r,
                            struct lnn_judgement *j)
{
    size_t N = r->net.N, rows = r->rows;
    if (N == 0 || !r->W || rows < 2)
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the widths or two rows of W are not in the file");
    size_t k = r->net.d[N], d = r->net.d[0], q = k < d ? k : d;
    if (!lnn_finite(rows * k * d, r->W) || !lnn_finite(rows, r->t))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE, "W is not finite in every row");
    size_t *widths = malloc((N + 1) * sizeof *widths);
    if (!widths) return lnn_fail(GSL_ENOMEM, "out of memory for widths");
    for (size_t i = 0; i <= N; i++) widths[i] = i == 0 ? d : i == N ? k : q;
    struct lnn_network net = lnn_network_of(N + 1, widths);
    struct samples *s = samples_alloc(&net, rows, rows * net.size);
    bool told = false;
    int status = s ? factorise_all(r, &net, s->at + 5 * rows, &told)
                   : lnn_fail(GSL_ENOMEM, "out of memory for the samples");
    if (status == GSL_SUCCESS) {
        s->t = r->t;
        s->w = s->at + 5 * rows;
        status = told ? judge_samples(e, r, s, j)
                      : lnn_judge_stop(j, LNN_INCONCLUSIVE,
                                       "a singular value of W is below its error bar");
    }
    free(s);
    free(widths);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_flow_has_loss(e, j)) return GSL_SUCCESS;
    return r->dynamics == LNN_DYNAMICS_END_TO_END ? judge_end_to_end(e, r, j)
                                                  : judge_layers(e, r, j);
}

const struct lnn_theorem lnn_theorem_energy_identity = {
    .name = "energy_identity",
    .doc =
        "Along gradient flow the objective (loss and weight decay) falls at the rate "
        "of the gradient's squared norm: objective(0) - objective(t) is its integral. "
        "Recomputed from the stored weights. For the end-to-end flow the gradient is "
        "that of balanced layers. Descent misses it by O(eta).",
    .source = "chain rule; used throughout Arora, Cohen & Hazan 2018 and Arora, Cohen, "
              "Golowich & Hu 2019",
    .needs = "gradient flow of the layers, or the end-to-end flow; the loss known "
             "(descent is judged too, to be told from flow)",
    .claims = "objective(0) - objective(t) = int_0^t ||gradient||^2",
    .nonlinear = true,
    .about = about,
    .judge = judge,
};
