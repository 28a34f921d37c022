/* Writes a small trajectory file of known content; the crash test kills it anywhere.
 *
 *   writer FILE SCENARIO ROWS [JOURNAL]
 *
 * Scenarios: exact (all rows used), short (a third left unused), grow (more rows than
 * announced), sync (exact, with fdatasync), late (attributes at the end), store (a
 * table into FILE, which is complete). The rows that lnn_file_flush reported as safe
 * are counted in JOURNAL, a memory-mapped file, so that counting costs no system call
 * that could be killed. With SCENARIO sample the file has what a run writes: it feeds
 * the readers' test. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "content.h"
#include "lnnflow.h"

static const struct lnn_variable variables[] = {
    {.name = "loss", .doc = "loss", .units = "1"},
    {.name = "W",
     .doc = "end-to-end matrix",
     .units = "1",
     .rank = 2,
     .dims = {CONTENT_K, CONTENT_D},
     .axes = {"output", "input"}},
    {.name = "iteration", .doc = "iteration", .units = "1", .integer = true},
    {.name = "W1",
     .doc = "weights of layer 1",
     .units = "1",
     .weights = true,
     .rank = 2,
     .dims = {CONTENT_H, CONTENT_D},
     .axes = {"hidden", "input"}},
    {.name = "singular_values",
     .doc = "singular values of W",
     .units = "1",
     .rank = 1,
     .dims = {CONTENT_K},
     .axes = {"mode"}},
};

static const struct lnn_attribute problem[] = {
    {.name = "title", .kind = 't', .text = "content of the crash test"},
    {.name = "history", .kind = 't', .text = "written by the crash test"},
    {.name = "source", .kind = 't', .text = "lnnflow"},
    {.name = "problem",
     .kind = 't',
     .text = "network: {widths: [4, 5, 3]}\nloss: square\n"},
    {.name = "rtol", .kind = 'n', .number = 1e-10},
    {.name = "seed", .kind = 'i', .count = 1},
    {.name = "empty", .kind = 't', .text = ""},
    {.name = "greek", .kind = 't', .text = "\xce\xbb and \xcf\x83"},
};

static const struct lnn_attribute place[] = {
    {.name = "host", .kind = 't', .text = "somewhere"},
};

static int put_row(struct lnn_file *file, size_t group, size_t row, size_t every)
{
    double values[CONTENT_VALUES], weights[CONTENT_H * CONTENT_D];
    content_values(group, row, values);
    content_weights(group, row, weights);
    return lnn_file_put(file, group, content_time(row), values,
                        row % every == 0 ? weights : NULL);
}

static int put_rows(struct lnn_file *file, size_t rows, volatile size_t *safe)
{
    for (size_t row = 0; row < rows; row++) {
        for (size_t group = 0; group < 2; group++)
            LNN_TRY(put_row(file, group, row, group == 0 ? 1 : CONTENT_EVERY));
        if (row % 7 != 6) continue;
        LNN_TRY(lnn_file_flush(file));
        *safe = row + 1;
    }
    LNN_TRY(lnn_file_flush(file));
    *safe = rows;
    return GSL_SUCCESS;
}

static size_t announced(const char *scenario, size_t rows)
{
    if (strcmp(scenario, "short") == 0) return rows + rows / 2 + 1;
    if (strcmp(scenario, "grow") == 0) return rows / 3 + 1;
    return rows;
}

static int write_file(const char *path, const char *scenario, size_t rows,
                      volatile size_t *safe)
{
    const struct lnn_attribute reason = {.name = "reason", .kind = 't', .text = "end"};
    size_t room = announced(scenario, rows);
    struct lnn_group groups[2] = {
        {.name = "gradient_flow",
         .doc = "weights in every row",
         .rows = room,
         .weights_rows = room,
         .n_variables = 5,
         .variables = variables},
        {.name = "end_to_end",
         .doc = "weights in every third row",
         .rows = room,
         .weights_rows = (room + CONTENT_EVERY - 1) / CONTENT_EVERY,
         .n_variables = 5,
         .variables = variables},
    };
    struct lnn_file *file;
    LNN_TRY(lnn_file_create(path, true, 2, groups, sizeof problem / sizeof *problem,
                            problem, 1, place, strcmp(scenario, "sync") == 0, &file));
    int status = put_rows(file, rows, safe);
    if (status == GSL_SUCCESS && strcmp(scenario, "late") == 0)
        status = lnn_file_attribute(file, "end_to_end", &reason);
    if (status != GSL_SUCCESS) {
        (void)lnn_file_close(file, false);
        return status;
    }
    return lnn_file_close(file, true);
}

static int store_table(const char *path)
{
    static double numbers[CONTENT_FINDINGS];
    static const char *texts[CONTENT_FINDINGS];
    for (size_t i = 0; i < CONTENT_FINDINGS; i++) {
        numbers[i] = content(2, i, 0);
        texts[i] = "holds";
    }
    const struct lnn_sheet_column columns[] = {
        {.name = "margin", .doc = "a number", .numbers = numbers},
        {.name = "verdict", .texts = texts},
    };
    const struct lnn_sheet sheet = {.name = "verdicts",
                                    .doc = "a table",
                                    .axis = "finding",
                                    .rows = CONTENT_FINDINGS,
                                    .n_columns = 2,
                                    .columns = columns,
                                    .bytes_name = "json",
                                    .bytes_doc = "text",
                                    .bytes = "{}",
                                    .n_attributes = 1,
                                    .attributes = problem + 2};
    return lnn_file_store(path, NULL, &sheet);
}

static volatile size_t *map_journal(const char *path)
{
    static volatile size_t nowhere;
    if (path == NULL) return &nowhere;
    int descriptor = open(path, O_RDWR);
    void *map = descriptor < 0 ? MAP_FAILED
                               : mmap(NULL, sizeof(size_t), PROT_READ | PROT_WRITE,
                                      MAP_SHARED, descriptor, 0);
    return map == MAP_FAILED ? NULL : map;
}

int main(int argc, char *argv[])
{
    if (argc < 4) return 2;
    volatile size_t *safe = map_journal(argc > 4 ? argv[4] : NULL);
    if (safe == NULL) return 2;
    size_t rows = strtoul(argv[3], NULL, 10);
    bool store = strcmp(argv[2], "store") == 0;
    if (store) *safe = rows;
    if ((store ? store_table(argv[1]) : write_file(argv[1], argv[2], rows, safe)) ==
        GSL_SUCCESS)
        return 0;
    fprintf(stderr, "writer: %s\n", lnn_error());
    return 1;
}
