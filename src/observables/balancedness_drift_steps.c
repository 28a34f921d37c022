/* Change of the imbalance at the ends of natural steps. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    lnn_imbalance_drift(s, s->w_natural, s->t_natural, out);
}

const struct lnn_observable lnn_observable_balancedness_drift_steps = {
    .name = "balancedness_drift_steps",
    .doc = "the same drift at the end of the natural step that holds t: the stepper "
           "alone, without the interpolation between steps",
    .shape = lnn_shape_interfaces,
    .eval = eval,
};
