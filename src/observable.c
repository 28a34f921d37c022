/* The list of observables. */
#include "lnn/observable.h"

#include <math.h>

#define LNN_OBSERVABLE(name) extern const struct lnn_observable lnn_observable_##name;
#include "observables/observables.def"
#undef LNN_OBSERVABLE

const struct lnn_observable *const lnn_observables[] = {
#define LNN_OBSERVABLE(name) &lnn_observable_##name,
#include "observables/observables.def"
#undef LNN_OBSERVABLE
    NULL,
};

bool lnn_shape_scalar(const struct lnn_context *c, struct lnn_row *row)
{
    (void)c;
    row->rank = 0;
    return true;
}

bool lnn_shape_scalar_linear(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return !c->model->net.activation;
}

bool lnn_shape_interfaces(const struct lnn_context *c, struct lnn_row *row)
{
    const struct lnn_network *net = &c->model->net;
    *row = (struct lnn_row){.rank = 1, .dims = {net->N - 1}, .axes = {"interface"}};
    for (size_t j = 1; j < net->N && c->ode->layers; j++)
        if (lnn_network_conserved(net, j) != LNN_CONSERVED_NOTHING) return true;
    return false;
}

void lnn_imbalance_drift(const struct lnn_sample *s, const double w[], double t,
                         double out[])
{
    const struct lnn_network *net = &s->model->net;
    const double *C0 = s->C0;
    double decay = exp(-2 * s->model->weight_decay * t);
    for (size_t j = 1; j < net->N; j++) {
        size_t size = net->d[j] * net->d[j];
        lnn_network_imbalance(net, w, j, s->scratch);
        lnn_axpy(size, -decay, C0, s->scratch);
        out[j - 1] = lnn_norm(size, s->scratch);
        C0 += size;
    }
}
