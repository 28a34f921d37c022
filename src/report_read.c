/* What a report is about: files, their trajectories, and what can be judged. */
#include "report_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"

void *report_own(struct report *r, void *block)
{
    void **grown = block ? realloc(r->owned, (r->n_owned + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(block);
        r->out->failed = true;
        return NULL;
    }
    r->owned = grown;
    return r->owned[r->n_owned++] = block;
}

void report_clear(struct report *r)
{
    for (size_t i = 0; i < r->n_owned; i++) free(r->owned[i]);
    r->n_owned = 0;
}

char *report_format(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text) vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

double *report_get(struct report *r, const struct report_track *track, const char *name,
                   size_t *width)
{
    struct lnn_shape shape;
    double *values = NULL;
    const char *const *all = lnn_reader_variables(track->file->reader, track->group);
    bool there = false;
    for (; *all && !there; all++) there = strcmp(*all, name) == 0;
    if (!there || lnn_reader_shape(track->file->reader, track->group, name, &shape) !=
                      GSL_SUCCESS)
        return NULL;
    if (shape.rank < 1 || shape.rank > 2) return NULL;
    if (lnn_reader_get(track->file->reader, track->group, name, &shape, &values) !=
        GSL_SUCCESS)
        return NULL;
    *width = shape.rank == 2 ? shape.dims[1] : 1;
    if (shape.dims[0] == track->rows && *width > 0) return report_own(r, values);
    free(values);
    return NULL;
}

const char *report_text(struct report *r, const struct report_file *f,
                        const char *group, const char *name)
{
    char *text = lnn_reader_attribute(f->reader, group, name);
    return text ? report_own(r, text) : NULL;
}

double report_number(const struct report_file *f, const char *group, const char *name)
{
    char *end, *text = lnn_reader_attribute(f->reader, group, name);
    double x = text ? strtod(text, &end) : NAN;
    if (text && (end == text || *end)) x = NAN;
    free(text);
    return x;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static char *label(size_t n, const char *const paths[], size_t i)
{
    size_t same = 0;
    for (size_t k = 0; k < n; k++)
        same += strcmp(last_part(paths[k]), last_part(paths[i])) == 0;
    return strdup(same > 1 ? paths[i] : last_part(paths[i]));
}

/* That nothing can be judged is no error of the report. */
static int judge(struct report_file *f)
{
    int status = lnn_evidence_read(f->path, &f->evidence);
    if (status == GSL_SUCCESS)
        status = lnn_judge_all(f->evidence, NULL, &f->n_findings, &f->findings);
    if (status == GSL_SUCCESS) return status;
    f->unjudged = strdup(lnn_error());
    return f->unjudged && status != GSL_ENOMEM ? GSL_SUCCESS : GSL_ENOMEM;
}

static int read_file(struct report *r, struct report_file *f)
{
    LNN_TRY(lnn_reader_open(f->path, &f->reader));
    size_t groups = 0;
    for (const char *const *g = lnn_reader_groups(f->reader); *g; g++) groups++;
    bool search = lnn_reader_variables(f->reader, "search")[0] != NULL;
    if (groups == 0 && !search)
        return lnn_fail(GSL_EINVAL,
                        "%s holds no trajectory: no group with a time, an iteration or "
                        "a W1",
                        f->path);
    r->n_tracks += groups;
    return judge(f);
}

/* A variable of the group as x, NULL if there is none. */
static int read_kind(struct report_track *t, const char *variable, const char *name)
{
    struct lnn_shape shape = {0};
    const char *const *all = lnn_reader_variables(t->file->reader, t->group);
    for (; *all && !t->x; all++) {
        if (strcmp(*all, variable) != 0) continue;
        LNN_TRY(lnn_reader_get(t->file->reader, t->group, *all, &shape, &t->x));
        t->x_name = name;
        if (shape.rank == 1 && shape.dims[0] == t->rows) continue;
        free(t->x);
        t->x = NULL;
    }
    return GSL_SUCCESS;
}

/* The time, also where it follows from iteration and learning rate; else the iteration,
 * else just rows; cut to the rows that exist. */
static int read_x(struct report_track *t)
{
    const struct lnn_record *record = t->record;
    t->rows = lnn_reader_rows(t->file->reader, t->group);
    LNN_TRY(read_kind(t, "time", "flow time t"));
    bool known = !t->x && record && record->rows == t->rows && t->rows > 0 &&
                 isfinite(record->t[t->rows - 1]);
    if (!t->x && !known) LNN_TRY(read_kind(t, "iteration", "iteration"));
    if (t->x) return GSL_SUCCESS;
    t->x = calloc(t->rows + 1, sizeof *t->x);
    if (!t->x) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i < t->rows; i++) t->x[i] = known ? record->t[i] : (double)i;
    t->x_name = known ? "flow time t" : "row";
    return GSL_SUCCESS;
}

static int read_track(struct report *r, struct report_file *f, const char *group)
{
    struct report_track *t = &r->tracks[r->n_tracks];
    const char *plain = group[0] ? group : "/";
    *t = (struct report_track){.file = f, .group = group};
    t->record = f->evidence ? lnn_evidence_find(f->evidence, group) : NULL;
    t->name = r->n == 1  ? strdup(plain)
              : group[0] ? report_format("%s: %s", f->label, plain)
                         : strdup(f->label);
    r->n_tracks++;
    if (!t->name) return lnn_fail(GSL_ENOMEM, "out of memory");
    return read_x(t);
}

/* Times spread over decades want a log axis. */
static bool spreads(const struct report_track *t)
{
    size_t first = 0;
    while (first < t->rows && !(t->x[first] > 0)) first++;
    if (first + 4 > t->rows) return false;
    double early = t->x[first + 1] - t->x[first];
    double late = t->x[t->rows - 1] - t->x[t->rows - 2];
    return t->x[t->rows - 1] > 30 * t->x[first] && late > 10 * early;
}

/* Descents whose iterations take different times share the iteration, not a time. */
static int share_iterations(struct report *r)
{
    double rate = NAN;
    bool differ = false;
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        struct lnn_shape shape;
        double eta = report_number(t->file, t->group, "learning_rate");
        if (isnan(eta) || t->rows == 0 ||
            lnn_reader_shape(t->file->reader, t->group, "iteration", &shape) !=
                GSL_SUCCESS)
            return GSL_SUCCESS;
        differ = differ || (i > 0 && eta != rate);
        rate = eta;
    }
    for (size_t i = 0; differ && i < r->n_tracks; i++) {
        free(r->tracks[i].x);
        r->tracks[i].x = NULL;
        LNN_TRY(read_kind(&r->tracks[i], "iteration", "iteration"));
        if (!r->tracks[i].x) LNN_TRY(read_x(&r->tracks[i]));
    }
    return GSL_SUCCESS;
}

static void choose_x(struct report *r)
{
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        r->x_log = r->x_log || spreads(t);
        if (i == 0 || strcmp(r->x_name, t->x_name) == 0)
            r->x_name = t->x_name;
        else
            r->x_name = "flow time, iteration or row";
    }
}

int report_read(struct report *r, size_t n, const char *const paths[])
{
    r->n = n;
    r->files = calloc(n + 1, sizeof *r->files);
    if (!r->files) return lnn_fail(GSL_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        r->files[i].path = paths[i];
        r->files[i].label = label(n, paths, i);
        if (!r->files[i].label) return lnn_fail(GSL_ENOMEM, "out of memory");
        LNN_TRY(read_file(r, &r->files[i]));
    }
    r->tracks = calloc(r->n_tracks + 1, sizeof *r->tracks);
    if (!r->tracks) return lnn_fail(GSL_ENOMEM, "out of memory");
    r->n_tracks = 0;
    for (size_t i = 0; i < n; i++) {
        struct report_file *f = &r->files[i];
        for (const char *const *g = lnn_reader_groups(f->reader); *g; g++)
            LNN_TRY(read_track(r, f, *g));
    }
    LNN_TRY(share_iterations(r));
    choose_x(r);
    return GSL_SUCCESS;
}

void report_close(struct report *r)
{
    report_clear(r);
    free(r->owned);
    for (size_t i = 0; r->tracks && i < r->n_tracks; i++) {
        free(r->tracks[i].name);
        free(r->tracks[i].x);
    }
    for (size_t i = 0; r->files && i < r->n; i++) {
        struct report_file *f = &r->files[i];
        free(f->label);
        free(f->unjudged);
        free(f->findings);
        lnn_evidence_free(f->evidence);
        lnn_reader_close(f->reader);
    }
    free(r->tracks);
    free(r->files);
}
