/* Private: what judges of closed forms share. A trajectory's rows against a formula of
 * time alone, with the bars of both: W_error, and what rounding in the start becomes.
 */
#ifndef THEOREM_CLOSED_H
#define THEOREM_CLOSED_H

#include "lnn/closed_form.h"
#include "theorem_flow.h"
#include "theorem_margin.h"

/* Gradient flow of layers, or of W alone, of known depth? */
bool lnn_closed_about(const struct lnn_record *r);

/* Are W, two finite rows in the order of time, the layers' start (unless W is all there
 * is) and a loss of W's shape there? If not the judgement has ended, inconclusive. */
bool lnn_closed_ready(const struct lnn_evidence *e, const struct lnn_record *r,
                      struct lnn_judgement *j);

/* The facts every closed form needs: the square loss, whitened if asked, no decay. If
 * not the judgement has ended, not met. */
bool lnn_closed_facts(const struct lnn_evidence *e, const struct lnn_record *r,
                      bool whitened, struct lnn_judgement *j);

/* W(0): the product of the stored start, or row 0 of W. One block, freed by the caller;
 * NULL without memory. */
double *lnn_closed_start(const struct lnn_record *r);

/* What an error of W(0) of this size stands for: rounding of the layers' product, and
 * the imbalance E = max_j ||C_j|| that rounding leaves. An imbalance acts on W like an
 * error E a^{N-2} of its start, a the largest layer (one pair: u' = sqrt(E^2 + 4 u^2)
 * (s - u) for N = 2; each other factor of the rate is wrong by E / (2 a^2) for more).
 */
int lnn_closed_start_error(const struct lnn_record *r, const double W0[],
                           double *error);

/* The imbalance E that layers of a flow may have on their way: that of the start, and
 * what rounding adds step by step; 0 where there are no layers. Two layers pass through
 * 0 where |u| < E: u' = sqrt(E^2 + 4 u^2) (s - u). */
int lnn_closed_imbalance(const struct lnn_record *r, double *E);

/* A closed form made of n numbers: its error is measured by making it again with every
 * number moved by step (a normal deviate each), six times, the worst four times over;
 * and 64 roundings of W. Near a saddle rounding decides when it is left, or whether:
 * once half of all digits were lost (looked for between the rows too, at steps of
 * 1/rate) the spread is infinite, though all may end in the same place. */
typedef int lnn_closed_make(const void *of, const double numbers[],
                            struct lnn_closed_form **form);
int lnn_closed_spread(const struct lnn_record *r, lnn_closed_make *make, const void *of,
                      size_t n, const double numbers[], const double step[],
                      double rate, double spread[]);
/* numbers[0..n) moved by `error` (Frobenius) in all: the step of each. */
void lnn_closed_step(size_t n, double error, double step[]);

/* Two runs of different tolerance may agree by accident in a row; so an error bar is
 * taken from the neighbouring rows where those have more, up to ten times: of W in row
 * i, and of any bars[0..n). NaN stays. */
double lnn_closed_bar(const struct lnn_record *r, size_t i);
double lnn_closed_smooth(size_t n, const double bars[], size_t i);

struct lnn_closed_rows {
    struct lnn_flow_worst worst; /* layer 1: the layers' product, 2: their Grams */
    size_t decided, mute;        /* mute: the bar is wider than W has moved */
    double largest, widest;      /* gap and bar of all rows */
    size_t lost; /* the first row whose rank is not certified, or rows */
};
/* ||W - closed form|| and, where layers are stored, ||W_N..W_1 - closed form||.
 * keeps_rank: balanced flow of two or more layers. It never makes a singular value 0,
 * but numbers do once the value is below their bar, and go on in another place (two
 * layers, a mode straight against its target): from there on rows say nothing. */
int lnn_closed_compare(const struct lnn_record *r, struct lnn_closed_form *form,
                       const double spread[], bool keeps_rank,
                       struct lnn_closed_rows *rows);
/* One statement more; `moved` is what there was to see. */
void lnn_closed_add(struct lnn_closed_rows *rows, double gap, double bar, double moved,
                    double t, size_t row, size_t kind);
/* Ends the judgement: a hypothesis decides, or the worst row; inconclusive when no row
 * can tell the formula from standing still. */
int lnn_closed_conclude(const struct lnn_closed_rows *rows, const char *what,
                        struct lnn_judgement *j);

/* The rounding that N layers leave in W, relative: alignment, ranks. */
double lnn_closed_rounding(const struct lnn_record *r);

#endif
