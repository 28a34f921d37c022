/* deficiency_margin: Claim 1 at every row, and how tight the certificate is. */
#include "naive.h"
#include "test_convergence.h"
#include "theorem_margin.h"

TestSuite(deficiency_margin, .init = lnn_test_setup, .timeout = 120);

#define JUDGE "deficiency_margin"
#define IDENTITY                                                             \
    "network: {widths: [2, 2, 2, 2]}\n" PHI2 "init: {kind: identity}\n" FLOW \
    "time: {end: 2, samples: 21}\n"

Test(deficiency_margin, oracle_of_the_identity_start)
{
    struct judged v = evidence_of(IDENTITY, NULL);
    double least = INFINITY;
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "deficiency margin c"), 0.75857864376269, 1e-14);
    LNN_CLOSE(figure(&v, "plain bound sigma_min(W*) - sqrt(2 excess / alpha)"),
              0.75857864376269, 1e-14);
    LNN_CLOSE(figure(&v, "statements decided"), 20, 0);
    for (size_t i = 1; i < v.r->rows; i++) { /* W symmetric, positive: a, b, b, c */
        const double *W = v.r->W + 4 * i;
        double mean = 0.5 * (W[0] + W[3]), half = 0.5 * (W[0] - W[3]);
        least = fmin(least, mean - hypot(half, W[1]));
    }
    LNN_CLOSE(figure(&v, "smallest sigma_min of the rows"), least, 1e-14);
    forget(&v);
}

/* Two rows W(0), W* of an end-to-end flow, made up: moments R (d x d), W* (k x d). */
struct made {
    struct lnn_data data;
    struct lnn_objective objective;
    struct lnn_record record;
    struct lnn_evidence e;
    struct judged v;
    size_t widths[2];
    double B[36], W[72], t[2], error[2];
};

static void make(struct made *m, size_t k, size_t d, double R[], const double Wstar[],
                 const double start[])
{
    const void *square = lnn_registry_find((const void *const *)lnn_losses, "square");
    lnn_gemm(false, true, k, d, d, 1, Wstar, R, 0, m->B);
    memcpy(m->W, start, k * d * sizeof *m->W);
    memcpy(m->W + k * d, Wstar, k * d * sizeof *m->W);
    m->data = (struct lnn_data){
        .m = d, .d = d, .k = k, .q = d, .rank = d, .weight = 1, .R = R, .B = m->B};
    m->objective = (struct lnn_objective){.loss = square, .data = &m->data};
    m->widths[0] = d;
    m->widths[1] = k;
    m->t[0] = 0, m->t[1] = 1, m->error[0] = m->error[1] = 1e-13;
    m->record = (struct lnn_record){.dynamics = LNN_DYNAMICS_END_TO_END,
                                    .net = lnn_network_of(2, m->widths),
                                    .k = k,
                                    .d = d,
                                    .rows = 2,
                                    .W = m->W,
                                    .t = m->t,
                                    .W_error = m->error};
    m->e = (struct lnn_evidence){
        .n = 1, .records = &m->record, .data = &m->data, .objective = &m->objective};
    m->v = (struct judged){.e = &m->e, .r = &m->record};
}

/* certified <= true c <= found; on data drawn at random both agree, so neither is off.
 * The excess is set to a share of what the plain bound would allow. */
static void agree(size_t k, size_t d, unsigned long seed)
{
    double *R = naive_random(d * d, seed), *Wstar = naive_random(k * d, seed + 50);
    double *start = naive_random(k * d, seed + 100);
    struct made m;
    struct lnn_margin *margin;
    double bar;
    for (size_t i = 0; i < d; i++) R[i * d + i] += 1.5;
    for (size_t i = 0; i < k && i < d; i++) Wstar[i * d + i] += 2;
    make(&m, k, d, R, Wstar, start);
    LNN_OK(lnn_margin_alloc(&m.e, &margin));
    for (size_t i = 0; i < k * d; i++) start[i] -= Wstar[i];
    memcpy(m.W, Wstar, k * d * sizeof *m.W);
    lnn_axpy(k * d, 1, start, m.W);
    double share = 0.5 * margin->alpha * margin->sigma * margin->sigma * 0.6;
    double size = sqrt(share / lnn_margin_excess(margin, m.W, 0, &bar));
    memcpy(m.W, Wstar, k * d * sizeof *m.W);
    lnn_axpy(k * d, size, start, m.W);
    VERDICT(&m.v, JUDGE, NULL, LNN_HOLDS);
    double c = figure(&m.v, "deficiency margin c");
    double ratio = figure(&m.v, "tightness: certified over found");
    cr_assert(ratio <= 1 + 1e-9 && ratio > 0.98, "%zu x %zu: %.12g", k, d, ratio);
    cr_assert(c >= margin->sigma - sqrt(2 * share / margin->alpha) - 1e-9);
    cr_assert(c < margin->sigma);
    free(margin);
    free(R);
    free(Wstar);
    free(start);
}

Test(deficiency_margin, certified_and_found_agree)
{
    static const size_t shapes[][2] = {{1, 1}, {1, 3}, {3, 1}, {2, 2},
                                       {2, 3}, {3, 2}, {4, 4}, {5, 3}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (unsigned long seed = 0; seed < 4; seed++)
            agree(shapes[i][0], shapes[i][1], seed);
}

/* R = I: the closed form, by the dual and by the search alike. */
Test(deficiency_margin, general_margin_of_whitened_moments)
{
    double R[] = {1, 0, 0, 1}, Phi[] = {1.08, 0.06, 0.06, 0.92}, one[] = {1, 0, 0, 1};
    struct made m;
    make(&m, 2, 2, R, Phi, one);
    VERDICT(&m.v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&m.v, "deficiency margin c"), 0.75857864376269, 1e-9);
    LNN_CLOSE(figure(&m.v, "least sigma_min found at the start's loss"),
              0.75857864376269, 1e-12);
}

/* No matrix of the ellipsoid of the start's loss is found nearer to singular. */
Test(deficiency_margin, found_is_the_least_of_many_samples)
{
    double R[] = {1, 0.5, 0, 1.5}, Wstar[] = {1.5, 0.2, -0.3, 1.2}, E[4], least = 9;
    double start[] = {1.3, 0.4, 0.1, 1.1};
    struct made m;
    struct lnn_margin *margin;
    double bar;
    make(&m, 2, 2, R, Wstar, start);
    VERDICT(&m.v, JUDGE, NULL, LNN_HOLDS);
    double found = figure(&m.v, "least sigma_min found at the start's loss");
    LNN_OK(lnn_margin_alloc(&m.e, &margin));
    double excess = lnn_margin_excess(margin, start, 0, &bar);
    for (unsigned long seed = 0; seed < 20000; seed++) {
        naive_fill(4, E, seed);
        double W[4];
        for (size_t i = 0; i < 4; i++) W[i] = Wstar[i] + E[i];
        double size = sqrt(excess / lnn_margin_excess(margin, W, 0, &bar));
        for (size_t i = 0; i < 4; i++) W[i] = Wstar[i] + size * E[i];
        double a = W[0] * W[0] + W[1] * W[1] + W[2] * W[2] + W[3] * W[3];
        double det = W[0] * W[3] - W[1] * W[2];
        least = fmin(least, sqrt(0.5 * (a - sqrt(fmax(0, a * a - 4 * det * det)))));
    }
    cr_assert(found <= least && least <= found + 0.02, "%g, sampled %g", found, least);
    free(margin);
}

Test(deficiency_margin, depths_and_shapes)
{
    static const char *const yaml[] = {
        "network: {widths: [3, 4, 2]}\n" PHI
        "init: {kind: balanced, matrix: [[0.8, 0.3, -0.2], [0.1, -0.8, 0.5]]}\n" FLOW
        "time: {end: 3, samples: 16}\n",
        "network: {widths: [1, 1, 2, 3, 3]}\n"
        "data: {kind: target, matrix: [[1], [2], [-1]]}\n"
        "init: {kind: balanced, matrix: [[0.6], [1.6], [-0.4]]}\n" FLOW
        "time: {end: 1, samples: 11}\n",
        "network: {widths: [1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"
        "init: {kind: balanced, matrix: [[0.75]]}\n" FLOW
        "time: {end: 3, samples: 9}\n",
        "network: {widths: [2, 2]}\n" PHI2 "init: {kind: identity}\n"
        "trajectories: [{system: end_to_end}]\ntime: {end: 2, samples: 9}\n"};
    for (size_t i = 0; i < 4; i++) {
        struct judged v = evidence_of(yaml[i], NULL);
        VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
        forget(&v);
    }
}

Test(deficiency_margin, hypotheses_that_are_not_met)
{
    static const char *const sets[][2] = {
        {"data.matrix=[[1, 0], [0, -0.5]]"},           /* too far */
        {"data.matrix=[[1, 1], [1, 1]]"},              /* rank 1, other null spaces */
        {"data.matrix=[[0, 0], [0, 0]]"},              /* no positive singular value */
        {"data={kind: teacher, samples: 1, seed: 1}"}, /* Lambda_xx of rank 1 */
        {"data={kind: teacher, samples: 9, rank: 1, seed: 1}"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct judged v = evidence_of(IDENTITY, sets[i]);
        VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
        forget(&v);
    }
}

#define RANK1                                                         \
    "network: {widths: [2, 2, 2]}\n"                                  \
    "data: {kind: target, matrix: [[1, 2], [2, 4]]}\n"                \
    "init: {kind: balanced, matrix: [[0.8, 1.6], [1.6, 3.2]]}\n" FLOW \
    "time: {end: 0.3, samples: 7}\n"

/* sigma_1 = 5, ||W(0) - Phi|| = 1. */
Test(deficiency_margin, rank_deficient_target)
{
    static const char *const off[] = {"init.matrix=[[0.8, 1.6], [1.6, 3.2000001]]",
                                      NULL};
    struct judged v = evidence_of(RANK1, NULL);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rank of the minimiser"), 1, 0);
    LNN_CLOSE(figure(&v, "deficiency margin c"), 4, 1e-14);
    cr_assert(figure(&v, "smallest sigma_min of the rows") > 4);
    double *W = spoil(v.r->W);
    for (size_t i = 12; i < 16; i++) W[i] *= 0.7; /* 3.3 at most, of 5 */
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    forget(&v);
    v = evidence_of(RANK1, off);
    VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
    forget(&v);
}

#define DESCENT                                                         \
    "network: {widths: [2, 2, 2]}\n" PHI2 "init: {kind: identity}\n"    \
    "trajectories: [{system: gradient_descent, learning_rate: 0.05}]\n" \
    "time: {end: 1, samples: 21}\n"

/* Descent: the claim is about rows whose loss is below the start's. */
Test(deficiency_margin, descent_rows_above_the_start_are_left_out)
{
    struct judged v = evidence_of(DESCENT, NULL);
    double *W = spoil(v.r->W), *loss = spoil(v.r->loss);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rows left out: loss above the start's"), 0, 0);
    LNN_CLOSE(figure(&v, "statements decided"), 20, 0);
    W[4 * 9 + 3] = 0.5; /* nearly deficient, and the file says: a small loss */
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    loss[9] = 0.08;
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rows left out: loss above the start's"), 1, 0);
    loss[9] = loss[0];
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "rows left out: loss not told from the start's"), 1, 0);
    loss[9] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    forget(&v);
}

/* Weight decay pulls W to 0: the loss rises, and nothing is claimed of those rows. */
Test(deficiency_margin, flow_with_weight_decay_is_not_assumed_to_descend)
{
    static const char *const set[] = {"loss={kind: square, weight_decay: 0.3}", NULL};
    struct judged v = evidence_of(IDENTITY, set);
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE); /* no row is left */
    cr_assert(v.r->loss[20] > v.r->loss[0]);
    forget(&v);
}

Test(deficiency_margin, spoilt_files)
{
    struct judged v = evidence_of(IDENTITY, NULL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), kept = W[43];
    W[43] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    W[43] = kept - 0.18; /* sigma_min 0.73 */
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    W[43] = kept;
    kept = w[50];
    w[50] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    w[50] = kept;
    r->rows = 1;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    r->rows = 21;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    forget(&v);
}
