/* Cells in aligned columns. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

struct cli_table {
    const char *columns;
    size_t n, room;
    char **cells;
    bool failed;
};

struct cli_table *cli_table_open(const char *columns)
{
    struct cli_table *table = calloc(1, sizeof *table);
    if (!table) {
        cli_say("out of memory");
        return NULL;
    }
    table->columns = columns;
    return table;
}

static bool make_room(struct cli_table *table)
{
    if (table->n < table->room) return true;
    size_t room = 2 * table->room + 64;
    char **cells = realloc(table->cells, room * sizeof *cells);
    if (!cells) return false;
    table->cells = cells;
    table->room = room;
    return true;
}

__attribute__((format(printf, 1, 0))) static char *print_text(const char *format,
                                                              va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text) vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

void cli_cell(struct cli_table *table, const char *format, ...)
{
    va_list args;
    if (!table || table->failed) return;
    va_start(args, format);
    char *text = make_room(table) ? print_text(format, args) : NULL;
    va_end(args);
    if (text)
        table->cells[table->n++] = text;
    else
        table->failed = true;
}

enum { COLUMNS_MAX = 16 };

/* Blanks are owed until something follows them. */
static void print_row(char *const cells[], const char *columns, const size_t widths[],
                      size_t indent, size_t width)
{
    size_t at = 0, from = indent, last = strlen(columns) - 1;
    for (size_t j = 0; j <= last; j++) {
        size_t n = strlen(cells[j]), start = from;
        if (columns[j] == 'r') start += widths[j] - n;
        if (j == last && columns[j] == 'l' && n > 0) break;
        if (n > 0) at += (size_t)printf("%*s%s", (int)(start - at), "", cells[j]);
        from += widths[j] + 2;
    }
    if (columns[last] == 'l' && cells[last][0])
        cli_wrap(from, at, width, cells[last]);
    else
        putchar('\n');
}

void cli_table_print(struct cli_table *table, size_t indent, size_t width)
{
    if (!table) return;
    size_t n_columns = strlen(table->columns), widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->n; i++) {
        size_t n = strlen(table->cells[i]), *w = &widths[i % n_columns];
        if (n > *w) *w = n;
    }
    for (size_t i = 0; i + n_columns <= table->n; i += n_columns)
        print_row(table->cells + i, table->columns, widths, indent, width);
    if (table->failed) cli_say("out of memory");
    for (size_t i = 0; i < table->n; i++) free(table->cells[i]);
    free(table->cells);
    free(table);
}
