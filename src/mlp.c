/* Networks with activations over many examples: see mlp.h.
 *
 * A block of b examples is a matrix with one of them a row. Layer j: Z_j = A_{j-1}
 * W_j^T (b x d_j), A_j = s(Z_j) where the activation stands behind W_j, else A_j =
 * Z_j; A_0 is the block of X. Back: B_N = dphi/dZ_N; grad_j += B_j^T A_{j-1}, and
 * B_{j-1} = (B_j W_j) s'(Z_{j-1}) entry by entry. A d marks tangents along v. */
#include "lnn/mlp.h"

#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct lnn_mlp {
    struct lnn_network net;
    const struct lnn_objective *objective;
    size_t rows, widest; /* examples a block */
    /* j = 1..N; A_j is Z_j, and dA_j is dZ_j, where no activation stands behind W_j */
    double **Z, **A, **dZ, **dA;
    double *B[2], *dB[2]; /* rows x widest, taken in turns */
};

/* Values of a block: about half a megabyte, but enough rows for BLAS to run. */
static size_t block_rows(size_t widths)
{
    size_t rows = 65536 / widths;
    return rows < 32 ? 32 : rows > 512 ? 512 : rows;
}

static void hang(struct lnn_mlp *x, double *at)
{
    for (size_t j = 1; j <= x->net.N; j++) {
        size_t n = x->rows * x->net.d[j];
        size_t own = lnn_network_activated(&x->net, j) ? n : 0;
        x->Z[j] = at;
        x->A[j] = x->Z[j] + own;
        x->dZ[j] = x->A[j] + n;
        x->dA[j] = x->dZ[j] + own;
        at = x->dA[j] + n;
    }
    for (size_t i = 0; i < 2; i++, at += 2 * x->rows * x->widest) {
        x->B[i] = at;
        x->dB[i] = at + x->rows * x->widest;
    }
}

int lnn_mlp_alloc(const struct lnn_network *net, const struct lnn_objective *objective,
                  struct lnn_mlp **mlp)
{
    size_t N = net->N, widths = 0, widest = 0;
    *mlp = NULL;
    if (!objective->loss->outputs)
        return lnn_fail(GSL_EINVAL,
                        "the loss %s is no sum over examples, which a network with an "
                        "activation needs",
                        objective->loss->name);
    for (size_t j = 0; j <= N; j++) {
        widths += net->d[j];
        widest = net->d[j] > widest ? net->d[j] : widest;
    }
    size_t rows = block_rows(widths), most = rows * 4 * (widths + widest);
    struct lnn_mlp *x = calloc(1, sizeof *x);
    double **lists = calloc(4 * (N + 1), sizeof *lists);
    double *numbers = malloc(most * sizeof *numbers);
    if (!x || !lists || !numbers) {
        free(x);
        free(lists);
        free(numbers);
        return lnn_fail(GSL_ENOMEM, "out of memory for a network of width %zu", widest);
    }
    *x = (struct lnn_mlp){
        .net = *net, .objective = objective, .rows = rows, .widest = widest};
    x->Z = lists;
    x->A = x->Z + N + 1;
    x->dZ = x->A + N + 1;
    x->dA = x->dZ + N + 1;
    x->Z[0] = numbers; /* what is owned; layers begin at 1 */
    hang(x, numbers);
    *mlp = x;
    return GSL_SUCCESS;
}

void lnn_mlp_free(struct lnn_mlp *mlp)
{
    if (!mlp) return;
    free(mlp->Z[0]);
    free(mlp->Z);
    free(mlp);
}

struct lnn_examples lnn_examples_all(const struct lnn_data *data)
{
    return (struct lnn_examples){data->m, data->X, data->Y, data->weight};
}

/* The block that begins at example i. */
static struct lnn_examples block(const struct lnn_mlp *x, const struct lnn_examples *e,
                                 size_t i)
{
    const size_t *d = x->net.d, left = e->m - i, k = d[x->net.N];
    return (struct lnn_examples){left < x->rows ? left : x->rows, e->X + i * d[0],
                                 e->Y ? e->Y + i * k : NULL, e->weight};
}

static const double *below(const struct lnn_mlp *x, const struct lnn_examples *e,
                           size_t j)
{
    return j == 1 ? e->X : x->A[j - 1];
}

static void forward(struct lnn_mlp *x, const struct lnn_examples *e, const double w[])
{
    const struct lnn_network *net = &x->net;
    for (size_t j = 1; j <= net->N; w += net->d[j] * net->d[j - 1], j++) {
        lnn_gemm(false, true, e->m, net->d[j], net->d[j - 1], 1, below(x, e, j), w, 0,
                 x->Z[j]);
        if (x->A[j] != x->Z[j])
            net->activation->value(net->parameter, e->m * net->d[j], x->Z[j], x->A[j]);
    }
}

/* From dphi/dZ_N in B[N % 2]; adds to grad. */
static void backward(struct lnn_mlp *x, const struct lnn_examples *e, const double w[],
                     double grad[])
{
    const struct lnn_network *net = &x->net;
    const size_t *d = net->d;
    size_t at = net->size;
    for (size_t j = net->N; j >= 1; j--) {
        double *B = x->B[j % 2], *next = x->B[(j - 1) % 2];
        at -= d[j] * d[j - 1];
        lnn_gemm(true, false, d[j], d[j - 1], e->m, 1, B, below(x, e, j), 1, grad + at);
        if (j == 1) return;
        lnn_gemm(false, false, e->m, d[j - 1], d[j], 1, B, w + at, 0, next);
        if (x->A[j - 1] != x->Z[j - 1])
            net->activation->times_first(net->parameter, e->m * d[j - 1], x->Z[j - 1],
                                         x->A[j - 1], next);
    }
}

double lnn_mlp_gradient(struct lnn_mlp *x, const struct lnn_examples *e,
                        const double w[], double grad[])
{
    const struct lnn_objective *o = x->objective;
    size_t N = x->net.N;
    double sum = 0;
    if (grad) memset(grad, 0, x->net.size * sizeof *grad);
    for (size_t i = 0; i < e->m; i += x->rows) {
        struct lnn_examples part = block(x, e, i);
        forward(x, &part, w);
        sum += o->loss->outputs(o, &part, x->Z[N], grad ? x->B[N % 2] : NULL);
        if (grad) backward(x, &part, w, grad);
    }
    return sum;
}

void lnn_mlp_outputs(struct lnn_mlp *x, const struct lnn_examples *e, const double w[],
                     double F[])
{
    size_t N = x->net.N, k = x->net.d[N];
    for (size_t i = 0; i < e->m; i += x->rows) {
        struct lnn_examples part = block(x, e, i);
        forward(x, &part, w);
        memcpy(F + i * k, x->Z[N], part.m * k * sizeof *F);
    }
}

size_t lnn_mlp_units(const struct lnn_network *net)
{
    size_t units = 0;
    for (size_t j = 1; j < net->N; j++)
        units += lnn_network_activated(net, j) ? net->d[j] : 0;
    return units;
}

size_t lnn_mlp_signs(struct lnn_mlp *x, const struct lnn_examples *e, const double w[],
                     bool sign[])
{
    size_t changed = 0;
    for (size_t i = 0; i < e->m; i += x->rows) {
        struct lnn_examples part = block(x, e, i);
        forward(x, &part, w);
        for (size_t j = 1; j < x->net.N; j++) {
            if (x->A[j] == x->Z[j]) continue;
            for (size_t q = 0; q < part.m * x->net.d[j]; q++, sign++) {
                changed += *sign != (x->Z[j][q] > 0);
                *sign = x->Z[j][q] > 0;
            }
        }
    }
    return changed;
}

/* dZ_j and dA_j, j = 1..N, along v. */
static void forward_tangent(struct lnn_mlp *x, const struct lnn_examples *e,
                            const double w[], const double v[])
{
    const struct lnn_network *net = &x->net;
    const size_t *d = net->d;
    size_t at = 0;
    for (size_t j = 1; j <= net->N; at += d[j] * d[j - 1], j++) {
        size_t n = e->m * d[j];
        lnn_gemm(false, true, e->m, d[j], d[j - 1], 1, below(x, e, j), v + at, 0,
                 x->dZ[j]);
        if (j > 1)
            lnn_gemm(false, true, e->m, d[j], d[j - 1], 1, x->dA[j - 1], w + at, 1,
                     x->dZ[j]);
        if (x->dA[j] == x->dZ[j]) continue;
        memcpy(x->dA[j], x->dZ[j], n * sizeof *x->dA[j]);
        net->activation->times_first(net->parameter, n, x->Z[j], x->A[j], x->dA[j]);
    }
}

/* (B_{j-1}, dB_{j-1}): through W_j and the activation below it. Overwrites B_j. */
static void down_tangent(struct lnn_mlp *x, size_t m, size_t j, const double Wj[],
                         const double Vj[])
{
    const struct lnn_network *net = &x->net;
    size_t in = net->d[j - 1], out = net->d[j], n = m * in;
    double *B = x->B[j % 2], *dB = x->dB[j % 2];
    double *next = x->B[(j - 1) % 2], *dnext = x->dB[(j - 1) % 2];
    const double *Z = x->Z[j - 1], *A = x->A[j - 1];
    lnn_gemm(false, false, m, in, out, 1, B, Wj, 0, next);
    lnn_gemm(false, false, m, in, out, 1, dB, Wj, 0, dnext);
    lnn_gemm(false, false, m, in, out, 1, B, Vj, 1, dnext);
    if (A == Z) return;
    net->activation->times_first(net->parameter, n, Z, A, dnext);
    if (net->activation->times_second) {
        for (size_t i = 0; i < n; i++) B[i] = next[i] * x->dZ[j - 1][i];
        net->activation->times_second(net->parameter, n, Z, A, B);
        lnn_axpy(n, 1, B, dnext);
    }
    net->activation->times_first(net->parameter, n, Z, A, next);
}

/* From B_N and dB_N; adds to hv. */
static void backward_tangent(struct lnn_mlp *x, const struct lnn_examples *e,
                             const double w[], const double v[], double hv[])
{
    const size_t *d = x->net.d;
    size_t at = x->net.size;
    for (size_t j = x->net.N; j >= 1; j--) {
        at -= d[j] * d[j - 1];
        lnn_gemm(true, false, d[j], d[j - 1], e->m, 1, x->dB[j % 2], below(x, e, j), 1,
                 hv + at);
        if (j == 1) return;
        lnn_gemm(true, false, d[j], d[j - 1], e->m, 1, x->B[j % 2], x->dA[j - 1], 1,
                 hv + at);
        down_tangent(x, e->m, j, w + at, v + at);
    }
}

void lnn_mlp_hessian(struct lnn_mlp *x, const struct lnn_examples *e, const double w[],
                     const double v[], double hv[])
{
    const struct lnn_objective *o = x->objective;
    size_t N = x->net.N;
    memset(hv, 0, x->net.size * sizeof *hv);
    for (size_t i = 0; i < e->m; i += x->rows) {
        struct lnn_examples part = block(x, e, i);
        forward(x, &part, w);
        forward_tangent(x, &part, w, v);
        o->loss->outputs(o, &part, x->Z[N], x->B[N % 2]);
        o->loss->curvature(o, &part, x->Z[N], x->dZ[N], x->dB[N % 2]);
        backward_tangent(x, &part, w, v, hv);
    }
}
