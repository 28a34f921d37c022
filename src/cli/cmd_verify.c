/* lnnflow verify: the theorems against the trajectories of a file. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static const char *bare(const char *group)
{
    return group && group[0] == '/' ? group + 1 : group;
}

/* A group that is none: names those there are. */
static int unknown_group(const struct lnn_evidence *e, const char *group)
{
    const char **names = calloc(e->n + 1, sizeof *names);
    if (!names) {
        cli_say("out of memory");
        return CLI_USAGE;
    }
    for (size_t i = 0; i < e->n; i++) names[i] = cli_group_name(e->records[i].name);
    int code = cli_unknown("group", group, names);
    free(names);
    return code;
}

/* Only the findings on one trajectory stay. */
static size_t keep_group(const char *group, size_t n, struct lnn_finding findings[])
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++)
        if (!group || strcmp(findings[i].record->name, group) == 0)
            findings[to++] = findings[i];
    return to;
}

static int exit_code(const struct cli_verdicts *v, bool strict)
{
    size_t count[CLI_VERDICTS];
    cli_verdicts_count(v, count);
    if (count[LNN_VIOLATED] > 0) return CLI_VIOLATED;
    if (strict && count[LNN_HOLDS] < v->n) return CLI_INCONCLUSIVE;
    return strict && v->n == 0 ? CLI_INCONCLUSIVE : CLI_DONE;
}

static int judge(const struct lnn_evidence *e, const struct cli_arguments *a)
{
    struct lnn_finding *findings = NULL;
    struct cli_verdicts v = {.evidence = e, .only = cli_value(a, "theorem")};
    v.group = a->n > 1 ? bare(a->operands[1]) : NULL;
    if (v.group && !lnn_evidence_find(e, v.group))
        return unknown_group(e, a->operands[1]);
    int status = lnn_judge_all(e, v.only, &v.n, &findings);
    if (status != GSL_SUCCESS) return cli_fail(status);
    v.n = keep_group(v.group, v.n, findings);
    v.findings = findings;
    if (cli_flag(a, "json"))
        cli_verdicts_json(&v);
    else if (cli_flag(a, "explain"))
        cli_verdicts_explain(&v);
    else
        cli_verdicts_table(&v);
    int code = exit_code(&v, cli_flag(a, "strict"));
    free(findings);
    return code;
}

static int verify(const struct cli_arguments *a)
{
    struct lnn_evidence *evidence = NULL;
    int status = lnn_evidence_read(a->operands[0], &evidence);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = judge(evidence, a);
    lnn_evidence_free(evidence);
    return code;
}

const struct cli_command cli_command_verify = {
    .name = "verify",
    .doc = "judge the theorems against the trajectories of a file",
    .details =
        "For every theorem and every trajectory it is about: do its hypotheses hold, "
        "does its conclusion, and by what margin? The verdict is holds, violated, not "
        "met (a hypothesis fails, the theorem says nothing) or inconclusive (the error "
        "bar is wider than the margin, or something is missing). Error bars are the "
        "file's own, or come from the spacing of its samples; nothing is integrated.\n"
        "A conclusion reads measured <= bound; margin is bound - measured. Bound 0 is "
        "an identity: measured is 0 within the error bar.\n"
        "Also judges files that other programs wrote; lnnflow help file says what they "
        "need. The exit code is 1 when a theorem is violated.",
    .run = verify,
    .operands = {{"FILE.h5", "the file", CLI_H5, false, false},
                 {"GROUP", "only this trajectory", CLI_WORD, true, false}},
    .options =
        {
            {"theorem", "only this one; lnnflow list theorems has their names", "ID",
             't', CLI_THEOREM},
            {"explain",
             "statement, source, every hypothesis, and the formula with this file's "
             "numbers put in",
             NULL, 'e', CLI_FLAG},
            {"json", "for programs: the fields are in lnnflow help file", NULL, 'j',
             CLI_FLAG},
            {"strict", "exit with 6 when anything is inconclusive or not met", NULL,
             's', CLI_FLAG},
        },
};
