/* lnnflow help completion: a bash completion script from the same tables as the help.
 */
#include <string.h>
#include "cli.h"

/* "--set" and "-s" of every option; those of one command, or the common ones. */
static void print_options(const struct cli_option *o)
{
    for (; o->name; o++) {
        if (o->letter) printf("-%c ", o->letter);
        printf("--%s ", o->name);
    }
}

static const char *function_of(enum cli_kind kind)
{
    static const char *const names[] = {
        [CLI_FLAG] = ":",
        [CLI_WORD] = ":",
        [CLI_YAML] = "_lnnflow_files yaml yml",
        [CLI_H5] = "_lnnflow_files h5 hdf5 nc",
        [CLI_CSV] = "_lnnflow_files csv",
        [CLI_SETTING] = "_lnnflow_keys",
        [CLI_FAMILY] = "_lnnflow_words \"$lists\"",
        [CLI_THEOREM] = "_lnnflow_words \"$theorems\"",
        [CLI_TOPIC] = "_lnnflow_words \"$verbs $topics\"",
    };
    return names[kind];
}

static void print_words(void)
{
    fputs("    local verbs='", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        printf("%s%s", c == cli_commands ? "" : " ", (*c)->name);
    fputs("'\n    local topics='", stdout);
    for (const struct cli_topic *t = cli_topics; t->name; t++)
        printf("%s%s", t == cli_topics ? "" : " ", t->name);
    fputs("'\n    local lists='", stdout);
    for (const struct cli_family *f = cli_families; f->name; f++)
        printf("%s%s", f == cli_families ? "" : " ", f->name);
    fputs("'\n    local theorems='", stdout);
    for (const struct lnn_theorem *const *t = lnn_theorems; *t; t++)
        printf("%s%s", t == lnn_theorems ? "" : " ", (*t)->name);
    puts("'");
}

/* The values of the keys that are choices: what stands before a = is looked up here. */
static void print_values(void)
{
    char name[100];
    puts("    case $before in");
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        bool flag = strcmp(key->type, "flag") == 0;
        if (!key->choices && !flag) continue;
        printf("    %s) _lnnflow_words '", cli_key_name(key, name, sizeof name));
        if (flag) fputs("true false", stdout);
        for (const char *const *c = key->choices; c && *c; c++)
            printf("%s%s", c == key->choices ? "" : " ", *c);
        puts("'; return ;;");
    }
    puts("    esac");
}

static void print_keys(void)
{
    char name[100];
    puts("_lnnflow_keys() # the keys, for --set; the value follows at once\n{");
    fputs("    _lnnflow_words '", stdout);
    for (const struct lnn_key *key = lnn_keys; key->section; key++)
        printf("%s=%s", cli_key_name(key, name, sizeof name),
               key[1].section ? " " : "");
    puts("'\n    compopt -o nospace 2>/dev/null\n}\n");
}

/* What follows an option with a value, then the options, then the operand. */
static void print_command(const struct cli_command *c)
{
    printf("    %s)\n        case $before in\n", c->name);
    for (const struct cli_option *o = c->options; o->name; o++) {
        if (!o->value) continue;
        printf("        --%s", o->name);
        if (o->letter) printf(" | -%c", o->letter);
        printf(") %s; return ;;\n", function_of(o->kind));
    }
    fputs("        esac\n        case $cur in\n        -*) _lnnflow_words '", stdout);
    print_options(c->options);
    print_options(cli_common);
    printf("' ;;\n        *) %s ;;\n        esac ;;\n",
           function_of(c->operands[0].kind));
}

void cli_help_completion(void)
{
    puts("# Bash completion of lnnflow, as `lnnflow help completion` prints it.\n\n"
         "_lnnflow_words() # the words that begin with $cur\n{\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n}\n\n"
         "_lnnflow_files() # files with one of these endings, and folders\n{\n"
         "    local ending\n"
         "    mapfile -t COMPREPLY < <(\n"
         "        compgen -d -- \"$cur\"\n"
         "        for ending; do compgen -f -X \"!*.$ending\" -- \"$cur\"; done\n"
         "    )\n"
         "    compopt -o filenames 2>/dev/null\n}\n");
    print_keys();
    puts("_lnnflow()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]}");
    puts("    local before=${COMP_WORDS[COMP_CWORD - 1]}");
    print_words();
    puts("    COMPREPLY=()\n"
         "    if ((COMP_CWORD == 1)); then\n"
         "        _lnnflow_words \"$verbs --help --version\"\n"
         "        return\n"
         "    fi\n"
         "    # bash takes name=value apart into three words\n"
         "    if [[ $cur == = ]]; then\n"
         "        cur=\n"
         "    elif [[ $before == = ]]; then\n"
         "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
         "    fi");
    print_values();
    puts("    case ${COMP_WORDS[1]} in");
    for (const struct cli_command *const *c = cli_commands; *c; c++) print_command(*c);
    puts("    esac\n}\n\ncomplete -F _lnnflow lnnflow");
}
