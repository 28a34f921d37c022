/* All of GSL's step types. Orders are of the solution carried on, as measured: rk2
 * carries its third-order solution. Those that say "needs a driver" read the tolerance
 * from it: gsl_odeiv2_step_set_driver first, or apply fails with GSL_EFAULT. bsimp does
 * not restore y when the system fails in mid-step (as of GSL 2.7.1), and none but gauss
 * refuses NaN reliably: the run loop looks after both. */
#include "lnn/stepper.h"

static size_t variable(size_t stages)
{
    (void)stages;
    return 0;
}

static size_t first(size_t stages)
{
    (void)stages;
    return 1;
}

static size_t second(size_t stages)
{
    (void)stages;
    return 2;
}

static size_t third(size_t stages)
{
    (void)stages;
    return 3;
}

static size_t fourth(size_t stages)
{
    (void)stages;
    return 4;
}

static size_t fifth(size_t stages)
{
    (void)stages;
    return 5;
}

static size_t eighth(size_t stages)
{
    (void)stages;
    return 8;
}

static const gsl_odeiv2_step_type *rk8pd(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk8pd;
}

extern const struct lnn_stepper lnn_stepper_rk8pd;
const struct lnn_stepper lnn_stepper_rk8pd = {
    .name = "rk8pd",
    .doc = "Explicit Runge-Kutta 8(7), 13 evaluations a step. Prince & "
           "Dormand, J. Comput. Appl. Math. 7 (1981) 67-75. The default: "
           "cheapest for smooth flows at tight tolerances.",
    .type = rk8pd,
    .order = eighth,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rkf45(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rkf45;
}

extern const struct lnn_stepper lnn_stepper_rkf45;
const struct lnn_stepper lnn_stepper_rkf45 = {
    .name = "rkf45",
    .doc = "Explicit Runge-Kutta 5(4), 6 evaluations a step. Fehlberg, NASA TR "
           "R-315 (1969).",
    .type = rkf45,
    .order = fifth,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rkck(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rkck;
}

extern const struct lnn_stepper lnn_stepper_rkck;
const struct lnn_stepper lnn_stepper_rkck = {
    .name = "rkck",
    .doc = "Explicit Runge-Kutta 5(4), 6 evaluations a step. Cash & Karp, ACM "
           "Trans. Math. Softw. 16 (1990) 201-222.",
    .type = rkck,
    .order = fifth,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rk4(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk4;
}

extern const struct lnn_stepper lnn_stepper_rk4;
const struct lnn_stepper lnn_stepper_rk4 = {
    .name = "rk4",
    .doc = "The classical explicit Runge-Kutta method of order 4; error by "
           "step doubling, 11 evaluations a step. Kutta, Z. Math. Phys. 46 "
           "(1901) 435-453.",
    .type = rk4,
    .order = fourth,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rk2(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk2;
}

extern const struct lnn_stepper lnn_stepper_rk2;
const struct lnn_stepper lnn_stepper_rk2 = {
    .name = "rk2",
    .doc = "Explicit Runge-Kutta 3(2), 3 evaluations a step; carries the "
           "solution of order 3. Abramowitz & Stegun, 25.5.8.",
    .type = rk2,
    .order = third,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *msadams(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_msadams;
}

extern const struct lnn_stepper lnn_stepper_msadams;
const struct lnn_stepper lnn_stepper_msadams = {
    .name = "msadams",
    .doc = "Adams multistep method in Nordsieck form, order 1 to 12 chosen as "
           "it goes; functional iteration. Needs a driver. Byrne & Hindmarsh, "
           "ACM Trans. Math. Softw. 1 (1975) 71-96.",
    .type = msadams,
    .order = variable,
    .jacobian = false,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *msbdf(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_msbdf;
}

extern const struct lnn_stepper lnn_stepper_msbdf;
const struct lnn_stepper lnn_stepper_msbdf = {
    .name = "msbdf",
    .doc = "Backward differentiation formulas in Nordsieck form, order 1 to 5 "
           "chosen as it goes; for stiff systems. Needs the Jacobian and a "
           "driver. Byrne & Hindmarsh, ACM Trans. Math. Softw. 1 (1975) 71-96.",
    .type = msbdf,
    .order = variable,
    .jacobian = true,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *bsimp(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_bsimp;
}

extern const struct lnn_stepper lnn_stepper_bsimp;
const struct lnn_stepper lnn_stepper_bsimp = {
    .name = "bsimp",
    .doc = "Linearly implicit extrapolation of the midpoint rule; for stiff "
           "and smooth systems. Needs the Jacobian. Bader & Deuflhard, Numer. "
           "Math. 41 (1983) 373-398.",
    .type = bsimp,
    .order = variable,
    .jacobian = true,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rk1imp(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk1imp;
}

extern const struct lnn_stepper lnn_stepper_rk1imp;
const struct lnn_stepper lnn_stepper_rk1imp = {
    .name = "rk1imp",
    .doc = "Implicit Euler method, error by step doubling; for stiff systems. "
           "Needs the Jacobian and a driver. Hairer & Wanner, Solving ODEs II, "
           "IV.3.",
    .type = rk1imp,
    .order = first,
    .jacobian = true,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rk2imp(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk2imp;
}

extern const struct lnn_stepper lnn_stepper_rk2imp;
const struct lnn_stepper lnn_stepper_rk2imp = {
    .name = "rk2imp",
    .doc = "Implicit midpoint rule, error by step doubling; for stiff systems. "
           "Its Newton iteration stops at the tolerance, so invariants are not "
           "kept to round-off. Needs the Jacobian and a driver. Ascher & "
           "Petzold, Computer Methods for ODEs, 4.7.",
    .type = rk2imp,
    .order = second,
    .jacobian = true,
    .quadratic = false,
};

static const gsl_odeiv2_step_type *rk4imp(size_t stages)
{
    (void)stages;
    return gsl_odeiv2_step_rk4imp;
}

extern const struct lnn_stepper lnn_stepper_rk4imp;
const struct lnn_stepper lnn_stepper_rk4imp = {
    .name = "rk4imp",
    .doc = "Gauss method of order 4, error by step doubling; for stiff "
           "systems. Its Newton iteration stops at the tolerance, so "
           "invariants are not kept to round-off. Needs the Jacobian and a "
           "driver. Ascher & Petzold, Computer Methods for ODEs, 4.7.",
    .type = rk4imp,
    .order = fourth,
    .jacobian = true,
    .quadratic = false,
};
