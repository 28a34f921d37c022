/* Verdicts for people: the table, and every number behind it. */
#include <math.h>
#include <string.h>
#include "cli.h"

void cli_verdicts_count(const struct cli_verdicts *v, size_t count[CLI_VERDICTS])
{
    memset(count, 0, CLI_VERDICTS * sizeof *count);
    for (size_t i = 0; i < v->n; i++) count[v->findings[i].judgement.verdict]++;
}

static const char *where(const struct lnn_finding *f)
{
    return cli_group_name(f->record->name);
}

static void print_incomplete(const struct cli_verdicts *v)
{
    if (!v->evidence->complete)
        printf("%s is not complete: still written, or cut off\n", v->evidence->path);
}

/* What the trajectories claim to be tells why. */
static void print_none(const struct cli_verdicts *v)
{
    printf("%s is about nothing in %s%s%s\n", v->only ? v->only : "The theory",
           v->evidence->path, v->group ? ", group " : "",
           v->group ? cli_group_name(v->group) : "");
    for (size_t i = 0; i < v->evidence->n; i++) {
        const struct lnn_record *r = &v->evidence->records[i];
        if (v->group && strcmp(v->group, r->name) != 0) continue;
        printf("    %s: system \"%s\"\n", cli_group_name(r->name), r->system);
    }
}

void cli_print_counts(const size_t count[CLI_VERDICTS], FILE *out)
{
    fprintf(out, "%zu hold%s, %zu violated, %zu not met, %zu inconclusive",
            count[LNN_HOLDS], count[LNN_HOLDS] == 1 ? "s" : "", count[LNN_VIOLATED],
            count[LNN_NOT_MET], count[LNN_INCONCLUSIVE]);
}

static void print_counts(const struct cli_verdicts *v)
{
    size_t count[CLI_VERDICTS];
    cli_verdicts_count(v, count);
    cli_print_counts(count, stdout);
    putchar('\n');
}

static void widen(size_t *width, const char *text)
{
    if (strlen(text) > *width) *width = strlen(text);
}

static void print_numbers(const struct lnn_judgement *j)
{
    char text[CLI_NUMBER];
    const double numbers[] = {j->measured, j->bound, j->margin, j->bar};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf("  %9s", cli_number(numbers[i], 3, text));
    putchar('\n');
}

void cli_verdicts_table(const struct cli_verdicts *v)
{
    size_t first = strlen("theorem"), second = strlen("trajectory");
    print_incomplete(v);
    if (v->n == 0) {
        print_none(v);
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        widen(&first, v->findings[i].theorem->name);
        widen(&second, where(&v->findings[i]));
    }
    printf("%-*s  %-*s  %-12s  %9s  %9s  %9s  %9s\n", (int)first, "theorem",
           (int)second, "trajectory", "verdict", "measured", "bound", "margin",
           "error bar");
    for (size_t i = 0; i < v->n; i++) {
        const struct lnn_finding *f = &v->findings[i];
        const struct lnn_judgement *j = &f->judgement;
        printf("%-*s  %-*s  %-12s", (int)first, f->theorem->name, (int)second, where(f),
               lnn_verdict_name(j->verdict));
        print_numbers(j);
        if (j->verdict != LNN_HOLDS) cli_wrap(4, 0, cli_width(stdout), j->reason);
    }
    print_counts(v);
}

/* "  label     text", wrapped. */
static void print_item(const char *label, const char *text)
{
    size_t at = (size_t)printf("  %-11s", label);
    cli_wrap(at, at, cli_width(stdout), text);
}

static void print_hypotheses(const struct lnn_judgement *j)
{
    char a[CLI_NUMBER], b[CLI_NUMBER];
    for (size_t i = 0; i < j->n_hypotheses; i++) {
        const struct lnn_hypothesis *h = &j->hypotheses[i];
        size_t at = (size_t)printf("  %-11s%-14s", i ? "" : "hypotheses",
                                   lnn_verdict_name(h->verdict));
        cli_wrap(at, at, cli_width(stdout), h->text);
        if (isnan(h->measured) && isnan(h->bound)) continue;
        printf("  %-25smeasured %s, bound %s\n", "", cli_number(h->measured, 6, a),
               cli_number(h->bound, 6, b));
    }
}

static void print_figures(const struct lnn_judgement *j)
{
    char text[CLI_NUMBER];
    for (size_t i = 0; i < j->n_figures; i++)
        printf("  %-11s%s = %s\n", i ? "" : "measured", j->figures[i].name,
               cli_number(j->figures[i].value, 10, text));
}

/* Line by line, as the judge wrote it. */
static void print_formula(const char *text)
{
    char line[sizeof((struct lnn_judgement *)0)->explain];
    for (const char *label = "formula"; *text; label = "") {
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        print_item(label, line);
        text += n + (text[n] != '\0');
    }
}

static void explain(const struct lnn_finding *f)
{
    const struct lnn_judgement *j = &f->judgement;
    char a[CLI_NUMBER], b[CLI_NUMBER], c[CLI_NUMBER], d[CLI_NUMBER];
    printf("%s, %s: %s\n", f->theorem->name, where(f), lnn_verdict_name(j->verdict));
    print_item("statement", f->theorem->doc);
    print_item("source", f->theorem->source);
    print_item("needs", f->theorem->needs);
    print_item("claims", f->theorem->claims);
    print_hypotheses(j);
    print_figures(j);
    print_formula(j->explain);
    printf("  %-11smeasured %s, bound %s, margin %s, error bar %s\n", "conclusion",
           cli_number(j->measured, 6, a), cli_number(j->bound, 6, b),
           cli_number(j->margin, 6, c), cli_number(j->bar, 6, d));
    print_item("reason", j->reason);
    putchar('\n');
}

void cli_verdicts_explain(const struct cli_verdicts *v)
{
    print_incomplete(v);
    for (size_t i = 0; i < v->n; i++) explain(&v->findings[i]);
    if (v->n == 0)
        print_none(v);
    else
        print_counts(v);
}
