/* Squared norms of neighbouring layers against each other. */
#include "lnn/observable.h"

#include <math.h>

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    return c->model->net.activation && lnn_shape_interfaces(c, row);
}

static void eval(const struct lnn_sample *s, double out[])
{
    const struct lnn_network *net = &s->model->net;
    for (size_t j = 1; j < net->N; j++) {
        const double *Wj = s->w + lnn_network_offset(net, j);
        size_t n = net->d[j] * net->d[j - 1], next = net->d[j + 1] * net->d[j];
        bool kept = lnn_network_conserved(net, j) != LNN_CONSERVED_NOTHING;
        out[j - 1] = kept ? lnn_dot(next, Wj + n, Wj + n) - lnn_dot(n, Wj, Wj) : NAN;
    }
}

const struct lnn_observable lnn_observable_norm_difference = {
    .name = "norm_difference",
    .doc =
        "||W_{j+1}||_F^2 - ||W_j||_F^2, j = 1..N-1, the trace of C_j: conserved by the "
        "flow of homogeneous networks (Du, Hu & Lee 2018, Corollary 2.1), but for "
        "exp(-2 lambda t)",
    .shape = shape,
    .eval = eval,
};
