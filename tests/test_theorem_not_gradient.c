/* not_gradient_field on real files: other losses, hypotheses broken, spoilt files. */
#include "test_convergence.h"

TestSuite(not_gradient_field, .init = lnn_test_setup, .timeout = 120);

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

/* Labels -1 and 1: the logistic loss is linear plus even. */
Test(not_gradient_field, logistic_loss)
{
    const char *table = "0.5,1,1\n-1,0.3,-1\n0.2,-0.7,1\n1.1,0.4,-1\n-0.3,0.9,1\n";
    char path[] = "/tmp/lnn_logistic_XXXXXX", yaml[400];
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert(write(fd, table, strlen(table)) == (ssize_t)strlen(table));
    close(fd);
    snprintf(yaml, sizeof yaml,
             "network: {widths: [2, 2, 2, 1]}\nloss: {kind: logistic}\n"
             "data: {kind: csv, file: %s, header: no, delimiter: comma}\n" FLOW
             "time: {end: 1, samples: 6}\n",
             path);
    struct judged v = evidence_of(yaml, NULL);
    unlink(path);
    VERDICT(&v, "not_gradient_field", NULL, LNN_HOLDS);
    ratio_is(&v, 1, 1e-10);
    LNN_CLOSE(figure(&v, "norm of dl/dW at W = 0"), /* ||sum y x|| / (2 m) */
              hypot(0.5 + 1 + 0.2 - 1.1 - 0.3, 1 - 0.3 - 0.7 - 0.4 + 0.9) / 10, 1e-15);
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
        double kinks = i % 3 == 2 ? 10 : 1; /* there the bar compares two rules */
        cr_assert(v.j.bound == 0 && v.j.bar < kinks * 1e-4 * size, "%g %g", v.j.bar,
                  size);
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
