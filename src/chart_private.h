/* What the parts of a chart share: sizes, styles, and marks. */
#ifndef LNN_CHART_PRIVATE_H
#define LNN_CHART_PRIVATE_H

#include "lnn/chart.h"

enum {
    CHART_TICK = 11, /* sizes of letters */
    CHART_NAME = 12,
    CHART_TITLE = 15,
    CHART_LINE = 18,   /* height of a line of the legend */
    CHART_SWATCH = 30, /* width of a sample of a line */
    CHART_GAP = 8,
    CHART_MARKS = 9,   /* about so many marks a series */
    CHART_MARKED = 12, /* series at most that get marks */
};

/* Colour, dash and mark of a series: 0, 1, ... */
size_t chart_style_of(const struct lnn_chart *chart, size_t series);
/* Attributes of the group that draws it: class, and for readers without CSS variables
 * the colours themselves. */
void chart_style_attributes(const struct lnn_chart *chart, size_t series,
                            struct lnn_markup *svg);
/* The path of a mark about a point, without its element. */
void chart_mark(size_t style, double x, double y, struct lnn_markup *svg);

/* Width of a tick's label as it is drawn; what is drawn. */
double chart_label_width(const char *label);
void chart_label(const char *label, struct lnn_markup *svg);

/* Width of one cell of the legend, and how much of it is for the name. */
double chart_legend_cell(const struct lnn_chart *chart,
                         const struct lnn_chart_frame *f);

#endif
