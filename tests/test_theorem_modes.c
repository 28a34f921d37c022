/* Modes of balanced flow as numbers: the rates of singular values, and the growth of
 * small errors, against linearised and integrated layers. */
#include "lnn_test_flow.h"
#include "theorem_modes.h"

TestSuite(theorem_modes, .init = lnn_test_setup, .timeout = 120);

static const double Phi3[] = {1, 0.5, -0.25, 0, -1, 0.75, 0.3, 0.2, 0.1};
static const double W3[] = {0.5, -0.2, 0.1, 0.05, 0.4, -0.15, 0.2, 0.1, 0.3};

Test(theorem_modes, rates_of_the_oracle)
{
    static const double expected[][3] = {
        {-0.32527689435222196, -0.961483141416911, -0.17615033596293017},
        {-0.3986179395150055, -0.8124866491472339, -0.09389541133776011},
        {-0.5078545044276123, -0.9145111685594328, -0.09063847579473663}};
    double G[9], rates[3], decayed[3];
    struct lnn_svd *svd = lnn_svd_alloc(3, 3);
    LNN_OK(lnn_svd(svd, W3));
    for (size_t i = 0; i < 9; i++) G[i] = W3[i] - Phi3[i];
    for (size_t N = 1; N <= 3; N++) {
        lnn_modes_rates(N, 0, svd, G, rates);
        cr_assert(lnn_test_gap(3, rates, expected[N - 1]) <= 1e-14, "N = %zu", N);
        lnn_modes_rates(N, 0.25, svd, G, decayed);
        for (size_t r = 0; r < 3; r++)
            LNN_CLOSE(decayed[r], rates[r] - 0.25 * (double)N * svd->s[r], 1e-15);
    }
    free(svd);
}

/* d/dt of the product of balanced layers whose product is W, on 1/2 ||W - Phi||^2: by
 * the chain rule, no power of W in sight. */
static void field(size_t N, size_t k, size_t d, const double Phi[], const double W[],
                  double rate[])
{
    size_t widths[9] = {d};
    for (size_t j = 1; j < N; j++) widths[j] = k > d ? k : d;
    widths[N] = k;
    struct lnn_network net = lnn_network_of(N + 1, widths);
    double *w = calloc(2 * net.size + 3 * k * d, sizeof *w);
    double *scratch =
        malloc((net.chain + lnn_network_tangent_size(&net)) * sizeof *scratch);
    double *grad = w + net.size, *P = grad + net.size, *G = P + k * d;
    LNN_OK(lnn_balanced_start(&net, W, w));
    lnn_network_product(&net, w, P, scratch);
    for (size_t i = 0; i < k * d; i++) G[i] = P[i] - Phi[i];
    lnn_network_gradient(&net, w, G, grad, scratch);
    lnn_network_product_tangent(&net, w, grad, P, rate, scratch);
    for (size_t i = 0; i < k * d; i++) rate[i] = -rate[i];
    free(w);
    free(scratch);
}

/* The field's derivative at diag(u) along E_rq + sign E_qr is -kappa times the same,
 * and its derivative by the target along it is P times it. */
static void check_pair(size_t N, const double u[2], const double s[2], double sign)
{
    const double h = 1e-6;
    double E[] = {0, 1, sign, 0}, diff[4], by_target[4], P, kappa;
    double at[2][4], off[2][4];
    for (int side = 0; side < 2; side++) {
        double W[] = {u[0], 0, 0, u[1]}, Phi[] = {s[0], 0, 0, s[1]};
        lnn_axpy(4, side ? -h : h, E, W);
        field(N, 2, 2, Phi, W, at[side]);
        lnn_axpy(4, side ? h : -h, E, W);
        lnn_axpy(4, side ? -h : h, E, Phi);
        field(N, 2, 2, Phi, W, off[side]);
    }
    for (size_t i = 0; i < 4; i++) {
        diff[i] = (at[0][i] - at[1][i]) / (2 * h);
        by_target[i] = (off[0][i] - off[1][i]) / (2 * h);
    }
    kappa = lnn_modes_stiffness(N, u[0], s[0], sign * u[1], sign * s[1], &P);
    for (size_t i = 0; i < 4; i++) {
        LNN_CLOSE(diff[i], -kappa * E[i], 2e-7 * (1 + fabs(kappa)));
        LNN_CLOSE(by_target[i], P * E[i], 1e-8 * (1 + P));
    }
}

Test(theorem_modes, stiffness_is_the_linearised_end_to_end_field)
{
    static const double u[][2] = {{0.3, 0.8},  {0.8, 0.3},   {0.5, 0.5000000001},
                                  {0.5, -0.4}, {-0.5, -0.7}, {0.6, -0.6},
                                  {1.3, 0.05}};
    static const double s[][2] = {{2, 1}, {1, 2}, {0.5, -0.7}, {0, 1.5}};
    for (size_t N = 1; N <= 5; N++)
        for (size_t a = 0; a < sizeof u / sizeof *u; a++)
            for (size_t b = 0; b < sizeof s / sizeof *s; b++) {
                check_pair(N, u[a], s[b], 1);
                check_pair(N, u[a], s[b], -1);
            }
}

/* Directions without a mode: W = (u, 0), moved in its second entry. */
Test(theorem_modes, stiffness_beside_a_missing_mode)
{
    for (size_t N = 1; N <= 5; N++) {
        const double h = 1e-6, u = 0.7, s = 1.6;
        double Phi[] = {s, 0}, W[] = {u, h}, rate[2], P;
        field(N, 1, 2, Phi, W, rate);
        double kappa = lnn_modes_stiffness(N, u, s, 0, 0, &P);
        LNN_CLOSE(rate[1] / h, -kappa, 1e-8);
        LNN_CLOSE(P, pow(u, 2 - 2 / (double)N), 1e-14);
    }
}

struct layers {
    size_t N;
    const double *Phi;
};

/* y: layers 2 x 2, W_1 first. */
static int layers_rhs(double t, const double y[], double dy[], void *params)
{
    (void)t;
    const struct layers *x = params;
    size_t widths[7] = {2, 2, 2, 2, 2, 2, 2};
    struct lnn_network net = lnn_network_of(x->N + 1, widths);
    double W[4], scratch[200];
    cr_assert(net.chain <= 200);
    lnn_network_product(&net, y, W, scratch);
    for (size_t i = 0; i < 4; i++) W[i] -= x->Phi[i];
    lnn_network_gradient(&net, y, W, dy, scratch);
    for (size_t i = 0; i < net.size; i++) dy[i] = -dy[i];
    return GSL_SUCCESS;
}

static void flow_to(struct layers *x, const double W0[], double t, double W[])
{
    size_t widths[7] = {2, 2, 2, 2, 2, 2, 2};
    struct lnn_network net = lnn_network_of(x->N + 1, widths);
    double y[24], scratch[200];
    LNN_OK(lnn_balanced_start(&net, W0, y));
    LNN_OK(lnn_test_integrate(layers_rhs, x, net.size, 0, t, 1e-13, 1e-15, y));
    lnn_network_product(&net, y, W, scratch);
}

/* The largest of what unit errors of the start along E_1..E_4 become. */
static double grown(struct layers *x, const double u0[2], double t)
{
    static const double E[][4] = {{1, 0, 0, 0},
                                  {0, 0, 0, 1},
                                  {0, M_SQRT1_2, M_SQRT1_2, 0},
                                  {0, M_SQRT1_2, -M_SQRT1_2, 0}};
    const double h = 1e-6;
    double most = 0;
    for (size_t e = 0; e < 4; e++) {
        double A[] = {u0[0], 0, 0, u0[1]}, B[] = {u0[0], 0, 0, u0[1]}, Wa[4], Wb[4];
        lnn_axpy(4, h, E[e], A);
        lnn_axpy(4, -h, E[e], B);
        flow_to(x, A, t, Wa);
        flow_to(x, B, t, Wb);
        most = fmax(most, lnn_distance(4, Wa, Wb) / (2 * h));
    }
    return most;
}

/* Neither too small nor generous: the operator norm of the flow's derivative. */
Test(theorem_modes, spread_is_what_errors_of_the_start_become)
{
    static const double u0[][2] = {{0.05, 0.2}, {0.02, 0.02}, {0.3, 0.01}};
    static const double s[2] = {2, 1}, t[] = {0, 0.4, 1, 2, 4};
    for (size_t N = 1; N <= 4; N++)
        for (size_t a = 0; a < 3; a++) {
            struct lnn_modes m = {.N = N, .q = 2, .s = s, .u0 = u0[a], .start = 1e-7};
            const double Phi[] = {s[0], 0, 0, s[1]};
            struct layers x = {N, Phi};
            double spread[5];
            LNN_OK(lnn_modes_spread(&m, 5, t, spread));
            LNN_CLOSE(spread[0] / m.start, 1, 1e-9);
            for (size_t i = 1; i < 5; i++)
                LNN_CLOSE(spread[i] / m.start / grown(&x, u0[a], t[i]), 1, 0.02);
        }
}

/* T4: a mode of 0 and two layers, e^{2 s t}; three layers, practically never. */
Test(theorem_modes, a_mode_of_zero_grows_from_rounding)
{
    static const double s = 1.5, u0 = 0, t[] = {0, 4, 8};
    double spread[3];
    struct lnn_modes m = {
        .N = 2, .q = 1, .s = &s, .u0 = &u0, .start = 1e-8, .zero = 1e-17};
    LNN_OK(lnn_modes_spread(&m, 3, t, spread));
    LNN_CLOSE(spread[1] / (1e-17 * exp(12)), 1, 1e-9);
    LNN_CLOSE(spread[2] / (1e-17 * exp(24)), 1, 1e-5);
    m.N = 3;
    LNN_OK(lnn_modes_spread(&m, 3, t, spread));
    LNN_CLOSE(spread[2] / 1e-17, 1, 1e-4);
}

/* An error of the target is an error of W in the end, whatever the way there. */
Test(theorem_modes, an_error_of_the_target_ends_in_W)
{
    static const double s[2] = {2, 1}, u0[2] = {0.1, 0.1}, t[] = {0, 30};
    double spread[2];
    for (size_t N = 1; N <= 4; N++) {
        struct lnn_modes m = {.N = N, .q = 2, .s = s, .u0 = u0, .target = 1e-9};
        LNN_OK(lnn_modes_spread(&m, 2, t, spread));
        LNN_CLOSE(spread[1] / 1e-9, 1, 1e-4);
    }
}
