/* Balanced start: Procedure 1 of Arora, Cohen, Golowich & Hu (ICLR 2019). */
#include "lnn/init.h"

#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    size_t kd = net->d[net->N] * net->d[0];
    unsigned long seed = problem->init.seed;
    if (problem->init.matrix.at) {
        LNN_TRY(lnn_balanced_start(net, problem->init.matrix.at, w));
    } else {
        double *A = malloc(kd * sizeof *A);
        gsl_rng *rng = A ? lnn_rng_open(seed, "init.balanced") : NULL;
        int status =
            rng ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the start");
        if (rng) {
            lnn_rng_normals(rng, problem->init.scale, kd, A);
            gsl_rng_free(rng);
            status = lnn_balanced_start(net, A, w);
        }
        free(A);
        LNN_TRY(status);
    }
    return problem->init.rotate ? lnn_rotated_start(net, seed, w) : GSL_SUCCESS;
}

const struct lnn_init lnn_init_balanced = {
    .name = "balanced",
    .doc = "W_{j+1}^T W_{j+1} = W_j W_j^T, with product init.matrix, or one whose "
           "entries are "
           "drawn from N(0, scale^2): Procedure 1 of Arora, Cohen, Golowich & Hu 2019. "
           "Needs "
           "every hidden width >= the rank of the product.",
    .start = start,
};
