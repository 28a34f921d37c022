/* Optimisers and mini-batches in the file: times, error bars, attributes, failures; and
 * verify must not take them for gradient descent. */
#include "test_convergence.h"

TestSuite(optimisers_file, .init = lnn_test_setup, .timeout = 120);

#define EVERY                                                                        \
    "network: {widths: [3, 4, 2]}\ninit: {kind: balanced, scale: 0.5}\n"             \
    "data: {kind: teacher, samples: 10, noise: 0.2}\ntrajectories:\n"                \
    "  - {system: gradient_descent, learning_rate: 0.03}\n"                          \
    "  - {system: gradient_descent, learning_rate: 0.03, batch: 4, name: batches}\n" \
    "  - {system: gradient_descent, learning_rate: 0.03, batch: 10, name: whole}\n"  \
    "  - {system: end_to_end_descent, learning_rate: 0.03}\n"                        \
    "  - {system: momentum, learning_rate: 0.003, momentum: 0.75}\n"                 \
    "  - {system: nesterov, learning_rate: 0.003, batch: 3, batch_seed: 8}\n"        \
    "  - {system: adagrad, learning_rate: 0.03}\n"                                   \
    "  - {system: adadelta, learning_rate: 0.5}\n"                                   \
    "  - {system: rmsprop, learning_rate: 0.01, batch: 4}\n"                         \
    "  - {system: adam, learning_rate: 0.01, batch: 4, beta1: 0.5}\n"                \
    "  - {system: gradient_flow}\n"                                                  \
    "time: {end: 1, samples: 7}\n"

/* Iteration and t = eta k are both there, to the bit, for every discrete system. */
Test(optimisers_file, iterations_and_times)
{
    struct outcome o = simulate(EVERY, NULL);
    size_t kinds = 0, seen = 0;
    for (size_t i = 0; lnn_odes[i]; i++) kinds += lnn_odes[i]->map != NULL;
    for (size_t i = 0; i < o.sim->n; i++) {
        const struct lnn_result *r = &o.sim->results[i];
        const struct lnn_ode *ode =
            lnn_registry_find((const void *const *)lnn_odes, r->system);
        if (!ode->map) continue;
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first = first && strcmp(o.sim->results[j].system, r->system) != 0;
        seen += first;
        struct lnn_shape shape;
        double *t = values(&o, r->name, "time", &shape);
        double *k = values(&o, r->name, "iteration", NULL);
        double *bar = values(&o, r->name, "W_error", NULL);
        double eta = o.problem->trajectories.at[i].learning_rate;
        for (size_t row = 0; row < shape.dims[0]; row++) {
            LNN_CLOSE(t[row], eta * k[row], 0);
            LNN_CLOSE(k[row], nearbyint(k[row]), 0);
            /* the second run sees the same batches: else it would be elsewhere */
            cr_assert(bar[row] > 0 && bar[row] < 1e-11, "%s: %g", r->name, bar[row]);
        }
        LNN_CLOSE(k[shape.dims[0] - 1], nearbyint(1 / eta), 0);
        free(t);
        free(k);
        free(bar);
    }
    cr_assert_eq(seen, kinds, "a discrete system is missing from this test");
    finish(&o);
}

static void expect_attribute(const struct outcome *o, const char *group,
                             const char *name, const char *want)
{
    char *text = lnn_reader_attribute(o->reader, group, name);
    if (want)
        cr_assert(text && strcmp(text, want) == 0, "%s %s: %s", group, name, text);
    else
        cr_assert_null(text, "%s %s: %s", group, name, text);
    free(text);
}

Test(optimisers_file, says_the_parameters)
{
    static const char *const want[][3] = {{"momentum", "momentum", "0.75"},
                                          {"momentum", "batch", NULL},
                                          {"momentum", "epsilon", NULL},
                                          {"gradient_descent", "batch", NULL},
                                          {"whole", "batch", NULL},
                                          {"whole", "batch_seed", NULL},
                                          {"batches", "batch", "4"},
                                          {"batches", "batch_seed", "0"},
                                          {"nesterov", "batch_seed", "8"},
                                          {"adadelta", "learning_rate", "0.5"},
                                          {"adam", "rtol", NULL}};
    struct outcome o = simulate(EVERY, NULL);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        expect_attribute(&o, want[i][0], want[i][1], want[i][2]);
    finish(&o);
}

/* Theorems on descent, as far as they are about a record. */
static const char *const on_descent[] = {
    "descent_converges",     "descent_drift_identity", "balancedness_preserved",
    "energy_identity",       "flow_against_descent",   "residual_symmetric",
    "balancedness_necessary"};

Test(optimisers_file, verify_takes_none_for_gradient_descent)
{
    struct judged v = evidence_of(EVERY, NULL);
    for (size_t i = 0; i < v.e->n; i++) {
        struct lnn_record *r = &v.e->records[i];
        bool descent =
            strcmp(r->name, "gradient_descent") == 0 || strcmp(r->name, "whole") == 0;
        cr_assert_eq(r->dynamics == LNN_DYNAMICS_DESCENT, descent, "%s", r->name);
        bool other = r->dynamics == LNN_DYNAMICS_OTHER;
        if (other) cr_assert_not_null(r->iteration, "%s", r->name);
        for (size_t t = 0; lnn_theorems[t] && other; t++) {
            for (size_t n = 0; n < sizeof on_descent / sizeof *on_descent; n++)
                if (strcmp(lnn_theorems[t]->name, on_descent[n]) == 0)
                    cr_assert_not(lnn_theorems[t]->about(v.e, r), "%s about %s",
                                  on_descent[n], r->name);
            if (!lnn_theorems[t]->about(v.e, r)) continue;
            enum lnn_verdict verdict = ask(&v, lnn_theorems[t]->name, r->name);
            cr_assert_neq(verdict, LNN_VIOLATED, "%s of %s", lnn_theorems[t]->name,
                          r->name);
        }
    }
    forget(&v);
}

/* Were a run on batches, or the heavy ball, taken for descent, it would be refuted. */
Test(optimisers_file, which_matters)
{
    static const char *const names[] = {"batches", "momentum"};
    const char *set[] = {"time={end: 0.6, samples: 201}", NULL};
    struct judged v = evidence_of(EVERY, set);
    VERDICT(&v, "descent_drift_identity", "gradient_descent", LNN_HOLDS);
    for (int i = 0; i < 2; i++) {
        struct lnn_record *r = (struct lnn_record *)lnn_evidence_find(v.e, names[i]);
        cr_assert_eq(r->dynamics, LNN_DYNAMICS_OTHER);
        r->dynamics = LNN_DYNAMICS_DESCENT;
        VERDICT(&v, "descent_drift_identity", names[i], LNN_VIOLATED);
    }
    forget(&v);
}

Test(optimisers_file, divergence_is_a_result)
{
    static const char *const entries[] = {
        "{system: momentum, learning_rate: 2}", "{system: nesterov, learning_rate: 2}",
        "{system: gradient_descent, learning_rate: 2, batch: 3}"};
    for (int i = 0; i < 3; i++) {
        char set[200];
        snprintf(set, sizeof set, "trajectories=[%s]", entries[i]);
        const char *all[] = {set, "time.end=1000", "init.scale=3", NULL};
        struct outcome o = simulate(EVERY, all);
        cr_assert_eq(o.sim->results[0].reason, LNN_FAIL_NONFINITE, "%s", entries[i]);
        cr_assert_gt(strlen(o.sim->results[0].message), 5);
        cr_assert_geq(o.sim->results[0].rows, 1);
        finish(&o);
    }
}

/* The gradient's norm that stops a method with buffers is the gradient's at its
 * weights, not that of its step. */
Test(optimisers_file, stops_by_the_gradient)
{
    static const char *const entries[] = {
        "{system: momentum, learning_rate: 0.05}",
        "{system: gradient_descent, learning_rate: 0.05, batch: 5}"};
    for (int i = 0; i < 2; i++) {
        char set[200];
        snprintf(set, sizeof set, "trajectories=[%s]", entries[i]);
        const char *all[] = {set, "time={end: 1000, samples: 3}",
                             "stop.gradient_norm=0.1", "data.noise=0.01", NULL};
        struct outcome o = simulate(EVERY, all);
        cr_assert_eq(o.sim->results[0].reason, LNN_STOP_GRADIENT, "%s: %s", entries[i],
                     lnn_reason_name(o.sim->results[0].reason));
        double norm = o.sim->results[0].gradient_norm;
        cr_assert(norm <= 0.1 && norm > 0.01, "%s: %g", entries[i], norm);
        finish(&o);
    }
}
