/* Balanced layers aligned with the target: the modes decouple, and W(t) is known.
 *
 * The bar of the comparison is W_error and what rounding in the start has become by
 * then, which is the operator norm of the end-to-end flow linearised about the closed
 * form (theorem_modes.h). For two layers a mode of 0 grows from rounding like e^{2st}:
 * from some time on such rows say nothing. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_modes.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return lnn_closed_about(r);
}

/* Modes by falling target: at most `most` of them. */
static size_t leading(const struct lnn_modes *m, size_t most, size_t at[])
{
    size_t n = 0;
    for (size_t r = 0; r < m->q; r++) {
        size_t place = n;
        while (place > 0 && fabs(m->s[at[place - 1]]) < fabs(m->s[r])) place--;
        if (place == most) continue;
        if (n < most) n++;
        for (size_t i = n - 1; i > place; i--) at[i] = at[i - 1];
        at[place] = r;
    }
    return n;
}

/* The modes' names are constants, as figures want them: three lead. */
static void say_modes(const struct lnn_modes *m, struct lnn_judgement *j)
{
    static const char *const names[][3] = {
        {"mode 1: u(0)", "mode 1: target s", "mode 1: time to u = s/2"},
        {"mode 2: u(0)", "mode 2: target s", "mode 2: time to u = s/2"},
        {"mode 3: u(0)", "mode 3: target s", "mode 3: time to u = s/2"}};
    size_t at[3], n = leading(m, 3, at);
    lnn_judge_figure(j, "number of layers N", (double)m->N);
    lnn_judge_figure(j, "number of modes", (double)m->q);
    for (size_t i = 0; i < n; i++) {
        double s = m->s[at[i]], u0 = m->u0[at[i]];
        double half = lnn_mode_time(m->N, s, u0, s / 2);
        lnn_judge_figure(j, names[i][0], u0);
        lnn_judge_figure(j, names[i][1], s);
        lnn_judge_figure(j, names[i][2], half);
        lnn_judge_explain(j,
                          "mode %zu: u' = %zu |u|^(%.4g) (%.6g - u), u(0) = %.6g; half "
                          "height at t = %.6g",
                          i + 1, m->N, 2 - 2 / (double)m->N, s, u0, half);
    }
}

/* ||A - A P|| where P projects on the first `rank` rows of Vt (cols columns each); A
 * is rows x cols. room: rows cols + rows rank doubles. */
static double outside(size_t rows, size_t cols, const double A[], size_t rank,
                      const double Vt[], double room[])
{
    double *rest = room, *part = room + rows * cols;
    memcpy(rest, A, rows * cols * sizeof *A);
    if (rank == 0) return lnn_norm(rows * cols, rest);
    lnn_gemm(false, true, rows, rank, cols, 1, A, Vt, 0, part);
    lnn_gemm(false, false, rows, cols, rank, -1, part, Vt, 1, rest);
    return lnn_norm(rows * cols, rest);
}

static void transpose(size_t m, size_t n, const double A[], double B[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) B[j * m + i] = A[i * n + j];
}

/* What two layers hold beyond the modes of W(0): a on the input side, b on the output
 * side, both with the rounding of the steps to come; *zero = (a + b)^2 / 4. */
static int hidden_zero(const struct lnn_record *r, const double W0[], size_t rank,
                       double *zero)
{
    size_t k = r->k, d = r->d, h = r->net.d[1], side = k > d ? k : d;
    const double *w1 = r->w, *w2 = w1 + h * d;
    double step = DBL_EPSILON * sqrt((double)r->steps + 1);
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    double *room = malloc((4 * h * side + side * side) * sizeof *room);
    int status =
        f && room ? lnn_svd(f, W0) : lnn_fail(GSL_ENOMEM, "out of memory for modes");
    if (status == GSL_SUCCESS) {
        double *T = room + 2 * h * side, *Ut = T + h * side;
        double a = outside(h, d, w1, rank, f->Vt, room);
        transpose(k, h, w2, T);
        transpose(k, f->q, f->U, Ut);
        double b = outside(h, k, T, rank, Ut, room);
        double sum = a + b + 8 * step * lnn_norm(r->net.size, w1);
        *zero = fmin(*zero, 0.25 * sum * sum);
    }
    free(f);
    free(room);
    return status;
}

/* What errors of the start and of the target are taken to be: rounding, and how far
 * both are from a common basis. */
static int find_errors(const struct lnn_evidence *e, const struct lnn_record *r,
                       const double W0[], double misalignment, struct lnn_modes *m)
{
    size_t kd = r->k * r->d, rank = 0;
    LNN_TRY(lnn_closed_start_error(r, W0, &m->start));
    /* a target turned by an angle is a start turned back by it */
    m->start += 2 * misalignment * lnn_norm(kd, W0);
    m->target = (misalignment + 4 * DBL_EPSILON) * lnn_norm(kd, e->data->Phi);
    m->zero = m->start;
    LNN_TRY(lnn_closed_imbalance(r, &m->imbalance));
    for (size_t i = 0; i < m->q; i++) rank += m->u0[i] != 0;
    if (m->N != 2 || r->dynamics != LNN_DYNAMICS_FLOW) return GSL_SUCCESS;
    return hidden_zero(r, W0, rank, &m->zero);
}

/* Every row against the closed form; spread: a number a row. */
static int compare(const struct lnn_evidence *e, const struct lnn_record *r,
                   const double W0[], double misalignment, struct lnn_closed_form *form,
                   double spread[], struct lnn_judgement *j)
{
    struct lnn_modes m = {.N = r->net.N, .spare = r->k != r->d};
    struct lnn_closed_rows rows = {.decided = 0};
    m.q = lnn_closed_modes(form, &m.s, &m.u0);
    LNN_TRY(find_errors(e, r, W0, misalignment, &m));
    LNN_TRY(lnn_modes_spread(&m, r->rows, r->t, spread));
    for (size_t i = 0; i < r->rows; i++)
        spread[i] += 64 * DBL_EPSILON * lnn_norm(r->k * r->d, r->W + i * r->k * r->d);
    LNN_TRY(lnn_closed_compare(r, form, spread, r->net.N > 1, &rows));
    say_modes(&m, j);
    if (rows.lost < r->rows)
        lnn_judge_figure(j, "time from which the rank is not certified",
                         r->t[rows.lost]);
    lnn_judge_figure(j, "rounding in the start", m.start);
    lnn_judge_figure(j, "what it may have grown to", spread[r->rows - 1]);
    lnn_judge_explain(
        j,
        "||W(t) - U diag(u(t)) V^T|| = %.3g at t = %g; error bar %.3g, of "
        "which the growth of %.3g in the start by then: %.3g",
        rows.worst.measured, rows.worst.t, rows.worst.bar, m.start,
        rows.worst.any ? spread[rows.worst.row] : NAN);
    return lnn_closed_conclude(&rows, "the gap of W to the decoupled modes", j);
}

static int judge_start(const struct lnn_evidence *e, const struct lnn_record *r,
                       const double W0[], struct lnn_judgement *j)
{
    struct lnn_closed_form *form = NULL;
    double misalignment = NAN, *spread = malloc(r->rows * sizeof *spread);
    if (!spread) return lnn_fail(GSL_ENOMEM, "out of memory for error bars");
    lnn_margin_balanced(r, j);
    int status = lnn_closed_aligned(r->net.N, r->k, r->d, e->data->Phi, W0,
                                    &misalignment, &form);
    if (status == GSL_SUCCESS) {
        lnn_judge_hypothesis(j, "W(0) and Phi have the same singular vectors",
                             misalignment, lnn_closed_rounding(r), 0);
        lnn_judge_figure(j, "misalignment, relative", misalignment);
        status = compare(e, r, W0, misalignment, form, spread, j);
    }
    free(form);
    free(spread);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_closed_ready(e, r, j)) return GSL_SUCCESS;
    if (!lnn_closed_facts(e, r, true, j)) return GSL_SUCCESS;
    double *W0 = lnn_closed_start(r);
    if (!W0) return lnn_fail(GSL_ENOMEM, "out of memory for the start");
    int status = judge_start(e, r, W0, j);
    free(W0);
    return status;
}

const struct lnn_theorem lnn_theorem_aligned_modes = {
    .name = "aligned_modes",
    .doc = "From a balanced start with the singular vectors of the target, the modes "
           "of W never mix: each grows by itself, slowly at first and then all at once "
           "if there are several layers, the strongest one first.",
    .source = "Saxe, McClelland & Ganguli 2014 (ICLR), exact solutions of aligned "
              "modes",
    .needs = "gradient flow, the square loss of whitened data, no weight decay, a "
             "balanced start W(0) = U diag(u0) V^T with Phi = U diag(s) V^T",
    .claims = "W(t) = U diag(u(t)) V^T at every stored row, u' = N |u|^{2-2/N} (s - u)",
    .about = about,
    .judge = judge,
};
