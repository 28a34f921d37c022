/* Closed forms of whole problems, against tight integrations of the layers. */
#include "lnn_test_flow.h"

TestSuite(exact, .init = lnn_test_setup);

static const struct lnn_ode *ode(void)
{
    return lnn_registry_find((const void *const *)lnn_odes, "exact");
}

/* W_j' = -(W_N..W_{j+1})^T G (W_{j-1}..W_1)^T, G = W Lambda_xx - Lambda_yx, written
 * down without any of the library's products. */
static int layers_rhs(double t, const double w[], double dw[], void *params)
{
    const struct lnn_model *m = params;
    const size_t *d = m->net.d, N = m->net.N, k = d[N];
    double after[8][64] = {{0}}, before[8][64] = {{0}}, G[64], part[64];
    (void)t;
    for (size_t i = 0; i < d[0]; i++) before[0][i * d[0] + i] = 1; /* W_j..W_1 */
    for (size_t j = 1; j <= N; j++)
        lnn_test_multiply(d[j], d[0], d[j - 1], w + lnn_network_offset(&m->net, j),
                          before[j - 1], before[j]);
    for (size_t i = 0; i < k; i++) after[N][i * k + i] = 1; /* W_N..W_{j+1} */
    for (size_t j = N; j >= 1; j--)
        lnn_test_multiply(k, d[j - 1], d[j], after[j],
                          w + lnn_network_offset(&m->net, j), after[j - 1]);
    for (size_t i = 0; i < k * d[0]; i++) G[i] = -m->data->Lyx[i];
    lnn_test_multiply(k, d[0], d[0], before[N], m->data->Lxx, G);
    for (size_t j = 1; j <= N; j++) {
        double *dW = dw + lnn_network_offset(&m->net, j), T[64] = {0};
        for (size_t i = 0; i < d[j - 1]; i++)
            for (size_t c = 0; c < d[0]; c++)
                T[c * d[j - 1] + i] = before[j - 1][i * d[0] + c];
        memset(part, 0, sizeof part);
        lnn_test_multiply(k, d[j - 1], d[0], G, T, part);
        memset(T, 0, sizeof T);
        for (size_t i = 0; i < k; i++)
            for (size_t c = 0; c < d[j]; c++) T[c * k + i] = -after[j][i * d[j] + c];
        memset(dW, 0, d[j] * d[j - 1] * sizeof *dW);
        lnn_test_multiply(d[j], d[j - 1], k, T, part, dW);
    }
    return GSL_SUCCESS;
}

/* Largest gap between the closed form and the layers over [0, end]. */
static double gap_to_layers(struct lnn_test_flow *f, double end)
{
    struct lnn_model *m = f->model;
    size_t kd = ode()->dim(m), dim = m->net.size;
    double *w = malloc((dim + 2 * kd) * sizeof *w), *y = w + dim, *W = y + kd,
           worst = 0;
    memcpy(w, f->w0, dim * sizeof *w);
    LNN_OK(ode()->init(m, y));
    for (int i = 0; i <= 4; i++) {
        if (i > 0)
            LNN_OK(lnn_test_integrate(layers_rhs, m, dim, (i - 1) * end / 4,
                                      i * end / 4, 1e-13, 1e-15, w));
        lnn_network_product(&m->net, w, W, m->chain);
        LNN_OK(ode()->at(m, i * end / 4, y));
        double gap = lnn_test_gap(kd, W, y);
        if (isnan(gap) || gap > worst) worst = gap;
    }
    free(w);
    return worst;
}

Test(exact, aligned_layers_of_every_depth)
{
    static const char *const widths[] = {
        "[3, 2]",          "[3, 2, 2]",          "[3, 3, 2, 2]",
        "[3, 2, 5, 3, 2]", "[3, 2, 2, 2, 2, 2]", "[3, 4, 2, 3, 2, 2, 2]"};
    /* Phi = U diag(3, 1) V^T; modes from below, from above and opposite, absent */
    static const double U[] = {0.6, -0.8, 0.8, 0.6},
                        modes[][2] = {{0.3, 0.2}, {4, -0.6}, {0.5, 0}};
    static const double Vt[] = {2 / 3.0, 2 / 3.0, -1 / 3.0, -1 / 3.0, 2 / 3.0, 2 / 3.0};
    for (size_t c = 0; c < 3; c++)
        for (size_t N = 1; N <= 6; N++) {
            char text[1024];
            double A[6], P[6];
            for (size_t i = 0; i < 6; i++) {
                double a = U[i / 3 * 2] * Vt[i % 3],
                       b = U[i / 3 * 2 + 1] * Vt[3 + i % 3];
                P[i] = 3 * a + b;
                A[i] = modes[c][0] * a + modes[c][1] * b;
            }
            snprintf(
                text, sizeof text,
                "network: {widths: %s}\ntime: {end: 1}\n"
                "data: {kind: target, matrix: [[%.17g, %.17g, %.17g], [%.17g, %.17g, "
                "%.17g]]}\ninit: {kind: balanced, rotate: true, matrix: [[%.17g, "
                "%.17g, "
                "%.17g], [%.17g, %.17g, %.17g]]}\n",
                widths[N - 1], P[0], P[1], P[2], P[3], P[4], P[5], A[0], A[1], A[2],
                A[3], A[4], A[5]);
            struct lnn_test_flow f = lnn_test_flow_of(text);
            double gap = gap_to_layers(&f, 0.9);
            cr_assert(gap <= 1e-11, "%zu layers, start %zu: %g", N, c, gap);
            lnn_test_flow_free(&f);
        }
}

Test(exact, two_balanced_layers_of_any_shape)
{
    static const char *const widths[] = {"[2, 2, 2]", "[4, 2, 2]", "[2, 7, 3]",
                                         "[5, 1, 3]", "[1, 3, 1]", "[1, 1, 1]",
                                         "[6, 2, 1]", "[1, 4, 5]"};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        char text[512];
        snprintf(
            text, sizeof text,
            "network: {widths: %s}\ntime: {end: 1}\n"
            "data: {kind: teacher, samples: 30, noise: 0.5, scale: whiten, seed: 4}\n"
            "init: {kind: gaussian, scale: 0.7}\n",
            widths[i]);
        struct lnn_test_flow f = lnn_test_flow_of(text);
        double W[64], gap;
        lnn_network_product(&f.model->net, f.w0, W, f.model->chain);
        LNN_OK(lnn_balanced_start(&f.model->net, W, f.w0));
        LNN_OK(lnn_rotated_start(&f.model->net, 1, f.w0));
        gap = gap_to_layers(&f, 4);
        cr_assert(gap <= 1e-11, "%s: %g", widths[i], gap);
        lnn_test_flow_free(&f);
    }
}

Test(exact, two_lambda_balanced_layers)
{
    static const char *const widths[] = {"[2, 2, 4]", "[4, 2, 2]", "[3, 1, 1]",
                                         "[3, 3, 3]"};
    static const double lambda[] = {0.7, -0.7, 5, -5, 1e-3};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 5; j++) {
            char text[512];
            snprintf(
                text, sizeof text,
                "network: {widths: %s}\ntime: {end: 1}\n"
                "data: {kind: teacher, samples: 30, noise: 1, scale: whiten, seed: 5}\n"
                "init: {kind: lambda_balanced, lambda: %g, scale: 0.5, rotate: true}\n",
                widths[i], lambda[j]);
            struct lnn_test_flow f = lnn_test_flow_of(text);
            double gap = gap_to_layers(&f, 2);
            cr_assert(gap <= 1e-11, "%s, lambda %g: %g", widths[i], lambda[j], gap);
            lnn_test_flow_free(&f);
        }
}

Test(exact, lambda_balanced_oracle)
{
    static const double lambda[] = {0.7, -0.7, 5};
    static const double expected[][4] = {
        {0.9164074049153392, 0.4571222777427902, -0.2006043902204661,
         0.7198847726320371},
        {0.9164074049153392, 0.4571222777427902, -0.2006043902204661,
         0.7198847726320371},
        {0.999752117339598, 0.49982303181, -0.29976543111, 0.79978619053}};
    for (size_t i = 0; i < 3; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "network: {widths: [2, 2, 2]}\ntime: {end: 1.5}\n"
                 "data: {kind: target, matrix: [[1, .5], [-.3, .8]]}\n"
                 "init: {kind: lambda_balanced, lambda: %g, matrix: [[.2, -.1], [.3, "
                 ".25]]}\n",
                 lambda[i]);
        struct lnn_test_flow f = lnn_test_flow_of(text);
        double W[4];
        LNN_OK(ode()->init(f.model, W));
        LNN_OK(ode()->at(f.model, 1.5, W));
        cr_assert(lnn_test_gap(4, W, expected[i]) <= (i < 2 ? 1e-12 : 1e-11));
        lnn_test_flow_free(&f);
    }
}

Test(exact, one_hidden_unit_needs_no_balance)
{
    struct lnn_test_flow f = lnn_test_flow_of(
        "network: {widths: [3, 1, 2]}\ntime: {end: 1}\ninit: {kind: gaussian, scale: "
        "1}\n"
        "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n");
    double gap = gap_to_layers(&f, 3);
    cr_assert(gap <= 1e-11, "%g", gap);
    lnn_test_flow_free(&f);
}

Test(exact, one_layer_on_any_data)
{
    static const char *const widths[] = {"[4, 3]", "[6, 2]", "[5, 1]", "[3, 2]"};
    static const char *const data[] = {
        "{kind: teacher, samples: 50, noise: 0.3}",
        "{kind: teacher, samples: 3, noise: 0.3}",
        "{kind: teacher, samples: 50, condition: 1e4}",
        "{kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}"};
    for (size_t i = 0; i < 4; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "network: {widths: %s}\ndata: %s\ntime: {end: 1}\n"
                 "init: {kind: gaussian, scale: 0.4}\n",
                 widths[i], data[i]);
        struct lnn_test_flow f = lnn_test_flow_of(text);
        double gap = gap_to_layers(&f, 5);
        cr_assert(gap <= 1e-11, "%zu: %g", i, gap);
        lnn_test_flow_free(&f);
    }
}

Test(exact, times_in_any_order)
{
    static const double t[] = {2.5, 0.1, 7, 7, 0, 3.3, 2.5};
    static const char *const starts[] = {"network: {widths: [3, 2]}\n",
                                         "network: {widths: [3, 4, 2]}\n"};
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "%stime: {end: 1}\ninit: {kind: balanced, scale: 0.4}\n"
                 "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n",
                 starts[i]);
        struct lnn_test_flow f = lnn_test_flow_of(text);
        double W[7][6], fresh[6];
        LNN_OK(ode()->init(f.model, fresh));
        for (size_t j = 0; j < 7; j++) LNN_OK(ode()->at(f.model, t[j], W[j]));
        cr_assert(lnn_test_gap(6, W[4], fresh) <= 1e-15); /* t = 0 is the start */
        for (size_t j = 0; j < 7; j++) {
            LNN_OK(ode()->init(f.model, fresh)); /* may be called again */
            LNN_OK(ode()->at(f.model, t[j], fresh));
            cr_assert(memcmp(fresh, W[j], sizeof fresh) == 0);
        }
        lnn_test_flow_free(&f);
    }
}

Test(exact, refuses_with_all_reasons)
{
    static const struct {
        const char *text, *reasons[3];
    } cases[] = {
        {"network: {widths: [3, 2, 2, 2]}\ninit: {kind: balanced, seed: 1}\n"
         "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n",
         {"no common singular vectors"}},
        {"network: {widths: [3, 2, 2]}\ninit: {kind: gaussian}\n"
         "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n",
         {"not balanced", "no multiple of I"}},
        {"network: {widths: [3, 3, 3, 2]}\ninit: {kind: orthogonal}\n"
         "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n"
         "loss: {weight_decay: 0.1}\n",
         {"weight decay, lambda = 0.1"}},
        {"network: {widths: [3, 2, 2]}\ninit: {kind: balanced}\n"
         "data: {kind: teacher, samples: 30}\nloss: {kind: lp, weight_decay: 0.5}\n",
         {"not square", "weight decay", "not whitened"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "%stime: {end: 1}\n", cases[i].text);
        struct lnn_test_flow f = lnn_test_flow_of(text);
        double W[6];
        cr_assert(ode()->init(f.model, W) == GSL_EINVAL);
        for (size_t j = 0; j < 3 && cases[i].reasons[j]; j++)
            cr_assert(strstr(lnn_error(), cases[i].reasons[j]) != NULL, "%s",
                      lnn_error());
        cr_assert(strchr(lnn_error(), '\n') == NULL);
        lnn_test_flow_free(&f);
    }
}
