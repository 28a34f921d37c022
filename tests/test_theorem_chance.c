/* Probabilities that judges of random starts share: intervals, margins, moments. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include "lnn_test.h"
#include "theorem_chance.h"

TestSuite(chance, .init = lnn_test_setup, .timeout = 120);

/* ---- the interval ---- */

/* P(a <= X <= b) for X binomial (n, p), term by term. */
static double binomial(size_t a, size_t b, size_t n, double p)
{
    double sum = 0;
    for (size_t i = a; i <= b; i++)
        sum += gsl_ran_binomial_pdf((unsigned)i, p, (unsigned)n);
    return sum;
}

Test(chance, interval_has_its_tails)
{
    for (size_t n = 1; n <= 1000; n = 3 * n + 1)
        for (size_t x = 0; x <= n; x += 1 + n / 13) {
            struct lnn_chance v = lnn_chance_interval(x, n, 1e-6);
            LNN_CLOSE(v.estimate, (double)x / (double)n, 0);
            cr_assert(v.low <= v.estimate && v.estimate <= v.high);
            cr_assert(v.low == 0 ? x == 0 : x > 0);
            cr_assert(v.high == 1 ? x == n : x < n);
            if (x > 0) LNN_CLOSE(binomial(x, n, n, v.low) / 5e-7, 1, 1e-7);
            if (x < n) LNN_CLOSE(binomial(0, x, n, v.high) / 5e-7, 1, 1e-7);
        }
}

/* Where GSL's own inverse has no answer. */
Test(chance, interval_where_the_library_fails)
{
    struct lnn_chance v = lnn_chance_interval(4, 1000, 1e-6);
    LNN_CLOSE(v.high, 0.0240126, 1e-7);
    LNN_CLOSE(binomial(0, 4, 1000, v.high) / 5e-7, 1, 1e-7);
    LNN_CLOSE(lnn_chance_interval(0, 10, 0.1).high, 1 - pow(0.05, 0.1), 1e-14);
    LNN_CLOSE(lnn_chance_interval(10, 10, 0.1).low, pow(0.05, 0.1), 1e-14);
}

Test(chance, samples_follow_the_size)
{
    cr_assert(lnn_chance_samples(0) == 40000 && lnn_chance_samples(3) == 40000);
    cr_assert(lnn_chance_samples(1000) == 4194 && lnn_chance_samples(30000) == 200);
}

/* ---- the probability of a margin ---- */

/* P(t >= z) from the density (1 - t^2)^{(d-3)/2} of a direction's coordinate, t = sin
 * of the angle: cos^{d-2}, Simpson's rule on both sides of z. */
static double cap_by_hand(size_t d, double z)
{
    enum { STEPS = 20000 };
    double part[2] = {0, 0}, cut = asin(z);
    for (int side = 0; side < 2; side++) {
        double a = side ? cut : -asin(1), b = side ? asin(1) : cut;
        for (int i = 0; i <= STEPS; i++) {
            double f = pow(cos(a + (b - a) * i / STEPS), (double)d - 2);
            part[side] += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * f * (b - a);
        }
    }
    return part[1] / (part[0] + part[1]);
}

/* c for which a vector of length 1 has the given z, phi = 2: z = (1 + 4 c - c^2) / 4 */
static double c_of(double z)
{
    return 2 - sqrt(5 - 4 * z);
}

Test(chance, cap_is_a_share_of_the_sphere)
{
    static const double zs[] = {-0.999, -0.7, -0.05, 1e-6, 0.02, 0.3, 0.8, 0.99};
    for (size_t i = 0; i < sizeof zs / sizeof *zs; i++) {
        double c = c_of(zs[i]);
        LNN_CLOSE(lnn_chance_cap(1, 1, 2, c), 0.5, 0);
        LNN_CLOSE(lnn_chance_cap(2, 1, 2, c), acos(zs[i]) / M_PI, 1e-13);
        LNN_CLOSE(lnn_chance_cap(3, 1, 2, c), (1 - zs[i]) / 2, 1e-14);
        for (size_t d = 2; d < 3000; d = 2 * d + 1)
            LNN_CLOSE(lnn_chance_cap(d, 1, 2, c), cap_by_hand(d, zs[i]), 1e-11);
    }
}

Test(chance, cap_at_its_ends)
{
    for (size_t d = 1; d < 400; d = 3 * d + 1) {
        LNN_CLOSE(lnn_chance_cap(d, 0.1, 1, 0.2), 0, 0);  /* shorter than c */
        LNN_CLOSE(lnn_chance_cap(d, 1.9, 1, 0.2), 0, 0);  /* beyond 2 phi - c */
        LNN_CLOSE(lnn_chance_cap(d, 0.3, 1, 3), 0, 0);    /* c > phi: no margin */
        LNN_CLOSE(lnn_chance_cap(d, 0.3, 1, -0.5), 1, 0); /* wherever it points */
        cr_assert(isnan(lnn_chance_cap(d, NAN, 1, 0.5)));
    }
    LNN_CLOSE(lnn_chance_cap(20, 0.2, 1, 0.01), 0.258528, 1e-6); /* O18 */
}

/* ||w - Phi|| <= r = phi - c by coordinates: t along Phi is N(0, s^2), the square of
 * the rest s^2 chi^2_{d-1}. Simpson's rule in the angle of the ball, t = phi - r cos x.
 */
static double margin_by_hand(size_t d, double s, double phi, double c)
{
    enum { STEPS = 20000 };
    double r = phi - c, sum = 0, h = M_PI / STEPS;
    for (int i = 0; i <= STEPS; i++) {
        double x = h * i, t = phi - r * cos(x), rest = r * sin(x) / s;
        double f = gsl_ran_gaussian_pdf(t, s) * r * sin(x) *
                   (d == 1 ? 1 : gsl_cdf_chisq_P(rest * rest, (double)d - 1));
        sum += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * f;
    }
    return sum * h / 3;
}

Test(chance, margin_by_quadrature_and_by_coordinates)
{
    static const double cs[] = {1e-3, 0.05, 0.4, 0.9};
    static const double ss[] = {0.01, 0.1, 0.5, 3};
    for (size_t d = 1; d < 2500; d = d < 3 ? d + 1 : 4 * d)
        for (size_t i = 0; i < 16; i++) {
            double c = cs[i % 4], s = ss[i / 4], error;
            double P = lnn_chance_margin(d, s, 1, c, &error);
            double hand = margin_by_hand(d, s, 1, c);
            cr_assert(error >= 0 && error < 1e-9, "%zu %g %g: %g", d, s, c, error);
            LNN_CLOSE(P, hand, error + 1e-9);
            LNN_CLOSE(lnn_chance_margin(d, 7 * s, 7, 7 * c, &error), P, 2 * error);
        }
    double error;
    LNN_CLOSE(lnn_chance_margin(1, 0.5, 1, 0.25, &error),
              gsl_cdf_gaussian_P(1.75, 0.5) - gsl_cdf_gaussian_P(0.25, 0.5), 1e-12);
    cr_assert(isnan(lnn_chance_margin(5, NAN, 1, 0.1, &error)) && isnan(error));
    cr_assert(isnan(lnn_chance_margin(5, 1, 0, 0.1, &error)) && isnan(error));
}

/* ---- moments of the imbalance ---- */

/* Mean and variance of ||A^T A - B B^T||^2 over drawn matrices. */
static void drawn(size_t a, size_t d, size_t b, double *mean, double *variance)
{
    enum { SAMPLES = 100000 };
    size_t widths[] = {b, d, a};
    struct lnn_network net = lnn_network_of(3, widths);
    double w[200], C[36], sum = 0, squares = 0;
    cr_assert(net.size <= 200 && d <= 6);
    gsl_rng *rng = lnn_rng_open(1, "test");
    for (int i = 0; i < SAMPLES; i++) {
        lnn_rng_normals(rng, 1, net.size, w);
        lnn_network_imbalance(&net, w, 1, C);
        double x = lnn_dot(d * d, C, C);
        sum += x;
        squares += x * x;
    }
    gsl_rng_free(rng);
    *mean = sum / SAMPLES;
    *variance = squares / SAMPLES - *mean * *mean;
}

Test(chance, moments_of_the_imbalance)
{
    static const size_t shapes[][3] = {{2, 3, 4}, {5, 5, 5}, {1, 1, 1}, {1, 6, 1},
                                       {6, 1, 2}, {4, 2, 1}, {1, 5, 7}};
    LNN_CLOSE(lnn_chance_imbalance_mean(2, 3, 4), 84, 0);
    LNN_CLOSE(lnn_chance_imbalance_mean(5, 5, 5), 300, 0);
    LNN_CLOSE(lnn_chance_imbalance_variance(1, 1, 1), 128, 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t a = shapes[i][0], d = shapes[i][1], b = shapes[i][2];
        double mean, variance, V = lnn_chance_imbalance_variance(a, d, b);
        drawn(a, d, b, &mean, &variance);
        LNN_CLOSE(mean, lnn_chance_imbalance_mean(a, d, b), 5 * sqrt(V / 1e5));
        LNN_CLOSE(variance / V, 1, 0.1);
        LNN_CLOSE(lnn_chance_imbalance_variance(b, d, a), V, 0);
    }
}

/* d = 1: (S - T)^2 of chi-square variables with a and b degrees, by their central
 * moments 2n, 8n, 12n(n+4). */
Test(chance, moments_of_a_single_hidden_unit)
{
    for (double a = 1; a < 40; a += 6)
        for (double b = 1; b < 40; b += 5) {
            double D = a - b, m2 = 2 * (a + b), m3 = 8 * (a - b);
            double m4 = 12 * a * (a + 4) + 12 * b * (b + 4) + 6 * 4 * a * b;
            double second = m2 + D * D;
            double fourth = m4 + 4 * m3 * D + 6 * m2 * D * D + pow(D, 4);
            size_t A = (size_t)a, B = (size_t)b;
            LNN_CLOSE(lnn_chance_imbalance_mean(A, 1, B), second, 1e-9);
            LNN_CLOSE(lnn_chance_imbalance_variance(A, 1, B) /
                          (fourth - second * second),
                      1, 1e-12);
        }
}
