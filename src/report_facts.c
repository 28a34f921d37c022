/* What was run: the key figures of files and trajectories, the problem's text. */
#include "report_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fact(struct report *r, const char *name, const char *text)
{
    if (!text || !*text) return;
    lnn_markup_add(r->out, "<div><dt>%s</dt><dd>", name);
    lnn_markup_escape(r->out, text);
    lnn_markup_put(r->out, "</dd></div>\n");
}

static char *plain(double x, int digits)
{
    return isnan(x) ? NULL : report_format("%.*g", digits, x);
}

/* d_0 -> ... -> d_N, or of what the weights say. */
static void widths(struct report *r, const struct report_file *f)
{
    const char *text = report_text(r, f, "", "widths");
    struct lnn_markup w = {0};
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == ' ' || *c == ',')
            lnn_markup_put(&w, c[1] == ' ' ? "" : " \xe2\x86\x92 ");
        else
            lnn_markup_bytes(&w, c, 1);
    }
    const struct lnn_network *net = NULL;
    for (size_t i = 0; f->evidence && i < f->evidence->n && !net; i++)
        if (f->evidence->records[i].net.N > 0) net = &f->evidence->records[i].net;
    bool said = w.at != NULL;
    for (size_t j = 0; !said && net && j <= net->N; j++)
        lnn_markup_add(&w, "%s%zu", j ? " \xe2\x86\x92 " : "", net->d[j]);
    if (net)
        lnn_markup_add(&w, " (%zu layer%s, %zu weights)", net->N,
                       net->N == 1 ? "" : "s", net->size);
    fact(r, "network", w.at);
    r->out->failed = r->out->failed || w.failed;
    lnn_markup_free(&w);
}

static void loss(struct report *r, const struct report_file *f)
{
    const char *kind = report_text(r, f, "", "loss");
    const char *is = report_text(r, f, "", "loss_infimum_is");
    double least = report_number(f, "", "loss_infimum");
    double decay = report_number(f, "", "weight_decay");
    bool known = is && strcmp(is, "the value") == 0;
    if (!kind) return;
    char *decays = decay > 0 ? report_format(", weight decay %g", decay) : NULL;
    char *low = isfinite(least)
                    ? report_format(known ? ", infimum %.8g" : ", at least %.8g", least)
                    : NULL;
    fact(r, "loss",
         report_own(
             r, report_format("%s%s%s", kind, low ? low : "", decays ? decays : "")));
    free(decays);
    free(low);
}

static void start(struct report *r, const struct report_file *f)
{
    const char *kind = report_text(r, f, "", "init");
    double scale = report_number(f, "", "init_scale");
    if (!kind) return;
    fact(r, "start",
         report_own(r, isnan(scale) ? strdup(kind)
                                    : report_format("%s, scale %g", kind, scale)));
}

static void facts(struct report *r, const struct report_file *f)
{
    double complete = report_number(f, "", "complete");
    double seconds = report_number(f, "volatile", "wall_seconds");
    double examples = report_number(f, "", "samples_of_data");
    const char *when = report_text(r, f, "volatile", "started");
    char *took = isnan(seconds) ? NULL
                                : report_format("%s%s%.3g s", when ? when : "",
                                                when ? ", " : "", seconds);
    char *m = plain(examples, 10);
    lnn_markup_put(r->out, "<dl class=\"facts\">\n");
    fact(r, "file", f->path);
    if (complete == 0) fact(r, "state", "not complete: still written, or cut off");
    widths(r, f);
    loss(r, f);
    fact(r, "examples", m);
    start(r, f);
    fact(r, "run", took ? took : when);
    fact(r, "written by", report_text(r, f, "", "source"));
    lnn_markup_put(r->out, "</dl>\n");
    free(took);
    free(m);
}

void report_head(struct report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const char *title = report_text(r, &r->files[i], "", "title");
        if (r->n > 1) {
            lnn_markup_put(r->out, "<h3 dir=\"auto\">");
            lnn_markup_escape(r->out, r->files[i].label);
            lnn_markup_put(r->out, title && *title ? ": " : "");
            lnn_markup_escape(r->out, title);
            lnn_markup_put(r->out, "</h3>\n");
        }
        facts(r, &r->files[i]);
    }
    report_clear(r);
}

static void cell(struct report *r, const char *text)
{
    lnn_markup_put(r->out, "<td>");
    lnn_markup_escape(r->out, text && *text ? text : "\xe2\x80\x93");
}

static void number_cell(struct report *r, double x, int digits)
{
    lnn_markup_put(r->out, "<td class=\"n\">");
    report_put_number(r->out, x, digits);
}

/* The last value of a variable, or its largest size; NaN if it is not there. */
static double ends(struct report *r, const struct report_track *t, const char *name,
                   bool largest, double *at)
{
    size_t width = 0, n;
    const double *y = report_get(r, t, name, &width);
    double best = NAN;
    if (!y || t->rows == 0) return NAN;
    n = t->rows * width;
    for (size_t i = largest ? 0 : n - width; i < n; i++) {
        if (isnan(y[i]) || (largest && fabs(y[i]) <= best)) continue;
        best = largest ? fabs(y[i]) : y[i];
        if (at) *at = (double)(i / width);
    }
    return best;
}

/* Has any trajectory the variable? A column without a number is no column. */
static bool any_has(const struct report *r, const char *variable)
{
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        const char *const *all = lnn_reader_variables(t->file->reader, t->group);
        for (; *all; all++)
            if (strcmp(*all, variable) == 0) return true;
    }
    return false;
}

/* Largest distance to the end-to-end solution, in units of both error bars there. */
static void agreement(struct report *r, const struct report_track *t)
{
    size_t width = 0;
    double row = 0, gap = ends(r, t, "product_distance", true, &row), bars = NAN;
    const double *mine = report_get(r, t, "W_error", &width), *its = NULL;
    for (size_t i = 0; i < r->n_tracks && !its; i++) {
        const struct report_track *o = &r->tracks[i];
        if (o->file == t->file && o->rows == t->rows && o->record &&
            o->record->dynamics == LNN_DYNAMICS_END_TO_END)
            its = report_get(r, o, "W_error", &width);
    }
    if (mine && its) bars = mine[(size_t)row] + its[(size_t)row];
    number_cell(r, gap, 2);
    number_cell(r, gap / bars, 2);
}

static void run_cells(struct report *r, const struct report_track *t)
{
    const char *stepper = report_text(r, t->file, t->group, "stepper");
    double rtol = report_number(t->file, t->group, "rtol");
    double rate = report_number(t->file, t->group, "learning_rate");
    if (isnan(rate) && t->record) rate = t->record->learning_rate;
    const char *system = report_text(r, t->file, t->group, "system");
    cell(r, system ? system : t->record ? t->record->system : NULL);
    char *how = stepper && !isnan(rtol) ? report_format("%s, rtol %g", stepper, rtol)
                : !isnan(rate)          ? report_format("\xce\xb7 = %g", rate)
                                        : strdup(stepper ? stepper : "");
    cell(r, how);
    free(how);
    cell(r, report_text(r, t->file, t->group, "reason"));
    lnn_markup_add(r->out, "<td class=\"n\">%zu", t->rows);
    number_cell(r, t->rows ? t->x[t->rows - 1] : NAN, 6);
    double loss = ends(r, t, "loss", false, NULL);
    const struct lnn_record *record = t->record;
    if (isnan(loss) && record && record->loss && record->rows > 0)
        loss = record->loss[record->rows - 1];
    number_cell(r, loss, 9);
    number_cell(r, ends(r, t, "loss_error", false, NULL), 2);
    if (any_has(r, "balancedness_drift"))
        number_cell(r, ends(r, t, "balancedness_drift", true, NULL), 2);
    if (any_has(r, "product_distance")) agreement(r, t);
    number_cell(r, report_number(t->file, t->group, "steps"), 9);
    number_cell(r, report_number(t->file, t->group, "rhs_evaluations_steps"), 9);
    number_cell(r, report_number(t->file, "volatile", "wall_seconds"), 3);
}

void report_runs(struct report *r)
{
    static const struct {
        const char *name, *needs;
    } head[] = {{"trajectory", NULL},
                {"system", NULL},
                {"method", NULL},
                {"ended", NULL},
                {"rows", NULL},
                {"end", NULL},
                {"last loss", NULL},
                {"\xc2\xb1 error", NULL},
                {"largest drift", "balancedness_drift"},
                {"gap to end-to-end", "product_distance"},
                {"gap / bars", "product_distance"},
                {"steps", NULL},
                {"right-hand sides", NULL},
                {"seconds (file)", NULL}};
    if (r->n_tracks == 0) return;
    lnn_markup_put(r->out, "<section aria-labelledby=\"runs\"><h2 id=\"runs\">"
                           "Trajectories</h2>\n<div class=\"scroll\"><table "
                           "class=\"runs\"><thead><tr>");
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        if (!head[i].needs || any_has(r, head[i].needs))
            lnn_markup_add(r->out, "<th scope=\"col\"%s>%s",
                           i > 3 ? " class=\"n\"" : "", head[i].name);
    lnn_markup_put(r->out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->n_tracks; i++) {
        lnn_markup_put(r->out, "<tr><th scope=\"row\">");
        lnn_markup_escape(r->out, r->tracks[i].name);
        lnn_markup_put(r->out, "</th>");
        run_cells(r, &r->tracks[i]);
        lnn_markup_put(r->out, "</tr>\n");
        report_clear(r);
    }
    lnn_markup_put(r->out, "</tbody></table></div>\n");
    if (any_has(r, "product_distance"))
        lnn_markup_put(
            r->out,
            "<p class=\"hint\">gap / bars: the largest "
            "distance of the layers' product from the end-to-end solution over "
            "both global error bars there; 0.5 is what to expect, and more than "
            "some only where the theorem's hypotheses fail.</p>\n");
    lnn_markup_put(r->out, "</section>\n");
}

void report_problems(struct report *r)
{
    lnn_markup_put(r->out, "<section aria-labelledby=\"problem\"><h2 "
                           "id=\"problem\">Problem</h2>\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct report_file *f = &r->files[i];
        const char *text = report_text(r, f, "", "problem_resolved");
        if (!text) text = report_text(r, f, "", "problem");
        lnn_markup_put(r->out, "<details><summary>");
        lnn_markup_escape(r->out, f->label);
        lnn_markup_put(r->out, text ? ": every key in force</summary>\n<pre>"
                                    : "</summary>\n<pre>");
        lnn_markup_escape(r->out, text ? text : "The file does not hold its problem.");
        lnn_markup_put(r->out, "</pre></details>\n");
    }
    lnn_markup_put(r->out, "</section>\n");
    report_clear(r);
}
