/* Which columns of a table are meant: names, numbers from 1 (negative: from the end),
 * and ranges of either. A column's name goes before its reading as a number or a range.
 */
#include "data_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/registry.h"

static int fail_name(const struct lnn_text *t, const char *key, const char *word)
{
    const char *near = lnn_nearest(word, (const char *const *)t->names);
    if (near)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu: error: no column is called \"%s\" (%s); did you "
                        "mean \"%s\"?",
                        t->path, t->first, word, key, near);
    return lnn_fail(GSL_EINVAL,
                    "%s:%zu: error: no column is called \"%s\" (%s); there are "
                    "%zu, from \"%s\" to \"%s\"",
                    t->path, t->first, word, key, t->cols, t->names[0],
                    t->names[t->cols - 1]);
}

/* The column called `word`; *found says if there is one. */
static int by_name(const struct lnn_text *t, const char *key, const char *word,
                   size_t *column, bool *found)
{
    *found = false;
    for (size_t j = 0; j < t->cols; j++) {
        if (strcmp(t->names[j], word) != 0) continue;
        if (*found)
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu: error: columns %zu and %zu are both called "
                            "\"%s\" (%s); give the number",
                            t->path, t->first, *column + 1, j + 1, word, key);
        *found = true;
        *column = j;
    }
    return GSL_SUCCESS;
}

static int by_number(const struct lnn_text *t, const char *key, const char *word,
                     size_t *column)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10), cols = (long long)t->cols;
    if (end == word || *end) return fail_name(t, key, word);
    if (errno || number == 0 || number > cols || number < -cols)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu: error: there is no column %s (%s); the columns "
                        "are 1 to %zu, or -1 to -%zu from the end",
                        t->path, t->first, word, key, t->cols, t->cols);
    *column = (size_t)(number > 0 ? number - 1 : cols + number);
    return GSL_SUCCESS;
}

static int one_column(const struct lnn_text *t, const char *key, const char *word,
                      size_t *column)
{
    bool found;
    LNN_TRY(by_name(t, key, word, column, &found));
    return found ? GSL_SUCCESS : by_number(t, key, word, column);
}

/* First and last column of one word, which is changed: a range is cut at its dots. */
static int span(const struct lnn_text *t, const char *key, char *word, size_t *first,
                size_t *last)
{
    bool found;
    LNN_TRY(by_name(t, key, word, first, &found));
    char *dots = found ? NULL : strstr(word, "..");
    if (!dots) {
        if (!found) LNN_TRY(by_number(t, key, word, first));
        *last = *first;
        return GSL_SUCCESS;
    }
    *dots = '\0';
    LNN_TRY(one_column(t, key, word, first));
    LNN_TRY(one_column(t, key, dots + 2, last));
    if (*first <= *last) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s:%zu: error: the range %s..%s runs backwards (%s); write "
                    "%s..%s",
                    t->path, t->first, word, dots + 2, key, dots + 2, word);
}

static int take_word(const struct lnn_text *t, const char *key, const char *word,
                     bool taken[], size_t columns[], size_t *n)
{
    size_t first = 0, last = 0;
    char *copy = strdup(word);
    if (!copy) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    int status = span(t, key, copy, &first, &last);
    free(copy);
    LNN_TRY(status);
    for (size_t j = first; j <= last; j++) {
        if (taken[j])
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu: error: column \"%s\" is named twice (%s)", t->path,
                            t->first, t->names[j], key);
        taken[j] = true;
        columns[(*n)++] = j;
    }
    return GSL_SUCCESS;
}

int lnn_columns_select(const struct lnn_text *t, const char *key,
                       const struct lnn_words *words, size_t columns[], size_t *n)
{
    bool *taken = calloc(t->cols, sizeof *taken);
    if (!taken) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    int status = GSL_SUCCESS;
    *n = 0;
    for (size_t i = 0; i < words->n && status == GSL_SUCCESS; i++)
        status = take_word(t, key, words->at[i], taken, columns, n);
    free(taken);
    return status;
}
