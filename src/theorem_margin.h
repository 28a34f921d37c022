/* Private: what the convergence theorems share. The square loss seen from its
 * minimiser, the deficiency margin, the constants of Arora, Cohen, Golowich & Hu (2019,
 * Theorem 1), and the row that decides a conclusion made at every row. */
#ifndef THEOREM_MARGIN_H
#define THEOREM_MARGIN_H

#include "lnn/theorem.h"

/* l(W) = l* + 1/2 ||W R^T - B||_F^2 with Lambda_xx = R^T R and minimiser W*. */
struct lnn_margin {
    const struct lnn_data *data;
    size_t k, d;
    double alpha, beta; /* extreme eigenvalues of Lambda_xx; alpha = 0: W* not unique */
    double sigma;       /* sigma_min(W*), the min(k, d)-th */
    double norm;        /* ||W*||_F */
    double *W, *Z;      /* k x d: W* and W* V, Lambda_xx = V diag(lambda) V^T */
    double *lambda;     /* d, descending */
    double *E, *H;      /* scratch: k x q, and min(k, d) square */
};

/* Needs the evidence's square loss. One block; free(3) releases it. */
int lnn_margin_alloc(const struct lnn_evidence *e, struct lnn_margin **margin);

/* l(W) - l* without the cancellation of subtracting l*, and its error bar when W has
 * the bar W_bar (Frobenius), rounding included. */
double lnn_margin_excess(const struct lnn_margin *m, const double W[], double W_bar,
                         double *bar);
/* The same at row i of a record; the bar is the file's loss_error where it has one. */
double lnn_margin_row(const struct lnn_margin *m, const struct lnn_record *r, size_t i,
                      double *bar);

/* The largest c such that l(W') - l* >= excess is certain for every W' with
 * sigma_min(W') <= c. Whitened data: sigma_min(W*) - sqrt(2 excess). Otherwise by the
 * dual of min l over sigma_min(W') <= c, which for any multiplier mu > 0 is a bound
 * from below (one direction u with ||u^T W'|| <= c ||u|| suffices to be deficient):
 *   k <= d: c^2 mu = lambda_min(W* [mu Lxx (Lxx + mu)^{-1}] W*^T) - 2 excess,
 *   k >= d: c^2 mu = lambda_min(mu/(1+mu) W*^T W* - 2 excess Lxx^{-1}),
 * so the best mu found is certified even if it is not optimal; nor is it below the
 * plain bound sigma_min(W*) - sqrt(2 excess / alpha). At most 0: no margin. */
double lnn_margin_certified(const struct lnn_margin *m, double excess);
double lnn_margin_plain(const struct lnn_margin *m, double excess);
/* What rounding of W* may do to a margin. */
double lnn_margin_rounding(const struct lnn_margin *m);

/* Theorem 1: with ||Phi||_F = `norm`, depth N, margin c > 0,
 *   delta = c^2 / (256 N^3 norm^{2(N-1)/N}),
 *   eta = c^{(4N-2)/N} / (6144 N^3 norm^{(6N-4)/N}),
 *   l(T) <= eps from T = ln(l(0)/eps) / (eta rate) on, rate = c^{2(N-1)/N}. */
struct lnn_descent_constants {
    double delta, eta, rate;
};
struct lnn_descent_constants lnn_descent_constants(size_t N, double norm, double c);

/* Is there what a judge of W needs: W, two rows, and (if asked) the loss? If not, ends
 * the judgement as inconclusive. */
bool lnn_margin_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                      bool loss, struct lnn_judgement *j);
bool lnn_margin_is_square(const struct lnn_evidence *e);

/* Rows of the layers that hold a NaN: such a file decides nothing. */
size_t lnn_margin_broken(const struct lnn_record *r);

/* Row 0 of the weights, if it is the start; NULL. */
const double *lnn_margin_start(const struct lnn_record *r);

/* The hypothesis that the start is balanced up to rounding. */
bool lnn_margin_balanced(const struct lnn_record *r, struct lnn_judgement *j);

/* The hypothesis of a margin c > 0 at row 0; *c, *excess with their bars. */
bool lnn_margin_hypothesis(const struct lnn_margin *m, const struct lnn_record *r,
                           struct lnn_judgement *j, double *c, double *excess,
                           double *excess_bar);

/* Of statements measured <= bound at many rows: the one nearest to being violated. A
 * row whose bound is itself below its error bar can decide nothing unless it violates:
 * it is counted as mute and left out. */
struct lnn_worst {
    double measured, bound, bar;
    const char *what;
    size_t row, decided, undecided, violated, mute, broken; /* broken: NaN */
};
void lnn_worst_add(struct lnn_worst *w, const char *what, size_t row, double measured,
                   double bound, double bar);
/* The same where the theorem allows equality, which no error bar can tell from excess:
 * judged is (measured - bound) / bar, which may be 1 (and `what` is to say so). Mute
 * unless the bar is below `sight`, what it must not hide, or the row violates. Returns
 * whether the two are equal within the bar. */
bool lnn_worst_add_attained(struct lnn_worst *w, const char *what, size_t row,
                            double measured, double bound, double bar, double sight);
/* Ends the judgement by it: a violated hypothesis is not met; NaN rows are inconclusive
 * unless another row violates; nothing decided is inconclusive. */
int lnn_worst_conclude(const struct lnn_worst *w, struct lnn_judgement *j);

#endif
