/* The rectifier. */
#include "lnn/activation.h"

static void value(double p, size_t n, const double Z[], double V[])
{
    (void)p;
    for (size_t i = 0; i < n; i++) V[i] = Z[i] > 0 ? Z[i] : 0;
}

static void times_first(double p, size_t n, const double Z[], const double V[],
                        double B[])
{
    (void)p;
    (void)V;
    for (size_t i = 0; i < n; i++) B[i] = Z[i] > 0 ? B[i] : 0;
}

const struct lnn_activation lnn_activation_relu = {
    .name = "relu",
    .doc =
        "s(z) = max(z, 0), s'(0) = 0. The gradient jumps where a unit's input changes "
        "its sign: the flow is an absolutely continuous solution of the differential "
        "inclusion dw/dt in -(Clarke's subdifferential), unique while it crosses such "
        "places; where the field points at one from both sides it slides along it "
        "(Filippov), which a stepper can only follow in tiny steps, the smaller the "
        "tolerance the more: then take looser ones, or softplus with a large sharpness "
        "and an implicit stepper. The stepper sees a crossing as an error, shortens "
        "its step to what the tolerance "
        "allows, and is of first order there: the error bars hold, the order does "
        "not. A unit that no example activates stays as it is.",
    .homogeneous = true,
    .kinked = true,
    .value = value,
    .times_first = times_first,
};
