/* Probabilities of random starts: exact intervals, the margin's chance, moments. */
#include "theorem_chance.h"

#include <float.h>
#include <math.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_gamma.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

static bool finite_rows(size_t rows, size_t n, const double x[], const char *what,
                        struct lnn_judgement *j)
{
    for (size_t i = 0; x && i < rows; i++) {
        if (lnn_finite(n, x + i * n)) continue;
        lnn_judge_stop(j, LNN_INCONCLUSIVE, "row %zu of %s is not finite", i, what);
        return false;
    }
    return true;
}

bool lnn_chance_ready(const struct lnn_record *r, struct lnn_judgement *j)
{
    if (!finite_rows(r->rows, r->k * r->d, r->W, "W", j)) return false;
    if (!finite_rows(r->weights_rows, r->net.size, r->w, "the weights", j))
        return false;
    double start = r->iteration ? r->iteration[0] : r->t[0];
    if (r->rows < 2 || (r->w && r->weights_rows < 2))
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "one row alone: nothing says that it is a start");
    else if (start != 0 || (r->w && r->w_t[0] != r->t[0]))
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "the first row stands at %g, not at the start", start);
    else
        return true;
    return false;
}

bool lnn_chance_drawn(struct lnn_judgement *j, size_t n, const double x[], double s)
{
    double ratio = lnn_norm(n, x) / s, square = ratio * ratio;
    double tail =
        fmin(gsl_cdf_chisq_P(square, (double)n), gsl_cdf_chisq_Q(square, (double)n));
    double surprise = -log10(2 * tail); /* infinite where the tail underflows */
    lnn_judge_figure(j, "start's length over its mean square", ratio / sqrt((double)n));
    return lnn_judge_hypothesis(
        j, "the start's length is no surprise (-log10 of its chance)",
        isnan(square) ? NAN : surprise, 9, 0);
}

size_t lnn_chance_samples(size_t numbers)
{
    const size_t budget = 1u << 22, most = 40000, least = 200;
    size_t n = numbers > 0 ? budget / numbers : most;
    return n < least ? least : n > most ? most : n;
}

/* The p at which P(at least `hits` of n) = tail, or P(at most `hits` of n) = tail. By
 * bisection: gsl_cdf_beta_Pinv and _Qinv return NaN for a quarter of such arguments. */
static double solve(double a, double b, double tail, bool upper)
{
    double low = 0, high = 1;
    for (;;) {
        double p = 0.5 * (low + high);
        if (!(p > low && p < high)) return p;
        bool below =
            upper ? gsl_cdf_beta_Q(p, a, b) > tail : gsl_cdf_beta_P(p, a, b) < tail;
        if (below)
            low = p;
        else
            high = p;
    }
}

struct lnn_chance lnn_chance_interval(size_t hits, size_t n, double miss)
{
    double x = (double)hits, m = (double)(n - hits);
    return (struct lnn_chance){
        .estimate = x / (double)n,
        .low = hits == 0 ? 0 : solve(x, m + 1, miss / 2, false),
        .high = hits == n ? 1 : solve(x + 1, m, miss / 2, true),
    };
}

/* P(t >= z) for the first coordinate t of a uniform direction in R^d, d >= 2, whose
 * square has the beta law (1/2, (d-1)/2). Near 0 the complement keeps the digits, far
 * out the tail does. */
static double beyond(size_t d, double z)
{
    double b = 0.5 * ((double)d - 1), square = z * z, tail;
    if (square * (double)d < 1)
        tail = 0.5 * (1 - gsl_sf_beta_inc(0.5, b, square));
    else
        tail = 0.5 * gsl_sf_beta_inc(b, 0.5, (1 - fabs(z)) * (1 + fabs(z)));
    if (isnan(tail)) tail = 0; /* GSL's word for underflow */
    return z < 0 ? 1 - tail : tail;
}

double lnn_chance_cap(size_t d, double rho, double phi, double c)
{
    double z = (rho * rho + (2 * phi - c) * c) / (2 * rho * phi);
    if (isnan(z)) return NAN;
    if (c > phi || z > 1) return 0;
    if (z <= -1) return 1;
    return d == 1 ? 0.5 : beyond(d, z);
}

struct shell {
    size_t d;
    double s, phi, c, log_norm;
};

/* Density of chi_d at x times the chance at rho = s x. */
static double integrand(double x, void *params)
{
    const struct shell *p = params;
    double log_density = ((double)p->d - 1) * log(x) - 0.5 * x * x - p->log_norm;
    return exp(log_density) * lnn_chance_cap(p->d, p->s * x, p->phi, p->c);
}

/* chi_d is a 1-Lipschitz function of normal numbers with mean in [sqrt(d) - 1, sqrt(d)]
 * : beyond sqrt(d) +- 10 lies less than 2 exp(-81/2). The chance is 0 outside of c <=
 * rho <= 2 phi - c. Rounding: the density's logarithm is a difference of numbers of
 * size d ln d, and the incomplete beta function loses as much. */
double lnn_chance_margin(size_t d, double s, double phi, double c, double *error)
{
    enum { PIECES = 400 };
    double n = (double)d, mean = 0;
    struct shell p = {d, s, phi, c, (0.5 * n - 1) * M_LN2 + gsl_sf_lngamma(0.5 * n)};
    double low = fmax(c / s, sqrt(n) - 10),
           high = fmin((2 * phi - c) / s, sqrt(n) + 10);
    *error = NAN;
    if (!(s > 0 && phi > 0 && c > 0)) return NAN;
    gsl_integration_workspace *room = gsl_integration_workspace_alloc(PIECES);
    if (!room) return NAN;
    double estimate = 0;
    gsl_function f = {integrand, &p};
    int status = low < high ? gsl_integration_qags(&f, low, high, 1e-12, 1e-10, PIECES,
                                                   room, &mean, &estimate)
                            : GSL_SUCCESS;
    gsl_integration_workspace_free(room);
    if (status == GSL_SUCCESS || status == GSL_EROUND)
        *error = estimate + 5e-18 + 8 * DBL_EPSILON * n * (1 + log(n)) * mean;
    return mean;
}

double lnn_chance_imbalance_mean(size_t a, size_t d, size_t b)
{
    double A = (double)a, D = (double)d, B = (double)b;
    return D * (A - B) * (A - B) + D * (D + 1) * (A + B);
}

/* Var tr S^2 for S = A^T A, A (n x d) of N(0, 1) entries: symmetric in n and d. */
static double variance_of_square(double n, double d)
{
    return 4 * n * d * (2 * n * n + 2 * d * d + 5 * n * d + 5 * n + 5 * d + 5);
}

/* With E tr S^2 = a d (a + d + 1): E[tr ST | S] = b tr S and E[(tr ST)^2 | S] =
 * b^2 (tr S)^2 + 2 b tr S^2 give Var tr ST = 2 a b d (a + b + d + 1); tr S is
 * independent of S / tr S, so Cov(tr S^2, tr S) = 4 E tr S^2 and Cov(tr S^2, tr ST) =
 * 4 b E tr S^2. */
double lnn_chance_imbalance_variance(size_t a, size_t d, size_t b)
{
    double A = (double)a, D = (double)d, B = (double)b;
    double mixed = 2 * A * B * D * (A + B + D + 1);
    double with_S = 4 * B * A * D * (A + D + 1), with_T = 4 * A * B * D * (B + D + 1);
    return variance_of_square(A, D) + variance_of_square(B, D) + 4 * mixed -
           4 * with_S - 4 * with_T;
}
