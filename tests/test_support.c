/* Errors, look-up by name and the random numbers. */
#include "naive.h"

#include <pthread.h>
#include <gsl/gsl_math.h>

TestSuite(support, .init = lnn_test_setup);

/* --- errors ----------------------------------------------------------------------- */

Test(support, a_failure_sets_text_and_code)
{
    lnn_error_clear();
    cr_assert_str_eq(lnn_error(), "");
    cr_assert_eq(lnn_fail(GSL_EINVAL, "%s:%d", "file", 7), GSL_EINVAL);
    cr_assert_str_eq(lnn_error(), "file:7");
    cr_assert_eq(lnn_fail(GSL_EOF, "again"), GSL_EOF);
    cr_assert_str_eq(lnn_error(), "again");
    lnn_error_clear();
    cr_assert_str_eq(lnn_error(), "");
}

Test(support, failures_collect_line_by_line)
{
    lnn_error_clear();
    cr_assert_eq(lnn_fail_more(GSL_EINVAL, "one"), GSL_EINVAL);
    lnn_fail_more(GSL_EINVAL, "%s", "two");
    cr_assert_str_eq(lnn_error(), "one\ntwo");
    lnn_fail(GSL_EINVAL, "fresh");
    cr_assert_str_eq(lnn_error(), "fresh");
}

Test(support, a_flood_of_errors_is_cut_not_written_past_the_end)
{
    lnn_error_clear();
    for (int i = 0; i < 40000; i++) lnn_fail_more(GSL_EINVAL, "%d", i);
    size_t length = strlen(lnn_error());
    cr_assert_gt(length, 1000);
    cr_assert_eq(strncmp(lnn_error(), "0\n1\n2\n", 6), 0);
    lnn_fail_more(GSL_EINVAL, "more");
    cr_assert_eq(strlen(lnn_error()), length);
    char *text = malloc(100000);
    memset(text, 'x', 99999);
    text[99999] = '\0';
    lnn_fail(GSL_EINVAL, "%s", text);
    cr_assert_gt(strlen(lnn_error()), 1000);
    free(text);
}

static int carry(int status, int *reached)
{
    LNN_TRY(status);
    *reached = 1;
    return GSL_SUCCESS;
}

Test(support, try_carries_a_failure_up)
{
    int reached = 0;
    cr_assert_eq(carry(GSL_EFAILED, &reached), GSL_EFAILED);
    cr_assert_eq(reached, 0);
    cr_assert_eq(carry(GSL_SUCCESS, &reached), GSL_SUCCESS);
    cr_assert_eq(reached, 1);
}

static void *fail_elsewhere(void *before)
{
    *(int *)before = strlen(lnn_error()) == 0;
    lnn_fail(GSL_EINVAL, "the other thread's");
    return NULL;
}

Test(support, each_thread_has_its_own_text)
{
    pthread_t thread;
    int clean = 0;
    lnn_fail(GSL_EINVAL, "mine");
    cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, &clean), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(clean);
    cr_assert_str_eq(lnn_error(), "mine");
}

/* --- names ------------------------------------------------------------------------ */

struct thing {
    const char *name, *doc;
    int number;
};

Test(support, members_are_found_by_their_whole_name)
{
    static const struct thing one = {"one", "1", 1}, onetwo = {"onetwo", "12", 12};
    static const void *const list[] = {&onetwo, &one, NULL};
    static const void *const empty[] = {NULL};
    cr_assert_eq(lnn_registry_find(list, "one"), (const void *)&one);
    cr_assert_eq(lnn_registry_find(list, "onetwo"), (const void *)&onetwo);
    cr_assert_null(lnn_registry_find(list, "on"));
    cr_assert_null(lnn_registry_find(list, "onetw"));
    cr_assert_null(lnn_registry_find(list, ""));
    cr_assert_null(lnn_registry_find(list, "One"));
    cr_assert_null(lnn_registry_find(empty, "one"));
}

Test(support, the_nearest_name_is_what_was_meant)
{
    static const char *const words[] = {
        "learning_rate", "rtol",    "atol", "gradient_flow",
        "end_to_end",    "square",  "lp",   "gaussian",
        "weight_decay",  "samples", NULL};
    static const char *const pairs[][2] = {
        {"lerning_rate", "learning_rate"},
        {"learning_rates", "learning_rate"},
        {"laerning_rate", "learning_rate"},
        {"learningrate", "learning_rate"},
        {"Learning_Rate", "learning_rate"},
        {"rtoll", "rtol"},
        {"rtlo", "rtol"},
        {"gradientflow", "gradient_flow"},
        {"end-to-end", "end_to_end"},
        {"sqaure", "square"},
        {"gausian", "gaussian"},
        {"guassain", "gaussian"},
        {"weightdecay", "weight_decay"},
        {"sample", "samples"},
        {"square", "square"},
        {"lpp", "lp"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *got = lnn_nearest(pairs[i][0], words);
        cr_assert_not_null(got, "%s", pairs[i][0]);
        cr_assert_str_eq(got, pairs[i][1], "%s", pairs[i][0]);
    }
}

Test(support, of_several_near_names_the_nearest_wins)
{
    static const char *const words[] = {"weights", "weight", "weigh", NULL};
    static const char *const turned[] = {"weigh", "weight", "weights", NULL};
    static const char *const pairs[][2] = {
        {"weihgts", "weights"}, {"wieght", "weight"}, {"weih", "weigh"}};
    for (int i = 0; i < 3; i++) {
        cr_assert_str_eq(lnn_nearest(pairs[i][0], words), pairs[i][1]);
        cr_assert_str_eq(lnn_nearest(pairs[i][0], turned), pairs[i][1]);
    }
}

Test(support, nothing_is_suggested_for_what_is_far)
{
    static const char *const words[] = {"rtol", "gradient_flow", "lp", "abcdef", NULL};
    static const char *const none[] = {NULL};
    static const char *const far[] = {"", "x", "time", "momentum", "flow", "abcxyz"};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        cr_assert_null(lnn_nearest(far[i], words), "%s", far[i]);
    cr_assert_null(lnn_nearest("rtol", none));
}

/* A third of the letters may differ; a swap of neighbours counts one, not two. */
Test(support, the_limit_is_a_third_of_the_letters)
{
    static const char *const six[] = {"abcdef", NULL}, *const three[] = {"abc", NULL};
    cr_assert_not_null(lnn_nearest("xycdef", six));
    cr_assert_null(lnn_nearest("xyzdef", six));
    cr_assert_not_null(lnn_nearest("badcef", six));
    cr_assert_null(lnn_nearest("badcfe", six));
    cr_assert_not_null(lnn_nearest("acb", three));
    cr_assert_null(lnn_nearest("cba", three));
    char tall[400];
    memset(tall, 'q', sizeof tall);
    tall[sizeof tall - 1] = '\0';
    cr_assert_null(lnn_nearest(tall, six));
}

/* --- random numbers --------------------------------------------------------------- */

/* The first numbers of some streams, by an implementation of our own of the Mersenne
 * twister and of the ratio method in Python. */
Test(support, streams_hold_the_numbers_they_always_held)
{
    static const double uniform[2][4] = {
        {0.941726089688018, 0.649410025216639, 0.8067523466888815, 0.1443353877402842},
        {0.3661683259997517, 0.0971831229981035, 0.037847117288038135,
         0.2028798940591514},
    };
    static const double normal[4] = {1.2207007545405546, -1.5891644570635286,
                                     0.5016693785501483, 0.3971489323452674};
    static const unsigned long seeds[2] = {0, 4294967295u};
    for (int i = 0; i < 2; i++) {
        gsl_rng *rng = lnn_rng_open(seeds[i], "init.gaussian.1");
        cr_assert_not_null(rng);
        for (int c = 0; c < 4; c++) cr_assert_eq(lnn_rng_uniform(rng), uniform[i][c]);
        gsl_rng_free(rng);
    }
    gsl_rng *rng = lnn_rng_open(7, "data.noise");
    for (int c = 0; c < 4; c++) {
        double x = lnn_rng_normal(rng);
        cr_assert_eq(x, normal[c], "%.17g", x);
    }
    gsl_rng_free(rng);
}

Test(support, every_seed_and_purpose_has_its_own_stream)
{
    enum { STREAMS = 120 };
    double first[STREAMS];
    for (unsigned long i = 0; i < STREAMS; i++) {
        char purpose[20];
        snprintf(purpose, sizeof purpose, "init.x.%lu", i % 10);
        gsl_rng *rng = lnn_rng_open(i / 10, purpose);
        first[i] = lnn_rng_normal(rng);
        for (unsigned long c = 0; c < i; c++) cr_assert_neq(first[i], first[c]);
        gsl_rng_free(rng);
    }
}

/* Mean, variance, third and fourth moment of n numbers. */
static void moments(size_t n, const double x[], double m[4])
{
    memset(m, 0, 4 * sizeof *m);
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < 4; p++) m[p] += gsl_pow_int(x[i], p + 1) / (double)n;
}

Test(support, moments_are_those_of_the_distributions)
{
    enum { COUNT = 100000 };
    double *x = naive_new(COUNT), m[4], root = sqrt(COUNT);
    gsl_rng *rng = lnn_rng_open(3, "test");
    lnn_rng_normals(rng, 1, COUNT, x);
    moments(COUNT, x, m); /* five standard errors each */
    LNN_CLOSE(m[0], 0, 5 / root);
    LNN_CLOSE(m[1], 1, 5 * sqrt(2) / root);
    LNN_CLOSE(m[2], 0, 5 * sqrt(15) / root);
    LNN_CLOSE(m[3], 3, 5 * sqrt(96) / root);
    for (size_t i = 0; i < COUNT; i++) {
        x[i] = lnn_rng_uniform(rng);
        cr_assert(x[i] > 0 && x[i] < 1);
    }
    moments(COUNT, x, m);
    LNN_CLOSE(m[0], 1.0 / 2, 5 * sqrt(1.0 / 12) / root);
    LNN_CLOSE(m[1], 1.0 / 3, 5 * sqrt(4.0 / 45) / root);
    double lag = 0; /* neighbours do not know each other */
    for (size_t i = 1; i < COUNT; i++) lag += (x[i] - 0.5) * (x[i - 1] - 0.5) / COUNT;
    LNN_CLOSE(lag, 0, 5.0 / 12 / root);
    gsl_rng_free(rng);
    free(x);
}

Test(support, normals_scale_with_their_deviation)
{
    double one[50], half[50];
    gsl_rng *a = lnn_rng_open(1, "test"), *b = lnn_rng_open(1, "test");
    lnn_rng_normals(a, 1, 50, one);
    lnn_rng_normals(b, 0.5, 50, half);
    for (int i = 0; i < 50; i++) cr_assert_eq(half[i], 0.5 * one[i]);
    gsl_rng_free(a);
    gsl_rng_free(b);
}

Test(support, orthonormal_columns_are_orthonormal_to_round_off)
{
    static const size_t shapes[][2] = {{1, 1}, {2, 2},   {7, 3},
                                       {5, 1}, {60, 60}, {200, 40}};
    for (size_t i = 0; i < 6; i++) {
        size_t m = shapes[i][0], n = shapes[i][1];
        double *Q = naive_new(m * n), *T = naive_new(m * n), *QQ = naive_new(n * n);
        gsl_rng *rng = lnn_rng_open(i, "test");
        lnn_rng_orthonormal(rng, m, n, Q);
        naive_transpose(m, n, Q, T);
        naive_multiply(n, n, m, T, Q, QQ);
        for (size_t c = 0; c < n * n; c++) LNN_CLOSE(QQ[c], c % (n + 1) == 0, 4e-15);
        gsl_rng_free(rng);
        free(Q);
        free(T);
        free(QQ);
    }
}

/* Of Haar's measure on O(3): E Q_ij = 0, E Q_ij^2 = 1/m, E Q_ij^4 = 3/(m(m+2)),
 * E Q_11^2 Q_22^2 = (m+1)/((m-1)m(m+2)), E det = 0. */
Test(support, orthonormal_matrices_follow_haar)
{
    enum { DRAWS = 20000 };
    double sum[9] = {0}, square[9] = {0}, fourth = 0, pair = 0, det = 0, Q[9];
    gsl_rng *rng = lnn_rng_open(11, "test");
    for (int i = 0; i < DRAWS; i++) {
        lnn_rng_orthonormal(rng, 3, 3, Q);
        for (int c = 0; c < 9; c++) sum[c] += Q[c] / DRAWS;
        for (int c = 0; c < 9; c++) square[c] += Q[c] * Q[c] / DRAWS;
        fourth += gsl_pow_4(Q[8]) / DRAWS;
        pair += Q[0] * Q[0] * Q[4] * Q[4] / DRAWS;
        det +=
            (Q[0] * (Q[4] * Q[8] - Q[5] * Q[7]) - Q[1] * (Q[3] * Q[8] - Q[5] * Q[6]) +
             Q[2] * (Q[3] * Q[7] - Q[4] * Q[6])) /
            DRAWS;
    }
    for (int c = 0; c < 9; c++) LNN_CLOSE(sum[c], 0, 5 * sqrt(1.0 / 3 / DRAWS));
    for (int c = 0; c < 9; c++)
        LNN_CLOSE(square[c], 1.0 / 3, 5 * sqrt(4.0 / 45 / DRAWS));
    LNN_CLOSE(fourth, 1.0 / 5, 5 * sqrt(1.0 / 9 / DRAWS));
    LNN_CLOSE(pair, 2.0 / 15, 5 * sqrt(2.0 / 35 / DRAWS));
    LNN_CLOSE(det, 0, 5 * sqrt(1.0 / DRAWS));
    gsl_rng_free(rng);
}
