/* Right-hand sides evaluated by the stepper. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->ode->rhs;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = (double)s->counts->rhs;
}

const struct lnn_observable lnn_observable_rhs_evaluations = {
    .name = "rhs_evaluations",
    .doc = "right-hand sides evaluated by the stepper up to here, without those of the "
           "dense output",
    .integer = true,
    .shape = shape,
    .eval = eval,
};
