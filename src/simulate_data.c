/* The data a run was made on, as a group of its file: whoever judges the trajectories
 * needs nothing but the file. */
#include "simulate_private.h"

#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

/* A second axis of the same length needs a name of its own. */
static void add(struct lnn_data_group *g, const char *name, const char *doc,
                size_t rows, const char *row_axis, size_t cols, const char *column_axis,
                const double *values)
{
    g->variables[g->group.n_variables++] =
        (struct lnn_variable){.name = name,
                              .doc = doc,
                              .units = "1",
                              .rank = 2,
                              .dims = {rows, cols},
                              .axes = {row_axis, column_axis},
                              .fixed = values};
}

static char *joined(size_t n, char *const names[])
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) size += strlen(names[i]) + 1;
    char *text = malloc(size), *at = text;
    for (size_t i = 0; text && i < n; i++) {
        if (i > 0) *at++ = '\n';
        size_t length = strlen(names[i]);
        memcpy(at, names[i], length);
        at += length;
    }
    if (text) *at = '\0';
    return text;
}

static void add_attributes(struct lnn_data_group *g, const struct lnn_data *data)
{
    struct lnn_attribute *a = g->attributes;
    size_t n = 0;
    a[n++] = (struct lnn_attribute){
        .name = "examples", .kind = 'i', .count = (long long)data->m};
    a[n++] =
        (struct lnn_attribute){.name = "weight", .kind = 'n', .number = data->weight};
    a[n++] = (struct lnn_attribute){
        .name = "whitened", .kind = 'i', .count = data->whitened};
    a[n++] =
        (struct lnn_attribute){.name = "floor", .kind = 'n', .number = data->floor};
    a[n++] = (struct lnn_attribute){.name = "inputs", .kind = 't', .text = g->inputs};
    a[n++] = (struct lnn_attribute){.name = "targets", .kind = 't', .text = g->targets};
    g->group.n_attributes = n;
}

int lnn_data_group_fill(struct lnn_data_group *g, const struct lnn_data *data,
                        bool by_example)
{
    size_t d = data->d, k = data->k;
    *g = (struct lnn_data_group){
        .group = {.name = "data", .doc = "what the loss needs"}};
    g->inputs = joined(d, data->input_names);
    g->targets = joined(k, data->target_names);
    if (!g->inputs || !g->targets) return lnn_fail(GSL_ENOMEM, "out of memory");
    add(g, "Lambda_xx", "X^T X weight, X the examples' inputs", d, "input", d,
        "input_2", data->Lxx);
    add(g, "Lambda_yx", "Y^T X weight", k, "output", d, "input", data->Lyx);
    add(g, "Lambda_yy", "Y^T Y weight", k, "output", k, "output_2", data->Lyy);
    if (by_example) {
        add(g, "X", "inputs, an example a row", data->m, "example", d, "input",
            data->X);
        add(g, "Y", "targets, an example a row", data->m, "example", k, "output",
            data->Y);
    }
    if (data->mask)
        add(g, "mask", "1 where the entry of W is observed", k, "output", d, "input",
            data->mask);
    add_attributes(g, data);
    g->group.variables = g->variables;
    g->group.attributes = g->attributes;
    return GSL_SUCCESS;
}

void lnn_data_group_clear(struct lnn_data_group *g)
{
    free(g->inputs);
    free(g->targets);
}
