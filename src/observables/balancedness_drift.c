/* Change of the imbalance, which gradient flow conserves. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    *row = (struct lnn_row){
        .rank = 1, .dims = {c->model->net.N - 1}, .axes = {"interface"}};
    return c->ode->layers && c->model->net.N > 1;
}

static void eval(const struct lnn_sample *s, double out[])
{
    lnn_imbalance_drift(s, s->w, s->t, out);
}

const struct lnn_observable lnn_observable_balancedness_drift = {
    .name = "balancedness_drift",
    .doc = "||C_j(t) - exp(-2 lambda t) C_j(0)||_F: 0 under exact gradient flow, j = "
           "1..N-1",
    .shape = shape,
    .eval = eval,
};
