/* lnnflow help problem: the keys from their table, and an example. */
#include <string.h>
#include "cli.h"

const char *const cli_text_problem[] = {
    "A problem is a YAML file. Every key is checked: type, range, spelling, and "
    "whether "
    "it "
    "goes with the kind chosen; all errors are reported at once with their place. "
    "lnnflow run --dry-run prints a problem with every default filled in, and --set "
    "section.key=value overrides a key.",
    "",
    "Types: text; path (relative to the problem file's folder); choice, one of those "
    "named; "
    "real; count, a whole number; flag, true or false; counts, a list of counts; "
    "words, "
    "a "
    "list; matrix, a list of rows; sweep, a list of {key: ..., values: [...]}.",
    NULL};

const char *const cli_text_example[] = {
    "  title: three balanced layers, two outputs",
    "  network: {widths: [3, 4, 4, 2]}",
    "  loss: {kind: square}",
    "  data:",
    "    kind: target",
    "    matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]",
    "  init:",
    "    kind: balanced",
    "    matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]",
    "  trajectories:",
    "    - {system: gradient_flow, stepper: rk8pd, rtol: 1.0e-10, atol: 1.0e-12}",
    "    - {system: end_to_end}",
    "    - {system: gradient_descent, learning_rate: 1.0e-2, name: descent}",
    "  time: {end: 3, samples: 301}",
    "  output: {file: three_layers.h5}",
    NULL};

void cli_print_keys(void)
{
    char name[100], facts[600];
    const char *section = "";
    size_t width = cli_width(stdout);
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, section) != 0) {
            section = key->section;
            size_t at = (size_t)printf("\n%s: ", section);
            cli_wrap(0, at, width, lnn_section_doc(section));
        }
        size_t at = (size_t)printf("  %s: ", cli_key_name(key, name, sizeof name));
        cli_key_facts(key, facts, sizeof facts);
        cli_wrap(6, at, width, facts);
        cli_wrap(6, 0, width, key->doc);
    }
}

void cli_help_problem(void)
{
    cli_print_text(cli_text_problem);
    puts("\nKeys:\n");
    cli_print_keys();
    puts("\nExample:\n");
    cli_print_text(cli_text_example);
}
