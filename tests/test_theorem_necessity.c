/* balancedness_necessary: the blow-up of Claim 4, in files of ours and by hand. */
#include "foreign_file.h"
#include "test_convergence.h"

TestSuite(necessity, .init = lnn_test_setup, .timeout = 120);

static const char *const CLAIM_4 = "balancedness_necessary";

#define ONE "network: {widths: [1, 1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"
#define BOTH                                                                   \
    "trajectories: [{system: gradient_descent, learning_rate: 0.1}, {system: " \
    "gradient_flow, stepper: msbdf}]\n"
#define O8 ONE BOTH "init: {kind: diagonal, values: [[100], [0.0075]]}\n"
#define ENOUGH ONE BOTH "init: {kind: diagonal, values: [[6000], [1.25e-4]]}\n"
#define TEN "time: {end: 1, samples: 11}\n"

/* The A that theory calls enough, term by term. */
static double enough(double N, double eta, double c)
{
    double q = eta * (1 - c) * pow(c, 1 - 2 / N), low = q < 1 ? q : 1;
    double high = q > 1 ? q : 1, worst = pow(c, 1 / N);
    double terms[] = {
        sqrt(eta * (1 - c) * c), 2 / low,
        pow(20 * (high + 1) / (eta * pow(low, 2 * N - 1)), 0.5 / (N - 1))};
    for (size_t i = 0; i < 3; i++) worst = terms[i] > worst ? terms[i] : worst;
    return worst;
}

/* Half of N layers (d x d) start with A, the others with c^{2/N} / A. */
static struct judged blow_up(size_t N, size_t d, double eta, double c, double A)
{
    char yaml[2000], target[200] = "", widths[80] = "", values[400] = "";
    for (size_t i = 0; i <= N; i++)
        sprintf(widths + strlen(widths), i ? ", %zu" : "%zu", d);
    for (size_t i = 0; i < d; i++) {
        strcat(target, i ? "], [" : "[");
        for (size_t k = 0; k < d; k++)
            sprintf(target + strlen(target), k ? ", %d" : "%d", i == k);
    }
    for (size_t i = 0; i < N; i++)
        sprintf(values + strlen(values), i ? ", [%.17g]" : "[%.17g]",
                2 * i < N ? A : pow(c, 2 / (double)N) / A);
    snprintf(yaml, sizeof yaml,
             "network: {widths: [%s]}\ndata: {kind: target, matrix: [%s]]}\n"
             "init: {kind: diagonal, values: [%s]}\ntime: {end: %.17g, samples: 13}\n"
             "trajectories: [{system: gradient_descent, learning_rate: %.17g}]\n",
             widths, target, values, 12 * eta, eta);
    return evidence_of(yaml, NULL);
}

Test(necessity, losses_of_the_diverging_descent)
{
    static const double loss[] = {0.03125, 31187.6486716, 4347999170.02,
                                  3.2409879179e25};
    struct judged v = evidence_of(O8 TEN, NULL);
    VERDICT(&v, CLAIM_4, "gradient_descent", LNN_HOLDS);
    cr_assert_eq(v.r->rows, 6); /* then the loss overflows */
    cr_assert_str_eq(v.r->reason, "fail_nonfinite");
    for (size_t i = 0; i < 4; i++) LNN_CLOSE(v.r->loss[i] / loss[i], 1, 1e-11);
    LNN_CLOSE(figure(&v, "deficiency margin c"), 0.75, 1e-15);
    LNN_CLOSE(figure(&v, "A that suffices") / enough(2, 0.1, 0.75), 1, 1e-14);
    LNN_CLOSE(figure(&v, "iteration at which the lemma begins"), 3, 0);
    LNN_CLOSE(figure(&v, "loss there, the floor from then on") / loss[3], 1, 1e-10);
    forget(&v);
}

/* T9: only descent blows up. The flow's closed form: lambda = x_1^2 - x_2^2. */
Test(necessity, the_flow_from_the_same_start_converges)
{
    static const char *const short_time[] = {"time={end: 0.01, samples: 101}",
                                             "trajectories=[{system: gradient_flow, "
                                             "stepper: msbdf}]",
                                             NULL};
    struct judged v = evidence_of(O8 TEN, short_time);
    const struct lnn_record *r = lnn_evidence_find(v.e, "gradient_flow");
    cr_assert_eq(r->rows, 101);
    LNN_CLOSE(r->W[100], 0.99999999999925, 2e-12); /* 1 - e^{-100} / 4 in truth */
    for (size_t i = 0; i < 101; i++)
        LNN_CLOSE(r->W[i], lnn_mode_lambda(1e4 - 5.625e-5, 1, 0.75, r->t[i]), 2e-9);
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, CLAIM_4);
    cr_assert_eq(t->about(v.e, r), false);
    forget(&v);
}

Test(necessity, the_sufficient_A_suffices)
{
    static const struct {
        size_t N, d;
        double eta, c;
    } at[] = {{2, 1, 1, 0.75}, {2, 2, 0.1, 0.2},  {4, 3, 0.01, 0.5},
              {4, 1, 3, 0.95}, {2, 1, 50, 0.001}, {6, 2, 0.3, 0.5}};
    for (size_t i = 0; i < 6; i++) {
        double A = enough((double)at[i].N, at[i].eta, at[i].c);
        struct judged v = blow_up(at[i].N, at[i].d, at[i].eta, at[i].c, A * (1 + 1e-9));
        VERDICT(&v, CLAIM_4, NULL, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "A that suffices") / A, 1, 1e-13);
        LNN_CLOSE(figure(&v, "iteration at which the lemma begins"), 1, 0);
        forget(&v);
    }
}

Test(necessity, a_thirtieth_of_it_does_not_blow_up)
{
    LNN_CLOSE(enough(2, 1, 0.75), 50.6, 0.01);
    struct judged v = blow_up(2, 1, 1, 0.75, 50.6015);
    VERDICT(&v, CLAIM_4, NULL, LNN_HOLDS);
    forget(&v);
    v = blow_up(2, 1, 1, 0.75, 50.6015 / 30);
    VERDICT(&v, CLAIM_4, NULL, LNN_NOT_MET);
    cr_assert(figure(&v, "lowest loss") < 0.03);
    cr_assert(v.r->rows == 13 && v.r->loss[12] < 1);
    forget(&v);
}

/* min |x_j| after each iteration over max |x_j| before it, by a loop of its own. */
Test(necessity, growth_is_that_of_the_stored_layers)
{
    struct judged v = evidence_of(ENOUGH TEN, NULL);
    VERDICT(&v, CLAIM_4, "gradient_descent", LNN_HOLDS);
    double least = INFINITY;
    for (size_t i = 1; i + 1 < v.r->rows; i++) {
        const double *x = v.r->w + 2 * i;
        double from = fmax(fabs(x[0]), fabs(x[1])), to = fmin(fabs(x[2]), fabs(x[3]));
        cr_assert(x[0] * x[2] < 0 && x[1] * x[3] < 0);
        least = fmin(least, to / from);
    }
    LNN_CLOSE(figure(&v, "smallest growth min |x_j| / C in one") / least, 1, 1e-15);
    LNN_CLOSE(figure(&v, "consecutive iterations judged"), (double)v.r->rows - 2, 0);
    forget(&v);
}

/* Two layers of width 1 with these x_1, x_2 in every row. */
static struct judged by_hand(size_t rows, const double x[], double eta)
{
    double W1[40], W2[40], k[40];
    static const double one = 1;
    struct foreign f = foreign_open();
    struct judged v = {.e = NULL};
    for (size_t i = 0; i < rows; i++) {
        W1[i] = x[2 * i];
        W2[i] = x[2 * i + 1];
        k[i] = (double)i;
    }
    foreign_put(&f, "W1", W1, rows, 1, 1);
    foreign_put(&f, "W2", W2, rows, 1, 1);
    foreign_put(&f, "iteration", k, rows, 0, 0);
    foreign_put(&f, "Phi", &one, 1, 1, 0);
    foreign_number(&f, "/", "learning_rate", eta);
    LNN_OK(foreign_read(&f, &v.e));
    v.r = &v.e->records[0];
    return v;
}

static void iterate(size_t rows, double x[], double eta)
{
    for (size_t i = 0; i + 1 < rows; i++) {
        double *y = x + 2 * i, G = y[0] * y[1] - 1;
        y[2] = y[0] - eta * G * y[1];
        y[3] = y[1] - eta * G * y[0];
    }
}

static void by_hand_is(size_t rows, const double x[], double eta, enum lnn_verdict is)
{
    struct judged v = by_hand(rows, x, eta);
    VERDICT(&v, CLAIM_4, NULL, is);
    lnn_evidence_free(v.e);
}

/* Rows of inf and NaN are what doubles make of the blow-up, if it was to overflow. */
Test(necessity, overflow_is_told_from_damage)
{
    double x[20] = {6000, 1.25e-4};
    iterate(10, x, 0.1);
    size_t finite = 0;
    while (lnn_finite(2, x + 2 * finite)) finite++;
    cr_assert_eq(finite, 6);
    by_hand_is(6, x, 0.1, LNN_HOLDS);
    by_hand_is(10, x, 0.1, LNN_HOLDS);
    double kept[2] = {x[8], x[9]}; /* iteration 4: far from overflow */
    x[8] = x[9] = NAN;
    by_hand_is(5, x, 0.1, LNN_INCONCLUSIVE);
    by_hand_is(6, x, 0.1, LNN_INCONCLUSIVE);
    by_hand_is(10, x, 0.1, LNN_INCONCLUSIVE);
    memcpy(x + 8, kept, sizeof kept);
    x[18] = x[19] = 1e100; /* a finite row after the overflow */
    by_hand_is(10, x, 0.1, LNN_INCONCLUSIVE);
    x[6] = -x[6]; /* certain, whatever else is damaged */
    by_hand_is(10, x, 0.1, LNN_VIOLATED);
}

/* With W < 0 an iteration can reach more than eta C^3: from (2, -2.1) it is 1.14 of it.
 */
Test(necessity, opposite_signs_blow_up_too)
{
    double x[12] = {1, 0.9, 2, -2.1};
    iterate(5, x + 2, 5.3);
    cr_assert(fabs(x[4]) > 5.3 * 2.1 * 2.1 * 2.1 && fabs(x[4]) < 5.3 * 1.25 * 9.261);
    struct judged v = by_hand(6, x, 5.3);
    /* the first row's own iteration is not the second row: the lemma begins there */
    VERDICT(&v, CLAIM_4, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "iteration at which the lemma begins"), 1, 0);
    lnn_evidence_free(v.e);
    x[5] *= 1.2; /* beyond 5/4 of it */
    by_hand_is(3, x, 5.3, LNN_VIOLATED);
}

Test(necessity, rows_that_do_not_blow_up_are_caught)
{
    double x[20] = {6000, 1.25e-4}, y[20];
    iterate(6, x, 0.1);
    static const struct {
        size_t at;
        double factor;
    } wrong[] = {{3, 0.1},   /* too small after the first iteration */
                 {2, 100},   /* too large after it */
                 {8, -1},    /* a sign */
                 {9, 1e-9},  /* not 9 C */
                 {10, 1e60}, /* more than eta C^3 */
                 {11, 1e60}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(y, x, sizeof y);
        y[wrong[i].at] *= wrong[i].factor;
        by_hand_is(6, y, 0.1, LNN_VIOLATED);
    }
    by_hand_is(6, x, 0.1, LNN_HOLDS);
    by_hand_is(6, x, 1e-4, LNN_VIOLATED); /* not with this learning rate */
}

/* The flow's rows, sold as iterations: the start must blow up, and they do not. */
Test(necessity, a_flow_sold_as_descent_is_caught)
{
    struct judged v = evidence_of(ENOUGH TEN, NULL);
    const struct lnn_record *r = lnn_evidence_find(v.e, "gradient_flow");
    struct lnn_record *liar = &v.e->records[r - v.e->records];
    liar->dynamics = LNN_DYNAMICS_DESCENT;
    liar->learning_rate = 0.1;
    VERDICT(&v, CLAIM_4, "gradient_flow", LNN_VIOLATED);
    forget(&v);
}

/* Every second iteration: 9^n still binds, and the loss. */
Test(necessity, iterations_need_not_all_be_stored)
{
    static const char *const set[] = {"time={end: 1, samples: 6}", NULL};
    struct judged v = evidence_of(ENOUGH TEN, set);
    VERDICT(&v, CLAIM_4, "gradient_descent", LNN_HOLDS);
    LNN_CLOSE(figure(&v, "consecutive iterations judged"), 0, 0);
    LNN_CLOSE(figure(&v, "iteration at which the lemma begins"), 1, 0);
    double *w = spoil(v.r->w);
    w[2] = -w[2];
    VERDICT(&v, CLAIM_4, "gradient_descent", LNN_VIOLATED);
    forget(&v);
}

Test(necessity, hypotheses_of_claim_4)
{
    static const char *const sets[][3] = {
        {"data.matrix=[[1.001]]"},
        {"loss={kind: square, weight_decay: 0.1}"},
        {"init={kind: diagonal, values: [[0.9], [0.9]]}"},       /* balanced */
        {"init={kind: diagonal, values: [[-6000], [1.25e-4]]}"}, /* no margin */
        {"init={kind: diagonal, values: [[6000, 2], [1.25e-4, 0.5]]}",
         "network.widths=[2, 2, 2]", "data.matrix=[[1, 0], [0, 1]]"},
        {"init={kind: gaussian}"},
        {"data={kind: teacher, samples: 9}"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const char *set[] = {sets[i][0], sets[i][1], sets[i][2], NULL};
        struct judged v = evidence_of(ENOUGH TEN, set);
        VERDICT(&v, CLAIM_4, "gradient_descent", LNN_NOT_MET);
        forget(&v);
    }
}

Test(necessity, about_square_networks_of_even_depth)
{
    static const char *const sets[][3] = {
        {"network.widths=[1, 1, 1, 1]", "init={kind: identity}"},
        {"network.widths=[1, 2, 1]", "init={kind: identity}"},
        {"network.widths=[1, 1]", "init={kind: identity}"},
        {"loss={kind: lp, p: 4}"}};
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, CLAIM_4);
    for (size_t i = 0; i < 4; i++) {
        const char *set[] = {sets[i][0], sets[i][1], sets[i][2], NULL};
        struct judged v = evidence_of(O8 TEN, set);
        cr_assert_eq(t->about(v.e, lnn_evidence_find(v.e, "gradient_descent")), false);
        forget(&v);
    }
}

Test(necessity, spoilt_files)
{
    struct judged v = evidence_of(ENOUGH TEN, NULL);
    struct lnn_record *r = &v.e->records[0];
    struct lnn_record whole = *r;
    double *W = spoil(r->W), kept = W[3];
    W[3] = NAN;
    VERDICT(&v, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    W[3] = 1; /* the loss is 0 here */
    VERDICT(&v, CLAIM_4, NULL, LNN_VIOLATED);
    W[3] = kept;
    VERDICT(&v, CLAIM_4, NULL, LNN_HOLDS);
    r->rows = r->weights_rows = 1;
    VERDICT(&v, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    r->rows = r->weights_rows = 2; /* nothing after the lemma begins */
    VERDICT(&v, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    *r = whole;
    r->learning_rate = NAN;
    VERDICT(&v, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    *r = whole;
    r->w = NULL;
    VERDICT(&v, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    *r = whole;
    r->W_error = r->loss_error = NULL; /* not needed: iterations only round */
    VERDICT(&v, CLAIM_4, NULL, LNN_HOLDS);
    struct lnn_evidence bare = *v.e;
    bare.objective = NULL;
    bare.data = NULL;
    struct judged blind = {.e = &bare, .r = r};
    VERDICT(&blind, CLAIM_4, NULL, LNN_INCONCLUSIVE);
    forget(&v);
}
