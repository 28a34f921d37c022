/* A chart as lines of text: header, the canvas between its axes, legend, notes. */
#include "lnn/plot.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "lnn/err.h"
#include "plot_private.h"

enum { LEAST_COLUMNS = 30, LEAST_ROWS = 12, LEAST_CANVAS = 4, LEGEND_ROWS = 4 };

struct plot {
    const struct lnn_chart *chart;
    struct lnn_plot_style style;
    struct lnn_plot_axis x, y;
    size_t left; /* columns before the canvas: labels, a blank, the axis */
    struct plot_canvas canvas;
    struct lnn_markup *text;
};

/* Characters, each taken to be one column wide. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    while (s && *s) {
        (void)lnn_markup_character(&s);
        n++;
    }
    return n;
}

static void put(struct plot *p, const char *s, size_t most)
{
    for (size_t n = 0; s && *s && n < most; n++) {
        const char *from = s;
        unsigned c = lnn_markup_character(&s);
        if (c < 0x20 || c == 0x7f || (c > 0x7e && (p->style.ascii || s == from + 1)))
            lnn_markup_put(p->text, "?");
        else
            lnn_markup_bytes(p->text, from, (size_t)(s - from));
    }
}

static void blanks(struct plot *p, size_t n)
{
    while (n-- > 0) lnn_markup_put(p->text, " ");
}

/* What the y axis shows on the left, the title on the right if there is room. */
static void header(struct plot *p)
{
    const char *log = p->chart->y_log ? " (log)" : "", *title = p->chart->title;
    size_t most = p->style.columns - strlen(log), n = width_of(p->chart->y_label);
    bool cut = n > most;
    if (cut) n = most;
    put(p, p->chart->y_label, cut ? n - 3 : n);
    lnn_markup_put(p->text, cut ? "..." : "");
    lnn_markup_put(p->text, log);
    n += strlen(log);
    if (title && n + 3 + width_of(title) <= p->style.columns) {
        blanks(p, p->style.columns - n - width_of(title));
        put(p, title, p->style.columns);
    }
    lnn_markup_put(p->text, "\n");
}

static const struct lnn_tick *tick_in_row(const struct plot *p, size_t row)
{
    for (size_t i = 0; i < p->y.n; i++) {
        double share = lnn_axis_place(&p->y, p->y.ticks[i].value);
        if (plot_canvas_y(&p->canvas, share) / p->canvas.down == row)
            return &p->y.ticks[i];
    }
    return NULL;
}

static void canvas_rows(struct plot *p)
{
    bool ascii = p->style.ascii;
    for (size_t row = 0; row < p->canvas.rows; row++) {
        const struct lnn_tick *tick = tick_in_row(p, row);
        const char *label = tick ? tick->label : "";
        blanks(p, p->left - 2 - strlen(label));
        lnn_markup_put(p->text, label);
        if (ascii)
            lnn_markup_put(p->text, tick ? " +" : " |");
        else
            lnn_markup_put(p->text, tick ? " \xe2\x94\xa4" : " \xe2\x94\x82");
        plot_canvas_row(&p->canvas, row, p->style.colour, p->text);
        lnn_markup_put(p->text, "\n");
    }
}

static size_t tick_column(const struct plot *p, size_t i)
{
    double share = lnn_axis_place(&p->x, p->x.ticks[i].value);
    return plot_canvas_x(&p->canvas, share) / p->canvas.across;
}

/* Where the label of an x tick begins, centred below it as far as the line allows. */
static size_t label_begins(const struct plot *p, size_t i)
{
    size_t n = strlen(p->x.ticks[i].label), at = p->left + tick_column(p, i);
    size_t begins = at > n / 2 ? at - n / 2 : 0;
    return begins + n > p->style.columns ? p->style.columns - n : begins;
}

static void bottom(struct plot *p)
{
    bool ascii = p->style.ascii;
    const char *dash = ascii ? "-" : "\xe2\x94\x80",
               *tick = ascii ? "+" : "\xe2\x94\xac";
    blanks(p, p->left - 1);
    lnn_markup_put(p->text, ascii ? "+" : "\xe2\x94\x94");
    for (size_t x = 0; x < p->canvas.columns; x++) {
        bool at = false;
        for (size_t i = 0; i < p->x.n; i++) at = at || tick_column(p, i) == x;
        lnn_markup_put(p->text, at ? tick : dash);
    }
    lnn_markup_put(p->text, "\n");
    size_t column = 0;
    for (size_t i = 0; i < p->x.n; i++) {
        size_t begins = label_begins(p, i);
        if (begins < column + (column > 0)) continue; /* no room */
        blanks(p, begins - column);
        lnn_markup_put(p->text, p->x.ticks[i].label);
        column = begins + strlen(p->x.ticks[i].label);
    }
    lnn_markup_put(p->text, "\n");
}

static void x_label(struct plot *p)
{
    const char *log = p->chart->x_log ? " (log)" : "";
    size_t most = p->style.columns - strlen(log), n = width_of(p->chart->x_label);
    if (n > most) n = most;
    blanks(p, most - n);
    put(p, p->chart->x_label, n);
    lnn_markup_put(p->text, log);
    lnn_markup_put(p->text, "\n");
}

/* The entries, or with `dry` only how many lines they take. */
static size_t legend(struct plot *p, bool dry)
{
    const struct lnn_chart *c = p->chart;
    size_t lines = 0, column = p->style.columns, i = 0;
    for (; c->n > 1 && i < c->n; i++) {
        size_t n = width_of(c->series[i].name) + 2;
        if (n > p->style.columns) n = p->style.columns;
        if (column + 3 + n > p->style.columns) {
            if (lines == LEGEND_ROWS) break;
            if (!dry && lines) lnn_markup_put(p->text, "\n");
            lines++;
            column = 0;
        } else {
            if (!dry) blanks(p, 3);
            column += 3;
        }
        column += n;
        if (dry) continue;
        char sign[] = {plot_sign(i, p->style.ascii), ' ', '\0'};
        if (p->style.colour) plot_colour(i, p->text);
        lnn_markup_put(p->text, sign);
        put(p, c->series[i].name, n - 2);
        if (p->style.colour) plot_colour(SIZE_MAX, p->text);
    }
    if (c->n > 1 && !dry) lnn_markup_put(p->text, "\n");
    if (c->n > 1 && !dry && i < c->n)
        lnn_markup_add(p->text, "and %zu more\n", c->n - i);
    return lines + (c->n > 1 && i < c->n);
}

static size_t notes(struct plot *p, bool dry)
{
    const struct {
        size_t n;
        const char *what;
    } all[] = {{p->y.dropped, "<= 0, which a log axis cannot show"},
               {p->y.not_finite, "NaN or infinite"},
               {p->x.dropped, "at an x <= 0, which a log axis cannot show"},
               {p->x.not_finite, "at an x that is NaN or infinite"}};
    size_t lines = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].n == 0) continue;
        char note[80];
        lines++;
        snprintf(note, sizeof note, "%zu %s left out: %s", all[i].n,
                 all[i].n == 1 ? "value" : "values", all[i].what);
        if (dry) continue;
        put(p, note, p->style.columns);
        lnn_markup_put(p->text, "\n");
    }
    return lines;
}

static size_t clip(size_t n, size_t least, size_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* The axes are fitted twice: what they leave out decides how many lines there are. */
static int layout(struct plot *p)
{
    struct lnn_range x = {0}, y = {0};
    const struct lnn_chart *c = p->chart;
    for (size_t i = 0; i < c->n; i++) {
        lnn_range_add(&x, c->series[i].n, c->series[i].x);
        lnn_range_add(&y, c->series[i].n, c->series[i].y);
    }
    lnn_axis_fit(&p->x, &x, c->x_log, 0, 2);
    lnn_axis_fit(&p->y, &y, c->y_log, 0, 2);
    size_t others = 4 + legend(p, true) + notes(p, true);
    size_t rows =
        p->style.rows > others + LEAST_CANVAS ? p->style.rows - others : LEAST_CANVAS;
    lnn_axis_fit(&p->y, &y, c->y_log, 0, clip(rows / 3, 3, LNN_TICKS));
    p->left = 0;
    for (size_t i = 0; i < p->y.n; i++)
        if (strlen(p->y.ticks[i].label) > p->left)
            p->left = strlen(p->y.ticks[i].label);
    p->left += 2;
    size_t columns = p->style.columns > p->left + 4 ? p->style.columns - p->left : 4;
    lnn_axis_fit(&p->x, &x, c->x_log, 0, clip(columns / 10, 3, LNN_TICKS));
    return plot_canvas_open(&p->canvas, columns, rows, p->style.ascii);
}

int lnn_plot_text(const struct lnn_chart *chart, const struct lnn_plot_style *style,
                  struct lnn_markup *text)
{
    struct plot p = {.chart = chart, .style = *style, .text = text};
    if (p.style.columns < LEAST_COLUMNS) p.style.columns = LEAST_COLUMNS;
    if (p.style.rows < LEAST_ROWS) p.style.rows = LEAST_ROWS;
    LNN_TRY(layout(&p));
    for (size_t i = 0; i < chart->n; i++)
        plot_canvas_series(&p.canvas, &chart->series[i], i, chart->n, &p.x, &p.y);
    header(&p);
    canvas_rows(&p);
    bottom(&p);
    x_label(&p);
    (void)legend(&p, false);
    (void)notes(&p, false);
    plot_canvas_free(&p.canvas);
    return lnn_markup_status(text);
}
