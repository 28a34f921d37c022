/* No activation: the network is linear. */
#include "lnn/activation.h"

#include <string.h>

static void value(double p, size_t n, const double Z[], double V[])
{
    (void)p;
    memmove(V, Z, n * sizeof *V);
}

static void times_first(double p, size_t n, const double Z[], const double V[],
                        double B[])
{
    (void)p;
    (void)n;
    (void)Z;
    (void)V;
    (void)B;
}

const struct lnn_activation lnn_activation_linear = {
    .name = "linear",
    .doc = "s(z) = z: the network is the product of its matrices.",
    .identity = true,
    .homogeneous = true,
    .value = value,
    .times_first = times_first,
};
