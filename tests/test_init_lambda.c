/* Two layers with W_2^T W_2 - W_1 W_1^T = lambda I: which exist, and that they do. */
#include "naive.h"

TestSuite(init_lambda, .init = lnn_test_setup);

static int start_lambda(const size_t widths[3], double lambda, const double A[],
                        const char *more, double w[])
{
    char text[4000], *matrix = naive_yaml(widths[2], widths[0], A);
    snprintf(text, sizeof text,
             "network: {widths: [%zu, %zu, %zu]}\ntime: {end: 1}\n"
             "data: {kind: teacher, samples: 5}\n"
             "init: {kind: lambda_balanced, lambda: %.17g, matrix: %s%s}\n",
             widths[0], widths[1], widths[2], lambda, matrix, more);
    free(matrix);
    struct lnn_problem *problem = lnn_test_problem(text);
    struct lnn_network net = lnn_network_of(3, widths);
    lnn_error_clear();
    int status = lnn_init_start(problem, &net, w);
    lnn_problem_free(problem);
    return status;
}

/* Largest entry of W_2^T W_2 - W_1 W_1^T - lambda I. */
static double defect(const size_t widths[3], double lambda, const double w[])
{
    size_t h = widths[1];
    struct lnn_network net = lnn_network_of(3, widths);
    double C[64], worst = 0;
    lnn_network_imbalance(&net, w, 1, C);
    for (size_t i = 0; i < h * h; i++)
        worst = fmax(worst, fabs(C[i] - (i % (h + 1) == 0 ? lambda : 0)));
    return worst;
}

/* With lambda > 0, W_2^T W_2 = W_1 W_1^T + lambda I has rank h <= k, with lambda < 0
 * h <= d; and a product of rank r goes through h dimensions only if r <= h. */
static void check_lambda(const size_t widths[3], size_t rank, double lambda,
                         const char *more)
{
    size_t d = widths[0], h = widths[1], k = widths[2];
    double *L = naive_random(k * rank, 1), *R = naive_random(rank * d, 2), W[16], w[32];
    double *A = naive_new(k * d);
    naive_multiply(k, d, rank, L, R, A);
    bool exists = rank <= h && (lambda == 0 || h <= (lambda > 0 ? k : d));
    int status = start_lambda(widths, lambda, A, more, w);
    cr_assert_eq(status, exists ? GSL_SUCCESS : GSL_EINVAL,
                 "%zu-%zu-%zu, rank %zu, %g: %s", d, h, k, rank, lambda, lnn_error());
    if (exists) {
        double size = fabs(lambda) + naive_norm(k * d, A);
        naive_multiply(k, d, h, w + h * d, w, W);
        LNN_CLOSE(lnn_test_gap(k * d, W, A), 0, 4e-15 * size);
        LNN_CLOSE(defect(widths, lambda, w), 0, 4e-15 * size);
    } else {
        cr_assert_not_null(
            strstr(lnn_error(), lambda == 0 ? "no balanced" : "no such start"));
    }
    free(L);
    free(R);
    free(A);
}

Test(init_lambda, every_admissible_shape_and_no_other)
{
    static const double lambdas[] = {0, 0.5, -0.5, 30, -30, 1e-6, -1e-6};
    size_t widths[3];
    for (widths[0] = 1; widths[0] <= 4; widths[0]++)
        for (widths[1] = 1; widths[1] <= 4; widths[1]++)
            for (widths[2] = 1; widths[2] <= 4; widths[2]++)
                for (size_t rank = 0; rank <= widths[0] && rank <= widths[2]; rank++)
                    for (int l = 0; l < 7; l++)
                        check_lambda(widths, rank, lambdas[l],
                                     l % 2 ? ", rotate: true" : "");
}

Test(init_lambda, rotation_turns_the_hidden_layer)
{
    static const size_t widths[3] = {2, 2, 2};
    static const double A[4] = {0.2, -0.1, 0.3, 0.25};
    double w[8], v[8];
    LNN_OK(start_lambda(widths, 0.7, A, "", w));
    LNN_OK(start_lambda(widths, 0.7, A, ", rotate: true", v));
    cr_assert_gt(lnn_test_gap(8, w, v), 0.01);
}

Test(init_lambda, only_two_layers)
{
    static const size_t widths[4] = {2, 2, 2, 2};
    struct lnn_problem *problem =
        lnn_test_problem("network: {widths: [2, 2, 2]}\ntime: {end: 1}\n"
                         "init: {kind: lambda_balanced}\ndata: {kind: teacher}\n");
    double w[12];
    for (size_t n = 2; n <= 4; n += 2) {
        struct lnn_network net = lnn_network_of(n, widths);
        cr_assert_eq(lnn_init_start(problem, &net, w), GSL_EINVAL);
        cr_assert_not_null(strstr(lnn_error(), "two layers"));
    }
    lnn_problem_free(problem);
}

/* R (2 x 2) = (A + lambda^2/4 I)^{1/2} for a symmetric A. */
static void root(const double A[4], double lambda, double R[4])
{
    double values[2], V[4];
    LNN_OK(lnn_eig_symmetric(2, A, values, V));
    for (int i = 0; i < 4; i++) {
        R[i] = 0;
        for (int r = 0; r < 2; r++)
            R[i] += V[i / 2 * 2 + r] * V[i % 2 * 2 + r] *
                    sqrt(fmax(0, values[r]) + lambda * lambda / 4);
    }
}

/* The product of square lambda-balanced layers has a field of its own (Domine et al.):
 * W' = -(W W^T + lambda^2/4 I)^{1/2} G - G (W^T W + lambda^2/4 I)^{1/2}. */
Test(init_lambda, the_product_follows_the_lambda_balanced_field)
{
    static const struct naive_widths widths = {3, {2, 2, 2}};
    static const double lambdas[] = {0.7, -0.7, 5, -5, 0}, Phi[4] = {1, 0.5, -0.3, 0.8};
    static const double A[4] = {0.2, -0.1, 0.3, 0.25};
    for (int l = 0; l < 5; l++) {
        struct naive_case c = naive_target(&widths, Phi, "");
        double w[8], grad[8], AT[4], gram[4], R[4], dW[4], term[4], want[4], G[4];
        LNN_OK(start_lambda(widths.d, lambdas[l], A, "", w));
        lnn_model_gradient(c.model, w, grad);
        naive_multiply(2, 2, 2, grad + 4, w, dW);
        naive_multiply(2, 2, 2, w + 4, grad, term);
        for (int i = 0; i < 4; i++) dW[i] += term[i];
        for (int i = 0; i < 4; i++) G[i] = A[i] - Phi[i];
        naive_transpose(2, 2, A, AT);
        naive_multiply(2, 2, 2, A, AT, gram);
        root(gram, lambdas[l], R);
        naive_multiply(2, 2, 2, R, G, want);
        naive_multiply(2, 2, 2, AT, A, gram);
        root(gram, lambdas[l], R);
        naive_multiply(2, 2, 2, G, R, term);
        for (int i = 0; i < 4; i++) want[i] += term[i];
        LNN_CLOSE(lnn_test_gap(4, dW, want), 0, 1e-14);
        naive_close(&c);
    }
}
