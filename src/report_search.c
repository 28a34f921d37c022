/* The grid of a search for learning rates, if a file has one (group search): a series
 * for each point of a sweep and trajectory. */
#include "report_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/run.h"

struct grid {
    size_t points, trajectories, rates;
    double *rate, *result, *ended;
    bool by_loss;
    const char *names; /* a line a trajectory */
};

static double *cells(struct report *r, const struct report_file *f, const char *name,
                     const struct grid *g)
{
    struct lnn_shape s;
    double *values = NULL;
    if (lnn_reader_get(f->reader, "search", name, &s, &values) != GSL_SUCCESS)
        return NULL;
    bool fits = s.rank == 3 &&
                (g->rates == 0 || (s.dims[0] == g->points && s.dims[2] == g->rates &&
                                   s.dims[1] == g->trajectories));
    if (fits) return report_own(r, values);
    free(values);
    return NULL;
}

static bool read_grid(struct report *r, const struct report_file *f, struct grid *g)
{
    struct lnn_shape s;
    const char *const *all = lnn_reader_variables(f->reader, "search");
    bool there = false;
    *g = (struct grid){.by_loss = true};
    for (; *all; all++) there = there || strcmp(*all, "learning_rate") == 0;
    if (!there ||
        lnn_reader_shape(f->reader, "search", "learning_rate", &s) != GSL_SUCCESS)
        return false;
    if (s.rank != 3 || s.dims[0] * s.dims[1] * s.dims[2] == 0) return false;
    g->points = s.dims[0];
    g->trajectories = s.dims[1];
    g->rates = s.dims[2];
    const char *by = report_text(r, f, "search", "by");
    g->by_loss = !by || strcmp(by, "iterations") != 0;
    g->names = report_text(r, f, "search", "trajectories");
    g->rate = cells(r, f, "learning_rate", g);
    g->result = cells(r, f, g->by_loss ? "loss" : "iterations", g);
    g->ended = cells(r, f, "ended", g);
    return g->rate && g->result;
}

static char *name_of(const struct report *r, const struct report_file *f,
                     const struct grid *g, size_t point, size_t trajectory)
{
    const char *line = g->names ? g->names : "";
    for (size_t i = 0; i < trajectory && *line; i++) {
        line += strcspn(line, "\n");
        line += *line != '\0';
    }
    int length = (int)strcspn(line, "\n");
    const char *file = r->n > 1 ? f->label : "", *colon = r->n > 1 ? ": " : "";
    if (length == 0)
        return report_format("%s%strajectory %zu", file, colon, trajectory + 1);
    if (g->points == 1) return report_format("%s%s%.*s", file, colon, length, line);
    return report_format("%s%s%.*s, point %zu", file, colon, length, line, point + 1);
}

/* A run that failed, or never ran, has no result. */
static void one(struct report *r, struct report_figure *figure,
                const struct report_file *f, const struct grid *g, size_t point,
                size_t trajectory)
{
    size_t first = (point * g->trajectories + trajectory) * g->rates;
    double *y = report_own(r, malloc(g->rates * sizeof *y));
    for (size_t i = 0; y && i < g->rates; i++) {
        double ended = g->ended ? g->ended[first + i] : 0;
        bool failed = ended < 0 || lnn_reason_failed((enum lnn_reason)(int)ended);
        y[i] = failed || g->result[first + i] < 0 ? NAN : g->result[first + i];
    }
    if (!y) return;
    char *name = report_own(r, name_of(r, f, g, point, trajectory));
    report_series(
        r, figure,
        (struct lnn_series){.name = name, .n = g->rates, .x = g->rate + first, .y = y});
}

void report_search(struct report *r)
{
    struct grid g;
    struct report_figure f = {.title = "Search for the learning rate",
                              .doc =
                                  "Every run of the grid. Runs that diverged have no "
                                  "point.",
                              .x_label = "learning rate \xce\xb7",
                              .x_log = true};
    for (size_t i = 0; i < r->n; i++) {
        if (!read_grid(r, &r->files[i], &g)) continue;
        f.y_label = g.by_loss ? "loss after the budget" : "iterations to the target";
        for (size_t point = 0; point < g.points; point++)
            for (size_t k = 0; k < g.trajectories; k++)
                one(r, &f, &r->files[i], &g, point, k);
    }
    f.y_log = report_wants_log(&f, 10);
    report_draw(r, &f);
}
