/* The end-to-end vector field and the preconditioner's spectrum.
 *
 * With the thin SVD W = U S V^T, x_r = s_r^{2/N} and h(x, y) = sum_i x^i y^{N-1-i}, the
 * field is U (h(x_r, x_c) o U^T G V) V^T on the singular pairs, and x_r^{N-1} U^T G on
 * the directions that the shorter side lacks (their singular value is 0, and 0^0 = 1:
 * the power 0 is an empty product of layers). No fractional matrix power is ever
 * formed. */
#include "lnn/model.h"

#include <float.h>
#include <math.h>
#include "lnn/err.h"

/* sum_{i=0}^{N-1} x^i y^{N-1-i}, which is 1 for N = 1 whatever x and y are. */
static double complete_sum(size_t N, double x, double y)
{
    double sum = 1, power = 1;
    for (size_t i = 1; i < N; i++) {
        power *= x;
        sum = sum * y + power;
    }
    return sum;
}

double lnn_preconditioner_eigenvalue(size_t N, double a, double b)
{
    return complete_sum(N, pow(a, 2.0 / (double)N), pow(b, 2.0 / (double)N));
}

void lnn_preconditioner_range(size_t N, size_t k, size_t d, const double s[],
                              double *smallest, double *largest)
{
    size_t q = k < d ? k : d;
    double other = k == d ? s[q - 1] : 0;
    *smallest = lnn_preconditioner_eigenvalue(N, s[q - 1], other);
    *largest = lnn_preconditioner_eigenvalue(N, s[0], s[0]);
}

/* T (q x q): T <- (h - c_r) o T for k <= d, (h - c_c) o T for k > d, where c = x^{N-1}
 * is the weight of the missing directions; none are missing, c = 0, when k = d. */
static void weigh(size_t N, size_t k, size_t d, const double s[], double T[])
{
    size_t q = k < d ? k : d;
    for (size_t r = 0; r < q; r++) {
        double x = pow(s[r], 2.0 / (double)N);
        for (size_t c = 0; c < q; c++) {
            double y = c == r ? x : pow(s[c], 2.0 / (double)N);
            double missing = k == d ? 0 : complete_sum(N, k < d ? x : y, 0);
            T[r * q + c] *= complete_sum(N, x, y) - missing;
        }
    }
}

/* k <= d: F = U (T' V^T + c o H), H = U^T G. */
static void field_wide(const struct lnn_model *m, size_t k, size_t d, double F[])
{
    const struct lnn_svd *f = m->svd;
    size_t N = m->net.N;
    double *H = m->kd1, *T = m->kd2;
    lnn_gemm(true, false, k, d, k, 1, f->U, m->G, 0, H);
    lnn_gemm(false, true, k, k, d, 1, H, f->Vt, 0, T);
    weigh(N, k, d, f->s, T);
    for (size_t r = 0; r < k; r++) {
        double c = k == d ? 0 : lnn_preconditioner_eigenvalue(N, f->s[r], 0);
        for (size_t j = 0; j < d; j++) H[r * d + j] *= c;
    }
    lnn_gemm(false, false, k, d, k, 1, T, f->Vt, 1, H);
    lnn_gemm(false, false, k, d, k, 1, f->U, H, 0, F);
}

/* k > d: F = (U T' + K o c) V^T, K = G V. */
static void field_tall(const struct lnn_model *m, size_t k, size_t d, double F[])
{
    const struct lnn_svd *f = m->svd;
    size_t N = m->net.N;
    double *K = m->kd1, *T = m->kd2;
    lnn_gemm(false, true, k, d, d, 1, m->G, f->Vt, 0, K);
    lnn_gemm(true, false, d, d, k, 1, f->U, K, 0, T);
    weigh(N, k, d, f->s, T);
    for (size_t c = 0; c < d; c++) {
        double weight = lnn_preconditioner_eigenvalue(N, f->s[c], 0);
        for (size_t i = 0; i < k; i++) K[i * d + c] *= weight;
    }
    lnn_gemm(false, false, k, d, d, 1, f->U, T, 1, K);
    lnn_gemm(false, false, k, d, d, 1, K, f->Vt, 0, F);
}

int lnn_model_end_to_end(struct lnn_model *m, const double W[], double F[],
                         double *square)
{
    size_t N = m->net.N, k = m->net.d[N], d = m->net.d[0];
    double depth = (double)N, lambda = m->weight_decay;
    LNN_TRY(lnn_svd(m->svd, W));
    lnn_model_loss_gradient(m, W);
    for (size_t r = m->rank; r < m->svd->q; r++) m->svd->s[r] = 0;
    if (!lnn_finite(k * d, m->G)) return lnn_fail(GSL_EFAILED, "dl/dW is not finite");
    if (k <= d)
        field_wide(m, k, d, F);
    else
        field_tall(m, k, d, F);
    if (square) *square = lnn_dot(k * d, m->G, F);
    if (lambda > 0) {
        /* sum_j ||W_j||^2 = N sum s^{2/N}, sum_j <W_j, dphi/dW_j> = N <W, G> */
        double sum = 0;
        for (size_t r = 0; r < m->svd->q; r++) sum += pow(m->svd->s[r], 2 / depth);
        if (square)
            *square += lambda * depth * (lambda * sum + 2 * lnn_dot(k * d, m->G, W));
        lnn_axpy(k * d, lambda * depth, W, F);
    }
    return GSL_SUCCESS;
}

int lnn_model_keep_rank(struct lnn_model *m, const double W[])
{
    const struct lnn_svd *f = m->svd;
    double side = (double)(f->m > f->n ? f->m : f->n);
    LNN_TRY(lnn_svd(m->svd, W));
    m->rank = 0;
    while (m->rank < f->q &&
           (m->net.N == 1 || f->s[m->rank] > side * DBL_EPSILON * f->s[0]))
        m->rank++;
    return GSL_SUCCESS;
}

double lnn_model_end_to_end_objective(struct lnn_model *m, const double W[])
{
    double value = lnn_objective_value(m->objective, W), sum = 0;
    if (!(m->weight_decay > 0)) return value;
    if (lnn_svd(m->svd, W) != GSL_SUCCESS) return NAN;
    for (size_t r = 0; r < m->svd->q; r++)
        sum += pow(m->svd->s[r], 2 / (double)m->net.N);
    return value + 0.5 * m->weight_decay * (double)m->net.N * sum;
}
