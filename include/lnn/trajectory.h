/* The HDF5 file (also netCDF-4): one group per trajectory, crash-safe while it grows.
 * Layout and rules are in the comment at the top of src/trajectory_write.c and in
 * `lnnflow help file`. A row exists iff its time is finite. */
#ifndef LNN_TRAJECTORY_H
#define LNN_TRAJECTORY_H

#include <stdbool.h>
#include <stddef.h>

/* Exactly one of text, number, count is meant, by `kind`: 't', 'n', 'i'. */
struct lnn_attribute {
    const char *name;
    char kind;
    const char *text;
    double number;
    long long count;
};

struct lnn_variable { /* one dataset of a group */
    const char *name, *doc, *units;
    bool integer; /* stored as int64 (given as doubles; what is not there as -1) */
    bool weights; /* runs along weights_time; left out if weights_rows is 0 */
    size_t rank;  /* of one row: 0, 1, 2; of what is fixed also 3 */
    size_t dims[3];
    const char *axes[3]; /* dimension scales of the group; same name = same size */
    const double *fixed; /* not NULL: all of it, without a time axis (copied) */
};

struct lnn_group { /* what a group is made of; arrays are not owned */
    const char *name;
    const char *doc;
    /* Expected rows; the file grows when more come. rows 0: all variables are fixed,
     * and there is no time. weights_rows 0: no weights at all; equal to rows: they run
     * along time, NaN where a row has none. */
    size_t rows, weights_rows;
    size_t n_variables;
    const struct lnn_variable *variables;
    size_t n_attributes;
    const struct lnn_attribute *attributes;
};

struct lnn_file; /* opaque; open for writing */

/* Creates PATH.tmp with everything at full extent (NaN), flushes, renames it to PATH
 * and goes on writing through the open handle. An existing PATH is replaced only if
 * `force`. `volatile_attributes` (host, start, ...) go to the group /volatile. */
int lnn_file_create(const char *path, bool force, size_t n_groups,
                    const struct lnn_group groups[], size_t n_attributes,
                    const struct lnn_attribute attributes[], size_t n_volatile,
                    const struct lnn_attribute volatile_attributes[], bool fsync,
                    struct lnn_file **file);

/* Buffer one row of a group: `values` holds the variables' rows one after the other in
 * the group's order (those with .weights excluded; they come in `weights`, NULL when
 * this row stores none). Rows are written in blocks: data, flush, times, flush. */
int lnn_file_put(struct lnn_file *file, size_t group, double t, const double values[],
                 const double weights[]);
int lnn_file_flush(struct lnn_file *file); /* all buffered rows are safe afterwards */

/* Attributes that are known only at the end (reason, counts): replaced if present. They
 * are in the file after lnn_file_close, which then always makes a copy: what others may
 * be reading does not change its structure. `group`: NULL or "" the root, "volatile".
 */
int lnn_file_attribute(struct lnn_file *file, const char *group,
                       const struct lnn_attribute *attribute);

/* Flush; if rows are unused or attributes came late, copy to the exact length and
 * rename; complete = 1 last (only if `complete`); close. Frees in any case. When the
 * copy fails (disk full) every row is still in PATH. */
int lnn_file_close(struct lnn_file *file, bool complete);

/* A table beside the trajectories: columns along one axis. */
struct lnn_sheet_column { /* exactly one of numbers and texts (UTF-8), rows of them */
    const char *name, *doc;
    const double *numbers;
    const char *const *texts;
};
struct lnn_sheet {
    const char *name, *doc, *axis; /* of the group; of the index scale */
    size_t rows, n_columns;        /* rows 0: no columns */
    const struct lnn_sheet_column *columns;
    const char *bytes_name, *bytes_doc, *bytes; /* a long text, as a dataset of bytes */
    size_t n_attributes; /* one of them is source, which begins with "lnnflow" */
    const struct lnn_attribute *attributes;
    size_t n_volatile;
    const struct lnn_attribute *volatile_attributes; /* of the subgroup volatile */
};

/* What a file was like when it was read. */
struct lnn_stamp {
    unsigned long long device, inode;
    long long size, seconds, nanoseconds;
};
int lnn_file_stamp(const char *path, struct lnn_stamp *stamp);

/* Adds the table to a finished file, anybody's, or replaces it: a group that lnnflow
 * did not write (source) is GSL_EINVAL. PATH itself stays as it is until a whole copy
 * with the table takes its name (that of a link's target), owner and mode; on failure
 * it just stays. GSL_EOF: not readable or writable, incomplete, open for writing
 * elsewhere (HDF5's own lock), or no longer what `stamp` says (NULL: not asked). */
int lnn_file_store(const char *path, const struct lnn_stamp *stamp,
                   const struct lnn_sheet *table);

/* Reading: any file whose groups hold datasets along a finite time. */
struct lnn_reader;
struct lnn_shape {
    size_t rank, dims[4];
};
int lnn_reader_open(const char *path, struct lnn_reader **reader);
void lnn_reader_close(struct lnn_reader *reader);
/* Names, NULL-terminated, owned by the reader: groups with a time, iteration or W1, at
 * most four deep; variables of one (numbers of rank <= 4, without index scales). Empty,
 * never NULL, when there are none or the file is damaged there. */
const char *const *lnn_reader_groups(struct lnn_reader *reader);
const char *const *lnn_reader_variables(struct lnn_reader *reader, const char *group);
size_t lnn_reader_rows(struct lnn_reader *reader, const char *group); /* finite times */
int lnn_reader_shape(struct lnn_reader *reader, const char *group, const char *name,
                     struct lnn_shape *shape);
/* The whole variable, cut to the finite rows, as doubles: malloc'ed, the caller frees.
 */
int lnn_reader_get(struct lnn_reader *reader, const char *group, const char *name,
                   struct lnn_shape *shape, double **values);
/* Relative spacing of the stored numbers, 2^-23 for float32; DBL_EPSILON for doubles,
 * integers, and what is not there. */
double lnn_reader_rounding(struct lnn_reader *reader, const char *group,
                           const char *name);
/* Attribute as text (numbers printed with %.17g), malloc'ed; NULL when absent. `group`
 * "" is the root, `name` may belong to "group/variable". */
char *lnn_reader_attribute(struct lnn_reader *reader, const char *group,
                           const char *name);
/* Names of all attributes of a group or dataset, NULL-terminated, owned by the reader.
 */
const char *const *lnn_reader_attributes(struct lnn_reader *reader, const char *group);

#endif
