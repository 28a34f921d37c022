/* The text of an error, one per thread. */
#include "lnn/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    ROOM = 1 << 14
}; /* every error of a problem file at once; longer texts are cut */

static _Thread_local char text[ROOM];

/* By way of a copy: an argument may be the present text. */
__attribute__((format(printf, 2, 0))) static void append(size_t at, const char *format,
                                                         va_list args)
{
    char copy[ROOM];
    vsnprintf(copy, sizeof copy, format, args);
    snprintf(text + at, sizeof text - at, "%s", copy);
}

int lnn_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append(0, format, args);
    va_end(args);
    return code;
}

int lnn_fail_more(int code, const char *format, ...)
{
    size_t at = strlen(text);
    if (at > 0 && at + 1 < sizeof text) {
        text[at++] = '\n';
        text[at] = '\0';
    }
    va_list args;
    va_start(args, format);
    append(at, format, args);
    va_end(args);
    return code;
}

const char *lnn_error(void)
{
    return text;
}

void lnn_error_clear(void)
{
    text[0] = '\0';
}
