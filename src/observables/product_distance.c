/* Distance to the end-to-end solution at the same time. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->paired;
}

static void eval(const struct lnn_sample *s, double out[])
{
    size_t kd = s->model->data->k * s->model->data->d;
    out[0] = s->W_other ? lnn_distance(kd, s->W, s->W_other) : NAN;
}

const struct lnn_observable lnn_observable_product_distance = {
    .name = "product_distance",
    .doc = "||W - W_end_to_end||_F: this trajectory against the end-to-end solution at "
           "the same t; NaN where the two have no sample in common",
    .shape = shape,
    .eval = eval,
};
