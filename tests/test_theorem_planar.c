/* single_output_planar and singular_value_rates. */
#include "test_closed_theorems.h"

TestSuite(theorem_planar, .init = lnn_test_setup, .timeout = 120);

#define PLANAR                                                              \
    "network: {widths: [3, 4, 1]}\n"                                        \
    "data: {kind: target, matrix: [[3, 4, 0]]}\n"                           \
    "init: {kind: balanced, matrix: [[-0.02, 0.01, 0.03]], rotate: true}\n" \
    "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"       \
    "time: {end: 0.6, samples: 31}\n"

Test(theorem_planar, the_oracle_at_every_depth)
{
    static const struct {
        const char *widths;
        double w[3];
    } oracle[] = {
        {"network.widths=[3, 1]",
         {1.3425888589960386, 1.8102415719848324, 0.016464349082820833}},
        {"network.widths=[3, 4, 1]",
         {1.0139409437658025, 1.5549253561296863, 0.1660942618161416}},
        {"network.widths=[3, 1, 2, 1]",
         {0.023016157197559742, 0.11751298370945681, 0.07103845154676316}},
        {"network.widths=[3, 2, 1, 2, 2, 1]",
         {-0.012188167551949635, 0.026715191481124997, 0.035154066723047335}}};
    for (size_t i = 0; i < 4; i++) {
        const char *const set[] = {oracle[i].widths, i ? NULL : "init.rotate=false",
                                   NULL};
        struct judged v = evidence_of(PLANAR, set);
        for (size_t record = 0; record < 2; record++) {
            VERDICT(&v, "single_output_planar", record ? "end_to_end" : "gradient_flow",
                    LNN_HOLDS);
            const double *end = v.r->W + 3 * (v.r->rows - 1);
            cr_assert(lnn_test_gap(3, end, oracle[i].w) <= 1e-10);
            cr_assert(figure(&v, "largest part outside the plane") <= 1e-10);
            cr_assert(figure(&v, "statements decided") >= 20);
            if (i != 1) continue;
            LNN_CLOSE(figure(&v, "|w| at the end"), 1.8637211176535, 1e-10);
            LNN_CLOSE(figure(&v, "cos of its angle to Phi, at the end"),
                      0.9938744770436793, 1e-10);
        }
        forget(&v);
    }
}

Test(theorem_planar, every_entry_counts_with_a_closed_form)
{
    struct judged v = evidence_of(PLANAR, NULL);
    every_entry_counts(&v, "single_output_planar", "gradient_flow");
    every_entry_counts(&v, "single_output_planar", "end_to_end");
    damage_is_inconclusive(&v, "single_output_planar", "gradient_flow");
    damage_is_inconclusive(&v, "single_output_planar", "end_to_end");
    forget(&v);
}

/* Without a closed form: out of the plane is seen, and so is a turn away from Phi. */
Test(theorem_planar, deep_nets_leave_neither_the_plane_nor_their_way)
{
    static const char *const set[] = {"network.widths=[3, 2, 3, 2, 1]", "time.end=4",
                                      "init.matrix=[[-0.2, 0.1, 0.3]]", NULL};
    struct judged v = evidence_of(PLANAR, set);
    struct lnn_record *r = record_at(&v, "end_to_end");
    VERDICT(&v, "single_output_planar", "end_to_end", LNN_HOLDS);
    double *w = spoil(r->W) + 3 * 10, normal[3], kept[3];
    const double a[] = {3, 4, 0}, b[] = {-0.2, 0.1, 0.3};
    for (size_t i = 0; i < 3; i++)
        normal[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
    memcpy(kept, w, sizeof kept);
    lnn_axpy(3, 50 * r->W_error[10] / lnn_norm(3, normal), normal, w);
    VERDICT(&v, "single_output_planar", "end_to_end", LNN_VIOLATED);
    cr_assert(strstr(v.j.reason, "outside") != NULL, "%s", v.j.reason);
    memcpy(w, kept, sizeof kept);
    memcpy(w, w - 3 * 5, sizeof kept); /* five rows back in time, in the plane */
    VERDICT(&v, "single_output_planar", "end_to_end", LNN_VIOLATED);
    cr_assert(strstr(v.j.reason, "angle") != NULL, "%s", v.j.reason);
    memcpy(w, kept, sizeof kept);
    damage_is_inconclusive(&v, "single_output_planar", "end_to_end");
    forget(&v);
}

/* A start along the target, or straight against it; one input; no target at all. */
Test(theorem_planar, lines_and_points)
{
    static const struct {
        const char *set[4];
        enum lnn_verdict verdict;
    } cases[] = {
        {{"init.matrix=[[0.03, 0.04, 0]]", "time.end=3"}, LNN_HOLDS},
        {{"init.matrix=[[-0.03, -0.04, 0]]", "time.end=2"}, LNN_HOLDS},
        {{"init.matrix=[[-0.03, -0.04, 0]]", "network.widths=[3, 2, 2, 1]"}, LNN_HOLDS},
        {{"init.matrix=[[-0.03, -0.04, 0]]", "network.widths=[3, 2, 2, 1]",
          "time.end=60"},
         LNN_HOLDS},
        {{"init.matrix=[[0.5]]", "data.matrix=[[2]]", "network.widths=[1, 2, 1]"},
         LNN_HOLDS},
        {{"init.matrix=[[0.5]]", "data.matrix=[[2]]", "network.widths=[1, 2, 1, 1]"},
         LNN_INCONCLUSIVE},
        {{"data.matrix=[[0, 0, 0]]", "time.end=4"}, LNN_HOLDS},
        {{"init.matrix=[[0, 0, 0]]"}, LNN_INCONCLUSIVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged v = evidence_of(PLANAR, cases[i].set);
        VERDICT(&v, "single_output_planar", "gradient_flow", cases[i].verdict);
        VERDICT(&v, "single_output_planar", "end_to_end", cases[i].verdict);
        forget(&v);
    }
}

Test(theorem_planar, hypotheses_not_met)
{
    static const char *const changes[] = {
        "init={kind: gaussian, scale: 0.5}", "loss={kind: square, weight_decay: 0.01}",
        "loss={kind: lp, p: 4}",
        "data={kind: teacher, samples: 40, condition: 4, noise: 0.1}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        becomes(PLANAR, changes[i], "single_output_planar", "gradient_flow",
                LNN_NOT_MET);
    descent_is_told_from_flow(PLANAR, "single_output_planar");
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, "single_output_planar");
    static const char *const two[] = {"network.widths=[3, 4, 2]",
                                      "init={kind: gaussian}",
                                      "data.matrix=[[3, 4, 0], [1, 0, 0]]", NULL};
    struct judged v = evidence_of(PLANAR, two);
    cr_assert(t->about(v.e, record_at(&v, "gradient_flow")) == false, "two outputs");
    forget(&v);
}

#define RATES                                                                      \
    "network: {widths: [3, 4, 3]}\n"                                               \
    "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75], [0.3, 0.2, "    \
    "0.1]]}\n"                                                                     \
    "init: {kind: balanced, rotate: true, matrix: [[0.5, -0.2, 0.1], [0.05, 0.4, " \
    "-0.15], [0.2, 0.1, 0.3]]}\n" FLOW "time: {end: 3, samples: 61}\n"

/* The same numbers from the file: singular values of rows next to each other. */
Test(theorem_planar, rates_are_those_of_the_rows)
{
    static const char *const decay[] = {"loss={kind: square, weight_decay: 0.05}",
                                        NULL};
    struct judged v = evidence_of(RATES, decay);
    VERDICT(&v, "singular_value_rates", NULL, LNN_HOLDS);
    struct lnn_svd *svd = lnn_svd_alloc(3, 3);
    double s[5][3], n = (double)v.r->rows;
    for (size_t i = 0; i < 5; i++) {
        LNN_OK(lnn_svd(svd, v.r->W + (v.r->rows - 5 + i) * 9));
        memcpy(s[i], svd->s, sizeof s[i]);
    }
    static const char *const names[] = {"sigma_1' at the last row",
                                        "sigma_2' at the last row",
                                        "sigma_3' at the last row"};
    double h = 3 / (n - 1);
    for (size_t r = 0; r < 3; r++) /* one-sided, of order 4 */
        LNN_CLOSE(
            figure(&v, names[r]),
            (25 * s[4][r] - 48 * s[3][r] + 36 * s[2][r] - 16 * s[1][r] + 3 * s[0][r]) /
                (12 * h),
            2e-6);
    cr_assert(figure(&v, "statements decided") > 150);
    free(svd);
    forget(&v);
}

Test(theorem_planar, rates_of_many_shapes)
{
    static const char *const sets[][4] = {
        {"network.widths=[3, 3, 3, 3, 3]"},
        {"network.widths=[3, 2, 2]", "data.matrix=[[1, 0.5, -0.25], [0, -1, 0.75]]",
         "init.matrix=[[0.5, -0.2, 0.1], [0.05, 0.4, -0.15]]"},
        {"network.widths=[2, 3, 2, 3]",
         "data.matrix=[[1, 0], [0.5, -1], [-0.25, 0.75]]",
         "init.matrix=[[0.5, 0.05], [-0.2, 0.4], [0.1, -0.15]]"},
        {"network.widths=[1, 1, 1]", "data.matrix=[[2]]", "init.matrix=[[0.1]]"},
        {"loss={kind: lp, p: 4}"}, /* any loss of the product */
        {"init.matrix=[[0.2, -0.1, 0.2], [0.4, -0.2, 0.4], [0, 0, 0]]"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct judged v = evidence_of(RATES, sets[i]);
        VERDICT(&v, "singular_value_rates", NULL, LNN_HOLDS);
        forget(&v);
    }
}

/* T11: equal singular values have no vectors of their own, and are left out. */
Test(theorem_planar, equal_values_are_left_out)
{
    static const char *const set[] = {
        "init.matrix=[[0.3, 0, 0], [0, 0.3, 0], [0, 0, 0.3]]",
        "data.matrix=[[1, 0, 0], [0, 1, 0], [0, 0, 2]]", NULL};
    struct judged v = evidence_of(RATES, set);
    VERDICT(&v, "singular_value_rates", NULL, LNN_HOLDS);
    cr_assert(figure(&v, "values left out: not told from their neighbours") >= 2 * 61);
    cr_assert(figure(&v, "statements decided") >= 40);
    forget(&v);
}

Test(theorem_planar, rates_that_are_not_the_theorem_s)
{
    struct judged v = evidence_of(RATES, NULL);
    struct lnn_record *r = record_at(&v, "gradient_flow");
    VERDICT(&v, "singular_value_rates", NULL, LNN_HOLDS);
    double *w = spoil(r->w) + 20 * r->net.size, kept = w[4];
    w[4] += 1e-6;
    VERDICT(&v, "singular_value_rates", NULL, LNN_VIOLATED);
    w[4] = NAN;
    VERDICT(&v, "singular_value_rates", NULL, LNN_INCONCLUSIVE);
    w[4] = kept;
    r->weight_decay = 0.01; /* said, but the layers are the same: both ways agree */
    VERDICT(&v, "singular_value_rates", NULL, LNN_HOLDS);
    r->weight_decay = 0;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    VERDICT(&v, "singular_value_rates", NULL, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    r->weights_rows = 1;
    VERDICT(&v, "singular_value_rates", NULL, LNN_INCONCLUSIVE);
    forget(&v);
    becomes(RATES, "init={kind: gaussian, scale: 0.5}", "singular_value_rates", NULL,
            LNN_NOT_MET);
    descent_is_told_from_flow(RATES, "singular_value_rates");
}
