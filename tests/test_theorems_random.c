/* Problems that random search found a true theorem refuted on, each by another weakness
 * of a judge: none may be violated. */
#include "test_theorems_flow.h"

TestSuite(theorems_random, .init = lnn_test_setup, .timeout = 120);

#define BOTH "trajectories: [{system: gradient_flow}, {system: end_to_end}]\n"

static const char *const problems[] = {
    /* neighbouring orders of the quadrature agree once by chance */
    "network: {widths: [4, 3, 3]}\n"
    "data: {kind: target, matrix: [[-0.932, -0.597, -0.844, 0.789], [-0.636, 0.71, "
    "0.876, -0.08], [-0.091, 0.015, -0.48, 1.757]]}\n"
    "init: {kind: balanced, matrix: [[1.677, 1.061, 0.467, 0.884], [-1.03, -2.529, "
    "-1.648, -0.21], [-1.339, -1.194, -0.69, 0.119]]}\n"
    "time: {end: 12, samples: 31}\n" BOTH,
    /* the gradient falls fourteenfold between two samples */
    "network: {widths: [4, 4, 4, 4, 4]}\n"
    "data: {kind: target, matrix: [[1.035, 0.605, 0, 0], [0.605, 1, 0, 0], [0, 0, "
    "1.167, "
    "0], [0, 0, 0, 1]]}\n"
    "init: {kind: identity}\ntime: {end: 3, samples: 11}\n" BOTH,
    /* the kink of |r|^3 between two samples */
    "network: {widths: [5, 3, 3, 3, 3, 3]}\nloss: {kind: lp, p: 3, scaling: papers}\n"
    "data: {kind: target, matrix: [[0.606, 0.456, 0, 0.639, 1.227], [0, 0, -0.114, 0, "
    "0], [0, 0, 1, 0, 0]]}\n"
    "init: {kind: orthogonal, scale: 1, seed: 884}\n"
    "time: {end: 30, samples: 201, spacing: log}\n" BOTH,
    /* the end-to-end trajectory leaves the rank of its start by rounding */
    "network: {widths: [2, 5, 2]}\n"
    "data: {kind: target, matrix: [[0, -0.263], [-0.263, -0.195]]}\n"
    "init: {kind: identity, scale: 0.001}\ntime: {end: 300, samples: 201}\n"
    "trajectories: [{system: gradient_flow, stepper: gauss, rtol: 1.0e-8, atol: "
    "1.0e-10}, {system: end_to_end, stepper: gauss, rtol: 1.0e-8, atol: 1.0e-10}]\n",
    /* the same between two samples, where no stored row is near 0 */
    "network: {widths: [1, 1, 1]}\nloss: {kind: lp, p: 4}\n"
    "data: {kind: target, matrix: [[2.094]]}\n"
    "init: {kind: balanced, matrix: [[-0.437]]}\ntime: {end: 12, samples: 3}\n" BOTH,
    /* layers off where their product is not: a loose multistep method */
    "network: {widths: [1, 1, 1]}\nloss: {kind: lp, p: 3, scaling: papers}\n"
    "data: {kind: target, matrix: [[-1.657]]}\n"
    "init: {kind: lambda_balanced, scale: 0.3, seed: 413, lambda: 0.5}\n"
    "time: {end: 30, samples: 11, spacing: log}\n"
    "trajectories: [{system: gradient_flow, stepper: msadams, rtol: 1.0e-6, atol: "
    "1.0e-8}]\n",
    /* no error bars but the tolerances, and many samples */
    "network: {widths: [2, 2, 2]}\nglobal_error: false\n"
    "data: {kind: target, matrix: [[1, 0.25], [-0.125, 1.5]]}\n"
    "init: {kind: balanced, matrix: [[0.3, 0.1], [-0.1, 0.4]]}\n"
    "time: {end: 5, samples: 501}\n"
    "trajectories: [{system: gradient_flow, stepper: rkf45, rtol: 1.0e-3, atol: "
    "1.0e-5}]\n",
    /* W far below the absolute tolerance */
    "network: {widths: [6, 2, 2, 2]}\nloss: {kind: lp, p: 3, scaling: papers}\n"
    "data: {kind: target, matrix: [[1, 0, 0.123, -0.035, 0.561, 1.499], [-0.924, "
    "1.004, "
    "0, -0.018, -0.514, -1.519]]}\n"
    "init: {kind: identity, scale: 0.001}\n"
    "time: {end: 3, samples: 201, spacing: log}\n"
    "trajectories: [{system: gradient_flow, stepper: msadams, rtol: 1.0e-8, atol: "
    "1.0e-10}, {system: end_to_end, stepper: msadams, rtol: 1.0e-8, atol: 1.0e-10}]\n",
    /* a kink on the curve of the loop integral */
    "network: {widths: [2, 1]}\nloss: {kind: lp, p: 3}\n"
    "data: {kind: target, matrix: [[0.048, 0.63]]}\n"
    "init: {kind: gaussian, scale: 0.3}\ntime: {end: 3, samples: 61}\n" BOTH,
};

Test(theorems_random, true_trajectories_are_not_refuted)
{
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        struct bench b = bench_of(problems[i], NULL);
        struct lnn_finding *found;
        size_t n;
        LNN_OK(lnn_judge_all(b.evidence, NULL, &n, &found));
        cr_assert(n > 0);
        for (size_t a = 0; a < n; a++)
            cr_assert(found[a].judgement.verdict != LNN_VIOLATED,
                      "problem %zu: %s on %s: %s\n%s", i, found[a].theorem->name,
                      found[a].record->name, found[a].judgement.reason,
                      found[a].judgement.explain);
        free(found);
        bench_free(&b);
    }
}
