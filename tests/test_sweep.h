/* A sweep from text, run into a temporary file and opened for reading. */
#ifndef TEST_SWEEP_H
#define TEST_SWEEP_H

#include <unistd.h>
#include "lnn_test.h"

struct swept {
    struct lnn_problem *problem;
    struct lnn_grid *grid;
    struct lnn_reader *reader;
    char path[64];
};

static inline struct swept sweep_threads(const char *yaml, const char *const *set,
                                         size_t threads)
{
    struct swept w = {.path = "/tmp/lnn_sweep_XXXXXX"};
    int fd = mkstemp(w.path);
    cr_assert(fd >= 0);
    close(fd);
    LNN_OK(lnn_problem_parse(yaml, "<test>", set, &w.problem));
    struct lnn_sweep_options options = {.run = {.output = w.path, .force = true},
                                        .threads = threads};
    LNN_OK(lnn_sweep(w.problem, &options, &w.grid));
    LNN_OK(lnn_reader_open(w.path, &w.reader));
    return w;
}

static inline struct swept sweep(const char *yaml, const char *const *set)
{
    return sweep_threads(yaml, set, 1);
}

static inline void finish(struct swept *w)
{
    lnn_reader_close(w->reader);
    lnn_grid_free(w->grid);
    lnn_problem_free(w->problem);
    unlink(w->path);
}

static inline double *values(const struct swept *w, const char *group, const char *name,
                             struct lnn_shape *shape)
{
    double *at = NULL;
    struct lnn_shape local;
    LNN_OK(lnn_reader_get(w->reader, group, name, shape ? shape : &local, &at));
    return at;
}

/* l = 1/2 (w - 1)^2 from w = 0: w_k - 1 = -(1 - eta)^k, so that l <= T from
 * k = ceil(ln(2 T) / (2 ln|1 - eta|)) on. */
#define LINE                                \
    "network: {widths: [1, 1]}\n"           \
    "data: {kind: target, matrix: [[1]]}\n" \
    "init: {kind: zero}\n"                  \
    "trajectories: [{system: gradient_descent}]\n"

static inline unsigned long iterations_to(double eta, double target)
{
    double k = ceil(log(2 * target) / (2 * log(fabs(1 - eta))) - 1e-9);
    return k > 0 ? (unsigned long)k : 0;
}

#endif
