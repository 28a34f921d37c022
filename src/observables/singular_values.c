/* Singular values of the end-to-end matrix. */
#include "lnn/observable.h"

#include <string.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    size_t k = c->model->data->k, d = c->model->data->d;
    *row = (struct lnn_row){.rank = 1, .dims = {k < d ? k : d}, .axes = {"mode"}};
    return !c->model->net.activation;
}

static void eval(const struct lnn_sample *s, double out[])
{
    memcpy(out, s->s, s->model->svd->q * sizeof *out);
}

const struct lnn_observable lnn_observable_singular_values = {
    .name = "singular_values",
    .doc = "singular values of W, descending",
    .shape = shape,
    .eval = eval,
};
