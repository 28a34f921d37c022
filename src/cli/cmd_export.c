/* lnnflow export: variables of a trajectory as comma-separated values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"

struct column { /* a variable: `width` columns of the table */
    const char *name;
    struct lnn_shape shape;
    size_t width;
    double *values;
};

struct export
{
    struct lnn_reader *reader;
    const char *path, *group;
    void (*print)(const struct export *e, FILE *out);
    size_t n;
    struct column *columns; /* the first is the time */
};

static int measure(const struct export *e, const char *name, struct column *column)
{
    column->name = name;
    LNN_TRY(lnn_reader_shape(e->reader, e->group, name, &column->shape));
    column->width = 1;
    for (size_t i = 1; i < column->shape.rank; i++)
        column->width *= column->shape.dims[i];
    return GSL_SUCCESS;
}

static size_t count(const char *const *names)
{
    size_t n = 0;
    while (names[n]) n++;
    return n;
}

static bool is_time(const char *name)
{
    return strcmp(name, "time") == 0 || strcmp(name, "weights_time") == 0;
}

/* All numbers along time, when no variable is named. */
static int choose_scalars(struct export *e, const char *const *all)
{
    for (size_t i = 0; all[i]; i++) {
        struct column column = {0};
        LNN_TRY(measure(e, all[i], &column));
        if (is_time(all[i]) || column.shape.rank != 1) continue;
        if (column.shape.dims[0] == e->columns[0].shape.dims[0])
            e->columns[e->n++] = column;
    }
    return GSL_SUCCESS;
}

static int choose_named(struct export *e, const char *const *all,
                        const char *const *names)
{
    for (; *names; names++) {
        if (!cli_has(all, *names)) {
            (void)cli_unknown("variable", *names, all);
            return GSL_EINVAL;
        }
        if (is_time(*names)) continue; /* it stands first in any case */
        LNN_TRY(measure(e, *names, &e->columns[e->n]));
        const struct column *c = &e->columns[e->n++], *first = &e->columns[1];
        if (c->shape.rank > 0 && c->shape.dims[0] == first->shape.dims[0]) continue;
        if (c->shape.rank == 0) return lnn_fail(GSL_EINVAL, "%s has no rows", c->name);
        return lnn_fail(GSL_EINVAL,
                        "%s has %zu rows and %s has %zu: they do not fit into "
                        "one table, export them one after the other",
                        first->name, first->shape.dims[0], c->name, c->shape.dims[0]);
    }
    return GSL_SUCCESS;
}

/* The time that has as many rows as the variables. */
static int choose_time(struct export *e, const char *const *all)
{
    size_t rows = e->columns[1].shape.dims[0];
    for (size_t i = 0; e->n > 1 && all[i]; i++) {
        struct column column = {0};
        if (!is_time(all[i])) continue;
        LNN_TRY(measure(e, all[i], &column));
        if (column.shape.dims[0] != rows) continue;
        e->columns[0] = column;
        return GSL_SUCCESS;
    }
    if (e->n == 1) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s has %zu rows, %s of %s has %zu", e->columns[1].name,
                    rows, e->columns[0].name, cli_group_name(e->group),
                    e->columns[0].shape.dims[0]);
}

static int load(struct export *e, const struct cli_arguments *a)
{
    const char *const *all = lnn_reader_variables(e->reader, e->group);
    const char *const *names = a->operands + 1;
    if (!all) return lnn_fail(GSL_ENOMEM, "out of memory");
    e->columns = calloc(count(all) + count(names) + 2, sizeof *e->columns);
    if (!e->columns) return lnn_fail(GSL_ENOMEM, "out of memory");
    e->n = 1;
    if (!cli_has(all, "time"))
        return lnn_fail(GSL_EINVAL, "%s: %s has no time to export anything along",
                        e->path, cli_group_name(e->group));
    LNN_TRY(measure(e, "time", &e->columns[0]));
    LNN_TRY(a->n > 1 ? choose_named(e, all, names) : choose_scalars(e, all));
    LNN_TRY(choose_time(e, all));
    for (size_t i = 0; i < e->n; i++)
        LNN_TRY(lnn_reader_get(e->reader, e->group, e->columns[i].name,
                               &e->columns[i].shape, &e->columns[i].values));
    return GSL_SUCCESS;
}

/* time, loss, "W[0,0]", ...: quoted where the name holds a comma. */
static void print_header(const struct column *c, FILE *out)
{
    for (size_t k = 0; k < c->width; k++) {
        if (c->shape.rank == 1) fputs(c->name, out);
        if (c->shape.rank == 1) continue;
        const char *quote = c->shape.rank > 2 ? "\"" : "";
        fprintf(out, "%s%s%s[", k ? "," : "", quote, c->name);
        size_t rest = k, block = c->width;
        for (size_t i = 1; i < c->shape.rank; i++) {
            block /= c->shape.dims[i];
            fprintf(out, "%s%zu", i > 1 ? "," : "", rest / block);
            rest %= block;
        }
        fprintf(out, "]%s", quote);
    }
}

static void print_csv(const struct export *e, FILE *out)
{
    for (size_t i = 0; i < e->n; i++) {
        if (i) fputc(',', out);
        print_header(&e->columns[i], out);
    }
    fputc('\n', out);
    char text[CLI_NUMBER];
    for (size_t row = 0; row < e->columns[0].shape.dims[0] && !ferror(out); row++) {
        for (size_t i = 0; i < e->n; i++) {
            const struct column *c = &e->columns[i];
            const double *at = c->values + row * c->width;
            for (size_t k = 0; k < c->width; k++)
                fprintf(out, "%s%s", i || k ? "," : "", cli_exact(at[k], text));
        }
        fputc('\n', out);
    }
}

static int write_csv(const struct export *e, const struct cli_arguments *a)
{
    const char *path = cli_value(a, "output");
    struct stat info;
    if (!path || strcmp(path, "-") == 0) {
        e->print(e, stdout); /* main looks after it */
        return CLI_DONE;
    }
    if (!cli_flag(a, "force") && stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
        cli_say("%s exists; use --force to replace it", path);
        return CLI_USAGE;
    }
    FILE *out = fopen(path, "w");
    bool good = out != NULL;
    if (good) {
        e->print(e, out);
        good = !ferror(out);
        if (fclose(out) != 0) good = false;
    }
    if (!good) cli_say("cannot write %s: %s", path, strerror(errno));
    return good ? CLI_DONE : CLI_IO;
}

/* The grid of a search, by name or because there is nothing else. */
static bool is_grid(const struct export *e, const struct cli_arguments *a)
{
    const char *group = cli_value(a, "group");
    if (!cli_search_is(e->reader)) return false;
    return group ? strcmp(group, "search") == 0 || strcmp(group, "/search") == 0
                 : !lnn_reader_groups(e->reader)[0];
}

static void print_grid(const struct export *e, FILE *out)
{
    if (cli_search_csv(e->reader, out) != GSL_SUCCESS) (void)cli_fail(GSL_EOF);
}

static int export_grid(struct export *e, const struct cli_arguments *a)
{
    e->print = print_grid;
    if (a->n == 1) return write_csv(e, a);
    cli_say("the grid of a search is exported whole, a run a line: no VAR is meant");
    return CLI_USAGE;
}

static int export(const struct cli_arguments *a)
{
    struct export e = {.path = a->operands[0], .print = print_csv};
    int status = lnn_reader_open(e.path, &e.reader);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = CLI_USAGE;
    if (is_grid(&e, a)) {
        code = export_grid(&e, a);
        lnn_reader_close(e.reader);
        return code;
    }
    e.group = cli_group(e.reader, e.path, cli_value(a, "group"));
    if (e.group) {
        lnn_error_clear();
        status = load(&e, a);
        if (status == GSL_SUCCESS)
            code = write_csv(&e, a);
        else if (lnn_error()[0])
            code = cli_fail(status);
    }
    for (size_t i = 0; i < e.n; i++) free(e.columns[i].values);
    free(e.columns);
    lnn_reader_close(e.reader);
    return code;
}

const struct cli_command cli_command_export = {
    .name = "export",
    .doc = "variables of a trajectory as comma-separated values",
    .details =
        "The time stands in the first column. Numbers are written so that reading "
        "them gives the same bits. A matrix becomes the columns W[0,0], W[0,1], ...; "
        "lnnflow info lists the variables. The grid of a search or sweep, --group "
        "search, is written with a line a run.",
    .run = export,
    .operands = {{"FILE.h5", "the file", CLI_H5, false, false},
                 {"VAR", "variables; default: all that are one number a row", CLI_WORD,
                  true, true}},
    .options =
        {
            {"group", "which trajectory; needed if there are several", "GROUP", 'g',
             CLI_WORD},
            {"output", "the file to write; default: stdout", "OUT.csv", 'o', CLI_CSV},
            {"force", "replace an existing output file", NULL, 'f', CLI_FLAG},
        },
};
