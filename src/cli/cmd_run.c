/* lnnflow run: integrate a problem, write its file, say how it went. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

int cli_run_verdict(const struct lnn_simulation *simulation)
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
    int code = cli_run_verdict(simulation);
    lnn_simulation_free(simulation);
    return code;
}

static int dry_run(const struct lnn_problem *problem)
{
    int status =
        cli_is_sweep(problem) ? lnn_sweep_check(problem) : lnn_simulate_check(problem);
    if (status != GSL_SUCCESS) return cli_fail(status);
    fputs(problem->resolved, stdout);
    return CLI_DONE;
}

int cli_run_problem(const struct cli_arguments *a, const struct lnn_problem *problem)
{
    if (cli_flag(a, "dry-run")) return dry_run(problem);
    char *output = cli_output_path(a, problem), *command = cli_command_text(a);
    int code = CLI_USAGE;
    if (output && command)
        code = cli_is_sweep(problem) ? cli_sweep(a, problem, output, command)
                                     : integrate(a, problem, output, command);
    else if (!output && cli_from_stdin(a))
        cli_say("%s: a problem from stdin has no name to make the output's of; "
                "-o OUT.h5 is meant",
                a->command->name);
    else
        code = cli_fail(lnn_fail(GSL_ENOMEM, "out of memory"));
    free(output);
    free(command);
    return code;
}

static int run(const struct cli_arguments *a)
{
    struct lnn_problem *problem = NULL;
    int status = cli_read_problem(a, &problem);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = cli_run_problem(a, problem);
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
        "end-to-end solution, compared with both error estimates.\n"
        "A problem with a search or a sweep is run as lnnflow sweep does.",
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
            {"threads", "of a search or sweep: runs at a time; default: processors",
             "N", 0, CLI_WORD},
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
