/* Values from nodes, by type: strictly, with the range checked. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lnn/registry.h"
#include "problem_inner.h"

static void complain_value(struct lnn_reading *r, const struct lnn_key *key,
                           struct lnn_document *d, const yaml_node_t *node,
                           const char *what)
{
    char quote[LNN_QUOTE];
    lnn_complain(r, lnn_place_of(d, node), "%s%s%s: expected %s, got %s", key->section,
                 *key->section ? "." : "", key->name, what, lnn_quote(node, quote));
}

static const char *scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                          : NULL;
}

static size_t digits(const char **s)
{
    size_t n = strspn(*s, "0123456789");
    *s += n;
    return n;
}

/* [+-] digits [. digits] [e [+-] digits], nothing else: strtod alone takes more. */
static bool is_number(const char *s)
{
    s += *s == '+' || *s == '-';
    size_t n = digits(&s);
    if (*s == '.') {
        s++;
        n += digits(&s);
    }
    if (n == 0) return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        if (digits(&s) == 0) return false;
    }
    return *s == '\0';
}

static bool is_nonfinite(const char *s)
{
    s += *s == '+' || *s == '-';
    s += *s == '.';
    return strcasecmp(s, "nan") == 0 || strcasecmp(s, "inf") == 0 ||
           strcasecmp(s, "infinity") == 0;
}

enum { RANGE = 96 };

static const char *range(const struct lnn_key *key, const char *what, char text[RANGE])
{
    const char *least = key->min_open ? "above" : "of at least";
    if (key->min == key->max || key->min <= -1e300)
        snprintf(text, RANGE, "%s", what);
    else if (key->max >= 1e300)
        snprintf(text, RANGE, "%s %s %.10g", what, least, key->min);
    else
        snprintf(text, RANGE, "%s in %s%.10g, %.10g]", what, key->min_open ? "(" : "[",
                 key->min, key->max);
    return text;
}

static bool out_of_range(const struct lnn_key *key, double x)
{
    if (key->min == key->max) return false;
    return x > key->max || (key->min_open ? x <= key->min : x < key->min);
}

static bool read_number(struct lnn_reading *r, const struct lnn_key *key,
                        struct lnn_document *d, const yaml_node_t *node, bool whole,
                        double *x)
{
    const char *s = scalar(node), *what = whole ? "a whole number" : "a number";
    char text[RANGE];
    if (!s || !is_number(s)) {
        if (s && is_nonfinite(s)) what = whole ? what : "a finite number";
        complain_value(r, key, d, node, what);
        return false;
    }
    errno = 0;
    *x = strtod(s, NULL);
    if (errno == ERANGE && (*x == 0 || !isfinite(*x)))
        complain_value(r, key, d, node, "a number that a double can hold");
    else if (whole && *x != floor(*x))
        complain_value(r, key, d, node, what);
    else if (out_of_range(key, *x))
        complain_value(r, key, d, node, range(key, what, text));
    else
        return true;
    return false;
}

static char *copy(struct lnn_reading *r, const char *s)
{
    char *text = strdup(s);
    if (!text) r->out_of_memory = true;
    return text;
}

static bool is_text(const yaml_node_t *node)
{
    return scalar(node) && strlen(scalar(node)) == node->data.scalar.length;
}

void lnn_read_text(struct lnn_reading *r, const struct lnn_key *key,
                   struct lnn_document *d, yaml_node_t *node, void *at)
{
    if (is_text(node))
        *(char **)at = copy(r, scalar(node));
    else
        complain_value(r, key, d, node,
                       scalar(node) ? "text without NUL characters" : "text");
}

void lnn_read_path(struct lnn_reading *r, const struct lnn_key *key,
                   struct lnn_document *d, yaml_node_t *node, void *at)
{
    if (is_text(node) && *scalar(node))
        *(char **)at = copy(r, scalar(node));
    else
        complain_value(r, key, d, node, "the path of a file");
}

/* The list's own word, or NULL after complaining. */
static const char *choose(struct lnn_reading *r, const struct lnn_key *key,
                          struct lnn_document *d, const yaml_node_t *node)
{
    const char *const *choice = key->choices, *s = scalar(node);
    for (; s && *choice; choice++)
        if (strcmp(*choice, s) == 0) return *choice;
    struct lnn_buffer what = {0};
    const char *nearest = s ? lnn_nearest(s, key->choices) : NULL;
    for (choice = key->choices; *choice; choice++)
        lnn_buffer_add(&what, "%s%s", choice == key->choices ? "one of " : ", ",
                       *choice);
    char quote[LNN_QUOTE];
    lnn_complain(r, lnn_place_of(d, node), "%s.%s: expected %s, got %s%s%s%s",
                 key->section, key->name, what.failed ? "another" : what.at,
                 lnn_quote(node, quote), nearest ? "; did you mean \"" : "",
                 nearest ? nearest : "", nearest ? "\"?" : "");
    free(what.at);
    return NULL;
}

void lnn_read_choice(struct lnn_reading *r, const struct lnn_key *key,
                     struct lnn_document *d, yaml_node_t *node, void *at)
{
    *(const char **)at = choose(r, key, d, node);
}

void lnn_read_real(struct lnn_reading *r, const struct lnn_key *key,
                   struct lnn_document *d, yaml_node_t *node, void *at)
{
    double x;
    if (read_number(r, key, d, node, false, &x)) *(double *)at = x;
}

void lnn_read_count(struct lnn_reading *r, const struct lnn_key *key,
                    struct lnn_document *d, yaml_node_t *node, void *at)
{
    double x;
    if (read_number(r, key, d, node, true, &x)) *(size_t *)at = (size_t)x;
}

void lnn_read_flag(struct lnn_reading *r, const struct lnn_key *key,
                   struct lnn_document *d, yaml_node_t *node, void *at)
{
    const char *s = scalar(node);
    if (s && (strcmp(s, "true") == 0 || strcmp(s, "false") == 0))
        *(bool *)at = *s == 't';
    else
        complain_value(r, key, d, node, "true or false");
}

static size_t length_of(const yaml_node_t *list)
{
    if (list->type != YAML_SEQUENCE_NODE) return 0;
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static yaml_node_t *item(struct lnn_document *d, const yaml_node_t *list, size_t i)
{
    return yaml_document_get_node(&d->yaml, list->data.sequence.items.start[i]);
}

static void *allocate(struct lnn_reading *r, size_t n, size_t size)
{
    void *at = calloc(n, size);
    if (!at) r->out_of_memory = true;
    return at;
}

void lnn_read_counts(struct lnn_reading *r, const struct lnn_key *key,
                     struct lnn_document *d, yaml_node_t *node, void *at)
{
    size_t n = length_of(node), good = 0;
    if (n == 0) complain_value(r, key, d, node, "a list of whole numbers");
    size_t *values = n ? allocate(r, n, sizeof *values) : NULL;
    for (size_t i = 0; values && i < n; i++) {
        double x = 0;
        if (!read_number(r, key, d, item(d, node, i), true, &x)) continue;
        values[i] = (size_t)x;
        good++;
    }
    if (values && good == n)
        *(struct lnn_counts *)at = (struct lnn_counts){n, values};
    else
        free(values);
}

static bool known_word(const struct lnn_words *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->at[i], word) == 0) return true;
    return false;
}

static void read_word(struct lnn_reading *r, const struct lnn_key *key,
                      struct lnn_document *d, yaml_node_t *node,
                      struct lnn_words *words)
{
    if (!is_text(node) || !*scalar(node))
        complain_value(r, key, d, node, "a word or a number");
    else if (key->choices && !choose(r, key, d, node))
        return;
    else if (key->choices && known_word(words, scalar(node)))
        complain_value(r, key, d, node, "each word once");
    else
        words->at[words->n++] = copy(r, scalar(node));
}

void lnn_read_words(struct lnn_reading *r, const struct lnn_key *key,
                    struct lnn_document *d, yaml_node_t *node, void *at)
{
    struct lnn_words *words = at;
    bool list = node->type == YAML_SEQUENCE_NODE;
    size_t n = list ? length_of(node) : 1;
    if (n == 0) complain_value(r, key, d, node, "a word or a list of them");
    words->at = n ? allocate(r, n, sizeof *words->at) : NULL;
    for (size_t i = 0; words->at && i < n && !r->out_of_memory; i++)
        read_word(r, key, d, list ? item(d, node, i) : node, words);
}

/* Rows of a matrix: the list itself when it is flat. */
struct rows {
    yaml_node_t *list;
    bool flat;
    size_t rows, cols;
};

/* Beyond this a table belongs into a file of its own; also stops aliases of aliases. */
enum { ENTRIES_MAX = 10000000 };

static yaml_node_t *row(struct lnn_document *d, const struct rows *m, size_t i)
{
    return m->flat ? m->list : item(d, m->list, i);
}

static bool measure(struct lnn_reading *r, const struct lnn_key *key,
                    struct lnn_document *d, struct rows *m)
{
    size_t n = length_of(m->list);
    bool ok = n > 0;
    m->flat = n > 0 && item(d, m->list, 0)->type == YAML_SCALAR_NODE;
    m->rows = m->flat ? 1 : n;
    m->cols = m->flat ? n : n > 0 ? length_of(item(d, m->list, 0)) : 0;
    if (n == 0) complain_value(r, key, d, m->list, "a list of rows of numbers");
    for (size_t i = 0; i < n && !m->flat; i++) {
        yaml_node_t *one = row(d, m, i);
        bool list = one->type == YAML_SEQUENCE_NODE;
        if (list && length_of(one) == m->cols && m->cols > 0) continue;
        ok = false;
        if (!list || m->cols == 0) {
            complain_value(r, key, d, one, "a row of numbers");
            continue;
        }
        lnn_complain(r, lnn_place_of(d, one),
                     "%s.%s: expected rows of equal length; row 1 has %zu entries, row "
                     "%zu has %zu",
                     key->section, key->name, m->cols, i + 1, length_of(one));
    }
    if (ok && m->rows > ENTRIES_MAX / m->cols) {
        complain_value(r, key, d, m->list, "at most 1e7 entries");
        ok = false;
    }
    return ok;
}

void lnn_read_matrix(struct lnn_reading *r, const struct lnn_key *key,
                     struct lnn_document *d, yaml_node_t *node, void *at)
{
    struct rows m = {.list = node};
    if (!measure(r, key, d, &m)) return;
    double *values = allocate(r, m.rows * m.cols, sizeof *values);
    size_t good = 0, n = m.rows * m.cols;
    for (size_t i = 0; values && i < n; i++)
        good += read_number(r, key, d, item(d, row(d, &m, i / m.cols), i % m.cols),
                            false, &values[i]);
    if (values && good == n)
        *(struct lnn_matrix *)at = (struct lnn_matrix){m.rows, m.cols, values};
    else
        free(values);
}
