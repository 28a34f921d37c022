/* minimum_spectrum: p(r,q) in plain sums, reached by flows, and its hypotheses. */
#include "naive_hessian.h"
#include "test_convergence.h"
#include "theorem_hessian.h"

TestSuite(minimum_spectrum, .init = lnn_test_setup, .timeout = 120);

#define JUDGE(v, verdict) VERDICT(v, "minimum_spectrum", NULL, verdict)
#define DIAG "data: {kind: target, matrix: [[2, 0], [0, 1]]}\n"
#define NEAR "init: {kind: balanced, matrix: [[1.5, 0.3], [-0.2, 0.7]], rotate: true}\n"
#define LONG "time: {end: 30, samples: 31}\n"

/* Phi diag(2, 1), N = 3: {3, 5.1072431518 x2, 7.5595262994, 0 x8}. */
Test(minimum_spectrum, oracle)
{
    static const double expected[] = {
        0, 0, 0, 0, 0, 0, 0, 0, 3, 5.1072431518, 5.1072431518, 7.5595262994};
    struct judged v =
        evidence_of("network: {widths: [2, 2, 2, 2]}\n" DIAG NEAR FLOW LONG, NULL);
    struct lnn_hessian *s;
    JUDGE(&v, LNN_HOLDS);
    LNN_OK(lnn_hessian_open(&v.r->net, v.e->objective, 0, &s));
    LNN_OK(lnn_hessian_at(s, v.r->w + (v.r->weights_rows - 1) * s->n));
    LNN_OK(lnn_hessian_spectrum(s));
    for (size_t i = 0; i < 12; i++) LNN_CLOSE(s->values[i], expected[i], 1e-9);
    LNN_CLOSE(figure(&v, "largest p(r,q): N s_1^(2-2/N)"), 7.5595262994, 1e-9);
    LNN_CLOSE(figure(&v, "smallest nonzero p(r,q)"), 3, 1e-12);
    LNN_CLOSE(figure(&v, "nonzero eigenvalues"), 4, 0);
    LNN_CLOSE(figure(&v, "eigenvalues"), 12, 0);
    LNN_CLOSE(figure(&v, "largest stable learning rate 2 / lambda_max"),
              2 / 7.5595262994, 1e-9);
    cr_assert(v.j.measured <= v.j.bar && v.j.bar < 1e-9, "%g", v.j.bar);
    lnn_hessian_close(s);
    forget(&v);
}

/* sum_j a^{2(N-j)/N} b^{2(j-1)/N} for r <= k, c <= d, of singular values s (q). */
static void naive_p(const struct lnn_network *net, const double s[], double out[])
{
    size_t N = net->N, k = net->d[N], d = net->d[0], q = k < d ? k : d;
    for (size_t i = 0; i < net->size; i++) out[i] = 0;
    for (size_t r = 0; r < k; r++)
        for (size_t c = 0; c < d; c++)
            for (size_t j = 1; j <= N; j++) {
                double a = r < q ? s[r] : 0, b = c < q ? s[c] : 0, n = (double)N;
                out[r * d + c] +=
                    pow(a, 2 * (n - (double)j) / n) * pow(b, 2 * ((double)j - 1) / n);
            }
    qsort(out, net->size, sizeof *out, naive_ascending);
}

static const struct {
    const char *widths, *Phi, *start;
    double s[3];
} minima[] = {
    {"[2, 2, 2]", "[[2, 0], [0, 1]]", "[[1.5, 0.3], [-0.2, 0.7]]", {2, 1}},
    {"[3, 4, 2]", "[[2, 0, 0], [0, 0, 1]]", "[[1.5, 0.3, 0], [-0.2, 0, 0.7]]", {2, 1}},
    {"[2, 3, 2, 3]",
     "[[0, 2], [1, 0], [0, 0]]",
     "[[0, 1.5], [0.7, 0.1], [0.1, 0]]",
     {2, 1}},
    {"[2, 2, 4, 3, 2]", "[[0.6, -0.8], [0.8, 0.6]]", "[[1, -0.7], [0.8, 0.6]]", {1, 1}},
    {"[3, 2]", "[[2, 0, 0], [0, 0, 1]]", "[[1.5, 0.3, 0], [-0.2, 0, 0.7]]", {2, 1}},
    {"[1, 1, 1]", "[[3]]", "[[1]]", {3}},
    {"[3, 2, 2, 1]", "[[1, 2, 2]]", "[[1, 1, 1]]", {3}},
    {"[1, 3, 2]", "[[0.6], [0.8]]", "[[0.5], [0.5]]", {1}},
};

/* Wide, tall, square with equal values, one layer, 1 x 1, one output, one input. */
Test(minimum_spectrum, flows_of_every_shape)
{
    for (size_t i = 0; i < sizeof minima / sizeof *minima; i++) {
        char yaml[500];
        snprintf(yaml, sizeof yaml,
                 "network: {widths: %s}\ndata: {kind: target, matrix: %s}\n"
                 "init: {kind: balanced, matrix: %s}\n" FLOW LONG,
                 minima[i].widths, minima[i].Phi, minima[i].start);
        struct judged v = evidence_of(yaml, NULL);
        const struct lnn_network *net = &v.r->net;
        double *p = naive_new(net->size), *values = naive_new(net->size);
        JUDGE(&v, LNN_HOLDS);
        naive_p(net, minima[i].s, p);
        naive_spectrum(net, v.r->w + (v.r->weights_rows - 1) * net->size,
                       v.e->data->Phi, values);
        for (size_t a = 0; a < net->size; a++) LNN_CLOSE(values[a], p[a], 1e-8);
        LNN_CLOSE(figure(&v, "largest p(r,q): N s_1^(2-2/N)"), p[net->size - 1], 1e-12);
        free(p);
        free(values);
        forget(&v);
    }
}

/* At the minimum from the start: a singular target, and layers too narrow for it. */
Test(minimum_spectrum, singular_and_narrow)
{
    static const struct {
        const char *widths, *Phi, *W;
        double nonzero, high;
    } at[] = {{"[3, 4, 3, 2]", "[[2, 0, 0], [0, 0, 0]]", "[[2, 0, 0], [0, 0, 0]]", 4,
               3 * 2.5198420997897464},
              {"[2, 1, 2, 2]", "[[2, 0], [0, 1]]", "[[2, 0], [0, 0]]", 3, 7.5595262994},
              {"[2, 1, 2]", "[[2, 0], [0, 1]]", "[[2, 0], [0, 0]]", 3, 4},
              {"[3, 1, 2]", "[[2, 0, 0], [0, 2, 0]]", "[[0, 0, 0], [0, 2, 0]]", 3, 4}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        char yaml[500];
        snprintf(yaml, sizeof yaml,
                 "network: {widths: %s}\ndata: {kind: target, matrix: %s}\n"
                 "init: {kind: balanced, matrix: %s}\n" FLOW
                 "time: {end: 0.01, samples: 2}\n",
                 at[i].widths, at[i].Phi, at[i].W);
        struct judged v = evidence_of(yaml, NULL);
        JUDGE(&v, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "nonzero eigenvalues"), at[i].nonzero, 0);
        LNN_CLOSE(figure(&v, "largest eigenvalue"), at[i].high, 1e-9);
        LNN_CLOSE(figure(&v, "modes kept"), 1, 0);
        forget(&v);
    }
}

Test(minimum_spectrum, hypotheses_that_are_not_met)
{
    static const char *const sets[][2] = {
        {"time.end=1"},                                      /* not there yet */
        {"init={kind: zero}"},                               /* a saddle */
        {"init={kind: balanced, matrix: [[2, 0], [0, 0]]}"}, /* another one */
        {"init={kind: gaussian, scale: 0.8, seed: 3}"},      /* unbalanced */
        {"loss={kind: square, weight_decay: 0.1}"},
        {"data={kind: teacher, samples: 9, condition: 3}"},
        {"trajectories=[{system: gradient_descent, learning_rate: 0.02}]"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct judged v = evidence_of(
            "network: {widths: [2, 2, 2, 2]}\n" DIAG NEAR FLOW LONG, sets[i]);
        JUDGE(&v, LNN_NOT_MET);
        forget(&v);
    }
}

/* Descent from the identity keeps W_1 = W_2 = W_3, symmetric: exactly balanced. */
Test(minimum_spectrum, balanced_descent)
{
    struct judged v = evidence_of(
        "network: {widths: [2, 2, 2, 2]}\n" PHI2 "init: {kind: identity}\n"
        "trajectories: [{system: gradient_descent, learning_rate: 0.1}]\n" LONG,
        NULL);
    JUDGE(&v, LNN_HOLDS);
    LNN_CLOSE(figure(&v, "largest eigenvalue"), 3 * pow(1.1, 4. / 3), 1e-9);
    forget(&v);
}

/* The smallest change of one weight of the last row after which it is no minimum. */
static double detected(struct judged *v, size_t entry)
{
    size_t n = v->r->net.size, at = (v->r->weights_rows - 1) * n + entry;
    double *w = spoil(v->r->w), was = w[at], by = 1e-16;
    for (; by < 1; by *= 1.7782794100389228) {
        w[at] = was + by;
        if (ask(v, "minimum_spectrum", NULL) == LNN_NOT_MET) break;
        cr_assert(v->j.verdict == LNN_HOLDS, "%g: %s", by, v->j.reason);
    }
    w[at] = was;
    return by;
}

Test(minimum_spectrum, a_perturbed_last_row_is_no_minimum)
{
    struct judged v =
        evidence_of("network: {widths: [2, 3, 2, 2]}\n" DIAG NEAR FLOW LONG, NULL);
    JUDGE(&v, LNN_HOLDS);
    double bar = figure(&v, "error bar of its layers");
    for (size_t entry = 0; entry < v.r->net.size; entry += 3) {
        double by = detected(&v, entry);
        if (getenv("LNN_SHOW"))
            fprintf(stderr, "entry %zu: %.2g = %.3g error bars of the layers\n", entry,
                    by, by / bar);
        cr_assert(by <= 100 * bar && by > 0.1 * bar, "%zu: %g, %g", entry, by, bar);
    }
    forget(&v);
}

static void steeper(const struct lnn_objective *o, const double W[], const double D[],
                    double HD[])
{
    (void)W;
    for (size_t i = 0; i < o->data->k * o->data->d; i++) HD[i] = (1 + 1e-8) * D[i];
}

Test(minimum_spectrum, another_hessian_is_refuted)
{
    struct judged v =
        evidence_of("network: {widths: [2, 2, 2, 2]}\n" DIAG NEAR FLOW LONG, NULL);
    struct lnn_objective o = *v.e->objective;
    struct lnn_loss fake = *o.loss;
    fake.hessian = steeper;
    o.loss = &fake;
    v.e->objective = &o;
    JUDGE(&v, LNN_VIOLATED);
    LNN_CLOSE(v.j.measured, 7.5595262994e-8, 1e-9);
    forget(&v);
}

Test(minimum_spectrum, spoilt_files)
{
    struct judged v =
        evidence_of("network: {widths: [2, 2, 2, 2]}\n" DIAG NEAR FLOW LONG, NULL);
    struct lnn_record *r = &v.e->records[0];
    double *w = spoil(r->w), *W = spoil(r->W), *bars = spoil(r->weights_error),
           kept = w[30];
    w[30] = NAN; /* of an early row: a damaged file decides nothing */
    JUDGE(&v, LNN_INCONCLUSIVE);
    w[30] = kept;
    kept = W[7];
    W[7] = NAN;
    JUDGE(&v, LNN_INCONCLUSIVE);
    W[7] = kept;
    kept = bars[30];
    bars[30] = NAN;
    JUDGE(&v, LNN_INCONCLUSIVE);
    bars[30] = kept;
    size_t rows = r->weights_rows;
    r->weights_rows = 1; /* the start */
    JUDGE(&v, LNN_NOT_MET);
    r->weights_rows = rows;
    const struct lnn_objective *objective = v.e->objective;
    v.e->objective = NULL;
    JUDGE(&v, LNN_INCONCLUSIVE);
    v.e->objective = objective;
    JUDGE(&v, LNN_HOLDS);
    forget(&v);
}

Test(minimum_spectrum, large_networks_are_left_open)
{
    struct judged v =
        evidence_of("network: {widths: [2, 160, 2]}\n" DIAG
                    "init: {kind: balanced, matrix: [[2, 0], [0, 1]]}\n" FLOW
                    "time: {end: 0.01, samples: 2}\n",
                    NULL);
    cr_assert(v.r->net.size > LNN_HESSIAN_DENSE);
    JUDGE(&v, LNN_INCONCLUSIVE);
    LNN_CLOSE(figure(&v, "largest eigenvalue"), 4, 1e-9);
    LNN_CLOSE(figure(&v, "smallest eigenvalue"), 0, 1e-9);
    forget(&v);
}
