/* Global error of the layers, against the same trajectory at a tighter tolerance. W
 * does not see all of it: directions that leave the product alone keep their errors. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked && c->ode->layers;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->w_bar;
}

const struct lnn_observable lnn_observable_weights_error = {
    .name = "weights_error",
    .doc = "estimated global error of the layers W_1..W_N together, Frobenius norm",
    .shape = shape,
    .eval = eval,
};
