/* The problem files of tests/theorems: one where the theorem holds, one where it must
 * not. */
#include "test_theorems_flow.h"

TestSuite(theorems_flow_files, .init = lnn_test_setup, .timeout = 60);

/* The verdicts on every record the theorem is about, all alike. */
static void expect(const struct lnn_theorem *theorem, const char *which,
                   enum lnn_verdict verdict)
{
    char path[300];
    size_t records = 0;
    snprintf(path, sizeof path, "%s/tests/theorems/%s_%s.yaml", LNN_SOURCE,
             theorem->name, which);
    struct lnn_problem *problem = NULL;
    struct lnn_simulation *sim = NULL;
    struct bench b = {.evidence = NULL};
    LNN_OK(lnn_problem_read(path, NULL, &problem));
    snprintf(path, sizeof path, "/tmp/lnn_theorem_XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    struct lnn_simulate_options options = {.output = path, .force = true};
    LNN_OK(lnn_simulate(problem, &options, &sim));
    LNN_OK(lnn_evidence_read(path, &b.evidence));
    for (size_t i = 0; i < b.evidence->n; i++) {
        const struct lnn_record *r = &b.evidence->records[i];
        if (!theorem->about(b.evidence, r)) continue;
        EXPECT(&b, theorem, r, verdict);
        records++;
    }
    cr_assert(records > 0, "%s is about nothing in its own file", theorem->name);
    lnn_evidence_free(b.evidence);
    lnn_simulation_free(sim);
    lnn_problem_free(problem);
    unlink(path);
}

Test(theorems_flow_files, hold)
{
    expect(&lnn_theorem_balancedness_preserved, "holds", LNN_HOLDS);
    expect(&lnn_theorem_energy_identity, "holds", LNN_HOLDS);
    expect(&lnn_theorem_descent_drift_identity, "holds", LNN_HOLDS);
    expect(&lnn_theorem_end_to_end_dynamics, "holds", LNN_HOLDS);
    expect(&lnn_theorem_end_to_end_single_output, "holds", LNN_HOLDS);
}

Test(theorems_flow_files, do_not_hold)
{
    expect(&lnn_theorem_balancedness_preserved, "broken", LNN_VIOLATED);
    expect(&lnn_theorem_energy_identity, "broken", LNN_VIOLATED);
    expect(&lnn_theorem_descent_drift_identity, "broken", LNN_INCONCLUSIVE);
    expect(&lnn_theorem_end_to_end_dynamics, "broken", LNN_NOT_MET);
    expect(&lnn_theorem_end_to_end_single_output, "broken", LNN_NOT_MET);
}
