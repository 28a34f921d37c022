/* Searches against what is known in closed form, read back from the file. */
#include "test_sweep.h"

TestSuite(sweep, .init = lnn_test_setup);

Test(sweep, quadratic_takes_the_iterations_of_its_closed_form)
{
    struct swept w = sweep(LINE "search: {from: 0.1, to: 1.9, per_decade: 20}\n"
                                "stop: {loss: 1.0e-8, max_steps: 1000}\n",
                           NULL);
    const struct lnn_grid *g = w.grid;
    long best = LNN_NONE;
    cr_assert_eq(g->points, 1);
    cr_assert_eq(g->trajectories, 1);
    cr_assert_eq(g->rates, 26); /* 0.1 10^(i/20) up to 1.778 */
    for (size_t r = 0; r < g->rates; r++) {
        const struct lnn_cell *c = &g->cells[r];
        LNN_CLOSE(c->learning_rate, 0.1 * pow(10, (double)r / 20), 1e-14);
        unsigned long k = fabs(1 - c->learning_rate) < 1e-12
                              ? 1
                              : iterations_to(c->learning_rate, 1e-8);
        cr_assert_eq(c->ended, LNN_STOP_LOSS);
        cr_assert_eq(c->iterations, k, "eta = %g: %lu, not %lu", c->learning_rate,
                     c->iterations, k);
        double gap = pow(1 - c->learning_rate, (double)k);
        cr_assert_float_eq(c->loss, 0.5 * gap * gap, 1e-17);
        if (best < 0 || k < g->cells[best].iterations) best = (long)r;
    }
    cr_assert_eq(best, 20); /* eta = 1: one iteration */
    cr_assert_eq(g->best[0], best);
    finish(&w);
}

Test(sweep, best_run_is_written_and_stops_where_the_search_did)
{
    const char *set[] = {"time.samples=1000", NULL};
    struct swept w = sweep(LINE "search: {from: 0.1, to: 0.5, per_decade: 5}\n"
                                "stop: {loss: 1.0e-8, max_steps: 1000}\n",
                           set);
    struct lnn_shape shape;
    double *k = values(&w, "gradient_descent", "iteration", &shape);
    double *l = values(&w, "gradient_descent", "loss", NULL);
    const struct lnn_cell *c = &w.grid->cells[w.grid->best[0]];
    LNN_CLOSE(c->learning_rate, 0.1 * pow(10, 0.6), 1e-14);
    cr_assert_eq(shape.dims[0], c->iterations + 1); /* every iteration is sampled */
    for (size_t i = 0; i < shape.dims[0]; i++) cr_assert_eq(k[i], (double)i);
    cr_assert_eq(l[c->iterations], c->loss);
    cr_assert(l[c->iterations - 1] > 1e-8);
    cr_assert_eq(w.grid->simulation->n, 1);
    cr_assert_eq(w.grid->simulation->results[0].reason, LNN_STOP_LOSS);
    cr_assert_eq(w.grid->simulation->results[0].counts.steps, c->iterations);
    free(k);
    free(l);
    finish(&w);
}

Test(sweep, samples_are_spread_over_iterations_linearly_or_by_their_logarithm)
{
    const char *spacing[] = {"time={samples: 5, spacing: log}",
                             "time={samples: 5, spacing: linear}"};
    const double expected[2][5] = {{0, 1, 10, 100, 1000}, {0, 250, 500, 750, 1000}};
    for (int s = 0; s < 2; s++) {
        const char *set[] = {spacing[s], NULL};
        struct swept w = sweep(LINE "search: {from: 1.0e-4, to: 1.0e-3, by: loss}\n"
                                    "stop: {max_steps: 1000}\n",
                               set);
        struct lnn_shape shape;
        double *k = values(&w, "gradient_descent", "iteration", &shape);
        double *t = values(&w, "gradient_descent", "time", NULL);
        cr_assert_eq(shape.dims[0], 5);
        for (int i = 0; i < 5; i++) {
            cr_assert_eq(k[i], expected[s][i], "%g", k[i]);
            LNN_CLOSE(t[i], 1e-3 * k[i], 1e-14);
        }
        free(k);
        free(t);
        finish(&w);
    }
}

Test(sweep, divergence_is_a_result_with_its_iteration)
{
    /* eta |w_(k-1) - 1| = 10 9^(k-1), the step of iteration k, overflows at 2^1024 */
    struct swept w = sweep(LINE "search: {from: 1, to: 10, per_decade: 1, by: loss}\n"
                                "stop: {max_steps: 100000}\n",
                           NULL);
    const struct lnn_cell *c = &w.grid->cells[1];
    double k = 1 + ceil((1024 * log(2) - log(10)) / log(9));
    cr_assert_eq(c->ended, LNN_FAIL_NONFINITE);
    cr_assert_eq(c->iterations, (unsigned long)k, "%lu, not %g", c->iterations, k);
    LNN_CLOSE(c->loss_least, 0.5, 1e-15);
    cr_assert_eq(w.grid->best[0], 0);
    double *ended = values(&w, "search", "ended", NULL);
    double *iterations = values(&w, "search", "iterations", NULL);
    cr_assert_eq(ended[1], LNN_FAIL_NONFINITE);
    cr_assert_eq(iterations[1], k);
    free(ended);
    free(iterations);
    finish(&w);
}

Test(sweep, ties_go_to_the_smaller_loss_and_then_to_the_smaller_rate)
{
    /* both rates below 1 need the same number; the gap (1 - eta)^k is smaller for the
     * larger */
    struct swept w = sweep(LINE "search: {from: 0.9, to: 0.96, per_decade: 50}\n"
                                "stop: {loss: 1.0e-4, max_steps: 9}\n",
                           NULL);
    cr_assert_eq(w.grid->rates, 2);
    cr_assert_eq(w.grid->cells[0].iterations, 2);
    cr_assert_eq(w.grid->cells[1].iterations, 2);
    cr_assert_eq(w.grid->best[0], 1);
    finish(&w);
    /* the start meets the target: 0 iterations and one loss for all */
    w = sweep(LINE "search: {from: 0.1, to: 1}\nstop: {loss: 1, max_steps: 9}\n", NULL);
    for (size_t r = 0; r < w.grid->rates; r++) {
        cr_assert_eq(w.grid->cells[r].iterations, 0);
        cr_assert_eq(w.grid->cells[r].ended, LNN_STOP_LOSS);
    }
    cr_assert_eq(w.grid->best[0], 0);
    cr_assert_eq(w.grid->simulation->results[0].reason, LNN_STOP_LOSS);
    cr_assert_eq(w.grid->simulation->results[0].rows, 1);
    finish(&w);
}

Test(sweep, target_that_none_reaches_has_no_best)
{
    struct swept w = sweep(LINE "search: {from: 1.0e-4, to: 1.0e-2}\n"
                                "stop: {loss: 1.0e-8, max_steps: 10}\n",
                           NULL);
    double *best = values(&w, "search", "best", NULL);
    double *rate = values(&w, "search", "best_learning_rate", NULL);
    cr_assert_eq(w.grid->best[0], LNN_NONE);
    cr_assert_eq(best[0], -1);
    cr_assert(isnan(rate[0]));
    cr_assert_null(w.grid->simulation);
    cr_assert_null(lnn_reader_groups(w.reader)[0]);
    free(best);
    free(rate);
    finish(&w);
}

Test(sweep, target_met_by_the_last_iteration_allowed_counts)
{
    unsigned long k = iterations_to(0.5, 1e-8);
    char budget[40];
    for (unsigned long less = 0; less < 2; less++) {
        snprintf(budget, sizeof budget, "stop.max_steps=%lu", k - less);
        const char *set[] = {budget, NULL};
        struct swept w = sweep(LINE "search: {from: 0.5, to: 0.6, per_decade: 1}\n"
                                    "stop: {loss: 1.0e-8}\n",
                               set);
        cr_assert_eq(w.grid->cells[0].iterations, k - less);
        cr_assert_eq(w.grid->cells[0].ended, less ? LNN_STOP_STEPS : LNN_STOP_LOSS);
        finish(&w);
    }
}

/* The stop that rides on the gradient sees what an evaluation of its own sees. */
Test(sweep, stop_is_the_first_iteration_whose_stored_loss_is_low_enough)
{
    static const char *const losses[] = {"loss={kind: square}", "loss={kind: lp, p: 4}",
                                         "loss={kind: lp, p: 2.5}"};
    static const char *const systems[] = {"gradient_descent", "end_to_end_descent"};
    for (int c = 0; c < 6; c++) {
        char one[160];
        snprintf(one, sizeof one,
                 "trajectories=[{system: %s, learning_rate: 0.02}, {system: "
                 "gradient_descent, name: x}]",
                 systems[c % 2]);
        const char *set[] = {losses[c / 2], one, "time.samples=3000", NULL};
        struct swept w = sweep("network: {widths: [3, 2, 2]}\n"
                               "data: {kind: teacher, samples: 20, noise: 0.1}\n"
                               "init: {kind: balanced, scale: 0.5}\n"
                               "search: {from: 0.01, to: 0.02, per_decade: 5}\n"
                               "stop: {loss: 0.05, max_steps: 2900}\n",
                               set);
        struct lnn_shape shape;
        double *l = values(&w, systems[c % 2], "loss", &shape);
        size_t k = 0;
        while (k + 1 < shape.dims[0] && !(l[k] <= 0.05)) k++;
        cr_assert_eq(w.grid->cells[0].ended, LNN_STOP_LOSS, "%s %s", set[0], set[1]);
        cr_assert_eq(w.grid->cells[0].iterations, k, "%s %s: %lu, not %zu", set[0],
                     set[1], w.grid->cells[0].iterations, k);
        cr_assert_eq(w.grid->cells[0].loss, l[k]);
        double least = l[0];
        for (size_t i = 0; i <= k; i++) least = l[i] < least ? l[i] : least;
        cr_assert_eq(w.grid->cells[0].loss_least, least);
        free(l);
        finish(&w);
    }
}

/* The search's runs and the trajectories written of the best of them are two programs:
 * they must agree on the loss, for every system, with factors, activations and batches.
 */
static void search_agrees_with_run(const char *network, const char *more)
{
    char yaml[2000];
    snprintf(yaml, sizeof yaml,
             "network: {widths: [2, 3, 3], %s}\n"
             "data: {kind: teacher, samples: 7}\n"
             "init: {kind: gaussian, scale: 0.5}\n"
             "trajectories:\n"
             "  - {system: gradient_descent}\n"
             "  - {system: momentum, batch: 3, momentum: 0.5}\n"
             "  - {system: nesterov}\n"
             "  - {system: adagrad}\n"
             "  - {system: adadelta, batch: 2}\n"
             "  - {system: rmsprop}\n"
             "  - {system: adam, beta1: 0.5}\n%s"
             "search: {from: 0.01, to: 0.1, per_decade: 1, by: loss}\n"
             "stop: {max_steps: 7}\n",
             network, more);
    struct swept w = sweep(yaml, NULL);
    cr_assert_eq(w.grid->trajectories, *more ? 8 : 7);
    for (size_t i = 0; i < w.grid->trajectories; i++) {
        struct lnn_shape shape;
        double *l = values(&w, w.grid->names[i], "loss", &shape);
        const struct lnn_cell *c =
            &w.grid->cells[i * w.grid->rates + (size_t)w.grid->best[i]];
        cr_assert_eq(c->iterations, 7);
        cr_assert_neq(l[0], l[shape.dims[0] - 1]);
        LNN_CLOSE(c->loss, l[shape.dims[0] - 1], 1e-13);
        free(l);
    }
    finish(&w);
}

Test(sweep, every_system_and_network_ends_where_its_written_run_does)
{
    const char *product = "  - {system: end_to_end_descent}\n";
    search_agrees_with_run("factors: 1", product);
    search_agrees_with_run("factors: 3", product);
    search_agrees_with_run("activation: relu, factors: 2", "");
    search_agrees_with_run("activation: tanh", "");
}

Test(sweep, refuses_a_system_of_the_product_where_the_network_has_none)
{
    struct lnn_problem *problem = NULL;
    LNN_OK(lnn_problem_parse("network: {widths: [1, 1, 1]}\n"
                             "data: {kind: target, matrix: [[1]]}\n"
                             "trajectories: [{system: end_to_end_descent}]\n"
                             "search: {from: 0.1, to: 1, by: loss}\n"
                             "stop: {max_steps: 2}\n"
                             "sweep: [{key: network.activation, values: [linear, "
                             "tanh]}]\n",
                             "<test>", NULL, &problem));
    cr_assert_eq(lnn_sweep_check(problem), GSL_EINVAL);
    const char *start = "network.activation=tanh: <test>:3:";
    cr_assert_eq(strncmp(lnn_error(), start, strlen(start)), 0, "%s", lnn_error());
    cr_assert_neq(strstr(lnn_error(), "there is none"), NULL, "%s", lnn_error());
    lnn_problem_free(problem);
}
