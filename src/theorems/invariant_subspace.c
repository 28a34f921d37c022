/* Law of parsimony: from scaled orthogonal layers a whole subspace only ever shrinks.
 *
 * With W_l(0) = eps_l Q_l, O = Q_L..Q_1 and v in S = {v : Phi v = 0, Phi^T O v = 0},
 * v_l = Q_l..Q_1 v: if W_l v_{l-1} = rho_l v_l and W_l^T v_l = rho_l v_{l-1} for all l,
 * then (W - Phi) v = prod rho v_L and (W - Phi)^T v_L = prod rho v, so that
 *     dphi/dW_l v_{l-1} = rho_l prod_{k != l} rho_k^2 v_l, and transposed alike:
 * the relations persist, with rho_l' = -(lambda + prod_{k != l} rho_k^2) rho_l, or with
 * rho_l <- (1 - eta lambda - eta prod_{k != l} rho_k^2) rho_l at every iteration. */
#include "theorem_closed.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "lnn/linalg.h"

struct space {
    const struct lnn_record *r;
    size_t d, L, rank, m; /* m: dimension of S */
    double condition;     /* of [Phi; Phi^T O] on what it does not send to 0 */
    double scale, least;  /* largest and smallest eps_l */
    double defect;        /* largest ||W_l^T W_l / eps_l^2 - I||_F */
    double *eps, *rho;    /* L each */
    double *basis;        /* (L+1) x d x m: v_0..v_L, orthonormal columns */
    double *room;         /* d x d, 4 times, and L */
    double *bars;         /* weights_rows */
    bool known;           /* rho is known, not only the directions */
    size_t iteration;     /* of rho */
    double largest;       /* ||W_l||_F so far */
    const char *unknown;  /* why it is not */
    struct lnn_closed_rows rows;
};

static bool about(const struct lnn_evidence *e, const struct lnn_record *r)
{
    (void)e;
    if (r->dynamics != LNN_DYNAMICS_FLOW && r->dynamics != LNN_DYNAMICS_DESCENT)
        return false;
    for (size_t j = 1; j <= r->net.N; j++)
        if (r->net.d[j] != r->net.d[0]) return false;
    return r->net.N != 1;
}

static double *basis_at(const struct space *s, size_t l)
{
    return s->basis + l * s->d * s->m;
}

/* eps_l^2 = tr W_l^T W_l / d, and how far W_l / eps_l is from orthogonal. */
static void scales(struct space *s)
{
    size_t d = s->d;
    s->least = INFINITY;
    for (size_t l = 0; l < s->L; l++) {
        const double *W = s->r->w + l * d * d;
        double eps = lnn_norm(d * d, W) / sqrt((double)d);
        lnn_gemm(true, false, d, d, d, 1 / (eps * eps), W, W, 0, s->room);
        for (size_t i = 0; i < d; i++) s->room[i * d + i] -= 1;
        double defect = lnn_norm(d * d, s->room);
        if (!(defect <= s->defect)) s->defect = defect;
        s->eps[l] = s->rho[l] = eps;
        s->scale = fmax(s->scale, eps);
        s->least = fmin(s->least, eps);
    }
}

/* B <- W_l(0) A / eps_l = Q_l A, both d x m. */
static void turn(const struct space *s, size_t l, size_t m, const double A[],
                 double B[])
{
    lnn_gemm(false, false, s->d, m, s->d, 1 / s->eps[l], s->r->w + l * s->d * s->d, A,
             0, B);
}

/* Rank of Phi, beyond rounding. */
static int find_rank(struct space *s, const double Phi[], double rounding)
{
    struct lnn_svd *svd = lnn_svd_alloc(s->d, s->d);
    int status = svd ? lnn_svd(svd, Phi)
                     : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    if (status == GSL_SUCCESS) {
        while (s->rank < s->d && svd->s[s->rank] > rounding * svd->s[0]) s->rank++;
    }
    free(svd);
    return status;
}

/* An orthonormal basis of S: what [Phi; Phi^T O] (2d x d) sends to 0. Its dimension is
 * d - 2 rank, or more where both parts share directions. */
static int find_space(struct space *s, const double Phi[], double rounding)
{
    size_t d = s->d;
    double *A = s->room, *O = s->room + 2 * d * d, *next = O + d * d;
    struct lnn_svd *svd = lnn_svd_alloc(2 * d, d);
    memset(O, 0, d * d * sizeof *O);
    for (size_t i = 0; i < d; i++) O[i * d + i] = 1;
    for (size_t l = 0; l < s->L; l++) {
        turn(s, l, d, O, next);
        memcpy(O, next, d * d * sizeof *O);
    }
    memcpy(A, Phi, d * d * sizeof *A);
    lnn_gemm(true, false, d, d, d, 1, Phi, O, 0, A + d * d);
    int status =
        svd ? lnn_svd(svd, A) : lnn_fail(GSL_ENOMEM, "out of memory for a subspace");
    if (status == GSL_SUCCESS) {
        size_t seen = 0;
        while (seen < d && svd->s[seen] > rounding * svd->s[0]) seen++;
        s->m = d - seen;
        s->condition = seen > 0 ? svd->s[0] / svd->s[seen - 1] : 1;
        for (size_t i = 0; i < d; i++)
            for (size_t c = 0; c < s->m; c++)
                s->basis[i * s->m + c] = svd->Vt[(seen + c) * d + i];
        for (size_t l = 0; l < s->L; l++)
            turn(s, l, s->m, basis_at(s, l), basis_at(s, l + 1));
    }
    free(svd);
    return status;
}

/* One iteration of the recursion. */
static void iterate(struct space *s, double eta, double lambda)
{
    for (size_t l = 0; l < s->L; l++) {
        double others = 1;
        for (size_t k = 0; k < s->L; k++) others *= k == l ? 1 : s->rho[k] * s->rho[k];
        s->room[l] = s->rho[l] * (1 - eta * lambda - eta * others);
    }
    memcpy(s->rho, s->room, s->L * sizeof *s->rho);
}

/* Equal scales: z = rho^{-(2L-2)} obeys z' = (2L-2) (lambda z + 1). */
static double shrunk(const struct space *s, double t)
{
    double power = 2 * (double)s->L - 2, lambda = s->r->weight_decay;
    double rate = power * lambda, z = pow(s->scale, -power);
    z = lambda > 0 ? z * exp(rate * t) + expm1(rate * t) / lambda : z + power * t;
    return pow(z, -1 / power);
}

/* rho at row i, where it is known. */
static void find_rho(struct space *s, size_t i)
{
    const struct lnn_record *r = s->r;
    double t = r->w_t[i] - r->w_t[0];
    if (!s->known || i == 0) return;
    if (r->dynamics == LNN_DYNAMICS_FLOW) {
        for (size_t l = 0; l < s->L; l++) s->rho[l] = shrunk(s, t);
        return;
    }
    size_t last = lnn_flow_iterations(r, r->w_t[0], r->w_t[i]);
    for (; s->iteration < last; s->iteration++)
        iterate(s, r->learning_rate, r->weight_decay);
}

/* Is rho known for this record, at every row? */
static void decide(struct space *s)
{
    const double most = 3e8;
    const struct lnn_record *r = s->r;
    size_t last = r->weights_rows - 1;
    s->unknown = NULL;
    if (r->dynamics == LNN_DYNAMICS_FLOW) {
        double even = lnn_closed_rounding(r) * s->scale;
        if (s->scale - s->least > even) s->unknown = "the scales differ";
    } else if ((r->w_t[last] - r->w_t[0]) / r->learning_rate * (double)(s->L * s->L) >
               most) {
        s->unknown = "too many iterations";
    }
    for (size_t i = 1; r->dynamics == LNN_DYNAMICS_DESCENT && i <= last; i++)
        if (lnn_flow_iterations(r, r->w_t[0], r->w_t[i]) == 0)
            s->unknown = "a row between two iterations";
    s->known = !s->unknown;
}

/* ||op(W) A - rho B||; a rho of NaN is replaced by the best one. */
static double gap(const struct space *s, const double W[], bool transposed,
                  const double A[], const double B[], double *rho)
{
    size_t n = s->d * s->m;
    lnn_gemm(transposed, false, s->d, s->m, s->d, 1, W, A, 0, s->room);
    if (isnan(*rho)) *rho = lnn_dot(n, B, s->room) / (double)s->m;
    lnn_axpy(n, -*rho, B, s->room);
    return lnn_norm(n, s->room);
}

/* The bar beside that of the layers: rounding in the start is taken to grow no faster
 * than the layers have, from the smallest; and the subspace is known up to rounding
 * times its condition, where the whole layer acts. */
static double rounding(struct space *s, const double w[])
{
    size_t n = s->d * s->d;
    for (size_t l = 0; l < s->L; l++)
        s->largest = fmax(s->largest, lnn_norm(n, w + l * n));
    double relative =
        4 * DBL_EPSILON * (double)(s->L + s->d) * s->condition + s->defect;
    return relative * s->largest * s->scale / s->least;
}

/* The layers at row i on the subspace, and back. */
static void row(struct space *s, size_t i)
{
    const struct lnn_record *r = s->r;
    const double *w = r->w + i * r->net.size;
    find_rho(s, i);
    double bar = lnn_closed_smooth(r->weights_rows, s->bars, i) + rounding(s, w);
    double root = sqrt((double)s->m);
    for (size_t l = 0; l < s->L; l++) {
        const double *A = basis_at(s, l), *B = basis_at(s, l + 1);
        const double *W = w + l * s->d * s->d;
        double rho = s->known ? s->rho[l] : NAN;
        double there = gap(s, W, false, A, B, &rho), back = gap(s, W, true, B, A, &rho);
        double moved = s->known ? fabs(rho - s->eps[l]) : i > 0 ? fabs(rho) : 0;
        lnn_closed_add(&s->rows, hypot(there, back), 2 * bar, moved * root, r->w_t[i],
                       i, l);
        if (i + 1 == r->weights_rows) s->rho[l] = rho;
    }
}

static int conclude(const struct space *s, bool stated, struct lnn_judgement *j)
{
    const struct lnn_record *r = s->r;
    const struct lnn_flow_worst *w = &s->rows.worst;
    lnn_judge_figure(j, "dimension of the subspace", (double)s->m);
    lnn_judge_figure(j, "rho_1 at the end", s->rho[0]);
    lnn_judge_figure(j, "rho_L at the end", s->rho[s->L - 1]);
    if (s->known && r->dynamics == LNN_DYNAMICS_DESCENT)
        lnn_judge_figure(j, "iterations", (double)s->iteration);
    if (s->unknown)
        lnn_judge_explain(j,
                          "rho(t) is not known here (%s): only the directions are "
                          "judged, with the best rho",
                          s->unknown);
    else if (r->dynamics == LNN_DYNAMICS_DESCENT)
        lnn_judge_explain(
            j,
            "rho_l <- rho_l (1 - eta lambda - eta prod_{k != l} rho_k^2), "
            "eta = %g, lambda = %g",
            r->learning_rate, r->weight_decay);
    else
        lnn_judge_explain(j,
                          "rho(t)^-%zu = eps^-%zu + %zu t (lambda = 0; here lambda = "
                          "%g), eps = %.6g",
                          2 * s->L - 2, 2 * s->L - 2, 2 * s->L - 2, r->weight_decay,
                          s->scale);
    lnn_judge_explain(
        j,
        "||W_l v_{l-1} - rho_l v_l|| and back, %zu dimensions: %.3g for l "
        "= %zu at t = %g; error bar %.3g",
        s->m, w->measured, w->layer + 1, w->t, w->bar);
    lnn_flow_explain_bars(j, r, s->bars[r->weights_rows - 1], stated);
    return lnn_closed_conclude(
        &s->rows, "the gap of a layer to rho_l Q_l on the invariant subspace", j);
}

static int judge_space(struct space *s, const struct lnn_evidence *e,
                       struct lnn_judgement *j)
{
    const struct lnn_record *r = s->r;
    const double *Phi = e->data->Phi;
    double level = lnn_closed_rounding(r);
    bool stated;
    scales(s);
    lnn_judge_hypothesis(j,
                         "every layer of the start is a multiple of an orthogonal one",
                         s->defect, level, 0);
    LNN_TRY(find_rank(s, Phi, level));
    lnn_judge_fact(j, "d - 2 rank(Phi) > 0", s->d > 2 * s->rank);
    lnn_judge_figure(j, "rank of the target", (double)s->rank);
    lnn_judge_figure(j, "d - 2 rank", (double)s->d - 2 * (double)s->rank);
    lnn_judge_figure(j, "largest scale eps_l", s->scale);
    lnn_judge_figure(j, "smallest scale eps_l", s->least);
    if (!(s->defect <= level) || s->d <= 2 * s->rank) {
        lnn_judge_conclude(j, "the gap", NAN, 0, NAN);
        return GSL_SUCCESS;
    }
    LNN_TRY(find_space(s, Phi, level));
    decide(s);
    LNN_TRY(
        lnn_flow_bars(e, r, &r->net, r->weights_rows, r->w_t, r->w, s->bars, &stated));
    for (size_t i = 0; i < r->weights_rows; i++) row(s, i);
    return conclude(s, stated, j);
}

static int judge(const struct lnn_evidence *e, const struct lnn_record *r,
                 struct lnn_judgement *j)
{
    if (!lnn_closed_ready(e, r, j) || !lnn_flow_ready(r, 2, j)) return GSL_SUCCESS;
    if (!lnn_margin_start(r))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the layers at the start are not in the file");
    bool whitened = lnn_margin_is_square(e) && e->data->whitened;
    if (!lnn_judge_fact(j, "the square loss of whitened data", whitened))
        return lnn_judge_stop(j, LNN_NOT_MET,
                              "hypothesis does not hold: the square loss of whitened "
                              "data");
    if (r->dynamics == LNN_DYNAMICS_DESCENT && !(r->learning_rate > 0))
        return lnn_judge_stop(j, LNN_INCONCLUSIVE,
                              "the file does not say the learning rate");
    size_t d = r->d, L = r->net.N;
    struct space s = {.r = r, .d = d, .L = L, .condition = 1};
    s.eps = malloc((3 * L + (L + 5) * d * d + r->weights_rows) * sizeof *s.eps);
    if (!s.eps) return lnn_fail(GSL_ENOMEM, "out of memory for a subspace");
    s.rho = s.eps + L;
    s.bars = s.rho + L;
    s.basis = s.bars + r->weights_rows;
    s.room = s.basis + (L + 1) * d * d;
    int status = judge_space(&s, e, j);
    free(s.eps);
    return status;
}

const struct lnn_theorem lnn_theorem_invariant_subspace = {
    .name = "invariant_subspace",
    .doc = "Law of parsimony: from scaled orthogonal square layers and a target of low "
           "rank, learning happens in a subspace twice the target's rank wide; on the "
           "rest every layer only shrinks, by a known factor, and turns nothing.",
    .source = "Yaras, Wang, Hu, Zhu, Balzano & Qu 2023, the law of parsimony; the "
              "subspace in explicit form derived",
    .needs = "square layers d x d under descent or flow, the square loss of whitened "
             "data, W_l(0) = eps_l Q_l with Q_l orthogonal, d > 2 rank(Phi); weight "
             "decay is allowed",
    .claims = "for v with Phi v = 0 and Phi^T Q_L..Q_1 v = 0: W_l(t) Q_{l-1}..Q_1 v = "
              "rho_l(t) Q_l..Q_1 v, descent: rho_l <- rho_l (1 - eta lambda - eta "
              "prod_{k != l} rho_k^2); flow, equal scales: rho^{-(2L-2)} grows by "
              "2L-2 a unit of time",
    .about = about,
    .judge = judge,
};
