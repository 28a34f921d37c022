/* Layout, product, balancedness and the chain rule of the layers.
 *
 * Scratch: the chain of a network is kept from the cheaper side. With d_0 <= k ("left")
 * it holds the prefixes P_j = W_j..W_1 (d_j x d_0, j = 1..N-1) and then one pair of
 * back-propagated matrices; with k < d_0 ("right") the suffixes S_j = W_N..W_{j+1}
 * (k x d_j, j = 1..N-1). Both are the same algorithm on the transposed network. */
#include "lnn/network.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "lnn/linalg.h"

static bool from_left(const struct lnn_network *net)
{
    return net->d[0] <= net->d[net->N];
}

/* The width all partial products share, and where the one at interface j begins. */
static size_t thin(const struct lnn_network *net)
{
    return from_left(net) ? net->d[0] : net->d[net->N];
}

static size_t partial(const struct lnn_network *net, size_t j)
{
    size_t at = 0;
    for (size_t i = 1; i < j; i++) at += thin(net) * net->d[i];
    return at;
}

static size_t widest(const struct lnn_network *net)
{
    size_t d = 0;
    for (size_t j = 0; j <= net->N; j++) d = net->d[j] > d ? net->d[j] : d;
    return d;
}

struct lnn_network lnn_network_of(size_t n_widths, const size_t widths[])
{
    struct lnn_network net = {.N = n_widths - 1, .d = widths};
    for (size_t j = 1; j <= net.N; j++) net.size += widths[j] * widths[j - 1];
    net.chain = partial(&net, net.N) + 2 * thin(&net) * widest(&net);
    return net;
}

struct lnn_network lnn_network_for(const struct lnn_problem *problem)
{
    const struct lnn_activation *s = lnn_activation_find(problem->network.activation);
    struct lnn_network net = lnn_network_of(problem->layers.n, problem->layers.at);
    double p = 0;
    if (s && s->parameter)
        p = strcmp(s->parameter, "slope") == 0 ? problem->network.slope
                                               : problem->network.sharpness;
    lnn_network_activate(&net, s, p, problem->network.factors);
    return net;
}

void lnn_network_activate(struct lnn_network *net,
                          const struct lnn_activation *activation, double parameter,
                          size_t factors)
{
    bool any = activation && !activation->identity && net->N > factors;
    net->activation = any ? activation : NULL;
    net->parameter = parameter;
    net->factors = factors;
}

bool lnn_network_activated(const struct lnn_network *net, size_t j)
{
    return net->activation && j < net->N && j % net->factors == 0;
}

enum lnn_conserved lnn_network_conserved(const struct lnn_network *net, size_t j)
{
    if (!lnn_network_activated(net, j)) return LNN_CONSERVED_ALL;
    return net->activation->homogeneous ? LNN_CONSERVED_DIAGONAL
                                        : LNN_CONSERVED_NOTHING;
}

size_t lnn_network_offset(const struct lnn_network *net, size_t j)
{
    size_t at = 0;
    for (size_t i = 1; i < j; i++) at += net->d[i] * net->d[i - 1];
    return at;
}

/* Prefix step: next (d_j x d_0) = W_j prev (d_{j-1} x d_0); suffix step: next
 * (k x d_{j-1}) = prev (k x d_j) W_j. */
static void step_left(const struct lnn_network *net, size_t j, const double Wj[],
                      const double prev[], double next[])
{
    lnn_gemm(false, false, net->d[j], net->d[0], net->d[j - 1], 1, Wj, prev, 0, next);
}

static void step_right(const struct lnn_network *net, size_t j, const double Wj[],
                       const double prev[], double next[])
{
    lnn_gemm(false, false, net->d[net->N], net->d[j - 1], net->d[j], 1, prev, Wj, 0,
             next);
}

void lnn_network_product(const struct lnn_network *net, const double w[], double W[],
                         double scratch[])
{
    size_t N = net->N;
    if (N == 1) {
        memcpy(W, w, net->size * sizeof *w);
    } else if (from_left(net)) {
        memcpy(scratch, w, net->d[1] * net->d[0] * sizeof *w);
        for (size_t j = 2; j <= N; j++)
            step_left(net, j, w + lnn_network_offset(net, j),
                      scratch + partial(net, j - 1),
                      j == N ? W : scratch + partial(net, j));
    } else {
        memcpy(scratch + partial(net, N - 1), w + lnn_network_offset(net, N),
               net->d[N] * net->d[N - 1] * sizeof *w);
        for (size_t j = N - 1; j >= 1; j--)
            step_right(net, j, w + lnn_network_offset(net, j),
                       scratch + partial(net, j),
                       j == 1 ? W : scratch + partial(net, j - 1));
    }
}

/* B_N = G, B_j = W_{j+1}^T B_{j+1} (d_j x d_0): grad_j = B_j P_{j-1}^T. */
static void gradient_left(const struct lnn_network *net, const double w[],
                          const double G[], double grad[], double scratch[])
{
    const size_t *d = net->d;
    double *spare = scratch + partial(net, net->N);
    double *other = spare + d[0] * widest(net);
    const double *B = G;
    for (size_t j = net->N; j >= 2; j--) {
        lnn_gemm(false, true, d[j], d[j - 1], d[0], 1, B, scratch + partial(net, j - 1),
                 0, grad + lnn_network_offset(net, j));
        double *next = B == spare ? other : spare;
        lnn_gemm(true, false, d[j - 1], d[0], d[j], 1, w + lnn_network_offset(net, j),
                 B, 0, next);
        B = next;
    }
    memcpy(grad, B, d[1] * d[0] * sizeof *grad);
}

/* A_1 = G, A_{j+1} = A_j W_j^T (k x d_j): grad_j = S_j^T A_j. */
static void gradient_right(const struct lnn_network *net, const double w[],
                           const double G[], double grad[], double scratch[])
{
    const size_t *d = net->d, N = net->N, k = d[N];
    double *spare = scratch + partial(net, N);
    double *other = spare + k * widest(net);
    const double *A = G;
    for (size_t j = 1; j < N; j++) {
        lnn_gemm(true, false, d[j], d[j - 1], k, 1, scratch + partial(net, j), A, 0,
                 grad + lnn_network_offset(net, j));
        double *next = A == spare ? other : spare;
        lnn_gemm(false, true, k, d[j], d[j - 1], 1, A, w + lnn_network_offset(net, j),
                 0, next);
        A = next;
    }
    memcpy(grad + lnn_network_offset(net, N), A, k * d[N - 1] * sizeof *grad);
}

void lnn_network_gradient(const struct lnn_network *net, const double w[],
                          const double G[], double grad[], double scratch[])
{
    if (from_left(net))
        gradient_left(net, w, G, grad, scratch);
    else
        gradient_right(net, w, G, grad, scratch);
}

void lnn_network_imbalance(const struct lnn_network *net, const double w[], size_t j,
                           double C[])
{
    const size_t *d = net->d;
    const double *Wj = w + lnn_network_offset(net, j);
    const double *Wnext = w + lnn_network_offset(net, j + 1);
    lnn_gemm(true, false, d[j], d[j], d[j + 1], 1, Wnext, Wnext, 0, C);
    lnn_gemm(false, true, d[j], d[j], d[j - 1], -1, Wj, Wj, 1, C);
    enum lnn_conserved part = lnn_network_conserved(net, j);
    for (size_t i = 0; i < d[j] * d[j] && part != LNN_CONSERVED_ALL; i++)
        if (part == LNN_CONSERVED_NOTHING || i % (d[j] + 1) != 0)
            C[i] = part == LNN_CONSERVED_NOTHING ? NAN : 0;
}

size_t lnn_network_imbalance_size(const struct lnn_network *net)
{
    size_t size = 0;
    for (size_t j = 1; j < net->N; j++) size += net->d[j] * net->d[j];
    return size;
}
