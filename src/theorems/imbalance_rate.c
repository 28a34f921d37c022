/* What layers that are not balanced converge by: their imbalance is conserved, and
 * keeps the gradient of the layers away from zero.
 *
 * Of the square loss, where ||G||^2 >= 2 alpha (l - l*), with A_j = W_N..W_{j+1} and
 * B_j = W_{j-1}..W_1,
 *     l' = -sum_j ||A_j^T G B_j^T||^2 <= -2 alpha rho (l - l*),
 *     rho = sum_j lambda_min(A_j A_j^T) lambda_min(B_j^T B_j).
 * At all times rho >= r, which the conserved imbalance of the start says alone
 * (theorem_imbalance.h). Between two rows the rows themselves say more: the layers'
 * path is at most sqrt(dt (l_i - l_{i+1})), as its speed squared is -l', so that every
 * point is within half of it from one of the rows, and singular values of the products
 * move no more than the products do.
 *
 * The bounds can be attained (a wide imbalance; one weight a layer), so a row is judged
 * by what it is above its bound, in error bars. It is mute where its bar hides the
 * bound, or the fall that is claimed. */
#include "theorem_flow.h"
#include "theorem_imbalance.h"
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct state {          /* one row of the weights */
    double *norm;       /* N + 1: ||W_i||_op, from 1 */
    double *up, *down;  /* N + 1: sigma_min of A_j (k x k), B_j (d x d); from 1 */
    double excess, bar; /* l - l* */
    double reach;       /* error bar of the layers */
};

struct course {
    const struct lnn_evidence *e;
    const struct lnn_record *r;
    const struct lnn_network *net;
    struct lnn_margin *m;
    struct lnn_judgement *j;
    struct lnn_worst worst;
    double *buffer, *grad, *bars; /* two products; net.size; weights_rows */
    struct state now, last;
    double rate, touching; /* 2 alpha r, rounded down; rows within their bars */
    double least_ratio;    /* of ||grad||^2 over its bound */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return r->dynamics == LNN_DYNAMICS_FLOW && r->net.N >= 2 &&
           (!e->objective || lnn_margin_is_square(e));
}

static void keep(struct course *s, const char *what, size_t row, double measured,
                 double bound, double bar, double sight)
{
    s->touching +=
        lnn_worst_add_attained(&s->worst, what, row, measured, bound, bar, sight);
}

/* ---- r, of the conserved imbalance ---- */

static int conserved_rate(struct course *s)
{
    const struct lnn_network *net = s->net;
    const double *start = lnn_margin_start(s->r);
    struct lnn_imbalance is;
    s->rate = NAN;
    if (!start) return GSL_SUCCESS;
    LNN_TRY(lnn_imbalance_rate(net, start, &is));
    double alpha = 2 * s->m->alpha;
    s->rate = alpha * is.certain *
              (1 - 8 * DBL_EPSILON * (double)s->m->d * s->m->beta / s->m->alpha);
    lnn_judge_figure(s->j, "guaranteed rate 2 alpha r", alpha * is.r);
    lnn_judge_figure(s->j, "error bar of the rate", alpha * is.r - s->rate);
    if (net->N != 2) return GSL_SUCCESS;
    lnn_judge_figure(s->j, "lambda_k(C)", is.top);
    lnn_judge_figure(s->j, "lambda_d(-C)", is.bottom);
    return GSL_SUCCESS;
}

/* ---- rho, of the stored layers ---- */

static size_t widest(const struct lnn_network *net)
{
    size_t most = 0;
    for (size_t i = 0; i <= net->N; i++) most = net->d[i] > most ? net->d[i] : most;
    return most;
}

static int extremes(size_t rows, size_t cols, const double A[], double *largest,
                    double *least)
{
    struct lnn_svd *svd = lnn_svd_alloc(rows, cols);
    if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    int status = lnn_svd(svd, A);
    if (largest) *largest = svd->s[0];
    if (least) *least = svd->s[svd->q - 1];
    free(svd);
    return status;
}

/* Norms of the layers, and sigma_min of the products above and below each. */
static int look(struct course *s, const double w[], struct state *x)
{
    const struct lnn_network *net = s->net;
    const size_t *d = net->d, N = net->N, k = d[N];
    double *P = s->buffer, *Q = P + widest(net) * widest(net), *swap;
    for (size_t i = 1; i <= N; i++)
        LNN_TRY(extremes(d[i], d[i - 1], w + lnn_network_offset(net, i), &x->norm[i],
                         NULL));
    x->up[N] = x->down[1] = 1;
    memcpy(P, w + lnn_network_offset(net, N), k * d[N - 1] * sizeof *P);
    for (size_t j = N - 1; j >= 1; j--) { /* P = A_j, k x d_j */
        x->up[j] = 0;
        if (d[j] >= k) LNN_TRY(extremes(k, d[j], P, NULL, &x->up[j]));
        lnn_gemm(false, false, k, d[j - 1], d[j], 1, P, w + lnn_network_offset(net, j),
                 0, Q);
        swap = P, P = Q, Q = swap;
    }
    memcpy(P, w, d[1] * d[0] * sizeof *P);
    for (size_t j = 2; j <= N; j++) { /* P = B_j, d_{j-1} x d */
        x->down[j] = 0;
        if (d[j - 1] >= d[0]) LNN_TRY(extremes(d[j - 1], d[0], P, NULL, &x->down[j]));
        lnn_gemm(false, false, d[j], d[0], d[j - 1], 1, w + lnn_network_offset(net, j),
                 P, 0, Q);
        swap = P, P = Q, Q = swap;
    }
    return GSL_SUCCESS;
}

/* What the product of the layers from..to moves by when each moves by `reach`, and by
 * rounding. */
static double moved(const struct course *s, const struct state *x, size_t from,
                    size_t to, double reach)
{
    double round = 4 * lnn_record_rounding(s->r) * (double)widest(s->net), then = 1,
           now = 1;
    for (size_t i = from; i <= to; i++) {
        now *= x->norm[i];
        then *= x->norm[i] * (1 + round) + reach;
    }
    return then - now;
}

/* rho of all layers within `reach` of the row's. */
static double rho(const struct course *s, const struct state *x, double reach)
{
    double sum = 0;
    for (size_t j = 1; j <= s->net->N; j++) {
        double up = fmax(0, x->up[j] - moved(s, x, j + 1, s->net->N, reach));
        double down = fmax(0, x->down[j] - moved(s, x, 1, j - 1, reach));
        sum += up * up * down * down;
    }
    return sum;
}

/* ||grad||^2 >= 2 alpha rho (l - l*) at this row. Rounding: of G, by its terms; of the
 * products, relative to the norms of the layers. */
static int differential(struct course *s, size_t i, size_t row)
{
    const struct lnn_margin *m = s->m;
    double sum = 0, alpha = 2 * m->alpha * rho(s, &s->now, 0);
    LNN_TRY(lnn_record_gradient(s->e, s->r, i, s->grad));
    for (size_t j = 1; j <= s->net->N; j++) {
        double product = 1;
        for (size_t a = 1; a <= s->net->N; a++)
            if (a != j) product *= s->now.norm[a];
        sum += product * product;
    }
    double W = lnn_norm(m->k * m->d, s->r->W + row * m->k * m->d);
    double G = sqrt(2 * m->beta * s->now.excess),
           grad = lnn_norm(s->net->size, s->grad);
    double rounding = 4 * lnn_record_rounding(s->r) * (double)widest(s->net) *
                      sqrt(sum) * (m->beta * (W + m->norm) + (double)s->net->N * G);
    double bar = alpha * s->now.bar + 2 * grad * rounding + rounding * rounding;
    keep(s, "2 alpha rho (l - l*) above ||grad||^2, in error bars,", row,
         alpha * s->now.excess, grad * grad, bar, grad * grad);
    double ratio = grad * grad / (alpha * s->now.excess);
    if (bar < grad * grad && ratio < s->least_ratio) s->least_ratio = ratio;
    return GSL_SUCCESS;
}

/* excess <= start e^{-rate t}, with their bars */
static void decay(struct course *s, const char *what, size_t row, double excess,
                  double bar, double start, double start_bar, double exponent)
{
    double factor = exp(-exponent), bound = start * factor;
    keep(s, what, row, excess, bound,
         bar + start_bar * factor + DBL_EPSILON * (4 + exponent) * bound,
         fmin(bound, start - bound));
}

/* From the row before: at the larger of both guaranteed rates. */
static void interval(struct course *s, size_t i, size_t row)
{
    const struct state *a = &s->last, *b = &s->now;
    double dt = s->r->w_t[i] - s->r->w_t[i - 1];
    double fall = fmax(0, a->excess - b->excess + a->bar + b->bar);
    double reach = 0.5 * sqrt(dt * fall) + fmax(a->reach, b->reach);
    double rate = 2 * s->m->alpha * fmin(rho(s, a, reach), rho(s, b, reach));
    rate *= 1 - 8 * DBL_EPSILON * (double)s->m->d * s->m->beta / s->m->alpha;
    decay(s, "excess loss above its bound from the row before, in error bars,", row,
          b->excess, b->bar, a->excess, a->bar, fmax(rate, s->rate) * dt);
}

static int layers(struct course *s)
{
    const struct lnn_record *r = s->r;
    for (size_t i = 0; i < r->weights_rows; i++) {
        size_t row = lnn_flow_row(r, r->w_t[i]);
        struct state swap = s->last;
        s->last = s->now;
        s->now = swap;
        if (row == r->rows) {
            s->worst.broken++;
            s->now.excess = s->now.bar = NAN;
            continue;
        }
        s->now.excess = lnn_margin_row(s->m, r, row, &s->now.bar);
        s->now.reach = s->bars[i];
        LNN_TRY(look(s, r->w + i * s->net->size, &s->now));
        LNN_TRY(differential(s, i, row));
        if (i > 0) interval(s, i, row);
    }
    return GSL_SUCCESS;
}

static void from_start(struct course *s)
{
    const struct lnn_record *r = s->r;
    double bar0, start = lnn_margin_row(s->m, r, 0, &bar0), mean = NAN;
    for (size_t i = 1; i < r->rows; i++) {
        double bar, excess = lnn_margin_row(s->m, r, i, &bar), t = r->t[i] - r->t[0];
        if (excess > 2 * bar) mean = log(start / excess) / t;
        if (s->rate > 0)
            decay(s, "excess loss above its bound, in error bars,", i, excess, bar,
                  start, bar0, s->rate * t);
        else if (!isfinite(excess))
            s->worst.broken++;
    }
    lnn_judge_figure(s->j, "excess loss at the start", start);
    lnn_judge_figure(s->j, "mean rate measured", mean);
    if (s->rate > 0)
        lnn_judge_explain(
            s->j,
            "l(t) - l* <= (l(0) - l*) exp(-2 alpha r t) = %.6g exp(-%.10g "
            "t), r = sum_j prod_{i>j} b_i prod_{i<j} a_i = %.10g of the "
            "conserved C_i, alpha = %.6g",
            start, s->rate, s->rate / (2 * s->m->alpha), s->m->alpha);
}

static int judge_course(struct course *s)
{
    bool stated;
    const struct lnn_record *r = s->r;
    LNN_TRY(conserved_rate(s));
    if (s->net->N == 2)
        lnn_judge_fact(s->j,
                       "an imbalance to drive it: the guaranteed rate is above its "
                       "error bar",
                       s->rate > 0);
    LNN_TRY(lnn_flow_bars(s->e, r, s->net, r->weights_rows, r->w_t, r->w, s->bars,
                          &stated));
    from_start(s);
    LNN_TRY(layers(s));
    lnn_judge_figure(s->j, "smallest ||grad||^2 over 2 alpha rho (l - l*)",
                     s->least_ratio);
    lnn_judge_figure(s->j, "statements equal within their error bars", s->touching);
    if (s->worst.what)
        lnn_judge_explain(s->j, "tightest at t = %.6g: %s %.3g", r->t[s->worst.row],
                          s->worst.what, s->worst.measured);
    return lnn_worst_conclude(&s->worst, s->j);
}

static int judge_allocated(struct course *s)
{
    size_t N1 = s->net->N + 1, side = widest(s->net);
    size_t n = 6 * N1 + 2 * side * side + s->net->size + s->r->weights_rows;
    double *at = malloc(n * sizeof *at);
    if (!at) return lnn_fail(GSL_ENOMEM, "out of memory for the rates");
    s->now = (struct state){.norm = at, .up = at + N1, .down = at + 2 * N1};
    s->last =
        (struct state){.norm = at + 3 * N1, .up = at + 4 * N1, .down = at + 5 * N1};
    s->buffer = at + 6 * N1;
    s->grad = s->buffer + 2 * side * side;
    s->bars = s->grad + s->net->size;
    int status = judge_course(s);
    free(at);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j) || !lnn_flow_ready(r, 2, j))
        return GSL_SUCCESS;
    struct course s = {.e = e, .r = r, .net = &r->net, .j = j, .least_ratio = INFINITY};
    LNN_TRY(lnn_margin_alloc(e, &s.m));
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    int status;
    if (lnn_judge_fact(j, "Lambda_xx has full rank", s.m->alpha > 0))
        status = judge_allocated(&s);
    else
        status = lnn_worst_conclude(&s.worst, j);
    free(s.m);
    return status;
}

const struct lnn_theorem lnn_theorem_imbalance_rate = {
    .name = "imbalance_rate",
    .doc =
        "The imbalance of the layers, which gradient flow conserves, guarantees a "
        "linear rate of convergence to the global minimum, near or far, wherever it "
        "makes the conserved rate positive. Claim 4 of Arora, Cohen, Golowich & Hu "
        "2019 is therefore about discrete steps alone: flow from such a start, two "
        "weights of 100 and 0.0075, converges at the rate 2 |C| = 2e4, where descent "
        "blows up unless its steps are small.",
    .source = "Tarmoun, Franca, Haeffele & Vidal 2021; Min, Tarmoun, Vidal & Mallada "
              "2021 (two layers); any depth by the same argument layer by layer",
    .needs = "gradient flow of N >= 2 layers, square loss, Lambda_xx of full rank, no "
             "weight decay; N = 2: a rate above its error bar",
    .claims = "l(t) - l* <= (l(0) - l*) exp(-2 alpha r t), for N = 2 with r = "
              "[lambda_k(C)]_+ + [lambda_d(-C)]_+, C = W_2^T W_2 - W_1 W_1^T; any N: "
              "||grad||^2 >= 2 alpha rho (l - l*), rho = sum_j lambda_min(A_j A_j^T) "
              "lambda_min(B_j^T B_j) of the products above and below layer j, at every "
              "row, and between rows the decay that follows",
    .about = about,
    .judge = judge,
};
