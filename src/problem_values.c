/* Fill the struct from the sources: each key is given, or has a default, or is missing,
 * or does not go with its section's kind. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

static void read_default(struct lnn_reading *r, const struct lnn_key *key,
                         const void *base, void *at)
{
    size_t length;
    const char *text = lnn_key_default(key, base, &length);
    if (!text || !*text) return;
    struct lnn_document *d = lnn_yaml_load(r, text, length, NULL);
    if (!d) return;
    yaml_node_t *node = yaml_document_get_root_node(&d->yaml);
    lnn_type_of(key)->read(r, key, d, node, at);
}

/* "a b c" as "a, b, c". */
static void add_kinds(struct lnn_buffer *text, const struct lnn_key *key)
{
    for (const char *c = lnn_key_kinds(key); *c; c++)
        lnn_buffer_add(text, "%.*s%c", *c == ' ', ",", *c);
}

/* Without `base`: no entry of the list at all. */
static void complain_goes(struct lnn_reading *r, const struct lnn_key *key,
                          struct lnn_place place, const void *base)
{
    struct lnn_buffer kinds = {0};
    const struct lnn_key *kind = lnn_key_kind(key);
    add_kinds(&kinds, key);
    if (base)
        lnn_complain(r, place, "%s.%s does not go with %s %s; it goes with %s",
                     key->section, key->name, kind->name, lnn_key_choice(kind, base),
                     kinds.failed ? "others" : kinds.at);
    else
        lnn_complain(r, place, "no entry of %s uses %s; it goes with %s %s",
                     key->section, key->name, kind->name,
                     kinds.failed ? "others" : kinds.at);
    free(kinds.at);
}

static void complain_missing(struct lnn_reading *r, const struct lnn_key *key,
                             struct lnn_place entry, const void *base)
{
    int i = lnn_section_find(key->section);
    bool list = lnn_key_in_list(key), kind = *key->goes_with != '\0';
    struct lnn_place place = list || i < 0         ? entry
                             : r->section[i].given ? r->section[i].place
                                                   : r->place;
    if (i >= 0 && r->section[i].bad) return;
    lnn_complain(r, place, "missing key \"%s\" in %s%s%s%s", key->name,
                 list ? "an entry of " : "", key->section, kind ? ", needed by " : "",
                 kind ? lnn_key_choice(lnn_key_kind(key), base) : "");
}

static void read_given(struct lnn_reading *r, const struct lnn_key *key,
                       const struct lnn_source *source, void *at)
{
    if (lnn_node_is_nothing(source->node))
        lnn_complain(r, lnn_place_of(source->document, source->node),
                     "%s%s%s has no value", key->section, *key->section ? "." : "",
                     key->name);
    else
        lnn_type_of(key)->read(r, key, source->document, source->node, at);
}

static void read_key(struct lnn_reading *r, const struct lnn_key *key,
                     struct lnn_record *record, void *base)
{
    struct lnn_source *source = &record->of[key - lnn_keys];
    enum lnn_applies goes = lnn_key_goes(key, base);
    void *at = (char *)base + key->offset;
    size_t length;
    if (strcmp(key->type, "real") == 0) *(double *)at = NAN;
    if (source->wide && goes == LNN_NO) source->node = NULL;
    if (source->node && goes != LNN_NO) {
        read_given(r, key, source, at);
        return;
    }
    if (source->node)
        complain_goes(r, key, source->place, base);
    else if (!lnn_key_default(key, base, &length) && goes == LNN_YES)
        complain_missing(r, key, record->place, base);
    read_default(r, key, base, at);
}

/* Kinds stand before the keys that depend on them, so one pass in order is enough. */
static void read_record(struct lnn_reading *r, struct lnn_record *record, void *base,
                        bool list)
{
    for (const struct lnn_key *key = lnn_keys; key->section; key++)
        if (lnn_key_in_list(key) == list) read_key(r, key, record, base);
}

/* A --set for every entry must have reached one. */
static void check_wide(struct lnn_reading *r, const struct lnn_key *key)
{
    const struct lnn_source *wide = NULL;
    for (size_t i = 0; i < r->n_entries; i++) {
        const struct lnn_source *source = &r->entries[i].of[key - lnn_keys];
        if (source->wide && source->node) return;
        if (source->wide) wide = source;
    }
    if (wide) complain_goes(r, key, wide->place, NULL);
}

void lnn_values_read(struct lnn_reading *r)
{
    struct lnn_problem *problem = r->problem;
    read_record(r, &r->main, problem, false);
    if (r->n_entries == 0) return;
    problem->trajectories.at = calloc(r->n_entries, sizeof *problem->trajectories.at);
    if (!problem->trajectories.at) {
        r->out_of_memory = true;
        return;
    }
    problem->trajectories.n = r->n_entries;
    for (size_t i = 0; i < r->n_entries; i++)
        read_record(r, &r->entries[i], &problem->trajectories.at[i], true);
    for (const struct lnn_key *key = lnn_keys; key->section; key++) check_wide(r, key);
}
