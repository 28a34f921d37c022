/* What the parts of the command line share (src/cli only).
 *
 * Every verb is one file, cmd_<verb>.c, that ends with one const struct cli_command,
 * and one row in main.c. Parsing, help, the man page and the completion all read that
 * table. Results go to stdout, messages and progress to stderr. */
#ifndef LNN_CLI_H
#define LNN_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "lnnflow.h"

enum cli_exit { /* after a signal: 128 + its number */
                CLI_DONE = 0,
                CLI_VIOLATED = 1,
                CLI_USAGE = 2,
                CLI_NUMERICAL = 3,
                CLI_IO = 4,
                CLI_STOPPED = 5,
                CLI_INCONCLUSIVE = 6,
};

enum cli_kind {           /* of a value: what the completion offers */
                CLI_FLAG, /* no value */
                CLI_WORD,
                CLI_YAML,
                CLI_H5,
                CLI_CSV,
                CLI_SETTING,
                CLI_FAMILY,
                CLI_TOPIC,
                CLI_THEOREM,
};

struct cli_option {
    const char *name; /* without the dashes; NULL ends a table */
    const char *doc;
    const char *value; /* what stands for it in help; NULL: a flag */
    char letter;       /* 0: none */
    enum cli_kind kind;
};

struct cli_operand {
    const char *name; /* NULL ends a table */
    const char *doc;
    enum cli_kind kind;
    bool optional, many;
};

struct cli_arguments;

struct cli_command {
    const char *name;
    const char *doc;     /* one line */
    const char *details; /* paragraphs, one a line */
    int (*run)(const struct cli_arguments *a);
    struct cli_operand operands[3];
    struct cli_option options[8];
};
extern const struct cli_command *const cli_commands[]; /* NULL-terminated */
extern const struct cli_option cli_common[];           /* --help, --version */
extern const struct cli_command cli_command_run, cli_command_sweep, cli_command_info,
    cli_command_list, cli_command_export, cli_command_verify, cli_command_report,
    cli_command_plot, cli_command_help;

/* args.c */
struct cli_arguments { /* one block; the texts are argv's */
    const struct cli_command *command;
    int n;                 /* operands */
    const char **operands; /* NULL-terminated */
    int n_given;
    struct cli_given {
        const struct cli_option *option;
        const char *value;
    } given[];
};
/* NULL, after a message, when the arguments after the verb are not as the table says.
 */
struct cli_arguments *cli_parse(const struct cli_command *command, char **argv);
const char *cli_value(const struct cli_arguments *a,
                      const char *option); /* last, or NULL */
bool cli_flag(const struct cli_arguments *a, const char *option);
bool cli_has(const char *const *words, const char *word);
/* A lone word that is no verb, family, group, ...: a message with a suggestion. */
int cli_unknown(const char *what, const char *word, const char *const *words);
const struct cli_command *cli_find(const char *verb); /* NULL, after a message */
int cli_command_main(const struct cli_command *command, char **argv);

/* print.c */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_fail(
    int status);     /* prints lnn_error(); the exit code that goes with a GSL code */
int cli_flush(void); /* CLI_IO, after a message, when stdout did not take all */
size_t cli_width(FILE *out);
/* Text in lines of `width`, the first of which begins at column `at`. */
void cli_wrap(size_t indent, size_t at, size_t width, const char *text);
enum { CLI_NUMBER = 32 };
const char *cli_number(double x, int digits, char text[CLI_NUMBER]); /* NaN: - */
const char *cli_exact(double x, char text[CLI_NUMBER]);         /* of a CSV; NaN: nan */
const char *cli_bytes(const char *path, char text[CLI_NUMBER]); /* size of a file */

/* table.c: cells, row by row, in aligned columns; a letter a column: l, r */
struct cli_table;
struct cli_table *cli_table_open(const char *columns); /* NULL: no memory */
void cli_cell(struct cli_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The last column is wrapped if it is text. Frees the table. */
void cli_table_print(struct cli_table *table, size_t indent, size_t width);

/* progress.c */
struct cli_progress;
struct cli_progress *cli_progress_open(const struct lnn_problem *problem);
void cli_progress_show(void *progress, const struct lnn_progress *p);
void cli_progress_close(struct cli_progress *progress); /* wipes the line; frees */

/* process.c */
int cli_start(void);                     /* before all else */
extern volatile sig_atomic_t cli_signal; /* 0, or the signal that came */
void cli_signals_catch(void);

/* problem.c: what the arguments of run and sweep name; texts are malloc'ed */
int cli_read_problem(const struct cli_arguments *a, struct lnn_problem **problem);
bool cli_from_stdin(const struct cli_arguments *a);
char *cli_output_path(const struct cli_arguments *a, const struct lnn_problem *problem);
char *cli_command_text(const struct cli_arguments *a);

/* cmd_run.c: a problem from dry run to summary; the exit code of its trajectories */
int cli_run_problem(const struct cli_arguments *a, const struct lnn_problem *problem);
int cli_run_verdict(const struct lnn_simulation *simulation);

/* sweep.c */
bool cli_is_sweep(const struct lnn_problem *problem);
int cli_sweep(const struct cli_arguments *a, const struct lnn_problem *problem,
              const char *output, const char *command);

/* search.c: the grid in a file: is there one, a table of the best, all as CSV */
bool cli_search_is(struct lnn_reader *reader);
int cli_search_print(struct lnn_reader *reader, size_t most);
int cli_search_csv(struct lnn_reader *reader, FILE *out);

/* summary.c */
void cli_summary(const struct lnn_problem *problem, const struct lnn_simulation *s);

/* verdicts.c, verdicts_json.c, verdicts_store.c */
enum { CLI_VERDICTS = LNN_INCONCLUSIVE + 1 };
enum { CLI_VERDICTS_FORMAT = 1 }; /* of the JSON text and of the group */
struct cli_verdicts {
    const struct lnn_evidence *evidence;
    const char *only, *group; /* what was asked for; NULL: all */
    size_t n;
    const struct lnn_finding *findings;
};
void cli_verdicts_count(const struct cli_verdicts *v, size_t count[CLI_VERDICTS]);
void cli_verdicts_table(const struct cli_verdicts *v);
void cli_verdicts_explain(const struct cli_verdicts *v);
void cli_verdicts_json(const struct cli_verdicts *v, FILE *out);
void cli_print_counts(const size_t count[CLI_VERDICTS], FILE *out);
/* Into the file they are about, if that is still what `stamp` says. */
int cli_verdicts_store(const struct cli_verdicts *v, const struct lnn_stamp *stamp);
/* What a file has stored: is there anything, a line for info, the JSON text. */
bool cli_verdicts_are(struct lnn_reader *reader);
void cli_verdicts_info(struct lnn_reader *reader);
int cli_verdicts_print(struct lnn_reader *reader, const char *path);

/* plot_curves.c: what lnnflow plot draws */
enum { CLI_NAME = 300 }; /* of a group and a variable */
struct cli_curve {
    const char *group; /* the reader's */
    char *name;        /* loss, W[0,1] */
    size_t rows;
    double *x, *y;
};
struct cli_curves {
    struct lnn_reader *reader;
    const char *x; /* the variable along x, or an entry of it; NULL: time */
    char *x_label;
    size_t n;
    struct cli_curve *curves;
};
/* The variable, or entry, of every one of these groups that has it; exit code, after a
 * message. */
int cli_curves_add(struct cli_curves *c, const char *const *groups, const char *text);
void cli_curves_free(struct cli_curves *c);

/* picture.c: a PNG file of a page by an installed browser;
 * exit code, after a message */
struct cli_picture {
    const char *page, *path;
    int width, height; /* 0: the page's */
};
int cli_picture(const struct cli_picture *picture);
/* png_cut.c: false if `path` is no PNG; a copy of the top `height` rows, 0: of all */
bool cli_png_size(const char *path, long *width, long *height);
bool cli_png_cut(const char *path, long height, const char *to);

/* families.c: what `lnnflow list` knows */
struct cli_family {
    const char *name, *doc;
    const char *key;            /* of the problem file, or option, that takes one */
    const void *const *members; /* NULL: the keys themselves */
};
enum { CLI_FAMILIES = 8 };
extern const struct cli_family cli_families[CLI_FAMILIES + 1]; /* ends with NULL */
const char *cli_key_name(const struct lnn_key *key, char *text, size_t room);
const char *cli_key_range(const struct lnn_key *key, char *text, size_t room);
const char *cli_key_goes_with(const struct lnn_key *key, char *text, size_t room);
/* type, range, default, and what it goes with */
void cli_key_facts(const struct lnn_key *key, char *text, size_t room);

/* cmd_help.c, help_*.c, version.c */
struct cli_topic {
    const char *name, *doc;
    void (*print)(void);
};
extern const struct cli_topic cli_topics[]; /* ends with name == NULL */
struct cli_exit_doc {
    const char *code, *doc;
};
extern const struct cli_exit_doc cli_exit_docs[]; /* ends with code == NULL */
/* Texts for help and the man page: lines that begin with a blank are printed as they
 * are, the others wrapped. NULL-terminated. */
extern const char *const cli_text_about[],
    *const cli_text_problem[], *const cli_text_example[], *const cli_text_file[];
void cli_print_text(const char *const text[]);
void cli_print_keys(void);
void cli_help_problem(void);
void cli_help_file(void);
void cli_help_man(void);
void cli_help_completion(void);
const char *cli_synopsis(const struct cli_command *command, char *text, size_t room);
const char *cli_option_text(const struct cli_option *option, char *text, size_t room);
int cli_help(void);  /* lnnflow help */
int cli_usage(void); /* lnnflow alone */
int cli_help_command(const struct cli_command *command);
int cli_version(void);
const char *cli_version_text(void); /* "lnnflow 0.1.0 (abc)" */

/* reading.c: the group called `name` (NULL: the only one); NULL after a message */
const char *cli_group(struct lnn_reader *reader, const char *path, const char *name);
const char *cli_group_name(const char *group); /* for people */

#endif
