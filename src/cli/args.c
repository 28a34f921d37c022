/* Arguments against a command's table: options anywhere, --name=value, -xvalue, -xyz.
 */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { NAMES_MAX = 32 };

bool cli_has(const char *const *words, const char *word)
{
    while (*words && strcmp(*words, word) != 0) words++;
    return *words != NULL;
}

int cli_unknown(const char *what, const char *word, const char *const *words)
{
    const char *near = lnn_nearest(word, words);
    if (near) {
        cli_say("unknown %s \"%s\", did you mean \"%s\"?", what, word, near);
        return CLI_USAGE;
    }
    fprintf(stderr, "lnnflow: unknown %s \"%s\"; there %s", what, word,
            words[0] && words[1] ? "are" : "is");
    if (!words[0]) fputs(" none", stderr);
    for (; *words; words++) fprintf(stderr, " %s%s", *words, words[1] ? "," : "");
    fputc('\n', stderr);
    return CLI_USAGE;
}

const struct cli_command *cli_find(const char *verb)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t n = 0;
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        if (strcmp((*c)->name, verb) == 0) return *c;
        names[n++] = (*c)->name;
    }
    if (verb[0] == '-') {
        for (n = 0; cli_common[n].name; n++) names[n] = cli_common[n].name;
        names[n] = NULL;
        const char *bare = verb + strspn(verb, "-"), *near = lnn_nearest(bare, names);
        if (near)
            cli_say("unknown option %s, did you mean --%s?", verb, near);
        else
            cli_say("%s before a verb: lnnflow VERB ... is meant (lnnflow help)", verb);
        return NULL;
    }
    (void)cli_unknown("verb", verb, names);
    return NULL;
}

/* The n letters at `name`, without dashes. */
static const struct cli_option *by_name(const struct cli_command *command,
                                        const char *name, size_t n)
{
    const struct cli_option *const tables[] = {command->options, cli_common};
    for (size_t i = 0; i < 2; i++)
        for (const struct cli_option *o = tables[i]; o->name; o++)
            if (strncmp(o->name, name, n) == 0 && o->name[n] == '\0') return o;
    return NULL;
}

static const struct cli_option *by_letter(const struct cli_command *command,
                                          char letter)
{
    const struct cli_option *const tables[] = {command->options, cli_common};
    for (size_t i = 0; i < 2; i++)
        for (const struct cli_option *o = tables[i]; o->name; o++)
            if (o->letter != '\0' && o->letter == letter) return o;
    return NULL;
}

static int unknown_option(const struct cli_command *command, const char *word, size_t n)
{
    const char *names[NAMES_MAX] = {NULL};
    char bare[64];
    size_t k = 0;
    for (const struct cli_option *o = command->options; o->name; o++)
        names[k++] = o->name;
    for (const struct cli_option *o = cli_common; o->name; o++) names[k++] = o->name;
    snprintf(bare, sizeof bare, "%.*s", (int)(n < 60 ? n : 60), word);
    const char *near = n > 1 ? lnn_nearest(bare, names) : NULL;
    const char *dash = n > 1 ? "--" : "-";
    if (near)
        cli_say("%s: unknown option %s%s, did you mean --%s?", command->name, dash,
                bare, near);
    else
        cli_say("%s: unknown option %s%s; lnnflow help %s lists the options",
                command->name, dash, bare, command->name);
    return CLI_USAGE;
}

static int give(struct cli_arguments *a, const struct cli_option *option,
                const char *value)
{
    a->given[a->n_given++] = (struct cli_given){option, value};
    return CLI_DONE;
}

static int missing_value(const struct cli_arguments *a, const struct cli_option *o)
{
    cli_say("%s: --%s needs a value: --%s %s is meant", a->command->name, o->name,
            o->name, o->value);
    return CLI_USAGE;
}

static int long_option(struct cli_arguments *a, char ***at)
{
    const char *word = **at + 2;
    size_t n = strcspn(word, "=");
    const struct cli_option *o = by_name(a->command, word, n);
    if (!o) return unknown_option(a->command, word, n);
    if (!o->value && word[n] == '=') {
        cli_say("%s: --%s takes no value", a->command->name, o->name);
        return CLI_USAGE;
    }
    if (!o->value) return give(a, o, "");
    if (word[n] == '=') return give(a, o, word + n + 1);
    if (!(*at)[1]) return missing_value(a, o);
    return give(a, o, *++*at);
}

static int letters(struct cli_arguments *a, char ***at)
{
    for (const char *letter = **at + 1; *letter; letter++) {
        const struct cli_option *o = by_letter(a->command, *letter);
        if (!o) return unknown_option(a->command, letter, 1);
        if (!o->value) {
            (void)give(a, o, "");
            continue;
        }
        if (letter[1]) return give(a, o, letter + 1);
        if (!(*at)[1]) return missing_value(a, o);
        return give(a, o, *++*at);
    }
    return CLI_DONE;
}

static int check_operands(const struct cli_arguments *a)
{
    int n = 0;
    char synopsis[200];
    cli_synopsis(a->command, synopsis, sizeof synopsis);
    for (const struct cli_operand *o = a->command->operands; o->name; o++) {
        if (n >= a->n && !o->optional) {
            cli_say("%s: no %s given; usage: %s", a->command->name, o->name, synopsis);
            return CLI_USAGE;
        }
        n = o->many ? a->n : n + 1;
    }
    if (a->n <= n) return CLI_DONE;
    cli_say("%s: \"%s\" is one argument too many; usage: %s", a->command->name,
            a->operands[n], synopsis);
    return CLI_USAGE;
}

/* Every argument makes at most as many options as it has letters. */
static struct cli_arguments *make(const struct cli_command *command, char **argv)
{
    size_t n = 0, words = 0;
    for (; argv[words]; words++) n += strlen(argv[words]);
    struct cli_arguments *a = NULL;
    size_t head = sizeof *a + (n + 1) * sizeof a->given[0];
    a = calloc(1, head + (words + 1) * sizeof *a->operands);
    if (!a) {
        cli_say("out of memory");
        return NULL;
    }
    a->command = command;
    a->operands = (const char **)(void *)((char *)a + head);
    return a;
}

struct cli_arguments *cli_parse(const struct cli_command *command, char **argv)
{
    struct cli_arguments *a = make(command, argv);
    int code = a ? CLI_DONE : CLI_USAGE;
    bool options = true;
    for (char **at = argv; *at && code == CLI_DONE; at++) {
        if (options && strcmp(*at, "--") == 0)
            options = false;
        else if (options && strncmp(*at, "--", 2) == 0)
            code = long_option(a, &at);
        else if (options && (*at)[0] == '-' && (*at)[1] != '\0')
            code = letters(a, &at);
        else
            a->operands[a->n++] = *at;
    }
    bool asks = code == CLI_DONE && (cli_flag(a, "help") || cli_flag(a, "version"));
    if (code == CLI_DONE && !asks) code = check_operands(a);
    if (code == CLI_DONE) return a;
    free(a);
    return NULL;
}

const char *cli_value(const struct cli_arguments *a, const char *option)
{
    const char *value = NULL;
    for (int i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, option) == 0) value = a->given[i].value;
    return value;
}

bool cli_flag(const struct cli_arguments *a, const char *option)
{
    return cli_value(a, option) != NULL;
}

int cli_command_main(const struct cli_command *command, char **argv)
{
    struct cli_arguments *a = cli_parse(command, argv);
    if (!a) return CLI_USAGE;
    int code = CLI_DONE;
    if (cli_flag(a, "help"))
        code = cli_help_command(command);
    else if (cli_flag(a, "version"))
        code = cli_version();
    else
        code = command->run(a);
    free(a);
    return code;
}
