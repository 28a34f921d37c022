/* Everything else that a file has along its rows: a chart a variable. */
#include "report_private.h"

#include <stdlib.h>
#include <string.h>

/* Shown already, or no quantity. */
static const char *const SHOWN[] = {
    "time",       "weights_time",       "iteration",       "loss",
    "loss_error", "balancedness_drift", "singular_values", "product_distance",
    "step_size",  "gradient_norm"};

enum { CHARTS = 60, WIDEST = 16 };

static bool listed(const char *name, size_t n, const char *const *names)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static bool of_interest(const struct report *r, const struct report_track *t,
                        const char *name)
{
    struct lnn_shape shape;
    if (!r->drift && strcmp(name, "balancedness") == 0) return false;
    if (listed(name, sizeof SHOWN / sizeof *SHOWN, SHOWN)) return false;
    if (name[0] == 'W' && name[1] >= '1' && name[1] <= '9') return false;
    if (lnn_reader_shape(t->file->reader, t->group, name, &shape) != GSL_SUCCESS)
        return false;
    if (shape.rank < 1 || shape.rank > 2 || shape.dims[0] != t->rows) return false;
    return shape.rank == 1 || (shape.dims[1] > 0 && shape.dims[1] <= WIDEST);
}

static const char *long_name(struct report *r, const struct report_track *t,
                             const char *name)
{
    char *path = report_format("%s%s%s", t->group, t->group[0] ? "/" : "", name);
    const char *text = path ? report_text(r, t->file, path, "long_name") : NULL;
    free(path);
    return text;
}

static void one(struct report *r, const char *name)
{
    struct report_figure f = {.title = name, .y_label = name};
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        if (!of_interest(r, t, name)) continue;
        if (!f.doc) f.doc = long_name(r, t, name);
        report_components(r, &f, t, name, "component", false);
    }
    f.y_log = report_wants_log(&f, 30);
    report_draw(r, &f);
}

void report_others(struct report *r)
{
    const char *names[CHARTS];
    size_t n = 0;
    for (size_t i = 0; i < r->n_tracks; i++) {
        const struct report_track *t = &r->tracks[i];
        const char *const *all = lnn_reader_variables(t->file->reader, t->group);
        for (; *all && n < CHARTS; all++)
            if (!listed(*all, n, names) && of_interest(r, t, *all)) names[n++] = *all;
    }
    if (n == 0) return;
    lnn_markup_put(r->out, "<h2 id=\"others\">Other observables</h2>\n<div "
                           "class=\"charts\">\n");
    for (size_t i = 0; i < n; i++) one(r, names[i]);
    lnn_markup_put(r->out, "</div>\n");
}
