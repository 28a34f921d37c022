/* residual_start and residual_symmetric: what an identity start gives. */
#include "test_convergence.h"
#include "theorem_residual.h"

TestSuite(residual, .init = lnn_test_setup, .timeout = 120);

#define START "init: {kind: identity}\n"
#define THREE "network: {widths: [2, 2, 2, 2]}\n" START
#define BOTH(eta)                                                         \
    "trajectories: [{system: gradient_flow}, {system: gradient_descent, " \
    "learning_rate: " #eta "}]\n"
#define NEAR THREE PHI2 BOTH(0.1) "time: {end: 4, samples: 41}\n"

/* --- the margin for free ---------------------------------------------------------- */

Test(residual, margin_and_rate_of_the_standard_target)
{
    struct judged v = evidence_of(NEAR, NULL);
    double c = 1 - 2 * sqrt(0.02), rate = 6 * pow(c, 4. / 3);
    VERDICT(&v, "residual_start", "gradient_flow", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "guaranteed margin 1 - 2 ||Phi - I||_F"), 0.7171572875, 6e-11);
    LNN_CLOSE(figure(&v, "guaranteed margin 1 - 2 ||Phi - I||_F"), c, 4e-16);
    LNN_CLOSE(figure(&v, "deficiency margin c"), 0.75857864376269, 1e-14);
    LNN_CLOSE(figure(&v, "guaranteed rate"), rate, 1e-14);
    static const double excess[] = {0.000503696819948, 2.80291425018e-05,
                                    1.20032065779e-07}; /* t = 1/2, 1, 2 */
    static const size_t row[] = {5, 10, 20};
    for (size_t i = 0; i < 3; i++) {
        LNN_CLOSE(v.r->loss[row[i]] / excess[i], 1, 1e-9);
        cr_assert(excess[i] < 0.01 * exp(-rate * v.r->t[row[i]]));
    }
    VERDICT(&v, "residual_start", "gradient_descent", LNN_HOLDS); /* margin only */
    LNN_CLOSE(figure(&v, "statements decided"), 1, 0);
    cr_assert(isnan(figure(&v, "guaranteed rate")));
    forget(&v);
}

/* Phi = I - s u u^T: 1 - 2 ||Phi - I|| is the margin. Phi = I: nothing is to be learnt.
 */
Test(residual, targets_that_meet_the_margin_with_equality)
{
    static const char *const sets[][3] = {
        {"network.widths=[1, 1, 1]", "data.matrix=[[0.7]]"},
        {"network.widths=[1, 1, 1, 1, 1]", "data.matrix=[[0.51]]"},
        {"network.widths=[2, 2, 2]", "data.matrix=[[0.84, 0.12], [0.12, 0.91]]"},
        {"network.widths=[3, 3, 3]", "data.matrix=[[1, 0, 0], [0, 0.6, 0], [0, 0, 1]]"},
        {"network.widths=[2, 2, 2]", "data.matrix=[[1, 0], [0, 1]]"}};
    for (size_t i = 0; i < 5; i++) {
        const char *set[] = {sets[i][0], sets[i][1], NULL};
        struct judged v = evidence_of(NEAR, set);
        VERDICT(&v, "residual_start", "gradient_flow", LNN_HOLDS);
        LNN_CLOSE(figure(&v, "deficiency margin c"),
                  figure(&v, "guaranteed margin 1 - 2 ||Phi - I||_F"), 1e-15);
        VERDICT(&v, "residual_start", "gradient_descent", LNN_HOLDS);
        forget(&v);
    }
}

/* Below the constants' learning rate descent has a rate, too: here not symmetric. */
Test(residual, descent_below_the_learning_rate_of_theorem_1)
{
    static const char *const set[] = {
        "network.widths=[2, 2, 2]", "data.matrix=[[1.1, -0.1], [0.05, 0.95]]",
        "trajectories.learning_rate=1.2e-6", "time={end: 2.4e-3, samples: 201}", NULL};
    struct judged v = evidence_of(NEAR, set);
    double distance = sqrt(0.025), c = 1 - 2 * distance;
    double norm = sqrt(1.1 * 1.1 + 0.01 + 0.0025 + 0.95 * 0.95);
    VERDICT(&v, "residual_start", "gradient_descent", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "||Phi - I||_F"), distance, 1e-15);
    LNN_CLOSE(figure(&v, "eta of Theorem 1") / (c * c * c / 49152 / pow(norm, 4)), 1,
              1e-13);
    LNN_CLOSE(figure(&v, "guaranteed rate"), c, 1e-15);
    LNN_CLOSE(figure(&v, "statements decided"), 201, 0);
    double *W = spoil(v.r->W);
    W[4 * 200] = W[0]; /* as if one entry had not moved for 2000 iterations */
    W[4 * 200 + 1] = W[1];
    W[4 * 200 + 2] = W[2];
    W[4 * 200 + 3] = W[3];
    VERDICT(&v, "residual_start", "gradient_descent", LNN_VIOLATED);
    forget(&v);
}

Test(residual, hypotheses_of_the_margin)
{
    static const char *const sets[] = {
        "data.matrix=[[1.3, 0.3], [0.3, 1]]",     "data.matrix=[[0.49, 0], [0, 1]]",
        "init={kind: identity, scale: 0.99}",     "init={kind: identity, rotate: true}",
        "loss={kind: square, weight_decay: 0.1}", "data={kind: teacher, samples: 30}"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const char *set[] = {sets[i], NULL};
        struct judged v = evidence_of(NEAR, set);
        VERDICT(&v, "residual_start", "gradient_flow", LNN_NOT_MET);
        VERDICT(&v, "residual_start", "gradient_descent", LNN_NOT_MET);
        forget(&v);
    }
    static const char *const border[] = {"data.matrix=[[1.5, 0], [0, 1]]", NULL};
    struct judged v = evidence_of(NEAR, border);
    VERDICT(&v, "residual_start", "gradient_flow", LNN_INCONCLUSIVE);
    forget(&v);
}

Test(residual, about_square_networks)
{
    static const char *const sets[] = {"network.widths=[2, 3, 2]",
                                       "loss={kind: lp, p: 4}",
                                       "trajectories=[{system: end_to_end}]"};
    for (size_t i = 0; i < 3; i++) {
        const char *set[] = {sets[i], NULL};
        struct judged v = evidence_of(NEAR, set);
        cr_assert_eq(lnn_residual_about(v.e, v.r), false, "%zu", i);
        forget(&v);
    }
}

/* --- symmetric targets ------------------------------------------------------------ */

Test(residual, ten_iterations_towards_the_standard_target)
{
    static const double W1[4] = {1.0252277094245503, 0.019422412190210833,
                                 0.019422412190210833, 0.9734346102506546};
    static const char *const set[] = {"time={end: 1, samples: 11}", NULL};
    struct judged v = evidence_of(NEAR, set);
    VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_HOLDS);
    LNN_CLOSE(v.r->iteration[10], 10, 0);
    for (size_t j = 0; j < 3; j++)
        LNN_CLOSE(lnn_test_gap(4, v.r->w + 10 * 12 + 4 * j, W1), 0, 1e-13);
    LNN_CLOSE(figure(&v, "largest learning rate"), 1 / (3 * pow(1.1, 4. / 3)), 1e-14);
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_HOLDS);
    forget(&v);
}

/* The mode by its own loop; the bound by hand. */
Test(residual, ninety_three_iterations)
{
    static const char *const set[] = {
        "network.widths=[1, 1, 1, 1]", "data.matrix=[[0.25]]",
        "trajectories.learning_rate=0.3333333333333333",
        "time={end: 33.333333333333336, samples: 101}", NULL};
    struct judged v = evidence_of(NEAR, set);
    double w = 1, a = cbrt(0.25);
    VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_HOLDS);
    for (size_t i = 0; i <= 100; i++, w += w * w * (0.25 - w * w * w) / 3)
        LNN_CLOSE(v.r->w[3 * i], w, 1e-14);
    LNN_CLOSE(figure(&v, "iterations after which they are"), 93, 0);
    LNN_CLOSE(figure(&v, "iterations to 1e-8, by the bound"),
              log((1 - a) / 1e-8) / pow(a, 4), 1e-9);
    LNN_CLOSE(figure(&v, "iterations to 1e-8, by the bound"), 110.7, 0.05);
    forget(&v);
}

/* Modes of the flow by their closed form: w^N obeys u' = N u^{2-2/N} (phi - u). */
Test(residual, modes_of_every_depth)
{
    static const char *const widths[] = {"[2, 2]", "[2, 2, 2]", "[2, 2, 2, 2]",
                                         "[2, 2, 2, 2, 2]", "[2, 2, 2, 2, 2, 2]"};
    for (size_t N = 1; N <= 5; N++) {
        char set_widths[60];
        snprintf(set_widths, sizeof set_widths, "network.widths=%s", widths[N - 1]);
        const char *set[] = {set_widths, "data.matrix=[[1.1, -0.6], [-0.6, 0.45]]",
                             "trajectories.learning_rate=0.02", NULL};
        struct judged v = evidence_of(NEAR, set); /* eigenvalues 0.0922, 1.4578 */
        VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_HOLDS);
        VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_HOLDS);
        struct lnn_spectrum *s;
        LNN_OK(lnn_spectrum_alloc(v.e->data, &s));
        LNN_CLOSE(s->phi[0] * s->phi[1], 0.135, 1e-15);
        for (size_t i = 0; i < 41; i++) {
            const double *S = lnn_spectrum_modes(s, v.r->W + 4 * i);
            for (size_t a = 0; a < 2; a++)
                LNN_CLOSE(S[3 * a], lnn_mode(N, s->phi[a], 1, v.r->t[i]), 1e-9);
        }
        free(s);
        forget(&v);
    }
}

Test(residual, repeated_eigenvalues_and_the_identity)
{
    static const char *const sets[][2] = {
        {"network.widths=[3, 3, 3]",
         "data.matrix=[[0.8, 0.2, 0.2], [0.2, 0.8, 0.2], [0.2, 0.2, 0.8]]"},
        {"network.widths=[2, 2, 2, 2]", "data.matrix=[[0.3, 0], [0, 0.3]]"},
        {"network.widths=[2, 2, 2, 2]", "data.matrix=[[1, 0], [0, 0.3]]"}};
    for (size_t i = 0; i < 3; i++) {
        const char *set[] = {sets[i][0], sets[i][1], NULL};
        struct judged v = evidence_of(NEAR, set);
        VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_HOLDS);
        VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_HOLDS);
        forget(&v);
    }
    static const char *const set[] = {"data.matrix=[[1, 0], [0, 1]]", NULL};
    struct judged v = evidence_of(NEAR, set); /* nothing moves: nothing is told */
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_INCONCLUSIVE);
    forget(&v);
}

Test(residual, hypotheses_of_the_symmetric_case)
{
    static const char *const sets[] = {
        "data.matrix=[[1, 0], [0, -0.1]]", "data.matrix=[[1, 1.0e-9], [0, 1.1]]",
        "init={kind: identity, noise: 1.0e-9}",
        "loss={kind: square, weight_decay: 0.1}", "data={kind: teacher, samples: 30}"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const char *set[] = {sets[i], NULL};
        struct judged v = evidence_of(NEAR, set);
        VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_NOT_MET);
        VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_NOT_MET);
        forget(&v);
    }
    static const char *const large[] = {"trajectories.learning_rate=0.3", NULL};
    struct judged v = evidence_of(NEAR, large); /* 0.2936 is the largest */
    VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_NOT_MET);
    forget(&v);
}

Test(residual, layers_differ_when_the_target_is_not_symmetric)
{
    static const char *const set[] = {"data.matrix=[[1, 0.3], [0, 1]]",
                                      "time={end: 1, samples: 11}", NULL};
    struct judged v = evidence_of(NEAR, set);
    VERDICT(&v, "residual_symmetric", "gradient_descent", LNN_NOT_MET);
    LNN_CLOSE(figure(&v, "largest difference of an entry between layers"), 0.0076,
              5e-5);
    forget(&v);
}

/* Every statement breaks when its row is spoilt by a hundred error bars. */
Test(residual, a_hundred_error_bars_break_the_form)
{
    static const char *const names[] = {"gradient_flow", "gradient_descent"};
    struct judged v = evidence_of(NEAR, NULL);
    for (size_t n = 0; n < 2; n++) {
        const struct lnn_record *r = lnn_evidence_find(v.e, names[n]);
        double *w = spoil(r->w) + 32 * 12, kept[12], off = 0;
        for (size_t i = 0; i <= 32; i++) off = fmax(off, 100 * r->W_error[i]);
        memcpy(kept, w, sizeof kept);
        for (size_t kind = 0; kind < 4; kind++) {
            for (size_t j = 0; j < 3; j++) {
                if (kind == 0) w[4 * j] += j == 0 ? off : 0;         /* one layer */
                if (kind == 1) w[4 * j + 1] += off;                  /* not symmetric */
                if (kind == 2) w[4 * j] += off, w[4 * j + 3] -= off; /* turned */
                /* a mode slower: there is room between it and its bound */
                if (kind == 3) w[4 * j] -= 20 * off, w[4 * j + 3] -= 20 * off;
            }
            cr_assert(off < 1e-7 && off > 0);
            VERDICT(&v, "residual_symmetric", names[n], LNN_VIOLATED);
            memcpy(w, kept, sizeof kept);
        }
        VERDICT(&v, "residual_symmetric", names[n], LNN_HOLDS);
    }
    forget(&v);
}

/* A whole row in which nothing moved, and one that went too far. */
Test(residual, stalling_and_overshooting_are_seen)
{
    struct judged v = evidence_of(NEAR, NULL);
    double *w = spoil(v.r->w), kept[12];
    memcpy(kept, w + 5 * 12, sizeof kept);
    memcpy(w + 5 * 12, w + 4 * 12, sizeof kept);
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_VIOLATED);
    cr_assert(strstr(v.j.reason, "after the row before") != NULL, "%s", v.j.reason);
    for (size_t i = 0; i < 12; i++)
        w[60 + i] = kept[i] + 0.1 * (kept[i] - (i % 4 % 3 == 0));
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_VIOLATED);
    memcpy(w + 5 * 12, kept, sizeof kept);
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_HOLDS);
    forget(&v);
}

/* In the last row both modes are beyond phi^(1/3), at half the distance: near enough
 * for the rate, but not monotone. */
Test(residual, a_mode_that_overshoots_is_seen)
{
    struct judged v = evidence_of(NEAR, NULL);
    struct lnn_spectrum *s;
    LNN_OK(lnn_spectrum_alloc(v.e->data, &s));
    double *w = spoil(v.r->w) + 40 * 12;
    for (size_t i = 0; i < 12; i++) {
        double root = 0;
        for (size_t a = 0; a < 2; a++)
            root += s->U[i % 4 / 2 * 2 + a] * cbrt(s->phi[a]) * s->U[i % 2 * 2 + a];
        w[i] = root + 0.5 * (root - w[i]);
    }
    VERDICT(&v, "residual_symmetric", "gradient_flow", LNN_VIOLATED);
    cr_assert(strstr(v.j.reason, "from 1 to phi") != NULL, "%s", v.j.reason);
    free(s);
    forget(&v);
}

Test(residual, spoilt_files)
{
    static const char *const names[] = {"residual_start", "residual_symmetric"};
    for (size_t n = 0; n < 2; n++) {
        struct judged v = evidence_of(NEAR, NULL);
        struct lnn_record *r = &v.e->records[0];
        struct lnn_record whole = *r;
        double *w = spoil(r->w), *W = spoil(r->W), kept = w[250];
        w[250] = NAN;
        VERDICT(&v, names[n], NULL, LNN_INCONCLUSIVE);
        w[250] = kept;
        kept = W[81];
        W[81] = NAN;
        VERDICT(&v, names[n], NULL, LNN_INCONCLUSIVE);
        W[81] = kept;
        r->rows = r->weights_rows = 1;
        VERDICT(&v, names[n], NULL, LNN_INCONCLUSIVE);
        *r = whole;
        r->w = NULL;
        VERDICT(&v, names[n], NULL, LNN_INCONCLUSIVE);
        *r = whole;
        struct lnn_evidence bare = *v.e;
        bare.objective = NULL;
        bare.data = NULL;
        struct judged blind = {.e = &bare, .r = r};
        VERDICT(&blind, names[n], NULL, LNN_INCONCLUSIVE);
        VERDICT(&v, names[n], NULL, LNN_HOLDS);
        forget(&v);
    }
}

/* W goes back for a row: the flow's rate is gone. */
Test(residual, a_late_loss_above_the_rate_is_seen)
{
    struct judged v = evidence_of(NEAR, NULL);
    double *W = spoil(v.r->W);
    W[4 * 30] += 1e-3; /* t = 3: the bound is 0.01 e^{-11.6}, 9.6e-8 */
    VERDICT(&v, "residual_start", "gradient_flow", LNN_VIOLATED);
    W[4 * 30] -= 2e-3;
    VERDICT(&v, "residual_start", "gradient_flow", LNN_VIOLATED);
    W[4 * 30] += 1e-3;
    VERDICT(&v, "residual_start", "gradient_flow", LNN_HOLDS);
    forget(&v);
}
