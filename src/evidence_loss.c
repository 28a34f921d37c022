/* The loss a trajectory descends, from what its file says: examples, moments or a
 * target matrix, and the name of the loss. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "evidence_private.h"
#include "lnn/err.h"
#include "lnn/linalg.h"

struct finding { /* what is there in one group */
    struct lnn_shape X, Y, Phi, Lxx, Lyx, Lyy, mask;
    double *x, *y, *phi, *lxx, *lyx, *lyy, *observed;
};

static int look_in(struct lnn_reading_evidence *f, const char *group,
                   struct finding *is)
{
    *is = (struct finding){.x = NULL};
    const struct {
        const char *name;
        struct lnn_shape *shape;
        double **values;
    } names[] = {{"X", &is->X, &is->x},
                 {"Y", &is->Y, &is->y},
                 {"Phi", &is->Phi, &is->phi},
                 {"Lambda_xx", &is->Lxx, &is->lxx},
                 {"Lambda_yx", &is->Lyx, &is->lyx},
                 {"Lambda_yy", &is->Lyy, &is->lyy},
                 {"mask", &is->mask, &is->observed}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        LNN_TRY(lnn_evidence_variable(f, group, names[i].name, 2, names[i].shape,
                                      names[i].values));
    if (!is->phi)
        LNN_TRY(lnn_evidence_variable(f, group, "target", 2, &is->Phi, &is->phi));
    if (!is->y) { /* one output: a plain list will do */
        LNN_TRY(lnn_evidence_variable(f, group, "Y", 1, &is->Y, &is->y));
        is->Y.dims[1] = 1;
    }
    return GSL_SUCCESS;
}

static bool enough(const struct finding *is)
{
    return (is->x && is->y) || (is->lxx && is->lyx) || is->phi;
}

static int check_size(const struct lnn_reading_evidence *f, const char *name,
                      const struct lnn_shape *s, size_t rows, size_t cols)
{
    if (s->dims[0] == rows && s->dims[1] == cols && rows > 0) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s: %s is %zu x %zu; %zu x %zu is meant", f->e.path,
                    name, s->dims[0], s->dims[1], rows, cols);
}

static int from_examples(struct lnn_reading_evidence *f, const struct finding *is,
                         struct lnn_moments *m)
{
    m->m = is->X.dims[0];
    LNN_TRY(check_size(f, "X", &is->X, m->m, m->d));
    LNN_TRY(check_size(f, "Y", &is->Y, m->m, m->k));
    return lnn_data_from_examples(m, is->x, is->y, &f->data);
}

static int from_moments(struct lnn_reading_evidence *f, const struct finding *is,
                        struct lnn_moments *m)
{
    LNN_TRY(check_size(f, "Lambda_xx", &is->Lxx, m->d, m->d));
    LNN_TRY(check_size(f, "Lambda_yx", &is->Lyx, m->k, m->d));
    if (is->lyy) LNN_TRY(check_size(f, "Lambda_yy", &is->Lyy, m->k, m->k));
    m->Lxx = is->lxx;
    m->Lyx = is->lyx;
    m->Lyy = is->lyy;
    if (!is->lyy && isnan(m->floor)) m->floor = 0;
    return lnn_data_from_moments(m, &f->data);
}

/* Whitened data: l(W) = 1/2 ||W - Phi||_F^2, as data.kind target makes it. */
static int from_target(struct lnn_reading_evidence *f, const struct finding *is,
                       struct lnn_moments *m)
{
    LNN_TRY(check_size(f, "the target Phi", &is->Phi, m->k, m->d));
    if (!lnn_finite(m->k * m->d, is->phi))
        return lnn_fail(GSL_EINVAL, "%s: the target Phi is not finite", f->e.path);
    size_t d = m->d, k = m->k;
    double *X = lnn_evidence_array(f, d * d), *Y = lnn_evidence_array(f, d * k);
    if (!X || !Y) return GSL_ENOMEM;
    for (size_t i = 0; i < d; i++) {
        X[i * d + i] = 1;
        for (size_t j = 0; j < k; j++) Y[i * k + j] = is->phi[j * d + i];
    }
    m->m = d;
    m->weight = 1;
    m->whitened = true;
    return lnn_data_from_examples(m, X, Y, &f->data);
}

static int make_data(struct lnn_reading_evidence *f, const char *group,
                     const struct finding *is)
{
    const struct lnn_record *r = &f->e.records[0];
    double examples = lnn_evidence_number(f, group, "examples", 0);
    struct lnn_moments m = {
        .m = examples >= 1 && examples < 1e15 ? (size_t)examples : 0,
        .d = r->d,
        .k = r->k,
        .weight = lnn_evidence_number(f, group, "weight", NAN),
        .floor = lnn_evidence_number(f, group, "floor", NAN),
        .whitened = lnn_evidence_number(f, group, "whitened", 0) != 0};
    if (is->x && is->y)
        LNN_TRY(from_examples(f, is, &m));
    else if (is->lxx && is->lyx)
        LNN_TRY(from_moments(f, is, &m));
    else
        LNN_TRY(from_target(f, is, &m));
    f->e.data = f->data;
    if (!is->observed) return GSL_SUCCESS;
    LNN_TRY(check_size(f, "mask", &is->mask, m.k, m.d));
    f->data->mask = malloc(m.k * m.d * sizeof *f->data->mask);
    if (!f->data->mask) return lnn_fail(GSL_ENOMEM, "out of memory for the mask");
    memcpy(f->data->mask, is->observed, m.k * m.d * sizeof *f->data->mask);
    return GSL_SUCCESS;
}

static int check_loss(const struct lnn_reading_evidence *f, const char *kind)
{
    char names[200] = "";
    for (const struct lnn_loss *const *l = lnn_losses; *l; l++) {
        size_t n = strlen(names);
        if (strcmp((*l)->name, kind) == 0) {
            if (strcmp(kind, "masked") != 0 || f->data->mask) return GSL_SUCCESS;
            return lnn_fail(GSL_EINVAL, "%s: the loss masked needs a dataset mask",
                            f->e.path);
        }
        snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", (*l)->name);
    }
    return lnn_fail(GSL_EINVAL,
                    "%s: the attribute loss is \"%.60s\"; one of %s is meant",
                    f->e.path, kind, names);
}

/* The resolved problem if it is there, else one of the loss alone. */
static int read_problem(struct lnn_reading_evidence *f, struct lnn_problem **problem)
{
    char small[400];
    char *text = lnn_reader_attribute(f->reader, "", "problem_resolved");
    int status = text ? lnn_problem_parse(text, f->e.path, NULL, problem) : GSL_EINVAL;
    free(text);
    if (status == GSL_SUCCESS || status == GSL_ENOMEM) return status;
    char *kind = lnn_evidence_text(f, "", "loss", "square");
    char *scaling = lnn_evidence_text(f, "", "scaling", "slides");
    if (!kind || !scaling) return GSL_ENOMEM;
    LNN_TRY(check_loss(f, kind));
    double p = lnn_evidence_number(f, "", "p", NAN);
    bool lp = strcmp(kind, "lp") == 0, masked = strcmp(kind, "masked") == 0;
    if (lp && isnan(p))
        return lnn_fail(GSL_EINVAL,
                        "%s: the attribute loss is lp; its exponent is "
                        "meant to be the attribute p",
                        f->e.path);
    int n = snprintf(small, sizeof small,
                     "{network: {widths: [1, 1]}, loss: {kind: %.40s", kind);
    if (lp && n > 0)
        n += snprintf(small + n, sizeof small - (size_t)n, ", p: %.17g, scaling: %.40s",
                      p, scaling);
    snprintf(
        small + n, sizeof small - (size_t)n,
        "}, data: {kind: target, matrix: [[1]]%s}, init: {kind: zero}, time: {end: 1}}",
        masked ? ", mask: [[1]]" : "");
    return lnn_problem_parse(small, f->e.path, NULL, problem);
}

static int make_objective(struct lnn_reading_evidence *f)
{
    struct lnn_problem *problem = NULL;
    struct lnn_objective *objective = NULL;
    LNN_TRY(read_problem(f, &problem));
    int status = lnn_objective_alloc(problem, f->data, &objective);
    bool nonlinear = false;
    for (size_t i = 0; i < f->e.n; i++)
        nonlinear = nonlinear || f->e.records[i].net.activation;
    if (status == GSL_SUCCESS && !f->data->X &&
        (objective->loss->examples || nonlinear))
        status = lnn_fail(GSL_EINVAL, "%s: the loss %s%s needs the examples X and Y",
                          f->e.path, objective->loss->name,
                          nonlinear ? " of a non-linear network" : "");
    if (status == GSL_SUCCESS && nonlinear && !objective->loss->outputs)
        status =
            lnn_fail(GSL_EINVAL,
                     "%s: the loss %s is about one matrix; the network is not linear",
                     f->e.path, objective->loss->name);
    lnn_problem_free(problem);
    if (status != GSL_SUCCESS) {
        free(objective);
        return status;
    }
    f->e.objective = lnn_evidence_own(f, objective);
    return f->e.objective ? GSL_SUCCESS : GSL_ENOMEM;
}

/* Of a non-linear network, where there are layers for every row. */
static int loss_of_layers(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    struct lnn_mlp *mlp;
    struct lnn_examples all = lnn_examples_all(f->data);
    if (!r->net.activation || r->w_t != r->t) return GSL_SUCCESS;
    double *loss = lnn_evidence_array(f, r->rows);
    if (!loss) return GSL_ENOMEM;
    LNN_TRY(lnn_mlp_alloc(&r->net, f->e.objective, &mlp));
    for (size_t i = 0; i < r->rows; i++)
        loss[i] = lnn_mlp_gradient(mlp, &all, r->w + i * r->net.size, NULL);
    lnn_mlp_free(mlp);
    r->loss = loss;
    return GSL_SUCCESS;
}

static int fill_losses(struct lnn_reading_evidence *f)
{
    for (size_t n = 0; n < f->e.n; n++) {
        struct lnn_record *r = &f->e.records[n];
        size_t kd = r->k * r->d;
        if (r->k != f->data->k || r->d != f->data->d)
            return lnn_fail(GSL_EINVAL,
                            "%s: W in %s is %zu x %zu, by the data %zu x %zu",
                            f->e.path, r->name, r->k, r->d, f->data->k, f->data->d);
        if (!r->loss) LNN_TRY(loss_of_layers(f, r));
        if (r->loss || !r->W) continue;
        double *loss = lnn_evidence_array(f, r->rows);
        if (!loss) return GSL_ENOMEM;
        for (size_t i = 0; i < r->rows; i++)
            loss[i] = lnn_objective_value(f->e.objective, r->W + i * kd);
        r->loss = loss;
    }
    return GSL_SUCCESS;
}

int lnn_evidence_loss(struct lnn_reading_evidence *f)
{
    struct finding is;
    const char *const groups[] = {"data", "", f->e.records[0].name};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        LNN_TRY(look_in(f, groups[i], &is));
        if (!enough(&is)) continue;
        int status = make_data(f, groups[i], &is);
        if (status == GSL_EINVAL && !strstr(lnn_error(), f->e.path))
            return lnn_fail(status, "%s: %s", f->e.path, lnn_error());
        LNN_TRY(status);
        LNN_TRY(make_objective(f));
        return fill_losses(f);
    }
    return GSL_SUCCESS;
}
