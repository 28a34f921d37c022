/* A smooth rectifier. */
#include "lnn/activation.h"

#include <math.h>

static void value(double p, size_t n, const double Z[], double V[])
{
    for (size_t i = 0; i < n; i++)
        V[i] = log1p(exp(-fabs(p * Z[i]))) / p + (Z[i] > 0 ? Z[i] : 0);
}

/* s' = 1 / (1 + exp(-p z)); exp sees no positive argument. */
static double slope(double t)
{
    double e = exp(-fabs(t));
    return t > 0 ? 1 / (1 + e) : e / (1 + e);
}

static void times_first(double p, size_t n, const double Z[], const double V[],
                        double B[])
{
    (void)V;
    for (size_t i = 0; i < n; i++) B[i] *= slope(p * Z[i]);
}

static void times_second(double p, size_t n, const double Z[], const double V[],
                         double B[])
{
    (void)V;
    for (size_t i = 0; i < n; i++) B[i] *= p * slope(p * Z[i]) * slope(-p * Z[i]);
}

const struct lnn_activation lnn_activation_softplus = {
    .name = "softplus",
    .doc = "s(z) = log(1 + exp(b z)) / b, b = sharpness: relu without its kink, which it "
           "approaches as b grows. Not homogeneous.",
    .parameter = "sharpness",
    .value = value,
    .times_first = times_first,
    .times_second = times_second,
};
