/* Gradient flow of balanced layers reaches the global minimum of a convex loss.
 *
 * With margin c every W' whose loss is at most l(W(0)) has sigma_min(W') >= c, the flow
 * never raises the loss, and lambda_min(P_W) = kappa sigma_min^{2-2/N} with kappa = N
 * if k = d, else 1. So l' = -<G, P_W G> <= -K ||G||^2, K = kappa c^{2-2/N}.
 *
 * Square loss: strong convexity gives ||G||^2 >= 2 alpha (l - l*), a linear rate. So
 * does the masked square loss, with alpha = 1: it has ||G||^2 = 2 (l - l*).
 *
 * lp and logistic: by convexity ||G(W)|| >= g / ||W - V||, g = l(W) - l(V), for every
 * reference V, so (1/g)' >= K / ||W - V||^2 while g > 0, and
 *     l(t) <= l(V) + 1 / (1/g(0) + K int_0^t ds / ||W(s) - V||^2).
 * This needs neither the infimum nor a minimiser, and says that l(t) falls to l(V), of
 * every V, as long as the integral grows: always if W stays bounded. (That the smallest
 * ||G|| falls like t^{-1/2} is weaker, and not for samples to tell: ||G|| need not be
 * monotone.)
 *
 * Between rows ||W(s) - V|| is at most the larger of both ends' plus half the path. The
 * layers' path is at most D = sqrt(dt (l_i - l_{i+1})), since its speed squared is -l'.
 * Balanced, all layers have norm ||W||^{1/N}, so that ||W(s)||^{1/N} <= ||W_i||^{1/N} +
 * D/sqrt(N), and W's path is at most sqrt(lambda_max(P_W)) D, lambda_max(P_W) = N
 * ||W||^{2-2/N}. */
#include "theorem_convex.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct course {
    const struct lnn_evidence *e;
    const struct lnn_record *r;
    struct lnn_judgement *j;
    struct lnn_worst worst;
    size_t k, d;
    double N, kappa;
    struct lnn_margin *m; /* square loss only */
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
}

/* ---- linear rate: square and masked ---- */

/* What the exponent is made of, with what rounding may do to the bound. */
struct rate {
    double start, start_bar, exponent;
};

static double excess_of(const struct course *s, size_t i, double *bar)
{
    return s->m ? lnn_margin_row(s->m, s->r, i, bar)
                : lnn_masked_row(s->e, s->r, i, bar);
}

static struct rate rate_of(struct course *s, double alpha, double c, double excess,
                           double bar)
{
    double exponent = 2 * alpha * s->kappa * pow(fmax(c, 0), 2 - 2 / s->N);
    lnn_judge_figure(s->j, "kappa", s->kappa);
    lnn_judge_figure(s->j, "guaranteed rate", exponent);
    lnn_judge_explain(s->j,
                      "l(t) - l* <= (l(0) - l*) exp(-2 alpha kappa c^(2-2/N) t) = %.6g "
                      "exp(-2 * %.6g * %g * %.6g^(2-2/%g) t) = %.6g exp(-%.6g t)",
                      excess, alpha, s->kappa, fmax(c, 0), s->N, excess, exponent);
    return (struct rate){excess, bar, exponent};
}

/* One layer and Lambda_xx = alpha I attain the bound: a row that equals it within a bar
 * which hides neither the bound nor the fall to it is within the claim. */
static void linear_row(struct course *s, size_t i, double excess, double bar,
                       double bound, double fall)
{
    if (fabs(excess - bound) <= bar)
        lnn_worst_add_attained(&s->worst, "excess loss above its bound, in error bars,",
                               i, excess, bound, bar, fmin(bound, fall));
    else
        lnn_worst_add(&s->worst, "excess loss", i, excess, bound, bar);
}

static int linear_rows(struct course *s, struct rate rate)
{
    const struct lnn_record *r = s->r;
    struct lnn_worst *worst = &s->worst;
    for (size_t i = 1; i < r->rows; i++) {
        double bar, excess = excess_of(s, i, &bar);
        double decay = exp(-rate.exponent * (r->t[i] - r->t[0]));
        double bound = rate.start * decay;
        linear_row(s, i, excess, bar + rate.start_bar * decay + 1e-15 * bound, bound,
                   rate.start - bound);
    }
    double bar, last = excess_of(s, r->rows - 1, &bar);
    double span = r->t[r->rows - 1] - r->t[0];
    lnn_judge_figure(s->j, "mean rate measured", log(rate.start / last) / span);
    lnn_judge_figure(s->j, "excess loss at the end", last);
    if (worst->what)
        lnn_judge_figure(s->j, "time of the tightest row", r->t[worst->row]);
    if (worst->what)
        lnn_judge_explain(s->j, "tightest at t = %.6g: %.6g <= %.6g (error bar %.2g)",
                          r->t[worst->row], worst->measured, worst->bound, worst->bar);
    return lnn_worst_conclude(worst, s->j);
}

static int square(struct course *s)
{
    double c, excess, bar;
    struct rate rate = {NAN, NAN, NAN};
    LNN_TRY(lnn_margin_alloc(s->e, &s->m));
    if (lnn_judge_fact(s->j, "Lambda_xx has full rank (strong convexity)",
                       s->m->alpha > 0)) {
        lnn_margin_hypothesis(s->m, s->r, s->j, &c, &excess, &bar);
        rate = rate_of(s, s->m->alpha, c, excess, bar);
    }
    int status = linear_rows(s, rate);
    free(s->m);
    return status;
}

static int masked(struct course *s)
{
    double bar, sigma, excess = excess_of(s, 0, &bar);
    int status = lnn_masked_sigma(s->e->data, &sigma);
    if (status == GSL_EDOM)
        return lnn_judge_stop(s->j, LNN_INCONCLUSIVE, "%s", lnn_error());
    LNN_TRY(status);
    double c = sigma - sqrt(2 * excess), worse = sigma - sqrt(2 * (excess + bar));
    double norm = lnn_norm(s->k * s->d, s->e->data->Phi);
    double rounding = DBL_EPSILON * (double)(s->k + s->d) * norm;
    lnn_judge_figure(s->j, "excess loss at the start", excess);
    lnn_judge_figure(s->j, "distance of Phi from singular, as observed", sigma);
    lnn_judge_figure(s->j, "deficiency margin c", c);
    lnn_judge_explain(
        s->j,
        "c = min over sets T of rows (columns, if fewer) of the smallest "
        "singular value of Phi's fully observed T-part, less sqrt(2 (l(0) "
        "- l*)) = %.10g - %.10g = %.10g",
        sigma, sqrt(2 * excess), c);
    lnn_judge_hypothesis(s->j, "deficiency margin c > 0 (measured: -c)", -c, 0,
                         fabs(c - worse) + rounding);
    return linear_rows(s, rate_of(s, 1, worse - rounding, excess, bar));
}

/* ---- lp and logistic: against references ---- */

struct against { /* one reference: 1/g(0) and the integral so far */
    double start, start_bar, integral, last; /* last: distance of the row before */
};

/* ||W_i - V||, with the error bar of W. */
static double distance(const struct course *s, size_t i, const double V[])
{
    bool stated;
    size_t kd = s->k * s->d;
    return lnn_distance(kd, s->r->W + i * kd, V) + lnn_record_W_bar(s->r, i, &stated);
}

/* At most half the path of W between the rows i - 1 and i. */
static double half_path(const struct course *s, size_t i, double fall)
{
    bool stated;
    size_t kd = s->k * s->d;
    double most = 0, path = sqrt((s->r->t[i] - s->r->t[i - 1]) * fmax(fall, 0));
    for (size_t a = i - 1; a <= i; a++)
        most = fmax(most, lnn_norm(kd, s->r->W + a * kd) +
                              lnn_record_W_bar(s->r, a, &stated));
    double layer = pow(most, 1 / s->N) + path / sqrt(s->N);
    return 0.5 * sqrt(s->N) * pow(layer, s->N - 1) * path;
}

/* The bound of row i by the reference that bounds it best, and the row's excess over
 * that reference. A bar that hides the fall that is claimed mutes the row. */
static void judge_row(struct course *s, const struct lnn_references *f,
                      const struct against at[], size_t i, double l, double bar)
{
    size_t best = f->n;
    double least = INFINITY, bound = NAN;
    for (size_t v = 0; v < f->n; v++) {
        if (!(at[v].start > at[v].start_bar)) continue;
        double here = 1 / (1 / at[v].start + at[v].integral);
        if (!(f->l[v] + here < least)) continue;
        least = f->l[v] + here;
        bound = here;
        best = v;
    }
    if (best == f->n) { /* NaN integrals: a bar of W is missing */
        if (f->n > 0 && isnan(at[0].integral))
            s->worst.broken++;
        else
            s->worst.mute++;
        return;
    }
    double measured = l - f->l[best], start = at[best].start;
    double part = bound / start; /* d bound / d g(0) is its square */
    bar += f->bar[best] + part * part * at[best].start_bar +
           DBL_EPSILON * (double)(8 + i) * bound;
    if (fabs(bound - measured) <= bar && bar >= fmin(bound, start - bound))
        s->worst.mute++;
    else
        lnn_worst_add(&s->worst, "loss above a reference's", i, measured, bound, bar);
}

static void convex_rows(struct course *s, const struct lnn_references *f, double K)
{
    struct against at[LNN_REFERENCES];
    double before_bar, before = lnn_convex_row(s->e, s->r, 0, &before_bar);
    for (size_t v = 0; v < f->n; v++)
        at[v] = (struct against){.start = before - f->l[v],
                                 .start_bar = before_bar + f->bar[v],
                                 .last = distance(s, 0, f->V[v])};
    for (size_t i = 1; i < s->r->rows; i++) {
        double bar, l = lnn_convex_row(s->e, s->r, i, &bar);
        double dt = s->r->t[i] - s->r->t[i - 1];
        if (!isfinite(l) || !isfinite(dt)) {
            s->worst.broken++;
            return;
        }
        double half = half_path(s, i, before - l + before_bar + bar);
        for (size_t v = 0; v < f->n; v++) {
            double now = distance(s, i, f->V[v]), D = fmax(now, at[v].last) + half;
            at[v].integral += K * dt / (D * D);
            at[v].last = now;
        }
        judge_row(s, f, at, i, l, bar);
        before = l;
        before_bar = bar;
    }
}

/* sigma_min(W') = 0 and l(W') <= l(W(0))? W' = V without its smallest singular value,
 * or without all. */
static int singular_loss(const struct course *s, const double V[], double *least)
{
    size_t kd = s->k * s->d;
    struct lnn_svd *svd = lnn_svd_alloc(s->k, s->d);
    double *W = malloc(kd * sizeof *W);
    int status = svd && W ? lnn_svd(svd, V) : lnn_fail(GSL_ENOMEM, "out of memory");
    if (status == GSL_SUCCESS) {
        size_t last = svd->q - 1;
        memcpy(W, V, kd * sizeof *W);
        for (size_t a = 0; a < s->k; a++)
            lnn_axpy(s->d, -svd->s[last] * svd->U[a * svd->q + last],
                     svd->Vt + last * s->d, W + a * s->d);
        *least = fmin(*least, lnn_objective_value(s->e->objective, W));
    }
    free(W);
    free(svd);
    return status;
}

/* The hypothesis l(W(0)) < l(W') for every singular W', with the margin: certified,
 * refuted by a singular W' that is no worse, or neither, which ends the judgement. */
static int hypothesis(struct course *s, const struct lnn_references *f, double *c)
{
    const struct lnn_objective *o = s->e->objective;
    const double *W0 = s->r->W;
    const char *how, *loss = o->loss->name;
    double l = lnn_objective_value(o, W0), rounding = lnn_convex_rounding(o, W0, l);
    double least = INFINITY;
    double *zero = calloc(s->k * s->d, sizeof *zero);
    if (!zero) return lnn_fail(GSL_ENOMEM, "out of memory for the margin");
    double origin = lnn_objective_value(o, zero);
    rounding += lnn_convex_rounding(o, zero, origin);
    free(zero);
    LNN_TRY(lnn_convex_margin(s->e, W0, c, &how));
    LNN_TRY(singular_loss(s, W0, &least));
    for (size_t v = 0; v < f->n; v++) LNN_TRY(singular_loss(s, f->V[v], &least));
    if (!(origin >= least)) least = origin;
    lnn_judge_figure(s->j, "loss at the start", l);
    lnn_judge_figure(s->j, "least loss of a singular W' found", least);
    lnn_judge_figure(s->j, "deficiency margin c, certified", *c);
    lnn_judge_explain(s->j, "c >= %.10g, certified by %s", *c, how ? how : "nothing");
    if (*c > 0 || s->k == 1 || s->d == 1 || l - rounding > least) {
        lnn_judge_hypothesis(s->j, "l(W(0)) is below the loss of every singular W'", l,
                             least, rounding);
        return GSL_SUCCESS;
    }
    return lnn_judge_stop(
        s->j, LNN_INCONCLUSIVE,
        "no margin is certified for the %s loss of %zu x %zu matrices "
        "(%s), nor is a singular W' known that is as good as the "
        "start",
        loss, s->k, s->d,
        how ? "the bound is not sharp enough" : "there is no way known");
}

static void report(struct course *s, const struct lnn_references *f, double c, double K)
{
    double infimum, best = INFINITY;
    enum lnn_attained attained =
        s->e->objective->loss->infimum(s->e->objective, &infimum);
    for (size_t v = 0; v < f->n; v++) best = fmin(best, f->l[v]);
    lnn_judge_figure(s->j, "kappa", s->kappa);
    lnn_judge_figure(s->j, "K = kappa c^(2-2/N)", K);
    lnn_judge_figure(s->j, "least loss of a reference", best);
    lnn_judge_figure(s->j, "infimum, or a bound from below", infimum);
    lnn_judge_explain(s->j,
                      "l(t) <= l(V) + 1 / (1/(l(0) - l(V)) + K int_0^t ds / ||W(s) - "
                      "V||^2), K = %g * %.6g^(2-2/%g) = %.6g, the best of %zu V with "
                      "losses down to %.10g",
                      s->kappa, fmax(c, 0), s->N, K, f->n, best);
    if (attained == LNN_NOT_ATTAINED)
        lnn_judge_explain(s->j,
                          "the infimum %g is not attained: convergence to the "
                          "global minimum means that the loss tends to it",
                          infimum);
    if (s->worst.what)
        lnn_judge_explain(s->j, "tightest at t = %.6g: %.6g <= %.6g (error bar %.2g)",
                          s->r->t[s->worst.row], s->worst.measured, s->worst.bound,
                          s->worst.bar);
}

static int convex(struct course *s)
{
    double c = NAN;
    const struct lnn_record *r = s->r;
    size_t kd = s->k * s->d;
    struct lnn_references *f;
    if (!lnn_finite(r->rows * kd, r->W))
        return lnn_judge_stop(s->j, LNN_INCONCLUSIVE, "a row of W is not finite");
    LNN_TRY(lnn_references_alloc(s->e->objective, r->W, &f));
    int status = hypothesis(s, f, &c);
    if (status == GSL_SUCCESS && !s->j->reason[0]) {
        double K = s->kappa * pow(fmax(c, 0), 2 - 2 / s->N);
        convex_rows(s, f, K);
        report(s, f, c, K);
        status = lnn_worst_conclude(&s->worst, s->j);
    }
    free(f);
    return status;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_margin_ready(e, r, true, j)) return GSL_SUCCESS;
    size_t k = e->data->k, d = e->data->d;
    struct course s = {.e = e, .r = r, .j = j, .k = k, .d = d, .N = (double)r->net.N};
    s.kappa = k == d ? s.N : 1;
    lnn_judge_fact(j, "no weight decay", r->weight_decay == 0);
    lnn_margin_balanced(r, j);
    s.worst.broken = lnn_margin_broken(r);
    if (lnn_margin_is_square(e)) return square(&s);
    return strcmp(e->objective->loss->name, "masked") == 0 ? masked(&s) : convex(&s);
}

const struct lnn_theorem lnn_theorem_flow_converges = {
    .name = "flow_converges",
    .doc =
        "Gradient flow of a convex loss, from a balanced start whose loss is below "
        "that of every singular matrix, converges to the global minimum: at a linear "
        "rate for the square loss, also on observed entries; for lp and logistic at "
        "least like 1/t.",
    .source = "Arora, Cohen, Golowich & Hu 2019 (flow version of Theorem 1; slides: "
              "convergence to the global minimum); rates by strong convexity or "
              "convexity and the smallest eigenvalue of P_W",
    .needs =
        "gradient flow, no weight decay, balanced start, deficiency margin c > 0: "
        "square loss (Lambda_xx of full rank): closed form if whitened, else "
        "certified by duality; masked: closed form; lp and logistic with k = 1 or "
        "d = 1: by convexity; lp: also through the square loss. Logistic with k, d "
        "> 1 is not decided unless a singular matrix is no worse than the start",
    .claims =
        "square and masked: l(t) - l* <= (l(0) - l*) exp(-2 alpha kappa c^(2-2/N) "
        "t) at every row, alpha = lambda_min(Lambda_xx) (masked: 1), kappa = N if "
        "k = d, else 1; lp and logistic: l(t) <= l(V) + 1 / (1/(l(0) - l(V)) + "
        "kappa c^(2-2/N) int ds / ||W(s) - V||^2) for reference matrices V near "
        "the infimum",
    .about = about,
    .judge = judge,
};
