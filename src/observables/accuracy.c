/* How many examples a classifier gets right. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->model->data->classes;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = lnn_model_accuracy(s->model, s->W ? s->W : s->w);
}

const struct lnn_observable lnn_observable_accuracy = {
    .name = "accuracy",
    .doc = "share of the examples whose largest output is that of their class",
    .shape = shape,
    .eval = eval,
};
