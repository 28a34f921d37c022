/* The sweep: keys with the values each takes. A point of their product is read like the
 * problem itself, with one value of each axis in its key's place, so that a value is
 * checked as if it stood there, and messages point to it. */
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

static yaml_node_t *node_at(struct lnn_document *d, int id)
{
    return yaml_document_get_node(&d->yaml, id);
}

static size_t length_of(const yaml_node_t *list)
{
    if (!list || list->type != YAML_SEQUENCE_NODE) return 0;
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static yaml_node_t *item(struct lnn_document *d, const yaml_node_t *list, size_t i)
{
    return node_at(d, list->data.sequence.items.start[i]);
}

static bool says(const yaml_node_t *node, const char *word)
{
    return node->type == YAML_SCALAR_NODE &&
           strcmp((const char *)node->data.scalar.value, word) == 0;
}

struct axis {
    yaml_node_t *key, *values;
};

/* NULL, or what is wrong with it. */
static const char *read_axis(struct lnn_document *d, yaml_node_t *node,
                             struct axis *axis)
{
    *axis = (struct axis){0};
    if (node->type != YAML_MAPPING_NODE)
        return "must be a mapping like {key: init.scale, values: [0.01, 0.1]}";
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = node_at(d, pair->key), *value = node_at(d, pair->value);
        yaml_node_t **to = says(name, "key")      ? &axis->key
                           : says(name, "values") ? &axis->values
                                                  : NULL;
        if (!to) return "has the keys key and values, and no other";
        if (*to) return "has the keys key and values, each once";
        *to = value;
    }
    if (!axis->key || !axis->values) return "needs both key and values";
    if (axis->key->type != YAML_SCALAR_NODE) return "has a key that is not a word";
    if (length_of(axis->values) == 0) return "needs a list of at least one value";
    const char *key = (const char *)axis->key->data.scalar.value;
    if (strcmp(key, "sweep") == 0 || strcmp(key, "trajectories") == 0)
        return "cannot take all of sweep or trajectories; a key of them is meant";
    return NULL;
}

void lnn_sources_sweep(struct lnn_reading *r, size_t point)
{
    struct lnn_source *source = &r->main.of[LNN_AT_root_sweep];
    size_t n = length_of(source->node);
    struct axis axis;
    while (n-- > 0) { /* the last one varies fastest */
        struct lnn_document *d = source->document;
        if (read_axis(d, item(d, source->node, n), &axis)) return; /* said elsewhere */
        size_t values = length_of(axis.values);
        lnn_sources_point(r, (const char *)axis.key->data.scalar.value, d,
                          lnn_place_of(d, axis.key),
                          item(d, axis.values, point % values));
        point /= values;
    }
}

enum { VALUE_MAX = 1 << 16 }; /* bytes; also ends aliases of aliases */

/* The node as YAML on one line. */
static void write_node(struct lnn_buffer *text, struct lnn_document *d,
                       const yaml_node_t *node)
{
    if (text->n > VALUE_MAX) return;
    if (node->type == YAML_SCALAR_NODE) {
        const char *value = (const char *)node->data.scalar.value;
        if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strchr(value, '\n'))
            lnn_buffer_add(text, "%s", value);
        else
            lnn_write_text(text, &value);
    } else if (node->type == YAML_SEQUENCE_NODE) {
        for (size_t i = 0; i < length_of(node); i++) {
            lnn_buffer_add(text, "%s", i ? ", " : "[");
            write_node(text, d, item(d, node, i));
        }
        lnn_buffer_add(text, "%s", length_of(node) ? "]" : "[]");
    } else {
        const yaml_node_pair_t *first = node->data.mapping.pairs.start, *pair = first;
        for (; pair < node->data.mapping.pairs.top; pair++) {
            lnn_buffer_add(text, "%s", pair > first ? ", " : "{");
            write_node(text, d, node_at(d, pair->key));
            lnn_buffer_add(text, ": ");
            write_node(text, d, node_at(d, pair->value));
        }
        lnn_buffer_add(text, "%s", pair > first ? "}" : "{}");
    }
}

static void keep_axis(struct lnn_reading *r, struct lnn_document *d,
                      const struct axis *from, struct lnn_axis *axis)
{
    size_t n = length_of(from->values);
    axis->key = strdup((const char *)from->key->data.scalar.value);
    axis->values = calloc(n, sizeof *axis->values);
    r->out_of_memory = r->out_of_memory || !axis->key || !axis->values;
    for (size_t i = 0; axis->values && i < n; i++) {
        struct lnn_buffer text = {0};
        yaml_node_t *node = item(d, from->values, i);
        write_node(&text, d, node);
        if (text.failed) r->out_of_memory = true;
        if (text.n > VALUE_MAX)
            lnn_complain(r, lnn_place_of(d, node), "a value of %s is too long",
                         axis->key ? axis->key : "sweep");
        axis->values[axis->n++] = text.at ? text.at : strdup("");
    }
}

static bool named_before(const struct lnn_axes *axes, const char *key)
{
    for (size_t a = 0; a < axes->n; a++)
        if (axes->at[a].key && strcmp(axes->at[a].key, key) == 0) return true;
    return false;
}

void lnn_read_sweep(struct lnn_reading *r, const struct lnn_key *key,
                    struct lnn_document *d, yaml_node_t *node, void *at)
{
    struct lnn_axes *axes = at;
    size_t n = length_of(node);
    double points = 1;
    axes->at = calloc(n + 1, sizeof *axes->at);
    if (!axes->at) r->out_of_memory = true;
    if (n == 0)
        lnn_complain(r, lnn_place_of(d, node),
                     "%s must be a list like [{key: init.scale, values: [0.01, 0.1]}]",
                     key->name);
    for (size_t i = 0; axes->at && i < n; i++) {
        struct axis axis;
        yaml_node_t *one = item(d, node, i);
        const char *wrong = read_axis(d, one, &axis);
        if (!wrong && named_before(axes, (const char *)axis.key->data.scalar.value))
            wrong = "takes a key that another one has";
        if (wrong)
            lnn_complain(r, lnn_place_of(d, one), "an entry of sweep %s", wrong);
        else
            keep_axis(r, d, &axis, &axes->at[axes->n++]);
        points *= wrong ? 1 : (double)length_of(axis.values);
    }
    if (points > LNN_POINTS)
        lnn_complain(r, lnn_place_of(d, node), "sweep has %g points, at most %d may be",
                     points, LNN_POINTS);
}

void lnn_write_sweep(struct lnn_buffer *text, const void *at)
{
    const struct lnn_axes *axes = at;
    for (size_t a = 0; a < axes->n; a++) {
        lnn_buffer_add(text, "%s{key: ", a ? ", " : "[");
        lnn_write_text(text, &axes->at[a].key);
        lnn_buffer_add(text, ", values: ");
        for (size_t i = 0; i < axes->at[a].n; i++)
            lnn_buffer_add(text, "%s%s", i ? ", " : "[", axes->at[a].values[i]);
        lnn_buffer_add(text, "]}");
    }
    lnn_buffer_add(text, "]");
}

void lnn_axes_free(void *at)
{
    struct lnn_axes *axes = at;
    for (size_t a = 0; a < axes->n; a++) {
        for (size_t i = 0; i < axes->at[a].n; i++) free(axes->at[a].values[i]);
        free(axes->at[a].values);
        free(axes->at[a].key);
    }
    free(axes->at);
}

size_t lnn_problem_points(const struct lnn_problem *problem)
{
    size_t points = 1;
    for (size_t a = 0; a < problem->sweep.n; a++) points *= problem->sweep.at[a].n;
    return points;
}

size_t lnn_problem_point_value(const struct lnn_problem *problem, size_t i, size_t a)
{
    for (size_t b = problem->sweep.n; b-- > a + 1;) i /= problem->sweep.at[b].n;
    return i % problem->sweep.at[a].n;
}
