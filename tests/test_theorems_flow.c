/* Theorems on gradient flow where they hold: shapes, depths, steppers, decay,
 * losses. */
#include "test_theorems_flow.h"

TestSuite(theorems_flow, .init = lnn_test_setup, .timeout = 120);

/* Any start: balancedness and energy. (A width of 1 cannot be balanced to a W of rank
 * 2, so the start is Gaussian.) */
Test(theorems_flow, hold_from_any_start_and_shape)
{
    static const char *const decay[] = {"loss={kind: square}",
                                        "loss={kind: square, weight_decay: 0.3}",
                                        "loss={kind: lp, p: 4}"};
    for (int i = 0; i < N_SHAPES * 3; i++) {
        const char *set[] = {
            SHAPES[i % N_SHAPES], decay[i / N_SHAPES],
            i < 2 * N_SHAPES ? "time.end=3" : "time={end: 0.3, samples: 301}", NULL};
        struct bench b = bench_of(WIDE GAUSSIAN TIMES, set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        if (r->net.N > 1) EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, record_of(&b, "end_to_end"),
               LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_flow, the_product_of_balanced_layers_obeys_theorem_1)
{
    static const char *const starts[] = {
        "init={kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}",
        "init={kind: balanced, matrix: [[0.2, -0.1, 0.2], [0.4, -0.2, 0.4]]}"};
    for (int i = 0; i < N_SHAPES * 4; i++) {
        const char *set[] = {
            SHAPES[i % N_SHAPES], starts[i / N_SHAPES % 2],
            i < 2 * N_SHAPES ? "loss.weight_decay=0" : "loss.weight_decay=0.2", NULL};
        if (i % N_SHAPES == 3 && i / N_SHAPES % 2 == 0) continue; /* rank 1 only */
        struct bench b = bench_of(WIDE A0 TIMES, set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, record_of(&b, "end_to_end"),
               LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_flow, tall_and_square_products_too)
{
    static const char *const text[] = {
        "network: {widths: [2, 3, 4, 3]}\n"
        "data: {kind: target, matrix: [[1, 0.2], [0, -1], [0.5, 0.3]]}\n",
        "network: {widths: [2, 2, 2]}\n"
        "data: {kind: target, matrix: [[1, 0.2], [0.5, -1]]}\n",
        "network: {widths: [1, 1, 1, 1]}\ndata: {kind: target, matrix: [[2]]}\n",
        "network: {widths: [4, 3, 2]}\n"
        "data: {kind: teacher, samples: 30, noise: 0.1}\n"};
    for (int i = 0; i < 4; i++) {
        char yaml[400];
        snprintf(yaml, sizeof yaml, "%sinit: {kind: balanced, scale: 0.4, seed: 2}\n%s",
                 text[i], TIMES);
        struct bench b = bench_of(yaml, NULL);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_flow, every_stepper_at_every_tolerance)
{
    static const char *const steppers[] = {
        "rk8pd", "rkf45", "rk4", "rk2", "gauss", "msadams", "msbdf", "bsimp", "rk4imp"};
    for (int i = 0; i < 27; i++) {
        char stepper[60], rtol[60], atol[60];
        int digits = 5 + 2 * (i / 9);
        snprintf(stepper, sizeof stepper, "trajectories.stepper=%s", steppers[i % 9]);
        snprintf(rtol, sizeof rtol, "trajectories.rtol=1e-%d", digits);
        snprintf(atol, sizeof atol, "trajectories.atol=1e-%d", digits + 2);
        const char *set[] = {stepper, rtol, atol, NULL};
        struct bench b = bench_of(WIDE A0 TIMES "trajectories: [{system: "
                                                "gradient_flow}]\n",
                                  set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        bench_free(&b);
    }
}

/* After convergence W's error dies out; the drift does not, and its bar may not. */
Test(theorems_flow, long_runs_and_logarithmic_times)
{
    static const char *const times[] = {
        "time={end: 2000, samples: 41}",
        "time={end: 300, samples: 61, spacing: log, first: 0.01}"};
    static const char *const steppers[] = {"rk8pd", "rkf45", "msadams"};
    for (int i = 0; i < 6; i++) {
        char stepper[60];
        snprintf(stepper, sizeof stepper, "trajectories.stepper=%s", steppers[i % 3]);
        const char *set[] = {times[i / 3], stepper, "trajectories.rtol=1e-7", NULL};
        struct bench b = bench_of(WIDE GAUSSIAN TIMES "trajectories: [{system: "
                                                      "gradient_flow}]\n",
                                  set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
        if (i >= 3) EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        bench_free(&b);
    }
}

#define ONE "data: {kind: target, matrix: [[1, 0.5, -0.25]]}\n"

Test(theorems_flow, single_output)
{
    static const char *const widths[] = {
        "network.widths=[3, 1]", "network.widths=[3, 2, 1]",
        "network.widths=[3, 1, 4, 1]", "network.widths=[3, 3, 3, 2, 1]"};
    for (int i = 0; i < 8; i++) {
        const char *set[] = {widths[i % 4],
                             i < 4 ? "loss.weight_decay=0" : "loss.weight_decay=0.1",
                             NULL};
        struct bench b =
            bench_of("network: {widths: [3, 2, 1]}\n" ONE
                     "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1]]}\n" TIMES
                     "trajectories:\n"
                     "  - {system: gradient_flow}\n"
                     "  - {system: end_to_end_descent, learning_rate: 0.05}\n",
                     set);
        EXPECT(&b, &lnn_theorem_end_to_end_single_output,
               record_of(&b, "gradient_flow"), LNN_HOLDS);
        struct lnn_record *rule = record_of(&b, "end_to_end_descent");
        EXPECT(&b, &lnn_theorem_end_to_end_single_output, rule, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_end_to_end_dynamics, rule, LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_flow, discrete_rules_and_the_drift_identity)
{
    for (int i = 0; i < 2 * N_SHAPES; i++) {
        const char *set[] = {
            SHAPES[i % N_SHAPES],
            i < N_SHAPES ? "loss.weight_decay=0" : "loss.weight_decay=0.4", NULL};
        struct bench b =
            bench_of(WIDE GAUSSIAN TIMES
                     "trajectories:\n"
                     "  - {system: gradient_descent, learning_rate: 0.05}\n"
                     "  - {system: end_to_end_descent, learning_rate: 0.05}\n",
                     set);
        struct lnn_record *r = record_of(&b, "gradient_descent");
        if (r->net.N > 1) EXPECT(&b, &lnn_theorem_descent_drift_identity, r, LNN_HOLDS);
        EXPECT(&b, &lnn_theorem_end_to_end_dynamics,
               record_of(&b, "end_to_end_descent"), LNN_HOLDS);
        bench_free(&b);
    }
}

/* The identity's drift is no rounding: it is much larger than its bar. */
Test(theorems_flow, the_drift_of_descent_is_resolved)
{
    struct bench b = bench_of(WIDE GAUSSIAN TIMES "trajectories: [{system: "
                                                  "gradient_descent, learning_rate: "
                                                  "0.05}]\n",
                              NULL);
    struct lnn_record *r = record_of(&b, "gradient_descent");
    struct lnn_judgement j = judged(&b, &lnn_theorem_descent_drift_identity, r);
    cr_assert(j.figures[0].value == 60 && j.figures[1].value > 1e8 * j.bar, "%s",
              j.explain);
    bench_free(&b);
}

/* Small starts: W says little about its layers. Rank 1 at depth 8: rounding of a zero
 * singular value would be a slope of 1e-17^{2/8}. */
Test(theorems_flow, small_and_deep_starts)
{
    static const char *const init[] = {
        "init={kind: gaussian, scale: 0.03, seed: 4}",
        "init={kind: balanced, scale: 0.0001, seed: 4, rotate: true}",
        "init={kind: balanced, matrix: [[1, -1, 1], [2, -2, 2]], rotate: true}"};
    static const char *const widths[] = {"network.widths=[3, 4, 3, 2]",
                                         "network.widths=[3, 3, 3, 3, 3, 3, 3, 3, 2]"};
    for (int i = 0; i < 6; i++) {
        const char *set[] = {init[i % 3], widths[i / 3], NULL};
        struct bench b = bench_of(
            WIDE A0
            "time: {end: 6, samples: 61}\ntrajectories: [{system: "
            "gradient_flow}, {system: end_to_end_descent, learning_rate: 0.1}]\n",
            set);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_balancedness_preserved, r, LNN_HOLDS);
        if (i % 3) EXPECT(&b, &lnn_theorem_end_to_end_dynamics, r, LNN_HOLDS);
        bench_free(&b);
    }
}
