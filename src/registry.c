/* Look-up by name, and the nearest name to a misspelt one. */
#include "lnn/registry.h"

#include <string.h>

const void *lnn_registry_find(const void *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(((const struct lnn_member *)*list)->name, name) == 0) return *list;
    return NULL;
}

enum { WORD_MAX = 48 }; /* longer words are compared by their beginnings */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Optimal string alignment: Levenshtein's distance, and a swap of neighbours counts
 * one. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t na = strnlen(a, WORD_MAX), nb = strnlen(b, WORD_MAX);
    size_t row[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++) row[1][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *old = row[(i + 2) % 3], *prev = row[i % 3], *now = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] =
                min3(prev[j] + 1, now[j - 1] + 1, prev[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = min3(now[j], old[j - 2] + 1, now[j]);
        }
    }
    return row[(na + 1) % 3][nb];
}

const char *lnn_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t best_distance = (size_t)-1;
    for (; *words; words++) {
        size_t n = strnlen(word, WORD_MAX), m = strnlen(*words, WORD_MAX);
        size_t distance = edit_distance(word, *words);
        if (distance < best_distance && 3 * distance <= (n > m ? n : m)) {
            best = *words;
            best_distance = distance;
        }
    }
    return best;
}
