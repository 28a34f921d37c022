/* Convex losses without a known minimiser: their values with error bars, and reference
 * matrices to compare with. */
#include "theorem_convex.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_multimin.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

/* Slope of one of the m k terms in its score: at most weight for the logistic loss, f p
 * weight |E|^{p-1} for lp, where sum |E|^p = l / (f weight). */
static double steepest(const struct lnn_objective *o, double l)
{
    double scale = o->factor * o->data->weight;
    if (strcmp(o->loss->name, "lp") != 0) return o->data->weight;
    return o->p * scale * pow(l / scale, (o->p - 1) / o->p);
}

double lnn_convex_terms(const struct lnn_objective *o, double l)
{
    double sum = 0;
    for (size_t i = 0; i < o->data->m; i++)
        sum += lnn_norm(o->data->d, o->data->X + i * o->data->d);
    return steepest(o, l) * (double)o->data->k * sum;
}

/* A score x_i W^T is off by at most d eps ||x_i|| ||W||, a residual by eps |y| more;
 * and there is the sum of m k terms. */
double lnn_convex_rounding(const struct lnn_objective *o, const double W[], double l)
{
    const struct lnn_data *data = o->data;
    size_t mk = data->m * data->k;
    double targets = 0, norm = lnn_norm(data->k * data->d, W);
    for (size_t i = 0; i < mk; i++) targets += fabs(data->Y[i]);
    return DBL_EPSILON * ((double)data->d * norm * lnn_convex_terms(o, l) +
                          steepest(o, l) * targets + (double)mk * fabs(l));
}

/* Without loss_error: the slope at W, or at the far end of W's bar up the gradient,
 * where it is steeper, times the bar. */
static int slope_bar(const struct lnn_objective *o, const double W[], double W_bar,
                     double *bar)
{
    size_t kd = o->data->k * o->data->d;
    double *G = malloc(2 * kd * sizeof *G), *there = G + kd;
    *bar = NAN;
    if (!G) return lnn_fail(GSL_ENOMEM, "out of memory for an error bar");
    lnn_objective_gradient(o, W, G);
    double here = lnn_norm(kd, G);
    memcpy(there, W, kd * sizeof *W);
    if (here > 0) lnn_axpy(kd, W_bar / here, G, there);
    lnn_objective_gradient(o, there, G);
    *bar = W_bar * fmax(here, lnn_norm(kd, G));
    free(G);
    return GSL_SUCCESS;
}

double lnn_convex_row(const struct lnn_evidence *e, const struct lnn_record *r,
                      size_t i, double *bar)
{
    const struct lnn_objective *o = e->objective;
    size_t kd = o->data->k * o->data->d;
    const double *W = r->W + i * kd;
    bool stated;
    *bar = NAN;
    if (!lnn_finite(kd, W)) return NAN;
    double l = lnn_objective_value(o, W);
    bool said = r->loss_error && isfinite(r->loss_error[i]);
    double W_bar = said ? lnn_record_W_rounding(r, i) : lnn_record_W_bar(r, i, &stated);
    if (said && W_bar == 0)
        *bar = 0;
    else if (slope_bar(o, W, W_bar, bar) != GSL_SUCCESS)
        return NAN;
    if (said) *bar += fabs(r->loss_error[i]);
    *bar += lnn_convex_rounding(o, W, l);
    return l;
}

/* ---- references ---- */

static double value(const gsl_vector *x, void *o)
{
    return lnn_objective_value(o, x->data);
}

static void gradient(const gsl_vector *x, void *o, gsl_vector *G)
{
    lnn_objective_gradient(o, x->data, G->data);
}

static void both(const gsl_vector *x, void *o, double *l, gsl_vector *G)
{
    *l = value(x, o);
    gradient(x, o, G);
}

static void add(struct lnn_references *f, const struct lnn_objective *o,
                const double V[])
{
    size_t kd = o->data->k * o->data->d;
    double l = lnn_finite(kd, V) ? lnn_objective_value(o, V) : NAN;
    if (f->n == LNN_REFERENCES || !isfinite(l)) return;
    memcpy(f->V[f->n], V, kd * sizeof *V);
    f->l[f->n] = l;
    f->bar[f->n] = lnn_convex_rounding(o, V, l);
    f->n++;
}

/* Any end of the iteration will do: convergence, no progress in rounding, or its time:
 * 10^9 multiplications, as an objective takes m k d. */
static int descend(struct lnn_references *f, struct lnn_objective *o, const double W0[])
{
    size_t kd = o->data->k * o->data->d;
    double steps = fmin(1024, 1 + 1e9 / (double)(o->data->m * kd));
    gsl_multimin_function_fdf l = {value, gradient, both, kd, o};
    gsl_vector *x = gsl_vector_alloc(kd);
    gsl_multimin_fdfminimizer *s =
        gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, kd);
    int status =
        x && s ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for a minimum");
    if (status == GSL_SUCCESS) {
        memcpy(x->data, W0, kd * sizeof *W0);
        double first = 0.1 * fmax(lnn_norm(kd, W0), 1e-3);
        bool on = gsl_multimin_fdfminimizer_set(s, &l, x, first, 0.1) == GSL_SUCCESS;
        for (size_t i = 1; on && i <= steps; i++) {
            on = gsl_multimin_fdfminimizer_iterate(s) == GSL_SUCCESS;
            if (!on || (i & (i - 1)) == 0)
                add(f, o, gsl_multimin_fdfminimizer_x(s)->data);
        }
    }
    if (s) gsl_multimin_fdfminimizer_free(s);
    if (x) gsl_vector_free(x);
    return status;
}

int lnn_references_alloc(const struct lnn_objective *o, const double W0[],
                         struct lnn_references **references)
{
    size_t kd = o->data->k * o->data->d;
    struct lnn_references *f = malloc(sizeof *f + LNN_REFERENCES * kd * sizeof(double));
    *references = NULL;
    if (!f) return lnn_fail(GSL_ENOMEM, "out of memory for reference matrices");
    f->n = 0;
    for (size_t i = 0; i < LNN_REFERENCES; i++) f->V[i] = (double *)(f + 1) + i * kd;
    struct lnn_objective shared = *o; /* the minimiser takes no const */
    int status = descend(f, &shared, W0);
    if (status != GSL_SUCCESS) {
        free(f);
        return status;
    }
    *references = f;
    return GSL_SUCCESS;
}
