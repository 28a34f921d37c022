/* Axes: on any range, ticks are inside, distinct, few, and what their labels say. */
#include "lnn_test.h"

TestSuite(axis, .init = lnn_test_setup);

static struct lnn_plot_axis fit(size_t n, const double x[], bool log, double pad,
                                size_t want)
{
    struct lnn_range range = {0};
    struct lnn_plot_axis a;
    lnn_range_add(&range, n, x);
    lnn_axis_fit(&a, &range, log, pad, want);
    return a;
}

/* What every axis has to be; `what` names the case. */
static void check(const struct lnn_plot_axis *a, const char *what)
{
    cr_assert(isfinite(a->min) && isfinite(a->max) && a->min < a->max, "%s: [%g, %g]",
              what, a->min, a->max);
    if (a->log) cr_assert_gt(a->min, 0, "%s", what);
    cr_assert(a->n >= 2 && a->n <= LNN_TICKS, "%s: %zu ticks in [%.17g, %.17g]", what,
              a->n, a->min, a->max);
    for (size_t i = 0; i < a->n; i++) {
        const struct lnn_tick *t = &a->ticks[i];
        cr_assert(t->value >= a->min && t->value <= a->max, "%s: %s outside", what,
                  t->label);
        cr_assert(i == 0 || t->value > t[-1].value, "%s: %s twice", what, t->label);
        char *end = NULL;
        cr_assert(strtod(t->label, &end) == t->value && *end == '\0', "%s: %s is %.17g",
                  what, t->label, t->value);
        double place = lnn_axis_place(a, t->value);
        cr_assert(place >= -1e-9 && place <= 1 + 1e-9, "%s: %s at %g", what, t->label,
                  place);
    }
}

static void both(double low, double high, double pad, size_t want)
{
    char what[120];
    double x[] = {low, high};
    snprintf(what, sizeof what, "[%.17g, %.17g] pad %g want %zu", low, high, pad, want);
    struct lnn_plot_axis a = fit(2, x, false, pad, want);
    check(&a, what);
    cr_assert(a.min <= low && a.max >= high, "%s: holds [%g, %g]", what, a.min, a.max);
    a = fit(2, x, true, pad, want);
    check(&a, what);
    if (low >= 1e-300) /* as wide as the logarithm is exact */
        cr_assert(a.min <= low * (1 + 1e-9) && a.max >= high * (1 - 1e-9), "%s", what);
}

Test(axis, any_range)
{
    static const double pads[] = {0, 0.04};
    gsl_rng *rng = lnn_rng_open(7, "axis");
    double u[2];
    cr_assert_not_null(rng);
    for (size_t i = 0; i < 20000; i++) {
        lnn_rng_normals(rng, 1, 2, u);
        double low = pow(10, 100 * tanh(u[0]) * (i % 3)), high = low;
        high *= i % 2 ? 1 + pow(10, 8 * u[1] - 8) : pow(10, 30 * fabs(u[1]));
        if (i % 5 == 0) low = -low;
        if (isfinite(high)) both(low, high, pads[i % 2], 2 + i % 9);
    }
    gsl_rng_free(rng);
}

Test(axis, extreme_ranges)
{
    static const double ends[][2] = {{1e-300, 1e300},
                                     {-DBL_MAX, DBL_MAX},
                                     {DBL_MAX / 2, DBL_MAX},
                                     {0, 0},
                                     {1, 1},
                                     {-3, -3},
                                     {0, DBL_MIN},
                                     {1e-320, 1e-310},
                                     {0, 4.94e-324},
                                     {1, 1 + DBL_EPSILON},
                                     {1e15, 1e15 + 1},
                                     {-1e300, 1e-300},
                                     {0.1, 0.3},
                                     {99.9, 100.1},
                                     {DBL_MAX, DBL_MAX},
                                     {2, 9.5}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (size_t want = 0; want < 13; want++) both(ends[i][0], ends[i][1], 0, want);
}

Test(axis, nothing_to_show)
{
    static const double x[] = {NAN, -INFINITY, -1, 0, NAN, 2, 3e4};
    struct lnn_plot_axis a = fit(0, NULL, false, 0.05, 5);
    check(&a, "empty");
    a = fit(2, x, true, 0.05, 5);
    check(&a, "not finite, log");
    cr_assert_eq(a.not_finite, 2);
    a = fit(7, x, true, 0, 5);
    check(&a, "some");
    cr_assert_eq(a.not_finite, 3);
    cr_assert_eq(a.dropped, 2);
    LNN_CLOSE(a.min, 2, 1e-12);
    LNN_CLOSE(a.max, 3e4, 1e-7);
    a = fit(7, x, false, 0, 5);
    cr_assert_eq(a.dropped, 0);
    cr_assert(a.min == -1 && a.max == 3e4);
    cr_assert(isnan(lnn_axis_place(&a, NAN)) && isnan(lnn_axis_place(&a, INFINITY)));
}

/* Ticks of a log axis over decades are the doubles nearest to powers of ten. */
Test(axis, powers_of_ten_are_exact)
{
    for (int low = -300; low < 300; low += 7)
        for (int size = 2; low + size <= 300; size += 1 + size / 3) {
            char text[16];
            snprintf(text, sizeof text, "1e%d", low);
            double x[] = {strtod(text, NULL), 0};
            snprintf(text, sizeof text, "1e%d", low + size);
            x[1] = strtod(text, NULL);
            struct lnn_plot_axis a = fit(2, x, true, 0, 6);
            check(&a, text);
            for (size_t i = 0; i < a.n; i++) {
                long k = lround(log10(a.ticks[i].value));
                snprintf(text, sizeof text, "1e%ld", k);
                cr_assert(strtod(text, NULL) == a.ticks[i].value, "%s", text);
            }
        }
}

static void expect(double low, double high, bool log, size_t want, const char *labels)
{
    double x[] = {low, high};
    char got[200] = "";
    struct lnn_plot_axis a = fit(2, x, log, 0, want);
    for (size_t i = 0; i < a.n; i++) {
        if (i) strcat(got, " ");
        strcat(got, a.ticks[i].label);
    }
    cr_assert_str_eq(got, labels, "[%g, %g]: %s, not %s", low, high, got, labels);
}

Test(axis, what_people_expect)
{
    expect(0, 10, false, 5, "0 2 4 6 8 10");
    expect(0, 3, false, 6, "0 0.5 1.0 1.5 2.0 2.5 3.0");
    expect(-1, 1, false, 4, "-1.0 -0.5 0 0.5 1.0");
    expect(0, 1e6, false, 5, "0 2e5 4e5 6e5 8e5 1e6");
    expect(0, 4e-5, false, 4, "0 1e-5 2e-5 3e-5 4e-5");
    expect(1e-12, 1, true, 6, "1e-12 1e-9 1e-6 1e-3 1e0");
    expect(1e-11, 1, true, 6, "1e-10 1e-8 1e-6 1e-4 1e-2 1e0");
    expect(0.01, 100, true, 6, "0.01 0.1 1 10 100");
    expect(1, 30, true, 6, "1 2 5 10 20");
    expect(2, 9, true, 8, "2 3 4 5 6 7 8 9");
    expect(100, 101, false, 5, "100.0 100.2 100.4 100.6 100.8 101.0");
}

/* However few are asked for, they are not all at one end. */
Test(axis, ticks_of_a_log_axis_span_it)
{
    for (int a = -60; a < 60; a++)
        for (int b = a + 20; b < a + 150; b++)
            for (size_t want = 2; want <= LNN_TICKS; want++) {
                double x[] = {pow(10, a / 10.0), pow(10, b / 10.0)};
                struct lnn_plot_axis axis = fit(2, x, true, 0, want);
                check(&axis, "span");
                double first = lnn_axis_place(&axis, axis.ticks[0].value);
                double last = lnn_axis_place(&axis, axis.ticks[axis.n - 1].value);
                cr_assert(first < 0.6 && last > 0.4 && last - first > 0.3,
                          "1e%g to 1e%g, %zu: from %g to %g", a / 10.0, b / 10.0, want,
                          first, last);
            }
    expect(1.5e-3, 1.5e3, true, 2, "1 1000");
    expect(1e-3, 1e3, true, 2, "0.001 1 1000");
}

Test(axis, place_is_affine)
{
    static const double x[] = {-2, 6}, y[] = {1e-4, 1e4};
    struct lnn_plot_axis a = fit(2, x, false, 0, 5), b = fit(2, y, true, 0, 5);
    LNN_CLOSE(lnn_axis_place(&a, -2), 0, 0);
    LNN_CLOSE(lnn_axis_place(&a, 0), 0.25, 1e-15);
    LNN_CLOSE(lnn_axis_place(&a, 10), 1.5, 1e-15);
    LNN_CLOSE(lnn_axis_place(&b, 1), 0.5, 1e-15);
    LNN_CLOSE(lnn_axis_place(&b, 1e4), 1, 1e-15);
    LNN_CLOSE(lnn_axis_place(&b, 1e-8), -0.5, 1e-15);
    cr_assert(isnan(lnn_axis_place(&b, 0)) && isnan(lnn_axis_place(&b, -1)));
}
