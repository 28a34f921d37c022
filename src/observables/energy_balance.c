/* What the loss has fallen, against the gradient integrated along the flow. */
#include "lnn/observable.h"

static bool shape(const struct lnn_context *c, struct lnn_row *row)
{
    row->rank = 0;
    return c->ode->energy;
}

/* The energy is the last entry of the state. */
static void eval(const struct lnn_sample *s, double out[])
{
    double energy = s->y[s->ode->dim(s->model) - 1];
    out[0] = (s->objective0 - s->objective) - energy;
}

const struct lnn_observable lnn_observable_energy_balance = {
    .name = "energy_balance",
    .doc = "objective(0) - objective(t) - integral of ||gradient||^2: 0 under exact "
           "gradient flow",
    .shape = shape,
    .eval = eval,
};
