/* Losses: values two ways, derivatives against differences, the infimum. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(loss, .init = lnn_test_setup);

static const char *const squares[] = {"kind: square", NULL};
static const char *const smooth[] = {"kind: square",
                                     "kind: lp, p: 2",
                                     "kind: lp, p: 4",
                                     "kind: lp, p: 3, scaling: papers",
                                     "kind: lp, p: 2.5",
                                     "kind: lp, p: 6, scaling: papers",
                                     NULL};
static const struct {
    const char *widths, *data;
} cases[] = {
    {"3, 2", "kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]"},
    {"1, 1", "kind: target, matrix: [[2]]"},
    {"4, 2", "kind: teacher, samples: 30, noise: 0.3, seed: 1"},
    {"2, 5", "kind: teacher, samples: 30, noise: 0.3, seed: 2, scale: whiten"},
    {"3, 3",
     "kind: teacher, samples: 12, noise: 1, condition: 1e4, scale: standardize"},
    {"6, 2", "kind: teacher, samples: 4, noise: 0.3, seed: 3"},         /* m < d */
    {"6, 1", "kind: teacher, samples: 5, scale: standardize, seed: 3"}, /* rank 4 */
    {"1, 1", "kind: teacher, samples: 1, noise: 1"},
    {"4, 2",
     "kind: teacher, samples: 20, noise: 1, intercept: true, target_scale: center"},
};
enum { CASES = sizeof cases / sizeof *cases };

Test(loss, derivatives_agree_with_differences)
{
    for (size_t c = 0; c < CASES; c++)
        for (const char *const *kind = smooth; *kind; kind++) {
            struct lnn_test_bound b =
                lnn_test_bind(cases[c].widths, *kind, cases[c].data);
            double *W = lnn_test_drawn(b.n, 7 + c);
            lnn_test_gradient(&b, W);
            lnn_test_hessian(&b, W);
            free(W);
            lnn_test_release(&b);
        }
}

static const char *const by_outputs[] = {"kind: square", "kind: lp, p: 4",
                                         "kind: lp, p: 2.5, scaling: papers", NULL};

Test(loss, outputs_are_the_same_loss)
{
    for (size_t c = 0; c < CASES; c++)
        for (const char *const *kind = by_outputs; *kind; kind++) {
            struct lnn_test_bound b =
                lnn_test_bind(cases[c].widths, *kind, cases[c].data);
            double *W = lnn_test_drawn(b.n, 3 + c);
            lnn_test_outputs(&b, W);
            free(W);
            lnn_test_release(&b);
        }
}

/* 1/2 tr(W Lxx W^T) - tr(W Lyx^T) + 1/2 tr(Lyy). */
static double by_moments(const struct lnn_data *data, const double W[])
{
    size_t k = data->k, d = data->d;
    double *P = malloc(k * d * sizeof *P), sum = 0;
    lnn_gemm(false, false, k, d, d, 1, W, data->Lxx, 0, P);
    sum += 0.5 * lnn_dot(k * d, P, W) - lnn_dot(k * d, W, data->Lyx);
    for (size_t i = 0; i < k; i++) sum += 0.5 * data->Lyy[i * k + i];
    free(P);
    return sum;
}

Test(loss, square_offset_is_the_value_at_the_target)
{
    struct lnn_test_bound b = lnn_test_bind(
        "2, 1", "kind: square", "kind: target, matrix: [[1, 2]], offset: 0.5");
    static const double W[] = {3, 2};
    cr_assert_eq(lnn_objective_value(b.o, b.data->Phi), 0.5);
    cr_assert_eq(lnn_objective_value(b.o, W), 2.5);
    lnn_test_release(&b);
}

/* weight sum |W x - y|^p, example by example. */
static double by_examples(const struct lnn_data *data, const double W[], double p)
{
    double sum = 0;
    for (size_t i = 0; i < data->m; i++)
        for (size_t r = 0; r < data->k; r++) {
            double z = -data->Y[i * data->k + r];
            for (size_t j = 0; j < data->d; j++)
                z += W[r * data->d + j] * data->X[i * data->d + j];
            sum += pow(fabs(z), p);
        }
    return data->weight * sum;
}

Test(loss, square_three_ways)
{
    for (size_t c = 0; c < CASES; c++) {
        struct lnn_test_bound b =
            lnn_test_bind(cases[c].widths, squares[0], cases[c].data);
        double *W = lnn_test_drawn(b.n, c);
        double value = lnn_objective_value(b.o, W), infimum;
        cr_assert_float_eq(value, by_moments(b.data, W), 1e-13 * (1 + value));
        cr_assert_float_eq(value, 0.5 * by_examples(b.data, W, 2), 1e-13 * (1 + value));
        cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED);
        cr_assert_leq(infimum, value);
        free(W);
        lnn_test_release(&b);
    }
}

Test(loss, lp_by_examples_and_scalings)
{
    static const char *const slides[] = {"kind: lp, p: 1.3", "kind: lp, p: 2",
                                         "kind: lp, p: 4", "kind: lp, p: 7.5"};
    static const char *const papers[] = {
        "kind: lp, p: 1.3, scaling: papers", "kind: lp, p: 2, scaling: papers",
        "kind: lp, p: 4, scaling: papers", "kind: lp, p: 7.5, scaling: papers"};
    for (size_t c = 0; c < CASES; c++)
        for (size_t i = 0; i < 4; i++) {
            struct lnn_test_bound b =
                lnn_test_bind(cases[c].widths, slides[i], cases[c].data);
            struct lnn_test_bound a =
                lnn_test_bind(cases[c].widths, papers[i], cases[c].data);
            double *W = lnn_test_drawn(b.n, c), p = b.problem->loss.p;
            double value = lnn_objective_value(b.o, W), sum = by_examples(b.data, W, p);
            cr_assert_float_eq(value, sum, 1e-12 * sum);
            cr_assert_float_eq(lnn_objective_value(a.o, W), value / p, 1e-14 * value);
            free(W);
            lnn_test_release(&a);
            lnn_test_release(&b);
        }
}

/* p = 2 is the square loss, twice in the slides' scaling. */
Test(loss, lp_with_p_2_is_the_square_loss)
{
    for (size_t c = 0; c < CASES; c++) {
        struct lnn_test_bound a =
            lnn_test_bind(cases[c].widths, "kind: lp, p: 2", cases[c].data);
        struct lnn_test_bound b =
            lnn_test_bind(cases[c].widths, "kind: square", cases[c].data);
        double *W = lnn_test_drawn(a.n, c), *G = lnn_test_drawn(a.n, 0),
               *H = lnn_test_drawn(a.n, 0), la, lb;
        cr_assert_float_eq(lnn_objective_value(a.o, W), 2 * lnn_objective_value(b.o, W),
                           1e-13 * (1 + lnn_objective_value(a.o, W)));
        lnn_objective_gradient(a.o, W, G);
        lnn_objective_gradient(b.o, W, H);
        for (size_t i = 0; i < a.n; i++) cr_assert_float_eq(G[i], 2 * H[i], 1e-12);
        cr_assert_eq(a.o->loss->infimum(a.o, &la), LNN_ATTAINED);
        cr_assert_eq(b.o->loss->infimum(b.o, &lb), LNN_ATTAINED);
        cr_assert_float_eq(la, 2 * lb, 1e-15);
        free(W), free(G), free(H);
        lnn_test_release(&a);
        lnn_test_release(&b);
    }
}

/* l_p is homogeneous of degree p in (W, Y) together, and of degree 0 in (X, 1/W). */
Test(loss, scale_invariances)
{
    static const char *const kind[] = {"kind: square", "kind: lp, p: 3",
                                       "kind: lp, p: 1.5"};
    static const double degree[] = {2, 3, 1.5};
    for (size_t i = 0; i < 3; i++) {
        struct lnn_test_bound a =
            lnn_test_bind_table("2, 1", kind[i], "1,2,3\n4,-5,1\n2,2,0\n");
        struct lnn_test_bound b =
            lnn_test_bind_table("2, 1", kind[i], "1,2,9\n4,-5,3\n2,2,0\n");
        struct lnn_test_bound c =
            lnn_test_bind_table("2, 1", kind[i], "5,10,3\n20,-25,1\n10,10,0\n");
        const double W[] = {0.3, -0.7}, W3[] = {0.9, -2.1}, W5[] = {0.06, -0.14};
        double value = lnn_objective_value(a.o, W);
        cr_assert_float_eq(lnn_objective_value(b.o, W3), pow(3, degree[i]) * value,
                           1e-13 * pow(3, degree[i]) * value);
        cr_assert_float_eq(lnn_objective_value(c.o, W5), value, 1e-13 * value);
        lnn_test_release(&a);
        lnn_test_release(&b);
        lnn_test_release(&c);
    }
}

/* On a target matrix lp is sum |W - Phi|^p, minimum 0 at Phi; for p < 2 the Hessian is
 * finite there all the same. */
Test(loss, lp_on_a_target_matrix)
{
    static const double W[] = {0, 2, 1, 5}, D[] = {1, 1, 1, 1};
    double HD[4], G[4], infimum;
    struct lnn_test_bound b = lnn_test_bind("2, 2", "kind: lp, p: 3",
                                            "kind: target, matrix: [[1, 2], [3, 4]]");
    cr_assert_eq(lnn_objective_value(b.o, W), 1 + 0 + 8 + 1);
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED);
    cr_assert_eq(infimum, 0);
    cr_assert_eq(lnn_objective_value(b.o, b.data->Phi), 0);
    lnn_test_release(&b);
    b = lnn_test_bind("2, 2", "kind: lp, p: 1.5",
                      "kind: target, matrix: [[1, 2], [3, 4]]");
    b.o->loss->hessian(b.o, W, D, HD);
    cr_assert_float_eq(HD[0], 0.75, 1e-15);
    cr_assert_eq(HD[1], 0);
    cr_assert_float_eq(HD[2], 0.75 / sqrt(2), 1e-15);
    lnn_objective_gradient(b.o, W, G);
    cr_assert_float_eq(G[0], -1.5, 1e-15);
    cr_assert_eq(G[1], 0);
    lnn_test_release(&b);
}

/* Neither p < 2 nor odd p may lose the sign of a residual. */
Test(loss, lp_below_2_away_from_0)
{
    struct lnn_test_bound b =
        lnn_test_bind("4, 2", "kind: lp, p: 1.3",
                      "kind: target, matrix: [[9, -9, 9, 9], [-9, 9, 9, 9]]");
    double *W = lnn_test_drawn(b.n, 4);
    lnn_test_gradient(&b, W);
    lnn_test_hessian(&b, W);
    free(W);
    lnn_test_release(&b);
}

Test(loss, lp_infimum_is_a_bound_unless_known)
{
    double infimum;
    struct lnn_test_bound b =
        lnn_test_bind(cases[2].widths, "kind: lp, p: 4", cases[2].data);
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED_BELOW);
    cr_assert_eq(infimum, 0);
    lnn_test_release(&b);
    b = lnn_test_bind(cases[5].widths, "kind: lp, p: 4", cases[5].data); /* m < d */
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED);
    cr_assert_eq(infimum, 0);
    lnn_test_release(&b);
}

/* numpy.linalg.lstsq on the standardised inputs and centred target. */
Test(loss, diabetes_optimum)
{
    static const double best[] = {-0.47612079,  -11.40686692, 24.72654886, 15.42940413,
                                  -37.67995261, 22.67616277,  4.80613814,  8.42203936,
                                  35.73444577,  3.21667372};
    char data[1024];
    const char *root = getenv("LNN_SOURCE");
    snprintf(data, sizeof data,
             "kind: csv, file: %s/tests/data/diabetes.csv.gz, scale: "
             "standardize, target_scale: center",
             root ? root : LNN_SOURCE);
    struct lnn_test_bound b = lnn_test_bind("10, 1", "kind: square", data);
    double G[10], infimum, value = lnn_objective_value(b.o, best);
    lnn_objective_gradient(b.o, best, G);
    cr_assert_lt(lnn_norm(10, G), 1e-7); /* 8 digits after the point */
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED);
    cr_assert_float_eq(value, infimum, 1e-12 * infimum);
    cr_assert_float_eq(infimum, 1429.8481737933753, 1e-9);
    lnn_test_release(&b);
}

Test(loss, every_member_is_complete)
{
    for (const struct lnn_loss *const *loss = lnn_losses; *loss; loss++) {
        const struct lnn_loss *l = *loss;
        cr_assert_not_null(l->name);
        cr_assert_gt(strlen(l->doc), 20);
        cr_assert(l->scratch && l->value && l->gradient && l->hessian && l->infimum);
    }
    cr_assert_null(lnn_registry_find((const void *const *)lnn_losses, "none such"));
    cr_assert_eq(lnn_registry_find((const void *const *)lnn_losses, "square"),
                 lnn_losses[0]);
}

/* Gradient and value in long double, by plain loops. */
static void by_hand(const struct lnn_test_bound *b, double p, const double W[],
                    long double G[], long double *value)
{
    const struct lnn_data *data = b->data;
    size_t d = data->d, k = data->k;
    *value = 0;
    for (size_t i = 0; i < b->n; i++) G[i] = 0;
    for (size_t e = 0; e < data->m; e++)
        for (size_t j = 0; j < k; j++) {
            long double r = -(long double)data->Y[e * k + j], slope;
            for (size_t c = 0; c < d; c++)
                r += (long double)W[j * d + c] * data->X[e * d + c];
            slope = copysignl(powl(fabsl(r), p - 1), r) * p / data->m;
            *value += powl(fabsl(r), p) / data->m;
            for (size_t c = 0; c < d; c++) G[j * d + c] += slope * data->X[e * d + c];
        }
}

/* Many examples, so that they come in several blocks, the last one shorter. */
Test(loss, lp_in_blocks_is_as_accurate_as_long_double_allows_to_see)
{
    static const double powers[] = {1.5, 2, 2.5, 3, 4, 5, 6, 17, 18};
    static const char *const widths[] = {"128, 1", "128, 3", "300, 1", "3000, 2"};
    for (size_t w = 0; w < 4; w++)
        for (size_t c = 0; c < sizeof powers / sizeof *powers; c++) {
            char kind[40];
            snprintf(kind, sizeof kind, "kind: lp, p: %g", powers[c]);
            struct lnn_test_bound b =
                lnn_test_bind(widths[w], kind, "kind: teacher, samples: 133, noise: 1");
            double *W = lnn_test_drawn(b.n, 5), *G = lnn_test_drawn(b.n, 6);
            long double *want = calloc(b.n, sizeof *want), value, size = 0, gap = 0;
            for (size_t i = 0; i < b.n; i++) W[i] *= 0.05;
            by_hand(&b, powers[c], W, want, &value);
            double got = lnn_objective_value_gradient(b.o, W, G);
            for (size_t i = 0; i < b.n; i++) {
                gap += (G[i] - want[i]) * (G[i] - want[i]);
                size += want[i] * want[i];
            }
            double tolerance = 2e-15 * (1 + powers[c]);
            cr_assert(sqrtl(gap) <= tolerance * sqrtl(size), "%s %s: %Lg", widths[w],
                      kind, sqrtl(gap / size));
            cr_assert(fabsl(got - value) <= tolerance * value, "%s %s: %Lg", widths[w],
                      kind, (got - value) / value);
            free(W), free(G), free(want);
            lnn_test_release(&b);
        }
}

Test(loss, value_with_gradient_is_both_to_the_bit)
{
    static const struct {
        const char *kind, *data;
    } all[] = {
        {"kind: square", "kind: teacher, samples: 30, noise: 0.3"},
        {"kind: square", "kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]"},
        {"kind: lp, p: 4", "kind: teacher, samples: 30, noise: 0.3"},
        {"kind: lp, p: 1.7", "kind: teacher, samples: 30, noise: 0.3"},
        {"kind: masked", "kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]], "
                         "mask: [[1, 0, 1], [1, 1, 0]]"},
    };
    for (size_t c = 0; c < sizeof all / sizeof *all; c++) {
        struct lnn_test_bound b = lnn_test_bind("3, 2", all[c].kind, all[c].data);
        double *W = lnn_test_drawn(b.n, 5), G[6], H[6];
        lnn_objective_gradient(b.o, W, G);
        double value = lnn_objective_value(b.o, W);
        cr_assert_eq(lnn_objective_value_gradient(b.o, W, H), value, "%s", all[c].kind);
        cr_assert(memcmp(G, H, sizeof G) == 0, "%s", all[c].kind);
        free(W);
        lnn_test_release(&b);
    }
    struct lnn_test_bound b = lnn_test_bind_table(
        "2, 1", "kind: logistic", "a,b,y\n1,2,1\n3,-1,-1\n-2,0.5,1\n0.1,0.2,-1\n");
    double W[] = {0.3, -0.7}, G[2], H[2];
    lnn_objective_gradient(b.o, W, G);
    cr_assert_eq(lnn_objective_value_gradient(b.o, W, H), lnn_objective_value(b.o, W));
    cr_assert(memcmp(G, H, sizeof G) == 0);
    lnn_test_release(&b);
}
