/* Private: convex losses without a known minimiser, for the judges of convergence.
 *
 * What a proof can use of a convex l without its minimiser is any reference matrix V:
 *     l(W) - l(V) <= ||G(W)||_F ||W - V||_F.
 * References are made by minimising l from the start; none need be optimal, a better
 * one only says more.
 *
 * A margin c is certain where l(W') >= l(W(0)) for all W' with sigma_min(W') <= c.
 * min(k, d) = 1: sigma_min(W') = ||W'||, and by convexity any point V certifies
 *     c = (l(V) - <G(V), V> - l(W(0))) / ||G(V)||,
 * exact where V is the point of {l <= l(W(0))} nearest to 0: V = 0 is where the search
 * begins. lp, any k and d: with M = m k residuals E
 *     sum E^2 <= M^{max(0, 1-2/p)} (sum |E|^p)^{2/p},
 * so what is as good as the start in lp is in an ellipsoid of the square loss, whose
 * margin is certified (theorem_margin.h). */
#ifndef LNN_THEOREM_CONVEX_H
#define LNN_THEOREM_CONVEX_H

#include "theorem_margin.h"

/* l(W) recomputed at a row, and its bar: the file's loss_error where it has one, else
 * from the bar of W; and rounding. NaN where W is. */
double lnn_convex_row(const struct lnn_evidence *e, const struct lnn_record *r,
                      size_t i, double *bar);
/* Of l(W) alone; and, where the loss is l, a bound of the sum of the norms of all terms
 * that G is the sum of. Losses of examples: lp and logistic. */
double lnn_convex_terms(const struct lnn_objective *o, double l);
double lnn_convex_rounding(const struct lnn_objective *o, const double W[], double l);

/* The margin of an l_p or logistic loss at W0, less its rounding; not positive or NaN
 * where none is certified. *how: by what (a constant string), NULL where nothing is
 * known for this loss and shape. */
int lnn_convex_margin(const struct lnn_evidence *e, const double W0[], double *c,
                      const char **how);

/* The masked square loss. l - l* = 1/2 ||G||^2 at a row, with its bar; and sigma such
 * that c = sigma - sqrt(2 (l(0) - l*)) is the largest margin. Only columns whose rows T
 * are all observed know of u^T W' = z with u carried by T (k <= d; else rows, columns
 * change places): sigma = min over T of sigma_|T|(Phi[T, those columns]).
 * GSL_EDOM: too many T, min(k, d) > 16. */
double lnn_masked_row(const struct lnn_evidence *e, const struct lnn_record *r,
                      size_t i, double *bar);
int lnn_masked_sigma(const struct lnn_data *data, double *sigma);

enum { LNN_REFERENCES = 14 };
struct lnn_references { /* in the order they were found, so of falling loss */
    size_t n;
    double l[LNN_REFERENCES], bar[LNN_REFERENCES]; /* their losses, and rounding */
    double *V[LNN_REFERENCES];                     /* k x d each */
};
/* From W0 by BFGS: after 1, 2, 4, ... iterations, and at the end. One block; free(3)
 * releases it. */
int lnn_references_alloc(const struct lnn_objective *o, const double W0[],
                         struct lnn_references **references);

#endif
