/* What the tests of tables, data and losses share. */
#include "data_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gsl/gsl_rng.h>

#ifndef LNN_SOURCE
#define LNN_SOURCE "."
#endif

const char *lnn_test_source(void)
{
    const char *root = getenv("LNN_SOURCE");
    return root ? root : LNN_SOURCE;
}

struct lnn_test_file lnn_test_file_of(const char *text)
{
    struct lnn_test_file f;
    snprintf(f.folder, sizeof f.folder, "/tmp/lnn_data_XXXXXX");
    cr_assert_not_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/t.csv", f.folder);
    FILE *out = fopen(f.path, "wb");
    cr_assert_not_null(out);
    fputs(text, out);
    cr_assert_eq(fclose(out), 0);
    return f;
}

void lnn_test_file_remove(const struct lnn_test_file *f)
{
    unlink(f->path);
    rmdir(f->folder);
}

int lnn_test_try_bind(const char *widths, const char *loss, const char *data,
                      struct lnn_test_bound *b)
{
    char text[4096];
    *b = (struct lnn_test_bound){.problem = NULL};
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\nloss: {%s}\ndata: {%s}\n"
             "time: {end: 1}\n",
             widths, loss, data);
    LNN_TRY(lnn_problem_parse(text, "p.yaml", NULL, &b->problem));
    LNN_TRY(lnn_data_load(b->problem, &b->data));
    b->n = b->data->k * b->data->d;
    return lnn_objective_alloc(b->problem, b->data, &b->o);
}

struct lnn_test_bound lnn_test_bind(const char *widths, const char *loss,
                                    const char *data)
{
    struct lnn_test_bound b;
    int status = lnn_test_try_bind(widths, loss, data, &b);
    cr_assert_eq(status, GSL_SUCCESS, "%s", lnn_error());
    return b;
}

void lnn_test_release(struct lnn_test_bound *b)
{
    free(b->o);
    lnn_data_free(b->data);
    lnn_problem_free(b->problem);
}

double *lnn_test_drawn(size_t n, unsigned long seed)
{
    double *x = malloc((n + 1) * sizeof *x);
    gsl_rng *rng = lnn_rng_open(seed, "test.loss");
    lnn_rng_normals(rng, 0.7, n, x);
    gsl_rng_free(rng);
    return x;
}

struct lnn_test_bound lnn_test_bind_table(const char *widths, const char *loss,
                                          const char *text)
{
    char data[256];
    struct lnn_test_file f = lnn_test_file_of(text);
    snprintf(data, sizeof data, "kind: csv, file: %s", f.path);
    struct lnn_test_bound b;
    int status = lnn_test_try_bind(widths, loss, data, &b);
    unlink(f.path);
    rmdir(f.folder);
    cr_assert_eq(status, GSL_SUCCESS, "%s", lnn_error());
    return b;
}

struct lnn_data *lnn_test_load(const char *widths, const char *format, ...)
{
    char data[2048], text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(data, sizeof data, format, args);
    va_end(args);
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\ndata: {%s}\n%stime: {end: 1}\n", widths, data,
             strstr(data, "observed:") || strstr(data, "mask:")
                 ? "loss: {kind: masked}\n"
                 : "");
    struct lnn_problem *problem;
    struct lnn_data *loaded = NULL;
    int status = lnn_problem_parse(text, "p.yaml", NULL, &problem);
    cr_assert_eq(status, GSL_SUCCESS, "%s", lnn_error());
    status = lnn_data_load(problem, &loaded);
    lnn_problem_free(problem);
    cr_assert_eq(status == GSL_SUCCESS, loaded != NULL);
    return loaded;
}

struct lnn_data *lnn_test_need(struct lnn_data *data)
{
    cr_assert_not_null(data, "%s", lnn_error());
    return data;
}

void lnn_test_refused(struct lnn_data *data, const char *begin, const char *hint)
{
    cr_assert_null(data);
    cr_assert_eq(strncmp(lnn_error(), begin, strlen(begin)), 0, "%s: %s", begin,
                 lnn_error());
    cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
}

struct lnn_data *lnn_test_diabetes(const char *widths, const char *keys)
{
    return lnn_test_need(
        lnn_test_load(widths, "kind: csv, file: %s/tests/data/diabetes.csv.gz%s",
                      lnn_test_source(), keys));
}

static double trace(size_t n, const double A[])
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += A[i * n + i];
    return sum;
}

/* ||alpha op(A) op(B) - C||_F relative to ||C||_F. */
static double gap(bool ta, bool tb, size_t m, size_t n, size_t l, double alpha,
                  const double A[], const double B[], const double C[])
{
    double *P = calloc(m * n, sizeof *P);
    lnn_gemm(ta, tb, m, n, l, alpha, A, B, 0, P);
    double norm = lnn_norm(m * n, C), distance = lnn_distance(m * n, P, C);
    free(P);
    return norm > 0 ? distance / norm : distance;
}

/* tr(Lambda_yy)/2 - ||B||^2/2, the floor as a difference. */
static double floor_by_difference(const struct lnn_data *data)
{
    double norm = lnn_norm(data->k * data->q, data->B);
    return 0.5 * trace(data->k, data->Lyy) - 0.5 * norm * norm;
}

void lnn_test_consistent(const struct lnn_data *data)
{
    size_t m = data->m, d = data->d, k = data->k, q = data->q;
    cr_assert_eq(q, m < d ? m : d);
    cr_assert_lt(gap(true, false, d, d, m, data->weight, data->X, data->X, data->Lxx),
                 1e-13);
    cr_assert_lt(gap(true, false, k, d, m, data->weight, data->Y, data->X, data->Lyx),
                 1e-13);
    cr_assert_lt(gap(true, false, k, k, m, data->weight, data->Y, data->Y, data->Lyy),
                 1e-13);
    cr_assert_lt(gap(true, false, d, d, q, 1, data->R, data->R, data->Lxx), 1e-13);
    cr_assert_lt(gap(false, false, k, d, q, 1, data->B, data->R, data->Lyx), 1e-12);
    cr_assert_lt(fabs(floor_by_difference(data) - data->floor),
                 1e-13 * (1 + trace(k, data->Lyy)));
    for (size_t j = 0; j < d; j++) cr_assert_not_null(data->input_names[j]);
    for (size_t j = 0; j < k; j++) cr_assert_not_null(data->target_names[j]);
}

/* Richardson's extrapolation of central differences: error O(h^4). */
void lnn_test_gradient(const struct lnn_test_bound *b, double W[])
{
    double *G = lnn_test_drawn(b->n, 0), scale = 0;
    lnn_objective_gradient(b->o, W, G);
    for (size_t i = 0; i < b->n; i++) scale = fmax(scale, fabs(G[i]));
    for (size_t i = 0; i < b->n; i++) {
        double w = W[i], at[4];
        static const double h[] = {2e-3, -2e-3, 1e-3, -1e-3};
        for (int s = 0; s < 4; s++) {
            W[i] = w + h[s];
            at[s] = lnn_objective_value(b->o, W);
        }
        W[i] = w;
        double difference = (8 * (at[2] - at[3]) - (at[0] - at[1])) / (12 * 1e-3);
        cr_assert_float_eq(G[i], difference, 1e-8 * (1 + scale), "%s %zu: %.12g %.12g",
                           b->problem->loss.kind, i, G[i], difference);
    }
    free(G);
}

/* The Hessian against differences of the gradient along D, and its symmetry. */
void lnn_test_hessian(const struct lnn_test_bound *b, double W[])
{
    size_t n = b->n;
    double *D = lnn_test_drawn(n, 100), *E = lnn_test_drawn(n, 101),
           *HD = lnn_test_drawn(n, 0), *HE = lnn_test_drawn(n, 0);
    double *G = malloc(4 * n * sizeof *G), *V = malloc(n * sizeof *V);
    static const double h[] = {2e-3, -2e-3, 1e-3, -1e-3};
    b->o->loss->hessian(b->o, W, D, HD);
    b->o->loss->hessian(b->o, W, E, HE);
    double scale = 1 + lnn_norm(n, HD) + lnn_norm(n, HE);
    for (size_t s = 0; s < 4; s++) {
        for (size_t i = 0; i < n; i++) V[i] = W[i] + h[s] * D[i];
        lnn_objective_gradient(b->o, V, G + s * n);
    }
    for (size_t i = 0; i < n; i++) {
        double difference =
            (8 * (G[2 * n + i] - G[3 * n + i]) - (G[i] - G[n + i])) / (12 * 1e-3);
        cr_assert_float_eq(HD[i], difference, 1e-6 * scale, "%s: %.12g %.12g",
                           b->problem->loss.kind, HD[i], difference);
    }
    cr_assert_float_eq(lnn_dot(n, E, HD), lnn_dot(n, D, HE), 1e-12 * scale);
    cr_assert_geq(lnn_dot(n, D, HD), 0); /* convex */
    free(D), free(E), free(HD), free(HE), free(G), free(V);
}

/* outputs(X W^T) is l(W), and dF^T X its gradient. */
void lnn_test_outputs(const struct lnn_test_bound *b, const double W[])
{
    const struct lnn_data *data = b->data;
    size_t m = data->m, k = data->k, d = data->d;
    struct lnn_examples all = {m, data->X, data->Y, data->weight};
    double *F = malloc((m * k + 2 * k * d) * sizeof *F), *G = F + m * k, *H = G + k * d;
    lnn_gemm(false, true, m, k, d, 1, data->X, W, 0, F);
    double value = b->o->loss->outputs(b->o, &all, F, NULL);
    cr_assert_float_eq(value, lnn_objective_value(b->o, W), 1e-12 * (1 + value));
    cr_assert_eq(b->o->loss->outputs(b->o, &all, F, F), value);
    lnn_gemm(true, false, k, d, m, 1, F, data->X, 0, G);
    lnn_objective_gradient(b->o, W, H);
    cr_assert_leq(lnn_distance(k * d, G, H), 1e-12 * (1 + lnn_norm(k * d, H)));
    free(F);
}
