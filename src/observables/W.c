/* The end-to-end matrix. */
#include "lnn/observable.h"

#include <string.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    *row = (struct lnn_row){
        2, {c->model->data->k, c->model->data->d}, {"output", "input"}};
    return !c->model->net.activation;
}

static void eval(const struct lnn_sample *s, double out[])
{
    memcpy(out, s->W, s->model->data->k * s->model->data->d * sizeof *out);
}

const struct lnn_observable lnn_observable_W = {
    .name = "W",
    .doc = "end-to-end matrix W = W_N ... W_1",
    .shape = shape,
    .eval = eval,
};
