/* The list of losses, and a loss bound to its data. */
#include "lnn/loss.h"

#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/registry.h"

#define LNN_LOSS(name) extern const struct lnn_loss lnn_loss_##name;
#include "losses/losses.def"
#undef LNN_LOSS

#define LNN_LOSS(name) &lnn_loss_##name,
const struct lnn_loss *const lnn_losses[] = {
#include "losses/losses.def"
    NULL};
#undef LNN_LOSS

static const struct lnn_loss *find(const char *name)
{
    for (const struct lnn_loss *const *loss = lnn_losses; *loss; loss++)
        if (strcmp((*loss)->name, name) == 0) return *loss;
    return NULL;
}

int lnn_objective_alloc(const struct lnn_problem *problem, const struct lnn_data *data,
                        struct lnn_objective **objective)
{
    *objective = NULL;
    const struct lnn_loss *loss = find(problem->loss.kind);
    if (!loss)
        return lnn_fail(GSL_EINVAL, "%s: error: unknown loss \"%s\"",
                        lnn_problem_place(problem, "loss", "kind"), problem->loss.kind);
    if (loss->check) LNN_TRY(loss->check(data));
    size_t n = loss->scratch(data);
    struct lnn_objective *o = malloc(sizeof *o + n * sizeof *o->scratch);
    if (!o) return lnn_fail(GSL_ENOMEM, "out of memory for the loss");
    *o = (struct lnn_objective){.loss = loss, .data = data, .p = problem->loss.p};
    o->factor = strcmp(problem->loss.scaling, "papers") == 0 ? 1 / o->p : 1;
    o->scratch = (double *)(o + 1);
    *objective = o;
    return GSL_SUCCESS;
}

double lnn_objective_value(const struct lnn_objective *o, const double W[])
{
    return o->loss->value(o, W);
}

void lnn_objective_gradient(const struct lnn_objective *o, const double W[], double G[])
{
    o->loss->gradient(o, W, G);
}

double lnn_objective_value_gradient(const struct lnn_objective *o, const double W[],
                                    double G[])
{
    if (o->loss->value_gradient) return o->loss->value_gradient(o, W, G);
    o->loss->gradient(o, W, G);
    return o->loss->value(o, W);
}
