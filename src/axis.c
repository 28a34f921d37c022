/* Axes: ranges, round ticks and their labels. A tick's value is what its label says, so
 * that the two cannot differ. */
#include "lnn/axis.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A narrower range, relative to its ends, would have ticks that are not distinct. */
static const double NARROWEST = 1e-12;
/* Labels beyond are written with an exponent. */
static const double LARGE = 1e6, SMALL = 1e-3;

void lnn_range_add(struct lnn_range *range, size_t n, const double x[])
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            range->not_finite++;
            continue;
        }
        if (range->n == 0 || x[i] < range->min) range->min = x[i];
        if (range->n == 0 || x[i] > range->max) range->max = x[i];
        range->n++;
        if (!(x[i] > 0)) continue;
        bool first = range->positive++ == 0;
        if (first || x[i] < range->positive_min) range->positive_min = x[i];
        if (first || x[i] > range->positive_max) range->positive_max = x[i];
    }
}

static double clip(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

/* Differences are halved: max - min may overflow. */
static void fit_linear(struct lnn_plot_axis *a, double min, double max, double pad)
{
    double size = fmax(fabs(min), fabs(max)), half = max / 2 - min / 2;
    if (!(half > 0)) { /* one value */
        half = size > 4 * DBL_MIN ? size / 4 : size > 0 ? DBL_MIN : 0.5;
        min -= half;
        max += half;
    } else if (half < DBL_MIN) { /* the smallest numbers there are */
        min -= DBL_MIN;
        max += DBL_MIN;
    } else if (half < NARROWEST * size) {
        min -= 4 * NARROWEST * size;
        max += 4 * NARROWEST * size;
    } else {
        min -= 2 * pad * half;
        max += 2 * pad * half;
    }
    a->min = clip(min, -DBL_MAX, DBL_MAX);
    a->max = clip(max, -DBL_MAX, DBL_MAX);
}

static void fit_log(struct lnn_plot_axis *a, double min, double max, double pad)
{
    double low = log10(min), high = log10(max), size = high - low;
    double margin = size > NARROWEST ? pad * size : 0.2;
    if (margin > 0) {
        min = pow(10, low - margin);
        max = pow(10, high + margin);
    }
    /* within the normal numbers, where every power of ten has all its digits */
    a->min = clip(min, DBL_MIN, DBL_MAX / 2);
    a->max = clip(max, 2 * DBL_MIN, DBL_MAX);
}

/* Appends the tick that the text says, if it lies in the range; callers go upwards. */
static void add(struct lnn_plot_axis *a, const char *label)
{
    double value = strtod(label, NULL);
    if (a->n == LNN_TICKS || !(value >= a->min && value <= a->max)) return;
    struct lnn_tick *tick = &a->ticks[a->n++];
    tick->value = value;
    snprintf(tick->label, sizeof tick->label, "%s", label);
}

/* The number mantissa 10^exponent in digits: as short as it is exact. */
static void write_label(char *label, size_t room, double mantissa, int exponent,
                        bool scientific)
{
    char digits[24], text[LNN_TICK_LABEL];
    snprintf(digits, sizeof digits, "%.0f", fabs(mantissa));
    size_t n = strlen(digits);
    const char *sign = mantissa < 0 ? "-" : "";
    if (mantissa == 0) {
        snprintf(label, room, "0");
    } else if (scientific) {
        int power = exponent + (int)n - 1;
        while (n > 1 && digits[n - 1] == '0') n--;
        snprintf(label, room, "%s%c%s%.*se%d", sign, digits[0], n > 1 ? "." : "",
                 (int)n - 1, digits + 1, power);
    } else {
        snprintf(text, sizeof text, "%se%d", digits, exponent);
        snprintf(label, room, "%s%.*f", sign, exponent < 0 ? -exponent : 0,
                 strtod(text, NULL));
    }
}

/* Ticks at the multiples of base 10^exponent in the range: false if there are none. */
static bool multiples(struct lnn_plot_axis *a, int base, int exponent)
{
    char label[LNN_TICK_LABEL], step_text[24];
    snprintf(step_text, sizeof step_text, "%de%d", base, exponent);
    double step = strtod(step_text, NULL), first = ceil(a->min / step - 1e-9);
    double size = fmax(fabs(a->min), fabs(a->max));
    bool scientific = size >= LARGE || size < SMALL;
    a->n = 0;
    if (!(step > 0) || !isfinite(step)) return false;
    for (double k = first; k <= first + LNN_TICKS + 2; k++) {
        write_label(label, sizeof label, k * base, exponent, scientific);
        add(a, label);
    }
    return a->n >= 2;
}

static const struct {
    int base, decade;
} STEPS[] = {{1, 0}, {2, 0}, {5, 0}, {1, 1}, {2, 1}, {5, 1}, {1, 2}};

/* The coarsest round step that still gives as many ticks, or the first that gives two.
 */
static void ticks_linear(struct lnn_plot_axis *a, size_t ticks)
{
    double step = (a->max / 2 - a->min / 2) / (double)ticks * 2;
    int decade = (int)floor(log10(step > DBL_MIN ? step : DBL_MIN));
    size_t last = sizeof STEPS / sizeof *STEPS - 1, i = 0;
    for (; i < last; i++)
        if (STEPS[i].base * pow(10, decade + STEPS[i].decade) >= step) break;
    for (;; i--) {
        if (multiples(a, STEPS[i].base, decade + STEPS[i].decade) || i == 0) break;
    }
    for (int finer = 1; a->n < 2 && finer < 4; finer++)
        (void)multiples(a, 1, decade - finer);
}

/* Mantissas of a decade, for ranges of few decades. */
static const char *const MANTISSAS[] = {"1", "125", "123456789"};

static void within_decades(struct lnn_plot_axis *a, const char *mantissas)
{
    char label[LNN_TICK_LABEL];
    int first = (int)floor(log10(a->min)), last = (int)ceil(log10(a->max));
    bool scientific = a->max >= LARGE || a->min < SMALL;
    a->n = 0;
    for (int k = first; k <= last; k++)
        for (const char *m = mantissas; *m; m++) {
            write_label(label, sizeof label, *m - '0', k, scientific);
            add(a, label);
        }
}

/* The least multiple of k that is not below low. */
static int multiple_from(int low, int k)
{
    int over = low % k;
    return over > 0 ? low + k - over : low - over;
}

/* Every k-th decade, k a round number: multiples of k, so that 1 is among them; the
 * coarsest k where there are two, even if that is more ticks than were asked for. */
static void decades(struct lnn_plot_axis *a, size_t ticks)
{
    static const int every[] = {1, 2, 3, 5, 10, 20, 50, 100, 200, 300};
    char label[LNN_TICK_LABEL];
    int low = (int)ceil(log10(a->min) - 1e-9), high = (int)floor(log10(a->max) + 1e-9);
    bool scientific = a->max >= LARGE || a->min < SMALL;
    size_t i = 0;
    while (i < 9 && (size_t)((high - low) / every[i] + 1) > ticks) i++;
    while (i > 0 && multiple_from(low, every[i]) + every[i] > high) i--;
    a->n = 0;
    for (int k = multiple_from(low, every[i]); k <= high; k += every[i]) {
        write_label(label, sizeof label, 1, k, scientific);
        add(a, label);
    }
}

static void ticks_log(struct lnn_plot_axis *a, size_t ticks)
{
    double size = log10(a->max) - log10(a->min);
    decades(a, ticks);
    if (a->n >= 3 || (a->n == 2 && size > 1.9)) return;
    for (size_t i = 1; i < sizeof MANTISSAS / sizeof *MANTISSAS; i++) {
        double expected = size * (double)strlen(MANTISSAS[i]);
        if (expected > (double)ticks + 1) break;
        within_decades(a, MANTISSAS[i]);
        if (a->n >= 3) return;
    }
    if (a->n < 3 && size < 1) ticks_linear(a, ticks);
    if (a->n < 2) within_decades(a, MANTISSAS[1]);
}

void lnn_axis_fit(struct lnn_plot_axis *a, const struct lnn_range *range, bool log,
                  double pad, size_t ticks)
{
    size_t n = log ? range->positive : range->n;
    double min = log ? range->positive_min : range->min;
    double max = log ? range->positive_max : range->max;
    *a = (struct lnn_plot_axis){.log = log, .not_finite = range->not_finite};
    if (log) a->dropped = range->n - range->positive;
    ticks = ticks < 2 ? 2 : ticks > LNN_TICKS ? LNN_TICKS : ticks;
    if (n == 0) {
        min = log ? 0.1 : 0;
        max = 1;
    }
    (log ? fit_log : fit_linear)(a, min, max, pad);
    (log ? ticks_log : ticks_linear)(a, ticks);
}

double lnn_axis_place(const struct lnn_plot_axis *a, double value)
{
    if (!isfinite(value) || (a->log && !(value > 0))) return NAN;
    if (a->log) return (log10(value) - log10(a->min)) / (log10(a->max) - log10(a->min));
    return (value / 2 - a->min / 2) / (a->max / 2 - a->min / 2);
}
