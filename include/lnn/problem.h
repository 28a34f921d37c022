/* The problem file: YAML read through libyaml against the table in problem.def.
 *
 * Every key has one line in problem.def, which gives the member below, its type,
 * default, range, help text and the attribute in the HDF5 file. Reading reports all
 * errors at once, one a line, as `file:line:column: error: what was wrong; what was
 * meant`, or `--set section.key=value: error: ...`. */
#ifndef LNN_PROBLEM_H
#define LNN_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include "lnn/linalg.h"

/* Types a key can have. Absent optional values: NULL pointers, n == 0, NaN for reals, 0
 * for counts. */
typedef char *lnn_type_text;         /* any string */
typedef char *lnn_type_path;         /* relative to the problem file's folder */
typedef const char *lnn_type_choice; /* one of a list */
typedef double lnn_type_real;        /* finite, in [min, max] */
typedef size_t lnn_type_count;       /* whole number in [min, max] */
typedef bool lnn_type_flag;          /* true | false */
typedef struct lnn_counts {
    size_t n, *at;
} lnn_type_counts;
typedef struct lnn_matrix
    lnn_type_matrix; /* list of equal rows; a flat list: one row */
typedef struct lnn_words {
    size_t n;
    char **at;
} lnn_type_words; /* names or numbers */
struct lnn_axis { /* a key, as --set names it, and its values as YAML */
    char *key;
    size_t n;
    char **values;
};
typedef struct lnn_axes {
    size_t n;
    struct lnn_axis *at;
} lnn_type_sweep;

/* A section is a struct of its keys; a list section an array of such structs. Keys that
 * do not go with their section's kind hold their defaults. Defaults that depend on
 * other keys are filled in: a trajectory's name, init.scale, time.first. */
struct lnn_problem_trajectory {
#define LNN_LIST_KEY(section, member, type, ...) lnn_type_##type member;
#include "problem.def"
};

struct lnn_problem {
    char *path;     /* as given; "-" or "<text>" when there is no file */
    char *folder;   /* paths in the file are relative to it; "" = current folder */
    char *text;     /* the file, byte for byte */
    char **set;     /* the overrides it was read with, NULL-terminated */
    char **places;  /* see lnn_problem_place */
    char *resolved; /* YAML of every key in force, defaults and --set included */
    /* d_0..d_N of all matrices: network.widths, with the inner widths of every dense
     * layer's factors, min(d_in, d_out) each, the least that can hold any product */
    struct lnn_counts layers;
#define LNN_ROOT_KEY(member, type, ...) lnn_type_##type member;
#define LNN_SECTION(section, doc) struct {
#define LNN_KEY(section, member, type, ...) lnn_type_##type member;
#define LNN_SECTION_END(section) \
    }                            \
    section;
#define LNN_LIST(section, doc)             \
    struct {                               \
        size_t n;                          \
        struct lnn_problem_trajectory *at; \
    } section;
#include "problem.def"
};

/* Read a file, or text that is called `path` in messages. `set` is a NULL-terminated
 * list of overrides, or NULL: "section.key=value" (value is YAML), "key=value" for root
 * keys, "section=value" for a whole section, and for the list
 * "trajectories.0.rtol=1e-8" (by number), "trajectories.NAME.rtol=1e-8" (by name or
 * system) and "trajectories.rtol=1e-8" (every entry that uses the key). Later ones win.
 * On success *problem is to be freed with lnn_problem_free; else it is NULL.
 * GSL_EINVAL: lnn_error() holds one line per error; GSL_EOF: the file cannot be read.
 */
int lnn_problem_read(const char *path, const char *const *set,
                     struct lnn_problem **problem);
int lnn_problem_parse(const char *text, const char *path, const char *const *set,
                      struct lnn_problem **problem);
void lnn_problem_free(struct lnn_problem *problem);

/* A problem with a sweep stands for many: the product of its axes' values, the last
 * axis varying fastest. As read, it is the first of them. */
size_t lnn_problem_points(const struct lnn_problem *problem); /* 1 without a sweep */
/* The i-th of them, without sweep, as a problem of its own. */
int lnn_problem_point(const struct lnn_problem *problem, size_t i,
                      struct lnn_problem **point);
/* Which value of axis a the i-th point has. */
size_t lnn_problem_point_value(const struct lnn_problem *problem, size_t i, size_t a);

/* Learning rates are searched for: there is a section search. */
bool lnn_problem_searches(const struct lnn_problem *problem);
/* The log grid: rates (may be NULL) takes as many as are returned. Entry r is from
 * 10^(r / per_decade) to 15 digits, up to `to`. */
size_t lnn_problem_rates(const struct lnn_problem *problem, double rates[]);

/* Where the problem says something, for messages that the parser cannot give: the key's
 * "FILE:LINE:COLUMN" or "--set ..."; where the key is not given, the section's; else
 * the file's name. Owned by the problem. A name of NULL means the section itself. */
const char *lnn_problem_place(const struct lnn_problem *problem, const char *section,
                              const char *name);
/* The same of the i-th entry of the list of trajectories. */
const char *lnn_problem_entry_place(const struct lnn_problem *problem, size_t i);

/* "folder/path", or path itself if absolute; malloc'ed. */
char *lnn_problem_path(const struct lnn_problem *problem, const char *path);

/* The table, for help, man page, completion and the file's attributes: rows in the
 * order of problem.def, the last one with section == NULL. */
struct lnn_key {
    const char *section; /* "" for root keys */
    const char *name;
    const char *type; /* text path choice real count flag counts matrix words */
    /* Default as YAML text; "" = absent; NULL = must be given (where it goes with the
     * kind); "x kind=y ..." = y for that kind, else x (- is absent), or must be given without
     * x. */
    const char *fallback;
    double min, max; /* of reals, counts and entries of matrices: closed range; */
    bool min_open;   /* the range excludes min; min == max: any */
    const char *const *choices; /* of choice and words, NULL-terminated; NULL = any */
    const char *goes_with; /* what its section's first key must be, space separated;
                            * "other=..." for an earlier key; "" = anything */
    const char *doc;
    size_t offset; /* in struct lnn_problem, or in struct lnn_problem_trajectory */
};
extern const struct lnn_key lnn_keys[];
const char *lnn_section_doc(const char *section); /* NULL: no such section */

/* Does the key go with its section's kind? `base` is the problem, or the entry of the
 * list. What is absent or does not apply stands in no resolved text. */
bool lnn_key_applies(const struct lnn_key *key, const void *base);
bool lnn_key_absent(const struct lnn_key *key, const void *base);

#endif
