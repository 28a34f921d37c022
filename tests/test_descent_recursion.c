/* Arora, Cohen & Hazan 2018, Section 3: descent on w = w_1 omega_2 is descent on w with
 * an adaptive rate rho and a memory of past gradients mu. And the discrete end-to-end
 * rule with weight decay. */
#include "optimiser_case.h"

TestSuite(descent_recursion, .init = lnn_test_setup);

enum { MOST = 4, STEPS = 400 };

struct path { /* of descent on (w_1, omega_2): a row an iteration */
    size_t d;
    int steps;
    double rho[STEPS], gamma[STEPS], curl[STEPS]; /* curl: eta^2 dL/domega_2 omega_2 */
    double w[STEPS + 1][MOST], g[STEPS][MOST];
};

static void walk(struct path *p, const char *loss, size_t d, double eta, int steps,
                 const double start[])
{
    char text[500];
    snprintf(text, sizeof text,
             "network: {widths: [%zu, 1, 1]}\nloss: {%s}\n"
             "data: {kind: teacher, samples: 6, noise: 0.2, seed: 3}\n"
             "init: {kind: zero}\ntime: {end: 1}\n",
             d, loss);
    char keys[60];
    snprintf(keys, sizeof keys, ", learning_rate: %.17g", eta);
    struct optimiser_case o = optimiser_open(text, "gradient_descent", keys, start);
    double *w1 = o.y, *omega = o.y + d;
    p->d = d;
    p->steps = steps;
    for (int t = 0; t <= steps; t++) {
        LNN_OK(o.ode->product(o.c.model, o.y, p->w[t]));
        if (t == steps) break;
        lnn_objective_gradient(o.c.model->objective, p->w[t], p->g[t]);
        double slope = naive_dot(d, p->g[t], w1); /* dL/domega_2 */
        p->rho[t] = eta * *omega * *omega;
        p->gamma[t] = eta * slope / *omega;
        p->curl[t] = eta * eta * slope * *omega;
        optimiser_steps(&o, 1);
    }
    optimiser_close(&o);
}

static const char *const losses[] = {"kind: lp, p: 4, scaling: papers",
                                     "kind: lp, p: 2, scaling: papers", "kind: square",
                                     "kind: lp, p: 6"};

Test(descent_recursion, of_the_product_is_exact)
{
    static const double start[] = {0.1, -0.2, 0.3, 0.15, 0.8};
    for (size_t d = 1; d <= 4; d++)
        for (int l = 0; l < 4; l++) {
            struct path p;
            double first[5] = {0.1, -0.2, 0.3, 0.15}, moved = 0;
            first[d] = start[4];
            walk(&p, losses[l], d, 0.01, 200, first);
            for (int t = 0; t < p.steps; t++)
                for (size_t i = 0; i < d; i++) {
                    double w = p.w[t][i], g = p.g[t][i];
                    double next = w - p.rho[t] * g - p.gamma[t] * w + p.curl[t] * g;
                    LNN_CLOSE(p.w[t + 1][i], next, 4e-16 * (1 + fabs(w)));
                    moved = fmax(moved, fabs(p.curl[t] * g));
                }
            cr_assert_gt(moved, 1e-9, "the last term is not there");
        }
}

/* w_{t+1} - w_t + rho_t g_t + sum mu g: what the unrolled form leaves out, and what it
 * should leave out: the terms in eta^2, and w_0. */
static void rest(const struct path *p, int t, double left[], double should[])
{
    double keep = 1; /* prod_{j=tau+1}^{t-1} (1 - gamma_j) */
    for (size_t i = 0; i < p->d; i++) {
        left[i] = p->w[t + 1][i] - p->w[t][i] + p->rho[t] * p->g[t][i];
        should[i] = p->curl[t] * p->g[t][i];
    }
    for (int tau = t - 1; tau >= 0; tau--) {
        double mu = -p->gamma[t] * p->rho[tau] * keep;
        for (size_t i = 0; i < p->d; i++) {
            left[i] += mu * p->g[tau][i];
            should[i] -= p->gamma[t] * keep * p->curl[tau] * p->g[tau][i];
        }
        keep *= 1 - p->gamma[tau];
    }
    for (size_t i = 0; i < p->d; i++) should[i] -= p->gamma[t] * keep * p->w[0][i];
}

Test(descent_recursion, unrolled_leaves_out_eta_squared_and_the_start)
{
    static const double sizes[] = {0, 1e-4, 1e-2};
    for (int l = 0; l < 3; l++) {
        double norm[3][3];
        for (int s = 0; s < 3; s++)
            for (int h = 0; h < 3; h++) { /* eta halved twice, the same time */
                struct path p;
                double start[4] = {sizes[s], -sizes[s], 2 * sizes[s], 0.7};
                double eta = 0.02 / (1 << h), left[MOST], should[MOST];
                int last = 60 << h;
                walk(&p, losses[l], 3, eta, last + 1, start);
                for (int t = 0; t <= last; t += 10) {
                    rest(&p, t, left, should);
                    LNN_CLOSE(lnn_test_gap(3, left, should), 0, 2e-15);
                }
                norm[s][h] = naive_norm(3, left);
            }
        for (int h = 0; h < 2; h++) /* from w_1 = 0 it is of second order ... */
            LNN_CLOSE(log2(norm[0][h] / norm[0][h + 1]), 2, 0.15);
        for (int s = 1; s < 3; s++) /* ... and a small start adds what is of its size */
            for (int h = 0; h < 3; h++)
                cr_assert_lt(fabs(norm[s][h] - norm[0][h]), sizes[s], "%d %d %d", l, s,
                             h);
        cr_assert_gt(norm[0][2], 1e-8);
    }
}

/* --- the end-to-end rule with weight decay ---------------------------------------- */

/* P (n x n) = A^p for a symmetric positive semidefinite A; 0^0 = 1. */
static void power_of(size_t n, const double A[], double p, double P[])
{
    double *values = naive_new(n), *V = naive_new(n * n), *D = naive_new(n * n),
           *VD = naive_new(n * n), *T = naive_new(n * n);
    LNN_OK(lnn_eig_symmetric(n, A, values, V));
    for (size_t i = 0; i < n; i++) {
        bool zero = values[i] < 1e-13 * values[n - 1];
        D[i * n + i] = p == 0 ? 1 : zero ? 0 : pow(values[i], p);
    }
    naive_multiply(n, n, n, V, D, VD);
    naive_transpose(n, n, V, T);
    naive_multiply(n, n, n, VD, T, P);
    double *all[] = {values, V, D, VD, T};
    for (size_t i = 0; i < 5; i++) free(all[i]);
}

/* (1 - eta lambda N) W - eta sum_j [W W^T]^{(j-1)/N} G [W^T W]^{(N-j)/N} */
static void naive_rule(size_t N, size_t k, size_t d, double eta, double lambda,
                       const double W[], const double G[], double next[])
{
    double depth = (double)N, *T = naive_new(k * d), *left = naive_new(k * k),
           *right = naive_new(d * d), *L = naive_new(k * k), *R = naive_new(d * d),
           *LG = naive_new(k * d), *term = naive_new(k * d);
    naive_transpose(k, d, W, T);
    naive_multiply(k, k, d, W, T, left);
    naive_multiply(d, d, k, T, W, right);
    for (size_t e = 0; e < k * d; e++) next[e] = (1 - eta * lambda * depth) * W[e];
    for (size_t j = 1; j <= N; j++) {
        power_of(k, left, (double)(j - 1) / depth, L);
        power_of(d, right, (double)(N - j) / depth, R);
        naive_multiply(k, d, k, L, G, LG);
        naive_multiply(k, d, d, LG, R, term);
        for (size_t e = 0; e < k * d; e++) next[e] -= eta * term[e];
    }
    double *all[] = {T, left, right, L, R, LG, term};
    for (size_t i = 0; i < 7; i++) free(all[i]);
}

/* Wide, tall, square, 1 x 1, and of rank 1: depths 1 to 4, with and without decay. */
Test(descent_recursion, end_to_end_rule_with_weight_decay)
{
    static const size_t shapes[][2] = {{2, 3}, {3, 2}, {3, 3}, {1, 1}, {1, 4}, {4, 1}};
    static const char *const decays[] = {"", "loss: {weight_decay: 0.3}\n"};
    for (size_t s = 0; s < 6; s++)
        for (size_t N = 1; N <= 4; N++)
            for (int decay = 0; decay < 2; decay++)
                for (int single = 0; single < 2; single++) {
                    size_t k = shapes[s][0], d = shapes[s][1];
                    struct naive_widths widths = {N + 1, {d, 4, 4, 4, 4}};
                    widths.d[N] = k;
                    double Phi[9], W[9], G[9], want[9], y[9], u[8];
                    naive_fill(9, Phi, s);
                    naive_fill(9, W, s + 20);
                    naive_fill(8, u, s + 40);
                    for (size_t e = 0; e < k * d && single; e++)
                        W[e] = u[e / d] * u[4 + e % d];
                    struct naive_case c = naive_target(&widths, Phi, decays[decay]);
                    for (size_t e = 0; e < k * d; e++) G[e] = W[e] - Phi[e];
                    naive_rule(N, k, d, 0.2, decay ? 0.3 : 0, W, G, want);
                    memcpy(y, W, sizeof y);
                    LNN_OK(lnn_model_keep_rank(c.model, y));
                    LNN_OK(system_called("end_to_end_descent")->map(c.model, 0.2, y));
                    LNN_CLOSE(lnn_test_gap(k * d, y, want), 0, 2e-14);
                    naive_close(&c);
                }
}

/* One output: (1 - eta lambda N) w - eta ||w||^{2-2/N} (G + (N-1) Pr_w G), N = 7. */
Test(descent_recursion, end_to_end_rule_of_a_single_output)
{
    static const double flow[] = {1.271057868947627, -6.921234819233068,
                                  12.923967966744854};
    static const double w[] = {0.3, -0.4, 1.2}, Phi[] = {-0.7, -2.4, 2.2};
    static const struct naive_widths widths = {8, {3, 1, 2, 1, 3, 1, 2, 1}};
    for (int decay = 0; decay < 2; decay++) {
        struct naive_case c =
            naive_target(&widths, Phi, decay ? "loss: {weight_decay: 0.5}\n" : "");
        double y[3], eta = 0.01, lambda = decay ? 0.5 : 0;
        memcpy(y, w, sizeof y);
        LNN_OK(system_called("end_to_end_descent")->map(c.model, eta, y));
        for (int i = 0; i < 3; i++)
            LNN_CLOSE(y[i], (1 - eta * lambda * 7) * w[i] + eta * flow[i], 1e-15);
        naive_close(&c);
    }
}

/* A step of balanced layers with weight decay is the rule's, up to eta^2. */
Test(descent_recursion, end_to_end_rule_is_that_of_balanced_layers)
{
    static const char text[] =
        "network: {widths: [3, 4, 3, 2]}\nloss: {weight_decay: 0.4}\n"
        "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n"
        "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}\n"
        "time: {end: 1}\n";
    double before = NAN;
    for (double eta = 1e-2; eta > 1e-4; eta /= 2) {
        char keys[60];
        double W[6], V[6];
        snprintf(keys, sizeof keys, ", learning_rate: %.17g", eta);
        struct optimiser_case layers =
            optimiser_open(text, "gradient_descent", keys, NULL);
        struct optimiser_case rule =
            optimiser_open(text, "end_to_end_descent", keys, NULL);
        optimiser_steps(&layers, 1);
        optimiser_steps(&rule, 1);
        LNN_OK(layers.ode->product(layers.c.model, layers.y, W));
        LNN_OK(rule.ode->product(rule.c.model, rule.y, V));
        double gap = lnn_distance(6, W, V);
        if (!isnan(before)) LNN_CLOSE(log2(before / gap), 2, 0.02);
        before = gap;
        optimiser_close(&layers);
        optimiser_close(&rule);
    }
}
