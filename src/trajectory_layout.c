/* Builds the file on disk: groups, scales, datasets at full extent, attributes. The
 * rules are at the top of trajectory_write.c. */
#include <hdf5_hl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "h5_private.h"
#include "lnn/err.h"
#include "trajectory_private.h"

static const unsigned ORDER = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/* Creation order for links (kinds that have links) and attributes. Attributes stay in
 * the object's header, where each change is one write; times would make files differ.
 */
static hid_t make_plist(hid_t class, bool links)
{
    hid_t plist = H5Pcreate(class);
    if (plist < 0) return -1;
    bool good = H5Pset_attr_creation_order(plist, ORDER) >= 0 &&
                H5Pset_attr_phase_change(plist, UINT16_MAX, 0) >= 0 &&
                H5Pset_obj_track_times(plist, 0) >= 0;
    if (good && links) good = H5Pset_link_creation_order(plist, ORDER) >= 0;
    if (good) return plist;
    (void)H5Pclose(plist);
    return -1;
}

static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return -1;
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    (void)H5Tclose(type);
    return -1;
}

static hid_t attribute_type(char kind, bool memory)
{
    if (kind == 't') return text_type();
    if (kind == 'n') return H5Tcopy(memory ? H5T_NATIVE_DOUBLE : H5T_IEEE_F64LE);
    return H5Tcopy(memory ? H5T_NATIVE_LLONG : H5T_STD_I64LE);
}

/* Creates the attribute, or opens it if it is there already, and writes it. */
static int put_attribute(hid_t object, const char *name, hid_t disk, hid_t memory,
                         hid_t space, const void *value)
{
    htri_t there = H5Aexists(object, name);
    hid_t id = there > 0
                   ? H5Aopen(object, name, H5P_DEFAULT)
                   : H5Acreate2(object, name, disk, space, H5P_DEFAULT, H5P_DEFAULT);
    int status = GSL_SUCCESS;
    if (id < 0 || H5Awrite(id, memory, value) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot write attribute %s", name);
    return lnn_h5_done(status, H5Aclose, id);
}

/* Takes over `space`. */
static int write_attribute(hid_t object, const char *name, char kind, hid_t space,
                           const void *value)
{
    hid_t disk = attribute_type(kind, false), memory = attribute_type(kind, true);
    int status = disk < 0 || memory < 0 || space < 0
                     ? lnn_h5_fail(GSL_EOF, "cannot write attribute %s", name)
                     : put_attribute(object, name, disk, memory, space, value);
    status = lnn_h5_done(status, H5Sclose, space);
    status = lnn_h5_done(status, H5Tclose, memory);
    return lnn_h5_done(status, H5Tclose, disk);
}

int lnn_layout_attribute(hid_t object, const struct lnn_attribute *a)
{
    const void *value = &a->count;
    if (a->kind == 'n') value = &a->number;
    if (a->kind == 't') value = &a->text;
    return write_attribute(object, a->name, a->kind, H5Screate(H5S_SCALAR), value);
}

int lnn_layout_texts(hid_t object, const char *name, size_t n,
                     const char *const texts[])
{
    hsize_t extent = n;
    return write_attribute(object, name, 't', H5Screate_simple(1, &extent, NULL),
                           texts);
}

static int write_attributes(hid_t object, const struct lnn_attributes *list)
{
    for (size_t i = 0; i < list->n; i++)
        LNN_TRY(lnn_layout_attribute(object, &list->item[i]));
    return GSL_SUCCESS;
}

static int describe(hid_t dataset, const char *doc, const char *units)
{
    struct lnn_attribute long_name = {.name = "long_name", .kind = 't', .text = doc};
    struct lnn_attribute unit = {.name = "units", .kind = 't', .text = units};
    LNN_TRY(lnn_layout_attribute(dataset, &long_name));
    return lnn_layout_attribute(dataset, &unit);
}

/* What makes a dataset: type, extents (the first may be unlimited), chunk, fill. */
struct shape {
    int rank;
    hsize_t extent[3], chunk[3];
    bool unlimited, integer, bare; /* bare: a dimension, whose values nobody reads */
};

static bool set_storage(hid_t plist, const struct shape *shape)
{
    const double nan_fill = NAN;
    const int64_t integer_fill = -1;
    if (shape->bare) return true;
    if (H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY) < 0) return false;
    if (!shape->unlimited) return true;
    if (H5Pset_chunk(plist, shape->rank, shape->chunk) < 0) return false;
    return shape->integer
               ? H5Pset_fill_value(plist, H5T_NATIVE_INT64, &integer_fill) >= 0
               : H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &nan_fill) >= 0;
}

static hid_t make_dataset(hid_t group, const char *name, hid_t type,
                          const struct shape *shape)
{
    hsize_t most[3] = {shape->unlimited ? H5S_UNLIMITED : shape->extent[0],
                       shape->extent[1], shape->extent[2]};
    hid_t plist = make_plist(H5P_DATASET_CREATE, false);
    hid_t space = shape->rank == 0 ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(shape->rank, shape->extent, most);
    hid_t id = -1;
    if (plist >= 0 && space >= 0 && set_storage(plist, shape))
        id = H5Dcreate2(group, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (id < 0) (void)lnn_h5_fail(GSL_EOF, "cannot create %s", name);
    int status = lnn_h5_done(GSL_SUCCESS, H5Sclose, space);
    status = lnn_h5_done(status, H5Pclose, plist);
    if (status == GSL_SUCCESS || id < 0) return id;
    (void)H5Dclose(id);
    return -1;
}

static int fill_scale(hid_t scale, const char *name, size_t n)
{
    char doc[300];
    int32_t *index = malloc(n * sizeof *index);
    if (index == NULL) return lnn_fail(GSL_ENOMEM, "out of memory for axis %s", name);
    for (size_t i = 0; i < n; i++) index[i] = (int32_t)i;
    herr_t good =
        H5Dwrite(scale, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, index);
    free(index);
    if (good < 0 || H5DSset_scale(scale, name) < 0)
        return lnn_h5_fail(GSL_EOF, "cannot write axis %s", name);
    snprintf(doc, sizeof doc, "index along %s", name);
    return describe(scale, doc, "1");
}

/* The index scale of an axis, made at its first use. */
static int attach_axis(hid_t group, hid_t dataset, unsigned position, const char *name,
                       size_t n)
{
    htri_t there = H5Lexists(group, name, H5P_DEFAULT);
    struct shape shape = {.rank = 1, .extent = {n}};
    hid_t scale = there > 0 ? H5Dopen2(group, name, H5P_DEFAULT)
                            : make_dataset(group, name, H5T_STD_I32LE, &shape);
    if (there < 0 || scale < 0)
        return lnn_h5_fail(GSL_EOF, "cannot create axis %s", name);
    int status = there > 0 ? GSL_SUCCESS : fill_scale(scale, name, n);
    if (status == GSL_SUCCESS && H5DSattach_scale(dataset, scale, position) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot attach axis %s", name);
    return lnn_h5_done(status, H5Dclose, scale);
}

static hsize_t chunk_rows(const struct lnn_line *line)
{
    size_t rows = line->next > 0 ? line->next : 1;
    return line->block < rows ? line->block : rows;
}

static int build_line(hid_t group, const struct lnn_line *line,
                      struct lnn_layout *layout)
{
    struct shape shape = {.rank = 1,
                          .extent = {line->next},
                          .chunk = {chunk_rows(line)},
                          .unlimited = true};
    hid_t id = make_dataset(group, line->name, H5T_IEEE_F64LE, &shape);
    if (id < 0) return GSL_EOF;
    layout->dataset[line->id] = id;
    if (H5DSset_scale(id, line->name) < 0)
        return lnn_h5_fail(GSL_EOF, "cannot create %s", line->name);
    return describe(id, line->doc, "1");
}

static int build_column(hid_t group, const struct lnn_trail *trail,
                        const struct lnn_column *column, struct lnn_layout *layout)
{
    const struct lnn_variable *v = &column->variable;
    const struct lnn_line *line = &trail->lines[column->line];
    struct shape shape = {.rank = (int)v->rank + 1,
                          .extent = {line->next},
                          .chunk = {chunk_rows(line)},
                          .unlimited = true,
                          .integer = v->integer};
    for (size_t i = 0; i < v->rank; i++)
        shape.extent[i + 1] = shape.chunk[i + 1] = v->dims[i];
    hid_t id = make_dataset(group, v->name, v->integer ? H5T_STD_I64LE : H5T_IEEE_F64LE,
                            &shape);
    if (id < 0) return GSL_EOF;
    layout->dataset[column->id] = id;
    if (H5DSattach_scale(id, layout->dataset[line->id], 0) < 0)
        return lnn_h5_fail(GSL_EOF, "cannot attach %s to %s", line->name, v->name);
    for (size_t i = 0; i < v->rank; i++)
        LNN_TRY(attach_axis(group, id, (unsigned)i + 1, v->axes[i], v->dims[i]));
    return describe(id, v->doc, v->units);
}

int lnn_layout_fixed(hid_t group, const struct lnn_variable *v)
{
    struct shape shape = {.rank = (int)v->rank};
    for (size_t i = 0; i < v->rank; i++) shape.extent[i] = v->dims[i];
    hid_t id = make_dataset(group, v->name, v->integer ? H5T_STD_I64LE : H5T_IEEE_F64LE,
                            &shape);
    if (id < 0) return GSL_EOF;
    int status = GSL_SUCCESS;
    if (H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, v->fixed) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot write %s", v->name);
    for (size_t i = 0; i < v->rank && status == GSL_SUCCESS; i++)
        status = attach_axis(group, id, (unsigned)i, v->axes[i], v->dims[i]);
    if (status == GSL_SUCCESS) status = describe(id, v->doc, v->units);
    return lnn_h5_done(status, H5Dclose, id);
}

/* netCDF's way to name an axis that has no variable. */
static int attach_bare(hid_t group, hid_t dataset, const char *name, size_t n)
{
    char axis[200], label[100];
    struct shape shape = {.rank = 1, .extent = {n}, .bare = true};
    snprintf(axis, sizeof axis, "%s_byte", name);
    snprintf(label, sizeof label,
             "This is a netCDF dimension but not a netCDF variable. %9zu", n);
    hid_t scale = make_dataset(group, axis, H5T_STD_I8LE, &shape);
    int status = GSL_SUCCESS;
    if (scale < 0 || H5DSset_scale(scale, label) < 0 ||
        H5DSattach_scale(dataset, scale, 0) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot create axis %s", axis);
    return lnn_h5_done(status, H5Dclose, scale);
}

int lnn_layout_bytes(hid_t group, const char *name, const char *doc, size_t n,
                     const char bytes[])
{
    struct shape shape = {.rank = 1, .extent = {n}};
    hid_t id = make_dataset(group, name, H5T_STD_U8LE, &shape);
    if (id < 0) return GSL_EOF;
    int status = GSL_SUCCESS;
    if (H5Dwrite(id, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot write %s", name);
    if (status == GSL_SUCCESS) status = attach_bare(group, id, name, n);
    if (status == GSL_SUCCESS) status = describe(id, doc, "1");
    return lnn_h5_done(status, H5Dclose, id);
}

static int fill_group(hid_t group, const struct lnn_trail *trail,
                      struct lnn_layout *layout)
{
    LNN_TRY(write_attributes(group, &trail->attributes));
    for (size_t k = 0; k < trail->n_lines; k++)
        LNN_TRY(build_line(group, &trail->lines[k], layout));
    for (size_t i = 0; i < trail->n_columns; i++)
        LNN_TRY(build_column(group, trail, &trail->columns[i], layout));
    for (size_t i = 0; i < trail->n_fixed; i++)
        LNN_TRY(lnn_layout_fixed(group, &trail->fixed[i]));
    return GSL_SUCCESS;
}

hid_t lnn_layout_group(hid_t parent, const char *name)
{
    hid_t plist = make_plist(H5P_GROUP_CREATE, true), group = -1;
    if (plist >= 0) group = H5Gcreate2(parent, name, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (group < 0) (void)lnn_h5_fail(GSL_EOF, "cannot create group %s", name);
    if (plist >= 0) (void)H5Pclose(plist);
    return group;
}

/* A group; `trail` NULL: the one with the volatile attributes. */
static int build_group(const struct lnn_file *file, const struct lnn_trail *trail,
                       struct lnn_layout *layout)
{
    const char *name = trail == NULL ? "volatile" : trail->name;
    hid_t group = lnn_layout_group(layout->file, name);
    if (group < 0) return GSL_EOF;
    int status = trail == NULL ? write_attributes(group, &file->unstable)
                               : fill_group(group, trail, layout);
    return lnn_h5_done(status, H5Gclose, group);
}

static int make_file(const struct lnn_file *file, struct lnn_layout *layout)
{
    hid_t create = make_plist(H5P_FILE_CREATE, true),
          access = H5Pcreate(H5P_FILE_ACCESS);
    int status = GSL_SUCCESS;
    if (create >= 0 && access >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        lnn_h5_disk_use(layout->disk, access) == GSL_SUCCESS)
        layout->file = H5Fcreate(file->temporary, H5F_ACC_EXCL, create, access);
    if (layout->file < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot create %s", file->temporary);
    status = lnn_h5_done(status, H5Pclose, access);
    return lnn_h5_done(status, H5Pclose, create);
}

static int build(struct lnn_file *file, struct lnn_layout *layout)
{
    LNN_TRY(make_file(file, layout));
    LNN_TRY(write_attributes(layout->file, &file->root));
    for (size_t i = 0; i < file->n_groups; i++)
        LNN_TRY(build_group(file, &file->groups[i], layout));
    return build_group(file, NULL, layout);
}

int lnn_file_build(struct lnn_file *file, struct lnn_layout *layout)
{
    *layout = (struct lnn_layout){.file = -1};
    layout->dataset = malloc((file->n_datasets + 1) * sizeof *layout->dataset);
    if (layout->dataset == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i < file->n_datasets; i++) layout->dataset[i] = -1;
    /* What a crash left there; if it is in use, that writer keeps its inode. */
    (void)unlink(file->temporary);
    LNN_TRY(lnn_h5_disk_open(file->temporary, true, &layout->disk));
    int status = build(file, layout);
    return lnn_file_drain(status, layout, file->temporary);
}

int lnn_layout_close(const struct lnn_file *file, struct lnn_layout *layout)
{
    int status = GSL_SUCCESS;
    if (layout->file >= 0) status = lnn_file_drain(status, layout, file->path);
    for (size_t i = 0; layout->dataset != NULL && i < file->n_datasets; i++)
        status = lnn_h5_done(status, H5Dclose, layout->dataset[i]);
    status = lnn_h5_done(status, H5Fclose, layout->file);
    status = lnn_h5_disk_close(status, layout->disk, file->path);
    free(layout->dataset);
    *layout = (struct lnn_layout){.file = -1};
    return status;
}
