/* Data from text tables: which columns, both files, the targets' transform. */
#include "data_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

/* One of the two files; they are the same one when data.targets_file is absent. */
struct part {
    char *path;
    struct lnn_text text;
    struct lnn_table table;
    bool *wanted;
    size_t *columns,
        n; /* of the inputs in the first part, of the targets in the second */
};

struct csv {
    struct part in, out;
    struct part *target; /* the part whose table holds the targets */
};

static void part_free(struct part *p)
{
    lnn_text_free(&p->text);
    lnn_table_free(&p->table);
    free(p->path);
    free(p->wanted);
    free(p->columns);
}

static int part_open(const struct lnn_problem *problem, const char *file,
                     struct part *p)
{
    p->path = lnn_problem_path(problem, file);
    if (!p->path) return lnn_fail(GSL_ENOMEM, "out of memory");
    LNN_TRY(lnn_table_open(p->path, problem->data.header, problem->data.delimiter,
                           &p->text));
    p->wanted = calloc(p->text.cols, sizeof *p->wanted);
    if (!p->wanted) return lnn_fail(GSL_ENOMEM, "%s: out of memory", p->path);
    return GSL_SUCCESS;
}

static int select_targets(const struct lnn_problem *problem, struct csv *c)
{
    const struct lnn_text *t = &c->target->text;
    struct part *out = &c->out;
    out->columns = calloc(t->cols, sizeof *out->columns);
    if (!out->columns) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    if (problem->data.targets.n > 0)
        return lnn_columns_select(t, "data.targets", &problem->data.targets,
                                  out->columns, &out->n);
    if (c->target == &c->in) {
        out->columns[out->n++] = t->cols - 1;
        return GSL_SUCCESS;
    }
    for (; out->n < t->cols; out->n++) out->columns[out->n] = out->n;
    return GSL_SUCCESS;
}

/* After the targets; both are marked as wanted in their tables. */
static int select_inputs(const struct lnn_problem *problem, struct csv *c)
{
    const struct lnn_text *t = &c->in.text;
    struct part *in = &c->in;
    bool same = c->target == in;
    in->columns = calloc(t->cols, sizeof *in->columns);
    if (!in->columns) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    for (size_t j = 0; j < c->out.n; j++) c->target->wanted[c->out.columns[j]] = true;
    if (problem->data.inputs.n > 0)
        LNN_TRY(lnn_columns_select(t, "data.inputs", &problem->data.inputs, in->columns,
                                   &in->n));
    else
        for (size_t j = 0; j < t->cols; j++)
            if (!same || !in->wanted[j]) in->columns[in->n++] = j;
    if (in->n == 0)
        return lnn_fail(GSL_EINVAL, "%s:%zu: error: no column is left for the inputs",
                        t->path, t->first);
    for (size_t j = 0; j < in->n; j++) {
        if (same && in->wanted[in->columns[j]])
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu: error: column \"%s\" is both an input and a "
                            "target%s",
                            t->path, t->first, t->names[in->columns[j]],
                            problem->data.targets.n
                                ? ""
                                : " (data.targets is by default the "
                                  "last column)");
        in->wanted[in->columns[j]] = true;
    }
    return GSL_SUCCESS;
}

static int read_tables(struct csv *c)
{
    LNN_TRY(lnn_table_rows(&c->in.text, c->in.wanted, &c->in.table));
    if (c->target == &c->in) return GSL_SUCCESS;
    LNN_TRY(lnn_table_rows(&c->out.text, c->out.wanted, &c->out.table));
    if (c->in.table.rows == c->out.table.rows) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: error: %zu rows of targets for the %zu rows of inputs "
                    "in %s",
                    c->out.path, c->out.table.rows, c->in.table.rows, c->in.path);
}

/* rows x n, and the names, of the chosen columns. */
static int gather(const struct lnn_table *table, const size_t columns[], size_t n,
                  double **values, char ***names)
{
    *values = lnn_data_array(table->rows, n);
    *names = calloc(n + 1, sizeof **names);
    if (!*values || !*names) return lnn_fail(GSL_ENOMEM, "out of memory for the data");
    for (size_t j = 0; j < n; j++) {
        (*names)[j] = strdup(table->names[columns[j]]);
        if (!(*names)[j]) return lnn_fail(GSL_ENOMEM, "out of memory for the data");
        for (size_t i = 0; i < table->rows; i++)
            (*values)[i * n + j] = table->at[i * table->cols + columns[j]];
    }
    return GSL_SUCCESS;
}

/* The logarithm of the targets, or of 1 more. */
static int transform(const struct lnn_problem *problem, struct lnn_data *data)
{
    const char *kind = problem->data.target_transform;
    if (strcmp(kind, "none") == 0) return GSL_SUCCESS;
    bool one_more = strcmp(kind, "log1p") == 0;
    double above = one_more ? -1 : 0;
    for (size_t i = 0; i < data->m * data->k; i++) {
        double y = data->Y[i];
        if (y <= above)
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu: error: target \"%s\" is %.17g; %s needs more "
                            "than %g",
                            data->source, data->lines[i / data->k],
                            data->target_names[i % data->k], y, kind, above);
        data->Y[i] = one_more ? log1p(y) : log(y);
    }
    return GSL_SUCCESS;
}

static int fill(const struct lnn_problem *problem, struct csv *c, struct lnn_data *data)
{
    LNN_TRY(part_open(problem, problem->data.file, &c->in));
    c->target = &c->in;
    if (problem->data.targets_file) {
        LNN_TRY(part_open(problem, problem->data.targets_file, &c->out));
        c->target = &c->out;
    }
    LNN_TRY(select_targets(problem, c));
    LNN_TRY(select_inputs(problem, c));
    LNN_TRY(read_tables(c));
    data->m = c->in.table.rows;
    data->d = c->in.n;
    data->k = c->out.n;
    data->weight = 1 / (double)data->m;
    data->source = c->target->path;
    data->lines = c->target->table.lines;
    c->target->path = NULL;
    c->target->table.lines = NULL;
    LNN_TRY(gather(&c->in.table, c->in.columns, c->in.n, &data->X, &data->input_names));
    return gather(&c->target->table, c->out.columns, c->out.n, &data->Y,
                  &data->target_names);
}

static int select_rows(const struct lnn_problem *problem, struct lnn_data *data)
{
    size_t n;
    if (problem->data.classes) LNN_TRY(lnn_data_one_hot(data));
    size_t *rows = lnn_data_choose(problem, data->source, data->m, &n);
    if (!rows) return GSL_EINVAL;
    lnn_data_keep(data, rows, n);
    free(rows);
    data->weight = 1 / (double)data->m;
    return GSL_SUCCESS;
}

int lnn_data_from_csv(const struct lnn_problem *problem, struct lnn_data *data)
{
    struct csv c = {.target = NULL};
    if (!problem->data.file)
        return lnn_fail(GSL_EINVAL, "%s: error: data.kind csv needs data.file",
                        lnn_problem_place(problem, "data", "kind"));
    int status = fill(problem, &c, data);
    part_free(&c.in);
    part_free(&c.out);
    if (status == GSL_SUCCESS) status = transform(problem, data);
    return status == GSL_SUCCESS ? select_rows(problem, data) : status;
}
