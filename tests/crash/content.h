/* What the crash test's writer writes and its checker expects. */
#ifndef CRASH_CONTENT_H
#define CRASH_CONTENT_H

#include <stddef.h>

enum {
    CONTENT_D = 4,
    CONTENT_H = 5,
    CONTENT_K = 3,
    CONTENT_EVERY = 3,     /* the second group stores its weights every so often */
    CONTENT_FINDINGS = 40, /* rows of the table that is stored later */
    CONTENT_VALUES = 1 + CONTENT_K * CONTENT_D + 1 + CONTENT_K
};

static inline double content_time(size_t row)
{
    return 0.125 * (double)row;
}

/* Entry `entry` of the row: loss, W, iteration, singular values, then the weights. */
static inline double content(size_t group, size_t row, size_t entry)
{
    return 1000. * (double)group + (double)row + (double)entry / 64;
}

static inline void content_values(size_t group, size_t row, double values[])
{
    for (size_t i = 0; i < CONTENT_VALUES; i++) values[i] = content(group, row, i);
    values[1 + CONTENT_K * CONTENT_D] = (double)row;
}

static inline void content_weights(size_t group, size_t row, double weights[])
{
    for (size_t i = 0; i < CONTENT_H * CONTENT_D; i++)
        weights[i] = content(group, row, CONTENT_VALUES + i);
}

#endif
