/* ICML 2018, Theorem 2: with one output and more than two layers the field of the
 * end-to-end dynamics is not the gradient of any function. A statement about the loss
 * and the depth: the rows are asked for nothing but to be whole.
 *
 * The curve Gamma_{r,R} and the constant gradient's closed form are in theorem_loop.h;
 * dl/dW(W) = g + O(||W||), so that the loop integral tends to that form as R -> 0.
 *
 * Two layers (derived): the curl of F is d_j F_i - d_i F_j = ((H W)_j W_i - (H W)_i
 * W_j) / ||W||, H the Hessian of l. It vanishes everywhere exactly when H(W) W is
 * parallel to W for all W: then so is dl/dW - g, and l(W) = <g, W> + s(||W||), as for
 * linear losses and the square loss with Lambda_xx = a I, where F is the gradient of
 * ||W|| <g, W> + (2/3) a ||W||^3. Any other loss has a curl, even where this one curve
 * does not see it.
 *
 * An even part of l (the same at W and -W: square losses but for <g, W>, the logistic
 * loss, too) adds nothing for any N: its curl is even, so that the half ring gives half
 * of the whole ring, whose circles give ||W||^{2-2/N} times the change of l once round.
 * There the closed form is exact at every R. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"
#include "theorem_flow.h"
#include "theorem_loop.h"

struct field {
    const struct lnn_objective *o;
    struct lnn_loop loop;
    double *e, *f, *g, *V, *H; /* d each; V, H: scratch */
    double norm;               /* ||g|| */
    double trace; /* of the Hessian at 0: not below its largest eigenvalue */
    double scale; /* what the sum that gives g is made of */
    double noise; /* rounding of dl/dW near 0 */
};

struct ring { /* the loop integral of the file's loss */
    double R, value, bar, constant;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    bool flow = r->dynamics == LNN_DYNAMICS_FLOW ||
                r->dynamics == LNN_DYNAMICS_END_TO_END ||
                r->dynamics == LNN_DYNAMICS_END_TO_END_DESCENT;
    return flow && r->net.N > 0 && r->k == 1;
}

static void of_loss(void *context, const double W[], double G[])
{
    lnn_objective_gradient(((struct field *)context)->o, W, G);
}

static void of_constant(void *context, const double W[], double G[])
{
    const struct field *s = context;
    (void)W;
    memcpy(G, s->g, s->loop.d * sizeof *G);
}

/* g, trace and the rounding of dl/dW. Examples give dl/dW = sum_i h_i' x_i, l = sum_i
 * h_i. Where h is at most quadratic about its least value h'^2 <= 2 h h'' (exact for
 * squares; for |r|^p, p >= 2, and the logistic loss up to 1.5), and Cauchy's inequality
 * makes sum |h_i'| |x_i| <= sqrt(2 l trace) of it: rounding is m + d units of that. */
static void at_zero(struct field *s)
{
    size_t d = s->loop.d;
    double *zero = s->e, *D = s->V, *HD = s->H;
    memset(zero, 0, d * sizeof *zero);
    lnn_objective_gradient(s->o, zero, s->g);
    s->norm = lnn_norm(d, s->g);
    for (size_t i = 0; i < d; i++) {
        memset(D, 0, d * sizeof *D);
        D[i] = 1;
        s->o->loss->hessian(s->o, zero, D, HD);
        s->trace += HD[i];
    }
    double l = lnn_objective_value(s->o, zero);
    s->scale = sqrt(2 * fmax(l, 0) * s->trace) + s->norm;
    s->noise = 4 * DBL_EPSILON * (double)(s->o->data->m + d) * s->scale;
    for (size_t i = 0; i < d && s->norm > 0; i++) s->e[i] = s->g[i] / s->norm;
    if (s->norm > 0) lnn_loop_orthogonal(d, s->e, s->f);
}

/* On the curve ||F|| <= N ||W||^{2-2/N} ||G||: what the noise of G can add up to. */
static double noise(const struct lnn_loop *loop, double of_G)
{
    double N = (double)loop->N, r = loop->r, R = loop->R;
    return N * pow(R, 2 - 2 / N) * (2 * (R - r) + 3.2 * (R + r)) * of_G;
}

static int integrate(struct field *s, double R, struct ring *out)
{
    s->loop.r = R / 10;
    s->loop.R = R;
    *out = (struct ring){.R = R};
    LNN_TRY(lnn_loop_integral(&s->loop, &out->value, &out->bar));
    out->bar += noise(&s->loop, s->noise);
    out->constant = lnn_loop_constant(s->loop.N, s->norm, R / 10, R);
    return GSL_SUCCESS;
}

static double off(const struct ring *ring)
{
    return fabs(ring->value / ring->constant - 1);
}

/* The largest R = R_0 / 2^n at which the loss's own part is at most a tenth; the next R
 * for comparison. R_0 = ||g|| / trace keeps ||H W|| below ||g||. */
static int choose(struct field *s, struct ring *at, struct ring *half)
{
    enum { HALVINGS = 60 };
    double R = s->trace > 0 ? s->norm / s->trace : 1;
    LNN_TRY(integrate(s, R, at));
    LNN_TRY(integrate(s, R / 2, half));
    for (int n = 0; n < HALVINGS && s->loop.N > 2 && !(off(at) <= 0.1); n++) {
        *at = *half;
        R /= 2;
        LNN_TRY(integrate(s, R / 2, half));
    }
    return GSL_SUCCESS;
}

/* The quadrature against the closed form. */
static int check(struct field *s, double R, struct lnn_judgement *j, bool *good)
{
    double value, bar, constant = lnn_loop_constant(s->loop.N, s->norm, R / 10, R);
    struct lnn_loop loop = s->loop;
    loop.gradient = of_constant;
    loop.r = R / 10;
    loop.R = R;
    LNN_TRY(lnn_loop_integral(&loop, &value, &bar));
    bar += 4 * DBL_EPSILON * fabs(constant);
    lnn_judge_figure(j, "constant gradient: loop integral", value);
    lnn_judge_figure(j, "constant gradient: closed form", constant);
    lnn_judge_figure(j, "constant gradient: error bar", bar);
    *good = fabs(value - constant) <= bar;
    if (!*good)
        lnn_judge_stop(j, LNN_INCONCLUSIVE,
                       "the quadrature gives %.10g for a constant gradient, not %.10g "
                       "within %.2g",
                       value, constant, bar);
    return GSL_SUCCESS;
}

/* The part of H(W) W across W, relative, at R (e + f) / sqrt 2: two layers' curl. */
static double across(struct field *s, double R)
{
    size_t d = s->loop.d;
    double *W = s->V, *HW = s->H, length;
    for (size_t i = 0; i < d; i++) W[i] = (s->e[i] + s->f[i]) * sqrt(0.5) * R;
    s->o->loss->hessian(s->o, W, W, HW);
    length = lnn_norm(d, HW);
    lnn_axpy(d, -lnn_dot(d, HW, W) / lnn_dot(d, W, W), W, HW);
    return length > 0 ? lnn_norm(d, HW) / length : 0;
}

/* Is l linear plus a function of the norm: a square loss with Lambda_xx = a I? */
static bool is_radial(const struct lnn_objective *o)
{
    const struct lnn_data *data = o->data;
    size_t d = data->d;
    if (strcmp(o->loss->name, "square") != 0) return false;
    for (size_t i = 0; i < d * d; i++) {
        double want = i % (d + 1) == 0 ? data->Lxx[0] : 0;
        if (fabs(data->Lxx[i] - want) >
            DBL_EPSILON * (double)(data->m + d) * fabs(data->Lxx[0]))
            return false;
    }
    return true;
}

static void describe(struct field *s, const struct ring *at, const struct ring *half,
                     struct lnn_judgement *j)
{
    double N = (double)s->loop.N;
    lnn_judge_figure(j, "norm of dl/dW at W = 0", s->norm);
    lnn_judge_figure(j, "outer radius R", at->R);
    lnn_judge_figure(j, "inner radius r", at->R / 10);
    lnn_judge_figure(j, "loop integral", at->value);
    lnn_judge_figure(j, "error bar of the loop integral", at->bar);
    lnn_judge_explain(j,
                      "F(W) = ||W||^(2-2/N) (dl/dW + (N-1) Pr_W dl/dW), N = %g, along "
                      "-R e -> -r e, half circle, r e -> R e, half circle; R = %.6g, r "
                      "= R/10, e along dl/dW(0)",
                      N, at->R);
    lnn_judge_explain(j,
                      "constant gradient: ||g|| 2 (N-1)(N-2)/(3N-2) (R^(3-2/N) - "
                      "r^(3-2/N)) = %.6g * %.6g * %.6g = %.10g",
                      s->norm, 2 * (N - 1) * (N - 2) / (3 * N - 2),
                      pow(at->R, 3 - 2 / N) - pow(at->R / 10, 3 - 2 / N), at->constant);
    lnn_judge_explain(j, "this loss: %.10g, error bar %.2g", at->value, at->bar);
    if (s->loop.N < 3) return;
    lnn_judge_figure(j, "ratio to the constant gradient's", at->value / at->constant);
    lnn_judge_figure(j, "the ratio at R/2", half->value / half->constant);
    lnn_judge_explain(j, "ratio to the constant gradient's: %.8g at R, %.8g at R/2",
                      at->value / at->constant, half->value / half->constant);
}

/* One or two layers: 0 where F is a gradient. */
static int conclude_zero(struct field *s, const struct ring *at,
                         struct lnn_judgement *j)
{
    double size = s->norm * pow(at->R, 3 - 2 / (double)s->loop.N);
    bool radial = s->loop.N == 1 || is_radial(s->o);
    if (s->loop.N == 2)
        lnn_judge_figure(j, "part of H W across W (the curl)", across(s, at->R));
    if (!lnn_judge_fact(j, "N > 2; or F is known to be a gradient", radial))
        return lnn_judge_stop(
            j, LNN_NOT_MET,
            "the theorem is about N > 2; with two layers F is a gradient exactly when "
            "the loss is linear plus a function of ||W||, which is not known of this "
            "one");
    if (!(at->bar < size))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the error bar %.3g of the loop integral is as wide as "
                              "the field, %.3g",
                              at->bar, size);
    lnn_judge_explain(j, s->loop.N == 1
                             ? "one layer: F = dl/dW is a gradient"
                             : "two layers, l = <g, W> + a/2 ||W||^2 + const: F is the "
                               "gradient of ||W|| <g, W> + (2/3) a ||W||^3");
    lnn_judge_conclude(j, "the loop integral", fabs(at->value), 0, at->bar);
    return GSL_SUCCESS;
}

static int conclude(struct field *s, struct lnn_judgement *j)
{
    struct ring at, half;
    bool good = false;
    LNN_TRY(choose(s, &at, &half));
    describe(s, &at, &half, j);
    LNN_TRY(check(s, at.R, j, &good));
    if (!good) return GSL_SUCCESS;
    if (s->loop.N <= 2) return conclude_zero(s, &at, j);
    if (!(fabs(at.value) > at.bar) || !(off(&at) < 1))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the loop integral %.3g, error bar %.3g, is not told "
                              "from 0 or far from the constant gradient's %.3g",
                              at.value, at.bar, at.constant);
    lnn_judge_conclude(j,
                       "the loop integral's distance from the constant gradient's over "
                       "the latter (1 is where it could be 0)",
                       off(&at), 1, at.bar / at.constant);
    return GSL_SUCCESS;
}

static bool ready(const struct lnn_evidence *e, const struct lnn_record *r,
                  struct lnn_judgement *j)
{
    const char *reason = NULL;
    if (!r->W && !r->w)
        reason = "neither W nor the layers are in the file";
    else if (r->rows < 1)
        reason = "the trajectory has no rows";
    else if ((r->W && !lnn_finite(r->rows * r->k * r->d, r->W)) ||
             (r->w && !lnn_finite(r->weights_rows * r->net.size, r->w)))
        reason = "the rows hold numbers that are not finite";
    else if (!e->objective || !e->data)
        reason = "the file does not say the loss: neither data nor target";
    if (reason) lnn_judge_stop(j, LNN_INCONCLUSIVE, "%s", reason);
    return !reason;
}

static int judge_field(struct field *s, struct lnn_judgement *j)
{
    at_zero(s);
    if (!(s->norm >= 0) || !isfinite(s->noise))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE, "dl/dW at W = 0 is not finite");
    bool some = s->norm > 0
                    ? lnn_judge_hypothesis(
                          j, "dl/dW does not vanish at W = 0 (measured: -||g||)",
                          -s->norm, 0, s->noise)
                    : lnn_judge_fact(j, "dl/dW does not vanish at W = 0", false);
    if (some) return conclude(s, j);
    lnn_judge_conclude(j, "loop integral", NAN, NAN, NAN); /* the hypothesis decides */
    return GSL_SUCCESS;
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!ready(e, r, j)) return GSL_SUCCESS;
    if (!lnn_judge_fact(j, "a plane: d >= 2", r->d >= 2))
        return lnn_judge_stop(j, LNN_NOT_MET,
                              "one input: on a line every field is a gradient");
    double *room = malloc(5 * r->d * sizeof *room);
    if (!room) return lnn_fail(GSL_ENOMEM, "out of memory for the curve");
    struct field s = {.o = e->objective,
                      .e = room,
                      .f = room + r->d,
                      .g = room + 2 * r->d,
                      .V = room + 3 * r->d,
                      .H = room + 4 * r->d};
    s.loop = (struct lnn_loop){.N = r->net.N,
                               .d = r->d,
                               .e = s.e,
                               .f = s.f,
                               .gradient = of_loss,
                               .context = &s,
                               .kinks = !lnn_flow_smooth(e->objective)};
    int status = judge_field(&s, j);
    free(room);
    return status;
}

const struct lnn_theorem lnn_theorem_not_gradient_field = {
    .name = "not_gradient_field",
    .doc = "With one output and more than two layers the end-to-end dynamics follows "
           "no gradient: F(W) = ||W||^{2-2/N} (dl/dW + (N-1) Pr_W dl/dW) has a closed "
           "curve about W = 0 along which its integral does not vanish. With one layer "
           "it is a gradient, with two exactly when the loss is linear plus a function "
           "of ||W||, as the square loss of whitened data is. (Several outputs: not a "
           "gradient with two layers already.)",
    .source = "Arora, Cohen & Hazan 2018 (ICML), Theorem 2 and its proof's curve; the "
              "closed form and the case of two layers are derived",
    .needs = "one output, at least two inputs, the loss known, dl/dW not 0 at W = 0; N "
             "> 2 (or N = 1, or N = 2 and Lambda_xx a multiple of I: then it must be "
             "0). A statement about loss and depth, whatever the trajectory does",
    .claims = "N > 2: the loop integral over Gamma_{r,R} is not 0 and tends to ||g|| 2 "
              "(N-1)(N-2)/(3N-2) (R^{3-2/N} - r^{3-2/N}) as R -> 0",
    .about = about,
    .judge = judge,
};
