/* A problem simulated, read back as evidence, and judged by one theorem. */
#ifndef TEST_CONVERGENCE_H
#define TEST_CONVERGENCE_H

#include "test_simulate.h"

struct judged {
    struct outcome o;
    struct lnn_evidence *e;
    const struct lnn_record *r;
    struct lnn_judgement j;
};

static inline struct judged evidence_of(const char *yaml, const char *const *set)
{
    struct judged v = {.o = simulate(yaml, set)};
    LNN_OK(lnn_evidence_read(v.o.path, &v.e));
    v.r = &v.e->records[0];
    return v;
}

static inline enum lnn_verdict ask(struct judged *v, const char *theorem,
                                   const char *record)
{
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, theorem);
    cr_assert(t != NULL, "%s", theorem);
    if (record) v->r = lnn_evidence_find(v->e, record);
    cr_assert(v->r != NULL);
    cr_assert(t->about(v->e, v->r), "%s is not about it", theorem);
    memset(&v->j, 0, sizeof v->j);
    v->j.measured = v->j.bound = v->j.margin = v->j.bar = NAN;
    LNN_OK(t->judge(v->e, v->r, &v->j));
    return v->j.verdict;
}

static inline void forget(struct judged *v)
{
    lnn_evidence_free(v->e);
    finish(&v->o);
}

static inline double figure(const struct judged *v, const char *name)
{
    for (size_t i = 0; i < v->j.n_figures; i++)
        if (strcmp(v->j.figures[i].name, name) == 0) return v->j.figures[i].value;
    cr_assert(0, "no figure \"%s\"", name);
    return NAN;
}

/* The evidence's arrays are the test's to spoil. */
static inline double *spoil(const double *at)
{
    return (double *)at;
}

#define VERDICT(v, theorem, record, expected)                                          \
    do {                                                                               \
        enum lnn_verdict lnn_v_ = ask(v, theorem, record);                             \
        cr_assert(lnn_v_ == (expected), "%s: %s, not %s: %s\n%s", theorem,             \
                  lnn_verdict_name(lnn_v_), lnn_verdict_name(expected), (v)->j.reason, \
                  (v)->j.explain);                                                     \
    } while (0)

#define PHI2 "data: {kind: target, matrix: [[1.08, 0.06], [0.06, 0.92]]}\n"
#define FLOW "trajectories: [{system: gradient_flow}]\n"

#endif
