/* The pieces of lnn_data_load, private to src/data*.c: text tables read in two steps
 * (the names first, then only the columns that are wanted), and each kind of data. */
#ifndef LNN_DATA_PARTS_H
#define LNN_DATA_PARTS_H

#include <locale.h>
#include "lnn/data.h"

/* A text table while it is read. */
struct lnn_text {
    const char *path; /* as in messages; not owned */
    char *text;       /* the whole file, a NUL after it */
    size_t size, at;  /* bytes, and where the next line begins */
    size_t line;      /* number of the line last read, from 1 */
    char delimiter;   /* ',' ';' '\t', or ' ' for any run of blanks */
    size_t first;     /* the line of the header or, without one, of the first row */
    bool named;       /* there is a header */
    size_t cols;
    char **names; /* cols of them, and a NULL */
    locale_t
        numbers; /* the C locale: a point is a point whatever the host program set */
};

/* One line of a table, from `at` to `end`; fields are taken off its front. */
struct lnn_line {
    const char *begin, *at, *end;
    bool more; /* a field is still to come */
};
struct lnn_field {
    const char *at;   /* quotes around it are off, doubled ones within it still there */
    size_t n, column; /* bytes; byte of the line where it begins, from 1 */
};
enum lnn_field_kind {
    LNN_FIELD_NUMBER,
    LNN_FIELD_MISSING,
    LNN_FIELD_INFINITE,
    LNN_FIELD_TEXT
};

int lnn_text_load(struct lnn_text *t); /* data_text.c */
bool lnn_text_line(struct lnn_text *t, struct lnn_line *l);
int lnn_text_field(const struct lnn_text *t, struct lnn_line *l, struct lnn_field *f);
enum lnn_field_kind lnn_field_read(const struct lnn_field *f, double *x);
void lnn_text_free(struct lnn_text *t);

/* Open and read up to the names; then the rows, of which only the columns with
 * wanted[j] must be numbers (NULL: all). The names go over to the table. */
int lnn_table_open(const char *path, const char *header, const char *delimiter,
                   struct lnn_text *t); /* data_table.c */
int lnn_table_rows(struct lnn_text *t, const bool wanted[], struct lnn_table *table);

/* The columns that words (names, numbers, ranges) mean, in their order: columns has
 * room for t->cols of them. `key` is what messages call the list. */
int lnn_columns_select(const struct lnn_text *t, const char *key,
                       const struct lnn_words *words, size_t columns[], size_t *n);

/* Each fills m, d, k, X, Y, the names and weight; target also whitened and floor. */
int lnn_data_from_target(const struct lnn_problem *problem, struct lnn_data *data);
int lnn_data_from_csv(const struct lnn_problem *problem, struct lnn_data *data);
int lnn_data_from_teacher(const struct lnn_problem *problem, struct lnn_data *data);
int lnn_data_from_idx(const struct lnn_problem *problem, struct lnn_data *data);

/* data_classes.c. One-hot: Y (m x 1, whole numbers) becomes m x k, k the number of
 * values, and the target's name that of each. */
int lnn_data_one_hot(struct lnn_data *data);
/* data.rows and data.subset: the examples to keep out of m, ascending, malloc'ed;
 * *n of them. NULL (text set): no memory, or there are not so many. */
size_t *lnn_data_choose(const struct lnn_problem *problem, const char *path, size_t m,
                        size_t *n);
/* Keep these examples of what X, Y and lines hold (any of them may be NULL). */
void lnn_data_keep(struct lnn_data *data, const size_t rows[], size_t n);

int lnn_data_scale(const struct lnn_problem *problem, struct lnn_data *data);
/* Moments, q, R, B, rank, Phi; the floor is added to what is in it. */
int lnn_data_factor(struct lnn_data *data);
int lnn_data_mask(const struct lnn_problem *problem, struct lnn_data *data);

/* rows x cols zeros, at least one; NULL (text set) when memory is out. */
double *lnn_data_array(size_t rows, size_t cols);
/* {"x1", ..}, and a NULL; NULL (text set) when memory is out. */
char **lnn_data_names(const char *prefix, size_t n);
void lnn_data_names_free(char **names);
int lnn_data_check_widths(const struct lnn_problem *problem,
                          const struct lnn_data *data);

#endif
