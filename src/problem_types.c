/* What a type of the table can do: read, write, be absent, be released. The readers are
 * in problem_read.c, the writers in problem_resolve.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

static bool no_pointer(const struct lnn_key *key, const void *at)
{
    (void)key;
    return *(const void *const *)at == NULL;
}

static bool no_real(const struct lnn_key *key, const void *at)
{
    (void)key;
    return isnan(*(const double *)at);
}

/* 0 is absent only where it is out of range. */
static bool no_count(const struct lnn_key *key, const void *at)
{
    return (double)*(const size_t *)at < key->min;
}

static bool never(const struct lnn_key *key, const void *at)
{
    (void)key;
    (void)at;
    return false;
}

static bool no_counts(const struct lnn_key *key, const void *at)
{
    (void)key;
    return ((const struct lnn_counts *)at)->n == 0;
}

static bool no_matrix(const struct lnn_key *key, const void *at)
{
    (void)key;
    return ((const struct lnn_matrix *)at)->at == NULL;
}

static bool no_words(const struct lnn_key *key, const void *at)
{
    (void)key;
    return ((const struct lnn_words *)at)->n == 0;
}

static bool no_axes(const struct lnn_key *key, const void *at)
{
    (void)key;
    return ((const struct lnn_axes *)at)->n == 0;
}

static void keep(void *at)
{
    (void)at;
}

static void free_text(void *at)
{
    free(*(char **)at);
}

static void free_counts(void *at)
{
    free(((struct lnn_counts *)at)->at);
}

static void free_matrix(void *at)
{
    free(((struct lnn_matrix *)at)->at);
}

static void free_words(void *at)
{
    struct lnn_words *words = at;
    for (size_t i = 0; i < words->n; i++) free(words->at[i]);
    free(words->at);
}

static const struct lnn_type types[] = {
    {"text", lnn_read_text, lnn_write_text, no_pointer, free_text},
    {"path", lnn_read_path, lnn_write_path, no_pointer, free_text},
    {"choice", lnn_read_choice, lnn_write_choice, no_pointer, keep},
    {"real", lnn_read_real, lnn_write_real, no_real, keep},
    {"count", lnn_read_count, lnn_write_count, no_count, keep},
    {"flag", lnn_read_flag, lnn_write_flag, never, keep},
    {"counts", lnn_read_counts, lnn_write_counts, no_counts, free_counts},
    {"matrix", lnn_read_matrix, lnn_write_matrix, no_matrix, free_matrix},
    {"words", lnn_read_words, lnn_write_words, no_words, free_words},
    {"sweep", lnn_read_sweep, lnn_write_sweep, no_axes, lnn_axes_free},
};

/* A type without a row would be a slip in problem.def: the last row is taken, and the
 * test of the table names it. */
const struct lnn_type *lnn_type_of(const struct lnn_key *key)
{
    const struct lnn_type *type = types;
    size_t left = sizeof types / sizeof *types;
    while (--left > 0 && strcmp(type->name, key->type) != 0) type++;
    return type;
}
