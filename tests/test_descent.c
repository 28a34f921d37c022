/* The discrete systems: gradient descent on the layers, and the end-to-end rule. */
#include "naive.h"

TestSuite(descent, .init = lnn_test_setup);

static const char standard[] =
    "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\ntime: {end: 1}\n"
    "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}\n";

static struct naive_case open_case(const char *format, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text, "%s%s", format, more);
    return naive_open(text);
}

static const struct lnn_ode *system_called(const char *name)
{
    const struct lnn_ode *ode = lnn_registry_find((const void *const *)lnn_odes, name);
    cr_assert_not_null(ode);
    return ode;
}

Test(descent, one_step_is_the_start_less_eta_times_the_gradient)
{
    static const char *const more[] = {"network: {widths: [3, 4, 3, 2]}\n",
                                       "network: {widths: [3, 4, 3, 2]}\n"
                                       "loss: {weight_decay: 0.2}\n"};
    const struct lnn_ode *descent = system_called("gradient_descent");
    const struct lnn_ode *rule = system_called("end_to_end_descent");
    for (int i = 0; i < 2; i++) {
        struct naive_case c = open_case(standard, more[i]);
        double *y = naive_new(c.net.size), *grad = naive_new(c.net.size), W[6], F[6];
        lnn_model_gradient(c.model, c.w0, grad);
        LNN_OK(descent->init(c.model, y));
        LNN_OK(descent->map(c.model, 0.3, y));
        for (size_t e = 0; e < c.net.size; e++)
            LNN_CLOSE(y[e], c.w0[e] - 0.3 * grad[e], 2e-16);
        LNN_OK(rule->init(c.model, W));
        LNN_OK(lnn_model_end_to_end(c.model, W, F, NULL));
        LNN_OK(rule->map(c.model, 0.3, y));
        LNN_OK(rule->init(c.model, W));
        memcpy(y, W, sizeof W);
        LNN_OK(rule->map(c.model, 0.3, y));
        for (int e = 0; e < 6; e++) LNN_CLOSE(y[e], W[e] - 0.3 * F[e], 2e-16);
        free(y);
        free(grad);
        naive_close(&c);
    }
}

/* ||W after one step of each||_F, the distance between both systems. */
static double one_step_apart(struct naive_case *c, double eta)
{
    const struct lnn_ode *descent = system_called("gradient_descent");
    const struct lnn_ode *rule = system_called("end_to_end_descent");
    double *w = naive_new(c->net.size), W[6], V[6];
    LNN_OK(descent->init(c->model, w));
    LNN_OK(descent->map(c->model, eta, w));
    LNN_OK(descent->product(c->model, w, W));
    LNN_OK(rule->init(c->model, V));
    LNN_OK(rule->map(c->model, eta, V));
    free(w);
    return lnn_distance(6, W, V);
}

Test(descent, the_two_rules_part_by_eta_squared)
{
    struct naive_case c = open_case(standard, "network: {widths: [3, 4, 3, 2]}\n");
    LNN_CLOSE(one_step_apart(&c, 1e-3), 2.839108e-06, 1e-12);
    for (double eta = 1e-2; eta > 1e-5; eta /= 10)
        LNN_CLOSE(one_step_apart(&c, eta) / (eta * eta), 2.8404,
                  2 * eta + 1e-15 / (eta * eta));
    naive_close(&c);
}

/* C_j(t+1) - C_j(t) = eta^2 (g_{j+1}^T g_{j+1} - g_j g_j^T) for any start and eta. */
Test(descent, balancedness_drifts_by_the_gradients_imbalance)
{
    const struct lnn_ode *descent = system_called("gradient_descent");
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        const size_t *d = naive_widths[i].d;
        double *Phi = naive_random(d[0] * d[naive_widths[i].n - 1], i), eta = 0.1;
        struct naive_case c = naive_target(&naive_widths[i], Phi, "");
        naive_fill(c.net.size, c.w0, i);
        double *y = naive_new(c.net.size), *grad = naive_new(c.net.size);
        LNN_OK(descent->init(c.model, y));
        lnn_model_gradient(c.model, y, grad);
        LNN_OK(descent->map(c.model, eta, y));
        for (size_t j = 1; j < c.net.N; j++) {
            double before[81], after[81], drift[81];
            size_t n = d[j] * d[j];
            lnn_network_imbalance(&c.net, c.w0, j, before);
            lnn_network_imbalance(&c.net, y, j, after);
            lnn_network_imbalance(&c.net, grad, j, drift);
            for (size_t e = 0; e < n; e++) after[e] -= before[e];
            for (size_t e = 0; e < n; e++) drift[e] *= eta * eta;
            LNN_CLOSE(lnn_test_gap(n, after, drift), 0,
                      1e-14 * (1 + naive_norm(n, drift)));
        }
        free(Phi);
        free(y);
        free(grad);
        naive_close(&c);
    }
}

static struct naive_case open_identity(const char *widths, const char *matrix)
{
    char text[500];
    snprintf(text, sizeof text,
             "network: {widths: %s}\ndata: {kind: target, matrix: %s}\n"
             "init: {kind: identity}\ntime: {end: 1}\n",
             widths, matrix);
    return naive_open(text);
}

Test(descent, ten_steps_from_the_identity)
{
    static const double want[4] = {1.0252277094245503, 0.019422412190210833,
                                   0.019422412190210833, 0.9734346102506546};
    const struct lnn_ode *descent = system_called("gradient_descent");
    struct naive_case c = open_identity("[2, 2, 2, 2]", "[[1.08, 0.06], [0.06, 0.92]]");
    double y[12];
    LNN_OK(descent->init(c.model, y));
    for (int step = 0; step < 10; step++) LNN_OK(descent->map(c.model, 0.1, y));
    for (int j = 0; j < 3; j++) LNN_CLOSE(lnn_test_gap(4, y + 4 * j, want), 0, 1e-14);
    naive_close(&c);
}

Test(descent, steps_from_the_identity_to_a_quarter)
{
    const struct lnn_ode *descent = system_called("gradient_descent");
    struct naive_case c = open_identity("[1, 1, 1, 1]", "[[0.25]]");
    double y[3];
    int steps = 0;
    LNN_OK(descent->init(c.model, y));
    for (; fabs(y[0] - cbrt(0.25)) > 1e-8 && steps < 1000; steps++)
        LNN_OK(descent->map(c.model, 1.0 / 3, y));
    cr_assert_eq(steps, 93);
    naive_close(&c);
}

/* Equal layers of even number have a product without negative eigenvalues: the target's
 * -0.5 is out of reach, 0.125 of loss stay. */
Test(descent, a_negative_eigenvalue_is_out_of_reach_from_the_identity)
{
    const struct lnn_ode *descent = system_called("gradient_descent");
    struct naive_case c = open_identity("[2, 2, 2, 2, 2]", "[[1, 0], [0, -0.5]]");
    double y[16];
    LNN_OK(descent->init(c.model, y));
    for (int step = 1; step < 20000; step++) LNN_OK(descent->map(c.model, 0.1, y));
    LNN_CLOSE(lnn_model_objective(c.model, y), 0.125000124639, 1e-12);
    naive_close(&c);
}

/* Unbalanced layers and a step too large for them: doubly exponential growth. */
Test(descent, unbalanced_layers_blow_up)
{
    static const double want[4] = {0.03125, 31187.6486716, 4347999170.02,
                                   3.2409879179e25};
    const struct lnn_ode *descent = system_called("gradient_descent");
    struct naive_case c = open_identity("[1, 1, 1]", "[[1]]");
    double y[2] = {100, 0.0075};
    for (int step = 0; step < 4; step++) {
        LNN_CLOSE(lnn_model_objective(c.model, y) / want[step], 1, 1e-10);
        LNN_OK(descent->map(c.model, 0.1, y));
    }
    naive_close(&c);
}

/* The l_4 loss of two points: plain descent crawls along the second coordinate; the
 * rule of two layers does not once the first has arrived. Steps until both are near. */
static int steps_to(const struct lnn_ode *ode, struct naive_case *c, double eta,
                    double y[])
{
    const double *target = c->data->Phi;
    int steps = 0;
    for (; lnn_test_gap(2, y, target) > 1e-2 && steps < 1000000; steps++)
        LNN_OK(ode->map(c->model, eta, y));
    return steps;
}

Test(descent, steps_of_the_quartic_loss)
{
    static const char text[] = "loss: {kind: lp, p: 4, scaling: papers}\n"
                               "init: {kind: zero}\ntime: {end: 1}\n";
    struct naive_case one = open_case(
        text, "network: {widths: [2, 1]}\ndata: {kind: target, matrix: [[10, 1]]}\n");
    struct naive_case two = open_case(
        text,
        "network: {widths: [2, 1, 1]}\ndata: {kind: target, matrix: [[100, 1]]}\n");
    double y[2] = {0, 0}, w[2] = {0.01, 1e-5}, gap = 99.99;
    cr_assert_eq(steps_to(system_called("gradient_descent"), &one, 0.019, y), 263149);
    int steps = steps_to(system_called("end_to_end_descent"), &two,
                         (1e4 - 1) / (2 * gap * gap * gap), w);
    LNN_CLOSE(steps, 9991, 2);
    naive_close(&one);
    naive_close(&two);
}
