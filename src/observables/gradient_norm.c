/* Norm of the gradient over all layers. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->gradient_norm;
}

const struct lnn_observable lnn_observable_gradient_norm = {
    .name = "gradient_norm",
    .doc = "norm of the gradient over all layers (end-to-end systems: of a balanced "
           "factorisation)",
    .shape = lnn_shape_scalar,
    .eval = eval,
};
