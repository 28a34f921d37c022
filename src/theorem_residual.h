/* Private: what the judges of linear residual networks share: W_j(0) = I, all widths d,
 * square loss of whitened data, l(W) = l* + 1/2 ||W - Phi||_F^2. The start, the
 * spectrum of a symmetric Phi, and conclusions that may be met with equality. */
#ifndef THEOREM_RESIDUAL_H
#define THEOREM_RESIDUAL_H

#include "lnn/theorem.h"

/* Layers of one width under descent or flow, and the square loss (or none is known). */
bool lnn_residual_about(const struct lnn_evidence *e, const struct lnn_record *r);

/* Are the layers of the start there, and the rows in the order of time? If not, the
 * judgement has ended: inconclusive. */
bool lnn_residual_ordered(const struct lnn_record *r, struct lnn_judgement *j);

/* The same, and W, the loss and two rows, all of them finite? */
bool lnn_residual_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j);

/* The hypothesis of the square loss of whitened data: without it nothing else has a
 * meaning, and the judgement has ended. */
bool lnn_residual_whitened(const struct lnn_evidence *e, struct lnn_judgement *j);
/* The same, and that W_j(0) = I up to rounding; false only if there is no such loss. */
bool lnn_residual_start(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j);

/* ||A - I||_F of a d x d matrix. */
double lnn_residual_gap(size_t d, const double A[]);

struct lnn_spectrum { /* of (Phi + Phi^T) / 2 = U diag(phi) U^T */
    size_t d;
    double *phi, *U;  /* d, ascending; d x d, eigenvectors are columns */
    double asymmetry; /* ||Phi - Phi^T||_F */
    double rounding;  /* bound of the error of phi, and of ||U diag(phi) U^T - Phi|| */
    double *T, *S;    /* scratch, d x d */
};
/* One block; free(3) releases it. */
int lnn_spectrum_alloc(const struct lnn_data *data, struct lnn_spectrum **spectrum);
/* The hypothesis that Phi is symmetric, up to rounding. */
bool lnn_spectrum_symmetric(const struct lnn_spectrum *s, struct lnn_judgement *j);
/* S = U^T A U (d x d), in the scratch. */
const double *lnn_spectrum_modes(const struct lnn_spectrum *s, const double A[]);

/* Extreme eigenvalues of the Hessian of l(W_N..W_1) in the layers where all of them are
 * U diag(w) U^T and dl/dW = U diag(g) U^T. It falls apart into pairs of modes a <= b
 * with D_j[a,b], D_j[b,a], j = 1..N, in the basis U: 2N x 2N blocks (N x N if a = b) of
 *   (sum_j w_a^{N-j} w_b^{j-1} D_j[a,b])^2 + (the same with a, b exchanged)
 *   + 2 sum_{j<l} (g_a w_a^{N-1-l+j} w_b^{l-j-1} D_l[a,b] D_j[b,a] + exchanged). */
int lnn_residual_curvature(size_t N, size_t d, const double w[], const double g[],
                           double *low, double *high);

/* Of statements measured <= bound which may be equalities in the limit, or for some
 * data (or identities, with bound 0): one holds up to its error bar, and is violated
 * where it is exceeded by LNN_IDENTITY_CERTAIN of them. `size` is how much there is to
 * tell: a statement that holds with a bar not below it is mute. The worst is the one
 * with the largest (measured - bound) / bar. */
struct lnn_tight {
    double measured, bound, bar;
    const char *what;
    size_t row, decided, mute, broken; /* broken: NaN, or no error bar */
};
void lnn_tight_add(struct lnn_tight *t, const char *what, size_t row, double measured,
                   double bound, double bar, double size);
/* Is one violated? */
bool lnn_tight_violated(const struct lnn_tight *t);
/* Ends the judgement by the worst of them. */
int lnn_tight_conclude(const struct lnn_tight *t, struct lnn_judgement *j);

#endif
