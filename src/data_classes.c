/* Labels as classes, and a part of the examples. */
#include "data_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_rng.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static const size_t classes_most = 10000; /* more are no labels */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int check_labels(const struct lnn_data *data)
{
    if (data->k != 1)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.classes is about one target, the label; here "
                        "are %zu",
                        data->source, data->k);
    for (size_t i = 0; i < data->m; i++) {
        double y = data->Y[i];
        if (y != floor(y) || fabs(y) > 9007199254740992.0)
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu: error: label \"%s\" is %.17g; data.classes needs "
                            "whole numbers",
                            data->source, data->lines[i], data->target_names[0], y);
    }
    return GSL_SUCCESS;
}

/* The values that occur, ascending; malloc'ed. */
static double *values_of(const struct lnn_data *data, size_t *n)
{
    double *v = lnn_data_array(data->m, 1);
    if (!v) return NULL;
    memcpy(v, data->Y, data->m * sizeof *v);
    qsort(v, data->m, sizeof *v, ascending);
    *n = 0;
    for (size_t i = 0; i < data->m; i++)
        if (i == 0 || v[i] != v[*n - 1]) v[(*n)++] = v[i];
    return v;
}

static char **class_names(const char *target, size_t n, const double values[])
{
    char **names = calloc(n + 1, sizeof *names);
    size_t room = strlen(target) + 32;
    for (size_t r = 0; names && r < n; r++) {
        names[r] = malloc(room);
        if (!names[r]) {
            lnn_data_names_free(names);
            names = NULL;
        } else {
            snprintf(names[r], room, "%s=%.0f", target, values[r]);
        }
    }
    if (!names) lnn_fail(GSL_ENOMEM, "out of memory for names");
    return names;
}

static int encode(struct lnn_data *data, size_t n, const double values[])
{
    if (n < 2 || n > classes_most)
        return lnn_fail(
            GSL_EINVAL,
            "%s: error: label \"%s\" takes %zu values; classes are 2 to %zu",
            data->source, data->target_names[0], n, classes_most);
    double *Y = lnn_data_array(data->m, n);
    char **names = class_names(data->target_names[0], n, values);
    if (!Y || !names) {
        free(Y);
        lnn_data_names_free(names);
        return GSL_ENOMEM;
    }
    for (size_t i = 0; i < data->m; i++) {
        const double *at = bsearch(data->Y + i, values, n, sizeof *values, ascending);
        Y[i * n + (size_t)(at - values)] = 1;
    }
    free(data->Y);
    lnn_data_names_free(data->target_names);
    data->Y = Y;
    data->target_names = names;
    data->k = n;
    data->classes = true;
    return GSL_SUCCESS;
}

int lnn_data_one_hot(struct lnn_data *data)
{
    size_t n;
    LNN_TRY(check_labels(data));
    double *values = values_of(data, &n);
    if (!values) return GSL_ENOMEM;
    int status = encode(data, n, values);
    free(values);
    return status;
}

/* n of m, each subset as likely as any other: selection sampling (Knuth, algorithm S),
 * which leaves them in order. */
static int draw(unsigned long seed, size_t m, size_t n, size_t rows[])
{
    gsl_rng *rng = lnn_rng_open(seed, "data.subset");
    if (!rng) return GSL_ENOMEM;
    for (size_t i = 0, taken = 0; i < m && taken < n; i++)
        if (lnn_rng_uniform(rng) * (double)(m - i) < (double)(n - taken))
            rows[taken++] = i;
    gsl_rng_free(rng);
    return GSL_SUCCESS;
}

size_t *lnn_data_choose(const struct lnn_problem *problem, const char *path, size_t m,
                        size_t *n)
{
    *n = problem->data.rows ? problem->data.rows : m;
    if (*n > m) {
        lnn_fail(GSL_EINVAL, "%s: error: data.rows is %zu; there are %zu in %s",
                 lnn_problem_place(problem, "data", "rows"), *n, m, path);
        return NULL;
    }
    size_t *rows = malloc((*n + 1) * sizeof *rows);
    if (!rows) {
        lnn_fail(GSL_ENOMEM, "out of memory for the data");
        return NULL;
    }
    for (size_t i = 0; i < *n; i++) rows[i] = i;
    if (*n == m || strcmp(problem->data.subset, "random") != 0) return rows;
    if (draw(problem->data.seed, m, *n, rows) == GSL_SUCCESS) return rows;
    free(rows);
    return NULL;
}

void lnn_data_keep(struct lnn_data *data, const size_t rows[], size_t n)
{
    size_t d = data->d, k = data->k;
    for (size_t i = 0; i < n; i++) { /* ascending: nothing is overwritten too early */
        if (data->X)
            memmove(data->X + i * d, data->X + rows[i] * d, d * sizeof(double));
        if (data->Y)
            memmove(data->Y + i * k, data->Y + rows[i] * k, k * sizeof(double));
        if (data->lines) data->lines[i] = data->lines[rows[i]];
    }
    data->m = n;
}
