/* Overrides: --set section.key=value replaces what the file says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/registry.h"
#include "problem_inner.h"

struct override {
    struct lnn_document *document;
    yaml_node_t *node;
    struct lnn_place place;
    bool sweep; /* by the sweep, after all --set */
};

static void set_in(struct lnn_reading *r, struct lnn_record *record, int at,
                   const struct override *o, bool wide)
{
    if (o->sweep && record->of[at].node && record->of[at].place.set)
        lnn_complain(r, record->of[at].place,
                     "the sweep gives %s its values; set sweep instead",
                     lnn_keys[at].name);
    record->of[at] = (struct lnn_source){o->document, o->node, o->place, wide};
}

static void set_root(struct lnn_reading *r, const char *name, const struct override *o)
{
    int at = lnn_key_find("", name), section = lnn_section_find(name);
    if (section >= 0) {
        lnn_sources_forget(r, section);
        lnn_sources_section(r, section, o->document, o->place, o->node);
    } else if (at >= 0) {
        set_in(r, &r->main, at, o, false);
    } else {
        lnn_sources_unknown(r, o->place, "", name);
    }
}

static const char *scalar_of(const struct lnn_record *record, int at)
{
    const yaml_node_t *node = record->of[at].node;
    if (!node || node->type != YAML_SCALAR_NODE) return "";
    return (const char *)node->data.scalar.value;
}

static const char *system_of(const struct lnn_record *record)
{
    return scalar_of(record, LNN_AT_trajectories_system);
}

static const char *name_of(const struct lnn_record *record)
{
    const char *name = scalar_of(record, LNN_AT_trajectories_name);
    return *name ? name : system_of(record);
}

static void no_such_entry(struct lnn_reading *r, const char *section, const char *which,
                          struct lnn_place place)
{
    struct lnn_buffer hint = {0};
    const char **names = calloc(r->n_entries + 1, sizeof *names);
    for (size_t i = 0; names && i < r->n_entries; i++)
        names[i] = name_of(&r->entries[i]);
    const char *nearest = names ? lnn_nearest(which, names) : NULL;
    if (nearest)
        lnn_buffer_add(&hint, ", did you mean \"%s\"?", nearest);
    else
        lnn_buffer_add(&hint, "; there are %zu, numbered from 0", r->n_entries);
    lnn_complain(r, place, "%s has no entry \"%.60s\"%s", section, which,
                 hint.failed ? "" : hint.at);
    free(hint.at);
    free(names);
}

static size_t set_where(struct lnn_reading *r, const char *which,
                        const char *(*label)(const struct lnn_record *), int at,
                        const struct override *o)
{
    size_t hits = 0;
    for (size_t i = 0; i < r->n_entries; i++) {
        if (strcmp(label(&r->entries[i]), which) != 0) continue;
        set_in(r, &r->entries[i], at, o, false);
        hits++;
    }
    return hits;
}

/* By number, else by name, else all of that system. */
static bool set_which(struct lnn_reading *r, const char *which, int at,
                      const struct override *o)
{
    size_t n = strlen(which), number = strtoul(which, NULL, 10);
    if (n > 0 && n < 9 && strspn(which, "0123456789") == n && number < r->n_entries) {
        set_in(r, &r->entries[number], at, o, false);
        return true;
    }
    return set_where(r, which, name_of, at, o) > 0 ||
           set_where(r, which, system_of, at, o) > 0;
}

/* `path` is "key" (all entries), or "WHICH.key" where WHICH may hold dots. */
static void set_list(struct lnn_reading *r, const char *section, char *path,
                     const struct override *o)
{
    char *dot = strrchr(path, '.');
    const char *name = dot ? dot + 1 : path;
    int at = lnn_key_find(section, name);
    if (dot) *dot = '\0';
    if (at < 0) {
        lnn_sources_unknown(r, o->place, section, name);
    } else if (dot) {
        bool bad = r->section[lnn_section_find(section)].bad;
        if (!set_which(r, path, at, o) && !bad)
            no_such_entry(r, section, path, o->place);
    } else {
        for (size_t i = 0; i < r->n_entries; i++)
            set_in(r, &r->entries[i], at, o, true);
    }
}

static void set_path(struct lnn_reading *r, char *path, const struct override *o)
{
    char *dot = strchr(path, '.');
    if (!dot) {
        set_root(r, path, o);
        return;
    }
    *dot = '\0';
    int section = lnn_section_find(path), at = lnn_key_find(path, dot + 1);
    if (section < 0)
        lnn_sources_unknown(r, o->place, "", path);
    else if (lnn_sections[section].list)
        set_list(r, path, dot + 1, o);
    else if (at < 0)
        lnn_sources_unknown(r, o->place, path, dot + 1);
    else
        set_in(r, &r->main, at, o, false);
}

void lnn_sources_set(struct lnn_reading *r, const char *set)
{
    const char *equals = strchr(set, '=');
    struct override o = {.place = {set, 0, 0}};
    if (!equals || equals == set) {
        lnn_complain(r, o.place, "must be of the form section.key=value");
        return;
    }
    o.document = lnn_yaml_load(r, equals + 1, strlen(equals + 1), set);
    if (!o.document) return;
    o.node = yaml_document_get_root_node(&o.document->yaml);
    if (!o.node) {
        lnn_complain(r, o.place, "has no value");
        return;
    }
    char *path = strndup(set, (size_t)(equals - set));
    if (path)
        set_path(r, path, &o);
    else
        r->out_of_memory = true;
    free(path);
}

void lnn_sources_point(struct lnn_reading *r, const char *path, struct lnn_document *d,
                       struct lnn_place place, yaml_node_t *node)
{
    struct override o = {d, node, place, true};
    char *copy = strdup(path);
    if (copy)
        set_path(r, copy, &o);
    else
        r->out_of_memory = true;
    free(copy);
}
