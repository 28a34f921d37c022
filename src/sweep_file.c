/* The group /search of a file: every run of the sweep along point x trajectory x rate,
 * the best of them along point x trajectory, and along point what was swept. */
#include "sweep_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

static void *own(struct lnn_sweep_group *g, size_t n, size_t size)
{
    void **grown = realloc(g->owned, (g->n_owned + 1) * sizeof *grown);
    if (grown) g->owned = grown;
    void *fresh = grown ? calloc(n ? n : 1, size) : NULL;
    if (fresh) g->owned[g->n_owned++] = fresh;
    return fresh;
}

/* The numbers along point [x trajectory [x rate]]; NULL, out of memory. */
static double *add(const struct lnn_sweeping *s, struct lnn_sweep_group *g,
                   const char *name, const char *doc, size_t rank, bool integer)
{
    const struct lnn_grid *grid = s->grid;
    struct lnn_variable *v = &g->variables[g->group.n_variables++];
    *v = (struct lnn_variable){
        .name = name,
        .doc = doc,
        .units = "1",
        .integer = integer,
        .rank = rank,
        .dims = {grid->points, grid->trajectories, grid->rates},
        .axes = {"point", "trajectory", "rate"},
    };
    size_t n = grid->points * (rank > 1 ? grid->trajectories : 1) *
               (rank > 2 ? grid->rates : 1);
    double *values = own(g, n, sizeof *values);
    v->fixed = values;
    return values;
}

static bool add_cells(const struct lnn_sweeping *s, struct lnn_sweep_group *g)
{
    const struct lnn_grid *grid = s->grid;
    double *rate =
        add(s, g, "learning_rate", "eta of the run; NaN: there is none", 3, false);
    double *iterations =
        add(s, g, "iterations",
            "iterations taken: to stop.loss, to the end, or to the first whose result "
            "is not finite; -1: not run",
            3, true);
    double *loss =
        add(s, g, "loss", "loss of the last state, the last finite one", 3, false);
    double *least =
        add(s, g, "loss_least", "smallest loss of all the run's states", 3, false);
    double *ended =
        add(s, g, "ended", "why the run ended: see the attribute ended_is", 3, true);
    if (!rate || !iterations || !loss || !least || !ended) return false;
    for (size_t i = 0; i < grid->points * grid->trajectories * grid->rates; i++) {
        const struct lnn_cell *c = &grid->cells[i];
        bool ran = c->ended != LNN_RUNNING;
        rate[i] = c->learning_rate;
        iterations[i] = ran ? (double)c->iterations : -1;
        loss[i] = ran ? c->loss : NAN;
        least[i] = ran ? c->loss_least : NAN;
        ended[i] = ran ? (double)c->ended : -1;
    }
    return true;
}

static bool add_best(const struct lnn_sweeping *s, struct lnn_sweep_group *g)
{
    const struct lnn_grid *grid = s->grid;
    double *best =
        add(s, g, "best",
            "place of the best along rate; -1: no run qualifies, -2: not all "
            "have run",
            2, true);
    double *rate = add(s, g, "best_learning_rate", "its learning rate", 2, false);
    double *iterations = add(s, g, "best_iterations", "its iterations", 2, true);
    double *loss = add(s, g, "best_loss", "its last loss", 2, false);
    if (!best || !rate || !iterations || !loss) return false;
    for (size_t i = 0; i < grid->points * grid->trajectories; i++) {
        const struct lnn_cell *c =
            grid->best[i] < 0 ? NULL
                              : &grid->cells[i * grid->rates + (size_t)grid->best[i]];
        best[i] = (double)grid->best[i];
        rate[i] = c ? c->learning_rate : NAN;
        iterations[i] = c ? (double)c->iterations : -1;
        loss[i] = c ? c->loss : NAN;
    }
    return true;
}

static bool number(const char *text, double *x)
{
    char *end;
    *x = strtod(text, &end);
    return *text && *end == '\0' && isfinite(*x);
}

/* "init.scale" as init_scale, "init" as init_value. */
static char *axis_name(struct lnn_sweep_group *g, const char *key)
{
    char *name = own(g, strlen(key) + sizeof "_value", 1);
    if (!name) return NULL;
    strcpy(name, key);
    if (!strchr(name, '.')) strcat(name, "_value");
    for (char *c = name; *c; c++)
        if (*c == '.' || *c == '/') *c = '_';
    return name;
}

static char *joined(struct lnn_sweep_group *g, size_t n, char *const texts[])
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) size += strlen(texts[i]) + 1;
    char *text = own(g, size, 1);
    for (size_t i = 0, at = 0; text && i < n; i++) {
        size_t length = strlen(texts[i]);
        if (i > 0) text[at++] = '\n';
        memcpy(text + at, texts[i], length);
        at += length;
    }
    return text;
}

static void attribute(struct lnn_sweep_group *g, struct lnn_attribute a)
{
    g->attributes[g->group.n_attributes++] = a;
}

/* What is no number is numbered; its texts are an attribute. */
static bool add_axis(const struct lnn_sweeping *s, struct lnn_sweep_group *g, size_t a)
{
    const struct lnn_axis *axis = &s->problem->sweep.at[a];
    bool numbers = true;
    double x;
    for (size_t i = 0; i < axis->n; i++)
        numbers = numbers && number(axis->values[i], &x);
    char *name = axis_name(g, axis->key), *texts = joined(g, axis->n, axis->values);
    char *label = own(g, name ? strlen(name) + sizeof "_is" : 1, 1);
    size_t room = strlen(axis->key) + 60;
    char *doc = own(g, room, 1);
    if (!name || !texts || !label || !doc) return false;
    snprintf(doc, room, "%s of the point%s", axis->key,
             numbers ? "" : ": 0 is the first line of the attribute");
    double *values = add(s, g, name, doc, 1, !numbers);
    if (!values) return false;
    for (size_t i = 0; i < s->grid->points; i++) {
        size_t value = lnn_problem_point_value(s->problem, i, a);
        values[i] = (double)value;
        if (numbers) (void)number(axis->values[value], &values[i]);
    }
    strcat(strcpy(label, name), "_is");
    if (!numbers)
        attribute(g, (struct lnn_attribute){.name = label, .kind = 't', .text = texts});
    return true;
}

static const char *ended_is(struct lnn_sweep_group *g)
{
    enum { ROOM = 400 };
    char *text = own(g, ROOM, 1);
    int n = text ? snprintf(text, ROOM, "-1 not run") : 0;
    for (int r = LNN_END; text && r <= LNN_FAIL_STEPPER && n < ROOM; r++)
        n += snprintf(text + n, (size_t)(ROOM - n), ", %d %s", r,
                      lnn_reason_name((enum lnn_reason)r));
    return text;
}

static bool add_attributes(const struct lnn_sweeping *s, struct lnn_sweep_group *g)
{
    const struct lnn_problem *p = s->problem;
    const char *names = joined(g, s->grid->trajectories, s->grid->names);
    const char *ended = ended_is(g);
    const char *version = s->options->run.version;
    struct lnn_attribute a[] = {
        {.name = "source", .kind = 't', .text = version ? version : "lnnflow"},
        {.name = "by", .kind = 't', .text = s->grid->by_loss ? "loss" : "iterations"},
        {.name = "stop_loss", .kind = 'n', .number = p->stop.loss},
        {.name = "stop_max_steps", .kind = 'i', .count = (long long)p->stop.max_steps},
        {.name = "trajectories", .kind = 't', .text = names},
        {.name = "ended_is", .kind = 't', .text = ended},
    };
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) attribute(g, a[i]);
    return names && ended;
}

int lnn_sweep_group_fill(const struct lnn_sweeping *s, struct lnn_sweep_group *g)
{
    size_t axes = s->problem->sweep.n;
    *g = (struct lnn_sweep_group){
        .group = {.name = "search",
                  .doc = "every run of a search for learning rates, or of a sweep"}};
    g->variables = own(g, axes + 9, sizeof *g->variables);
    g->attributes = own(g, axes + 6, sizeof *g->attributes);
    bool good = g->variables && g->attributes;
    for (size_t a = 0; a < axes && good; a++) good = add_axis(s, g, a);
    good = good && add_cells(s, g) && add_best(s, g) && add_attributes(s, g);
    g->group.variables = g->variables;
    g->group.attributes = g->attributes;
    return good ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the grid");
}

void lnn_sweep_group_clear(struct lnn_sweep_group *g)
{
    for (size_t i = 0; i < g->n_owned; i++) free(g->owned[i]);
    free(g->owned);
}

static int write_group(const struct lnn_sweeping *s, const struct lnn_group *group,
                       bool force, bool complete)
{
    const struct lnn_problem *p = s->problem;
    const struct lnn_simulate_options *o = &s->options->run;
    const char *version = o->version ? o->version : "lnnflow";
    const struct lnn_attribute root[] = {
        {.name = "title", .kind = 't', .text = p->title},
        {.name = "source", .kind = 't', .text = version},
        {.name = "history", .kind = 't', .text = o->command ? o->command : version},
        {.name = "problem", .kind = 't', .text = p->text},
        {.name = "problem_resolved", .kind = 't', .text = p->resolved},
    };
    struct lnn_attribute host[3];
    char hostname[256] = "", when[64];
    struct lnn_file *file = NULL;
    size_t n = lnn_volatile_attributes(hostname, when, host);
    host[n - 1].number = lnn_simulate_now() - s->started;
    LNN_TRY(lnn_file_create(s->grid->path, force, 1, group, sizeof root / sizeof *root,
                            root, n, host, o->fsync, &file));
    return lnn_file_close(file, complete);
}

int lnn_sweep_write(const struct lnn_sweeping *s, bool first, bool complete)
{
    struct lnn_sweep_group g;
    int status = lnn_sweep_group_fill(s, &g);
    if (status == GSL_SUCCESS)
        status = write_group(s, &g.group, !first || s->options->run.force, complete);
    lnn_sweep_group_clear(&g);
    return status;
}
