/* The hyperbolic tangent. */
#include "lnn/activation.h"

#include <math.h>

static void value(double p, size_t n, const double Z[], double V[])
{
    (void)p;
    for (size_t i = 0; i < n; i++) V[i] = tanh(Z[i]);
}

static void times_first(double p, size_t n, const double Z[], const double V[],
                        double B[])
{
    (void)p;
    (void)Z;
    for (size_t i = 0; i < n; i++) B[i] *= (1 - V[i]) * (1 + V[i]);
}

static void times_second(double p, size_t n, const double Z[], const double V[],
                         double B[])
{
    (void)p;
    (void)Z;
    for (size_t i = 0; i < n; i++) B[i] *= -2 * V[i] * (1 - V[i]) * (1 + V[i]);
}

const struct lnn_activation lnn_activation_tanh = {
    .name = "tanh",
    .doc = "s(z) = tanh z. Smooth; not homogeneous, so that gradient flow conserves "
           "nothing across it.",
    .value = value,
    .times_first = times_first,
    .times_second = times_second,
};
