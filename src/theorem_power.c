/* Descent on decoupled l_p losses: the data's coordinates and how fast one layer is. */
#include "theorem_power.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

bool lnn_power_about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    bool descent = r->dynamics == LNN_DYNAMICS_DESCENT ||
                   r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT;
    bool lp = !e->objective || strcmp(e->objective->loss->name, "lp") == 0;
    return descent && lp && r->net.N > 0 && r->k == 1;
}

static bool rising(const struct lnn_record *r)
{
    for (size_t i = 0; i < r->rows; i++)
        if (!isfinite(r->iteration[i]) ||
            (i > 0 && !(r->iteration[i] >= r->iteration[i - 1] + 1)))
            return false;
    return true;
}

bool lnn_power_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                     struct lnn_judgement *j)
{
    const char *reason = NULL;
    if (!e->objective || !e->data)
        reason = "the file does not say the loss: neither data nor target";
    else if (!r->W)
        reason = "W is not in every row of the file";
    else if (r->rows < 2)
        reason = "one row: two at least are needed";
    else if (!lnn_finite(r->rows * r->k * r->d, r->W) ||
             (r->w && !lnn_finite(r->weights_rows * r->net.size, r->w)))
        reason = "the rows hold numbers that are not finite";
    else if (!(r->learning_rate > 0))
        reason = "the file does not say the learning rate";
    else if (!r->iteration || !rising(r))
        reason = "the file does not say which iterations its rows are, or in disorder";
    if (reason) lnn_judge_stop(j, LNN_INCONCLUSIVE, "%s", reason);
    return !reason;
}

/* The only input example i sees, d when it sees none, d + 1 when several. */
static size_t seen(const struct lnn_data *data, size_t i)
{
    size_t at = data->d;
    for (size_t a = 0; a < data->d; a++)
        if (data->X[i * data->d + a] != 0) at = at == data->d ? a : data->d + 1;
    return at;
}

/* Whether the data decouples. An example that sees nothing has a constant residual. */
static bool decouple(const struct lnn_objective *o, struct lnn_power *out)
{
    const struct lnn_data *data = o->data;
    for (size_t i = 0; i < data->m; i++) {
        size_t at = seen(data, i);
        if (at > data->d) return false;
        if (at == data->d) continue;
        for (size_t a = 0; a < out->n; a++)
            if (out->at[a] == at) return false;
        double s = data->X[i * data->d + at];
        out->at[out->n] = at;
        out->y[out->n] = data->Y[i] / s;
        out->c[out->n++] = o->factor * o->p * data->weight * pow(fabs(s), o->p);
    }
    return true;
}

int lnn_power_alloc(const struct lnn_evidence *e, const struct lnn_record *r,
                    struct lnn_power **power)
{
    size_t d = e->data->d;
    struct lnn_power *out =
        malloc(sizeof *out + d * (2 * sizeof(double) + sizeof(size_t)));
    *power = out;
    if (!out) return lnn_fail(GSL_ENOMEM, "out of memory for the coordinates");
    *out = (struct lnn_power){.r = r,
                              .p = e->objective->p,
                              .q = e->objective->p - 2,
                              .eta = r->learning_rate};
    out->y = (double *)(out + 1);
    out->c = out->y + d;
    out->at = (size_t *)(out->c + d);
    if (!decouple(e->objective, out)) out->n = 0;
    return GSL_SUCCESS;
}

bool lnn_power_hypotheses(const struct lnn_power *power, struct lnn_judgement *j)
{
    bool above = lnn_judge_fact(j, "p > 2: the residuals set the step", power->q > 0);
    bool apart = lnn_judge_fact(
        j, "decoupled: one input an example, one example an input", power->n > 0);
    lnn_judge_figure(j, "p", power->p);
    lnn_judge_figure(j, "learning rate", power->eta);
    lnn_judge_figure(j, "coordinates", (double)power->n);
    return lnn_judge_fact(j, "no weight decay", power->r->weight_decay == 0) && above &&
           apart;
}

double lnn_power_gap(const struct lnn_power *power, size_t row, size_t i, double since,
                     double *bar)
{
    const struct lnn_record *r = power->r;
    double w = r->W[row * r->d + power->at[i]], unit = 4 * lnn_record_rounding(r);
    unit *= fabs(w) + fabs(power->y[i]);
    *bar = r->W_error ? fabs(r->W_error[row]) + unit
                      : unit * (1 + r->iteration[row] - since);
    return w - power->y[i];
}

double lnn_power_share(const struct lnn_power *power, size_t i, double eta, double gap)
{
    return eta * power->c[i] * pow(fabs(gap), power->q);
}

/* (1-x)^-q - 1 */
static double growth(double q, double x)
{
    return expm1(-q * log1p(-x));
}

double lnn_power_least(double q, double x0, double n)
{
    return exp(-log1p(n * growth(q, x0)) / q); /* pow would magnify rounding by 1/q */
}

double lnn_power_most(double q, double x0, double n)
{
    return exp(-log1p(n * q * x0) / q);
}

double lnn_power_needed(double q, double x0, double ratio)
{
    return fmin(expm1(q * log(ratio)) / growth(q, x0), DBL_MAX);
}

double lnn_power_enough(double q, double x0, double ratio)
{
    return x0 == 1 ? 1 : ceil(fmin(expm1(q * log(ratio)) / (q * x0), DBL_MAX));
}

struct lnn_power_best lnn_power_best(const struct lnn_power *power, const double gap[],
                                     double level)
{
    double q = power->q, largest = -INFINITY;
    struct lnn_power_best best = {.crawl = INFINITY};
    for (size_t i = 0; i < power->n; i++)
        largest = fmax(largest, log(power->c[i]) + q * log(fabs(gap[i])));
    best.rate = 2 * exp(-largest);
    for (size_t i = 0; i < power->n; i++) {
        double size = fabs(gap[i]), ratio = size / level;
        /* in logarithms: c |Delta|^q may overflow */
        double x = exp(log(power->c[i]) + q * log(size) - largest);
        if (!(size > 0)) continue;
        best.crawl = fmin(best.crawl, 2 * x);
        if (!(ratio > 1)) continue;
        best.at_most = fmax(best.at_most, lnn_power_enough(q, x, ratio));
        if (!(2 * x < 1)) continue;
        double needed = lnn_power_needed(q, 2 * x, ratio);
        if (!(needed > best.at_least)) continue;
        best.at_least = needed;
        best.from = size;
    }
    return best;
}

double lnn_power_gain(size_t N, double q)
{
    double a = 2 - 2 / (double)N, b = q;
    return pow(a + b, a + b) / (pow(a, a) * pow(b, b)) / (double)N;
}

int lnn_power_judge(const struct lnn_evidence *e, const struct lnn_record *r,
                    struct lnn_judgement *j,
                    int (*of)(struct lnn_power *power, struct lnn_judgement *j))
{
    struct lnn_power *power;
    if (!lnn_power_ready(e, r, j)) return GSL_SUCCESS;
    LNN_TRY(lnn_power_alloc(e, r, &power));
    int status = of(power, j);
    free(power);
    return status;
}
