/* Measures single runs. `bench CASE DUMP LIMIT` sets a case up, writes what peers.py
 * needs to DUMP, says "ready DIM N GAP CVODE KERNEL" and then answers every line
 * "CANDIDATE TOL N" (N sample times) by "RHS PRODUCTS SECONDS END WORST": seconds of
 * processor time for one run, from nothing to the last sample (at most LIMIT, else the
 * answer is "late"), and the relative errors of all weights at the end and, the largest,
 * at the samples. compare.py asks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cblas.h>
#include "bench.h"

/* Gaussian start of product norm near 1; targets of unit variance. */
#define TEACHER(widths, data, scale, end)                       \
    "network: {widths: " widths "}\n"                           \
    "data: {kind: teacher, samples: 1000, seed: 1, " data "}\n" \
    "init: {kind: gaussian, scale: " scale ", seed: 2}\n"       \
    "trajectories: [{system: gradient_flow}]\n"                 \
    "time: {end: " end ", samples: 1000}\n"

static const struct {
    const char *name, *text, *file;
} cases[] = {
    {"small",
     TEACHER("[10, 10, 10, 10]", "scale: whiten, target_scale: standardize", "0.3",
             "30"),
     NULL},
    {"wide",
     TEACHER("[32, 32, 32, 32, 32]", "scale: whiten, target_scale: standardize", "0.17",
             "40"),
     NULL},
    {"ill",
     TEACHER("[16, 16, 16]", "condition: 1e4, target_scale: unit", "0.25", "1e4"),
     NULL},
    {"diabetes", NULL, "odes/diabetes.yaml"},
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, lnn_error());
    exit(1);
}

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool bench_late(struct job *job)
{
    if (job->rhs % 256 == 255 && bench_seconds() > job->begin + job->b->limit)
        job->late = true;
    return job->late;
}

/* --- candidates --- */

static const void *member(const void *const *list, const char *name)
{
    const void *found = lnn_registry_find(list, name);
    if (!found) die(name);
    return found;
}

static enum lnn_reason poll(void *arg, const struct lnn_run *run)
{
    struct job *job = arg;
    if (lnn_run_counts(run)->steps % 16 == 15 &&
        bench_seconds() > job->begin + job->b->limit)
        job->late = true;
    return job->late ? LNN_STOP_SECONDS : LNN_RUNNING;
}

static bool flow(struct job *job, const char *stepper, size_t stages)
{
    struct lnn_run_options o = {
        .stepper = member((const void *const *)lnn_steppers, stepper),
        .stages = stages,
        .rtol = job->tol,
        .atol = bench_atol(job->tol),
        .h0 = NAN,
        .t_end = job->t[job->n - 1],
        .stop_loss = NAN,
        .stop_gradient = NAN,
    };
    struct lnn_run *run;
    double reached;
    enum lnn_reason reason = LNN_RUNNING;
    if (lnn_run_alloc(job->b->ode, job->b->model, &o, &run) != GSL_SUCCESS)
        return false;
    for (size_t i = 0; i < job->n && reason == LNN_RUNNING; i++)
        reason = lnn_run_sample(run, job->t[i], job->y + i * job->b->dim, &reached,
                                poll, job);
    const struct lnn_run_counts *counts = lnn_run_counts(run);
    job->rhs = counts->rhs + counts->rhs_dense;
    job->products = counts->jacobians + counts->jacobians_dense;
    lnn_run_free(run);
    return reason == LNN_END;
}

static bool flow_rk8pd(struct job *job)
{
    return flow(job, "rk8pd", 0);
}

static bool flow_gauss(struct job *job)
{
    return flow(job, "gauss", 6);
}

static bool flow_msbdf(struct job *job)
{
    return flow(job, "msbdf", 0);
}

static int counted(double t, const double y[], double dydt[], void *params)
{
    struct job *job = params;
    if (bench_late(job)) return GSL_EBADFUNC;
    job->rhs++;
    return job->b->ode->rhs(t, y, dydt, job->b->model);
}

/* GSL's own loop, as its manual shows it. */
static bool gsl_driver(struct job *job)
{
    size_t dim = job->b->dim;
    gsl_odeiv2_system sys = {counted, NULL, dim, job};
    gsl_odeiv2_driver *driver = gsl_odeiv2_driver_alloc_y_new(
        &sys, gsl_odeiv2_step_rk8pd, 1e-3, bench_atol(job->tol), job->tol);
    double *y = calloc(dim, sizeof *y), t = 0;
    int status = driver && y ? GSL_SUCCESS : GSL_ENOMEM;
    if (status == GSL_SUCCESS) memcpy(y, job->b->w0, (dim - 1) * sizeof *y);
    for (size_t i = 0; i < job->n && status == GSL_SUCCESS; i++) {
        if (job->t[i] > t) status = gsl_odeiv2_driver_apply(driver, &t, job->t[i], y);
        memcpy(job->y + i * dim, y, dim * sizeof *y);
    }
    free(y);
    if (driver) gsl_odeiv2_driver_free(driver);
    return status == GSL_SUCCESS;
}

/* The customary loop, W <- W - eta grad in `tol` steps, with no check of anything;
 * of the samples, only the first and the last. */
static bool descent(struct job *job)
{
    size_t n = job->b->dim - 1, steps = (size_t)job->tol;
    double eta = job->t[job->n - 1] / (double)steps, *grad = job->b->model->grad;
    double *y = job->y + (job->n - 1) * job->b->dim;
    for (size_t i = 0; i < job->n; i++)
        memcpy(job->y + i * job->b->dim, job->b->w0, n * sizeof *y);
    for (; job->rhs < steps; job->rhs++) {
        if (bench_late(job)) return false;
        lnn_model_gradient(job->b->model, y, grad);
        for (size_t i = 0; i < n; i++) y[i] -= eta * grad[i];
    }
    return true;
}

static const struct {
    const char *name;
    bench_solver *run;
} candidates[] = {
    {"rk8pd", flow_rk8pd},
    {"gauss6", flow_gauss},
    {"msbdf", flow_msbdf},
    {"gsl", gsl_driver},
    {"cvode_adams", bench_cvode_adams},
    {"cvode_bdf", bench_cvode_bdf},
    {"descent64", descent},
};

/* --- a case --- */

static void times(struct bench *b)
{
    b->many.n = b->problem->time.samples;
    b->few.n = 2;
    b->many.t = calloc(b->many.n + 2, sizeof(double));
    size_t states = (2 * b->many.n + b->few.n) * b->dim;
    b->y = calloc(states, sizeof(double));
    if (!b->many.t || !b->y) die("out of memory");
    if (lnn_simulate_times(b->problem, b->many.t) != GSL_SUCCESS) die("times");
    b->few.t = b->many.t + b->many.n;
    b->few.t[1] = b->problem->time.end;
    b->many.reference = b->y + b->many.n * b->dim;
    b->few.reference = b->many.reference + b->many.n * b->dim;
}

static double relative_error(const struct bench *b, const double y[],
                             const double exact[])
{
    return lnn_distance(b->dim - 1, y, exact) / lnn_norm(b->dim - 1, exact);
}

static double worst_error(const struct job *job, const double reference[])
{
    double worst = 0;
    for (size_t i = 0; i < job->n; i++) {
        size_t at = i * job->b->dim;
        double error = relative_error(job->b, job->y + at, reference + at);
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

/* The reference is rk8pd at 1e-13; what it is worth is its distance from 8-stage Gauss
 * collocation at 1e-13, another method altogether. Returns the larger of the two gaps. */
static double reference(struct bench *b)
{
    struct job many = {.b = b, .tol = 1e-13, .n = b->many.n, .t = b->many.t, .y = b->y};
    struct job few = {
        .b = b, .tol = 1e-13, .n = 2, .t = b->few.t, .y = b->few.reference};
    if (!flow(&many, "rk8pd", 0) || !flow(&few, "rk8pd", 0))
        die("the reference failed");
    memcpy(b->many.reference, b->y, b->many.n * b->dim * sizeof(double));
    if (!flow(&many, "gauss", 8)) die("the second reference failed");
    return worst_error(&many, b->many.reference);
}

static void open_case(const char *name, struct bench *b)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, name) != 0) continue;
        if ((cases[i].text
                 ? lnn_problem_parse(cases[i].text, name, NULL, &b->problem)
                 : lnn_problem_read(cases[i].file, NULL, &b->problem)) != GSL_SUCCESS)
            die(name);
    }
    if (!b->problem) die("no such case");
    struct lnn_network net =
        lnn_network_of(b->problem->network.widths.n, b->problem->network.widths.at);
    b->ode = member((const void *const *)lnn_odes, "gradient_flow");
    b->dim = net.size + 1;
    b->w0 = calloc(net.size, sizeof(double));
    if (!b->w0 || lnn_data_load(b->problem, &b->data) != GSL_SUCCESS ||
        lnn_init_start(b->problem, &net, b->w0) != GSL_SUCCESS ||
        lnn_model_alloc(b->problem, b->data, b->w0, NAN, &b->model) != GSL_SUCCESS)
        die(name);
    times(b);
}

/* For peers.py: depth, samples, widths; then Lambda_xx, Lambda_yx, start, times and
 * reference, all as doubles. */
static void dump(const struct bench *b, const char *path)
{
    const struct lnn_data *data = b->data;
    size_t N = b->model->net.N;
    FILE *file = fopen(path, "wb");
    if (!file) die(path);
    double head[] = {(double)N, (double)b->many.n};
    fwrite(head, sizeof(double), 2, file);
    for (size_t j = 0; j <= N; j++) {
        double width = (double)b->model->net.d[j];
        fwrite(&width, sizeof width, 1, file);
    }
    fwrite(data->Lxx, sizeof(double), data->d * data->d, file);
    fwrite(data->Lyx, sizeof(double), data->k * data->d, file);
    fwrite(b->w0, sizeof(double), b->dim - 1, file);
    fwrite(b->many.t, sizeof(double), b->many.n, file);
    fwrite(b->many.reference, sizeof(double), b->many.n * b->dim, file);
    if (fclose(file) != 0) die(path);
}

/* Runs of a few milliseconds are repeated, so that the clock and cold caches matter
 * little; the mean is answered. */
static void answer(const struct bench *b, const char *name, double tol, size_t n)
{
    bool few = n == b->few.n;
    struct job job = {.b = b, .tol = tol, .n = few ? b->few.n : b->many.n, .y = b->y};
    job.t = few ? b->few.t : b->many.t;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        if (strcmp(candidates[i].name, name) != 0) continue;
        double begin = bench_seconds(), spent = 0;
        int runs = 0;
        for (; runs < 1 || (spent < 0.02 && runs < 50); runs++) {
            job.rhs = job.products = 0;
            job.begin = bench_seconds();
            if (!candidates[i].run(&job)) {
                printf(job.late ? "late\n" : "failed\n");
                return;
            }
            spent = bench_seconds() - begin;
        }
        size_t last = (job.n - 1) * b->dim;
        const double *exact = few ? b->few.reference : b->many.reference;
        printf("%lu %lu %.9g %.6e %.6e\n", job.rhs, job.products, spent / runs,
               relative_error(b, job.y + last, exact + last), worst_error(&job, exact));
        return;
    }
    printf("unknown\n");
}

int main(int argc, char *argv[])
{
    struct bench b = {0};
    char line[128], name[64];
    double tol;
    size_t n;
    if (argc != 4) return 2;
    double limit = atof(argv[3]);
    gsl_set_error_handler_off();
    open_case(argv[1], &b);
    b.limit = INFINITY;
    double gap = reference(&b);
    b.limit = limit;
    dump(&b, argv[2]);
    printf("ready %zu %zu %.3e %d %s\n", b.dim, b.many.n, gap, bench_cvode,
           openblas_get_corename());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) &&
           sscanf(line, "%63s %lf %zu", name, &tol, &n) == 3) {
        answer(&b, name, tol, n);
        fflush(stdout);
    }
    lnn_model_free(b.model);
    lnn_data_free(b.data);
    lnn_problem_free(b.problem);
    free(b.w0);
    free(b.many.t);
    free(b.y);
    return 0;
}
