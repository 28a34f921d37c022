/* What every system of the list promises, and the gradient flow's derivatives. */
#include "naive.h"

TestSuite(ode, .init = lnn_test_setup);

/* Two balanced layers, which every system accepts unless the loss is another one. */
static struct naive_case open_case(const struct lnn_ode *ode, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text,
             "network: {widths: [3, 2, 2]}\ntime: {end: 1}\n"
             "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n"
             "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}\n"
             "trajectories: [{system: %s%s}]\n%s",
             ode->name, ode->map ? ", learning_rate: 0.1" : "", more);
    return naive_open(text);
}

/* Methods that divide by what gradients were do not follow the flow. */
static bool adaptive(const struct naive_case *c)
{
    const struct lnn_key *key = lnn_keys;
    while (key->section && strcmp(key->name, "epsilon") != 0) key++;
    cr_assert_not_null(key->section);
    return lnn_key_applies(key, c->problem->trajectories.at);
}

/* The state at t = 0, a guard behind it; NULL where the system refuses the problem. */
static double *open_state(const struct lnn_ode *ode, struct naive_case *c)
{
    size_t n = ode->dim(c->model);
    double *y = naive_new(n + 1);
    for (size_t i = 0; i < n; i++) y[i] = NAN;
    y[n] = 4711;
    lnn_error_clear();
    int status = ode->init(c->model, y);
    cr_assert_eq(y[n], 4711, "%s", ode->name);
    if (status == GSL_SUCCESS) {
        cr_assert(lnn_finite(n, y), "%s", ode->name);
        return y;
    }
    cr_assert_eq(status, GSL_EINVAL, "%s", ode->name);
    cr_assert_not_null(strstr(lnn_error(), ode->name), "%s: %s", ode->name,
                       lnn_error());
    free(y);
    return NULL;
}

/* --- conformance ------------------------------------------------------------------ */

Test(ode, members_are_complete)
{
    for (size_t i = 0; lnn_odes[i]; i++) {
        const struct lnn_ode *ode = lnn_odes[i];
        cr_assert_gt(strlen(ode->doc), 40, "%s", ode->name);
        cr_assert_not_null(ode->dim, "%s", ode->name);
        cr_assert_not_null(ode->init, "%s", ode->name);
        cr_assert_not_null(ode->product, "%s", ode->name);
        cr_assert_eq(!!ode->rhs + !!ode->map + !!ode->at, 1, "%s", ode->name);
        if (ode->jac || ode->energy) cr_assert_not_null(ode->rhs, "%s", ode->name);
        for (size_t j = 0; j < i; j++) cr_assert_str_neq(ode->name, lnn_odes[j]->name);
        cr_assert_eq(lnn_registry_find((const void *const *)lnn_odes, ode->name), ode);
    }
    cr_assert_eq(lnn_jacobian_limit, 1073741824.0);
}

/* A system may refuse weight decay, not the plain problem. */
Test(ode, states_begin_at_the_start)
{
    static const char *const more[] = {"", "loss: {weight_decay: 0.5}\n"};
    for (size_t i = 0; lnn_odes[i]; i++)
        for (int decay = 0; decay < 2; decay++) {
            const struct lnn_ode *ode = lnn_odes[i];
            struct naive_case c = open_case(ode, more[decay]);
            double *y = open_state(ode, &c), want[6], W[7] = {0, 0, 0, 0, 0, 0, 4711};
            if (decay == 0) cr_assert_not_null(y, "%s: %s", ode->name, lnn_error());
            if (y) {
                naive_multiply(2, 3, 2, c.w0 + 6, c.w0, want);
                LNN_OK(ode->product(c.model, y, W));
                LNN_CLOSE(lnn_test_gap(6, W, want), 0, 2e-15);
                cr_assert_eq(W[6], 4711, "%s", ode->name);
                if (ode->layers) cr_assert_arr_eq(y, c.w0, 10 * sizeof *y);
                if (ode->energy)
                    cr_assert_eq(y[ode->dim(c.model) - 1], 0, "%s", ode->name);
                if (ode->objective)
                    LNN_CLOSE(ode->objective(c.model, y),
                              lnn_model_objective(c.model, c.w0), 2e-15);
                if (decay && !ode->at)
                    cr_assert(ode->objective || ode->map, "%s has no objective",
                              ode->name);
            }
            free(y);
            naive_close(&c);
        }
}

/* A displaced state's product: y + h dy/dt, Phi_h(y), or the closed form at t = h. */
static void advance(const struct lnn_ode *ode, struct naive_case *c, double h,
                    double W[])
{
    size_t n = ode->dim(c->model);
    double *y = open_state(ode, c), *f = naive_new(n + 1);
    f[n] = 4711;
    if (ode->rhs) {
        LNN_OK(ode->rhs(0, y, f, c->model));
        for (size_t i = 0; i < n; i++) y[i] += h * f[i];
    } else if (ode->map) {
        LNN_OK(ode->map(c->model, h, y));
    } else {
        LNN_OK(ode->at(c->model, h, y));
    }
    cr_assert_eq(f[n], 4711, "%s", ode->name);
    LNN_OK(ode->product(c->model, y, W));
    free(f);
    free(y);
}

static void check_direction(const struct naive_case *c, const struct lnn_ode *ode,
                            double h, const double W[], const double F[],
                            const double half[], const double whole[])
{
    double along = 0;
    for (int e = 0; e < 6; e++) { /* extrapolated: error O(h^2) */
        double slope = (4 * half[e] - whole[e] - 3 * W[e]) / (2 * h);
        along += slope * c->model->G[e];
        if (!adaptive(c))
            cr_assert(fabs(slope + F[e]) <= 2e-9, "%s: %.12g, not %.12g", ode->name,
                      slope, -F[e]);
    }
    cr_assert_lt(along, 0, "%s", ode->name);
}

/* At a balanced start they are all the same trajectory: dW/dt agrees. The adaptive
 * methods go down, at a speed of their own. */
Test(ode, all_systems_set_out_in_the_same_direction)
{
    static const char *const more[] = {"", "loss: {weight_decay: 0.5}\n"};
    const double h = 1e-6;
    for (int decay = 0; decay < 2; decay++) {
        double W[6], F[6], half[6], whole[6];
        size_t agree = 0;
        for (size_t i = 0; lnn_odes[i]; i++) {
            struct naive_case c = open_case(lnn_odes[i], more[decay]);
            naive_multiply(2, 3, 2, c.w0 + 6, c.w0, W);
            LNN_OK(lnn_model_end_to_end(c.model, W, F, NULL));
            double *y = open_state(lnn_odes[i], &c);
            free(y);
            if (y) {
                advance(lnn_odes[i], &c, h, half);
                advance(lnn_odes[i], &c, 2 * h, whole);
                check_direction(&c, lnn_odes[i], h, W, F, half, whole);
                agree++;
            }
            naive_close(&c);
        }
        cr_assert_geq(agree, decay ? 10 : 12);
    }
}

/* dE/dt is ||gradient||^2 of the layers, and minus the rate of the objective. */
Test(ode, energy_is_what_the_objective_loses)
{
    static const char *const more[] = {"", "loss: {weight_decay: 0.5}\n"};
    const double h = 1e-6;
    for (size_t i = 0; lnn_odes[i]; i++)
        for (int decay = 0; decay < 2; decay++) {
            const struct lnn_ode *ode = lnn_odes[i];
            if (!ode->energy) continue;
            struct naive_case c = open_case(ode, more[decay]);
            size_t n = ode->dim(c.model);
            double *y = open_state(ode, &c), *f = naive_new(n), *at = naive_new(n);
            double grad[10], change = 0;
            LNN_OK(ode->rhs(0, y, f, c.model));
            LNN_CLOSE(f[n - 1], lnn_model_gradient(c.model, c.w0, grad), 1e-14);
            for (int sign = -1; sign <= 1; sign += 2) {
                for (size_t e = 0; e < n; e++) at[e] = y[e] + sign * h * f[e];
                LNN_OK(ode->product(c.model, at, c.model->W));
                double value = ode->objective ? ode->objective(c.model, at)
                                              : lnn_objective_value(c.model->objective,
                                                                    c.model->W);
                change += sign * value / (2 * h);
            }
            cr_assert(fabs(change + f[n - 1]) <= 2e-9, "%s: %g", ode->name, change);
            free(y);
            free(f);
            free(at);
            naive_close(&c);
        }
}

/* --- the gradient flow ------------------------------------------------------------ */

static const struct lnn_ode *flow(void)
{
    return lnn_registry_find((const void *const *)lnn_odes, "gradient_flow");
}

static struct naive_case open_loss(const char *loss, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text,
             "network: {widths: [3, 4, 2, 2]}\n"
             "data: {kind: target, matrix: %s%s}\n"
             "loss: {kind: %s%s}\ninit: {kind: gaussian, scale: 0.6}\ntime: {end: 1}\n",
             strcmp(loss, "cross_entropy") == 0 ? "[[1, 0, 1], [0, 1, 0]]"
                                                : "[[1, -1, 1], [-1, 1, 1]]",
             strcmp(loss, "masked") == 0 ? ", mask: [[1, 0, 1], [1, 1, 0]]" : "", loss,
             more);
    return naive_open(text);
}

static void check_rhs(struct naive_case *c)
{
    const double h = 1e-5;
    size_t n = c->net.size;
    double *y = naive_new(n + 1), *f = naive_new(n + 1), square = 0;
    LNN_OK(flow()->init(c->model, y));
    LNN_OK(flow()->rhs(0, y, f, c->model));
    for (size_t i = 0; i < n; i++) {
        double keep = y[i];
        y[i] = keep + h;
        double up = flow()->objective(c->model, y);
        y[i] = keep - h;
        double down = flow()->objective(c->model, y);
        y[i] = keep;
        LNN_CLOSE(f[i], (down - up) / (2 * h), 1e-8);
        square += f[i] * f[i];
    }
    LNN_CLOSE(f[n], square, 1e-14 * (1 + square));
    free(y);
    free(f);
}

static void check_jacobian(struct naive_case *c)
{
    const double h = 1e-5;
    size_t n = c->net.size, dims = n + 1;
    double *y = naive_new(dims), *up = naive_new(dims), *down = naive_new(dims);
    double *J = naive_new(dims * dims), *dfdt = naive_new(dims), worst = 0, skew = 0;
    for (size_t i = 0; i < dims * dims; i++) J[i] = NAN;
    for (size_t i = 0; i < dims; i++) dfdt[i] = NAN;
    LNN_OK(flow()->init(c->model, y));
    y[n] = 3; /* E has no effect on anything */
    LNN_OK(flow()->jac(0, y, J, dfdt, c->model));
    for (size_t i = 0; i < dims; i++) cr_assert_eq(dfdt[i], 0);
    for (size_t j = 0; j < dims; j++) {
        double keep = y[j];
        y[j] = keep + h;
        LNN_OK(flow()->rhs(0, y, up, c->model));
        y[j] = keep - h;
        LNN_OK(flow()->rhs(0, y, down, c->model));
        y[j] = keep;
        for (size_t i = 0; i < dims; i++) {
            double gap = fabs(J[i * dims + j] - (up[i] - down[i]) / (2 * h));
            double size = 1 + naive_norm(dims, J + i * dims);
            cr_assert(isfinite(gap));
            worst = fmax(worst, gap / size);
            if (i < n && j < n)
                skew = fmax(skew, fabs(J[i * dims + j] - J[j * dims + i]) / size);
        }
    }
    LNN_CLOSE(worst, 0, 1e-8);
    LNN_CLOSE(skew, 0, 1e-15);
    double *all[] = {y, up, down, J, dfdt};
    for (size_t i = 0; i < 5; i++) free(all[i]);
}

Test(ode, gradient_flow_descends_every_loss_and_knows_its_jacobian)
{
    static const char *const more[] = {"", ", weight_decay: 0.7"};
    for (size_t l = 0; lnn_losses[l]; l++)
        for (int decay = 0; decay < 2; decay++) {
            struct naive_case c = open_loss(lnn_losses[l]->name, more[decay]);
            check_rhs(&c);
            check_jacobian(&c);
            naive_close(&c);
        }
}

/* C_j' = -2 lambda C_j: conserved without weight decay. */
Test(ode, gradient_flow_moves_the_imbalance_as_it_should)
{
    static const char *const more[] = {"", "loss: {weight_decay: 0.3}\n"};
    static const double lambda[] = {0, 0.3}, h = 1e-3;
    static const struct naive_widths widths = {5, {3, 4, 2, 5, 2}};
    static const double Phi[6] = {1, 0.5, -0.25, 0, -1, 0.75};
    for (int i = 0; i < 2; i++) {
        struct naive_case c = naive_target(&widths, Phi, more[i]);
        double *y = naive_random(c.net.size + 1, 1), *f = naive_new(c.net.size + 1);
        double *up = naive_new(c.net.size), *down = naive_new(c.net.size);
        LNN_OK(flow()->rhs(0, y, f, c.model));
        for (size_t e = 0; e < c.net.size; e++) up[e] = y[e] + h * f[e];
        for (size_t e = 0; e < c.net.size; e++) down[e] = y[e] - h * f[e];
        for (size_t j = 1; j < c.net.N; j++) {
            double C[25], plus[25],
                minus[25]; /* C_j is quadratic: the quotient is exact */
            size_t n = c.net.d[j] * c.net.d[j];
            lnn_network_imbalance(&c.net, y, j, C);
            lnn_network_imbalance(&c.net, up, j, plus);
            lnn_network_imbalance(&c.net, down, j, minus);
            for (size_t e = 0; e < n; e++)
                LNN_CLOSE((plus[e] - minus[e]) / (2 * h), -2 * lambda[i] * C[e], 1e-11);
        }
        double *all[] = {y, f, up, down};
        for (size_t e = 0; e < 4; e++) free(all[e]);
        naive_close(&c);
    }
}
