/* Printing: messages, wrapped text, numbers. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

void cli_say(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs("lnnflow: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int exit_code(int status)
{
    if (status == GSL_SUCCESS) return CLI_DONE;
    if (status == GSL_EINVAL) return CLI_USAGE;
    return status == GSL_EOF ? CLI_IO : CLI_NUMERICAL;
}

/* Lines that name their own place, FILE:LINE:COLUMN: error: or the like, stand alone.
 */
int cli_fail(int status)
{
    const char *line = lnn_error();
    fflush(stdout);
    if (line[0] == '\0') line = gsl_strerror(status);
    while (*line) {
        size_t n = strcspn(line, "\n");
        bool placed = false;
        for (size_t i = 0; i + 8 < n && !placed; i++)
            placed = strncmp(line + i, ": error:", 8) == 0;
        fprintf(stderr, "%s%.*s\n", placed ? "" : "lnnflow: ", (int)n, line);
        line += n + (line[n] != '\0');
    }
    return exit_code(status);
}

int cli_flush(void)
{
    errno = 0;
    bool good = fflush(stdout) == 0;
    int why = errno;
    if (good && !ferror(stdout)) return CLI_DONE;
    /* whoever closed the pipe, as head does, knows; the exit code tells the rest */
    if (why != EPIPE)
        fprintf(stderr, "lnnflow: cannot write to standard output%s%s\n",
                why ? ": " : "", why ? strerror(why) : "");
    return CLI_IO;
}

size_t cli_width(FILE *out)
{
    struct winsize size;
    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0) return 80;
    if (size.ws_col == 0) return 80;
    return size.ws_col < 40 ? 40 : size.ws_col > 100 ? 100 : size.ws_col;
}

void cli_wrap(size_t indent, size_t at, size_t width, const char *text)
{
    bool fresh = true; /* nothing printed on this line since the indent */
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (!fresh && at + 1 + n > width) {
            putchar('\n');
            at = 0;
            fresh = true;
        }
        if (n > 0) {
            if (fresh && at < indent)
                at += (size_t)printf("%*s", (int)(indent - at), "");
            if (!fresh) at += (size_t)printf(" ");
            printf("%.*s", (int)n, text);
            at += n;
            fresh = false;
        }
        text += n;
        if (*text == '\n') {
            putchar('\n');
            at = 0;
            fresh = true;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

const char *cli_number(double x, int digits, char text[CLI_NUMBER])
{
    if (isnan(x)) return "-";
    snprintf(text, CLI_NUMBER, "%.*g", digits, x);
    return text;
}

const char *cli_exact(double x, char text[CLI_NUMBER])
{
    if (isnan(x)) return "nan"; /* not -nan, which is no news */
    snprintf(text, CLI_NUMBER, "%.17g", x);
    return text;
}

const char *cli_bytes(const char *path, char text[CLI_NUMBER])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    struct stat info;
    if (stat(path, &info) != 0) return "size unknown";
    double size = (double)info.st_size;
    size_t unit = 0;
    for (; size >= 1000 && unit < 4; unit++) size /= 1000;
    snprintf(text, CLI_NUMBER, "%.3g %s", size, units[unit]);
    return text;
}
