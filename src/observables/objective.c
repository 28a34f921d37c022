/* The loss with weight decay. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->model->weight_decay > 0 && c->ode->objective;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->objective;
}

const struct lnn_observable lnn_observable_objective = {
    .name = "objective",
    .doc = "loss plus weight decay: l(W) + lambda/2 sum_j ||W_j||_F^2",
    .shape = shape,
    .eval = eval,
};
