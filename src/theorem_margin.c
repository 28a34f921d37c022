/* The square loss seen from its minimiser, and the deficiency margin. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* W* R^T = B with R = U diag(s) V^T of full rank: Z = W* V = B U diag(1/s), W* = Z V^T.
 */
static void minimiser(struct lnn_margin *m, const struct lnn_svd *R)
{
    lnn_gemm(false, false, m->k, m->d, m->d, 1, m->data->B, R->U, 0, m->Z);
    for (size_t r = 0; r < m->k; r++)
        for (size_t i = 0; i < m->d; i++) m->Z[r * m->d + i] /= R->s[i];
    lnn_gemm(false, false, m->k, m->d, m->d, 1, m->Z, R->Vt, 0, m->W);
}

/* Eigenvalues of Lambda_xx from the singular values of R, and Z = W* V. */
static int moments(struct lnn_margin *m)
{
    const struct lnn_data *data = m->data;
    if (data->whitened) {
        for (size_t i = 0; i < m->d; i++) m->lambda[i] = 1;
        memcpy(m->W, data->Phi, m->k * m->d * sizeof *m->W);
        memcpy(m->Z, data->Phi, m->k * m->d * sizeof *m->Z);
        return GSL_SUCCESS;
    }
    for (size_t i = 0; i < m->d; i++) m->lambda[i] = 0;
    struct lnn_svd *svd = lnn_svd_alloc(data->q, m->d);
    if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for the data's moments");
    int status = lnn_svd(svd, data->R);
    if (status == GSL_SUCCESS) {
        for (size_t i = 0; i < svd->q; i++) m->lambda[i] = svd->s[i] * svd->s[i];
        if (data->rank < m->d || data->q < m->d) {
            m->lambda[m->d - 1] = 0;
            for (size_t i = 0; i < m->k * m->d; i++) m->W[i] = m->Z[i] = NAN;
        } else {
            minimiser(m, svd);
        }
    }
    free(svd);
    return status;
}

static int smallest(size_t k, size_t d, const double W[], double *sigma)
{
    struct lnn_svd *svd = lnn_svd_alloc(k, d);
    if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    int status = lnn_svd(svd, W);
    *sigma = status == GSL_SUCCESS ? svd->s[svd->q - 1] : NAN;
    free(svd);
    return status;
}

int lnn_margin_alloc(const struct lnn_evidence *e, struct lnn_margin **margin)
{
    const struct lnn_data *data = e->data;
    size_t k = data->k, d = data->d, side = k < d ? k : d;
    size_t room = data->q > d ? data->q : d;
    size_t doubles = 2 * k * d + d + k * room + side * side + side;
    struct lnn_margin *m = malloc(sizeof *m + doubles * sizeof(double));
    *margin = NULL;
    if (!m) return lnn_fail(GSL_ENOMEM, "out of memory for the deficiency margin");
    *m = (struct lnn_margin){.data = data, .k = k, .d = d, .sigma = NAN};
    m->W = (double *)(m + 1);
    m->Z = m->W + k * d;
    m->lambda = m->Z + k * d;
    m->E = m->lambda + d;
    m->H = m->E + k * room;
    int status = moments(m);
    m->beta = m->lambda[0];
    m->alpha = m->lambda[d - 1];
    m->norm = lnn_norm(k * d, m->W);
    if (status == GSL_SUCCESS && m->alpha > 0) status = smallest(k, d, m->W, &m->sigma);
    if (status != GSL_SUCCESS) {
        free(m);
        return status;
    }
    *margin = m;
    return GSL_SUCCESS;
}

/* E = W R^T - B; *rounding bounds what rounding does to it. */
static double residual(const struct lnn_margin *m, const double W[], double *rounding)
{
    const struct lnn_data *data = m->data;
    size_t kd = m->k * m->d, n = m->k * (data->whitened ? m->d : data->q);
    double scale = lnn_norm(n, data->whitened ? data->Phi : data->B);
    if (data->whitened) {
        for (size_t i = 0; i < kd; i++) m->E[i] = W[i] - data->Phi[i];
        *rounding = DBL_EPSILON * (lnn_norm(kd, W) + scale);
    } else {
        memcpy(m->E, data->B, n * sizeof *m->E);
        lnn_gemm(false, true, m->k, data->q, m->d, 1, W, data->R, -1, m->E);
        *rounding = DBL_EPSILON * sqrt((double)m->d) *
                    (lnn_norm(kd, W) * sqrt(m->beta) * sqrt((double)m->d) + scale);
    }
    return lnn_norm(n, m->E);
}

static double square_bar(double norm, double move)
{
    return norm * move + 0.5 * move * move;
}

double lnn_margin_excess(const struct lnn_margin *m, const double W[], double W_bar,
                         double *bar)
{
    double rounding, norm = residual(m, W, &rounding);
    *bar = square_bar(norm, sqrt(m->beta) * W_bar + rounding) +
           4 * DBL_EPSILON * norm * norm;
    return 0.5 * norm * norm;
}

double lnn_margin_row(const struct lnn_margin *m, const struct lnn_record *r, size_t i,
                      double *bar)
{
    const double *W = r->W + i * m->k * m->d;
    bool stated;
    if (r->loss_error && isfinite(r->loss_error[i])) {
        double excess = lnn_margin_excess(m, W, lnn_record_W_rounding(r, i), bar);
        *bar += r->loss_error[i];
        return excess;
    }
    return lnn_margin_excess(m, W, lnn_record_W_bar(r, i, &stated), bar);
}

/* lambda_min(...) of the header for one mu, divided by mu: a certified c^2. NaN when
 * the eigenvalues cannot be had. */
static double dual(const struct lnn_margin *m, bool left, double excess, double mu)
{
    size_t n = left ? m->k : m->d;
    double *values = m->H + n * n;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            double sum = 0;
            for (size_t i = 0; left && i < m->d; i++)
                sum += m->Z[a * m->d + i] * m->Z[b * m->d + i] *
                       (m->lambda[i] / (m->lambda[i] / mu + 1));
            for (size_t i = 0; !left && i < m->k; i++)
                sum += m->Z[i * m->d + a] * m->Z[i * m->d + b] * (mu / (1 + mu));
            if (a == b) sum -= 2 * excess * (left ? 1 : 1 / m->lambda[a]);
            m->H[a * n + b] = sum;
        }
    }
    if (lnn_eig_symmetric(n, m->H, values, NULL) != GSL_SUCCESS) return NAN;
    return values[0] / mu;
}

/* The best certified c^2: a scan of log mu, then golden sections about its best. The
 * function is quasi-concave; a poor search would only cost margin. */
static double search(const struct lnn_margin *m, bool left, double excess)
{
    enum { POINTS = 60, SECTIONS = 45 };
    const double golden = 0.6180339887498949;
    double low = log((left ? m->alpha : 1) * 1e-6);
    double step = (log((left ? m->beta : 1) * 1e9) - low) / POINTS;
    double best = -INFINITY, at = low;
    for (size_t i = 0; i <= POINTS; i++) {
        double here = dual(m, left, excess, exp(low + (double)i * step));
        if (here > best) {
            best = here;
            at = low + (double)i * step;
        }
    }
    double a = at - step, b = at + step;
    for (size_t i = 0; i < SECTIONS; i++) {
        double x = b - golden * (b - a), y = a + golden * (b - a);
        double fx = dual(m, left, excess, exp(x)), fy = dual(m, left, excess, exp(y));
        if (fx > best) best = fx;
        if (fy > best) best = fy;
        if (fx > fy)
            b = y;
        else
            a = x;
    }
    return best;
}

double lnn_margin_plain(const struct lnn_margin *m, double excess)
{
    return m->sigma - sqrt(2 * excess / m->alpha);
}

double lnn_margin_rounding(const struct lnn_margin *m)
{
    return 8 * DBL_EPSILON * sqrt(m->beta / m->alpha) * (m->sigma + m->norm);
}

/* Where c^2 > 0, both terms of (dual) are at most ||W*||^2, and W* is known to
 * eps sqrt(beta/alpha): what rounding may add to c^2 is taken off. */
double lnn_margin_certified(const struct lnn_margin *m, double excess)
{
    double plain = lnn_margin_plain(m, excess), squared = -INFINITY;
    if (m->data->whitened || !isfinite(plain)) return plain;
    if (m->k <= m->d) squared = search(m, true, excess);
    if (m->k >= m->d) squared = fmax(squared, search(m, false, excess));
    squared -= 8 * DBL_EPSILON * (double)(m->k + m->d) * sqrt(m->beta / m->alpha) *
               m->norm * m->norm;
    return squared > 0 && sqrt(squared) > plain ? sqrt(squared) : plain;
}

struct lnn_descent_constants lnn_descent_constants(size_t N, double norm, double c)
{
    double n = (double)N, cube = n * n * n;
    return (struct lnn_descent_constants){
        .delta = c * c / (256 * cube * pow(norm, 2 * (n - 1) / n)),
        .eta = pow(c, (4 * n - 2) / n) / (6144 * cube * pow(norm, (6 * n - 4) / n)),
        .rate = pow(c, 2 * (n - 1) / n),
    };
}
