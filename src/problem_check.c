/* What keys ask of each other: shapes, names, combinations. Runs on what could be read,
 * so everything may be absent; also fills the defaults that depend on other keys. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

static bool is(const char *choice, const char *word)
{
    return choice && strcmp(choice, word) == 0;
}

static bool given(const struct lnn_reading *r, int key)
{
    return r->main.of[key].node != NULL;
}

struct lnn_place lnn_place_at(const struct lnn_reading *r, int key)
{
    const struct lnn_source *source = &r->main.of[key];
    if (source->node) return lnn_place_of(source->document, source->node);
    int i = lnn_section_find(lnn_keys[key].section);
    return i >= 0 && r->section[i].given ? r->section[i].place : r->place;
}

/* The widths of all matrices. */
static void fill_layers(struct lnn_reading *r)
{
    const struct lnn_counts *widths = &r->problem->network.widths;
    size_t factors = r->problem->network.factors, n = 0;
    if (widths->n < 2 || factors < 1) return;
    size_t *d = calloc((widths->n - 1) * factors + 1, sizeof *d);
    if (!d) {
        r->out_of_memory = true;
        return;
    }
    d[n++] = widths->at[0];
    for (size_t i = 1; i < widths->n; i++) {
        size_t in = widths->at[i - 1], out = widths->at[i];
        for (size_t f = 1; f < factors; f++) d[n++] = in < out ? in : out;
        d[n++] = out;
    }
    r->problem->layers = (struct lnn_counts){n, d};
}

/* Is there an activation anywhere? Not with a single dense layer. */
static bool nonlinear(const struct lnn_problem *p)
{
    return p->network.activation && !is(p->network.activation, "linear") &&
           p->network.widths.n > 2;
}

static void check_network(struct lnn_reading *r)
{
    const struct lnn_problem *p = r->problem;
    if (p->network.widths.n == 1)
        lnn_complain(r, lnn_place_at(r, LNN_AT_network_widths),
                     "network.widths has 1 entry; a network has at least d_0 and d_1");
    fill_layers(r);
    if (p->layers.n > 0 && p->layers.n != 3 && is(p->init.kind, "lambda_balanced"))
        lnn_complain(r, lnn_place_at(r, LNN_AT_init_kind),
                     "init.kind lambda_balanced is for two layers (three widths); the "
                     "network has %zu layer%s",
                     p->layers.n - 1, p->layers.n == 2 ? "" : "s");
    if (nonlinear(p) && is(p->loss.kind, "masked"))
        lnn_complain(r, lnn_place_at(r, LNN_AT_loss_kind),
                     "loss.kind masked is about the entries of one matrix; a network "
                     "with network.activation %s has none",
                     p->network.activation);
    if (nonlinear(p) && p->data.offset > 0)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_offset),
                     "data.offset is what no matrix can remove; it goes with "
                     "network.activation linear");
}

/* By default a linear network's layers are shown beside its product's dynamics, which a
 * non-linear one does not have. */
static void default_trajectories(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    if (!r->section[LNN_IN_trajectories].given && nonlinear(p) && p->trajectories.n > 1)
        p->trajectories.n = 1;
}

static void check_shape(struct lnn_reading *r, const struct lnn_matrix *m, int key)
{
    const struct lnn_counts *widths = &r->problem->network.widths;
    if (!m->at || widths->n < 2) return;
    size_t d = widths->at[0], k = widths->at[widths->n - 1];
    if (m->rows != k || m->cols != d)
        lnn_complain(r, lnn_place_at(r, key),
                     "%s.%s is %zu x %zu; the widths ask for d_N x d_0 = %zu x %zu",
                     lnn_keys[key].section, lnn_keys[key].name, m->rows, m->cols, k, d);
}

static void check_mask(struct lnn_reading *r)
{
    const struct lnn_matrix *mask = &r->problem->data.mask;
    size_t ones = 0, zeros = 0, n = mask->at ? mask->rows * mask->cols : 0;
    for (size_t i = 0; i < n; i++) {
        ones += mask->at[i] == 1;
        zeros += mask->at[i] == 0;
    }
    if (ones + zeros < n)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_mask),
                     "data.mask: every entry must be 0 or 1");
    else if (n > 0 && ones == 0)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_mask),
                     "data.mask observes no entry");
}

static void check_observed(struct lnn_reading *r)
{
    bool mask = given(r, LNN_AT_data_mask), share = given(r, LNN_AT_data_observed);
    bool masked = is(r->problem->loss.kind, "masked");
    int key = mask ? LNN_AT_data_mask : LNN_AT_data_observed;
    if (mask && share)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_observed),
                     "data.observed and data.mask exclude each other");
    if (masked && !mask && !share)
        lnn_complain(r, lnn_place_at(r, LNN_AT_loss_kind),
                     "loss.kind masked needs data.mask or data.observed");
    if ((mask || share) && !masked && r->problem->loss.kind)
        lnn_complain(r, lnn_place_at(r, key), "data.%s goes with loss.kind masked only",
                     lnn_keys[key].name);
}

/* The teacher's matrix acts on the inputs without the constant one. */
static void check_teacher(struct lnn_reading *r)
{
    const struct lnn_problem *p = r->problem;
    const struct lnn_counts *widths = &p->network.widths;
    if (widths->n < 2 || !is(p->data.kind, "teacher")) return;
    size_t d = widths->at[0] - (p->data.intercept ? 1 : 0);
    size_t k = widths->at[widths->n - 1], most = k < d ? k : d;
    if (d == 0)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_intercept),
                     "data.intercept takes the only input; d_0 must be at least 2");
    else if (p->data.rank > most)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_rank),
                     "data.rank is %zu; the teacher is %zu x %zu, of rank at most %zu",
                     p->data.rank, k, d, most);
}

static void check_data(struct lnn_reading *r)
{
    const struct lnn_problem *p = r->problem;
    if (is(p->data.kind, "idx") && !p->data.targets_file)
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_kind),
                     "data.kind idx needs data.targets_file, the file of labels");
    if (p->data.classes && given(r, LNN_AT_data_target_transform))
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_target_transform),
                     "data.target_transform does not go with data.classes: labels are "
                     "names, not amounts");
    if (p->data.intercept && is(p->data.scale, "whiten"))
        lnn_complain(r, lnn_place_at(r, LNN_AT_data_intercept),
                     "data.intercept does not go with data.scale whiten; the inputs "
                     "would not stay white");
    if (p->data.offset > 0 && (is(p->loss.kind, "lp") || is(p->loss.kind, "logistic") ||
                               is(p->loss.kind, "cross_entropy")))
        lnn_complain(
            r, lnn_place_at(r, LNN_AT_data_offset),
            "data.offset does not go with loss.kind %s; it is part of a square "
            "loss",
            p->loss.kind);
}

static void check_init(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    if (isfinite(p->init.row) && p->init.row != floor(p->init.row))
        lnn_complain(r, lnn_place_at(r, LNN_AT_init_row),
                     "init.row must be a whole number");
}

static void check_time(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    if (isnan(p->time.first) && is(p->time.spacing, "log"))
        p->time.first = p->time.end / 1e4;
    if (p->time.first >= p->time.end)
        lnn_complain(r, lnn_place_at(r, LNN_AT_time_first),
                     "time.first is %.10g; it must be below time.end, %.10g",
                     p->time.first, p->time.end);
}

static struct lnn_place entry_at(const struct lnn_reading *r, size_t i, int key)
{
    const struct lnn_source *source = &r->entries[i].of[key];
    return source->node ? lnn_place_of(source->document, source->node)
                        : r->entries[i].place;
}

static struct lnn_place name_at(const struct lnn_reading *r, size_t i)
{
    return entry_at(r, i, LNN_AT_trajectories_name);
}

/* A mean that keeps all of what was never sees a gradient. */
static void check_descent(struct lnn_reading *r, size_t i)
{
    static const int keys[] = {LNN_AT_trajectories_momentum, LNN_AT_trajectories_decay,
                               LNN_AT_trajectories_beta1, LNN_AT_trajectories_beta2};
    const struct lnn_problem_trajectory *one = &r->problem->trajectories.at[i];
    const double values[] = {one->momentum, one->decay, one->beta1, one->beta2};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (values[k] >= 1)
            lnn_complain(r, entry_at(r, i, keys[k]),
                         "trajectories.%s is %g; it must be below 1",
                         lnn_keys[keys[k]].name, values[k]);
}

static void check_name(struct lnn_reading *r, size_t i)
{
    const char *name = r->problem->trajectories.at[i].name;
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-.");
    if (*name == '\0' || name[good] != '\0' || *name == '.')
        lnn_complain(r, name_at(r, i),
                     "trajectories.name: \"%.60s\" cannot name a group; use letters, "
                     "digits, _, - and . (not first)",
                     name);
    else if (strcmp(name, "volatile") == 0 || strcmp(name, "data") == 0 ||
             strcmp(name, "verdicts") == 0 || strcmp(name, "search") == 0)
        lnn_complain(r, name_at(r, i),
                     "trajectories.name: \"%s\" is a group of its own in the file",
                     name);
    for (size_t j = 0; j < i; j++) {
        const char *other = r->problem->trajectories.at[j].name;
        if (!other || strcmp(other, name) != 0) continue;
        lnn_complain(r, name_at(r, i),
                     "two trajectories are called \"%.60s\"; give one another name",
                     name);
        return;
    }
}

static void check_trajectories(struct lnn_reading *r)
{
    for (size_t i = 0; i < r->problem->trajectories.n; i++) {
        struct lnn_problem_trajectory *one = &r->problem->trajectories.at[i];
        bool named = r->entries[i].of[LNN_AT_trajectories_name].node != NULL;
        if (!one->name && !named && one->system) {
            one->name = strdup(one->system);
            if (!one->name) r->out_of_memory = true;
        }
        if (one->name) check_name(r, i);
        check_descent(r, i);
    }
}

void lnn_problem_check(struct lnn_reading *r)
{
    check_network(r);
    check_shape(r, &r->problem->data.matrix, LNN_AT_data_matrix);
    check_shape(r, &r->problem->data.mask, LNN_AT_data_mask);
    check_shape(r, &r->problem->init.matrix, LNN_AT_init_matrix);
    check_mask(r);
    check_observed(r);
    check_data(r);
    check_teacher(r);
    check_init(r);
    check_time(r);
    default_trajectories(r);
    check_trajectories(r);
    lnn_search_check(r);
}
