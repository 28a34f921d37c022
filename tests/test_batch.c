/* Mini-batches: every example once an epoch, the k-th a function of the seed and k. */
#include "naive.h"

TestSuite(batch, .init = lnn_test_setup);

static struct naive_case open_samples(int samples)
{
    char text[400];
    snprintf(text, sizeof text,
             "network: {widths: [3, 2, 2]}\ntime: {end: 1}\ninit: {kind: gaussian}\n"
             "data: {kind: teacher, samples: %d, noise: 0.2}\n",
             samples);
    return naive_open(text);
}

/* Which example a row of a batch is; its targets must be that one's. */
static size_t found(const struct lnn_data *data, const struct lnn_examples *e, size_t i)
{
    for (size_t row = 0; row < data->m; row++) {
        const double *x = data->X + row * data->d, *y = data->Y + row * data->k;
        if (memcmp(x, e->X + i * data->d, data->d * sizeof *x) != 0) continue;
        cr_assert_arr_eq(y, e->Y + i * data->k, data->k * sizeof *y);
        return row;
    }
    cr_assert(false, "no example of the data");
    return 0;
}

Test(batch, every_example_once_an_epoch)
{
    static const int samples[] = {1, 2, 7, 12, 30};
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 12, 29, 30};
    for (int s = 0; s < 5; s++)
        for (int b = 0; b < 9 && sizes[b] <= (size_t)samples[s]; b++) {
            struct naive_case c = open_samples(samples[s]);
            struct lnn_batches *batches;
            size_t m = c.data->m, rest = m % sizes[b];
            LNN_OK(lnn_batches_open(c.data, sizes[b], 11, &batches));
            cr_assert_eq(batches->per_epoch, m / sizes[b] + (rest > 0));
            for (unsigned long epoch = 0, k = 0; epoch < 4; epoch++) {
                int seen[30] = {0};
                for (size_t i = 0; i < batches->per_epoch; i++, k++) {
                    const struct lnn_examples *e = lnn_batches_at(batches, k);
                    bool last = i + 1 == batches->per_epoch && rest > 0;
                    cr_assert_eq(e->m, last ? rest : sizes[b]);
                    LNN_CLOSE(e->weight * (double)e->m, 1, 2e-16);
                    for (size_t j = 0; j < e->m; j++) seen[found(c.data, e, j)]++;
                }
                for (size_t i = 0; i < m; i++) cr_assert_eq(seen[i], 1);
            }
            lnn_batches_close(batches);
            naive_close(&c);
        }
}

/* The same whatever was asked before, and another for another seed. */
Test(batch, a_function_of_seed_and_number)
{
    static const unsigned long order[] = {5, 0, 17, 4, 1000003, 17, 3, 0};
    struct naive_case c = open_samples(20);
    struct lnn_batches *jumping, *fresh, *other;
    int same = 0;
    LNN_OK(lnn_batches_open(c.data, 6, 1, &jumping));
    LNN_OK(lnn_batches_open(c.data, 6, 2, &other));
    for (int i = 0; i < 8; i++) {
        LNN_OK(lnn_batches_open(c.data, 6, 1, &fresh));
        const struct lnn_examples *a = lnn_batches_at(jumping, order[i]);
        const struct lnn_examples *b = lnn_batches_at(fresh, order[i]);
        const struct lnn_examples *z = lnn_batches_at(other, order[i]);
        cr_assert_eq(a->m, b->m);
        cr_assert_arr_eq(a->X, b->X, a->m * 3 * sizeof(double));
        cr_assert_arr_eq(a->Y, b->Y, a->m * 2 * sizeof(double));
        same += memcmp(a->X, z->X, a->m * 3 * sizeof(double)) == 0;
        lnn_batches_close(fresh);
    }
    cr_assert_eq(same, 0);
    lnn_batches_close(jumping);
    lnn_batches_close(other);
    naive_close(&c);
}

/* The same on every machine: whole numbers from mt19937 alone. */
Test(batch, the_permutations_of_seed_7)
{
    static const size_t want[2][8] = {{1, 4, 3, 6, 0, 2, 5, 7},
                                      {4, 0, 2, 1, 3, 7, 6, 5}};
    struct naive_case c = open_samples(8);
    struct lnn_batches *batches;
    LNN_OK(lnn_batches_open(c.data, 3, 7, &batches));
    for (unsigned long epoch = 0; epoch < 2; epoch++) {
        lnn_batches_at(batches, 3 * epoch);
        cr_assert_arr_eq(batches->order, want[epoch], sizeof want[epoch],
                         "%zu %zu %zu %zu %zu %zu %zu %zu", batches->order[0],
                         batches->order[1], batches->order[2], batches->order[3],
                         batches->order[4], batches->order[5], batches->order[6],
                         batches->order[7]);
    }
    lnn_batches_close(batches);
    naive_close(&c);
}

/* All 24 permutations of four about equally often: chi^2 of 23 degrees of freedom. */
Test(batch, permutations_are_equally_likely)
{
    enum { DRAWS = 24000 };
    int count[256] = {0}, different = 0;
    double chi = 0;
    gsl_rng *rng = lnn_rng_open(1, "test.batch");
    for (int i = 0; i < DRAWS; i++) {
        size_t p[4];
        lnn_rng_permutation(rng, 4, p);
        count[p[0] * 64 + p[1] * 16 + p[2] * 4 + p[3]]++;
    }
    for (int i = 0; i < 256; i++) {
        different += count[i] > 0;
        if (count[i] > 0) chi += pow(count[i] - DRAWS / 24., 2) / (DRAWS / 24.);
    }
    cr_assert_eq(different, 24);
    cr_assert(chi > 7 && chi < 50, "%g", chi); /* 0.1 % on either side */
    gsl_rng_free(rng);
}

/* Over the batches of an epoch, weights held, the mean is the full gradient where the
 * size divides the examples; else the mean weighted by their sizes. */
Test(batch, gradients_of_an_epoch_add_up)
{
    static const size_t sizes[] = {1, 3, 4, 5, 11};
    struct naive_case c = open_samples(12);
    size_t n = c.net.size;
    double *w = naive_random(n, 2), *full = naive_new(n), *one = naive_new(n);
    lnn_model_gradient(c.model, w, full);
    for (int b = 0; b < 5; b++) {
        struct lnn_batches *batches;
        double *mean = naive_new(n), *plain = naive_new(n);
        LNN_OK(lnn_batches_open(c.data, sizes[b], 3, &batches));
        for (unsigned long k = 0; k < batches->per_epoch; k++) {
            const struct lnn_examples *e = lnn_batches_at(batches, k);
            lnn_model_batch_gradient(c.model, e, w, one);
            for (size_t i = 0; i < n; i++) {
                mean[i] += one[i] * (double)e->m / 12;
                plain[i] += one[i] / (double)batches->per_epoch;
            }
        }
        LNN_CLOSE(lnn_test_gap(n, mean, full), 0, 1e-14);
        double gap = lnn_test_gap(n, plain, full);
        cr_assert(12 % sizes[b] == 0 ? gap < 1e-14 : gap > 1e-4, "%g", gap);
        free(mean);
        free(plain);
        lnn_batches_close(batches);
    }
    free(w);
    free(full);
    free(one);
    naive_close(&c);
}

/* A target matrix is a sum over its columns: so is a batch's mean, scaled up. */
Test(batch, columns_of_a_target)
{
    static const struct naive_widths widths = {3, {4, 3, 2}};
    static const double Phi[8] = {1, 0.5, -0.25, 2, 0, -1, 0.75, 1};
    struct naive_case c = naive_target(&widths, Phi, "");
    struct lnn_batches *batches;
    double *w = naive_random(c.net.size, 1), full[18], one[18], mean[18] = {0};
    LNN_OK(lnn_batches_open(c.data, 2, 0, &batches));
    lnn_model_gradient(c.model, w, full);
    for (unsigned long k = 0; k < 2; k++) {
        const struct lnn_examples *e = lnn_batches_at(batches, k);
        cr_assert_eq(e->weight, 2);
        lnn_model_batch_gradient(c.model, e, w, one);
        for (int i = 0; i < 18; i++) mean[i] += one[i] / 2;
    }
    LNN_CLOSE(lnn_test_gap(18, mean, full), 0, 1e-14);
    lnn_batches_close(batches);
    free(w);
    naive_close(&c);
}
