/* All weights zero (the saddle at the origin), plus noise if asked. */
#include "lnn/init.h"

#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    memset(w, 0, net->size * sizeof *w);
    if (!(problem->init.noise > 0)) return GSL_SUCCESS;
    gsl_rng *rng = lnn_rng_open(problem->init.seed, "init.zero");
    if (!rng) return GSL_ENOMEM;
    lnn_rng_normals(rng, problem->init.noise, net->size, w);
    gsl_rng_free(rng);
    return GSL_SUCCESS;
}

const struct lnn_init lnn_init_zero = {
    .name = "zero",
    .doc =
        "All weights 0: the saddle at the origin, where the flow of two or more layers "
        "stays for ever; plus N(0, noise^2) on every weight if asked.",
    .start = start,
};
