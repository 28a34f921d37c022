/* Variables along a time axis, in any HDF5 file. */
#include <hdf5_hl.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "h5_private.h"
#include "lnn/err.h"

/* The best that deflate can do. What claims to be larger than that is damaged. */
static const double DENSEST = 1032;

static int read_type(struct lnn_h5_variable *v)
{
    hid_t type = H5Dget_type(v->id);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    size_t at, exponent, exponent_size, point, size;
    v->numeric = class == H5T_INTEGER || class == H5T_FLOAT;
    v->rounding = DBL_EPSILON;
    if (class == H5T_FLOAT &&
        H5Tget_fields(type, &at, &exponent, &exponent_size, &point, &size) >= 0)
        v->rounding = fmax(ldexp(1, -(int)size), DBL_EPSILON);
    int status = class == H5T_NO_CLASS ? lnn_h5_fail(GSL_EOF, "%s: cannot read %s",
                                                     v->group->file, v->name)
                                       : GSL_SUCCESS;
    return lnn_h5_done(status, H5Tclose, type);
}

static int read_extents(struct lnn_h5_variable *v)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t space = H5Dget_space(v->id);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
    int status = GSL_SUCCESS;
    if (rank < 0)
        status = lnn_h5_fail(GSL_EOF, "%s: cannot read %s", v->group->file, v->name);
    else if (H5Sget_simple_extent_type(space) == H5S_NULL)
        v->numeric = false;
    v->rank = rank < 0 ? 0 : (size_t)rank;
    if (rank > 4) v->numeric = false; /* listed by nobody, readable by nobody */
    for (int i = 0; i < rank && i < 4; i++) v->dims[i] = (size_t)extent[i];
    return lnn_h5_done(status, H5Sclose, space);
}

/* Is the first extent of v scaled by this axis? */
static bool attached(const struct lnn_h5_variable *v, const struct lnn_h5_axis *axis)
{
    H5O_info_t info;
    if (H5Oget_info2(v->id, &info, H5O_INFO_BASIC) < 0) return false;
    for (size_t i = 0; i < axis->n_users; i++)
        if (axis->users[i] == info.addr) return true;
    return false;
}

static bool is_scale(hid_t dataset)
{
    return H5Aexists(dataset, "CLASS") > 0 && H5DSis_scale(dataset) > 0;
}

/* Which axis v runs along: what its scale says, else what has the same extent. */
static const struct lnn_h5_axis *find_axis(struct lnn_h5_variable *v)
{
    const struct lnn_h5_axis *axes[2] = {&v->group->time, &v->group->weights_time};
    for (size_t i = 0; i < 2; i++)
        if (axes[i]->name != NULL && strcmp(v->name, axes[i]->name) == 0)
            return axes[i];
    v->scale = is_scale(v->id);
    if (v->rank == 0 || v->scale) return NULL;
    bool scaled = H5Aexists(v->id, "DIMENSION_LIST") > 0;
    for (size_t i = 0; i < 2; i++) {
        if (axes[i]->name == NULL || v->dims[0] != axes[i]->extent) continue;
        if (!scaled || attached(v, axes[i])) return axes[i];
    }
    return NULL;
}

int lnn_h5_variable_open(const struct lnn_h5_group *group, const char *name,
                         struct lnn_h5_variable *v)
{
    *v = (struct lnn_h5_variable){.group = group, .name = name};
    v->id = H5Dopen2(group->id, name, H5P_DEFAULT);
    if (v->id < 0)
        return lnn_h5_fail(GSL_EOF, "%s: cannot open %s/%s", group->file, group->name,
                           name);
    int status = read_type(v);
    if (status == GSL_SUCCESS) status = read_extents(v);
    if (status != GSL_SUCCESS) return lnn_h5_variable_close(status, v);
    v->axis = find_axis(v);
    return GSL_SUCCESS;
}

int lnn_h5_variable_close(int status, struct lnn_h5_variable *v)
{
    hid_t id = v->id;
    v->id = -1;
    return lnn_h5_done(status, H5Dclose, id);
}

/* Doubles in `count` rows. A damaged header can ask for any size. */
static int size_of(const struct lnn_h5_variable *v, size_t count, size_t *size)
{
    double bytes = sizeof(double);
    for (size_t i = 0; i < v->rank; i++) bytes *= (double)(i == 0 ? count : v->dims[i]);
    if (bytes > v->group->most || bytes > (double)(SIZE_MAX / 4))
        return lnn_fail(GSL_EOF, "%s: %s/%s is damaged: it claims %.3g bytes",
                        v->group->file, v->group->name, v->name, bytes);
    *size = (size_t)(bytes / sizeof(double));
    return GSL_SUCCESS;
}

static int read_rows(const struct lnn_h5_variable *v, size_t first, size_t count,
                     double values[])
{
    hsize_t start[4] = {first}, counts[4] = {count};
    for (size_t i = 1; i < v->rank; i++) counts[i] = v->dims[i];
    hid_t space = H5Dget_space(v->id), memory = H5S_ALL;
    bool good = space >= 0;
    if (good && v->rank > 0) {
        memory = H5Screate_simple((int)v->rank, counts, NULL);
        good = memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
                                                  counts, NULL) >= 0;
    }
    good = good &&
           H5Dread(v->id, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) >= 0;
    int status = good ? GSL_SUCCESS
                      : lnn_h5_fail(GSL_EOF, "%s: cannot read %s/%s", v->group->file,
                                    v->group->name, v->name);
    if (v->rank > 0) status = lnn_h5_done(status, H5Sclose, memory);
    return lnn_h5_done(status, H5Sclose, space);
}

int lnn_h5_variable_read(const struct lnn_h5_variable *v, size_t first, size_t count,
                         double **values)
{
    size_t size = 0;
    *values = NULL;
    if (!v->numeric)
        return lnn_fail(GSL_EINVAL, "%s: %s/%s is not an array of numbers (rank <= 4)",
                        v->group->file, v->group->name, v->name);
    LNN_TRY(size_of(v, count, &size));
    double *buffer = malloc((size > 0 ? size : 1) * sizeof *buffer);
    if (buffer == NULL) return lnn_fail(GSL_ENOMEM, "out of memory for %s", v->name);
    int status = size == 0 ? GSL_SUCCESS : read_rows(v, first, count, buffer);
    if (status != GSL_SUCCESS) {
        free(buffer);
        return status;
    }
    *values = buffer;
    return GSL_SUCCESS;
}

static int mark_rows(const struct lnn_h5_variable *v, struct lnn_h5_axis *axis)
{
    double *values;
    LNN_TRY(lnn_h5_variable_read(v, 0, v->dims[0], &values));
    axis->extent = v->dims[0];
    axis->keep = calloc(axis->extent + 1, sizeof *axis->keep);
    for (size_t i = 0; axis->keep != NULL && i < axis->extent; i++) {
        axis->keep[i] = isfinite(values[i]);
        axis->rows += axis->keep[i];
        if (axis->keep[i]) axis->end = i + 1;
    }
    free(values);
    return axis->keep == NULL ? lnn_fail(GSL_ENOMEM, "out of memory") : GSL_SUCCESS;
}

struct user { /* an entry of REFERENCE_LIST */
    hobj_ref_t dataset;
    int dimension;
};

static int read_users(hid_t attribute, hid_t type, hid_t space,
                      struct lnn_h5_axis *axis)
{
    hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (n < 0 || n > 1 << 16) return GSL_SUCCESS;
    struct user *user = calloc((size_t)n + 1, sizeof *user);
    axis->users = calloc((size_t)n + 1, sizeof *axis->users);
    if (user == NULL || axis->users == NULL) {
        free(user);
        return lnn_fail(GSL_ENOMEM, "out of memory");
    }
    if (n > 0 && H5Aread(attribute, type, user) >= 0)
        for (hssize_t i = 0; i < n; i++)
            if (user[i].dimension == 0) axis->users[axis->n_users++] = user[i].dataset;
    free(user);
    return GSL_SUCCESS;
}

/* The scale's own list of its users lies in its header, under a checksum. The users'
 * DIMENSION_LIST, which H5DSis_attached reads, lies in a heap without one: HDF5 1.10
 * crashes where that is damaged. */
static int find_users(hid_t scale, struct lnn_h5_axis *axis)
{
    if (H5Aexists(scale, "REFERENCE_LIST") <= 0) return GSL_SUCCESS;
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct user));
    hid_t attribute = H5Aopen(scale, "REFERENCE_LIST", H5P_DEFAULT);
    hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    int status = GSL_SUCCESS;
    if (type >= 0 &&
        H5Tinsert(type, "dataset", HOFFSET(struct user, dataset), H5T_STD_REF_OBJ) >=
            0 &&
        H5Tinsert(type, "dimension", HOFFSET(struct user, dimension), H5T_NATIVE_INT) >=
            0)
        status = read_users(attribute, type, space, axis);
    status = lnn_h5_done(status, H5Sclose, space);
    status = lnn_h5_done(status, H5Aclose, attribute);
    return lnn_h5_done(status, H5Tclose, type);
}

/* Leaves the axis absent when there is no such vector of numbers. */
static int open_axis(const struct lnn_h5_group *group, const char *name,
                     struct lnn_h5_axis *axis)
{
    H5I_type_t kind;
    struct lnn_h5_variable v;
    LNN_TRY(lnn_h5_kind(group->id, name, &kind));
    if (kind != H5I_DATASET) return GSL_SUCCESS;
    LNN_TRY(lnn_h5_variable_open(group, name, &v));
    bool usable = v.numeric && v.rank == 1;
    int status = usable ? mark_rows(&v, axis) : GSL_SUCCESS;
    if (usable && status == GSL_SUCCESS) status = find_users(v.id, axis);
    if (usable && status == GSL_SUCCESS) axis->name = name;
    return lnn_h5_variable_close(status, &v);
}

int lnn_h5_group_open(hid_t file, const char *path, const char *name,
                      struct lnn_h5_group *group)
{
    hsize_t size = 0;
    *group = (struct lnn_h5_group){.file = path, .name = name};
    if (H5Fget_filesize(file, &size) < 0)
        return lnn_h5_fail(GSL_EOF, "%s: cannot read its size", path);
    group->most = DENSEST * (double)size + (1 << 24);
    group->id = H5Gopen2(file, lnn_h5_path(name), H5P_DEFAULT);
    if (group->id < 0)
        return lnn_h5_fail(GSL_EINVAL, "%s: no group \"%s\"", path, name);
    int status = open_axis(group, "time", &group->time);
    if (status == GSL_SUCCESS && group->time.name == NULL)
        status = open_axis(group, "iteration", &group->time);
    if (status == GSL_SUCCESS)
        status = open_axis(group, "weights_time", &group->weights_time);
    if (status != GSL_SUCCESS) lnn_h5_group_close(group);
    return status;
}

void lnn_h5_group_close(struct lnn_h5_group *group)
{
    struct lnn_h5_axis *axes[2] = {&group->time, &group->weights_time};
    for (size_t i = 0; i < 2; i++) {
        free(axes[i]->keep);
        free(axes[i]->users);
        *axes[i] = (struct lnn_h5_axis){.name = NULL};
    }
    (void)H5Gclose(group->id); /* of a file opened for reading: nothing can be lost */
}
