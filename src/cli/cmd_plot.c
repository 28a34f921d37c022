/* lnnflow plot: chosen variables as a picture in the terminal, or as SVG. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

enum { NAMES = 200 };

struct plot {
    const struct cli_arguments *a;
    struct cli_curves curves;
    struct lnn_series *series;
    char (*names)[CLI_NAME];
    char y_label[NAMES];
    struct lnn_chart chart;
};

/* What one curve is called among the others: only what tells them apart. */
static void name_series(struct plot *p)
{
    const struct cli_curves *c = &p->curves;
    bool groups = false, names = false;
    for (size_t i = 1; i < c->n; i++) {
        groups = groups || strcmp(c->curves[i].group, c->curves[0].group) != 0;
        names = names || strcmp(c->curves[i].name, c->curves[0].name) != 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct cli_curve *curve = &c->curves[i];
        const char *group = groups ? cli_group_name(curve->group) : "";
        snprintf(p->names[i], CLI_NAME, "%s%s%s", group, groups && names ? " " : "",
                 names || !groups ? curve->name : "");
        p->series[i] = (struct lnn_series){
            .name = p->names[i], .n = curve->rows, .x = curve->x, .y = curve->y};
    }
}

/* One variable: what it is; several: their names. */
static void label_y(struct plot *p)
{
    const char *const *names = p->a->operands + 1;
    size_t n = 0;
    for (size_t i = 0; names[i] && n < NAMES; i++)
        n += (size_t)snprintf(p->y_label + n, NAMES - n, "%s%s", i ? ", " : "",
                              names[i]);
    if (names[1] || strchr(names[0], '[') || n >= NAMES) return;
    char where[CLI_NAME];
    snprintf(where, sizeof where, "%s/%s", p->curves.curves[0].group, names[0]);
    char *doc = lnn_reader_attribute(p->curves.reader, where, "long_name");
    if (doc && strcmp(doc, names[0]) != 0)
        snprintf(p->y_label + n, NAMES - n, ": %s", doc);
    free(doc);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Three decades or more, nothing negative, few zeros. */
static bool spans_decades(const struct lnn_range *r)
{
    return r->n > 0 && r->min >= 0 && r->positive_max > 1e3 * r->positive_min &&
           10 * r->positive >= 9 * r->n;
}

/* A sample in the middle far to the left of the middle: spaced by a factor. */
static bool spaced_by_factor(const struct lnn_series *s)
{
    double *sorted = malloc((s->n + 1) * sizeof *sorted);
    if (!sorted || s->n < 3) {
        free(sorted);
        return false;
    }
    memcpy(sorted, s->x, s->n * sizeof *sorted);
    qsort(sorted, s->n, sizeof *sorted, compare);
    bool spaced = sorted[0] >= 0 && sorted[s->n / 2] < 0.05 * sorted[s->n - 1];
    free(sorted);
    return spaced;
}

static void choose_scales(struct plot *p)
{
    struct lnn_range x = {0}, y = {0};
    bool spaced = true;
    for (size_t i = 0; i < p->chart.n; i++) {
        lnn_range_add(&x, p->series[i].n, p->series[i].x);
        lnn_range_add(&y, p->series[i].n, p->series[i].y);
        spaced = spaced && spaced_by_factor(&p->series[i]);
    }
    p->chart.x_log = spaced && spans_decades(&x);
    p->chart.y_log = spans_decades(&y);
    if (cli_flag(p->a, "log")) p->chart.y_log = true;
    if (cli_flag(p->a, "linear")) p->chart.y_log = false;
}

/* The terminal's size, else that of the environment, else 80 by 24. */
static size_t size_of(const char *variable, bool rows, size_t usual)
{
    struct winsize size;
    const char *text = getenv(variable);
    char *end;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;
    if (n > 0 && n < 10000 && *end == '\0') return n;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        if (rows && size.ws_row > 0) return size.ws_row;
        if (!rows && size.ws_col > 0) return size.ws_col;
    }
    return usual;
}

/* Does the locale say that the terminal understands UTF-8? */
static bool utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale) return false;
    bool is = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return is;
}

static bool colours(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) &&
           !(term && strcmp(term, "dumb") == 0);
}

static int print(const struct plot *p)
{
    struct lnn_markup text = {0};
    struct lnn_plot_style style = {
        .columns = size_of("COLUMNS", false, 80),
        .rows = size_of("LINES", true, 24) - 1, /* the prompt */
        .ascii = cli_flag(p->a, "ascii") || !utf8(),
        .colour = colours(),
    };
    int status = lnn_plot_text(&p->chart, &style, &text);
    if (status == GSL_SUCCESS) fwrite(text.at, 1, text.n, stdout);
    lnn_markup_free(&text);
    return status == GSL_SUCCESS ? CLI_DONE : cli_fail(status);
}

static bool write_file(const struct lnn_markup *svg, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out) return false;
    bool good = fwrite(svg->at, 1, svg->n, out) == svg->n;
    return fclose(out) == 0 && good;
}

static int write_svg(struct plot *p, const char *path)
{
    struct lnn_markup svg = {0};
    struct stat info, input;
    bool to_stdout = strcmp(path, "-") == 0, there = stat(path, &info) == 0;
    if (!to_stdout && there && stat(p->a->operands[0], &input) == 0 &&
        info.st_dev == input.st_dev && info.st_ino == input.st_ino) {
        cli_say("plot: %s is the file that is drawn; it stays as it is", path);
        return CLI_USAGE;
    }
    if (!to_stdout && there && S_ISREG(info.st_mode) && !cli_flag(p->a, "force")) {
        cli_say("%s exists; use --force to replace it", path);
        return CLI_USAGE;
    }
    p->chart.standalone = true;
    p->chart.width = 720;
    p->chart.height = 420;
    int status = lnn_chart_svg(&p->chart, &svg);
    int code = status == GSL_SUCCESS ? CLI_DONE : cli_fail(status);
    if (code == CLI_DONE && to_stdout) fwrite(svg.at, 1, svg.n, stdout);
    if (code == CLI_DONE && !to_stdout && !write_file(&svg, path)) {
        cli_say("cannot write %s: %s", path, strerror(errno));
        code = CLI_IO;
    }
    lnn_markup_free(&svg);
    return code;
}

static int draw(struct plot *p)
{
    const char *svg = cli_value(p->a, "svg");
    p->series = calloc(p->curves.n, sizeof *p->series);
    p->names = calloc(p->curves.n, sizeof *p->names);
    if (!p->series || !p->names) return cli_fail(lnn_fail(GSL_ENOMEM, "out of memory"));
    char *title = lnn_reader_attribute(p->curves.reader, "", "title");
    name_series(p);
    label_y(p);
    p->chart = (struct lnn_chart){.title = title ? title : p->a->operands[0],
                                  .x_label = p->curves.x_label,
                                  .y_label = p->y_label,
                                  .n = p->curves.n,
                                  .series = p->series};
    choose_scales(p);
    int code = svg ? write_svg(p, svg) : print(p);
    free(title);
    return code;
}

static int read_curves(struct plot *p)
{
    const char *group = cli_value(p->a, "group"), *one[2] = {NULL, NULL};
    const char *const *groups = lnn_reader_groups(p->curves.reader);
    if (group || !groups[0]) {
        one[0] = cli_group(p->curves.reader, p->a->operands[0], group);
        if (!one[0]) return CLI_USAGE;
        groups = one;
    }
    int code = CLI_DONE;
    for (int i = 1; code == CLI_DONE && i < p->a->n; i++)
        code = cli_curves_add(&p->curves, groups, p->a->operands[i]);
    return code;
}

static int plot(const struct cli_arguments *a)
{
    struct plot p = {.a = a, .curves.x = cli_value(a, "x")};
    if (cli_flag(a, "log") && cli_flag(a, "linear")) {
        cli_say("plot: --log and --linear exclude each other");
        return CLI_USAGE;
    }
    int status = lnn_reader_open(a->operands[0], &p.curves.reader);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = read_curves(&p);
    if (code == CLI_DONE) code = draw(&p);
    cli_curves_free(&p.curves);
    free(p.series);
    free(p.names);
    lnn_reader_close(p.curves.reader);
    return code;
}

const struct cli_command cli_command_plot = {
    .name = "plot",
    .doc = "chosen variables as a picture in the terminal, or as SVG",
    .details =
        "Every trajectory that has the variable is drawn. Of vectors, as "
        "singular_values, every entry is, of matrices those that are named: W[0,1] is "
        "row 0, column 1. lnnflow info lists the variables.\n"
        "Lines are Braille dots, or ASCII where the locale is not UTF-8; the size is "
        "the terminal's, or that of COLUMNS and LINES. Colours only on a terminal, and "
        "not with NO_COLOR. The y axis is logarithmic where nothing is negative and "
        "values span more than three decades; how many values an axis cannot show is "
        "said below.",
    .run = plot,
    .operands = {{"FILE.h5", "the file", CLI_H5, false, false},
                 {"VAR", "variables, or entries as W[0,1]", CLI_WORD, false, true}},
    .options =
        {
            {"group", "only this trajectory", "GROUP", 'g', CLI_WORD},
            {"x", "draw over this: iteration, W[0,0], ...; default: time", "VAR", 'x',
             CLI_WORD},
            {"log", "logarithmic y axis", NULL, 0, CLI_FLAG},
            {"linear", "linear y axis", NULL, 0, CLI_FLAG},
            {"ascii", "no characters beyond ASCII", NULL, 0, CLI_FLAG},
            {"svg", "write a picture instead; - is stdout", "OUT.svg", 'o', CLI_WORD},
            {"force", "replace an existing OUT.svg", NULL, 'f', CLI_FLAG},
        },
};
