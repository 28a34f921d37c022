/* Growing text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "problem_inner.h"

static bool reserve(struct lnn_buffer *text, size_t more)
{
    if (text->failed) return false;
    if (text->n + more < text->room) return true;
    size_t room = 2 * (text->n + more) + 64;
    char *grown = realloc(text->at, room);
    if (!grown) {
        text->failed = true;
        return false;
    }
    text->at = grown;
    text->room = room;
    return true;
}

void lnn_buffer_add(struct lnn_buffer *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) text->failed = true;
    if (n >= 0 && reserve(text, (size_t)n + 1)) {
        vsnprintf(text->at + text->n, (size_t)n + 1, format, again);
        text->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}
