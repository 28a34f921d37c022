/* Deficiency margins of losses other than the square loss. */
#include "theorem_convex.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* What one point V certifies, less rounding: of both losses, and of the terms of G,
 * which acts on V and on W' (||W'|| <= c). */
static double certify(const struct lnn_objective *o, const double V[], double level,
                      double G[])
{
    size_t kd = o->data->k * o->data->d;
    double l = lnn_objective_value(o, V), norm = lnn_norm(kd, V);
    lnn_objective_gradient(o, V, G);
    double slope = lnn_norm(kd, G), drop = l - lnn_dot(kd, G, V) - level;
    if (!(slope > 0)) return NAN;
    double rounding =
        lnn_convex_rounding(o, V, l) +
        4 * DBL_EPSILON * (double)(o->data->m + kd) *
            (lnn_convex_terms(o, l) * (norm + fmax(drop, 0) / slope) + fabs(level));
    return (drop - rounding) / slope;
}

/* The hyperplane at V touches the ball of its own c at -c G/||G||: the next V. Every c
 * on the way is certified. */
static int hyperplane(const struct lnn_objective *o, double level, double *c)
{
    size_t kd = o->data->k * o->data->d;
    double *V = calloc(2 * kd, sizeof *V), *G = V + kd;
    if (!V) return lnn_fail(GSL_ENOMEM, "out of memory for the margin");
    *c = certify(o, V, level, G);
    double here = *c;
    for (int round = 0; round < 100 && here > 0; round++) {
        double norm = lnn_norm(kd, G);
        for (size_t i = 0; i < kd; i++) V[i] = -here / norm * G[i];
        here = certify(o, V, level, G);
        if (here > *c)
            *c = here;
        else if (round > 3 && !(here > *c * (1 - 1e-6)))
            break;
    }
    free(V);
    return GSL_SUCCESS;
}

/* The floor of the square loss without data.offset, which lp does not have: an offset
 * comes with target matrices only, where every Y can be met. */
static double residual_floor(const struct lnn_data *data)
{
    return data->rank == data->m ? 0 : data->floor;
}

static int through_square(const struct lnn_evidence *e, double level, double *c)
{
    const struct lnn_objective *o = e->objective;
    const struct lnn_data *data = o->data;
    double terms = (double)(data->m * data->k), p = o->p;
    double sum =
        pow(level / (o->factor * data->weight), 2 / p) * pow(terms, fmax(0, 1 - 2 / p));
    double excess = 0.5 * data->weight * sum - residual_floor(data);
    struct lnn_margin *m;
    LNN_TRY(lnn_margin_alloc(e, &m));
    *c = m->alpha > 0
             ? lnn_margin_certified(m, fmax(excess, 0)) - lnn_margin_rounding(m)
             : NAN;
    free(m);
    return GSL_SUCCESS;
}

int lnn_convex_margin(const struct lnn_evidence *e, const double W0[], double *c,
                      const char **how)
{
    const struct lnn_objective *o = e->objective;
    double level = lnn_objective_value(o, W0);
    *c = NAN;
    *how = NULL;
    if (!isfinite(level)) return GSL_SUCCESS;
    level += lnn_convex_rounding(o, W0, level);
    if (o->data->k == 1 || o->data->d == 1) {
        *how = "convexity: (l(V) - <G(V), V> - l(W(0))) / ||G(V)||";
        return hyperplane(o, level, c);
    }
    if (strcmp(o->loss->name, "lp") != 0) return GSL_SUCCESS;
    *how = "the square loss: sum E^2 <= M^max(0, 1-2/p) (sum |E|^p)^(2/p)";
    return through_square(e, level, c);
}

/* ---- masked ---- */

double lnn_masked_row(const struct lnn_evidence *e, const struct lnn_record *r,
                      size_t i, double *bar)
{
    const struct lnn_data *data = e->data;
    size_t kd = data->k * data->d;
    const double *W = r->W + i * kd;
    double sum = 0;
    bool stated;
    *bar = NAN;
    if (!lnn_finite(kd, W)) return NAN;
    for (size_t a = 0; a < kd; a++) {
        double gap = data->mask[a] * (W[a] - data->Phi[a]);
        sum += gap * gap;
    }
    double norm = sqrt(sum);
    double move = DBL_EPSILON * (lnn_norm(kd, W) + lnn_norm(kd, data->Phi));
    bool said = r->loss_error && isfinite(r->loss_error[i]);
    move += said ? lnn_record_W_rounding(r, i) : lnn_record_W_bar(r, i, &stated);
    *bar = norm * move + 0.5 * move * move + 4 * DBL_EPSILON * sum +
           (said ? fabs(r->loss_error[i]) : 0);
    return 0.5 * sum;
}

/* sigma_|T| of Phi's rows T (columns, if tall) where all of them are observed. */
static int of_support(const struct lnn_data *data, size_t T, double A[], double *sigma)
{
    bool wide = data->k <= data->d;
    size_t side = wide ? data->k : data->d, across = wide ? data->d : data->k;
    size_t rows = 0, cols = 0, of = wide ? data->d : 1, step = wide ? 1 : data->d;
    for (size_t r = 0; r < side; r++) rows += (T >> r) & 1;
    for (size_t c = 0; c < across; c++) {
        bool seen = true;
        for (size_t r = 0; r < side; r++)
            seen = seen && (!((T >> r) & 1) || data->mask[r * of + c * step] != 0);
        for (size_t r = 0, at = 0; seen && r < side; r++)
            if ((T >> r) & 1) A[cols * rows + at++] = data->Phi[r * of + c * step];
        cols += seen;
    }
    *sigma = 0;
    if (cols < rows) return GSL_SUCCESS;
    struct lnn_svd *svd = lnn_svd_alloc(cols, rows);
    if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    int status = lnn_svd(svd, A);
    *sigma = svd->s[rows - 1];
    free(svd);
    return status;
}

int lnn_masked_sigma(const struct lnn_data *data, double *sigma)
{
    size_t side = data->k < data->d ? data->k : data->d;
    *sigma = NAN;
    if (side > 16)
        return lnn_fail(GSL_EDOM,
                        "the margin of a masked loss takes all 2^min(k, d) sets of "
                        "rows, and min(k, d) is %zu",
                        side);
    double *A = malloc(data->k * data->d * sizeof *A), least = INFINITY;
    if (!A) return lnn_fail(GSL_ENOMEM, "out of memory for the margin");
    int status = GSL_SUCCESS;
    for (size_t T = 1; T < (size_t)1 << side && status == GSL_SUCCESS; T++) {
        double here;
        status = of_support(data, T, A, &here);
        if (status == GSL_SUCCESS && here < least) least = here;
    }
    free(A);
    *sigma = least;
    return status;
}
