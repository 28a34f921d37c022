/* Global error of W, against the same trajectory at a tighter tolerance. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked && !c->model->net.activation;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = s->W_bar;
}

const struct lnn_observable lnn_observable_W_error = {
    .name = "W_error",
    .doc = "estimated global error of W, Frobenius norm",
    .shape = shape,
    .eval = eval,
};
