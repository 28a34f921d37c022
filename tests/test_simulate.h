/* A problem from text, simulated into a temporary file and opened for reading. */
#ifndef TEST_SIMULATE_H
#define TEST_SIMULATE_H

#include <unistd.h>
#include "lnn_test.h"

struct outcome {
    struct lnn_problem *problem;
    struct lnn_simulation *sim;
    struct lnn_reader *reader;
    char path[64];
};

static inline struct outcome simulate(const char *yaml, const char *const *set)
{
    struct outcome o = {.path = "/tmp/lnn_simulate_XXXXXX"};
    int fd = mkstemp(o.path);
    cr_assert(fd >= 0);
    close(fd);
    LNN_OK(lnn_problem_parse(yaml, "<test>", set, &o.problem));
    struct lnn_simulate_options options = {.output = o.path, .force = true};
    LNN_OK(lnn_simulate(o.problem, &options, &o.sim));
    LNN_OK(lnn_reader_open(o.path, &o.reader));
    return o;
}

static inline void finish(struct outcome *o)
{
    lnn_reader_close(o->reader);
    lnn_simulation_free(o->sim);
    lnn_problem_free(o->problem);
    unlink(o->path);
}

static inline double *values(const struct outcome *o, const char *group,
                             const char *name, struct lnn_shape *shape)
{
    double *at = NULL;
    struct lnn_shape local;
    LNN_OK(lnn_reader_get(o->reader, group, name, shape ? shape : &local, &at));
    return at;
}

/* The last row of W. */
static inline void last_W(const struct outcome *o, const char *group, double W[])
{
    struct lnn_shape shape;
    double *at = values(o, group, "W", &shape);
    size_t kd = shape.dims[1] * shape.dims[2];
    memcpy(W, at + (shape.dims[0] - 1) * kd, kd * sizeof *W);
    free(at);
}

#define PHI "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n"
#define A0 "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}\n"

#endif
