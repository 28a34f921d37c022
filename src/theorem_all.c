/* Every theorem against every trajectory of a file, and what stored weights say. */
#include "lnn/theorem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "lnn/registry.h"

static int check_row(const struct lnn_record *r, size_t i)
{
    if (!r->w || r->net.N == 0)
        return lnn_fail(GSL_EINVAL, "the file has no weights W1..WN");
    if (i < r->weights_rows) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "there is no row %zu of weights", i);
}

/* A NaN stays: no later number replaces it. */
static void keep_largest(double x, double *largest)
{
    if (isnan(x) || x > *largest) *largest = x;
}

static size_t layer_size(const struct lnn_network *net, size_t j)
{
    return net->d[j] * net->d[j - 1];
}

int lnn_record_imbalance(const struct lnn_record *r, size_t i, double *imbalance,
                         double *scale)
{
    const struct lnn_network *net = &r->net;
    *imbalance = *scale = NAN;
    LNN_TRY(check_row(r, i));
    const double *w = r->w + i * net->size;
    size_t n = lnn_network_imbalance_size(net);
    double *C = malloc((n + 1) * sizeof *C);
    if (!C) return lnn_fail(GSL_ENOMEM, "out of memory for the balancedness");
    *imbalance = *scale = 0;
    for (size_t j = 1; j < net->N; j++) {
        double below = lnn_norm(layer_size(net, j), w + lnn_network_offset(net, j));
        double above =
            lnn_norm(layer_size(net, j + 1), w + lnn_network_offset(net, j + 1));
        lnn_network_imbalance(net, w, j, C);
        keep_largest(lnn_norm(net->d[j] * net->d[j], C), imbalance);
        keep_largest(above * above + below * below, scale);
    }
    free(C);
    return GSL_SUCCESS;
}

static int gradient_by_examples(const struct lnn_evidence *e,
                                const struct lnn_record *r, size_t i, double grad[])
{
    struct lnn_mlp *mlp;
    struct lnn_examples all = lnn_examples_all(e->data);
    const double *w = r->w + i * r->net.size;
    LNN_TRY(lnn_mlp_alloc(&r->net, e->objective, &mlp));
    (void)lnn_mlp_gradient(mlp, &all, w, grad);
    lnn_axpy(r->net.size, r->weight_decay, w, grad);
    lnn_mlp_free(mlp);
    return GSL_SUCCESS;
}

int lnn_record_gradient(const struct lnn_evidence *e, const struct lnn_record *r,
                        size_t i, double grad[])
{
    const struct lnn_network *net = &r->net;
    LNN_TRY(check_row(r, i));
    if (!e->objective) return lnn_fail(GSL_EINVAL, "the file does not say the loss");
    size_t kd = net->d[net->N] * net->d[0];
    if (net->activation) return gradient_by_examples(e, r, i, grad);
    double *W = malloc((2 * kd + net->chain) * sizeof *W);
    if (!W) return lnn_fail(GSL_ENOMEM, "out of memory for the gradient");
    const double *w = r->w + i * net->size;
    lnn_network_product(net, w, W, W + 2 * kd);
    lnn_objective_gradient(e->objective, W, W + kd);
    lnn_network_gradient(net, w, W + kd, grad, W + 2 * kd);
    lnn_axpy(net->size, r->weight_decay, w, grad);
    free(W);
    return GSL_SUCCESS;
}

static int check_name(const char *name)
{
    const char **names;
    size_t n = 0;
    if (!name) return GSL_SUCCESS;
    if (lnn_registry_find((const void *const *)lnn_theorems, name)) return GSL_SUCCESS;
    while (lnn_theorems[n]) n++;
    names = calloc(n + 1, sizeof *names);
    if (!names) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) names[i] = lnn_theorems[i]->name;
    const char *near = lnn_nearest(name, names);
    free(names);
    if (near)
        return lnn_fail(GSL_EINVAL, "unknown theorem \"%s\", did you mean \"%s\"?",
                        name, near);
    return lnn_fail(GSL_EINVAL, "unknown theorem \"%s\"", name);
}

/* Undecided until the judge has decided. */
static void judge(const struct lnn_evidence *e, struct lnn_finding *f)
{
    struct lnn_judgement *j = &f->judgement;
    *j = (struct lnn_judgement){.verdict = LNN_INCONCLUSIVE,
                                .measured = NAN,
                                .bound = NAN,
                                .margin = NAN,
                                .bar = NAN};
    for (size_t i = 0; i < LNN_FIGURES; i++) j->figures[i].value = NAN;
    if (f->record->rows == 0) {
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "the trajectory has no rows");
        return;
    }
    lnn_error_clear();
    if (f->theorem->judge(e, f->record, j) != GSL_SUCCESS)
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "it could not be judged: %s",
                             lnn_error());
    if (!j->reason[0])
        (void)lnn_judge_stop(j, LNN_INCONCLUSIVE, "the judge gave no reason");
}

int lnn_judge_all(const struct lnn_evidence *e, const char *only, size_t *n,
                  struct lnn_finding **findings)
{
    size_t theorems = 0;
    *n = 0;
    *findings = NULL;
    LNN_TRY(check_name(only));
    while (lnn_theorems[theorems]) theorems++;
    struct lnn_finding *found = calloc(theorems * e->n + 1, sizeof *found);
    if (!found) return lnn_fail(GSL_ENOMEM, "out of memory for the verdicts");
    for (size_t t = 0; t < theorems; t++) {
        const struct lnn_theorem *theorem = lnn_theorems[t];
        if (only && strcmp(theorem->name, only) != 0) continue;
        for (size_t i = 0; i < e->n; i++) {
            const struct lnn_record *r = &e->records[i];
            if (r->net.activation && !theorem->nonlinear) continue;
            if (!theorem->about(e, r)) continue;
            found[*n] = (struct lnn_finding){.theorem = theorem, .record = r};
            judge(e, &found[(*n)++]);
        }
    }
    *findings = found;
    return GSL_SUCCESS;
}
