/* A problem simulated into a file, read back as evidence, judged by one theorem; the
 * evidence may be altered in memory in between. */
#ifndef TEST_THEOREMS_FLOW_H
#define TEST_THEOREMS_FLOW_H

#include "test_simulate.h"

extern const struct lnn_theorem lnn_theorem_balancedness_preserved,
    lnn_theorem_energy_identity, lnn_theorem_descent_drift_identity,
    lnn_theorem_end_to_end_dynamics, lnn_theorem_end_to_end_single_output;

struct bench {
    struct outcome outcome;
    struct lnn_evidence *evidence;
};

static inline struct bench bench_of(const char *yaml, const char *const *set)
{
    struct bench b = {.outcome = simulate(yaml, set)};
    LNN_OK(lnn_evidence_read(b.outcome.path, &b.evidence));
    return b;
}

static inline void bench_free(struct bench *b)
{
    lnn_evidence_free(b->evidence);
    finish(&b->outcome);
}

static inline struct lnn_record *record_of(struct bench *b, const char *name)
{
    const struct lnn_record *r = lnn_evidence_find(b->evidence, name);
    cr_assert(r != NULL, "no record %s", name);
    return &b->evidence->records[r - b->evidence->records];
}

static inline struct lnn_judgement judged(const struct bench *b,
                                          const struct lnn_theorem *theorem,
                                          const struct lnn_record *r)
{
    struct lnn_judgement j = {.verdict = LNN_INCONCLUSIVE,
                              .measured = NAN,
                              .bound = NAN,
                              .margin = NAN,
                              .bar = NAN};
    cr_assert(theorem->about(b->evidence, r), "%s: not about %s", theorem->name,
              r->name);
    LNN_OK(theorem->judge(b->evidence, r, &j));
    cr_assert(j.reason[0] != '\0', "%s gives no reason", theorem->name);
    return j;
}

#define EXPECT(b, theorem, r, expected)                                     \
    do {                                                                    \
        struct lnn_judgement j_ = judged(b, theorem, r);                    \
        cr_assert(j_.verdict == (expected), "%s on %s: %s, not %s: %s\n%s", \
                  (theorem)->name, (r)->name, lnn_verdict_name(j_.verdict), \
                  lnn_verdict_name(expected), j_.reason, j_.explain);       \
    } while (0)

static inline double named(const struct lnn_judgement *j, const char *figure)
{
    for (size_t i = 0; i < j->n_figures; i++)
        if (strcmp(j->figures[i].name, figure) == 0) return j->figures[i].value;
    cr_assert(0, "no figure \"%s\"", figure);
    return NAN;
}

static inline double *weights(struct lnn_record *r, size_t row)
{
    return (double *)r->w + row * r->net.size;
}

/* The largest error bar of W in the record. */
static inline double global_error(const struct lnn_record *r)
{
    double most = 0;
    for (size_t i = 0; i < r->rows; i++)
        if (!(r->W_error[i] <= most)) most = r->W_error[i];
    return most;
}

/* The smallest power of 10^(1/4) that, added to one weight of one row, is detected. */
static inline double smallest_detected(struct bench *b,
                                       const struct lnn_theorem *theorem,
                                       struct lnn_record *r, size_t row, size_t entry)
{
    double was = weights(r, row)[entry], found = INFINITY;
    for (int q = 0; q <= 64 && isinf(found); q++) {
        double by = pow(10, -16 + 0.25 * q);
        weights(r, row)[entry] = was + by;
        enum lnn_verdict v = judged(b, theorem, r).verdict;
        if (v == LNN_VIOLATED || v == LNN_NOT_MET) found = by;
    }
    weights(r, row)[entry] = was;
    return found;
}

static const char *const SHAPES[] = {
    "network.widths=[3, 2]",       "network.widths=[3, 5, 2]",
    "network.widths=[3, 2, 2]",    "network.widths=[3, 1, 2]",
    "network.widths=[3, 4, 3, 2]", "network.widths=[3, 2, 5, 2, 2]",
};
enum { N_SHAPES = sizeof SHAPES / sizeof SHAPES[0] };

#define WIDE "network: {widths: [3, 4, 3, 2]}\n" PHI
#define GAUSSIAN "init: {kind: gaussian, scale: 0.5, seed: 4}\n"
#define TIMES "time: {end: 3, samples: 61}\n"

#endif
