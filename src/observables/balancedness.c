/* Imbalance of neighbouring layers. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    const struct lnn_network *net = &s->model->net;
    for (size_t j = 1; j < net->N; j++) {
        lnn_network_imbalance(net, s->w, j, s->scratch);
        out[j - 1] = lnn_norm(net->d[j] * net->d[j], s->scratch);
    }
}

const struct lnn_observable lnn_observable_balancedness = {
    .name = "balancedness",
    .doc =
        "||C_j||_F, C_j = W_{j+1}^T W_{j+1} - W_j W_j^T, j = 1..N-1; across a relu its "
        "diagonal alone, NaN across what conserves nothing",
    .shape = lnn_shape_interfaces,
    .eval = eval,
};
