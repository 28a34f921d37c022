/* lnnflow report: a page about trajectory files, and a picture of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"

/* any/where/FILE.html for any/where/FILE.h5. */
static char *beside(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t n = dot && dot != name ? (size_t)(dot - path) : strlen(path);
    char *file = malloc(n + sizeof ".html");
    if (file) snprintf(file, n + sizeof ".html", "%.*s.html", (int)n, path);
    return file;
}

static bool to_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* May it be written? No input, and nothing that is there without --force. */
static int check_target(const struct cli_arguments *a, const char *path)
{
    struct stat target, input;
    if (stat(path, &target) != 0) return CLI_DONE;
    for (int i = 0; i < a->n; i++) {
        if (stat(a->operands[i], &input) != 0) continue;
        if (input.st_dev != target.st_dev || input.st_ino != target.st_ino) continue;
        cli_say("report: %s is a file the report is about; it stays as it is", path);
        return CLI_USAGE;
    }
    if (S_ISREG(target.st_mode) && !cli_flag(a, "force")) {
        cli_say("%s exists; use --force to replace it", path);
        return CLI_USAGE;
    }
    return CLI_DONE;
}

static int cannot_write(const char *path)
{
    cli_say("cannot write %s: %s", path, strerror(errno));
    return CLI_IO;
}

static bool write_all(const struct lnn_markup *page, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out) return false;
    bool good = fwrite(page->at, 1, page->n, out) == page->n;
    int why = errno;
    if (fclose(out) != 0) return false;
    errno = why;
    return good;
}

/* A regular file is replaced as a whole, or stays. */
static int write_page(const struct lnn_markup *page, const char *path)
{
    struct stat info;
    if (to_stdout(path)) {
        fwrite(page->at, 1, page->n, stdout); /* main looks after it */
        return CLI_DONE;
    }
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_all(page, path) ? CLI_DONE : cannot_write(path);
    char *part = malloc(strlen(path) + sizeof ".part");
    if (!part) return cli_fail(lnn_fail(GSL_ENOMEM, "out of memory"));
    strcat(strcpy(part, path), ".part");
    int code = CLI_DONE;
    if (!write_all(page, part) || rename(part, path) != 0) {
        code = cannot_write(path);
        remove(part);
    }
    free(part);
    return code;
}

/* "1280" or "1280x900". */
static int read_size(const char *text, struct cli_picture *p)
{
    char *end;
    long width = strtol(text, &end, 10), height = 0;
    bool good = end != text;
    if (good && *end == 'x') height = strtol(end + 1, &end, 10);
    good = good && *end == '\0' && width >= 500 && width <= 8000 &&
           (height == 0 || (height >= 100 && height <= 16000));
    if (!good) {
        cli_say(
            "report: --size %s: WIDTH or WIDTHxHEIGHT is meant, 500 to 8000 and 100 "
            "to 16000",
            text);
        return CLI_USAGE;
    }
    p->width = (int)width;
    p->height = (int)height;
    return CLI_DONE;
}

static int write_picture(const struct cli_arguments *a, const char *page)
{
    struct cli_picture p = {.page = page, .path = cli_value(a, "png"), .width = 1280};
    const char *size = cli_value(a, "size");
    if (size) (void)read_size(size, &p); /* checked before */
    int code = cli_picture(&p);
    if (code == CLI_DONE) printf("%s\n", p.path);
    return code;
}

static int check(const struct cli_arguments *a, const char *output)
{
    const char *png = cli_value(a, "png"), *size = cli_value(a, "size");
    struct cli_picture p;
    if (size && !png) {
        cli_say("report: --size is the picture's: it goes with --png");
        return CLI_USAGE;
    }
    if (png && (to_stdout(output) || strcmp(png, output) == 0)) {
        cli_say("report: the picture is taken of the page's file: name one by -o, "
                "another one than the picture's");
        return CLI_USAGE;
    }
    if (size && read_size(size, &p) != CLI_DONE) return CLI_USAGE;
    int code = to_stdout(output) ? CLI_DONE : check_target(a, output);
    return code == CLI_DONE && png ? check_target(a, png) : code;
}

static int make(const struct cli_arguments *a, const char *output)
{
    struct lnn_markup page = {0};
    struct lnn_report_options options = {.version = cli_version_text()};
    int code = check(a, output);
    if (code != CLI_DONE) return code;
    int status = lnn_report_html((size_t)a->n, a->operands, &options, &page);
    code = status == GSL_SUCCESS ? write_page(&page, output) : cli_fail(status);
    lnn_markup_free(&page);
    if (code != CLI_DONE || to_stdout(output)) return code;
    printf("%s\n", output);
    return cli_value(a, "png") ? write_picture(a, output) : CLI_DONE;
}

static int report(const struct cli_arguments *a)
{
    const char *given = cli_value(a, "output");
    char *output = given ? strdup(given) : beside(a->operands[0]);
    int code =
        output ? make(a, output) : cli_fail(lnn_fail(GSL_ENOMEM, "out of memory"));
    free(output);
    return code;
}

const struct cli_command cli_command_report = {
    .name = "report",
    .doc = "a page about trajectory files: problem, verdicts, charts",
    .details =
        "One HTML file that needs nothing else, no network either: the problem and its "
        "key figures, every verdict with its reason, and charts of the loss, of what "
        "is "
        "conserved, of the singular values, of the two flows against each other, of "
        "step sizes, and of every other observable, with error bars and with the "
        "numbers as tables. Several files are compared in the same charts.\n"
        "It says where it wrote. The page is light or dark as the reader's system is, "
        "and prints. Charts show values under the pointer, and by keyboard: Tab to a "
        "chart, then arrow keys, Home and End.\n"
        "--png takes a picture of the page by chromium, chromium-browser, "
        "google-chrome or wkhtmltoimage, the first of them that works.",
    .run = report,
    .operands = {{"FILE.h5", "trajectory files, lnnflow's or anybody's", CLI_H5, false,
                  true}},
    .options =
        {
            {"output", "where to; default: the first FILE with .html; - is stdout",
             "OUT.html", 'o', CLI_WORD},
            {"png", "also a picture of the page", "OUT.png", 0, CLI_WORD},
            {"size", "of the picture; default: 1280, and as high as the page",
             "WIDTH[xHEIGHT]", 0, CLI_WORD},
            {"force", "replace existing outputs", NULL, 'f', CLI_FLAG},
        },
};
