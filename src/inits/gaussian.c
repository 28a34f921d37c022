/* Gaussian start: every weight from N(0, scale^2), a stream of its own per layer. */
#include "lnn/init.h"

#include <stdio.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    for (size_t j = 1; j <= net->N; j++) {
        char purpose[48];
        snprintf(purpose, sizeof purpose, "init.gaussian.%zu", j);
        gsl_rng *rng = lnn_rng_open(problem->init.seed, purpose);
        if (!rng) return GSL_ENOMEM;
        lnn_rng_normals(rng, problem->init.scale, net->d[j] * net->d[j - 1],
                        w + lnn_network_offset(net, j));
        gsl_rng_free(rng);
    }
    return GSL_SUCCESS;
}

const struct lnn_init lnn_init_gaussian = {
    .name = "gaussian",
    .doc = "Every weight drawn from N(0, scale^2): the customary layer-wise start. "
           "Near zero "
           "it is approximately balanced (Arora, Cohen, Golowich & Hu 2019, Claim 2).",
    .start = start,
};
