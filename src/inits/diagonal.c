/* Diagonal start: layers that differ from the identity in given diagonal entries. */
#include "lnn/init.h"

#include <string.h>
#include "lnn/err.h"

static int start(const struct lnn_problem *problem, const struct lnn_network *net,
                 double w[])
{
    const struct lnn_matrix *values = &problem->init.values;
    if (values->rows != net->N)
        return lnn_fail(GSL_EINVAL,
                        "init.values is %zu x %zu; a row for each of the %zu layers is "
                        "meant",
                        values->rows, values->cols, net->N);
    memset(w, 0, net->size * sizeof *w);
    for (size_t j = 1; j <= net->N; j++) {
        size_t cols = net->d[j - 1], n = net->d[j] < cols ? net->d[j] : cols;
        double *Wj = w + lnn_network_offset(net, j);
        if (values->cols > n)
            return lnn_fail(GSL_EINVAL,
                            "init.values is %zu x %zu; the diagonal of layer %zu has "
                            "%zu entries",
                            values->rows, values->cols, j, n);
        for (size_t i = 0; i < n; i++)
            Wj[i * cols + i] =
                i < values->cols ? values->at[(j - 1) * values->cols + i] : 1;
    }
    return GSL_SUCCESS;
}

const struct lnn_init lnn_init_diagonal = {
    .name = "diagonal",
    .doc =
        "Layer j has row j of init.values as the first entries of its diagonal and 1 "
        "as the others: unbalanced, but its modes do not mix. The starts of the "
        "necessity claims of Arora, Cohen, Golowich & Hu 2019.",
    .start = start,
};
