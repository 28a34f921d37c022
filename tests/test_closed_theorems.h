/* What the tests of closed-form theorems share: damage done to evidence, and how much
 * of it must be seen. */
#ifndef TEST_CLOSED_THEOREMS_H
#define TEST_CLOSED_THEOREMS_H

#include "test_convergence.h"

static inline struct lnn_record *record_at(struct judged *v, const char *name)
{
    const struct lnn_record *r = lnn_evidence_find(v->e, name);
    cr_assert(r != NULL, "no record %s", name);
    return &v->e->records[r - v->e->records];
}

/* 100 global errors (W_error is two of them) in any entry of W of any row are seen. */
static inline void every_entry_counts(struct judged *v, const char *theorem,
                                      const char *name)
{
    struct lnn_record *r = record_at(v, name);
    double *W = spoil(r->W);
    for (size_t i = 1; i < r->rows; i += 1 + r->rows / 5)
        for (size_t q = 0; q < r->k * r->d; q++) {
            double *entry = &W[i * r->k * r->d + q], kept = *entry;
            *entry += 50 * r->W_error[i];
            VERDICT(v, theorem, name, LNN_VIOLATED);
            *entry = kept;
        }
    VERDICT(v, theorem, name, LNN_HOLDS);
}

/* NaN anywhere, too few rows, no loss, no error bar: inconclusive. */
static inline void damage_is_inconclusive(struct judged *v, const char *theorem,
                                          const char *name)
{
    struct lnn_record *r = record_at(v, name), kept = *r;
    size_t rows[] = {0, r->rows / 2, r->rows - 1};
    for (size_t i = 0; i < 3; i++) {
        double *W = spoil(r->W) + rows[i] * r->k * r->d, was = W[0];
        W[0] = NAN;
        VERDICT(v, theorem, name, LNN_INCONCLUSIVE);
        W[0] = was;
        if (!r->w) continue;
        size_t row = rows[i] < r->weights_rows ? rows[i] : r->weights_rows - 1;
        double *w = spoil(r->w) + (row + 1) * r->net.size - 1, then = *w;
        *w = NAN;
        VERDICT(v, theorem, name, LNN_INCONCLUSIVE);
        *w = then;
    }
    r->rows = r->weights_rows = 1;
    VERDICT(v, theorem, name, LNN_INCONCLUSIVE);
    *r = kept;
    const struct lnn_objective *objective = v->e->objective;
    v->e->objective = NULL;
    VERDICT(v, theorem, name, LNN_INCONCLUSIVE);
    v->e->objective = objective;
    r->W_error = r->weights_error =
        NULL; /* and four rows: nothing to estimate it from */
    r->rows = r->weights_rows = 4;
    VERDICT(v, theorem, name, LNN_INCONCLUSIVE);
    *r = kept;
    VERDICT(v, theorem, name, LNN_HOLDS);
}

/* The problem changed by one --set: the verdict. */
static inline void becomes(const char *yaml, const char *change, const char *theorem,
                           const char *record, enum lnn_verdict verdict)
{
    const char *const set[] = {change, NULL};
    struct judged v = evidence_of(yaml, set);
    VERDICT(&v, theorem, record, verdict);
    forget(&v);
}

/* Iterations of descent that pass for a flow. */
static inline void descent_is_told_from_flow(const char *yaml, const char *theorem)
{
    static const char *const set[] = {
        "trajectories=[{system: gradient_descent, learning_rate: 1.0e-3}]", NULL};
    struct judged v = evidence_of(yaml, set);
    struct lnn_record *r = record_at(&v, "gradient_descent");
    r->dynamics = LNN_DYNAMICS_FLOW;
    r->iteration = NULL;
    r->learning_rate = NAN;
    VERDICT(&v, theorem, "gradient_descent", LNN_VIOLATED);
    forget(&v);
}

#endif
