/* Smallest eigenvalue of the end-to-end preconditioner. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    const struct lnn_model *m = s->model;
    double largest;
    lnn_preconditioner_range(m->net.N, m->data->k, m->data->d, s->s, out, &largest);
}

const struct lnn_observable lnn_observable_preconditioner_min = {
    .name = "preconditioner_min",
    .doc = "smallest eigenvalue of P_W (Arora, Cohen & Hazan 2018, Claim 1)",
    .shape = lnn_shape_scalar_linear,
    .eval = eval,
};
