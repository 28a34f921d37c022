/* What the discrete methods on the layers share. */
#include "lnn/descent.h"

#include <math.h>
#include <string.h>
#include "lnn/err.h"

bool lnn_descent_batched(const struct lnn_model *m)
{
    return m->spec && m->spec->batch > 0 && m->spec->batch < m->data->m;
}

static bool counts(const struct lnn_model *m, size_t buffers)
{
    return buffers > 0 || lnn_descent_batched(m);
}

size_t lnn_descent_dim(const struct lnn_model *m, size_t buffers)
{
    return (1 + buffers) * m->net.size + counts(m, buffers);
}

static int open_batches(struct lnn_model *m)
{
    const struct lnn_loss *loss = m->objective->loss;
    lnn_batches_close(m->batches);
    m->batches = NULL;
    if (!lnn_descent_batched(m)) return GSL_SUCCESS;
    if (!loss->outputs)
        return lnn_fail(GSL_EINVAL,
                        "the loss %s is no sum over examples, so that there are no "
                        "batches of it; leave batch out",
                        loss->name);
    return lnn_batches_open(m->data, m->spec->batch, m->spec->batch_seed, &m->batches);
}

int lnn_descent_init(struct lnn_model *m, size_t buffers, double y[])
{
    size_t n = m->net.size, dim = lnn_descent_dim(m, buffers);
    if (buffers > 0 && !m->spec)
        return lnn_fail(GSL_EINVAL, "the model does not know its trajectory's keys");
    LNN_TRY(open_batches(m));
    memcpy(y, m->w0, n * sizeof *y);
    memset(y + n, 0, (dim - n) * sizeof *y);
    return GSL_SUCCESS;
}

/* The perturbed second run moves all of the state by a rounding; k stays whole. */
static double count(double *k)
{
    *k = nearbyint(*k) + 1;
    return *k;
}

double lnn_descent_gradient(struct lnn_model *m, size_t buffers, double y[])
{
    double k = 1;
    if (counts(m, buffers)) k = count(&y[lnn_descent_dim(m, buffers) - 1]);
    if (m->batches)
        lnn_model_batch_gradient(m, lnn_batches_at(m->batches, (unsigned long)k - 1), y,
                                 m->grad);
    else
        lnn_model_gradient(m, y, m->grad);
    return k;
}

int lnn_descent_product(struct lnn_model *m, const double y[], double W[])
{
    lnn_network_product(&m->net, y, W, m->chain);
    return GSL_SUCCESS;
}

double lnn_descent_ratio(double a, double b)
{
    return a == 0 ? 0 : a / b;
}
