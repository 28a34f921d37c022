/* Messages about a problem file: collected with their places, sorted, raised at once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "problem_inner.h"

/* A file with more wrong than this is not a problem file; lnn_error() holds 16 kB. */
enum { MESSAGES_MAX = 1000, TEXT_MAX = 16000 };

static void keep(struct lnn_reading *r, struct lnn_place place, char *text)
{
    struct lnn_message *grown =
        realloc(r->messages, (r->n_messages + 1) * sizeof *r->messages);
    if (grown) r->messages = grown;
    if (!grown || !text) {
        free(text);
        r->out_of_memory = true;
        return;
    }
    grown[r->n_messages] = (struct lnn_message){place, r->n_messages, text};
    r->n_messages++;
}

void lnn_complain(struct lnn_reading *r, struct lnn_place place, const char *format,
                  ...)
{
    char line[1024];
    va_list args;
    if (r->n_errors++ >= MESSAGES_MAX) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    /* One line each, whatever the file's texts hold. */
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    keep(r, place, strdup(line));
}

/* The file's in the order of its lines, then those of --set in their order. */
static int by_place(const void *a, const void *b)
{
    const struct lnn_message *x = a, *y = b;
    if (!x->place.set != !y->place.set) return x->place.set ? 1 : -1;
    if (!x->place.set && x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (!x->place.set && x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void raise_one(const struct lnn_reading *r, const struct lnn_message *m)
{
    if (m->place.set)
        lnn_fail_more(GSL_EINVAL, "--set %.200s: error: %s", m->place.set, m->text);
    else
        lnn_fail_more(GSL_EINVAL, "%s:%zu:%zu: error: %s", r->path, m->place.line,
                      m->place.column, m->text);
}

int lnn_messages_raise(struct lnn_reading *r)
{
    lnn_error_clear();
    if (r->out_of_memory) return lnn_fail(GSL_ENOMEM, "%s: out of memory", r->path);
    if (r->n_messages == 0) return GSL_SUCCESS;
    qsort(r->messages, r->n_messages, sizeof *r->messages, by_place);
    size_t shown = 0, length = 0;
    for (; shown < r->n_messages; shown++) {
        length += strlen(r->messages[shown].text) + strlen(r->path) + 250;
        if (length > TEXT_MAX && shown > 0) break;
        raise_one(r, &r->messages[shown]);
        length = strlen(lnn_error());
    }
    if (r->n_errors > shown)
        lnn_fail_more(GSL_EINVAL, "%s: error: %zu more errors are not shown", r->path,
                      r->n_errors - shown);
    return GSL_EINVAL;
}

struct lnn_place lnn_place_of(const struct lnn_document *d, const yaml_node_t *node)
{
    return (struct lnn_place){d->set, node->start_mark.line + 1,
                              node->start_mark.column + 1};
}

const char *lnn_quote(const yaml_node_t *node, char quote[LNN_QUOTE])
{
    if (node->type == YAML_SEQUENCE_NODE) return "a list";
    if (node->type == YAML_MAPPING_NODE) return "a mapping";
    if (lnn_node_is_nothing(node)) return "nothing";
    size_t n = node->data.scalar.length, room = LNN_QUOTE - sizeof "\"\"...";
    const unsigned char *s = node->data.scalar.value;
    size_t cut = n < room ? n : room;
    while (cut < n && cut > 0 && (s[cut] & 0xC0) == 0x80) cut--; /* whole characters */
    snprintf(quote, LNN_QUOTE, "\"%.*s%s\"", (int)cut, (const char *)s,
             cut < n ? "..." : "");
    return quote;
}
