/* The matrix Riccati equation in chunks, and the two-layer network it solves.
 *
 * In F's eigenbasis a chunk of length D maps Y = P^T Q to e^{mu D} Y L^{-T} with
 * I + Y^T M(D) Y = L L^T. Both factors act on rows, so a row of Y, however small, keeps
 * its relative accuracy; L is well conditioned because mu_max D <= 0.3. */
#include "lnn/closed_form.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static const double chunk_exponent = 0.3;
static const double chunk_limit = 1e9;

/* Doubles in the arrays of struct lnn_riccati, and where they lie. */
static size_t riccati_size(size_t n, size_t h)
{
    return n * n + n + 4 * n * h + h * h;
}

static void riccati_lay_out(struct lnn_riccati *r, size_t n, size_t h, double *block)
{
    *r = (struct lnn_riccati){.n = n, .h = h};
    r->P = block;
    r->mu = r->P + n * n;
    r->Y0 = r->mu + n;
    r->Y = r->Y0 + n * h;
    r->Z = r->Y + n * h;
    r->next = r->Z + n * h;
    r->gram = r->next + n * h;
}

/* Q (n x min(n,h)) with the same Q Q^T as Q0 (n x h). */
static int reduce_columns(size_t n, size_t h, const double Q0[], double Q[])
{
    if (h <= n) {
        memcpy(Q, Q0, n * h * sizeof *Q);
        return GSL_SUCCESS;
    }
    double *T = malloc((h * n + n * n) * sizeof *T);
    if (!T) return lnn_fail(GSL_ENOMEM, "out of memory for the Riccati equation");
    double *R = T + h * n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < h; j++) T[j * n + i] = Q0[i * h + j];
    int status = lnn_qr(h, n, T, R, 0, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) Q[i * n + j] = R[j * n + i];
    free(T);
    return status;
}

static int riccati_start(struct lnn_riccati *r, size_t h, const double F[],
                         const double Q0[])
{
    size_t n = r->n;
    LNN_TRY(lnn_eig_symmetric(n, F, r->mu, r->P));
    LNN_TRY(reduce_columns(n, h, Q0, r->Z));
    lnn_gemm(true, false, n, r->h, n, 1, r->P, r->Z, 0, r->Y0);
    memcpy(r->Y, r->Y0, n * r->h * sizeof *r->Y);
    double largest = fmax(fabs(r->mu[0]), fabs(r->mu[n - 1]));
    r->chunk =
        chunk_exponent / largest; /* INFINITY for F = 0: X' = -X^2 needs no chunks */
    return GSL_SUCCESS;
}

int lnn_riccati_alloc(size_t n, size_t h, const double F[], const double Q0[],
                      struct lnn_riccati **riccati)
{
    size_t columns = h < n ? h : n;
    struct lnn_riccati *r =
        malloc(sizeof *r + riccati_size(n, columns) * sizeof(double));
    *riccati = NULL;
    if (!r)
        return lnn_fail(GSL_ENOMEM, "out of memory for a Riccati equation of size %zu",
                        n);
    riccati_lay_out(r, n, columns, (double *)(r + 1));
    int status = riccati_start(r, h, F, Q0);
    if (status != GSL_SUCCESS) {
        free(r);
        return status;
    }
    *riccati = r;
    return GSL_SUCCESS;
}

/* L, in the lower triangle, of the positive definite L L^T. */
static int cholesky(size_t n, double A[])
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double rest = A[i * n + j];
            for (size_t l = 0; l < j; l++) rest -= A[i * n + l] * A[j * n + l];
            if (j < i)
                A[i * n + j] = rest / A[j * n + j];
            else if (rest > 0)
                A[i * n + i] = sqrt(rest);
            else
                return lnn_fail(GSL_EFAILED,
                                "Riccati equation: I + Q^T M Q is not positive "
                                "definite; a weight is not finite or too large");
        }
    }
    return GSL_SUCCESS;
}

/* Y <- the solution after the time D. */
static int advance(struct lnn_riccati *r, double D, double Y[])
{
    size_t n = r->n, h = r->h;
    for (size_t i = 0; i < n; i++) {
        double mu = r->mu[i];
        double M = mu == 0 ? D : expm1(2 * mu * D) / (2 * mu), root = sqrt(M);
        for (size_t j = 0; j < h; j++) r->Z[i * h + j] = root * Y[i * h + j];
    }
    lnn_gemm(true, false, h, h, n, 1, r->Z, r->Z, 0, r->gram);
    for (size_t j = 0; j < h; j++) r->gram[j * h + j] += 1;
    LNN_TRY(cholesky(h, r->gram));
    for (size_t i = 0; i < n; i++) {
        double *y = Y + i * h, growth = exp(r->mu[i] * D);
        for (size_t j = 0; j < h; j++) {
            for (size_t l = 0; l < j; l++) y[j] -= r->gram[j * h + l] * y[l];
            y[j] /= r->gram[j * h + j];
        }
        for (size_t j = 0; j < h; j++) y[j] *= growth;
    }
    return GSL_SUCCESS;
}

int lnn_riccati_at(struct lnn_riccati *r, double t, double Q[])
{
    size_t size = r->n * r->h;
    double chunks = floor(t / r->chunk);
    if (!(chunks <= chunk_limit))
        return lnn_fail(
            GSL_EMAXITER,
            "the two-layer closed form needs %.3g chunks up to t = %g (the limit "
            "is %g); end earlier",
            chunks, t, chunk_limit);
    if (chunks < r->done) {
        memcpy(r->Y, r->Y0, size * sizeof *r->Y);
        r->done = 0;
    }
    for (; r->done < chunks; r->done++) LNN_TRY(advance(r, r->chunk, r->Y));
    memcpy(r->next, r->Y, size * sizeof *r->next);
    LNN_TRY(advance(r, chunks > 0 ? fmax(0, t - chunks * r->chunk) : t, r->next));
    lnn_gemm(false, false, r->n, r->h, r->n, 1, r->P, r->next, 0, Q);
    return GSL_SUCCESS;
}

struct two_layer {
    struct lnn_closed_form form;
    struct lnn_riccati riccati;
    double *Q;
};

static int two_layer_at(struct lnn_closed_form *form, double t, double W[])
{
    struct two_layer *self = (struct two_layer *)form;
    size_t k = form->k, d = form->d, h = self->riccati.h;
    LNN_TRY(lnn_riccati_at(&self->riccati, t, self->Q));
    lnn_gemm(false, true, k, d, h, 1, self->Q + d * h, self->Q, 0, W);
    return GSL_SUCCESS;
}

static int gram_at(struct lnn_closed_form *form, double t, double X[])
{
    struct two_layer *self = (struct two_layer *)form;
    size_t n = self->riccati.n, h = self->riccati.h;
    LNN_TRY(lnn_riccati_at(&self->riccati, t, self->Q));
    lnn_gemm(false, true, n, n, h, 1, self->Q, self->Q, 0, X);
    return GSL_SUCCESS;
}

/* F and Q0 of the network, in one malloc'ed block. */
static double *two_layer_matrices(size_t k, size_t h, size_t d, const double Phi[],
                                  double lambda, const double W1[], const double W2[])
{
    size_t n = d + k;
    double *F = calloc(n * n + n * h, sizeof *F);
    if (!F) return NULL;
    double *Q0 = F + n * n;
    for (size_t i = 0; i < n; i++) F[i * n + i] = (i < d ? -0.5 : 0.5) * lambda;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < d; j++)
            F[(d + i) * n + j] = F[j * n + d + i] = Phi[i * d + j];
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < h; j++) Q0[i * h + j] = W1[j * d + i];
    memcpy(Q0 + d * h, W2, k * h * sizeof *Q0);
    return F;
}

static struct two_layer *two_layer_block(size_t n, size_t h)
{
    size_t columns = h < n ? h : n;
    size_t doubles = riccati_size(n, columns) + n * columns;
    struct two_layer *self = malloc(sizeof *self + doubles * sizeof(double));
    if (!self) return NULL;
    self->Q = (double *)(self + 1);
    riccati_lay_out(&self->riccati, n, columns, self->Q + n * columns);
    return self;
}

int lnn_closed_two_layer(size_t k, size_t h, size_t d, const double Phi[],
                         double lambda, const double W1[], const double W2[],
                         struct lnn_closed_form **form)
{
    size_t n = d + k;
    double *F = two_layer_matrices(k, h, d, Phi, lambda, W1, W2);
    struct two_layer *self = two_layer_block(n, h);
    int status = F && self
                     ? riccati_start(&self->riccati, h, F, F + n * n)
                     : lnn_fail(GSL_ENOMEM, "out of memory for the Riccati equation");
    if (status == GSL_SUCCESS)
        self->form =
            (struct lnn_closed_form){"two layers, Riccati", two_layer_at, k, d};
    free(F);
    if (status != GSL_SUCCESS) free(self);
    *form = status == GSL_SUCCESS ? &self->form : NULL;
    return status;
}

int lnn_closed_two_layer_gram(size_t k, size_t h, size_t d, const double Phi[],
                              double lambda, const double W1[], const double W2[],
                              struct lnn_closed_form **form)
{
    LNN_TRY(lnn_closed_two_layer(k, h, d, Phi, lambda, W1, W2, form));
    (*form)->at = gram_at;
    (*form)->k = (*form)->d = d + k;
    return GSL_SUCCESS;
}
