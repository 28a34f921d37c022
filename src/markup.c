/* A growing text, escaped and measured. */
#include "lnn/markup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

enum { FIRST_ROOM = 256, REPLACEMENT = 0xfffd, ELLIPSIS = 0x2026 };

static bool grow(struct lnn_markup *t, size_t more)
{
    if (t->failed) return false;
    size_t room = t->room ? t->room : FIRST_ROOM;
    while (room - t->n <= more && room <= (size_t)-1 / 2) room *= 2;
    if (room == t->room) return true;
    char *at = room - t->n > more ? realloc(t->at, room) : NULL;
    t->failed = !at;
    if (!at) return false;
    t->at = at;
    t->room = room;
    return true;
}

void lnn_markup_bytes(struct lnn_markup *t, const char *bytes, size_t n)
{
    if (!grow(t, n)) return;
    if (n > 0) memcpy(t->at + t->n, bytes, n);
    t->n += n;
    t->at[t->n] = '\0';
}

void lnn_markup_put(struct lnn_markup *t, const char *string)
{
    lnn_markup_bytes(t, string, strlen(string));
}

void lnn_markup_add(struct lnn_markup *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) t->failed = true;
    if (n >= 0 && grow(t, (size_t)n)) {
        vsnprintf(t->at + t->n, t->room - t->n, format, again);
        t->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

/* Bytes of the UTF-8 sequence at `s`, 0 if it is none (overlong, surrogate, beyond). */
static size_t sequence(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return overlong || beyond ? 0 : n;
}

unsigned lnn_markup_character(const char **s)
{
    const unsigned char *u = (const unsigned char *)*s;
    if (!*u) return 0;
    size_t n = sequence(u);
    unsigned c = n > 1 ? u[0] & (0xffu >> (n + 1)) : u[0];
    for (size_t i = 1; i < n; i++) c = c << 6 | (u[i] & 0x3fu);
    *s += n > 0 ? n : 1;
    return c;
}

static void put_character(struct lnn_markup *t, unsigned c)
{
    bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
    if (control || (c & 0xfffe) == 0xfffe) c = REPLACEMENT;
    if (c == '&')
        lnn_markup_put(t, "&amp;");
    else if (c == '<')
        lnn_markup_put(t, "&lt;");
    else if (c == '>')
        lnn_markup_put(t, "&gt;");
    else if (c == '"' || c == '\'')
        lnn_markup_add(t, "&#%u;", c);
    else if (c < 0x80)
        lnn_markup_bytes(t, (char[]){(char)c}, 1);
    else if (c < 0x800)
        lnn_markup_bytes(t, (char[]){(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))},
                         2);
    else if (c < 0x10000)
        lnn_markup_bytes(t,
                         (char[]){(char)(0xe0 | c >> 12),
                                  (char)(0x80 | (c >> 6 & 0x3f)),
                                  (char)(0x80 | (c & 0x3f))},
                         3);
    else
        lnn_markup_bytes(
            t,
            (char[]){(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
                     (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f))},
            4);
}

void lnn_markup_escape(struct lnn_markup *t, const char *string)
{
    const char *s = string ? string : "";
    for (unsigned c; (c = lnn_markup_character(&s)) != 0;) put_character(t, c);
}

/* DejaVu Sans, the widest of the usual fonts, is the measure. */
static double character_width(unsigned c)
{
    if (c == 0xb7) return 0.42; /* a middle dot */
    if (c >= 0x80) return c < 0x1100 ? 0.9 : 1.1;
    if (strchr("mwMW%@", (int)c)) return 1;
    if (c >= 'A' && c <= 'Z') return 0.8;
    return strchr("ijlI.,:;'|!()[]/ ", (int)c) ? 0.42 : 0.66;
}

double lnn_markup_width(const char *string)
{
    double width = 0;
    const char *s = string ? string : "";
    for (unsigned c; (c = lnn_markup_character(&s)) != 0;) width += character_width(c);
    return width;
}

void lnn_markup_escape_cut(struct lnn_markup *t, const char *string, double width)
{
    const char *s = string ? string : "";
    if (lnn_markup_width(s) <= width) {
        lnn_markup_escape(t, s);
        return;
    }
    double used = character_width(ELLIPSIS);
    for (unsigned c; (c = lnn_markup_character(&s)) != 0;) {
        used += character_width(c);
        if (used > width) break;
        put_character(t, c);
    }
    put_character(t, ELLIPSIS);
}

int lnn_markup_status(const struct lnn_markup *t)
{
    return t->failed ? lnn_fail(GSL_ENOMEM, "out of memory") : GSL_SUCCESS;
}

void lnn_markup_free(struct lnn_markup *t)
{
    free(t->at);
    *t = (struct lnn_markup){0};
}
