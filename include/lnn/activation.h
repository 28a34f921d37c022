/* Family: what stands between the dense layers of a network, entry by entry. One file
 * each in src/activations/, listed in src/activations/activations.def. */
#ifndef LNN_ACTIVATION_H
#define LNN_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

struct lnn_activation {
    const char *name;
    const char *doc;
    const char *parameter; /* key of section network that gives p below; NULL: none */
    bool identity;         /* there is nothing to apply: the network is linear */
    /* s(c z) = c s(z) for c > 0: what gradient flow conserves across it is the norm of
     * a unit's outgoing weights against its incoming ones (Du, Hu & Lee 2018). */
    bool homogeneous;
    bool kinked; /* s' jumps at 0, where the choice below is made */
    /* V = s(Z), n numbers each; V may be Z. */
    void (*value)(double p, size_t n, const double Z[], double V[]);
    /* B_i *= s'(Z_i), and B_i *= s''(Z_i); V = s(Z) is at hand. At a kink s' is the
     * value from the left and s'' is 0. times_second NULL: s'' = 0 everywhere else. */
    void (*times_first)(double p, size_t n, const double Z[], const double V[],
                        double B[]);
    void (*times_second)(double p, size_t n, const double Z[], const double V[],
                         double B[]);
};

extern const struct lnn_activation *const lnn_activations[]; /* NULL-terminated */

/* The member called `name`, or NULL. */
const struct lnn_activation *lnn_activation_find(const char *name);

#endif
