/* Closed forms of modes and of the planar flow. */
#include "lnn_test_flow.h"

#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_hyperg.h>
#include "lnn/closed_form.h"

TestSuite(closed_form, .init = lnn_test_setup);

struct mode {
    double N, s, lambda;
};

static int mode_rhs(double t, const double u[], double du[], void *params)
{
    const struct mode *m = params;
    (void)t;
    du[0] = m->lambda > 0 ? hypot(m->lambda, 2 * u[0]) * (m->s - u[0])
                          : m->N * pow(fabs(u[0]), 2 - 2 / m->N) * (m->s - u[0]);
    return GSL_SUCCESS;
}

Test(closed_form, times_of_Saxe)
{
    static const size_t N[] = {1, 2, 3, 4, 5, 8};
    static const double times[] = {0.689808279294431, 0.950073928898448,
                                   1.34810387087341,  1.60983237536223,
                                   1.74405304407717,  1.76856808620075};
    for (size_t i = 0; i < 6; i++)
        LNN_CLOSE(lnn_mode_time(N[i], 3, 0.01, 1.5), times[i], 1e-12);
    LNN_CLOSE(lnn_mode(2, 3, 0.01, 0.5), 0.18884156063791877, 1e-14);
    LNN_CLOSE(lnn_mode(2, 3, 0.01, 1), 1.7230022340915365, 1e-13);
    LNN_CLOSE(lnn_mode(2, 3, 0.01, 1.5), 2.8932407712500856, 1e-13);
}

Test(closed_form, rise_times)
{
    static const size_t N[] = {1, 2, 3, 4, 8};
    static const double times[] = {2.19722, 2.19722, 2.00940, 1.79959, 1.20403};
    for (size_t i = 0; i < 5; i++)
        LNN_CLOSE(lnn_mode_rise_time(N[i], 1), times[i], 5.1e-6);
    /* u' = N u^{2-2/N} (s - u): time scales like s^{-(2-2/N)} */
    LNN_CLOSE(lnn_mode_rise_time(3, 8), lnn_mode_rise_time(3, 1) / 16, 1e-14);
}

Test(closed_form, time_agrees_with_published_formulas)
{
    /* s = 3, u0 = 0.01; beyond u = s/2 GSL 2.7's 2F1 has the wrong sign */
    for (double u = 0.02; u < 1.5; u += 0.1) {
        double F[2], b = 1 - 2.0 / 3, at[] = {0.01, u};
        for (int i = 0; i < 2; i++)
            F[i] =
                -pow(at[i], -b) / (b * 3) * gsl_sf_hyperg_2F1(1, -b, 1 - b, at[i] / 3);
        LNN_CLOSE(lnn_mode_time(3, 3, 0.01, u), (F[1] - F[0]) / 3, 1e-12);
        for (int i = 0; i < 2; i++)
            F[i] = 2.0 / 3 * (-1 / sqrt(at[i]) + atanh(sqrt(at[i] / 3)) / sqrt(3));
        LNN_CLOSE(lnn_mode_time(4, 3, 0.01, u), (F[1] - F[0]) / 4, 1e-13);
    }
    double N = 1e7, s = 3, u0 = 0.01,
           u = 1.5; /* N -> infinity, next term O(log(u0)/N) */
    double limit =
        log(u * (s - u0) / (u0 * (s - u))) / (s * s) + 1 / (s * u0) - 1 / (s * u);
    LNN_CLOSE(N * lnn_mode_time((size_t)N, s, u0, u) / limit, 1, 2e-6);
}

/* dt/dz, z = log u: positive and smooth between u0 and u. */
static double slowness(double z, void *params)
{
    const struct mode *m = params;
    return exp((2 / m->N - 1) * z) / (m->N * (m->s - exp(z)));
}

Test(closed_form, time_agrees_with_quadrature)
{
    static const size_t depths[] = {1, 2, 3, 4, 5, 7, 12, 40};
    static const double cases[][3] = {
        /* s, u0, u: from below, above and beyond 0 */
        {3, 1e-3, 2.99}, {3, 1e-9, 1e-8}, {0.02, 1e-4, 0.019}, {1, 0.4, 0.999999},
        {3, 50, 3.001},  {1, 1e6, 1e5},   {-2, 5, 1e-3},       {-2, 1.9, 0.3},
        {-1e-3, 4, 0.1}, {0, 3, 0.2}};
    gsl_integration_workspace *work = gsl_integration_workspace_alloc(1000);
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            struct mode m = {(double)depths[i], cases[c][0], 0};
            gsl_function f = {slowness, &m};
            double expected = 0, error = 0;
            int status =
                gsl_integration_qag(&f, log(cases[c][1]), log(cases[c][2]), 0, 2e-14,
                                    1000, GSL_INTEG_GAUSS61, work, &expected, &error);
            cr_assert(status == GSL_SUCCESS || error < 1e-12 * fabs(expected));
            LNN_CLOSE(lnn_mode_time(depths[i], m.s, cases[c][1], cases[c][2]) /
                          expected,
                      1, 1e-12);
        }
    gsl_integration_workspace_free(work);
}

Test(closed_form, mode_inverts_time)
{
    static const double cases[][3] = {
        {3, 1e-6, 1e-4}, {3, 1e-3, 2.99},  {1, 7, 1.5},  {1, 1e6, 3},
        {-2, 5, 1e-3},   {-2, 1e-3, 1e-5}, {0, 3, 1e-4}, {2, 1.9, 1.99999}};
    for (size_t N = 1; N <= 20; N++)
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            double s = cases[c][0], u0 = cases[c][1], u = cases[c][2];
            double t = lnn_mode_time(N, s, u0, u);
            double rate = (double)N * pow(u, 1 - 2.0 / (double)N) * fabs(s - u);
            double condition = 1 + rate * t; /* of u to the rounding of t, at least */
            LNN_CLOSE(lnn_mode(N, s, u0, t) / u, 1, 3e-14 * condition);
            LNN_CLOSE(lnn_mode(N, -s, -u0, t) / u, -1, 3e-14 * condition);
        }
}

Test(closed_form, mode_solves_its_equation)
{
    static const double targets[] = {2, 0.3, 0, -1.5},
                        starts[] = {0.2, 0.9, 4, -0.4, -3};
    for (size_t N = 1; N <= 6; N++)
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 5; j++) {
                struct mode m = {(double)N, targets[i], 0};
                double u = starts[j];
                LNN_OK(lnn_test_integrate(mode_rhs, &m, 1, 0, 0.7, 1e-13, 1e-15, &u));
                LNN_CLOSE(lnn_mode(N, targets[i], starts[j], 0.7), u, 1e-11);
            }
}

Test(closed_form, mode_is_a_flow)
{
    for (size_t N = 1; N <= 8; N++) {
        static const double cases[][2] = {
            {2, 0.1}, {2, 9}, {-1, 0.5}, {0, 0.5}, {-1, -20}};
        for (size_t c = 0; c < 5; c++) {
            double s = cases[c][0], u0 = cases[c][1], half = lnn_mode(N, s, u0, 0.25);
            LNN_CLOSE(lnn_mode(N, s, half, 0.5) / lnn_mode(N, s, u0, 0.75), 1, 1e-12);
        }
    }
}

Test(closed_form, fixed_points_and_barriers)
{
    for (size_t N = 1; N <= 9; N++) {
        LNN_CLOSE(lnn_mode(N, 1.5, 1.5, 3), 1.5, 0);
        LNN_CLOSE(lnn_mode(N, 1.5, 0.3, 0), 0.3, 0);
        LNN_CLOSE(lnn_mode(N, 1.5, 1, 1e9), 1.5, 1e-15);
        LNN_CLOSE(lnn_mode(N, 1.5, 40, 1e9), 1.5, 1e-15);
        LNN_CLOSE(lnn_mode(N, 1.5, 0, 2), N == 1 ? 1.5 * (1 - exp(-2)) : 0, 1e-15);
        double u =
            lnn_mode(N, 1.5, -0.7, 5); /* 0 is a barrier for two layers and more */
        cr_assert(N == 1 ? u > 0 : u < 0 && u > -0.7);
        cr_assert(isnan(lnn_mode_time(N, 1.5, 0.2, 1.6)));
        cr_assert(isnan(lnn_mode_time(N, 1.5, 0.2, 0.1)));
        cr_assert(isinf(lnn_mode_time(N, 1.5, 0.2, 1.5)));
        cr_assert(N == 1 || isnan(lnn_mode_time(N, 1.5, -0.2, 0.5)));
        cr_assert(N == 1 || isinf(lnn_mode_time(N, 1.5, -0.2, 0)));
        LNN_CLOSE(lnn_mode_time(N, 1.5, 0.2, 0.2), 0, 0);
    }
}

Test(closed_form, plateau_of_small_starts)
{
    for (size_t N = 3; N <= 8; N++) { /* leading order u0^{-(1-2/N)} / ((N-2) s) */
        double n = (double)N, plateau = pow(1e-60, 2 / n - 1) / ((n - 2) * 3);
        LNN_CLOSE(lnn_mode_time(N, 3, 1e-60, 1.5) / plateau, 1, 1e-12);
    }
    LNN_CLOSE(lnn_mode_time(2, 3, 1e-60, 1.5), 60 * log(10) / 6 + log(3) / 6, 1e-13);
}

Test(closed_form, lambda_balanced_modes)
{
    static const double lambda[] = {0, 0.5, 3, 20}, t[] = {0.1, 0.5, 1};
    static const double u[][3] = {
        {0.14560193830010545, 0.5600091243301479, 1.4836826743214735},
        {0.20863467438629518, 0.8653664505038128, 1.7084397632357917},
        {0.6064052688274368, 1.7142873538276444, 1.9744345508278345},
        {1.7469404270903137, 1.9999272028680988, 1.9999999972887905}};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++) {
            LNN_CLOSE(lnn_mode_lambda(lambda[i], 2, 0.1, t[j]), u[i][j], 1e-12);
            LNN_CLOSE(lnn_mode_lambda(-lambda[i], -2, -0.1, t[j]), -u[i][j], 1e-12);
        }
    LNN_CLOSE(lnn_mode_lambda(1, 2, -0.1, 5), 1.999999981946, 1e-12); /* through 0 */
    LNN_CLOSE(lnn_mode_lambda(1e-200, 2, 0.1, 1), u[0][2], 1e-13);    /* lambda -> 0 */
    LNN_CLOSE(lnn_mode_lambda(1e7, 2, 0.1, 1e-7), 2 - 1.9 * exp(-1), 1e-12); /* lazy */
}

Test(closed_form, lambda_balanced_mode_solves_its_equation)
{
    static const double targets[] = {2, 0, -1.5}, starts[] = {0.2, 0, 4, -0.4};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 4; j++) {
            struct mode m = {2, targets[i], 0.8};
            double u = starts[j];
            LNN_OK(lnn_test_integrate(mode_rhs, &m, 1, 0, 0.7, 1e-13, 1e-15, &u));
            LNN_CLOSE(lnn_mode_lambda(0.8, targets[i], starts[j], 0.7), u, 1e-12);
        }
}

Test(closed_form, planar_oracle)
{
    static const double target[] = {3, 4, 0}, w0[] = {-0.02, 0.01, 0.03};
    static const double expected[] = {1.01394094376569641, 1.55492535612954466,
                                      0.16609426181614046};
    double w[3];
    lnn_planar(3, target, w0, 0.6, w);
    cr_assert(lnn_test_gap(3, w, expected) <= 1e-15, "%g",
              lnn_test_gap(3, w, expected));
    LNN_CLOSE(lnn_norm(3, w), 1.8637211176535, 1e-13);
    LNN_CLOSE((3 * w[0] + 4 * w[1]) / (5 * lnn_norm(3, w)), 0.9938744770436793, 1e-14);
    lnn_planar(3, target, w0, 1e5, w); /* far beyond the range of exp */
    cr_assert(lnn_test_gap(3, w, target) <= 1e-14);
    lnn_planar(3, target, w0, 0, w);
    cr_assert(lnn_test_gap(3, w, w0) <= 1e-17);
}

Test(closed_form, planar_failures)
{
    static const double target[] = {5, 0, 0}, away[] = {-0.1, 0, 0}, none[] = {0, 0, 0};
    double w[3];
    lnn_planar(3, target, away, 5,
               w); /* straight away from the target: to 0, never there */
    LNN_CLOSE(w[0] / -1.890931e-23, 1, 1e-6);
    LNN_CLOSE(w[0] / (-5 / ((5 / 0.1 + 1) * exp(50) - 1)), 1, 1e-13);
    lnn_planar(3, target, away, 1000, w);
    LNN_CLOSE(w[0], 0, 0);
    lnn_planar(3, target, none, 1, w);
    LNN_CLOSE(lnn_norm(3, w), 0, 0);
    lnn_planar(3, none, away, 5, w); /* |w|' = -2 |w|^2 */
    LNN_CLOSE(w[0], -0.1 / (1 + 2 * 0.1 * 5), 1e-16);
}
