/* A sweep from the command line: threads, progress, the table of the best, exit code.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cblas.h>
#include "cli.h"

bool cli_is_sweep(const struct lnn_problem *problem)
{
    return problem->sweep.n > 0 || lnn_problem_searches(problem);
}

enum { THREADS_MAX = 1024 };

/* 0, after a message, if --threads is no number. */
static size_t threads(const struct cli_arguments *a)
{
    const char *given = cli_value(a, "threads");
    char *end;
    long n = given ? strtol(given, &end, 10) : sysconf(_SC_NPROCESSORS_ONLN);
    if (!given) return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (size_t)n;
    if (*given && *end == '\0' && n >= 1 && n <= THREADS_MAX) return (size_t)n;
    cli_say("--threads %s: a whole number from 1 to %d is meant", given, THREADS_MAX);
    return 0;
}

struct meter {
    bool terminal, shown;
    double next, last, iterations;
};

static void show(void *arg, const struct lnn_sweep_progress *p)
{
    struct meter *m = arg;
    char rate[CLI_NUMBER];
    if (p->seconds < m->next) return;
    double per_second = (p->iterations - m->iterations) / (p->seconds - m->last);
    fprintf(stderr, "%s%zu of %zu runs (%.0f%%)  %.4g iterations  %s/s%s",
            m->terminal ? "\r" : "", p->done, p->runs,
            100 * (double)p->done / (double)p->runs, p->iterations,
            cli_number(per_second, 3, rate), m->terminal ? "\33[K" : "\n");
    fflush(stderr);
    m->shown = true;
    m->next = p->seconds + (m->terminal ? 0.1 : 5);
    m->last = p->seconds;
    m->iterations = p->iterations;
}

static int summary(const struct lnn_problem *problem, const struct lnn_grid *g)
{
    struct lnn_reader *reader = NULL;
    char size[CLI_NUMBER];
    int status = lnn_reader_open(g->path, &reader);
    if (status != GSL_SUCCESS) return status;
    printf("%s\n\n", problem->title);
    status = cli_search_print(reader, (size_t)-1);
    lnn_reader_close(reader);
    printf("\n%zu of %zu runs in %.3g s\n", g->done, g->runs, g->seconds);
    if (g->simulation) {
        putchar('\n');
        cli_summary(problem, g->simulation);
    } else {
        printf("%-10s%s, %s\n", "wrote", g->path, cli_bytes(g->path, size));
    }
    return status;
}

/* Diverged runs of the grid, and targets that none reaches, are results. A stop at
 * stop.max_steps is what a search's trajectories are meant to do. */
static int verdict(const struct lnn_grid *g)
{
    if (g->stopped == LNN_STOP_SIGNAL) return 128 + (int)cli_signal;
    if (g->stopped == LNN_STOP_SECONDS) return CLI_STOPPED;
    int code = g->simulation ? cli_run_verdict(g->simulation) : CLI_DONE;
    return code == CLI_STOPPED ? CLI_DONE : code;
}

int cli_sweep(const struct cli_arguments *a, const struct lnn_problem *problem,
              const char *output, const char *command)
{
    const char *term = getenv("TERM");
    bool quiet = cli_flag(a, "quiet");
    struct meter meter = {.terminal = isatty(STDERR_FILENO) && term &&
                                      strcmp(term, "dumb") != 0};
    meter.next = meter.terminal ? 0.2 : 5;
    struct lnn_grid *grid = NULL;
    struct cli_progress *progress = quiet ? NULL : cli_progress_open(problem);
    struct lnn_sweep_options options = {
        .run = {.output = output,
                .force = cli_flag(a, "force"),
                .fsync = cli_flag(a, "fsync"),
                .signal = &cli_signal,
                .progress = progress ? cli_progress_show : NULL,
                .progress_arg = progress,
                .version = cli_version_text(),
                .command = command},
        .threads = threads(a),
        .progress = quiet ? NULL : show,
        .progress_arg = &meter,
    };
    int status = GSL_SUCCESS, code = CLI_USAGE;
    if (options.threads > 0) {
        openblas_set_num_threads(1); /* a run a thread */
        cli_signals_catch();
        status = lnn_sweep(problem, &options, &grid);
    }
    if (meter.terminal && meter.shown) fputs("\r\33[K", stderr);
    cli_progress_close(progress);
    if (grid) status = summary(problem, grid);
    if (grid) code = verdict(grid);
    lnn_grid_free(grid);
    return status == GSL_SUCCESS ? code : cli_fail(status);
}
