/* lnnflow's command line: the table of verbs, and the choice of one. */
#include <string.h>
#include "cli.h"

const struct cli_command *const cli_commands[] = {
    &cli_command_run,    &cli_command_sweep,
    &cli_command_verify, &cli_command_report,
    &cli_command_plot,   &cli_command_info,
    &cli_command_list,   &cli_command_export,
    &cli_command_help,   NULL,
};

static int dispatch(int argc, char **argv)
{
    if (argc < 2) return cli_usage();
    const char *verb = argv[1];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) return cli_help();
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) return cli_version();
    const struct cli_command *command = cli_find(verb);
    return command ? cli_command_main(command, argv + 2) : CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (cli_start() != CLI_DONE) return CLI_IO;
    int code = dispatch(argc, argv);
    int written = cli_flush();
    return code == CLI_DONE ? written : code;
}
