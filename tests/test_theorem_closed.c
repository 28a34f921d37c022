/* aligned_modes, riccati_solution and one_layer_solution. */
#include "test_closed_theorems.h"

TestSuite(theorem_closed, .init = lnn_test_setup, .timeout = 120);

/* U diag(3, 1) V^T and U diag(0.01, 0.01) V^T of theory's matrix oracle */
#define ALIGNED                                                                \
    "network: {widths: [3, 4, 4, 2]}\n"                                        \
    "data: {kind: target, matrix: [[1.4666666666666667, 0.6666666666666667, "  \
    "-1.1333333333333333], [1.4, 2, -0.4]]}\n"                                 \
    "init: {kind: balanced, rotate: true, matrix: [[0.006666666666666667, "    \
    "-0.0013333333333333333, -0.007333333333333333], [0.0033333333333333333, " \
    "0.009333333333333333, 0.0013333333333333333]]}\n"                         \
    "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"          \
    "time: {end: 4, samples: 41}\n"

Test(theorem_closed, times_to_half_height_of_the_oracle)
{
    static const double half[] = {0.689808279294431, 0.950073928898448,
                                  1.34810387087341,  1.60983237536223,
                                  1.74405304407717,  1.76856808620075};
    static const char *const widths[] = {"network.widths=[3, 2]",
                                         "network.widths=[3, 2, 2]",
                                         "network.widths=[3, 4, 4, 2]",
                                         "network.widths=[3, 2, 5, 3, 2]",
                                         "network.widths=[3, 2, 2, 2, 2, 2]",
                                         "network.widths=[3, 2, 2, 2, 2, 2, 2, 2, 2]"};
    for (size_t i = 0; i < 6; i++) {
        const char *set[] = {widths[i], i == 0 ? "init.rotate=false" : NULL, NULL};
        struct judged v = evidence_of(ALIGNED, set);
        VERDICT(&v, "aligned_modes", "end_to_end", LNN_HOLDS);
        VERDICT(&v, "aligned_modes", "gradient_flow", LNN_HOLDS);
        LNN_CLOSE(figure(&v, "mode 1: time to u = s/2"), half[i], 1e-12);
        LNN_CLOSE(figure(&v, "mode 1: target s"), 3, 1e-14);
        LNN_CLOSE(figure(&v, "mode 2: target s"), 1, 1e-14);
        LNN_CLOSE(figure(&v, "mode 1: u(0)"), 0.01, 1e-15);
        /* the bar is of the size of the integrator's error, not wider */
        cr_assert(figure(&v, "widest error bar") < 1e-9);
        forget(&v);
    }
}

/* Row 8 is t = 0.8: the modes of the oracle in the oracle's basis. */
Test(theorem_closed, aligned_rows_are_the_matrix_oracle)
{
    static const double U[] = {0.6, -0.8, 0.8, 0.6}, third = 1.0 / 3;
    static const double V[] = {2, -1, 2, 2, -1, 2},
                        modes[] = {0.0858698416784, 0.0174931060052};
    struct judged v = evidence_of(ALIGNED, NULL);
    VERDICT(&v, "aligned_modes", "gradient_flow", LNN_HOLDS);
    LNN_CLOSE(v.r->t[8], 0.8, 1e-15);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 3; j++) {
            double w = 0;
            for (size_t m = 0; m < 2; m++)
                w += U[i * 2 + m] * modes[m] * V[j * 2 + m] * third;
            LNN_CLOSE(v.r->W[8 * 6 + i * 3 + j], w, 1e-10);
        }
    forget(&v);
}

Test(theorem_closed, aligned_modes_sees_every_entry_and_damage)
{
    struct judged v = evidence_of(ALIGNED, NULL);
    every_entry_counts(&v, "aligned_modes", "gradient_flow");
    every_entry_counts(&v, "aligned_modes", "end_to_end");
    damage_is_inconclusive(&v, "aligned_modes", "gradient_flow");
    damage_is_inconclusive(&v, "aligned_modes", "end_to_end");
    struct lnn_record *r = record_at(&v, "gradient_flow");
    double *w = spoil(r->w) + 20 * r->net.size, kept = w[3]; /* W is left alone */
    w[3] += 1e-6;
    VERDICT(&v, "aligned_modes", "gradient_flow", LNN_VIOLATED);
    w[3] = kept;
    const double *layers = r->w;
    r->w = NULL; /* balanced or not: unknown */
    VERDICT(&v, "aligned_modes", "gradient_flow", LNN_INCONCLUSIVE);
    r->w = layers;
    forget(&v);
}

/* The right curve at another depth, or with the factor 2 of another loss. */
Test(theorem_closed, aligned_modes_of_another_depth_or_clock)
{
    static const size_t shallow[] = {3, 4, 2};
    struct judged v = evidence_of(ALIGNED, NULL);
    struct lnn_record *r = record_at(&v, "end_to_end");
    struct lnn_network kept = r->net;
    r->net = lnn_network_of(3, shallow);
    VERDICT(&v, "aligned_modes", "end_to_end", LNN_VIOLATED);
    VERDICT(&v, "riccati_solution", "end_to_end", LNN_VIOLATED);
    r->net = kept;
    for (size_t i = 0; i < r->rows; i++) spoil(r->t)[i] *= 2;
    VERDICT(&v, "aligned_modes", "end_to_end", LNN_VIOLATED);
    forget(&v);
}

Test(theorem_closed, aligned_modes_not_met)
{
    static const char *const changes[] = {
        "init.matrix=[[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]",
        "init={kind: gaussian, scale: 0.5}",
        "loss={kind: square, weight_decay: 0.01}",
        "loss={kind: lp, p: 4}",
        "data={kind: teacher, samples: 40, condition: 4, noise: 0.1}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        becomes(ALIGNED, changes[i], "aligned_modes", "gradient_flow", LNN_NOT_MET);
    /* aligned, but one layer larger than the other */
    static const char *const set[] = {"network.widths=[3, 2, 2]",
                                      "init.kind=lambda_balanced", "init.lambda=0.1",
                                      NULL};
    struct judged v = evidence_of(ALIGNED, set);
    VERDICT(&v, "aligned_modes", "gradient_flow", LNN_NOT_MET);
    VERDICT(&v, "riccati_solution", "gradient_flow", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "lambda"), 0.1, 1e-15);
    forget(&v);
    descent_is_told_from_flow(ALIGNED, "aligned_modes");
}

/* Signs, a mode that starts at 0, equal modes, 1 x 1, a start of 0: no false alarm over
 * long times, however the errors grow. */
Test(theorem_closed, aligned_modes_of_all_kinds)
{
    static const struct {
        const char *network, *target, *start;
        enum lnn_verdict verdict;
    } kinds[] = {
        {"network.widths=[2, 2, 2]", "data.matrix=[[2, 0], [0, 1.9]]",
         "init.matrix=[[-0.3, 0], [0, 0.2]]", LNN_HOLDS},
        {"network.widths=[2, 3, 2]", "data.matrix=[[1.5, 0.5], [0.5, 1.5]]",
         "init.matrix=[[0.005, -0.005], [-0.005, 0.005]]", LNN_HOLDS},
        {"network.widths=[2, 2, 2, 2]", "data.matrix=[[1.5, 0.5], [0.5, 1.5]]",
         "init.matrix=[[0.005, -0.005], [-0.005, 0.005]]", LNN_HOLDS},
        {"network.widths=[2, 4, 2]", "data.matrix=[[2, 0], [0, 2]]",
         "init.matrix=[[0.1, 0.3], [0.3, 0.1]]", LNN_HOLDS},
        {"network.widths=[1, 1, 1, 1]", "data.matrix=[[2]]", "init.matrix=[[-0.5]]",
         LNN_HOLDS},
        {"network.widths=[1, 1, 2]", "data.matrix=[[3], [4]]",
         "init.matrix=[[-0.003], [-0.004]]", LNN_HOLDS},
        {"network.widths=[2, 2, 2]", "data.matrix=[[1, 0.5], [0.5, 2]]",
         "init.matrix=[[0, 0], [0, 0]]", LNN_INCONCLUSIVE},
        /* down to where two layers are balanced by rounding only */
        {"network.widths=[1, 2, 2]",
         "data.matrix=[[-1.315301269216295], [0.6564164617055265]]",
         "init.matrix=[[0.39070055950483507], [-0.19498367777698794]]", LNN_HOLDS},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *set[] = {kinds[i].network, kinds[i].target, kinds[i].start,
                             "time.end=25", NULL};
        struct judged v = evidence_of(ALIGNED, set);
        VERDICT(&v, "aligned_modes", "gradient_flow", kinds[i].verdict);
        VERDICT(&v, "aligned_modes", "end_to_end", kinds[i].verdict);
        forget(&v);
    }
}

#define RICCATI                                                       \
    "network: {widths: [3, 5, 2]}\n" PHI                              \
    "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, "  \
    "-0.15]], rotate: true}\n"                                        \
    "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n" \
    "time: {end: 10, samples: 11}\n"

Test(theorem_closed, riccati_rows_of_the_oracle)
{
    static const double t1[] = {0.7642497690249973,   0.13437856102106327,
                                -0.04043711669000423, 0.01870305988316392,
                                0.039518050444605046, 0.009702488456322237};
    static const double t3[] = {0.8768590351975238,   0.6653594942420873,
                                -0.3758522392404179,  -0.42272217989483474,
                                -0.40685375788366857, 0.31315731080551423};
    struct judged v = evidence_of(RICCATI, NULL);
    for (size_t i = 0; i < 2; i++) {
        VERDICT(&v, "riccati_solution", i ? "end_to_end" : "gradient_flow", LNN_HOLDS);
        cr_assert(lnn_test_gap(6, v.r->W + 6, t1) <= 1e-10);
        cr_assert(lnn_test_gap(6, v.r->W + 18, t3) <= 1e-10);
        cr_assert(figure(&v, "statements decided") >= 10);
    }
    every_entry_counts(&v, "riccati_solution", "gradient_flow");
    every_entry_counts(&v, "riccati_solution", "end_to_end");
    damage_is_inconclusive(&v, "riccati_solution", "gradient_flow");
    damage_is_inconclusive(&v, "riccati_solution", "end_to_end");
    forget(&v);
}

/* W and its factors' Gram matrices are told apart: a gauge that W does not see. */
Test(theorem_closed, riccati_sees_the_layers_behind_W)
{
    struct judged v = evidence_of(RICCATI, NULL);
    struct lnn_record *r = record_at(&v, "gradient_flow");
    double *w = spoil(r->w) + 5 * r->net.size;
    for (size_t i = 0; i < 15; i++) w[i] *= 1.001;
    for (size_t i = 15; i < 25; i++) w[i] /= 1.001;
    VERDICT(&v, "riccati_solution", "gradient_flow", LNN_VIOLATED);
    cr_assert(strstr(v.j.reason, "W_1^T W_1") != NULL, "%s", v.j.reason);
    forget(&v);
}

/* One scalar mode with lambda: rows at t = 0.1, 0.5, 1. */
Test(theorem_closed, lambda_mode_of_the_oracle)
{
    static const double lambda[] = {0.5, 3, 20};
    static const double u[][3] = {
        {0.20863467438629518, 0.8653664504038128, 1.7084397632357917},
        {0.6064052688274368, 1.7142873538276444, 1.9744345508278345},
        {1.7469404270903137, 1.9999272028680988, 1.9999999972887905}};
    for (size_t i = 0; i < 6; i++) {
        char set_lambda[40];
        snprintf(set_lambda, sizeof set_lambda, "init.lambda=%g",
                 (i % 2 ? -1 : 1) * lambda[i / 2]);
        const char *const set[] = {set_lambda, NULL};
        struct judged v = evidence_of(
            "network: {widths: [1, 1, 1]}\n"
            "data: {kind: target, matrix: [[2]]}\n"
            "init: {kind: lambda_balanced, lambda: 1, matrix: [[0.1]]}\n" FLOW
            "time: {end: 1, samples: 11}\n",
            set);
        VERDICT(&v, "riccati_solution", NULL, LNN_HOLDS);
        LNN_CLOSE(v.r->W[1], u[i / 2][0], 1e-10);
        LNN_CLOSE(v.r->W[5], u[i / 2][1], 1e-10);
        LNN_CLOSE(v.r->W[10], u[i / 2][2], 1e-10);
        forget(&v);
    }
}

/* Bottleneck, wide, tall, rank-deficient target and start; all signs of lambda. */
Test(theorem_closed, riccati_shapes)
{
    static const char *const shapes[][3] = {
        {"network.widths=[3, 1, 2]",
         "init={kind: balanced, matrix: [[0.2, -0.1, 0.2], [0.4, -0.2, 0.4]]}",
         "time.end=40"},
        {"network.widths=[3, 9, 2]", "init.matrix=[[0.2, -0.1, 0.2], [0.4, -0.2, 0.4]]",
         "time.end=8"},
        {"network.widths=[3, 2, 2]",
         "init={kind: lambda_balanced, lambda: 2, matrix: [[0.3, -0.2, 0.1], [0.05, "
         "0.4, "
         "-0.15]]}",
         "data.matrix=[[1, 2, -1], [2, 4, -2]]"},
        {"network.widths=[3, 3, 2]",
         "init={kind: lambda_balanced, lambda: -3, rotate: true, matrix: [[0.3, -0.2, "
         "0.1], [0.05, 0.4, -0.15]]}",
         "time.end=6"},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const char *const set[] = {shapes[i][0], shapes[i][1], shapes[i][2], NULL};
        struct judged v = evidence_of(RICCATI, set);
        VERDICT(&v, "riccati_solution", "gradient_flow", LNN_HOLDS);
        forget(&v);
    }
}

/* Straight on a saddle: the layers keep their exact zeros and stay, the closed form
 * leaves it by rounding, and 40 units of time later all of its neighbours have, too. */
Test(theorem_closed, riccati_on_a_saddle_is_no_false_alarm)
{
    static const char *const starts[] = {
        "init.matrix=[[0.3, 0], [0, 0]]", "init.matrix=[[0, 0], [0, 0.3]]",
        "init.matrix=[[0.4, 0], [0, -0.3]]", "init.matrix=[[-0.3, 0], [0, 0.2]]"};
    static const char *const ends[] = {"time.end=3", "time.end=40", "time.end=200"};
    for (size_t i = 0; i < 12; i++) {
        const char *const set[] = {starts[i / 3], ends[i % 3], NULL};
        struct judged v = evidence_of(
            "network: {widths: [2, 2, 2]}\n"
            "data: {kind: target, matrix: [[2.03, 0], [0, 1.52]]}\n"
            "init: {kind: balanced}\n"
            "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"
            "time: {end: 40, samples: 21}\n",
            set);
        for (size_t ask_of = 0; ask_of < 4; ask_of++) {
            const char *theorem = ask_of / 2 ? "aligned_modes" : "riccati_solution";
            enum lnn_verdict found =
                ask(&v, theorem, ask_of % 2 ? "end_to_end" : "gradient_flow");
            cr_assert(found == LNN_HOLDS || (i % 3 && found == LNN_INCONCLUSIVE),
                      "%s %s: %s", starts[i / 3], ends[i % 3], v.j.reason);
        }
        forget(&v);
    }
}

/* A start that is aligned but for rounding, and rows that are exact for it (by the
 * Riccati equation): what that rounding grows to is in the bar. */
Test(theorem_closed, misalignment_within_rounding_is_in_the_bar)
{
    static const char *const set[] = {
        "network.widths=[2, 2, 2]",
        "init.rotate=false",
        "data.matrix=[[2, 0], [0, 1.9]]",
        "init.matrix=[[1.0e-8, 4.0e-22], [4.0e-22, 1.0e-8]]",
        "time.end=8",
        NULL};
    struct judged v = evidence_of(ALIGNED, set);
    struct lnn_record *r = record_at(&v, "gradient_flow");
    struct lnn_closed_form *form;
    const double *w = r->w;
    double turned = 0;
    LNN_OK(lnn_closed_two_layer(2, 2, 2, v.e->data->Phi, 0, w, w + 4, &form));
    for (size_t i = 0; i < r->rows; i++) {
        double *W = spoil(r->W) + 4 * i;
        LNN_OK(form->at(form, r->t[i], W));
        turned = fmax(turned, fabs(W[1]));
        spoil(r->W_error)[i] = 1e-18;
    }
    static const double start[] = {0}; /* later rows are of W alone */
    r->weights_rows = 1;
    r->w_t = start;
    cr_assert(turned > 1e-14, "%g: the start's 4e-22 have grown", turned);
    VERDICT(&v, "aligned_modes", "gradient_flow", LNN_HOLDS);
    free(form);
    forget(&v);
}

Test(theorem_closed, riccati_not_met)
{
    static const char *const changes[] = {"init={kind: gaussian, scale: 0.5}",
                                          "loss={kind: square, weight_decay: 0.01}",
                                          "loss={kind: lp, p: 4}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        becomes(RICCATI, changes[i], "riccati_solution", "gradient_flow", LNN_NOT_MET);
    descent_is_told_from_flow(RICCATI, "riccati_solution");
}

#define LINEAR                                                                 \
    "network: {widths: [4, 2]}\n"                                              \
    "data: {kind: teacher, samples: 30, condition: 20, noise: 0.1, seed: 2}\n" \
    "init: {kind: gaussian, scale: 0.5, seed: 1}\n"                            \
    "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"          \
    "time: {end: 20, samples: 21}\n"

/* Row 7 by Taylor's series of e^{-Lambda_xx t} on the gradient, 60 steps. */
Test(theorem_closed, one_layer_on_any_data)
{
    struct judged v = evidence_of(LINEAR, NULL);
    VERDICT(&v, "one_layer_solution", "gradient_flow", LNN_HOLDS);
    const struct lnn_data *data = v.e->data;
    double W[8], h = v.r->t[7] / 60, term[8], next[8];
    memcpy(W, v.r->W, sizeof W);
    for (size_t step = 0; step < 60; step++) { /* W' = -(W Lxx - Lyx) */
        memcpy(term, data->Lyx, sizeof term);
        lnn_gemm(false, false, 2, 4, 4, -1, W, data->Lxx, 1, term);
        for (int order = 1; order < 18; order++) {
            lnn_axpy(8, h / order, term, W);
            lnn_gemm(false, false, 2, 4, 4, -h / order, term, data->Lxx, 0, next);
            memcpy(term, next, sizeof term);
        }
    }
    cr_assert(lnn_test_gap(8, W, v.r->W + 7 * 8) <= 1e-9, "%g",
              lnn_test_gap(8, W, v.r->W + 7 * 8));
    every_entry_counts(&v, "one_layer_solution", "gradient_flow");
    damage_is_inconclusive(&v, "one_layer_solution", "gradient_flow");
    every_entry_counts(&v, "one_layer_solution", "end_to_end");
    forget(&v);
    becomes(LINEAR, "loss={kind: square, weight_decay: 0.1}", "one_layer_solution",
            "gradient_flow", LNN_NOT_MET);
    becomes(LINEAR, "data.samples=3", "one_layer_solution", "gradient_flow",
            LNN_HOLDS); /* fewer examples than inputs */
    descent_is_told_from_flow(LINEAR, "one_layer_solution");
}
