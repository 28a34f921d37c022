/* The cross-entropy: its value by another formula, derivatives, extreme scores, what is
 * known of its infimum, labels refused, and linear networks trained by it. */
#include <unistd.h>
#include "data_support.h"
#include "test_theorems_flow.h"

TestSuite(cross_entropy, .init = lnn_test_setup, .timeout = 60);

static const char LOSS[] = "kind: cross_entropy";

/* m examples of d features in k classes, every class among them. */
static struct lnn_test_file drawn_file(size_t m, size_t d, size_t k, unsigned long seed)
{
    char text[8000];
    double *x = lnn_test_drawn(m * d, seed);
    size_t n = 0;
    for (size_t j = 0; j < d; j++)
        n += (size_t)snprintf(text + n, sizeof text - n, "x%zu,", j);
    n += (size_t)snprintf(text + n, sizeof text - n, "y\n");
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < d; j++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%.17g,", x[i * d + j]);
        size_t label = i < k ? i : (i * i + seed) % k;
        n += (size_t)snprintf(text + n, sizeof text - n, "%zu\n", label);
    }
    free(x);
    cr_assert_lt(n, sizeof text - 1);
    return lnn_test_file_of(text);
}

static struct lnn_test_bound bind_drawn(size_t m, size_t d, size_t k,
                                        unsigned long seed)
{
    char data[200], widths[40];
    struct lnn_test_file f = drawn_file(m, d, k, seed);
    snprintf(data, sizeof data, "kind: csv, file: %s, classes: true", f.path);
    snprintf(widths, sizeof widths, "%zu, %zu", d, k);
    struct lnn_test_bound b = lnn_test_bind(widths, LOSS, data);
    lnn_test_file_remove(&f);
    cr_assert(b.data->m == m && b.data->k == k && b.data->d == d);
    return b;
}

/* Rows of d features and k targets. */
static struct lnn_test_bound bind_rows(size_t d, size_t k, const char *rows)
{
    char text[400] = "", data[300], widths[40];
    size_t n = 0, to;
    for (size_t j = 0; j < d + k; j++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%zu%c", j < d ? 'x' : 'y',
                              j < d ? j : j - d, j + 1 < d + k ? ',' : '\n');
    snprintf(text + n, sizeof text - n, "%s", rows);
    struct lnn_test_file f = lnn_test_file_of(text);
    to = (size_t)snprintf(data, sizeof data, "kind: csv, file: %s, targets: [", f.path);
    for (size_t r = 0; r < k; r++)
        to += (size_t)snprintf(data + to, sizeof data - to, "y%zu%s", r,
                               r + 1 < k ? ", " : "]");
    snprintf(widths, sizeof widths, "%zu, %zu", d, k);
    struct lnn_test_bound b = lnn_test_bind(widths, LOSS, data);
    lnn_test_file_remove(&f);
    return b;
}

/* (1/m) sum_i log sum_r exp(f_r - f_y), in long double and without the largest taken
 * out: exponents up to 11000 do not overflow there. */
static double plain(const struct lnn_data *data, const double W[])
{
    long double sum = 0;
    for (size_t i = 0; i < data->m; i++) {
        long double f[20], others = 0;
        size_t label = 0;
        for (size_t r = 0; r < data->k; r++) {
            f[r] = 0;
            for (size_t j = 0; j < data->d; j++)
                f[r] += (long double)W[r * data->d + j] * data->X[i * data->d + j];
            if (data->Y[i * data->k + r] == 1) label = r;
        }
        for (size_t r = 0; r < data->k; r++)
            others += r == label ? 0 : expl(f[r] - f[label]);
        sum += log1pl(others);
    }
    return (double)(sum * (long double)data->weight);
}

static const struct {
    size_t m, d, k;
} shapes[] = {{7, 2, 2}, {9, 1, 3}, {12, 5, 3}, {6, 3, 6},
              {3, 8, 2}, {5, 3, 4}, {2, 1, 2}};

Test(cross_entropy, value_and_derivatives_on_every_shape)
{
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (unsigned long seed = 1; seed < 4; seed++) {
            struct lnn_test_bound b =
                bind_drawn(shapes[s].m, shapes[s].d, shapes[s].k, seed);
            double *W = lnn_test_drawn(b.n, seed + 10), reference = plain(b.data, W);
            LNN_CLOSE(lnn_objective_value(b.o, W), reference, 4e-15 * (1 + reference));
            lnn_test_gradient(&b, W);
            lnn_test_hessian(&b, W);
            lnn_test_outputs(&b, W);
            for (size_t i = 0; i < b.n; i++) W[i] *= 40; /* far apart scores */
            reference = plain(b.data, W);
            LNN_CLOSE(lnn_objective_value(b.o, W) / reference, 1, 1e-13);
            free(W);
            lnn_test_release(&b);
        }
}

/* Adding one vector to all rows of W moves all scores of an example alike: nothing
 * changes, so the gradient's columns add up to 0, and the Hessian's, whose kernel holds
 * such directions. */
Test(cross_entropy, does_not_see_a_shift)
{
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        size_t d = shapes[s].d, k = shapes[s].k;
        struct lnn_test_bound b = bind_drawn(shapes[s].m, d, k, 5);
        double *W = lnn_test_drawn(b.n, 1), *D = lnn_test_drawn(b.n, 2);
        double *G = lnn_test_drawn(b.n, 3), *H = lnn_test_drawn(b.n, 4);
        double value = lnn_objective_value(b.o, W);
        lnn_objective_gradient(b.o, W, G);
        b.o->loss->hessian(b.o, W, D, H);
        for (size_t j = 0; j < d; j++) {
            double g = 0, h = 0;
            for (size_t r = 0; r < k; r++) {
                g += G[r * d + j];
                h += H[r * d + j];
            }
            LNN_CLOSE(g, 0, 1e-15 * (double)k);
            LNN_CLOSE(h, 0, 1e-14 * (double)k);
        }
        cr_assert_gt(lnn_norm(b.n, G), 1e-2);
        cr_assert_gt(lnn_norm(b.n, H), 1e-3);
        for (size_t i = 0; i < b.n; i++) D[i] = 3.25 + (double)(i % d);
        b.o->loss->hessian(b.o, W, D, H);
        LNN_CLOSE(lnn_norm(b.n, H), 0, 1e-13);
        for (size_t i = 0; i < b.n; i++) W[i] += D[i];
        LNN_CLOSE(lnn_objective_value(b.o, W), value, 1e-14 * (1 + value));
        free(W);
        free(D);
        free(G);
        free(H);
        lnn_test_release(&b);
    }
}

/* Two classes: the logistic loss of the difference of the scores. */
Test(cross_entropy, two_classes_are_the_logistic_loss)
{
    struct lnn_test_bound b = lnn_test_bind_table(
        "2, 1", "kind: logistic", "1,2,1\n0.5,-1,0\n-2,1,0\n1,1,1\n3,-2,0\n");
    struct lnn_test_bound c =
        bind_rows(2, 2, "1,2,0,1\n0.5,-1,1,0\n-2,1,1,0\n1,1,0,1\n3,-2,1,0\n");
    for (unsigned long seed = 0; seed < 5; seed++) {
        double *W = lnn_test_drawn(4, seed), w[2], g[2], G[4];
        for (size_t j = 0; j < 2; j++) w[j] = W[2 + j] - W[j];
        LNN_CLOSE(lnn_objective_value(c.o, W), lnn_objective_value(b.o, w), 1e-15);
        lnn_objective_gradient(b.o, w, g);
        lnn_objective_gradient(c.o, W, G);
        for (size_t j = 0; j < 2; j++) {
            LNN_CLOSE(G[2 + j], g[j], 1e-15);
            LNN_CLOSE(G[j], -g[j], 1e-15);
        }
        free(W);
    }
    lnn_test_release(&b);
    lnn_test_release(&c);
}

/* X = 1, so that W is the scores themselves: +-800, where exp overflows, and ties. */
Test(cross_entropy, extreme_scores)
{
    static const struct {
        double f[3], value, slope[3], along[3]; /* D^2 l [e_1] */
    } at[] = {
        {{800, 0, -800}, 0, {0, 0, 0}, {0, 0, 0}},
        {{-800, 800, 0}, 1600, {-1, 1, 0}, {0, 0, 0}},
        {{-800, -800, 800}, 1600, {-1, 0, 1}, {0, 0, 0}},
        {{800, 800, -800}, M_LN2, {-0.5, 0.5, 0}, {0.25, -0.25, 0}},
        {{-800, 800, 800}, 1600 + M_LN2, {-1, 0.5, 0.5}, {0, 0, 0}},
        {{-800, -800, -800},
         1.0986122886681098,
         {-2. / 3, 1. / 3, 1. / 3},
         {2. / 9, -1. / 9, -1. / 9}},
        {{1e300, -1e300, 0}, 0, {0, 0, 0}, {0, 0, 0}},
    };
    struct lnn_test_bound b = bind_rows(1, 3, "1,1,0,0\n");
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        double G[3], H[3], D[] = {1, 0, 0}, l = lnn_objective_value(b.o, at[i].f);
        LNN_CLOSE(l, at[i].value, 3e-16 * at[i].value);
        LNN_CLOSE(l, i == 6 ? 0 : plain(b.data, at[i].f), 3e-16 * at[i].value);
        lnn_objective_gradient(b.o, at[i].f, G);
        b.o->loss->hessian(b.o, at[i].f, D, H);
        LNN_CLOSE(lnn_test_gap(3, G, at[i].slope), 0, 2e-16);
        LNN_CLOSE(lnn_test_gap(3, H, at[i].along), 0, 2e-16);
    }
    /* not finite in, not finite out: divergence shows */
    double bad[] = {0, NAN, 0}, over[] = {INFINITY, 0, 0};
    cr_assert(isnan(lnn_objective_value(b.o, bad)));
    cr_assert_not(isfinite(lnn_objective_value(b.o, over)));
    lnn_test_release(&b);
}

/* The label's score ahead by z: loss, slope and curvature are e^-z and more, digits
 * that 1 - p does not have. */
Test(cross_entropy, small_losses_keep_their_digits)
{
    struct lnn_test_bound b = bind_rows(1, 2, "1,1,0\n");
    static const double ahead[] = {5, 40, 300, 700};
    for (size_t i = 0; i < 4; i++) {
        double e = exp(-ahead[i]), W[] = {ahead[i], 0}, G[2], H[2], D[] = {1, 0};
        LNN_CLOSE(lnn_objective_value(b.o, W) / log1p(e), 1, 1e-14);
        lnn_objective_gradient(b.o, W, G);
        b.o->loss->hessian(b.o, W, D, H);
        LNN_CLOSE(G[0] * (1 + e) / -e, 1, 1e-14);
        LNN_CLOSE(G[1] * (1 + e) / e, 1, 1e-14);
        LNN_CLOSE(H[0] * (1 + e) * (1 + e) / e, 1, 1e-14);
        LNN_CLOSE(H[1] * (1 + e) * (1 + e) / -e, 1, 1e-14);
    }
    lnn_test_release(&b);
}

Test(cross_entropy, infimum)
{
    static const struct {
        size_t d, k;
        const char *text;
        enum lnn_attained attained;
    } at[] = {
        {2, 3, "1,0,1,0,0\n0,1,0,1,0\n-1,-1,0,0,1\n", LNN_NOT_ATTAINED},
        {2, 2, "1,1,1,0\n1,-1,0,1\n-1,1,0,1\n-1,-1,1,0\n",
         LNN_ATTAINED_UNKNOWN},                                      /* exclusive or */
        {2, 2, "1,0,1,0\n2,0,0,1\n0,1,1,0\n", LNN_ATTAINED_UNKNOWN}, /* one ray */
        {2, 2, "1,0,1,0\n0,1,0,1\n", LNN_NOT_ATTAINED},              /* independent */
        {3, 2, "1,0,0,1,0\n1,1e-8,0,0,1\n", LNN_NOT_ATTAINED},
        {2, 2, "0,0,1,0\n0,1,0,1\n1,0,1,0\n", LNN_ATTAINED_UNKNOWN}, /* x = 0 */
        {1, 3, "1,1,0,0\n2,0,1,0\n3,0,0,1\n", LNN_ATTAINED_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        double infimum = -1;
        struct lnn_test_bound b = bind_rows(at[i].d, at[i].k, at[i].text);
        cr_assert_eq(b.o->loss->infimum(b.o, &infimum), at[i].attained, "%s",
                     at[i].text);
        cr_assert_eq(infimum, 0);
        lnn_test_release(&b);
    }
}

/* The first of them: along W = t U, U separating, the loss goes to 0, never 0. */
Test(cross_entropy, separable_infimum_is_approached)
{
    struct lnn_test_bound b = bind_rows(2, 3, "1,0,1,0,0\n0,1,0,1,0\n-1,-1,0,0,1\n");
    double last = INFINITY;
    for (double t = 1; t < 200; t *= 2) {
        double W[] = {t, 0, 0, t, -t, -t}, l = lnn_objective_value(b.o, W);
        cr_assert(l > 0 && l < last);
        LNN_CLOSE(l / plain(b.data, W), 1, 1e-14);
        last = l;
    }
    cr_assert_lt(last, 1e-50);
    lnn_test_release(&b);
}

static void refused(const char *widths, const char *data, const char *begin,
                    const char *hint)
{
    struct lnn_test_bound b;
    cr_assert_eq(lnn_test_try_bind(widths, LOSS, data, &b), GSL_EINVAL, "%s", hint);
    cr_assert(strncmp(lnn_error(), begin, strlen(begin)) == 0, "%s: %s", begin,
              lnn_error());
    cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
    cr_assert_null(b.o);
    lnn_test_release(&b);
}

/* `line`: of the file, where the fault is said to be; 0: it has none. */
static void refused_table(const char *widths, const char *text, const char *keys,
                          int line, const char *hint)
{
    char data[300], begin[200];
    struct lnn_test_file f = lnn_test_file_of(text);
    snprintf(data, sizeof data, "kind: csv, file: %s%s", f.path, keys);
    snprintf(begin, sizeof begin, line ? "%s:%d:" : "%s: error: ", f.path, line);
    refused(widths, data, begin, hint);
    lnn_test_file_remove(&f);
}

Test(cross_entropy, labels_that_are_none_are_refused_with_their_place)
{
    static const char TWO[] = ", targets: [u, v]";
    static const char none[] = "not one 1 and else 0";
    refused_table("1, 2", "x,u,v\n1,1,0\n2,0.5,0.5\n", TWO, 3, none);
    refused_table("1, 2", "x,u,v\n1,1,0\n2,0,1\n3,1,1\n", TWO, 4, none);
    refused_table("1, 2", "x,u,v\n1,0,0\n2,0,1\n", TWO, 2, none);
    refused_table("1, 2", "x,u,v\n1,1,0\n2,-1,1\n", TWO, 3, none);
    refused_table("1, 2", "x,u,v\n1,1,0\n2,2,-1\n", TWO, 3, none);
    refused_table("1, 2", "x,u,v\n1,1,0\n2,nan,1\n", TWO, 3, "nan");
    refused_table("1, 3", "x,y\n1,0\n2,1\n3,0.5\n", ", classes: true", 4,
                  "is 0.5; data.classes needs whole numbers");
    refused_table("1, 3", "x,y\n1,4\n2,4\n", ", classes: true", 0, "takes 1 values");
    refused("2, 2", "kind: target, matrix: [[1, 0.5], [0, 0.5]]", "example 2: ", none);
    refused("2, 1", "kind: target, matrix: [[1, 0]]", "", "two classes at least");
}

/* As many outputs as classes, and a negative label is a class like any other. */
Test(cross_entropy, classes_and_outputs)
{
    char data[200];
    struct lnn_test_bound b;
    struct lnn_test_file f = lnn_test_file_of("x,y\n1,-1\n2,7\n3,-1\n");
    snprintf(data, sizeof data, "kind: csv, file: %s, classes: true", f.path);
    b = lnn_test_bind("1, 2", LOSS, data);
    static const double Y[] = {1, 0, 0, 1, 1, 0};
    LNN_CLOSE(lnn_test_gap(6, b.data->Y, Y), 0, 0);
    lnn_test_release(&b);
    for (int k = 1; k < 4; k += 2) {
        char widths[20];
        snprintf(widths, sizeof widths, "1, %d", k);
        cr_assert_eq(lnn_test_try_bind(widths, LOSS, data, &b), GSL_EINVAL);
        cr_assert_null(b.o);
        lnn_test_release(&b);
    }
    lnn_test_file_remove(&f);
}

/* Linear networks of one layer and more, as flow and as descent. */
Test(cross_entropy, flow_and_descent_of_linear_networks)
{
    static const char *const widths[] = {"3, 4", "3, 2, 4", "3, 5, 3, 4"};
    for (size_t i = 0; i < 3; i++) {
        char text[900];
        struct lnn_test_file f = drawn_file(14, 3, 4, 3);
        snprintf(text, sizeof text,
                 "network: {widths: [%s]}\nloss: {kind: cross_entropy%s}\n"
                 "data: {kind: csv, file: %s, classes: true}\n"
                 "init: {kind: gaussian, scale: 0.5}\n"
                 "trajectories:\n  - {system: gradient_flow}\n"
                 "  - {system: gradient_descent, learning_rate: 0.02}\n"
                 "time: {end: 4, samples: 201}\n",
                 widths[i], i == 1 ? ", weight_decay: 0.05" : "", f.path);
        struct bench b = bench_of(text, NULL);
        struct lnn_record *flow = record_of(&b, "gradient_flow"),
                          *descent = record_of(&b, "gradient_descent");
        EXPECT(&b, &lnn_theorem_energy_identity, flow, LNN_HOLDS);
        if (i > 0) EXPECT(&b, &lnn_theorem_balancedness_preserved, flow, LNN_HOLDS);
        if (i > 0) EXPECT(&b, &lnn_theorem_descent_drift_identity, descent, LNN_HOLDS);
        /* eta times 200 steps apart by O(eta), and both went down */
        size_t last = flow->rows - 1, n = flow->net.size;
        cr_assert_eq(descent->rows, flow->rows);
        cr_assert_lt(lnn_distance(n, weights(flow, last), weights(descent, last)), 0.1);
        cr_assert_lt(flow->loss[last], 0.95 * flow->loss[0], "%g",
                     flow->loss[last] / flow->loss[0]);
        LNN_CLOSE(flow->loss[last], plain(b.evidence->data, flow->W + last * 12),
                  1e-13);
        weights(flow, 100)[0] += 0.05; /* and is noticed where it is not so */
        if (i > 0) EXPECT(&b, &lnn_theorem_balancedness_preserved, flow, LNN_VIOLATED);
        bench_free(&b);
        lnn_test_file_remove(&f);
    }
}
