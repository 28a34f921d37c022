/* The list of steppers, from src/steppers/steppers.def. */
#include "lnn/stepper.h"

#define LNN_STEPPER(name) extern const struct lnn_stepper lnn_stepper_##name;
#include "steppers/steppers.def"
#undef LNN_STEPPER

#define LNN_STEPPER(name) &lnn_stepper_##name,
const struct lnn_stepper *const lnn_steppers[] = {
#include "steppers/steppers.def"
    NULL};
#undef LNN_STEPPER
