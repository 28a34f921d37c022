/* Kinks crossed. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    const struct lnn_activation *s = c->model->net.activation;
    row->rank = 0;
    return c->ode->rhs && s && s->kinked;
}

static void eval(const struct lnn_sample *s, double out[])
{
    out[0] = (double)s->counts->kinks;
}

const struct lnn_observable lnn_observable_kinks = {
    .name = "kinks",
    .doc =
        "sign changes of the activations' inputs, over units and examples, from "
        "natural "
        "step to step up to the one that holds this sample. Steps that become tiny for "
        "long with few of them: the flow slides along a kink",
    .integer = true,
    .shape = shape,
    .eval = eval,
};
