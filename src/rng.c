/* Seeded random numbers; see rng.h for why they agree on every machine. */
#include "lnn/rng.h"

#include <math.h>
#include <stdint.h>
#include <gsl/gsl_randist.h>
#include "lnn/err.h"

/* FNV-1a over the purpose, then splitmix64's finaliser over both: neighbouring seeds
 * and purposes land far apart, which mt19937's own seeding does not promise. */
static unsigned long mix(unsigned long seed, const char *purpose)
{
    uint64_t h = 14695981039346656037u;
    for (; *purpose; purpose++) h = (h ^ (unsigned char)*purpose) * 1099511628211u;
    h += (uint64_t)seed * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return (unsigned long)((h ^ (h >> 31)) & 0xffffffffu);
}

void lnn_rng_restart(gsl_rng *rng, unsigned long seed, const char *purpose)
{
    gsl_rng_set(rng, mix(seed, purpose));
}

gsl_rng *lnn_rng_open(unsigned long seed, const char *purpose)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (rng)
        lnn_rng_restart(rng, seed, purpose);
    else
        lnn_fail(GSL_ENOMEM, "out of memory for a random number generator");
    return rng;
}

double lnn_rng_uniform(gsl_rng *rng)
{
    return gsl_rng_uniform_pos(rng);
}

double lnn_rng_normal(gsl_rng *rng)
{
    return gsl_ran_gaussian_ratio_method(rng, 1);
}

void lnn_rng_normals(gsl_rng *rng, double sd, size_t n, double x[])
{
    for (size_t i = 0; i < n; i++) x[i] = sd * lnn_rng_normal(rng);
}

void lnn_rng_permutation(gsl_rng *rng, size_t n, size_t order[])
{
    for (size_t i = 0; i < n; i++) {
        size_t j = gsl_rng_uniform_int(rng, i + 1);
        if (j < i) order[i] = order[j];
        order[j] = i;
    }
}

static double column_dot(size_t m, size_t n, const double Q[], size_t a, size_t b)
{
    double sum = 0;
    for (size_t i = 0; i < m; i++) sum += Q[i * n + a] * Q[i * n + b];
    return sum;
}

void lnn_rng_orthonormal(gsl_rng *rng, size_t m, size_t n, double Q[])
{
    lnn_rng_normals(rng, 1, m * n, Q);
    for (size_t j = 0; j < n; j++) {
        for (int pass = 0; pass < 2; pass++)
            for (size_t l = 0; l < j; l++) {
                double r = column_dot(m, n, Q, l, j);
                for (size_t i = 0; i < m; i++) Q[i * n + j] -= r * Q[i * n + l];
            }
        double norm = sqrt(column_dot(m, n, Q, j, j));
        for (size_t i = 0; i < m; i++) Q[i * n + j] /= norm;
    }
}
