/* Closed forms whose modes decouple: one layer with any data, and aligned layers; and
 * the balancedness that the closed forms of several layers need. */
#include "lnn/closed_form.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* R = O diag(r) Vt: W(t) = W0 + C diag(g) Vt with C = B O - W0 V diag(r), the
 * gradient's factor at the start, and g = (1 - e^{-r^2 t})/r, which is 0 where r = 0.
 */
struct linear {
    struct lnn_closed_form form;
    size_t q;
    double *W0, *C, *r, *Vt, *scaled; /* k x d, k x q, q, q x d, k x q */
};

static int linear_at(struct lnn_closed_form *form, double t, double W[])
{
    struct linear *self = (struct linear *)form;
    size_t k = form->k, d = form->d, q = self->q;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < q; j++) {
            double r = self->r[j], g = r > 0 ? -expm1(-r * r * t) / r : 0;
            self->scaled[i * q + j] = self->C[i * q + j] * g;
        }
    memcpy(W, self->W0, k * d * sizeof *W);
    lnn_gemm(false, false, k, d, q, 1, self->scaled, self->Vt, 1, W);
    return GSL_SUCCESS;
}

static void linear_start(struct linear *self, const struct lnn_svd *f, const double B[])
{
    size_t k = self->form.k, d = self->form.d, q = self->q;
    memcpy(self->r, f->s, q * sizeof *self->r);
    memcpy(self->Vt, f->Vt, q * d * sizeof *self->Vt);
    lnn_gemm(false, true, k, q, d, -1, self->W0, f->Vt, 0, self->C);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < q; j++) self->C[i * q + j] *= f->s[j];
    lnn_gemm(false, false, k, q, q, 1, B, f->U, 1, self->C);
}

int lnn_closed_linear(size_t k, size_t d, size_t q, const double R[], const double B[],
                      const double W0[], struct lnn_closed_form **form)
{
    size_t doubles = k * d + 2 * k * q + q + q * d;
    struct linear *self = malloc(sizeof *self + doubles * sizeof(double));
    struct lnn_svd *f = lnn_svd_alloc(q, d);
    int status = self && f ? lnn_svd(f, R)
                           : lnn_fail(GSL_ENOMEM, "out of memory for the closed form");
    if (status == GSL_SUCCESS) {
        self->form = (struct lnn_closed_form){"one layer", linear_at, k, d};
        self->q = q;
        self->W0 = (double *)(self + 1);
        self->C = self->W0 + k * d;
        self->r = self->C + k * q;
        self->Vt = self->r + q;
        self->scaled = self->Vt + q * d;
        memcpy(self->W0, W0, k * d * sizeof *W0);
        linear_start(self, f, B);
    }
    free(f);
    if (status != GSL_SUCCESS) free(self);
    *form = status == GSL_SUCCESS ? &self->form : NULL;
    return status;
}

struct aligned {
    struct lnn_closed_form form;
    size_t N, q;
    double *U, *Vt, *s, *u0, *u, *scaled; /* k x q, q x d, q, q, q, k x q */
};

/* W = U diag(x) Vt; scaled is scratch. */
static void from_modes(const struct aligned *self, const double x[], double W[])
{
    size_t k = self->form.k, d = self->form.d, q = self->q;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < q; j++)
            self->scaled[i * q + j] = self->U[i * q + j] * x[j];
    lnn_gemm(false, false, k, d, q, 1, self->scaled, self->Vt, 0, W);
}

static int aligned_at(struct lnn_closed_form *form, double t, double W[])
{
    struct aligned *self = (struct aligned *)form;
    for (size_t j = 0; j < self->q; j++)
        self->u[j] = lnn_mode(self->N, self->s[j], self->u0[j], t);
    from_modes(self, self->u, W);
    return GSL_SUCCESS;
}

/* x_j = u_j^T A v_j, and the distance of A from U diag(x) Vt relative to its norm. */
static double project(const struct aligned *self, const double A[], double x[],
                      double work[])
{
    size_t k = self->form.k, d = self->form.d, q = self->q;
    double norm = lnn_norm(k * d, A);
    lnn_gemm(true, false, q, d, k, 1, self->U, A, 0, work);
    for (size_t j = 0; j < q; j++) x[j] = lnn_dot(d, work + j * d, self->Vt + j * d);
    from_modes(self, x, work);
    return norm > 0 ? lnn_distance(k * d, A, work) / norm : 0;
}

/* Any combination without a coincidence |s_i + a u_i| = |s_j + a u_j| of different
 * modes shows the common singular vectors; the best of several keeps clear of near
 * ones. */
static int align(struct aligned *self, const double Phi[], const double W0[],
                 struct lnn_svd *f, double work[], double *misalignment)
{
    static const double weights[] = {0.7548776662466927, -0.5698402909980532,
                                     1.3247179572447460, -1.8392867552141612,
                                     0.3247179572447460, -0.2451223337533073};
    size_t k = self->form.k, d = self->form.d, q = self->q, kd = k * d;
    double phi = lnn_norm(kd, Phi), w = lnn_norm(kd, W0), best = INFINITY;
    double *A = work, *rest = work + kd;
    size_t chosen = 0, n = sizeof weights / sizeof weights[0];
    for (size_t trial = 0; trial <= n; trial++) { /* the last one repeats the best */
        double a = weights[trial < n ? trial : chosen];
        for (size_t i = 0; i < kd; i++)
            A[i] = (phi > 0 ? Phi[i] / phi : 0) + (w > 0 ? a * (W0[i] / w) : 0);
        LNN_TRY(lnn_svd(f, A));
        memcpy(self->U, f->U, k * q * sizeof *f->U);
        memcpy(self->Vt, f->Vt, q * d * sizeof *f->Vt);
        double gap =
            fmax(project(self, Phi, self->s, rest), project(self, W0, self->u0, rest));
        if (trial == 0 || gap < best) {
            best = gap;
            chosen = trial < n ? trial : chosen;
        }
    }
    *misalignment = best;
    /* a start without a mode never grows it, but rounding would */
    for (size_t j = 0; j < q; j++)
        if (fabs(self->u0[j]) <= 8 * DBL_EPSILON * w) self->u0[j] = 0;
    return GSL_SUCCESS;
}

static struct aligned *aligned_block(size_t N, size_t k, size_t d)
{
    size_t q = k < d ? k : d, doubles = 2 * k * q + q * d + 3 * q;
    struct aligned *self = malloc(sizeof *self + doubles * sizeof(double));
    if (!self) return NULL;
    *self =
        (struct aligned){.form = {"aligned modes", aligned_at, k, d}, .N = N, .q = q};
    self->U = (double *)(self + 1);
    self->scaled = self->U + k * q;
    self->Vt = self->scaled + k * q;
    self->s = self->Vt + q * d;
    self->u0 = self->s + q;
    self->u = self->u0 + q;
    return self;
}

int lnn_closed_aligned(size_t N, size_t k, size_t d, const double Phi[],
                       const double W0[], double *misalignment,
                       struct lnn_closed_form **form)
{
    struct aligned *self = aligned_block(N, k, d);
    struct lnn_svd *f = lnn_svd_alloc(k, d);
    double *work = malloc(2 * k * d * sizeof *work);
    int status = self && f && work
                     ? align(self, Phi, W0, f, work, misalignment)
                     : lnn_fail(GSL_ENOMEM, "out of memory for the closed form");
    free(f);
    free(work);
    if (status != GSL_SUCCESS) free(self);
    *form = status == GSL_SUCCESS ? &self->form : NULL;
    return status;
}

size_t lnn_closed_modes(const struct lnn_closed_form *aligned, const double **s,
                        const double **u0)
{
    const struct aligned *self = (const struct aligned *)aligned;
    *s = self->s;
    *u0 = self->u0;
    return self->q;
}

int lnn_closed_balance(size_t N, const size_t widths[], const double w[], double lambda,
                       double *defect)
{
    size_t side = 0;
    for (size_t j = 1; j < N; j++) side = widths[j] > side ? widths[j] : side;
    double *C = malloc((side * side + 1) * sizeof *C);
    if (!C) return lnn_fail(GSL_ENOMEM, "out of memory for the balancedness");
    *defect = 0;
    for (size_t j = 1; j < N; j++) {
        size_t h = widths[j], below = h * widths[j - 1], above = h * widths[j + 1];
        const double *next = w + below;
        double norm = lnn_dot(below, w, w) + lnn_dot(above, next, next);
        lnn_gemm(true, false, h, h, widths[j + 1], 1, next, next, 0, C);
        lnn_gemm(false, true, h, h, widths[j - 1], -1, w, w, 1, C);
        for (size_t i = 0; i < h; i++) C[i * h + i] -= lambda;
        double gap = norm > 0 ? lnn_norm(h * h, C) / norm : fabs(lambda);
        if (isnan(gap) || gap > *defect) *defect = gap;
        w = next;
    }
    free(C);
    return GSL_SUCCESS;
}
