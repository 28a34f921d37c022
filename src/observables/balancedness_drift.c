/* Change of the imbalance, which gradient flow conserves. */
#include "lnn/observable.h"

static void eval(const struct lnn_sample *s, double out[])
{
    lnn_imbalance_drift(s, s->w, s->t, out);
}

const struct lnn_observable lnn_observable_balancedness_drift = {
    .name = "balancedness_drift",
    .doc = "||C_j(t) - exp(-2 lambda t) C_j(0)||_F: 0 under exact gradient flow, j = "
           "1..N-1; of the part that flow conserves: see balancedness",
    .shape = lnn_shape_interfaces,
    .eval = eval,
};
