/* lnnflow sweep: learning rates searched, keys swept. */
#include "cli.h"

static int sweep(const struct cli_arguments *a)
{
    struct lnn_problem *problem = NULL;
    int status = cli_read_problem(a, &problem);
    if (status != GSL_SUCCESS) return cli_fail(status);
    int code = CLI_USAGE;
    if (cli_is_sweep(problem))
        code = cli_run_problem(a, problem);
    else
        cli_say("%s has neither a search nor a sweep; lnnflow run is meant",
                a->operands[0]);
    lnn_problem_free(problem);
    return code;
}

const struct cli_command cli_command_sweep = {
    .name = "sweep",
    .doc = "run a grid of learning rates and of other keys, and keep all of it",
    .details =
        "At every point of the product of the sweep's values, every discrete "
        "trajectory "
        "is run: with its own learning rate, or, if it has none, with each one of the "
        "search's grid. The file's group search holds every run: iterations, loss, why "
        "it ended (one that diverges is a result like others), and which is the best. "
        "Is there one point only, then the best runs' trajectories are written as "
        "lnnflow run writes them, and flows with them.\n"
        "The result does not depend on the number of threads. The file is brought up "
        "to "
        "date every ten seconds; on SIGINT or SIGTERM it holds the runs that were "
        "finished.\n"
        "lnnflow info prints the best of each point, lnnflow export -g search all "
        "runs.",
    .run = sweep,
    .operands = {{"FILE.yaml", "the problem, with a search or a sweep; - reads stdin",
                  CLI_YAML, false, false}},
    .options =
        {
            {"output",
             "the file to write; default: output.file of the problem, else FILE.h5 in "
             "the current folder",
             "OUT.h5", 'o', CLI_H5},
            {"set", "override a key of the problem, as in lnnflow run",
             "section.key=value", 's', CLI_SETTING},
            {"threads", "runs at a time; default: as many as there are processors", "N",
             0, CLI_WORD},
            {"force", "replace an existing output file", NULL, 'f', CLI_FLAG},
            {"dry-run", "read all points, check their starts, and run nothing", NULL,
             'n', CLI_FLAG},
            {"quiet", "no progress", NULL, 'q', CLI_FLAG},
            {"fsync", "wait until the disk has every state of the file", NULL, 0,
             CLI_FLAG},
        },
};
