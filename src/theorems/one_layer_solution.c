/* One layer, any data: gradient flow is linear, and W(t) is known. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return lnn_closed_about(r) && r->net.N == 1;
}

/* numbers: W(0) k x d, B k x q, R q x d */
static int make(const void *of, const double numbers[], struct lnn_closed_form **form)
{
    const struct lnn_data *data = of;
    const double *B = numbers + data->k * data->d, *R = B + data->k * data->q;
    return lnn_closed_linear(data->k, data->d, data->q, R, B, numbers, form);
}

/* Each part may be off by a few roundings of its norm. */
static void numbers_of(const struct lnn_data *data, const double W0[], double numbers[],
                       double step[])
{
    const size_t sizes[] = {data->k * data->d, data->k * data->q, data->q * data->d};
    const double *const parts[] = {W0, data->B, data->R};
    for (size_t p = 0, at = 0; p < 3; at += sizes[p++]) {
        memcpy(numbers + at, parts[p], sizes[p] * sizeof *numbers);
        lnn_closed_step(sizes[p], 8 * DBL_EPSILON * lnn_norm(sizes[p], parts[p]),
                        step + at);
    }
}

/* The rates: squares of R's singular values. */
static int say_rates(const struct lnn_data *data, struct lnn_judgement *j)
{
    struct lnn_svd *svd = lnn_svd_alloc(data->q, data->d);
    int status = svd ? lnn_svd(svd, data->R)
                     : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    if (status == GSL_SUCCESS) {
        double fast = svd->s[0] * svd->s[0], slow = svd->s[svd->q - 1];
        lnn_judge_figure(j, "fastest rate, largest eigenvalue of Lambda_xx", fast);
        lnn_judge_figure(j, "slowest rate of the data's directions", slow * slow);
        lnn_judge_explain(j,
                          "W(t) = W* + (W(0) - W*) exp(-Lambda_xx t), rates %.6g .. "
                          "%.6g",
                          slow * slow, fast);
    }
    free(svd);
    return status;
}

static int judge_start(const struct lnn_evidence *e, const struct lnn_record *r,
                       const double W0[], double spread[], struct lnn_judgement *j)
{
    const struct lnn_data *data = e->data;
    size_t n = r->k * r->d + (r->k + r->d) * data->q;
    struct lnn_closed_rows rows = {.decided = 0};
    struct lnn_closed_form *form = NULL;
    double *numbers = malloc(2 * n * sizeof *numbers);
    if (!numbers) return lnn_fail(GSL_ENOMEM, "out of memory for a closed form");
    numbers_of(data, W0, numbers, numbers + n);
    int status = lnn_closed_spread(r, make, data, n, numbers, numbers + n, 0, spread);
    if (status == GSL_SUCCESS) status = make(data, numbers, &form);
    if (status == GSL_SUCCESS)
        status = lnn_closed_compare(r, form, spread, false, &rows);
    free(form);
    free(numbers);
    if (status == GSL_SUCCESS) status = say_rates(data, j);
    if (status != GSL_SUCCESS) return status;
    lnn_judge_explain(j,
                      "||W(t) - closed form|| = %.3g at t = %g; error bar %.3g, of "
                      "which rounding %.3g",
                      rows.worst.measured, rows.worst.t, rows.worst.bar,
                      spread[rows.worst.row]);
    return lnn_closed_conclude(&rows, "the gap of W to the linear flow", j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_closed_ready(e, r, j)) return GSL_SUCCESS;
    if (!lnn_closed_facts(e, r, false, j)) return GSL_SUCCESS;
    double *W0 = lnn_closed_start(r), *spread = malloc(r->rows * sizeof *spread);
    int status = W0 && spread ? judge_start(e, r, W0, spread, j)
                              : lnn_fail(GSL_ENOMEM, "out of memory for the start");
    free(W0);
    free(spread);
    return status;
}

const struct lnn_theorem lnn_theorem_one_layer_solution = {
    .name = "one_layer_solution",
    .doc = "With one layer the flow of the square loss is linear: every direction of "
           "the data is learned at its own constant rate, an eigenvalue of the inputs' "
           "second moment, whatever the start.",
    .source = "Saxe, McClelland & Ganguli 2014 (ICLR), the shallow network; linear "
              "differential equations",
    .needs = "one layer, gradient flow, the square loss of any data, no weight decay",
    .claims = "W(t) = W* + (W(0) - W*) exp(-Lambda_xx t) at every stored row",
    .about = about,
    .judge = judge,
};
