/* Private: what the judges of random starts share. Is the first row the start, and does
 * it look drawn as the file says; how many samples; exact intervals for a probability;
 * the probability of a deficiency margin; moments of the imbalance. */
#ifndef THEOREM_CHANCE_H
#define THEOREM_CHANCE_H

#include "lnn/theorem.h"

/* Is every stored weight finite, are there two rows at least, and does the first one
 * stand at the start (time or iteration 0)? If not the judgement has ended,
 * inconclusive. What the record lacks (W or the layers) is not asked for. */
bool lnn_chance_ready(const struct lnn_record *r, struct lnn_judgement *j);

/* The hypothesis that n numbers drawn from N(0, s^2) have the length of x:
 * -log10 of the chance of one so far out, by the chi-square law, is at most 9. */
bool lnn_chance_drawn(struct lnn_judgement *j, size_t n, const double x[], double s);

/* How many samples of so many normal numbers each: 4 million numbers in all, but 200
 * samples at least and 40000 at most. */
size_t lnn_chance_samples(size_t numbers);

/* Clopper & Pearson 1934: the interval that misses a probability with chance `miss` at
 * most, after `hits` of n. */
struct lnn_chance {
    double estimate, low, high;
};
struct lnn_chance lnn_chance_interval(size_t hits, size_t n, double miss);

/* ||w - Phi|| <= ||Phi|| - c, for w in R^d: means that w has deficiency margin c. The
 * chance of it for w of length rho > 0 in a uniform direction:
 *     P = 1/2 I_{1-z^2}((d-1)/2, 1/2),  z = (rho^2 + 2 c phi - c^2) / (2 rho phi),
 * for 0 <= z <= 1, where phi = ||Phi|| > 0; 1 minus that of -z for z < 0; 0 for z > 1
 * and c > phi. For d = 1 the direction is a sign: 1/2 for -1 < z <= 1. */
double lnn_chance_cap(size_t d, double rho, double phi, double c);

/* Its mean over rho = s chi_d: the chance for entries from N(0, s^2), 0 < c <= phi. By
 * adaptive quadrature; *error bounds what that and rounding leave (NaN: it failed). */
double lnn_chance_margin(size_t d, double s, double phi, double c, double *error);

/* X = ||A^T A - B B^T||_F^2 for A (a x d), B (d x b) of independent N(0, 1) entries:
 *     E X = d (a-b)^2 + d (d+1) (a+b),
 * and Var X, from the moments of the Wishart matrices S = A^T A, T = B B^T:
 * X = tr S^2 + tr T^2 - 2 tr ST. */
double lnn_chance_imbalance_mean(size_t a, size_t d, size_t b);
double lnn_chance_imbalance_variance(size_t a, size_t d, size_t b);

#endif
