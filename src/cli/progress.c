/* Progress on stderr: one rewritten line on a terminal, else a line every few seconds.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"

struct cli_progress {
    bool terminal;
    bool shown;        /* there is a line to wipe */
    double next, last; /* seconds: when to print again, when printed last */
    double steps_last; /* of all trajectories, then */
    const struct lnn_problem *problem;
    size_t current; /* the trajectory stepped last */
    double steps[]; /* of each */
};

static const double FIRST = 0.2, PERIOD = 0.1, PERIOD_LINES = 5;

struct cli_progress *cli_progress_open(const struct lnn_problem *problem)
{
    const char *term = getenv("TERM");
    struct cli_progress *p =
        calloc(1, sizeof *p + problem->trajectories.n * sizeof p->steps[0]);
    if (!p) return NULL; /* a run without a progress line is still a run */
    p->problem = problem;
    p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->next = p->terminal ? FIRST : PERIOD_LINES;
    return p;
}

/* Adds what the trajectory has stepped since it was seen last. */
static void count(struct cli_progress *progress, const struct lnn_progress *p)
{
    size_t n = progress->problem->trajectories.n;
    for (size_t i = 0; i < n; i++, progress->current = (progress->current + 1) % n)
        if (strcmp(progress->problem->trajectories.at[progress->current].name,
                   p->trajectory) == 0)
            break;
    progress->steps[progress->current] = (double)p->steps;
}

static double steps_per_second(struct cli_progress *progress, double seconds)
{
    double steps = 0, before = progress->steps_last, since = progress->last;
    for (size_t i = 0; i < progress->problem->trajectories.n; i++)
        steps += progress->steps[i];
    progress->steps_last = steps;
    progress->last = seconds;
    return seconds > since ? (steps - before) / (seconds - since) : NAN;
}

void cli_progress_show(void *arg, const struct lnn_progress *p)
{
    struct cli_progress *progress = arg;
    char line[256], h[CLI_NUMBER], loss[CLI_NUMBER], drift[CLI_NUMBER],
        rate[CLI_NUMBER];
    if (!progress) return;
    count(progress, p);
    if (p->seconds < progress->next) return;
    progress->next = p->seconds + (progress->terminal ? PERIOD : PERIOD_LINES);
    int n = snprintf(line, sizeof line,
                     "%s  t %.4g (%.0f%%)  h %s  loss %s  drift %s  %s steps/s",
                     p->trajectory, p->t, 100 * p->t / p->t_end, cli_number(p->h, 2, h),
                     cli_number(p->loss, 5, loss), cli_number(p->drift, 2, drift),
                     cli_number(steps_per_second(progress, p->seconds), 3, rate));
    if (n < 0) return;
    if (progress->terminal) /* \33[K: erase what is left of the old line */
        fprintf(stderr, "\r%.*s\33[K", (int)cli_width(stderr) - 1, line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->shown = true;
}

void cli_progress_close(struct cli_progress *progress)
{
    if (progress && progress->terminal && progress->shown) fputs("\r\33[K", stderr);
    free(progress);
}
