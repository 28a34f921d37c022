/* What the judges of flows share: stored rows made ready, error bars of the layers, the
 * rate at which the product moves, integrals over samples. Private to the judges. */
#ifndef LNN_THEOREM_FLOW_H
#define LNN_THEOREM_FLOW_H

#include "lnn/theorem.h"

/* The worst of several comparisons: that with the largest measured / bar; NaN wins. */
struct lnn_flow_worst {
    double measured, bar, t;
    size_t row, layer; /* layer 0: not said */
    bool any;
};
void lnn_flow_keep(struct lnn_flow_worst *worst, double measured, double bar, double t,
                   size_t row, size_t layer);

/* Are there at least `least` rows of weights, finite, in the order of time? If not the
 * judgement has ended, inconclusive. The second: is the loss known? */
bool lnn_flow_ready(const struct lnn_record *r, size_t least, struct lnn_judgement *j);
bool lnn_flow_has_loss(const struct lnn_evidence *e, struct lnn_judgement *j);

/* The row of r->t, which ascends, at time t; r->rows when there is none. */
size_t lnn_flow_row(const struct lnn_record *r, double t);

/* Error bars of the layers w (n rows at times t): the file's weights_error, if w is its
 * own layers and it has one. Else the largest bar of W so far, divided by the product's
 * root-mean-square sensitivity to its layers where that is below 1; plus what has died
 * out in the product since, int rate * bar(W) dt, the rate at which the flow forgets
 * (at most one bar a step): this assumes errors without a preferred direction among the
 * layers. Of a network with activations, which has no product: the largest distance so
 * far of a row from the cubic through its neighbours, plus the steps' tolerances. Plus
 * rounding. *stated: the bars are the file's own. */
int lnn_flow_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                  const struct lnn_network *net, size_t n, const double t[],
                  const double w[], double bars[], bool *stated);
/* The bars of the stored layers, malloc'ed (weights_rows of them), explained in the
 * judgement. */
int lnn_flow_stored_bars(const struct lnn_evidence *e, const struct lnn_record *r,
                         struct lnn_judgement *j, double **bars);
/* The assumption and the largest bar, in words. */
void lnn_flow_explain_bars(struct lnn_judgement *j, const struct lnn_record *r,
                           double largest, bool stated);

struct lnn_flow { /* a network with its loss, and scratch; freed with lnn_flow_close */
    struct lnn_network net;
    const struct lnn_objective *objective;
    struct lnn_mlp *mlp; /* of a non-linear network; NULL: linear */
    double lambda;
    size_t k, d;
    size_t rank; /* of W for the fields: singular values beyond it count as 0 */
    double *W, *G, *F, *V; /* k x d */
    double *grad, *hv, *probe;
    double *chain, *flip, *flip_G, *H, *T;
    struct lnn_svd *svd; /* of W or its transpose, rows <= columns */
};
int lnn_flow_open(const struct lnn_evidence *e, const struct lnn_network *net,
                  double lambda, struct lnn_flow **flow);
void lnn_flow_close(struct lnn_flow *flow);

/* phi + lambda/2 sum ||W_j||^2; its gradient into flow->grad (returns the square of its
 * norm); its Hessian times flow->grad into flow->hv. */
double lnn_flow_objective(struct lnn_flow *flow, const double w[]);
double lnn_flow_gradient(struct lnn_flow *flow, const double w[]);
void lnn_flow_hessian(struct lnn_flow *flow, const double w[]);

/* The end-to-end vector field by some formula, from W alone: W' = -F. */
typedef int lnn_flow_field(struct lnn_flow *flow, const double W[], double F[]);
lnn_flow_field lnn_flow_theorem_1, lnn_flow_claim_2;

/* Judge a formula: on the layers of a flow (balanced start, the product's rate at every
 * stored row; keeps the worst in *worst), or on consecutive iterations of the discrete
 * rule, which ends the judgement. */
int lnn_flow_judge_rate(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j, lnn_flow_field *field,
                        struct lnn_flow_worst *worst);
int lnn_flow_judge_rule(const struct lnn_evidence *e, const struct lnn_record *r,
                        struct lnn_judgement *j, lnn_flow_field *field);
/* Judge W alone along an end-to-end flow: does it move from row to row by -int F(W)?
 * The integral is that of the polynomial through F and dF/dt at neighbouring rows. Ends
 * the judgement. */
int lnn_flow_judge_solution(const struct lnn_evidence *e, const struct lnn_record *r,
                            struct lnn_judgement *j, lnn_flow_field *field);

/* How many iterations lie between two times of a record; 0 when not a whole number. */
size_t lnn_flow_iterations(const struct lnn_record *r, double t0, double t1);

/* Integral of f over [t_i, t_{i+1}], from the polynomial through the values and slopes
 * at p <= 8 neighbouring samples. */
double lnn_flow_integral(size_t n, const double t[], const double f[],
                         const double slope[], size_t i, size_t p);
/* Of these, for m functions at once (f, slope: m x n), the one with 2 <= p <= 7 whose
 * neighbouring orders, two below and one above, differ least and ever less; *bar: twice
 * the sum of what they do, in norm. INFINITY where that is not below LNN_FLOW_RESOLVED
 * of the integral, or f changes by more than half: there the samples do not
 * resolve f, and what the orders differ by says nothing of the error. Not smooth (a
 * derivative of f jumps): order 2, and the bar is twice the sum of the next two
 * differences. Q: 3 m doubles, the integrals are the first m. */
#define LNN_FLOW_RESOLVED 1e-2
void lnn_flow_integral_best(size_t n, const double t[], size_t m, const double f[],
                            const double slope[], bool smooth, size_t i, double Q[],
                            double *bar);
/* Is l infinitely differentiable? Not so the l_p loss, unless p is even. */
bool lnn_flow_smooth(const struct lnn_objective *o);

#endif
