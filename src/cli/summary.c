/* What a person wants to know after a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

/* Gap and error bars agree up to this factor. */
static const double FACTOR = 10;
/* A start this unbalanced explains any gap. */
static const double UNBALANCED = 1e-8;

enum { INDENT = 10 };

static void print_results(const struct lnn_simulation *s)
{
    char t[CLI_NUMBER], loss[CLI_NUMBER], error[CLI_NUMBER], drift[CLI_NUMBER];
    static const char *const head[] = {"trajectory", "ended", "t",        "steps",
                                       "rhs",        "loss",  "+- error", "drift"};
    struct cli_table *table = cli_table_open("llrrrrrr");
    for (size_t j = 0; j < sizeof head / sizeof *head; j++)
        cli_cell(table, "%s", head[j]);
    for (size_t i = 0; i < s->n; i++) {
        const struct lnn_result *r = &s->results[i];
        unsigned long rhs = r->counts.rhs; /* as in the file: without dense output */
        bool plain = strcmp(r->name, r->system) == 0;
        cli_cell(table, plain ? "%s%s" : "%s (%s)", r->name, plain ? "" : r->system);
        cli_cell(table, "%s", lnn_reason_name(r->reason));
        cli_cell(table, "%s", cli_number(r->t, 6, t));
        cli_cell(table, "%lu", r->counts.steps);
        cli_cell(table, rhs ? "%lu" : "-", rhs);
        cli_cell(table, "%s", cli_number(r->rows ? r->loss : NAN, 8, loss));
        cli_cell(table, "%s", cli_number(r->loss_error, 2, error));
        cli_cell(table, "%s", cli_number(r->drift_samples, 2, drift));
    }
    cli_table_print(table, 0, 100);
}

static void line(const char *label, const char *text)
{
    int at = printf("%-*s", INDENT, label);
    cli_wrap(INDENT, at < 0 ? INDENT : (size_t)at, 88, text);
}

static void print_agreement(const struct lnn_simulation *s, const struct lnn_result *r)
{
    char text[400], bars[80] = "; error bars unknown", why[160] = "",
                    factor[CLI_NUMBER];
    const struct lnn_ode *ode =
        lnn_registry_find((const void *const *)lnn_odes, r->system);
    double times = r->distance > 0 ? r->distance / r->distance_error : 0;
    bool map = ode && ode->map, agree = times <= FACTOR;
    bool compared = r->distance_t > 0; /* and not at the start alone, or NaN */
    if (!compared) return;
    if (!isnan(times))
        snprintf(bars, sizeof bars, ", %s times both error bars together (%.2g)",
                 cli_number(times, 2, factor), r->distance_error);
    double C = !agree && ode && ode->layers ? s->imbalance : 0;
    if (C > UNBALANCED)
        snprintf(
            why, sizeof why,
            ": the start is not balanced (||C|| = %.2g), so the end-to-end theorem "
            "does not apply",
            C);
    else if (map)
        snprintf(why, sizeof why, ": steps of finite size are not the flow");
    snprintf(text, sizeof text,
             "%s and the end-to-end solution: largest gap %.2g at t = %.4g%s%s",
             r->name, r->distance, r->distance_t, map ? "" : bars, why);
    line(map || isnan(times) ? "gap" : agree ? "agree" : "disagree", text);
}

/* The end-to-end dynamics of an unbalanced start is nobody's; if it was compared with
 * layers, that has been said. */
static void print_start(const struct lnn_simulation *s)
{
    char text[240];
    bool closed = false, compared = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct lnn_ode *ode =
            lnn_registry_find((const void *const *)lnn_odes, s->results[i].system);
        closed = closed || strncmp(s->results[i].system, "end_to_end", 10) == 0;
        compared = compared || (ode && ode->layers && s->results[i].distance_t > 0);
    }
    if (!closed || compared || !(s->imbalance > UNBALANCED)) return;
    snprintf(
        text, sizeof text,
        "not balanced (||C|| = %.2g): the end-to-end dynamics from here is not that "
        "of the layers",
        s->imbalance);
    line("start", text);
}

static void print_energy(const struct lnn_simulation *s)
{
    char text[1024] = "";
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < sizeof text - 200; i++) {
        const struct lnn_result *r = &s->results[i];
        if (isnan(r->energy_balance)) continue;
        int k = snprintf(text + n, sizeof text - n, "%s%.64s %.2g", n ? ", " : "",
                         r->name, r->energy_balance);
        if (k > 0) n += (size_t)k;
    }
    if (n == 0) return;
    snprintf(text + n, sizeof text - n,
             " (fall of the objective minus the integral of "
             "||gradient||^2)");
    line("energy", text);
}

void cli_summary(const struct lnn_problem *problem, const struct lnn_simulation *s)
{
    char size[CLI_NUMBER];
    printf("%s\n\n", problem->title);
    print_results(s);
    putchar('\n');
    for (size_t i = 0; i < s->n; i++) print_agreement(s, &s->results[i]);
    print_start(s);
    print_energy(s);
    printf("%-*s%s, %s, in %.3g s\n", INDENT, "wrote", s->path,
           cli_bytes(s->path, size), s->seconds);
}
