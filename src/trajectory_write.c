/* Writing the trajectory file.
 *
 * Layout (layout_version 1). The file is HDF5 and netCDF-4 at once:
 *   /                  Conventions, layout_version, the caller's attributes, complete
 *   /<trajectory>      title and attributes; flat, self-contained:
 *     time             (n) unlimited; a row exists iff its time is finite
 *     weights_time     (m) unlimited; only where the weights are stored more rarely
 *     <axis>           (size) int32 index 0, 1, ...: the scale of an axis
 *     <variable>       (time | weights_time [, axis [, axis]]), double or int64;
 *                      row-major; long_name, units
 *   /data              what the loss is made of, without time: moments, examples, mask
 *   /volatile          attributes that differ between two runs of the same problem
 * Creation order is tracked and indexed throughout; every axis of every dataset has a
 * scale; an axis is there at most once per variable; strings are attributes of variable
 * length in UTF-8. Nothing in it depends on the clock except /volatile.
 *
 * How it grows. Everything is allocated and filled (NaN, -1) in PATH.tmp, which is then
 * renamed. From there on only data change, in place: a block's data rows, then - once
 * these are in the file - its time rows. So whenever the writer dies, the file opens
 * and each row with a finite time is whole. Whatever would change the file's structure
 * (more rows than expected, unused rows at the end, attributes known late) is done on a
 * copy in PATH.tmp that is renamed over PATH. complete = 1 comes last, there or in
 * place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "h5_private.h"
#include "lnn/err.h"
#include "trajectory_private.h"

enum { LAYOUT_VERSION = 1 };

/* Rows are on disk about this many seconds after they were put, at the latest. */
static const double PATIENCE = 1;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int check_path(const char *path, bool force)
{
    struct stat info;
    if (path == NULL || path[0] == '\0') return lnn_fail(GSL_EINVAL, "no output file");
    if (stat(path, &info) != 0) return GSL_SUCCESS; /* creating it will tell why */
    if (S_ISDIR(info.st_mode))
        return lnn_fail(GSL_EOF, "cannot write %s: it is a directory", path);
    if (!S_ISREG(info.st_mode))
        return lnn_fail(GSL_EOF, "cannot write %s: it is not a regular file", path);
    if (!force)
        return lnn_fail(GSL_EINVAL, "%s exists; use --force to replace it", path);
    return GSL_SUCCESS;
}

static int name_file(struct lnn_file *file, const char *path)
{
    size_t n = strlen(path) + sizeof ".tmp";
    file->path = lnn_file_own(file, n, 1);
    file->temporary = lnn_file_own(file, n, 1);
    if (file->path == NULL || file->temporary == NULL) return GSL_ENOMEM;
    strcpy(file->path, path);
    strcat(strcpy(file->temporary, path), ".tmp");
    return GSL_SUCCESS;
}

static int set_all(struct lnn_file *file, struct lnn_attributes *list, size_t n,
                   const struct lnn_attribute attributes[])
{
    for (size_t i = 0; i < n; i++) LNN_TRY(lnn_file_set(file, list, &attributes[i]));
    return GSL_SUCCESS;
}

static int set_root(struct lnn_file *file, size_t n, const struct lnn_attribute given[])
{
    const struct lnn_attribute first[] = {
        {.name = "Conventions", .kind = 't', .text = "CF-1.8"},
        {.name = "layout_version", .kind = 'i', .count = LAYOUT_VERSION},
    };
    const struct lnn_attribute last = {.name = "complete", .kind = 'i', .count = 0};
    LNN_TRY(set_all(file, &file->root, 2, first));
    LNN_TRY(set_all(file, &file->root, n, given));
    return lnn_file_set(file, &file->root, &last);
}

/* The whole extent is allocated at once: say so before the disk is full. */
static int check_space(const struct lnn_file *file)
{
    struct statvfs disk;
    char folder[4096];
    const char *slash = strrchr(file->path, '/');
    double need = 0;
    for (size_t i = 0; i < file->n_groups; i++) {
        const struct lnn_trail *trail = &file->groups[i];
        for (size_t j = 0; j < trail->n_columns; j++) {
            const struct lnn_column *c = &trail->columns[j];
            need += 8.0 * (double)c->width * (double)trail->lines[c->line].next;
        }
    }
    snprintf(folder, sizeof folder, "%.*s",
             slash == NULL ? 1 : (int)(slash - file->path) + 1,
             slash == NULL ? "." : file->path);
    if (statvfs(folder, &disk) != 0) return GSL_SUCCESS; /* creating it will tell why */
    double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
    if (need < free_bytes) return GSL_SUCCESS;
    return lnn_fail(GSL_EOF,
                    "%s needs %.3g GB, and the disk has %.3g GB; store fewer samples, "
                    "weights or observables",
                    file->path, 1e-9 * need, 1e-9 * free_bytes);
}

static int open_new(struct lnn_file *file)
{
    LNN_TRY(check_space(file));
    int status = lnn_file_build(file, &file->open);
    if (status == GSL_SUCCESS) status = lnn_file_install(file, &file->open);
    if (status != GSL_SUCCESS) {
        (void)lnn_layout_close(file, &file->open);
        (void)unlink(file->temporary);
        return status;
    }
    for (size_t i = 0; i < file->n_groups; i++)
        for (size_t k = 0; k < file->groups[i].n_lines; k++)
            file->groups[i].lines[k].capacity = file->groups[i].lines[k].next;
    file->flushed = now();
    return GSL_SUCCESS;
}

int lnn_file_create(const char *path, bool force, size_t n_groups,
                    const struct lnn_group groups[], size_t n_attributes,
                    const struct lnn_attribute attributes[], size_t n_volatile,
                    const struct lnn_attribute volatile_attributes[], bool fsync,
                    struct lnn_file **out)
{
    *out = NULL;
    LNN_TRY(check_path(path, force));
    LNN_TRY(lnn_file_check(n_groups, groups));
    struct lnn_file *file = calloc(1, sizeof *file);
    if (file == NULL) return lnn_fail(GSL_ENOMEM, "out of memory for %s", path);
    file->fsync = fsync;
    file->open.file = -1;
    int status = name_file(file, path);
    if (status == GSL_SUCCESS) status = lnn_file_copy_groups(file, n_groups, groups);
    if (status == GSL_SUCCESS) status = set_root(file, n_attributes, attributes);
    if (status == GSL_SUCCESS)
        status = set_all(file, &file->unstable, n_volatile, volatile_attributes);
    struct lnn_h5_printing printing = lnn_h5_silence();
    if (status == GSL_SUCCESS) status = open_new(file);
    lnn_h5_restore(printing);
    if (status == GSL_SUCCESS)
        *out = file;
    else
        lnn_file_free(file);
    return status;
}

static int write_data(const struct lnn_file *file, const struct lnn_trail *trail)
{
    for (size_t i = 0; i < trail->n_columns; i++) {
        const struct lnn_column *c = &trail->columns[i];
        const struct lnn_line *line = &trail->lines[c->line];
        if (line->buffered == 0) continue;
        LNN_TRY(lnn_file_rows(file, &file->open, c->id, c, line->written,
                              line->buffered, c->buffer, true));
    }
    return GSL_SUCCESS;
}

static int write_times(const struct lnn_file *file, const struct lnn_trail *trail)
{
    for (size_t k = 0; k < trail->n_lines; k++) {
        const struct lnn_line *line = &trail->lines[k];
        if (line->buffered == 0) continue;
        LNN_TRY(lnn_file_rows(file, &file->open, line->id, NULL, line->written,
                              line->buffered, line->times, true));
    }
    return GSL_SUCCESS;
}

/* Push out what was written so far, to the disk itself if so asked. */
static int settle(const struct lnn_file *file)
{
    int status = lnn_file_drain(GSL_SUCCESS, &file->open, file->path);
    if (status == GSL_SUCCESS && file->fsync)
        status = lnn_h5_disk_sync(file->open.disk);
    return lnn_h5_disk_check(status, file->open.disk, file->path);
}

static int write_blocks(const struct lnn_file *file)
{
    for (size_t i = 0; i < file->n_groups; i++)
        LNN_TRY(write_data(file, &file->groups[i]));
    LNN_TRY(settle(file));
    for (size_t i = 0; i < file->n_groups; i++)
        LNN_TRY(write_times(file, &file->groups[i]));
    return settle(file);
}

static int flush(struct lnn_file *file)
{
    if (file->broken)
        return lnn_fail(GSL_EOF, "a write to %s failed before: no row was added since",
                        file->path);
    int status = write_blocks(file);
    file->flushed = now();
    file->broken = status != GSL_SUCCESS;
    for (size_t i = 0; status == GSL_SUCCESS && i < file->n_groups; i++)
        for (size_t k = 0; k < file->groups[i].n_lines; k++) {
            struct lnn_line *line = &file->groups[i].lines[k];
            line->written += line->buffered;
            line->buffered = 0;
        }
    return status;
}

int lnn_file_flush(struct lnn_file *file)
{
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = flush(file);
    lnn_h5_restore(printing);
    return status;
}

/* Flush when a block is full or old; grow when the next row would find no place. */
static int make_room(struct lnn_file *file, struct lnn_trail *trail, size_t n_lines)
{
    bool full = now() - file->flushed > PATIENCE, grow = false;
    for (size_t k = 0; k < n_lines; k++) {
        struct lnn_line *line = &trail->lines[k];
        full = full || line->buffered == line->block;
        if (line->written + line->buffered < line->capacity) continue;
        line->next = 2 * line->capacity;
        grow = true;
    }
    if (full || grow) LNN_TRY(flush(file));
    return grow ? lnn_file_rebuild(file) : GSL_SUCCESS;
}

static void store(const struct lnn_column *column, size_t row, const double values[])
{
    double *to = column->buffer + row * column->width;
    for (size_t i = 0; i < column->width; i++) {
        to[i] = values == NULL ? NAN : values[i];
        if (column->variable.integer && !isfinite(to[i])) to[i] = -1;
    }
}

static void put(struct lnn_trail *trail, size_t n_lines, double t,
                const double values[], const double weights[])
{
    for (size_t i = 0; i < trail->n_columns; i++) {
        const struct lnn_column *c = &trail->columns[i];
        bool weight = c->variable.weights;
        if (c->line >= n_lines) continue;
        store(c, trail->lines[c->line].buffered, weight ? weights : values);
        if (!weight) values += c->width;
        if (weight && weights != NULL) weights += c->width;
    }
    for (size_t k = 0; k < n_lines; k++) {
        struct lnn_line *line = &trail->lines[k];
        line->times[line->buffered++] = t;
    }
}

int lnn_file_put(struct lnn_file *file, size_t group, double t, const double values[],
                 const double weights[])
{
    if (group >= file->n_groups)
        return lnn_fail(GSL_EINVAL, "%s has no group %zu", file->path, group);
    if (!isfinite(t)) return lnn_fail(GSL_EINVAL, "a row's time must be finite");
    struct lnn_trail *trail = &file->groups[group];
    if (trail->n_lines == 0)
        return lnn_fail(GSL_EINVAL, "group %s has no rows", trail->name);
    size_t n_lines = weights == NULL ? 1 : trail->n_lines;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = make_room(file, trail, n_lines);
    if (status == GSL_SUCCESS) put(trail, n_lines, t, values, weights);
    lnn_h5_restore(printing);
    return status;
}

int lnn_file_attribute(struct lnn_file *file, const char *group,
                       const struct lnn_attribute *attribute)
{
    struct lnn_attributes *list = NULL;
    if (group == NULL || group[0] == '\0')
        list = &file->root;
    else if (strcmp(group, "volatile") == 0)
        list = &file->unstable;
    for (size_t i = 0; list == NULL && i < file->n_groups; i++)
        if (strcmp(group, file->groups[i].name) == 0)
            list = &file->groups[i].attributes;
    if (list == NULL)
        return lnn_fail(GSL_EINVAL, "%s has no group %s", file->path, group);
    if (list == &file->root && strcmp(attribute->name, "complete") == 0)
        return lnn_fail(GSL_EINVAL, "\"complete\" is set when the file is closed");
    file->restated = true;
    return lnn_file_set(file, list, attribute);
}

/* A copy that says it is complete takes the name in one step. Where none is needed the
 * flag is set in place: one write of the root's header. That is safe from a kill, but
 * not from a power cut half-way through it, so with fsync there is always a copy. */
static int finish(struct lnn_file *file, bool complete)
{
    const struct lnn_attribute last = {
        .name = "complete", .kind = 'i', .count = complete};
    bool rebuild = file->restated || (complete && file->fsync);
    LNN_TRY(flush(file));
    LNN_TRY(lnn_file_set(file, &file->root, &last));
    for (size_t i = 0; i < file->n_groups; i++)
        for (size_t k = 0; k < file->groups[i].n_lines; k++) {
            struct lnn_line *line = &file->groups[i].lines[k];
            line->next = line->written;
            rebuild = rebuild || line->written < line->capacity;
        }
    if (rebuild) return lnn_file_rebuild(file);
    if (!complete) return GSL_SUCCESS;
    LNN_TRY(lnn_layout_attribute(file->open.file, &last));
    return settle(file);
}

int lnn_file_close(struct lnn_file *file, bool complete)
{
    if (file == NULL) return GSL_SUCCESS;
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = finish(file, complete);
    if (status == GSL_SUCCESS)
        status = lnn_layout_close(file, &file->open);
    else
        (void)lnn_layout_close(file, &file->open);
    lnn_h5_restore(printing);
    lnn_file_free(file);
    return status;
}
