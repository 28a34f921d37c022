/* The grid of a search or sweep, as a file's group /search holds it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { RATE, ITERATIONS, LOSS, LEAST, ENDED, BEST, FIELDS };
static const char *const field_names[FIELDS] = {"learning_rate", "iterations", "loss",
                                                "loss_least",    "ended",      "best"};

struct coordinate { /* something swept, along point */
    const char *name;
    double *values;
    char *texts; /* what the numbers stand for, a line each; or NULL */
};

struct grid {
    size_t points, trajectories, rates;
    double *of[FIELDS];
    char *names, *by; /* names: of the trajectories, a line each */
    size_t n;
    struct coordinate *coordinates;
};

bool cli_search_is(struct lnn_reader *reader)
{
    char *source = lnn_reader_attribute(reader, "search", "source");
    bool ours = source && strncmp(source, "lnnflow", 7) == 0;
    free(source);
    return ours;
}

/* The i-th line of a text, for "%.*s". */
static const char *line_of(const char *text, size_t i, int *length)
{
    while (i-- > 0 && text && (text = strchr(text, '\n')) != NULL) text++;
    if (!text) text = "?";
    *length = (int)strcspn(text, "\n");
    return text;
}

static int load_fields(struct lnn_reader *reader, struct grid *g)
{
    struct lnn_shape shape, first = {0};
    for (int f = 0; f < FIELDS; f++) {
        LNN_TRY(lnn_reader_get(reader, "search", field_names[f], &shape, &g->of[f]));
        if (f == 0) first = shape;
        bool good = shape.rank == (f == BEST ? 2 : 3);
        for (size_t i = 0; good && i < shape.rank; i++)
            good = shape.dims[i] == first.dims[i];
        if (!good)
            return lnn_fail(GSL_EOF, "/search/%s is damaged: another shape is meant",
                            field_names[f]);
    }
    g->points = first.dims[0];
    g->trajectories = first.dims[1];
    g->rates = first.dims[2];
    return GSL_SUCCESS;
}

static int load_coordinates(struct lnn_reader *reader, struct grid *g)
{
    const char *const *all = lnn_reader_variables(reader, "search");
    size_t n = 0;
    while (all[n]) n++;
    g->coordinates = calloc(n + 1, sizeof *g->coordinates);
    if (!g->coordinates) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (; *all; all++) {
        struct lnn_shape shape;
        LNN_TRY(lnn_reader_shape(reader, "search", *all, &shape));
        if (shape.rank != 1 || shape.dims[0] != g->points) continue;
        struct coordinate *c = &g->coordinates[g->n++];
        char name[200];
        c->name = *all;
        LNN_TRY(lnn_reader_get(reader, "search", *all, &shape, &c->values));
        snprintf(name, sizeof name, "%.190s_is", *all);
        c->texts = lnn_reader_attribute(reader, "search", name);
    }
    return GSL_SUCCESS;
}

static int load(struct lnn_reader *reader, struct grid *g)
{
    *g = (struct grid){.names = lnn_reader_attribute(reader, "search", "trajectories"),
                       .by = lnn_reader_attribute(reader, "search", "by")};
    LNN_TRY(load_fields(reader, g));
    return load_coordinates(reader, g);
}

static void release(struct grid *g)
{
    for (int f = 0; f < FIELDS; f++) free(g->of[f]);
    for (size_t i = 0; i < g->n; i++) {
        free(g->coordinates[i].values);
        free(g->coordinates[i].texts);
    }
    free(g->coordinates);
    free(g->names);
    free(g->by);
}

static void coordinate_cell(struct cli_table *table, const struct coordinate *c,
                            size_t point)
{
    char number[CLI_NUMBER];
    int length;
    if (!c->texts) {
        cli_cell(table, "%s", cli_number(c->values[point], 6, number));
        return;
    }
    const char *text = line_of(c->texts, (size_t)c->values[point], &length);
    cli_cell(table, "%.*s", length > 40 ? 40 : length, text);
}

struct count {
    size_t runs, reached, failed, missing;
};

static struct count count_row(const struct grid *g, size_t row)
{
    struct count n = {0};
    for (size_t r = 0; r < g->rates; r++) {
        size_t i = row * g->rates + r;
        if (isnan(g->of[RATE][i])) continue;
        int ended = (int)g->of[ENDED][i];
        n.runs++;
        n.missing += ended < LNN_END;
        n.reached += ended == LNN_STOP_LOSS;
        n.failed += ended >= LNN_FAIL_NONFINITE;
    }
    return n;
}

static void row_cells(struct cli_table *table, const struct grid *g, size_t row)
{
    struct count n = count_row(g, row);
    char text[CLI_NUMBER];
    int length, best = (int)g->of[BEST][row];
    size_t i = row * g->rates + (best < 0 ? 0 : (size_t)best);
    for (size_t c = 0; c < g->n; c++)
        coordinate_cell(table, &g->coordinates[c], row / g->trajectories);
    const char *name = line_of(g->names, row % g->trajectories, &length);
    cli_cell(table, "%.*s", length, name);
    bool some = best >= 0 && (size_t)best < g->rates;
    cli_cell(table, "%s",
             some               ? cli_number(g->of[RATE][i], 6, text)
             : best == LNN_NONE ? "none"
                                : "open");
    cli_cell(table, some ? "%.0f" : "-", g->of[ITERATIONS][i]);
    cli_cell(table, "%s", cli_number(some ? g->of[LOSS][i] : NAN, 6, text));
    cli_cell(table, "%zu", n.runs);
    cli_cell(table, "%zu", n.reached);
    cli_cell(table, "%zu", n.failed);
    cli_cell(table, "%zu", n.missing);
}

/* The file is whole, the search need not be. */
static void print_missing(const struct grid *g)
{
    struct count all = {0};
    for (size_t row = 0; row < g->points * g->trajectories; row++) {
        struct count n = count_row(g, row);
        all.runs += n.runs;
        all.missing += n.missing;
    }
    if (all.missing > 0)
        printf("  interrupted: %zu of %zu runs were not made\n", all.missing, all.runs);
}

static int print_table(const struct grid *g, size_t most)
{
    static const char *const head[] = {"trajectory", "best rate", "iterations",
                                       "loss",       "runs",      "reached",
                                       "diverged",   "not run"};
    enum { HEAD = sizeof head / sizeof *head };
    size_t rows = g->points * g->trajectories;
    char *columns = malloc(g->n + HEAD + 1);
    if (!columns) return lnn_fail(GSL_ENOMEM, "out of memory");
    memset(columns, 'r', g->n + HEAD);
    columns[g->n] = 'l';
    columns[g->n + HEAD] = '\0';
    struct cli_table *table = cli_table_open(columns);
    for (size_t c = 0; c < g->n; c++) cli_cell(table, "%s", g->coordinates[c].name);
    for (size_t h = 0; h < HEAD; h++) cli_cell(table, "%s", head[h]);
    for (size_t row = 0; row < rows && row < most; row++) row_cells(table, g, row);
    cli_table_print(table, 2, 200);
    if (rows > most)
        printf("  and %zu more rows: lnnflow export -g search has all\n", rows - most);
    free(columns);
    return GSL_SUCCESS;
}

int cli_search_print(struct lnn_reader *reader, size_t most)
{
    struct grid g;
    int status = load(reader, &g);
    if (status == GSL_SUCCESS) {
        bool loss = g.by && strcmp(g.by, "loss") == 0;
        printf("  best: %s\n",
               loss ? "smallest loss at the end" : "fewest iterations to stop.loss");
        print_missing(&g);
        status = print_table(&g, most);
    }
    release(&g);
    return status;
}

static void csv_text(FILE *out, const char *text, int length)
{
    fputc('"', out);
    for (int i = 0; i < length; i++)
        fprintf(out, "%s%c", text[i] == '"' ? "\"" : "", text[i]);
    fputs("\",", out);
}

static void csv_run(const struct grid *g, size_t i, FILE *out)
{
    size_t row = i / g->rates, point = row / g->trajectories;
    int length;
    fprintf(out, "%zu,", point);
    for (size_t c = 0; c < g->n; c++) {
        const struct coordinate *at = &g->coordinates[c];
        if (!at->texts) {
            fprintf(out, "%.17g,", at->values[point]);
            continue;
        }
        const char *text = line_of(at->texts, (size_t)at->values[point], &length);
        csv_text(out, text, length);
    }
    const char *name = line_of(g->names, row % g->trajectories, &length);
    int ended = (int)g->of[ENDED][i];
    bool known = ended >= LNN_END && ended <= LNN_FAIL_STEPPER;
    char loss[CLI_NUMBER], least[CLI_NUMBER];
    fprintf(out, "%.*s,%.17g,%.0f,%s,%s,%s,%d\n", length, name, g->of[RATE][i],
            g->of[ITERATIONS][i], cli_exact(g->of[LOSS][i], loss),
            cli_exact(g->of[LEAST][i], least),
            known ? lnn_reason_name((enum lnn_reason)ended) : "not_run",
            g->of[BEST][row] == (double)(i % g->rates));
}

int cli_search_csv(struct lnn_reader *reader, FILE *out)
{
    struct grid g;
    int status = load(reader, &g);
    if (status == GSL_SUCCESS) {
        fputs("point,", out);
        for (size_t c = 0; c < g.n; c++) fprintf(out, "%s,", g.coordinates[c].name);
        fputs("trajectory,learning_rate,iterations,loss,loss_least,ended,best\n", out);
        for (size_t i = 0; i < g.points * g.trajectories * g.rates; i++)
            if (!isnan(g.of[RATE][i])) csv_run(&g, i, out);
    }
    release(&g);
    return status;
}
