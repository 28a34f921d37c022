/* Orthogonal start: random orthonormal rows or columns, Haar distributed. */
#include "lnn/init.h"

#include <stdio.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/rng.h"

static int layer(unsigned long seed, size_t j, double scale, size_t rows, size_t cols,
                 double Wj[])
{
    char purpose[48];
    snprintf(purpose, sizeof purpose, "init.orthogonal.%zu", j);
    bool tall = rows >= cols;
    size_t m = tall ? rows : cols, n = tall ? cols : rows;
    gsl_rng *rng = lnn_rng_open(seed, purpose);
    double *Q = rng ? malloc(m * n * sizeof *Q) : NULL;
    if (Q) {
        lnn_rng_orthonormal(rng, m, n, Q);
        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; c < cols; c++)
                Wj[i * cols + c] = scale * (tall ? Q[i * n + c] : Q[c * n + i]);
    }
    int status = Q ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "out of memory for the start");
    free(Q);
    if (rng) gsl_rng_free(rng);
    return status;
}

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    for (size_t j = 1; j <= net->N; j++)
        LNN_TRY(layer(problem->init.seed, j, problem->init.scale, net->d[j],
                      net->d[j - 1], w + lnn_network_offset(net, j)));
    return GSL_SUCCESS;
}

const struct lnn_init lnn_init_orthogonal = {
    .name = "orthogonal",
    .doc =
        "Every layer scale times a random matrix with orthonormal columns (or rows, "
        "the "
        "shorter side), Haar distributed. Exactly balanced when all widths are equal.",
    .start = start,
};
