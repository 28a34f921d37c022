/* One chart of the page: caption, picture, legend, and its numbers as a table, which is
 * also what the script reads. */
#include "report_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_COLUMNS = 40, TABLE_SERIES = 12 };

void report_series(struct report *r, struct report_figure *f, struct lnn_series s)
{
    bool any = false;
    for (size_t i = 0; i < s.n && !any; i++) any = isfinite(s.y[i]) && isfinite(s.x[i]);
    if (!any || !s.name) return;
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 16;
        struct lnn_series *grown = realloc(f->series, room * sizeof *grown);
        if (!grown) {
            r->out->failed = true;
            return;
        }
        f->series = grown;
        f->room = room;
    }
    f->series[f->n++] = s;
}

bool report_wants_log(const struct report_figure *f, double ratio)
{
    struct lnn_range range = {0};
    for (size_t i = 0; i < f->n; i++)
        lnn_range_add(&range, f->series[i].n, f->series[i].y);
    return range.n > 0 && range.min >= 0 && range.positive > 1 &&
           range.positive_max / range.positive_min > ratio;
}

/* As short as it is exact. */
static void put_exact(struct lnn_markup *out, double x)
{
    char text[40] = "";
    if (isnan(x)) {
        lnn_markup_put(out, "NaN");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    lnn_markup_put(out, text);
}

static void table_row(struct lnn_markup *out, const struct lnn_series *s, size_t row)
{
    lnn_markup_put(out, "<tr><td>");
    put_exact(out, s->x[row]);
    lnn_markup_put(out, "<td>");
    put_exact(out, s->y[row]);
    if (s->upper) {
        lnn_markup_put(out, "<td>");
        lnn_markup_add(out, "%.2g", s->upper[row] - s->y[row]);
    }
    lnn_markup_put(out, "\n");
}

static void table_series(struct report *r, const struct lnn_chart *c,
                         const struct lnn_chart_frame *frame, size_t i)
{
    const struct lnn_series *s = &c->series[i];
    size_t columns = TABLE_COLUMNS;
    if (c->n > TABLE_SERIES) columns = columns * TABLE_SERIES / c->n;
    if (columns < 4) columns = 4;
    size_t *kept = malloc((s->n + 1) * sizeof *kept);
    if (!kept) r->out->failed = true;
    if (!kept) return;
    size_t m = lnn_thin(&frame->x, &frame->y, s->n, s->x, s->y, columns, kept);
    lnn_markup_add(r->out,
                   "<tbody data-series=\"%zu\"><tr><th colspan=\"3\" "
                   "scope=\"rowgroup\">",
                   i);
    lnn_markup_escape(r->out, s->name);
    lnn_markup_add(r->out, " (%zu of %zu rows)</th></tr>\n", m, s->n);
    for (size_t k = 0; k < m; k++) table_row(r->out, s, kept[k]);
    lnn_markup_put(r->out, "</tbody>\n");
    free(kept);
}

static void table(struct report *r, const struct lnn_chart *c,
                  const struct lnn_chart_frame *frame)
{
    lnn_markup_put(r->out, "<details class=\"numbers\"><summary>Numbers</summary><div "
                           "class=\"scroll\"><table><caption>");
    lnn_markup_escape(r->out, c->title);
    lnn_markup_put(r->out, "</caption><thead><tr><th scope=\"col\">");
    lnn_markup_escape(r->out, c->x_label);
    lnn_markup_put(r->out, "<th scope=\"col\">");
    lnn_markup_escape(r->out, c->y_label);
    lnn_markup_put(r->out, "<th scope=\"col\">error bar</tr></thead>\n");
    for (size_t i = 0; i < c->n; i++) table_series(r, c, frame, i);
    lnn_markup_put(r->out, "</table></div></details>\n");
}

static void legend(struct report *r, const struct lnn_chart *c)
{
    lnn_markup_put(r->out, "<ul class=\"legend\">");
    for (size_t i = 0; i < c->n; i++) {
        lnn_markup_add(r->out,
                       "<li><button type=\"button\" aria-pressed=\"true\" "
                       "data-series=\"%zu\">",
                       i);
        lnn_chart_swatch(c, i, r->out);
        lnn_markup_put(r->out, "<span>");
        lnn_markup_escape(r->out, c->series[i].name);
        lnn_markup_put(r->out, "</span></button></li>\n");
    }
    lnn_markup_put(r->out, "</ul>\n");
}

static void left_out(struct report *r, const struct lnn_chart_frame *f)
{
    if (f->y.dropped)
        lnn_markup_add(r->out, " Not on the log axis: %zu value%s that %s 0 or below.",
                       f->y.dropped, f->y.dropped > 1 ? "s" : "",
                       f->y.dropped > 1 ? "are" : "is");
    if (f->y.not_finite)
        lnn_markup_add(r->out, " Not drawn: %zu value%s NaN or infinite.",
                       f->y.not_finite,
                       f->y.not_finite > 1 ? "s that are" : " that is");
}

static void describe(const struct lnn_chart *c, char *text, size_t room)
{
    struct lnn_range x = {0}, y = {0};
    for (size_t i = 0; i < c->n; i++) {
        lnn_range_add(&x, c->series[i].n, c->series[i].x);
        lnn_range_add(&y, c->series[i].n, c->series[i].y);
    }
    snprintf(text, room,
             "%s from %.3g to %.3g (%s axis) against %s from %.3g to %.3g (%s axis); "
             "%zu series.",
             c->y_label, y.min, y.max, c->y_log ? "log" : "linear", c->x_label, x.min,
             x.max, c->x_log ? "log" : "linear", c->n);
}

static void draw(struct report *r, const struct report_figure *f)
{
    char id[32], description[600], y_label[120];
    snprintf(id, sizeof id, "chart-%zu", ++r->figures);
    snprintf(y_label, sizeof y_label, "%s", f->y_label ? f->y_label : f->title);
    struct lnn_chart c = {.title = f->title,
                          .description = description,
                          .x_label = f->x_label ? f->x_label : r->x_name,
                          .y_label = y_label,
                          .x_log = f->x_label ? f->x_log : r->x_log,
                          .y_log = f->y_log,
                          .n = f->n,
                          .series = f->series,
                          .id = id,
                          .quiet = true};
    struct lnn_chart_frame frame;
    lnn_chart_layout(&c, &frame);
    describe(&c, description, sizeof description);
    lnn_markup_put(r->out, "<figure class=\"plot\">\n<figcaption><h3>");
    lnn_markup_escape(r->out, f->title);
    lnn_markup_put(r->out, "</h3><p>");
    if (f->markup)
        lnn_markup_put(r->out, f->markup);
    else
        lnn_markup_escape(r->out, f->doc);
    left_out(r, &frame);
    lnn_markup_put(r->out, "</p></figcaption>\n<div class=\"view\">");
    (void)lnn_chart_svg(&c, r->out);
    lnn_markup_put(r->out, "</div>\n<p class=\"value\" role=\"status\"></p>\n");
    legend(r, &c);
    table(r, &c, &frame);
    lnn_markup_put(r->out, "</figure>\n");
}

void report_draw(struct report *r, struct report_figure *f)
{
    if (f->n > 0 && !r->out->failed) draw(r, f);
    free(f->series);
    f->series = NULL;
    f->n = f->room = 0;
    report_clear(r);
}
