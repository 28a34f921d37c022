/* Reading a trajectory file as evidence: the order of the pieces, looking a record up,
 * and the error bar of W. */
#include "lnn/evidence.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "evidence_private.h"
#include "lnn/err.h"
#include "lnn/linalg.h"

void *lnn_evidence_own(struct lnn_reading_evidence *f, void *block)
{
    void **grown = realloc(f->owned, (f->n_owned + 1) * sizeof *grown);
    if (grown) f->owned = grown;
    if (grown && block) {
        f->owned[f->n_owned++] = block;
        return block;
    }
    free(block);
    (void)lnn_fail(GSL_ENOMEM, "out of memory for %s", f->e.path);
    return NULL;
}

double *lnn_evidence_array(struct lnn_reading_evidence *f, size_t n)
{
    return lnn_evidence_own(f, calloc(n + 1, sizeof(double)));
}

/* netCDF's conventions: what is packed is not unpacked here, and what equals the value
 * for "missing" is no number. */
static int check_conventions(struct lnn_reading_evidence *f, const char *group,
                             const char *name, struct lnn_shape *shape, double values[])
{
    static const char *const packed[] = {"scale_factor", "add_offset"};
    static const char *const missing[] = {"_FillValue", "missing_value"};
    char place[1100];
    size_t n = 1;
    snprintf(place, sizeof place, "%s/%s", group, name);
    for (size_t i = 0; i < shape->rank; i++) n *= shape->dims[i];
    for (size_t a = 0; a < 2; a++) {
        char *text = lnn_reader_attribute(f->reader, place, packed[a]);
        bool is_packed = text != NULL;
        free(text);
        if (is_packed)
            return lnn_fail(GSL_EINVAL,
                            "%s: %s is packed (it has a %s); plain numbers are meant",
                            f->e.path, place, packed[a]);
        text = lnn_reader_attribute(f->reader, place, missing[a]);
        double fill = text ? strtod(text, NULL) : NAN;
        for (size_t i = 0; text && i < n; i++)
            if (values[i] == fill) values[i] = NAN;
        free(text);
    }
    return GSL_SUCCESS;
}

int lnn_evidence_variable(struct lnn_reading_evidence *f, const char *group,
                          const char *name, size_t rank, struct lnn_shape *shape,
                          double **values)
{
    *values = NULL;
    int status = lnn_reader_shape(f->reader, group, name, shape);
    if (status == GSL_EINVAL) return GSL_SUCCESS; /* not there, or no numbers */
    if (status != GSL_SUCCESS) return status;
    if (shape->rank != rank) return GSL_SUCCESS;
    LNN_TRY(lnn_reader_get(f->reader, group, name, shape, values));
    *values = lnn_evidence_own(f, *values);
    if (!*values) return GSL_ENOMEM;
    return check_conventions(f, group, name, shape, *values);
}

char *lnn_evidence_text(struct lnn_reading_evidence *f, const char *group,
                        const char *name, const char *fallback)
{
    char *text = lnn_reader_attribute(f->reader, group, name);
    if (!text && group[0]) text = lnn_reader_attribute(f->reader, "", name);
    return lnn_evidence_own(f, text ? text : strdup(fallback));
}

double lnn_evidence_number(struct lnn_reading_evidence *f, const char *group,
                           const char *name, double fallback)
{
    char *text = lnn_reader_attribute(f->reader, group, name), *end = text;
    if (!text && group[0]) end = text = lnn_reader_attribute(f->reader, "", name);
    double x = text ? strtod(text, &end) : fallback;
    if (text && end == text) x = fallback; /* words instead of a number */
    free(text);
    return x;
}

/* A file that says nothing about it is taken for whole, unless it is one of ours. */
static bool is_complete(struct lnn_reading_evidence *f)
{
    bool ours = lnn_evidence_number(f, "", "layout_version", 0) > 0;
    return lnn_evidence_number(f, "", "complete", ours ? 0 : 1) != 0;
}

static int read_start(struct lnn_reading_evidence *f)
{
    f->e.init = lnn_evidence_text(f, "", "init", "");
    f->e.init_scale = lnn_evidence_number(f, "", "init_scale", NAN);
    f->e.init_noise = lnn_evidence_number(f, "", "init_noise", 0);
    return f->e.init ? GSL_SUCCESS : GSL_ENOMEM;
}

static int read_records(struct lnn_reading_evidence *f)
{
    const char *const *groups = lnn_reader_groups(f->reader);
    size_t n = 0;
    while (groups[n]) n++;
    f->e.records = calloc(n + 1, sizeof *f->e.records);
    if (!f->e.records) return lnn_fail(GSL_ENOMEM, "out of memory for %s", f->e.path);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        LNN_TRY(lnn_evidence_record(f, groups[i], &f->e.records[f->e.n], &found));
        f->e.n += found;
    }
    if (f->e.n > 0) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: nothing to judge: no group holds layers W1..WN (rows x d_j x "
                    "d_{j-1}) or W (rows x k x d) along a time or iteration",
                    f->e.path);
}

int lnn_evidence_read(const char *path, struct lnn_evidence **evidence)
{
    *evidence = NULL;
    struct lnn_reading_evidence *f = calloc(1, sizeof *f);
    if (!f) return lnn_fail(GSL_ENOMEM, "out of memory for %s", path);
    f->e.path = lnn_evidence_own(f, strdup(path));
    int status = f->e.path ? lnn_reader_open(path, &f->reader) : GSL_ENOMEM;
    if (status == GSL_SUCCESS) f->e.complete = is_complete(f);
    if (status == GSL_SUCCESS) status = read_start(f);
    if (status == GSL_SUCCESS) status = read_records(f);
    if (status == GSL_SUCCESS) status = lnn_evidence_loss(f);
    lnn_reader_close(f->reader);
    f->reader = NULL;
    if (status != GSL_SUCCESS) {
        lnn_evidence_free(&f->e);
        return status;
    }
    lnn_error_clear(); /* of what was looked for and is not there */
    *evidence = &f->e;
    return GSL_SUCCESS;
}

void lnn_evidence_free(struct lnn_evidence *evidence)
{
    struct lnn_reading_evidence *f = (struct lnn_reading_evidence *)evidence;
    if (!f) return;
    for (size_t i = 0; i < f->n_owned; i++) free(f->owned[i]);
    free(f->owned);
    free(f->e.records);
    lnn_data_free(f->data);
    free(f);
}

const struct lnn_record *lnn_evidence_find(const struct lnn_evidence *e,
                                           const char *name)
{
    for (size_t i = 0; i < e->n; i++)
        if (strcmp(e->records[i].name, name) == 0) return &e->records[i];
    return NULL;
}

const struct lnn_record *lnn_evidence_first(const struct lnn_evidence *e,
                                            enum lnn_dynamics dynamics)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->records[i].dynamics == dynamics) return &e->records[i];
    return NULL;
}

/* Lagrange weights of the cubic through the four nearest other rows, at row i. */
static bool cubic(const double x[], size_t rows, size_t i, size_t at[4],
                  double weight[4])
{
    if (rows < 5) return false;
    size_t first = i < 2 ? 0 : i - 2;
    if (first + 5 > rows) first = rows - 5;
    for (size_t a = 0; a < 4; a++) at[a] = first + a + (first + a >= i);
    for (size_t a = 0; a < 4; a++) {
        weight[a] = 1;
        for (size_t b = 0; b < 4; b++)
            if (b != a) weight[a] *= (x[i] - x[at[b]]) / (x[at[a]] - x[at[b]]);
        if (!isfinite(weight[a])) return false;
    }
    return true;
}

double lnn_record_rounding(const struct lnn_record *r)
{
    return r->rounding > DBL_EPSILON ? r->rounding : DBL_EPSILON;
}

double lnn_record_W_rounding(const struct lnn_record *r, size_t i)
{
    return r->W_rounding && i < r->rows ? r->W_rounding[i] : 0;
}

double lnn_record_gap(size_t rows, const double x[], size_t n, const double f[],
                      size_t i)
{
    size_t at[4];
    double weight[4], gap = 0;
    if (i >= rows || !cubic(x, rows, i, at, weight)) return NAN;
    for (size_t q = 0; q < n; q++) {
        double here = 0;
        for (size_t a = 0; a < 4; a++) here += weight[a] * f[at[a] * n + q];
        gap = hypot(gap, f[i * n + q] - here);
    }
    return gap;
}

double lnn_record_tolerance(const struct lnn_record *r, size_t n, double size)
{
    if (!(r->rtol > 0) || r->iteration) return 0;
    return (double)(r->steps > 0 ? r->steps : r->rows) *
           (r->rtol * size + (r->atol > 0 ? r->atol * sqrt((double)n) : 0));
}

double lnn_record_W_bar(const struct lnn_record *r, size_t i, bool *stated)
{
    size_t kd = r->k * r->d;
    *stated = r->W_error != NULL;
    if (i >= r->rows || !r->W) return NAN;
    double stored = lnn_record_W_rounding(r, i);
    if (r->W_error) return fabs(r->W_error[i]) + stored;
    double size = lnn_norm(kd, r->W + i * kd);
    double gap =
        lnn_record_gap(r->rows, r->iteration ? r->iteration : r->t, kd, r->W, i);
    return gap + lnn_record_tolerance(r, kd, size) + DBL_EPSILON * size + stored;
}
