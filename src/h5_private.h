/* What h5*.c and trajectory_*.c share about HDF5: silence, error texts, and reading
 * variables along a time axis. Not installed. HDF5 ids are closed by who opened them.
 */
#ifndef LNN_H5_PRIVATE_H
#define LNN_H5_PRIVATE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* HDF5 prints its error stack by itself unless told not to. Every public function
 * begins with lnn_h5_silence and ends with lnn_h5_restore, so the caller's setting
 * stays. */
struct lnn_h5_printing {
    H5E_auto2_t function;
    void *data;
};
struct lnn_h5_printing lnn_h5_silence(void);
void lnn_h5_restore(struct lnn_h5_printing printing);

/* lnn_fail with ": " and HDF5's innermost text appended. To be called right after the
 * call that failed: any later HDF5 call clears the text. */
int lnn_h5_fail(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Close an id with its own close function; a failure counts unless one came before. */
int lnn_h5_done(int status, herr_t (*close)(hid_t), hid_t id);

/* h5_disk.c: a file whose write errors HDF5 does not see. */
struct lnn_h5_disk {
    int descriptor;
    int error; /* errno of the first write that failed; all later ones are dropped */
};
int lnn_h5_disk_open(const char *path, bool create, struct lnn_h5_disk **disk);
int lnn_h5_disk_use(struct lnn_h5_disk *disk, hid_t access);
/* The disk's error if it has one, else `status`. */
int lnn_h5_disk_check(int status, const struct lnn_h5_disk *disk, const char *path);
int lnn_h5_disk_sync(struct lnn_h5_disk *disk);
int lnn_h5_disk_close(int status, struct lnn_h5_disk *disk, const char *path);

/* A file for reading, without locks: it may be growing. */
int lnn_h5_open(const char *path, struct lnn_h5_disk **disk, hid_t *file);
int lnn_h5_close(int status, struct lnn_h5_disk *disk, hid_t file, const char *path);
/* A path within the file, "" being the root. */
const char *lnn_h5_path(const char *group);
/* Does `name` exist below `id`; *kind is then its type, H5I_BADID for a dangling link.
 */
int lnn_h5_kind(hid_t id, const char *name, H5I_type_t *kind);

/* Growing NULL-terminated list of names. */
struct lnn_h5_names {
    char **name;
    size_t n;
};
int lnn_h5_names_add(struct lnn_h5_names *names, const char *name);
void lnn_h5_names_free(struct lnn_h5_names *names);
/* Links of a group, in creation order if that is tracked. */
int lnn_h5_links(hid_t group, struct lnn_h5_names *names);
/* Paths below `group` that hold a trajectory: a dataset time, iteration or W1. */
int lnn_h5_groups(hid_t file, struct lnn_h5_names *names);

struct lnn_h5_axis {  /* time, weights_time, or iteration where there is no time */
    const char *name; /* NULL: absent */
    size_t extent;    /* rows stored */
    size_t rows;      /* of these with a finite value */
    size_t end;       /* one past the last of them */
    bool *keep;       /* which; extent long */
    size_t n_users;
    haddr_t *users; /* addresses of the datasets whose first extent it scales */
};

struct lnn_h5_group {
    hid_t id;
    const char *file, *name; /* for messages */
    double most;             /* bytes that a file of this size can hold */
    struct lnn_h5_axis time, weights_time;
};
int lnn_h5_group_open(hid_t file, const char *path, const char *name,
                      struct lnn_h5_group *group);
void lnn_h5_group_close(struct lnn_h5_group *group);

struct lnn_h5_variable {
    hid_t id;
    const struct lnn_h5_group *group;
    const char *name;
    bool numeric, scale; /* scale: an index along some other axis than time */
    double rounding;     /* 2^-p of p bits behind the point: 2^-23 for float32 */
    size_t rank, dims[4];
    const struct lnn_h5_axis *axis; /* of the first extent; NULL: none */
};
int lnn_h5_variable_open(const struct lnn_h5_group *group, const char *name,
                         struct lnn_h5_variable *variable);
int lnn_h5_variable_close(int status, struct lnn_h5_variable *variable);
/* Rows first..first+count-1 (all of it if there is no axis) as doubles, malloc'ed. */
int lnn_h5_variable_read(const struct lnn_h5_variable *variable, size_t first,
                         size_t count, double **values);

#endif
