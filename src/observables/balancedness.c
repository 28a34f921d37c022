/* Imbalance of neighbouring layers. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    *row = (struct lnn_row){
        .rank = 1, .dims = {c->model->net.N - 1}, .axes = {"interface"}};
    return c->ode->layers && c->model->net.N > 1;
}

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
    .doc = "||C_j||_F, C_j = W_{j+1}^T W_{j+1} - W_j W_j^T, j = 1..N-1",
    .shape = shape,
    .eval = eval,
};
