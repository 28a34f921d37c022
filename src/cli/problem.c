/* What run and sweep share: the problem that the arguments name, the file it goes to,
 * the command as the file's history has it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static char *slurp(FILE *file)
{
    size_t n = 0, room = 1 << 14;
    char *at = NULL, *grown;
    while ((grown = realloc(at, room)) != NULL) {
        at = grown;
        n += fread(at + n, 1, room - 1 - n, file);
        at[n] = '\0';
        if (n < room - 1) return at;
        room *= 2;
    }
    free(at);
    return NULL;
}

static int read_stdin(const char *const *set, struct lnn_problem **problem)
{
    char *text = slurp(stdin);
    if (!text) return lnn_fail(GSL_ENOMEM, "<stdin>: out of memory");
    int status = ferror(stdin)
                     ? lnn_fail(GSL_EOF, "<stdin>: cannot be read: %s", strerror(errno))
                     : lnn_problem_parse(text, "<stdin>", set, problem);
    free(text);
    return status;
}

bool cli_from_stdin(const struct cli_arguments *a)
{
    return strcmp(a->operands[0], "-") == 0;
}

int cli_read_problem(const struct cli_arguments *a, struct lnn_problem **problem)
{
    const char **set = calloc((size_t)a->n_given + 1, sizeof *set);
    if (!set) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (int i = 0, n = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, "set") == 0) set[n++] = a->given[i].value;
    int status = cli_from_stdin(a) ? read_stdin(set, problem)
                                   : lnn_problem_read(a->operands[0], set, problem);
    free(set);
    return status;
}

/* FILE.h5 in the current folder for any/where/FILE.yaml. */
static char *beside(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t n = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    char *file = malloc(n + sizeof ".h5");
    if (file) snprintf(file, n + sizeof ".h5", "%.*s.h5", (int)n, name);
    return file;
}

char *cli_output_path(const struct cli_arguments *a, const struct lnn_problem *problem)
{
    const char *given = cli_value(a, "output");
    if (given) return strdup(given);
    if (problem->output.file) return lnn_problem_path(problem, problem->output.file);
    return cli_from_stdin(a) ? NULL : beside(a->operands[0]);
}

/* What makes the same numbers again, for the file's history: the output's name, --force
 * and the like are left out. Quotes are the shell's. */
char *cli_command_text(const struct cli_arguments *a)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) return NULL;
    fprintf(out, "lnnflow %s %s", a->command->name, a->operands[0]);
    for (int i = 0; i < a->n_given; i++) {
        if (strcmp(a->given[i].option->name, "set") != 0) continue;
        fputs(" --set '", out);
        for (const char *c = a->given[i].value; *c; c++)
            fputs(*c == '\'' ? "'\\''" : (char[]){*c, '\0'}, out);
        fputc('\'', out);
    }
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}
