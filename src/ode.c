/* The list of systems. */
#include "lnn/ode.h"

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
