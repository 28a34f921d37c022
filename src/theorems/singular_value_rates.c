/* The speed of W's singular values along the flow of balanced layers, two ways at every
 * stored row: u_r^T W' v_r with W' by the product rule, and the published formula.
 *
 * One layer is left out: there both ways are the same numbers. Singular vectors of
 * values that nearly coincide are not known (nor are those of a value near 0 when W is
 * not square), so such values are left out of that row. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/rng.h"
#include "theorem_modes.h"

struct rates {
    struct lnn_flow *flow;
    const struct lnn_record *r;
    struct lnn_svd *svd;
    gsl_rng *rng;
    size_t q;
    double *formula, *gap, *other, *change, *speed; /* q each */
    double *s;                                      /* q: the row's singular values */
    double *moved;                                  /* of the network's size */
    size_t left_out;
    double E; /* imbalance that rounding allows */
    double fastest;
    struct lnn_closed_rows rows;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_FLOW && r->net.N != 1;
}

/* gap_r = u_r^T W' v_r - the formula, at the layers w. */
static int gaps(struct rates *x, const double w[], double gap[])
{
    struct lnn_flow *f = x->flow;
    (void)lnn_flow_gradient(f, w); /* with the decay's part: W' = -V */
    LNN_TRY(lnn_svd(x->svd, f->W));
    lnn_modes_rates(f->net.N, f->lambda, x->svd, f->G, x->formula);
    lnn_network_product_tangent(&f->net, w, f->grad, f->W, f->V, f->chain);
    for (size_t r = 0; r < x->q; r++) {
        gap[r] = -x->formula[r];
        for (size_t i = 0; i < f->k; i++)
            gap[r] -= x->svd->U[i * x->q + r] *
                      lnn_dot(f->d, f->V + i * f->d, x->svd->Vt + r * f->d);
    }
    return GSL_SUCCESS;
}

/* ||d W / d(layers)|| <= sqrt(sum_j prod_{i != j} ||W_i||^2). */
static double sensitivity(const struct lnn_network *net, const double w[])
{
    double sum = 0;
    for (size_t j = 1; j <= net->N; j++) {
        double product = 1;
        for (size_t i = 1; i <= net->N; i++)
            if (i != j)
                product *=
                    lnn_norm(net->d[i] * net->d[i - 1], w + lnn_network_offset(net, i));
        sum += product * product;
    }
    return sqrt(sum);
}

/* The distance of sigma_r from the others, and from 0 where W is not square. */
static double separation(const struct rates *x, size_t r)
{
    double gap = x->flow->k == x->flow->d ? INFINITY : x->s[r];
    if (r > 0) gap = fmin(gap, x->s[r - 1] - x->s[r]);
    if (r + 1 < x->q) gap = fmin(gap, x->s[r] - x->s[r + 1]);
    return gap;
}

/* The largest change of each gap when the layers move by their bar, some directions. */
static int probe(struct rates *x, const double w[], double bar)
{
    enum { PROBES = 8 };
    size_t n = x->flow->net.size;
    for (size_t r = 0; r < x->q; r++) x->change[r] = 0;
    for (int p = 0; p < PROBES; p++) {
        lnn_rng_normals(x->rng, 1, n, x->moved);
        double length = lnn_norm(n, x->moved);
        for (size_t i = 0; i < n; i++) x->moved[i] = w[i] + bar * x->moved[i] / length;
        LNN_TRY(gaps(x, x->moved, x->other));
        for (size_t r = 0; r < x->q; r++) {
            double change = fabs(x->other[r] - x->gap[r]);
            if (!(change <= x->change[r])) x->change[r] = change;
        }
    }
    return GSL_SUCCESS;
}

/* Rounding: of W' (every layer's share), of G, and of the singular vectors, which turn
 * by some eps ||W|| / separation and mix the rates of their neighbours. And what an
 * imbalance E of rounding does: W_{j:N} W_{j:N}^T are the powers of W W^T up to E times
 * the norm of one layer less, in each of N terms. */
static double rounding(const struct rates *x, size_t r, double share)
{
    const struct lnn_flow *f = x->flow;
    double N = (double)f->net.N, terms = N * sqrt((double)f->net.size);
    double rate = share * lnn_norm(f->net.size, f->grad);
    double others = pow(pow(x->s[0], 2 / N) + x->E, N - 2);
    return 16 * DBL_EPSILON * terms * rate * (1 + x->s[0] / separation(x, r)) +
           N * (N - 1) * x->E * others * lnn_norm(f->k * f->d, f->G);
}

static int row(struct rates *x, size_t i, double bar)
{
    const double safety = 4, *w = x->r->w + i * x->flow->net.size;
    if (!isfinite(bar)) {
        lnn_closed_add(&x->rows, NAN, NAN, 0, x->r->w_t[i], i, 0);
        return GSL_SUCCESS;
    }
    LNN_TRY(gaps(x, w, x->gap));
    memcpy(x->s, x->svd->s, x->q * sizeof *x->s);
    memcpy(x->speed, x->formula, x->q * sizeof *x->speed);
    double share = sensitivity(&x->flow->net, w);
    double blur =
        share * bar + 16 * DBL_EPSILON * (double)(x->q + x->flow->net.N) * x->s[0];
    LNN_TRY(probe(x, w, bar));
    (void)lnn_flow_gradient(x->flow, w);
    for (size_t r = 0; r < x->q; r++) {
        if (!(separation(x, r) > 4 * blur)) {
            x->left_out++;
            continue;
        }
        lnn_closed_add(&x->rows, fabs(x->gap[r]),
                       safety * x->change[r] + rounding(x, r, share), fabs(x->speed[r]),
                       x->r->w_t[i], i, r);
        x->fastest = fmax(x->fastest, fabs(x->speed[r]));
    }
    return GSL_SUCCESS;
}

static int conclude(const struct rates *x, const double bars[], bool stated,
                    struct lnn_judgement *j)
{
    const struct lnn_flow_worst *w = &x->rows.worst;
    size_t n = x->r->weights_rows;
    lnn_judge_figure(j, "fastest |sigma_r'|", x->fastest);
    lnn_judge_figure(j, "values left out: not told from their neighbours",
                     (double)x->left_out);
    for (size_t r = 0; r < x->q && r < 3; r++) {
        static const char *const names[] = {"sigma_1' at the last row",
                                            "sigma_2' at the last row",
                                            "sigma_3' at the last row"};
        lnn_judge_figure(j, names[r], x->speed[r]);
    }
    lnn_judge_explain(j,
                      "|u_r^T W' v_r + N sigma_r^(%.4g) <G, u_r v_r^T> + N lambda "
                      "sigma_r| = %.3g for r = %zu at t = %g, N = %zu, lambda = %g; "
                      "error bar %.3g (layers moved by their own bar)",
                      2 - 2 / (double)x->r->net.N, w->measured, w->layer + 1, w->t,
                      x->r->net.N, x->r->weight_decay, w->bar);
    lnn_flow_explain_bars(j, x->r, bars[n - 1], stated);
    return lnn_closed_conclude(&x->rows, "the gap of the singular values' rates", j);
}

static int judge_rows(struct rates *x, const struct lnn_evidence *e,
                      struct lnn_judgement *j)
{
    const struct lnn_record *r = x->r;
    bool stated;
    double *bars = malloc(r->weights_rows * sizeof *bars);
    if (!bars) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    int status =
        lnn_flow_bars(e, r, &r->net, r->weights_rows, r->w_t, r->w, bars, &stated);
    if (status == GSL_SUCCESS) status = lnn_closed_imbalance(r, &x->E);
    for (size_t i = 0; i < r->weights_rows && status == GSL_SUCCESS; i++)
        status = row(x, i, bars[i]);
    if (status == GSL_SUCCESS) status = conclude(x, bars, stated, j);
    free(bars);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct rates x = {.r = r};
    if (!lnn_flow_ready(r, 2, j) || !lnn_flow_has_loss(e, j)) return GSL_SUCCESS;
    if (!lnn_margin_start(r))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the layers at the start are not in the file");
    lnn_margin_balanced(r, j);
    x.q = r->k < r->d ? r->k : r->d;
    LNN_TRY(lnn_flow_open(e, &r->net, r->weight_decay, &x.flow));
    double *room = malloc((6 * x.q + r->net.size) * sizeof *room);
    x.svd = lnn_svd_alloc(r->k, r->d);
    x.rng = lnn_rng_open(0, "theorem.probes");
    int status =
        room && x.svd && x.rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS) {
        double **arrays[] = {&x.formula, &x.gap, &x.other, &x.change, &x.speed, &x.s};
        for (size_t i = 0; i < 6; i++) *arrays[i] = room + i * x.q;
        x.moved = room + 6 * x.q;
        status = judge_rows(&x, e, j);
    }
    lnn_flow_close(x.flow);
    if (x.rng) gsl_rng_free(x.rng);
    free(x.svd);
    free(room);
    return status;
}

const struct lnn_theorem lnn_theorem_singular_value_rates = {
    .name = "singular_value_rates",
    .doc =
        "Along the flow of balanced layers every singular value of the product moves "
        "by the gradient's component along its own vectors, times N sigma^{2-2/N}: "
        "depth speeds up the large ones and holds back the small ones.",
    .source = "Arora, Cohen, Hu & Luo 2019 (NeurIPS), Theorem 3",
    .needs = "layers under gradient flow of a loss of the product, N >= 2, balanced "
             "start; singular values told apart by more than their error",
    .claims = "sigma_r' = -N (sigma_r^2)^{1-1/N} <dl/dW, u_r v_r^T> - N lambda sigma_r "
              "at every stored row",
    .about = about,
    .judge = judge,
};
