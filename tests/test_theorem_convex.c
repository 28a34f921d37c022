/* flow_converges beyond the square loss: margins of lp, logistic and masked losses, and
 * the bound against references. */
#include "data_support.h"
#include "naive.h"
#include "test_convergence.h"
#include "theorem_convex.h"

TestSuite(flow_converges_convex, .init = lnn_test_setup, .timeout = 120);

#define JUDGE "flow_converges"

#define LP(p, widths, init)                                                   \
    "network: {widths: " widths "}\nloss: {kind: lp, p: " p "}\n"             \
    "data: {kind: teacher, samples: 40, condition: 4, noise: 0.2, seed: 2}\n" \
    "init: {kind: balanced, matrix: " init "}\n" FLOW "time: {end: 20, samples: 41}\n"

static const char separable[] =
    "x1,x2,y\n1,2,1\n0.5,-1,-1\n-2,1,-1\n1,1,1\n3,-2,-1\n0.2,1.5,1\n";
static const char mixed[] =
    "x1,x2,y\n1,2,1\n0.5,-1,-1\n-2,1,-1\n1,1,-1\n3,-2,-1\n-1,-1,1\n0.2,1.5,1\n";
static const char outputs[] = "x1,x2,u,v\n1,1,1,1\n1,-1,1,-1\n-1,1,-1,1\n-1,-1,-1,-1\n";

static struct judged logistic(const char *table, const char *widths, const char *start)
{
    char yaml[600];
    struct lnn_test_file f = lnn_test_file_of(table);
    snprintf(yaml, sizeof yaml,
             "network: {widths: %s}\nloss: {kind: logistic}\n"
             "data: {kind: csv, file: %s%s}\n"
             "init: {kind: balanced, matrix: %s}\n" FLOW
             "time: {end: 30, samples: 31}\n",
             widths, f.path, table == outputs ? ", targets: [u, v]" : "", start);
    struct judged v = evidence_of(yaml, NULL);
    unlink(f.path);
    return v;
}

/* Distance of 0 from {l <= level} in the plane: the first crossing of every ray. */
static double nearest(const struct lnn_objective *o, double level)
{
    double least = INFINITY;
    for (int i = 0; i < 3600; i++) {
        double x = cos(M_PI * i / 1800), y = sin(M_PI * i / 1800), high = 0;
        for (double r = 0.01; r < 2 && high == 0; r += 0.01) {
            double W[] = {r * x, r * y};
            if (lnn_objective_value(o, W) <= level) high = r;
        }
        if (high == 0 || high - 0.01 > least) continue;
        double low = high - 0.01;
        for (int step = 0; step < 40; step++) {
            double r = 0.5 * (low + high), W[] = {r * x, r * y};
            if (lnn_objective_value(o, W) <= level)
                high = r;
            else
                low = r;
        }
        least = fmin(least, high);
    }
    return least;
}

static void margin_is_exact(struct judged *v)
{
    double c, true_c = nearest(v->e->objective,
                               lnn_objective_value(v->e->objective, v->r->W));
    const char *how;
    LNN_OK(lnn_convex_margin(v->e, v->r->W, &c, &how));
    cr_assert(how != NULL && c > 0.05);
    cr_assert(c <= true_c * (1 + 1e-9), "%.12g > %.12g", c, true_c);
    cr_assert(c >= true_c * (1 - 1e-4), "%.12g < %.12g", c, true_c);
    VERDICT(v, JUDGE, NULL, LNN_HOLDS);
    LNN_CLOSE(figure(v, "deficiency margin c, certified"), c, 0);
}

Test(flow_converges_convex, one_output_margin_is_the_distance_of_the_level_set)
{
    struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[-0.3, -0.1]]"), NULL);
    margin_is_exact(&v);
    forget(&v);
    v = evidence_of(LP("1.5", "[2, 3, 3, 1]", "[[-0.3, -0.1]]"), NULL);
    margin_is_exact(&v);
    forget(&v);
    v = logistic(separable, "[2, 2, 1]", "[[0, 0.3]]");
    margin_is_exact(&v);
    forget(&v);
    v = logistic(mixed, "[2, 1]", "[[0.05, 0.3]]");
    margin_is_exact(&v);
    forget(&v);
}

/* Among matrices with sigma_min <= c none is as good as the start. */
static void lp_margin_is_safe(const char *yaml)
{
    struct judged v = evidence_of(yaml, NULL);
    size_t k = v.r->k, d = v.r->d, near = 0;
    const struct lnn_objective *o = v.e->objective;
    double c, W[9], level = lnn_objective_value(o, v.r->W);
    const char *how;
    LNN_OK(lnn_convex_margin(v.e, v.r->W, &c, &how));
    cr_assert(c > 0.1, "%g", c);
    struct lnn_svd *svd = lnn_svd_alloc(k, d);
    for (unsigned long seed = 0; seed < 20000; seed++) {
        naive_fill(k * d, W, seed);
        for (size_t i = 0; i < k * d; i++) W[i] = v.r->W[i] + 0.7 * W[i];
        LNN_OK(lnn_svd(svd, W));
        if (svd->s[svd->q - 1] > c) continue;
        near++;
        cr_assert(lnn_objective_value(o, W) >= level);
    }
    cr_assert(near > 10, "%zu", near);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    free(svd);
    forget(&v);
}

Test(flow_converges_convex, lp_of_several_outputs_through_the_square_loss)
{
    lp_margin_is_safe("network: {widths: [2, 2, 2]}\n" PHI2
                      "loss: {kind: lp, p: 4}\ninit: {kind: balanced, matrix: [[0.9, "
                      "0.1], [0.2, 1]]}\n" FLOW "time: {end: 5, samples: 11}\n");
    /* exact fit with p < 2: the minimum is reached in finite time, near 0.5 */
    lp_margin_is_safe("network: {widths: [3, 3, 2]}\n" PHI
                      "loss: {kind: lp, p: 1.5, scaling: papers}\n"
                      "init: {kind: balanced, matrix: [[0.9, 0.5, -0.2], [0.1, -0.9, "
                      "0.7]]}\n" FLOW "time: {end: 0.3, samples: 11}\n");
}

/* An offset is the square loss's alone: in a file's floor it does not widen the margin
 * of lp. */
Test(flow_converges_convex, lp_margin_knows_no_offset)
{
    struct judged v =
        evidence_of("network: {widths: [2, 2]}\n" PHI2 "loss: {kind: lp, p: 4}\n"
                    "init: {kind: balanced, matrix: [[0.9, 0.1], [0.2, 1]]}\n" FLOW
                    "time: {end: 1, samples: 6}\n",
                    NULL);
    double c[2];
    const char *how;
    LNN_OK(lnn_convex_margin(v.e, v.r->W, &c[0], &how));
    *spoil(&v.e->data->floor) = 3;
    LNN_OK(lnn_convex_margin(v.e, v.r->W, &c[1], &how));
    LNN_CLOSE(c[0], c[1], 0);
    forget(&v);
}

/* ---- masked ---- */

static double masked_sigma(size_t k, size_t d, const double Phi[], const double mask[])
{
    struct lnn_data data = {.k = k, .d = d, .whitened = true};
    data.Phi = spoil(Phi);
    data.mask = spoil(mask);
    double sigma;
    LNN_OK(lnn_masked_sigma(&data, &sigma));
    return sigma;
}

Test(flow_converges_convex, masked_margin_by_hand)
{
    static const double Phi[] = {1, 0.5, -0.25, 0, -1, 0.75};
    static const double tall[] = {1, 0, 0.5, -1, -0.25, 0.75};
    static const double all[] = {1, 1, 1, 1, 1, 1}, hole[] = {0, 1, 1, 1, 1, 1};
    static const double hole_tall[] = {0, 1, 1, 1, 1, 1};
    static const double one[] = {7, 1, 1, 0}, corner[] = {0, 1, 1, 1};
    /* all: sigma_2, from trace and determinant of Phi Phi^T */
    double a = 1 + 0.25 + 0.0625, b = -0.5 - 0.1875, c = 1 + 0.5625;
    double least = 0.5 * (a + c - sqrt((a - c) * (a - c) + 4 * b * b));
    LNN_CLOSE(masked_sigma(2, 3, Phi, all), sqrt(least), 1e-14);
    LNN_CLOSE(masked_sigma(3, 2, tall, all), sqrt(least), 1e-14);
    /* the first column is no use to both rows together: [0.5, -0.25; -1, 0.75] */
    a = 0.25 + 0.0625, b = -0.5 - 0.1875, c = 1 + 0.5625;
    least = sqrt(0.5 * (a + c - sqrt((a - c) * (a - c) + 4 * b * b)));
    cr_assert(least < sqrt(a)); /* nor is the first row alone nearer */
    LNN_CLOSE(masked_sigma(2, 3, Phi, hole), least, 1e-14);
    LNN_CLOSE(masked_sigma(3, 2, tall, hole_tall), least, 1e-14);
    /* (?, 1; 1, 0): singular matrices (1/e, 1; 1, e) come as near as one likes */
    LNN_CLOSE(masked_sigma(2, 2, one, corner), 0, 0);
    /* one row: the norm of what is observed */
    LNN_CLOSE(masked_sigma(1, 3, Phi, hole), sqrt(0.3125), 1e-15);
}

/* Singular matrices, the unobserved entry large: none is nearer than sigma. */
Test(flow_converges_convex, masked_margin_against_samples)
{
    static const double Phi[] = {1, 0.5, -0.25, 0, -1, 0.75},
                        mask[] = {0, 1, 1, 1, 1, 1};
    double sigma = masked_sigma(2, 3, Phi, mask), least = INFINITY, x[4];
    for (unsigned long seed = 0; seed < 50000; seed++) {
        naive_fill(4, x, seed);
        double t = 3 * x[3] / (1.001 - fabs(x[3])), sum = 0;
        for (size_t i = 0; i < 3; i++) { /* rows t y, y */
            double gap = mask[i] * (t * 1.5 * x[i] - Phi[i]);
            double low = 1.5 * x[i] - Phi[3 + i];
            sum += gap * gap + low * low;
        }
        least = fmin(least, sqrt(sum));
    }
    cr_assert(least >= sigma && least < 2 * sigma + 0.2, "%g, %g", least, sigma);
}

#define MASKED                                                                      \
    "network: {widths: [3, 3, 2]}\nloss: {kind: masked}\n"                          \
    "data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]], mask: [[0, 1, " \
    "1], [1, 1, 1]]}\n"                                                             \
    "init: {kind: balanced, matrix: [[0.9, 0.48, -0.24], [0, -0.98, 0.75]]}\n" FLOW \
    "time: {end: 4, samples: 21}\n"

Test(flow_converges_convex, masked_converges_at_a_linear_rate)
{
    static const char *const far[] = {"init={kind: balanced, scale: 0.1}", NULL};
    static const char *const corner[] = {
        "network={widths: [2, 2, 2]}",
        "data={kind: target, matrix: [[0, 1], [1, 0]], mask: [[0, 1], [1, 1]]}",
        "init={kind: balanced, matrix: [[2, 0.99], [0.99, 0.05]]}", NULL};
    struct judged v = evidence_of(MASKED, NULL);
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    double c = figure(&v, "distance of Phi from singular, as observed") -
               sqrt(0.0004 + 0.0001 + 0.0004);
    LNN_CLOSE(figure(&v, "deficiency margin c"), c, 1e-14);
    LNN_CLOSE(figure(&v, "guaranteed rate"), 2 * c, 1e-13); /* N = 2, kappa = 1 */
    double *W = spoil(v.r->W);
    W[6 * 12] += 5; /* nobody sees it */
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    W[6 * 12 + 4] += 0.05;
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    W[6 * 12 + 4] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    forget(&v);
    v = evidence_of(MASKED, far);
    VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
    forget(&v);
    v = evidence_of(MASKED, corner);
    VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
    forget(&v);
}

/* One layer, whitened: l - l* = (l(0) - l*) e^{-2t}, the bound itself. */
Test(flow_converges_convex, an_attained_bound_holds_and_tells_a_slower_flow)
{
    static const char *const yaml[] = {
        "network: {widths: [2, 1]}\ndata: {kind: target, matrix: [[1, 2]]}\n"
        "init: {kind: balanced, matrix: [[0.9, 1.7]]}\n" FLOW
        "time: {end: 30, samples: 61}\n",
        "network: {widths: [2, 1]}\nloss: {kind: masked}\n"
        "data: {kind: target, matrix: [[1, 2]], mask: [[1, 0]]}\n"
        "init: {kind: balanced, matrix: [[0.9, 1.7]]}\n" FLOW
        "time: {end: 30, samples: 61}\n"};
    for (size_t n = 0; n < 2; n++) {
        struct judged v = evidence_of(yaml[n], NULL);
        VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
        LNN_CLOSE(figure(&v, "guaranteed rate"), 2, 0);
        cr_assert(figure(&v, "statements below their error bar") > 5);
        double *t = spoil(v.r->t);
        for (size_t i = 0; i < v.r->rows; i++) t[i] *= 1 + 1e-7;
        VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
        forget(&v);
    }
}

/* ---- the bound ---- */

/* l(V) + 1/(1/g(0) + K int ds/||W - V||^2), best of the references: trapezes for the
 * integral, which is convex here; the judge's must not be below. */
static void bound_is_that_of_the_references(struct judged *v, double slack)
{
    VERDICT(v, JUDGE, NULL, LNN_HOLDS);
    const struct lnn_record *r = v->r;
    size_t kd = r->k * r->d, row = 0;
    double least = INFINITY, K = figure(v, "K = kappa c^(2-2/N)"), N = (double)r->net.N;
    double c = figure(v, "deficiency margin c, certified");
    LNN_CLOSE(K, (r->k == r->d ? N : 1) * pow(c, 2 - 2 / N), 1e-14);
    struct lnn_references *f;
    LNN_OK(lnn_references_alloc(v->e->objective, r->W, &f));
    cr_assert(f->n > 2);
    for (size_t i = 1; i < r->rows; i++) /* the row that decided, by its loss */
        for (size_t a = 0; a < f->n; a++)
            if (fabs(r->loss[i] - f->l[a] - v->j.measured) < 1e-13) row = i;
    cr_assert(row > 0);
    for (size_t a = 0; a < f->n; a++) {
        double sum = 0;
        for (size_t i = 1; i <= row; i++) {
            double x = lnn_distance(kd, r->W + i * kd, f->V[a]);
            double y = lnn_distance(kd, r->W + (i - 1) * kd, f->V[a]);
            sum += 0.5 * (r->t[i] - r->t[i - 1]) * (1 / (x * x) + 1 / (y * y));
        }
        least = fmin(least, f->l[a] + 1 / (1 / (r->loss[0] - f->l[a]) + K * sum));
    }
    double bound = r->loss[row] - v->j.measured + v->j.bound;
    cr_assert(bound >= least - 1e-12, "%g < %g", bound, least);
    cr_assert(bound - r->loss[row] <= slack * (least - r->loss[row]), "%g, %g of %g",
              bound, least, r->loss[row]);
    free(f);
}

Test(flow_converges_convex, bounds)
{
    static const char *const fine[] = {"time={end: 20, samples: 801}", NULL};
    struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[-0.3, -0.1]]"), fine);
    bound_is_that_of_the_references(&v, 1.3);
    forget(&v);
    v = evidence_of(LP("1.5", "[2, 1]", "[[-0.3, -0.1]]"), fine);
    bound_is_that_of_the_references(&v, 1.3);
    forget(&v);
    v = logistic(mixed, "[2, 2, 1]", "[[0.05, 0.3]]");
    bound_is_that_of_the_references(&v, 3);
    forget(&v);
}

Test(flow_converges_convex, separable_labels_have_no_minimiser_and_the_loss_still_falls)
{
    struct judged v = logistic(separable, "[2, 2, 2, 1]", "[[0, 0.3]]");
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    cr_assert(figure(&v, "least loss of a reference") < 1e-3);
    cr_assert_not_null(strstr(v.j.explain, "not attained"));
    forget(&v);
    v = logistic(mixed, "[2, 2, 2, 1]", "[[0.05, 0.3]]");
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    cr_assert(figure(&v, "least loss of a reference") > 0.1);
    forget(&v);
}

/* Larger losses of W' = 0, further singular W', and shapes no certificate is for. */
Test(flow_converges_convex, what_is_not_met_and_what_is_not_decided)
{
    struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[0.3, 0.1]]"), NULL);
    VERDICT(&v, JUDGE, NULL, LNN_NOT_MET); /* l(0) is less */
    forget(&v);
    /* two outputs, each the sign of one input: a singular W' can serve one */
    v = logistic(outputs, "[2, 2, 2]", "[[0.1, 0], [0.02, 0.1]]");
    VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
    forget(&v);
    v = logistic(outputs, "[2, 2, 2]", "[[2, 0.1], [0, 2]]");
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    const char *said = strstr(v.j.reason, "no margin is certified for the logistic");
    cr_assert_not_null(said, "%s", v.j.reason);
    forget(&v);
}

Test(flow_converges_convex, other_hypotheses)
{
    static const char *const sets[][2] = {
        {"init={kind: gaussian, scale: 0.5, seed: 2}"},
        {"loss={kind: lp, p: 4, weight_decay: 0.1}"}};
    for (size_t i = 0; i < 2; i++) {
        struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[-0.3, -0.1]]"), sets[i]);
        VERDICT(&v, JUDGE, NULL, LNN_NOT_MET);
        forget(&v);
    }
}

Test(flow_converges_convex, spoilt_files)
{
    struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[-0.3, -0.1]]"), NULL);
    struct lnn_record *r = &v.e->records[0];
    double *W = spoil(r->W), *w = spoil(r->w), kept = W[40];
    W[40] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    W[40] = kept + 1;
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED);
    W[40] = kept;
    kept = w[30];
    w[30] = NAN;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    w[30] = kept;
    r->rows = 1;
    VERDICT(&v, JUDGE, NULL, LNN_INCONCLUSIVE);
    r->rows = 41;
    const double *loss_error = r->loss_error, *W_error = r->W_error;
    r->loss_error = NULL; /* the bar of W will do */
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    r->W_error = NULL; /* and the spacing of the samples */
    VERDICT(&v, JUDGE, NULL, LNN_HOLDS);
    r->loss_error = loss_error;
    r->W_error = W_error;
    for (size_t i = 6; i < r->rows; i++) memcpy(W + 2 * i, W + 10, 2 * sizeof *W);
    VERDICT(&v, JUDGE, NULL, LNN_VIOLATED); /* it got stuck */
    forget(&v);
}

/* Without loss_error the bar follows from W's: it covers what W's error does to l. */
Test(flow_converges_convex, error_bar_of_the_loss)
{
    struct judged v = evidence_of(LP("4", "[2, 2, 1]", "[[-0.3, -0.1]]"), NULL);
    struct lnn_record *r = &v.e->records[0];
    double *error = spoil(r->W_error), bar, W[2];
    r->loss_error = NULL;
    for (size_t i = 0; i < r->rows; i += 8) {
        error[i] = 1e-3;
        double l = lnn_convex_row(v.e, r, i, &bar), most = 0;
        LNN_CLOSE(l, r->loss[i], 1e-14);
        for (int a = 0; a < 360; a++) {
            W[0] = r->W[2 * i] + 1e-3 * cos(M_PI * a / 180);
            W[1] = r->W[2 * i + 1] + 1e-3 * sin(M_PI * a / 180);
            most = fmax(most, fabs(lnn_objective_value(v.e->objective, W) - l));
        }
        cr_assert(most <= 1.01 * bar && bar <= 3 * most, "row %zu: %g, %g", i, bar,
                  most);
    }
    forget(&v);
}
