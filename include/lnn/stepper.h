/* Family: steppers as GSL step types: all of GSL's, and our own plug-ins. One file may
 * serve several members; steppers.def lists each. */
#ifndef LNN_STEPPER_H
#define LNN_STEPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <gsl/gsl_odeiv2.h>

struct lnn_stepper {
    const char *name;
    const char *doc;
    /* The step type; `stages` matters to gauss only. GSL's types are variables, hence a
     * function. */
    const gsl_odeiv2_step_type *(*type)(size_t stages);
    size_t (*order)(size_t stages); /* of the solution carried on; 0 = variable */
    bool jacobian;                  /* needs the system's jac */
    bool quadratic;                 /* keeps quadratic invariants to round-off */
};

extern const struct lnn_stepper *const lnn_steppers[]; /* NULL-terminated */

#endif
