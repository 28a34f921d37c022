/* balanced_start: how balanced a start is, by its kind. */
#include "foreign_file.h"
#include "test_convergence.h"
#include "theorem_chance.h"

TestSuite(balanced_start, .init = lnn_test_setup, .timeout = 120);

/* A run of two samples from a start of these widths. */
static struct judged start(const char *widths, const char *init)
{
    char yaml[700];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [%s]}\ndata: {kind: teacher, samples: 40, seed: 5}\n"
             "init: %s\n%stime: {end: 1.0e-3, samples: 2}\nglobal_error: false\n",
             widths, init, FLOW);
    return evidence_of(yaml, NULL);
}

static double *weights(struct judged *v)
{
    return spoil(v->r->w);
}

/* max_j ||W_{j+1}^T W_{j+1} - W_j W_j^T||, entry by entry. */
static double imbalance(const struct lnn_network *net, const double w[])
{
    double worst = 0;
    for (size_t j = 1; j < net->N; j++) {
        const double *A = w + lnn_network_offset(net, j + 1);
        const double *B = w + lnn_network_offset(net, j);
        double sum = 0;
        for (size_t p = 0; p < net->d[j]; p++)
            for (size_t q = 0; q < net->d[j]; q++) {
                double c = 0;
                for (size_t i = 0; i < net->d[j + 1]; i++)
                    c += A[i * net->d[j] + p] * A[i * net->d[j] + q];
                for (size_t i = 0; i < net->d[j - 1]; i++)
                    c -= B[p * net->d[j - 1] + i] * B[q * net->d[j - 1] + i];
                sum += c * c;
            }
        worst = fmax(worst, sqrt(sum));
    }
    return worst;
}

/* ---- exactly balanced ---- */

Test(balanced_start, identities_are_balanced_to_the_bit)
{
    static const char *const cases[][2] = {
        {"2, 2, 2, 2", "{kind: identity}"},
        {"7, 7, 7", "{kind: identity, scale: 0.3}"},
        {"33, 33, 33, 33, 33", "{kind: identity, scale: 0.7}"},
        {"1, 1, 1", "{kind: identity, scale: 0.1}"},
        {"2, 3, 2", "{kind: identity, scale: 0.9}"},
        {"5, 3, 4, 3", "{kind: identity, scale: 1.1}"},
        {"3, 5, 2", "{kind: zero}"},
        {"3, 5, 2", "{kind: gaussian, scale: 0}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged v = start(cases[i][0], cases[i][1]);
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        cr_assert(v.j.measured == 0, "%s %s", cases[i][0], cases[i][1]);
        cr_assert(v.j.bar <= 1e-15 * figure(&v, "largest ||W_{j+1}||^2 + ||W_j||^2"));
        v.e->init = ""; /* the weights say it themselves */
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        forget(&v);
    }
}

Test(balanced_start, identities_of_unequal_sides_are_not)
{
    struct judged v = start("3, 2, 3, 3", "{kind: identity}");
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    LNN_CLOSE(figure(&v, "largest ||C_j||"), 1, 0); /* diag(1, 1, 1) - diag(1, 1, 0) */
    forget(&v);
    v = start("1, 2, 2", "{kind: identity, scale: 0.5, rotate: true}");
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    forget(&v);
    v = start("2, 2, 2", "{kind: identity, noise: 1.0e-3}");
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    forget(&v);
}

/* What is off by more than rounding is found, in every layer. */
static void perturbed(struct judged *v, double relative)
{
    double *w = weights(v), size = lnn_norm(v->r->net.size, w);
    size /= sqrt((double)v->r->net.size);
    for (size_t j = 1; j <= v->r->net.N; j++) {
        double *at = w + lnn_network_offset(&v->r->net, j);
        /* a weight that is not 0, so that C_j moves at once */
        while (*at == 0) at++;
        double kept = *at;
        *at += relative * size * size / fabs(*at);
        VERDICT(v, "balanced_start", NULL, LNN_VIOLATED);
        LNN_CLOSE(v->j.measured / imbalance(&v->r->net, w), 1, 0.1);
        *at = kept;
    }
    VERDICT(v, "balanced_start", NULL, LNN_HOLDS);
}

Test(balanced_start, a_changed_identity_is_found)
{
    struct judged v = start("4, 4, 4, 4", "{kind: identity, scale: 0.3}");
    perturbed(&v, 1e-12);
    forget(&v);
}

/* ---- balanced up to rounding ---- */

static const char *const rounded[][2] = {
    {"3, 4, 3, 2", "{kind: balanced, scale: 0.3}"},
    {"3, 4, 3, 2", "{kind: balanced, scale: 0.3, rotate: true}"},
    {"12, 9, 20, 7", "{kind: balanced, scale: 2, rotate: true, seed: 3}"},
    {"2, 9, 9, 9, 9, 9, 9, 3", "{kind: balanced, scale: 0.1, rotate: true}"},
    {"64, 32, 32, 1", "{kind: balanced, scale: 1.0e-3, rotate: true}"},
    {"1, 64, 40", "{kind: balanced, scale: 1.0e-3, rotate: true}"},
    {"100, 100, 100", "{kind: balanced, rotate: true}"},
    {"100, 100, 100", "{kind: orthogonal, scale: 0.5}"},
    {"5, 5, 5, 5", "{kind: orthogonal}"},
    {"6, 3, 3, 4", "{kind: orthogonal, scale: 3}"},
    {"6, 6, 6, 6", "{kind: identity, scale: 0.3, rotate: true}"},
    {"2, 7, 2, 9", "{kind: identity, scale: 0.3, rotate: true}"}};

Test(balanced_start, procedure_1_and_rotations_round_only)
{
    for (size_t i = 0; i < sizeof rounded / sizeof *rounded; i++) {
        struct judged v = start(rounded[i][0], rounded[i][1]);
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        double scale = figure(&v, "largest ||W_{j+1}||^2 + ||W_j||^2");
        cr_assert(v.j.measured > 0 && v.j.measured < 0.5 * v.j.bar, "%zu: %g %g", i,
                  v.j.measured, v.j.bar);
        cr_assert(v.j.bar < 1000 * DBL_EPSILON * scale, "%zu: %g", i, v.j.bar);
        LNN_CLOSE(v.j.measured, imbalance(&v.r->net, v.r->w), v.j.bar);
        perturbed(&v, 1e-9);
        v.e->init = "";
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        forget(&v);
    }
}

/* Rank-deficient products leave columns of zeros in the hidden spaces. */
Test(balanced_start, a_given_product_of_low_rank)
{
    struct judged v = start(
        "3, 4, 2", "{kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.6, -0.4, 0.2]]}");
    VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
    cr_assert(isnan(v.e->init_scale));
    forget(&v);
}

Test(balanced_start, other_starts)
{
    static const char *const cases[][2] = {
        {"2, 3, 2", "{kind: orthogonal}"}, /* two projections on random planes */
        {"2, 2, 2", "{kind: lambda_balanced, lambda: 0.5}"}};
    for (size_t i = 0; i < 2; i++) {
        struct judged v = start(cases[i][0], cases[i][1]);
        VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
        forget(&v);
    }
    struct judged v = start("2, 2, 2", "{kind: gaussian, scale: 0.5}");
    v.e->init = "file";
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    cr_assert(strstr(v.j.reason, "none of these") != NULL, "%s", v.j.reason);
    forget(&v);
}

/* ---- independent normal weights ---- */

Test(balanced_start, claim_2_and_the_second_moment)
{
    static const struct {
        const char *widths;
        double exact; /* of the only C_j, or NaN */
    } cases[] = {{"4, 3, 2", 84},
                 {"5, 5, 5", 300},
                 {"1, 1, 1", 4},
                 {"10, 8, 6, 4", NAN},
                 {"1, 40, 1", 3280},
                 {"40, 1, 40", 160},
                 {"2, 1, 30, 30, 1", NAN},
                 {"60, 60, 60, 60", NAN},
                 {"1, 1, 1, 100, 100, 100", NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged v = start(cases[i].widths, "{kind: gaussian, scale: 0.05}");
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        if (!isnan(cases[i].exact))
            LNN_CLOSE(figure(&v, "E ||C_j||^2 / s^4 there"), cases[i].exact, 0);
        double off = figure(&v, "second moment's distance in standard errors");
        double loose = figure(&v, "sampled probability there (1/4)");
        cr_assert(off < 5, "%s: %g", cases[i].widths, off);
        cr_assert(loose > 0.96, "%s: %g", cases[i].widths, loose);
        cr_assert(figure(&v, "its lower limit (3/4)") > 0.75);
        double gap = imbalance(&v.r->net, v.r->w);
        LNN_CLOSE(figure(&v, "largest ||C_j||") / gap, 1, 1e-12);
        LNN_CLOSE(figure(&v, "that over s^2") / (gap / 0.0025), 1, 1e-12);
        double rank = figure(&v, "its rank among the samples");
        cr_assert(rank > 1e-3 && rank < 1 - 1e-3, "%s: %g", cases[i].widths, rank);
        forget(&v);
    }
}

/* Where the claim says p: its own formula the other way round. */
Test(balanced_start, the_deltas_are_those_of_the_claim)
{
    struct judged v = start("6, 9, 3, 2", "{kind: gaussian, scale: 0.2}");
    VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
    double constant = 10 * 3 * pow(0.2, 4) * pow(9, 3);
    LNN_CLOSE(1 - constant / pow(figure(&v, "delta where Claim 2 says 1/4"), 2), 0.25,
              1e-13);
    LNN_CLOSE(1 - constant / pow(figure(&v, "delta where Claim 2 says 1/2"), 2), 0.5,
              1e-13);
    LNN_CLOSE(1 - constant / pow(figure(&v, "delta where Claim 2 says 3/4"), 2), 0.75,
              1e-13);
    cr_assert(strstr(v.j.reason, "Claim 2 guarantees is 0.75") != NULL, "%s",
              v.j.reason);
    LNN_CLOSE(v.j.measured, 0.75, 0);
    LNN_CLOSE(v.j.bound - v.j.bar, figure(&v, "its lower limit (3/4)"), 1e-15);
    forget(&v);
}

/* The imbalance is s^2 times what does not depend on s, from tiny to huge. */
Test(balanced_start, the_imbalance_scales_with_the_square)
{
    static const char *const scales[] = {"1.0e-100", "1.0e-3", "1", "0.5"};
    double unit = NAN, share = NAN;
    for (size_t i = 0; i < 4; i++) {
        char init[100];
        snprintf(init, sizeof init, "{kind: gaussian, scale: %s, seed: 9}", scales[i]);
        struct judged v = start("4, 6, 5, 2", init);
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        if (i == 0) unit = figure(&v, "that over s^2");
        if (i == 0) share = figure(&v, "that over ||W_{j+1}||^2 + ||W_j||^2");
        LNN_CLOSE(figure(&v, "that over s^2") / unit, 1, 1e-12);
        LNN_CLOSE(figure(&v, "that over ||W_{j+1}||^2 + ||W_j||^2") / share, 1, 1e-12);
        forget(&v);
    }
}

Test(balanced_start, noise_on_zero_is_normal_too)
{
    struct judged v = start("4, 6, 5, 2", "{kind: zero, noise: 0.01}");
    VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "standard deviation s"), 0.01, 0);
    forget(&v);
}

Test(balanced_start, a_standard_deviation_that_is_wrong_or_unknown)
{
    struct judged v = start("10, 8, 6, 4", "{kind: gaussian, scale: 0.05}");
    v.e->init_scale = 0.08;
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    cr_assert(strstr(v.j.reason, "no surprise") != NULL, "%s", v.j.reason);
    v.e->init_scale = 0.03;
    VERDICT(&v, "balanced_start", NULL, LNN_NOT_MET);
    v.e->init_scale = NAN;
    VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
    cr_assert(strstr(v.j.reason, "init_scale") != NULL, "%s", v.j.reason);
    forget(&v);
}

/* ---- what does not decide ---- */

Test(balanced_start, spoilt_files)
{
    static const char *const kinds[] = {"{kind: identity}", "{kind: balanced}",
                                        "{kind: gaussian}"};
    for (size_t i = 0; i < 3; i++) {
        struct judged v = start("3, 3, 3", kinds[i]);
        struct lnn_record *r = &v.e->records[0];
        double *w = weights(&v), *W = spoil(r->W), *t = spoil(r->t), kept;
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        kept = w[r->net.size + 2]; /* a later row */
        w[r->net.size + 2] = NAN;
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        w[r->net.size + 2] = kept;
        kept = W[10];
        W[10] = NAN;
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        W[10] = kept;
        t[0] = 1e-4;
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        t[0] = 0;
        r->rows = r->weights_rows = 1;
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        r->rows = r->weights_rows = 2;
        r->w = NULL;
        VERDICT(&v, "balanced_start", NULL, LNN_INCONCLUSIVE);
        r->w = w;
        v.e->objective = NULL; /* nothing here depends on the loss */
        v.e->data = NULL;
        VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
        forget(&v);
    }
}

Test(balanced_start, about_layers_of_any_optimiser)
{
    const struct lnn_theorem *t =
        lnn_registry_find((const void *const *)lnn_theorems, "balanced_start");
    struct judged v = start("3, 3, 3", "{kind: identity}");
    v.e->records[0].dynamics = LNN_DYNAMICS_OTHER;
    VERDICT(&v, "balanced_start", NULL, LNN_HOLDS);
    v.e->records[0].w = NULL;
    cr_assert(t->about(v.e, v.r) == false);
    forget(&v);
    v = start("3, 2", "{kind: gaussian}");
    cr_assert(t->about(v.e, v.r) == false);
    forget(&v);
}

/* A file of another program, whose weights are sines: it may say what it likes. */
Test(balanced_start, a_foreign_file_is_believed_only_so_far)
{
    static const struct {
        double scale;
        enum lnn_verdict verdict;
    } cases[] = {{0.28, LNN_HOLDS}, {0.028, LNN_NOT_MET}, {NAN, LNN_INCONCLUSIVE}};
    for (size_t i = 0; i < 3; i++) {
        struct descent run;
        struct judged v;
        struct foreign f = foreign_layers(&run, 0.05);
        foreign_number(&f, "/", "learning_rate", 0.05);
        foreign_text(&f, "/", "init", "gaussian");
        if (!isnan(cases[i].scale))
            foreign_number(&f, "/", "init_scale", cases[i].scale);
        LNN_OK(foreign_read(&f, &v.e));
        v.r = &v.e->records[0];
        VERDICT(&v, "balanced_start", NULL, cases[i].verdict);
        lnn_evidence_free(v.e);
    }
}
