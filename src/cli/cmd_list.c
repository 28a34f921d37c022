/* lnnflow list: the members of every family, and the keys of the problem file. */
#include <ctype.h>
#include "cli.h"

static const struct lnn_member *member(const struct cli_family *family, size_t i)
{
    return family->members[i];
}

static void print_names(const struct cli_family *family)
{
    for (size_t i = 0; family->members[i]; i++) puts(member(family, i)->name);
}

static void print_docs(const struct cli_family *family)
{
    printf("%s (%s)\n", family->doc, family->key);
    struct cli_table *table = cli_table_open("ll");
    for (size_t i = 0; family->members[i]; i++) {
        cli_cell(table, "%s", member(family, i)->name);
        cli_cell(table, "%s", member(family, i)->doc);
    }
    cli_table_print(table, 2, cli_width(stdout));
}

/* A cell of a table in Markdown: what ends it or begins emphasis or a tag is escaped.
 */
static void print_cell(const char *text)
{
    for (char before = ' '; *text; before = *text++) {
        bool begins = (*text == '_' && !isalnum((unsigned char)before)) ||
                      (*text == '<' && isalpha((unsigned char)text[1]));
        if (*text == '|' || *text == '*' || begins) putchar('\\');
        putchar(*text);
    }
}

static void print_markdown(const struct cli_family *family)
{
    printf("| `%s` | what it is |\n|---|---|\n", family->key);
    for (size_t i = 0; family->members[i]; i++) {
        printf("| `%s` | ", member(family, i)->name);
        print_cell(member(family, i)->doc);
        puts(" |");
    }
}

static void print_keys_markdown(void)
{
    char name[100], facts[600];
    puts("| key | value | what it is |\n|---|---|---|");
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        cli_key_facts(key, facts, sizeof facts);
        printf("| `%s` | ", cli_key_name(key, name, sizeof name));
        print_cell(facts);
        fputs(" | ", stdout);
        print_cell(key->doc);
        puts(" |");
    }
}

static void print_key_names(void)
{
    char name[100];
    for (const struct lnn_key *key = lnn_keys; key->section; key++)
        puts(cli_key_name(key, name, sizeof name));
}

static void print_family(const struct cli_arguments *a, const struct cli_family *family)
{
    bool keys = family->members == NULL;
    if (cli_flag(a, "names"))
        keys ? print_key_names() : print_names(family);
    else if (cli_flag(a, "markdown"))
        keys ? print_keys_markdown() : print_markdown(family);
    else
        keys ? cli_print_keys() : print_docs(family);
}

static int list(const struct cli_arguments *a)
{
    const char *names[CLI_FAMILIES + 1] = {NULL};
    size_t n = 0;
    for (const struct cli_family *f = cli_families; f->name; f++) names[n++] = f->name;
    for (int i = 0; i < a->n; i++)
        if (!cli_has(names, a->operands[i]))
            return cli_unknown("list", a->operands[i], names);
    bool lines = cli_flag(a, "names"), first = true;
    for (const struct cli_family *f = cli_families; f->name; f++) {
        if (a->n > 0 && !cli_has(a->operands, f->name)) continue;
        if (!first && !lines) putchar('\n');
        print_family(a, f);
        first = false;
    }
    return CLI_DONE;
}

const struct cli_command cli_command_list = {
    .name = "list",
    .doc = "what there is: systems, steppers, losses, starts, theorems, ...",
    .details = "Without an argument, all lists.",
    .run = list,
    .operands = {{"LIST",
                  "systems, steppers, losses, starts, observables, theorems or keys",
                  CLI_FAMILY, true, true}},
    .options =
        {
            {"names", "only the names, one a line", NULL, 'n', CLI_FLAG},
            {"markdown", "as tables in Markdown", NULL, 'm', CLI_FLAG},
        },
};
