/* Starts: what each one promises, the same numbers from the same seeds. */
#include "naive.h"

#include <cblas.h>
#include <hdf5.h>
#include <unistd.h>

TestSuite(init, .init = lnn_test_setup);

/* The weights that `init` (the section in braces) gives these widths; free them. */
static double *start_of(const char *widths, const char *init, struct lnn_network *net)
{
    char text[1000];
    static size_t kept[8];
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\ninit: %s\ntime: {end: 1}\n"
             "data: {kind: teacher, samples: 5}\n",
             widths, init);
    struct lnn_problem *problem = lnn_test_problem(text);
    size_t n = problem->network.widths.n;
    memcpy(kept, problem->network.widths.at, n * sizeof *kept);
    *net = lnn_network_of(n, kept);
    double *w = naive_new(net->size + 1);
    w[net->size] = 4711;
    lnn_error_clear();
    if (lnn_init_start(problem, net, w) == GSL_SUCCESS) {
        cr_assert_eq(w[net->size], 4711);
        cr_assert(lnn_finite(net->size, w));
    } else {
        cr_assert_gt(strlen(lnn_error()), 10);
        free(w);
        w = NULL;
    }
    lnn_problem_free(problem);
    return w;
}

/* max_j ||C_j||_F / (||W_j||_F^2 + ||W_{j+1}||_F^2). */
static double imbalance(const struct lnn_network *net, const double w[])
{
    double *C = naive_new(lnn_network_imbalance_size(net)), worst = 0;
    for (size_t j = 1; j < net->N; j++) {
        size_t h = net->d[j], below = h * net->d[j - 1], above = h * net->d[j + 1];
        const double *Wj = w + lnn_network_offset(net, j);
        lnn_network_imbalance(net, w, j, C);
        double size = naive_dot(below + above, Wj, Wj);
        if (size > 0) worst = fmax(worst, naive_norm(h * h, C) / size);
    }
    free(C);
    return worst;
}

static double product_gap(const struct lnn_network *net, const double w[],
                          const double A[])
{
    double *W = naive_new(10000), gap;
    naive_partial(net, w, 1, net->N, W);
    gap = lnn_test_gap(net->d[net->N] * net->d[0], W, A);
    free(W);
    return gap;
}

/* --- every start ------------------------------------------------------------------ */

Test(init, every_start_has_a_doc_and_repeats_itself)
{
    for (size_t i = 0; lnn_inits[i]; i++) {
        char init[100];
        struct lnn_network net;
        cr_assert_gt(strlen(lnn_inits[i]->doc), 20);
        cr_assert_not_null(lnn_inits[i]->start);
        if (strcmp(lnn_inits[i]->name, "file") == 0) continue;
        bool values = strcmp(lnn_inits[i]->name, "diagonal") == 0;
        snprintf(init, sizeof init, "{kind: %s%s}", lnn_inits[i]->name,
                 values ? ", values: [[2], [3]]" : "");
        double *w = start_of("3, 2, 2", init, &net),
               *v = start_of("3, 2, 2", init, &net);
        cr_assert_not_null(w, "%s: %s", init, lnn_error());
        cr_assert_arr_eq(w, v, net.size * sizeof *w);
        free(w);
        free(v);
    }
}

/* Draws pass through plain loops only, no BLAS. */
Test(init, drawn_weights_do_not_depend_on_the_number_of_threads)
{
    static const char *const inits[] = {"{kind: gaussian}", "{kind: orthogonal}",
                                        "{kind: zero, noise: 0.1}",
                                        "{kind: identity, noise: 0.1}"};
    for (size_t i = 0; i < sizeof inits / sizeof inits[0]; i++) {
        struct lnn_network net;
        openblas_set_num_threads(1);
        double *w = start_of("120, 130, 110, 90", inits[i], &net);
        openblas_set_num_threads(4);
        double *v = start_of("120, 130, 110, 90", inits[i], &net);
        openblas_set_num_threads(1);
        cr_assert_arr_eq(w, v, net.size * sizeof *w, "%s", inits[i]);
        free(w);
        free(v);
    }
}

Test(init, other_seeds_give_other_weights)
{
    static const char *const inits[] = {
        "{kind: gaussian",
        "{kind: orthogonal",
        "{kind: zero, noise: 1",
        "{kind: identity, noise: 1",
        "{kind: balanced",
        "{kind: lambda_balanced",
        "{kind: identity, rotate: true",
        "{kind: balanced, matrix: [[1, 2], [3, 4]], rotate: true"};
    for (size_t i = 0; i < sizeof inits / sizeof inits[0]; i++) {
        char one[200], two[200];
        struct lnn_network net;
        snprintf(one, sizeof one, "%s, seed: 1}", inits[i]);
        snprintf(two, sizeof two, "%s, seed: 2}", inits[i]);
        double *w = start_of("2, 2, 2", one, &net), *v = start_of("2, 2, 2", two, &net);
        cr_assert_gt(lnn_test_gap(net.size, w, v), 1e-3, "%s", inits[i]);
        free(w);
        free(v);
    }
}

/* --- balanced --------------------------------------------------------------------- */

Test(init, balanced_starts_are_balanced_and_have_the_product)
{
    for (size_t i = 0; i < NAIVE_NETS; i++) {
        const size_t *widths = naive_widths[i].d;
        struct lnn_network net = lnn_network_of(naive_widths[i].n, widths);
        size_t d = widths[0], k = widths[net.N], most = d;
        for (size_t j = 0; j <= net.N; j++) most = widths[j] < most ? widths[j] : most;
        for (size_t rank = 0; rank <= most; rank++) {
            double *L = naive_random(k * rank, 1), *R = naive_random(rank * d, 2);
            double *A = naive_new(k * d), *w = naive_random(net.size, 3);
            double *v = naive_new(net.size);
            naive_multiply(k, d, rank, L, R, A);
            LNN_OK(lnn_balanced_start(&net, A, w));
            memcpy(v, w, net.size * sizeof *v);
            double size = 1e-300 + naive_norm(k * d, A);
            LNN_CLOSE(imbalance(&net, w), 0, 2e-15);
            LNN_CLOSE(product_gap(&net, w, A) / size, 0, 4e-15);
            LNN_OK(lnn_rotated_start(&net, i, w));
            LNN_CLOSE(imbalance(&net, w), 0, 4e-15);
            LNN_CLOSE(product_gap(&net, w, A) / size, 0, 1e-14);
            bool turned = lnn_test_gap(net.size, w, v) > 1e-6;
            if (net.N > 1 && rank > 0 && widths[1] > 1) cr_assert(turned);
            double *all[] = {L, R, A, w, v};
            for (size_t c = 0; c < 5; c++) free(all[c]);
        }
    }
}

Test(init, balanced_start_of_the_standard_matrix)
{
    static const double A0[6] = {0.3, -0.2, 0.1, 0.05, 0.4, -0.15};
    static const double root[2] = {0.7913571463319387, 0.6555913880268996};
    struct lnn_network net;
    double *w = start_of(
        "3, 4, 3, 2",
        "{kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}", &net);
    cr_assert_not_null(w, "%s", lnn_error());
    LNN_CLOSE(product_gap(&net, w, A0), 0, 1e-15);
    for (size_t j = 1; j <= 3; j++) {
        const double *Wj = w + lnn_network_offset(&net, j);
        size_t size = net.d[j] * net.d[j - 1];
        LNN_CLOSE(naive_dot(size, Wj, Wj), 1.0560462011056662, 1e-15);
    }
    const double *W2 =
        w + lnn_network_offset(&net, 2); /* 3 x 4, the roots on its diagonal */
    LNN_CLOSE(W2[0], root[0], 2e-16);
    LNN_CLOSE(W2[5], root[1], 2e-16);
    free(w);
}

Test(init, balanced_start_of_a_drawn_matrix)
{
    static const double A[6] = {-0.05859974904017175, 0.14447850735156384,
                                -0.09231516068835674, -0.001990850335886725,
                                0.004497238329136255, -0.07876882237562795};
    static const char *const widths[] = {"3, 2, 2", "3, 7, 2", "3, 2, 2, 2", "3, 2"};
    for (int i = 0; i < 4; i++) { /* the same one for all hidden widths */
        struct lnn_network net;
        double *w = start_of(widths[i], "{kind: balanced, seed: 9}", &net);
        LNN_CLOSE(product_gap(&net, w, A), 0, 1e-16);
        free(w);
    }
}

Test(init, balanced_start_is_refused_where_the_rank_does_not_fit)
{
    struct lnn_network net;
    cr_assert_null(start_of("3, 4, 1, 2", "{kind: balanced}", &net));
    cr_assert_not_null(strstr(lnn_error(), "rank 2"));
    cr_assert_not_null(strstr(lnn_error(), "width 1"));
    cr_assert_not_null(strstr(lnn_error(), "layer 2"));
    double *w = start_of("2, 1, 2", "{kind: balanced, matrix: [[1, 2], [2, 4]]}", &net);
    cr_assert_not_null(w, "%s", lnn_error());
    free(w);
    cr_assert_null(
        start_of("2, 1, 2", "{kind: balanced, matrix: [[1, 2], [2, 5]]}", &net));
}

/* --- the others ------------------------------------------------------------------- */

Test(init, gaussian_weights_are_the_numbers_they_always_were)
{
    static const double want[10] = {0.171741836966357,   -0.11008460389618556,
                                    0.16585907185366577, 0.02048506084090523,
                                    0.21608188007563478, 0.5081684280790709,
                                    0.14828077843226808, 0.2671910751630408,
                                    -0.6419733880992599, 0.2682433309198569};
    struct lnn_network net;
    double *w = start_of("3, 2, 2", "{kind: gaussian, scale: 0.5, seed: 5}", &net);
    for (int i = 0; i < 10; i++) cr_assert_eq(w[i], want[i], "%.17g", w[i]);
    free(w);
}

/* E ||W_2^T W_2 - W_1 W_1^T||_F^2 = s^4 (h (k-d)^2 + h (h+1) (k+d)): 84 for s = 1. */
Test(init, gaussian_layers_have_the_expected_imbalance)
{
    enum { DRAWS = 4000 };
    double mean = 0, square = 0;
    for (int seed = 0; seed < DRAWS; seed++) {
        char init[100];
        struct lnn_network net;
        double C[9];
        snprintf(init, sizeof init, "{kind: gaussian, scale: 1, seed: %d}", seed);
        double *w = start_of("4, 3, 2", init, &net);
        lnn_network_imbalance(&net, w, 1, C);
        double x = naive_dot(9, C, C);
        mean += x / DRAWS;
        square += x * x / DRAWS;
        free(w);
    }
    LNN_CLOSE(mean, 84, 5 * sqrt((square - mean * mean) / DRAWS));
}

Test(init, orthogonal_weights_are_the_numbers_they_always_were)
{
    static const double want[10] = {0.16002441283408395, 0.06154577408908,
                                    -0.985192521788956,  0.7398305945936717,
                                    0.6532505661013123,  0.16097946822961395,
                                    0.6368943053838674,  0.7709511293004253,
                                    -0.7709511293004254, 0.6368943053838673};
    struct lnn_network net;
    double *w = start_of("3, 2, 2", "{kind: orthogonal, scale: 1, seed: 2}", &net);
    for (int i = 0; i < 10; i++) cr_assert_eq(w[i], want[i], "%.17g", w[i]);
    free(w);
}

/* The shorter side of every layer is orthonormal times the scale. */
Test(init, orthogonal_layers_are_orthogonal)
{
    struct lnn_network net;
    double *w = start_of("5, 3, 4, 4", "{kind: orthogonal, scale: 0.5, seed: 1}", &net);
    double gram[16];
    for (size_t j = 1; j <= 3; j++) {
        size_t m = net.d[j], n = net.d[j - 1], q = m < n ? m : n;
        const double *Wj = w + lnn_network_offset(&net, j);
        lnn_gemm(m > n, m <= n, q, q, m > n ? m : n, 1, Wj, Wj, 0, gram);
        for (size_t i = 0; i < q * q; i++)
            LNN_CLOSE(gram[i], i % (q + 1) ? 0 : 0.25, 1e-15);
    }
    free(w);
    w = start_of("4, 4, 4, 4, 4", "{kind: orthogonal, scale: 0.5}", &net);
    LNN_CLOSE(imbalance(&net, w), 0, 1e-15);
    free(w);
}

Test(init, identity_layers_are_the_identity)
{
    static const double power[9] = {8, 0, 0, 0, 8, 0, 0, 0, 8}, cut[4] = {1, 0, 0, 1};
    struct lnn_network net;
    double *w = start_of("3, 3, 3, 3", "{kind: identity, scale: 2}", &net);
    cr_assert_eq(product_gap(&net, w, power), 0);
    cr_assert_eq(imbalance(&net, w), 0);
    free(w);
    w = start_of("2, 5, 3, 2", "{kind: identity}", &net);
    cr_assert_eq(product_gap(&net, w, cut), 0);
    cr_assert_gt(imbalance(&net, w), 0.01); /* 5 x 2, then 3 x 5: the ranks differ */
    free(w);
    w = start_of("3, 3, 3, 3", "{kind: identity, scale: 2, rotate: true}", &net);
    LNN_CLOSE(product_gap(&net, w, power), 0, 2e-14);
    LNN_CLOSE(imbalance(&net, w), 0, 2e-15);
    cr_assert_gt(fabs(w[1]), 1e-3);
    free(w);
}

Test(init, diagonal_layers_have_the_diagonal_asked_for)
{
    static const double first[6] = {0.5, 0, 0, 3, 0, 0}; /* 3 x 2 */
    static const double last[6] = {1000, 0, 0, 0, 4, 0}; /* 2 x 3 */
    struct lnn_network net;
    double *w = start_of("3, 2", "{kind: diagonal, values: [7, -2]}", &net);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(w[i], i == 0 ? 7 : i == 4 ? -2 : 0, "%zu", i);
    free(w);
    w = start_of("2, 3, 2", "{kind: diagonal, values: [[0.5, 3], [1000, 4]]}", &net);
    cr_assert_arr_eq(w, first, sizeof first);
    cr_assert_arr_eq(w + 6, last, sizeof last);
    free(w);
    w = start_of("3, 3, 3", "{kind: diagonal, values: [[100], [0.0075]]}", &net);
    for (size_t i = 0; i < 18; i++) {
        double one = i % 9 % 4 == 0;
        cr_assert_eq(w[i], i == 0 ? 100 : i == 9 ? 0.0075 : one, "%zu", i);
    }
    free(w);
}

Test(init, diagonal_values_must_fit_the_layers)
{
    struct lnn_network net;
    cr_assert_null(start_of("2, 2, 2", "{kind: diagonal, values: [[1, 2]]}", &net));
    cr_assert_not_null(strstr(lnn_error(), "is 1 x 2; a row for each of the 2 layers"));
    cr_assert_null(
        start_of("3, 2, 2", "{kind: diagonal, values: [[1, 2, 3], [1, 2, 3]]}", &net));
    cr_assert_not_null(strstr(lnn_error(), "is 2 x 3; the diagonal of layer 1 has 2"));
}

Test(init, noise_has_its_standard_deviation)
{
    static const char *const inits[] = {"{kind: zero, noise: 0.2}",
                                        "{kind: identity, noise: 0.2}"};
    for (int i = 0; i < 2; i++) {
        struct lnn_network net;
        double *w = start_of("50, 50, 50", inits[i], &net), n = 5000, mean = 0;
        for (size_t c = 0; i == 1 && c < 50; c++) w[51 * c] -= 1;
        for (size_t c = 0; i == 1 && c < 50; c++) w[2500 + 51 * c] -= 1;
        for (size_t c = 0; c < 5000; c++) mean += w[c] / n;
        LNN_CLOSE(mean, 0, 5 * 0.2 / sqrt(n));
        LNN_CLOSE(naive_dot(5000, w, w) / n, 0.04, 5 * 0.04 * sqrt(2 / n));
        cr_assert_gt(lnn_test_gap(2500, w, w + 2500),
                     0.1); /* each layer draws its own */
        free(w);
    }
}

Test(init, zero_is_zero)
{
    struct lnn_network net;
    double *w = start_of("3, 4, 2", "{kind: zero}", &net);
    for (size_t i = 0; i < net.size; i++) cr_assert_eq(w[i], 0);
    free(w);
}

/* --- from a file ------------------------------------------------------------------ */

static void write_matrix(hid_t file, const char *name, int rank, const hsize_t dims[],
                         const double values[])
{
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT,
                           H5P_DEFAULT);
    cr_assert_geq(
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(space);
}

Test(init, weights_come_back_from_a_file)
{
    static const double W1[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const double W2[4] = {0.1, 0.2, 0.3, 0.4};
    char folder[] = "/tmp/lnn_init_XXXXXX", path[64], init[200];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/w.h5", folder);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_matrix(file, "W1", 3, (hsize_t[]){2, 2, 3}, W1);
    write_matrix(file, "W2", 3, (hsize_t[]){2, 1, 2}, W2);
    H5Fclose(file);
    struct lnn_network net;
    for (int row = -2; row < 2; row++) {
        int at = (row + 2) % 2;
        snprintf(init, sizeof init, "{kind: file, file: %s, row: %d}", path, row);
        double *w = start_of("3, 2, 1", init, &net);
        cr_assert_not_null(w, "%s", lnn_error());
        cr_assert_arr_eq(w, W1 + 6 * at, 6 * sizeof *w);
        cr_assert_arr_eq(w + 6, W2 + 2 * at, 2 * sizeof *w);
        free(w);
    }
    cr_assert_null(start_of("3, 3, 1", init, &net));
    cr_assert_not_null(
        strstr(lnn_error(), "W1 is 2 x 3 in the file, 3 x 3 by the widths"));
    unlink(path);
    cr_assert_null(start_of("3, 2, 1", init, &net));
    rmdir(folder);
}
