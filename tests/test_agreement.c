/* The layers' product against the end-to-end dynamics: two systems of equations that
 * must agree within their error bars from balanced starts, and from those alone. */
#include "test_simulate.h"

TestSuite(agreement, .init = lnn_test_setup);

/* Layers against the end-to-end dynamics within ten error bars, and the bars are small.
 */
static void agree(const char *yaml, const char *const *set)
{
    struct outcome o = simulate(yaml, set);
    const struct lnn_result *r = &o.sim->results[0];
    cr_assert(r->reason == LNN_END && o.sim->results[1].reason == LNN_END);
    cr_assert(r->distance <= 10 * r->distance_error, "%s: %g, bars %g", set[0],
              r->distance, r->distance_error);
    cr_assert(r->distance_error < 1e-7, "%s: bars %g", set[0], r->distance_error);
    cr_assert(r->distance_error > 0);
    finish(&o);
}

Test(agreement, layers_agree_with_the_end_to_end_dynamics)
{
    static const char *const wide[] = {
        "[5, 2]",          "[5, 3, 2]",          "[5, 2, 6, 2]",
        "[5, 6, 6, 6, 2]", "[5, 2, 2, 2, 2, 2]", "[5, 2, 3, 4, 3, 2, 2]"};
    static const char *const narrow[] = {
        "[2, 5]",          "[2, 3, 5]",          "[2, 6, 2, 5]",
        "[2, 6, 6, 6, 5]", "[2, 2, 2, 2, 2, 5]", "[2, 2, 3, 4, 3, 2, 5]"};
    static const char *const square[] = {
        "[3, 3]",          "[3, 3, 3]",          "[3, 4, 3, 3]",
        "[3, 3, 3, 3, 3]", "[3, 3, 3, 4, 3, 3]", "[3, 3, 3, 3, 3, 3, 3]"};
    static const char *const scalar[] = {
        "[4, 1]",          "[4, 1, 1]",          "[4, 3, 2, 1]",
        "[4, 1, 1, 1, 1]", "[4, 4, 4, 4, 4, 1]", "[4, 1, 1, 1, 1, 1, 1]"};
    static const char *const *const shapes[] = {wide, narrow, square, scalar};
    for (size_t s = 0; s < 4; s++)
        for (size_t n = 0; n < 6; n++) {
            char widths[64];
            snprintf(widths, sizeof widths, "network.widths=%s", shapes[s][n]);
            const char *set[] = {widths, NULL};
            agree("network: {widths: [1, 1]}\n"
                  "data: {kind: teacher, samples: 40, noise: 0.1, seed: 5}\n"
                  "init: {kind: balanced, scale: 0.4, seed: 2, rotate: true}\n"
                  "time: {end: 2, samples: 9}\n",
                  set);
        }
}

/* The end-to-end field at a rank-deficient W would feed on rounding for N >= 3. */
Test(agreement, rank_one_starts_agree_at_every_depth)
{
    static const char *const widths[] = {
        "[3, 2]",          "[3, 4, 2]",          "[3, 1, 5, 2]",
        "[3, 4, 3, 3, 2]", "[3, 2, 2, 2, 2, 2]", "[3, 1, 1, 1, 1, 1, 2]"};
    for (int n = 0; n < 6; n++) {
        char key[64];
        snprintf(key, sizeof key, "network.widths=%s", widths[n]);
        const char *set[] = {key, NULL};
        agree("network: {widths: [3, 2]}\n" PHI
              "init: {kind: balanced, rotate: true, matrix: [[0.2, -0.1, 0.2], "
              "[0.26666666666666666, -0.13333333333333333, 0.26666666666666666]]}\n"
              "time: {end: 2, samples: 9}\n",
              set);
    }
}

Test(agreement, weight_decay_keeps_them_together)
{
    static const char *const widths[] = {"network.widths=[3, 2]",
                                         "network.widths=[3, 4, 2]",
                                         "network.widths=[3, 2, 3, 2]"};
    for (int n = 0; n < 3; n++) {
        const char *set[] = {widths[n], "loss.weight_decay=0.3", NULL};
        agree("network: {widths: [3, 2]}\n" PHI A0 "time: {end: 2, samples: 9}\n", set);
    }
}

/* With weight decay the imbalance is not kept but decays, e^{-2 lambda t} C_j(0). */
Test(agreement, weight_decay_shrinks_the_imbalance)
{
    struct outcome o = simulate("network: {widths: [3, 4, 3, 2]}\n" PHI
                                "loss: {kind: square, weight_decay: 0.3}\n"
                                "init: {kind: gaussian, scale: 0.5, seed: 4}\n"
                                "trajectories: [{system: gradient_flow}]\n"
                                "time: {end: 2, samples: 9}\n",
                                NULL);
    struct lnn_shape shape;
    double *C = values(&o, "gradient_flow", "balancedness", &shape);
    cr_assert(o.sim->results[0].drift_samples < 1e-9);
    for (size_t j = 0; j < 2; j++) LNN_CLOSE(C[16 + j] / C[j], exp(-1.2), 1e-9);
    free(C);
    finish(&o);
}

Test(agreement, unbalanced_start_breaks_the_theorem)
{
    struct outcome o = simulate("network: {widths: [3, 4, 3, 2]}\n" PHI
                                "init: {kind: gaussian, scale: 0.5, seed: 4}\n"
                                "time: {end: 2, samples: 9}\n",
                                NULL);
    const struct lnn_result *r = &o.sim->results[0];
    cr_assert(r->distance > 0.1, "%g", r->distance);
    cr_assert(r->distance_error < 1e-8);
    /* while what holds for any start still holds */
    cr_assert(r->drift_samples < 1e-9 && r->energy_balance < 1e-9);
    finish(&o);
}

/* W(0) = s u v^T, N = 3: one step of the end-to-end rule by hand, where the exact field
 * has no singular value but s. Rounding enters the computed one as (1e-17)^{2/3}, which
 * the error bar must know. */
Test(agreement, a_step_from_rank_one_stays_within_its_bar)
{
    static const double u[] = {0.6, 0.8}, v[] = {2 / 3.0, -1 / 3.0, 2 / 3.0};
    static const double Phi[] = {1, 0.5, -0.25, 0, -1, 0.75};
    struct outcome o =
        simulate("network: {widths: [3, 2, 2, 2]}\n" PHI
                 "init: {kind: balanced, matrix: [[0.2, -0.1, 0.2], "
                 "[0.26666666666666666, -0.13333333333333333, 0.26666666666666666]]}\n"
                 "trajectories: [{system: end_to_end_descent, learning_rate: 0.05}]\n"
                 "time: {end: 0.05, samples: 2}\n",
                 NULL);
    double *W = values(&o, "end_to_end_descent", "W", NULL), exact[6], uG[3], Gv[2];
    double *bar = values(&o, "end_to_end_descent", "W_error", NULL), uGv = 0;
    double s = 0.5, weight = pow(s, 4 / 3.0), G[6];
    for (int i = 0; i < 6; i++) G[i] = s * u[i / 3] * v[i % 3] - Phi[i];
    for (int c = 0; c < 3; c++) uG[c] = u[0] * G[c] + u[1] * G[3 + c];
    for (int r = 0; r < 2; r++) Gv[r] = lnn_dot(3, G + 3 * r, v);
    uGv = lnn_dot(3, uG, v);
    for (int i = 0; i < 6; i++) { /* u u^T G + G v v^T + (N - 2) u u^T G v v^T */
        double field =
            u[i / 3] * uG[i % 3] + Gv[i / 3] * v[i % 3] + u[i / 3] * uGv * v[i % 3];
        exact[i] = s * u[i / 3] * v[i % 3] - 0.05 * weight * field;
    }
    double error = lnn_distance(6, W + 6, exact);
    cr_assert(error <= bar[1], "error %g, bar %g", error, bar[1]);
    cr_assert(bar[1] < 1e-10);
    free(W);
    free(bar);
    finish(&o);
}
