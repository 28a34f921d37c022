/* How wrong flow_distance can be: by the triangle inequality, as much as both ends. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->flow && c->checked && c->ode->map && c->ode->layers;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->w_flow ? s->w_bar + s->w_flow_bar : NAN;
}

const struct lnn_observable lnn_observable_flow_distance_error = {
    .name = "flow_distance_error",
    .doc = "estimated error of flow_distance: weights_error of the iteration plus that "
           "of the flow",
    .shape = shape,
    .eval = eval,
};
