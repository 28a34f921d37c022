/* What stored weights say where a file does not: balancedness, singular values. */
#include "report_private.h"

#include <math.h>
#include <stdlib.h>
#include "lnn/linalg.h"

/* Rows at most, evenly chosen: a chart shows no more. */
enum { ROWS = 2000, MODES = 6 };

static size_t chosen(size_t i, size_t m, size_t rows)
{
    return m > 1 ? (size_t)((double)i * (double)(rows - 1) / (double)(m - 1)) : 0;
}

bool report_derive_imbalance(struct report *r, struct report_figure *f,
                             const struct report_track *t)
{
    const struct lnn_record *record = t->record;
    if (!record || !record->w || record->net.N < 2 || record->weights_rows == 0)
        return false;
    size_t m = record->weights_rows < ROWS ? record->weights_rows : ROWS;
    double *x = report_own(r, malloc(m * sizeof *x));
    double *y = report_own(r, malloc(m * sizeof *y)), scale;
    for (size_t i = 0; x && y && i < m; i++) {
        size_t row = chosen(i, m, record->weights_rows);
        x[i] = record->weights_rows == t->rows ? t->x[row] : record->w_t[row];
        if (lnn_record_imbalance(record, row, &y[i], &scale) != GSL_SUCCESS) y[i] = NAN;
    }
    if (!x || !y) return false;
    report_series(r, f, (struct lnn_series){.name = t->name, .n = m, .x = x, .y = y});
    return true;
}

bool report_derive_spectrum(struct report *r, struct report_figure *f,
                            const struct report_track *t)
{
    const struct lnn_record *record = t->record;
    if (!record || !record->W || record->rows != t->rows || t->rows == 0) return false;
    size_t m = t->rows < ROWS ? t->rows : ROWS, kd = record->k * record->d;
    struct lnn_svd *svd = report_own(r, lnn_svd_alloc(record->k, record->d));
    double *x = report_own(r, malloc(m * sizeof *x));
    double *y = svd ? report_own(r, malloc(MODES * m * sizeof *y)) : NULL;
    if (!svd || !x || !y) return false;
    size_t modes = svd->q < MODES && svd->q * r->n_tracks <= 12 ? svd->q : 1;
    for (size_t i = 0; i < m; i++) {
        size_t row = chosen(i, m, t->rows);
        bool good = lnn_svd(svd, record->W + row * kd) == GSL_SUCCESS;
        x[i] = t->x[row];
        for (size_t k = 0; k < modes; k++) y[k * m + i] = good ? svd->s[k] : NAN;
    }
    for (size_t k = 0; k < modes; k++) {
        const char *name = t->name;
        if (modes > 1)
            name = report_own(r, report_format("%s, mode %zu", t->name, k + 1));
        report_series(
            r, f, (struct lnn_series){.name = name, .n = m, .x = x, .y = y + k * m});
    }
    return true;
}
