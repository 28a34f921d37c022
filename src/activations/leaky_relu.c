/* The leaky rectifier. */
#include "lnn/activation.h"

static void value(double p, size_t n, const double Z[], double V[])
{
    for (size_t i = 0; i < n; i++) V[i] = Z[i] > 0 ? Z[i] : p * Z[i];
}

static void times_first(double p, size_t n, const double Z[], const double V[],
                        double B[])
{
    (void)V;
    for (size_t i = 0; i < n; i++) B[i] = Z[i] > 0 ? B[i] : p * B[i];
}

const struct lnn_activation lnn_activation_leaky_relu = {
    .name = "leaky_relu",
    .doc = "s(z) = z for z > 0, else slope z; s'(0) = slope. Kinks as of relu.",
    .parameter = "slope",
    .homogeneous = true,
    .kinked = true,
    .value = value,
    .times_first = times_first,
};
