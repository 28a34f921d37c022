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

static void print(const struct cli_verdicts *v, const struct cli_arguments *a)
{
    if (cli_flag(a, "json"))
        cli_verdicts_json(v, stdout);
    else if (cli_flag(a, "explain"))
        cli_verdicts_explain(v);
    else
        cli_verdicts_table(v);
}

/* Once begun it is finished, also on SIGINT; a second one kills. */
static int keep(const struct cli_verdicts *v, const struct lnn_stamp *stamp,
                const struct cli_arguments *a, int code)
{
    cli_signals_catch();
    int status = cli_verdicts_store(v, stamp);
    if (status != GSL_SUCCESS) return cli_fail(status);
    if (!cli_flag(a, "json"))
        printf("stored in %s, group verdicts\n", v->evidence->path);
    return cli_signal ? 128 + (int)cli_signal : code;
}

/* `stamp` NULL: nothing is stored. */
static int judge(const struct lnn_evidence *e, const struct lnn_stamp *stamp,
                 const struct cli_arguments *a)
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
    print(&v, a);
    int code = exit_code(&v, cli_flag(a, "strict"));
    if (stamp) code = keep(&v, stamp, a, code);
    free(findings);
    return code;
}

static int verify(const struct cli_arguments *a)
{
    struct lnn_evidence *evidence = NULL;
    struct lnn_stamp stamp;
    bool store = cli_flag(a, "store");
    if (store && (a->n > 1 || cli_value(a, "theorem"))) {
        cli_say("verify: --store replaces all verdicts of the file: it takes neither "
                "GROUP nor --theorem");
        return CLI_USAGE;
    }
    int status = store ? lnn_file_stamp(a->operands[0], &stamp) : GSL_SUCCESS;
    if (status == GSL_SUCCESS) status = lnn_evidence_read(a->operands[0], &evidence);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = judge(evidence, store ? &stamp : NULL, a);
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
        "need. The exit code is 1 when a theorem is violated.\n"
        "--store keeps everything else in the file as it is, bit for bit: a copy with "
        "the verdicts is made and takes the file's name. lnnflow info shows them.",
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
            {"store",
             "also store the verdicts in the file, as group verdicts (lnnflow help "
             "file), in place of those that are there",
             NULL, 0, CLI_FLAG},
        },
};
