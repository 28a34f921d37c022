/* Charts in a terminal: which dots a line hits, where ticks stand, what is left out. */
#include "lnn_test.h"

TestSuite(plot, .init = lnn_test_setup);

enum { COLUMNS = 80, ROWS = 24, MOST = 400, BRAILLE = 0x2800 };

struct page { /* the text as characters */
    size_t rows, width[MOST];
    unsigned at[MOST][MOST];
    size_t left;  /* of the canvas: behind the axis */
    size_t first; /* row of the canvas, the second line */
    size_t high;  /* rows of the canvas */
};

static struct page page;

static bool is_axis(unsigned c)
{
    return c == '|' || c == '+' || c == 0x2502 || c == 0x2524;
}

/* A line of dashes? Only every tenth is a tick. */
static bool is_bottom(size_t row)
{
    for (size_t i = 2; i < page.width[row]; i++) {
        const unsigned *at = &page.at[row][i];
        if ((at[0] == '-' || at[0] == 0x2500) && at[-1] == at[0] && at[-2] == at[0])
            return true;
    }
    return false;
}

static void read_page(const char *text)
{
    page = (struct page){.first = 1};
    for (const char *s = text; *s;) {
        unsigned c = lnn_markup_character(&s);
        cr_assert_lt(page.rows, MOST);
        if (c != '\n') page.at[page.rows][page.width[page.rows]++] = c;
        page.rows += c == '\n';
    }
    size_t row = page.first, x = 0;
    while (x < page.width[row] && !is_axis(page.at[row][x])) x++;
    page.left = x + 1;
    while (row < page.rows && !is_bottom(row)) row++;
    page.high = row - page.first;
}

static char *draw(const struct lnn_chart *chart, struct lnn_plot_style style)
{
    struct lnn_markup text = {0};
    LNN_OK(lnn_plot_text(chart, &style, &text));
    read_page(text.at);
    return text.at;
}

static unsigned cell(size_t row, size_t column)
{
    size_t x = page.left + column;
    return x < page.width[page.first + row] ? page.at[page.first + row][x] : ' ';
}

/* Is the dot set: `across` from the left, `down` from the top? */
static bool braille_dot(size_t across, size_t down)
{
    static const unsigned bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    unsigned c = cell(down / 4, across / 2);
    return c >= BRAILLE && ((c - BRAILLE) & bits[down % 4][across % 2]);
}

static struct lnn_chart chart_of(const struct lnn_series *series, size_t n)
{
    return (struct lnn_chart){.x_label = "x", .y_label = "y", .n = n, .series = series};
}

Test(plot, straight_line_hits_its_cells)
{
    double x[] = {0, 7}, y[] = {-1, 3};
    struct lnn_series s = {.name = "s", .n = 2, .x = x, .y = y};
    struct lnn_chart c = chart_of(&s, 1);
    free(draw(&c, (struct lnn_plot_style){COLUMNS, ROWS, true, false}));
    size_t w = COLUMNS - page.left, h = page.high;
    cr_assert_gt(h, 10);
    for (size_t i = 0; i < w; i++) {
        double row = (1 - (double)i / (double)(w - 1)) * (double)(h - 1);
        for (size_t r = 0; r < h; r++)
            cr_assert_eq(cell(r, i) == '*', fabs((double)r - row) <= 0.5,
                         "row %zu, column %zu", r, i);
    }
}

/* Flat, so that every column of dots has one. */
Test(plot, braille_dots_lie_on_the_line)
{
    double x[] = {0, 1, 2}, y[] = {0, 1, 0.25};
    struct lnn_series s = {.name = "s", .n = 3, .x = x, .y = y};
    struct lnn_chart c = chart_of(&s, 1);
    free(draw(&c, (struct lnn_plot_style){COLUMNS, ROWS, false, false}));
    size_t w = 2 * (COLUMNS - page.left), h = 4 * page.high;
    for (size_t i = 0; i < w; i++) {
        double at = 2.0 * (double)i / (double)(w - 1);
        double value = at < 1 ? at : 1 - 0.75 * (at - 1);
        double row = (1 - value) * (double)(h - 1);
        size_t n = 0;
        for (size_t r = 0; r < h; r++) {
            if (!braille_dot(i, r)) continue;
            cr_assert(fabs((double)r - row) <= 1.01, "dot %zu, %zu, not %g", i, r, row);
            n++;
        }
        cr_assert(n >= 1 && n <= 2, "%zu dots in column %zu", n, i);
    }
}

static void check_ticks(const struct lnn_chart *c, double min, double max)
{
    size_t found = 0;
    double dots = (double)(4 * page.high - 1);
    for (size_t r = 0; r < page.high; r++) {
        char label[MOST] = "";
        for (size_t i = 0; i + 2 < page.left; i++)
            label[i] = (char)page.at[page.first + r][i];
        char *end;
        double value = strtod(label, &end);
        if (end == label) continue;
        double share =
            c->y_log ? log(value / min) / log(max / min) : (value - min) / (max - min);
        cr_assert_eq((size_t)lround((1 - share) * dots) / 4, r, "tick %s", label);
        cr_assert_eq(page.at[page.first + r][page.left - 1], 0x2524);
        found++;
    }
    cr_assert_geq(found, 2);
}

Test(plot, ticks_stand_in_the_rows_of_their_values)
{
    double x[] = {0, 1, 2, 3}, y[] = {3.1e-9, 2, 1e-4, 0.7};
    struct lnn_series s = {.name = "s", .n = 4, .x = x, .y = y};
    struct lnn_chart c = chart_of(&s, 1);
    for (size_t rows = 12; rows < 60; rows += 7) {
        struct lnn_plot_style style = {COLUMNS, rows, false, false};
        c.y_log = true;
        free(draw(&c, style));
        check_ticks(&c, 3.1e-9, 2);
        c.y_log = false;
        free(draw(&c, style));
        check_ticks(&c, 3.1e-9, 2);
    }
}

Test(plot, x_labels_stand_below_their_ticks)
{
    double x[] = {0, 10}, y[] = {0, 1};
    struct lnn_series s = {.name = "s", .n = 2, .x = x, .y = y};
    struct lnn_chart c = chart_of(&s, 1);
    free(draw(&c, (struct lnn_plot_style){COLUMNS, ROWS, false, false}));
    size_t axis = page.first + page.high, w = COLUMNS - page.left, found = 0;
    for (size_t i = 0; i < page.width[axis + 1]; i++) {
        unsigned c0 = page.at[axis + 1][i];
        if (c0 < '0' || c0 > '9' || (i > 0 && page.at[axis + 1][i - 1] != ' '))
            continue;
        double value = c0 - '0';
        if (page.at[axis + 1][i + 1] == '0') value = 10;
        size_t column =
            page.left + (size_t)lround(value / 10 * (double)(2 * w - 1)) / 2;
        cr_assert_eq(page.at[axis][column], 0x252c, "tick %g", value);
        cr_assert(column >= i && column <= i + 1, "label %g", value);
        found++;
    }
    cr_assert_geq(found, 3);
}

Test(plot, gaps_stay_gaps_and_are_counted)
{
    enum { N = 101 };
    double x[N], y[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)i;
        y[i] = i > 40 && i < 61 ? NAN : 1 + (double)(i % 2);
    }
    y[5] = 0;
    y[6] = -1;
    y[7] = INFINITY;
    struct lnn_series s = {.name = "s", .n = N, .x = x, .y = y};
    struct lnn_chart c = chart_of(&s, 1);
    c.y_log = true;
    char *text = draw(&c, (struct lnn_plot_style){COLUMNS, ROWS, false, false});
    cr_assert_not_null(strstr(text, "\n2 values left out: <= 0"), "%s", text);
    cr_assert_not_null(strstr(text, "\n21 values left out: NaN or infinite"));
    double w = COLUMNS - (double)page.left;
    for (size_t i = 0; i < (size_t)w; i++) {
        bool inside = (double)i > 0.41 * w && (double)i < 0.595 * w, any = false;
        for (size_t r = 0; r < page.high; r++) any = any || cell(r, i) > BRAILLE;
        if (inside) cr_assert_not(any, "column %zu", i);
        if (i < 3 || (double)i > 0.62 * w) cr_assert(any, "column %zu", i);
    }
    free(text);
}

/* Constants, one row, none, NaN alone, huge and tiny numbers, in all sizes. */
Test(plot, every_page_keeps_its_size)
{
    double x[] = {0, 1, 2}, nan[] = {NAN, NAN, NAN}, same[] = {3.5, 3.5, 3.5};
    double huge[] = {-1e308, 0, 1e308}, tiny[] = {5e-324, 1e-320, 1e-310};
    const double *const all[] = {nan, same, huge, tiny};
    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < 4; n++)
            for (size_t size = 0; size < 200; size += 40) {
                struct lnn_series s[] = {
                    {.name = "one", .n = n, .x = x, .y = all[i]},
                    {.name = "two \xc3\xbc", .n = n, .x = x, .y = all[i]}};
                struct lnn_chart c = chart_of(s, 1 + size / 40 % 2);
                c.y_log = size % 80 != 0;
                bool ascii = n % 2;
                char *text =
                    draw(&c, (struct lnn_plot_style){size, size / 2, ascii, false});
                cr_assert_leq(page.rows, size / 2 > 12 ? size / 2 : 12);
                for (size_t r = 0; r < page.rows; r++)
                    cr_assert_leq(page.width[r], size > 30 ? size : 30, "%s", text);
                for (const char *at = text; ascii && *at; at++)
                    cr_assert(strchr("\n", *at) || (*at >= ' ' && *at <= '~'));
                free(text);
            }
}

Test(plot, every_series_has_its_letter)
{
    enum { N = 9 };
    double x[] = {0, 1}, y[N][2];
    char names[N][8];
    struct lnn_series s[N];
    for (size_t i = 0; i < N; i++) {
        y[i][0] = y[i][1] = i < 3 ? 0 : (double)i; /* three on top of each other */
        snprintf(names[i], sizeof names[i], "s%zu", i);
        s[i] = (struct lnn_series){.name = names[i], .n = 2, .x = x, .y = y[i]};
    }
    struct lnn_chart c = chart_of(s, N);
    char *text = draw(&c, (struct lnn_plot_style){COLUMNS, 30, false, false});
    size_t seen[N] = {0};
    for (size_t r = 0; r < page.high; r++)
        for (size_t i = 0; i < COLUMNS - page.left; i++)
            if (cell(r, i) >= 'a' && cell(r, i) < 'a' + N) seen[cell(r, i) - 'a']++;
    for (size_t i = 0; i < N; i++) {
        char entry[16];
        snprintf(entry, sizeof entry, "%c s%zu", (char)('a' + i), i);
        cr_assert_not_null(strstr(text, entry), "%s", text);
        cr_assert_geq(seen[i], 3, "%c", (char)('a' + i));
    }
    free(text);
}

/* Equal lines take turns in plain ASCII. */
Test(plot, equal_lines_take_turns)
{
    double x[] = {0, 1}, y[] = {0, 1};
    struct lnn_series s[3];
    for (size_t i = 0; i < 3; i++)
        s[i] = (struct lnn_series){.name = "s", .n = 2, .x = x, .y = y};
    struct lnn_chart c = chart_of(s, 3);
    free(draw(&c, (struct lnn_plot_style){COLUMNS, ROWS, true, false}));
    size_t seen[128] = {0};
    for (size_t r = 0; r < page.high; r++)
        for (size_t i = 0; i < COLUMNS - page.left; i++) seen[cell(r, i)]++;
    cr_assert_geq(seen['*'], 20);
    cr_assert_geq(seen['+'], 20);
    cr_assert_geq(seen['o'], 20);
    cr_assert_eq(seen['*'] + seen['+'] + seen['o'], COLUMNS - page.left);
}

/* Colours change nothing but colours, and every line ends in the usual one. */
Test(plot, colours_are_taken_back)
{
    double x[] = {0, 1, 2}, y[] = {0, 1, 0}, z[] = {1, 0, 1};
    struct lnn_series s[] = {{.name = "a", .n = 3, .x = x, .y = y},
                             {.name = "b", .n = 3, .x = x, .y = z}};
    struct lnn_chart c = chart_of(s, 2);
    struct lnn_plot_style style = {COLUMNS, ROWS, false, false};
    char *plain = draw(&c, style);
    style.colour = true;
    char *text = draw(&c, style), *to = text;
    bool coloured = false, any = false;
    for (const char *at = text; *at;) {
        if (*at == '\033') {
            coloured = strncmp(at, "\033[0m", 4) != 0;
            any = true;
            at = strchr(at, 'm') + 1;
            continue;
        }
        if (*at == '\n') cr_assert_not(coloured);
        *to++ = *at++;
    }
    *to = '\0';
    cr_assert(any);
    cr_assert_str_eq(text, plain);
    free(text);
    free(plain);
}
