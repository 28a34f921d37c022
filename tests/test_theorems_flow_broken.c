/* Negative controls of the theorems on flows, and the smallest perturbation seen. */
#include "test_theorems_flow.h"

TestSuite(theorems_flow_broken, .init = lnn_test_setup, .timeout = 120);

#define FLOWS "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"

static const struct lnn_theorem *const LAYERS[] = {&lnn_theorem_balancedness_preserved,
                                                   &lnn_theorem_energy_identity,
                                                   &lnn_theorem_end_to_end_dynamics};

Test(theorems_flow_broken, unbalanced_start_is_not_met)
{
    struct bench b = bench_of(WIDE GAUSSIAN TIMES FLOWS, NULL);
    struct lnn_record *r = record_of(&b, "gradient_flow");
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_NOT_MET);
    bench_free(&b);
}

Test(theorems_flow_broken, a_weight_off_by_a_millionth)
{
    struct bench b = bench_of(WIDE A0 TIMES FLOWS, NULL);
    struct lnn_record *r = record_of(&b, "gradient_flow");
    for (size_t row = 0; row <= 60; row += 20)
        for (size_t entry = 0; entry < r->net.size; entry += 5) {
            double *w = weights(r, row), was = w[entry];
            w[entry] += 1e-6;
            EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_VIOLATED);
            EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_NOT_MET);
            w[entry] = was;
        }
    bench_free(&b);
}

/* Within 100 times the global error: the layers' theorems, wherever the weight lies. */
Test(theorems_flow_broken, the_smallest_perturbation_detected)
{
    static const char *const steppers[] = {"rk8pd", "gauss", "msadams"};
    for (int i = 0; i < 3; i++) {
        char stepper[60];
        snprintf(stepper, sizeof stepper, "trajectories.stepper=%s", steppers[i]);
        const char *set[] = {stepper, NULL};
        struct bench b = bench_of(WIDE A0 TIMES "trajectories: [{system: "
                                                "gradient_flow}]\n",
                                  set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        double error = global_error(r);
        for (int c = 0; c < 3; c += 2)
            for (size_t entry = 0; entry < r->net.size; entry += 7) {
                double by = smallest_detected(&b, LAYERS[c], r, 40, entry);
                if (getenv("LNN_SHOW"))
                    fprintf(stderr, "%s %s entry %zu: %.2g = %.3g errors\n",
                            steppers[i], LAYERS[c]->name, entry, by, by / error);
                cr_assert(by <= 100 * error, "%s, %s, entry %zu: %g, error %g",
                          steppers[i], LAYERS[c]->name, entry, by, error);
            }
        bench_free(&b);
    }
}

/* An early row, where the gradient is large: the energy sees 1e-6, too. */
Test(theorems_flow_broken, energy_sees_a_perturbed_row)
{
    struct bench b =
        bench_of(WIDE GAUSSIAN "time: {end: 1, samples: 201}\n" FLOWS, NULL);
    struct lnn_record *r = record_of(&b, "gradient_flow");
    double by = smallest_detected(&b, &lnn_theorem_energy_identity, r, 200, 3);
    if (getenv("LNN_SHOW"))
        fprintf(stderr, "energy: %.2g = %.3g errors\n", by, by / global_error(r));
    cr_assert(by <= 1e-6, "%g", by);
    bench_free(&b);
}

/* Time stretched by a tenth: no gradient flow any more, but C_j cannot tell. */
Test(theorems_flow_broken, a_wrong_clock_breaks_the_energy)
{
    struct bench b = bench_of(WIDE GAUSSIAN TIMES FLOWS, NULL);
    struct lnn_record *r = record_of(&b, "gradient_flow"),
                      *closed = record_of(&b, "end_to_end");
    for (size_t i = 0; i < r->rows; i++) ((double *)r->t)[i] *= 1.1;
    if (r->w_t != r->t)
        for (size_t i = 0; i < r->weights_rows; i++) ((double *)r->w_t)[i] *= 1.1;
    for (size_t i = 0; i < closed->rows; i++) ((double *)closed->t)[i] *= 1.1;
    EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
    EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_VIOLATED);
    EXPECT(&b, &lnn_theorem_energy_identity, closed, LNN_VIOLATED);
    bench_free(&b);
}

/* Descent is told from flow: by the drift that eta predicts. */
Test(theorems_flow_broken, descent_drifts_in_proportion_to_eta)
{
    double drift[3];
    for (int i = 0; i < 3; i++) {
        char rate[60];
        snprintf(rate, sizeof rate, "trajectories.learning_rate=%g", 0.05 / (1 << i));
        const char *set[] = {rate, NULL};
        struct bench b = bench_of(WIDE GAUSSIAN TIMES "trajectories: [{system: "
                                                      "gradient_descent, "
                                                      "learning_rate: 1}]\n",
                                  set);
        struct lnn_record *r = record_of(&b, "gradient_descent");
        struct lnn_judgement j = judged(&b, &lnn_theorem_balancedness_preserved, r);
        cr_assert(j.verdict == LNN_VIOLATED, "%s", j.reason);
        drift[i] = j.figures[0].value;
        struct lnn_judgement energy = judged(&b, &lnn_theorem_energy_identity, r);
        cr_assert(energy.verdict == LNN_VIOLATED, "%s", energy.reason);
        LNN_CLOSE(named(&energy, "gap expected of descent, order eta") /
                      energy.measured,
                  1, 0.3);
        if (getenv("LNN_SHOW"))
            fprintf(stderr, "eta %s: %zu rows, expected / measured %.9g\n", rate,
                    r->weights_rows, j.figures[3].value / j.measured);
        LNN_CLOSE(j.figures[3].value / j.measured, 1, i < 1 ? 1e-6 : 0.05);
        bench_free(&b);
    }
    LNN_CLOSE(log2(drift[0] / drift[1]), 1, 0.15);
    LNN_CLOSE(log2(drift[1] / drift[2]), 1, 0.1);
}

Test(theorems_flow_broken, wrong_exponents)
{
    static const size_t shallow[] = {3, 4, 2};
    struct bench b = bench_of(WIDE A0 TIMES
                              "trajectories:\n"
                              "  - {system: gradient_flow}\n"
                              "  - {system: end_to_end}\n"
                              "  - {system: end_to_end_descent, learning_rate: 0.05}\n",
                              NULL);
    const char *set[] = {"network.widths=[3, 4, 2]", NULL};
    struct bench other = bench_of(WIDE A0 TIMES FLOWS, set);
    struct lnn_record *rule = record_of(&b, "end_to_end_descent");
    struct lnn_network was = rule->net;
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, rule, LNN_HOLDS);
    rule->net = lnn_network_of(3, shallow);
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, rule, LNN_VIOLATED);
    rule->net = was;
    /* the end-to-end solution of another depth, from the same start */
    struct lnn_record *closed = record_of(&b, "end_to_end");
    const double *W = closed->W;
    closed->W = record_of(&other, "end_to_end")->W;
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, record_of(&b, "gradient_flow"),
           LNN_VIOLATED);
    closed->W = W;
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, record_of(&b, "gradient_flow"),
           LNN_HOLDS);
    bench_free(&other);
    bench_free(&b);
}

Test(theorems_flow_broken, drift_identity_sees_a_wrong_rate_and_a_weight)
{
    struct bench b = bench_of(WIDE GAUSSIAN TIMES "trajectories: [{system: "
                                                  "gradient_descent, learning_rate: "
                                                  "0.05}]\n",
                              NULL);
    struct lnn_record *r = record_of(&b, "gradient_descent");
    double by = smallest_detected(&b, &lnn_theorem_descent_drift_identity, r, 30, 2);
    if (getenv("LNN_SHOW"))
        fprintf(stderr, "identity: %.2g = %.3g errors\n", by, by / global_error(r));
    cr_assert(by <= 1e-12, "%g", by);
    r->weight_decay = 1e-6;
    EXPECT(&b, &lnn_theorem_descent_drift_identity, r, LNN_VIOLATED);
    r->weight_decay = 0;
    for (size_t i = 0; i < r->weights_rows; i++) ((double *)r->w_t)[i] *= 1.001;
    if (r->w_t != r->t)
        for (size_t i = 0; i < r->rows; i++) ((double *)r->t)[i] *= 1.001;
    r->learning_rate *= 1.001;
    EXPECT(&b, &lnn_theorem_descent_drift_identity, r, LNN_VIOLATED);
    bench_free(&b);
}

Test(theorems_flow_broken, too_little_or_nan_is_inconclusive)
{
    struct bench b = bench_of(WIDE A0 TIMES FLOWS, NULL);
    struct lnn_record *r = record_of(&b, "gradient_flow");
    for (int c = 0; c < 3; c++) {
        struct lnn_record was = *r;
        double kept = weights(r, 7)[3];
        weights(r, 7)[3] = NAN;
        EXPECT(&b, LAYERS[c], r, LNN_INCONCLUSIVE);
        weights(r, 7)[3] = kept;
        r->weights_rows = 1;
        EXPECT(&b, LAYERS[c], r, LNN_INCONCLUSIVE);
        *r = was;
        r->w = NULL;
        EXPECT(&b, LAYERS[c], r, LNN_INCONCLUSIVE);
        *r = was;
        kept = r->weights_error[7];
        ((double *)r->weights_error)[7] = NAN;
        EXPECT(&b, LAYERS[c], r, LNN_INCONCLUSIVE);
        ((double *)r->weights_error)[7] = kept;
        EXPECT(&b, LAYERS[c], r, LNN_HOLDS);
        /* a file that knows of W alone: the layers' bars are made of W's */
        r->weights_error = NULL;
        EXPECT(&b, LAYERS[c], r, LNN_HOLDS);
        kept = r->W_error[7];
        ((double *)r->W_error)[7] = NAN;
        EXPECT(&b, LAYERS[c], r, LNN_INCONCLUSIVE);
        ((double *)r->W_error)[7] = kept;
        *r = was;
    }
    const struct lnn_objective *objective = b.evidence->objective;
    b.evidence->objective = NULL;
    EXPECT(&b, LAYERS[1], r, LNN_INCONCLUSIVE);
    EXPECT(&b, LAYERS[2], r, LNN_INCONCLUSIVE);
    b.evidence->objective = objective;
    bench_free(&b);
}

/* No error bars in the file: the spacing of the samples gives wider ones; with too few
 * samples nothing is told. */
Test(theorems_flow_broken, without_stated_error_bars)
{
    static const char *const samples[] = {"time.samples=61", "time.samples=4"};
    for (int i = 0; i < 2; i++) {
        const char *set[] = {samples[i], NULL};
        struct bench b = bench_of(WIDE A0 TIMES FLOWS, set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        r->W_error = record_of(&b, "end_to_end")->W_error = NULL;
        r->weights_error = NULL;
        for (int c = 0; c < 3; c++)
            EXPECT(&b, LAYERS[c], r, i ? LNN_INCONCLUSIVE : LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_flow_broken, sparse_iterations_say_nothing_on_one_iteration)
{
    struct bench b =
        bench_of(WIDE A0 "time: {end: 3, samples: 7}\ntrajectories:\n"
                         "  - {system: gradient_descent, learning_rate: 0.05}\n"
                         "  - {system: end_to_end_descent, learning_rate: 0.05}\n",
                 NULL);
    EXPECT(&b, &lnn_theorem_descent_drift_identity, record_of(&b, "gradient_descent"),
           LNN_INCONCLUSIVE);
    EXPECT(&b, &lnn_theorem_end_to_end_dynamics, record_of(&b, "end_to_end_descent"),
           LNN_INCONCLUSIVE);
    bench_free(&b);
}
