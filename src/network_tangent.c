/* The chain rule differentiated once more, for exact Hessian-vector products.
 *
 * Prefixes P_j = W_j..W_1 and their tangents dP_j fill the scratch; then B_j and dB_j
 * are carried down. Unlike network.c this always works from the left: Hessian products
 * are not in the inner loop of explicit steppers, and one version is easier to trust.
 * Scratch: N (d_j x d_0) prefixes, as many tangents, two pairs of B. */
#include "lnn/network.h"

#include <string.h>
#include "lnn/linalg.h"

static size_t prefix(const struct lnn_network *net, size_t j)
{
    size_t at = 0;
    for (size_t i = 1; i < j; i++) at += net->d[i] * net->d[0];
    return at;
}

static size_t widest(const struct lnn_network *net)
{
    size_t d = 0;
    for (size_t j = 0; j <= net->N; j++) d = net->d[j] > d ? net->d[j] : d;
    return d;
}

size_t lnn_network_tangent_size(const struct lnn_network *net)
{
    return 2 * prefix(net, net->N) + 4 * net->d[0] * widest(net);
}

void lnn_network_product_tangent(const struct lnn_network *net, const double w[],
                                 const double D[], double W[], double dW[],
                                 double scratch[])
{
    const size_t *d = net->d, N = net->N;
    double *P = scratch, *dP = scratch + prefix(net, N);
    if (N == 1) {
        memcpy(W, w, net->size * sizeof *W);
        memcpy(dW, D, net->size * sizeof *dW);
        return;
    }
    memcpy(P, w, d[1] * d[0] * sizeof *P);
    memcpy(dP, D, d[1] * d[0] * sizeof *dP);
    for (size_t j = 2; j <= N; j++) {
        size_t at = lnn_network_offset(net, j), below = prefix(net, j - 1);
        double *next = j == N ? W : P + prefix(net, j);
        double *dnext = j == N ? dW : dP + prefix(net, j);
        lnn_gemm(false, false, d[j], d[0], d[j - 1], 1, w + at, P + below, 0, next);
        lnn_gemm(false, false, d[j], d[0], d[j - 1], 1, D + at, P + below, 0, dnext);
        lnn_gemm(false, false, d[j], d[0], d[j - 1], 1, w + at, dP + below, 1, dnext);
    }
}

void lnn_network_gradient_tangent(const struct lnn_network *net, const double w[],
                                  const double D[], const double G[], const double dG[],
                                  double dgrad[], double scratch[])
{
    const size_t *d = net->d, N = net->N, room = d[0] * widest(net);
    const double *P = scratch, *dP = scratch + prefix(net, N);
    double *spare[2] = {scratch + 2 * prefix(net, N), NULL};
    spare[1] = spare[0] + 2 * room;
    const double *B = G, *dB = dG;
    for (size_t j = N; j >= 2; j--) {
        size_t at = lnn_network_offset(net, j), below = prefix(net, j - 1);
        double *next = spare[j % 2], *dnext = next + room;
        /* dgrad_j = dB_j P_{j-1}^T + B_j dP_{j-1}^T */
        lnn_gemm(false, true, d[j], d[j - 1], d[0], 1, dB, P + below, 0, dgrad + at);
        lnn_gemm(false, true, d[j], d[j - 1], d[0], 1, B, dP + below, 1, dgrad + at);
        /* B_{j-1} = W_j^T B_j, dB_{j-1} = D_j^T B_j + W_j^T dB_j */
        lnn_gemm(true, false, d[j - 1], d[0], d[j], 1, w + at, B, 0, next);
        lnn_gemm(true, false, d[j - 1], d[0], d[j], 1, D + at, B, 0, dnext);
        lnn_gemm(true, false, d[j - 1], d[0], d[j], 1, w + at, dB, 1, dnext);
        B = next;
        dB = dnext;
    }
    memcpy(dgrad, dB, d[1] * d[0] * sizeof *dgrad);
}
