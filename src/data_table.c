/* Text tables, the upper half: delimiter, header, rows of numbers. One pass, linear
 * time; numbers are read in the C locale, whatever the host program's is. */
#include "data_parts.h"

#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

/* How much of a field a message shows. */
static int shown(const struct lnn_field *f)
{
    return f->n < 40 ? (int)f->n : 40;
}

static void skip_blank_lines(struct lnn_text *t)
{
    while (t->at < t->size) {
        size_t end = t->at + strspn(t->text + t->at, " \t");
        if (end < t->size && t->text[end] != '\n' && t->text[end] != '\r') return;
        if (end + 1 < t->size && t->text[end] == '\r' && t->text[end + 1] == '\n')
            end++;
        t->at = end + 1;
        t->line++;
    }
}

/* A semicolon goes before a comma: the comma beside it may be a decimal one. */
static char guess_delimiter(const struct lnn_text *t)
{
    bool semicolon = false, tab = false, comma = false, quote = false;
    for (const char *c = t->text + t->at; *c && *c != '\n' && *c != '\r'; c++) {
        if (*c == '"') quote = !quote;
        semicolon = semicolon || (*c == ';' && !quote);
        tab = tab || (*c == '\t' && !quote);
        comma = comma || (*c == ',' && !quote);
    }
    return semicolon ? ';' : tab ? '\t' : comma ? ',' : ' ';
}

static int set_delimiter(struct lnn_text *t, const char *word)
{
    static const struct {
        const char *name;
        char delimiter;
    } known[] = {
        {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"whitespace", ' '}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(word, known[i].name) == 0) {
            t->delimiter = known[i].delimiter;
            return GSL_SUCCESS;
        }
    if (strcmp(word, "auto") != 0)
        return lnn_fail(GSL_EINVAL,
                        "%s: error: delimiter \"%s\"; known are auto, comma, "
                        "semicolon, tab, whitespace",
                        t->path, word);
    t->delimiter = guess_delimiter(t);
    return GSL_SUCCESS;
}

/* Append a field as a name; doubled quotes become single ones. */
static int add_name(struct lnn_text *t, const struct lnn_field *f)
{
    if ((t->cols & (t->cols - 1)) == 0) { /* room doubles at every power of two */
        size_t room = t->cols ? 2 * t->cols : 1;
        char **grown = realloc(t->names, (room + 1) * sizeof *grown);
        if (!grown) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
        t->names = grown;
    }
    char *name = malloc(f->n + 1), *to = name;
    t->names[t->cols++] = name;
    t->names[t->cols] = NULL;
    if (!name) return lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    for (size_t i = 0; i < f->n; i++) {
        *to++ = f->at[i];
        if (f->at[i] == '"' && i + 1 < f->n && f->at[i + 1] == '"') i++;
    }
    *to = '\0';
    return GSL_SUCCESS;
}

/* The first row: its fields become the names for now; *names: none of them is a number,
 * and not all of them are missing. */
static int read_first(struct lnn_text *t, bool *names)
{
    struct lnn_line line;
    struct lnn_field field;
    size_t numbers = 0, texts = 0;
    double x;
    lnn_text_line(t, &line);
    while (line.more) {
        LNN_TRY(lnn_text_field(t, &line, &field));
        enum lnn_field_kind kind = lnn_field_read(&field, &x);
        numbers += kind == LNN_FIELD_NUMBER;
        texts += kind == LNN_FIELD_TEXT;
        LNN_TRY(add_name(t, &field));
    }
    *names = numbers == 0 && texts > 0;
    return GSL_SUCCESS;
}

static int open_table(const char *header, const char *delimiter, struct lnn_text *t)
{
    LNN_TRY(lnn_text_load(t));
    skip_blank_lines(t);
    if (t->at >= t->size)
        return lnn_fail(GSL_EINVAL,
                        "%s:1:1: error: the file is empty; a table with one "
                        "example a row was meant to be here",
                        t->path);
    LNN_TRY(set_delimiter(t, delimiter));
    size_t at = t->at, line = t->line;
    LNN_TRY(read_first(t, &t->named));
    t->first = t->line;
    if (strcmp(header, "auto") != 0) t->named = strcmp(header, "yes") == 0;
    if (t->named) return GSL_SUCCESS;
    t->at = at; /* the first row is data: read it again with the others */
    t->line = line;
    lnn_data_names_free(t->names);
    t->names = lnn_data_names("x", t->cols);
    return t->names ? GSL_SUCCESS : GSL_ENOMEM;
}

int lnn_table_open(const char *path, const char *header, const char *delimiter,
                   struct lnn_text *t)
{
    *t = (struct lnn_text){.path = path};
    t->numbers = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!t->numbers) return lnn_fail(GSL_ENOMEM, "%s: out of memory", path);
    locale_t before = uselocale(t->numbers);
    int status = open_table(header, delimiter, t);
    uselocale(before);
    if (status != GSL_SUCCESS) lnn_text_free(t);
    return status;
}

static int fail_field(const struct lnn_text *t, const struct lnn_field *f, size_t j,
                      enum lnn_field_kind kind)
{
    const char *hint = "; leave out the column, or write a number";
    if (!t->named && t->line == t->first)
        hint = "; if this row holds names, say header: yes";
    if (t->delimiter != ',' && memchr(f->at, ',', f->n))
        hint = "; write decimals with a point";
    const char *name = t->names[j];
    if (kind == LNN_FIELD_MISSING && f->n == 0)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu:%zu: error: the value of column \"%s\" is "
                        "missing; every example needs all its numbers",
                        t->path, t->line, f->column, name);
    if (kind == LNN_FIELD_MISSING)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu:%zu: error: missing value (\"%.*s\") in column "
                        "\"%s\"; every example needs all its numbers",
                        t->path, t->line, f->column, shown(f), f->at, name);
    if (kind == LNN_FIELD_INFINITE)
        return lnn_fail(GSL_EINVAL,
                        "%s:%zu:%zu: error: \"%.*s\" in column \"%s\" is not "
                        "finite",
                        t->path, t->line, f->column, shown(f), f->at, name);
    return lnn_fail(GSL_EINVAL,
                    "%s:%zu:%zu: error: \"%.*s\" in column \"%s\" is not a "
                    "number%s",
                    t->path, t->line, f->column, shown(f), f->at, name, hint);
}

static int fail_width(const struct lnn_text *t, size_t column, const char *has)
{
    return lnn_fail(GSL_EINVAL,
                    "%s:%zu:%zu: error: the row has %s fields than the %zu of "
                    "line %zu",
                    t->path, t->line, column, has, t->cols, t->first);
}

static int read_row(const struct lnn_text *t, struct lnn_line *line,
                    const bool wanted[], double row[])
{
    struct lnn_field field;
    size_t j = 0;
    for (; line->more; j++) {
        LNN_TRY(lnn_text_field(t, line, &field));
        if (j == t->cols) return fail_width(t, field.column, "more");
        if (wanted && !wanted[j]) {
            row[j] = 0;
            continue;
        }
        enum lnn_field_kind kind = lnn_field_read(&field, &row[j]);
        if (kind != LNN_FIELD_NUMBER) return fail_field(t, &field, j, kind);
    }
    if (j < t->cols)
        return fail_width(t, (size_t)(line->end - line->begin) + 1, "fewer");
    return GSL_SUCCESS;
}

static int read_rows(struct lnn_text *t, const bool wanted[], struct lnn_table *table)
{
    struct lnn_line line;
    size_t blank = 0;
    while (lnn_text_line(t, &line)) {
        if (!line.more) {
            blank = blank ? blank : t->line;
            continue;
        }
        if (blank)
            return lnn_fail(GSL_EINVAL,
                            "%s:%zu:1: error: a blank line among the rows; take "
                            "it out, or write the missing values",
                            t->path, blank);
        LNN_TRY(read_row(t, &line, wanted, table->at + table->rows * t->cols));
        table->lines[table->rows++] = t->line;
    }
    if (table->rows > 0) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s:%zu:1: error: there is a header and no row below it", t->path,
                    t->first);
}

int lnn_table_rows(struct lnn_text *t, const bool wanted[], struct lnn_table *table)
{
    /* A row takes at least cols bytes: this room is enough, below 17 times the file. */
    size_t room = (t->size - (t->at < t->size ? t->at : t->size) + 1) / t->cols + 1;
    *table = (struct lnn_table){.cols = t->cols};
    table->at = malloc(room * t->cols * sizeof *table->at);
    table->lines = malloc(room * sizeof *table->lines);
    int status = GSL_SUCCESS;
    if (!table->at || !table->lines)
        status = lnn_fail(GSL_ENOMEM, "%s: out of memory", t->path);
    locale_t before = uselocale(t->numbers);
    if (status == GSL_SUCCESS) status = read_rows(t, wanted, table);
    uselocale(before);
    table->names = t->names;
    t->names = NULL;
    if (status != GSL_SUCCESS) lnn_table_free(table);
    return status;
}

int lnn_table_read(const char *path, const char *header, const char *delimiter,
                   struct lnn_table *table)
{
    struct lnn_text text;
    *table = (struct lnn_table){.rows = 0};
    LNN_TRY(lnn_table_open(path, header, delimiter, &text));
    int status = lnn_table_rows(&text, NULL, table);
    lnn_text_free(&text);
    return status;
}

void lnn_table_free(struct lnn_table *table)
{
    free(table->at);
    free(table->lines);
    lnn_data_names_free(table->names);
    *table = (struct lnn_table){.rows = 0};
}
