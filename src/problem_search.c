/* The search for learning rates: what its keys ask of the others, and its grid. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

enum { RATES_MAX = 1000 };

static bool searched(const struct lnn_reading *r)
{
    bool given = r->section[LNN_IN_search].given;
    for (int key = 0; key < LNN_KEYS; key++)
        if (strcmp(lnn_keys[key].section, "search") == 0)
            given = given || r->main.of[key].node;
    return given;
}

static const struct lnn_key *rate_key(void)
{
    return &lnn_keys[LNN_AT_trajectories_learning_rate];
}

/* No value at all, not even a wrong one: that has been said. */
static void missing(struct lnn_reading *r, int key)
{
    const struct lnn_key *k = &lnn_keys[key];
    if (r->main.of[key].node || r->section[lnn_section_find(k->section)].bad) return;
    lnn_complain(r, lnn_place_at(r, key), "missing key \"%s\" in %s", k->name,
                 k->section);
}

/* Trajectories by what they need: a time to end at, or a learning rate. */
struct census {
    size_t flows, unknown, open;
};

static struct census take_census(const struct lnn_reading *r)
{
    struct census c = {0};
    for (size_t i = 0; i < r->problem->trajectories.n; i++) {
        const struct lnn_problem_trajectory *one = &r->problem->trajectories.at[i];
        enum lnn_applies discrete = lnn_key_goes(rate_key(), one);
        c.flows += discrete == LNN_NO;
        c.unknown += discrete == LNN_UNKNOWN;
        c.open += discrete == LNN_YES &&
                  !r->entries[i].of[LNN_AT_trajectories_learning_rate].node &&
                  isnan(one->learning_rate);
    }
    return c;
}

static void check_rates(struct lnn_reading *r)
{
    for (size_t i = 0; i < r->problem->trajectories.n; i++) {
        const struct lnn_problem_trajectory *one = &r->problem->trajectories.at[i];
        if (lnn_key_goes(rate_key(), one) != LNN_YES ||
            r->entries[i].of[LNN_AT_trajectories_learning_rate].node ||
            !isnan(one->learning_rate))
            continue;
        lnn_complain(r, r->entries[i].place,
                     "missing key \"%s\" in an entry of trajectories, needed by %s",
                     rate_key()->name, one->system);
    }
}

static void check_grid(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    double decades = log10(p->search.to / p->search.from);
    missing(r, LNN_AT_search_from);
    missing(r, LNN_AT_search_to);
    if (p->search.per_decade == 0) p->search.per_decade = 2;
    if (p->search.from >= p->search.to)
        lnn_complain(r, lnn_place_at(r, LNN_AT_search_from),
                     "search.from is %.10g; it must be below search.to, %.10g",
                     p->search.from, p->search.to);
    else if (decades * (double)p->search.per_decade >= RATES_MAX)
        lnn_complain(r, lnn_place_at(r, LNN_AT_search_per_decade),
                     "search: a grid of more than %d learning rates", RATES_MAX);
}

static void check_search(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    struct census c = take_census(r);
    struct lnn_place place = lnn_place_at(r, LNN_AT_search_by);
    check_grid(r);
    if (!p->search.by && !r->main.of[LNN_AT_search_by].node)
        p->search.by = lnn_keys[LNN_AT_search_by].choices[0];
    bool by_iterations = p->search.by && strcmp(p->search.by, "iterations") == 0;
    if (by_iterations && !r->main.of[LNN_AT_stop_loss].node)
        lnn_complain(
            r, place,
            "search.by iterations counts the iterations to stop.loss, which is "
            "missing; or by: loss");
    if (!r->main.of[LNN_AT_stop_max_steps].node)
        lnn_complain(r, place,
                     "search: stop.max_steps is missing: the iterations that every "
                     "learning rate may take");
    if (c.open == 0 && c.unknown == 0 && !r->section[LNN_IN_trajectories].bad)
        lnn_complain(r, place,
                     "search: there is no trajectory to search for: a discrete system "
                     "without learning_rate, as {system: gradient_descent}");
    if (c.flows > 0) missing(r, LNN_AT_time_end);
}

void lnn_search_check(struct lnn_reading *r)
{
    if (searched(r)) {
        check_search(r);
    } else {
        check_rates(r);
        missing(r, LNN_AT_time_end);
    }
}

bool lnn_problem_searches(const struct lnn_problem *problem)
{
    return !isnan(problem->search.from);
}

size_t lnn_problem_rates(const struct lnn_problem *problem, double rates[])
{
    double from = problem->search.from, per = (double)problem->search.per_decade;
    double last = floor(log10(problem->search.to / from) * per + 1e-9);
    size_t n = lnn_problem_searches(problem) ? (size_t)last + 1 : 0;
    for (size_t i = 0; rates && i < n; i++) {
        char digits[40]; /* 0.001, not 0.0010000000000000002 */
        snprintf(digits, sizeof digits, "%.15g", from * pow(10, (double)i / per));
        rates[i] = strtod(digits, NULL);
    }
    return n;
}
