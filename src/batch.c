/* Mini-batches: the k-th is a function of the seed and of k. */
#include "lnn/batch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

int lnn_batches_open(const struct lnn_data *data, size_t size, unsigned long seed,
                     struct lnn_batches **batches)
{
    size_t m = data->m, doubles = size * (data->d + data->k);
    struct lnn_batches *b =
        malloc(sizeof *b + doubles * sizeof(double) + m * sizeof(size_t));
    *batches = NULL;
    if (!b) return lnn_fail(GSL_ENOMEM, "out of memory for batches of %zu", size);
    *b = (struct lnn_batches){.data = data,
                              .size = size,
                              .per_epoch = (m + size - 1) / size,
                              .seed = seed,
                              .epoch = ULONG_MAX};
    b->X = (double *)(b + 1);
    b->Y = b->X + size * data->d;
    b->order = (size_t *)(void *)(b->Y + size * data->k);
    b->rng = lnn_rng_open(seed, "batch");
    if (!b->rng) {
        free(b);
        return GSL_ENOMEM;
    }
    *batches = b;
    return GSL_SUCCESS;
}

void lnn_batches_close(struct lnn_batches *batches)
{
    if (!batches) return;
    gsl_rng_free(batches->rng);
    free(batches);
}

/* A stream for every epoch: no epoch has to be gone through to get at a later one. */
static void shuffle(struct lnn_batches *b, unsigned long epoch)
{
    char purpose[40];
    snprintf(purpose, sizeof purpose, "batch.%lu", epoch);
    lnn_rng_restart(b->rng, b->seed, purpose);
    lnn_rng_permutation(b->rng, b->data->m, b->order);
    b->epoch = epoch;
}

const struct lnn_examples *lnn_batches_at(struct lnn_batches *b, unsigned long k)
{
    const struct lnn_data *data = b->data;
    unsigned long epoch = k / b->per_epoch;
    size_t first = (k % b->per_epoch) * b->size;
    size_t n = data->m - first < b->size ? data->m - first : b->size;
    if (epoch != b->epoch) shuffle(b, epoch);
    for (size_t i = 0; i < n; i++) {
        size_t row = b->order[first + i];
        memcpy(b->X + i * data->d, data->X + row * data->d, data->d * sizeof *b->X);
        memcpy(b->Y + i * data->k, data->Y + row * data->k, data->k * sizeof *b->Y);
    }
    b->batch = (struct lnn_examples){n, b->X, b->Y,
                                     data->weight * ((double)data->m / (double)n)};
    return &b->batch;
}
