/* One discrete method on one problem, and its iterations. */
#ifndef OPTIMISER_CASE_H
#define OPTIMISER_CASE_H

#include "naive.h"

struct optimiser_case {
    struct naive_case c;
    const struct lnn_ode *ode;
    size_t dim;
    double *y;
};

static inline const struct lnn_ode *system_called(const char *name)
{
    const struct lnn_ode *ode = lnn_registry_find((const void *const *)lnn_odes, name);
    cr_assert_not_null(ode, "%s", name);
    return ode;
}

/* `problem`: the text without trajectories; `keys`: of the trajectory, after the
 * system, with a comma before each. The start is w0, or the problem's if NULL. */
static inline struct optimiser_case optimiser_open(const char *problem,
                                                   const char *system, const char *keys,
                                                   const double w0[])
{
    char text[4000];
    struct optimiser_case o = {.ode = system_called(system)};
    bool rate = strstr(keys, "learning_rate") != NULL;
    snprintf(text, sizeof text, "%strajectories: [{system: %s%s%s}]\n", problem, system,
             rate ? "" : ", learning_rate: 0.5", keys);
    o.c = naive_open(text);
    o.c.model->learning_rate = o.c.problem->trajectories.at[0].learning_rate;
    if (w0) memcpy(o.c.w0, w0, o.c.net.size * sizeof *w0);
    o.dim = o.ode->dim(o.c.model);
    o.y = naive_new(o.dim + 1);
    o.y[o.dim] = 4711;
    LNN_OK(o.ode->init(o.c.model, o.y));
    return o;
}

static inline void optimiser_steps(struct optimiser_case *o, int steps)
{
    for (int i = 0; i < steps; i++)
        LNN_OK(o->ode->map(o->c.model, o->c.model->learning_rate, o->y));
    cr_assert_eq(o->y[o->dim], 4711, "%s", o->ode->name);
}

static inline void optimiser_close(struct optimiser_case *o)
{
    free(o->y);
    naive_close(&o->c);
}

#define OPTIMISERS "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"

#endif
