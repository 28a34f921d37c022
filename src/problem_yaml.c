/* YAML text to a libyaml document whose nodes know their places. Aliases are resolved
 * by libyaml to the node itself; a document may so be cyclic, but it is only ever
 * walked to the fixed depth of the table. */
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

static struct lnn_place place_at(const char *set, yaml_mark_t mark)
{
    return (struct lnn_place){set, mark.line + 1, mark.column + 1};
}

/* libyaml's reader knows only the offset in bytes. */
static struct lnn_place place_of_byte(const char *set, const char *text, size_t offset)
{
    struct lnn_place place = {set, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* libyaml's marks count characters. */
static bool tab_at(const char *text, size_t length, size_t character)
{
    size_t i = 0;
    for (; i < length; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80 && character-- == 0) break;
    return i < length && text[i] == '\t';
}

static void complain_parser(struct lnn_reading *r, const yaml_parser_t *parser,
                            const char *set, const char *text, size_t length)
{
    const char *what = parser->problem ? parser->problem : "unknown problem";
    if (parser->error == YAML_MEMORY_ERROR) {
        r->out_of_memory = true;
        return;
    }
    if (parser->error == YAML_READER_ERROR) {
        size_t at = parser->problem_offset < length ? parser->problem_offset : length;
        lnn_complain(r, place_of_byte(set, text, at),
                     "not plain UTF-8 text: %s (byte 0x%02X)", what,
                     at < length ? (unsigned)(unsigned char)text[at] : 0);
        return;
    }
    struct lnn_place place = place_at(set, parser->problem_mark);
    bool is_tab = tab_at(text, length, parser->problem_mark.index);
    const char *tab = is_tab ? "; indent with blanks, not tabs" : "";
    if (parser->context && !set)
        lnn_complain(r, place, "not valid YAML: %s, %s that began at line %zu%s", what,
                     parser->context, parser->context_mark.line + 1, tab);
    else
        lnn_complain(r, place, "not valid YAML: %s%s", what, tab);
}

static bool refuse_second(struct lnn_reading *r, yaml_parser_t *parser, const char *set,
                          const char *text, size_t length)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        complain_parser(r, parser, set, text, length);
        return false;
    }
    bool ok = yaml_document_get_root_node(&second) == NULL;
    if (!ok)
        lnn_complain(r, place_at(set, second.start_mark),
                     "a second YAML document begins here; a problem is one document");
    yaml_document_delete(&second);
    return ok;
}

/* libyaml takes time quadratic in the depth of open brackets. */
static bool shallow(struct lnn_reading *r, const char *set, const char *text,
                    size_t length)
{
    enum { DEPTH_MAX = 1000 };
    int depth = 0;
    for (size_t i = 0; i < length; i++) {
        depth += text[i] == '[' || text[i] == '{';
        depth -= (text[i] == ']' || text[i] == '}') && depth > 0;
        if (depth <= DEPTH_MAX) continue;
        lnn_complain(r, place_of_byte(set, text, i), "more than %d open brackets",
                     DEPTH_MAX);
        return false;
    }
    return true;
}

static bool load(struct lnn_reading *r, yaml_parser_t *parser, struct lnn_document *d,
                 const char *text, size_t length)
{
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)text, length);
    if (!yaml_parser_load(parser, &d->yaml)) {
        complain_parser(r, parser, d->set, text, length);
        return false;
    }
    d->next = r->documents;
    r->documents = d;
    if (!yaml_document_get_root_node(&d->yaml)) return true;
    return refuse_second(r, parser, d->set, text, length);
}

struct lnn_document *lnn_yaml_load(struct lnn_reading *r, const char *text,
                                   size_t length, const char *set)
{
    yaml_parser_t parser;
    struct lnn_document *d = calloc(1, sizeof *d);
    if (!d || !yaml_parser_initialize(&parser)) {
        r->out_of_memory = true;
        free(d);
        return NULL;
    }
    d->set = set;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
        text += 3;
        length -= 3;
    }
    bool ok = shallow(r, set, text, length) && load(r, &parser, d, text, length);
    if (!ok && r->documents != d) free(d);
    yaml_parser_delete(&parser);
    return ok ? d : NULL;
}

void lnn_documents_free(struct lnn_document *documents)
{
    while (documents) {
        struct lnn_document *next = documents->next;
        yaml_document_delete(&documents->yaml);
        free(documents);
        documents = next;
    }
}

bool lnn_node_is_nothing(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE) return false;
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    const char *s = (const char *)node->data.scalar.value;
    return *s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0;
}
