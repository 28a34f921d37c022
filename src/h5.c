/* HDF5 idioms: silence, error texts, opening, and the weights of any file. */
#include "lnn/h5.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "h5_private.h"
#include "lnn/err.h"

struct lnn_h5_printing lnn_h5_silence(void)
{
    struct lnn_h5_printing printing = {NULL, NULL};
    (void)H5Eget_auto2(H5E_DEFAULT, &printing.function, &printing.data);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return printing;
}

void lnn_h5_restore(struct lnn_h5_printing printing)
{
    (void)H5Eset_auto2(H5E_DEFAULT, printing.function, printing.data);
}

static herr_t innermost(unsigned n, const H5E_error2_t *error, void *text)
{
    (void)n;
    if (error->desc == NULL || error->desc[0] == '\0') return 0;
    snprintf(text, 300, "%s", error->desc);
    return 1;
}

/* A failed system call hides strerror's text between quotes in a long line. */
static const char *system_text(char *text)
{
    static const char mark[] = "error message = '";
    char *begin = strstr(text, mark);
    if (begin == NULL) return text;
    begin += sizeof mark - 1;
    char *end = strchr(begin, '\'');
    if (end != NULL) *end = '\0';
    return begin;
}

int lnn_h5_fail(int code, const char *format, ...)
{
    char what[600], text[300] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, text);
    if (text[0] == '\0') return lnn_fail(code, "%s", what);
    return lnn_fail(code, "%s: %s", what, system_text(text));
}

int lnn_h5_done(int status, herr_t (*close)(hid_t), hid_t id)
{
    if (id < 0) return status;
    if (close(id) < 0 && status == GSL_SUCCESS)
        return lnn_h5_fail(GSL_EOF, "cannot close an HDF5 object");
    return status;
}

const char *lnn_h5_path(const char *group)
{
    return group == NULL || group[0] == '\0' ? "/" : group;
}

static int open_disk(const char *path, struct lnn_h5_disk *disk, hid_t *file)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    int status = GSL_SUCCESS;
    /* Strong: closing the file closes what a failed reading may have left open. */
    if (access < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot set up HDF5");
    if (status == GSL_SUCCESS) status = lnn_h5_disk_use(disk, access);
    if (status == GSL_SUCCESS) *file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (status == GSL_SUCCESS && *file < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot read %s", path);
    return lnn_h5_done(status, H5Pclose, access);
}

int lnn_h5_open(const char *path, struct lnn_h5_disk **disk, hid_t *file)
{
    struct stat info;
    *disk = NULL;
    *file = -1;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return lnn_fail(GSL_EOF, "cannot read %s: it is a directory", path);
    if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0)
        return lnn_fail(GSL_EOF, "cannot read %s: it is empty", path);
    LNN_TRY(lnn_h5_disk_open(path, false, disk));
    int status = open_disk(path, *disk, file);
    if (status == GSL_SUCCESS) return status;
    status = lnn_h5_close(status, *disk, *file, path);
    *disk = NULL;
    *file = -1;
    return status;
}

int lnn_h5_close(int status, struct lnn_h5_disk *disk, hid_t file, const char *path)
{
    status = lnn_h5_done(status, H5Fclose, file);
    return lnn_h5_disk_close(status, disk, path);
}

/* Where the weights are when the caller does not say. */
static int find_group(hid_t file, const char *path, char name[], size_t size)
{
    struct lnn_h5_names names = {NULL, 0};
    int status = lnn_h5_groups(file, &names);
    size_t found = 0;
    for (size_t i = 0; status == GSL_SUCCESS && i < names.n; i++) {
        char first[1024];
        H5I_type_t kind;
        snprintf(first, sizeof first, "%s/W1", names.name[i]);
        status = lnn_h5_kind(file, first, &kind);
        if (status != GSL_SUCCESS || kind != H5I_DATASET) continue;
        bool root = names.name[i][0] == '\0';
        if (found++ == 0 || root) snprintf(name, size, "%s", names.name[i]);
        if (root) {
            found = 1;
            break;
        }
    }
    lnn_h5_names_free(&names);
    if (status != GSL_SUCCESS) return status;
    if (found == 0) return lnn_fail(GSL_EINVAL, "%s: no group holds a W1", path);
    if (found == 1) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s: %zu groups hold a W1; name one, such as %s", path,
                    found, name);
}

/* Which of the stored rows is meant: a row exists iff its time is finite. */
static int pick_row(const struct lnn_h5_variable *v, long row, size_t *picked)
{
    const struct lnn_h5_axis *axis = v->axis;
    size_t n = axis == NULL ? v->dims[0] : axis->rows;
    size_t back = row < 0 ? (size_t) - (row + 1) : 0;
    if (row < 0 ? back >= n : (size_t)row >= n)
        return lnn_fail(GSL_EINVAL, "%s: %s has no row %ld: it has %zu", v->group->file,
                        v->name, row, n);
    size_t want = row < 0 ? n - 1 - back : (size_t)row, at = 0;
    for (; axis != NULL && (want > 0 || !axis->keep[at]); at++)
        want -= axis->keep[at] ? 1 : 0;
    *picked = axis == NULL ? want : at;
    return GSL_SUCCESS;
}

static int check_shape(const struct lnn_h5_variable *v, size_t rows, size_t cols)
{
    const size_t *dims = v->dims + (v->rank == 3 ? 1 : 0);
    if (!v->numeric || (v->rank != 2 && v->rank != 3))
        return lnn_fail(GSL_EINVAL, "%s: %s is not a matrix of numbers", v->group->file,
                        v->name);
    if (dims[0] == rows && dims[1] == cols) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: %s is %zu x %zu in the file, %zu x %zu by the widths",
                    v->group->file, v->name, dims[0], dims[1], rows, cols);
}

static int read_layer(struct lnn_h5_variable *v, long row, size_t rows, size_t cols,
                      double W[])
{
    LNN_TRY(check_shape(v, rows, cols));
    size_t at = 0;
    if (v->rank == 3) LNN_TRY(pick_row(v, row, &at));
    if (v->rank == 2)
        v->axis = NULL; /* its rows are no times, whatever the extents say */
    if (v->rank == 2 && row != -1 && row != 0)
        return lnn_fail(GSL_EINVAL, "%s: %s has no row %ld: it is a single matrix",
                        v->group->file, v->name, row);
    double *values;
    LNN_TRY(lnn_h5_variable_read(v, at, v->rank == 3 ? 1 : rows, &values));
    memcpy(W, values, rows * cols * sizeof *W);
    free(values);
    for (size_t i = 0; i < rows * cols; i++)
        if (!isfinite(W[i]))
            return lnn_fail(GSL_EINVAL, "%s: %s is not finite in row %ld",
                            v->group->file, v->name, row);
    return GSL_SUCCESS;
}

/* Layers with rows must have the same number of them: one row is one start. */
static int same_rows(const struct lnn_h5_variable *v, size_t *rows)
{
    size_t n = v->rank != 3 ? 1 : v->axis == NULL ? v->dims[0] : v->axis->rows;
    if (*rows == 0) *rows = n;
    if (*rows == n) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s: %s has %zu rows, the layers before it %zu",
                    v->group->file, v->name, n, *rows);
}

static int read_layers(const struct lnn_h5_group *group, long row, size_t n_widths,
                       const size_t widths[], double w[])
{
    size_t rows = 0;
    for (size_t j = 1; j <= n_widths; j++) {
        char name[32];
        H5I_type_t kind;
        snprintf(name, sizeof name, "W%zu", j);
        LNN_TRY(lnn_h5_kind(group->id, name, &kind));
        if ((kind == H5I_DATASET) != (j < n_widths))
            return lnn_fail(GSL_EINVAL,
                            "%s: %s %s in group \"%s\"; by the widths there "
                            "are %zu layers",
                            group->file, j < n_widths ? "no" : "there is", name,
                            group->name, n_widths - 1);
        if (j == n_widths) break;
        struct lnn_h5_variable v;
        LNN_TRY(lnn_h5_variable_open(group, name, &v));
        int status = same_rows(&v, &rows);
        if (status == GSL_SUCCESS)
            status = read_layer(&v, row, widths[j], widths[j - 1], w);
        LNN_TRY(lnn_h5_variable_close(status, &v));
        w += widths[j] * widths[j - 1];
    }
    return GSL_SUCCESS;
}

static int read_weights(hid_t file, const char *path, const char *group, long row,
                        size_t n_widths, const size_t widths[], double w[])
{
    char found[1024] = "";
    if (group == NULL || group[0] == '\0')
        LNN_TRY(find_group(file, path, found, sizeof found));
    else
        snprintf(found, sizeof found, "%s", group);
    struct lnn_h5_group g;
    LNN_TRY(lnn_h5_group_open(file, path, found, &g));
    int status = read_layers(&g, row, n_widths, widths, w);
    lnn_h5_group_close(&g);
    return status;
}

int lnn_h5_weights(const char *path, const char *group, long row, size_t n_widths,
                   const size_t widths[], double w[])
{
    struct lnn_h5_printing printing = lnn_h5_silence();
    struct lnn_h5_disk *disk;
    hid_t file;
    int status = lnn_h5_open(path, &disk, &file);
    if (status == GSL_SUCCESS) {
        status = read_weights(file, path, group, row, n_widths, widths, w);
        status = lnn_h5_close(status, disk, file, path);
    }
    lnn_h5_restore(printing);
    return status;
}
