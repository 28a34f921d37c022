/* The list of theorems, and what judges share: comparing with an error bar, ending a
 * judgement, figures and the explanation. */
#include "lnn/theorem.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lnn/err.h"

#define LNN_THEOREM(name) extern const struct lnn_theorem lnn_theorem_##name;
#include "theorems/theorems.def"
#undef LNN_THEOREM

const struct lnn_theorem *const lnn_theorems[] = {
#define LNN_THEOREM(name) &lnn_theorem_##name,
#include "theorems/theorems.def"
#undef LNN_THEOREM
    NULL,
};

const char *lnn_verdict_name(enum lnn_verdict v)
{
    switch (v) {
    case LNN_HOLDS:
        return "holds";
    case LNN_VIOLATED:
        return "violated";
    case LNN_NOT_MET:
        return "not met";
    case LNN_INCONCLUSIVE:
        break;
    }
    return "inconclusive";
}

void lnn_judge_figure(struct lnn_judgement *j, const char *name, double value)
{
    if (j->n_figures == LNN_FIGURES) return;
    j->figures[j->n_figures++] = (struct lnn_figure){name, value};
}

/* NaN fails every comparison, and what has run away to infinity is below no bound. */
static enum lnn_verdict compare(double measured, double bound, double bar)
{
    if (!(bar >= 0)) return LNN_INCONCLUSIVE;
    if (measured - bar > bound) return LNN_VIOLATED;
    if (isfinite(measured) && measured + bar <= bound) return LNN_HOLDS;
    return LNN_INCONCLUSIVE;
}

static int badness(enum lnn_verdict v)
{
    return v == LNN_HOLDS ? 0 : v == LNN_INCONCLUSIVE ? 1 : 2;
}

/* When the list is full the last entry keeps the worst of what comes: a hypothesis that
 * fails is never lost. */
static void add_hypothesis(struct lnn_judgement *j, struct lnn_hypothesis h)
{
    struct lnn_hypothesis *last = &j->hypotheses[LNN_HYPOTHESES - 1];
    if (j->n_hypotheses < LNN_HYPOTHESES)
        j->hypotheses[j->n_hypotheses++] = h;
    else if (badness(h.verdict) > badness(last->verdict))
        *last = h;
}

bool lnn_judge_hypothesis(struct lnn_judgement *j, const char *text, double measured,
                          double bound, double bar)
{
    enum lnn_verdict v = compare(measured, bound, bar);
    add_hypothesis(j, (struct lnn_hypothesis){text, v, measured, bound});
    return v == LNN_HOLDS;
}

bool lnn_judge_fact(struct lnn_judgement *j, const char *text, bool holds)
{
    enum lnn_verdict v = holds ? LNN_HOLDS : LNN_VIOLATED;
    add_hypothesis(j, (struct lnn_hypothesis){text, v, NAN, NAN});
    return holds;
}

static const struct lnn_hypothesis *first(const struct lnn_judgement *j,
                                          enum lnn_verdict v)
{
    for (size_t i = 0; i < j->n_hypotheses; i++)
        if (j->hypotheses[i].verdict == v) return &j->hypotheses[i];
    return NULL;
}

/* Does a hypothesis decide? Then the conclusion says nothing. */
static bool hypotheses_end(struct lnn_judgement *j)
{
    const struct lnn_hypothesis *h = first(j, LNN_VIOLATED);
    j->verdict = h ? LNN_NOT_MET : LNN_INCONCLUSIVE;
    if (!h) h = first(j, LNN_INCONCLUSIVE);
    if (!h) return false;
    const char *how = j->verdict == LNN_NOT_MET ? "does not hold" : "is undecided";
    if (isnan(h->measured) && isnan(h->bound))
        snprintf(j->reason, sizeof j->reason, "hypothesis %s: %s", how, h->text);
    else
        snprintf(j->reason, sizeof j->reason,
                 "hypothesis %s: %s (measured %.3g, bound %.3g)", how, h->text,
                 h->measured, h->bound);
    return true;
}

void lnn_judge_conclude(struct lnn_judgement *j, const char *what, double measured,
                        double bound, double bar)
{
    static const char *const relation[] = {[LNN_HOLDS] = "is within",
                                           [LNN_VIOLATED] = "is beyond",
                                           [LNN_INCONCLUSIVE] = "cannot be told from"};
    j->measured = measured;
    j->bound = bound;
    j->margin = bound - measured;
    j->bar = bar;
    if (hypotheses_end(j)) return;
    if (bound == 0) { /* an identity: the error bar is what it may be off by */
        double grey = (LNN_IDENTITY_CERTAIN - 1) * bar;
        j->verdict = compare(measured, bar, bar >= 0 ? 0 : NAN);
        if (measured - grey <= bar && j->verdict == LNN_VIOLATED)
            j->verdict = LNN_INCONCLUSIVE;
        snprintf(j->reason, sizeof j->reason, "%s is %.3g, which %s the error bar %.3g",
                 what, measured, relation[j->verdict], bar);
    } else {
        j->verdict = compare(measured, bound, bar);
        snprintf(j->reason, sizeof j->reason,
                 "%s is %.3g, which %s the bound %.3g (error bar %.3g)", what, measured,
                 relation[j->verdict], bound, bar);
    }
}

int lnn_judge_stop(struct lnn_judgement *j, enum lnn_verdict verdict,
                   const char *format, ...)
{
    va_list args;
    j->verdict = verdict == LNN_NOT_MET ? LNN_NOT_MET : LNN_INCONCLUSIVE;
    va_start(args, format);
    vsnprintf(j->reason, sizeof j->reason, format, args);
    va_end(args);
    return GSL_SUCCESS;
}

void lnn_judge_explain(struct lnn_judgement *j, const char *format, ...)
{
    va_list args;
    size_t n = strlen(j->explain), room = sizeof j->explain - n;
    if (room < 3) return;
    if (n > 0) {
        j->explain[n++] = '\n';
        j->explain[n] = '\0';
        room--;
    }
    va_start(args, format);
    vsnprintf(j->explain + n, room, format, args);
    va_end(args);
}
