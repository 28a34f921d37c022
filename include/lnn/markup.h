/* A growing text, and what a page or a picture needs of it: escaping, and how wide it
 * is at most. Strings are UTF-8; bytes that are none are taken for Latin-1. */
#ifndef LNN_MARKUP_H
#define LNN_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is empty. `at` ends with '\0' once something was added; NULL before.
 * After a failure to grow nothing is added any more: look at `failed` once, at the end.
 */
struct lnn_markup {
    char *at;
    size_t n, room;
    bool failed;
};

void lnn_markup_bytes(struct lnn_markup *t, const char *bytes, size_t n);
void lnn_markup_put(struct lnn_markup *t, const char *string);
void lnn_markup_add(struct lnn_markup *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As the content of an XML or HTML element or a quoted attribute: & < > " ' become
 * entities; characters that XML does not allow become U+FFFD. NULL is "". */
void lnn_markup_escape(struct lnn_markup *t, const char *string);
/* The same of a text cut to `width` (see below), with an ellipsis if it was longer. */
void lnn_markup_escape_cut(struct lnn_markup *t, const char *string, double width);
/* GSL_ENOMEM, with the error's text, if it could not grow; else GSL_SUCCESS. */
int lnn_markup_status(const struct lnn_markup *t);
void lnn_markup_free(struct lnn_markup *t);

/* Width in units of the font's size, from above for the usual sans-serif fonts: by
 * character, without shaping. */
double lnn_markup_width(const char *string);

/* One character of UTF-8 at `*s`, which moves behind it; 0 at the end. */
unsigned lnn_markup_character(const char **s);

#endif
