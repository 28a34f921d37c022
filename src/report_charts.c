/* The charts that every report has, in order: loss, what is conserved, spectrum, the
 * two flows against each other, steps. */
#include "report_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More series than this in a chart: vectors are shown by one number. */
enum { SERIES = 12 };

static double *array(struct report *r, size_t n)
{
    return report_own(r, calloc(n + 1, sizeof(double)));
}

static struct lnn_series along(const struct report_track *t, const char *name,
                               const double *y)
{
    return (struct lnn_series){.name = name, .n = t->rows, .x = t->x, .y = y};
}

static double infimum(struct report *r, const struct report_file *f)
{
    const char *is = report_text(r, f, "", "loss_infimum_is");
    if (!is || strcmp(is, "the value") != 0) return NAN;
    return report_number(f, "", "loss_infimum");
}

static bool infima_known(struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!isfinite(infimum(r, &r->files[i]))) return false;
    return r->n > 0;
}

static void loss_of(struct report *r, struct report_figure *f,
                    const struct report_track *t, bool above)
{
    size_t width = 1;
    double *y = array(r, t->rows), *stored = report_get(r, t, "loss", &width);
    const double *loss = stored;
    if (!loss && t->record && t->record->loss && t->record->rows == t->rows)
        loss = t->record->loss;
    const double *error = report_get(r, t, "loss_error", &width);
    if (!loss || !y || width != 1) return;
    double least = above ? infimum(r, t->file) : 0;
    for (size_t i = 0; i < t->rows; i++) y[i] = loss[i] - least;
    struct lnn_series s = along(t, t->name, y);
    double *low = error ? array(r, t->rows) : NULL;
    double *high = low ? array(r, t->rows) : NULL;
    for (size_t i = 0; high && i < t->rows; i++) {
        low[i] = y[i] - error[i];
        high[i] = y[i] + error[i];
    }
    if (high) s.lower = low, s.upper = high;
    report_series(r, f, s);
}

static void loss(struct report *r)
{
    bool above = infima_known(r);
    struct report_figure f = {
        .title = above ? "Loss above its infimum" : "Loss",
        .doc = above ? "How far the loss l(W) is above the least that any W can reach. "
                       "The band is its global error."
                     : "The loss l(W); its infimum is not known beforehand. A band is "
                       "its global error.",
        .y_label = above ? "loss \xe2\x88\x92 infimum" : "loss"};
    for (size_t i = 0; i < r->n_tracks; i++) loss_of(r, &f, &r->tracks[i], above);
    struct lnn_range range = {0};
    for (size_t i = 0; i < f.n; i++)
        lnn_range_add(&range, f.series[i].n, f.series[i].y);
    f.y_log = range.positive > 1 && (above || range.min >= 0);
    report_draw(r, &f);
}

/* Of vectors one series a component, or the first (or largest) where there would be too
 * many. */
void report_components(struct report *r, struct report_figure *f,
                       const struct report_track *t, const char *name, const char *word,
                       bool first)
{
    size_t width = 0;
    const double *values = report_get(r, t, name, &width);
    if (!values) return;
    bool all = width * r->n_tracks <= SERIES;
    for (size_t k = 0; k < (all ? width : 1); k++) {
        double *y = array(r, t->rows);
        for (size_t i = 0; y && i < t->rows; i++) {
            const double *row = values + i * width;
            y[i] = row[k];
            for (size_t c = 1; !all && !first && c < width; c++)
                if (!(row[c] <= y[i])) y[i] = row[c]; /* NaN stays */
        }
        if (!y) return;
        const char *label = t->name;
        if (width > 1 && all)
            label = report_own(r, report_format("%s, %s %zu", t->name, word, k + 1));
        report_series(r, f, along(t, label, y));
    }
}

static bool has(const struct report_track *t, const char *name)
{
    const char *const *all = lnn_reader_variables(t->file->reader, t->group);
    for (; *all; all++)
        if (strcmp(*all, name) == 0) return true;
    return false;
}

static bool any_has(const struct report *r, const char *name)
{
    for (size_t i = 0; i < r->n_tracks; i++)
        if (has(&r->tracks[i], name)) return true;
    return false;
}

#define FACTOR(j) "<i>W<sub>" j "</sub></i>"
#define GRAM                                                       \
    "<i>C<sub>j</sub></i> = " FACTOR("j+1") "<sup>T</sup>" FACTOR( \
        "j+1") " &#8722; " FACTOR("j") FACTOR("j") "<sup>T</sup>"
static const char DRIFT[] =
    "&#8214;<i>C<sub>j</sub></i>(<i>t</i>) &#8722; <i>e</i><sup>&#8722;2&#955;<i>t</i>"
    "</sup> <i>C<sub>j</sub></i>(0)&#8214;, " GRAM ": 0 under exact gradient flow.";
static const char BALANCEDNESS[] =
    "&#8214;<i>C<sub>j</sub></i>&#8214;, " GRAM ": 0 where the layers are balanced.";

static void balancedness(struct report *r)
{
    bool drift = r->drift = any_has(r, "balancedness_drift");
    struct report_figure f = {.title =
                                  drift ? "Drift of the balancedness" : "Balancedness",
                              .markup = drift ? DRIFT : BALANCEDNESS,
                              .y_label = drift ? "drift, Frobenius norm"
                                               : "\xe2\x80\x96"
                                                 "C_j\xe2\x80\x96, Frobenius norm"};
    const char *name = drift ? "balancedness_drift" : "balancedness";
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        if (has(t, name))
            report_components(r, &f, t, name, "j =", false);
        else if (!drift)
            (void)report_derive_imbalance(r, &f, t);
    }
    f.y_log = report_wants_log(&f, 1);
    report_draw(r, &f);
}

static void spectrum(struct report *r)
{
    struct report_figure f = {
        .title = "Singular values",
        .markup = "Of the end-to-end matrix <i>W</i> = <i>W<sub>N</sub></i> &#8943; "
                  "<i>W</i><sub>1</sub>; the largest alone where there are many.",
        .y_label = "singular values of W"};
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        if (has(t, "singular_values"))
            report_components(r, &f, t, "singular_values", "mode", true);
        else
            (void)report_derive_spectrum(r, &f, t);
    }
    f.y_log = report_wants_log(&f, 1e7);
    report_draw(r, &f);
}

static const struct report_track *end_to_end(const struct report *r,
                                             const struct report_track *t)
{
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *o = &r->tracks[i];
        if (o->file == t->file && o->record &&
            o->record->dynamics == LNN_DYNAMICS_END_TO_END && o->rows == t->rows)
            return o;
    }
    return NULL;
}

/* Both error bars together, at the same samples. */
static void bars_of(struct report *r, struct report_figure *f,
                    const struct report_track *t, size_t style)
{
    size_t width = 0;
    const struct report_track *other = end_to_end(r, t);
    double *bar = array(r, t->rows);
    const double *mine = report_get(r, t, "W_error", &width);
    const double *its = other ? report_get(r, other, "W_error", &width) : NULL;
    if (!bar || !mine || !its || width != 1) return;
    for (size_t i = 0; i < t->rows; i++)
        bar[i] = t->x[i] == other->x[i] ? mine[i] + its[i] : NAN;
    char *name = report_own(r, report_format("%s, both error bars", t->name));
    struct lnn_series s = along(t, name, bar);
    s.aside = true;
    s.style = style;
    report_series(r, f, s);
}

static void difference(struct report *r)
{
    size_t width = 0;
    struct report_figure f = {
        .title = "Layers against end-to-end dynamics",
        .doc = "Distance of the layers' product from the end-to-end solution, two "
               "systems of equations; dashed: both global error bars together.",
        .y_label =
            "\xe2\x80\x96W \xe2\x88\x92 W_end_to_end\xe2\x80\x96, Frobenius norm"};
    for (size_t i = 0, style = 1; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        const double *y = report_get(r, t, "product_distance", &width);
        if (!y || width != 1) continue;
        struct lnn_series s = along(t, t->name, y);
        s.style = style;
        report_series(r, &f, s);
        if (r->n_tracks <= SERIES) bars_of(r, &f, t, style);
        style++;
    }
    f.y_log = report_wants_log(&f, 1);
    report_draw(r, &f);
}

static void gradient(struct report *r)
{
    struct report_figure f = {
        .title = "Gradient norm",
        .doc = "Of the loss with respect to all layers; for end-to-end dynamics, of a "
               "balanced factorisation.",
        .y_label = "gradient norm"};
    for (size_t i = 0; i < r->n_tracks; i++)
        report_components(r, &f, &r->tracks[i], "gradient_norm", "component", false);
    f.y_log = report_wants_log(&f, 1);
    report_draw(r, &f);
}

static void steps(struct report *r)
{
    struct report_figure f = {
        .title = "Step sizes",
        .doc = "Size of the stepper's natural step that holds the sample.",
        .y_label = "step size h"};
    for (size_t i = 0; i < r->n_tracks; i++)
        report_components(r, &f, &r->tracks[i], "step_size", "component", false);
    f.y_log = report_wants_log(&f, 1);
    report_draw(r, &f);
}

void report_charts(struct report *r)
{
    loss(r);
    balancedness(r);
    spectrum(r);
    difference(r);
    steps(r);
    gradient(r);
    report_search(r);
}
