/* A chart as SVG. Every coordinate is inside the picture; what is not finite, or not on
 * a log axis, is a gap. */
#include "chart_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char MINUS[] = "\xe2\x88\x92", TIMES[] = "\xc2\xb7";

/* 1e-12 is drawn as a power of ten. */
void chart_label(const char *label, struct lnn_markup *svg)
{
    const char *e = strchr(label, 'e');
    size_t n = e ? (size_t)(e - label) : strlen(label), sign = label[0] == '-';
    if (sign) lnn_markup_put(svg, MINUS);
    bool one = e && n - sign == 1 && label[sign] == '1';
    if (!one) lnn_markup_bytes(svg, label + sign, n - sign);
    if (!e) return;
    if (!one) lnn_markup_put(svg, TIMES);
    bool minus = e[1] == '-';
    lnn_markup_add(svg, "10<tspan dy=\"-4\" font-size=\"8\">%s%s</tspan>",
                   minus ? MINUS : "", e + 1 + minus);
}

static void open_svg(const struct lnn_chart *c, const struct lnn_chart_frame *f,
                     const char *id, struct lnn_markup *svg)
{
    lnn_markup_add(svg, "<svg%s class=\"chart\" id=\"",
                   c->standalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "");
    lnn_markup_escape(svg, id);
    lnn_markup_add(svg, "\" viewBox=\"0 0 %g %g\" fill=\"none\" role=\"img\"", f->width,
                   f->height);
    if (c->standalone)
        lnn_markup_add(svg, " width=\"%g\" height=\"%g\" font-family=\"sans-serif\"",
                       f->width, f->height);
    lnn_markup_put(svg, " aria-labelledby=\"");
    lnn_markup_escape(svg, id);
    lnn_markup_put(svg, "-title ");
    lnn_markup_escape(svg, id);
    lnn_markup_add(svg,
                   "-desc\" data-box=\"%g %g %g %g\" data-x=\"%s %.17g %.17g\" "
                   "data-y=\"%s %.17g %.17g\">\n<title id=\"",
                   f->left, f->right, f->top, f->bottom, f->x.log ? "log" : "lin",
                   f->x.min, f->x.max, f->y.log ? "log" : "lin", f->y.min, f->y.max);
    lnn_markup_escape(svg, id);
    lnn_markup_put(svg, "-title\">");
    lnn_markup_escape(svg, c->title);
    lnn_markup_put(svg, "</title>\n<desc id=\"");
    lnn_markup_escape(svg, id);
    lnn_markup_put(svg, "-desc\">");
    lnn_markup_escape(svg, c->description);
    lnn_markup_put(svg, "</desc>\n");
}

/* The text of size `size` at a place, no wider than `room`. */
static void text(struct lnn_markup *svg, const char *class, int size, double x,
                 double y, const char *anchor, const char *string, double room)
{
    lnn_markup_add(svg,
                   "<text class=\"%s\" font-size=\"%d\" fill=\"#444\" x=\"%.1f\" "
                   "y=\"%.1f\" text-anchor=\"%s\">",
                   class, size, x, y, anchor);
    lnn_markup_escape_cut(svg, string, room / size);
    lnn_markup_put(svg, "</text>\n");
}

/* Marks between the decades, where those are ticks. */
static void minor(const struct lnn_chart_frame *f, const struct lnn_plot_axis *a,
                  bool across, struct lnn_markup *svg)
{
    if (!a->log || a->n < 2 || a->max / a->min > 1e8) return;
    if (fabs(a->ticks[1].value / a->ticks[0].value - 10) > 1e-6) return;
    lnn_markup_put(svg, "<path class=\"axis\" stroke=\"#888\" d=\"");
    for (double decade = a->ticks[0].value / 10; decade < a->max; decade *= 10)
        for (int m = 2; m < 10; m++) {
            double value = decade * m;
            if (value < a->min || value > a->max) continue;
            if (across)
                lnn_markup_add(svg, "M%.1f %gv-3", lnn_chart_x(f, value), f->bottom);
            else
                lnn_markup_add(svg, "M%g %.1fh3", f->left, lnn_chart_y(f, value));
        }
    lnn_markup_put(svg, "\"/>\n");
}

static void axes(const struct lnn_chart *c, const struct lnn_chart_frame *f,
                 struct lnn_markup *svg)
{
    lnn_markup_put(svg, "<path class=\"grid\" stroke=\"#ddd\" d=\"");
    for (size_t i = 0; i < f->x.n; i++)
        lnn_markup_add(svg, "M%.1f %gV%g", lnn_chart_x(f, f->x.ticks[i].value),
                       f->bottom, f->top);
    for (size_t i = 0; i < f->y.n; i++)
        lnn_markup_add(svg, "M%g %.1fH%g", f->left, lnn_chart_y(f, f->y.ticks[i].value),
                       f->right);
    lnn_markup_add(svg,
                   "\"/>\n<path class=\"axis\" stroke=\"#888\" d=\"M%g %gV%gH%g\"/>\n",
                   f->left, f->top, f->bottom, f->right);
    minor(f, &f->x, true, svg);
    minor(f, &f->y, false, svg);
    static const char tick[] = "<text class=\"tick\" font-size=\"11\" fill=\"#444\" "
                               "x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">";
    for (size_t i = 0; i < f->x.n; i++) {
        lnn_markup_add(svg, tick, lnn_chart_x(f, f->x.ticks[i].value),
                       f->bottom + CHART_TICK + 5, "middle");
        chart_label(f->x.ticks[i].label, svg);
        lnn_markup_put(svg, "</text>\n");
    }
    for (size_t i = 0; i < f->y.n; i++) {
        lnn_markup_add(svg, tick, f->left - 6, lnn_chart_y(f, f->y.ticks[i].value) + 4,
                       "end");
        chart_label(f->y.ticks[i].label, svg);
        lnn_markup_put(svg, "</text>\n");
    }
    text(svg, "name", CHART_NAME, 1, f->top - CHART_GAP - 2, "start", c->y_label,
         f->width - 2);
    text(svg, "name", CHART_NAME, f->right, f->bottom + 2 * CHART_TICK + CHART_GAP + 3,
         "end", c->x_label, f->right);
}

/* One line through the rows kept; a lone point becomes a dot. */
static void line(const struct lnn_chart_frame *f, const struct lnn_series *s, size_t m,
                 const size_t kept[], struct lnn_markup *svg)
{
    lnn_markup_put(svg, "<path class=\"line\" stroke-linejoin=\"round\" "
                        "stroke-linecap=\"round\" d=\"");
    size_t length = 0;
    for (size_t i = 0; i < m; i++) {
        double x = lnn_chart_x(f, s->x[kept[i]]), y = lnn_chart_y(f, s->y[kept[i]]);
        bool gap = isnan(x) || isnan(y);
        if (!gap)
            lnn_markup_add(svg, length == 0 ? "M%.1f %.1f" : "L%.1f %.1f", x, y);
        else if (length == 1)
            lnn_markup_put(svg, "h0");
        length = gap ? 0 : length + 1;
    }
    lnn_markup_put(svg, length == 1 ? "h0\"/>\n" : "\"/>\n");
}

/* From `first` to `last` of the rows kept: there along the upper end, back along the
 * lower one, which a log axis may not have. */
static void band_part(const struct lnn_chart_frame *f, const struct lnn_series *s,
                      const size_t kept[], size_t first, size_t last,
                      struct lnn_markup *svg)
{
    for (size_t i = first; i < last; i++)
        lnn_markup_add(svg, i == first ? "M%.1f %.1f" : "L%.1f %.1f",
                       lnn_chart_x(f, s->x[kept[i]]),
                       lnn_chart_y(f, s->upper[kept[i]]));
    for (size_t i = last; i-- > first;) {
        double low = lnn_chart_y(f, s->lower[kept[i]]);
        lnn_markup_add(svg, "L%.1f %.1f", lnn_chart_x(f, s->x[kept[i]]),
                       isnan(low) ? f->bottom : low);
    }
    if (last > first) lnn_markup_put(svg, "Z");
}

static void band(const struct lnn_chart_frame *f, const struct lnn_series *s, size_t m,
                 const size_t kept[], struct lnn_markup *svg)
{
    size_t first = 0;
    if (!s->upper || !s->lower) return;
    lnn_markup_put(svg, "<path class=\"band\" stroke=\"none\" d=\"");
    for (size_t i = 0; i <= m; i++) {
        bool there = i < m && !isnan(lnn_chart_x(f, s->x[kept[i]])) &&
                     !isnan(lnn_chart_y(f, s->upper[kept[i]])) &&
                     isfinite(s->lower[kept[i]]);
        if (there) continue;
        band_part(f, s, kept, first, i, svg);
        first = i + 1;
    }
    lnn_markup_put(svg, "\"/>\n");
}

/* At about even distances, other series' marks in between; each says its value. */
static void marks(const struct lnn_chart_frame *f, const struct lnn_series *s,
                  size_t style, size_t m, const size_t kept[], struct lnn_markup *svg)
{
    double every = (f->right - f->left) / CHART_MARKS;
    double next = f->left + every * (double)(style % 5) / 5;
    for (size_t i = 0; i < m; i++) {
        double x = lnn_chart_x(f, s->x[kept[i]]), y = lnn_chart_y(f, s->y[kept[i]]);
        if (isnan(x) || isnan(y) || x < next) continue;
        next += every * (floor((x - next) / every) + 1);
        lnn_markup_put(svg, "<path class=\"mark\" fill=\"#fff\" d=\"");
        chart_mark(style, x, y, svg);
        lnn_markup_put(svg, "\"><title>");
        lnn_markup_escape(svg, s->name);
        lnn_markup_add(svg, ": %.6g at %.6g</title></path>\n", s->y[kept[i]],
                       s->x[kept[i]]);
    }
}

static void draw_series(const struct lnn_chart *c, const struct lnn_chart_frame *f,
                        size_t i, size_t kept[], struct lnn_markup *svg)
{
    const struct lnn_series *s = &c->series[i];
    /* many series share the room that one takes */
    double share = c->n > 16 ? 16.0 / (double)c->n : 1;
    size_t columns = (size_t)fmax(24, (f->right - f->left) * share);
    size_t m = lnn_thin(&f->x, &f->y, s->n, s->x, s->y, columns, kept);
    lnn_markup_add(svg, "<g data-series=\"%zu\" ", i);
    chart_style_attributes(c, i, svg);
    lnn_markup_put(svg, "><title>");
    lnn_markup_escape(svg, s->name);
    lnn_markup_put(svg, "</title>\n");
    band(f, s, m, kept, svg);
    line(f, s, m, kept, svg);
    if (f->marked > 0 && !s->aside) marks(f, s, chart_style_of(c, i), m, kept, svg);
    lnn_markup_put(svg, "</g>\n");
}

static int draw_all(const struct lnn_chart *c, const struct lnn_chart_frame *f,
                    struct lnn_markup *svg)
{
    size_t most = 1, values = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->series[i].n > most) most = c->series[i].n;
    size_t *kept = malloc(most * sizeof *kept);
    if (!kept) svg->failed = true;
    for (size_t i = 0; kept && i < c->n; i++) {
        draw_series(c, f, i, kept, svg);
        values += c->series[i].n;
    }
    free(kept);
    if (values == 0)
        text(svg, "name", CHART_NAME, (f->left + f->right) / 2,
             (f->top + f->bottom) / 2, "middle", "nothing to draw", f->width);
    return lnn_markup_status(svg);
}

/* What the axes could not show. */
static void note(const struct lnn_chart_frame *f, struct lnn_markup *svg)
{
    struct lnn_markup words = {0};
    size_t dropped = f->x.dropped + f->y.dropped;
    size_t none = f->x.not_finite + f->y.not_finite;
    if (dropped + none == 0) return;
    lnn_markup_put(&words, "not drawn: ");
    if (dropped)
        lnn_markup_add(&words, "%zu value%s <= 0", dropped, dropped > 1 ? "s" : "");
    if (none)
        lnn_markup_add(&words, "%s%zu NaN or infinite", dropped ? ", " : "", none);
    if (words.at)
        text(svg, "tick", CHART_TICK, f->right,
             f->bottom + 2 * CHART_TICK + CHART_GAP + 3 + CHART_LINE, "end", words.at,
             f->right);
    svg->failed = svg->failed || words.failed;
    lnn_markup_free(&words);
}

static void legend(const struct lnn_chart *c, const struct lnn_chart_frame *f,
                   struct lnn_markup *svg)
{
    double cell = chart_legend_cell(c, f);
    double top = f->height - (double)f->legend_rows * CHART_LINE;
    for (size_t i = 0; f->legend_rows > 0 && i < c->n; i++) {
        double x = CHART_GAP + cell * (double)(i % f->legend_columns);
        double y = top + CHART_LINE * (double)(i / f->legend_columns);
        lnn_markup_add(svg, "<g transform=\"translate(%.1f %.1f)\">", x, y);
        lnn_chart_swatch(c, i, svg);
        lnn_markup_put(svg, "</g>\n");
        text(svg, "key", CHART_TICK, x + CHART_SWATCH + CHART_GAP, y + 10, "start",
             c->series[i].name, cell - CHART_SWATCH - 2 * CHART_GAP);
    }
}

int lnn_chart_svg(const struct lnn_chart *c, struct lnn_markup *svg)
{
    struct lnn_chart_frame f;
    lnn_chart_layout(c, &f);
    open_svg(c, &f, c->id ? c->id : "chart", svg);
    if (c->standalone) {
        lnn_markup_put(svg, "<style>");
        lnn_chart_style(svg);
        lnn_markup_add(svg,
                       "</style>\n<rect class=\"paper\" fill=\"#fff\" width=\"%g\" "
                       "height=\"%g\"/>\n",
                       f.width, f.height);
        text(svg, "title", CHART_TITLE, 1, CHART_TITLE + 2, "start", c->title,
             f.width - 2);
    }
    axes(c, &f, svg);
    if (!c->quiet) note(&f, svg);
    (void)draw_all(c, &f, svg);
    legend(c, &f, svg);
    lnn_markup_put(svg, "</svg>\n");
    return lnn_markup_status(svg);
}
