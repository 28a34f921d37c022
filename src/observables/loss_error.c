/* Global error of the loss, against the same trajectory at a tighter tolerance. */
#include "lnn/observable.h"

#include <float.h>
#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->checked;
}

/* Rounding of the loss itself: of its residual, whose parts are of the size of the
 * targets, and of the floor that moments leave. */
static double noise(const struct lnn_data *data, double loss)
{
    double targets = 0, excess = loss > data->floor ? loss - data->floor : 0;
    for (size_t i = 0; i < data->k; i++) targets += data->Lyy[i * data->k + i];
    double parts = loss + sqrt(2 * excess * targets);
    return 4 * DBL_EPSILON * (parts + (data->whitened ? 0 : targets));
}

/* The same from the layers, D being their error: the change of the gradient along the
 * difference to the tighter run, which counts kinks between the two as well. */
static void eval_layers(const struct lnn_sample *s, double out[])
{
    struct lnn_model *m = s->model;
    size_t n = m->net.size;
    double *D = s->scratch, *g = D + n, decay = m->weight_decay, size, bend, gap;
    out[0] = NAN;
    if (!s->w_ref) return;
    for (size_t i = 0; i < n; i++) D[i] = s->w[i] - s->w_ref[i];
    lnn_model_gradient(m, s->w_ref, g);
    lnn_axpy(n, -decay, s->w_ref, g);
    double there = lnn_dot(n, D, g);
    lnn_model_gradient(m, s->w, g);
    lnn_axpy(n, -decay, s->w, g);
    size = lnn_norm(n, g);
    gap = lnn_norm(n, D);
    bend = fabs(lnn_dot(n, D, g) - there);
    if (gap > 0) bend *= (s->w_bar / gap) * (s->w_bar / gap);
    out[0] = size * s->w_bar + 0.5 * bend + s->rounding * fabs(s->loss) +
             noise(m->data, s->loss);
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
    if (s->model->net.activation) {
        eval_layers(s, out);
        return;
    }
    out[0] = NAN;
    if (!s->W_ref) return;
    for (size_t i = 0; i < kd; i++) D[i] = s->W[i] - s->W_ref[i];
    o->loss->hessian(o, s->W, D, HD);
    double gap = lnn_norm(kd, D), bend = fabs(lnn_dot(kd, D, HD));
    if (gap > 0) bend *= (s->W_bar / gap) * (s->W_bar / gap);
    out[0] = lnn_norm(kd, s->G) * s->W_bar + 0.5 * bend + s->rounding * fabs(s->loss) +
             noise(s->model->data, s->loss);
}

const struct lnn_observable lnn_observable_loss_error = {
    .name = "loss_error",
    .doc = "estimated global error of the loss",
    .shape = shape,
    .eval = eval,
};
