/* What a run's file is made of: variables of each trajectory, attributes. */
#include "simulate_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lnn/err.h"

static bool wanted(const struct lnn_problem *problem, const char *name)
{
    const struct lnn_words *only = &problem->output.observables;
    for (size_t i = 0; i < only->n; i++)
        if (strcmp(only->at[i], name) == 0) return true;
    return only->n == 0;
}

static void add_observables(const struct lnn_simulator *sim, struct lnn_track *track)
{
    struct lnn_context context = {
        .model = track->model,
        .ode = track->ode,
        .paired = sim->partner && sim->partner != track,
        .flow = sim->flow,
        .checked = sim->problem->global_error,
    };
    for (const struct lnn_observable *const *o = lnn_observables; *o; o++) {
        struct lnn_row *row = &track->shapes[track->n_observables];
        *row = (struct lnn_row){0};
        if (!wanted(sim->problem, (*o)->name) || !(*o)->shape(&context, row)) continue;
        struct lnn_variable *v = &track->variables[track->n_variables++];
        *v = (struct lnn_variable){.name = (*o)->name,
                                   .doc = (*o)->doc,
                                   .units = "1",
                                   .integer = (*o)->integer,
                                   .rank = row->rank};
        memcpy(v->dims, row->dims, sizeof row->dims);
        memcpy(v->axes, row->axes, sizeof row->axes);
        track->observables[track->n_observables++] = *o;
    }
}

/* W_j runs along layer_j (d_j) and layer_{j-1}, in the style of its own name; when both
 * widths are equal they are still two scales, since netCDF wants no axis twice. */
static void add_weights(const struct lnn_simulator *sim, struct lnn_track *track)
{
    const struct lnn_network *net = &sim->net;
    if (!track->ode->layers || sim->problem->output.weights_every == 0) return;
    for (size_t j = 0; j <= net->N; j++) {
        snprintf(track->labels[j][0], sizeof track->labels[j][0], "W%zu", j);
        snprintf(track->labels[j][1], sizeof track->labels[j][1], "layer_%zu", j);
        snprintf(track->labels[j][2], sizeof track->labels[j][2],
                 "weights of layer %zu of %zu%s", j, net->N,
                 j == 1        ? ", next to the input"
                 : j == net->N ? ", the output"
                               : "");
    }
    for (size_t j = 1; j <= net->N; j++)
        track->variables[track->n_variables++] = (struct lnn_variable){
            .name = track->labels[j][0],
            .doc = track->labels[j][2],
            .units = "1",
            .weights = true,
            .rank = 2,
            .dims = {net->d[j], net->d[j - 1]},
            .axes = {track->labels[j][1], track->labels[j - 1][1]},
        };
}

int lnn_track_describe(const struct lnn_simulator *sim, struct lnn_track *track)
{
    size_t n = 0;
    while (lnn_observables[n]) n++;
    size_t labels = sim->net.N + 1;
    track->observables = calloc(n, sizeof *track->observables);
    track->shapes = calloc(n + 1, sizeof *track->shapes);
    track->variables = calloc(n + labels, sizeof *track->variables);
    track->labels = calloc(labels, sizeof *track->labels);
    if (!track->observables || !track->shapes || !track->variables || !track->labels)
        return lnn_fail(GSL_ENOMEM, "out of memory for the variables");
    add_observables(sim, track);
    add_weights(sim, track);
    return GSL_SUCCESS;
}

void lnn_track_undescribe(struct lnn_track *track)
{
    free(track->observables);
    free(track->shapes);
    free(track->variables);
    free(track->labels);
}

static struct lnn_attribute text(const char *name, const char *value)
{
    return (struct lnn_attribute){.name = name, .kind = 't', .text = value};
}

static struct lnn_attribute number(const char *name, double value)
{
    return (struct lnn_attribute){.name = name, .kind = 'n', .number = value};
}

static struct lnn_attribute count(const char *name, size_t value)
{
    return (struct lnn_attribute){.name = name, .kind = 'i', .count = (long long)value};
}

enum { GROUP_ATTRIBUTES = 16, ROOT_ATTRIBUTES = 24 };

/* Learning rate, batches, an optimiser's parameters: the keys after the stepper's. */
static size_t step_attributes(const struct lnn_track *track, struct lnn_attribute a[])
{
    const struct lnn_problem_trajectory *spec = track->spec;
    size_t n = 0;
    if (lnn_descent_batched(track->model)) {
        a[n++] = count("batch", spec->batch);
        a[n++] = count("batch_seed", spec->batch_seed);
    }
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, "trajectories") != 0 ||
            strcmp(key->type, "real") != 0 || !lnn_key_applies(key, spec))
            continue;
        double value =
            *(const double *)(const void *)((const char *)spec + key->offset);
        a[n++] = number(key->name, value);
    }
    return n;
}

static size_t group_attributes(const struct lnn_simulator *sim,
                               const struct lnn_track *track, struct lnn_attribute a[])
{
    size_t n = 0;
    a[n++] = text("system", track->ode->name);
    a[n++] = text("equation", track->ode->doc);
    if (track->ode->rhs) {
        a[n++] = text("stepper", track->stepper->name);
        a[n++] = count("order", track->stepper->order(track->spec->stages));
        a[n++] = count("keeps_quadratic_invariants", track->stepper->quadratic);
        a[n++] = number("rtol", track->spec->rtol);
        a[n++] = number("atol", track->spec->atol);
    }
    if (track->ode->map) n += step_attributes(track, a + n);
    a[n++] =
        text("global_error",
             !sim->problem->global_error ? "not estimated"
             : track->ode->rhs ? "difference to the same system and stepper at "
                                 "rtol/100, atol/100, plus rounding"
             : track->ode->map ? "difference to the same iteration with every weight "
                                 "perturbed by a random relative 2.2e-16 every time"
                               : "rounding of the closed form");
    return n;
}

static size_t weights_rows(const struct lnn_simulator *sim)
{
    size_t every = sim->problem->output.weights_every;
    size_t samples = sim->problem->time.samples;
    if (every == 0) return 0;
    return (samples - 1) / every + 1 + ((samples - 1) % every != 0);
}

static void widths_text(size_t n, const size_t d[], char *s, size_t room)
{
    size_t at = 0;
    for (size_t j = 0; j < n && at < room; j++)
        at += (size_t)snprintf(s + at, room - at, j ? " %zu" : "%zu", d[j]);
}

/* How the start was made. A given matrix is no draw: then there is no scale. */
static size_t start_attributes(const struct lnn_problem *p, struct lnn_attribute a[])
{
    size_t n = 0;
    a[n++] = text("init", p->init.kind);
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, "init") != 0 || !lnn_key_applies(key, p)) continue;
        if (strcmp(key->name, "scale") == 0 && !p->init.matrix.at)
            a[n++] = number("init_scale", p->init.scale);
        if (strcmp(key->name, "noise") == 0)
            a[n++] = number("init_noise", p->init.noise);
    }
    return n;
}

static size_t network_attributes(const struct lnn_problem *p,
                                 const struct lnn_network *net, const char *dense,
                                 struct lnn_attribute a[])
{
    size_t n = 0;
    if (net->activation) a[n++] = text("activation", net->activation->name);
    if (net->activation && net->activation->parameter)
        a[n++] = number(net->activation->parameter, net->parameter);
    if (p->network.factors > 1) a[n++] = count("factors", p->network.factors);
    if (p->network.factors > 1) a[n++] = text("dense_widths", dense);
    return n;
}

/* What no network of these widths gets below; of non-linear ones nothing else is known. */
static enum lnn_attained infimum(const struct lnn_simulator *sim, double *value)
{
    const struct lnn_objective *o = sim->tracks[0].model->objective;
    *value = 0;
    return sim->net.activation ? LNN_ATTAINED_UNKNOWN : o->loss->infimum(o, value);
}

static size_t root_attributes(const struct lnn_simulator *sim, char *widths,
                              size_t room, struct lnn_attribute a[])
{
    const struct lnn_problem *p = sim->problem;
    double least;
    enum lnn_attained attained = infimum(sim, &least);
    bool known = attained == LNN_ATTAINED || attained == LNN_NOT_ATTAINED;
    const char *version = sim->options->version ? sim->options->version : "lnnflow";
    size_t n = 0;
    char *dense = widths + room / 2;
    widths_text(sim->net.N + 1, sim->net.d, widths, room / 2);
    widths_text(p->network.widths.n, p->network.widths.at, dense, room / 2);
    a[n++] = text("title", p->title);
    a[n++] = text("source", version);
    a[n++] = text("history", sim->options->command ? sim->options->command : version);
    a[n++] = text("problem", p->text);
    a[n++] = text("problem_resolved", p->resolved);
    a[n++] = text("widths", widths);
    a[n++] = count("depth", sim->net.N);
    n += network_attributes(p, &sim->net, dense, a + n);
    a[n++] = text("loss", p->loss.kind);
    a[n++] = number("weight_decay", p->loss.weight_decay);
    a[n++] = number("loss_infimum", least);
    a[n++] = text("loss_infimum_is", known ? "the value" : "a lower bound");
    a[n++] =
        text("loss_infimum_attained", attained == LNN_NOT_ATTAINED       ? "no"
                                      : attained == LNN_ATTAINED_UNKNOWN ? "unknown"
                                                                         : "yes");
    a[n++] = count("samples_of_data", sim->data->m);
    return n + start_attributes(p, a + n);
}

size_t lnn_volatile_attributes(char host[256], char when[64], struct lnn_attribute a[])
{
    time_t now = time(NULL);
    struct tm utc;
    if (gethostname(host, 255) != 0) strcpy(host, "unknown");
    if (!gmtime_r(&now, &utc) || !strftime(when, 64, "%Y-%m-%dT%H:%M:%SZ", &utc))
        strcpy(when, "unknown");
    a[0] = text("host", host);
    a[1] = text("started", when);
    a[2] = number("wall_seconds", NAN);
    return 3;
}

static void describe_tracks(struct lnn_simulator *sim, struct lnn_group groups[],
                            struct lnn_attribute attributes[][GROUP_ATTRIBUTES])
{
    for (size_t i = 0; i < sim->n; i++) {
        struct lnn_track *track = &sim->tracks[i];
        track->group = i;
        groups[i] = (struct lnn_group){
            .name = sim->out->results[i].name,
            .doc = sim->problem->title,
            .rows = sim->problem->time.samples,
            .weights_rows = track->ode->layers ? weights_rows(sim) : 0,
            .n_variables = track->n_variables,
            .variables = track->variables,
            .n_attributes = group_attributes(sim, track, attributes[i]),
            .attributes = attributes[i],
        };
    }
}

static int create(struct lnn_simulator *sim, const char *path, char *widths,
                  size_t room, struct lnn_group groups[])
{
    struct lnn_attribute root[ROOT_ATTRIBUTES], host[3];
    char hostname[256] = "", when[64];
    size_t n_root = root_attributes(sim, widths, room, root);
    size_t n_host = lnn_volatile_attributes(hostname, when, host);
    size_t n = sim->n + (sim->extra ? 2 : 1);
    return lnn_file_create(path, sim->options->force, n, groups, n_root, root, n_host,
                           host, sim->options->fsync, &sim->file);
}

int lnn_simulator_create_file(struct lnn_simulator *sim, const char *path)
{
    struct lnn_group *groups = calloc(sim->n + 2, sizeof *groups);
    struct lnn_attribute(*attributes)[GROUP_ATTRIBUTES] =
        calloc(sim->n, sizeof *attributes);
    size_t room = 48 * (sim->net.N + 1); /* of two lists */
    char *widths = malloc(room);
    struct lnn_data_group data = {0};
    bool examples =
        sim->tracks[0].model->objective->loss->examples || sim->net.activation;
    int status = groups && attributes && widths
                     ? lnn_data_group_fill(&data, sim->data, examples)
                     : lnn_fail(GSL_ENOMEM, "out of memory for the file");
    if (status == GSL_SUCCESS) {
        describe_tracks(sim, groups, attributes);
        groups[sim->n] = data.group;
        if (sim->extra) groups[sim->n + 1] = *sim->extra;
        status = create(sim, path, widths, room, groups);
    }
    lnn_data_group_clear(&data);
    free(groups);
    free(attributes);
    free(widths);
    return status;
}

int lnn_track_conclude(struct lnn_simulator *sim, const struct lnn_track *track)
{
    const struct lnn_run_counts *c = lnn_run_counts(track->run);
    const char *name = sim->out->results[track - sim->tracks].name;
    struct lnn_attribute a[] = {
        text("reason", lnn_reason_name(track->reason)),
        text("message", track->why[0] ? track->why : lnn_run_message(track->run)),
        count("steps", c->steps),
        count("rejected_steps", c->rejected),
        count("rhs_evaluations_steps", c->rhs),
        count("rhs_evaluations_dense_output", c->rhs_dense),
        count("jacobian_evaluations", c->jacobians),
    };
    for (size_t i = 0; i < sizeof a / sizeof *a; i++)
        LNN_TRY(lnn_file_attribute(sim->file, name, &a[i]));
    return GSL_SUCCESS;
}
