/* Global error of the loss, against the same trajectory at a tighter tolerance. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked;
}

/* |l(W + D) - l(W)| <= ||G|| ||D|| + 1/2 |D^2 l(W)[D, D]| + ..., where D is W's error:
 * of size W_bar, and its curvature taken along the difference to the tighter run. Not
 * the difference of the losses themselves, which crosses zero. Plus the loss's
 * rounding. */
static void eval(const struct lnn_sample *s, double out[])
{
    const struct lnn_objective *o = s->model->objective;
    size_t kd = s->model->data->k * s->model->data->d;
    double *D = s->scratch, *HD = D + kd;
    out[0] = NAN;
    if (!s->W_ref) return;
    for (size_t i = 0; i < kd; i++) D[i] = s->W[i] - s->W_ref[i];
    o->loss->hessian(o, s->W, D, HD);
    double gap = lnn_norm(kd, D), bend = fabs(lnn_dot(kd, D, HD));
    if (gap > 0) bend *= (s->W_bar / gap) * (s->W_bar / gap);
    out[0] = lnn_norm(kd, s->G) * s->W_bar + 0.5 * bend + s->rounding * fabs(s->loss);
}

const struct lnn_observable lnn_observable_loss_error = {
    .name = "loss_error",
    .doc = "estimated global error of the loss",
    .shape = shape,
    .eval = eval,
};
