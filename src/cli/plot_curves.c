/* What lnnflow plot draws: the variables that were named, entry by entry, each over the
 * time or another variable, of one trajectory or of all that have them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { MATRIX_MOST = 12 }; /* entries of a matrix that are drawn without being named */

struct entry { /* NAME or NAME[i] or NAME[i,j] */
    char *name;
    size_t n, index[2];
};

static int no_memory(void)
{
    return lnn_fail(GSL_ENOMEM, "out of memory");
}

static int parse(const char *text, struct entry *e)
{
    const char *at = strchr(text, '[');
    e->n = 0;
    e->name = at ? strndup(text, (size_t)(at - text)) : strdup(text);
    if (!e->name) return no_memory();
    while (at && *at != ']') {
        char *end;
        const char *digits = at + 1;
        errno = 0;
        unsigned long i = strtoul(digits, &end, 10);
        bool good = e->n < 2 && digits[0] >= '0' && digits[0] <= '9' && errno == 0 &&
                    (*end == ',' || (*end == ']' && end[1] == '\0'));
        if (!good)
            return lnn_fail(GSL_EINVAL, "plot: %s: an entry is meant, as in W[0,1]",
                            text);
        e->index[e->n++] = i;
        at = end;
    }
    return GSL_SUCCESS;
}

/* A variable of one group as it is in the file; `width` numbers a row. */
struct table {
    struct lnn_shape shape;
    size_t rows, width;
    double *values;
};

static int read_table(const struct cli_curves *c, const char *group, const char *name,
                      struct table *t)
{
    t->values = NULL;
    LNN_TRY(lnn_reader_shape(c->reader, group, name, &t->shape));
    if (t->shape.rank < 1 || t->shape.rank > 3)
        return lnn_fail(GSL_EINVAL, "plot: %s of %s has %s", name,
                        cli_group_name(group),
                        t->shape.rank ? "too many axes" : "no rows");
    LNN_TRY(lnn_reader_get(c->reader, group, name, &t->shape, &t->values));
    t->rows = t->shape.dims[0];
    t->width = 1;
    for (size_t i = 1; i < t->shape.rank; i++) t->width *= t->shape.dims[i];
    return GSL_SUCCESS;
}

/* Which numbers of a row are meant: from *first on, *n of them. */
static int locate(const struct entry *e, const struct table *t, size_t *first,
                  size_t *n)
{
    const size_t *dims = t->shape.dims, rank = t->shape.rank;
    *first = 0;
    *n = t->width;
    if (e->n == 0 && (rank < 3 || t->width <= MATRIX_MOST)) return GSL_SUCCESS;
    if (e->n == 0)
        return lnn_fail(GSL_EINVAL,
                        "plot: %s has %zu x %zu entries a row: name some, %s[0,0] "
                        "to %s[%zu,%zu]",
                        e->name, dims[1], dims[2], e->name, e->name, dims[1] - 1,
                        dims[2] - 1);
    if (e->n != rank - 1 || e->index[0] >= dims[1] ||
        (e->n == 2 && e->index[1] >= dims[2])) {
        if (rank == 1)
            return lnn_fail(GSL_EINVAL, "plot: %s is one number a row", e->name);
        if (rank == 2)
            return lnn_fail(GSL_EINVAL, "plot: %s has the entries %s[0] to %s[%zu]",
                            e->name, e->name, e->name, dims[1] - 1);
        return lnn_fail(GSL_EINVAL, "plot: %s has the entries %s[0,0] to %s[%zu,%zu]",
                        e->name, e->name, e->name, dims[1] - 1, dims[2] - 1);
    }
    *first = rank == 2 ? e->index[0] : e->index[0] * dims[2] + e->index[1];
    *n = 1;
    return GSL_SUCCESS;
}

static double *column(const struct table *t, size_t k)
{
    double *values = malloc((t->rows + 1) * sizeof *values);
    for (size_t i = 0; values && i < t->rows; i++)
        values[i] = t->values[i * t->width + k];
    return values;
}

static char *entry_name(const char *name, const struct table *t, size_t k)
{
    size_t room = strlen(name) + 64;
    char *text = malloc(room);
    if (!text) return NULL;
    if (t->shape.rank == 1)
        snprintf(text, room, "%s", name);
    else if (t->shape.rank == 2)
        snprintf(text, room, "%s[%zu]", name, k);
    else
        snprintf(text, room, "%s[%zu,%zu]", name, k / t->shape.dims[2],
                 k % t->shape.dims[2]);
    return text;
}

static int append(struct cli_curves *c, const char *group, const struct entry *e,
                  const struct table *y, size_t k, const double *x)
{
    void *larger = realloc(c->curves, (c->n + 1) * sizeof *c->curves);
    if (!larger) return no_memory();
    c->curves = larger;
    struct cli_curve *curve = &c->curves[c->n++];
    *curve = (struct cli_curve){.group = group, .rows = y->rows};
    curve->name = entry_name(e->name, y, k);
    curve->y = column(y, k);
    curve->x = malloc((y->rows + 1) * sizeof *curve->x);
    if (!curve->name || !curve->x || !curve->y) return no_memory();
    memcpy(curve->x, x, y->rows * sizeof *x);
    return GSL_SUCCESS;
}

/* The variable along x: as asked for, else the time with as many rows as y. */
static const char *x_name(const struct cli_curves *c, const char *group,
                          const struct entry *asked, size_t rows)
{
    static const char *const times[] = {"time", "weights_time", "iteration"};
    const char *const *all = lnn_reader_variables(c->reader, group);
    struct lnn_shape shape;
    if (strcmp(asked->name, "time") != 0) return asked->name;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (cli_has(all, times[i]) &&
            lnn_reader_shape(c->reader, group, times[i], &shape) == GSL_SUCCESS &&
            shape.rank == 1 && shape.dims[0] == rows)
            return times[i];
    return NULL;
}

static int x_values(struct cli_curves *c, const char *group, const struct entry *y,
                    size_t rows, double **x)
{
    struct entry asked;
    struct table t = {0};
    size_t first = 0, n = 0;
    int status = parse(c->x ? c->x : "time", &asked);
    const char *name = status == GSL_SUCCESS ? x_name(c, group, &asked, rows) : NULL;
    if (status == GSL_SUCCESS && !name)
        status = lnn_fail(GSL_EINVAL, "plot: no time of %s has the %zu rows of %s",
                          cli_group_name(group), rows, y->name);
    if (status == GSL_SUCCESS) status = read_table(c, group, name, &t);
    if (status == GSL_SUCCESS) status = locate(&asked, &t, &first, &n);
    if (status == GSL_SUCCESS && n != 1)
        status = lnn_fail(GSL_EINVAL, "plot: --x %s is %zu numbers a row: name one",
                          c->x, n);
    if (status == GSL_SUCCESS && t.rows != rows)
        status = lnn_fail(GSL_EINVAL, "plot: %s has %zu rows and %s has %zu",
                          asked.name, t.rows, y->name, rows);
    if (status == GSL_SUCCESS && !(*x = column(&t, first))) status = no_memory();
    if (status == GSL_SUCCESS && !c->x_label) {
        char where[CLI_NAME];
        snprintf(where, sizeof where, "%s/%s", group, name);
        if (asked.n == 0)
            c->x_label = lnn_reader_attribute(c->reader, where, "long_name");
        if (!c->x_label) c->x_label = strdup(c->x ? c->x : name);
    }
    free(asked.name);
    free(t.values);
    return status;
}

static int add(struct cli_curves *c, const char *group, const struct entry *e)
{
    struct table y = {0};
    double *x = NULL;
    size_t first, n;
    int status = read_table(c, group, e->name, &y);
    if (status == GSL_SUCCESS) status = locate(e, &y, &first, &n);
    if (status == GSL_SUCCESS) status = x_values(c, group, e, y.rows, &x);
    for (size_t k = 0; status == GSL_SUCCESS && k < n; k++)
        status = append(c, group, e, &y, first + k, x);
    free(y.values);
    free(x);
    return status;
}

/* Is it in the group, and what it is to be drawn over as well? */
static bool is_there(const struct cli_curves *c, const char *group, const char *name)
{
    const char *const *all = lnn_reader_variables(c->reader, group);
    struct entry x = {0};
    if (!cli_has(all, name)) return false;
    if (!c->x || parse(c->x, &x) != GSL_SUCCESS) { /* x_values complains later */
        free(x.name);
        return true;
    }
    bool there = strcmp(x.name, "time") == 0 || cli_has(all, x.name);
    free(x.name);
    return there;
}

/* All names of the groups, for a suggestion. */
static int unknown(const struct cli_curves *c, const char *const *groups,
                   const char *name)
{
    size_t n = 0;
    const char **words = NULL;
    for (; *groups; groups++)
        for (const char *const *v = lnn_reader_variables(c->reader, *groups); *v; v++) {
            if (words && cli_has(words, *v)) continue;
            void *larger = realloc(words, (n + 2) * sizeof *words);
            if (!larger) break;
            words = larger;
            words[n++] = *v;
            words[n] = NULL;
        }
    int code = words ? cli_unknown("variable", name, words) : CLI_IO;
    free(words);
    return code;
}

static int not_there(const struct cli_curves *c, const char *const *groups,
                     const struct entry *e)
{
    struct entry x = {0};
    bool known = false, x_known = false;
    (void)parse(c->x ? c->x : "time", &x);
    for (size_t i = 0; groups[i]; i++) {
        const char *const *all = lnn_reader_variables(c->reader, groups[i]);
        known = known || cli_has(all, e->name);
        x_known = x_known || cli_has(all, x.name);
    }
    int code = CLI_USAGE;
    if (!known)
        code = unknown(c, groups, e->name);
    else if (!x_known)
        code = unknown(c, groups, x.name);
    else
        cli_say("plot: no trajectory has both %s and %s", e->name, x.name);
    free(x.name);
    return code;
}

int cli_curves_add(struct cli_curves *c, const char *const *groups, const char *text)
{
    struct entry e;
    size_t before = c->n;
    int status = parse(text, &e);
    for (size_t i = 0; status == GSL_SUCCESS && groups[i]; i++)
        if (is_there(c, groups[i], e.name)) status = add(c, groups[i], &e);
    int code = status == GSL_SUCCESS ? CLI_DONE : cli_fail(status);
    if (code == CLI_DONE && c->n == before) code = not_there(c, groups, &e);
    free(e.name);
    return code;
}

void cli_curves_free(struct cli_curves *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->curves[i].name);
        free(c->curves[i].x);
        free(c->curves[i].y);
    }
    free(c->curves);
    free(c->x_label);
}
