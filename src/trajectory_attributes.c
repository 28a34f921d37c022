/* Reading attributes as text, whatever their type. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "trajectory_reader.h"

/* An attribute longer than this is not read: it is damaged or no text for people. */
enum { LONGEST = 1 << 26 };

/* Growing text, for arrays of values. */
struct writing {
    char *text;
    size_t length;
};

static int append(struct writing *w, const char *text, size_t n)
{
    char *grown = realloc(w->text, w->length + n + 3);
    if (grown == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    w->text = grown;
    if (w->length > 0) {
        memcpy(w->text + w->length, ", ", 2);
        w->length += 2;
    }
    memcpy(w->text + w->length, text, n);
    w->length += n;
    w->text[w->length] = '\0';
    return GSL_SUCCESS;
}

static size_t bounded_length(const char *text, size_t most)
{
    const char *end = memchr(text, '\0', most);
    return end == NULL ? most : (size_t)(end - text);
}

static int append_string(struct writing *w, bool variable, const char *bytes,
                         size_t size)
{
    const char *text = bytes;
    if (!variable) return append(w, text, bounded_length(text, size));
    memcpy(&text, bytes, sizeof text);
    return append(w, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

static int append_number(struct writing *w, H5T_class_t class, const char *bytes)
{
    char text[40];
    double number;
    long long count;
    int n = 0;
    if (class == H5T_FLOAT) {
        memcpy(&number, bytes, sizeof number);
        n = snprintf(text, sizeof text, "%.17g", number);
    } else {
        memcpy(&count, bytes, sizeof count);
        n = snprintf(text, sizeof text, "%lld", count);
    }
    return append(w, text, (size_t)n);
}

/* The type to read it into, < 0 for what has no text (references, compounds). */
static hid_t memory_type(hid_t type, H5T_class_t class)
{
    if (class == H5T_STRING) return H5Tcopy(type);
    if (class == H5T_FLOAT) return H5Tcopy(H5T_NATIVE_DOUBLE);
    return class == H5T_INTEGER ? H5Tcopy(H5T_NATIVE_LLONG) : -1;
}

static int read_values(hid_t attribute, hid_t type, hid_t space, H5T_class_t class,
                       struct writing *w)
{
    size_t size = H5Tget_size(type);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    if (n < 0 || size == 0 || (double)n * (double)size > LONGEST)
        return lnn_h5_fail(GSL_EOF, "cannot read an attribute");
    char *bytes = calloc((size_t)n + 1, size);
    if (bytes == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    bool variable = class == H5T_STRING && H5Tis_variable_str(type) > 0;
    int status = GSL_SUCCESS;
    if (n > 0 && H5Aread(attribute, type, bytes) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot read an attribute");
    bool read = status == GSL_SUCCESS && n > 0;
    for (hssize_t i = 0; status == GSL_SUCCESS && i < n; i++) {
        const char *at = bytes + (size_t)i * size;
        status = class == H5T_STRING ? append_string(w, variable, at, size)
                                     : append_number(w, class, at);
    }
    if (read && variable) (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, bytes);
    free(bytes);
    return status;
}

static char *as_text(hid_t attribute)
{
    struct writing w = {calloc(1, 1), 0};
    hid_t disk = H5Aget_type(attribute), space = H5Aget_space(attribute);
    H5T_class_t class = disk < 0 ? H5T_NO_CLASS : H5Tget_class(disk);
    hid_t type = memory_type(disk, class);
    int status = GSL_EOF;
    if (type >= 0 && space >= 0 && w.text != NULL)
        status = read_values(attribute, type, space, class, &w);
    status = lnn_h5_done(status, H5Tclose, type);
    status = lnn_h5_done(status, H5Sclose, space);
    status = lnn_h5_done(status, H5Tclose, disk);
    if (status == GSL_SUCCESS) return w.text;
    free(w.text);
    return NULL;
}

char *lnn_reader_attribute(struct lnn_reader *reader, const char *group,
                           const char *name)
{
    char *text = NULL;
    struct lnn_h5_printing printing = lnn_h5_silence();
    const char *path = lnn_h5_path(group);
    if (H5Aexists_by_name(reader->file, path, name, H5P_DEFAULT) > 0) {
        hid_t id = H5Aopen_by_name(reader->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
        if (id >= 0) text = as_text(id);
        if (id >= 0) (void)H5Aclose(id);
    }
    lnn_h5_restore(printing);
    return text;
}

/* What dimension scales need for themselves. */
static bool is_bookkeeping(const char *name)
{
    static const char *const names[] = {"CLASS", "NAME", "DIMENSION_LIST",
                                        "REFERENCE_LIST"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static herr_t add_name(hid_t object, const char *name, const H5A_info_t *info,
                       void *names)
{
    (void)object, (void)info;
    if (is_bookkeeping(name)) return 0;
    return lnn_h5_names_add(names, name) == GSL_SUCCESS ? 0 : -1;
}

static int collect_attributes(struct lnn_reader *reader, const char *name,
                              struct lnn_h5_names *found)
{
    hid_t object = H5Oopen(reader->file, lnn_h5_path(name), H5P_DEFAULT);
    if (object < 0) return lnn_h5_fail(GSL_EINVAL, "%s: no \"%s\"", reader->path, name);
    int status = GSL_SUCCESS;
    /* Not every file tracks the order in which attributes were made. */
    if (H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, add_name, found) <
        0) {
        lnn_h5_names_free(found);
        if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, found) < 0)
            status = lnn_h5_fail(GSL_EOF, "%s: cannot list attributes", reader->path);
    }
    return lnn_h5_done(status, H5Oclose, object);
}

const char *const *lnn_reader_attributes(struct lnn_reader *reader, const char *group)
{
    return lnn_reader_list(reader, 'a', group == NULL ? "" : group, collect_attributes);
}
