/* The families, as list, help and the completion name them, and the keys in words. */
#include <string.h>
#include "cli.h"

#define MEMBERS(list) (const void *const *)(list)

const struct cli_family cli_families[CLI_FAMILIES + 1] = {
    {"systems", "Dynamical systems", "trajectories.system", MEMBERS(lnn_odes)},
    {"steppers", "Steppers", "trajectories.stepper", MEMBERS(lnn_steppers)},
    {"losses", "Losses", "loss.kind", MEMBERS(lnn_losses)},
    {"activations", "Activations", "network.activation", MEMBERS(lnn_activations)},
    {"starts", "Starts", "init.kind", MEMBERS(lnn_inits)},
    {"observables", "Observables", "output.observables", MEMBERS(lnn_observables)},
    {"theorems", "Theorems", "verify --theorem", MEMBERS(lnn_theorems)},
    {"keys", "Keys of the problem file", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const char *cli_key_name(const struct lnn_key *key, char *text, size_t room)
{
    snprintf(text, room, "%s%s%s", key->section, key->section[0] ? "." : "", key->name);
    return text;
}

static void choices_text(const struct lnn_key *key, char *text, size_t room)
{
    size_t n = 0;
    for (const char *const *c = key->choices; *c && n < room; c++) {
        int k = snprintf(text + n, room - n, "%s%s", n ? " | " : "", *c);
        if (k > 0) n += (size_t)k;
    }
}

const char *cli_key_range(const struct lnn_key *key, char *text, size_t room)
{
    bool whole = strcmp(key->type, "count") == 0 || strcmp(key->type, "counts") == 0;
    int digits = whole ? 15 : 6;
    text[0] = '\0';
    if (key->choices)
        choices_text(key, text, room);
    else if (key->min == key->max)
        return text;
    else if (key->max >= 1e300 && key->min > -1e300)
        snprintf(text, room, "%s %g", key->min_open ? ">" : ">=", key->min);
    else if (key->max < 1e300 && key->min_open)
        snprintf(text, room, "> %g, <= %.*g", key->min, digits, key->max);
    else if (key->max < 1e300)
        snprintf(text, room, "%g to %.*g", key->min, digits, key->max);
    return text;
}

const char *cli_key_goes_with(const struct lnn_key *key, char *text, size_t room)
{
    const struct lnn_key *first = key;
    while (first > lnn_keys && strcmp(first[-1].section, key->section) == 0) first--;
    size_t n = 0;
    text[0] = '\0';
    for (const char *word = key->goes_with; *word && n < room;) {
        size_t length = strcspn(word, " "), equals = strcspn(word, " =");
        int k = snprintf(text + n, room - n, "%s", n ? ", " : "with ");
        if (k > 0) n += (size_t)k;
        if (equals == length && word == key->goes_with && n < room) {
            k = snprintf(text + n, room - n, "%s ", first->name);
            if (k > 0) n += (size_t)k;
        }
        if (n < room) k = snprintf(text + n, room - n, "%.*s", (int)length, word);
        if (k > 0) n += (size_t)k;
        word += length + strspn(word + length, " ");
    }
    return text;
}

void cli_key_facts(const struct lnn_key *key, char *text, size_t room)
{
    char range[400], goes[200];
    cli_key_range(key, range, sizeof range);
    cli_key_goes_with(key, goes, sizeof goes);
    const char *value = key->fallback ? key->fallback : "";
    if (strncmp(value, "- ", 2) == 0) value += 2; /* absent, but for ... */
    bool fallback = value[0];
    bool some = value == key->fallback && value[strcspn(value, "= ")] == '=';
    const char *given = !key->fallback ? "; must be given"
                        : some         ? ", else it must be given"
                                       : "";
    snprintf(text, room, "%s%s%s%s%s%s%s%s", key->type, range[0] ? ": " : "", range,
             fallback ? "; default " : "", value, given, goes[0] ? "; " : "", goes);
}
