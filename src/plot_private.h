/* The dots of a chart in a terminal. Not installed. */
#ifndef LNN_PLOT_PRIVATE_H
#define LNN_PLOT_PRIVATE_H

#include "lnn/plot.h"

/* `columns` by `rows` characters, each of `across` by `down` dots: 2 by 4, or one. */
struct plot_canvas {
    size_t columns, rows, across, down;
    size_t n;            /* series */
    unsigned char *dots; /* a bit a dot, as in Unicode's Braille block */
    unsigned *owner;     /* the series drawn last there, from 1; 0: none */
    char *mark;          /* what stands there instead of dots; 0: nothing */
    size_t *row;         /* of the series being drawn, by column; rows: not there */
};

int plot_canvas_open(struct plot_canvas *c, size_t columns, size_t rows, bool ascii);
void plot_canvas_free(struct plot_canvas *c);
/* A share of the axis (0 to 1) as a dot: from the left, from the top. */
size_t plot_canvas_x(const struct plot_canvas *c, double share);
size_t plot_canvas_y(const struct plot_canvas *c, double share);
/* All of one series (from 0) of `n`; with more than one, or without Braille, its sign
 * is written on the line. */
void plot_canvas_series(struct plot_canvas *c, const struct lnn_series *s, size_t index,
                        size_t n, const struct lnn_plot_axis *x,
                        const struct lnn_plot_axis *y);
char plot_sign(size_t index, bool ascii); /* of a series, as in the legend */
void plot_canvas_row(const struct plot_canvas *c, size_t row, bool colour,
                     struct lnn_markup *text);
void plot_colour(size_t index, struct lnn_markup *text); /* SIZE_MAX: the usual one */

#endif
