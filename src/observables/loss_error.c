/* Global error of the loss, against the same trajectory at a tighter tolerance. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked;
}

/* Plus what rounding leaves: of the loss itself, and of W through the gradient. */
static void eval(const struct lnn_sample *s, double out[])
{
    struct lnn_model *m = s->model;
    size_t kd = m->data->k * m->data->d;
    if (!s->W_ref) {
        out[0] = NAN;
        return;
    }
    double noise = lnn_norm(kd, s->W) * lnn_norm(kd, s->G) + fabs(s->loss);
    double gap = fabs(s->loss - lnn_objective_value(m->objective, s->W_ref));
    out[0] = LNN_ERROR_SAFETY * gap + s->rounding * noise;
}

const struct lnn_observable lnn_observable_loss_error = {
    .name = "loss_error",
    .doc = "estimated global error of the loss",
    .shape = shape,
    .eval = eval,
};
