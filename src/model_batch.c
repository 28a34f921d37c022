/* The gradient over some examples, rather than over all of the data. */
#include "lnn/model.h"

double lnn_model_batch_gradient(struct lnn_model *m, const struct lnn_examples *e,
                                const double w[], double grad[])
{
    const struct lnn_loss *loss = m->objective->loss;
    size_t k = m->net.d[m->net.N], d = m->net.d[0];
    if (m->mlp) {
        (void)lnn_mlp_gradient(m->mlp, e, w, grad);
    } else {
        lnn_network_product(&m->net, w, m->W, m->chain);
        lnn_gemm(false, true, e->m, k, d, 1, e->X, m->W, 0, m->outputs);
        loss->outputs(m->objective, e, m->outputs, m->outputs);
        lnn_gemm(true, false, k, d, e->m, 1, m->outputs, e->X, 0, m->G);
        lnn_network_gradient(&m->net, w, m->G, grad, m->chain);
    }
    if (m->weight_decay > 0) lnn_axpy(m->net.size, m->weight_decay, w, grad);
    return lnn_dot(m->net.size, grad, grad);
}
