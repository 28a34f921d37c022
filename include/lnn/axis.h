/* The axis of a picture: a range that holds the data, ticks at round numbers, and where
 * a value lies. Linear or logarithmic. Nothing here draws. */
#ifndef LNN_AXIS_H
#define LNN_AXIS_H

#include <stdbool.h>
#include <stddef.h>

/* What the data spans; zero-initialised is empty. NaN and infinities are counted and
 * left out; so are values <= 0 as far as a log axis is concerned. */
struct lnn_range {
    double min, max;                   /* of the finite values */
    double positive_min, positive_max; /* of those > 0 */
    size_t n, positive;                /* how many there are */
    size_t not_finite;
};
void lnn_range_add(struct lnn_range *range, size_t n, const double x[]);

enum { LNN_TICKS = 10, LNN_TICK_LABEL = 32 };

struct lnn_tick {
    double value;
    char label[LNN_TICK_LABEL]; /* "0.5", "1e-12": strtod gives value, to the bit */
};

struct lnn_plot_axis {
    bool log;
    double min, max;   /* finite, min < max; 0 < min on a log axis */
    size_t dropped;    /* finite values <= 0, which a log axis cannot show */
    size_t not_finite; /* NaN and infinities */
    size_t n;          /* 2 to LNN_TICKS, strictly increasing, in [min, max] */
    struct lnn_tick ticks[LNN_TICKS];
};

/* About `ticks` ticks (2 to LNN_TICKS) for the range, which is widened by the share
 * `pad` of itself at both ends; a range of one value, or none, gets a neighbourhood. On
 * a log axis ticks are powers of ten, every k-th one over many decades; 1, 2, 5 where
 * there are few; and as on a linear one within a fraction of a decade. */
void lnn_axis_fit(struct lnn_plot_axis *axis, const struct lnn_range *range, bool log,
                  double pad, size_t ticks);

/* Where a value lies: 0 at min, 1 at max, not clipped; NaN if it lies nowhere (NaN,
 * infinite, or <= 0 on a log axis). */
double lnn_axis_place(const struct lnn_plot_axis *axis, double value);

#endif
