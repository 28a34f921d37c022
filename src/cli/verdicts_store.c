/* Verdicts stored in the file that was judged: the group /verdicts, a table with a row
 * a finding, and the text of verify --json. It is described in help_file.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli.h"

enum { TEXTS = 4, NUMBERS = 4 };

static const char *const text_names[TEXTS] = {"theorem", "trajectory", "verdict",
                                              "reason"};
static const char *const number_names[NUMBERS][2] = {
    {"measured", "what the conclusion is about; it reads measured <= bound"},
    {"bound", "what it may be at most; 0: an identity, within error_bar"},
    {"margin", "bound - measured"},
    {"error_bar", "error bar of the margin"},
};

/* Column by column: texts, then numbers; `n` rows each. */
static void fill(const struct cli_verdicts *v, const char *texts[], double numbers[])
{
    for (size_t i = 0; i < v->n; i++) {
        const struct lnn_finding *f = &v->findings[i];
        const struct lnn_judgement *j = &f->judgement;
        const char *text[TEXTS] = {f->theorem->name, cli_group_name(f->record->name),
                                   lnn_verdict_name(j->verdict), j->reason};
        const double number[NUMBERS] = {j->measured, j->bound, j->margin, j->bar};
        for (size_t c = 0; c < TEXTS; c++) texts[c * v->n + i] = text[c];
        for (size_t c = 0; c < NUMBERS; c++) numbers[c * v->n + i] = number[c];
    }
}

static int store(const struct cli_verdicts *v, const struct lnn_stamp *stamp,
                 const char *json, const char *texts[], double numbers[])
{
    struct lnn_sheet_column columns[TEXTS + NUMBERS];
    char command[4200], when[64] = "unknown";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    snprintf(command, sizeof command, "lnnflow verify %s --store", v->evidence->path);
    fill(v, texts, numbers);
    for (size_t c = 0; c < TEXTS; c++)
        columns[c] =
            (struct lnn_sheet_column){.name = text_names[c], .texts = texts + c * v->n};
    for (size_t c = 0; c < NUMBERS; c++)
        columns[TEXTS + c] = (struct lnn_sheet_column){.name = number_names[c][0],
                                                       .doc = number_names[c][1],
                                                       .numbers = numbers + c * v->n};
    const struct lnn_attribute attributes[] = {
        {.name = "format", .kind = 'i', .count = CLI_VERDICTS_FORMAT},
        {.name = "source", .kind = 't', .text = cli_version_text()},
        {.name = "history", .kind = 't', .text = command},
    };
    const struct lnn_attribute judged = {.name = "judged", .kind = 't', .text = when};
    const struct lnn_sheet table = {
        .name = "verdicts",
        .doc = "theorems judged against the trajectories of this file",
        .axis = "finding",
        .rows = v->n,
        .n_columns = TEXTS + NUMBERS,
        .columns = columns,
        .bytes_name = "json",
        .bytes_doc = "all there is to the verdicts, as lnnflow verify --json prints it",
        .bytes = json,
        .n_attributes = sizeof attributes / sizeof *attributes,
        .attributes = attributes,
        .n_volatile = 1,
        .volatile_attributes = &judged,
    };
    return lnn_file_store(v->evidence->path, stamp, &table);
}

static char *json_text(const struct cli_verdicts *v)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) return NULL;
    cli_verdicts_json(v, out);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

int cli_verdicts_store(const struct cli_verdicts *v, const struct lnn_stamp *stamp)
{
    const char **texts = calloc(TEXTS * v->n + 1, sizeof *texts);
    double *numbers = calloc(NUMBERS * v->n + 1, sizeof *numbers);
    char *json = json_text(v);
    int status = texts && numbers && json
                     ? store(v, stamp, json, texts, numbers)
                     : lnn_fail(GSL_ENOMEM, "out of memory for the verdicts");
    free(json);
    free(numbers);
    free(texts);
    return status;
}

/* How often does a list of texts, joined by ", ", hold this one? */
static size_t occurrences(const char *list, const char *text)
{
    size_t n = 0, length = strlen(text);
    while (*list) {
        size_t next = strcspn(list, ",");
        n += next == length && strncmp(list, text, length) == 0;
        list += next + strspn(list + next, ", ");
    }
    return n;
}

bool cli_verdicts_are(struct lnn_reader *reader)
{
    char *source = lnn_reader_attribute(reader, "verdicts", "source");
    bool ours = source && strncmp(source, "lnnflow ", 8) == 0;
    free(source);
    return ours;
}

void cli_verdicts_info(struct lnn_reader *reader)
{
    size_t count[CLI_VERDICTS], n = 0;
    char *text = NULL;
    if (!cli_verdicts_are(reader)) return;
    char *source = lnn_reader_attribute(reader, "verdicts", "source");
    char *list = lnn_reader_attribute(reader, "verdicts", "verdict");
    for (int v = 0; v < CLI_VERDICTS; v++)
        count[v] = occurrences(list ? list : "", lnn_verdict_name(v));
    FILE *out = open_memstream(&text, &n);
    if (out) {
        cli_print_counts(count, out);
        fprintf(out, ", by %s", source ? source : "lnnflow");
        if (fclose(out) == 0) {
            size_t at = (size_t)printf("%-11s", "verdicts");
            cli_wrap(at, at, cli_width(stdout), text);
        }
    }
    free(text);
    free(source);
    free(list);
}

int cli_verdicts_print(struct lnn_reader *reader, const char *path)
{
    struct lnn_shape shape;
    double *bytes = NULL;
    if (!cli_verdicts_are(reader)) {
        cli_say("%s holds no verdicts: lnnflow verify --store puts them there", path);
        return CLI_USAGE;
    }
    int status = lnn_reader_get(reader, "verdicts", "json", &shape, &bytes);
    if (status == GSL_SUCCESS && shape.rank != 1)
        status = lnn_fail(GSL_EOF, "%s: verdicts/json is damaged", path);
    for (size_t i = 0; status == GSL_SUCCESS && i < shape.dims[0]; i++)
        putchar((int)bytes[i]);
    free(bytes);
    return status == GSL_SUCCESS ? CLI_DONE : cli_fail(status);
}
