/* lnnflow run: integrate a problem, write its file, say how it went. */
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

static bool from_stdin(const struct cli_arguments *a)
{
    return strcmp(a->operands[0], "-") == 0;
}

static int read_problem(const struct cli_arguments *a, struct lnn_problem **problem)
{
    const char **set = calloc((size_t)a->n_given + 1, sizeof *set);
    if (!set) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (int i = 0, n = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, "set") == 0) set[n++] = a->given[i].value;
    int status = from_stdin(a) ? read_stdin(set, problem)
                               : lnn_problem_read(a->operands[0], set, problem);
    free(set);
    return status;
}

static int dry_run(const struct lnn_problem *problem)
{
    int status = lnn_simulate_check(problem);
    if (status != GSL_SUCCESS) return cli_fail(status);
    fputs(problem->resolved, stdout);
    return CLI_DONE;
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

static char *output_path(const struct cli_arguments *a,
                         const struct lnn_problem *problem)
{
    const char *given = cli_value(a, "output");
    if (given) return strdup(given);
    if (problem->output.file) return lnn_problem_path(problem, problem->output.file);
    return from_stdin(a) ? NULL : beside(a->operands[0]);
}

/* What makes the same numbers again, for the file's history: the output's name, --force
 * and the like are left out. Quotes are the shell's. */
static char *command_text(const struct cli_arguments *a)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) return NULL;
    fprintf(out, "lnnflow run %s", a->operands[0]);
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

static int verdict(const struct lnn_simulation *simulation)
{
    bool failed = false, stopped = false, broken = false;
    for (size_t i = 0; i < simulation->n; i++) {
        const struct lnn_result *r = &simulation->results[i];
        broken = broken || r->reason == LNN_STOP_SIGNAL;
        stopped =
            stopped || r->reason == LNN_STOP_STEPS || r->reason == LNN_STOP_SECONDS;
        if (!lnn_reason_failed(r->reason)) continue;
        failed = true;
        cli_say("%s failed at t = %g: %s", r->name, r->t,
                r->message[0] ? r->message : lnn_reason_name(r->reason));
    }
    if (broken) return 128 + (int)cli_signal;
    if (failed) return CLI_NUMERICAL;
    return stopped ? CLI_STOPPED : CLI_DONE;
}

static int integrate(const struct cli_arguments *a, const struct lnn_problem *problem,
                     const char *output, const char *command)
{
    struct lnn_simulation *simulation = NULL;
    struct cli_progress *progress =
        cli_flag(a, "quiet") ? NULL : cli_progress_open(problem);
    struct lnn_simulate_options options = {
        .output = output,
        .force = cli_flag(a, "force"),
        .fsync = cli_flag(a, "fsync"),
        .signal = &cli_signal,
        .progress = progress ? cli_progress_show : NULL,
        .progress_arg = progress,
        .version = cli_version_text(),
        .command = command,
    };
    cli_signals_catch();
    int status = lnn_simulate(problem, &options, &simulation);
    cli_progress_close(progress);
    if (status != GSL_SUCCESS) return cli_fail(status);
    cli_summary(problem, simulation);
    int code = verdict(simulation);
    lnn_simulation_free(simulation);
    return code;
}

static int run(const struct cli_arguments *a)
{
    struct lnn_problem *problem = NULL;
    int status = read_problem(a, &problem);
    if (status != GSL_SUCCESS) return cli_fail(status);
    if (cli_flag(a, "dry-run")) {
        int code = dry_run(problem);
        lnn_problem_free(problem);
        return code;
    }
    char *output = output_path(a, problem), *command = command_text(a);
    int code = CLI_USAGE;
    if (output && command)
        code = integrate(a, problem, output, command);
    else if (!output && from_stdin(a))
        cli_say("run: a problem from stdin has no name to make the output's of; "
                "-o OUT.h5 is meant");
    else
        code = cli_fail(lnn_fail(GSL_ENOMEM, "out of memory"));
    free(output);
    free(command);
    lnn_problem_free(problem);
    return code;
}

const struct cli_command cli_command_run = {
    .name = "run",
    .doc = "integrate a problem's trajectories and write them to an HDF5 file",
    .details =
        "All trajectories advance side by side and are sampled at the same times; rows "
        "are "
        "safe in the file about a second after they were computed, also if the program "
        "is "
        "killed. On SIGINT or SIGTERM the step under way is finished and the file "
        "closed; a "
        "second signal kills.\n"
        "Progress goes to stderr, a summary to stdout: for every trajectory why it "
        "ended, "
        "its last loss with the estimated global error, and how far it drifted from "
        "the "
        "conserved balancedness; then how far the product of the layers is from the "
        "end-to-end solution, compared with both error estimates.",
    .run = run,
    .operands = {{"FILE.yaml", "the problem (lnnflow help problem); - reads stdin",
                  CLI_YAML, false, false}},
    .options =
        {
            {"output",
             "the file to write; default: output.file of the problem, else FILE.h5 in "
             "the current folder",
             "OUT.h5", 'o', CLI_H5},
            {"set",
             "override a key of the problem, the last one wins; trajectories.0.rtol or "
             "trajectories.NAME.rtol for one trajectory, trajectories.rtol for all",
             "section.key=value", 's', CLI_SETTING},
            {"force", "replace an existing output file", NULL, 'f', CLI_FLAG},
            {"dry-run",
             "read problem and data, check the start, print the problem with every "
             "default and --set filled in, and do not integrate",
             NULL, 'n', CLI_FLAG},
            {"quiet", "no progress", NULL, 'q', CLI_FLAG},
            {"fsync",
             "after every block of rows wait until the disk has it (power cuts)", NULL,
             0, CLI_FLAG},
        },
};
