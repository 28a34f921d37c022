/* Private: how far gradient descent can be from gradient flow, from the loss's
 * curvature in a tube around the flow. */
#ifndef THEOREM_TUBE_H
#define THEOREM_TUBE_H

#include "lnn/theorem.h"

struct lnn_tube { /* one entry a row of the flow's weights */
    size_t rows, N;
    const double *t;
    double curvature;         /* largest eigenvalue of Lambda_xx */
    double *high, *low;       /* extreme eigenvalues of the layers' Hessian */
    double *slope, *G;        /* norms of the gradients, of the layers and of W */
    double *norms;            /* rows x N: ||W_j||_op, descending in each row */
    double *beta, *gamma, *m; /* scratch: the extrema in the tube */
    double *bound, *growth;   /* results of lnn_tube_bound */
};

/* Everything at the flow's stored weights, by dense Hessians (size of the network
 * squared doubles). `curvature` as above. One block; free(3) releases it. */
int lnn_tube_alloc(const struct lnn_evidence *e, const struct lnn_record *flow,
                   double curvature, struct lnn_tube **tube);

/* bound[i] = eta int_0^t_i beta gamma e^{-int_s^t_i m} ds with the extrema of a tube of
 * radius eps, growth[i] = int_0^t_i max(-m, 0). In the tube the row's extrema widen by
 * lnn_hessian_within's third derivative times eps; between rows the worse of both ends
 * is taken. Returns the largest bound. */
double lnn_tube_bound(struct lnn_tube *tube, double eta, double eps);

/* The smallest radius found with lnn_tube_bound <= radius; NaN when there is none. */
double lnn_tube_radius(struct lnn_tube *tube, double eta);

#endif
