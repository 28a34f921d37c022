/* A small trajectory file of known content, for the tests of reading and writing. */
#ifndef TRAJECTORY_SAMPLE_H
#define TRAJECTORY_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lnn_test.h"

enum { SAMPLE_VALUES = 1 + 6 + 1 + 2, SAMPLE_WEIGHTS = 12 };

static const struct lnn_variable sample_variables[] = {
    {.name = "loss", .doc = "the loss", .units = "1"},
    {.name = "W1",
     .doc = "layer 1",
     .weights = true,
     .rank = 2,
     .dims = {4, 3},
     .axes = {"d1", "d0"}},
    {.name = "W", .doc = "product", .rank = 2, .dims = {2, 3}, .axes = {"d2", "d0"}},
    {.name = "iteration", .doc = "count", .integer = true},
    {.name = "s", .doc = "singular values", .rank = 1, .dims = {2}, .axes = {"mode"}},
};

static inline struct lnn_group sample_group(const char *name, size_t rows,
                                            size_t weights)
{
    return (struct lnn_group){.name = name,
                              .doc = "a trajectory",
                              .rows = rows,
                              .weights_rows = weights,
                              .n_variables = 5,
                              .variables = sample_variables};
}

static inline double sample(size_t row, size_t entry)
{
    return (double)row + (double)entry / 32;
}

static inline int sample_put(struct lnn_file *file, size_t group, size_t row,
                             bool weights)
{
    double values[SAMPLE_VALUES], w[SAMPLE_WEIGHTS];
    for (size_t i = 0; i < SAMPLE_VALUES; i++) values[i] = sample(row, i);
    for (size_t i = 0; i < SAMPLE_WEIGHTS; i++) w[i] = sample(row, 16 + i);
    values[7] = (double)row;
    return lnn_file_put(file, group, 0.5 * (double)row, values, weights ? w : NULL);
}

/* A fresh folder per test, removed by sample_forget. */
static inline char *sample_path(void)
{
    char *path = malloc(300);
    const char *folder = getenv("TMPDIR");
    snprintf(path, 280, "%s/lnn_file.XXXXXX", folder == NULL ? "/tmp" : folder);
    cr_assert(mkdtemp(path) != NULL);
    return strcat(path, "/x.h5");
}

static inline void sample_forget(char *path)
{
    char temporary[310];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    unlink(path);
    unlink(temporary);
    *strrchr(path, '/') = '\0';
    cr_expect(rmdir(path) == 0, "something is left in %s", path);
    free(path);
}

/* `rows` rows in one group "g" with room for `room`, weights in every `every`-th. */
static inline int sample_write(const char *path, size_t room, size_t rows, size_t every)
{
    const struct lnn_attribute text = {
        .name = "problem", .kind = 't', .text = "a: 1\n"};
    struct lnn_group group = sample_group("g", room, (room + every - 1) / every);
    struct lnn_file *file;
    LNN_TRY(lnn_file_create(path, true, 1, &group, 1, &text, 0, NULL, false, &file));
    for (size_t row = 0; row < rows; row++)
        LNN_TRY(sample_put(file, 0, row, row % every == 0));
    return lnn_file_close(file, true);
}

#endif
