/* The rate of convergence that imbalance guarantees. */
#include "theorem_imbalance.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct spectra { /* of C_1..C_{N-1}; one block */
    const struct lnn_network *net;
    double *values; /* ascending, one matrix after the other */
    double *slack;  /* what rounding may do to them, from 1 */
    double *C;
};

/* The i-th largest eigenvalue of C_m or (negative) of -C_m, less its rounding. */
static double weyl(const struct spectra *s, size_t m, bool negative, size_t i,
                   double rounding)
{
    const double *ascending = s->values;
    for (size_t a = 1; a < m; a++) ascending += s->net->d[a];
    double value = negative ? -ascending[i - 1] : ascending[s->net->d[m] - i];
    return value - rounding * s->slack[m];
}

/* prod_{i>j} b_i prod_{i<j} a_i */
static double term(const struct spectra *s, size_t j, double rounding)
{
    const size_t *d = s->net->d;
    double product = 1, least = 0;
    for (size_t i = j + 1; i <= s->net->N; i++) {
        if (d[i] > d[i - 1]) return 0;
        least = fmax(0, least + weyl(s, i - 1, false, d[i], rounding));
        product *= least;
    }
    least = 0;
    for (size_t i = j - 1; i >= 1; i--) {
        if (d[i - 1] > d[i]) return 0;
        least = fmax(0, least + weyl(s, i, true, d[i - 1], rounding));
        product *= least;
    }
    return product;
}

/* C is the difference of two Gram matrices of inner size at most `wide`; LAPACK's
 * eigenvalues add as much again. */
static int decompose(struct spectra *s, const double w[])
{
    const size_t *d = s->net->d;
    double *values = s->values;
    for (size_t m = 1; m < s->net->N; m++) {
        double below = lnn_norm(d[m] * d[m - 1], w + lnn_network_offset(s->net, m));
        double above = lnn_norm(d[m + 1] * d[m], w + lnn_network_offset(s->net, m + 1));
        size_t wide = d[m] + (d[m - 1] > d[m + 1] ? d[m - 1] : d[m + 1]);
        s->slack[m] =
            2 * DBL_EPSILON * (double)(wide + 2) * (above * above + below * below);
        lnn_network_imbalance(s->net, w, m, s->C);
        LNN_TRY(lnn_eig_symmetric(d[m], s->C, values, NULL));
        values += d[m];
    }
    return GSL_SUCCESS;
}

static void fill(const struct spectra *s, struct lnn_imbalance *out)
{
    const size_t *d = s->net->d, N = s->net->N;
    *out = (struct lnn_imbalance){.top = NAN, .bottom = NAN};
    for (size_t j = 1; j <= N; j++) {
        out->r += term(s, j, 0);
        out->certain += term(s, j, 1);
    }
    if (d[N] <= d[N - 1]) out->top = weyl(s, N - 1, false, d[N], 0);
    if (d[0] <= d[1]) out->bottom = weyl(s, 1, true, d[0], 0);
}

int lnn_imbalance_rate(const struct lnn_network *net, const double w[],
                       struct lnn_imbalance *out)
{
    size_t n = net->N + 1, values = 0;
    for (size_t m = 1; m < net->N; m++) values += net->d[m];
    n += values + lnn_network_imbalance_size(net);
    double *at = malloc(n * sizeof *at);
    if (!at) return lnn_fail(GSL_ENOMEM, "out of memory for the imbalance");
    struct spectra s = {.net = net, .values = at, .slack = at + values};
    s.C = s.slack + net->N + 1;
    int status = decompose(&s, w);
    if (status == GSL_SUCCESS) fill(&s, out);
    free(at);
    return status;
}
