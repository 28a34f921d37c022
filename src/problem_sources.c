/* Which node of the file gives each key its value; unknown and duplicate keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/registry.h"
#include "problem_inner.h"

/* More entries than this are a mistake, or aliases of aliases. */
enum { ENTRIES_MAX = 1000 };

static yaml_node_t *node_at(struct lnn_document *d, int id)
{
    return yaml_document_get_node(&d->yaml, id);
}

/* "; it is a key of data and init" for a name that has its place elsewhere. */
static bool known_elsewhere(const char *name, struct lnn_buffer *hint)
{
    const char *joint = "; it is a key of";
    for (int i = 0; i < LNN_KEYS; i++) {
        if (strcmp(lnn_keys[i].name, name) != 0) continue;
        const char *section = lnn_keys[i].section;
        lnn_buffer_add(hint, "%s %s", joint, *section ? section : "the document");
        joint = " and";
    }
    if (lnn_section_find(name) >= 0) lnn_buffer_add(hint, "%s the document", joint);
    return hint->n > 0;
}

static void suggest(const char *section, const char *name, struct lnn_buffer *hint)
{
    const char *names[LNN_KEYS + LNN_SECTIONS + 1];
    size_t n = 0;
    for (int i = 0; i < LNN_KEYS; i++)
        if (strcmp(lnn_keys[i].section, section) == 0) names[n++] = lnn_keys[i].name;
    for (int i = 0; i < LNN_SECTIONS && !*section; i++)
        names[n++] = lnn_sections[i].name;
    names[n] = NULL;
    const char *nearest = lnn_nearest(name, names);
    if (nearest) {
        lnn_buffer_add(hint, ", did you mean \"%s\"?", nearest);
        return;
    }
    lnn_buffer_add(hint, "; it has");
    for (size_t i = 0; i < n; i++)
        lnn_buffer_add(hint, "%s %s", i ? "," : "", names[i]);
}

static const char *where(const char *section)
{
    int i = lnn_section_find(section);
    return i < 0 ? "the document" : section;
}

static bool is_list(const char *section)
{
    int i = lnn_section_find(section);
    return i >= 0 && lnn_sections[i].list;
}

void lnn_sources_unknown(struct lnn_reading *r, struct lnn_place place,
                         const char *section, const char *name)
{
    struct lnn_buffer hint = {0};
    if (!known_elsewhere(name, &hint)) suggest(section, name, &hint);
    lnn_complain(r, place, "unknown key \"%.60s\" in %s%s%s", name,
                 is_list(section) ? "an entry of " : "", where(section),
                 hint.failed ? "" : hint.at);
    free(hint.at);
}

static void put(struct lnn_reading *r, struct lnn_record *record, const char *section,
                struct lnn_document *d, yaml_node_t *name, yaml_node_t *value)
{
    const char *text = (const char *)name->data.scalar.value;
    struct lnn_place place = lnn_place_of(d, name);
    int at = lnn_key_find(section, text);
    if (at < 0) {
        lnn_sources_unknown(r, place, section, text);
        return;
    }
    struct lnn_source *source = &record->of[at];
    if (source->node) {
        lnn_complain(r, place, "duplicate key \"%s\" in %s%s; first at line %zu", text,
                     is_list(section) ? "an entry of " : "", where(section),
                     source->place.line);
        return;
    }
    *source = (struct lnn_source){d, value, place, false};
}

static void take_pairs(struct lnn_reading *r, struct lnn_record *record,
                       const char *section, struct lnn_document *d,
                       yaml_node_t *mapping)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = node_at(d, pair->key), *value = node_at(d, pair->value);
        const char *text = (const char *)name->data.scalar.value;
        char quote[LNN_QUOTE];
        if (name->type != YAML_SCALAR_NODE) {
            lnn_complain(r, lnn_place_of(d, name), "a key must be a word, got %s",
                         lnn_quote(name, quote));
            continue;
        }
        int inner = *section ? -1 : lnn_section_find(text);
        if (inner >= 0)
            lnn_sources_section(r, inner, d, lnn_place_of(d, name), value);
        else
            put(r, record, section, d, name, value);
    }
}

static void take_entry(struct lnn_reading *r, const char *section,
                       struct lnn_document *d, yaml_node_t *node)
{
    char quote[LNN_QUOTE];
    if (node->type != YAML_MAPPING_NODE) {
        lnn_complain(r, lnn_place_of(d, node),
                     "an entry of %s must be a mapping like {%s: ...}, got %s", section,
                     lnn_keys[LNN_AT_trajectories_system].name, lnn_quote(node, quote));
        return;
    }
    struct lnn_record *grown =
        realloc(r->entries, (r->n_entries + 1) * sizeof *r->entries);
    if (!grown) {
        r->out_of_memory = true;
        return;
    }
    r->entries = grown;
    struct lnn_record *record = &grown[r->n_entries++];
    memset(record, 0, sizeof *record);
    record->place = lnn_place_of(d, node);
    take_pairs(r, record, section, d, node);
}

static void take_list(struct lnn_reading *r, int section, struct lnn_document *d,
                      yaml_node_t *node)
{
    const char *name = lnn_sections[section].name;
    char quote[LNN_QUOTE];
    bool list = node->type == YAML_SEQUENCE_NODE;
    size_t n = 0;
    if (list)
        n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    r->section[section].bad = n == 0 || n > ENTRIES_MAX;
    if (!list && !lnn_node_is_nothing(node))
        lnn_complain(r, lnn_place_of(d, node), "%s must be a list of mappings, got %s",
                     name, lnn_quote(node, quote));
    else if (n == 0)
        lnn_complain(r, lnn_place_of(d, node),
                     "%s is an empty list; leave it out for its default", name);
    else if (n > ENTRIES_MAX)
        lnn_complain(r, lnn_place_of(d, node), "%s has %zu entries, at most %d may be",
                     name, n, ENTRIES_MAX);
    for (size_t i = 0; i < n && n <= ENTRIES_MAX; i++)
        take_entry(r, name, d, node_at(d, node->data.sequence.items.start[i]));
}

void lnn_sources_section(struct lnn_reading *r, int section, struct lnn_document *d,
                         struct lnn_place place, yaml_node_t *node)
{
    const char *name = lnn_sections[section].name;
    char quote[LNN_QUOTE];
    if (r->section[section].given) {
        lnn_complain(r, place, "duplicate section \"%s\"; first at line %zu", name,
                     r->section[section].place.line);
        return;
    }
    r->section[section].given = true;
    r->section[section].place = place;
    if (lnn_sections[section].list) {
        take_list(r, section, d, node);
    } else if (node->type == YAML_MAPPING_NODE) {
        take_pairs(r, &r->main, name, d, node);
    } else if (!lnn_node_is_nothing(node)) {
        r->section[section].bad = true;
        lnn_complain(r, lnn_place_of(d, node),
                     "%s must be a mapping of its keys, got %s", name,
                     lnn_quote(node, quote));
    }
}

void lnn_sources_forget(struct lnn_reading *r, int section)
{
    r->section[section].given = r->section[section].bad = false;
    if (lnn_sections[section].list) r->n_entries = 0;
    for (int i = 0; i < LNN_KEYS; i++)
        if (strcmp(lnn_keys[i].section, lnn_sections[section].name) == 0)
            r->main.of[i] = (struct lnn_source){0};
}

void lnn_sources_default_list(struct lnn_reading *r, int section)
{
    const char *text = lnn_sections[section].list;
    struct lnn_document *d = lnn_yaml_load(r, text, strlen(text), NULL);
    if (d) take_list(r, section, d, yaml_document_get_root_node(&d->yaml));
    for (size_t i = 0; i < r->n_entries; i++) r->entries[i].place = r->place;
}

bool lnn_sources_file(struct lnn_reading *r, struct lnn_document *d)
{
    char quote[LNN_QUOTE];
    yaml_node_t *root = yaml_document_get_root_node(&d->yaml);
    if (!root || lnn_node_is_nothing(root)) {
        lnn_complain(r, (struct lnn_place){NULL, 1, 1}, "the problem is empty");
        return false;
    }
    if (root->type != YAML_MAPPING_NODE) {
        lnn_complain(r, lnn_place_of(d, root),
                     "a problem must be a mapping of sections, got %s",
                     lnn_quote(root, quote));
        return false;
    }
    r->place = lnn_place_of(d, root);
    take_pairs(r, &r->main, "", d, root);
    return true;
}
