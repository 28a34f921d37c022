/* Gradient descent on balanced layers converges, with every constant.
 *
 * The theorem's T(eps) at eps = l(0) exp(-eta c^{2-2/N} t) is t, so its conclusion can
 * be judged at every stored iteration, however far T(1e-6) is. Beside it: Lemma 1 for
 * neighbouring iterations, and Lemma 2's bounds. All statements are made comparable by
 * dividing by their bound. */
#include "theorem_margin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct course {
    const struct lnn_margin *m;
    const struct lnn_record *r;
    struct lnn_descent_constants at;
    struct lnn_worst worst;
    struct lnn_svd *product;
    double c, start, start_bar;
    double steps, step_ratio; /* pairs for Lemma 1, the smallest decrease / guarantee */
    double imbalance;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_DESCENT;
}

/* measured <= bound as measured / bound <= 1 */
static void add(struct course *s, const char *what, size_t row, double measured,
                double bound, double bar)
{
    lnn_worst_add(&s->worst, what, row, measured / bound, 1,
                  bound > 0 ? bar / bound : NAN);
}

static double iteration(const struct lnn_record *r, size_t i)
{
    return r->iteration ? r->iteration[i]
                        : nearbyint((r->t[i] - r->t[0]) / r->learning_rate);
}

/* l(t+1) - l* <= (1 - eta sigma_min(W(t))^{2-2/N}) (l(t) - l*) */
static int lemma_1(struct course *s, size_t i, double excess, double bar)
{
    const struct lnn_record *r = s->r;
    if (i + 1 == r->rows || iteration(r, i + 1) - iteration(r, i) != 1)
        return GSL_SUCCESS;
    const double *W = r->W + i * s->m->k * s->m->d;
    if (!lnn_finite(s->m->k * s->m->d, W)) {
        s->worst.broken++;
        return GSL_SUCCESS;
    }
    LNN_TRY(lnn_svd(s->product, W));
    double next_bar, next = lnn_margin_row(s->m, r, i + 1, &next_bar);
    double sigma = s->product->s[s->product->q - 1];
    double guarantee = r->learning_rate * pow(sigma, 2 - 2 / (double)r->net.N);
    add(s, "Lemma 1: loss after a step over its bound", i, next,
        (1 - guarantee) * excess, bar + next_bar + 2 * DBL_EPSILON * excess);
    s->steps++;
    /* ratios of differences below their error bars would be noise */
    if (excess - next > 10 * (bar + next_bar))
        s->step_ratio = fmin(s->step_ratio, (excess - next) / (guarantee * excess));
    return GSL_SUCCESS;
}

static int loss_rows(struct course *s)
{
    const struct lnn_record *r = s->r;
    for (size_t i = 0; i < r->rows; i++) {
        double bar, excess = lnn_margin_row(s->m, r, i, &bar);
        double n = iteration(r, i) - iteration(r, 0);
        double decay = exp(-r->learning_rate * s->at.rate * n);
        if (i > 0)
            add(s, "Theorem 1: loss over l(0) exp(-eta c^(2-2/N) iterations)", i,
                excess, s->start * decay,
                bar + (s->start_bar + 1e-15 * s->start) * decay);
        LNN_TRY(lemma_1(s, i, excess, bar));
    }
    return GSL_SUCCESS;
}

/* ||A||_op of a rows x cols matrix */
static int operator_norm(size_t rows, size_t cols, const double A[], double *norm)
{
    *norm = NAN;
    if (!lnn_finite(rows * cols, A)) return GSL_SUCCESS;
    struct lnn_svd *svd = lnn_svd_alloc(rows, cols);
    if (!svd) return lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    int status = lnn_svd(svd, A);
    if (status == GSL_SUCCESS) *norm = svd->s[0];
    free(svd);
    return status;
}

/* Lemma 2 at one row of the weights. Descent is what the file's iterations are, so the
 * only error of the layers is rounding. */
static int lemma_2(struct course *s, size_t i)
{
    const struct lnn_network *net = &s->r->net;
    const double *w = s->r->w + i * net->size;
    double layer = pow(4 * s->m->norm, 1 / (double)net->N), gap, scale, norm;
    LNN_TRY(lnn_record_imbalance(s->r, i, &gap, &scale));
    add(s, "Lemma 2: imbalance over 2 delta", i, gap, 2 * s->at.delta,
        8 * lnn_record_rounding(s->r) * scale);
    if (!(gap <= s->imbalance)) s->imbalance = gap;
    for (size_t j = 1; j <= net->N; j++) {
        LNN_TRY(operator_norm(net->d[j], net->d[j - 1], w + lnn_network_offset(net, j),
                              &norm));
        add(s, "Lemma 2: norm of a layer over (4 ||Phi||)^(1/N)", i, norm, layer,
            8 * lnn_record_rounding(s->r) * norm);
    }
    return GSL_SUCCESS;
}

static int bounds_rows(struct course *s)
{
    size_t kd = s->m->k * s->m->d;
    for (size_t i = 0; i < s->r->rows; i++) {
        double norm;
        bool stated;
        LNN_TRY(operator_norm(s->m->k, s->m->d, s->r->W + i * kd, &norm));
        add(s, "Lemma 2: norm of W over 2 ||Phi||", i, norm, 2 * s->m->norm,
            lnn_record_W_bar(s->r, i, &stated) + 8 * lnn_record_rounding(s->r) * norm);
    }
    if (!s->r->w) s->worst.broken++;
    for (size_t i = 0; s->r->w && i < s->r->weights_rows; i++) LNN_TRY(lemma_2(s, i));
    return GSL_SUCCESS;
}

static void constants(struct course *s, struct lnn_judgement *j)
{
    double gap = NAN, scale = NAN, N = (double)s->r->net.N;
    double eta = s->r->learning_rate;
    lnn_margin_hypothesis(s->m, s->r, j, &s->c, &s->start, &s->start_bar);
    s->at = lnn_descent_constants(s->r->net.N, s->m->norm, fmax(s->c, 0));
    if (lnn_margin_start(s->r) &&
        lnn_record_imbalance(s->r, 0, &gap, &scale) != GSL_SUCCESS)
        gap = NAN;
    lnn_judge_hypothesis(j, "delta-balanced start", gap, s->at.delta,
                         4 * lnn_record_rounding(s->r) * scale);
    lnn_judge_hypothesis(j, "learning rate", eta, s->at.eta, 0);
    double T = log(s->start / 1e-6) / (eta * s->at.rate);
    lnn_judge_figure(j, "imbalance at the start", gap);
    lnn_judge_figure(j, "delta of Theorem 1", s->at.delta);
    lnn_judge_figure(j, "eta of Theorem 1", s->at.eta);
    lnn_judge_figure(j, "learning rate", eta);
    lnn_judge_figure(j, "iterations T for eps = 1e-6", T);
    lnn_judge_explain(j,
                      "delta <= c^2 / (256 N^3 ||Phi||^(2-2/N)) = %.6g^2 / (256 * %g * "
                      "%.6g^%.4g) = %.6g",
                      s->c, N * N * N, s->m->norm, 2 - 2 / N, s->at.delta);
    lnn_judge_explain(j,
                      "eta <= c^(4-2/N) / (6144 N^3 ||Phi||^(6-4/N)) = %.6g; here %g",
                      s->at.eta, eta);
    lnn_judge_explain(j,
                      "T(eps) = ln(l(0)/eps) / (eta c^(2-2/N)): l(n) <= %.6g exp(-%.6g "
                      "n) at iteration n; T(1e-6) = %.10g",
                      s->start, eta * s->at.rate, T);
}

static int judge_course(struct course *s, struct lnn_judgement *j)
{
    constants(s, j);
    LNN_TRY(loss_rows(s));
    LNN_TRY(bounds_rows(s));
    const struct lnn_record *r = s->r;
    lnn_judge_figure(j, "iterations in the file",
                     iteration(r, r->rows - 1) - iteration(r, 0));
    lnn_judge_figure(j, "steps judged by Lemma 1", s->steps);
    if (isfinite(s->step_ratio))
        lnn_judge_figure(j, "smallest decrease over Lemma 1's", s->step_ratio);
    lnn_judge_figure(j, "largest imbalance", s->imbalance);
    return lnn_worst_conclude(&s->worst, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j)) return GSL_SUCCESS;
    bool whitened = lnn_margin_is_square(e) && e->data->whitened;
    if (!lnn_judge_fact(j, "the square loss of whitened data", whitened))
        return lnn_judge_stop(j, LNN_NOT_MET,
                              "hypothesis does not hold: the square loss of whitened "
                              "data");
    if (!(r->learning_rate > 0))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say the learning rate");
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    struct lnn_margin *m;
    LNN_TRY(lnn_margin_alloc(e, &m));
    struct course s = {.m = m, .r = r, .step_ratio = INFINITY};
    s.product = lnn_svd_alloc(m->k, m->d);
    int status = s.product ? judge_course(&s, j)
                           : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    free(s.product);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_descent_converges = {
    .name = "descent_converges",
    .doc = "Gradient descent with a small enough step on approximately balanced layers "
           "whose product has a deficiency margin converges to the global minimum at a "
           "linear rate.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Theorem 1, Lemmas 1 and 2",
    .needs = "gradient descent, square loss of whitened data, no weight decay, margin "
             "c > 0, delta-balanced start with delta <= c^2 / (256 N^3 "
             "||Phi||^(2-2/N)), eta <= c^(4-2/N) / (6144 N^3 ||Phi||^(6-4/N))",
    .claims = "at every stored iteration n, l(n) - l* <= (l(0) - l*) exp(-eta "
              "c^(2-2/N) n), which is T(eps) for every eps reached; Lemma 1 between "
              "neighbouring iterations; Lemma 2: 2 delta-balanced, ||W_j|| <= (4 "
              "||Phi||)^(1/N), ||W|| <= 2 ||Phi||",
    .about = about,
    .judge = judge,
};
