/* Private: second derivatives of phi(W_1..W_N) = l(W_N..W_1), plus lambda/2 sum
 * ||W_j||_F^2, at stored layers: the whole spectrum of the dense Hessian up to
 * LNN_HESSIAN_DENSE weights, its extremes by Lanczos beyond, bounds of the derivatives
 * nearby, and bounds of what rounding does to all of them. */
#ifndef THEOREM_HESSIAN_H
#define THEOREM_HESSIAN_H

#include "lnn/linalg.h"
#include "lnn/theorem.h"

enum { LNN_HESSIAN_DENSE = 600, LNN_LANCZOS_STEPS = 128 };

struct lnn_hessian {
    struct lnn_network net;
    const struct lnn_objective *objective;
    double decay; /* lambda */
    size_t n, kd; /* weights; k d */
    /* at the layers given to lnn_hessian_at: */
    const double *w;
    double *W, *G;       /* k x d: the product, dl/dW */
    double slope;        /* ||G||_op */
    double *grad;        /* n: the layers' gradient, weight decay included */
    double *norms;       /* N: ||W_j||_op, descending */
    double *frobenius;   /* N: ||W_j||_F, descending */
    double *values;      /* n eigenvalues, ascending, by lnn_hessian_spectrum */
    double *H;           /* n x n, or NULL above LNN_HESSIAN_DENSE */
    double *v, *dW, *dG; /* scratch */
    double *chain, *tangent;
    struct lnn_svd *svd;
};

int lnn_hessian_open(const struct lnn_network *net, const struct lnn_objective *o,
                     double decay, struct lnn_hessian **hessian);
void lnn_hessian_close(struct lnn_hessian *s);

/* Moves to the layers w (kept, not copied; finite). */
int lnn_hessian_at(struct lnn_hessian *s, const double w[]);
/* Hv = D^2 (phi + decay) v, exact up to rounding. */
void lnn_hessian_apply(struct lnn_hessian *s, const double v[], double Hv[]);
/* All eigenvalues into s->values; GSL_EINVAL above LNN_HESSIAN_DENSE weights. */
int lnn_hessian_spectrum(struct lnn_hessian *s);

/* Bounds within eps (Frobenius, all layers together) of layers with operator norms
 * `norms` (N, descending), where ||dl/dW|| <= G and the loss is quadratic with
 * curvature c: with a_j = norms_j + eps,
 *   ||J|| <= first = e1,            e1^2 = sum_j prod_{i != j} a_i^2
 *   ||dl/dW|| <= G + c e1 eps
 *   ||D^2 phi|| <= second = c e1^2 + G e2,   e2 = (N-1) (product of the N-2 largest)
 *   ||D^3 phi|| <= third = 3 c e1 e2 + G e3, e3 = sqrt(N) (N-2) (of the N-3 largest)
 * J is the derivative of the product. With eps = 0 second needs no quadratic loss. */
struct lnn_hessian_bounds {
    double G, first, second, third;
};
struct lnn_hessian_bounds lnn_hessian_within(size_t N, const double norms[], double G,
                                             double c, double eps);
/* Product of the `count` largest of descending norms, each eps larger. */
double lnn_hessian_product(const double norms[], size_t count, double eps);

/* At least the largest eigenvalue of D^2 l(W), and at most twice that: twice the last
 * ratio of a power iteration. For a positive semidefinite operator its ratios do not
 * fall, so after r of them the ratio is at least |c|^{1/r} times the eigenvalue, c the
 * start's component along its eigenvector: half of it is missed only if |c| < 2^{-r}.
 */
double lnn_hessian_curvature(struct lnn_hessian *s);

/* Bound of an eigenvalue's rounding error, in the dense spectrum or as a Ritz value,
 * when the largest eigenvalue in modulus is `largest`:
 *   sqrt(n) (c e1^2 + ||G|| e2) eps (4 sum_j (d_j + 2) + loss) + 4 n eps largest
 * with e1, e2 as above from Frobenius norms. A product of matrices of inner sizes d is
 * off by at most sum d eps times the product of the factors' Frobenius norms; a
 * Hessian-vector product multiplies through the layers there and back (4 covers its
 * three products an entry); a column is off by that for a direction of length 1, n
 * columns by sqrt(n) times it. The loss's own product with X or R is off by loss =
 * d (d + inner size): |X|^T |X| has d times the norm of X^T X at most. An error in l's
 * second derivative itself is not in it (see curvature_bound). Then the solver. */
double lnn_hessian_rounding(struct lnn_hessian *s, double largest);

/* sum_j (d_j + 2): eps times this is what rounding does to a product of the layers,
 * relative to the factors' Frobenius norms. */
double lnn_hessian_terms(const struct lnn_network *net);
/* What rounding of the layers themselves may be: terms eps ||w||. */
double lnn_hessian_layer_rounding(const struct lnn_network *net, const double w[]);

/* The rows whose spectra a budget of operations allows, at least 3 of them (or all),
 * evenly spread over `rows` with the first and the last. */
size_t lnn_hessian_rows(const struct lnn_hessian *s, size_t rows);
size_t lnn_hessian_row(size_t i, size_t judged, size_t rows);

/* Are there layers and a loss that fits, and is every stored row finite? If not the
 * judgement has ended, inconclusive. */
bool lnn_hessian_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                       struct lnn_judgement *j);

/* ---- Lanczos (src/theorem_hessian_lanczos.c) ---- */

/* Extreme Ritz values after `steps` products with a symmetric n x n operator, fully
 * reorthogonalised. Up to rounding lambda_min <= low and high <= lambda_max for
 * certain. In the other direction there is but a probability, over the random start
 * (seeded, the same in every run): lambda_min >= low - gap and lambda_max <= high + gap
 * fail with probability `failure` at most. See the .c for the bound. */
struct lnn_lanczos {
    size_t steps;     /* products made: fewer when the Krylov space was complete */
    bool complete;    /* gap = 0: the start has all eigenvectors in it, almost surely */
    double low, high; /* Ritz values */
    double gap;       /* INFINITY where the bound says nothing */
    double failure;
};
typedef void lnn_symmetric(void *params, const double v[], double Av[]);
int lnn_lanczos(size_t n, lnn_symmetric *A, void *params, size_t steps,
                struct lnn_lanczos *out);
int lnn_hessian_extremes(struct lnn_hessian *s, struct lnn_lanczos *out);

#endif
