/* Without a deficiency margin: a residual network never learns a negative eigenvalue.
 *
 * Phi = U diag(phi) U^T, W_j(0) = I. If all layers are the same U diag(w) U^T, they
 * commute with each other and with Phi, and every dphi/dW_j is U diag(w^{N-1} (w^N -
 * phi)) U^T: they stay so under flow and under descent with any learning rate (and any
 * weight decay). W = U diag(w^N) U^T then has no negative eigenvalue if N is even, nor
 * under flow if N >= 3, since w' = -w^{N-1} (w^N - phi) cannot cross w = 0. So every
 * phi_i = -lam_i < 0 costs (w_i^N + lam_i)^2 / 2 >= lam_i^2 / 2. For odd N a step of
 * descent can be long enough to cross.
 *
 * The floor is an unstable place: what rounding makes of the layers grows there like
 * exp(int -lambda_min(Hessian) dt), and numbers do leave it in the end where the truth
 * stays. So a row below the floor convicts only if that growth cannot have done it. */
#include "theorem_residual.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_margin.h"

struct course {
    const struct lnn_record *r;
    const struct lnn_margin *m;
    const struct lnn_spectrum *s;
    size_t negative; /* how many eigenvalues are */
    double floor, floor_bar, lowest, last;
    struct lnn_tight tight;
    double *w, *g;  /* d: modes of the layers, of dl/dW */
    double *spread; /* weights_rows: what rounding may have done to W; or NULL */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    return lnn_residual_about(e, r) && r->net.N != 1;
}

static double spread_at(const struct course *c, double t)
{
    size_t i = 0;
    if (!c->spread) return 0;
    while (i < c->r->weights_rows && c->r->w_t[i] < t) i++;
    return i < c->r->weights_rows ? c->spread[i] : INFINITY;
}

static void row(struct course *c, size_t i)
{
    const struct lnn_record *r = c->r;
    size_t d = r->d;
    bool stated;
    double bar, excess = lnn_margin_row(c->m, r, i, &bar), off = spread_at(c, r->t[i]);
    double W_bar = lnn_record_W_bar(r, i, &stated) + off;
    const double *W = r->W + i * d * d, *S = lnn_spectrum_modes(c->s, W);
    double rounding = 4 * (double)d * DBL_EPSILON * lnn_norm(d * d, W);
    lnn_tight_add(&c->tight, "the floor, to be below the excess loss,", i, c->floor,
                  excess, bar + c->floor_bar + off * (sqrt(2 * excess) + 0.5 * off),
                  c->floor);
    for (size_t a = 0; a < c->negative; a++)
        lnn_tight_add(&c->tight, "lam, to be below u^T (W - Phi) u of its mode u,", i,
                      -c->s->phi[a], S[a * d + a] - c->s->phi[a], W_bar + rounding,
                      -c->s->phi[a]);
    c->lowest = fmin(c->lowest, excess);
    c->last = excess;
}

/* Modes of the layers (their mean) and of dl/dW at a row of the weights. */
static void modes(struct course *c, size_t i)
{
    const struct lnn_network *net = &c->r->net;
    size_t d = c->r->d, N = net->N;
    for (size_t a = 0; a < d; a++) c->w[a] = 0;
    for (size_t j = 1; j <= N; j++) {
        const double *w = c->r->w + i * net->size + lnn_network_offset(net, j);
        const double *S = lnn_spectrum_modes(c->s, w);
        for (size_t a = 0; a < d; a++) c->w[a] += S[a * d + a] / (double)N;
    }
    for (size_t a = 0; a < d; a++) c->g[a] = pow(c->w[a], (double)N) - c->s->phi[a];
}

/* ln of the factor by which a deviation grows in a unit of flow time. */
static int growth(struct course *c, size_t i, double *rate)
{
    double low, high, eta = c->r->learning_rate, decay = c->r->weight_decay;
    modes(c, i);
    LNN_TRY(lnn_residual_curvature(c->r->net.N, c->r->d, c->w, c->g, &low, &high));
    low += decay;
    high += decay;
    *rate = fmax(0, -low);
    if (c->r->dynamics == LNN_DYNAMICS_DESCENT)
        *rate = log(fmax(1, fmax(1 - eta * low, eta * high - 1))) / eta;
    return GSL_SUCCESS;
}

/* Every step rounds every layer; between two rows the worse of both rates counts. What
 * grows is of second order in u^T W u: to first order that is w^{N-1} sum_j u^T D_j u,
 * and along equal layers a negative mode is stable (its curvature is w^{N-2} (N w^N +
 * (N-1) (w^N + lam)) >= 0). */
static int measure_spread(struct course *c)
{
    const struct lnn_record *r = c->r;
    double N = (double)r->net.N, before, rate, exponent = 0, largest = 0;
    double steps = fmax((double)r->steps, (double)r->rows);
    if (r->dynamics == LNN_DYNAMICS_DESCENT)
        steps = fmax(steps, (r->t[r->rows - 1] - r->t[0]) / r->learning_rate);
    LNN_TRY(growth(c, 0, &before));
    for (size_t i = 0; i < r->weights_rows; i++) {
        LNN_TRY(growth(c, i, &rate));
        if (i > 0) exponent += fmax(before, rate) * (r->w_t[i] - r->w_t[i - 1]);
        before = rate;
        for (size_t j = 1; j <= r->net.N; j++)
            largest = fmax(largest,
                           lnn_norm(r->d * r->d, r->w + i * r->net.size +
                                                     lnn_network_offset(&r->net, j)));
        double off = 4 * DBL_EPSILON * (steps + 1) * largest * exp(exponent);
        c->spread[i] = 0.5 * N * (N - 1) * pow(largest + off, N - 2) * off * off;
    }
    return GSL_SUCCESS;
}

static void all_rows(struct course *c)
{
    c->tight = (struct lnn_tight){0};
    c->lowest = INFINITY;
    for (size_t i = 0; i < c->r->rows; i++) row(c, i);
}

/* The growth of rounding is asked for only when there is something to excuse. */
static int judge_rows(struct course *c, bool met, struct lnn_judgement *j)
{
    all_rows(c);
    if (met && lnn_tight_violated(&c->tight)) {
        c->spread = malloc(c->r->weights_rows * sizeof *c->spread);
        if (!c->spread) return lnn_fail(GSL_ENOMEM, "out of memory for rounding");
        size_t row = c->tight.row;
        LNN_TRY(measure_spread(c));
        all_rows(c);
        lnn_judge_figure(j, "growth of rounding in W at the lowest row",
                         spread_at(c, c->r->t[row]));
        if (!lnn_tight_violated(&c->tight))
            return lnn_judge_stop(
                j, LNN_INCONCLUSIVE,
                "at t = %g the loss is below the floor, but rounding may have grown to "
                "%.3g in W by then: the floor is an unstable saddle",
                c->r->t[row], spread_at(c, c->r->t[row]));
    }
    return GSL_SUCCESS;
}

static void say(const struct course *c, struct lnn_judgement *j)
{
    const struct lnn_tight *t = &c->tight;
    lnn_judge_figure(j, "lowest excess loss", c->lowest);
    lnn_judge_figure(j, "lowest excess loss - floor", c->lowest - c->floor);
    lnn_judge_figure(j, "excess loss at the end", c->last);
    lnn_judge_explain(j,
                      "l(t) - l* >= 1/2 sum of lam^2 over the %zu negative eigenvalues "
                      "-lam of Phi = %.12g; lowest %.12g, at the end %.12g",
                      c->negative, c->floor, c->lowest, c->last);
    if (t->what)
        lnn_judge_explain(j, "tightest at t = %.6g: %s: %.6g <= %.6g (error bar %.2g)",
                          c->r->t[t->row], t->what, t->measured, t->bound, t->bar);
}

static void floor_of(struct course *c, struct lnn_judgement *j)
{
    const struct lnn_spectrum *s = c->s;
    while (c->negative < s->d && s->phi[c->negative] < -s->rounding) c->negative++;
    for (size_t a = 0; a < c->negative; a++) {
        c->floor += 0.5 * s->phi[a] * s->phi[a];
        c->floor_bar -= s->phi[a] * (s->rounding - DBL_EPSILON * s->phi[a]);
    }
    lnn_judge_figure(j, "smallest eigenvalue of Phi", s->phi[0]);
    lnn_judge_figure(j, "negative eigenvalues", (double)c->negative);
    lnn_judge_figure(j, "floor of the excess loss", c->floor);
}

static int judge_spectrum(const struct lnn_record *r, const struct lnn_margin *m,
                          const struct lnn_spectrum *s, struct lnn_judgement *j)
{
    bool flow = r->dynamics == LNN_DYNAMICS_FLOW;
    struct course c = {.r = r, .m = m, .s = s};
    bool met = lnn_spectrum_symmetric(s, j);
    met &= lnn_judge_hypothesis(j, "Phi has a negative eigenvalue (its smallest)",
                                s->phi[0], 0, s->rounding);
    met &= lnn_judge_fact(j, "N is even, or this is flow", r->net.N % 2 == 0 || flow);
    floor_of(&c, j);
    c.w = malloc(2 * s->d * sizeof *c.w);
    if (!c.w) return lnn_fail(GSL_ENOMEM, "out of memory for modes");
    c.g = c.w + s->d;
    int status = judge_rows(&c, met, j);
    if (status == GSL_SUCCESS) say(&c, j);
    if (status == GSL_SUCCESS && !j->reason[0])
        status = lnn_tight_conclude(&c.tight, j);
    free(c.spread);
    free(c.w);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    struct lnn_margin *m;
    struct lnn_spectrum *s = NULL;
    if (!lnn_residual_ready(e, r, j) || !lnn_residual_start(e, r, j))
        return GSL_SUCCESS;
    LNN_TRY(lnn_margin_alloc(e, &m));
    int status = lnn_spectrum_alloc(e->data, &s);
    if (status == GSL_SUCCESS) status = judge_spectrum(r, m, s, j);
    free(s);
    free(m);
    return status;
}

const struct lnn_theorem lnn_theorem_margin_necessary = {
    .name = "margin_necessary",
    .doc = "A linear residual network whose symmetric target has negative eigenvalues "
           "-lam never gets below the loss sum lam^2 / 2, with any learning rate: "
           "without a deficiency margin balancedness is not enough.",
    .source = "Arora, Cohen, Golowich & Hu 2019, Claim 5; compare Bartlett, Helmbold & "
              "Long 2018",
    .needs = "gradient descent with an even number of layers, or gradient flow of two "
             "or more; all widths equal, W_j(0) = I, square loss of whitened data, Phi "
             "symmetric with an eigenvalue below 0",
    .claims = "at every row l - l* >= 1/2 sum of lam^2 over the negative eigenvalues "
              "-lam of Phi, and u^T W u >= 0 for their eigenvectors u",
    .about = about,
    .judge = judge,
};
