/* A model from a problem's text, and tight integrations by GSL's own driver: what the
 * tests of closed forms compare with. */
#ifndef LNN_TEST_FLOW_H
#define LNN_TEST_FLOW_H

#include <gsl/gsl_odeiv2.h>
#include "lnn_test.h"

struct lnn_test_flow {
    struct lnn_problem *problem;
    struct lnn_data *data;
    double *w0;
    struct lnn_model *model;
};

static inline struct lnn_test_flow lnn_test_flow_of(const char *text)
{
    struct lnn_test_flow f = {.problem = lnn_test_problem(text)};
    struct lnn_network net =
        lnn_network_of(f.problem->network.widths.n, f.problem->network.widths.at);
    f.w0 = malloc(net.size * sizeof *f.w0);
    LNN_OK(lnn_data_load(f.problem, &f.data));
    LNN_OK(lnn_init_start(f.problem, &net, f.w0));
    LNN_OK(lnn_model_alloc(f.problem, f.data, f.w0, NAN, &f.model));
    return f;
}

static inline void lnn_test_flow_free(struct lnn_test_flow *f)
{
    lnn_model_free(f->model);
    lnn_data_free(f->data);
    lnn_problem_free(f->problem);
    free(f->w0);
}

/* y <- the solution at t1, from y at t0; GSL's status. */
static inline int lnn_test_integrate(int (*rhs)(double, const double[], double[],
                                                void *),
                                     void *params, size_t dim, double t0, double t1,
                                     double rtol, double atol, double y[])
{
    gsl_odeiv2_system system = {rhs, NULL, dim, params};
    gsl_odeiv2_driver *driver = gsl_odeiv2_driver_alloc_y_new(
        &system, gsl_odeiv2_step_rk8pd, t1 > t0 ? 1e-6 * (t1 - t0) : 1e-6, atol, rtol);
    int status = gsl_odeiv2_driver_apply(driver, &t0, t1, y);
    gsl_odeiv2_driver_free(driver);
    return status;
}

/* C (m x n) += A (m x l) B (l x n), plain loops. */
static inline void lnn_test_multiply(size_t m, size_t n, size_t l, const double A[],
                                     const double B[], double C[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t p = 0; p < l; p++)
            for (size_t j = 0; j < n; j++) C[i * n + j] += A[i * l + p] * B[p * n + j];
}

#endif
