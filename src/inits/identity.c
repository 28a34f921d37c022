/* Identity start: the linear residual network. */
#include "lnn/init.h"

#include <stdio.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    unsigned long seed = problem->init.seed;
    memset(w, 0, net->size * sizeof *w);
    for (size_t j = 1; j <= net->N; j++) {
        size_t rows = net->d[j], cols = net->d[j - 1];
        double *Wj = w + lnn_network_offset(net, j);
        char purpose[48];
        snprintf(purpose, sizeof purpose, "init.identity.%zu", j);
        gsl_rng *rng = lnn_rng_open(seed, purpose);
        if (!rng) return GSL_ENOMEM;
        if (problem->init.noise > 0)
            lnn_rng_normals(rng, problem->init.noise, rows * cols, Wj);
        gsl_rng_free(rng);
        for (size_t r = 0; r < (rows < cols ? rows : cols); r++)
            Wj[r * cols + r] += problem->init.scale;
    }
    return problem->init.rotate ? lnn_rotated_start(net, seed, w) : GSL_SUCCESS;
}

const struct lnn_init lnn_init_identity = {
    .name = "identity",
    .doc =
        "Every layer scale times the identity (ones on the diagonal of a rectangular "
        "layer), plus normal noise if asked: the linear residual network of Bartlett, "
        "Helmbold & Long 2018. Exactly balanced when all widths are equal and noise is "
        "0; with rectangular layers only if min(d_j, d_{j-1}) is the same for all j.",
    .start = start,
};
