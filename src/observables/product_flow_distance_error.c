/* How wrong product_flow_distance can be. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->flow && c->checked && c->ode->map && !c->model->net.activation;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->W_flow ? s->W_bar + s->W_flow_bar : NAN;
}

const struct lnn_observable lnn_observable_product_flow_distance_error = {
    .name = "product_flow_distance_error",
    .doc = "estimated error of product_flow_distance: W_error of the iteration plus "
           "that of the flow",
    .shape = shape,
    .eval = eval,
};
