/* Coefficients of Gauss collocation, generated rather than listed. */
#include "stepper_gauss.h"

#include <math.h>

long double lnn_gauss_lagrange(size_t n, const long double x[], size_t j,
                               long double at)
{
    long double product = 1;
    for (size_t i = 0; i < n; i++)
        if (i != j) product *= (at - x[i]) / (x[j] - x[i]);
    return product;
}

/* Nodes and weights on [0, 1]: Newton's method on the Legendre polynomial P_s. */
static void nodes(size_t s, long double c[], long double b[])
{
    for (size_t i = 0; i < s; i++) {
        long double x = cosl(acosl(-1) * (i + 0.75L) / (s + 0.5L)), slope = 1;
        for (int pass = 0; pass < 20; pass++) {
            long double p = 1, before = 0;
            for (size_t n = 1; n <= s; n++) {
                const long double next = ((2 * n - 1) * x * p - (n - 1) * before) / n;
                before = p;
                p = next;
            }
            slope = s * (before - x * p) / (1 - x * x);
            x -= p / slope;
        }
        c[i] = (1 - x) / 2;
        b[i] = 1 / ((1 - x * x) * slope * slope);
    }
}

void lnn_gauss_tableau(size_t s, struct lnn_gauss_tableau *g)
{
    long double c[LNN_GAUSS_MAX], b[LNN_GAUSS_MAX];
    *g = (struct lnn_gauss_tableau){.s = s};
    nodes(s, c, b);
    for (size_t i = 0; i < s; i++) {
        g->c[i] = (double)c[i];
        g->b[i] = (double)b[i];
        g->left[i] = (double)(lnn_gauss_lagrange(s, c, i, 0) / b[i]);
        g->right[i] = (double)(lnn_gauss_lagrange(s, c, i, 1) / b[i]);
        if (g->b[i] > g->b_max) g->b_max = g->b[i];
        g->m[i][i] = 0.5;
        for (size_t j = 0; j < i; j++) {
            long double a = 0; /* int_0^{c_i} of the j-th Lagrange polynomial */
            for (size_t q = 0; q < s; q++)
                a += c[i] * b[q] * lnn_gauss_lagrange(s, c, j, c[i] * c[q]);
            const long double m = a / b[j];
            /* the larger of the two is in [1/2, 2], where 1 - m is exact */
            if (m >= 0.5L) {
                g->m[i][j] = (double)m;
                g->m[j][i] = 1 - g->m[i][j];
            } else {
                g->m[j][i] = (double)(1 - m);
                g->m[i][j] = 1 - g->m[j][i];
            }
        }
    }
}
