/* The gap between the product of a discrete system and that of the flow at eta k. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->flow && c->ode->map && !c->model->net.activation;
}

static void eval(const struct lnn_sample *s, double out[])
{
    size_t kd = s->model->data->k * s->model->data->d;
    out[0] = s->W_flow ? lnn_distance(kd, s->W, s->W_flow) : NAN;
}

const struct lnn_observable lnn_observable_product_flow_distance = {
    .name = "product_flow_distance",
    .doc = "||W - W(t)||_F, W(t) = W_N(t) ... W_1(t) of the gradient flow at t = eta k "
           "itself; see flow_distance",
    .shape = shape,
    .eval = eval,
};
