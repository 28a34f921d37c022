/* A problem with its model and data, for one run, and the usual sweep over it. */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "lnn_test.h"

struct rig { /* a problem with its model and data, for one run */
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_model *model;
    const struct lnn_ode *ode;
    double *w0;
};

static inline struct rig rig_open(const char *yaml, const char *system)
{
    struct rig r = {.problem = lnn_test_problem(yaml)};
    struct lnn_network net =
        lnn_network_of(r.problem->network.widths.n, r.problem->network.widths.at);
    r.w0 = calloc(net.size, sizeof *r.w0);
    LNN_OK(lnn_data_load(r.problem, &r.data));
    LNN_OK(lnn_init_start(r.problem, &net, r.w0));
    double eta = r.problem->trajectories.at[0].learning_rate;
    LNN_OK(lnn_model_alloc(r.problem, r.data, r.w0, eta, &r.model));
    r.model->spec = r.problem->trajectories.at;
    r.ode = lnn_registry_find((const void *const *)lnn_odes, system);
    cr_assert(r.ode != NULL);
    return r;
}

static inline void rig_close(struct rig *r)
{
    lnn_model_free(r->model);
    lnn_data_free(r->data);
    lnn_problem_free(r->problem);
    free(r->w0);
}

static inline struct lnn_run_options options(const char *stepper, double tol,
                                             double end)
{
    return (struct lnn_run_options){
        .stepper = lnn_registry_find((const void *const *)lnn_steppers, stepper),
        .stages = 4,
        .rtol = tol,
        .atol = tol,
        .h0 = NAN,
        .t_end = end,
        .stop_loss = NAN,
        .stop_gradient = NAN,
    };
}

#define NETWORK(widths)                                                \
    "network: {widths: " widths "}\n"                                  \
    "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}\n" \
    "init: {kind: gaussian, scale: 0.6, seed: 3}\n"                    \
    "time: {end: 4}\n"

static const char *const net = NETWORK("[3, 4, 3, 2]");

/* Sample a run at n equal times; the final state goes to y. */
static inline struct lnn_run_counts sweep(const struct rig *r, struct lnn_run_options o,
                                          size_t n, double y[])
{
    struct lnn_run *run;
    double reached;
    LNN_OK(lnn_run_alloc(r->ode, r->model, &o, &run));
    for (size_t i = 0; i < n; i++) {
        double t = i == n - 1 ? o.t_end : o.t_end * (double)i / (double)(n - 1);
        enum lnn_reason reason = lnn_run_sample(run, t, y, &reached, NULL, NULL);
        cr_assert(reason == (i == n - 1 ? LNN_END : LNN_RUNNING), "%zu: %s", i,
                  lnn_reason_name(reason));
        LNN_CLOSE(reached, t, 0);
    }
    struct lnn_run_counts counts = *lnn_run_counts(run);
    lnn_run_free(run);
    return counts;
}

#endif
