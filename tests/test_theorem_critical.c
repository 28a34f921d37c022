/* Balanced critical points: the closed form of their spectra against plain loops. */
#include "naive_hessian.h"
#include "test_convergence.h"
#include "lnn/rng.h"
#include "theorem_critical.h"

TestSuite(theorem_critical, .init = lnn_test_setup, .timeout = 120);

/* Phi = U diag(s) V^T with random U, V; W the same with the kept modes of `subset`. */
struct saddle {
    struct lnn_network net;
    size_t q;
    double s[4], Phi[36], W[36], *w;
    struct naive_case c;
    struct lnn_hessian *h;
    struct lnn_critical *near;
};

static void orthogonal(size_t n, unsigned long seed, double Q[])
{
    gsl_rng *rng = lnn_rng_open(seed, "test.critical");
    lnn_rng_orthonormal(rng, n, n, Q);
    gsl_rng_free(rng);
}

static void compose(struct saddle *x, const double U[], const double V[],
                    unsigned subset, double A[])
{
    size_t k = x->net.d[x->net.N], d = x->net.d[0];
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < d; b++) {
            A[a * d + b] = 0;
            for (size_t i = 0; i < x->q; i++)
                if (subset >> i & 1)
                    A[a * d + b] += U[a * k + i] * x->s[i] * V[b * d + i];
        }
}

static struct saddle saddle_of(const struct naive_widths *widths, const double s[],
                               unsigned subset)
{
    struct saddle x = {.net = lnn_network_of(widths->n, widths->d)};
    size_t k = x.net.d[x.net.N], d = x.net.d[0];
    double U[36], V[36];
    x.q = k < d ? k : d;
    memcpy(x.s, s, x.q * sizeof *s);
    orthogonal(k, 1, U);
    orthogonal(d, 2, V);
    compose(&x, U, V, (1u << x.q) - 1, x.Phi);
    compose(&x, U, V, subset, x.W);
    x.w = naive_new(x.net.size);
    LNN_OK(lnn_balanced_start(&x.net, x.W, x.w));
    LNN_OK(lnn_rotated_start(&x.net, 3, x.w));
    x.c = naive_target(widths, x.Phi, "");
    LNN_OK(lnn_hessian_open(&x.net, x.c.model->objective, 0, &x.h));
    LNN_OK(lnn_critical_open(&x.net, x.c.data->Phi, &x.near));
    LNN_OK(lnn_hessian_at(x.h, x.w));
    LNN_OK(lnn_critical_near(x.near, x.h));
    return x;
}

static void leave(struct saddle *x)
{
    lnn_critical_close(x->near);
    lnn_hessian_close(x->h);
    naive_close(&x->c);
    free(x->w);
}

static const struct naive_widths nets[] = {
    {3, {2, 2, 2}},    {3, {3, 4, 2}},       {3, {2, 3, 4}},
    {3, {3, 2, 3}},    {4, {2, 2, 2, 2}},    {4, {3, 4, 3, 2}},
    {4, {2, 3, 3, 3}}, {5, {3, 3, 2, 3, 3}}, {6, {2, 3, 2, 4, 2, 2}},
    {3, {1, 1, 1}},    {4, {1, 2, 1, 1}},    {4, {4, 3, 3, 1}},
    {2, {3, 2}}};
enum { NETS = sizeof nets / sizeof nets[0] };
/* Distinct; equal ones; of rank 2 and 1; the golden ratio's trap stays clear. */
static const double spectra[][3] = {
    {2, 1, 0.5}, {1.5, 1.5, 0.7}, {2, 0.8, 0}, {1.2, 0, 0}, {1, 1, 1}};
enum { SPECTRA = sizeof spectra / sizeof spectra[0] };

static size_t kept(unsigned subset, const double s[], size_t q)
{
    size_t rank = 0;
    for (size_t i = 0; i < q; i++) rank += (subset >> i & 1) && s[i] > 0;
    return rank;
}

/* The least missing sum over subsets of the allowed size, by trying all. */
static double least_loss(const struct saddle *x, double above, double *next)
{
    double least = INFINITY;
    *next = INFINITY;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned set = 0; set < 1u << x->q; set++) {
            double sum = 0;
            if (kept(set, x->s, x->q) > x->near->least) continue;
            for (size_t i = 0; i < x->q; i++)
                if (!(set >> i & 1)) sum += 0.5 * x->s[i] * x->s[i];
            if (pass == 0) least = fmin(least, sum);
            if (pass == 1 && sum > least + above) *next = fmin(*next, sum - least);
        }
    return least;
}

static void compare(const struct naive_widths *widths, const double s[],
                    unsigned subset)
{
    struct saddle x = saddle_of(widths, s, subset);
    size_t n = x.net.size;
    double *values = naive_new(n), bar, next;
    naive_spectrum(&x.net, x.w, x.Phi, values);
    for (size_t i = 0; i < n; i++) LNN_CLOSE(x.near->values[i], values[i], 1e-9);
    LNN_OK(lnn_hessian_spectrum(x.h));
    double weyl = lnn_critical_weyl(x.near, x.h);
    cr_assert(lnn_critical_gap(x.near, x.h) <= weyl && weyl < 1e-10, "%g", weyl);
    cr_assert_eq(x.near->rank, kept(subset, s, x.q));
    cr_assert(x.near->distance < 1e-13 && x.near->misfit < 1e-13, "%g %g",
              x.near->distance, x.near->misfit);
    double slack = lnn_critical_slack(x.near, x.h, 1e-15);
    cr_assert(naive_norm(n, x.h->grad) <= slack && slack < 1e-11, "%g", slack);
    LNN_CLOSE(x.near->infimum, least_loss(&x, 1e-9, &next), 1e-13);
    if (isfinite(next)) LNN_CLOSE(x.near->step, next, 1e-13);
    double G = naive_norm(x.h->kd, x.h->G),
           excess = lnn_critical_excess(x.near, x.h, 1e-15, &bar);
    LNN_CLOSE(excess, 0.5 * G * G - x.near->infimum, 1e-14);
    cr_assert(excess <= bar || excess >= x.near->step - bar, "%g %g", excess, bar);
    double off = lnn_critical_subset(x.near, x.h, slack, &bar);
    bool apart = x.near->apart > 1e-9;
    cr_assert_eq(isnan(bar), !apart);
    if (apart) cr_assert(off <= bar && bar < 1e-9, "%g %g", off, bar);
    free(values);
    leave(&x);
}

Test(theorem_critical, every_shape_spectrum_and_subset)
{
    size_t saddles = 0;
    for (size_t i = 0; i < NETS; i++)
        for (size_t t = 0; t < SPECTRA; t++) {
            size_t k = nets[i].d[nets[i].n - 1], d = nets[i].d[0], q = k < d ? k : d;
            size_t least = q;
            for (size_t j = 0; j < nets[i].n; j++)
                least = nets[i].d[j] < least ? nets[i].d[j] : least;
            for (unsigned set = 0; set < 1u << q; set++) {
                bool all = set == (1u << q) - 1;
                if (kept(set, spectra[t], q) > least) continue;
                if (nets[i].n == 2 && !all) continue; /* one layer: minima only */
                compare(&nets[i], spectra[t], set);
                saddles++;
            }
        }
    cr_assert(saddles > 150, "%zu", saddles);
}

/* A step away: the exact point is found back, and Weyl's bar covers the change. */
Test(theorem_critical, points_near_by)
{
    double closest = 0;
    for (size_t i = 0; i < NETS - 1; i++)
        for (double eps = 1e-3; eps > 1e-10; eps *= 1e-3) {
            struct saddle x = saddle_of(&nets[i], spectra[0], 1);
            size_t n = x.net.size;
            double *D = naive_random(n, 7), *moved = naive_new(n);
            for (size_t a = 0; a < n; a++)
                moved[a] = x.w[a] + eps * D[a] / naive_norm(n, D);
            LNN_OK(lnn_hessian_at(x.h, moved));
            LNN_OK(lnn_critical_near(x.near, x.h));
            LNN_OK(lnn_hessian_spectrum(x.h));
            cr_assert(x.near->distance < 20 * eps, "%zu %g", i, x.near->distance);
            double before = lnn_critical_weyl(x.near, x.h);
            x.near->misfit += 1e-4; /* moves G, and the Hessian by (N-1) M times it */
            LNN_CLOSE(
                lnn_critical_weyl(x.near, x.h) - before,
                1e-4 * (double)(x.net.N - 1) *
                    lnn_hessian_product(x.h->norms, x.net.N - 2, x.near->distance),
                1e-12);
            x.near->misfit -= 1e-4;
            double gap = lnn_critical_gap(x.near, x.h),
                   weyl = lnn_critical_weyl(x.near, x.h);
            cr_assert(gap <= weyl, "%zu: %g %g", i, gap, weyl);
            closest = fmax(closest, gap / weyl);
            /* what was found is critical itself, but for the misfit */
            memcpy(moved, x.near->w, n * sizeof *moved);
            LNN_OK(lnn_hessian_at(x.h, moved));
            double first = lnn_hessian_within(x.net.N, x.h->norms, 0, 0, 0).first;
            cr_assert(naive_norm(n, x.h->grad) <=
                      lnn_critical_slack(x.near, x.h, 1e-14) + first * x.near->misfit);
            free(D);
            free(moved);
            leave(&x);
        }
    cr_assert(closest > 0.05, "%g", closest);
}

/* The gradient's slack is what a critical point within the bar may leave. */
Test(theorem_critical, slack_covers_a_critical_point_within_the_bar)
{
    for (size_t i = 0; i < NETS - 1; i++) {
        struct saddle x = saddle_of(&nets[i], spectra[0], 1);
        size_t n = x.net.size;
        double *moved = naive_new(n), eps = 1e-6, closest = 0;
        for (unsigned long seed = 0; seed < 5; seed++) {
            double *D = naive_random(n, seed);
            for (size_t a = 0; a < n; a++)
                moved[a] = x.w[a] + eps * D[a] / naive_norm(n, D);
            LNN_OK(lnn_hessian_at(x.h, moved));
            double g = naive_norm(n, x.h->grad),
                   slack = lnn_critical_slack(x.near, x.h, eps);
            cr_assert(g <= slack, "%zu: %g %g", i, g, slack);
            closest = fmax(closest, g / slack);
            free(D);
        }
        cr_assert(closest > 0.02, "%zu: %g", i, closest);
        free(moved);
        leave(&x);
    }
}
