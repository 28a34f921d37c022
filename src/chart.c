/* The layout of a chart: how much room labels and legend take, what is left. */
#include "chart_private.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 420, HEIGHT = 280, BOX_LEAST = 110 };

static const double PAD = 0.05; /* of the y axis, at both ends */

double chart_label_width(const char *label)
{
    const char *e = strchr(label, 'e');
    if (!e) return lnn_markup_width(label) * CHART_TICK;
    char mantissa[LNN_TICK_LABEL] = "";
    memcpy(mantissa, label, (size_t)(e - label));
    double front = strcmp(mantissa, "1") == 0 ? 0 : lnn_markup_width(mantissa) + 0.42;
    return (front + 1.32 + lnn_markup_width(e + 1) + 0.3) * CHART_TICK;
}

/* A band's ends belong to the range; on a log axis the lower one only from above, since
 * an error bar as large as its value would stretch the axis without end. */
static void ranges(const struct lnn_chart *c, struct lnn_range *x, struct lnn_range *y)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct lnn_series *s = &c->series[i];
        struct lnn_range band = {0};
        lnn_range_add(x, s->n, s->x);
        lnn_range_add(y, s->n, s->y);
        if (s->upper) lnn_range_add(&band, s->n, s->upper);
        if (s->lower && !c->y_log) lnn_range_add(&band, s->n, s->lower);
        if (band.n == 0 || y->n == 0) continue;
        y->min = fmin(y->min, band.min);
        y->max = fmax(y->max, band.max);
        y->positive_max = fmax(y->positive_max, band.positive_max);
    }
}

static bool ticks_fit(const struct lnn_plot_axis *a, double size, bool across)
{
    for (size_t i = 1; i < a->n; i++) {
        const struct lnn_tick *t = &a->ticks[i];
        double gap = lnn_axis_place(a, t->value) - lnn_axis_place(a, t[-1].value);
        double need = CHART_TICK + 4;
        if (across)
            need = (chart_label_width(t->label) + chart_label_width(t[-1].label)) / 2 +
                   CHART_GAP;
        if (gap * size < need) return false;
    }
    return true;
}

/* As many ticks as find room; if even two do not, one. */
static void fit_axis(struct lnn_plot_axis *a, const struct lnn_range *range, bool log,
                     double pad, double size, bool across)
{
    size_t want = (size_t)fmax(2, fmin(LNN_TICKS, size / (across ? 45 : 32)));
    for (; want >= 2; want--) {
        lnn_axis_fit(a, range, log, pad, want);
        if (ticks_fit(a, size, across)) return;
    }
    for (size_t i = 1; i < a->n && !ticks_fit(a, size, across);) {
        struct lnn_plot_axis pair = *a;
        pair.n = i + 1;
        if (ticks_fit(&pair, size, across))
            i++;
        else
            memmove(&a->ticks[i], &a->ticks[i + 1], (--a->n - i) * sizeof a->ticks[0]);
    }
}

double chart_legend_cell(const struct lnn_chart *c, const struct lnn_chart_frame *f)
{
    double widest = 0;
    for (size_t i = 0; i < c->n; i++)
        widest = fmax(widest, lnn_markup_width(c->series[i].name) * CHART_TICK);
    return fmin(widest + CHART_SWATCH + 3 * CHART_GAP, f->width - 2 * CHART_GAP);
}

static void legend(const struct lnn_chart *c, struct lnn_chart_frame *f)
{
    if (!c->standalone || c->n < 2) return;
    double room = f->width - 2 * CHART_GAP;
    f->legend_columns = (size_t)fmax(1, floor(room / chart_legend_cell(c, f)));
    f->legend_rows = (c->n + f->legend_columns - 1) / f->legend_columns;
}

static double label_room(const struct lnn_plot_axis *a)
{
    double widest = 0;
    for (size_t i = 0; i < a->n; i++)
        widest = fmax(widest, chart_label_width(a->ticks[i].label));
    return widest;
}

static void vertical(const struct lnn_chart *c, struct lnn_chart_frame *f, bool note)
{
    double rows = (double)f->legend_rows * CHART_LINE;
    f->top = CHART_NAME + 2 * CHART_GAP + (c->standalone ? CHART_TITLE + CHART_GAP : 0);
    double below = 2 * CHART_TICK + 2 * CHART_GAP + (note ? CHART_LINE : 0) + rows;
    f->height = fmax(f->height, ceil(f->top + BOX_LEAST + below));
    f->bottom = floor(f->height - below);
}

void lnn_chart_layout(const struct lnn_chart *c, struct lnn_chart_frame *f)
{
    struct lnn_range x = {0}, y = {0};
    *f = (struct lnn_chart_frame){0};
    f->width = c->width > 0 ? fmax(c->width, 200) : WIDTH;
    f->height = c->height > 0 ? c->height : HEIGHT;
    f->marked = c->n <= CHART_MARKED ? c->n : 0;
    ranges(c, &x, &y);
    legend(c, f);
    bool lost = x.not_finite + y.not_finite > 0 || (c->x_log && x.positive < x.n) ||
                (c->y_log && y.positive < y.n);
    vertical(c, f, lost && !c->quiet);
    fit_axis(&f->y, &y, c->y_log, PAD, f->bottom - f->top, false);
    f->left = ceil(fmin(label_room(&f->y) + CHART_GAP + 2, f->width / 2));
    f->right = f->width - 2 * CHART_GAP;
    fit_axis(&f->x, &x, c->x_log, 0, f->right - f->left, true);
    double last = chart_label_width(f->x.ticks[f->x.n - 1].label) / 2;
    double first = chart_label_width(f->x.ticks[0].label) / 2;
    f->right = floor(fmin(f->right, f->width - fmin(last, f->width / 6) - 1));
    f->left = ceil(fmax(f->left, fmin(first, f->width / 6) + 1));
    fit_axis(&f->x, &x, c->x_log, 0, f->right - f->left, true);
}

static double place(const struct lnn_plot_axis *a, double value, double at0, double at1)
{
    double share = lnn_axis_place(a, value);
    if (isnan(share)) return NAN;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return at0 + share * (at1 - at0);
}

double lnn_chart_x(const struct lnn_chart_frame *f, double x)
{
    return place(&f->x, x, f->left, f->right);
}

double lnn_chart_y(const struct lnn_chart_frame *f, double y)
{
    return place(&f->y, y, f->bottom, f->top);
}
