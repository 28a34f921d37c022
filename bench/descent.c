/* How fast a long descent is, and how fast it could be: one candidate a call, so that
 * who calls can take turns. descent NAME prints seconds, operations and bytes of one of
 * its rounds, and how many rounds it took the time of. Examples 2565 x 128, one output,
 * as UCI's gas sensor data; what the numbers are does not matter here. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lnnflow.h"

extern const struct lnn_ode lnn_ode_gradient_descent;

enum { M = 2565, D = 128, SIDE = 768 };
static const double SECONDS = 0.5; /* a call's time, about */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct work {
    struct lnn_problem *problem;
    struct lnn_data *data;
    struct lnn_model *model;
    struct lnn_run *run;
    double *y, *w, *r, *A, *B, *C, t, sink;
    const char *loss, *stop;
};

static void descend(struct work *k)
{
    double reached;
    k->t += 200 * k->model->learning_rate;
    lnn_run_sample(k->run, k->t, k->y, &reached, NULL, NULL);
}

static void gemv_pair(struct work *k)
{
    cblas_dgemv(CblasRowMajor, CblasNoTrans, M, D, 1, k->data->X, D, k->w, 1, 0, k->r,
                1);
    cblas_dgemv(CblasRowMajor, CblasTrans, M, D, 1e-9, k->data->X, D, k->r, 1, 0, k->w,
                1);
}

static void gemm(struct work *k)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1, k->A,
                SIDE, k->B, SIDE, 0, k->C, SIDE);
}

/* K networks' residuals and gradients side by side. */
enum { SIDE_BY_SIDE = 8 };
static void gemm_pair(struct work *k)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, M, SIDE_BY_SIDE, D, 1,
                k->data->X, D, k->w, SIDE_BY_SIDE, 0, k->r, SIDE_BY_SIDE);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, D, SIDE_BY_SIDE, M, 1e-9,
                k->data->X, D, k->r, SIDE_BY_SIDE, 0, k->w, SIDE_BY_SIDE);
}

static void read_matrix(struct work *k) /* dot: two loads an addition, one matrix */
{
    const double *X = k->data->X;
    k->sink += cblas_ddot(M * D, X, 1, X, 1);
}

static void read_memory(struct work *k)
{
    k->sink += cblas_ddot(1 << 25, k->C, 1, k->C, 1);
}

static const struct candidate {
    const char *name, *loss, *stop;
    void (*round)(struct work *k);
    double rounds, operations, bytes; /* in one call of `round` */
} candidates[] = {
    {"l4", "loss={kind: lp, p: 4, scaling: papers}", "", descend, 200, 4.0 * M *D,
     8.0 * M *D},
    {"l4_stop", "loss={kind: lp, p: 4, scaling: papers}", "stop.loss=-1", descend, 200,
     4.0 * M *D, 8.0 * M *D},
    {"l3", "loss={kind: lp, p: 3}", "", descend, 200, 4.0 * M *D, 8.0 * M *D},
    {"l2.5", "loss={kind: lp, p: 2.5}", "", descend, 200, 4.0 * M *D, 8.0 * M *D},
    {"square", "loss={kind: square}", "", descend, 200, 4.0 * D *D, 8.0 * D *D},
    {"gemv_pair", "loss={kind: square}", "", gemv_pair, 1, 4.0 * M *D, 16.0 * M *D},
    {"gemm_pair_8", "loss={kind: square}", "", gemm_pair, SIDE_BY_SIDE, 4.0 * M *D,
     16.0 * M *D / SIDE_BY_SIDE},
    {"gemm", "loss={kind: square}", "", gemm, 1, 2.0 * SIDE *SIDE *SIDE,
     24.0 * SIDE *SIDE},
    {"read_matrix", "loss={kind: square}", "", read_matrix, 1, 2.0 * M *D, 8.0 * M *D},
    {"read_memory", "loss={kind: square}", "", read_memory, 1, 67108864.0, 268435456.0},
};

static int set_up(struct work *k, const struct candidate *c)
{
    const char *set[] = {c->loss, *c->stop ? c->stop : "title=none", NULL};
    LNN_TRY(lnn_problem_parse(
        "network: {widths: [128, 1, 1]}\n"
        "data: {kind: teacher, samples: 2565, noise: 0.1}\n"
        "init: {kind: gaussian, scale: 0.01}\n"
        "trajectories: [{system: gradient_descent, learning_rate: 1.0e-6}]\n"
        "time: {end: 1}\n",
        "<descent>", set, &k->problem));
    struct lnn_network net = lnn_network_of(3, k->problem->network.widths.at);
    LNN_TRY(lnn_data_load(k->problem, &k->data));
    double *w0 = calloc(net.size + 8 * D, sizeof *w0); /* freed by the exit */
    k->y = calloc(net.size, sizeof *k->y);
    k->w = calloc(SIDE_BY_SIDE * D, sizeof *k->w);
    k->r = calloc((size_t)SIDE_BY_SIDE * M, sizeof *k->r);
    k->A = calloc((size_t)SIDE * SIDE, sizeof *k->A);
    k->B = calloc((size_t)SIDE * SIDE, sizeof *k->B);
    k->C = calloc((size_t)1 << 25, sizeof *k->C);
    if (!w0 || !k->y || !k->w || !k->r || !k->A || !k->B || !k->C) return GSL_ENOMEM;
    for (size_t i = 0; i < SIDE_BY_SIDE * D; i++) k->w[i] = 1e-3 * (double)(i % 7);
    for (size_t i = 0; i < (size_t)1 << 25; i++) k->C[i] = 1;
    LNN_TRY(lnn_init_start(k->problem, &net, w0));
    LNN_TRY(lnn_model_alloc(k->problem, k->data, w0, 1e-6, &k->model));
    struct lnn_run_options o = {
        .t_end = 1e300, .stop_gradient = NAN, .stop_loss = k->problem->stop.loss};
    return lnn_run_alloc(&lnn_ode_gradient_descent, k->model, &o, &k->run);
}

int main(int argc, char **argv)
{
    const struct candidate *c = candidates;
    size_t n = sizeof candidates / sizeof *candidates, calls = 0;
    if (argc != 2) {
        for (size_t i = 0; i < n; i++) puts(candidates[i].name);
        return 0;
    }
    while (n > 0 && strcmp(c->name, argv[1]) != 0) c++, n--;
    struct work k = {0};
    if (n == 0 || set_up(&k, c) != GSL_SUCCESS) {
        fprintf(stderr, "descent: %s: %s\n", argv[1], n ? lnn_error() : "unknown");
        return 1;
    }
    c->round(&k); /* caches */
    double begin = now(), seconds = 0;
    for (; seconds < SECONDS; calls++, seconds = now() - begin) c->round(&k);
    printf("%.17g %.17g %.17g\n", seconds / (double)calls / c->rounds, c->operations,
           c->bytes);
    return k.sink == 0.5; /* never; keeps the sums */
}
