/* Every theorem of the list: what it says of itself, and that none passes by default.
 */
#include "foreign_file.h"
#include <stdint.h>
#include "test_simulate.h"

TestSuite(theorem_list, .init = lnn_test_setup, .timeout = 300);

Test(theorem_list, every_theorem_says_what_it_is)
{
    size_t n = 0;
    for (; lnn_theorems[n]; n++) {
        const struct lnn_theorem *t = lnn_theorems[n];
        const char *const texts[] = {t->doc, t->source, t->needs, t->claims};
        cr_assert(t->name && t->name[0] && t->about && t->judge);
        for (size_t i = 0; i < 4; i++)
            cr_assert(texts[i] && strlen(texts[i]) > 9, "%s, %zu", t->name, i);
        for (size_t i = 0; i < n; i++)
            cr_assert(strcmp(lnn_theorems[i]->name, t->name) != 0, "%s", t->name);
    }
    cr_assert(n > 0);
}

/* A run of every system, on data whose hypotheses are met by most theorems. */
static struct lnn_evidence *all_systems(const char *extra)
{
    char yaml[1500];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [2, 2, 2]}\n%s"
             "data: {kind: target, matrix: [[1, 0.25], [-0.125, 1.5]]}\n"
             "init: {kind: balanced, matrix: [[0.75, 0.125], [-0.125, 1.25]]}\n"
             "trajectories: [{system: gradient_flow}, {system: end_to_end}, "
             "{system: gradient_descent, learning_rate: 1.0e-3}, "
             "{system: end_to_end_descent, learning_rate: 1.0e-3}]\n"
             "time: {end: 0.02, samples: 21}\n",
             extra);
    struct outcome o = simulate(yaml, NULL);
    struct lnn_evidence *e;
    LNN_OK(lnn_evidence_read(o.path, &e));
    finish(&o);
    return e;
}

/* How many findings have this verdict; each has a reason, and only numbers. */
static size_t count(const struct lnn_evidence *e, enum lnn_verdict verdict)
{
    struct lnn_finding *found;
    size_t n, hits = 0;
    LNN_OK(lnn_judge_all(e, NULL, &n, &found));
    cr_assert(n > 0);
    for (size_t i = 0; i < n; i++) {
        const struct lnn_judgement *j = &found[i].judgement;
        hits += j->verdict == verdict;
        cr_assert(j->reason[0] != '\0', "%s", found[i].theorem->name);
        for (size_t a = 0; a < j->n_figures; a++) cr_assert(j->figures[a].name != NULL);
        for (size_t a = 0; a < j->n_hypotheses; a++)
            cr_assert(j->hypotheses[a].text != NULL);
    }
    free(found);
    return hits;
}

static void none_holds(const struct lnn_evidence *e, const char *when)
{
    struct lnn_finding *found;
    size_t n;
    LNN_OK(lnn_judge_all(e, NULL, &n, &found));
    for (size_t i = 0; i < n; i++)
        cr_assert(found[i].judgement.verdict == LNN_INCONCLUSIVE ||
                      found[i].judgement.verdict == LNN_NOT_MET,
                  "%s: %s on %s %s: %s", when, found[i].theorem->name,
                  found[i].record->name, lnn_verdict_name(found[i].judgement.verdict),
                  found[i].judgement.reason);
    free(found);
}

Test(theorem_list, some_hold_where_their_hypotheses_do)
{
    struct lnn_evidence *e = all_systems("");
    cr_assert(count(e, LNN_HOLDS) >= 5, "%zu", count(e, LNN_HOLDS));
    lnn_evidence_free(e);
}

/* NaN in row `row` of W and of the layers. */
static void spoil(struct lnn_evidence *e, size_t row)
{
    for (size_t i = 0; i < e->n; i++) {
        struct lnn_record *r = &e->records[i];
        double *W = (double *)(uintptr_t)r->W, *w = (double *)(uintptr_t)r->w;
        if (W) W[row * r->k * r->d] = NAN;
        for (size_t j = 1; w && j <= r->net.N; j++)
            w[row * r->net.size + lnn_network_offset(&r->net, j)] = NAN;
    }
}

Test(theorem_list, none_holds_on_rows_that_are_nan)
{
    static const size_t rows[] = {0, 7, 20};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lnn_evidence *e = all_systems("");
        spoil(e, rows[i]);
        none_holds(e, "NaN");
        lnn_evidence_free(e);
    }
}

/* A statement about single states, not about their change. */
static bool of_one_row(const struct lnn_theorem *t)
{
    return strcmp(t->name, "preconditioner") == 0 ||
           strcmp(t->name, "curvature_bound") == 0;
}

Test(theorem_list, none_holds_on_a_single_row)
{
    struct lnn_evidence *e = all_systems("");
    struct lnn_finding *found;
    size_t n;
    for (size_t i = 0; i < e->n; i++)
        e->records[i].rows = 1, e->records[i].weights_rows = e->records[i].w ? 1 : 0;
    LNN_OK(lnn_judge_all(e, NULL, &n, &found));
    for (size_t i = 0; i < n; i++)
        cr_assert(of_one_row(found[i].theorem) ||
                      found[i].judgement.verdict != LNN_HOLDS,
                  "%s on %s", found[i].theorem->name, found[i].record->name);
    free(found);
    lnn_evidence_free(e);
}

Test(theorem_list, none_holds_without_weights_or_rows)
{
    struct lnn_evidence *e = all_systems("");
    for (size_t i = 0; i < e->n; i++) {
        e->records[i].w = e->records[i].W = NULL;
        e->records[i].weights_rows = 0;
    }
    none_holds(e, "no weights");
    lnn_evidence_free(e);
    e = all_systems("");
    for (size_t i = 0; i < e->n; i++) e->records[i].rows = 0;
    none_holds(e, "no rows");
    lnn_evidence_free(e);
}

/* No judge needs what the file may leave out: loss, errors, times, depth. */
Test(theorem_list, missing_pieces_are_no_crash)
{
    for (int piece = 0; piece < 7; piece++) {
        struct lnn_evidence *e = all_systems("");
        for (size_t i = 0; i < e->n; i++) {
            struct lnn_record *r = &e->records[i];
            if (piece == 0) r->loss = NULL;
            if (piece == 1) r->W_error = r->loss_error = NULL;
            if (piece == 2) r->iteration = NULL;
            if (piece == 3) r->w = NULL, r->net.N = 0, r->weights_rows = 0;
            if (piece == 4) r->W = NULL;
            if (piece == 5) r->learning_rate = NAN;
            for (size_t q = 0; piece == 6 && q < r->rows; q++)
                ((double *)(uintptr_t)r->t)[q] = NAN;
        }
        struct lnn_evidence bare = *e;
        (void)count(e, LNN_HOLDS);
        bare.objective = NULL;
        bare.data = NULL;
        (void)count(&bare, LNN_HOLDS);
        lnn_evidence_free(e);
    }
}

Test(theorem_list, one_can_be_asked_for)
{
    struct lnn_evidence *e = all_systems("");
    struct lnn_finding *found;
    size_t n;
    LNN_OK(lnn_judge_all(e, lnn_theorems[0]->name, &n, &found));
    cr_assert(n >= 1);
    for (size_t i = 0; i < n; i++) cr_assert(found[i].theorem == lnn_theorems[0]);
    free(found);
    char near[100];
    snprintf(near, sizeof near, "%sx", lnn_theorems[0]->name);
    cr_assert(lnn_judge_all(e, near, &n, &found) == GSL_EINVAL);
    cr_assert(n == 0 && found == NULL);
    cr_assert(strstr(lnn_error(), lnn_theorems[0]->name) != NULL);
    cr_assert(strstr(lnn_error(), "did you mean") != NULL);
    cr_assert(lnn_judge_all(e, "", &n, &found) == GSL_EINVAL);
    lnn_evidence_free(e);
}

/* A foreign descent loop: the update rule shows in every iteration, and what only the
 * flow conserves drifts by eta. */
Test(theorem_list, foreign_descent_is_told_from_flow)
{
    struct descent run;
    struct lnn_evidence *e;
    struct foreign f = foreign_layers(&run, 0.05);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_number(&f, "/", "learning_rate", 0.05);
    LNN_OK(foreign_read(&f, &e));
    struct lnn_finding *found;
    size_t n;
    LNN_OK(lnn_judge_all(e, "descent_drift_identity", &n, &found));
    cr_assert(n == 1 && found[0].judgement.verdict == LNN_HOLDS, "%s",
              n ? found[0].judgement.reason : "");
    free(found);
    LNN_OK(lnn_judge_all(e, "balancedness_preserved", &n, &found));
    cr_assert(n == 1 && found[0].judgement.verdict == LNN_VIOLATED, "%s",
              n ? found[0].judgement.reason : "");
    free(found);
    lnn_evidence_free(e);
}
