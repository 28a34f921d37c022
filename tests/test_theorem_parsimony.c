/* invariant_subspace: layers that start orthogonal. */
#include "foreign_file.h"
#include "test_closed_theorems.h"

TestSuite(theorem_parsimony, .init = lnn_test_setup, .timeout = 120);

#define PARSIMONY                                                                  \
    "network: {widths: [5, 5, 5, 5]}\n"                                            \
    "data: {kind: target, matrix: [[1, 0.5, 0, -0.5, 2], [0, -1, 1, 0.5, 0], [1, " \
    "-0.5, 1, 0, 2], [-1, -0.5, 0, 0.5, -2], [2, 0, 1, -0.5, 4]]}\n"               \
    "init: {kind: orthogonal, scale: 0.5, seed: 3}\n"                              \
    "trajectories: [{system: gradient_descent, learning_rate: 0.01}, {system: "    \
    "gradient_flow}]\n"                                                            \
    "time: {end: 4, samples: 41}\n"

Test(theorem_parsimony, the_factors_two_ways)
{
    struct judged v = evidence_of(PARSIMONY, NULL);
    double rho = 0.5;
    for (int i = 0; i < 400; i++) rho *= 1 - 0.01 * pow(rho, 4);
    VERDICT(&v, "invariant_subspace", "gradient_descent", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rank of the target"), 2, 0);
    LNN_CLOSE(figure(&v, "dimension of the subspace"), 1, 0);
    LNN_CLOSE(figure(&v, "iterations"), 400, 0);
    LNN_CLOSE(figure(&v, "rho_1 at the end"), rho, 1e-13);
    VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rho_L at the end"), pow(16 + 4 * 4, -0.25), 1e-13);
    damage_is_inconclusive(&v, "invariant_subspace", "gradient_flow");
    damage_is_inconclusive(&v, "invariant_subspace", "gradient_descent");
    forget(&v);
}

/* By hand: a unit vector of S, an eigenvector of Phi^T Phi + O^T Phi Phi^T O; the
 * layers stretch it one after the other. */
Test(theorem_parsimony, a_vector_of_the_subspace_by_hand)
{
    enum { D = 5, N = D * D };
    struct judged v = evidence_of(PARSIMONY, NULL);
    const struct lnn_record *r = record_at(&v, "gradient_flow");
    double O[N] = {0}, T[N], M[N], values[D], V[N], x[D], y[D];
    for (size_t i = 0; i < D; i++) O[i * D + i] = 1;
    for (size_t l = 0; l < 3; l++) {
        lnn_gemm(false, false, D, D, D, 2, r->w + l * N, O, 0, T);
        memcpy(O, T, sizeof O);
    }
    const double *Phi = v.e->data->Phi;
    lnn_gemm(true, false, D, D, D, 1, Phi, O, 0, T); /* Phi^T O */
    lnn_gemm(true, false, D, D, D, 1, T, T, 0, M);
    lnn_gemm(true, false, D, D, D, 1, Phi, Phi, 1, M);
    LNN_OK(lnn_eig_symmetric(D, M, values, V));
    LNN_CLOSE(values[0], 0, 1e-13);
    cr_assert(values[1] > 1e-6, "one dimension");
    for (size_t i = 0; i < D; i++) x[i] = V[i * D];
    const double *w = r->w + (r->weights_rows - 1) * r->net.size;
    for (size_t l = 0; l < 3; l++) {
        lnn_gemm(false, false, D, 1, D, 1, w + l * N, x, 0, y);
        LNN_CLOSE(lnn_norm(D, y) / lnn_norm(D, x), pow(32, -0.25), 1e-9);
        memcpy(x, y, sizeof x);
    }
    /* 1e-6 v_2 u^T on W_2, u across v_1: seen only by W_2^T v_2 */
    double *W2 = spoil(r->w) + 20 * r->net.size + N, u[D] = {1, 0, 0, 0, 0};
    for (size_t i = 0; i < D; i++) x[i] = V[i * D];
    lnn_gemm(false, false, D, 1, D, 2, r->w, x, 0, y);          /* v_1 */
    lnn_gemm(false, false, D, 1, D, 2, r->w + N, y, 0, values); /* v_2 */
    lnn_axpy(D, -lnn_dot(D, y, u), y, u);
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) W2[i * D + j] += 1e-6 * values[i] * u[j];
    VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_VIOLATED);
    forget(&v);
}

Test(theorem_parsimony, decay_and_weights_stored_more_rarely)
{
    static const char *const set[] = {"loss={kind: square, weight_decay: 0.2}",
                                      "output.weights_every=9", NULL};
    struct judged v = evidence_of(PARSIMONY, set);
    double rho = 0.5;
    for (int i = 0; i < 400; i++) rho *= 1 - 0.01 * 0.2 - 0.01 * pow(rho, 4);
    VERDICT(&v, "invariant_subspace", "gradient_descent", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rho_1 at the end"), rho, 1e-13);
    VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_HOLDS);
    /* rho' = -(0.2 + rho^4) rho by a plain Runge-Kutta */
    rho = 0.5;
    for (int i = 0; i < 4000; i++) {
        double h = 1e-3, k[4], at = rho;
        for (int s = 0; s < 4; s++) {
            k[s] = -(0.2 + pow(at, 4)) * at;
            at = rho + (s < 2 ? h / 2 : h) * k[s];
        }
        rho += h / 6 * (k[0] + 2 * k[1] + 2 * k[2] + k[3]);
    }
    LNN_CLOSE(figure(&v, "rho_1 at the end"), rho, 1e-12);
    forget(&v);
}

/* One entry of a layer, one row: far below what a wrong eta or decay would do. */
Test(theorem_parsimony, small_damage_is_seen)
{
    static const char *const names[] = {"gradient_descent", "gradient_flow"};
    struct judged v = evidence_of(PARSIMONY, NULL);
    for (size_t n = 0; n < 2; n++) {
        struct lnn_record *r = record_at(&v, names[n]);
        double *w = spoil(r->w) + 20 * r->net.size;
        for (size_t i = 0; i < r->net.size; i += 7) {
            double kept = w[i];
            w[i] += 1e-6;
            VERDICT(&v, "invariant_subspace", names[n], LNN_VIOLATED);
            w[i] = kept;
        }
        r->weight_decay = 1e-4;
        VERDICT(&v, "invariant_subspace", names[n], LNN_VIOLATED);
        r->weight_decay = 0;
        VERDICT(&v, "invariant_subspace", names[n], LNN_HOLDS);
    }
    forget(&v);
}

static struct judged from_layers(double first, double second, const char *record);

/* Layers of different scales, from a file: descent is still known, a flow only turns
 * nothing. */
Test(theorem_parsimony, different_scales)
{
    struct judged v = from_layers(0.3, 0.6, "gradient_descent");
    double a = 0.3, b = 0.6, next;
    for (int i = 0; i < 300; i++) {
        next = a * (1 - 0.01 * b * b);
        b *= 1 - 0.01 * a * a;
        a = next;
    }
    LNN_CLOSE(figure(&v, "rho_1 at the end"), a, 1e-13);
    LNN_CLOSE(figure(&v, "rho_L at the end"), b, 1e-13);
    VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_HOLDS);
    cr_assert(strstr(v.j.explain, "the scales differ") != NULL, "%s", v.j.explain);
    /* a^2 - b^2 is conserved */
    double rho1 = figure(&v, "rho_1 at the end"), rho2 = figure(&v, "rho_L at the end");
    LNN_CLOSE(rho1 * rho1 - rho2 * rho2, 0.09 - 0.36, 1e-9);
    struct lnn_record *r = record_at(&v, "gradient_flow");
    double *w = spoil(r->w) + 20 * r->net.size;
    w[2] += 1e-6;
    VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_VIOLATED);
    forget(&v);
}

/* A simulation whose layers are first Q_1 and second Q_2, 4 x 4, target of rank 1. */
static struct judged from_layers(double first, double second, const char *record)
{
    double W1[16], W2[16], Q[16];
    struct foreign f = foreign_open();
    gsl_rng *rng = lnn_rng_open(5, "test.parsimony");
    lnn_rng_orthonormal(rng, 4, 4, Q);
    for (size_t i = 0; i < 16; i++) W1[i] = first * Q[i];
    lnn_rng_orthonormal(rng, 4, 4, Q);
    for (size_t i = 0; i < 16; i++) W2[i] = second * Q[i];
    gsl_rng_free(rng);
    foreign_put(&f, "W1", W1, 4, 4, 0);
    foreign_put(&f, "W2", W2, 4, 4, 0);
    cr_assert(H5Fclose(f.file) >= 0);
    char yaml[600];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [4, 4, 4]}\n"
             "data: {kind: target, matrix: [[1, 2, 0, 1], [0.5, 1, 0, 0.5], [0, 0, 0, "
             "0], [1, 2, 0, 1]]}\n"
             "init: {kind: file, file: %s}\n"
             "trajectories: [{system: gradient_descent, learning_rate: 0.01}, {system: "
             "gradient_flow}]\n"
             "time: {end: 3, samples: 31}\n",
             f.path);
    struct judged v = evidence_of(yaml, NULL);
    unlink(f.path);
    VERDICT(&v, "invariant_subspace", record, LNN_HOLDS);
    return v;
}

Test(theorem_parsimony, shapes_and_ranks)
{
    static const struct {
        const char *set[4];
        double dimension;
    } cases[] = {
        {{"network.widths=[5, 5, 5]", "init.scale=0.1"}, 1},
        {{"network.widths=[3, 3, 3]", "data.matrix=[[0, 0, 0], [0, 0, 0], [0, 0, 0]]"},
         3},
        {{"network.widths=[1, 1, 1]", "data.matrix=[[0]]"}, 1},
        {{"network.widths=[3, 3, 3, 3, 3]",
          "data.matrix=[[1, 2, 3], [2, 4, 6], [-1, -2, -3]]", "init.scale=0.9"},
         1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged v = evidence_of(PARSIMONY, cases[i].set);
        VERDICT(&v, "invariant_subspace", "gradient_descent", LNN_HOLDS);
        VERDICT(&v, "invariant_subspace", "gradient_flow", LNN_HOLDS);
        LNN_CLOSE(figure(&v, "dimension of the subspace"), cases[i].dimension, 0);
        forget(&v);
    }
}

#define RANK_3                                                                      \
    "data.matrix=[[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, " \
    "0], [0, 0, 0, 0, 0]]"

Test(theorem_parsimony, hypotheses_not_met)
{
    static const char *const changes[] = {
        "init={kind: gaussian, scale: 0.4}", "loss={kind: lp, p: 4}", RANK_3,
        "data={kind: teacher, samples: 40, condition: 4, noise: 0.1}"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        becomes(PARSIMONY, changes[i], "invariant_subspace", "gradient_flow",
                LNN_NOT_MET);
        becomes(PARSIMONY, changes[i], "invariant_subspace", "gradient_descent",
                LNN_NOT_MET);
    }
    descent_is_told_from_flow(PARSIMONY, "invariant_subspace");
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, "invariant_subspace");
    static const char *const wide[] = {"network.widths=[5, 6, 5]", NULL};
    struct judged v = evidence_of(PARSIMONY, wide);
    cr_assert(t->about(v.e, record_at(&v, "gradient_flow")) == false, "not d x d");
    forget(&v);
}
