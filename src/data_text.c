/* Text tables, the lower half: a file's bytes, its lines, their fields, one number. */
#include "data_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include "lnn/err.h"

/* Read all of an open file; gzread passes plain files through unchanged. */
static int slurp(gzFile file, struct lnn_text *t)
{
    size_t room = 1 << 16;
    for (;; room *= 2) {
        char *grown = realloc(t->text, room + 1);
        if (!grown) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
        t->text = grown;
        while (t->size < room) {
            size_t want = room - t->size < (1u << 30) ? room - t->size : 1u << 30;
            int got = gzread(file, t->text + t->size, (unsigned)want);
            int code = Z_OK;
            const char *why = gzerror(file, &code);
            if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
                return lnn_fail(GSL_EOF, "%s: error: cannot be read: %s", t->path,
                                code == Z_ERRNO       ? strerror(errno)
                                : code == Z_BUF_ERROR ? "the gzip file is cut short"
                                                      : why);
            if (got == 0) {
                t->text[t->size] = '\0';
                return GSL_SUCCESS;
            }
            t->size += (size_t)got;
        }
    }
}

/* Bytes that say the file is no plain table; names the likely cause. */
static int check_bytes(struct lnn_text *t)
{
    const unsigned char *b = (const unsigned char *)t->text;
    if (t->size >= 2 &&
        ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
        return lnn_fail(GSL_EINVAL,
                        "%s:1:1: error: the text is UTF-16; save it as UTF-8", t->path);
    if (memchr(t->text, '\0', t->size))
        return lnn_fail(GSL_EINVAL, "%s: error: not a text table, it holds NUL bytes",
                        t->path);
    if (t->size >= 3 && memcmp(b, "\xef\xbb\xbf", 3) == 0) t->at = 3;
    return GSL_SUCCESS;
}

int lnn_text_load(struct lnn_text *t)
{
    errno = 0;
    gzFile file = gzopen(t->path, "rb");
    if (!file)
        return lnn_fail(errno ? GSL_EOF : GSL_ENOMEM, "%s: error: cannot be opened: %s",
                        t->path, errno ? strerror(errno) : "out of memory");
    gzbuffer(file, 1 << 17);
    int status = slurp(file, t);
    gzclose(file); /* read only: all that can fail has been reported by gzerror */
    return status == GSL_SUCCESS ? check_bytes(t) : status;
}

void lnn_text_free(struct lnn_text *t)
{
    free(t->text);
    lnn_data_names_free(t->names);
    if (t->numbers) freelocale(t->numbers);
    *t = (struct lnn_text){.path = NULL};
}

static bool blank(const struct lnn_text *t, char c)
{
    return c == ' ' || (c == '\t' && t->delimiter != '\t');
}

/* The next line without its end (\n, \r\n or \r); false after the last. */
bool lnn_text_line(struct lnn_text *t, struct lnn_line *l)
{
    if (t->at >= t->size) return false;
    size_t end = t->at;
    while (end < t->size && t->text[end] != '\n' && t->text[end] != '\r') end++;
    *l = (struct lnn_line){t->text + t->at, t->text + t->at, t->text + end, false};
    if (end + 1 < t->size && t->text[end] == '\r' && t->text[end + 1] == '\n') end++;
    t->at = end + 1;
    t->line++;
    while (l->end > l->at && blank(t, l->end[-1])) l->end--;
    while (l->at < l->end && blank(t, *l->at)) l->at++;
    l->more = l->at < l->end;
    return true;
}

/* The field keeps its doubled quotes: the text is never changed. */
static int quoted(const struct lnn_text *t, struct lnn_line *l, struct lnn_field *f)
{
    const char *c = l->at + 1;
    f->at = c;
    while (c < l->end && (*c != '"' || (c + 1 < l->end && c[1] == '"')))
        c += *c == '"' ? 2 : 1;
    if (c >= l->end)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu:%zu: error: a quote is opened and not closed on "
                        "its line",
                        t->path, t->line, f->column);
    f->n = (size_t)(c - f->at);
    for (l->at = c + 1; l->at < l->end && blank(t, *l->at);) l->at++;
    if (l->at < l->end && t->delimiter != ' ' && *l->at != t->delimiter)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu:%zu: error: text after a closing quote; a quote "
                        "within quotes is written twice",
                        t->path, t->line, (size_t)(l->at - l->begin) + 1);
    return GSL_SUCCESS;
}

static void unquoted(const struct lnn_text *t, struct lnn_line *l, struct lnn_field *f)
{
    const char *end = l->at;
    f->at = l->at;
    if (t->delimiter == ' ')
        while (end < l->end && !blank(t, *end)) end++;
    else
        while (end < l->end && *end != t->delimiter) end++;
    l->at = end;
    while (end > f->at && blank(t, end[-1])) end--;
    f->n = (size_t)(end - f->at);
}

/* Take the first field off a line that has more. */
int lnn_text_field(const struct lnn_text *t, struct lnn_line *l, struct lnn_field *f)
{
    while (l->at < l->end && blank(t, *l->at)) l->at++;
    f->column = (size_t)(l->at - l->begin) + 1;
    if (l->at < l->end && *l->at == '"')
        LNN_TRY(quoted(t, l, f));
    else
        unquoted(t, l, f);
    l->more = l->at < l->end; /* blanks at the end of the line are off already */
    if (l->more && t->delimiter != ' ') l->at++;
    return GSL_SUCCESS;
}

static bool one_of(const struct lnn_field *f, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == f->n && strncasecmp(*words, f->at, f->n) == 0)
            return true;
    return false;
}

/* What a field is, and its value if it is a number. strtod alone would take
 * hexadecimal, "nan" and "inf", and stops early without a word at "1.5x". */
enum lnn_field_kind lnn_field_read(const struct lnn_field *f, double *x)
{
    static const char *const missing[] = {"",     "na", "n/a", "nan", "null",
                                          "none", "?",  "-",   ".",   NULL};
    static const char *const infinite[] = {"inf",       "+inf",      "-inf", "infinity",
                                           "+infinity", "-infinity", NULL};
    bool digit = false, decimal = true;
    for (size_t i = 0; i < f->n && decimal; i++) {
        char c = f->at[i];
        digit = digit || (c >= '0' && c <= '9');
        decimal = (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
                  c == 'e' || c == 'E';
    }
    if (digit && decimal) {
        char *end;
        *x = strtod(f->at, &end);
        if (end != f->at + f->n) return LNN_FIELD_TEXT;
        return isfinite(*x) ? LNN_FIELD_NUMBER : LNN_FIELD_INFINITE;
    }
    if (one_of(f, missing)) return LNN_FIELD_MISSING;
    return one_of(f, infinite) ? LNN_FIELD_INFINITE : LNN_FIELD_TEXT;
}
