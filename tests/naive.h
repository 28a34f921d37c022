/* What the tests of the core compare with: numbers, matrices and networks in plain
 * loops, nothing of the library's own arithmetic. */
#ifndef NAIVE_H
#define NAIVE_H

#include "lnn_test.h"

struct naive_widths {
    size_t n, d[8]; /* N + 1 widths */
};

/* Depths 1..6; widths 1; wide, narrow, square ends; bottlenecks, wide hidden layers. */
static const struct naive_widths naive_widths[] = {
    {2, {1, 1}},
    {2, {3, 2}},
    {2, {2, 3}},
    {2, {1, 4}},
    {2, {4, 1}},
    {3, {1, 1, 1}},
    {3, {3, 2, 2}},
    {3, {2, 6, 4}},
    {3, {5, 1, 3}},
    {3, {3, 1, 5}},
    {3, {4, 4, 4}},
    {4, {3, 4, 3, 2}},
    {4, {2, 3, 4, 3}},
    {4, {1, 5, 2, 1}},
    {4, {6, 2, 9, 6}},
    {5, {5, 3, 7, 4, 2}},
    {5, {2, 1, 6, 1, 4}},
    {6, {3, 4, 5, 2, 6, 2}},
    {6, {1, 3, 1, 3, 2, 5}},
    {7, {4, 3, 3, 5, 3, 3, 3}},
    {7, {2, 9, 2, 9, 2, 9, 2}},
};
enum { NAIVE_NETS = sizeof naive_widths / sizeof naive_widths[0] };

/* n numbers in (-1, 1) that depend on `seed` alone. */
static inline void naive_fill(size_t n, double x[], unsigned long seed)
{
    unsigned long long state = 2654435761u * (seed + 1);
    for (size_t i = 0; i < n; i++) {
        for (int skip = 0; skip < 3; skip++)
            state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(state >> 11) / 4503599627370496.0 - 1;
    }
}

static inline double *naive_new(size_t n)
{
    double *x = calloc(n > 0 ? n : 1, sizeof *x);
    cr_assert_not_null(x);
    return x;
}

static inline double *naive_random(size_t n, unsigned long seed)
{
    double *x = naive_new(n);
    naive_fill(n, x, seed);
    return x;
}

/* C (m x n) = A (m x l) B (l x n). */
static inline void naive_multiply(size_t m, size_t n, size_t l, const double A[],
                                  const double B[], double C[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t c = 0; c < l; c++) sum += A[i * l + c] * B[c * n + j];
            C[i * n + j] = sum;
        }
}

/* T (n x m) = A^T, A m x n. */
static inline void naive_transpose(size_t m, size_t n, const double A[], double T[])
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) T[j * m + i] = A[i * n + j];
}

static inline double naive_dot(size_t n, const double x[], const double y[])
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

static inline double naive_norm(size_t n, const double x[])
{
    return sqrt(naive_dot(n, x, x));
}

/* P (d_hi x d_{lo-1}) = W_hi ... W_lo; the identity when hi < lo. */
static inline void naive_partial(const struct lnn_network *net, const double w[],
                                 size_t lo, size_t hi, double P[])
{
    size_t cols = net->d[lo - 1], rows = cols;
    double *next = naive_new(10000);
    for (size_t i = 0; i < cols * cols; i++) P[i] = i % (cols + 1) == 0;
    for (size_t j = lo; j <= hi; j++) {
        size_t at = 0;
        for (size_t i = 1; i < j; i++) at += net->d[i] * net->d[i - 1];
        naive_multiply(net->d[j], cols, rows, w + at, P, next);
        rows = net->d[j];
        memcpy(P, next, rows * cols * sizeof *P);
    }
    free(next);
}

/* grad_j = (W_N..W_{j+1})^T G (W_{j-1}..W_1)^T, factor by factor. */
static inline void naive_gradient(const struct lnn_network *net, const double w[],
                                  const double G[], double grad[])
{
    size_t N = net->N, k = net->d[N], d = net->d[0], room = 10000;
    double *buffer = naive_new(5 * room), *above = buffer, *below = buffer + room;
    double *aboveT = below + room, *belowT = aboveT + room, *middle = belowT + room;
    for (size_t j = 1; j <= N; j++) {
        size_t rows = net->d[j], cols = net->d[j - 1];
        naive_partial(net, w, j + 1, N, above);
        naive_partial(net, w, 1, j - 1, below);
        naive_transpose(k, rows, above, aboveT);
        naive_transpose(cols, d, below, belowT);
        naive_multiply(rows, d, k, aboveT, G, middle);
        naive_multiply(rows, cols, d, middle, belowT, grad);
        grad += rows * cols;
    }
    free(buffer);
}

/* Yields "[[1.5, 2], [3, 4]]" for a problem's text; free it. */
static inline char *naive_yaml(size_t rows, size_t cols, const double A[])
{
    char *text = malloc(32 * (rows * cols + rows + 1)), *at = text;
    cr_assert_not_null(text);
    at += sprintf(at, "[");
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            at += sprintf(at, "%s%.17g%s", j == 0 ? (i == 0 ? "[" : ", [") : ", ",
                          A[i * cols + j], j + 1 == cols ? "]" : "");
    sprintf(at, "]");
    return text;
}

/* A problem with its data, start and model. */
struct naive_case {
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_network net;
    double *w0;
    struct lnn_model *model;
};

static inline struct naive_case naive_open(const char *text)
{
    struct naive_case c = {.problem = lnn_test_problem(text)};
    LNN_OK(lnn_data_load(c.problem, &c.data));
    c.net = lnn_network_for(c.problem);
    c.w0 = naive_new(c.net.size);
    LNN_OK(lnn_init_start(c.problem, &c.net, c.w0));
    LNN_OK(lnn_model_alloc(c.problem, c.data, c.w0, NAN, &c.model));
    c.model->spec = c.problem->trajectories.at;
    return c;
}

/* The square loss (or what `more` says) for the target Phi; the start is zero. */
static inline struct naive_case naive_target(const struct naive_widths *widths,
                                             const double Phi[], const char *more)
{
    char list[200] = "", text[8000];
    size_t length = 0;
    for (size_t j = 0; j < widths->n; j++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%zu",
                                   j == 0 ? "" : ", ", widths->d[j]);
    char *matrix = naive_yaml(widths->d[widths->n - 1], widths->d[0], Phi);
    int size = snprintf(text, sizeof text,
                        "network: {widths: [%s]}\n"
                        "data: {kind: target, matrix: %s}\n"
                        "init: {kind: zero}\ntime: {end: 1}\n%s",
                        list, matrix, more);
    cr_assert_lt(size, (int)sizeof text);
    free(matrix);
    return naive_open(text);
}

static inline void naive_close(struct naive_case *c)
{
    lnn_model_free(c->model);
    lnn_data_free(c->data);
    lnn_problem_free(c->problem);
    free(c->w0);
}

#endif
