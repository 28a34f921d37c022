/* Mini-batches. An epoch is a permutation of all examples, drawn from (seed, epoch) and
 * nothing else, and cut into batches of `size`; the last one of an epoch is shorter
 * where size does not divide m, none is dropped. So the k-th batch is a function of
 * seed and k: whoever knows how many iterations have been made can go on. */
#ifndef LNN_BATCH_H
#define LNN_BATCH_H

#include "lnn/loss.h"
#include "lnn/rng.h"

struct lnn_batches {
    const struct lnn_data *data; /* not owned */
    size_t size, per_epoch;      /* examples in a batch, batches in an epoch */
    unsigned long seed, epoch;   /* epoch: the one that order holds */
    gsl_rng *rng;
    size_t *order; /* data->m: the examples in the order of the epoch */
    double *X, *Y; /* size x d, size x k: the batch itself */
    struct lnn_examples batch;
};

/* 1 <= size <= data->m. Free with lnn_batches_close. GSL_ENOMEM. */
int lnn_batches_open(const struct lnn_data *data, size_t size, unsigned long seed,
                     struct lnn_batches **batches);
void lnn_batches_close(struct lnn_batches *batches);

/* The k-th batch, k = 0, 1, ...: valid until the next call; allocates nothing. Its
 * weight makes its loss that of all examples in the mean: data->weight m / its size, so
 * 1 / its size where the loss is a mean. */
const struct lnn_examples *lnn_batches_at(struct lnn_batches *batches, unsigned long k);

#endif
