/* A report while it is written (src/report*.c only). */
#ifndef LNN_REPORT_PRIVATE_H
#define LNN_REPORT_PRIVATE_H

#include "lnn/chart.h"
#include "lnn/report.h"
#include "lnn/theorem.h"

struct report_track { /* a trajectory */
    struct report_file *file;
    const char *group; /* in the file */
    char *name;        /* for people: the group, "file: group" if there are several */
    const struct lnn_record *record; /* NULL: nothing in it can be judged */
    size_t rows;
    double *x;          /* rows: its time, else iteration, else the row's number */
    const char *x_name; /* "flow time t", "iteration", "row" */
};

struct report_file {
    const char *path;
    char *label; /* the path's last part; all of it if another file has the same */
    struct lnn_reader *reader;
    struct lnn_evidence
        *evidence; /* NULL: nothing can be judged, `unjudged` says why */
    char *unjudged;
    size_t n_findings;
    struct lnn_finding *findings;
};

struct report {
    size_t n;
    struct report_file *files;
    size_t n_tracks;
    struct report_track *tracks;
    bool x_log;
    bool drift; /* balancedness_drift is drawn, not balancedness */
    const char *x_name;
    struct lnn_markup *out;
    const char *version;
    size_t figures; /* drawn so far */
    size_t n_owned; /* blocks that live until report_clear */
    void **owned;
};

/* report_read.c */
int report_read(struct report *r, size_t n, const char *const paths[]);
void report_close(struct report *r);
/* Keeps a block until report_clear; NULL (and out of memory is noted in out->failed) if
 * it is NULL or cannot be kept. */
void *report_own(struct report *r, void *block);
void report_clear(struct report *r);
/* A variable with one row for each of the track's; `width` numbers a row. NULL: there
 * is none of that rank (1 or 2), or it is longer or shorter. Owned. */
double *report_get(struct report *r, const struct report_track *track, const char *name,
                   size_t *width);
/* Attribute as text or number; NULL or NaN when absent. The text is owned. */
const char *report_text(struct report *r, const struct report_file *f,
                        const char *group, const char *name);
double report_number(const struct report_file *f, const char *group, const char *name);
char *report_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* report_figure.c: a chart while its series are collected */
struct report_figure {
    const char *title, *y_label;
    const char *doc;    /* plain text; or */
    const char *markup; /* HTML of the report's own */
    bool y_log;
    const char *x_label; /* NULL: the report's x; else its own, a grid of rates say */
    bool x_log;
    size_t n, room;
    struct lnn_series *series;
};
/* Arrays and name are owned by the report. Does nothing without any finite value. */
void report_series(struct report *r, struct report_figure *f, struct lnn_series s);
/* Log if values are >= 0 and span more than `ratio`. */
bool report_wants_log(const struct report_figure *f, double ratio);
/* Draws it, if it has a series, and clears what the report owns. */
void report_draw(struct report *r, struct report_figure *f);

/* report_charts.c, report_derived.c, report_others.c, report_search.c */
void report_charts(struct report *r);
/* From stored weights, for files that do not say it: at most some rows. */
bool report_derive_spectrum(struct report *r, struct report_figure *f,
                            const struct report_track *track);
bool report_derive_imbalance(struct report *r, struct report_figure *f,
                             const struct report_track *track);
void report_components(struct report *r, struct report_figure *f,
                       const struct report_track *track, const char *name,
                       const char *word, bool first);
void report_others(struct report *r);
void report_search(struct report *r);

/* report_facts.c, report_verdicts.c, report_style.c, report_script.c */
void report_head(struct report *r);
void report_runs(struct report *r);
void report_problems(struct report *r);
void report_counts(struct report *r);
void report_verdicts(struct report *r);
void report_style(struct lnn_markup *css);
void report_script(struct lnn_markup *js);
/* A number for people: digits, an en dash if NaN. */
void report_put_number(struct lnn_markup *out, double x, int digits);

#endif
