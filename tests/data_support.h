/* What the tests of tables, data and losses share. */
#ifndef LNN_DATA_SUPPORT_H
#define LNN_DATA_SUPPORT_H

#include "lnn_test.h"

/* The project's folder: LNN_SOURCE of the environment, else of the build. */
const char *lnn_test_source(void);

struct lnn_test_file { /* t.csv in a folder of its own */
    char folder[64], path[80];
};
struct lnn_test_file lnn_test_file_of(const char *text);
void lnn_test_file_remove(const struct lnn_test_file *f);

/* A problem of "network: {widths: [WIDTHS]}", "loss: {LOSS}", "data: {DATA}", its data
 * and its objective; what is not reached is NULL. */
struct lnn_test_bound {
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_objective *o;
    size_t n; /* k d */
};
int lnn_test_try_bind(const char *widths, const char *loss, const char *data,
                      struct lnn_test_bound *b);
struct lnn_test_bound lnn_test_bind(const char *widths, const char *loss,
                                    const char *data);
/* The same of a csv file with this text. */
struct lnn_test_bound lnn_test_bind_table(const char *widths, const char *loss,
                                          const char *text);
void lnn_test_release(struct lnn_test_bound *b);

/* The data of such a problem (printf style); NULL when refused, text in lnn_error(). */
struct lnn_data *lnn_test_load(const char *widths, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct lnn_data *lnn_test_need(struct lnn_data *data); /* fails the test on NULL */
/* It is NULL, and the text begins with `begin` and holds `hint`. */
void lnn_test_refused(struct lnn_data *data, const char *begin, const char *hint);
struct lnn_data *lnn_test_diabetes(const char *widths, const char *keys);

/* Moments, R form and floor against X and Y. */
void lnn_test_consistent(const struct lnn_data *data);

double *lnn_test_drawn(size_t n, unsigned long seed); /* normal, malloc'ed */
/* Against Richardson-extrapolated differences at W, which is left as it was. */
void lnn_test_gradient(const struct lnn_test_bound *b, double W[]);
/* The loss of the outputs X W^T against l(W) and its gradient. */
void lnn_test_outputs(const struct lnn_test_bound *b, const double W[]);
void lnn_test_hessian(const struct lnn_test_bound *b, double W[]);

#endif
