/* Inputs, targets and their moments: the order in which the pieces are called. */
#include "data_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_rng.h>
#include "lnn/err.h"
#include "lnn/rng.h"

double *lnn_data_array(size_t rows, size_t cols)
{
    double *a = NULL;
    if (cols == 0 || rows <= (size_t)-1 / sizeof *a / cols)
        a = calloc(rows * cols + 1, sizeof *a);
    if (!a) lnn_fail(GSL_ENOMEM, "out of memory for %zu x %zu numbers", rows, cols);
    return a;
}

char **lnn_data_names(const char *prefix, size_t n)
{
    char **names = calloc(n + 1, sizeof *names);
    for (size_t j = 0; names && j < n; j++) {
        char name[32];
        snprintf(name, sizeof name, "%s%zu", prefix, j + 1);
        names[j] = strdup(name);
        if (names[j]) continue;
        lnn_data_names_free(names);
        names = NULL;
    }
    if (!names) lnn_fail(GSL_ENOMEM, "out of memory for names");
    return names;
}

void lnn_data_names_free(char **names)
{
    for (char **name = names; name && *name; name++) free(*name);
    free(names);
}

/* "a, b, c, .." for messages. */
static void list_names(char *const *names, size_t size, char text[])
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t j = 0; names[j]; j++) {
        const char *between = j ? ", " : "";
        if (at + strlen(names[j]) + 8 > size) {
            snprintf(text + at, size - at, "%s..", between);
            return;
        }
        at += (size_t)snprintf(text + at, size - at, "%s%s", between, names[j]);
    }
}

int lnn_data_check_widths(const struct lnn_problem *problem,
                          const struct lnn_data *data)
{
    char names[160];
    size_t n = problem->network.widths.n, first = problem->network.widths.at[0];
    size_t last = problem->network.widths.at[n - 1];
    bool intercept = problem->data.intercept;
    if (first != data->d + intercept) {
        list_names(data->input_names, sizeof names, names);
        return lnn_fail(GSL_EINVAL,
                        "%s: error: network.widths says %zu inputs, the data has "
                        "%zu: %s%s",
                        lnn_problem_place(problem, "network", "widths"), first,
                        data->d + intercept, names,
                        intercept ? " and the intercept" : "");
    }
    if (last == data->k) return GSL_SUCCESS;
    list_names(data->target_names, sizeof names, names);
    return lnn_fail(GSL_EINVAL,
                    "%s: error: network.widths says %zu outputs, the data has "
                    "%zu: %s",
                    lnn_problem_place(problem, "network", "widths"), last, data->k,
                    names);
}

/* Exactly round(share n) of n entries set to 1: the head of a random permutation. */
static int draw_mask(const struct lnn_problem *problem, size_t n, double mask[])
{
    size_t count = (size_t)floor(problem->data.observed * (double)n + 0.5);
    if (count == 0)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.observed %g of %zu entries is none of "
                        "them",
                        lnn_problem_place(problem, "data", "observed"),
                        problem->data.observed, n);
    gsl_rng *rng = lnn_rng_open(problem->data.seed, "data.observed");
    size_t *entry = malloc(n * sizeof *entry);
    for (size_t i = 0; entry && i < n; i++) entry[i] = i;
    for (size_t i = 0; rng && entry && i < count && i < n; i++) {
        size_t j = i + (size_t)floor(lnn_rng_uniform(rng) * (double)(n - i));
        size_t chosen = entry[j < n ? j : n - 1];
        entry[j < n ? j : n - 1] = entry[i];
        mask[chosen] = 1;
    }
    int status = rng && entry ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory");
    gsl_rng_free(rng);
    free(entry);
    return status;
}

int lnn_data_mask(const struct lnn_problem *problem, struct lnn_data *data)
{
    const struct lnn_matrix *given = &problem->data.mask;
    bool share = !isnan(problem->data.observed);
    size_t n = data->k * data->d;
    if (!given->at && !share) return GSL_SUCCESS;
    data->mask = lnn_data_array(data->k, data->d);
    if (!data->mask) return GSL_ENOMEM;
    if (share) return draw_mask(problem, n, data->mask);
    if (given->rows != data->k || given->cols != data->d)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: data.mask is %zu x %zu, the target matrix "
                        "%zu x %zu",
                        lnn_problem_place(problem, "data", "mask"), given->rows,
                        given->cols, data->k, data->d);
    memcpy(data->mask, given->at, n * sizeof *data->mask);
    return GSL_SUCCESS;
}

static int no_scaling(struct lnn_data *data, size_t d)
{
    data->x_mean = lnn_data_array(1, d);
    data->x_scale = lnn_data_array(1, d);
    data->y_mean = lnn_data_array(1, data->k);
    data->y_scale = lnn_data_array(1, data->k);
    if (!data->x_mean || !data->x_scale || !data->y_mean || !data->y_scale)
        return GSL_ENOMEM;
    for (size_t j = 0; j < d; j++) data->x_scale[j] = 1;
    for (size_t j = 0; j < data->k; j++) data->y_scale[j] = 1;
    return GSL_SUCCESS;
}

/* By data.divide, or what the kind of data made its default. */
static void divide(const struct lnn_problem *problem, struct lnn_data *data)
{
    double by = problem->data.divide;
    if (!isnan(by)) data->divisor = by;
    if (!(data->divisor > 0)) data->divisor = 1;
    for (size_t i = 0; i < data->m * data->d && data->divisor != 1; i++)
        data->X[i] /= data->divisor;
}

static int fill(const struct lnn_problem *problem, struct lnn_data *data)
{
    static const struct {
        const char *name;
        int (*from)(const struct lnn_problem *problem, struct lnn_data *data);
    } kinds[] = {{"target", lnn_data_from_target},
                 {"csv", lnn_data_from_csv},
                 {"teacher", lnn_data_from_teacher},
                 {"idx", lnn_data_from_idx}};
    size_t kind = 0, kinds_n = sizeof kinds / sizeof *kinds;
    while (kind < kinds_n && strcmp(kinds[kind].name, problem->data.kind) != 0) kind++;
    if (kind == kinds_n)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: unknown data.kind \"%s\"; known are target, "
                        "csv, teacher, idx",
                        lnn_problem_place(problem, "data", "kind"), problem->data.kind);
    LNN_TRY(kinds[kind].from(problem, data));
    divide(problem, data);
    LNN_TRY(lnn_data_check_widths(problem, data));
    LNN_TRY(no_scaling(data, data->d + problem->data.intercept));
    LNN_TRY(lnn_data_scale(problem, data));
    LNN_TRY(lnn_data_factor(data));
    return lnn_data_mask(problem, data);
}

int lnn_data_load(const struct lnn_problem *problem, struct lnn_data **data)
{
    *data = calloc(1, sizeof **data);
    if (!*data) return lnn_fail(GSL_ENOMEM, "out of memory for the data");
    int status = fill(problem, *data);
    if (status == GSL_SUCCESS) return GSL_SUCCESS;
    lnn_data_free(*data);
    *data = NULL;
    return status;
}

void lnn_data_free(struct lnn_data *data)
{
    if (!data) return;
    double *arrays[] = {data->X,       data->Y,       data->Phi,     data->Lxx,
                        data->Lyx,     data->Lyy,     data->R,       data->B,
                        data->mask,    data->x_mean,  data->x_scale, data->y_mean,
                        data->y_scale, data->whitener};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
    lnn_data_names_free(data->input_names);
    lnn_data_names_free(data->target_names);
    free(data->source);
    free(data->lines);
    free(data);
}
