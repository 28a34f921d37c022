/* SUNDIALS CVODE 6 on gradient_flow: Adams with functional iteration, and BDF
 * with Newton, GMRES(20) and exact Jacobian-vector products. Of GMRES's 5, 10, 20 and 40
 * vectors and of Adams with 0, 2, 5 Anderson vectors or Newton, these did best on the
 * whole. BENCH_CVODE says that SUNDIALS is there. */
#include "bench.h"

#ifndef BENCH_CVODE

const bool bench_cvode = false;

bool bench_cvode_adams(struct job *job)
{
    (void)job;
    return false;
}

bool bench_cvode_bdf(struct job *job)
{
    (void)job;
    return false;
}

#else

#include <string.h>
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_spgmr.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

const bool bench_cvode = true;

static int rhs(sunrealtype t, N_Vector y, N_Vector dydt, void *params)
{
    struct job *job = params;
    if (bench_late(job)) return -1;
    job->rhs++;
    return job->b->ode->rhs(t, N_VGetArrayPointer(y), N_VGetArrayPointer(dydt),
                            job->b->model);
}

/* J v = (-H v, 2 grad . H v); fy holds -grad, and the energy does not come back. */
static int product(N_Vector v, N_Vector Jv, sunrealtype t, N_Vector y, N_Vector fy,
                   void *params, N_Vector work)
{
    struct job *job = params;
    size_t n = job->b->dim - 1;
    double *to = N_VGetArrayPointer(Jv);
    (void)t, (void)work;
    job->products++;
    lnn_model_hessian(job->b->model, N_VGetArrayPointer(y), N_VGetArrayPointer(v), to);
    to[n] = -2 * lnn_dot(n, N_VGetArrayPointer(fy), to);
    for (size_t i = 0; i < n; i++) to[i] = -to[i];
    return 0;
}

struct solver { /* what has to be freed */
    SUNContext context;
    N_Vector y;
    void *cvode;
    SUNLinearSolver linear;
    SUNNonlinearSolver nonlinear;
};

static bool prepare(struct solver *s, struct job *job, int method)
{
    if (SUNContext_Create(NULL, &s->context) != 0) return false;
    s->y = N_VNew_Serial((sunindextype)job->b->dim, s->context);
    s->cvode = CVodeCreate(method, s->context);
    if (!s->y || !s->cvode) return false;
    N_VConst(0, s->y);
    memcpy(N_VGetArrayPointer(s->y), job->b->w0, (job->b->dim - 1) * sizeof(double));
    if (CVodeInit(s->cvode, rhs, 0, s->y) != CV_SUCCESS ||
        CVodeSStolerances(s->cvode, job->tol, bench_atol(job->tol)) != CV_SUCCESS ||
        CVodeSetUserData(s->cvode, job) != CV_SUCCESS ||
        CVodeSetErrFile(s->cvode, NULL) != CV_SUCCESS || /* being late is no error */
        CVodeSetMaxNumSteps(s->cvode, 100000000) != CV_SUCCESS)
        return false;
    if (method == CV_ADAMS) {
        s->nonlinear = SUNNonlinSol_FixedPoint(s->y, 0, s->context);
        return s->nonlinear &&
               CVodeSetNonlinearSolver(s->cvode, s->nonlinear) == CV_SUCCESS;
    }
    s->linear = SUNLinSol_SPGMR(s->y, SUN_PREC_NONE, 20, s->context);
    return s->linear && CVodeSetLinearSolver(s->cvode, s->linear, NULL) == CV_SUCCESS &&
           CVodeSetJacTimes(s->cvode, NULL, product) == CV_SUCCESS;
}

static bool integrate(struct job *job, int method)
{
    struct solver s = {0};
    size_t dim = job->b->dim;
    bool good = prepare(&s, job, method);
    for (size_t i = 0; i < job->n && good; i++) {
        double t = job->t[i];
        if (t > 0) good = CVode(s.cvode, t, s.y, &t, CV_NORMAL) >= 0;
        memcpy(job->y + i * dim, N_VGetArrayPointer(s.y), dim * sizeof(double));
    }
    if (s.cvode) CVodeFree(&s.cvode);
    if (s.linear) SUNLinSolFree(s.linear);
    if (s.nonlinear) SUNNonlinSolFree(s.nonlinear);
    if (s.y) N_VDestroy(s.y);
    if (s.context) SUNContext_Free(&s.context);
    return good;
}

bool bench_cvode_adams(struct job *job)
{
    return integrate(job, CV_ADAMS);
}

bool bench_cvode_bdf(struct job *job)
{
    return integrate(job, CV_BDF);
}

#endif
