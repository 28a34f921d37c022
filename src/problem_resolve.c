/* The resolved form: YAML of every key in force, that reads back to the same problem.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "problem_inner.h"

/* Code point of the well-formed UTF-8 at *s, which moves on. */
static unsigned long code_point(const unsigned char **s)
{
    unsigned long c = *(*s)++;
    if (c >= 0xC0) {
        c &= c >= 0xF0 ? 0x07 : c >= 0xE0 ? 0x0F : 0x1F;
        while ((**s & 0xC0) == 0x80) c = c << 6 | (*(*s)++ & 0x3F);
    }
    return c;
}

/* What YAML allows in a quoted text as it is: no control characters, line breaks, byte
 * order marks or non-characters. */
static bool is_plain(unsigned long c)
{
    if (c == '"' || c == '\\' || c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
    return c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF;
}

static void write_quoted(struct lnn_buffer *text, const char *value)
{
    const unsigned char *s = (const unsigned char *)value;
    lnn_buffer_add(text, "\"");
    while (*s) {
        const unsigned char *from = s;
        unsigned long c = code_point(&s);
        if (is_plain(c))
            lnn_buffer_add(text, "%.*s", (int)(s - from), (const char *)from);
        else if (c == '"' || c == '\\')
            lnn_buffer_add(text, "\\%c", (int)c);
        else if (c < 0x100)
            lnn_buffer_add(text, "\\x%02lX", c);
        else
            lnn_buffer_add(text, "\\u%04lX", c);
    }
    lnn_buffer_add(text, "\"");
}

static void write_number(struct lnn_buffer *text, double x)
{
    char number[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, x);
        if (strtod(number, NULL) == x) break;
    }
    lnn_buffer_add(text, "%s", number);
}

void lnn_write_text(struct lnn_buffer *text, const void *at)
{
    write_quoted(text, *(const char *const *)at);
}

void lnn_write_path(struct lnn_buffer *text, const void *at)
{
    write_quoted(text, *(const char *const *)at);
}

void lnn_write_choice(struct lnn_buffer *text, const void *at)
{
    lnn_buffer_add(text, "%s", *(const char *const *)at);
}

void lnn_write_real(struct lnn_buffer *text, const void *at)
{
    write_number(text, *(const double *)at);
}

void lnn_write_count(struct lnn_buffer *text, const void *at)
{
    lnn_buffer_add(text, "%zu", *(const size_t *)at);
}

void lnn_write_flag(struct lnn_buffer *text, const void *at)
{
    lnn_buffer_add(text, "%s", *(const bool *)at ? "true" : "false");
}

void lnn_write_counts(struct lnn_buffer *text, const void *at)
{
    const struct lnn_counts *counts = at;
    for (size_t i = 0; i < counts->n; i++)
        lnn_buffer_add(text, "%s%zu", i ? ", " : "[", counts->at[i]);
    lnn_buffer_add(text, "]");
}

void lnn_write_matrix(struct lnn_buffer *text, const void *at)
{
    const struct lnn_matrix *m = at;
    for (size_t i = 0; i < m->rows; i++) {
        lnn_buffer_add(text, "%s", i ? ", " : "[");
        for (size_t j = 0; j < m->cols; j++) {
            lnn_buffer_add(text, "%s", j ? ", " : "[");
            write_number(text, m->at[i * m->cols + j]);
        }
        lnn_buffer_add(text, "]");
    }
    lnn_buffer_add(text, "]");
}

void lnn_write_words(struct lnn_buffer *text, const void *at)
{
    const struct lnn_words *words = at;
    for (size_t i = 0; i < words->n; i++) {
        lnn_buffer_add(text, "%s", i ? ", " : "[");
        write_quoted(text, words->at[i]);
    }
    lnn_buffer_add(text, "]");
}

/* `first` opens the block before its first key, `next` stands before the others. */
static void write_block(struct lnn_buffer *text, const char *section, const void *base,
                        const char *first, const char *next)
{
    const char *lead = first;
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, section) != 0) continue;
        if (!lnn_key_applies(key, base) || lnn_key_absent(key, base)) continue;
        lnn_buffer_add(text, "%s%s: ", lead, key->name);
        lnn_type_of(key)->write(text, (const char *)base + key->offset);
        lnn_buffer_add(text, "\n");
        lead = next;
    }
}

char *lnn_problem_resolve(const struct lnn_problem *problem)
{
    struct lnn_buffer text = {0};
    write_block(&text, "", problem, "", "");
    for (int i = 0; i < LNN_SECTIONS; i++) {
        const char *name = lnn_sections[i].name;
        char first[64];
        snprintf(first, sizeof first, "%s:\n  ", name);
        if (!lnn_sections[i].list) {
            write_block(&text, name, problem, first, "  ");
            continue;
        }
        lnn_buffer_add(&text, "%s:\n", name);
        for (size_t j = 0; j < problem->trajectories.n; j++)
            write_block(&text, name, &problem->trajectories.at[j], "  - ", "    ");
    }
    if (!text.failed) return text.at;
    free(text.at);
    return NULL;
}
