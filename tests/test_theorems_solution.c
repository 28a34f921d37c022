/* W alone along the end-to-end flow, judged by its own equation. */
#include "test_theorems_flow.h"

TestSuite(theorems_solution, .init = lnn_test_setup, .timeout = 120);

#define CLOSED "trajectories: [{system: end_to_end}]\n"
#define DENSE "time: {end: 3, samples: 301}\n"

static const struct lnn_theorem *const RATE = &lnn_theorem_end_to_end_dynamics;

static double *row_of(struct lnn_record *r, size_t row)
{
    return (double *)r->W + row * r->k * r->d;
}

Test(theorems_solution, holds_for_shapes_ranks_and_decay)
{
    static const char *const starts[] = {
        "init={kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}",
        "init={kind: balanced, matrix: [[0.2, -0.1, 0.2], [0.4, -0.2, 0.4]]}"};
    for (int i = 0; i < N_SHAPES * 4; i++) {
        const char *set[] = {
            SHAPES[i % N_SHAPES], starts[i / N_SHAPES % 2],
            i < 2 * N_SHAPES ? "loss.weight_decay=0" : "loss.weight_decay=0.2", NULL};
        if (i % N_SHAPES == 3 && i / N_SHAPES % 2 == 0) continue; /* rank 1 only */
        struct bench b = bench_of(WIDE A0 DENSE CLOSED, set);
        EXPECT(&b, RATE, record_of(&b, "end_to_end"), LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_solution, holds_for_tall_square_and_scalar_products_and_real_losses)
{
    static const char *const text[] = {
        "network: {widths: [2, 3, 4, 3]}\n"
        "data: {kind: target, matrix: [[1, 0.2], [0, -1], [0.5, 0.3]]}\n",
        "network: {widths: [2, 2, 2]}\nloss: {kind: lp, p: 4}\n"
        "data: {kind: target, matrix: [[1, 0.2], [0.5, -1]]}\n",
        "network: {widths: [1, 1, 1, 1]}\ndata: {kind: target, matrix: [[2]]}\n",
        "network: {widths: [4, 3, 2]}\n"
        "data: {kind: teacher, samples: 30, noise: 0.1}\n",
        "network: {widths: [4, 3, 3, 1]}\n"
        "data: {kind: teacher, samples: 30, noise: 0.1}\n"};
    for (int i = 0; i < 5; i++) {
        char yaml[400];
        snprintf(yaml, sizeof yaml, "%sinit: {kind: balanced, scale: 0.4, seed: 2}\n%s",
                 text[i], DENSE CLOSED);
        struct bench b = bench_of(yaml, NULL);
        struct lnn_record *r = record_of(&b, "end_to_end");
        EXPECT(&b, RATE, r, LNN_HOLDS);
        if (r->k == 1) EXPECT(&b, &lnn_theorem_end_to_end_single_output, r, LNN_HOLDS);
        bench_free(&b);
    }
}

Test(theorems_solution, every_stepper_at_every_tolerance)
{
    static const char *const steppers[] = {"rk8pd", "rkf45", "rk4",
                                           "rk2",   "gauss", "msadams"};
    for (int i = 0; i < 18; i++) {
        char stepper[60], rtol[60], atol[60];
        int digits = 5 + 2 * (i / 6);
        snprintf(stepper, sizeof stepper, "trajectories.stepper=%s", steppers[i % 6]);
        snprintf(rtol, sizeof rtol, "trajectories.rtol=1e-%d", digits);
        snprintf(atol, sizeof atol, "trajectories.atol=1e-%d", digits + 2);
        const char *set[] = {stepper, rtol, atol, NULL};
        struct bench b = bench_of(WIDE A0 DENSE CLOSED, set);
        EXPECT(&b, RATE, record_of(&b, "end_to_end"), LNN_HOLDS);
        bench_free(&b);
    }
}

/* Within 100 times the global error, in any entry of an early, middle and late row. */
Test(theorems_solution, the_smallest_perturbation_detected)
{
    struct bench b = bench_of(WIDE A0 DENSE CLOSED, NULL);
    struct lnn_record *r = record_of(&b, "end_to_end");
    double error = global_error(r);
    for (size_t row = 10; row <= 300; row += 145)
        for (size_t entry = 0; entry < 6; entry++) {
            double *W = row_of(r, row), was = W[entry], by = error;
            W[entry] = was + by;
            while (judged(&b, RATE, r).verdict != LNN_VIOLATED && by < 1) {
                by *= 1.5;
                W[entry] = was + by;
            }
            W[entry] = was;
            if (getenv("LNN_SHOW"))
                fprintf(stderr, "row %zu entry %zu: %.3g errors\n", row, entry,
                        by / error);
            cr_assert(by <= 100 * error, "row %zu, entry %zu: %g", row, entry, by);
        }
    bench_free(&b);
}

Test(theorems_solution, another_depth_or_decay_or_clock_is_violated)
{
    static const size_t shallow[] = {3, 4, 2};
    struct bench b = bench_of(WIDE A0 DENSE CLOSED, NULL);
    struct lnn_record *r = record_of(&b, "end_to_end"), was = *r;
    r->net = lnn_network_of(3, shallow);
    EXPECT(&b, RATE, r, LNN_VIOLATED);
    *r = was;
    r->weight_decay = 1e-6;
    EXPECT(&b, RATE, r, LNN_VIOLATED);
    *r = was;
    for (size_t i = 0; i < r->rows; i++) ((double *)r->t)[i] *= 1.000001;
    EXPECT(&b, RATE, r, LNN_VIOLATED);
    bench_free(&b);
}

Test(theorems_solution, too_little_or_nan_is_inconclusive)
{
    struct bench b = bench_of(WIDE A0 DENSE CLOSED, NULL);
    struct lnn_record *r = record_of(&b, "end_to_end"), was = *r;
    double kept = row_of(r, 7)[3];
    row_of(r, 7)[3] = NAN;
    EXPECT(&b, RATE, r, LNN_INCONCLUSIVE);
    row_of(r, 7)[3] = kept;
    r->rows = 1;
    EXPECT(&b, RATE, r, LNN_INCONCLUSIVE);
    *r = was;
    double *t = (double *)r->t, later = t[9];
    t[9] = t[8];
    EXPECT(&b, RATE, r, LNN_INCONCLUSIVE);
    t[9] = later;
    EXPECT(&b, RATE, r, LNN_HOLDS);
    bench_free(&b);
}

/* Five samples over all that happens: neighbouring orders may agree by chance, but two
 * digits of agreement are asked for. */
Test(theorems_solution, coarse_samples_are_inconclusive)
{
    static const char *const samples[] = {"time.samples=2", "time.samples=4",
                                          "time={end: 300, samples: 11}"};
    for (int i = 0; i < 3; i++) {
        const char *set[] = {samples[i], NULL};
        struct bench b =
            bench_of(WIDE A0 DENSE "trajectories: [{system: gradient_flow}, {system: "
                                   "end_to_end}]\n",
                     set);
        EXPECT(&b, RATE, record_of(&b, "end_to_end"), LNN_INCONCLUSIVE);
        EXPECT(&b, &lnn_theorem_energy_identity, record_of(&b, "end_to_end"),
               LNN_INCONCLUSIVE);
        EXPECT(&b, &lnn_theorem_energy_identity, record_of(&b, "gradient_flow"),
               LNN_INCONCLUSIVE);
        bench_free(&b);
    }
}
