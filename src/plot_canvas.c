/* Dots of lines on a grid of characters, and their signs. */
#include "plot_private.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "lnn/err.h"

int plot_canvas_open(struct plot_canvas *c, size_t columns, size_t rows, bool ascii)
{
    size_t n = columns * rows;
    *c = (struct plot_canvas){.columns = columns, .rows = rows, .across = 1, .down = 1};
    if (!ascii) {
        c->across = 2;
        c->down = 4;
    }
    c->dots = calloc(n, 1);
    c->owner = calloc(n, sizeof *c->owner);
    c->mark = calloc(n, 1);
    c->row = calloc(columns, sizeof *c->row);
    if (c->dots && c->owner && c->mark && c->row) return GSL_SUCCESS;
    plot_canvas_free(c);
    return lnn_fail(GSL_ENOMEM, "out of memory");
}

void plot_canvas_free(struct plot_canvas *c)
{
    free(c->dots);
    free(c->owner);
    free(c->mark);
    free(c->row);
    *c = (struct plot_canvas){0};
}

size_t plot_canvas_x(const struct plot_canvas *c, double share)
{
    return (size_t)lround(share * (double)(c->columns * c->across - 1));
}

size_t plot_canvas_y(const struct plot_canvas *c, double share)
{
    return (size_t)lround((1 - share) * (double)(c->rows * c->down - 1));
}

static void dot(struct plot_canvas *c, size_t x, size_t y, size_t index)
{
    /* Unicode numbers the dots 1 2 3 7 down the left, 4 5 6 8 down the right */
    static const unsigned char bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    size_t column = x / c->across, row = y / c->down, at = row * c->columns + column;
    c->dots[at] |= bits[y % c->down][x % c->across];
    c->row[column] = row;
    /* where lines lie on top of each other every series shows a piece */
    if (!c->owner[at] || column / 4 % c->n == index) c->owner[at] = (unsigned)index + 1;
}

/* Every column of dots between two points has one, every row too. */
static void line(struct plot_canvas *c, const size_t from[2], const size_t to[2],
                 size_t index)
{
    double dx = (double)to[0] - (double)from[0], dy = (double)to[1] - (double)from[1];
    size_t n = (size_t)fmax(fabs(dx), fabs(dy));
    for (size_t i = 0; i <= n; i++) {
        double share = n ? (double)i / (double)n : 0;
        dot(c, (size_t)lround((double)from[0] + share * dx),
            (size_t)lround((double)from[1] + share * dy), index);
    }
}

char plot_sign(size_t index, bool ascii)
{
    static const char signs[] =
        "*+ox#%@&abcdefghijklmnpqrstuvwyzABCDEFGHIJKLMNPQRSTUVWYZ",
                      letters[] =
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return ascii ? signs[index % (sizeof signs - 1)]
                 : letters[index % (sizeof letters - 1)];
}

/* Letters at regular places, those of other series between them; at least one. */
static void letters(struct plot_canvas *c, size_t index, size_t n)
{
    size_t period = c->columns / 4 > n ? c->columns / 4 : n + 1, put = 0;
    size_t first = (2 * index + 1) * period / (2 * n);
    for (size_t pass = 0; pass < 2 && put == 0; pass++) /* then anywhere */
        for (size_t x = 0; x < c->columns && (pass == 0 || put == 0); x++) {
            if ((pass == 0 && x % period != first) || c->row[x] == c->rows) continue;
            char *mark = &c->mark[c->row[x] * c->columns + x];
            if (*mark) continue;
            *mark = plot_sign(index, false);
            c->owner[c->row[x] * c->columns + x] = (unsigned)index + 1;
            put++;
        }
}

void plot_canvas_series(struct plot_canvas *c, const struct lnn_series *s, size_t index,
                        size_t n, const struct lnn_plot_axis *x,
                        const struct lnn_plot_axis *y)
{
    size_t from[2] = {0}, to[2];
    bool pen = false;
    c->n = n;
    for (size_t column = 0; column < c->columns; column++) c->row[column] = c->rows;
    for (size_t i = 0; i < s->n; i++) {
        double at[2] = {lnn_axis_place(x, s->x[i]), lnn_axis_place(y, s->y[i])};
        bool there = at[0] >= 0 && at[0] <= 1 && at[1] >= 0 && at[1] <= 1;
        if (there) {
            to[0] = plot_canvas_x(c, at[0]);
            to[1] = plot_canvas_y(c, at[1]);
            line(c, pen ? from : to, to, index);
            from[0] = to[0];
            from[1] = to[1];
        }
        pen = there;
    }
    if (n > 1 && c->across > 1) letters(c, index, n);
}

void plot_colour(size_t index, struct lnn_markup *text)
{
    static const char *const colours[] = {"36", "33", "35", "32", "31", "34"};
    lnn_markup_add(text, "\033[%sm",
                   index == SIZE_MAX
                       ? "0"
                       : colours[index % (sizeof colours / sizeof colours[0])]);
}

static void put_cell(const struct plot_canvas *c, size_t at, struct lnn_markup *text)
{
    unsigned dots = c->dots[at];
    char sign = c->mark[at];
    if (dots && c->across == 1) sign = plot_sign(c->owner[at] - 1, true);
    if (!dots) sign = ' ';
    if (sign) { /* Braille is U+2800 + the dots' bits */
        lnn_markup_bytes(text, &sign, 1);
    } else {
        const char braille[3] = {(char)0xe2, (char)(0xa0 | dots >> 6),
                                 (char)(0x80 | (dots & 0x3f))};
        lnn_markup_bytes(text, braille, 3);
    }
}

void plot_canvas_row(const struct plot_canvas *c, size_t row, bool colour,
                     struct lnn_markup *text)
{
    unsigned now = 0;
    size_t last = c->columns;
    const size_t at = row * c->columns;
    while (last > 0 && !c->dots[at + last - 1]) last--; /* no blanks at the end */
    for (size_t x = 0; x < last; x++) {
        unsigned owner = c->owner[at + x];
        if (colour && owner && owner != now) plot_colour(owner - 1, text);
        if (owner) now = owner;
        put_cell(c, at + x, text);
    }
    if (colour && now) plot_colour(SIZE_MAX, text);
}
