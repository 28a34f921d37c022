/* What every list of alternatives shares: a member begins with .name and .doc.
 *
 * A family is one folder with one file per member and a list file (losses.def,
 * inits.def, steppers.def, observables.def, odes.def) that names each member once. The
 * list files are the only place where members are enumerated. */
#ifndef LNN_REGISTRY_H
#define LNN_REGISTRY_H

#include <stddef.h>

struct lnn_member {
    const char *name; /* as written in the problem file */
    const char *doc;  /* one paragraph: what it is, its assumptions, its source */
};

/* The member called `name` in a NULL-terminated list of pointers to structs that begin
 * with a struct lnn_member's fields; NULL when there is none. */
const void *lnn_registry_find(const void *const *list, const char *name);

/* The word of the NULL-terminated list nearest to `word` in edit distance (insertions,
 * deletions, substitutions, swaps of neighbours), or NULL when none is near enough to
 * be what was meant (more than a third of the longer word's letters differ). */
const char *lnn_nearest(const char *word, const char *const *words);

#endif
