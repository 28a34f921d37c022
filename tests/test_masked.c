/* The square loss on observed entries. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(masked, .init = lnn_test_setup);

static void refused(const char *widths, const char *loss, const char *data,
                    const char *hint)
{
    struct lnn_test_bound b;
    cr_assert_eq(lnn_test_try_bind(widths, loss, data, &b), GSL_EINVAL);
    cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
    cr_assert_null(b.o);
    lnn_test_release(&b);
}

static const char completion[] =
    "kind: target, matrix: [[1, 7], [0, 1]], mask: [[0, 1], [1, 1]], offset: 0.25";

Test(masked, sees_the_observed_entries_only)
{
    struct lnn_test_bound b = lnn_test_bind("2, 2", "kind: masked", completion);
    double W[] = {123, 6, 2, 1}, G[4], HD[4], infimum;
    static const double D[] = {1, 2, 3, 4}, g[] = {0, -1, 2, 0}, hd[] = {0, 2, 3, 4};
    cr_assert_eq(lnn_objective_value(b.o, W), 0.5 * (1 + 4) + 0.25);
    lnn_objective_gradient(b.o, W, G);
    b.o->loss->hessian(b.o, W, D, HD);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(G[i], g[i]);
        cr_assert_eq(HD[i], hd[i]);
    }
    cr_assert_eq(b.o->loss->infimum(b.o, &infimum), LNN_ATTAINED);
    cr_assert_eq(infimum, 0.25);
    double V[] = {-5, 7, 0, 1};
    cr_assert_eq(lnn_objective_value(b.o, V), infimum);
    double *R = lnn_test_drawn(4, 3);
    lnn_test_gradient(&b, R);
    lnn_test_hessian(&b, R);
    free(R);
    lnn_test_release(&b);
}

/* With every entry observed it is the square loss. */
Test(masked, with_all_observed_is_the_square_loss)
{
    static const char teacher[] = "kind: teacher, samples: 40, noise: 1, scale: whiten";
    char data[256];
    snprintf(data, sizeof data, "%s, observed: 1", teacher);
    struct lnn_test_bound a = lnn_test_bind("3, 2", "kind: masked", data);
    struct lnn_test_bound b = lnn_test_bind("3, 2", "kind: square", teacher);
    double *W = lnn_test_drawn(6, 1), *G = lnn_test_drawn(6, 0),
           *H = lnn_test_drawn(6, 0);
    cr_assert_float_eq(lnn_objective_value(a.o, W), lnn_objective_value(b.o, W), 1e-14);
    lnn_objective_gradient(a.o, W, G);
    lnn_objective_gradient(b.o, W, H);
    cr_assert_arr_eq(G, H, 6 * sizeof *G);
    free(W), free(G), free(H);
    lnn_test_release(&a);
    lnn_test_release(&b);
}

Test(masked, masks_go_with_the_masked_loss_only)
{
    static const char *const other[] = {"square", "lp", "logistic"};
    struct lnn_test_bound b = lnn_test_bind("2, 2", "kind: masked", completion);
    struct lnn_objective *o;
    for (size_t i = 0; i < 3; i++) {
        b.problem->loss.kind = other[i];
        cr_assert_eq(lnn_objective_alloc(b.problem, b.data, &o), GSL_EINVAL);
        cr_assert_not_null(strstr(lnn_error(), "masked"));
    }
    lnn_test_release(&b);
    refused("3, 2", "kind: masked", "kind: teacher, samples: 9, observed: 0.5",
            "needs a target matrix");
}
