/* Generated data: streams, rank, noise, condition; which entries are observed. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(teacher, .init = lnn_test_setup);

Test(teacher, streams_are_independent)
{
    struct lnn_data *a =
        lnn_test_need(lnn_test_load("4, 3", "kind: teacher, samples: 20, seed: 5"));
    struct lnn_data *b = lnn_test_need(
        lnn_test_load("4, 3", "kind: teacher, samples: 20, seed: 5, noise: 1"));
    struct lnn_data *c =
        lnn_test_need(lnn_test_load("4, 3", "kind: teacher, samples: 20, seed: 6"));
    struct lnn_data *d =
        lnn_test_need(lnn_test_load("4, 3", "kind: teacher, samples: 20, seed: 5"));
    cr_assert_arr_eq(a->X, b->X, 80 * sizeof(double));
    cr_assert_arr_eq(a->X, d->X, 80 * sizeof(double));
    cr_assert_arr_eq(a->Y, d->Y, 60 * sizeof(double));
    cr_assert_gt(lnn_distance(60, a->Y, b->Y), 1);
    cr_assert_gt(lnn_distance(80, a->X, c->X), 1);
    cr_assert_lt(a->floor, 1e-25); /* without noise the teacher fits exactly */
    lnn_data_free(a);
    lnn_data_free(b);
    lnn_data_free(c);
    lnn_data_free(d);
}

/* Entries of about 1, the rank asked for, the noise asked for: 2 floor has mean
 * noise^2 k (m - d) / m, deviation noise^2 sqrt(2 k (m - d)) / m. */
Test(teacher, has_its_rank_and_noise)
{
    struct lnn_data *data = lnn_test_need(lnn_test_load(
        "8, 6", "kind: teacher, samples: 4000, seed: 1, rank: 2, noise: 0.25"));
    struct lnn_data *clean = lnn_test_need(
        lnn_test_load("8, 6", "kind: teacher, samples: 4000, seed: 1, rank: 2"));
    struct lnn_svd *f = lnn_svd_alloc(6, 8);
    double mean = 0.0625 * 6 * 3992 / 4000,
           deviation = 0.0625 * sqrt(2.0 * 6 * 3992) / 4000;
    cr_assert_float_eq(2 * data->floor, mean, 5 * deviation);
    cr_assert_eq(lnn_svd(f, clean->Lyx), GSL_SUCCESS);
    cr_assert_gt(f->s[1], 0.3);
    cr_assert_lt(f->s[0], 48);
    cr_assert_lt(f->s[2], 1e-12);
    free(f);
    lnn_data_free(data);
    lnn_data_free(clean);
}

/* Entries of variance 1 at low rank too: the mean square of 2000 of them is near 1. */
Test(teacher, entries_are_of_order_one)
{
    static const char *const rank[] = {"", ", rank: 10"};
    for (size_t i = 0; i < 2; i++) {
        struct lnn_data *data = lnn_test_need(lnn_test_load(
            "50, 40", "kind: teacher, samples: 4000, scale: whiten, seed: 4%s",
            rank[i]));
        double norm = lnn_norm(2000, data->Phi);
        cr_assert_float_eq(norm * norm / 2000, 1, 0.4);
        lnn_data_free(data);
    }
}

/* Eigenvalues of the sample's Lambda_xx against 1, .., 1/condition: relative deviation
 * about sqrt(2/m). */
Test(teacher, inputs_have_their_condition)
{
    struct lnn_data *data = lnn_test_need(lnn_test_load(
        "5, 1", "kind: teacher, samples: 20000, seed: 2, condition: 10000"));
    double values[5];
    cr_assert_eq(lnn_eig_symmetric(5, data->Lxx, values, NULL), GSL_SUCCESS);
    for (size_t j = 0; j < 5; j++)
        cr_assert_float_eq(values[j] * pow(10, 4 - (double)j), 1, 0.06);
    double off = 0; /* the eigenbasis is not the axes */
    for (size_t i = 1; i < 5; i++) off += fabs(data->Lxx[i]);
    cr_assert_gt(off, 0.1);
    lnn_data_free(data);
}

Test(teacher, observed_share_is_exact)
{
    static const char phi[] = "[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [1, 1, 1, 1, 1]]";
    static const size_t want[] = {1, 6, 7, 15};
    static const double share[] = {0.07, 0.4, 0.45, 1};
    for (size_t s = 0; s < 4; s++) {
        double distinct = 0, *last = NULL;
        for (size_t seed = 0; seed < 6; seed++) {
            struct lnn_data *data =
                lnn_test_need(lnn_test_load("5, 3",
                                            "kind: target, matrix: %s, observed: "
                                            "%.17g, seed: %zu",
                                            phi, share[s], seed));
            size_t ones = 0;
            for (size_t i = 0; i < 15; i++) {
                cr_assert(data->mask[i] == 0 || data->mask[i] == 1);
                ones += data->mask[i] == 1;
            }
            cr_assert_eq(ones, want[s]);
            if (last) distinct += lnn_distance(15, last, data->mask);
            free(last);
            last = data->mask;
            data->mask = NULL;
            lnn_data_free(data);
        }
        free(last);
        cr_assert_eq(distinct > 0, s < 3);
    }
    lnn_test_refused(
        lnn_test_load("5, 3", "kind: target, matrix: %s, observed: 0.01", phi),
        "p.yaml:2:", "none of them");
}

Test(teacher, given_mask)
{
    struct lnn_data *data = lnn_test_need(lnn_test_load(
        "2, 2", "kind: target, matrix: [[1, 2], [3, 4]], mask: [[1, 0], [1, 1]]"));
    static const double mask[] = {1, 0, 1, 1};
    for (size_t i = 0; i < 4; i++) cr_assert_eq(data->mask[i], mask[i]);
    lnn_data_free(data);
}
