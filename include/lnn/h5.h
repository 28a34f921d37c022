/* The few HDF5 idioms the project uses; the only spine header besides trajectory.h
 * whose source calls H5*. Errors carry HDF5's own innermost text. */
#ifndef LNN_H5_H
#define LNN_H5_H

#include <stddef.h>

/* Read the weights W1..WN of any HDF5 file: datasets (d_j x d_{j-1}), or (time, d_j,
 * d_{j-1}) of which row `row` is taken (-1: the last row whose time or weights_time, if
 * there is one, is finite; counted from the end if negative). `group` NULL or "": the
 * root group, or the only group that holds a W1. w holds the layers in layout order.
 * Shapes that do not fit are GSL_EINVAL with the text "W2 is 3 x 4 in the file, 3 x 5
 * by the widths". */
int lnn_h5_weights(const char *path, const char *group, long row, size_t n_widths,
                   const size_t widths[], double w[]);

#endif
