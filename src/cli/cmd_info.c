/* lnnflow info: what is in a file, ours or anybody's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { SEARCH_ROWS = 24 }; /* of a grid's table */

static void shape_text(const struct lnn_shape *shape, char *text, size_t room)
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < shape->rank && n < room; i++) {
        int k = snprintf(text + n, room - n, i ? " x %zu" : "%zu", shape->dims[i]);
        if (k > 0) n += (size_t)k;
    }
}

/* First and last entry of a variable without axes of its own; false: there is none. */
static bool ends(struct lnn_reader *reader, const char *group, const char *name,
                 double *first, double *last)
{
    struct lnn_shape shape;
    double *values = NULL;
    bool good = lnn_reader_get(reader, group, name, &shape, &values) == GSL_SUCCESS &&
                shape.rank == 1 && shape.dims[0] > 0;
    if (good) {
        *first = values[0];
        *last = values[shape.dims[0] - 1];
    }
    free(values);
    return good;
}

/* What a variable is; malloc'ed, NULL if it does not say. */
static char *long_name(struct lnn_reader *reader, const char *group, const char *name)
{
    char place[300];
    snprintf(place, sizeof place, "%s/%s", group, name);
    return lnn_reader_attribute(reader, place, "long_name");
}

static bool same_text(char *a, char *b)
{
    bool same = a && b && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

/* Was the variable explained with the group `before` (or NULL)? */
static bool known(struct lnn_reader *reader, const char *before, const char *group,
                  const char *name)
{
    if (!before || !cli_has(lnn_reader_variables(reader, before), name)) return false;
    return same_text(long_name(reader, before, name), long_name(reader, group, name));
}

static void print_variables(struct lnn_reader *reader, const char *group,
                            const char *before)
{
    struct cli_table *table = cli_table_open("lll");
    char *rest = NULL;
    size_t n = 0;
    FILE *known_ones = open_memstream(&rest, &n);
    for (const char *const *v = lnn_reader_variables(reader, group); *v; v++) {
        struct lnn_shape shape = {0};
        char text[100] = "?";
        if (lnn_reader_shape(reader, group, *v, &shape) == GSL_SUCCESS)
            shape_text(&shape, text, sizeof text);
        if (known_ones && known(reader, before, group, *v)) {
            fprintf(known_ones, "%s%s (%s)", ftell(known_ones) > 0 ? ", " : "", *v,
                    text);
            continue;
        }
        char *doc = long_name(reader, group, *v);
        cli_cell(table, "%s", *v);
        cli_cell(table, "%s", text);
        cli_cell(table, "%s", doc ? doc : "");
        free(doc);
    }
    cli_table_print(table, 2, cli_width(stdout));
    if (!known_ones || fclose(known_ones) != 0) return;
    if (n > 0) {
        size_t at = (size_t)printf("  as in /%s: ", before);
        cli_wrap(4, at, cli_width(stdout), rest);
    }
    free(rest);
}

/* Numbers come with all their digits; nobody wants to read them. */
static const char *brief(const char *text, char number[CLI_NUMBER])
{
    char *end;
    double x = strtod(text, &end);
    return end != text && *end == '\0' ? cli_number(x, 6, number) : text;
}

static void print_attribute(struct lnn_reader *reader, const char *name,
                            const char *label)
{
    char number[CLI_NUMBER];
    char *text = lnn_reader_attribute(reader, "", name);
    if (text && text[0]) {
        size_t at = (size_t)printf("%-11s", label);
        cli_wrap(at, at, cli_width(stdout), brief(text, number));
    }
    free(text);
}

/* ", NAME VALUE" of an attribute, if it is there; `lead` in place of the comma. */
static bool print_fact(struct lnn_reader *reader, const char *group, const char *name,
                       const char *lead)
{
    char number[CLI_NUMBER];
    char *text = lnn_reader_attribute(reader, group, name);
    bool there = text && text[0];
    if (there) printf("%s%s %s", lead, name, brief(text, number));
    free(text);
    return there;
}

/* "  system gradient_flow, stepper rk8pd, ...": what the problem says of a trajectory,
 * and why it failed. */
static void print_facts(struct lnn_reader *reader, const char *group)
{
    bool any = false;
    for (const struct lnn_key *key = lnn_keys; key->section; key++)
        if (strcmp(key->section, "trajectories") == 0)
            any = print_fact(reader, group, key->name, any ? ", " : "  ") || any;
    any = print_fact(reader, group, "message", any ? ", " : "  ") || any;
    if (any) putchar('\n');
}

/* `before`: a group whose variables have been explained, or NULL. */
static void print_group(struct lnn_reader *reader, const char *group,
                        const char *before)
{
    double first, last;
    char a[CLI_NUMBER], b[CLI_NUMBER];
    size_t rows = lnn_reader_rows(reader, group);
    char *reason = lnn_reader_attribute(reader, group, "reason");
    printf("/%s: %zu row%s", group, rows, rows == 1 ? "" : "s");
    if (ends(reader, group, "time", &first, &last))
        printf(", t = %s to %s", cli_number(first, 6, a), cli_number(last, 6, b));
    if (reason) printf(", ended: %s", reason);
    if (ends(reader, group, "loss", &first, &last))
        printf(", loss %s to %s", cli_number(first, 6, a), cli_number(last, 6, b));
    putchar('\n');
    free(reason);
    print_facts(reader, group);
    print_variables(reader, group, before);
}

static void print_head(struct lnn_reader *reader, const char *path)
{
    static const char *const names[][2] = {
        {"title", "title"},
        {"source", "written by"},
        {"history", "command"},
        {"widths", "widths"},
        {"dense_widths", "dense"},
        {"factors", "factors"},
        {"activation", "activation"},
        {"slope", "slope"},
        {"sharpness", "sharpness"},
        {"loss", "loss"},
        {"weight_decay", "decay"},
        {"samples_of_data", "examples"},
    };
    char size[CLI_NUMBER];
    char *complete = lnn_reader_attribute(reader, "", "complete");
    char *ours = lnn_reader_attribute(reader, "", "layout_version");
    char *started = lnn_reader_attribute(reader, "volatile", "started");
    printf("%s, %s", path, cli_bytes(path, size));
    if (started) printf(", of %s", started);
    bool closed = complete && strcmp(complete, "0") != 0;
    if (closed) fputs(", complete", stdout);
    if (ours && !closed) fputs(", not complete: still written, or cut off", stdout);
    putchar('\n');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        print_attribute(reader, names[i][0], names[i][1]);
    free(complete);
    free(ours);
    free(started);
}

static int print_problem(struct lnn_reader *reader, const char *path)
{
    char *text = lnn_reader_attribute(reader, "", "problem");
    if (!text) {
        cli_say("%s holds no problem: it has no attribute called problem", path);
        return CLI_USAGE;
    }
    printf("%s%s", text, text[0] && text[strlen(text) - 1] == '\n' ? "" : "\n");
    free(text);
    return CLI_DONE;
}

static int print_info(struct lnn_reader *reader, const struct cli_arguments *a)
{
    const char *path = a->operands[0];
    if (cli_flag(a, "problem")) return print_problem(reader, path);
    if (cli_flag(a, "verdicts")) return cli_verdicts_print(reader, path);
    if (a->n > 1) {
        const char *group = cli_group(reader, path, a->operands[1]);
        if (group) print_group(reader, group, NULL);
        return group ? CLI_DONE : CLI_USAGE;
    }
    print_head(reader, path);
    cli_verdicts_info(reader);
    if (cli_search_is(reader)) {
        puts("\n/search:");
        int status = cli_search_print(reader, SEARCH_ROWS);
        if (status != GSL_SUCCESS) return cli_fail(status);
    }
    const char *const *groups = lnn_reader_groups(reader);
    if (!groups[0] && !cli_search_is(reader))
        puts("\nNo trajectory: there is no group with a dataset called time.");
    for (size_t i = 0; groups[i]; i++) {
        putchar('\n');
        print_group(reader, groups[i], i ? groups[0] : NULL);
    }
    return CLI_DONE;
}

static int info(const struct cli_arguments *a)
{
    struct lnn_reader *reader = NULL;
    int status = lnn_reader_open(a->operands[0], &reader);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = print_info(reader, a);
    lnn_reader_close(reader);
    return code;
}

const struct cli_command cli_command_info = {
    .name = "info",
    .doc = "what is in a trajectory file",
    .details = "Also reads files that other programs wrote: every group with a dataset "
               "called time is a trajectory. A file that is still being written can be "
               "looked at; it is complete when its writer has closed it.",
    .run = info,
    .operands = {{"FILE.h5", "the file", CLI_H5, false, false},
                 {"GROUP", "only this trajectory", CLI_WORD, true, false}},
    .options =
        {
            {"problem", "print the problem file's text that is stored in the file",
             NULL, 'p', CLI_FLAG},
            {"verdicts", "print what verify --store stored in the file, as JSON", NULL,
             0, CLI_FLAG},
        },
};
