/* margin_probability: how probable the deficiency margin of a random start is. */
#include <gsl/gsl_cdf.h>
#include "test_convergence.h"
#include "theorem_margin.h"

TestSuite(margin_probability, .init = lnn_test_setup, .timeout = 120);

/* A target of d inputs and one output: entries alternate in sign. */
static struct judged with_norm(double norm, size_t d, const char *hidden,
                               const char *rest)
{
    char yaml[8000];
    size_t room = sizeof yaml;
    size_t n =
        (size_t)snprintf(yaml, room, "network: {widths: [%zu, %s1]}\n", d, hidden);
    for (size_t i = 0; i < d; i++)
        n += (size_t)snprintf(yaml + n, room - n, "%s%.17g",
                              i ? ", " : "data: {kind: target, matrix: [[",
                              (i % 2 ? -norm : norm) / sqrt((double)d));
    snprintf(yaml + n, room - n, "]]}\n%s", rest);
    return evidence_of(yaml, NULL);
}

static struct judged asked(size_t d, const char *hidden, const char *rest)
{
    return with_norm(1, d, hidden, rest);
}

#define SHORT "time: {end: 0.01, samples: 3}\n" FLOW
#define SMALL "init: {kind: balanced, scale: 1.0e-3, seed: 1}\n" SHORT

Test(margin_probability, oracles_at_100_inputs)
{
    struct judged v = asked(100, "2, 3, ",
                            "init: {kind: balanced, scale: 1.0e-3}\n"
                            "time: {end: 0.01, samples: 3}\n" FLOW);
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "a = ||Phi||^2 / (s^2 d0^2)"), 100, 1e-11);
    LNN_CLOSE(figure(&v, "probability by quadrature"), 0.460370, 5e-7);
    LNN_CLOSE(figure(&v, "guaranteed probability"), 0.276227, 5e-7);
    LNN_CLOSE(v.j.margin, 0.460370 - 0.276227, 1e-6);
    LNN_CLOSE(figure(&v, "margin c = s^2 d0 / (2 ||Phi||)"), 5e-5, 1e-18);
    LNN_CLOSE(figure(&v, "eta of Theorem 2"), 1.71910e-20, 1e-25);
    LNN_CLOSE(figure(&v, "iterations T for eps = 1e-6 at that eta"), 6.94965e25, 1e20);
    cr_assert(figure(&v, "samples") == 40000);
    cr_assert(figure(&v, "its interval, from") < 0.46037 &&
              figure(&v, "its interval, to") > 0.46037);
    cr_assert(strstr(v.j.reason, "below rounding: it cannot be run") != NULL);
    /* this start's margin, by hand */
    double norm = 0, gap = 0;
    for (size_t i = 0; i < 100; i++) {
        norm += pow(v.e->data->Phi[i], 2);
        gap += pow(v.r->W[i] - v.e->data->Phi[i], 2);
    }
    double own = sqrt(norm) - sqrt(gap);
    LNN_CLOSE(figure(&v, "margin of this start"), own, 1e-14);
    LNN_CLOSE(figure(&v, "this start has the margin c"), own >= 5e-5, 0);
    forget(&v);
}

/* Theorem 2's constants are those of Theorem 1 at the margin c and, once the loss is
 * below ||Phi||^2/8, at ||Phi||/2; rounded up, by less than a factor of 4. */
Test(margin_probability, constants_are_those_of_theorem_1)
{
    static const char *const hidden[] = {"", "2, ", "2, 3, ", "2, 2, 2, 2, "};
    static const double norms[] = {1, 0.3, 2.5};
    for (size_t i = 0; i < 12; i++) {
        double norm = norms[i / 4];
        struct judged v = with_norm(norm, 30, hidden[i % 4], SMALL);
        VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
        double c = figure(&v, "margin c = s^2 d0 / (2 ||Phi||)");
        double eta = figure(&v, "eta of Theorem 2");
        size_t N = v.r->net.N;
        struct lnn_descent_constants one = lnn_descent_constants(N, norm, c);
        struct lnn_descent_constants two = lnn_descent_constants(N, norm, norm / 2);
        double T =
            log(4) / (eta * one.rate) + log(norm * norm / 8e-6) / (eta * two.rate);
        double said = figure(&v, "iterations T for eps = 1e-6 at that eta");
        LNN_CLOSE(figure(&v, "norm of Phi"), norm, 1e-15 * (1 + norm));
        cr_assert(eta <= one.eta && eta >= one.eta / 4.1, "%g %g", eta, one.eta);
        cr_assert(said >= T && said <= 4.1 * T, "%g %g", said, T);
        forget(&v);
    }
}

/* Below 12 inputs one factor is negative, for large s the other: their product is
 * positive again where both are. */
Test(margin_probability, nothing_is_guaranteed_to_large_or_narrow_starts)
{
    static const struct {
        size_t d;
        const char *rest;
    } cases[] = {{11, "init: {kind: balanced, scale: 1.0e-3}\n" SHORT},
                 {30, "init: {kind: balanced, scale: 0.01}\n" SHORT},
                 {2, "init: {kind: balanced, scale: 5}\n" SHORT},
                 {2, "init: {kind: balanced, scale: 0.01}\n" SHORT},
                 {1, "init: {kind: balanced, scale: 0.5, seed: 3}\n" SHORT}};
    for (size_t i = 0; i < 5; i++) {
        struct judged v = asked(cases[i].d, "2, ", cases[i].rest);
        VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
        cr_assert(figure(&v, "guaranteed probability") < 0);
        double P = figure(&v, "probability by quadrature");
        cr_assert(P >= figure(&v, "its interval, from") &&
                  P <= figure(&v, "its interval, to"));
        forget(&v);
    }
    struct judged v = asked(1, "2, ", cases[4].rest);
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    double c = 0.5 * 0.5 / 2;
    LNN_CLOSE(figure(&v, "probability by quadrature"),
              gsl_cdf_gaussian_P(2 - c, 0.5) - gsl_cdf_gaussian_P(c, 0.5), 1e-12);
    forget(&v);
}

/* By an interval for P(|N| <= x), the guarantee is nearest to the truth for huge a. */
Test(margin_probability, never_above_the_truth)
{
    for (size_t d = 12; d < 200; d *= 2)
        for (double s = 0.2; s > 1e-6; s /= 3) {
            char rest[200];
            snprintf(rest, sizeof rest, "init: {kind: balanced, scale: %.17g}\n%s",
                     s / (double)d, SHORT);
            struct judged v = asked(d, "", rest);
            VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
            cr_assert(v.j.margin > v.j.bar);
            forget(&v);
        }
}

Test(margin_probability, one_layer_is_its_own_product)
{
    static const char *const rest[] = {
        "init: {kind: gaussian, scale: 1.0e-3}\n" SHORT,
        "init: {kind: zero, noise: 1.0e-3}\n" SHORT,
        "init: {kind: orthogonal, scale: 1.0e-3}\n" SHORT,
        "init: {kind: zero}\n" SHORT};
    for (size_t i = 0; i < 4; i++) {
        struct judged v = asked(40, "", rest[i]);
        VERDICT(&v, "margin_probability", NULL, i < 2 ? LNN_HOLDS : LNN_NOT_MET);
        forget(&v);
    }
}

Test(margin_probability, hypotheses_that_are_not_met)
{
    static const char *const rest[] = {
        "init: {kind: gaussian, scale: 1.0e-3}\n" SHORT,
        "init: {kind: identity, scale: 1.0e-3}\n" SHORT,
        "loss: {kind: square, weight_decay: 0.1}\n" SMALL,
        "loss: {kind: lp, p: 4}\n" SMALL,
        "init: {kind: lambda_balanced, scale: 1.0e-3, lambda: 0.5}\n" SHORT};
    for (size_t i = 0; i < 5; i++) {
        struct judged v = asked(20, "1, ", rest[i]);
        VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
        forget(&v);
    }
    struct judged v = evidence_of(
        "network: {widths: [3, 4, 1]}\ndata: {kind: target, matrix: [[3, 4, 0]]}\n"
        "init: {kind: balanced, matrix: [[-0.02, 0.01, 0.03]]}\n" SHORT,
        NULL);
    cr_assert(isnan(v.e->init_scale));
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    forget(&v);
    v = evidence_of("network: {widths: [20, 2, 1]}\n"
                    "data: {kind: teacher, samples: 50, condition: 4}\n" SMALL,
                    NULL);
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    forget(&v);
    v = evidence_of("network: {widths: [3, 2, 1]}\n"
                    "data: {kind: target, matrix: [[0, 0, 0]]}\n" SMALL,
                    NULL);
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    forget(&v);
}

Test(margin_probability, what_the_file_says_of_its_start_is_checked)
{
    struct judged v = asked(40, "3, ", SMALL);
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    v.e->init_scale = 3e-3; /* 40 numbers three times too short */
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    cr_assert(strstr(v.j.reason, "no surprise") != NULL, "%s", v.j.reason);
    v.e->init_scale = 3e-4;
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    v.e->init_scale = NAN;
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    v.e->init_scale = 1e-3;
    v.e->init = "";
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    v.e->init = "balanced";
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    forget(&v);
}

Test(margin_probability, all_dynamics_of_one_output)
{
    struct judged v =
        asked(20, "2, ",
              "init: {kind: balanced, scale: 1.0e-3}\ntime: {end: 0.1, samples: 3}\n"
              "trajectories: [{system: gradient_flow}, {system: end_to_end}, "
              "{system: gradient_descent, learning_rate: 0.01}, "
              "{system: end_to_end_descent, learning_rate: 0.01}]\n");
    for (size_t i = 0; i < 4; i++)
        VERDICT(&v, "margin_probability", v.e->records[i].name, LNN_HOLDS);
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, "margin_probability");
    v.e->records[0].k = 2;
    cr_assert(t->about(v.e, &v.e->records[0]) == false);
    forget(&v);
}

Test(margin_probability, spoilt_files)
{
    struct judged v = asked(20, "2, ", SMALL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), *t = spoil(r->t), kept = W[2 * 20];
    W[2 * 20] = NAN;
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    W[2 * 20] = kept;
    kept = w[r->net.size + 5];
    w[r->net.size + 5] = INFINITY;
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    w[r->net.size + 5] = kept;
    t[0] = 1e-3; /* cut off from its start */
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    t[0] = NAN;
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    t[0] = 0;
    r->rows = r->weights_rows = 1;
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    r->rows = r->weights_rows = 3;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    r->w = NULL; /* is it balanced? */
    VERDICT(&v, "margin_probability", NULL, LNN_INCONCLUSIVE);
    r->w = w;
    w[3] += 1e-6; /* no more */
    VERDICT(&v, "margin_probability", NULL, LNN_NOT_MET);
    w[3] -= 1e-6;
    W[20 + 1] += 1; /* says nothing of the start */
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    forget(&v);
}

/* One layer under descent is known in closed form, W(n) = Phi + (1 - eta)^n (W(0) -
 * Phi), so that 10^14 iterations at the theorem's own rate can be written down. */
static void far_descent(struct judged *v, double eta, double n)
{
    struct lnn_record *r = &v->e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), *i = spoil(r->iteration);
    const double *Phi = v->e->data->Phi;
    r->learning_rate = eta;
    for (size_t row = 1; row < r->rows; row++) {
        i[row] = n * (double)row / (double)(r->rows - 1);
        double left = exp(i[row] * log1p(-eta));
        for (size_t q = 0; q < r->d; q++)
            w[row * r->d + q] = W[row * r->d + q] = Phi[q] + left * (W[q] - Phi[q]);
    }
}

/* The first seed whose start has the margin, or has not. */
static struct judged descent(double norm, const char *hidden, bool margin)
{
    for (unsigned seed = 1;; seed++) {
        char rest[300];
        snprintf(rest, sizeof rest,
                 "init: {kind: balanced, scale: 1.0e-3, seed: %u}\n"
                 "time: {end: 1, samples: 3}\ntrajectories: [{system: "
                 "gradient_descent, learning_rate: 0.5}]\n",
                 seed);
        struct judged v = with_norm(norm, 100, hidden, rest);
        VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
        if ((figure(&v, "this start has the margin c") == 1) == margin) return v;
        forget(&v);
    }
}

Test(margin_probability, convergence_where_T_is_reached)
{
    struct judged v = descent(1, "", true);
    double eta = 9.9e-14; /* (s^2 d0)^2 / 10^5 = 1e-13 */
    far_descent(&v, eta, 3e14);
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "eta of Theorem 2"), 1e-13, 1e-24);
    double eps = exp(-(eta * 3e14 / 4 - log(4))) / 8, left = exp(-2 * eta * 3e14);
    double loss = left * pow(lnn_distance(100, v.r->W, v.e->data->Phi), 2) / 2;
    LNN_CLOSE(figure(&v, "loss at the last row over eps of its T") * eps / loss, 1,
              1e-2);
    double *W = spoil(v.r->W), kept = W[2 * 100 + 7];
    W[2 * 100 + 7] += 1.01 * sqrt(2 * eps);
    VERDICT(&v, "margin_probability", NULL, LNN_VIOLATED);
    W[2 * 100 + 7] = kept;
    far_descent(&v, 2e-13, 3e14); /* too fast: T says nothing */
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    cr_assert(strstr(v.j.reason, "out of reach") != NULL, "%s", v.j.reason);
    far_descent(&v, eta, 5e13); /* too short: the margin's phase takes 5.6e13 */
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    cr_assert(strstr(v.j.reason, "out of reach") != NULL, "%s", v.j.reason);
    forget(&v);
}

/* A start without the margin is none the theorem promises anything. */
Test(margin_probability, no_convergence_is_asked_of_the_other_half)
{
    struct judged v = descent(1, "", false);
    far_descent(&v, 9.9e-14, 3e14);
    spoil(v.r->W)[2 * 100] += 1;
    VERDICT(&v, "margin_probability", NULL, LNN_HOLDS);
    cr_assert(strstr(v.j.reason, "out of reach") != NULL, "%s", v.j.reason);
    forget(&v);
}

/* T(eps) to the iteration, for several layers and another norm: a loss just below eps
 * at T holds, one just above does not. */
Test(margin_probability, T_is_that_of_the_theorem)
{
    static const char *const hidden[] = {"3, ", "2, 4, "};
    for (size_t i = 0; i < 2; i++) {
        double phi = 2.5, N = 2 + (double)i, spread = 1e-6 * 100;
        struct judged v = descent(phi, hidden[i], true);
        struct lnn_record *r = &v.e->records[0];
        double eta = 0.9 * figure(&v, "eta of Theorem 2"),
               eps = phi * phi / 8 * exp(-5);
        double T = 4 / eta * log(4) * pow(phi / spread, 2 - 2 / N) +
                   4 / eta * pow(phi, 2 / N - 2) * log(phi * phi / (8 * eps));
        double *W = spoil(r->W) + 200, share[] = {0.98, 1.02};
        r->learning_rate = eta;
        spoil(r->iteration)[1] = T / 2;
        spoil(r->iteration)[2] = T;
        memcpy(W, v.e->data->Phi, 100 * sizeof *W);
        for (size_t q = 0; q < 2; q++) {
            W[7] = v.e->data->Phi[7] + sqrt(2 * share[q] * eps);
            VERDICT(&v, "margin_probability", NULL, q ? LNN_VIOLATED : LNN_HOLDS);
            LNN_CLOSE(figure(&v, "loss at the last row over eps of its T"), share[q],
                      1e-3);
        }
        forget(&v);
    }
}
