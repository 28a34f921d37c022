/* What the parts of the problem reader share (src/problem*.c only). */
#ifndef LNN_PROBLEM_INNER_H
#define LNN_PROBLEM_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>
#include "lnn/problem.h"

enum { /* where a key stands in lnn_keys */
#define LNN_ROOT_KEY(member, ...) LNN_AT_root_##member,
#define LNN_KEY(section, member, ...) LNN_AT_##section##_##member,
#define LNN_LIST_KEY(section, member, ...) LNN_AT_##section##_##member,
#include "lnn/problem.def"
       LNN_KEYS
};

enum { /* where a section stands in lnn_sections */
#define LNN_SECTION(section, doc) LNN_IN_##section,
#define LNN_LIST(section, doc) LNN_IN_##section,
#include "lnn/problem.def"
       LNN_SECTIONS
};

struct lnn_section {
    const char *name, *doc, *list; /* list: its default as YAML; NULL for a mapping */
};
extern const struct lnn_section lnn_sections[];

int lnn_section_find(const char *name);                  /* -1: no such section */
int lnn_key_find(const char *section, const char *name); /* -1: no such key */

bool lnn_key_in_list(const struct lnn_key *key);
/* Which key decides whether this one goes with its section, and what that must be. */
const struct lnn_key *lnn_key_kind(const struct lnn_key *key);
const char *lnn_key_kinds(const struct lnn_key *key);
const char *lnn_key_choice(const struct lnn_key *key, const void *base);
/* The default where `base` has chosen its kind: text of *length, "" = absent, NULL =
 * must be given. */
const char *lnn_key_default(const struct lnn_key *key, const void *base,
                            size_t *length);
enum lnn_applies { LNN_NO, LNN_YES, LNN_UNKNOWN }; /* unknown: the kind is in error */
enum lnn_applies lnn_key_goes(const struct lnn_key *key, const void *base);

/* Growing text; `failed` when memory ran out. */
struct lnn_buffer {
    char *at;
    size_t n, room;
    bool failed;
};
void lnn_buffer_add(struct lnn_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One parsed YAML text: the file, a default or the value of a --set. */
struct lnn_document {
    yaml_document_t yaml;
    const char *set; /* the argument of --set; NULL: the file */
    struct lnn_document *next;
};

struct lnn_place { /* where a message points to: a --set, or line and column from 1 */
    const char *set;
    size_t line, column;
};

struct lnn_source { /* what gives a key its value; node == NULL: nothing does */
    struct lnn_document *document;
    yaml_node_t *node;
    struct lnn_place place; /* of the key */
    bool wide;              /* from a --set for all entries of the list */
};

struct
    lnn_record { /* sources of the keys of all sections, or of one entry of the list */
    struct lnn_place place;
    struct lnn_source of[LNN_KEYS];
};

struct lnn_message {
    struct lnn_place place;
    size_t order;
    char *text;
};

struct lnn_reading { /* one call of lnn_problem_parse */
    const char *path;
    struct lnn_problem *problem;
    struct lnn_document *documents;
    struct lnn_place place; /* of the document */
    struct {
        bool given, bad; /* bad: in error as a whole, so its keys are not missed */
        struct lnn_place place;
    } section[LNN_SECTIONS];
    struct lnn_record main;
    size_t n_entries;
    struct lnn_record *entries;
    size_t n_messages, n_errors; /* kept, seen */
    struct lnn_message *messages;
    bool out_of_memory;
};

/* problem_message.c */
void lnn_complain(struct lnn_reading *r, struct lnn_place place, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
int lnn_messages_raise(struct lnn_reading *r); /* all of them into lnn_error() */
struct lnn_place lnn_place_of(const struct lnn_document *d, const yaml_node_t *node);
enum { LNN_QUOTE = 64 };
const char *lnn_quote(const yaml_node_t *node, char quote[LNN_QUOTE]);

/* problem_yaml.c */
struct lnn_document *lnn_yaml_load(struct lnn_reading *r, const char *text,
                                   size_t length,
                                   const char *set); /* NULL: complained */
void lnn_documents_free(struct lnn_document *documents);
bool lnn_node_is_nothing(const yaml_node_t *node); /* `key:` without a value, or null */

/* problem_sources.c, problem_set.c: which node gives each key its value */
bool lnn_sources_file(struct lnn_reading *r, struct lnn_document *d); /* a mapping? */
void lnn_sources_section(struct lnn_reading *r, int section, struct lnn_document *d,
                         struct lnn_place place, yaml_node_t *node);
void lnn_sources_forget(struct lnn_reading *r, int section);
void lnn_sources_default_list(struct lnn_reading *r, int section);
void lnn_sources_unknown(struct lnn_reading *r, struct lnn_place place,
                         const char *section, const char *name);
void lnn_sources_set(struct lnn_reading *r, const char *set);
/* `path` ("section.key", "trajectories.NAME.key", ...) takes the node's value; place:
 * of the path, for messages. A key that a --set gave is an error. */
void lnn_sources_point(struct lnn_reading *r, const char *path, struct lnn_document *d,
                       struct lnn_place place, yaml_node_t *node);

struct lnn_type {
    const char *name;
    /* Leaves *at absent when it complains. */
    void (*read)(struct lnn_reading *r, const struct lnn_key *key,
                 struct lnn_document *d, yaml_node_t *node, void *at);
    void (*write)(struct lnn_buffer *text, const void *at);
    bool (*absent)(const struct lnn_key *key, const void *at);
    void (*release)(void *at);
};
/* problem_read.c, problem_resolve.c, problem_types.c: what the types can do */
#define LNN_TYPE(type)                                                         \
    void lnn_read_##type(struct lnn_reading *r, const struct lnn_key *key,     \
                         struct lnn_document *d, yaml_node_t *node, void *at); \
    void lnn_write_##type(struct lnn_buffer *text, const void *at);
LNN_TYPE(text)
LNN_TYPE(path)
LNN_TYPE(choice)
LNN_TYPE(real)
LNN_TYPE(count)
LNN_TYPE(flag)
LNN_TYPE(counts)
LNN_TYPE(matrix)
LNN_TYPE(words)
LNN_TYPE(sweep)
#undef LNN_TYPE
const struct lnn_type *lnn_type_of(const struct lnn_key *key);
void lnn_values_read(struct lnn_reading *r); /* every key: given, default or missing */

/* problem_sweep.c: the values of one point of the sweep, as if set by hand */
enum { LNN_POINTS = 100000 }; /* at most */
void lnn_sources_sweep(struct lnn_reading *r, size_t point);
void lnn_axes_free(void *at);

/* problem_place.c: the keys' places outlive the reading */
void lnn_places_keep(struct lnn_reading *r);
void lnn_places_free(struct lnn_problem *problem);

/* problem_check.c: what keys ask of each other; problem_search.c: of a search */
void lnn_problem_check(struct lnn_reading *r);
void lnn_search_check(struct lnn_reading *r);
/* Where the value stands; the key's section, or the document, when there is none. */
struct lnn_place lnn_place_at(const struct lnn_reading *r, int key);

char *lnn_problem_resolve(const struct lnn_problem *problem); /* NULL: no memory */

#endif
