/* Which learning rate is the best. */
#include "sweep_private.h"

#include <math.h>

static bool qualifies(const struct lnn_grid *g, const struct lnn_cell *c)
{
    if (!isfinite(c->loss)) return false;
    return g->by_loss ? !lnn_reason_failed(c->ended) : c->ended == LNN_STOP_LOSS;
}

/* Strictly: what comes later in the grid must beat what comes before. */
static bool beats(const struct lnn_grid *g, const struct lnn_cell *a,
                  const struct lnn_cell *b)
{
    if (!g->by_loss && a->iterations != b->iterations)
        return a->iterations < b->iterations;
    if (a->loss != b->loss) return a->loss < b->loss;
    return a->learning_rate < b->learning_rate;
}

static long best_of(const struct lnn_grid *g, const struct lnn_cell cells[])
{
    long best = LNN_NONE;
    for (size_t r = 0; r < g->rates; r++) {
        const struct lnn_cell *c = &cells[r];
        if (isnan(c->learning_rate)) continue;
        if (c->ended == LNN_RUNNING) return LNN_OPEN;
        if (qualifies(g, c) && (best < 0 || beats(g, c, &cells[best]))) best = (long)r;
    }
    return best;
}

void lnn_sweep_choose(struct lnn_grid *g)
{
    for (size_t row = 0; row < g->points * g->trajectories; row++)
        g->best[row] = best_of(g, g->cells + row * g->rates);
}
