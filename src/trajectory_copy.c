/* Moving a trajectory file: rows to and from disk, a copy with other extents, renaming.
 * A file that others can see never changes its size or its attributes: a new one is
 * built beside it and takes its name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
#include "h5_private.h"
#include "lnn/err.h"
#include "trajectory_private.h"

int lnn_file_rows(const struct lnn_file *file, const struct lnn_layout *layout,
                  size_t id, const struct lnn_column *column, size_t first,
                  size_t count, double *values, bool write)
{
    hsize_t start[3] = {first}, counts[3] = {count};
    int rank = 1;
    for (size_t i = 0; column != NULL && i < column->variable.rank; i++)
        counts[rank++] = column->variable.dims[i];
    hid_t dataset = layout->dataset[id], space = H5Dget_space(dataset);
    hid_t memory = H5Screate_simple(rank, counts, NULL);
    bool good =
        space >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, counts, NULL) >= 0;
    if (good && write)
        good = H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT,
                        values) >= 0;
    else if (good)
        good = H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT,
                       values) >= 0;
    int status = good ? GSL_SUCCESS
                      : lnn_h5_fail(GSL_EOF, "cannot %s %s",
                                    write ? "write" : "read back", file->path);
    status = lnn_h5_done(status, H5Sclose, memory);
    return lnn_h5_done(status, H5Sclose, space);
}

int lnn_file_drain(int status, const struct lnn_layout *layout, const char *path)
{
    if (layout->file >= 0 && H5Fflush(layout->file, H5F_SCOPE_GLOBAL) < 0 &&
        status == GSL_SUCCESS)
        status = lnn_h5_fail(GSL_EOF, "cannot write %s", path);
    return lnn_h5_disk_check(status, layout->disk, path);
}

int lnn_file_sync_folder(const char *path)
{
    char *folder = strdup(path);
    if (folder == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
    int descriptor = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY);
    free(folder);
    int status = GSL_SUCCESS;
    if (descriptor < 0 || fsync(descriptor) != 0)
        status = lnn_fail(GSL_EOF, "cannot sync the folder of %s: %s", path,
                          strerror(errno));
    if (descriptor >= 0) close(descriptor);
    return status;
}

int lnn_file_install(struct lnn_file *file, struct lnn_layout *layout)
{
    int status = lnn_file_drain(GSL_SUCCESS, layout, file->temporary);
    if (status == GSL_SUCCESS && file->fsync) status = lnn_h5_disk_sync(layout->disk);
    LNN_TRY(lnn_h5_disk_check(status, layout->disk, file->temporary));
    if (rename(file->temporary, file->path) != 0)
        return lnn_fail(GSL_EOF, "cannot rename %s to %s: %s", file->temporary,
                        file->path, strerror(errno));
    return file->fsync ? lnn_file_sync_folder(file->path) : GSL_SUCCESS;
}

/* The column's own buffer carries the rows: nothing is buffered now. */
static int copy_dataset(const struct lnn_file *file, const struct lnn_layout *to,
                        size_t id, const struct lnn_column *column,
                        const struct lnn_line *line)
{
    double *rows = column == NULL ? line->times : column->buffer;
    for (size_t at = 0; at < line->written; at += line->block) {
        size_t left = line->written - at, n = left < line->block ? left : line->block;
        LNN_TRY(lnn_file_rows(file, &file->open, id, column, at, n, rows, false));
        LNN_TRY(lnn_file_rows(file, to, id, column, at, n, rows, true));
    }
    return GSL_SUCCESS;
}

static int copy_rows(const struct lnn_file *file, const struct lnn_layout *to)
{
    for (size_t i = 0; i < file->n_groups; i++) {
        const struct lnn_trail *trail = &file->groups[i];
        for (size_t j = 0; j < trail->n_columns; j++) {
            const struct lnn_column *column = &trail->columns[j];
            const struct lnn_line *line = &trail->lines[column->line];
            LNN_TRY(copy_dataset(file, to, column->id, column, line));
        }
        for (size_t k = 0; k < trail->n_lines; k++)
            LNN_TRY(copy_dataset(file, to, trail->lines[k].id, NULL, &trail->lines[k]));
    }
    return GSL_SUCCESS;
}

int lnn_file_rebuild(struct lnn_file *file)
{
    struct lnn_layout fresh;
    int status = lnn_file_build(file, &fresh);
    if (status == GSL_SUCCESS) status = copy_rows(file, &fresh);
    if (status == GSL_SUCCESS) status = lnn_file_install(file, &fresh);
    if (status != GSL_SUCCESS) {
        (void)lnn_layout_close(file, &fresh);
        (void)unlink(file->temporary);
        return status;
    }
    status = lnn_layout_close(file, &file->open);
    file->open = fresh;
    file->restated = false;
    for (size_t i = 0; i < file->n_groups; i++)
        for (size_t k = 0; k < file->groups[i].n_lines; k++)
            file->groups[i].lines[k].capacity = file->groups[i].lines[k].next;
    return status;
}
