/* Global error of W, against the same trajectory at a tighter tolerance. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked;
}

static void eval(const struct lnn_sample *s, double out[])
{
    size_t kd = s->model->data->k * s->model->data->d;
    out[0] = s->W_ref ? LNN_ERROR_SAFETY * lnn_distance(kd, s->W, s->W_ref) +
                            s->rounding * lnn_norm(kd, s->W)
                      : NAN;
}

const struct lnn_observable lnn_observable_W_error = {
    .name = "W_error",
    .doc = "estimated global error of W, Frobenius norm",
    .shape = shape,
    .eval = eval,
};
