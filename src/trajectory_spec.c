/* The description of a trajectory file: checks, and a copy that lives with the file. */
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "trajectory_private.h"

/* A block is what is lost at most when the power fails, and what a flush pays for. */
enum { BLOCK_ROWS = 256, BLOCK_BYTES = 1 << 20 };

static bool bad_name(const char *name)
{
    return name == NULL || name[0] == '\0' || name[0] == '.' ||
           strchr(name, '/') != NULL;
}

static bool reserved(const char *name)
{
    return strcmp(name, "time") == 0 || strcmp(name, "weights_time") == 0;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int check_variable(const struct lnn_group *g, const struct lnn_variable *v)
{
    if (bad_name(v->name) || reserved(v->name))
        return lnn_fail(GSL_EINVAL, "group %s: \"%s\" cannot name a variable", g->name,
                        v->name == NULL ? "" : v->name);
    size_t most = v->fixed ? 3 : 2;
    if (v->rank > most)
        return lnn_fail(GSL_EINVAL, "%s/%s: rank %zu, at most %zu", g->name, v->name,
                        v->rank, most);
    for (size_t i = 0; i < v->rank; i++) {
        if (bad_name(v->axes[i]) || reserved(v->axes[i]))
            return lnn_fail(GSL_EINVAL, "%s/%s: axis %zu has no usable name", g->name,
                            v->name, i);
        if (v->dims[i] == 0)
            return lnn_fail(GSL_EINVAL, "%s/%s: axis %s is empty", g->name, v->name,
                            v->axes[i]);
    }
    for (size_t i = 1; i < v->rank; i++) /* netCDF cannot read that */
        for (size_t j = 0; j < i; j++)
            if (same(v->axes[i], v->axes[j]))
                return lnn_fail(GSL_EINVAL, "%s/%s: both axes are called %s", g->name,
                                v->name, v->axes[j]);
    return GSL_SUCCESS;
}

/* Within a group a name is one thing, and an axis has one length. */
static int check_pair(const struct lnn_group *g, const struct lnn_variable *a,
                      const struct lnn_variable *b)
{
    if (a != b && same(a->name, b->name))
        return lnn_fail(GSL_EINVAL, "group %s: two variables %s", g->name, a->name);
    for (size_t i = 0; i < a->rank; i++) {
        if (same(a->axes[i], b->name))
            return lnn_fail(GSL_EINVAL, "group %s: %s is a variable and an axis",
                            g->name, b->name);
        for (size_t j = 0; j < b->rank; j++)
            if (same(a->axes[i], b->axes[j]) && a->dims[i] != b->dims[j])
                return lnn_fail(GSL_EINVAL, "group %s: axis %s has lengths %zu and %zu",
                                g->name, a->axes[i], a->dims[i], b->dims[j]);
    }
    return GSL_SUCCESS;
}

static int check_group(const struct lnn_group *g)
{
    if (bad_name(g->name) || same(g->name, "volatile"))
        return lnn_fail(GSL_EINVAL, "\"%s\" cannot name a group",
                        g->name == NULL ? "" : g->name);
    for (size_t i = 0; i < g->n_variables; i++) {
        if (g->rows == 0 && g->variables[i].fixed == NULL)
            return lnn_fail(GSL_EINVAL, "group %s: no rows", g->name);
        LNN_TRY(check_variable(g, &g->variables[i]));
        for (size_t j = 0; j <= i; j++) {
            LNN_TRY(check_pair(g, &g->variables[i], &g->variables[j]));
            LNN_TRY(check_pair(g, &g->variables[j], &g->variables[i]));
        }
    }
    return GSL_SUCCESS;
}

int lnn_file_check(size_t n_groups, const struct lnn_group groups[])
{
    for (size_t i = 0; i < n_groups; i++) {
        LNN_TRY(check_group(&groups[i]));
        for (size_t j = 0; j < i; j++)
            if (same(groups[i].name, groups[j].name))
                return lnn_fail(GSL_EINVAL, "two groups %s", groups[i].name);
    }
    return GSL_SUCCESS;
}

void *lnn_file_own(struct lnn_file *file, size_t n, size_t size)
{
    void **grown = realloc(file->owned, (file->n_owned + 1) * sizeof *grown);
    if (grown != NULL) file->owned = grown;
    void *fresh = grown == NULL ? NULL : calloc(n > 0 ? n : 1, size);
    if (fresh == NULL)
        lnn_fail(GSL_ENOMEM, "out of memory for %s",
                 file->path ? file->path : "a file");
    else
        file->owned[file->n_owned++] = fresh;
    return fresh;
}

void lnn_file_free(struct lnn_file *file)
{
    for (size_t i = 0; i < file->n_owned; i++) free(file->owned[i]);
    free(file->owned);
    free(file);
}

static const char *own_text(struct lnn_file *file, const char *text)
{
    if (text == NULL) text = "";
    size_t length = strlen(text) + 1;
    char *copy = lnn_file_own(file, length, 1);
    return copy == NULL ? NULL : memcpy(copy, text, length);
}

int lnn_file_set(struct lnn_file *file, struct lnn_attributes *list,
                 const struct lnn_attribute *attribute)
{
    size_t at = 0;
    while (at < list->n && !same(list->item[at].name, attribute->name)) at++;
    if (at == list->n) {
        struct lnn_attribute *item = lnn_file_own(file, at + 1, sizeof *item);
        if (item == NULL) return GSL_ENOMEM;
        if (at > 0) memcpy(item, list->item, at * sizeof *item);
        list->item = item;
    }
    struct lnn_attribute copy = *attribute;
    copy.name = own_text(file, attribute->name);
    copy.text = own_text(file, attribute->kind == 't' ? attribute->text : "");
    if (copy.name == NULL || copy.text == NULL) return GSL_ENOMEM;
    list->item[at] = copy;
    if (at == list->n) list->n++;
    return GSL_SUCCESS;
}

static int copy_variable(struct lnn_file *file, const struct lnn_variable *from,
                         struct lnn_variable *v, size_t *width)
{
    *v = *from;
    v->name = own_text(file, from->name);
    v->doc = own_text(file, from->doc);
    v->units = own_text(file, from->units == NULL ? "1" : from->units);
    if (v->name == NULL || v->doc == NULL || v->units == NULL) return GSL_ENOMEM;
    *width = 1;
    for (size_t i = 0; i < v->rank; i++) {
        *width *= v->dims[i];
        v->axes[i] = own_text(file, from->axes[i]);
        if (v->axes[i] == NULL) return GSL_ENOMEM;
    }
    return GSL_SUCCESS;
}

static int copy_fixed(struct lnn_file *file, const struct lnn_variable *from,
                      struct lnn_trail *trail)
{
    size_t width;
    struct lnn_variable *v = &trail->fixed[trail->n_fixed++];
    LNN_TRY(copy_variable(file, from, v, &width));
    double *values = lnn_file_own(file, width, sizeof *values);
    if (values == NULL) return GSL_ENOMEM;
    v->fixed = memcpy(values, from->fixed, width * sizeof *values);
    return GSL_SUCCESS;
}

static int copy_column(struct lnn_file *file, const struct lnn_variable *from,
                       struct lnn_trail *trail, bool apart)
{
    struct lnn_column *column = &trail->columns[trail->n_columns++];
    column->line = from->weights && apart ? 1 : 0;
    column->id = file->n_datasets++;
    return copy_variable(file, from, &column->variable, &column->width);
}

/* Blocks of about equal length, none of them longer than a buffer may be. */
static int make_line(struct lnn_file *file, struct lnn_trail *trail, size_t k,
                     size_t rows)
{
    size_t row = 1, block = BLOCK_ROWS;
    for (size_t i = 0; i < trail->n_columns; i++)
        if (trail->columns[i].line == k) row += trail->columns[i].width;
    if (BLOCK_BYTES / sizeof(double) / row < block)
        block = BLOCK_BYTES / sizeof(double) / row;
    if (block == 0) block = 1;
    size_t blocks = (rows + block - 1) / block;
    struct lnn_line *line = &trail->lines[k];
    line->name = k == 0 ? "time" : "weights_time";
    line->doc = k == 0 ? "flow time" : "flow time of the stored weights";
    line->id = file->n_datasets++;
    line->next = rows;
    line->block = (rows + blocks - 1) / blocks;
    line->times = lnn_file_own(file, line->block, sizeof *line->times);
    if (line->times == NULL) return GSL_ENOMEM;
    for (size_t i = 0; i < trail->n_columns; i++) {
        struct lnn_column *c = &trail->columns[i];
        if (c->line != k) continue;
        c->buffer = lnn_file_own(file, line->block * c->width, sizeof *c->buffer);
        if (c->buffer == NULL) return GSL_ENOMEM;
    }
    return GSL_SUCCESS;
}

static int copy_group(struct lnn_file *file, const struct lnn_group *group,
                      struct lnn_trail *trail)
{
    trail->name = own_text(file, group->name);
    trail->columns = lnn_file_own(file, group->n_variables, sizeof *trail->columns);
    trail->fixed = lnn_file_own(file, group->n_variables, sizeof *trail->fixed);
    if (trail->name == NULL || trail->columns == NULL || trail->fixed == NULL)
        return GSL_ENOMEM;
    bool apart = group->weights_rows > 0 && group->weights_rows != group->rows;
    for (size_t i = 0; i < group->n_variables; i++) {
        const struct lnn_variable *v = &group->variables[i];
        if (v->weights && group->weights_rows == 0) continue;
        LNN_TRY(v->fixed != NULL ? copy_fixed(file, v, trail)
                                 : copy_column(file, v, trail, apart));
    }
    trail->n_lines = group->rows == 0 ? 0 : apart ? 2 : 1;
    for (size_t k = 0; k < trail->n_lines; k++)
        LNN_TRY(make_line(file, trail, k, k == 0 ? group->rows : group->weights_rows));
    struct lnn_attribute title = {.name = "title", .kind = 't', .text = group->doc};
    LNN_TRY(lnn_file_set(file, &trail->attributes, &title));
    for (size_t i = 0; i < group->n_attributes; i++)
        LNN_TRY(lnn_file_set(file, &trail->attributes, &group->attributes[i]));
    return GSL_SUCCESS;
}

int lnn_file_copy_groups(struct lnn_file *file, size_t n_groups,
                         const struct lnn_group groups[])
{
    file->groups = lnn_file_own(file, n_groups, sizeof *file->groups);
    if (file->groups == NULL) return GSL_ENOMEM;
    file->n_groups = n_groups;
    for (size_t i = 0; i < n_groups; i++)
        LNN_TRY(copy_group(file, &groups[i], &file->groups[i]));
    return GSL_SUCCESS;
}
