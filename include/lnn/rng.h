/* Seeded random numbers: the same on every machine and for every thread count.
 *
 * The generator is GSL's mt19937, seeded with a hash of (seed, purpose), so each
 * purpose has a stream of its own and adding one changes no other. Normal deviates use
 * the ratio method: its results are one division of exact numbers (libm decides
 * acceptance only), so they agree bit for bit across compilers and processors. */
#ifndef LNN_RNG_H
#define LNN_RNG_H

#include <stddef.h>
#include <gsl/gsl_rng.h>

/* A stream; NULL (GSL_ENOMEM's text set) when memory is out. Free with gsl_rng_free.
 * `purpose` is a short constant such as "init.gaussian.3". */
gsl_rng *lnn_rng_open(unsigned long seed, const char *purpose);

/* From here on the stream is that of this seed and purpose. */
void lnn_rng_restart(gsl_rng *rng, unsigned long seed, const char *purpose);

double lnn_rng_uniform(gsl_rng *rng); /* in (0, 1) */
double lnn_rng_normal(gsl_rng *rng);  /* N(0, 1) */
void lnn_rng_normals(gsl_rng *rng, double sd, size_t n, double x[]);

/* A permutation of 0..n-1, all equally likely (Fisher & Yates; whole numbers only). */
void lnn_rng_permutation(gsl_rng *rng, size_t n, size_t order[]);

/* Q (m x n, m >= n) with orthonormal columns, uniform (Haar) on the Stiefel manifold:
 * Gram-Schmidt, applied twice, of a normal matrix; plain loops, so bit-identical too.
 */
void lnn_rng_orthonormal(gsl_rng *rng, size_t m, size_t n, double Q[]);

#endif
