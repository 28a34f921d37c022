/* Two layers with W_2^T W_2 - W_1 W_1^T = lambda I: a matrix Riccati equation, solved.
 *
 * The closed form is that of all of Q Q^T, Q = [W_1^T; W_2]: beside W its diagonal
 * blocks W_1^T W_1 and W_2 W_2^T are judged where the layers are stored. Its own error
 * is measured with starts, targets and lambdas that differ by rounding. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/init.h"
#include "lnn/linalg.h"

struct two_layers {
    size_t k, h, d;
    size_t n; /* numbers: W_1, W_2, Phi, lambda */
    double *numbers, *step, *spread;
    double lambda, defect, scale; /* of the start */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return lnn_closed_about(r) && r->net.N == 2;
}

static int make_as(const struct two_layers *x, const double numbers[], bool all,
                   struct lnn_closed_form **form)
{
    const double *W2 = numbers + x->h * x->d, *Phi = W2 + x->k * x->h;
    double lambda = Phi[x->k * x->d];
    return all ? lnn_closed_two_layer_gram(x->k, x->h, x->d, Phi, lambda, numbers, W2,
                                           form)
               : lnn_closed_two_layer(x->k, x->h, x->d, Phi, lambda, numbers, W2, form);
}

static int make_gram(const void *of, const double numbers[],
                     struct lnn_closed_form **form)
{
    return make_as(of, numbers, true, form);
}

/* The layers at the start; those of an end-to-end flow are balanced ones. */
static int start(const struct lnn_record *r, double w[])
{
    if (r->dynamics == LNN_DYNAMICS_END_TO_END)
        return lnn_balanced_start(&r->net, r->W, w);
    memcpy(w, lnn_margin_start(r), r->net.size * sizeof *w);
    return GSL_SUCCESS;
}

/* lambda = tr C / h, and ||C - lambda I||. */
static int imbalance(struct two_layers *x, const struct lnn_network *net)
{
    size_t h = x->h, n1 = h * x->d;
    double *C = malloc(h * h * sizeof *C), trace = 0;
    if (!C) return lnn_fail(GSL_ENOMEM, "out of memory for the imbalance");
    lnn_network_imbalance(net, x->numbers, 1, C);
    for (size_t i = 0; i < h; i++) trace += C[i * h + i];
    x->lambda = trace / (double)h;
    for (size_t i = 0; i < h; i++) C[i * h + i] -= x->lambda;
    x->defect = lnn_norm(h * h, C);
    double below = lnn_norm(n1, x->numbers),
           above = lnn_norm(x->k * h, x->numbers + n1);
    x->scale = above * above + below * below;
    free(C);
    return GSL_SUCCESS;
}

/* A defect E of the imbalance forces (Q Q^T)' by E Q Q^T, as a wrong lambda does. */
static int prepare(struct two_layers *x, const struct lnn_evidence *e,
                   const struct lnn_record *r)
{
    size_t size = r->net.size, kd = x->k * x->d;
    LNN_TRY(start(r, x->numbers));
    LNN_TRY(imbalance(x, &r->net));
    memcpy(x->numbers + size, e->data->Phi, kd * sizeof *x->numbers);
    x->numbers[size + kd] = x->lambda;
    lnn_closed_step(size, 8 * DBL_EPSILON * sqrt(x->scale), x->step);
    lnn_closed_step(kd, 8 * DBL_EPSILON * lnn_norm(kd, e->data->Phi), x->step + size);
    x->step[size + kd] = x->defect + 8 * DBL_EPSILON * x->scale;
    return GSL_SUCCESS;
}

/* Not below F's largest eigenvalue. */
static double rate(const struct two_layers *x, const struct lnn_record *r)
{
    const double *Phi = x->numbers + r->net.size;
    return hypot(lnn_norm(x->k * x->d, Phi), x->lambda / 2);
}

/* Steps of the closed form in all comparisons, times what one of them takes. */
static double work(const struct two_layers *x, const struct lnn_record *r)
{
    double n = (double)(x->k + x->d), h = fmin((double)x->h, n);
    double steps = rate(x, r) * (r->t[r->rows - 1] - r->t[0]) / 0.3 + (double)r->rows;
    double small = 1000; /* what calls cost on the smallest matrices, as operations */
    return 16 * steps * (h * (n * h + h * h + n * n / 4) + small);
}

/* ||A^T A - X|| (or A A^T), A of the layer j, X a block of the n x n matrix. */
static double gram_gap(const struct lnn_network *net, const double w[], size_t j,
                       const double X[], double G[])
{
    size_t d = net->d[0], m = j == 1 ? d : net->d[2], n = d + net->d[2];
    size_t h = net->d[1], at = j == 1 ? 0 : d;
    const double *A = w + lnn_network_offset(net, j);
    for (size_t a = 0; a < m; a++)
        memcpy(G + a * m, X + (at + a) * n + at, m * sizeof *G);
    lnn_gemm(j == 1, j != 1, m, m, h, 1, A, A, -1, G);
    return lnn_norm(m * m, G);
}

/* W_1^T W_1 and W_2 W_2^T at every row of the weights. room: 3 n^2 doubles. */
static int grams(const struct two_layers *x, const struct lnn_record *r,
                 struct lnn_closed_form *form, const double bars[], double room[],
                 struct lnn_closed_rows *rows)
{
    size_t n = x->k + x->d;
    double *X = room, *X0 = X + n * n, *G = X0 + n * n;
    LNN_TRY(form->at(form, 0, X0));
    for (size_t i = 0; i < r->weights_rows; i++) {
        const double *w = r->w + i * r->net.size;
        size_t row = lnn_flow_row(r, r->w_t[i]);
        if (row == r->rows) continue;
        LNN_TRY(form->at(form, r->w_t[i] - r->t[0], X));
        double moved = lnn_distance(n * n, X, X0);
        double b = lnn_closed_smooth(r->weights_rows, bars, i);
        for (size_t j = 1; j <= 2; j++) {
            double size = lnn_norm(r->net.d[j] * r->net.d[j - 1],
                                   w + lnn_network_offset(&r->net, j));
            double bar = (2 * size + b) * b + x->spread[row];
            lnn_closed_add(rows, gram_gap(&r->net, w, j, X, G), bar, moved, r->w_t[i],
                           row, 2);
        }
    }
    return GSL_SUCCESS;
}

static int compare_grams(const struct two_layers *x, const struct lnn_evidence *e,
                         const struct lnn_record *r, struct lnn_closed_rows *rows)
{
    struct lnn_closed_form *form = NULL;
    size_t n = x->k + x->d;
    bool stated;
    double *room = malloc((3 * n * n + r->weights_rows) * sizeof *room);
    if (!room) return lnn_fail(GSL_ENOMEM, "out of memory for a closed form");
    double *bars = room + 3 * n * n;
    int status =
        lnn_flow_bars(e, r, &r->net, r->weights_rows, r->w_t, r->w, bars, &stated);
    if (status == GSL_SUCCESS) status = make_as(x, x->numbers, true, &form);
    if (status == GSL_SUCCESS) status = grams(x, r, form, bars, room, rows);
    free(form);
    free(room);
    return status;
}

static int conclude(const struct two_layers *x, const struct lnn_record *r,
                    const struct lnn_closed_rows *rows, struct lnn_judgement *j)
{
    static const char *const what[] = {"the gap of W to the Riccati solution",
                                       "the gap of the layers' product to the Riccati "
                                       "solution",
                                       "the gap of W_1^T W_1 or W_2 W_2^T to the "
                                       "Riccati solution"};
    lnn_judge_figure(j, "lambda", x->lambda);
    lnn_judge_figure(j, "defect of W_2^T W_2 - W_1 W_1^T = lambda I", x->defect);
    lnn_judge_figure(j, "what rounding in the start may have grown to",
                     x->spread[r->rows - 1]);
    lnn_judge_explain(
        j,
        "(Q Q^T)' = F Q Q^T + Q Q^T F - (Q Q^T)^2, F = [-lambda/2, Phi^T; "
        "Phi, lambda/2], lambda = %.6g, %zu + %zu rows, h = %zu",
        x->lambda, x->d, x->k, x->h);
    lnn_judge_explain(
        j, "gap %.3g at t = %g; error bar %.3g, of which rounding in the start %.3g",
        rows->worst.measured, rows->worst.t, rows->worst.bar,
        x->spread[rows->worst.row]);
    return lnn_closed_conclude(rows, what[rows->worst.layer], j);
}

static int judge_start(struct two_layers *x, const struct lnn_evidence *e,
                       const struct lnn_record *r, struct lnn_judgement *j)
{
    const double most = 1e10;
    struct lnn_closed_rows rows = {.decided = 0};
    struct lnn_closed_form *form = NULL;
    LNN_TRY(prepare(x, e, r));
    double allowed = lnn_closed_rounding(r) / 16 * x->scale;
    if (r->dynamics == LNN_DYNAMICS_END_TO_END)
        lnn_judge_fact(j, "balanced (what the end-to-end dynamics stands for)", true);
    else if (!lnn_judge_hypothesis(j, "W_2^T W_2 - W_1 W_1^T = lambda I at the start",
                                   x->defect, allowed, 0)) {
        lnn_judge_figure(j, "lambda", x->lambda);
        lnn_judge_conclude(j, "the gap", NAN, 0, NAN);
        return GSL_SUCCESS;
    }
    if (work(x, r) > most)
        return lnn_judge_stop(
            j, LNN_INCONCLUSIVE,
            "the closed form takes %.2g operations to the end of this "
            "file, the limit is %.2g",
            work(x, r), most);
    LNN_TRY(lnn_closed_spread(r, make_gram, x, x->n, x->numbers, x->step, rate(x, r),
                              x->spread));
    LNN_TRY(make_as(x, x->numbers, false, &form));
    int status = lnn_closed_compare(r, form, x->spread,
                                    r->dynamics == LNN_DYNAMICS_END_TO_END, &rows);
    free(form);
    if (status == GSL_SUCCESS && r->dynamics == LNN_DYNAMICS_FLOW)
        status = compare_grams(x, e, r, &rows);
    return status == GSL_SUCCESS ? conclude(x, r, &rows, j) : status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_closed_ready(e, r, j)) return GSL_SUCCESS;
    if (!lnn_closed_facts(e, r, true, j)) return GSL_SUCCESS;
    struct two_layers x = {.k = r->net.d[2], .h = r->net.d[1], .d = r->net.d[0]};
    x.n = r->net.size + x.k * x.d + 1;
    x.numbers = malloc((2 * x.n + r->rows) * sizeof *x.numbers);
    if (!x.numbers) return lnn_fail(GSL_ENOMEM, "out of memory for a closed form");
    x.step = x.numbers + x.n;
    x.spread = x.step + x.n;
    int status = judge_start(&x, e, r, j);
    free(x.numbers);
    return status;
}

const struct lnn_theorem lnn_theorem_riccati_solution = {
    .name = "riccati_solution",
    .doc = "Two layers whose imbalance is a multiple of the identity have an exact "
           "solution, for any shapes and any target: W and both layers' Gram matrices "
           "solve a matrix Riccati equation. The multiple lambda tells a lazy start "
           "(large) from a rich one (0).",
    .source = "Fukumizu 1998; Braun, Domine, Fitzgerald & Saxe 2022 (NeurIPS); Domine "
              "et al. 2024 (lambda-balanced)",
    .needs = "two layers, gradient flow, the square loss of whitened data, no weight "
             "decay, W_2^T W_2 - W_1 W_1^T = lambda I at the start",
    .claims =
        "W(t), W_1^T W_1 and W_2 W_2^T are the blocks of e^{Ft} Q0 (I + Q0^T M(t) "
        "Q0)^{-1} Q0^T e^{Ft}, M(t) = int_0^t e^{2Fs} ds, at every stored row",
    .about = about,
    .judge = judge,
};
