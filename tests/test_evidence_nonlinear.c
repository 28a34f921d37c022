/* Files that other programs wrote of networks with activations, as evidence: error bars
 * from the spacing of the samples, and attributes that say what cannot be. */
#include "foreign_file.h"

TestSuite(evidence_nonlinear, .init = lnn_test_setup, .timeout = 120);

extern const struct lnn_theorem lnn_theorem_homogeneous_balance;

enum { D = 3, H = 4, K = 2, M = 8, SIZE = H * (D + K), ROWS = 41 };

struct relu_run {
    double slope; /* of leaky relu; 0: relu */
    double X[M][D], Y[M][K];
    double t[ROWS], W1[ROWS * H * D], W2[ROWS * K * H];
};

/* dw/dt of 1/(2m) sum |W2 s(W1 x) - y|^2, written out. */
static void field(const struct relu_run *run, const double w[], double dw[])
{
    const double *W1 = w, *W2 = w + H * D;
    memset(dw, 0, SIZE * sizeof *dw);
    for (int i = 0; i < M; i++) {
        double z[H], a[H], e[K];
        for (int h = 0; h < H; h++) {
            z[h] = 0;
            for (int j = 0; j < D; j++) z[h] += W1[h * D + j] * run->X[i][j];
            a[h] = z[h] > 0 ? z[h] : run->slope * z[h];
        }
        for (int r = 0; r < K; r++) {
            e[r] = -run->Y[i][r];
            for (int h = 0; h < H; h++) e[r] += W2[r * H + h] * a[h];
        }
        for (int h = 0; h < H; h++) {
            double back = 0;
            for (int r = 0; r < K; r++) {
                dw[H * D + r * H + h] -= e[r] * a[h] / M;
                back += W2[r * H + h] * e[r];
            }
            back *= z[h] > 0 ? 1 : run->slope;
            for (int j = 0; j < D; j++) dw[h * D + j] -= back * run->X[i][j] / M;
        }
    }
}

/* Runge and Kutta's step. */
static void step(const struct relu_run *run, double h, double w[])
{
    double k1[SIZE], k2[SIZE], k3[SIZE], k4[SIZE], at[SIZE];
    field(run, w, k1);
    for (int q = 0; q < SIZE; q++) at[q] = w[q] + 0.5 * h * k1[q];
    field(run, at, k2);
    for (int q = 0; q < SIZE; q++) at[q] = w[q] + 0.5 * h * k2[q];
    field(run, at, k3);
    for (int q = 0; q < SIZE; q++) at[q] = w[q] + h * k3[q];
    field(run, at, k4);
    for (int q = 0; q < SIZE; q++)
        w[q] += h / 6 * (k1[q] + 2 * k2[q] + 2 * k3[q] + k4[q]);
}

/* `inner` steps between two of ROWS rows over t in [0, end]. */
static void integrate(struct relu_run *run, double slope, double end, int inner)
{
    double w[SIZE];
    run->slope = slope;
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < D; j++) run->X[i][j] = sin(1 + 3 * i + 5 * j);
        for (int r = 0; r < K; r++) run->Y[i][r] = cos(2 * i + r);
    }
    for (int q = 0; q < SIZE; q++) w[q] = 0.8 * sin(0.5 + 2 * q);
    for (int n = 0; n < ROWS; n++) {
        run->t[n] = end * n / (ROWS - 1);
        memcpy(run->W1 + n * H * D, w, H * D * sizeof *w);
        memcpy(run->W2 + n * K * H, w + H * D, K * H * sizeof *w);
        for (int s = 0; s < inner; s++) step(run, end / (ROWS - 1) / inner, w);
    }
}

/* The first `rows` of them as a file: flow, since there is no learning rate. */
static struct foreign file_of(const struct relu_run *run, size_t rows)
{
    struct foreign f = foreign_open();
    foreign_put(&f, "time", run->t, rows, 0, 0);
    foreign_put(&f, "W1", run->W1, rows, H, D);
    foreign_put(&f, "W2", run->W2, rows, K, H);
    return f;
}

static struct lnn_finding only_finding(struct foreign *f, struct lnn_evidence **e)
{
    size_t n;
    struct lnn_finding *found, one;
    LNN_OK(foreign_read(f, e));
    LNN_OK(lnn_judge_all(*e, "homogeneous_balance", &n, &found));
    cr_assert_eq(n, 1);
    one = found[0];
    free(found);
    return one;
}

/* The largest change of sum_r W2_rh^2 - sum_j W1_hj^2 as a vector over h, by itself. */
static double drift(const struct relu_run *run, size_t rows)
{
    double most = 0;
    for (size_t n = 1; n < rows; n++) {
        double sum = 0;
        for (int h = 0; h < H; h++) {
            double c = 0;
            for (int sign = 0; sign < 2; sign++) {
                const double *W1 = run->W1 + (sign ? 0 : n * H * D),
                             *W2 = run->W2 + (sign ? 0 : n * K * H);
                double by = sign ? -1 : 1;
                for (int r = 0; r < K; r++) c += by * W2[r * H + h] * W2[r * H + h];
                for (int j = 0; j < D; j++) c -= by * W1[h * D + j] * W1[h * D + j];
            }
            sum += c * c;
        }
        most = fmax(most, sqrt(sum));
    }
    return most;
}

static void expect(const struct lnn_finding *f, enum lnn_verdict verdict,
                   const char *explain)
{
    const struct lnn_judgement *j = &f->judgement;
    cr_assert(j->verdict == verdict, "%s, not %s: %s\n%s", lnn_verdict_name(j->verdict),
              lnn_verdict_name(verdict), j->reason, j->explain);
    cr_assert(strstr(j->explain, explain) || strstr(j->reason, explain), "%s: %s\n%s",
              explain, j->reason, j->explain);
}

Test(evidence_nonlinear, bars_come_from_the_spacing)
{
    static const double slopes[] = {0, 0.2};
    for (int c = 0; c < 2; c++) {
        struct relu_run run;
        struct lnn_evidence *e;
        integrate(&run, slopes[c], 2, 200);
        struct foreign f = file_of(&run, ROWS);
        foreign_text(&f, "/", "activation", c ? "leaky_relu" : "relu");
        if (c) foreign_number(&f, "/", "slope", 0.2);
        struct lnn_finding found = only_finding(&f, &e);
        expect(&found, LNN_HOLDS, "from the spacing of the samples");
        cr_assert_gt(found.judgement.bar, 1e-12);
        cr_assert_lt(found.judgement.bar, 0.2);
        LNN_CLOSE(found.judgement.figures[0].value, drift(&run, ROWS), 1e-14);
        lnn_evidence_free(e);
        /* another curve, as smooth: what no flow does */
        for (int n = 0; n < ROWS; n++)
            for (int j = 0; j < D; j++) run.W1[n * H * D + j] *= 1 + 0.5 * run.t[n];
        f = file_of(&run, ROWS);
        foreign_text(&f, "/", "activation", c ? "leaky_relu" : "relu");
        if (c) foreign_number(&f, "/", "slope", 0.2);
        found = only_finding(&f, &e);
        LNN_CLOSE(found.judgement.figures[0].value, drift(&run, ROWS), 1e-14);
        expect(&found, LNN_VIOLATED, "is beyond");
        lnn_evidence_free(e);
    }
}

Test(evidence_nonlinear, too_few_rows_decide_nothing)
{
    struct relu_run run;
    struct lnn_evidence *e;
    integrate(&run, 0, 2, 50);
    for (size_t rows = 1; rows < 5; rows++) {
        struct foreign f = file_of(&run, rows);
        foreign_text(&f, "/", "activation", "relu");
        struct lnn_finding found = only_finding(&f, &e);
        expect(&found, LNN_INCONCLUSIVE,
               rows < 2 ? "too few rows" : "no weights_error");
        lnn_evidence_free(e);
    }
}

/* What the file says with 0 for its attribute; hint "": it is read. */
static void attribute(const char *activation, const char *name, double x,
                      const char *hint)
{
    struct relu_run run;
    struct lnn_evidence *e = NULL;
    integrate(&run, 0, 2, 1);
    struct foreign f = file_of(&run, ROWS);
    if (activation) foreign_text(&f, "/", "activation", activation);
    if (name) foreign_number(&f, "/", name, x);
    int status = foreign_read(&f, &e);
    if (hint[0]) {
        cr_assert(status == GSL_EINVAL && !e, "%s %g: %d", name, x, status);
        cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
        return;
    }
    size_t n;
    struct lnn_finding *found;
    LNN_OK(status);
    LNN_OK(lnn_judge_all(e, NULL, &n, &found));
    for (size_t i = 0; i < n; i++) cr_assert(found[i].judgement.reason[0] != '\0');
    free(found);
    lnn_evidence_free(e);
}

Test(evidence_nonlinear, attributes_that_say_what_cannot_be)
{
    attribute("rellu", NULL, 0, "the activation of / is \"rellu\"");
    attribute("", NULL, 0, "the activation of / is \"\"");
    attribute(NULL, "activation", 3, "the activation of / is \"3\"");
    attribute("leaky_relu", NULL, 0, "needs the attribute slope");
    attribute("leaky_relu", "slope", NAN, "needs the attribute slope");
    attribute("leaky_relu", "slope", -1, "needs the attribute slope");
    attribute("softplus", "slope", 1, "needs the attribute sharpness");
    static const double factors[] = {0, -1, 1.5, 3, 4, 1e300, INFINITY, NAN};
    for (size_t i = 0; i < 8; i++)
        attribute("relu", "factors", factors[i], "factors of / is");
    attribute("relu", "factors", 2, "");   /* one dense layer: linear after all */
    attribute("linear", "factors", 7, ""); /* of no consequence */
    attribute("tanh", "factors", 1, "");
    attribute("relu", "widths", -7, "");
    attribute("relu", "widths", 1e18, "");
}

/* Without layers the depth is what widths says, where that can be. */
Test(evidence_nonlinear, widths_that_say_what_cannot_be)
{
    static const char *const widths[] = {
        "3 4 2", "3, 0, 2", "3 99999999999999999999 2", "-3 x 2", "", "3",
        "2 4 3", "nan inf"};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct relu_run run;
        struct lnn_evidence *e;
        integrate(&run, 0, 2, 1);
        struct foreign f = foreign_open();
        foreign_put(&f, "time", run.t, ROWS, 0, 0);
        foreign_put(&f, "W", run.W1, ROWS, 2, 3);
        foreign_text(&f, "/", "widths", widths[i]);
        LNN_OK(foreign_read(&f, &e));
        size_t n, N = i == 0 ? 2 : i == 3 ? 1 : 0;
        cr_assert_eq(e->records[0].net.N, N, "%s: %zu", widths[i], e->records[0].net.N);
        struct lnn_finding *found;
        LNN_OK(lnn_judge_all(e, NULL, &n, &found));
        free(found);
        lnn_evidence_free(e);
    }
}
