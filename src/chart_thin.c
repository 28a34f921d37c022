/* Thinning: what is left of a long series has the same picture. */
#include "lnn/chart.h"

#include <math.h>

struct run { /* consecutive rows in one column */
    double column;
    size_t first, last, least, most;
};

static size_t put(size_t kept[], size_t n, size_t row)
{
    if (n > 0 && kept[n - 1] >= row) return n;
    kept[n] = row;
    return n + 1;
}

/* At most four rows, in order. */
static size_t end_run(const struct run *r, size_t kept[], size_t n)
{
    size_t low = r->least < r->most ? r->least : r->most;
    size_t high = r->least < r->most ? r->most : r->least;
    n = put(kept, n, r->first);
    n = put(kept, n, low);
    n = put(kept, n, high);
    return put(kept, n, r->last);
}

static double column_of(const struct lnn_plot_axis *x_axis,
                        const struct lnn_plot_axis *y_axis, double x, double y,
                        size_t columns)
{
    double place = lnn_axis_place(x_axis, x), height = lnn_axis_place(y_axis, y);
    return isnan(height) ? NAN : floor(place * (double)columns);
}

/* A gap that ends in the column it began in is not to be seen. */
static size_t runs(const struct lnn_plot_axis *x_axis,
                   const struct lnn_plot_axis *y_axis, size_t n, const double x[],
                   const double y[], size_t columns, size_t kept[])
{
    struct run r = {.column = NAN};
    size_t m = 0, gap = n; /* where one began; n: none */
    for (size_t i = 0; i < n; i++) {
        double column = column_of(x_axis, y_axis, x[i], y[i], columns);
        if (isnan(column)) {
            if (gap == n) gap = i;
            continue;
        }
        if (column == r.column) {
            r.last = i;
            if (y[i] < y[r.least]) r.least = i;
            if (y[i] > y[r.most]) r.most = i;
        } else {
            if (!isnan(r.column)) m = end_run(&r, kept, m);
            if (gap < n) m = put(kept, m, gap);
            r = (struct run){column, i, i, i, i};
        }
        gap = n;
    }
    if (!isnan(r.column)) m = end_run(&r, kept, m);
    if (gap < n) m = put(kept, m, gap);
    return n > 0 ? put(kept, m, n - 1) : 0;
}

/* Every k-th of the rows kept, the ends, and the extremes of y; gaps are closed. */
static size_t stride(const double y[], size_t m, size_t most, size_t kept[])
{
    size_t k = m / most + 1, low = m, high = m, to = 0, place = 0;
    for (size_t i = 0; i < m; i++) {
        double value = y[kept[i]];
        if (isnan(value)) continue;
        if (low == m || value < y[kept[low]]) low = i;
        if (high == m || value > y[kept[high]]) high = i;
    }
    for (size_t i = 0; i < m; i++) {
        bool end = i == 0 || i + 1 == m || i == low || i == high;
        bool chosen = !isnan(y[kept[i]]) && place++ % k == 0;
        if (end || chosen) kept[to++] = kept[i];
    }
    return to;
}

size_t lnn_thin(const struct lnn_plot_axis *x_axis, const struct lnn_plot_axis *y_axis,
                size_t n, const double x[], const double y[], size_t columns,
                size_t kept[])
{
    size_t most = 16 * columns + 16;
    size_t m = runs(x_axis, y_axis, n, x, y, columns, kept);
    return m > most ? stride(y, m, most, kept) : m;
}
