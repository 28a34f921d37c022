/* Family: theorems, claims and corollaries, judged against a trajectory. One file each
 * in src/theorems/, listed in theorems.def.
 *
 * A judgement never passes by default: what is missing, too short or NaN is
 * inconclusive with the reason; what does not meet the hypotheses says which.
 * Thresholds come from the evidence's own error bars, never from a fixed epsilon. */
#ifndef LNN_THEOREM_H
#define LNN_THEOREM_H

#include "lnn/err.h"
#include "lnn/evidence.h"

enum lnn_verdict {
    LNN_HOLDS,
    LNN_VIOLATED,
    LNN_NOT_MET,     /* a hypothesis does not hold: the theorem says nothing here */
    LNN_INCONCLUSIVE /* the error bar is wider than the margin, or data is missing */
};
const char *lnn_verdict_name(enum lnn_verdict v); /* "holds", "violated", ... */

enum { LNN_FIGURES = 24, LNN_HYPOTHESES = 8 };

struct lnn_figure {   /* a measured number */
    const char *name; /* constant string, e.g. "deficiency margin c" */
    double value;
};

struct lnn_hypothesis {
    const char *text;         /* constant: "the start is balanced" */
    enum lnn_verdict verdict; /* holds, violated or inconclusive */
    double measured, bound;   /* what was found, what it may be at most (or NaN) */
};

struct lnn_judgement {
    enum lnn_verdict verdict;
    /* The conclusion as measured <= bound: margin = bound - measured, and the error bar
     * of that difference. NaN where the conclusion was not reached. */
    double measured, bound, margin, bar;
    size_t n_hypotheses;
    struct lnn_hypothesis hypotheses[LNN_HYPOTHESES];
    size_t n_figures;
    struct lnn_figure figures[LNN_FIGURES];
    char reason[400];   /* one sentence: why this verdict */
    char explain[2000]; /* the formula with this file's numbers put in, lines by '\n' */
};

struct lnn_theorem {
    const char *name;   /* id, as in --theorem */
    const char *doc;    /* the statement in plain words */
    const char *source; /* paper, number; slide topic */
    const char *needs;  /* hypotheses in plain words */
    const char *claims; /* conclusion in plain words */
    /* Is it about networks with activations, too? If not, they are left out. */
    bool nonlinear;
    /* Is it about this kind of record at all? If not, it is left out of the table. */
    bool (*about)(const struct lnn_evidence *e, const struct lnn_record *r);
    /* Fills *j (empty, inconclusive, numbers NaN). A status other than GSL_SUCCESS is a
     * failure of the judge itself (memory): the caller reports inconclusive with
     * lnn_error(). Records without rows are not given to it. */
    int (*judge)(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j);
};

extern const struct lnn_theorem *const lnn_theorems[]; /* NULL-terminated */

/* ---- what judges share (src/theorem.c) ---- */

void lnn_judge_figure(struct lnn_judgement *j, const char *name, double value);

/* Add a hypothesis measured <= bound with error bar `bar`: holds when measured + bar <=
 * bound, violated when measured - bar > bound, else inconclusive; so is NaN. Returns
 * whether it holds. When the list is full the last one keeps the worst verdict. */
bool lnn_judge_hypothesis(struct lnn_judgement *j, const char *text, double measured,
                          double bound, double bar);
/* The same for a yes or no that carries no error. */
bool lnn_judge_fact(struct lnn_judgement *j, const char *text, bool holds);

/* Ends a judgement. If a hypothesis is violated: not met; else if one is inconclusive:
 * inconclusive; else the conclusion measured <= bound with its bar decides as above
 * (holds, violated, inconclusive). `what` names its quantity in the reason.
 * For conclusions that are identities (measured should be 0) pass bound = 0: holds when
 * measured <= bar, violated when measured > LNN_IDENTITY_CERTAIN bar; between the two
 * the bar, an estimate itself, decides nothing: inconclusive. */
#define LNN_IDENTITY_CERTAIN 3
void lnn_judge_conclude(struct lnn_judgement *j, const char *what, double measured,
                        double bound, double bar);
/* Ends it as inconclusive (or not met) with a printf-style reason; GSL_SUCCESS. */
int lnn_judge_stop(struct lnn_judgement *j, enum lnn_verdict verdict,
                   const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Append a line to j->explain, printf style. */
void lnn_judge_explain(struct lnn_judgement *j, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* max_j ||C_j(w)||_F and its scale max_j (||W_{j+1}||_F^2 + ||W_j||_F^2) of stored
 * weights, row i; round-off of the former is about 4e-16 times the latter. NaN-safe. */
int lnn_record_imbalance(const struct lnn_record *r, size_t i, double *imbalance,
                         double *scale);
/* dphi/dW_j (+ lambda W_j) of stored weights, row i: grad has net.size doubles. Needs
 * the objective. */
int lnn_record_gradient(const struct lnn_evidence *e, const struct lnn_record *r,
                        size_t i, double grad[]);

/* Judge everything: one entry per (theorem, record) that the theorem is about, in the
 * order of the list. `only` NULL or a theorem's name. Freed by the caller with free. */
struct lnn_finding {
    const struct lnn_theorem *theorem;
    const struct lnn_record *record;
    struct lnn_judgement judgement;
};
int lnn_judge_all(const struct lnn_evidence *e, const char *only, size_t *n,
                  struct lnn_finding **findings);

#endif
