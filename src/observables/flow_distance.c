/* The gap between the layers of a discrete system and the flow at t = eta k. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->flow && c->ode->map && c->ode->layers;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->w_flow ? lnn_distance(s->model->net.size, s->w, s->w_flow) : NAN;
}

const struct lnn_observable lnn_observable_flow_distance = {
    .name = "flow_distance",
    .doc = "sqrt(sum_j ||W_j - W_j(t)||_F^2), W_j(t) of the gradient flow at t = eta k "
           "itself: a run of its own with the stepper and tolerances of the first "
           "gradient_flow trajectory; NaN from where it fails or has spent "
           "stop.max_steps",
    .shape = shape,
    .eval = eval,
};
