/* Data: moments, R and floor two ways; scaling and whitening. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(data, .init = lnn_test_setup);

Test(data, target_is_whitened_exactly)
{
    static const double phi[] = {1, 0.5, -0.25, 0, -1, 0.75};
    struct lnn_data *data = lnn_test_need(lnn_test_load(
        "3, 2, 2",
        "kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]], offset: 0.125"));
    cr_assert(data->whitened);
    cr_assert_eq(data->weight, 1);
    cr_assert_eq(data->floor, 0.125);
    cr_assert_eq(data->rank, 3);
    cr_assert_null(data->mask);
    for (size_t i = 0; i < 6; i++) {
        cr_assert_eq(data->Phi[i], phi[i]);
        cr_assert_eq(data->Lyx[i], phi[i]);
        cr_assert_eq(data->B[i], phi[i]);
        cr_assert_eq(data->Y[i % 3 * 2 + i / 3], phi[i]);
    }
    for (size_t i = 0; i < 9; i++) {
        cr_assert_eq(data->Lxx[i], i % 4 == 0);
        cr_assert_eq(data->X[i], i % 4 == 0);
        cr_assert_eq(data->R[i], i % 4 == 0);
    }
    cr_assert_str_eq(data->input_names[2], "x3");
    lnn_data_free(data);
    data = lnn_test_need(lnn_test_load("1, 1", "kind: target, matrix: [[7]]"));
    cr_assert_eq(data->Phi[0], 7);
    cr_assert_eq(data->floor, 0);
    lnn_test_consistent(data);
    lnn_data_free(data);
}

/* Moments, R form and floor: m above, at and below d; k above d; 1x1. */
Test(data, moments_and_factor_agree_for_every_shape)
{
    static const size_t shape[][3] = {{50, 4, 2}, {50, 2, 5}, {4, 4, 3}, {3, 7, 2},
                                      {1, 1, 1},  {1, 5, 1},  {6, 5, 4}, {200, 1, 1}};
    static const char *const scale[] = {"none", "standardize"};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (size_t s = 0; s < 2; s++) {
            if (s == 1 && shape[i][0] == 1) continue;
            char widths[32];
            snprintf(widths, sizeof widths, "%zu, %zu", shape[i][1], shape[i][2]);
            struct lnn_data *data = lnn_test_need(lnn_test_load(
                widths,
                "kind: teacher, samples: %zu, noise: 0.5, seed: 3, scale: %s, "
                "condition: %s",
                shape[i][0], scale[s], shape[i][1] > 1 ? "100" : "1"));
            lnn_test_consistent(data);
            cr_assert_geq(data->floor, 0);
            if (shape[i][0] > shape[i][1] + 1) cr_assert_gt(data->floor, 1e-3);
            if (s == 0) cr_assert_eq(data->rank, data->q);
            lnn_data_free(data);
        }
}

/* Two equal columns, and y off their range: with one of them, the floor is the same. */
Test(data, floor_of_rank_deficient_inputs_is_the_infimum)
{
    struct lnn_test_file f =
        lnn_test_file_of("a,b,c,y\n1,1,2,1\n2,2,4,0\n-1,-1,-2,3\n0,0,0,1\n");
    struct lnn_data *all =
        lnn_test_need(lnn_test_load("3, 1", "kind: csv, file: %s", f.path));
    struct lnn_data *one = lnn_test_need(
        lnn_test_load("1, 1", "kind: csv, file: %s, inputs: [a]", f.path));
    struct lnn_test_file g =
        lnn_test_file_of("a,b,y\n1,2,1\n1,2,3\n"); /* m = d = 2, rank 1: floor 1/2 */
    struct lnn_data *flat =
        lnn_test_need(lnn_test_load("2, 1", "kind: csv, file: %s", g.path));
    lnn_test_file_remove(&f);
    lnn_test_file_remove(&g);
    lnn_test_consistent(all);
    lnn_test_consistent(flat);
    cr_assert_eq(all->rank, 1);
    cr_assert_eq(flat->rank, 1);
    /* by hand: sum y^2 = 11, x.y = -2, x.x = 6 */
    cr_assert_float_eq(one->floor, (11 - 4.0 / 6) / 8, 1e-15);
    cr_assert_float_eq(all->floor, one->floor, 1e-15);
    cr_assert_float_eq(flat->floor, 0.5, 1e-15);
    lnn_data_free(all);
    lnn_data_free(one);
    lnn_data_free(flat);
}

/* What is in the file comes back from the scaled data and what was removed. */
static void restores(const struct lnn_data *data, const struct lnn_data *raw)
{
    size_t d = raw->d;
    double *X = calloc(raw->m * d, sizeof *X);
    memcpy(X, data->X, raw->m * d * sizeof *X);
    if (data->whitener)
        lnn_gemm(false, true, raw->m, d, d, 1, data->X, data->whitener, 0, X);
    for (size_t i = 0; i < raw->m * d; i++) {
        double x = data->x_mean[i % d] + data->x_scale[i % d] * X[i];
        cr_assert_float_eq(x, raw->X[i], 1e-12 * 400);
    }
    for (size_t i = 0; i < raw->m; i++)
        cr_assert_float_eq(data->y_mean[0] + data->y_scale[0] * data->Y[i], raw->Y[i],
                           1e-11);
    free(X);
}

Test(data, standardized_columns_have_mean_0_and_deviation_1)
{
    struct lnn_data *raw = lnn_test_diabetes("10, 1", "");
    struct lnn_data *data =
        lnn_test_diabetes("10, 1", ", scale: standardize, target_scale: standardize");
    lnn_test_consistent(data);
    for (size_t j = 0; j < 10; j++) {
        double sum = 0;
        for (size_t i = 0; i < 442; i++) sum += data->X[i * 10 + j];
        cr_assert_float_eq(sum / 442, 0, 1e-15);
        cr_assert_float_eq(data->Lxx[j * 11], 1, 1e-14);
    }
    cr_assert_float_eq(data->Lyy[0], 1, 1e-14);
    restores(data, raw);
    lnn_data_free(raw);
    lnn_data_free(data);
}

Test(data, whitened_moments_are_the_identity)
{
    struct lnn_data *raw = lnn_test_diabetes("10, 1", "");
    struct lnn_data *data =
        lnn_test_diabetes("10, 1", ", scale: whiten, target_scale: center");
    cr_assert(data->whitened);
    double L[100];
    lnn_gemm(true, false, 10, 10, 442, data->weight, data->X, data->X, 0, L);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_float_eq(L[i], i % 11 == 0, 1e-14);
        cr_assert_eq(data->Lxx[i], i % 11 == 0);
        cr_assert_eq(data->R[i], i % 11 == 0);
    }
    lnn_test_consistent(data);
    restores(data, raw);
    lnn_data_free(raw);
    lnn_data_free(data);
}

/* The least squares residual does not see how the span of inputs and constant is
 * written: standardised and centred, whitened, or raw with an intercept. The number is
 * numpy's lstsq on the same file; without the constant it is another. */
Test(data, diabetes_floor_is_the_least_squares_optimum)
{
    static const struct {
        const char *widths, *keys;
        double floor;
    } at[] = {
        {"10, 1", "", 1511.4605089430834},
        {"10, 1", ", scale: standardize, target_scale: center", 1429.8481737933753},
        {"10, 1", ", scale: whiten, target_scale: center", 1429.8481737933753},
        {"11, 1", ", intercept: true", 1429.8481737933753},
        {"11, 1", ", scale: standardize, intercept: true", 1429.8481737933753},
        {"10, 1", ", scale: standardize, target_scale: standardize",
         0.24112578888982505},
    };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct lnn_data *data = lnn_test_diabetes(at[i].widths, at[i].keys);
        cr_assert_float_eq(data->floor, at[i].floor, 1e-12 * at[i].floor);
        cr_assert_eq(data->rank, data->d);
        lnn_data_free(data);
    }
}

/* The same through the normal equations and the eigenvalues of Lambda_xx. */
Test(data, floor_from_the_normal_equations)
{
    struct lnn_data *data =
        lnn_test_diabetes("10, 1", ", scale: standardize, target_scale: center");
    double values[10], V[100], c[10], sum = data->Lyy[0];
    cr_assert_eq(lnn_eig_symmetric(10, data->Lxx, values, V), GSL_SUCCESS);
    lnn_gemm(false, false, 1, 10, 10, 1, data->Lyx, V, 0, c);
    for (size_t j = 0; j < 10; j++) sum -= c[j] * c[j] / values[j];
    cr_assert_float_eq(data->floor, 0.5 * sum, 1e-11 * data->floor);
    lnn_data_free(data);
}

Test(data, target_scale_unit)
{
    static const char *const scale[] = {"none", "standardize", "whiten"};
    char keys[64];
    for (size_t i = 0; i < 3; i++) {
        snprintf(keys, sizeof keys, ", scale: %s, target_scale: unit", scale[i]);
        struct lnn_data *data = lnn_test_diabetes("10, 1", keys);
        cr_assert_float_eq(lnn_norm(10, data->Lyx), 1, 1e-14);
        lnn_data_free(data);
    }
    struct lnn_test_file f = lnn_test_file_of("x,y\n1,1\n-1,1\n2,-1\n-2,-1\n");
    lnn_test_refused(
        lnn_test_load("1, 1", "kind: csv, file: %s, target_scale: unit", f.path),
        "p.yaml:2:", "Lambda_yx is 0");
    lnn_test_file_remove(&f);
}

Test(data, scaling_that_cannot_be_is_refused)
{
    struct lnn_test_file f = lnn_test_file_of(
        "a,b,c,y\n1,0.1,2,3\n2,0.1,4,3\n4,0.1,8,3\n8,0.1,16,3\n9,0.1,18,3\n");
    lnn_test_refused(
        lnn_test_load("3, 1", "kind: csv, file: %s, scale: standardize", f.path),
        "p.yaml:2:", "input \"b\" is 0.1 in every example");
    lnn_test_refused(
        lnn_test_load("3, 1", "kind: csv, file: %s, target_scale: standardize", f.path),
        "p.yaml:2:", "target \"y\" is 3 in every example");
    lnn_test_refused(lnn_test_load("2, 1",
                                   "kind: csv, file: %s, inputs: [a, c], scale: whiten",
                                   f.path),
                     "p.yaml:2:", "1 usable directions of 2");
    lnn_test_file_remove(&f);
    lnn_test_refused(lnn_test_load("5, 1", "kind: teacher, samples: 5, scale: whiten"),
                     "p.yaml:2:", "5 examples leave 4 usable directions of 5");
}

/* Real, ill-conditioned data; singular values and R^2 are numpy's. */
Test(data, gas_ethanol, .timeout = 60)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/../shared/data/gas_ethanol.csv.gz",
             lnn_test_source());
    if (access(path, R_OK) != 0) cr_skip_test("gas_ethanol.csv.gz is not here");
    static const struct {
        const char *transform, *scale;
        double r2;
    } at[] = {{"none", "standardize", 0.900013759046483},
              {"log", "standardize", 0.9417915910002793},
              {"log1p", "standardize", 0.9436261661334162},
              {"log1p", "whiten", 0.9436261661334162}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        clock_t start = clock();
        struct lnn_data *data = lnn_test_need(
            lnn_test_load("128, 1",
                          "kind: csv, file: %s, inputs: [x1..x128], targets: "
                          "[concentration_ppm], scale: %s, target_scale: standardize, "
                          "target_transform: %s",
                          path, at[i].scale, at[i].transform));
        cr_assert_lt((double)(clock() - start) / CLOCKS_PER_SEC, 3);
        cr_assert_eq(data->m, 2565);
        cr_assert_eq(data->rank, 128);
        cr_assert_float_eq(1 - 2 * data->floor, at[i].r2, 1e-11);
        struct lnn_svd *f = lnn_svd_alloc(2565, 128);
        cr_assert_eq(lnn_svd(f, data->X), GSL_SUCCESS);
        bool white = strcmp(at[i].scale, "whiten") == 0;
        cr_assert_float_eq(f->s[0], white ? sqrt(2565) : 432.5319814994463, 1e-10);
        cr_assert_float_eq(f->s[127], white ? sqrt(2565) : 0.006093944218865048, 1e-10);
        free(f);
        lnn_data_free(data);
    }
}
