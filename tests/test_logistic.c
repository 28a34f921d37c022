/* The logistic loss: derivatives, extreme scores, separable labels, labels refused. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(logistic, .init = lnn_test_setup);

static const char labels[] = "x1,x2,y\n1,2,1\n0.5,-1,-1\n-2,1,-1\n1,1,1\n3,-2,-1\n";
static const char labels01[] = "x1,x2,y\n1,2,1\n0.5,-1,0\n-2,1,0\n1,1,1\n3,-2,0\n";

Test(logistic, derivatives)
{
    struct lnn_test_bound b = lnn_test_bind_table("2, 1", "kind: logistic", labels);
    struct lnn_test_bound c = lnn_test_bind_table("2, 1", "kind: logistic", labels01);
    for (unsigned long seed = 0; seed < 5; seed++) {
        double *W = lnn_test_drawn(2, seed), sum = 0;
        lnn_test_gradient(&b, W);
        lnn_test_hessian(&b, W);
        lnn_test_outputs(&b, W);
        lnn_test_outputs(&c, W);
        for (size_t i = 0; i < 5; i++)
            sum += log(1 + exp(-b.data->Y[i] * lnn_dot(2, b.data->X + 2 * i, W))) / 5;
        cr_assert_float_eq(lnn_objective_value(b.o, W), sum, 1e-15);
        cr_assert_eq(lnn_objective_value(b.o, W), lnn_objective_value(c.o, W));
        free(W);
    }
    lnn_test_release(&b);
    lnn_test_release(&c);
}

/* Scores of +-800, where exp overflows: the loss is linear, the gradient +-x or tiny.
 */
Test(logistic, does_not_overflow)
{
    struct lnn_test_bound b =
        lnn_test_bind_table("1, 1", "kind: logistic", "x,y\n800,1\n");
    double W = 1, G, H, D = 1;
    cr_assert_lt(lnn_objective_value(b.o, &W), 1e-300);
    W = -1;
    cr_assert_eq(lnn_objective_value(b.o, &W), 800);
    lnn_objective_gradient(b.o, &W, &G);
    cr_assert_eq(G, -800);
    b.o->loss->hessian(b.o, &W, &D, &H);
    cr_assert(H >= 0 && H < 1e-300);
    W = 0;
    cr_assert_float_eq(lnn_objective_value(b.o, &W), log(2), 1e-16);
    W = 0.05; /* z = 40: 1 - p is e^-40, lost by 1 + e^-40 */
    cr_assert_float_eq(lnn_objective_value(b.o, &W) / exp(-40), 1, 1e-14);
    lnn_objective_gradient(b.o, &W, &G);
    cr_assert_float_eq(G / (-800 * exp(-40)), 1, 1e-14);
    lnn_test_release(&b);
}

Test(logistic, outputs_add)
{
    char data[256];
    struct lnn_test_file f =
        lnn_test_file_of("x1,x2,u,v\n1,2,1,-1\n-1,0.5,-1,-1\n0.3,-1,1,1\n");
    static const char *const targets[] = {"[u, v]", "[u]", "[v]"};
    static const double W[] = {0.2, -0.4, 1.5, 0.6};
    double value[3];
    for (size_t i = 0; i < 3; i++) {
        snprintf(data, sizeof data,
                 "kind: csv, file: %s, inputs: [x1, x2], targets: %s", f.path,
                 targets[i]);
        struct lnn_test_bound b =
            lnn_test_bind(i ? "2, 1" : "2, 2", "kind: logistic", data);
        value[i] = lnn_objective_value(b.o, i == 2 ? W + 2 : W);
        lnn_test_release(&b);
    }
    unlink(f.path);
    rmdir(f.folder);
    cr_assert_float_eq(value[0], value[1] + value[2], 1e-15);
}

Test(logistic, infimum)
{
    static const struct {
        const char *text;
        enum lnn_attained attained;
    } at[] = {
        {labels, LNN_NOT_ATTAINED}, /* w = (0, 1) fails, (1, 1.6) separates */
        {"1,1,1\n1,-1,-1\n-1,1,-1\n-1,-1,1\n", LNN_ATTAINED_UNKNOWN}, /* exclusive or */
        {"1,0,1\n2,0,-1\n0,1,1\n", LNN_ATTAINED_UNKNOWN},
        {"1,0,1\n0,1,-1\n", LNN_NOT_ATTAINED}, /* independent examples */
        {"1,0,1\n1,1e-8,-1\n",
         LNN_NOT_ATTAINED}, /* also where they are nearly parallel */
        {"0,0,1\n0,1,-1\n1,0,1\n", LNN_ATTAINED_UNKNOWN}, /* x = 0 costs log 2 */
    };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        double infimum = -1;
        struct lnn_test_bound b =
            lnn_test_bind_table("2, 1", "kind: logistic", at[i].text);
        cr_assert_eq(b.o->loss->infimum(b.o, &infimum), at[i].attained, "%s",
                     at[i].text);
        cr_assert_eq(infimum, 0);
        lnn_test_release(&b);
    }
    struct lnn_test_bound b = lnn_test_bind("2, 2", "kind: logistic",
                                            "kind: target, matrix: [[1, 0], [0, 1]]");
    double infimum, W[] = {50, -50, -50, 50};
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_NOT_ATTAINED);
    cr_assert_lt(lnn_objective_value(b.o, W), 1e-20);
    lnn_test_release(&b);
}

static void refused(const char *widths, const char *loss, const char *data,
                    const char *hint)
{
    struct lnn_test_bound b;
    cr_assert_eq(lnn_test_try_bind(widths, loss, data, &b), GSL_EINVAL);
    cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
    cr_assert_null(b.o);
    lnn_test_release(&b);
}

Test(logistic, labels_that_are_none_are_refused)
{
    char data[256], hint[256];
    struct lnn_test_file f = lnn_test_file_of("x,y\n1,1\n2,-1\n3,2\n");
    snprintf(data, sizeof data, "kind: csv, file: %s", f.path);
    snprintf(hint, sizeof hint, "%s:4: error: label \"y\" is 2", f.path);
    refused("1, 1", "kind: logistic", data, hint);
    unlink(f.path);
    rmdir(f.folder);
    f = lnn_test_file_of("x,y\n1,1\n2,-1\n3,0\n");
    snprintf(data, sizeof data, "kind: csv, file: %s", f.path);
    snprintf(hint, sizeof hint, "%s:4: error: label \"y\" is 0 after", f.path);
    refused("1, 1", "kind: logistic", data, hint);
    unlink(f.path);
    rmdir(f.folder);
    refused("2, 1", "kind: logistic", "kind: target, matrix: [[1, 0.5]]",
            "label \"y1\" of example 2 is 0.5");
}
