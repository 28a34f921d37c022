/* The table of keys and of sections, expanded from problem.def, and the words a key may
 * take, expanded from the families' lists. */
#include <string.h>
#include "problem_inner.h"

#define LNN_LOSS(name) #name,
static const char *const lnn_loss_names[] = {
#include "losses/losses.def"
    NULL};
#define LNN_INIT(name) #name,
static const char *const lnn_init_names[] = {
#include "inits/inits.def"
    NULL};
#define LNN_ACTIVATION(name) #name,
static const char *const lnn_activation_names[] = {
#include "activations/activations.def"
    NULL};
#define LNN_STEPPER(name) #name,
static const char *const lnn_stepper_names[] = {
#include "steppers/steppers.def"
    NULL};
#define LNN_OBSERVABLE(name) #name,
static const char *const lnn_observable_names[] = {
#include "observables/observables.def"
    NULL};
#define LNN_ODE(name) #name,
static const char *const lnn_ode_names[] = {
#include "odes/odes.def"
    NULL};

static const char *const lnn_scaling_names[] = {"slides", "papers", NULL};
static const char *const lnn_data_names[] = {"target", "csv", "teacher", "idx", NULL};
static const char *const lnn_subset_names[] = {"first", "random", NULL};
static const char *const lnn_header_names[] = {"auto", "yes", "no", NULL};
static const char *const lnn_delimiter_names[] = {"auto", "comma",      "semicolon",
                                                  "tab",  "whitespace", NULL};
static const char *const lnn_scale_names[] = {"none", "standardize", "whiten", NULL};
static const char *const lnn_target_scale_names[] = {"none", "center", "standardize",
                                                     "unit", NULL};
static const char *const lnn_transform_names[] = {"none", "log", "log1p", NULL};
static const char *const lnn_by_names[] = {"iterations", "loss", NULL};
static const char *const lnn_spacing_names[] = {"linear", "log", NULL};
#define lnn_any NULL

#define ROW(section, member, place, type, fallback, min, max, open, choices, goes, \
            doc)                                                                   \
    {section, #member, #type, fallback, min, max, open, choices, goes, doc, place},
const struct lnn_key lnn_keys[] = {
#define LNN_ROOT_KEY(member, ...) \
    ROW("", member, offsetof(struct lnn_problem, member), __VA_ARGS__)
#define LNN_KEY(section, member, ...) \
    ROW(#section, member, offsetof(struct lnn_problem, section.member), __VA_ARGS__)
#define LNN_LIST_KEY(section, member, ...) \
    ROW(#section, member, offsetof(struct lnn_problem_trajectory, member), __VA_ARGS__)
#include "lnn/problem.def"
    {.section = NULL}};

static const char trajectories_default[] =
    "[{system: gradient_flow}, {system: end_to_end}]";

const struct lnn_section lnn_sections[] = {
#define LNN_SECTION(section, doc) {#section, doc, NULL},
#define LNN_LIST(section, doc) {#section, doc, section##_default},
#include "lnn/problem.def"
    {NULL, NULL, NULL}};

int lnn_section_find(const char *name)
{
    for (int i = 0; i < LNN_SECTIONS; i++)
        if (strcmp(lnn_sections[i].name, name) == 0) return i;
    return -1;
}

const char *lnn_section_doc(const char *section)
{
    int i = lnn_section_find(section);
    return i < 0 ? NULL : lnn_sections[i].doc;
}

int lnn_key_find(const char *section, const char *name)
{
    for (int i = 0; i < LNN_KEYS; i++)
        if (strcmp(lnn_keys[i].section, section) == 0 &&
            strcmp(lnn_keys[i].name, name) == 0)
            return i;
    return -1;
}

bool lnn_key_in_list(const struct lnn_key *key)
{
    int i = lnn_section_find(key->section);
    return i >= 0 && lnn_sections[i].list;
}

const struct lnn_key *lnn_key_kind(const struct lnn_key *key)
{
    const struct lnn_key *kind = key;
    while (kind > lnn_keys && strcmp(kind[-1].section, key->section) == 0) kind--;
    size_t n = strcspn(key->goes_with, "=");
    if (key->goes_with[n] != '=') return kind;
    while (strncmp(kind->name, key->goes_with, n) != 0 || kind->name[n] != '\0') kind++;
    return kind;
}

const char *lnn_key_kinds(const struct lnn_key *key)
{
    const char *equals = strchr(key->goes_with, '=');
    return equals ? equals + 1 : key->goes_with;
}

const char *lnn_key_choice(const struct lnn_key *key, const void *base)
{
    return *(const lnn_type_choice *)(const void *)((const char *)base + key->offset);
}

const char *lnn_key_default(const struct lnn_key *key, const void *base, size_t *length)
{
    const char *plain = NULL;
    *length = 0;
    if (!key->fallback || !*key->fallback) return key->fallback;
    for (const char *word = key->fallback; *word; word += strspn(word, " ")) {
        size_t end = strcspn(word, " "), n = strcspn(word, "= ");
        const char *kind = n < end ? lnn_key_choice(lnn_key_kind(key), base) : NULL;
        if (kind && strlen(kind) == n && memcmp(kind, word, n) == 0) {
            *length = end - n - 1;
            return word + n + 1;
        }
        if (n == end) {
            plain = strncmp(word, "- ", 2) == 0 ? "" : word;
            *length = *plain ? end : 0;
        }
        word += end;
    }
    return plain;
}

enum lnn_applies lnn_key_goes(const struct lnn_key *key, const void *base)
{
    if (!*key->goes_with) return LNN_YES;
    const char *choice = lnn_key_choice(lnn_key_kind(key), base);
    if (!choice) return LNN_UNKNOWN;
    size_t n = strlen(choice);
    const char *word = lnn_key_kinds(key);
    while (*word) {
        size_t length = strcspn(word, " ");
        if (length == n && memcmp(word, choice, n) == 0) return LNN_YES;
        word += length;
        word += strspn(word, " ");
    }
    return LNN_NO;
}

bool lnn_key_applies(const struct lnn_key *key, const void *base)
{
    return lnn_key_goes(key, base) == LNN_YES;
}

bool lnn_key_absent(const struct lnn_key *key, const void *base)
{
    return lnn_type_of(key)->absent(key, (const char *)base + key->offset);
}
