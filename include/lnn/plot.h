/* A chart as text, for a terminal: lines of Braille dots (two by four a character) or
 * of plain ASCII, with axes, ticks, labels and legend. */
#ifndef LNN_PLOT_H
#define LNN_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include "lnn/chart.h"
#include "lnn/markup.h"

struct lnn_plot_style {
    size_t columns, rows; /* of all of it; at least 30 and 12 are taken */
    bool ascii;           /* no character beyond ASCII; texts of the chart too */
    bool colour;          /* ANSI colours; without, series differ by their letters */
};

/* Appends the lines, each at most `columns` wide and ended by a newline. Bands, styles
 * and sizes of the chart are not drawn. A gap (NaN, or <= 0 on a log axis) breaks the
 * line; what is left out is counted below. Several series carry a letter each, written
 * on the line at several places; with `ascii` the line is made of the series' sign.
 * GSL_ENOMEM. */
int lnn_plot_text(const struct lnn_chart *chart, const struct lnn_plot_style *style,
                  struct lnn_markup *text);

#endif
