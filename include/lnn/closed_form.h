/* Closed forms of gradient flow: formulas on plain numbers and arrays, no model.
 *
 * Loss 1/2 ||W - Phi||_F^2 unless said otherwise, flow W_j' = -dphi/dW_j, t >= 0.
 *
 * Scalars. A mode of strength u (singular value of W, with a sign) and target s obeys
 *     u' = N |u|^{2-2/N} (s - u)            N layers, balanced
 *     u' = sqrt(lambda^2 + 4 u^2) (s - u)   2 layers, W_2^T W_2 - W_1 W_1^T = lambda I
 * (Saxe, McClelland & Ganguli 2014; Domine et al. 2024).
 *
 * Matrices. W(t) of a whole network where there is a closed form: lnn_closed_form. */
#ifndef LNN_CLOSED_FORM_H
#define LNN_CLOSED_FORM_H

#include <stddef.h>

/* u(t) of the balanced mode: any signs of s and u0; for N >= 2, u0 = 0 stays 0. */
double lnn_mode(size_t N, double s, double u0, double t);

/* The time the balanced mode takes from u0 to u; INFINITY where it gets there only in
 * the limit, NaN where it never does. Relative error below 1e-13 unless u is near u0.
 */
double lnn_mode_time(size_t N, double s, double u0, double u);

/* From 10 % to 90 % of the target s > 0. */
double lnn_mode_rise_time(size_t N, double s);

/* u(t) of the lambda-balanced mode, any signs; lambda = 0 is lnn_mode with N = 2. */
double lnn_mode_lambda(double lambda, double s, double u0, double t);

/* One output, two balanced layers: w(t) in R^d from w0 for the target Phi in R^d. */
void lnn_planar(size_t d, const double Phi[], const double w0[], double t, double w[]);

/* X' = F X + X F - X^2 with F symmetric (n x n), X(0) = Q0 Q0^T, Q0 n x h:
 *     X(t) = e^{Ft} Q0 (I + Q0^T M(t) Q0)^{-1} Q0^T e^{Ft},  M(t) = int_0^t e^{2Fs} ds,
 * applied in chunks D with mu_max D <= 0.3 to the rows of Q in F's eigenbasis. Over a
 * long time the formula in one piece loses every digit; a chunk's Cholesky factor stays
 * well conditioned, and slow modes keep their relative accuracy. */
struct lnn_riccati {
    size_t n, h;        /* h <= n: wider Q0 are reduced by QR, with the same X */
    double *P, *mu;     /* F = P diag(mu) P^T */
    double *Y0, *Y;     /* n x h: P^T Q at t = 0 and after `done` chunks */
    double *Z, *next;   /* n x h */
    double *gram;       /* h x h */
    double chunk, done; /* length and number of chunks */
};
/* One block; free(3) releases it. */
int lnn_riccati_alloc(size_t n, size_t h, const double F[], const double Q0[],
                      struct lnn_riccati **riccati);
/* Q (n x riccati->h) with Q Q^T = X(t). Times may come in any order: the result depends
 * on t alone, and ascending times cost least. GSL_EMAXITER above 10^9 chunks. */
int lnn_riccati_at(struct lnn_riccati *riccati, double t, double Q[]);

/* *defect: the largest ||W_{j+1}^T W_{j+1} - W_j W_j^T - lambda I||_F, j = 1..N-1,
 * relative to ||W_j||_F^2 + ||W_{j+1}||_F^2; widths d_0..d_N, w as in network.h. */
int lnn_closed_balance(size_t N, const size_t widths[], const double w[], double lambda,
                       double *defect);

/* W(t) of a network. One block; free(3) releases it. */
struct lnn_closed_form {
    const char *what; /* which closed form, in a few words */
    int (*at)(struct lnn_closed_form *form, double t, double W[]);
    size_t k, d;
};

/* One layer, l(W) = 1/2 ||W R^T - B||_F^2 with R q x d, B k x q, q <= d, of any rank:
 * W(t) = W* + (W(0) - W*) e^{-R^T R t}. */
int lnn_closed_linear(size_t k, size_t d, size_t q, const double R[], const double B[],
                      const double W0[], struct lnn_closed_form **form);

/* N balanced layers aligned with the target: W(0) = U diag(u0) V^T, Phi = U diag(s)
 * V^T. U, V are the singular vectors of a generic combination of both matrices, so
 * repeated values need no care. *misalignment: the largest distance of W(0), Phi from
 * such a form, relative to their norms (round-off when aligned); the form is made in
 * any case. */
int lnn_closed_aligned(size_t N, size_t k, size_t d, const double Phi[],
                       const double W0[], double *misalignment,
                       struct lnn_closed_form **form);
/* Its min(k, d) modes: targets s and starts u0, which belong to the form. */
size_t lnn_closed_modes(const struct lnn_closed_form *aligned, const double **s,
                        const double **u0);

/* Two layers W1 (h x d), W2 (k x h) with W2^T W2 - W1 W1^T = lambda I_h: the Riccati
 * equation of Q = [W1^T; W2], F = [-lambda/2 I, Phi^T; Phi, lambda/2 I] (Fukumizu 1998;
 * Braun et al. 2022; Domine et al. 2024). Any shapes and ranks. */
int lnn_closed_two_layer(size_t k, size_t h, size_t d, const double Phi[],
                         double lambda, const double W1[], const double W2[],
                         struct lnn_closed_form **form);
/* The same for all of Q Q^T, (d + k) x (d + k): its diagonal blocks are W_1^T W_1 and
 * W_2 W_2^T, the lower left one is W. */
int lnn_closed_two_layer_gram(size_t k, size_t h, size_t d, const double Phi[],
                              double lambda, const double W1[], const double W2[],
                              struct lnn_closed_form **form);

#endif
