/* Places of keys, kept for the messages of those who use the problem. */
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

/* One text per key, section and entry of the list, in that order; NULL: not given. */
static size_t slots(const struct lnn_problem *problem)
{
    return LNN_KEYS + LNN_SECTIONS + problem->trajectories.n;
}

static char *text_of(const struct lnn_reading *r, struct lnn_place place)
{
    struct lnn_buffer text = {0};
    if (place.set)
        lnn_buffer_add(&text, "--set %.200s", place.set);
    else
        lnn_buffer_add(&text, "%s:%zu:%zu", r->path, place.line, place.column);
    if (!text.failed) return text.at;
    free(text.at);
    return NULL;
}

static void keep(struct lnn_reading *r, size_t slot, bool given, struct lnn_place place)
{
    if (!given) return;
    r->problem->places[slot] = text_of(r, place);
    if (!r->problem->places[slot]) r->out_of_memory = true;
}

void lnn_places_keep(struct lnn_reading *r)
{
    struct lnn_problem *p = r->problem;
    p->places = calloc(slots(p), sizeof *p->places);
    r->out_of_memory = !p->places;
    for (size_t i = 0; i < LNN_KEYS && !r->out_of_memory; i++)
        keep(r, i, r->main.of[i].node, r->main.of[i].place);
    for (size_t i = 0; i < LNN_SECTIONS && !r->out_of_memory; i++)
        keep(r, LNN_KEYS + i, r->section[i].given, r->section[i].place);
    for (size_t i = 0; i < p->trajectories.n && !r->out_of_memory; i++)
        keep(r, LNN_KEYS + LNN_SECTIONS + i,
             r->section[LNN_IN_trajectories].given && i < r->n_entries,
             r->entries[i].place);
}

void lnn_places_free(struct lnn_problem *problem)
{
    for (size_t i = 0; problem->places && i < slots(problem); i++)
        free(problem->places[i]);
    free(problem->places);
}

const char *lnn_problem_place(const struct lnn_problem *problem, const char *section,
                              const char *name)
{
    int key = name ? lnn_key_find(section, name) : -1, s = lnn_section_find(section);
    const char *place = NULL;
    if (problem->places && key >= 0) place = problem->places[key];
    if (problem->places && !place && s >= 0) place = problem->places[LNN_KEYS + s];
    return place ? place : problem->path;
}

const char *lnn_problem_entry_place(const struct lnn_problem *problem, size_t i)
{
    const char *place =
        problem->places ? problem->places[LNN_KEYS + LNN_SECTIONS + i] : NULL;
    return place ? place : lnn_problem_place(problem, "trajectories", NULL);
}
