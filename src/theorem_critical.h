/* Private: balanced critical points of phi = 1/2 ||W_N..W_1 - Phi||_F^2, N >= 1, and
 * the spectrum of the Hessian there in closed form.
 *
 * At any critical point W^T G = 0 = G W^T, G = W - Phi (from the first and the last
 * layer's gradient): the singular triples of Phi are those of W, the kept modes S, and
 * those of -G, the missing ones. If the layers are balanced, W_j = Q_j Sigma^{1/N}
 * Q_{j-1}^T with orthonormal Q_j (d_j x r), Q_0 = V_S, Q_N = U_S. Then J^T J acts on
 * the kept space as P_W does; in the second part <G, W_N..D_i..D_j..W_1> only i = N, j
 * = 1 survives, since G is orthogonal to W on both sides, as <G, D_N Q Sigma^{1-2/N}
 * Q^T D_1> for N >= 3, and as <G, D_2 D_1>, with the whole hidden space, for N = 2. On
 * x = Q^T D_1 v_i and y = Q^T D_N^T u_i, i missing, the Hessian is diagonal in S with
 * blocks [b, -s_i c; -s_i c, b], b = s_a^{2-2/N}, c = s_a^{1-2/N}. So the eigenvalues
 * are, a and b in S, i not in S, q = min(k, d), r = |S|:
 *   p(a, b) of P_W                          r^2 of them
 *   s_a^{1-2/N} (s_a +- s_i)                for each of r (q - r) pairs
 *   s_a^{2-2/N}                             |k - d| for each a
 *   +-s_i                                   N = 2 only, h - r for each i, h hidden
 * and 0 (N = 1, where S is all: all are 1). Hence for N >= 3 lambda_min = min(0, s_a^{1
 * - 2/N} (s_a - s_i)): there is a negative one, if and only if some kept mode is weaker
 * than a missing one. For N = 2 also where h > r. (In the terms of Achour, Malgouyres &
 * Gerchinovitz 2024, JMLR 25(242): balanced saddles with leading S are "tightened" for
 * N >= 3.) */
#ifndef THEOREM_CRITICAL_H
#define THEOREM_CRITICAL_H

#include "theorem_hessian.h"

struct lnn_critical {
    struct lnn_network net;
    const double *Phi; /* k x d; not owned */
    size_t k, d, q;
    size_t least;   /* the smallest width: the most modes there can be */
    double *s;      /* q: singular values of Phi, descending */
    double norm;    /* ||Phi||_F */
    double apart;   /* smallest distance of two of 0, s_1, .., s_q */
    double infimum; /* of the loss for these widths: 1/2 sum_{i > least} s_i^2 */
    double step;    /* what the next critical value is above it */
    double *U, *Vt; /* of Phi: k x q, q x d */
    double *chosen; /* q: s_i where lnn_critical_subset takes the mode, else 0 */
    /* the balanced critical point near some layers, by lnn_critical_near: */
    size_t rank;    /* kept modes r */
    double *mode;   /* q: singular values of Phi in this order, */
    double *kept;   /* q: 1 where W keeps the mode, else 0 */
    double *w;      /* its layers */
    double *values; /* n: eigenvalues of the Hessian there, ascending */
    double weakest,
        strongest;        /* kept and missing; INFINITY and 0 where there is none */
    double distance;      /* of its layers; INFINITY when there is none */
    double misfit;        /* ||Phi - the modes||_F */
    double *basis, *room; /* scratch */
    struct lnn_svd *svd;
};

int lnn_critical_open(const struct lnn_network *net, const double Phi[],
                      struct lnn_critical **critical);
void lnn_critical_close(struct lnn_critical *c);

/* The balanced critical point that s->w suggests, exact for a target off by `misfit`:
 * singular vectors of Phi + 0.6 W (equal singular values of Phi do not matter then), a
 * mode kept when W has more than half of it, and the hidden bases of s->w,
 * orthonormalised. */
int lnn_critical_near(struct lnn_critical *c, const struct lnn_hessian *s);

/* By Weyl, how far eigenvalues at s->w may be from c->values: third derivative times
 * distance, and the misfit; rounding of both. Rigorous, whatever s->w is. */
double lnn_critical_weyl(const struct lnn_critical *c, struct lnn_hessian *s);
/* max_i |s->values - c->values|. */
double lnn_critical_gap(const struct lnn_critical *c, const struct lnn_hessian *s);
/* The smallest eigenvalue in modulus that is not 0; where all are 0 what one would be
 * if the weakest mode of Phi were kept alone, s^{2-2/N}. A bar of half of it hides the
 * signs. */
double lnn_critical_scale(const struct lnn_critical *c);

/* What the gradient's norm at s->w may be if a critical point lies within `bar` of it:
 * second derivative times bar, and rounding. */
double lnn_critical_slack(const struct lnn_critical *c, const struct lnn_hessian *s,
                          double bar);

/* l(W) - floor - infimum, and its error bar when the layers have the bar `bar`. Of a
 * critical point it is 0 or at least c->step. */
double lnn_critical_excess(const struct lnn_critical *c, const struct lnn_hessian *s,
                           double bar, double *excess_bar);

/* The distance of W from P_S Phi, S the modes of Phi (by its own singular vectors) that
 * W has more than half of. With X = W - P_S Phi in their basis, W^T G and G W^T are L X
 * + O(X^2), where L has the inverse 1 / apart at most: so at a critical point X = 0 if
 * ||X|| < apart / 4, and nearby ||X|| <= 2 ||(W^T G, G W^T)|| / apart. *bar is that,
 * for the gradient's slack; NaN where Phi's values are not apart or X is not small. */
double lnn_critical_subset(struct lnn_critical *c, const struct lnn_hessian *s,
                           double slack, double *bar);

/* Two layers: mu, the smallest eigenvalue of [W_1 W_1^T, -s I; -s I, W_2^T W_2], s =
 * ||G||_op (see saddle_strictness); NaN when the hidden layer is too wide for it. */
int lnn_critical_escape(const struct lnn_hessian *s, double *mu);

/* The imbalance of row i against what the layers' error bar and rounding allow. */
int lnn_critical_balance(const struct lnn_record *r, size_t i, double bar,
                         double *imbalance, double *allowed);

/* Error bars of the layers at every row: for a flow after its start lnn_flow_bars
 * times LNN_IDENTITY_CERTAIN, since bars are estimates and a critical row should not be
 * missed; for a start and for other records, which are what they are, rounding. */
int lnn_critical_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                      double bars[], bool *stated);

#endif
