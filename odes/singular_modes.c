/* Singular values and vectors of the balanced flow (Arora, Cohen, Hu & Luo 2019).
 * State: log sigma (q of them; sigma itself for N = 1), U (k x q), V (d x q), and E
 * with dE/dt = ||gradient||^2; q is the least width of the network.
 *
 * log sigma keeps the sign of sigma and its relative accuracy however small it gets: in
 * the layers' own coordinates a singular value below the tolerance loses both. */
#include "lnn/ode.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/closed_form.h"
#include "lnn/err.h"

static const double balance_tolerance = 1e-12;
static const double least_gap =
    1e-8; /* between singular values, relative to the larger */

struct shape {
    size_t N, k, d, q;
};

static struct shape shape_of(const struct lnn_model *m)
{
    const struct lnn_network *net = &m->net;
    struct shape n = {net->N, net->d[net->N], net->d[0], net->d[0]};
    for (size_t j = 1; j <= net->N; j++) n.q = net->d[j] < n.q ? net->d[j] : n.q;
    return n;
}

static size_t dim(const struct lnn_model *m)
{
    struct shape n = shape_of(m);
    return n.q * (1 + n.k + n.d) + 1;
}

/* sigma from the state into m->extra. */
static const double *values(struct lnn_model *m, const double y[])
{
    struct shape n = shape_of(m);
    double *sigma = m->extra;
    for (size_t r = 0; r < n.q; r++) sigma[r] = n.N == 1 ? y[r] : exp(y[r]);
    return sigma;
}

/* W = U diag(sigma) V^T; scratch: m->dW. */
static int product(struct lnn_model *m, const double y[], double W[])
{
    struct shape n = shape_of(m);
    const double *sigma = values(m, y), *U = y + n.q, *V = U + n.k * n.q;
    for (size_t i = 0; i < n.k; i++)
        for (size_t r = 0; r < n.q; r++) m->dW[i * n.q + r] = U[i * n.q + r] * sigma[r];
    lnn_gemm(false, true, n.k, n.d, n.q, 1, m->dW, V, 0, W);
    return GSL_SUCCESS;
}

static int refuse_start(const struct lnn_model *m, const struct lnn_svd *f)
{
    struct shape n = shape_of(m);
    double side = (double)(n.k > n.d ? n.k : n.d), defect = 0;
    LNN_TRY(lnn_closed_balance(n.N, m->net.d, m->w0, 0, &defect));
    if (!(defect <= balance_tolerance))
        return lnn_fail(GSL_EINVAL,
                        "singular_modes needs a balanced start; here max_j ||C_j|| / "
                        "(||W_j||^2 + ||W_{j+1}||^2) = %.3g",
                        defect);
    if (!(f->s[0] > 0))
        return lnn_fail(GSL_EINVAL, "singular_modes: W(0) = 0 has no singular vectors");
    size_t rank = 0;
    while (rank < n.q && f->s[rank] > side * DBL_EPSILON * f->s[0]) rank++;
    if (rank < n.q && !(n.N == 1 && n.k == n.d))
        return lnn_fail(
            GSL_EINVAL,
            "singular_modes: W(0) has rank %zu, %zu singular vectors are not "
            "determined%s",
            rank, n.q - rank,
            n.N > 1 ? "; a hidden layer as narrow as the rank has the same W(t)" : "");
    for (size_t r = 0; r + 1 < n.q; r++)
        if (!(f->s[r] - f->s[r + 1] >= least_gap * f->s[r]))
            return lnn_fail(
                GSL_EINVAL,
                "singular_modes: singular values %zu and %zu of W(0), %.17g and "
                "%.17g, are not distinct",
                r + 1, r + 2, f->s[r], f->s[r + 1]);
    return GSL_SUCCESS;
}

static int init(struct lnn_model *m, double y[])
{
    struct shape n = shape_of(m);
    size_t all = m->svd->q; /* min(k, d), above q behind a bottleneck */
    lnn_network_product(&m->net, m->w0, m->W, m->chain);
    LNN_TRY(lnn_svd(m->svd, m->W));
    LNN_TRY(refuse_start(m, m->svd));
    free(m->extra);
    m->extra = malloc(n.q * sizeof(double));
    if (!m->extra) return lnn_fail(GSL_ENOMEM, "out of memory for singular modes");
    double *U = y + n.q, *V = U + n.k * n.q;
    for (size_t r = 0; r < n.q; r++) {
        y[r] = n.N == 1 ? m->svd->s[r] : log(m->svd->s[r]);
        for (size_t i = 0; i < n.k; i++) U[i * n.q + r] = m->svd->U[i * all + r];
        for (size_t i = 0; i < n.d; i++) V[i * n.q + r] = m->svd->Vt[r * n.d + i];
    }
    y[dim(m) - 1] = 0;
    return GSL_SUCCESS;
}

/* The vectors' equations have poles where singular values meet, or, for one layer that
 * is not square, fall to 0. The order is checked, so that a step cannot jump over a
 * crossing. What is not finite passes: the caller sees it in the right-hand side. */
static int check_apart(const struct shape *n, double t, const double sigma[])
{
    static const char advice[] = "W itself is smooth there: end_to_end goes on";
    for (size_t r = 0; r + 1 < n->q; r++) {
        double larger = fabs(sigma[r]), smaller = fabs(sigma[r + 1]);
        if (larger - smaller < least_gap * larger)
            return lnn_fail(GSL_ESING,
                            "singular values %zu and %zu cross near t = %.9g; %s",
                            r + 1, r + 2, t, advice);
    }
    if (n->N == 1 && n->k != n->d && sigma[n->q - 1] <= least_gap * fabs(sigma[0]))
        return lnn_fail(GSL_ESING, "singular value %zu falls to 0 near t = %.9g; %s",
                        n->q, t, advice);
    return GSL_SUCCESS;
}

/* One side's vectors X (rows x q), from H = G V or G^T U and M = X^T H:
 *     X' = -X (F o B) - (I - X X^T) H |sigma|^{1-2/N},
 *     B = M diag(sigma) + diag(sigma) M^T,
 *     F[r,c] = 1 / (|sigma_c|^{2/N} - |sigma_r|^{2/N}) off the diagonal, 0 on it.
 * Returns the share of the directions outside X in ||gradient||^2; A: q x q scratch. */
static double turn(const struct shape *n, size_t rows, const double sigma[],
                   const double X[], const double H[], const double M[], double A[],
                   double dX[])
{
    size_t q = n->q;
    double power = 2 / (double)n->N, outside = 0;
    for (size_t r = 0; r < q; r++)
        for (size_t c = 0; c < q; c++) {
            double lower = pow(fabs(sigma[r]), power),
                   ratio = fabs(sigma[c] / sigma[r]);
            double gap = sigma[r] == 0 ? pow(fabs(sigma[c]), power)
                                       : lower * expm1(power * log(ratio));
            double B = M[r * q + c] * sigma[c] + sigma[r] * M[c * q + r];
            A[r * q + c] = r == c ? 0 : B / gap;
        }
    memset(dX, 0, rows * q * sizeof *dX);
    if (q < rows) { /* else X is square, and nothing is outside */
        memcpy(dX, H, rows * q * sizeof *dX);
        lnn_gemm(false, false, rows, q, q, -1, X, M, 1, dX);
        for (size_t c = 0; c < q; c++) {
            double root = n->N == 1 ? 1 : pow(fabs(sigma[c]), 1 - power / 2), sum = 0;
            double weight = n->N == 1 ? 1 / sigma[c] : pow(fabs(sigma[c]), 1 - power);
            for (size_t i = 0; i < rows; i++) {
                double x = dX[i * q + c];
                sum += x * x;
                dX[i * q + c] = -weight * x;
            }
            outside += root * root * sum;
        }
    }
    lnn_gemm(false, false, rows, q, q, -1, X, A, 1, dX);
    return outside;
}

/* The singular values' derivatives; returns the rest of ||gradient||^2, weight decay
 * included: sum_j ||W_j||^2 = N sum sigma^{2/N}, sum_j <W_j, dphi/dW_j> = N <W, G>. */
static double stretch(const struct lnn_model *m, const struct shape *n,
                      const double sigma[], const double M[], double dy[])
{
    double N = (double)n->N, lambda = m->weight_decay, square = 0;
    for (size_t r = 0; r < n->q; r++) {
        double size = fabs(sigma[r]), g = M[r * n->q + r];
        dy[r] = n->N == 1 ? -g - lambda * sigma[r]
                          : -N * (pow(size, 1 - 2 / N) * g + lambda);
        square += lambda * N * (lambda * pow(size, 2 / N) + 2 * sigma[r] * g);
        for (size_t c = 0; c < n->q; c++) {
            double entry = M[r * n->q + c];
            square += lnn_preconditioner_eigenvalue(n->N, size, fabs(sigma[c])) *
                      entry * entry;
        }
    }
    return square;
}

static int rhs(double t, const double y[], double dydt[], void *params)
{
    struct lnn_model *m = params;
    struct shape n = shape_of(m);
    const double *U = y + n.q, *V = U + n.k * n.q;
    double *dU = dydt + n.q, *dV = dU + n.k * n.q, *GV = m->dW, *GU = m->dG;
    LNN_TRY(product(m, y, m->W));
    const double *sigma = m->extra;
    LNN_TRY(check_apart(&n, t, sigma));
    lnn_objective_gradient(m->objective, m->W, m->G);
    lnn_gemm(false, false, n.k, n.q, n.d, 1, m->G, V, 0, GV);
    lnn_gemm(true, false, n.d, n.q, n.k, 1, m->G, U, 0, GU);
    lnn_gemm(true, false, n.q, n.q, n.d, 1, V, GU, 0, m->kd1);
    double square = turn(&n, n.d, sigma, V, GU, m->kd1, m->kd2, dV);
    lnn_gemm(true, false, n.q, n.q, n.k, 1, U, GV, 0, m->kd1);
    square += turn(&n, n.k, sigma, U, GV, m->kd1, m->kd2, dU);
    square += stretch(m, &n, sigma, m->kd1, dydt);
    dydt[dim(m) - 1] = square;
    return GSL_SUCCESS;
}

/* Of the balanced layers: sum_j ||W_j||_F^2 = N sum_r sigma_r^{2/N}. */
static double objective(struct lnn_model *m, const double y[])
{
    struct shape n = shape_of(m);
    double sum = 0;
    product(m, y, m->W); /* cannot fail */
    const double *sigma = m->extra;
    for (size_t r = 0; r < n.q; r++) sum += pow(fabs(sigma[r]), 2 / (double)n.N);
    return lnn_objective_value(m->objective, m->W) +
           0.5 * m->weight_decay * (double)n.N * sum;
}

const struct lnn_ode lnn_ode_singular_modes = {
    .name = "singular_modes",
    .doc =
        "The singular values and vectors of the balanced flow: sigma_r' = -lambda N "
        "sigma_r - N sigma_r^{2-2/N} u_r^T G v_r and the matching rotations of U, V "
        "(Arora, Cohen, Hu & Luo 2019), integrated as log sigma for N >= 2, so that "
        "the "
        "smallest singular values keep sign and relative accuracy. Needs a balanced "
        "start "
        "of full rank with distinct singular values. Where two of them come within "
        "1e-8 "
        "of each other, or change order, the trajectory stops and says so (W is smooth "
        "there: end_to_end goes on); so does one non-square layer whose rank drops.",
    .energy = true,
    .dim = dim,
    .init = init,
    .rhs = rhs,
    .product = product,
    .objective = objective,
};
