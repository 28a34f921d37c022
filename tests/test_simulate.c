/* Whole problems, read back from the file they wrote: the oracles of the theory,
 * samples, error bars, failures. */
#include "test_simulate.h"

TestSuite(simulate, .init = lnn_test_setup);

/* (1/m) sum |W x - y|^p of four inputs and two outputs. */
static double loss_of_examples(const struct outcome *o, const double W[], double p)
{
    struct lnn_shape shape;
    double *X = values(o, "data", "X", &shape), *Y = values(o, "data", "Y", NULL);
    double sum = 0;
    for (size_t i = 0; i < shape.dims[0]; i++)
        for (size_t r = 0; r < 2; r++) {
            double residual = lnn_dot(4, W + 4 * r, X + 4 * i) - Y[2 * i + r];
            sum += pow(fabs(residual), p) / (double)shape.dims[0];
        }
    free(X);
    free(Y);
    return sum;
}

/* 1/2 tr(W Lambda_xx W^T) - tr(W Lambda_yx^T) + 1/2 tr(Lambda_yy). */
static double loss_of_moments(const struct outcome *o, const double W[])
{
    double *xx = values(o, "data", "Lambda_xx", NULL), product[8];
    double *yx = values(o, "data", "Lambda_yx", NULL);
    double *yy = values(o, "data", "Lambda_yy", NULL);
    lnn_gemm(false, false, 2, 4, 4, 1, W, xx, 0, product);
    double loss =
        0.5 * lnn_dot(8, product, W) - lnn_dot(8, W, yx) + 0.5 * (yy[0] + yy[3]);
    free(xx);
    free(yx);
    free(yy);
    return loss;
}

/* O1 of the theory: W(1), W(3) for N = 1, 2, 3. */
static const double O1[3][2][6] = {
    {{0.7424843911799871, 0.24248439117998735, -0.12124219558999388,
      0.01839397205857275, -0.48496878235997487, 0.41890850294569826},
     {0.9651490521424938, 0.46514905214249386, -0.23257452607124698,
      0.0024893534183933227, -0.9302981042849877, 0.7051916384689206}},
    {{0.7642497690249973, 0.13437856102106327, -0.04043711669000423,
      0.01870305988316392, 0.039518050444605046, 0.009702488456322237},
     {0.8768590351975238, 0.6653594942420873, -0.3758522392404179, -0.42272217989483474,
      -0.40685375788366857, 0.31315731080551423}},
    {{0.8434402205126628, 0.15869683775652582, -0.03839353509586777,
      0.016890972559968583, 0.05671260739055495, -0.007214680924307457},
     {0.83160794083931, 0.7171414315651846, -0.4240765894564167, -0.5068629626319826,
      -0.4189064433881994, 0.260143068780419}}};

Test(simulate, balanced_flows_of_depth_1_to_3)
{
    static const char *const widths[] = {"network.widths=[3, 2]",
                                         "network.widths=[3, 3, 2]",
                                         "network.widths=[3, 4, 2, 2]"};
    static const double loss[3][2] = {{0.262212111270943, 0.00480258234229145},
                                      {0.931080898676951, 0.389847143342373},
                                      {0.938038510839605, 0.47017427168751}};
    for (int n = 0; n < 3; n++) {
        const char *set[] = {widths[n], NULL};
        struct outcome o = simulate(
            "network: {widths: [3, 2]}\n" PHI A0 "time: {end: 3, samples: 4}\n", set);
        for (int i = 0; i < 2; i++) {
            const char *group = i ? "end_to_end" : "gradient_flow";
            double *at = values(&o, group, "W", NULL),
                   *l = values(&o, group, "loss", NULL);
            cr_assert(lnn_test_gap(6, at + 6, O1[n][0]) <= 1e-10, "N = %d, t = 1",
                      n + 1);
            cr_assert(lnn_test_gap(6, at + 18, O1[n][1]) <= 1e-10, "N = %d, t = 3",
                      n + 1);
            LNN_CLOSE(l[1], loss[n][0], 1e-10);
            LNN_CLOSE(l[3], loss[n][1], 1e-10);
            free(at);
            free(l);
        }
        finish(&o);
    }
}

/* O3: 0.5 u v^T, u = (.6, .8), v = (2, -1, 2)/3. */
Test(simulate, rank_one_start_keeps_its_rank)
{
    static const double W[2][6] = {
        {0.19275702969690989, -0.17759070128666413, 0.2011906234865214,
         0.4389070340917302, -0.4043733607313159, 0.45811029506296996},
        {0.22255962024389156, -0.19078806352362024, 0.22580669837329945,
         0.47035921100611106, -0.403212958981569, 0.4772216108671003}};
    static const char *const widths[] = {"network.widths=[3, 1, 2]",
                                         "network.widths=[3, 4, 2, 2]"};
    for (int n = 0; n < 2; n++) {
        const char *set[] = {widths[n], NULL};
        struct outcome o = simulate(
            "network: {widths: [3, 2]}\n" PHI
            "init: {kind: balanced, matrix: [[0.2, -0.1, 0.2], "
            "[0.26666666666666666, -0.13333333333333333, 0.26666666666666666]]}\n"
            "time: {end: 1, samples: 5}\n",
            set);
        double at[6];
        last_W(&o, "gradient_flow", at);
        cr_assert(lnn_test_gap(6, at, W[n]) <= 1e-9, "layers, N = %d: %g", n + 2,
                  lnn_test_gap(6, at, W[n]));
        last_W(&o, "end_to_end", at);
        cr_assert(lnn_test_gap(6, at, W[n]) <= 1e-9, "end to end, N = %d: %g", n + 2,
                  lnn_test_gap(6, at, W[n]));
        double *s = values(&o, "gradient_flow", "singular_values", NULL);
        cr_assert(s[9] < 1e-13 && s[8] > 0.5);
        free(s);
        finish(&o);
    }
}

Test(simulate, identity_start_reaches_the_known_loss) /* O7 */
{
    struct outcome o =
        simulate("network: {widths: [2, 2, 2, 2]}\n"
                 "data: {kind: target, matrix: [[1.08, 0.06], [0.06, 0.92]]}\n"
                 "init: {kind: identity}\n"
                 "trajectories:\n"
                 "  - {system: gradient_flow, rtol: 1e-12, atol: 1e-15}\n"
                 "  - {system: end_to_end, rtol: 1e-12, atol: 1e-15}\n"
                 "time: {end: 2, samples: 5}\n",
                 NULL);
    static const double at[] = {0.01, 0.000503696819948, 2.80291425018e-05, 0,
                                1.20032065779e-07};
    double *layers = values(&o, "gradient_flow", "loss", NULL);
    double *closed = values(&o, "end_to_end", "loss", NULL);
    for (int i = 0; i < 5; i++) {
        if (i == 3) continue;
        LNN_CLOSE(layers[i] / at[i], 1, 1e-9);
        LNN_CLOSE(closed[i] / at[i], 1, 1e-9);
    }
    free(layers);
    free(closed);
    finish(&o);
}

Test(simulate, ten_and_ten_thousand_samples_end_alike)
{
    const char *yaml = "network: {widths: [3, 4, 3, 2]}\n" PHI A0 "time: {end: 3}\n";
    const char *few[] = {"time.samples=10", NULL},
               *many[] = {"time.samples=10000", NULL};
    struct outcome a = simulate(yaml, few), b = simulate(yaml, many);
    for (int j = 1; j <= 3; j++) {
        char name[16];
        struct lnn_shape sa, sb;
        snprintf(name, sizeof name, "W%d", j);
        double *x = values(&a, "gradient_flow", name, &sa);
        double *y = values(&b, "gradient_flow", name, &sb);
        size_t size = sa.dims[1] * sa.dims[2];
        cr_assert(sa.dims[0] == 10 && sb.dims[0] == 10000);
        cr_assert(memcmp(x + 9 * size, y + 9999 * size, size * sizeof *x) == 0);
        free(x);
        free(y);
    }
    cr_assert(a.sim->results[0].counts.rhs == b.sim->results[0].counts.rhs);
    cr_assert(a.sim->results[1].counts.rhs == b.sim->results[1].counts.rhs);
    finish(&a);
    finish(&b);
}

/* The estimated error bounds the true one, taken from a much tighter run. */
Test(simulate, error_bars_cover_the_error)
{
    static const char *const tols[] = {"1e-4", "1e-6", "1e-8"};
    static const char *const steppers[] = {"rk8pd", "rkf45", "gauss", "msadams"};
    const char *yaml = "network: {widths: [3, 4, 3, 2]}\n" PHI
                       "init: {kind: gaussian, scale: 0.5, seed: 4}\n"
                       "trajectories: [{system: gradient_flow}]\n"
                       "time: {end: 3, samples: 31}\n";
    const char *tight[] = {"trajectories.rtol=1e-13", "trajectories.atol=1e-15", NULL};
    struct outcome exact = simulate(yaml, tight);
    double *W = values(&exact, "gradient_flow", "W", NULL);
    for (int i = 0; i < 12; i++) {
        char rtol[40], atol[40], stepper[40];
        snprintf(rtol, sizeof rtol, "trajectories.rtol=%s", tols[i % 3]);
        snprintf(atol, sizeof atol, "trajectories.atol=%s", tols[i % 3]);
        snprintf(stepper, sizeof stepper, "trajectories.stepper=%s", steppers[i / 3]);
        const char *set[] = {rtol, atol, stepper, NULL};
        struct outcome o = simulate(yaml, set);
        double *V = values(&o, "gradient_flow", "W", NULL);
        double *bar = values(&o, "gradient_flow", "W_error", NULL);
        for (int t = 0; t < 31; t++) {
            double error = lnn_distance(6, V + 6 * t, W + 6 * t);
            cr_assert(error <= bar[t] + 1e-13, "%s %s: error %g, bar %g", stepper, rtol,
                      error, bar[t]);
        }
        free(V);
        free(bar);
        finish(&o);
    }
    free(W);
    finish(&exact);
}

Test(simulate, descent_tends_to_the_flow)
{
    struct outcome o =
        simulate("network: {widths: [3, 4, 3, 2]}\n" PHI A0 "trajectories:\n"
                 "  - {system: gradient_descent, learning_rate: 1.0e-2, name: a}\n"
                 "  - {system: gradient_descent, learning_rate: 5.0e-3, name: b}\n"
                 "  - {system: gradient_descent, learning_rate: 2.5e-3, name: c}\n"
                 "  - {system: end_to_end}\n"
                 "time: {end: 2, samples: 11}\n",
                 NULL);
    const struct lnn_result *r = o.sim->results;
    LNN_CLOSE(log2(r[0].distance / r[1].distance), 1, 0.05); /* first order */
    LNN_CLOSE(log2(r[1].distance / r[2].distance), 1, 0.05);
    cr_assert(r[2].distance < 2e-2 && r[2].distance > 1e-5);
    double *k = values(&o, "b", "iteration", NULL), *t = values(&o, "b", "time", NULL);
    for (int i = 0; i < 11; i++) LNN_CLOSE(t[i], 5e-3 * k[i], 0);
    cr_assert(k[10] == 400);
    free(k);
    free(t);
    finish(&o);
}

Test(simulate, a_failure_leaves_its_rows_and_its_reason)
{
    struct outcome o =
        simulate("network: {widths: [3, 4, 2]}\n" PHI A0 "trajectories:\n"
                 "  - {system: gradient_descent, learning_rate: 2}\n"
                 "  - {system: gradient_flow}\n"
                 "time: {end: 400, samples: 201}\n",
                 NULL);
    const struct lnn_result *r = o.sim->results;
    cr_assert(r[0].reason == LNN_FAIL_NONFINITE);
    cr_assert(strlen(r[0].message) > 0);
    cr_assert(r[1].reason == LNN_END, "the other trajectory goes on");
    size_t rows = lnn_reader_rows(o.reader, "gradient_descent");
    cr_assert(rows == r[0].rows && rows > 0 && rows < 201);
    cr_assert(lnn_reader_rows(o.reader, "gradient_flow") == 201);
    char *reason = lnn_reader_attribute(o.reader, "gradient_descent", "reason");
    cr_assert(reason && strcmp(reason, "fail_nonfinite") == 0);
    free(reason);
    finish(&o);
}

Test(simulate, logarithmic_times)
{
    struct lnn_problem *p =
        lnn_test_problem("network: {widths: [1, 1]}\n"
                         "data: {kind: target, matrix: [[1]]}\n"
                         "time: {end: 1000, samples: 8, spacing: log, "
                         "first: 0.001}\n");
    double t[8];
    LNN_OK(lnn_simulate_times(p, t));
    cr_assert(t[0] == 0);
    for (int i = 1; i < 8; i++) LNN_CLOSE(t[i] / pow(10, i - 4), 1, 1e-14);
    lnn_problem_free(p);
}

Test(simulate, weights_at_every_kth_sample)
{
    static const size_t expected[] = {0, 11, 6, 5, 3};
    static const char *const every[] = {"0", "1", "2", "3", "7"};
    for (int i = 0; i < 5; i++) {
        char key[40];
        snprintf(key, sizeof key, "output.weights_every=%s", every[i]);
        const char *set[] = {key, NULL};
        struct outcome o = simulate("network: {widths: [3, 4, 2]}\n" PHI A0
                                    "trajectories: [{system: gradient_flow}]\n"
                                    "time: {end: 1, samples: 11}\n",
                                    set);
        struct lnn_shape shape;
        int status = lnn_reader_shape(o.reader, "gradient_flow", "W2", &shape);
        bool stored = status == GSL_SUCCESS;
        cr_assert(stored == (expected[i] > 0));
        if (expected[i]) {
            double *W = values(&o, "gradient_flow", "W", NULL), product[6];
            double *W1 = values(&o, "gradient_flow", "W1", &shape);
            double *W2 = values(&o, "gradient_flow", "W2", NULL);
            cr_assert(shape.dims[0] == expected[i], "every %s: %zu", every[i],
                      shape.dims[0]);
            /* the last stored weights belong to the last sample */
            size_t at = expected[i] - 1;
            lnn_gemm(false, false, 2, 3, 4, 1, W2 + 8 * at, W1 + 12 * at, 0, product);
            cr_assert(lnn_test_gap(6, product, W + 60) < 1e-14);
            free(W);
            free(W1);
            free(W2);
        }
        finish(&o);
    }
}

/* The modes' coordinates end at a crossing; W is smooth there, and the run goes on. */
Test(simulate, crossing_singular_values_end_the_modes_alone, .timeout = 60)
{
    struct outcome o = simulate("network: {widths: [2, 2, 2]}\n"
                                "data: {kind: target, matrix: [[0.5, 0], [0, 3]]}\n"
                                "init: {kind: balanced, matrix: [[0.4, 0], [0, 0.1]]}\n"
                                "trajectories:\n"
                                "  - {system: singular_modes}\n"
                                "  - {system: end_to_end}\n"
                                "  - {system: exact}\n"
                                "time: {end: 3, samples: 31}\n",
                                NULL);
    const struct lnn_result *r = o.sim->results;
    cr_assert(r[0].reason == LNN_FAIL_STEPPER);
    cr_assert(strstr(r[0].message, "cross") != NULL, "%s", r[0].message);
    LNN_CLOSE(r[0].t, 0.2582407, 1e-6);
    cr_assert(r[0].distance <= r[0].distance_error, "right up to the crossing");
    cr_assert(r[1].reason == LNN_END && r[2].reason == LNN_END);
    cr_assert(r[2].distance <= r[2].distance_error);
    finish(&o);
}

Test(simulate, no_run_replaces_its_own_input)
{
    struct outcome o = simulate("network: {widths: [3, 4, 2]}\n" PHI A0
                                "trajectories: [{system: gradient_flow}]\n"
                                "time: {end: 1, samples: 3}\n",
                                NULL);
    char init[128];
    snprintf(init, sizeof init, "init={kind: file, file: %s}", o.path);
    const char *set[] = {init, NULL};
    struct lnn_problem *again = NULL;
    struct lnn_simulation *sim = NULL;
    struct lnn_simulate_options options = {.output = o.path, .force = true};
    LNN_OK(lnn_problem_parse(o.problem->text, "<test>", set, &again));
    cr_assert(lnn_simulate(again, &options, &sim) == GSL_EINVAL);
    cr_assert(strstr(lnn_error(), "input") != NULL, "%s", lnn_error());
    lnn_problem_free(again);
    finish(&o);
}

Test(simulate, observables_asked_for_must_apply)
{
    static const char yaml[] = "network: {widths: [3, 4, 2]}\n" PHI A0
                               "trajectories: [{system: gradient_flow}]\n"
                               "output: {observables: [loss, iteration]}\n"
                               "time: {end: 1}\n";
    struct lnn_problem *p = lnn_test_problem(yaml);
    cr_assert(lnn_simulate_check(p) == GSL_EINVAL);
    cr_assert(strstr(lnn_error(), "iteration applies to none") != NULL);
    cr_assert(strncmp(lnn_error(), "<test>:5:10: error: ", 20) == 0, "%s", lnn_error());
    lnn_problem_free(p);
}

/* The file alone gives back every loss in it: from the examples, and from the moments.
 */
Test(simulate, the_file_holds_the_data_the_loss_is_made_of)
{
    static const char *const loss[] = {"loss={kind: lp, p: 3}", "loss={kind: square}"};
    for (int c = 0; c < 2; c++) {
        const char *set[] = {loss[c], NULL};
        struct outcome o = simulate("network: {widths: [4, 3, 2]}\n"
                                    "data: {kind: teacher, samples: 30, noise: 0.1}\n"
                                    "init: {kind: gaussian, scale: 0.5}\n"
                                    "trajectories: [{system: gradient_flow}]\n"
                                    "time: {end: 50, samples: 6}\n"
                                    "stop: {max_steps: 20}\n",
                                    set);
        struct lnn_shape shape;
        bool examples = c == 0,
             has = lnn_reader_shape(o.reader, "data", "X", &shape) == 0;
        cr_assert(has == examples);
        double *W = values(&o, "gradient_flow", "W", &shape);
        double *l = values(&o, "gradient_flow", "loss", NULL);
        cr_assert(shape.dims[0] < 6, "stopped early: the file was copied");
        for (size_t t = 0; t < shape.dims[0]; t++) {
            double again = examples ? loss_of_examples(&o, W + 8 * t, 3)
                                    : loss_of_moments(&o, W + 8 * t);
            LNN_CLOSE(again / l[t], 1, 1e-12);
        }
        free(W);
        free(l);
        finish(&o);
    }
}
