/* A trajectory file that is open for writing. Not installed. */
#ifndef LNN_TRAJECTORY_PRIVATE_H
#define LNN_TRAJECTORY_PRIVATE_H

#include <hdf5.h>
#include "h5_private.h"
#include "lnn/trajectory.h"

struct lnn_attributes {
    struct lnn_attribute *item;
    size_t n;
};

/* A time axis: time, or weights_time where the weights are stored more rarely. */
struct lnn_line {
    const char *name, *doc;
    size_t id;       /* of its dataset, in lnn_layout */
    size_t capacity; /* rows on disk */
    size_t next;     /* rows in the layout that is being built */
    size_t block;    /* rows per buffer and chunk */
    size_t written, buffered;
    double *times;
};

struct lnn_column {               /* one variable */
    struct lnn_variable variable; /* strings owned by the file */
    size_t id, width;             /* width: doubles of one row */
    size_t line;
    double *buffer; /* block x width */
};

struct lnn_trail { /* one group */
    const char *name;
    size_t n_lines, n_columns, n_fixed;
    struct lnn_variable *fixed; /* those without time */
    struct lnn_line lines[2];
    struct lnn_column *columns;
    struct lnn_attributes attributes;
};

struct lnn_layout { /* open ids of one file on disk */
    struct lnn_h5_disk *disk;
    hid_t file;
    hid_t *dataset;
};

struct lnn_file {
    char *path, *temporary;
    bool fsync;
    bool restated; /* attributes changed since the layout was built */
    bool broken;   /* a write failed: nothing more is written */
    size_t n_groups, n_datasets;
    struct lnn_trail *groups;
    struct lnn_attributes root, unstable; /* unstable: of the group /volatile */
    struct lnn_layout open;
    double flushed; /* seconds, monotonic */
    size_t n_owned;
    void **owned; /* every allocation; freed with the file */
};

/* trajectory_spec.c: the caller's description, checked and copied. */
int lnn_file_check(size_t n_groups, const struct lnn_group groups[]);
int lnn_file_copy_groups(struct lnn_file *file, size_t n_groups,
                         const struct lnn_group groups[]);
void *lnn_file_own(struct lnn_file *file, size_t n, size_t size); /* zeroed */
int lnn_file_set(struct lnn_file *file, struct lnn_attributes *list,
                 const struct lnn_attribute *attribute);
void lnn_file_free(struct lnn_file *file);

/* trajectory_layout.c: everything at full extent in file->temporary, flushed. */
int lnn_file_build(struct lnn_file *file, struct lnn_layout *layout);
int lnn_layout_close(const struct lnn_file *file, struct lnn_layout *layout);
int lnn_layout_attribute(hid_t object, const struct lnn_attribute *attribute);
int lnn_layout_texts(hid_t object, const char *name, size_t n,
                     const char *const texts[]);
int lnn_layout_fixed(hid_t group, const struct lnn_variable *variable);
/* n bytes along an axis without values of its own, NAME_byte. */
int lnn_layout_bytes(hid_t group, const char *name, const char *doc, size_t n,
                     const char bytes[]);
hid_t lnn_layout_group(hid_t parent, const char *name); /* < 0: text set */

/* trajectory_copy.c: the same file with lines[].next rows, renamed over the old one. */
int lnn_file_install(struct lnn_file *file, struct lnn_layout *layout);
int lnn_file_rebuild(struct lnn_file *file);
/* A new name survives a power cut only if its folder is synced. */
int lnn_file_sync_folder(const char *path);
/* What HDF5 still holds goes to the file; `status` if that worked. */
int lnn_file_drain(int status, const struct lnn_layout *layout, const char *path);
/* Rows first..first+count-1 of a dataset to or from memory. */
int lnn_file_rows(const struct lnn_file *file, const struct lnn_layout *layout,
                  size_t id, const struct lnn_column *column, size_t first,
                  size_t count, double *values, bool write);

#endif
