/* Files in float32: what their rounding may do is no violation, all else is. */
#include "foreign_file.h"

TestSuite(evidence_rounding, .init = lnn_test_setup, .timeout = 120);

static void put_as(const struct foreign *f, hid_t type, const char *name,
                   const double values[], size_t a, size_t b, size_t c)
{
    hsize_t dims[] = {a, b, c};
    hid_t space = H5Screate_simple(c ? 3 : b ? 2 : 1, dims, NULL);
    hid_t set =
        H5Dcreate2(f->file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(set >= 0, "%s", name);
    cr_assert(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >=
              0);
    H5Dclose(set);
    H5Sclose(space);
}

static void put_layers(const struct foreign *f, hid_t type, const struct descent *run)
{
    put_as(f, type, "W1", run->W1, FOREIGN_ROWS, 4, 3);
    put_as(f, type, "W2", run->W2, FOREIGN_ROWS, 2, 4);
}

static void round_all(size_t n, double x[])
{
    for (size_t i = 0; i < n; i++) x[i] = (double)(float)x[i];
}

/* What training in float32 does, as doubles: each step's result is rounded. */
static void descent_run_float(struct descent *run, double eta)
{
    double E[FOREIGN_KD];
    descent_run(run, eta);
    round_all(FOREIGN_1, run->W1);
    round_all(FOREIGN_2, run->W2);
    for (size_t n = 0; n + 1 < FOREIGN_ROWS; n++) {
        double *W1 = run->W1 + n * FOREIGN_1, *W2 = run->W2 + n * FOREIGN_2;
        descent_error(W1, W2, E);
        round_all(FOREIGN_KD, E);
        descent_step(eta, W1, W2, E, W1 + FOREIGN_1, W2 + FOREIGN_2);
        round_all(FOREIGN_1, W1 + FOREIGN_1);
        round_all(FOREIGN_2, W2 + FOREIGN_2);
    }
}

static struct lnn_evidence *read_it(struct foreign *f)
{
    struct lnn_evidence *e = NULL;
    LNN_OK(foreign_read(f, &e));
    return e;
}

static enum lnn_verdict judged(const struct lnn_evidence *e, const char *name,
                               struct lnn_judgement *j)
{
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, name);
    cr_assert(t != NULL && t->about(e, &e->records[0]), "%s", name);
    memset(j, 0, sizeof *j);
    LNN_OK(t->judge(e, &e->records[0], j));
    return j->verdict;
}

Test(evidence_rounding, it_is_that_of_the_stored_type)
{
    const struct {
        hid_t type;
        double rounding;
    } types[] = {{H5T_IEEE_F32LE, FLT_EPSILON},
                 {H5T_IEEE_F32BE, FLT_EPSILON},
                 {H5T_IEEE_F64BE, DBL_EPSILON},
                 {H5T_NATIVE_LDOUBLE, DBL_EPSILON}};
    for (size_t n = 0; n < sizeof types / sizeof *types; n++) {
        struct descent run;
        struct foreign f = foreign_open();
        descent_run(&run, 0.05);
        put_layers(&f, types[n].type, &run);
        struct lnn_evidence *e = read_it(&f);
        const struct lnn_record *r = &e->records[0];
        cr_assert(lnn_record_rounding(r) == types[n].rounding, "%zu: %g", n,
                  lnn_record_rounding(r));
        bool coarse = types[n].rounding > DBL_EPSILON;
        cr_assert(coarse == (r->W_rounding != NULL));
        lnn_evidence_free(e);
    }
    cr_assert(lnn_record_rounding(&(struct lnn_record){.rows = 0}) == DBL_EPSILON);
}

Test(evidence_rounding, doubles_that_are_float32_numbers_are_float32)
{
    struct descent run;
    for (int way = 0; way < 3; way++) {
        struct foreign f = foreign_open();
        if (way == 0)
            descent_run_float(&run, 0.05);
        else
            descent_run(&run, 0.05);
        if (way == 2) /* short numbers could be anything */
            for (size_t i = 0; i < FOREIGN_ROWS * FOREIGN_1; i++) run.W1[i] = i % 5;
        if (way == 2)
            for (size_t i = 0; i < FOREIGN_ROWS * FOREIGN_2; i++) run.W2[i] = 0.25;
        put_layers(&f, H5T_IEEE_F64LE, &run);
        struct lnn_evidence *e = read_it(&f);
        double want = way == 0 ? FLT_EPSILON : DBL_EPSILON;
        cr_assert(lnn_record_rounding(&e->records[0]) == want, "%d", way);
        lnn_evidence_free(e);
    }
}

/* The bar of W covers what rounding the layers, or W, did; and is no wider than 100 of
 * that. */
static void check_W_bar(bool product)
{
    struct descent run;
    struct foreign f = foreign_open();
    double exact[FOREIGN_ROWS * FOREIGN_KD], worst = 0, bar = 0;
    bool stated;
    descent_run(&run, 0.05);
    for (size_t i = 0; i < FOREIGN_ROWS; i++) {
        descent_error(run.W1 + i * FOREIGN_1, run.W2 + i * FOREIGN_2,
                      exact + i * FOREIGN_KD);
        for (size_t q = 0; q < FOREIGN_KD; q++)
            exact[i * FOREIGN_KD + q] += foreign_phi[q];
    }
    put_as(&f, H5T_IEEE_F64LE, "time", run.t, FOREIGN_ROWS, 0, 0);
    if (product)
        put_as(&f, H5T_IEEE_F32LE, "W", exact, FOREIGN_ROWS, 2, 3);
    else
        put_layers(&f, H5T_IEEE_F32LE, &run);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    for (size_t i = 0; i < FOREIGN_ROWS; i++) {
        double gap =
            lnn_distance(FOREIGN_KD, r->W + i * FOREIGN_KD, exact + i * FOREIGN_KD);
        cr_assert(gap > 0 && gap <= r->W_rounding[i], "row %zu: %g, %g", i, gap,
                  r->W_rounding[i]);
        cr_assert(lnn_record_W_bar(r, i, &stated) >= r->W_rounding[i]);
        worst = fmax(worst, gap);
        bar = fmax(bar, r->W_rounding[i]);
    }
    cr_assert(bar < 100 * worst, "%g, %g", bar, worst);
    lnn_evidence_free(e);
}

Test(evidence_rounding, the_bar_of_W_covers_it)
{
    check_W_bar(false);
    check_W_bar(true);
}

Test(evidence_rounding, stated_bars_grow_by_it)
{
    struct descent run;
    struct foreign f = foreign_open();
    double bars[FOREIGN_ROWS];
    bool stated;
    descent_run(&run, 0.05);
    for (size_t i = 0; i < FOREIGN_ROWS; i++) bars[i] = 1e-9;
    put_as(&f, H5T_IEEE_F64LE, "time", run.t, FOREIGN_ROWS, 0, 0);
    put_as(&f, H5T_IEEE_F64LE, "W_error", bars, FOREIGN_ROWS, 0, 0);
    put_layers(&f, H5T_IEEE_F32LE, &run);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    LNN_CLOSE(lnn_record_W_bar(r, 3, &stated), 1e-9 + r->W_rounding[3], 1e-15);
    cr_assert(stated && r->W_rounding[3] > 1e-8);
    lnn_evidence_free(e);
}

/* Times in float32: multiples of the step, which may be one itself, are made exact. */
static void check_times(double stored_eta, double scale, bool exact)
{
    struct descent run;
    struct foreign f = foreign_open();
    descent_run_float(&run, 0.02);
    for (size_t i = 0; i < FOREIGN_ROWS; i++) run.t[i] = 0.02 * (double)i * scale;
    put_as(&f, H5T_IEEE_F32LE, "time", run.t, FOREIGN_ROWS, 0, 0);
    put_layers(&f, H5T_IEEE_F32LE, &run);
    foreign_number(&f, "/", "learning_rate", stored_eta);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    struct lnn_evidence *e = read_it(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(exact == (r->iteration != NULL), "%g, %g", stored_eta, scale);
    cr_assert(exact == (r->t_rounding == 0));
    for (size_t i = 0; i < FOREIGN_ROWS; i++) {
        double want = exact ? stored_eta * (double)i : (double)(float)run.t[i];
        cr_assert(r->t[i] == want, "%zu: %.17g", i, r->t[i]);
    }
    struct lnn_judgement j;
    enum lnn_verdict v = judged(e, "descent_drift_identity", &j);
    cr_assert(v == (exact ? LNN_HOLDS : LNN_INCONCLUSIVE), "%s", j.reason);
    lnn_evidence_free(e);
}

Test(evidence_rounding, times_that_are_multiples_are_made_exact)
{
    check_times(0.02, 1, true);
    check_times((double)0.02f, 1, true);
    check_times(0.02, 1.003, false);
}

/* Descent in float32 keeps its identity; one weight off by 200 roundings does not;
 * and passed off as flow it is none, by far more than rounding. */
static void check_descent(bool as_doubles)
{
    struct descent run;
    struct lnn_judgement j;
    for (int way = 0; way < 3; way++) {
        struct foreign f = foreign_open();
        descent_run_float(&run, 0.05);
        if (way == 1) run.W1[10 * FOREIGN_1 + 5] += 200 * FLT_EPSILON;
        if (way == 1) round_all(1, run.W1 + 10 * FOREIGN_1 + 5);
        put_layers(&f, as_doubles ? H5T_IEEE_F64LE : H5T_IEEE_F32LE, &run);
        if (way == 2) put_as(&f, H5T_IEEE_F64LE, "time", run.t, FOREIGN_ROWS, 0, 0);
        if (way == 2) foreign_text(&f, "/", "system", "gradient_flow");
        if (way < 2) foreign_number(&f, "/", "learning_rate", 0.05);
        foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
        struct lnn_evidence *e = read_it(&f);
        const char *name =
            way < 2 ? "descent_drift_identity" : "balancedness_preserved";
        enum lnn_verdict v = judged(e, name, &j);
        cr_assert(v == (way == 0 ? LNN_HOLDS : LNN_VIOLATED), "%d: %s\n%s", way,
                  j.reason, j.explain);
        if (way == 0) cr_assert(j.measured > 100 * DBL_EPSILON, "%g", j.measured);
        lnn_evidence_free(e);
    }
}

Test(evidence_rounding, descent_in_float32)
{
    check_descent(false);
    check_descent(true);
}

Test(evidence_rounding, a_drift_below_rounding_says_nothing)
{
    struct descent run;
    struct lnn_judgement j;
    struct foreign f = foreign_open();
    descent_run_float(&run, 1e-5);
    put_layers(&f, H5T_IEEE_F32LE, &run);
    foreign_number(&f, "/", "learning_rate", 1e-5);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    struct lnn_evidence *e = read_it(&f);
    cr_assert(judged(e, "descent_drift_identity", &j) == LNN_INCONCLUSIVE);
    cr_assert(strstr(j.reason, "more than its error bar") != NULL, "%s", j.reason);
    lnn_evidence_free(e);
}
