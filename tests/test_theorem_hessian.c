/* Hessians at stored weights: dense, their bounds nearby and their rounding. */
#include "naive_hessian.h"
#include "test_convergence.h"
#include "theorem_hessian.h"

TestSuite(theorem_hessian, .init = lnn_test_setup, .timeout = 120);

/* Objective of a problem, layers in (-scale, scale). */
struct point {
    struct naive_case c;
    double *w;
    struct lnn_hessian *s;
};

static struct point point_of(struct naive_case c, double scale, double decay)
{
    struct point p = {.c = c, .w = naive_random(c.net.size, 11)};
    for (size_t i = 0; i < c.net.size; i++) p.w[i] *= scale;
    LNN_OK(lnn_hessian_open(&c.net, c.model->objective, decay, &p.s));
    LNN_OK(lnn_hessian_at(p.s, p.w));
    return p;
}

static void leave(struct point *p)
{
    lnn_hessian_close(p->s);
    free(p->w);
    naive_close(&p->c);
}

static struct point square_point(size_t net)
{
    const struct naive_widths *widths = &naive_widths[net];
    double *Phi = naive_random(widths->d[0] * widths->d[widths->n - 1], 5);
    struct point p = point_of(naive_target(widths, Phi, ""), 1.2, 0);
    free(Phi);
    return p;
}

static double matrix_gap(struct point *p)
{
    size_t n = p->s->n;
    double *H = naive_new(n * n), *v = naive_new(n), *Hv = naive_new(n), sum = 0;
    naive_hessian(&p->c.net, p->w, p->c.data->Phi, H);
    for (size_t i = 0; i < n; i++) {
        v[i] = 1;
        lnn_hessian_apply(p->s, v, Hv);
        v[i] = 0;
        for (size_t a = 0; a < n; a++)
            sum += (Hv[a] - H[i * n + a]) * (Hv[a] - H[i * n + a]);
    }
    free(H);
    free(v);
    free(Hv);
    return sqrt(sum);
}

Test(theorem_hessian, dense_is_the_formula_and_within_its_rounding)
{
    for (size_t net = 0; net < NAIVE_NETS; net++) {
        struct point p = square_point(net);
        size_t n = p.s->n;
        double *values = naive_new(n), worst = 0;
        LNN_OK(lnn_hessian_spectrum(p.s));
        naive_spectrum(&p.c.net, p.w, p.c.data->Phi, values);
        double largest = fmax(fabs(values[0]), fabs(values[n - 1]));
        double rounding = lnn_hessian_rounding(p.s, largest);
        for (size_t i = 0; i < n; i++)
            worst = fmax(worst, fabs(values[i] - p.s->values[i]));
        cr_assert(worst <= rounding, "net %zu: %g, rounding %g", net, worst, rounding);
        cr_assert(matrix_gap(&p) <= rounding, "net %zu", net);
        cr_assert(rounding <= 1e-8 * (1 + largest), "net %zu: %g", net, rounding);
        free(values);
        leave(&p);
    }
}

static const char *const losses[] = {
    "data: {kind: teacher, samples: 30, condition: 9, noise: 0.3, seed: 3}\n",
    "data: {kind: teacher, samples: 30, noise: 0.3, seed: 3}\n"
    "loss: {kind: lp, p: 4}\n",
    "data: {kind: teacher, samples: 30, noise: 0.3, seed: 3}\n"
    "loss: {kind: lp, p: 2.5}\n",
    "data: {kind: target, matrix: [[1, -1, 1], [-1, -1, 1]]}\n"
    "loss: {kind: logistic}\n",
    "data: {kind: target, matrix: [[1, 2, 0], [3, 0, 1]], mask: [[1, 0, 1], [0, 1, "
    "1]]}\nloss: {kind: masked}\n"};
enum { LOSSES = sizeof losses / sizeof losses[0] };

static struct point loss_point(size_t i)
{
    char yaml[600];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [3, 4, 2]}\n%sinit: {kind: zero}\ntime: {end: 1}\n",
             losses[i]);
    return point_of(naive_open(yaml), 1, 0.25);
}

/* Every loss: central differences of the gradient, weight decay included. */
Test(theorem_hessian, every_loss_by_differences_of_its_gradient)
{
    for (size_t i = 0; i < LOSSES; i++) {
        struct point p = loss_point(i);
        size_t n = p.s->n;
        double *v = naive_random(n, 3), *Hv = naive_new(n), *ahead = naive_new(n),
               *moved = naive_new(n);
        const double h = 1e-5;
        lnn_hessian_apply(p.s, v, Hv);
        for (size_t a = 0; a < n; a++) moved[a] = p.w[a] + h * v[a];
        LNN_OK(lnn_hessian_at(p.s, moved));
        memcpy(ahead, p.s->grad, n * sizeof *ahead);
        for (size_t a = 0; a < n; a++) moved[a] = p.w[a] - h * v[a];
        LNN_OK(lnn_hessian_at(p.s, moved));
        for (size_t a = 0; a < n; a++)
            LNN_CLOSE((ahead[a] - p.s->grad[a]) / (2 * h), Hv[a],
                      1e-7 * (1 + naive_norm(n, Hv)));
        free(v);
        free(Hv);
        free(ahead);
        free(moved);
        leave(&p);
    }
}

/* Between the largest eigenvalue of D^2 l and twice that. */
Test(theorem_hessian, curvature_of_the_loss)
{
    for (size_t i = 0; i < LOSSES; i++) {
        struct point p = loss_point(i);
        size_t kd = p.s->kd;
        double H[36], values[6], D[6] = {0}, HD[6];
        for (size_t a = 0; a < kd; a++) {
            D[a] = 1;
            p.s->objective->loss->hessian(p.s->objective, p.s->W, D, HD);
            D[a] = 0;
            for (size_t b = 0; b < kd; b++) H[a * kd + b] = HD[b];
        }
        naive_eigenvalues(kd, H, values);
        double c = lnn_hessian_curvature(p.s), top = values[kd - 1];
        cr_assert(c >= top * (1 - 1e-12) && c <= 2 * top * (1 + 1e-12), "%zu: %g %g", i,
                  c, top);
        leave(&p);
    }
}

/* Nearby, eigenvalues move no faster than the third derivative allows; the bound of the
 * second derivative is one, and neither is wasteful beyond reason. */
Test(theorem_hessian, bounds_nearby)
{
    double closest = 0;
    for (size_t net = 0; net < NAIVE_NETS; net++) {
        struct point p = square_point(net);
        size_t n = p.s->n, N = p.c.net.N;
        double eps = 0.05, G = lnn_norm(p.s->kd, p.s->G), *was = naive_new(n),
               *moved = naive_new(n);
        struct lnn_hessian_bounds b = lnn_hessian_within(N, p.s->norms, G, 1, eps);
        LNN_OK(lnn_hessian_spectrum(p.s));
        memcpy(was, p.s->values, n * sizeof *was);
        for (unsigned long seed = 0; seed < 4; seed++) {
            double *D = naive_random(n, 40 + seed), length = naive_norm(n, D);
            for (size_t i = 0; i < n; i++) moved[i] = p.w[i] + eps * D[i] / length;
            LNN_OK(lnn_hessian_at(p.s, moved));
            LNN_OK(lnn_hessian_spectrum(p.s));
            for (size_t i = 0; i < n; i++) {
                double change = fabs(p.s->values[i] - was[i]);
                cr_assert(change <= b.third * eps + 1e-12, "net %zu", net);
                if (b.third > 0) closest = fmax(closest, change / (b.third * eps));
                cr_assert(fabs(p.s->values[i]) <= b.second, "net %zu", net);
            }
            cr_assert(lnn_norm(p.s->kd, p.s->G) <= b.G, "net %zu", net);
            free(D);
        }
        free(was);
        free(moved);
        leave(&p);
    }
    cr_assert(closest > 0.1, "%g", closest);
}

Test(theorem_hessian, rows_are_spread_and_no_fewer_than_three)
{
    struct point p = square_point(13);
    cr_assert_eq(lnn_hessian_rows(p.s, 1), 1);
    cr_assert_eq(lnn_hessian_rows(p.s, 100), 100);
    size_t most = lnn_hessian_rows(p.s, 10000000);
    cr_assert(most >= 3 && most < 100000, "%zu", most);
    cr_assert_eq(lnn_hessian_row(0, most, 10000000), 0);
    cr_assert_eq(lnn_hessian_row(most - 1, most, 10000000), 9999999);
    cr_assert_eq(lnn_hessian_row(1, 3, 11), 5);
    cr_assert_eq(lnn_hessian_row(0, 1, 11), 0);
    leave(&p);
}
