/* Non-linear networks from problem to verdict: what is stored, what is refused, what
 * flow conserves, and what the error bars are worth across kinks. */
#include "lnn/h5.h"
#include "test_theorems_flow.h"

TestSuite(nonlinear, .init = lnn_test_setup, .timeout = 40);

extern const struct lnn_theorem lnn_theorem_homogeneous_balance;

#define NET(widths, activation) \
    "network: {widths: [" widths "], activation: " activation "}\n"
#define TEACHER "data: {kind: teacher, samples: 12, noise: 0.3, seed: 2}\n"
#define START "init: {kind: gaussian, scale: 0.6, seed: 1}\n"
#define FLOW_AND_DESCENT                                                            \
    "trajectories:\n  - {system: gradient_flow, stepper: rkf45, rtol: 1e-5, atol: " \
    "1e-6}\n"                                                                       \
    "  - {system: gradient_descent, learning_rate: 0.02}\n"                         \
    "time: {end: 0.4, samples: 41}\n"

/* Three examples of two inputs in four relu units: from seeds 6 and 7 the flow crosses
 * two kinks, and one, and slides along none (scipy with events finds them at t =
 * 0.3052, 3.0084 and 6.9295). */
static void three_examples(char path[64])
{
    strcpy(path, "/tmp/lnn_nonlinear_XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("1,0.3,1\n-0.6,1,-0.5\n0.2,-1.1,0.8\n", f);
    fclose(f);
}

static struct outcome kinks_run(const char *path, int seed, const char *stepper,
                                const char *tolerance, const char *activation)
{
    char text[600];
    snprintf(
        text, sizeof text,
        "network: {widths: [2, 4, 1], activation: %s}\n"
        "data: {kind: csv, file: %s}\n"
        "init: {kind: gaussian, scale: 0.8, seed: %d}\n"
        "trajectories: [{system: gradient_flow, stepper: %s, rtol: %s, atol: %s}]\n"
        "time: {end: 10, samples: 41}\nstop: {max_steps: 20000}\n",
        activation, path, seed, stepper, tolerance, tolerance);
    return simulate(text, NULL);
}

/* Rows of all layers next to each other, malloc'ed; n: numbers a row. */
static double *layers_of(const struct outcome *o, size_t *rows, size_t *n)
{
    struct lnn_evidence *e;
    LNN_OK(lnn_evidence_read(o->path, &e));
    const struct lnn_record *r = &e->records[0];
    *rows = r->weights_rows;
    *n = r->net.size;
    double *w = malloc(*rows * *n * sizeof *w);
    memcpy(w, r->w, *rows * *n * sizeof *w);
    lnn_evidence_free(e);
    return w;
}

/* The bar of every sample, those within a step across a kink included, is at least the
 * difference to a run at far tighter tolerance. (It is twice the difference to one at a
 * hundredth; measured against event location in scipy: errors of 0.50 to 0.64 bars.) */
Test(nonlinear, error_bars_cover_the_error_across_kinks)
{
    static const char *const steppers[] = {"rk8pd", "rkf45", "rk4"};
    static const double crossed[] = {2, 1};
    char path[64];
    three_examples(path);
    for (int seed = 6; seed <= 7; seed++) {
        size_t rows, n;
        struct outcome tight = kinks_run(path, seed, "rk8pd", "1e-12", "relu");
        double *truth = layers_of(&tight, &rows, &n);
        for (int s = 0; s < 3; s++) {
            struct outcome o = kinks_run(path, seed, steppers[s], "1e-7", "relu");
            double *w = layers_of(&o, &rows, &n), worst = 0;
            double *bar = values(&o, "gradient_flow", "weights_error", NULL);
            double *kinks = values(&o, "gradient_flow", "kinks", NULL);
            cr_assert_eq(rows, 41);
            LNN_CLOSE(kinks[rows - 1], crossed[seed - 6], 0);
            for (size_t i = 1; i < rows; i++)
                worst = fmax(worst, lnn_distance(n, w + i * n, truth + i * n) / bar[i]);
            cr_assert(worst < 1, "%s, seed %d: %.3g bars", steppers[s], seed, worst);
            cr_assert(worst > 0.05, "bars of no use: %.3g", worst);
            free(w);
            free(bar);
            free(kinks);
            finish(&o);
        }
        free(truth);
        finish(&tight);
    }
    unlink(path);
}

/* Steps at a kink are refused until their error fits; a smooth activation takes few. */
Test(nonlinear, the_stepper_sees_kinks)
{
    char path[64];
    three_examples(path);
    struct outcome relu = kinks_run(path, 6, "rk8pd", "1e-8", "relu");
    struct outcome smooth = kinks_run(path, 6, "rk8pd", "1e-8", "tanh");
    cr_assert_gt(relu.sim->results[0].counts.rejected, 20);
    cr_assert_lt(smooth.sim->results[0].counts.rejected, 5);
    cr_assert_eq(relu.sim->results[0].counts.kinks, 2);
    cr_assert_eq(smooth.sim->results[0].counts.kinks, 0);
    finish(&relu);
    finish(&smooth);
    unlink(path);
}

/* From seed 1 the flow reaches a kink that its field points at from both sides: steps
 * become tiny. softplus, near to relu, passes with an implicit stepper. */
Test(nonlinear, sliding_along_a_kink_shows)
{
    char path[64];
    three_examples(path);
    char text[600];
    snprintf(text, sizeof text,
             "global_error: false\n" NET(
                 "2, 4, 1",
                 "relu") "data: {kind: csv, file: %s}\n"
                         "init: {kind: gaussian, scale: 0.8, seed: 1}\n"
                         "trajectories: [{system: gradient_flow, stepper: rk8pd, rtol: "
                         "1e-7, "
                         "atol: 1e-7}]\ntime: {end: 10}\nstop: {max_steps: 2000}\n",
             path);
    struct outcome relu = simulate(text, NULL);
    const struct lnn_run_counts *counts = &relu.sim->results[0].counts;
    cr_assert_eq(relu.sim->results[0].reason, LNN_STOP_STEPS);
    cr_assert_gt(counts->kinks, 20, "%lu kinks", counts->kinks);
    cr_assert_lt(relu.sim->results[0].t, 1);
    struct outcome soft =
        kinks_run(path, 1, "msbdf", "1e-5", "softplus, sharpness: 100");
    cr_assert_eq(soft.sim->results[0].reason, LNN_END);
    finish(&soft);
    finish(&relu);
    unlink(path);
}

static bool has(const struct outcome *o, const char *group, const char *name)
{
    struct lnn_shape shape;
    return lnn_reader_shape(o->reader, group, name, &shape) == GSL_SUCCESS;
}

/* Nothing that is about a product is stored, and nothing but what is about layers is
 * judged. Numbers of norm_difference are those of the layers. */
Test(nonlinear, what_is_stored_and_judged)
{
    struct bench b = bench_of(NET("3, 5, 4, 2", "leaky_relu, slope: 0.2, factors: 2")
                                  TEACHER START FLOW_AND_DESCENT,
                              NULL);
    static const char *const not_there[] = {"W",
                                            "W_error",
                                            "singular_values",
                                            "preconditioner_min",
                                            "preconditioner_max",
                                            "product_distance"};
    for (size_t i = 0; i < 6; i++)
        cr_assert_not(has(&b.outcome, "gradient_flow", not_there[i]), "%s",
                      not_there[i]);
    struct lnn_record *flow = record_of(&b, "gradient_flow");
    cr_assert(flow->net.N == 6 && flow->net.factors == 2 && !flow->W);
    cr_assert_str_eq(flow->net.activation->name, "leaky_relu");
    LNN_CLOSE(flow->net.parameter, 0.2, 0);
    EXPECT(&b, &lnn_theorem_homogeneous_balance, flow, LNN_HOLDS);
    EXPECT(&b, &lnn_theorem_homogeneous_balance, record_of(&b, "gradient_descent"),
           LNN_VIOLATED);
    size_t n;
    struct lnn_finding *found;
    LNN_OK(lnn_judge_all(b.evidence, NULL, &n, &found));
    cr_assert_eq(n, 4);
    for (size_t i = 0; i < n; i++) cr_assert(found[i].theorem->nonlinear);
    free(found);
    double *at = values(&b.outcome, "gradient_flow", "norm_difference", NULL);
    for (size_t j = 1; j < 6; j++) {
        const double *Wj = flow->w + lnn_network_offset(&flow->net, j);
        size_t below = flow->net.d[j] * flow->net.d[j - 1],
               above = flow->net.d[j + 1] * flow->net.d[j];
        LNN_CLOSE(at[j - 1],
                  lnn_dot(above, Wj + below, Wj + below) - lnn_dot(below, Wj, Wj),
                  1e-13);
    }
    free(at);
    bench_free(&b);
}

/* One weight of one row off by 0.3, and the balance is not what it was. */
Test(nonlinear, balance_notices_a_change)
{
    static const char *const nets[] = {NET("3, 5, 2", "relu"),
                                       NET("3, 5, 4, 2", "leaky_relu")};
    for (int i = 0; i < 2; i++) {
        char text[1000];
        snprintf(text, sizeof text, "%s%s", nets[i],
                 "loss: {weight_decay: 0.1}\n" TEACHER START FLOW_AND_DESCENT);
        struct bench b = bench_of(text, NULL);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        EXPECT(&b, &lnn_theorem_homogeneous_balance, r, LNN_HOLDS);
        ((double *)r->w)[20 * r->net.size + 1] += 0.3;
        EXPECT(&b, &lnn_theorem_homogeneous_balance, r, LNN_VIOLATED);
        bench_free(&b);
    }
}

Test(nonlinear, balance_is_not_about)
{
    static const char *const nets[] = {NET("3, 5, 2", "tanh"), NET("3, 2", "relu"),
                                       NET("3, 5, 2", "linear")};
    for (int i = 0; i < 3; i++) {
        char text[1000];
        snprintf(text, sizeof text, "%s%s", nets[i], TEACHER START FLOW_AND_DESCENT);
        struct bench b = bench_of(text, NULL);
        struct lnn_record *r = record_of(&b, "gradient_flow");
        cr_assert_not(lnn_theorem_homogeneous_balance.about(b.evidence, r));
        cr_assert_eq(r->net.activation != NULL, i == 0);
        if (i == 0) EXPECT(&b, &lnn_theorem_energy_identity, r, LNN_HOLDS);
        bench_free(&b);
    }
    struct bench b =
        bench_of(NET("3, 5, 2", "tanh, factors: 2") TEACHER START FLOW_AND_DESCENT,
                 NULL); /* inside the dense layers all of C_j is conserved */
    EXPECT(&b, &lnn_theorem_homogeneous_balance, record_of(&b, "gradient_flow"),
           LNN_HOLDS);
    bench_free(&b);
}

/* The loss's bar, from the layers', covers what a tight run differs by. */
Test(nonlinear, loss_error_covers_the_error)
{
    static const char text[] = NET("3, 5, 2", "softplus") TEACHER START
        "trajectories: [{system: gradient_flow, stepper: rkf45, rtol: 1e-5, atol: "
        "1e-5}]\n"
        "time: {end: 5, samples: 11}\n";
    const char *const set[] = {"trajectories.rtol=1e-12", "trajectories.atol=1e-12",
                               NULL};
    struct outcome o = simulate(text, NULL), tight = simulate(text, set);
    double *a = values(&o, "gradient_flow", "loss", NULL),
           *b = values(&tight, "gradient_flow", "loss", NULL),
           *bar = values(&o, "gradient_flow", "loss_error", NULL);
    for (int i = 0; i < 11; i++)
        cr_assert(fabs(a[i] - b[i]) <= bar[i] && bar[i] < 1e-3, "%d: %.3g %.3g", i,
                  fabs(a[i] - b[i]), bar[i]);
    free(a);
    free(b);
    free(bar);
    finish(&o);
    finish(&tight);
}

/* Implicit steppers solve with the exact Jacobian. */
Test(nonlinear, steppers_agree_on_a_smooth_network)
{
    static const char *const steppers[] = {"rk8pd", "msbdf", "bsimp", "gauss"};
    double loss[4];
    for (int s = 0; s < 4; s++) {
        char text[600];
        snprintf(text, sizeof text,
                 NET("2, 4, 2", "tanh") TEACHER START
                 "trajectories: [{system: gradient_flow, stepper: %s, rtol: 1e-8}]\n"
                 "time: {end: 4, samples: 3}\n",
                 steppers[s]);
        struct outcome o = simulate(text, NULL);
        loss[s] = o.sim->results[0].loss;
        LNN_CLOSE(loss[s], loss[0], 1e-6);
        finish(&o);
    }
}

static void refused(const char *text, const char *why)
{
    struct lnn_problem *p;
    int status = lnn_problem_parse(text, "<test>", NULL, &p);
    if (status == GSL_SUCCESS) {
        status = lnn_simulate_check(p);
        lnn_problem_free(p);
    }
    cr_assert(status != GSL_SUCCESS, "not refused: %s", why);
    cr_assert_not_null(strstr(lnn_error(), why), "\"%s\" lacks \"%s\"", lnn_error(),
                       why);
}

Test(nonlinear, what_is_refused)
{
    static const char *const systems[] = {"end_to_end", "end_to_end_descent",
                                          "singular_modes", "exact"};
    for (int i = 0; i < 4; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 NET("3, 5, 2", "relu") TEACHER START
                 "trajectories:\n  - {system: gradient_flow}\n  - {system: %s%s}\n"
                 "time: {end: 1}\n",
                 systems[i], i == 1 ? ", learning_rate: 0.1" : "");
        refused(text, "<test>:6:5: error: trajectory ");
        cr_assert_not_null(strstr(lnn_error(), "with network.activation relu there is "
                                               "none"));
    }
    refused(NET("3, 5, 2", "relu") "loss: {kind: masked}\n"
                                   "data: {kind: target, matrix: [[1, 0, 1], [0, 1, "
                                   "0]], observed: 0.5}\n"
                                   "time: {end: 1}\n",
            "<test>:2:14: error: loss.kind masked");
    refused(
        NET("3, 5, 2",
            "relu") "data: {kind: target, matrix: [[1, 0, 1], [0, 1, 0]], offset: 1}\n"
                    "time: {end: 1}\n",
        "data.offset is what no matrix can remove");
    refused(NET("3, 5, 2", "rellu") TEACHER "time: {end: 1}\n",
            "did you mean \"relu\"?");
    refused(NET("3, 5, 2", "tanh, slope: 0.3") TEACHER "time: {end: 1}\n", "slope");
    struct lnn_problem *p; /* by default without the product's dynamics */
    LNN_OK(lnn_problem_parse(NET("3, 5, 2", "relu") TEACHER "time: {end: 1}\n", "p",
                             NULL, &p));
    cr_assert_eq(p->trajectories.n, 1);
    lnn_problem_free(p);
}

/* Every discrete method, full batch and mini-batches, on two factors a layer: all lower
 * the loss, and the accuracy is that of the outputs. */
Test(nonlinear, every_discrete_method_trains_it)
{
    for (size_t s = 0; lnn_odes[s]; s++) {
        if (!lnn_odes[s]->map || !lnn_odes[s]->layers) continue;
        for (int batch = 0; batch < 2; batch++) {
            char text[900];
            bool rate = strcmp(lnn_odes[s]->name, "adadelta") != 0;
            snprintf(
                text, sizeof text,
                NET("65, 8, 10",
                    "relu, factors: 2") "loss: {kind: cross_entropy}\n"
                                        "data: {kind: csv, file: " LNN_SOURCE
                                        "/tests/data/digits.csv.gz, "
                                        "classes: true, rows: 100, divide: 16, "
                                        "intercept: true}\n"
                                        "init: {kind: gaussian, scale: 0.4, seed: 1}\n"
                                        "trajectories: [{system: %s%s%s}]\ntime: {end: "
                                        "%s}\n"
                                        "stop: {max_steps: 150}\n",
                lnn_odes[s]->name, rate ? ", learning_rate: 1e-2" : "",
                batch ? ", batch: 20" : "", rate ? "1.5" : "150");
            struct outcome o = simulate(text, NULL);
            struct lnn_shape shape;
            double *loss = values(&o, lnn_odes[s]->name, "loss", &shape),
                   *share = values(&o, lnn_odes[s]->name, "accuracy", NULL);
            size_t last = shape.dims[0] - 1;
            cr_assert(loss[last] < 0.95 * loss[0], "%s, batch %d: %g to %g",
                      lnn_odes[s]->name, batch, loss[0], loss[last]);
            cr_assert(share[last] > 0.05 && share[last] <= 1);
            free(loss);
            free(share);
            finish(&o);
        }
    }
}
