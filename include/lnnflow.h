/* lnnflow: trajectories of linear networks under gradient flow, and the theorems on
 * them; of non-linear networks as well, where the theorems on linear ones say nothing.
 *
 * The headers below stand in the order of the data flow. A file may include a header
 * only if it stands at or above its own (tests/lint/include_law.sh checks it), so this
 * list is the table of contents and the layer diagram at once.
 *
 * Conventions of every header: matrices are dense, row-major arrays of double; layer j
 * (1..N) has W_j of shape d_j x d_{j-1}; the end-to-end matrix of a linear network is
 * W = W_N ... W_1 of shape k x d with k = d_N, d = d_0; flow time and weights carry no unit. Functions
 * that can fail return a GSL status code and leave their text in lnn_error(). The
 * library never prints, exits or aborts, and it keeps no global state. */
#ifndef LNNFLOW_H
#define LNNFLOW_H

#ifdef __cplusplus
extern "C" {
#endif

#include "lnn/err.h"         /* status codes, the text of an error */
#include "lnn/registry.h"    /* name + doc: what every list of alternatives shares */
#include "lnn/rng.h"         /* seeded random numbers, one stream per purpose */
#include "lnn/linalg.h"      /* products, SVD, norms */
#include "lnn/closed_form.h" /* formulas of trajectories that are known exactly */
#include "lnn/problem.h"     /* the problem file: keys, checks, resolved form */
#include "lnn/data.h"        /* inputs, targets and their moments */
#include "lnn/loss.h"        /* family: l(W), its gradient and Hessian */
#include "lnn/activation.h"  /* family: what stands between dense layers */
#include "lnn/batch.h"       /* mini-batches: the k-th is a function of seed and k */
#include "lnn/network.h"     /* what depends on the layers alone */
#include "lnn/mlp.h"         /* outputs, gradient, Hessian of non-linear networks */
#include "lnn/h5.h"          /* the few HDF5 idioms the project uses */
#include "lnn/init.h"        /* family: starts W_1(0)..W_N(0) */
#include "lnn/model.h"       /* network + loss + data + start + scratch */
#include "lnn/descent.h"     /* what the discrete methods on the layers share */
#include "lnn/ode.h"         /* family: dynamical systems */
#include "lnn/stepper.h"     /* family: one-step methods as GSL step types */
#include "lnn/run.h"         /* one trajectory in time: natural steps, dense output */
#include "lnn/observable.h"  /* family: what is measured along a trajectory */
#include "lnn/trajectory.h"  /* the HDF5 file */
#include "lnn/evidence.h"    /* what a trajectory file says, ready to be judged */
#include "lnn/theorem.h"     /* family: theorems judged against a trajectory */
#include "lnn/markup.h"      /* a growing text, escaped for pages and pictures */
#include "lnn/axis.h"        /* range, ticks and labels of a picture's axis */
#include "lnn/chart.h"       /* a picture of series: thinned, drawn as SVG */
#include "lnn/plot.h"        /* a chart as text, for a terminal */
#include "lnn/report.h"      /* a page about trajectory files */
#include "lnn/simulate.h"    /* a whole problem: all trajectories into one file */
#include "lnn/sweep.h"       /* many runs: learning rates searched, keys swept */

#ifdef __cplusplus
}
#endif
#endif
