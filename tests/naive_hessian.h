/* The Hessian of 1/2 ||W_N..W_1 - Phi||_F^2 entry by entry, from products of layers in
 * plain loops, and its eigenvalues by Jacobi's rotations: nothing of the library's. */
#ifndef NAIVE_HESSIAN_H
#define NAIVE_HESSIAN_H

#include "naive.h"

struct naive_place { /* weight (row, col) of layer j */
    size_t j, row, col;
};

static inline struct naive_place naive_place_of(const struct lnn_network *net, size_t i)
{
    size_t j = 1;
    while (i >= net->d[j] * net->d[j - 1]) {
        i -= net->d[j] * net->d[j - 1];
        j++;
    }
    return (struct naive_place){j, i / net->d[j - 1], i % net->d[j - 1]};
}

/* dW (k x d) = (W_N..W_{j+1}) E (W_{j-1}..W_1), E one unit entry. */
static inline void naive_column(const struct lnn_network *net, const double w[],
                                struct naive_place at, double dW[])
{
    size_t k = net->d[net->N], d = net->d[0];
    double *above = naive_new(10000), *below = naive_new(10000);
    naive_partial(net, w, at.j + 1, net->N, above);
    naive_partial(net, w, 1, at.j - 1, below);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < d; b++)
            dW[a * d + b] = above[a * net->d[at.j] + at.row] * below[at.col * d + b];
    free(above);
    free(below);
}

/* <G, W_N..W_{hi+1} E_hi W_{hi-1}..W_{lo+1} E_lo W_{lo-1}..W_1>, lo < hi. */
static inline double naive_second(const struct lnn_network *net, const double w[],
                                  const double G[], struct naive_place lo,
                                  struct naive_place hi)
{
    size_t k = net->d[net->N], d = net->d[0];
    double *above = naive_new(10000), *middle = naive_new(10000),
           *below = naive_new(10000), sum = 0;
    naive_partial(net, w, hi.j + 1, net->N, above);
    naive_partial(net, w, lo.j + 1, hi.j - 1, middle);
    naive_partial(net, w, 1, lo.j - 1, below);
    double through = middle[hi.col * net->d[lo.j] + lo.row];
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < d; b++)
            sum += G[a * d + b] * above[a * net->d[hi.j] + hi.row] * through *
                   below[lo.col * d + b];
    free(above);
    free(middle);
    free(below);
    return sum;
}

/* H: size x size. */
static inline void naive_hessian(const struct lnn_network *net, const double w[],
                                 const double Phi[], double H[])
{
    size_t n = net->size, k = net->d[net->N], d = net->d[0];
    double *J = naive_new(n * k * d), *G = naive_new(10000);
    naive_partial(net, w, 1, net->N, G);
    for (size_t i = 0; i < k * d; i++) G[i] -= Phi[i];
    for (size_t i = 0; i < n; i++)
        naive_column(net, w, naive_place_of(net, i), J + i * k * d);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            struct naive_place x = naive_place_of(net, a), y = naive_place_of(net, b);
            H[a * n + b] = naive_dot(k * d, J + a * k * d, J + b * k * d);
            if (x.j < y.j) H[a * n + b] += naive_second(net, w, G, x, y);
            if (x.j > y.j) H[a * n + b] += naive_second(net, w, G, y, x);
        }
    free(J);
    free(G);
}

static inline int naive_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void naive_rotate(size_t n, double A[], size_t p, size_t q)
{
    double t = (A[q * n + q] - A[p * n + p]) / (2 * A[p * n + q]);
    t = (t < 0 ? -1 : 1) / (fabs(t) + sqrt(t * t + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t i = 0; i < n; i++) {
        double x = A[i * n + p], y = A[i * n + q];
        A[i * n + p] = c * x - s * y;
        A[i * n + q] = s * x + c * y;
    }
    for (size_t i = 0; i < n; i++) {
        double x = A[p * n + i], y = A[q * n + i];
        A[p * n + i] = c * x - s * y;
        A[q * n + i] = s * x + c * y;
    }
}

/* Ascending eigenvalues of the symmetric A (n x n), which is overwritten. */
static inline void naive_eigenvalues(size_t n, double A[], double values[])
{
    double size = naive_norm(n * n, A);
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) off += fabs(A[p * n + q]);
        if (off <= 1e-16 * size) break;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++)
                if (A[p * n + q] != 0) naive_rotate(n, A, p, q);
    }
    for (size_t i = 0; i < n; i++) values[i] = A[i * n + i];
    qsort(values, n, sizeof *values, naive_ascending);
}

/* The spectrum at the layers w, two steps in one. */
static inline void naive_spectrum(const struct lnn_network *net, const double w[],
                                  const double Phi[], double values[])
{
    double *H = naive_new(net->size * net->size);
    naive_hessian(net, w, Phi, H);
    naive_eigenvalues(net->size, H, values);
    free(H);
}

#endif
