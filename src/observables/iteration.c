/* Iterations of a discrete system. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->ode->map;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = (double)s->counts->steps;
}

const struct lnn_observable lnn_observable_iteration = {
    .name = "iteration",
    .doc = "iteration k; time = learning_rate * k",
    .integer = true,
    .shape = shape,
    .eval = eval,
};
