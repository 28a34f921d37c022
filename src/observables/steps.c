/* Natural steps taken. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->ode->rhs;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = (double)s->counts->steps;
}

const struct lnn_observable lnn_observable_steps = {
    .name = "steps",
    .doc = "natural steps taken up to the one that holds this sample",
    .integer = true,
    .shape = shape,
    .eval = eval,
};
