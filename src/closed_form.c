/* Closed forms of scalar modes and of the planar two-layer flow.
 *
 * Three layers and more. With v = u/s, c = 2 - 2/N, b = 2/N and the time x = N s^c t
 * (s > 0; others by the symmetry (u, s) -> (-u, -s)), dv/dx = v^c (1 - v) gives
 *     0 < v < 1:  x = T(v) - T(v0),  T(v) = -v^{b-1}/(1-b) + L_b(v) - 1/b
 *     v > 1:      x = L_c(1/v) - L_c(1/v0)
 * with L_b(v) = int_0^v q^{b-1}/(1-q) dq, and for the target -1 (s < 0 < u)
 *     v <= 1:   x = S(v) - S(v0),  S(v) = v^{b-1}/(1-b) + (v^b - 1)/b - A_{1+b}(v) + K
 *     v > 1:    S(v) = A_c(1/v),   K such that both agree at v = 1
 * with A_b(v) = int_0^v q^{b-1}/(1+q) dq. The terms 1/b are taken out because they grow
 * like N. Each curve is monotone and convex (or concave) in log v or log v/(1-v), so
 * that Newton's method started on the right side approaches the root from that side. */
#include "lnn/closed_form.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_psi.h>

/* int_0^v q^{b-1}/(1-q) dq, b > 0, given log v and log(1-v); 1/b less if `shifted`.
 * Power series in v, or (Gauss's 2F1 at 1, logarithmic case) in 1-v, whichever is below
 * 1/2. */
static double integral_to_pole(double b, double log_v, double log_w, bool shifted)
{
    double power = exp(b * log_v), v = exp(log_v), w = exp(log_w);
    double head = (shifted ? expm1(b * log_v) : power) / b, sum = 0, factor = 1;
    if (v <= 0.5) {
        for (int m = 1; m < 200 && factor > DBL_EPSILON / 64; m++) {
            factor *= v;
            sum += factor / (b + m);
        }
        return head + power * sum;
    }
    double difference =
        -M_EULER - gsl_sf_psi(1 + b); /* psi(n+1) - psi(n+b), 1/b less */
    sum = difference;
    for (int n = 1; n < 200 && factor > DBL_EPSILON / 64; n++) {
        factor *= w * (b + n - 1) / n;
        /* the 1/b left out above meets the -1/b of n = 1 */
        difference += 1.0 / n - (n == 1 ? 0 : 1 / (n - 1 + b));
        sum += factor * difference;
    }
    return head - log_w + power * sum;
}

/* int_0^v q^{b-1}/(1+q) dq for v <= 1, b > 0: 2F1 after Pfaff's transformation, a
 * series of positive terms in v/(1+v) <= 1/2. */
static double integral_alternating(double b, double v)
{
    double z = v / (1 + v), sum = 1, term = 1;
    for (int n = 1; n < 200 && term > DBL_EPSILON / 64; n++) {
        term *= z * n / (b + n);
        sum += term;
    }
    return pow(v, b) / b / (1 + v) * sum;
}

struct curve { /* time as a function of a coordinate z of the mode */
    double b;
    double (*time)(double b, double z, double *slope);
};

/* z = log v/(1-v): T, concave and increasing. */
static double time_below(double b, double z, double *slope)
{
    double log_v = z > 0 ? -log1p(exp(-z)) : z - log1p(exp(z)), log_w = log_v - z;
    double power = exp((b - 1) * log_v);
    *slope = power;
    return integral_to_pole(b, log_v, log_w, true) - power / (1 - b);
}

/* z = log p/(1-p), p = 1/v: L_c(p), convex and increasing. */
static double time_above(double b, double z, double *slope)
{
    double log_p = z > 0 ? -log1p(exp(-z)) : z - log1p(exp(z)), log_w = log_p - z;
    *slope = exp((2 - b) * log_p);
    return integral_to_pole(2 - b, log_p, log_w, false);
}

/* z = log v, target -1: S, convex and decreasing. */
static double time_opposite(double b, double z, double *slope)
{
    double v = exp(z), c = 2 - b;
    *slope = v > 1 ? -exp(-c * z) / (1 + exp(-z)) : -exp((b - 1) * z) / (1 + v);
    if (v > 1) return integral_alternating(c, exp(-z));
    double K =
        integral_alternating(c, 1) - 1 / (1 - b) + integral_alternating(1 + b, 1);
    return exp((b - 1) * z) / (1 - b) + expm1(b * z) / b -
           integral_alternating(1 + b, v) + K;
}

/* Newton from a start on the side from which no step overshoots; a step the other way
 * can only be rounding. */
static double solve(struct curve curve, double target, double z)
{
    double direction = 0;
    for (int i = 0; i < 3000; i++) {
        double slope = 0, gap = target - curve.time(curve.b, z, &slope),
               step = gap / slope;
        if (step == 0 || direction * step < 0 || !isfinite(step)) break;
        direction = step;
        z += step;
        if (fabs(step) <= DBL_EPSILON * fmax(1, fabs(z))) break;
    }
    return z;
}

/* N >= 3, s != 0, u0 > 0. */
static double mode_deep(size_t N, double s, double u0, double t)
{
    double b = 2 / (double)N, c = 2 - b, scale = fabs(s), slope = 0;
    double x = (double)N * pow(scale, c) * t;
    if (s < 0) {
        double v = u0 / scale, log_v = log(v), start = 0, rest = 2 * x;
        /* lower bound, from v^c (1 + v) <= 2 max(v^c, v^{c+1}) */
        double down_to_1 = v > 1 ? (1 - pow(v, -c)) / c : 0;
        if (rest < down_to_1)
            start = log_v - log1p(c * rest * pow(v, c)) / c;
        else if (v > 1)
            start = -log1p((c - 1) * (rest - down_to_1)) / (c - 1);
        else
            start = log_v - log1p((c - 1) * rest * pow(v, c - 1)) / (c - 1);
        struct curve curve = {b, time_opposite};
        return scale * exp(solve(curve, curve.time(b, log_v, &slope) + x, start));
    }
    if (u0 < s) {
        struct curve curve = {b, time_below};
        double z = log(u0 / (s - u0));
        z = solve(curve, curve.time(b, z, &slope) + x, z);
        return z > 0 ? s / (1 + exp(-z)) : s * exp(z) / (1 + exp(z));
    }
    struct curve curve = {b, time_above};
    double target = curve.time(b, log(s / (u0 - s)), &slope) + x;
    /* upper bound, from L_c(p) >= -log(1-p) - psi(c) - gamma */
    double reach = target + gsl_sf_psi(c) + M_EULER;
    double z = solve(curve, target, reach > 30 ? reach : log(expm1(reach)));
    return s * (1 + exp(-z));
}

double lnn_mode(size_t N, double s, double u0, double t)
{
    if (t == 0 || u0 == s || (u0 == 0 && N > 1)) return u0;
    if (N == 1) return u0 * exp(-t) - s * expm1(-t);
    if (u0 < 0) return -lnn_mode(N, -s, -u0, t);
    double c = 2 - 2 / (double)N;
    double free_of_target = u0 * pow(1 + (double)N * c * t * pow(u0, c), -1 / c);
    if (fabs(s) <= 1e-18 * free_of_target) return free_of_target;
    if (N > 2) return mode_deep(N, s, u0, t);
    return u0 / (exp(-2 * s * t) - u0 * expm1(-2 * s * t) / s);
}

/* log(1 + x) = log y from whichever of the two is known better. */
static double log_of(double x, double y)
{
    return fabs(x) < 0.5 ? log1p(x) : log(y);
}

double lnn_mode_time(size_t N, double s, double u0, double u)
{
    double b = 2 / (double)N, c = 2 - b, slope = 0;
    if (u == u0) return 0;
    if (u > u0 ? u > s : u < s) return GSL_NAN;
    if (N == 1) return -log_of((u0 - u) / (s - u0), (s - u) / (s - u0));
    if (u0 < 0) return lnn_mode_time(N, -s, -u0, -u);
    if (u0 == 0 || u < 0) return GSL_NAN;
    if (u == s || u == 0) return GSL_POSINF;
    if (s == 0) return (pow(u, -c) - pow(u0, -c)) / ((double)N * c);
    if (N == 2)
        return log_of(s * (u - u0) / (u0 * (s - u)), u / u0 * ((s - u0) / (s - u))) /
               (2 * s);
    double scale = (double)N * pow(fabs(s), c);
    if (s < 0)
        return (time_opposite(b, log(u / -s), &slope) -
                time_opposite(b, log(u0 / -s), &slope)) /
               scale;
    if (u < s)
        return (time_below(b, log(u / (s - u)), &slope) -
                time_below(b, log(u0 / (s - u0)), &slope)) /
               scale;
    return (time_above(b, log(s / (u - s)), &slope) -
            time_above(b, log(s / (u0 - s)), &slope)) /
           scale;
}

double lnn_mode_rise_time(size_t N, double s)
{
    return lnn_mode_time(N, s, 0.1 * s, 0.9 * s);
}

/* 1 - tanh(asinh(2x/L)/2) without cancellation. */
static double to_one(double L, double x)
{
    double H = hypot(L, 2 * x);
    return (L + (x > 0 ? L / (H + 2 * x) * L : H - 2 * x)) / (L + H);
}

/* In p = tanh(asinh(2u/L)/2), u = L p/(1 - p^2), the equation is a Riccati one with
 * fixed points a and -1/a, so p = n/m is a quotient of sums without cancellation, and
 * so are m - n and m + n. */
double lnn_mode_lambda(double lambda, double s, double u0, double t)
{
    double L = fabs(lambda), K = hypot(L, 2 * s);
    if (L == 0) return lnn_mode(2, s, u0, t);
    if (s < 0) return -lnn_mode_lambda(lambda, -s, -u0, t);
    double a = 2 * s / (L + K), p0 = 2 * u0 / (L + hypot(L, 2 * u0));
    double below = to_one(L, u0), above = to_one(L, -u0), rest = to_one(L, s);
    double A = -expm1(-K * t) * (rest + a * above), B = exp(-K * t) * (1 + a * a);
    double n = a * A + p0 * B, m = A + B;
    return L * n / (rest * A + below * B) * (m / ((1 + a) * A + above * B));
}

/* With Phi = F f, w0 = r e, cos = <e, f>, C = cosh Ft + cos sinh Ft: w has the
 * direction (e - cos f + (sinh Ft + cos cosh Ft) f) / C, and C^2/|w| = 1/r + 2 int_0^t
 * C^2. All is scaled by e^{-Ft}, so nothing overflows; p = 1 + cos and n = 1 - cos come
 * from |e +- f|, which keeps starts that point almost straight away from Phi. */
void lnn_planar(size_t d, const double Phi[], const double w0[], double t, double w[])
{
    double F = 0, r = 0, p = 0, n = 0;
    for (size_t i = 0; i < d; i++) {
        F = hypot(F, Phi[i]);
        r = hypot(r, w0[i]);
    }
    for (size_t i = 0; i < d; i++) {
        double f = F > 0 ? Phi[i] / F : 0, e = r > 0 ? w0[i] / r : 0;
        p += (e + f) * (e + f) / 2;
        n += (e - f) * (e - f) / 2;
    }
    if (!(F > 0 && r > 0)) p = n = 1;
    double E = exp(-F * t), E2 = E * E, over_F = F > 0 ? -expm1(-2 * F * t) / F : 2 * t;
    double C = (p + n * E2) / 2,
           I = p * n * t * E2 / 2 + over_F * (p * p + n * n * E2) / 8;
    /* |w| / (C r), also for w0 = 0; straight away from Phi (p = 0) E2 cancels */
    double scale = p == 0 ? 1 / (1 + r * over_F) : C / (E2 + 2 * I * r);
    for (size_t i = 0; i < d; i++) {
        double f = F > 0 ? Phi[i] / F : 0;
        w[i] = scale * (E * (w0[i] - r * (p - n) / 2 * f) + r * (p - n * E2) / 2 * f);
    }
}
