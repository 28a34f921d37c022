/* How precise the stored numbers are: what float32 does to the weights and times. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "evidence_private.h"
#include "lnn/err.h"
#include "lnn/linalg.h"

/* Bits of x from the first 1 to the last: 1 for powers of two, at most 53. */
static int bits(double x)
{
    int exponent, n = 0;
    double left = frexp(fabs(x), &exponent);
    for (; left > 0; n++) left = 2 * left - floor(2 * left);
    return n;
}

/* Training in float32 that is saved as doubles: every number has 24 bits at most. A
 * list of short ones (0, 1/2, 3) says nothing, so one of them must have more than 16.
 */
static double spacing(size_t n, const double values[])
{
    enum { SHORT = 16 };
    int most = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        if ((double)(float)values[i] != values[i]) return DBL_EPSILON;
        if (most <= SHORT) most = most > bits(values[i]) ? most : bits(values[i]);
    }
    return most > SHORT ? FLT_EPSILON : DBL_EPSILON;
}

double lnn_evidence_spacing(struct lnn_reading_evidence *f, const char *group,
                            const char *name, size_t n, const double values[])
{
    return fmax(lnn_reader_rounding(f->reader, group, name), spacing(n, values));
}

/* Four roundings: of the time, of the step, and of their product. */
int lnn_evidence_exact_times(struct lnn_reading_evidence *f, struct lnn_record *r,
                             const char *name, size_t n, const double **t)
{
    double eta = r->learning_rate, coarse = spacing(1, &eta);
    double mine = lnn_evidence_spacing(f, r->name, name, n, *t);
    double *exact = lnn_evidence_array(f, n);
    if (!exact) return GSL_ENOMEM;
    bool multiples = eta > 0 && fmax(mine, coarse) > DBL_EPSILON;
    for (size_t i = 0; i < n && multiples; i++) {
        exact[i] = eta * nearbyint((*t)[i] / eta);
        multiples = fabs((*t)[i] - exact[i]) <= 4 * fmax(mine, coarse) * fabs((*t)[i]);
    }
    if (multiples) *t = exact;
    r->t_rounding = fmax(r->t_rounding, multiples ? 0 : mine);
    return GSL_SUCCESS;
}

/* Stored layers each off by half a spacing move their product by at most N/2 spacings
 * of |W_N| ... |W_1|, entry by entry; as much again for the products' own rounding if W
 * was formed in that precision. scratch: net.size + k d + net.chain doubles. */
static double product_rounding(const struct lnn_record *r, size_t i, double scratch[])
{
    const struct lnn_network *net = &r->net;
    double *P = scratch + net->size;
    for (size_t q = 0; q < net->size; q++) scratch[q] = fabs(r->w[i * net->size + q]);
    lnn_network_product(net, scratch, P, P + r->k * r->d);
    return lnn_record_rounding(r) * (double)net->N * lnn_norm(r->k * r->d, P);
}

/* A time that is off makes W off by as much as it moved meanwhile. */
static double time_rounding(const struct lnn_record *r, size_t i)
{
    size_t a = i > 0 ? i - 1 : 0, b = i + 1 < r->rows ? i + 1 : i, kd = r->k * r->d;
    if (!(r->t_rounding > DBL_EPSILON) || !(r->t[b] > r->t[a])) return 0;
    double moved = lnn_distance(kd, r->W + a * kd, r->W + b * kd);
    return moved / (r->t[b] - r->t[a]) * r->t_rounding * fabs(r->t[i]);
}

/* Sets that of the layers, returns that of W. */
static double precision(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    char name[32];
    double coarse = r->w ? spacing(r->weights_rows * r->net.size, r->w) : 0;
    for (size_t j = 1; r->w && j <= r->net.N; j++) {
        snprintf(name, sizeof name, "W%zu", j);
        coarse = fmax(coarse, lnn_reader_rounding(f->reader, r->name, name));
    }
    double W = lnn_reader_rounding(f->reader, r->name, "W");
    if (r->W) W = fmax(W, spacing(r->rows * r->k * r->d, r->W));
    coarse = fmax(coarse, r->rounding); /* what the file says of itself */
    W = fmax(W, r->rounding);
    r->rounding = r->w ? coarse : W;
    return W;
}

int lnn_evidence_rounding(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    double W = precision(f, r);
    bool coarse = fmax(fmax(W, r->rounding), r->t_rounding) > DBL_EPSILON;
    if (!coarse || !r->W) return GSL_SUCCESS;
    size_t kd = r->k * r->d;
    double *bar = lnn_evidence_array(f, r->rows);
    double *scratch = malloc((r->net.size + kd + r->net.chain + 1) * sizeof *scratch);
    if (!bar || !scratch) {
        free(scratch);
        return lnn_fail(GSL_ENOMEM, "out of memory for %s", f->e.path);
    }
    for (size_t i = 0; i < r->rows; i++) {
        if (W > DBL_EPSILON) bar[i] += W * lnn_norm(kd, r->W + i * kd);
        if (r->rounding > DBL_EPSILON && r->w && r->w_t == r->t)
            bar[i] += product_rounding(r, i, scratch);
        bar[i] += time_rounding(r, i);
    }
    free(scratch);
    r->W_rounding = bar;
    return GSL_SUCCESS;
}
