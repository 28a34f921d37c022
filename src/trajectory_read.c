/* Reading trajectories: any HDF5 file whose groups hold datasets along a time. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "trajectory_reader.h"

static const char *const NOTHING[] = {NULL};

int lnn_reader_open(const char *path, struct lnn_reader **out)
{
    *out = NULL;
    struct lnn_reader *reader = calloc(1, sizeof *reader);
    char *name = strdup(path);
    if (reader == NULL || name == NULL) {
        free(reader);
        free(name);
        return lnn_fail(GSL_ENOMEM, "out of memory for %s", path);
    }
    reader->path = name;
    reader->file = reader->group.id = -1;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = lnn_h5_open(path, &reader->disk, &reader->file);
    if (status == GSL_SUCCESS) status = lnn_h5_groups(reader->file, &reader->groups);
    lnn_h5_restore(printing);
    if (status == GSL_SUCCESS)
        *out = reader;
    else
        lnn_reader_close(reader);
    return status;
}

static void close_group(struct lnn_reader *reader)
{
    if (reader->group.id >= 0) lnn_h5_group_close(&reader->group);
    reader->group.id = -1;
    free(reader->group_name);
    reader->group_name = NULL;
}

void lnn_reader_close(struct lnn_reader *reader)
{
    if (reader == NULL) return;
    struct lnn_h5_printing printing = lnn_h5_silence();
    close_group(reader);
    /* Read only: nothing to lose. */
    (void)lnn_h5_close(GSL_SUCCESS, reader->disk, reader->file, reader->path);
    lnn_h5_restore(printing);
    lnn_h5_names_free(&reader->groups);
    while (reader->lists != NULL) {
        struct lnn_reader_list *list = reader->lists;
        reader->lists = list->next;
        lnn_h5_names_free(&list->names);
        free(list->key);
        free(list);
    }
    free(reader->path);
    free(reader);
}

const char *const *lnn_reader_groups(struct lnn_reader *reader)
{
    return reader->groups.n == 0 ? NOTHING : (const char *const *)reader->groups.name;
}

/* The group's time is read once, not once per variable. */
static int use_group(struct lnn_reader *reader, const char *name)
{
    if (reader->group_name != NULL && strcmp(reader->group_name, name) == 0)
        return GSL_SUCCESS;
    close_group(reader);
    reader->group_name = strdup(name);
    if (reader->group_name == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    int status = lnn_h5_group_open(reader->file, reader->path, reader->group_name,
                                   &reader->group);
    if (status != GSL_SUCCESS) reader->group.id = -1;
    if (status != GSL_SUCCESS) close_group(reader);
    return status;
}

const char *const *lnn_reader_list(struct lnn_reader *reader, char kind,
                                   const char *name, lnn_reader_collect *collect)
{
    struct lnn_reader_list *list = reader->lists;
    while (list != NULL && (list->kind != kind || strcmp(list->key, name) != 0))
        list = list->next;
    if (list == NULL) {
        list = calloc(1, sizeof *list);
        char *key = strdup(name);
        if (list == NULL || key == NULL) {
            free(list);
            free(key);
            (void)lnn_fail(GSL_ENOMEM, "out of memory");
            return NOTHING;
        }
        *list = (struct lnn_reader_list){kind, key, {NULL, 0}, reader->lists};
        reader->lists = list;
        struct lnn_h5_printing printing = lnn_h5_silence();
        int status = collect(reader, name, &list->names);
        lnn_h5_restore(printing);
        if (status != GSL_SUCCESS) lnn_h5_names_free(&list->names);
    }
    return list->names.n == 0 ? NOTHING : (const char *const *)list->names.name;
}

/* Index scales say only 0, 1, 2, ...: they are no variables. */
static int collect_variables(struct lnn_reader *reader, const char *name,
                             struct lnn_h5_names *found)
{
    struct lnn_h5_names links = {NULL, 0};
    LNN_TRY(use_group(reader, name));
    int status = lnn_h5_links(reader->group.id, &links);
    for (size_t i = 0; status == GSL_SUCCESS && i < links.n; i++) {
        struct lnn_h5_variable v;
        H5I_type_t kind;
        status = lnn_h5_kind(reader->group.id, links.name[i], &kind);
        if (status != GSL_SUCCESS || kind != H5I_DATASET) continue;
        status = lnn_h5_variable_open(&reader->group, links.name[i], &v);
        if (status != GSL_SUCCESS) break;
        if (v.numeric && !v.scale) status = lnn_h5_names_add(found, links.name[i]);
        status = lnn_h5_variable_close(status, &v);
    }
    lnn_h5_names_free(&links);
    return status;
}

const char *const *lnn_reader_variables(struct lnn_reader *reader, const char *group)
{
    return lnn_reader_list(reader, 'v', group, collect_variables);
}

/* Where there is no axis at all, the layers' own first extent counts their rows. */
static int count_rows(struct lnn_reader *reader, const char *group, size_t *rows)
{
    struct lnn_h5_variable v;
    H5I_type_t kind;
    LNN_TRY(use_group(reader, group));
    *rows = reader->group.time.rows;
    if (reader->group.time.name != NULL) return GSL_SUCCESS;
    LNN_TRY(lnn_h5_kind(reader->group.id, "W1", &kind));
    if (kind != H5I_DATASET) return GSL_SUCCESS;
    LNN_TRY(lnn_h5_variable_open(&reader->group, "W1", &v));
    *rows = v.rank == 3 ? v.dims[0] : v.rank == 2;
    return lnn_h5_variable_close(GSL_SUCCESS, &v);
}

size_t lnn_reader_rows(struct lnn_reader *reader, const char *group)
{
    size_t rows = 0;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = count_rows(reader, group, &rows);
    lnn_h5_restore(printing);
    return status == GSL_SUCCESS ? rows : 0;
}

static void cut_shape(const struct lnn_h5_variable *v, struct lnn_shape *shape)
{
    *shape = (struct lnn_shape){.rank = v->rank};
    for (size_t i = 0; i < v->rank && i < 4; i++) shape->dims[i] = v->dims[i];
    if (v->axis != NULL) shape->dims[0] = v->axis->rows;
}

/* Drop the rows without a finite time; almost always they are the last ones. */
static void keep_rows(const struct lnn_h5_variable *v, double values[])
{
    size_t width = 1, to = 0;
    if (v->axis == NULL) return;
    for (size_t i = 1; i < v->rank; i++) width *= v->dims[i];
    for (size_t row = 0; row < v->axis->end; row++) {
        if (!v->axis->keep[row]) continue;
        if (to < row)
            memcpy(values + to * width, values + row * width, width * sizeof *values);
        to++;
    }
}

static int get_rounding(struct lnn_reader *reader, const char *group, const char *name,
                        double *rounding)
{
    struct lnn_h5_variable v;
    H5I_type_t kind;
    LNN_TRY(use_group(reader, group));
    LNN_TRY(lnn_h5_kind(reader->group.id, name, &kind));
    if (kind != H5I_DATASET) return GSL_SUCCESS;
    LNN_TRY(lnn_h5_variable_open(&reader->group, name, &v));
    *rounding = v.rounding;
    return lnn_h5_variable_close(GSL_SUCCESS, &v);
}

double lnn_reader_rounding(struct lnn_reader *reader, const char *group,
                           const char *name)
{
    double rounding = DBL_EPSILON;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = get_rounding(reader, group, name, &rounding);
    lnn_h5_restore(printing);
    return status == GSL_SUCCESS ? rounding : DBL_EPSILON;
}

/* values NULL: only the shape. */
static int get(struct lnn_reader *reader, const char *group, const char *name,
               struct lnn_shape *shape, double **values)
{
    struct lnn_h5_variable v;
    H5I_type_t kind;
    LNN_TRY(use_group(reader, group));
    LNN_TRY(lnn_h5_kind(reader->group.id, name, &kind));
    if (kind != H5I_DATASET)
        return lnn_fail(GSL_EINVAL, "%s: no variable \"%s\" in group \"%s\"",
                        reader->path, name, group);
    LNN_TRY(lnn_h5_variable_open(&reader->group, name, &v));
    int status = GSL_SUCCESS;
    if (!v.numeric)
        status =
            lnn_fail(GSL_EINVAL, "%s: %s/%s is not an array of numbers (rank <= 4)",
                     reader->path, group, name);
    if (status == GSL_SUCCESS && shape != NULL) cut_shape(&v, shape);
    if (status == GSL_SUCCESS && values != NULL) {
        size_t rows = v.axis != NULL ? v.axis->end : v.rank > 0 ? v.dims[0] : 1;
        status = lnn_h5_variable_read(&v, 0, rows, values);
        if (status == GSL_SUCCESS) keep_rows(&v, *values);
    }
    return lnn_h5_variable_close(status, &v);
}

int lnn_reader_shape(struct lnn_reader *reader, const char *group, const char *name,
                     struct lnn_shape *shape)
{
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = get(reader, group, name, shape, NULL);
    lnn_h5_restore(printing);
    return status;
}

int lnn_reader_get(struct lnn_reader *reader, const char *group, const char *name,
                   struct lnn_shape *shape, double **values)
{
    *values = NULL;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = get(reader, group, name, shape, values);
    lnn_h5_restore(printing);
    if (status != GSL_SUCCESS) {
        free(*values);
        *values = NULL;
    }
    return status;
}
