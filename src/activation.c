/* The list of activations. */
#include "lnn/activation.h"

#include "lnn/registry.h"

#define LNN_ACTIVATION(name) extern const struct lnn_activation lnn_activation_##name;
#include "activations/activations.def"
#undef LNN_ACTIVATION

const struct lnn_activation *const lnn_activations[] = {
#define LNN_ACTIVATION(name) &lnn_activation_##name,
#include "activations/activations.def"
#undef LNN_ACTIVATION
    NULL,
};

const struct lnn_activation *lnn_activation_find(const char *name)
{
    return lnn_registry_find((const void *const *)lnn_activations, name);
}
