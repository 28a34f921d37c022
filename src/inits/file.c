/* Weights from an HDF5 file: a trajectory of ours or somebody else's. */
#include "lnn/init.h"

#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/h5.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    char *path = lnn_problem_path(problem, problem->init.file);
    if (!path) return lnn_fail(GSL_ENOMEM, "out of memory for the start");
    int status = lnn_h5_weights(path, problem->init.group, (long)problem->init.row,
                                net->N + 1, net->d, w);
    free(path);
    return status;
}

const struct lnn_init lnn_init_file = {
    .name = "file",
    .doc = "Weights W1..WN from an HDF5 file, ours or anybody's: datasets (d_j x "
           "d_{j-1}), or "
           "(time, d_j, d_{j-1}) of which init.row is taken.",
    .start = start,
};
