/* lnnflow help: from the tables of verbs, options and topics. */
#include <string.h>
#include "cli.h"

const struct cli_option cli_common[] = {
    {"help", "print help", NULL, 'h', CLI_FLAG},
    {"version", "print the versions of the program and its libraries", NULL, 'V',
     CLI_FLAG},
    {NULL, NULL, NULL, 0, CLI_FLAG},
};

const struct cli_topic cli_topics[] = {
    {"problem", "the problem file: every key, and an example", cli_help_problem},
    {"file", "the HDF5 file: its layout, how to read it elsewhere", cli_help_file},
    {"man", "a man page, for man -l", cli_help_man},
    {"completion", "a completion script, for bash's source", cli_help_completion},
    {NULL, NULL, NULL},
};

const struct cli_exit_doc cli_exit_docs[] = {
    {"0", "done: every trajectory reached time.end, stop.loss or stop.gradient_norm; "
          "every theorem that applies holds"},
    {"1", "a theorem is violated"},
    {"2", "wrong usage, or an error in the problem file"},
    {"3", "numerical failure; the file is complete up to it"},
    {"4", "a file or the output could not be read or written"},
    {"5", "stopped early by stop.max_steps or stop.max_seconds"},
    {"6", "verify --strict: something is inconclusive, or its hypotheses are not met"},
    {"130, 143", "ended by SIGINT, SIGTERM; the file is complete up to then"},
    {NULL, NULL},
};

const char *const cli_text_about[] = {
    "lnnflow integrates the dynamics of deep linear networks y = W_N ... W_1 x under "
    "gradient flow, gradient descent, and the end-to-end dynamics of their product, "
    "and "
    "writes the trajectories to an HDF5 file; then it judges the theory's theorems "
    "against such files, its own or anybody's.",
    NULL};

void cli_print_text(const char *const text[])
{
    for (; *text; text++) {
        if ((*text)[0] == ' ' || (*text)[0] == '\0')
            puts(*text);
        else
            cli_wrap(0, 0, cli_width(stdout), *text);
    }
}

const char *cli_synopsis(const struct cli_command *command, char *text, size_t room)
{
    size_t n = 0;
    int k = snprintf(text, room, "lnnflow %s%s", command->name,
                     command->options[0].name ? " [options]" : "");
    for (const struct cli_operand *o = command->operands; o->name && k >= 0; o++) {
        n += (size_t)k;
        if (n >= room) return text;
        k = snprintf(text + n, room - n, " %s%s%s%s", o->optional ? "[" : "", o->name,
                     o->many ? "..." : "", o->optional ? "]" : "");
    }
    return text;
}

const char *cli_option_text(const struct cli_option *o, char *text, size_t room)
{
    char letter[] = {'-', o->letter, ',', ' ', '\0'};
    snprintf(text, room, "%s--%s%s%s", o->letter ? letter : "    ", o->name,
             o->value ? " " : "", o->value ? o->value : "");
    return text;
}

static void add_options(struct cli_table *table, const struct cli_option *o)
{
    char text[100];
    for (; o->name; o++) {
        cli_cell(table, "%s", cli_option_text(o, text, sizeof text));
        cli_cell(table, "%s", o->doc);
    }
}

int cli_help_command(const struct cli_command *command)
{
    char synopsis[200];
    struct cli_table *table = cli_table_open("ll");
    printf("usage: %s\n\n", cli_synopsis(command, synopsis, sizeof synopsis));
    printf("%s: %s\n\n", command->name, command->doc);
    cli_wrap(0, 0, cli_width(stdout), command->details);
    putchar('\n');
    for (const struct cli_operand *o = command->operands; o->name; o++) {
        cli_cell(table, "%s", o->name);
        cli_cell(table, "%s", o->doc);
    }
    add_options(table, command->options);
    add_options(table, cli_common);
    cli_table_print(table, 2, cli_width(stdout));
    return CLI_DONE;
}

static void add_commands(struct cli_table *table)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        cli_cell(table, "%s", (*c)->name);
        cli_cell(table, "%s", (*c)->doc);
    }
}

int cli_usage(void)
{
    fputs("usage: lnnflow VERB ...\nverbs:", stderr);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        fprintf(stderr, " %s", (*c)->name);
    fputs("\nlnnflow help says more; lnnflow help VERB says all about one\n", stderr);
    return CLI_USAGE;
}

int cli_help(void)
{
    puts("usage: lnnflow VERB ...\n");
    cli_print_text(cli_text_about);
    puts("\nVerbs:");
    struct cli_table *table = cli_table_open("ll");
    add_commands(table);
    cli_table_print(table, 2, cli_width(stdout));
    puts("\nlnnflow help VERB says all about a verb; also:");
    table = cli_table_open("ll");
    for (const struct cli_topic *t = cli_topics; t->name; t++) {
        cli_cell(table, "help %s", t->name);
        cli_cell(table, "%s", t->doc);
    }
    add_options(table, cli_common);
    cli_table_print(table, 2, cli_width(stdout));
    puts("\nExit codes:");
    table = cli_table_open("ll");
    for (const struct cli_exit_doc *e = cli_exit_docs; e->code; e++) {
        cli_cell(table, "%s", e->code);
        cli_cell(table, "%s", e->doc);
    }
    cli_table_print(table, 2, cli_width(stdout));
    return CLI_DONE;
}

static int help(const struct cli_arguments *a)
{
    const char *names[32], *word = a->operands[0];
    size_t n = 0;
    if (!word) return cli_help();
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        if (strcmp((*c)->name, word) == 0) return cli_help_command(*c);
        names[n++] = (*c)->name;
    }
    for (const struct cli_topic *t = cli_topics; t->name; t++) {
        names[n++] = t->name;
        if (strcmp(t->name, word) != 0) continue;
        t->print();
        return CLI_DONE;
    }
    names[n] = NULL;
    return cli_unknown("verb or topic", word, names);
}

const struct cli_command cli_command_help = {
    .name = "help",
    .doc = "help on a verb, the problem file, the HDF5 file; man page, completion",
    .details = "Without an argument, an overview.",
    .run = help,
    .operands = {{"TOPIC", "a verb, or problem, file, man, completion", CLI_TOPIC, true,
                  false}},
};
