/* The list of systems. */
#include "lnn/ode.h"

#include "lnn/err.h"

#define LNN_ODE(name) extern const struct lnn_ode lnn_ode_##name;
#include "odes/odes.def"
#undef LNN_ODE

const struct lnn_ode *const lnn_odes[] = {
#define LNN_ODE(name) &lnn_ode_##name,
#include "odes/odes.def"
#undef LNN_ODE
    NULL,
};

const double lnn_jacobian_limit = 1073741824.0; /* 1 GiB */

int lnn_ode_loss(const struct lnn_ode *ode, struct lnn_model *m, const double y[],
                 double *loss)
{
    if (ode->layers) {
        *loss = lnn_model_loss(m, y);
        return GSL_SUCCESS;
    }
    LNN_TRY(ode->product(m, y, m->W));
    *loss = lnn_objective_value(m->objective, m->W);
    return GSL_SUCCESS;
}
