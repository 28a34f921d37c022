/* The loss of the end-to-end matrix. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->loss;
}

const struct lnn_observable lnn_observable_loss = {
    .name = "loss",
    .doc = "loss l(W)",
    .shape = lnn_shape_scalar,
    .eval = eval,
};
