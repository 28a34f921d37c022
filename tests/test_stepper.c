/* Conformance of every stepper in the list: measured order, what happens when a
 * right-hand side or a Jacobian fails, non-finite numbers, changing steps, both
 * directions, stiffness. gauss has its own file besides. */
#include "lnn_test.h"

TestSuite(stepper, .init = lnn_test_setup, .timeout = 60);

enum { DIM = 4 };

/* --- a system whose solution is entire, so orders show cleanly --- */

/* Rotation by the angle t + sin(t)/2, and y2' = y3^2, y3' = -y3/2. Calls are counted;
 * from call `fail_at` on they return `code`, or give NaN when code is GSL_SUCCESS. */
struct counter {
    int calls, fail_at, jacobians, jac_fail_at, code;
};

static int entire_rhs(double t, const double y[], double f[], void *params)
{
    struct counter *c = params;
    const double w = 1 + cos(t) / 2;
    const bool fail = ++c->calls >= c->fail_at && c->fail_at;
    if (fail && c->code != GSL_SUCCESS) return c->code;
    f[0] = fail ? NAN : -w * y[1];
    f[1] = w * y[0];
    f[2] = y[3] * y[3];
    f[3] = -y[3] / 2;
    return GSL_SUCCESS;
}

static int entire_jac(double t, const double y[], double *J, double f_t[], void *params)
{
    struct counter *c = params;
    const double w = 1 + cos(t) / 2, w_t = -sin(t) / 2;
    if (++c->jacobians >= c->jac_fail_at && c->jac_fail_at) return c->code;
    memset(J, 0, DIM * DIM * sizeof *J);
    J[0 * DIM + 1] = -w;
    J[1 * DIM + 0] = w;
    J[2 * DIM + 3] = 2 * y[3];
    J[3 * DIM + 3] = -0.5;
    f_t[0] = -w_t * y[1];
    f_t[1] = w_t * y[0];
    f_t[2] = f_t[3] = 0;
    return GSL_SUCCESS;
}

static void entire_solution(double t, double y[])
{
    y[0] = cos(t + sin(t) / 2);
    y[1] = sin(t + sin(t) / 2);
    y[2] = 1 - exp(-t);
    y[3] = exp(-t / 2);
}

/* --- every stepper, and every number of stages where that matters --- */

struct method {
    const struct lnn_stepper *stepper;
    const gsl_odeiv2_step_type *type;
    size_t at, stages;
};

static bool next(struct method *m)
{
    const struct lnn_stepper *s = m->stepper;
    if (s && s->type(m->stages + 1) && s->type(m->stages + 1) != m->type) {
        m->stages++;
    } else {
        m->stepper = s = lnn_steppers[m->at++];
        m->stages = 1;
    }
    if (s) m->type = s->type(m->stages);
    return s != NULL;
}

#define EACH(m) for (struct method m = {0}; next(&m);)

/* A driver, for its stepper and control; its own loop is not used. */
static gsl_odeiv2_driver *drive(const gsl_odeiv2_system *sys, const struct method *m,
                                double tol)
{
    gsl_odeiv2_driver *d =
        gsl_odeiv2_driver_alloc_standard_new(sys, m->type, 1e-3, tol, tol, 1, 0);
    cr_assert(d != NULL, "%s", m->type->name);
    return d;
}

/* n steps of size h from t; the steps in between alternate between 2/3 h and 4/3 h when
 * `uneven`. Returns the first status that is not GSL_SUCCESS. */
static int march(gsl_odeiv2_driver *d, double t, double h, size_t n, bool uneven,
                 double y[])
{
    double yerr[DIM];
    for (size_t i = 0; i < n; i++) {
        const double step = uneven ? (i % 2 ? 4 : 2) * h / 3 : h;
        LNN_TRY(gsl_odeiv2_step_apply(d->s, t, step, y, yerr, NULL, NULL, d->sys));
        t += step;
    }
    return GSL_SUCCESS;
}

/* The plain adaptive loop from t to `end`, either direction; rejected steps and
 * refusals included in `steps`. */
static int adapt(gsl_odeiv2_driver *d, double t, double end, size_t dim, double y[],
                 size_t *steps)
{
    double keep[DIM], yerr[DIM], f[DIM], h = end > t ? 1e-3 : -1e-3;
    for (*steps = 0; t != end; ++*steps) {
        if (*steps > 100000) return GSL_EMAXITER;
        const bool last = fabs(end - t) <= fabs(h);
        double step = last ? end - t : h;
        memcpy(keep, y, dim * sizeof *y);
        int status = gsl_odeiv2_step_apply(d->s, t, step, y, yerr, NULL, NULL, d->sys);
        if (status == GSL_EFAULT || status == GSL_EBADFUNC) return status;
        LNN_TRY(d->sys->function(t + step, y, f, d->sys->params));
        const double tried = step;
        if (status != GSL_SUCCESS) step /= 2;
        if (status != GSL_SUCCESS ||
            gsl_odeiv2_control_hadjust(d->c, d->s, y, yerr, f, &step) ==
                GSL_ODEIV_HADJ_DEC)
            memcpy(y, keep, dim * sizeof *y);
        else
            t = last ? end : t + tried;
        h = step;
    }
    return GSL_SUCCESS;
}

Test(stepper, every_member_is_described_and_consistent)
{
    EACH(m)
    {
        struct counter c = {0};
        gsl_odeiv2_system sys = {entire_rhs, entire_jac, DIM, &c};
        gsl_odeiv2_driver *d = drive(&sys, &m, 1e-8);
        cr_assert(strlen(m.stepper->doc) > 20, "%s", m.stepper->name);
        cr_assert(strncmp(m.type->name, m.stepper->name, strlen(m.stepper->name)) == 0);
        const size_t order = m.stepper->order(m.stages);
        if (m.stepper->quadratic)
            cr_assert(order == gsl_odeiv2_step_order(d->s), "%s", m.type->name);
        for (size_t i = 0; i + 1 < m.at; i++)
            cr_assert(strcmp(lnn_steppers[i]->name, m.stepper->name) != 0);
        gsl_odeiv2_driver_free(d);
    }
}

enum { END = 12 };

/* The error at t = END after n steps. */
static double fixed_error(const struct method *m, size_t n, bool uneven)
{
    struct counter c = {0};
    gsl_odeiv2_system sys = {entire_rhs, m->stepper->jacobian ? entire_jac : NULL, DIM,
                             &c};
    gsl_odeiv2_driver *d = drive(&sys, m, 1e-14);
    double y[DIM], exact[DIM];
    entire_solution(0, y);
    entire_solution(END, exact);
    const int status = march(d, 0, (double)END / (double)n, n, uneven, y);
    gsl_odeiv2_driver_free(d);
    return status == GSL_SUCCESS ? lnn_test_gap(DIM, y, exact) : INFINITY;
}

/* The slope of the last two errors that are clear of round-off. */
static double measured_order(const struct method *m, bool uneven)
{
    double before = INFINITY, slope = NAN;
    for (size_t n = 4, last = n; n <= 8192; last = n, n += n / 4 * 2) {
        const double error = fixed_error(m, n, uneven);
        if (error < 2e-12) break;
        if (before < 0.1) slope = log(before / error) / log((double)n / (double)last);
        before = error;
    }
    return slope;
}

Test(stepper, measured_orders_are_the_stated_ones)
{
    EACH(m)
    {
        const size_t order = m.stepper->order(m.stages);
        const double even = measured_order(&m, false),
                     uneven = measured_order(&m, true);
        if (getenv("LNN_TEST_VERBOSE"))
            fprintf(stderr, "%-8s %zu: %.2f, uneven steps %.2f\n", m.type->name, order,
                    even, uneven);
        if (order == 0) continue;
        /* above order 12 doubles end before the asymptotic regime begins */
        const double p = (double)order, slack = order > 12 ? 0.15 * p : 0.3;
        cr_expect(fabs(even - p) < slack, "%s: %g", m.type->name, even);
        cr_expect(fabs(uneven - p) < slack, "%s: %g", m.type->name, uneven);
    }
}

/* From 0 to 5 and back to 0: the error at both is a modest multiple of the tolerance.
 */
Test(stepper, every_method_reaches_its_tolerance_in_both_directions)
{
    EACH(m)
    {
        const size_t order = m.stepper->order(m.stages);
        const double tol = order == 1 ? 1e-4 : order == 2 ? 1e-6 : 1e-8;
        struct counter c = {0};
        gsl_odeiv2_system sys = {entire_rhs, m.stepper->jacobian ? entire_jac : NULL,
                                 DIM, &c};
        gsl_odeiv2_driver *d = drive(&sys, &m, tol);
        double y[DIM], exact[DIM], errors[2];
        size_t steps[2];
        entire_solution(0, y);
        for (int back = 0; back < 2; back++) {
            entire_solution(back ? 0 : 5, exact);
            LNN_OK(adapt(d, back ? 5 : 0, back ? 0 : 5, DIM, y, &steps[back]));
            errors[back] = lnn_test_gap(DIM, y, exact);
            LNN_OK(gsl_odeiv2_step_reset(d->s));
        }
        if (getenv("LNN_TEST_VERBOSE"))
            fprintf(stderr, "%-8s tol %g: %.1e, back %.1e; %zu + %zu steps, %d calls\n",
                    m.type->name, tol, errors[0], errors[1], steps[0], steps[1],
                    c.calls);
        cr_expect(errors[0] < 300 * tol, "%s: %g", m.type->name, errors[0]);
        cr_expect(errors[1] < 900 * tol, "%s: %g", m.type->name, errors[1]);
        cr_expect(steps[0] > 3 && steps[1] > 3);
        gsl_odeiv2_driver_free(d);
    }
}

/* --- failures --- */

struct outcome {
    int status;
    bool fired;    /* the failure was reached */
    bool restored; /* y is as before, to the bit */
    bool visible;  /* y, its error or its slope is not finite */
};

/* A step of 2e-4 with the failure `armed`: the first one, or after a good one. */
static struct outcome armed_step(const struct method *m, struct counter armed,
                                 bool first)
{
    struct counter c = {0};
    gsl_odeiv2_system sys = {entire_rhs, m->stepper->jacobian ? entire_jac : NULL, DIM,
                             &c};
    gsl_odeiv2_driver *d = drive(&sys, m, 1e-6);
    double y[DIM], keep[DIM], yerr[DIM], f[DIM], f1[DIM] = {0};
    const double t = first ? 0 : 1e-4;
    entire_solution(0, y);
    if (!first) LNN_OK(march(d, 0, t, 1, false, y));
    LNN_OK(entire_rhs(t, y, f, &c));
    memcpy(keep, y, sizeof y);
    c = armed;
    struct outcome o = {.visible = false};
    o.status = gsl_odeiv2_step_apply(d->s, t, 2e-4, y, yerr,
                                     m->type->can_use_dydt_in ? f : NULL,
                                     m->type->gives_exact_dydt_out ? f1 : NULL, &sys);
    o.fired = (c.fail_at && c.calls >= c.fail_at) ||
              (c.jac_fail_at && c.jacobians >= c.jac_fail_at);
    o.restored = memcmp(y, keep, sizeof y) == 0;
    for (size_t i = 0; i < DIM; i++)
        if (!isfinite(y[i]) || !isfinite(yerr[i]) || !isfinite(f1[i])) o.visible = true;
    gsl_odeiv2_driver_free(d);
    return o;
}

/* For a failure at the first, second, ... evaluation, until none is reached: the code
 * comes through and y is restored, so that a run loop may try another step. */
static void expect_passed_through(const struct method *m, int code, bool jacobian)
{
    int at = 1;
    for (;; at++) {
        struct counter armed = {.code = code};
        *(jacobian ? &armed.jac_fail_at : &armed.fail_at) = at;
        const struct outcome o = armed_step(m, armed, jacobian);
        if (!o.fired) break;
        cr_assert(o.status == code, "%s, call %d: %d, not %d", m->type->name, at,
                  o.status, code);
        /* GSL's bsimp does not restore (as of 2.7.1), so run loops keep their own copy
         */
        cr_assert(o.restored || m->type == gsl_odeiv2_step_bsimp,
                  "%s, call %d: y not restored", m->type->name, at);
    }
    cr_assert(at > 1, "%s never evaluated", m->type->name);
}

Test(stepper, errors_of_the_right_hand_side_pass_through_and_y_is_restored)
{
    EACH(m)
    {
        expect_passed_through(&m, GSL_EBADFUNC, false);
        expect_passed_through(&m, GSL_EDOM, false);
        expect_passed_through(&m, 12345, false);
    }
}

Test(stepper, errors_of_the_jacobian_pass_through_and_y_is_restored)
{
    EACH(m) if (m.stepper->jacobian)
    {
        expect_passed_through(&m, GSL_EBADFUNC, true);
        expect_passed_through(&m, 12345, true);
    }
}

/* A NaN of the right-hand side must not pass for a good step: apply refuses, or the
 * state, its error or its slope shows it. gauss refuses. */
Test(stepper, a_nan_is_refused_or_visible)
{
    EACH(m)
    {
        int refused = 0, shown = 0, at = 1;
        for (;; at++) {
            const struct counter armed = {.fail_at = at, .code = GSL_SUCCESS};
            const struct outcome o = armed_step(&m, armed, false);
            if (!o.fired) break;
            cr_assert(o.status != GSL_SUCCESS || o.visible,
                      "%s: a NaN at call %d is lost", m.type->name, at);
            if (o.status != GSL_SUCCESS)
                refused++;
            else
                shown++;
        }
        if (getenv("LNN_TEST_VERBOSE"))
            fprintf(stderr, "%-8s NaN at %d evaluations: refused %d, visible %d\n",
                    m.type->name, at - 1, refused, shown);
        cr_expect(at > 1);
        if (m.stepper->quadratic) cr_expect(shown == 0, "%s", m.type->name);
    }
}

/* Why the run loop checks every accepted state itself. */
Test(stepper, gsl_control_lets_nan_through_and_enlarges_the_step)
{
    gsl_odeiv2_control *control = gsl_odeiv2_control_y_new(1e-8, 1e-8);
    gsl_odeiv2_step *step = gsl_odeiv2_step_alloc(gsl_odeiv2_step_rk8pd, 1);
    const double y[] = {NAN}, yerr[] = {NAN}, f[] = {NAN};
    double h = 0.1;
    cr_assert(gsl_odeiv2_control_hadjust(control, step, y, yerr, f, &h) ==
              GSL_ODEIV_HADJ_INC);
    LNN_CLOSE(h, 0.5, 1e-15);
    gsl_odeiv2_step_free(step);
    gsl_odeiv2_control_free(control);
}

/* --- stiffness --- */

/* Prothero & Robinson 1974: y' = -L (y - cos t) - sin t, y = cos t for every L. */
static int stiff_rhs(double t, const double y[], double f[], void *params)
{
    const double *L = params;
    f[0] = -*L * (y[0] - cos(t)) - sin(t);
    return GSL_SUCCESS;
}

static int stiff_jac(double t, const double y[], double *J, double f_t[], void *params)
{
    const double *L = params;
    (void)y;
    J[0] = -*L;
    f_t[0] = -*L * sin(t) - cos(t);
    return GSL_SUCCESS;
}

/* Stability alone would ask explicit methods for 1e6 steps. */
Test(stepper, methods_with_a_jacobian_take_long_steps_on_a_stiff_problem)
{
    double L = 1e6;
    EACH(m) if (m.stepper->jacobian)
    {
        gsl_odeiv2_system sys = {stiff_rhs, stiff_jac, 1, &L};
        gsl_odeiv2_driver *d = drive(&sys, &m, 1e-4);
        double y[] = {1};
        size_t steps;
        LNN_OK(adapt(d, 0, 3, 1, y, &steps));
        if (getenv("LNN_TEST_VERBOSE"))
            fprintf(stderr, "%-8s stiff: %zu steps, error %.1e\n", m.type->name, steps,
                    fabs(y[0] - cos(3)));
        cr_expect(steps < 2000, "%s: %zu steps", m.type->name, steps);
        cr_expect(fabs(y[0] - cos(3)) < 1e-2, "%s: %g", m.type->name, y[0]);
        gsl_odeiv2_driver_free(d);
    }
}
