/* What every test file shares. */
#ifndef LNN_TEST_H
#define LNN_TEST_H

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include "lnnflow.h"

/* GSL's default handler aborts; tests look at status codes. */
static inline void lnn_test_setup(void)
{
    gsl_set_error_handler_off();
}

/* Fails unless |x - y| <= tol (absolute); says all three. NaN fails. */
#define LNN_CLOSE(x, y, tol)                                                        \
    do {                                                                            \
        double lnn_x_ = (x), lnn_y_ = (y), lnn_tol_ = (tol);                        \
        cr_assert(fabs(lnn_x_ - lnn_y_) <= lnn_tol_, "%s = %.17g, not %.17g +- %g", \
                  #x, lnn_x_, lnn_y_, lnn_tol_);                                    \
    } while (0)

#define LNN_OK(call)                                                        \
    do {                                                                    \
        int lnn_code_ = (call);                                             \
        cr_assert(lnn_code_ == GSL_SUCCESS, "%s: %d, %s", #call, lnn_code_, \
                  lnn_error());                                             \
    } while (0)

/* A problem from text, to be freed with lnn_problem_free. */
static inline struct lnn_problem *lnn_test_problem(const char *text)
{
    struct lnn_problem *problem = NULL;
    int status = lnn_problem_parse(text, "<test>", NULL, &problem);
    cr_assert(status == GSL_SUCCESS, "%s", lnn_error());
    return problem;
}

/* Largest |x_i - y_i|; NaN when an entry is. */
static inline double lnn_test_gap(size_t n, const double x[], const double y[])
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double gap = fabs(x[i] - y[i]);
        if (isnan(gap)) return gap;
        if (gap > worst) worst = gap;
    }
    return worst;
}

#endif
