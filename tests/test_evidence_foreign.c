/* Files that other programs wrote, as evidence. */
#include "foreign_file.h"

TestSuite(evidence_foreign, .init = lnn_test_setup, .timeout = 120);

static struct lnn_evidence *read_it(struct foreign *f)
{
    struct lnn_evidence *e = NULL;
    LNN_OK(foreign_read(f, &e));
    return e;
}

Test(evidence_foreign, layers_and_a_learning_rate_are_descent)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.05);
    foreign_number(&f, "/", "learning_rate", 0.05);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(e->n == 1 && e->complete && r->dynamics == LNN_DYNAMICS_DESCENT);
    cr_assert_str_eq(r->name, "");
    cr_assert_str_eq(r->system, "gradient_descent");
    cr_assert(r->rows == FOREIGN_ROWS && r->weights_rows == FOREIGN_ROWS);
    cr_assert(r->net.N == 2 && r->net.d[0] == 3 && r->net.d[1] == 4 && r->k == 2);
    cr_assert(r->W_error == NULL && r->weight_decay == 0 && isnan(r->rtol));
    LNN_CLOSE(lnn_test_gap(FOREIGN_ROWS, r->loss, run.loss), 0, 1e-15);
    for (size_t i = 0; i < FOREIGN_ROWS; i++) {
        LNN_CLOSE(r->t[i], run.t[i], 1e-15);
        cr_assert(r->iteration[i] == (double)i);
        LNN_CLOSE(lnn_test_gap(FOREIGN_1, r->w + i * 20, run.W1 + i * FOREIGN_1), 0, 0);
        LNN_CLOSE(lnn_test_gap(FOREIGN_2, r->w + i * 20 + 12, run.W2 + i * FOREIGN_2),
                  0, 0);
    }
    lnn_evidence_free(e);
}

/* What is claimed follows from what is there. */
static void check_claim(const char *axis, bool rate, const char *system,
                        enum lnn_dynamics dynamics, bool timed, bool counted)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.05);
    if (strcmp(axis, "iteration") == 0)
        foreign_put(&f, axis, run.k, FOREIGN_ROWS, 0, 0);
    if (strcmp(axis, "time") == 0) foreign_put(&f, axis, run.t, FOREIGN_ROWS, 0, 0);
    if (strcmp(axis, "odd") == 0) {
        for (size_t i = 0; i < FOREIGN_ROWS; i++) run.t[i] += 0.01 * (double)i;
        foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    }
    if (rate) foreign_number(&f, "/", "learning_rate", 0.05);
    if (system) foreign_text(&f, "/", "system", system);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(r->dynamics == dynamics, "%s, %d: %s", axis, rate, r->system);
    cr_assert(isfinite(r->t[1]) == timed, "%s, %d", axis, rate);
    cr_assert(counted == (r->iteration != NULL), "%s, %d", axis, rate);
    cr_assert(e->objective == NULL && e->data == NULL && r->loss == NULL);
    lnn_evidence_free(e);
}

Test(evidence_foreign, the_claim_follows_from_what_is_there)
{
    check_claim("time", false, NULL, LNN_DYNAMICS_FLOW, true, false);
    check_claim("time", true, NULL, LNN_DYNAMICS_DESCENT, true, true);
    check_claim("odd", true, NULL, LNN_DYNAMICS_DESCENT, true, false);
    check_claim("iteration", true, NULL, LNN_DYNAMICS_DESCENT, true, true);
    check_claim("iteration", false, NULL, LNN_DYNAMICS_OTHER, false, true);
    check_claim("none", true, NULL, LNN_DYNAMICS_DESCENT, true, true);
    check_claim("none", false, NULL, LNN_DYNAMICS_FLOW, false, false);
    check_claim("time", true, "gradient_flow", LNN_DYNAMICS_FLOW, true, false);
    check_claim("time", false, "adam", LNN_DYNAMICS_OTHER, true, false);
}

Test(evidence_foreign, examples_and_moments_are_the_same_loss)
{
    enum { M = 7 };
    double X[M * 3], Y[M * 2], Lxx[9] = {0}, Lyx[6] = {0}, Lyy[4] = {0}, loss[3];
    for (size_t i = 0; i < M * 3; i++) X[i] = sin(3.0 * (double)i);
    for (size_t i = 0; i < M * 2; i++) Y[i] = cos(2.0 * (double)i);
    lnn_gemm(true, false, 3, 3, M, 1.0 / M, X, X, 0, Lxx);
    lnn_gemm(true, false, 2, 3, M, 1.0 / M, Y, X, 0, Lyx);
    lnn_gemm(true, false, 2, 2, M, 1.0 / M, Y, Y, 0, Lyy);
    for (int way = 0; way < 3; way++) {
        struct descent run;
        struct foreign f = foreign_layers(&run, 0.05);
        if (way < 2) {
            if (way) foreign_group(&f, "data");
            foreign_put(&f, way ? "data/X" : "X", X, M, 3, 0);
            foreign_put(&f, way ? "data/Y" : "Y", Y, M, 2, 0);
        } else {
            foreign_put(&f, "Lambda_xx", Lxx, 3, 3, 0);
            foreign_put(&f, "Lambda_yx", Lyx, 2, 3, 0);
            foreign_put(&f, "Lambda_yy", Lyy, 2, 2, 0);
        }
        struct lnn_evidence *e = read_it(&f);
        const struct lnn_record *r = &e->records[0];
        double sum = 0;
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < 2; j++)
                sum += pow(lnn_dot(3, r->W + 6 + 3 * j, X + 3 * i) - Y[2 * i + j], 2);
        loss[way] = r->loss[1];
        LNN_CLOSE(loss[way], sum / (2 * M), 1e-14);
        lnn_evidence_free(e);
    }
}

Test(evidence_foreign, rows_with_nan_stay_and_rows_without_time_go)
{
    struct descent run;
    struct foreign f = foreign_open();
    descent_run(&run, 0.05);
    run.W1[3 * FOREIGN_1 + 5] = NAN;
    run.t[7] = NAN;
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_put(&f, "W1", run.W1, FOREIGN_ROWS, 4, 3);
    foreign_put(&f, "W2", run.W2, FOREIGN_ROWS, 2, 4);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(r->rows == FOREIGN_ROWS - 1 && r->weights_rows == FOREIGN_ROWS - 1);
    cr_assert(r->t[6] == run.t[6] && r->t[7] == run.t[8]);
    cr_assert(r->w[7 * 20] == run.W1[8 * FOREIGN_1]);
    cr_assert(isnan(r->w[3 * 20 + 5]) && isfinite(r->w[3 * 20 + 4]));
    cr_assert(isnan(lnn_norm(6, r->W + 3 * 6)) && isfinite(lnn_norm(6, r->W + 2 * 6)));
    lnn_evidence_free(e);
}

Test(evidence_foreign, product_alone_and_a_lone_snapshot)
{
    struct descent run;
    struct foreign f = foreign_open();
    descent_run(&run, 0.05);
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_put(&f, "W", run.W2, FOREIGN_ROWS, 4, 2);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(r->net.N == 0 && r->k == 4 && r->d == 2 && r->w == NULL);
    cr_assert(r->dynamics == LNN_DYNAMICS_OTHER);
    lnn_evidence_free(e);

    f = foreign_open();
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_put(&f, "W", run.W2, FOREIGN_ROWS, 4, 2);
    foreign_text(&f, "/", "widths", "2, 9 5, 4");
    e = read_it(&f);
    cr_assert(e->records[0].net.N == 3 && e->records[0].net.d[2] == 5);
    lnn_evidence_free(e);

    f = foreign_open();
    foreign_put(&f, "W1", run.W1, 4, 3, 0);
    foreign_put(&f, "W2", run.W2, 2, 4, 0);
    e = read_it(&f);
    r = &e->records[0];
    cr_assert(r->rows == 1 && r->weights_rows == 1 && r->net.N == 2);
    double E[6];
    descent_error(run.W1, run.W2, E);
    for (size_t i = 0; i < 6; i++) LNN_CLOSE(r->W[i], E[i] + foreign_phi[i], 1e-15);
    lnn_evidence_free(e);
}

static void refuse(struct foreign *f, const char *what)
{
    struct lnn_evidence *e = NULL;
    int status = foreign_read(f, &e);
    cr_assert(status == GSL_EINVAL && e == NULL, "%d: %s", status, what);
    cr_assert(strstr(lnn_error(), what) != NULL, "%s: %s", what, lnn_error());
}

Test(evidence_foreign, what_does_not_fit_is_named)
{
    struct descent run;
    struct foreign f = foreign_open();
    refuse(&f, "nothing to judge");
    f = foreign_open();
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    refuse(&f, "nothing to judge");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "W4", run.W2, FOREIGN_ROWS, 2, 2);
    refuse(&f, "no usable W3");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "W3", run.W1, FOREIGN_ROWS, 3, 4);
    refuse(&f, "W3 in / is 21 x 3 x 4");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "time", run.t, 11, 0, 0);
    refuse(&f, "W1 in / has 21 rows, its time 11");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "W", run.W1, FOREIGN_ROWS, 3, 2);
    refuse(&f, "W in / is 21 x 3 x 2; 21 x 2 x 3 is meant");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", foreign_phi, 3, 2, 0);
    refuse(&f, "the target Phi is 3 x 2; 2 x 3 is meant");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    foreign_text(&f, "/", "loss", "lp");
    refuse(&f, "its exponent is meant to be the attribute p");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    foreign_text(&f, "/", "loss", "squared");
    refuse(&f, "squared");
}
