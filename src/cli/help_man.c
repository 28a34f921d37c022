/* lnnflow help man: a man page from the same tables as the help. */
#include <string.h>
#include "cli.h"

/* Text as roff: what means something to roff or would be made typographic is escaped.
 */
static void roff(const char *text)
{
    static const struct {
        char letter;
        const char *escape;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'^', "\\(ha"},
                   {'~', "\\(ti"}, {'`', "\\(ga"}, {'"', "\\(dq"}};
    if (*text == '.') fputs("\\&", stdout);
    for (; *text; text++) {
        const char *escape = NULL;
        for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
            if (escapes[i].letter == *text) escape = escapes[i].escape;
        if (escape)
            fputs(escape, stdout);
        else if (*text == '\n')
            fputs("\n.PP\n", stdout);
        else
            putchar(*text);
    }
    putchar('\n');
}

static void item(const char *name, const char *text)
{
    fputs(".TP\n.B ", stdout);
    roff(name);
    roff(text);
}

static void paragraphs(const char *const text[])
{
    bool verbatim = false;
    for (; *text; text++) {
        bool indented = (*text)[0] == ' ';
        if (indented != verbatim) puts(indented ? ".PP\n.EX" : ".EE");
        verbatim = indented;
        if ((*text)[0] == '\0') puts(".PP");
        if ((*text)[0] != '\0') roff(*text);
    }
    if (verbatim) puts(".EE");
}

static void options(const struct cli_option *o)
{
    char text[100];
    for (; o->name; o++) {
        cli_option_text(o, text, sizeof text);
        item(text + strspn(text, " "), o->doc);
    }
}

static void command(const struct cli_command *c)
{
    char synopsis[200];
    fputs(".SS ", stdout);
    roff(cli_synopsis(c, synopsis, sizeof synopsis));
    roff(c->doc);
    puts(".PP");
    roff(c->details);
    for (const struct cli_operand *o = c->operands; o->name; o++) item(o->name, o->doc);
    options(c->options);
}

static void keys(void)
{
    char name[100], facts[2000];
    const char *section = "";
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, section) != 0) {
            section = key->section;
            fputs(".SS ", stdout);
            roff(section);
            roff(lnn_section_doc(section));
        }
        cli_key_facts(key, facts, sizeof facts);
        item(cli_key_name(key, name, sizeof name), facts);
        puts(".br");
        roff(key->doc);
    }
}

void cli_help_man(void)
{
    const char *version = strchr(cli_version_text(), ' ') + 1;
    printf(".TH LNNFLOW 1 \"\" \"lnnflow %.*s\"\n.nh\n.ad l\n",
           (int)strcspn(version, " "), version);
    puts(".SH NAME\nlnnflow \\- trajectories of deep linear networks\n.SH SYNOPSIS");
    char synopsis[200];
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        if (c != cli_commands) puts(".br");
        roff(cli_synopsis(*c, synopsis, sizeof synopsis));
    }
    puts(".SH DESCRIPTION");
    paragraphs(cli_text_about);
    puts(".SH VERBS");
    for (const struct cli_command *const *c = cli_commands; *c; c++) command(*c);
    puts(".SS \"All verbs\"");
    options(cli_common);
    puts(".SH EXIT STATUS");
    for (const struct cli_exit_doc *e = cli_exit_docs; e->code; e++)
        item(e->code, e->doc);
    puts(".SH PROBLEM FILE");
    paragraphs(cli_text_problem);
    puts(".PP\nAn example:");
    paragraphs(cli_text_example);
    keys();
    puts(".SH HDF5 FILE");
    paragraphs(cli_text_file);
}
