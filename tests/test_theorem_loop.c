/* not_gradient_field: the loop integral against closed forms and a naive sum, and the
 * judge on real files. */
#include "test_convergence.h"
#include "theorem_loop.h"

TestSuite(theorem_loop, .init = lnn_test_setup, .timeout = 120);
TestSuite(not_gradient_field, .init = lnn_test_setup, .timeout = 120);

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

/* A quadratic part leaves the integral over a half ring as it is, though not the curl.
 */
Test(theorem_loop, quadratic_losses_give_the_closed_form_exactly)
{
    const double e[] = {0.6, 0, -0.8};
    struct model m = {
        3, {0.9, 0, -1.2}, {1, 0.4, -0.2, 0.4, 5, 0.1, -0.2, 0.1, 0.5}, 0};
    for (size_t N = 1; N <= 6; N++) {
        double bar, value = integral(&m, N, e, 0.3, 2, &bar);
        cr_assert(bar < 1e-11, "%g", bar);
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
        if (es[i][2] == 0 && es[i][1] != 1e-8) {
            lnn_loop_orthogonal(2, es[i], f);
            LNN_CLOSE(lnn_dot(2, es[i], f), 0, 2e-16);
        }
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

/* ---- the judge ---- */

#define THREE(widths)                                           \
    "network: {widths: " widths "}\n"                           \
    "data: {kind: target, matrix: [[1, 0.5, -0.25]]}\n"         \
    "init: {kind: balanced, matrix: [[0.3, -0.2, 0.1]]}\n" FLOW \
    "time: {end: 1, samples: 6}\n"
#define TEACHER(widths)                                                       \
    "network: {widths: " widths "}\n"                                         \
    "data: {kind: teacher, samples: 40, condition: 9, noise: 0.1, seed: 3}\n" \
    "init: {kind: balanced, scale: 0.2}\n" FLOW "time: {end: 1, samples: 6}\n"

static void ratio_is(const struct judged *v, double expected, double tol)
{
    LNN_CLOSE(figure(v, "ratio to the constant gradient's"), expected, tol);
    LNN_CLOSE(figure(v, "loop integral"),
              expected * figure(v, "constant gradient: closed form"),
              tol * figure(v, "loop integral"));
    cr_assert(figure(v, "loop integral") >
              1e6 * figure(v, "error bar of the loop integral"));
}

Test(not_gradient_field, whitened_square_loss)
{
    static const char *const yaml[] = {THREE("[3, 2, 2, 1]"), THREE("[3, 1, 4, 1, 1]"),
                                       THREE("[3, 9, 9, 9, 9, 9, 9, 1]")};
    static const double N[] = {3, 4, 7};
    for (size_t i = 0; i < 3; i++) {
        struct judged v = evidence_of(yaml[i], NULL);
        VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
        double n = N[i], R = figure(&v, "outer radius R"), a = 3 - 2 / n;
        ratio_is(&v, 1, 1e-11);
        LNN_CLOSE(figure(&v, "norm of dl/dW at W = 0"), sqrt(1.3125), 1e-15);
        LNN_CLOSE(figure(&v, "constant gradient: closed form"),
                  sqrt(1.3125) * 2 * (n - 1) * (n - 2) / (3 * n - 2) * pow(R, a) *
                      (1 - pow(10, -a)),
                  1e-14);
        cr_assert(v.j.margin > 0.99 && v.j.bar < 1e-9);
        forget(&v);
    }
}

/* The cubic part of the loss shows: the ratio leaves 1 in proportion to R or faster. */
Test(not_gradient_field, other_losses)
{
    static const char *const sets[][2] = {{"loss={kind: lp, p: 4}"},
                                          {"loss={kind: lp, p: 1.5}"},
                                          {"loss={kind: lp, p: 3, scaling: papers}"},
                                          {"loss={kind: lp, p: 40}"}};
    static const char *const yaml[] = {THREE("[3, 2, 2, 1]"), TEACHER("[3, 2, 2, 1]")};
    for (size_t i = 0; i < 8; i++) {
        struct judged v = evidence_of(yaml[i / 4], sets[i % 4]);
        VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
        double at = fabs(figure(&v, "ratio to the constant gradient's") - 1);
        double half = fabs(figure(&v, "the ratio at R/2") - 1);
        cr_assert(at <= 0.1 && at > 1e-9 && half < 0.6 * at, "%zu: %g %g", i, at, half);
        LNN_CLOSE(v.j.measured, at, 1e-15);
        forget(&v);
    }
}

Test(not_gradient_field, data_with_correlated_inputs)
{
    struct judged v = evidence_of(TEACHER("[4, 2, 2, 1]"), NULL);
    VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
    ratio_is(&v, 1, 1e-9);
    forget(&v);
}

Test(not_gradient_field, one_layer_is_a_gradient_whatever_the_loss)
{
    static const char *const sets[][2] = {{"loss={kind: square}"},
                                          {"loss={kind: lp, p: 4}"},
                                          {"loss={kind: lp, p: 1.5}"}};
    static const char *const yaml[] = {THREE("[3, 1]"), TEACHER("[3, 1]")};
    for (size_t i = 0; i < 6; i++) {
        struct judged v = evidence_of(yaml[i / 3], sets[i % 3]);
        VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
        double size =
            figure(&v, "norm of dl/dW at W = 0") * figure(&v, "outer radius R");
        cr_assert(v.j.bound == 0 && v.j.bar < 1e-4 * size, "%g %g", v.j.bar, size);
        forget(&v);
    }
}

/* Two layers: a gradient for whitened data; for other losses the theorem is silent, but
 * there is a curl. */
Test(not_gradient_field, two_layers)
{
    struct judged v = evidence_of(THREE("[3, 2, 1]"), NULL);
    VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
    cr_assert(v.j.bound == 0 && v.j.bar < 1e-12, "%g", v.j.bar);
    LNN_CLOSE(figure(&v, "part of H W across W (the curl)"), 0, 1e-15);
    forget(&v);
    static const char *const lp[] = {"loss={kind: lp, p: 4}", NULL};
    v = evidence_of(THREE("[3, 2, 1]"), lp);
    VERDICT(&v, "not_gradient_field", NULL, LNN_NOT_MET);
    cr_assert(figure(&v, "part of H W across W (the curl)") > 0.01);
    forget(&v);
    v = evidence_of(TEACHER("[3, 2, 1]"), NULL);
    VERDICT(&v, "not_gradient_field", NULL, LNN_NOT_MET);
    cr_assert(figure(&v, "part of H W across W (the curl)") > 0.01);
    LNN_CLOSE(figure(&v, "loop integral"), 0,
              figure(&v, "error bar of the loop integral"));
    forget(&v);
}

Test(not_gradient_field, hypotheses_that_are_not_met)
{
    static const char *const zero[] = {"data.matrix=[[0, 0, 0]]", NULL};
    struct judged v = evidence_of(THREE("[3, 2, 2, 1]"), zero);
    VERDICT(&v, "not_gradient_field", NULL, LNN_NOT_MET);
    forget(&v);
    v = evidence_of("network: {widths: [1, 2, 2, 1]}\n"
                    "data: {kind: target, matrix: [[1]]}\n" FLOW
                    "time: {end: 1, samples: 6}\n",
                    NULL);
    VERDICT(&v, "not_gradient_field", NULL, LNN_NOT_MET);
    forget(&v);
}

/* What is left of a gradient that cancels is rounding, and decides nothing. */
Test(not_gradient_field, a_gradient_that_is_rounding)
{
    static const double X[] = {0.13, 0.71, 0.37, -0.29, 0.97, 0.43};
    double Y[3], a[] = {0.13, 0.37, 0.97}, b[] = {0.71, -0.29, 0.43};
    struct judged v = evidence_of(
        "network: {widths: [2, 2, 2, 1]}\nloss: {kind: square}\n"
        "data: {kind: target, matrix: [[1, 2]]}\n" FLOW "time: {end: 1, samples: 6}\n",
        NULL);
    Y[0] = a[1] * b[2] - a[2] * b[1]; /* orthogonal to both columns */
    Y[1] = a[2] * b[0] - a[0] * b[2];
    Y[2] = a[0] * b[1] - a[1] * b[0];
    struct lnn_moments sizes = {.m = 3, .d = 2, .k = 1, .weight = NAN, .floor = NAN};
    struct lnn_data *data;
    LNN_OK(lnn_data_from_examples(&sizes, X, Y, &data));
    double scratch[64];
    struct lnn_objective o = *v.e->objective;
    o.data = data;
    o.scratch = scratch;
    v.e->objective = &o;
    v.e->data = data;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    lnn_data_free(data);
    forget(&v);
}

Test(not_gradient_field, spoilt_files)
{
    struct judged v = evidence_of(THREE("[3, 2, 2, 1]"), NULL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), kept = W[7], weight = w[20];
    W[7] += 100; /* the statement is not about rows */
    VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
    W[7] = NAN;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    W[7] = kept;
    w[20] = INFINITY;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    w[20] = weight;
    r->rows = r->weights_rows = 1;
    VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
    r->rows = r->weights_rows = 0;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    r->rows = r->weights_rows = 6;
    v.e->objective = NULL;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    r->W = r->w = NULL;
    VERDICT(&v, "not_gradient_field", NULL, LNN_INCONCLUSIVE);
    forget(&v);
}

Test(not_gradient_field, what_it_is_about)
{
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, "not_gradient_field");
    struct judged v = evidence_of(THREE("[3, 2, 2, 1]"), NULL);
    struct lnn_record r = *v.r;
    struct lnn_evidence bare = *v.e;
    bare.objective = NULL;
    bare.data = NULL;
    cr_assert(t->about(&bare, &r));
    r.dynamics = LNN_DYNAMICS_DESCENT;
    cr_assert(t->about(v.e, &r) == false);
    r.dynamics = LNN_DYNAMICS_END_TO_END;
    cr_assert(t->about(v.e, &r));
    r.net.N = 0;
    cr_assert(t->about(v.e, &r) == false);
    forget(&v);
    v = evidence_of(
        "network: {widths: [3, 2, 2]}\n" PHI FLOW "time: {end: 1, samples: 6}\n", NULL);
    cr_assert(t->about(v.e, v.r) == false);
    forget(&v);
}
