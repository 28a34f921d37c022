/* Trajectory files as evidence: our own, those of other programs, incomplete ones. */
#include "foreign_file.h"
#include "test_simulate.h"

TestSuite(evidence, .init = lnn_test_setup, .timeout = 120);

#define NETWORK "network: {widths: [3, 4, 3, 2]}\n"
#define TIME "time: {end: 1, samples: 11}\n"

static struct lnn_evidence *read_own(const char *yaml, struct outcome *o)
{
    struct lnn_evidence *e = NULL;
    *o = simulate(yaml, NULL);
    LNN_OK(lnn_evidence_read(o->path, &e));
    return e;
}

/* Rows, depth and what W and the loss are worth: each from its own source. */
static void check_consistent(const struct lnn_evidence *e, const struct lnn_record *r,
                             double tol)
{
    size_t kd = r->k * r->d;
    double W[64], scratch[256];
    cr_assert(kd <= 64 && r->net.chain <= 256);
    for (size_t i = 0; i < r->rows; i++) {
        double loss = lnn_objective_value(e->objective, r->W + i * kd);
        LNN_CLOSE(loss, r->loss[i], tol * (1 + loss));
        if (!r->w || r->w_t != r->t) continue;
        lnn_network_product(&r->net, r->w + i * r->net.size, W, scratch);
        LNN_CLOSE(lnn_test_gap(kd, W, r->W + i * kd), 0, 1e-14);
    }
}

Test(evidence, our_own_file_says_everything)
{
    struct outcome o;
    struct lnn_evidence *e = read_own(
        NETWORK PHI A0 TIME
        "loss: {kind: square, weight_decay: 0.25}\n"
        "trajectories: [{system: gradient_flow, stepper: gauss, rtol: 1e-9}, "
        "{system: end_to_end}, {system: gradient_descent, learning_rate: 0.01, name: "
        "gd}, {system: end_to_end_descent, learning_rate: 0.02}]\n",
        &o);
    cr_assert(e->n == 4 && e->complete && e->objective && e->data);
    const struct lnn_record *flow = lnn_evidence_find(e, "gradient_flow");
    const struct lnn_record *descent = lnn_evidence_first(e, LNN_DYNAMICS_DESCENT);
    const struct lnn_record *closed = lnn_evidence_first(e, LNN_DYNAMICS_END_TO_END);
    cr_assert(flow && descent && closed && lnn_evidence_find(e, "none") == NULL);
    cr_assert(lnn_evidence_first(e, LNN_DYNAMICS_FLOW) == flow);
    cr_assert(lnn_evidence_first(e, LNN_DYNAMICS_END_TO_END_DESCENT) == &e->records[3]);
    cr_assert(lnn_evidence_first(e, LNN_DYNAMICS_OTHER) == NULL);
    for (size_t i = 0; i < e->n; i++) {
        const struct lnn_record *r = &e->records[i];
        cr_assert(r->rows == 11 && r->k == 2 && r->d == 3 && r->net.N == 3);
        cr_assert(r->weight_decay == 0.25 && r->W_error && r->loss_error);
        cr_assert(r->steps > 0 && r->t[10] == 1);
        cr_assert_str_eq(r->reason, "end");
        check_consistent(e, r, 1e-14);
    }
    cr_assert(flow->keeps_invariants && flow->rtol == 1e-9 && flow->iteration == NULL);
    cr_assert(isnan(flow->learning_rate) && flow->weights_rows == 11);
    cr_assert(descent->learning_rate == 0.01 && descent->iteration[10] == 100);
    cr_assert(closed->w == NULL && closed->weights_rows == 0 && closed->net.d[1] == 4);
    lnn_evidence_free(e);
    finish(&o);
}

/* The loss rebuilt from the file is the loss the run descended, for every kind. */
Test(evidence, the_loss_comes_back_from_the_file)
{
    static const char *const problems[] = {
        NETWORK TIME A0 "data: {kind: teacher, samples: 40, seed: 3, noise: 0.1}\n",
        NETWORK TIME A0 "data: {kind: teacher, samples: 2, seed: 3, noise: 0.1}\n",
        NETWORK TIME A0 "data: {kind: teacher, samples: 40, seed: 3, scale: whiten, "
                        "noise: 0.1}\n",
        NETWORK TIME A0 PHI "loss: {kind: lp, p: 3}\n",
        NETWORK TIME A0 "data: {kind: teacher, samples: 9, seed: 1, noise: 0.1}\n"
                        "loss: {kind: lp, p: 4, scaling: papers}\n",
        NETWORK TIME A0
        "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]], "
        "mask: [[1, 0, 1], [1, 1, 0]]}\nloss: {kind: masked}\n",
        NETWORK TIME A0
        "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]], "
        "offset: 0.125}\n",
    };
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        struct outcome o;
        struct lnn_evidence *e = read_own(problems[i], &o);
        cr_assert(e->objective != NULL, "%s", problems[i]);
        check_consistent(e, &e->records[0], 1e-13);
        char *floor_ = lnn_reader_attribute(o.reader, "data", "floor");
        cr_assert(e->data->floor == strtod(floor_, NULL), "%s", problems[i]);
        free(floor_);
        lnn_evidence_free(e);
        finish(&o);
    }
}

static struct lnn_data *teacher(const char *yaml, struct lnn_problem **problem)
{
    struct lnn_data *data;
    *problem = lnn_test_problem(yaml);
    LNN_OK(lnn_data_load(*problem, &data));
    return data;
}

/* R^T R and B R are the moments they came from, and so is the gradient. */
static void check_moments(const char *yaml, size_t rank)
{
    struct lnn_problem *problem;
    struct lnn_data *data = teacher(yaml, &problem), *again;
    size_t d = data->d, k = data->k;
    struct lnn_moments moments = {data->m,   d,   k,   data->Lxx, data->Lyx,
                                  data->Lyy, NAN, NAN, false};
    LNN_OK(lnn_data_from_moments(&moments, &again));
    cr_assert(again->rank == rank, "%zu", again->rank);
    cr_assert(again->weight == 1 / (double)data->m);
    double *A = malloc((d * d + 3 * k * d) * sizeof *A), *W = A + d * d;
    lnn_gemm(true, false, d, d, again->q, 1, again->R, again->R, 0, A);
    LNN_CLOSE(lnn_test_gap(d * d, A, data->Lxx), 0, 1e-13);
    lnn_gemm(false, false, k, d, again->q, 1, again->B, again->R, 0, A);
    LNN_CLOSE(lnn_test_gap(k * d, A, data->Lyx), 0, 1e-13);
    LNN_CLOSE(again->floor, data->floor, 1e-13);
    struct lnn_objective *one, *two;
    LNN_OK(lnn_objective_alloc(problem, data, &one));
    LNN_OK(lnn_objective_alloc(problem, again, &two));
    for (size_t i = 0; i < k * d; i++) W[i] = sin((double)i);
    lnn_objective_gradient(one, W, W + k * d);
    lnn_objective_gradient(two, W, W + 2 * k * d);
    LNN_CLOSE(lnn_test_gap(k * d, W + k * d, W + 2 * k * d), 0, 1e-13);
    LNN_CLOSE(lnn_objective_value(one, W), lnn_objective_value(two, W), 1e-13);
    free(A);
    free(one);
    free(two);
    lnn_data_free(again);
    lnn_data_free(data);
    lnn_problem_free(problem);
}

Test(evidence, moments_give_the_same_loss_as_examples)
{
    check_moments(NETWORK "data: {kind: teacher, samples: 50, seed: 1, noise: 0.3}\n"
                          "init: {kind: zero}\n" TIME,
                  3);
    check_moments(NETWORK "data: {kind: teacher, samples: 2, seed: 1, noise: 0.3}\n"
                          "init: {kind: zero}\n" TIME,
                  2);
    check_moments("network: {widths: [1, 1]}\n"
                  "data: {kind: teacher, samples: 5, seed: 1, noise: 0.3}\n"
                  "init: {kind: zero}\n" TIME,
                  1);
}

Test(evidence, moments_that_are_not_finite_are_refused)
{
    struct lnn_data *data;
    double Lxx[] = {1, 0, 0, NAN}, Lyx[] = {1, 2}, X[] = {1, 2}, Y[] = {INFINITY};
    struct lnn_moments m = {1, 2, 1, Lxx, Lyx, NULL, NAN, 0, false};
    cr_assert(lnn_data_from_moments(&m, &data) == GSL_EINVAL && data == NULL);
    cr_assert(lnn_data_from_examples(&m, X, Y, &data) == GSL_EINVAL && data == NULL);
}

/* A cubic is its own interpolant; any other smooth curve misses it by O(h^4). */
Test(evidence, error_bar_from_the_spacing_has_order_four)
{
    enum { ROWS = 9 };
    double t[ROWS], W[ROWS], bar[2];
    bool stated = true;
    struct lnn_record r = {.rows = ROWS, .t = t, .W = W, .k = 1, .d = 1};
    for (size_t i = 0; i < ROWS; i++) {
        t[i] = 0.1 * (double)(i * i);
        W[i] = 1 + t[i] - 2 * t[i] * t[i] + 0.1 * pow(t[i], 3);
    }
    for (size_t i = 0; i < ROWS; i++)
        LNN_CLOSE(lnn_record_W_bar(&r, i, &stated), 0, 1e-12);
    cr_assert(stated == false);
    for (int fine = 0; fine < 2; fine++) {
        for (size_t i = 0; i < ROWS; i++) {
            t[i] = 1 + ((double)i - 4) * 0.1 / (1 + fine);
            W[i] = exp(t[i]);
        }
        bar[fine] = lnn_record_W_bar(&r, 4, &stated);
    }
    LNN_CLOSE(bar[0] / bar[1], 16, 0.1);
    r.rows = 4;
    cr_assert(isnan(lnn_record_W_bar(&r, 1, &stated)));
    r.rows = ROWS;
    t[3] = t[5];
    cr_assert(isnan(lnn_record_W_bar(&r, 4, &stated)));
    r.W_error = t;
    cr_assert(lnn_record_W_bar(&r, 4, &stated) == t[4] && stated);
    cr_assert(isnan(lnn_record_W_bar(&r, ROWS, &stated)));
}

Test(evidence, weights_stored_rarely_keep_their_own_times)
{
    struct outcome o;
    struct lnn_evidence *e =
        read_own(NETWORK PHI A0 TIME "output: {weights_every: 4}\n", &o);
    const struct lnn_record *r = lnn_evidence_find(e, "gradient_flow");
    cr_assert(r->rows == 11 && r->weights_rows == 4 && r->w_t != r->t);
    LNN_CLOSE(r->w_t[1], r->t[4], 0);
    LNN_CLOSE(r->w_t[3], r->t[10], 0);
    double W[6], scratch[256];
    lnn_network_product(&r->net, r->w + r->net.size, W, scratch);
    LNN_CLOSE(lnn_test_gap(6, W, r->W + 4 * 6), 0, 1e-14);
    lnn_evidence_free(e);
    finish(&o);
}

/* 0: an error, as it should be; 1: still read. */
static int read_cut(const char *path, off_t bytes)
{
    struct lnn_evidence *e = NULL;
    cr_assert(truncate(path, bytes) == 0);
    int status = lnn_evidence_read(path, &e);
    if (status == GSL_SUCCESS) lnn_evidence_free(e);
    cr_assert(status == GSL_SUCCESS || status == GSL_EOF, "%d: %s", status,
              lnn_error());
    cr_assert(status == GSL_SUCCESS || e == NULL);
    return status == GSL_SUCCESS;
}

Test(evidence, truncated_files_are_errors)
{
    struct outcome o = simulate(NETWORK PHI A0 TIME, NULL);
    int read = 0;
    for (off_t bytes = 30000; bytes >= 0; bytes -= 2500)
        read += read_cut(o.path, bytes);
    cr_assert(read == 0);
    struct lnn_evidence *e;
    cr_assert(lnn_evidence_read("/tmp", &e) == GSL_EOF && e == NULL);
    cr_assert(lnn_evidence_read("/nowhere/x.h5", &e) == GSL_EOF && e == NULL);
    finish(&o);
}
