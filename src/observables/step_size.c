/* Size of the natural step. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->ode->rhs;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->counts->steps ? s->counts->h : NAN;
}

const struct lnn_observable lnn_observable_step_size = {
    .name = "step_size",
    .doc = "size of the natural step that holds this sample",
    .shape = shape,
    .eval = eval,
};
