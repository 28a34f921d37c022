/* The field of the end-to-end dynamics integrated along a closed curve. */
#include "theorem_loop.h"

#include <math.h>
#include <stdlib.h>
#include <gsl/gsl_integration.h>
#include "lnn/linalg.h"

enum { PIECES = 64 }; /* subintervals a piece may be cut into */

struct walk {
    const struct lnn_loop *loop;
    double radius; /* of the half circle; 0 on the segments */
    double *W, *G, *T;
};

/* <F, T> at W, both in `walk`. */
static double along(const struct walk *walk)
{
    const struct lnn_loop *loop = walk->loop;
    size_t d = loop->d;
    double N = (double)loop->N, length = lnn_norm(d, walk->W);
    loop->gradient(loop->context, walk->W, walk->G);
    double out = lnn_dot(d, walk->G, walk->T);
    out += (N - 1) * (lnn_dot(d, walk->G, walk->W) / length) *
           (lnn_dot(d, walk->W, walk->T) / length);
    return pow(length, 2 - 2 / N) * out;
}

/* s is the angle from e on a circle, the coordinate along e on a segment. */
static double integrand(double s, void *context)
{
    const struct walk *walk = context;
    const struct lnn_loop *loop = walk->loop;
    double a = s, b = 0, ta = 1, tb = 0;
    if (walk->radius > 0) {
        a = walk->radius * cos(s);
        b = walk->radius * sin(s);
        ta = -b;
        tb = a;
    }
    for (size_t i = 0; i < loop->d; i++) {
        walk->W[i] = a * loop->e[i] + b * loop->f[i];
        walk->T[i] = ta * loop->e[i] + tb * loop->f[i];
    }
    return along(walk);
}

/* What one piece may be off by, from the field's size. A smooth piece comes out to
 * rounding at the first attempt; kinks (l_p, p < 2) are not worth many more. */
static double goal(struct walk *walk)
{
    double size = 0;
    walk->radius = walk->loop->R;
    for (int i = 0; i <= 2; i++) {
        (void)integrand(1.5707963267948966 * i, walk);
        size = fmax(size, lnn_norm(walk->loop->d, walk->G));
    }
    double N = (double)walk->loop->N;
    return 1e-8 * N * size * pow(walk->loop->R, 3 - 2 / N);
}

static int integrate(struct walk *walk, gsl_integration_workspace *room, double *value,
                     double *bar)
{
    const double pi = 3.141592653589793, r = walk->loop->r, R = walk->loop->R;
    const struct {
        double radius, from, to;
    } pieces[] = {{0, -R, -r}, {r, pi, 0}, {0, r, R}, {R, 0, pi}};
    gsl_function f = {integrand, walk};
    double absolute = goal(walk);
    *value = *bar = 0;
    for (size_t i = 0; i < 4; i++) {
        double part = NAN, error = NAN;
        walk->radius = pieces[i].radius;
        /* a status says that the goal was missed: the estimate says by how much */
        (void)gsl_integration_qag(&f, pieces[i].from, pieces[i].to, absolute, 1e-12,
                                  PIECES, GSL_INTEG_GAUSS61, room, &part, &error);
        *value += part;
        *bar += error;
        if (!walk->loop->kinks) continue;
        /* there the estimate is too small: another rule, as long as it differs */
        double other = NAN;
        (void)gsl_integration_qag(&f, pieces[i].from, pieces[i].to, absolute, 1e-12,
                                  PIECES, GSL_INTEG_GAUSS21, room, &other, &error);
        *bar += error + 4 * fabs(part - other) + absolute;
    }
    if (isfinite(*value) && isfinite(*bar)) return GSL_SUCCESS;
    return lnn_fail(GSL_EFAILED, "the field is not finite along the curve");
}

int lnn_loop_integral(const struct lnn_loop *loop, double *value, double *bar)
{
    gsl_integration_workspace *room = gsl_integration_workspace_alloc(PIECES);
    double *W = malloc(3 * loop->d * sizeof *W);
    struct walk walk = {.loop = loop, .W = W};
    int status = GSL_ENOMEM;
    if (room && W) {
        walk.G = W + loop->d;
        walk.T = walk.G + loop->d;
        status = integrate(&walk, room, value, bar);
    } else {
        (void)lnn_fail(GSL_ENOMEM, "out of memory for the loop integral");
    }
    free(W);
    if (room) gsl_integration_workspace_free(room);
    return status;
}

double lnn_loop_constant(size_t N, double norm, double r, double R)
{
    double n = (double)N, power = 3 - 2 / n;
    return norm * 2 * (n - 1) * (n - 2) / (3 * n - 2) * (pow(R, power) - pow(r, power));
}

/* The axis that e leans on least, made orthogonal twice: once leaves rounding. */
void lnn_loop_orthogonal(size_t d, const double e[], double f[])
{
    size_t least = 0;
    for (size_t i = 1; i < d; i++)
        if (fabs(e[i]) < fabs(e[least])) least = i;
    for (size_t i = 0; i < d; i++) f[i] = i == least;
    for (int round = 0; round < 2; round++) {
        lnn_axpy(d, -lnn_dot(d, e, f), e, f);
        double length = lnn_norm(d, f);
        for (size_t i = 0; i < d; i++) f[i] /= length;
    }
}
