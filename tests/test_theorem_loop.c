/* The loop integral of the end-to-end field, against closed forms and a naive sum. */
#include "lnn_test.h"
#include "theorem_loop.h"

TestSuite(theorem_loop, .init = lnn_test_setup, .timeout = 120);

/* dl/dW = g + A W + c |W|^2 W */
struct model {
    size_t d;
    double g[3], A[9], c;
};

static void model_gradient(void *context, const double W[], double G[])
{
    const struct model *m = context;
    for (size_t i = 0; i < m->d; i++) {
        G[i] = m->g[i] + m->c * lnn_dot(m->d, W, W) * W[i];
        for (size_t j = 0; j < m->d; j++) G[i] += m->A[i * m->d + j] * W[j];
    }
}

static struct lnn_loop loop_of(struct model *m, size_t N, const double e[],
                               const double f[], double r, double R)
{
    return (struct lnn_loop){.N = N,
                             .d = m->d,
                             .r = r,
                             .R = R,
                             .e = e,
                             .f = f,
                             .gradient = model_gradient,
                             .context = m};
}

static double integral(struct model *m, size_t N, const double e[], double r, double R,
                       double *bar)
{
    double f[3], value, own;
    lnn_loop_orthogonal(m->d, e, f);
    struct lnn_loop loop = loop_of(m, N, e, f, r, R);
    LNN_OK(lnn_loop_integral(&loop, &value, bar ? bar : &own));
    return value;
}

/* Listed oracles (|g| = 1, r = 0.1, R = 1), by formula and by quadrature. */
Test(theorem_loop, constant_gradient)
{
    static const struct {
        size_t N;
        double value;
    } listed[] = {
        {1, 0}, {2, 0}, {3, 0.568776234952}, {4, 1.196205266808}, {10, 5.134706263582}};
    static const double axes[][3] = {
        {1, 0, 0}, {0.6, 0, -0.8}, {2 / 3., -1 / 3., 2 / 3.}};
    for (size_t i = 0; i < 5; i++) {
        LNN_CLOSE(lnn_loop_constant(listed[i].N, 1, 0.1, 1), listed[i].value, 6e-13);
        for (size_t a = 0; a < 3; a++) {
            const double *e = axes[a];
            struct model m = {3, {e[0], e[1], e[2]}, {0}, 0};
            double bar, value = integral(&m, listed[i].N, e, 0.1, 1, &bar);
            LNN_CLOSE(value, listed[i].value, 1e-12);
            cr_assert(bar > 0 && bar < 1e-12, "%g", bar);
            cr_assert(fabs(value - lnn_loop_constant(listed[i].N, 1, 0.1, 1)) <= bar);
        }
    }
}

/* Against the direction the constant gradient's integral changes its sign. */
Test(theorem_loop, square_loss_along_its_target)
{
    const double norm = sqrt(1.25), e[] = {1 / norm, 0.5 / norm};
    const double back[] = {-e[0], -e[1]};
    struct model m = {2, {-1, -0.5}, {1, 0, 0, 1}, 0};
    for (size_t N = 1; N <= 2; N++)
        LNN_CLOSE(integral(&m, N, e, 0.1, 1, NULL), 0, 1e-14);
    LNN_CLOSE(integral(&m, 3, e, 0.1, 1, NULL), -0.6359111626697787, 1e-13);
    LNN_CLOSE(integral(&m, 3, back, 0.1, 1, NULL), 0.6359111626697787, 1e-13);
}

/* F as Theorem 1's sum for one row W: [W W^T]^{(j-1)/N} G [W^T W]^{(N-j)/N}. */
static void naive_field(struct model *m, size_t N, const double W[], double F[])
{
    double G[3], s = lnn_dot(m->d, W, W);
    model_gradient(m, W, G);
    for (size_t i = 0; i < m->d; i++) F[i] = 0;
    for (size_t j = 1; j <= N; j++) {
        double left = pow(s, (double)(j - 1) / (double)N);
        double right = pow(s, (double)(N - j) / (double)N);
        for (size_t i = 0; i < m->d; i++)
            F[i] += left * (j == N ? G[i] : right * lnn_dot(m->d, G, W) * W[i] / s);
    }
}

/* Midpoints of very many chords. */
static double naive_piece(struct model *m, size_t N, const double e[], const double f[],
                          double radius, double from, double to)
{
    enum { CHORDS = 20000 };
    double sum = 0, here[3], F[3], chord[3];
    for (size_t n = 0; n < CHORDS; n++) {
        double s0 = from + (to - from) * (double)n / CHORDS,
               s1 = from + (to - from) * (double)(n + 1) / CHORDS;
        for (size_t i = 0; i < m->d; i++) {
            double a =
                radius > 0 ? radius * (cos(s0) * e[i] + sin(s0) * f[i]) : s0 * e[i];
            double b =
                radius > 0 ? radius * (cos(s1) * e[i] + sin(s1) * f[i]) : s1 * e[i];
            here[i] = 0.5 * (a + b);
            chord[i] = b - a;
        }
        naive_field(m, N, here, F);
        sum += lnn_dot(m->d, F, chord);
    }
    return sum;
}

Test(theorem_loop, agrees_with_a_sum_over_chords)
{
    const double pi = 3.141592653589793, e[] = {2 / 3., -1 / 3., 2 / 3.};
    struct model m = {
        3, {0.3, -1.1, 0.7}, {1, 0.4, -0.2, 0.4, 2, 0.1, -0.2, 0.1, 0.5}, 0.8};
    for (size_t N = 1; N <= 5; N++) {
        double f[3], r = 0.2, R = 1.3;
        lnn_loop_orthogonal(3, e, f);
        double sum =
            naive_piece(&m, N, e, f, 0, -R, -r) + naive_piece(&m, N, e, f, r, pi, 0) +
            naive_piece(&m, N, e, f, 0, r, R) + naive_piece(&m, N, e, f, R, 0, pi);
        LNN_CLOSE(integral(&m, N, e, r, R, NULL), sum, 1e-7);
    }
}

/* A quadratic part, and W_1^4 / 4 + (W_3 - 2 W_2)^4 / 4. */
static void even_gradient(void *context, const double W[], double G[])
{
    double cube = pow(W[2] - 2 * W[1], 3);
    model_gradient(context, W, G);
    G[0] += pow(W[0], 3);
    G[1] -= 2 * cube;
    G[2] += cube;
}

/* An even part of the loss leaves the integral over a half ring as it is. */
Test(theorem_loop, an_even_part_leaves_the_closed_form_exact)
{
    const double e[] = {0.6, 0, -0.8}, f[] = {0, 1, 0};
    struct model m = {
        3, {0.9, 0, -1.2}, {1, 0.4, -0.2, 0.4, 5, 0.1, -0.2, 0.1, 0.5}, 0.8};
    for (size_t N = 1; N <= 6; N++) {
        double bar, value;
        struct lnn_loop loop = loop_of(&m, N, e, f, 0.3, 2);
        loop.gradient = even_gradient;
        LNN_OK(lnn_loop_integral(&loop, &value, &bar));
        cr_assert(bar < 1e-10, "%g", bar);
        cr_assert(fabs(value - lnn_loop_constant(N, 1.5, 0.3, 2)) <= bar, "%zu", N);
    }
}

/* Two layers: d_j F_i - d_i F_j = ((H W)_j W_i - (H W)_i W_j) / ||W||, H = A + c (|W|^2
 * I + 2 W W^T) here. */
Test(theorem_loop, curl_of_two_layers)
{
    const double h = 1e-5, W[] = {0.7, -0.4, 1.1};
    struct model m = {
        3, {0.3, -1.1, 0.7}, {1, 0.4, -0.2, 0.4, 2, 0.1, -0.2, 0.1, 0.5}, 0.8};
    double J[9], HW[3], seen = 0;
    for (size_t j = 0; j < 3; j++) {
        double up[3], down[3], at[] = {W[0], W[1], W[2]};
        at[j] += h;
        naive_field(&m, 2, at, up);
        at[j] -= 2 * h;
        naive_field(&m, 2, at, down);
        for (size_t i = 0; i < 3; i++) J[i * 3 + j] = (up[i] - down[i]) / (2 * h);
    }
    for (size_t i = 0; i < 3; i++)
        HW[i] = lnn_dot(3, m.A + 3 * i, W) + 3 * m.c * lnn_dot(3, W, W) * W[i];
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            double curl = (HW[j] * W[i] - HW[i] * W[j]) / lnn_norm(3, W);
            LNN_CLOSE(J[i * 3 + j] - J[j * 3 + i], curl, 1e-8);
            seen = fmax(seen, fabs(curl));
        }
    cr_assert(seen > 0.1, "%g", seen);
}

Test(theorem_loop, orthogonal_unit_vectors)
{
    static const double es[][3] = {
        {1, 0, 0}, {0, 0, -1}, {0.6, 0.8, 0}, {1 - 0.5e-16, 1e-8, 0}};
    for (size_t i = 0; i < 4; i++) {
        double f[3];
        lnn_loop_orthogonal(3, es[i], f);
        LNN_CLOSE(lnn_norm(3, f), 1, 4e-16);
        LNN_CLOSE(lnn_dot(3, es[i], f), 0, 2e-16);
    }
}

Test(theorem_loop, a_field_that_is_not_finite)
{
    const double e[] = {1, 0}, f[] = {0, 1};
    struct model m = {2, {1, 0}, {NAN, 0, 0, 0}, 0};
    double value, bar;
    struct lnn_loop loop = loop_of(&m, 3, e, f, 0.1, 1);
    cr_assert(lnn_loop_integral(&loop, &value, &bar) == GSL_EFAILED);
}
