/* A picture of series over any variable: thinned to what the eye can see, drawn as SVG.
 *
 * Colours are CSS variables and classes of lnn_chart_style, so that a page can have
 * them light and dark; series are told apart by dashes and markers as well. */
#ifndef LNN_CHART_H
#define LNN_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include "lnn/axis.h"
#include "lnn/markup.h"

enum { LNN_CHART_STYLES = 8 }; /* colours; with dashes and markers three times that */

struct lnn_series { /* arrays and names belong to the caller; names are UTF-8 */
    const char *name;
    size_t n;
    const double *x, *y;         /* n; NaN is a gap */
    const double *lower, *upper; /* n, or NULL: an error band */
    size_t style;                /* 0: its place in the chart, else 1, 2, ... */
    bool aside;                  /* thin and dashed: an error bar, a reference */
};

struct lnn_chart {
    const char *title, *description; /* for readers without sight too; may be NULL */
    const char *x_label, *y_label;
    bool x_log, y_log;
    size_t n;
    const struct lnn_series *series;
    double width, height; /* in units of which a letter is 12; 0: 420 and 280 */
    const char *id; /* of the svg element, and prefix of its parts; NULL: "chart" */
    /* A file of its own: with name space, style, title and legend drawn. Else the page
     * around has all that. */
    bool standalone;
    bool quiet; /* no note of what is not drawn: the caller says it */
};

/* Where things lie in the picture: the box of the data and its axes. */
struct lnn_chart_frame {
    double width, height;
    double left, right, top, bottom; /* left < right, top < bottom */
    struct lnn_plot_axis x, y;
    size_t legend_rows, legend_columns; /* 0 if it has none */
    size_t marked;                      /* series with markers of their own */
};
void lnn_chart_layout(const struct lnn_chart *chart, struct lnn_chart_frame *frame);
/* Clipped to the box; NaN if it lies nowhere. */
double lnn_chart_x(const struct lnn_chart_frame *frame, double x);
double lnn_chart_y(const struct lnn_chart_frame *frame, double y);

/* Appends the svg element. GSL_ENOMEM. */
int lnn_chart_svg(const struct lnn_chart *chart, struct lnn_markup *svg);
/* Appends what is in common to all charts: the rules of a style element. */
void lnn_chart_style(struct lnn_markup *css);
/* Appends a sample of the series' line, an svg element 30 wide and 12 high. */
void lnn_chart_swatch(const struct lnn_chart *chart, size_t series,
                      struct lnn_markup *svg);

/* Thinning. Rows that make the same picture as all n: of each run of rows within one of
 * `columns` columns of the axis the first, the last, and those with the smallest and
 * the largest y; of each gap (NaN, or not on the axes) between columns its first row.
 * First and last row and both extremes of y always stay. If x runs to and fro so often
 * that more than 16 * columns + 16 would stay, every k-th of those does, gaps closed.
 * Writes increasing row numbers to kept (room for n) and returns how many. */
size_t lnn_thin(const struct lnn_plot_axis *x_axis, const struct lnn_plot_axis *y_axis,
                size_t n, const double x[], const double y[], size_t columns,
                size_t kept[]);

#endif
