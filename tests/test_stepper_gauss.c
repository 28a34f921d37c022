/* Gauss collocation: its coefficients against the order conditions, quadratic
 * invariants kept to round-off where an explicit method drifts, symmetry, the error
 * estimate against the true error, and what it remembers between steps. */
#include "lnn_test.h"
#include "stepper_gauss.h"

TestSuite(stepper_gauss, .init = lnn_test_setup, .timeout = 60);

/* --- coefficients --- */

static double power(double x, size_t n)
{
    return n == 0 ? 1 : pow(x, (double)n);
}

/* Butcher's simplifying assumptions B(2s), C(s), D(s) imply order 2s. */
Test(stepper_gauss, coefficients_satisfy_the_order_conditions)
{
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        struct lnn_gauss_tableau a;
        lnn_gauss_tableau(s, &a);
        for (size_t q = 1; q <= 2 * s; q++) {
            double B = 0;
            for (size_t i = 0; i < s; i++) B += a.b[i] * power(a.c[i], q - 1);
            LNN_CLOSE(B, 1 / (double)q, 1e-15);
        }
        for (size_t q = 1; q <= s; q++)
            for (size_t i = 0; i < s; i++) {
                double C = 0, D = 0;
                for (size_t j = 0; j < s; j++) {
                    C += a.m[i][j] * a.b[j] * power(a.c[j], q - 1);
                    D += a.b[j] * power(a.c[j], q - 1) * a.m[j][i] * a.b[i];
                }
                LNN_CLOSE(C, power(a.c[i], q) / (double)q, 1e-15);
                LNN_CLOSE(D, a.b[i] / (double)q * (1 - power(a.c[i], q)), 1e-15);
            }
    }
}

/* Not to round-off but exactly; what the symplectic form of the coefficients is for. */
Test(stepper_gauss, coefficients_are_symplectic_to_the_last_bit)
{
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        struct lnn_gauss_tableau a;
        lnn_gauss_tableau(s, &a);
        for (size_t i = 0; i < s; i++)
            for (size_t j = 0; j < s; j++)
                cr_assert(a.m[i][j] + a.m[j][i] == 1, "s = %zu, m_%zu%zu", s, i, j);
    }
}

/* P' for L_j = b_j c_j^q is x^q: its values at the ends are 0^q and 1. */
Test(stepper_gauss, ends_of_the_collocation_polynomial)
{
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        struct lnn_gauss_tableau a;
        lnn_gauss_tableau(s, &a);
        for (size_t q = 0; q < s; q++) {
            double left = 0, right = 0;
            for (size_t j = 0; j < s; j++) {
                left += a.left[j] * a.b[j] * power(a.c[j], q);
                right += a.right[j] * a.b[j] * power(a.c[j], q);
            }
            LNN_CLOSE(left, q == 0, 1e-14);
            LNN_CLOSE(right, 1, 1e-14);
        }
    }
}

/* --- a linear network, 1/2 ||W - Phi||_F^2, and a plain adaptive loop --- */

enum { LAYERS = 3, WIDEST = 10, MOST = LAYERS * WIDEST * WIDEST };

struct flow {
    struct lnn_network net;
    size_t widths[LAYERS + 1], calls;
    double target[WIDEST * WIDEST], scratch[3 * MOST];
    double y[MOST]; /* the start, then the state */
    gsl_odeiv2_system sys;
};

static int flow_rhs(double t, const double y[], double f[], void *params)
{
    struct flow *p = params;
    const size_t n = p->widths[LAYERS] * p->widths[0];
    double G[WIDEST * WIDEST];
    (void)t;
    p->calls++;
    lnn_network_product(&p->net, y, G, p->scratch);
    for (size_t i = 0; i < n; i++) G[i] -= p->target[i];
    lnn_network_gradient(&p->net, y, G, f, p->scratch);
    for (size_t i = 0; i < p->net.size; i++) f[i] = -f[i];
    return GSL_SUCCESS;
}

/* Start and target uniform in [-scale, scale] and [-1, 1]; output width k. */
static void flow_open(struct flow *p, size_t d, size_t k, double scale)
{
    gsl_rng *rng = lnn_rng_open(7, "test");
    for (size_t j = 0; j <= LAYERS; j++) p->widths[j] = j == LAYERS ? k : d;
    p->net = lnn_network_of(LAYERS + 1, p->widths);
    cr_assert(p->net.size <= MOST && p->net.chain <= MOST);
    for (size_t i = 0; i < d * k; i++) p->target[i] = 2 * gsl_rng_uniform(rng) - 1;
    for (size_t i = 0; i < p->net.size; i++)
        p->y[i] = scale * (2 * gsl_rng_uniform(rng) - 1);
    p->calls = 0;
    p->sys = (gsl_odeiv2_system){flow_rhs, NULL, p->net.size, p};
    gsl_rng_free(rng);
}

/* max_j ||C_j - C_j(start)||_F */
static double drift(const struct flow *p, const double start[])
{
    double worst = 0, a[WIDEST * WIDEST], b[WIDEST * WIDEST];
    for (size_t j = 1; j < LAYERS; j++) {
        double sum = 0;
        lnn_network_imbalance(&p->net, p->y, j, a);
        lnn_network_imbalance(&p->net, start, j, b);
        for (size_t i = 0; i < p->widths[j] * p->widths[j]; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        if (isnan(sum) || sqrt(sum) > worst) worst = sqrt(sum);
    }
    return worst;
}

static const gsl_odeiv2_step_type *gauss(size_t stages)
{
    const struct lnn_stepper *const *s = lnn_steppers;
    while (strcmp((*s)->name, "gauss") != 0) s++;
    return (*s)->type(stages);
}

struct tally {
    size_t steps, refused;
    double drift;    /* the largest after any step */
    double short_of; /* the largest true error / yerr of a step, accepted or not */
};

/* The true error of a step, from eight of 8 stages, in units of its largest yerr; 0
 * where round-off is all there is. */
static double error_ratio(const gsl_odeiv2_system *sys, double t, double h,
                          const double y[], const double y1[], const double yerr[])
{
    const size_t n = sys->dimension;
    gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(8), n);
    double exact[MOST], ignored[MOST], largest = 0;
    memcpy(exact, y, n * sizeof *y);
    for (int i = 0; i < 8; i++)
        LNN_OK(gsl_odeiv2_step_apply(step, t + i * h / 8, h / 8, exact, ignored, NULL,
                                     NULL, sys));
    gsl_odeiv2_step_free(step);
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(yerr[i]));
    const double error = lnn_test_gap(n, exact, y1);
    return error < 2e-14 ? 0 : error / largest;
}

static struct tally integrate(struct flow *p, const gsl_odeiv2_step_type *type,
                              double end, double tol, bool judge)
{
    const size_t n = p->sys.dimension, bytes = n * sizeof(double);
    gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(type, n);
    gsl_odeiv2_control *control = gsl_odeiv2_control_y_new(tol, tol);
    double t = 0, h = 1e-3, start[MOST], keep[MOST], yerr[MOST], in[MOST], out[MOST];
    struct tally tally = {0, 0, 0, 0};
    memcpy(start, p->y, bytes);
    LNN_OK(p->sys.function(t, p->y, in, p));
    while (t < end) {
        const bool last = t + h >= end;
        if (last) h = end - t;
        const double tried = h;
        memcpy(keep, p->y, bytes);
        if (gsl_odeiv2_step_apply(step, t, h, p->y, yerr, in, out, &p->sys) != 0) {
            cr_assert(memcmp(keep, p->y, bytes) == 0 && ++tally.refused < 100000);
            h /= 2;
            continue;
        }
        if (judge)
            tally.short_of =
                fmax(tally.short_of, error_ratio(&p->sys, t, h, keep, p->y, yerr));
        if (gsl_odeiv2_control_hadjust(control, step, p->y, yerr, out, &h) ==
            GSL_ODEIV_HADJ_DEC) {
            memcpy(p->y, keep, bytes);
            continue;
        }
        t = last ? end : t + tried;
        memcpy(in, out, bytes);
        tally.steps++;
        tally.drift = fmax(tally.drift, drift(p, start));
    }
    gsl_odeiv2_step_free(step);
    gsl_odeiv2_control_free(control);
    return tally;
}

/* --- invariants --- */

/* At any tolerance and any number of stages; tall, wide and square networks. One stage
 * is of order 2: 1e-10 would take it 1e5 steps. */
Test(stepper_gauss, balancedness_is_kept_to_round_off_at_any_tolerance)
{
    static struct flow p;
    for (size_t d = 5; d <= WIDEST; d += 5)
        for (size_t s = 1; s <= LNN_GAUSS_MAX; s++)
            for (double tol = 1e-3; tol > 1e-11; tol *= tol > 1e-4 ? 1e-3 : 1e-4) {
                if (s == 1 && tol < 1e-7) continue;
                flow_open(&p, d, d == 5 ? 10 : 2, 0.3);
                const struct tally tally = integrate(&p, gauss(s), 3, tol, false);
                cr_expect(tally.drift <= 1e-13, "s = %zu, tol %g: %g", s, tol,
                          tally.drift);
                flow_open(&p, d, d == 5 ? 10 : 2, 0.3);
                const struct tally rk =
                    integrate(&p, gsl_odeiv2_step_rk8pd, 3, tol, false);
                cr_expect(rk.drift > 10 * tally.drift, "tol %g: %g", tol, rk.drift);
            }
}

/* The estimate lies above the true error at every step, though it is of order 2s + 1.
 * Mild, strong (fast modes under slow ones) and nearly vanishing starts. */
Test(stepper_gauss, estimate_covers_the_true_error)
{
    static struct flow p;
    static const double scales[] = {0.1, 0.3, 1};
    for (size_t i = 0; i < 3; i++)
        for (size_t s = 1; s <= LNN_GAUSS_MAX; s++)
            for (double tol = 1e-4; tol > 1e-12; tol *= 1e-3) {
                if (s == 1 && tol < 1e-7) continue;
                flow_open(&p, 5, i == 1 ? 2 : 5, scales[i]);
                const struct tally tally = integrate(&p, gauss(s), 3, tol, true);
                cr_expect(tally.short_of < 1, "s = %zu, scale %g, tol %g: %g", s,
                          scales[i], tol, tally.short_of);
            }
}

static int rotate(double t, const double y[], double f[], void *params)
{
    size_t *calls = params;
    (void)t;
    ++*calls;
    f[0] = -y[1];
    f[1] = y[0];
    return GSL_SUCCESS;
}

static int nothing(double t, const double y[], double f[], void *params)
{
    (void)t, (void)y, (void)f, (void)params;
    return GSL_SUCCESS;
}

/* 3e4 steps: round-off adds up like a random walk, not in one direction. */
Test(stepper_gauss, norm_of_a_rotation_is_kept)
{
    size_t calls = 0;
    const gsl_odeiv2_system sys = {rotate, NULL, 2, &calls};
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(s), 2);
        double y[] = {0.6, 0.8}, yerr[2], worst = 0;
        for (int i = 0; i < 30000; i++) {
            LNN_OK(
                gsl_odeiv2_step_apply(step, 0.3 * i, 0.3, y, yerr, NULL, NULL, &sys));
            worst = fmax(worst, fabs(y[0] * y[0] + y[1] * y[1] - 1));
        }
        cr_expect(worst < 2e-13, "s = %zu: %g", s, worst);
        gsl_odeiv2_step_free(step);
    }
}

/* --- one step --- */

/* One step on a small flow from its start; returns apply's status. */
static int one_step(struct flow *p, gsl_odeiv2_step *step, double t, double h,
                    const double in[], double out[])
{
    double yerr[MOST];
    return gsl_odeiv2_step_apply(step, t, h, p->y, yerr, in, out, &p->sys);
}

Test(stepper_gauss, a_step_and_its_reverse_return_to_the_start)
{
    static struct flow p, q;
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        flow_open(&p, 4, 3, 0.5);
        q = p;
        q.sys.params = &q;
        gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(s), p.net.size);
        LNN_OK(one_step(&q, step, 0, 0.3, NULL, NULL));
        cr_expect(lnn_test_gap(p.net.size, p.y, q.y) > 1e-2);
        LNN_OK(one_step(&q, step, 0.3, -0.3, NULL, NULL));
        LNN_CLOSE(lnn_test_gap(p.net.size, p.y, q.y), 0, 1e-15);
        gsl_odeiv2_step_free(step);
    }
}

/* The slope at the end is the right-hand side there, to the bit; a slope passed in
 * saves one evaluation and changes nothing. */
Test(stepper_gauss, slopes_in_and_out_are_exact)
{
    static struct flow p, q;
    flow_open(&p, 4, 3, 0.5);
    q = p;
    double in[MOST], out[MOST], f[MOST];
    gsl_odeiv2_step *one = gsl_odeiv2_step_alloc(gauss(4), p.net.size);
    gsl_odeiv2_step *two = gsl_odeiv2_step_alloc(gauss(4), p.net.size);
    LNN_OK(one_step(&p, one, 0, 0.2, NULL, out));
    const size_t calls = p.calls;
    LNN_OK(flow_rhs(0.2, p.y, f, &p));
    cr_assert(memcmp(f, out, p.net.size * sizeof *f) == 0);
    LNN_OK(flow_rhs(0, q.y, in, &q));
    p.calls = 0;
    LNN_OK(one_step(&q, two, 0, 0.2, in, NULL)); /* q's system counts in p */
    cr_assert(memcmp(p.y, q.y, p.net.size * sizeof *f) == 0);
    cr_assert(p.calls == calls - 1, "%zu, %zu", p.calls, calls);
    gsl_odeiv2_step_free(one);
    gsl_odeiv2_step_free(two);
}

/* After a step the stages are predicted: fewer evaluations, the same result to
 * round-off. After reset: as from a fresh stepper, to the bit. */
Test(stepper_gauss, history_only_saves_work)
{
    static struct flow p, fresh;
    flow_open(&p, 4, 3, 0.5);
    gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(4), p.net.size);
    gsl_odeiv2_step *other = gsl_odeiv2_step_alloc(gauss(4), p.net.size);
    LNN_OK(one_step(&p, step, 0, 0.1, NULL, NULL));
    fresh = p;
    fresh.sys.params = &fresh;
    p.calls = fresh.calls = 0;
    LNN_OK(one_step(&p, step, 0.1, 0.1, NULL, NULL));
    LNN_OK(one_step(&fresh, other, 0.1, 0.1, NULL, NULL));
    cr_expect(p.calls < 0.8 * (double)fresh.calls, "%zu, %zu", p.calls, fresh.calls);
    LNN_CLOSE(lnn_test_gap(p.net.size, p.y, fresh.y), 0, 1e-15);
    fresh = p; /* where `step` stands */
    fresh.sys.params = &fresh;
    p.calls = fresh.calls = 0;
    gsl_odeiv2_step_free(other);
    other = gsl_odeiv2_step_alloc(gauss(4), p.net.size);
    LNN_OK(gsl_odeiv2_step_reset(step));
    LNN_OK(one_step(&p, step, 0.2, 0.1, NULL, NULL));
    LNN_OK(one_step(&fresh, other, 0.2, 0.1, NULL, NULL));
    cr_expect(memcmp(p.y, fresh.y, p.net.size * sizeof(double)) == 0);
    cr_expect(p.calls == fresh.calls, "%zu, %zu", p.calls, fresh.calls);
    gsl_odeiv2_step_free(step);
    gsl_odeiv2_step_free(other);
}

/* Far beyond contraction; y stays, and the same stepper then takes a shorter step. */
Test(stepper_gauss, steps_that_do_not_contract_are_refused)
{
    size_t calls = 0;
    const gsl_odeiv2_system sys = {rotate, NULL, 2, &calls};
    for (size_t s = 1; s <= LNN_GAUSS_MAX; s++) {
        gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(s), 2);
        double y[] = {0.6, 0.8}, yerr[2];
        calls = 0;
        cr_assert(gsl_odeiv2_step_apply(step, 0, 40, y, yerr, NULL, NULL, &sys) ==
                  GSL_FAILURE);
        cr_assert(y[0] == 0.6 && y[1] == 0.8);
        cr_expect(calls < 8 * s, "s = %zu: %zu calls to find out", s, calls);
        LNN_OK(gsl_odeiv2_step_apply(step, 0, 0.5, y, yerr, NULL, NULL, &sys));
        gsl_odeiv2_step_free(step);
    }
}

Test(stepper_gauss, a_system_without_unknowns_and_a_start_at_rest)
{
    size_t calls = 0;
    for (size_t dim = 0; dim <= 2; dim += 2) {
        const gsl_odeiv2_system sys = {dim ? rotate : nothing, NULL, dim, &calls};
        double y[] = {0, 0}, yerr[] = {0, 0}, out[] = {0, 0};
        gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gauss(3), dim);
        for (int i = 0; i < 3; i++)
            LNN_OK(gsl_odeiv2_step_apply(step, i, 1, y, yerr, NULL, out, &sys));
        cr_assert(y[0] == 0 && y[1] == 0 && yerr[0] == 0 && yerr[1] == 0);
        gsl_odeiv2_step_free(step);
    }
    cr_assert(gauss(0) == NULL && gauss(LNN_GAUSS_MAX + 1) == NULL);
}
