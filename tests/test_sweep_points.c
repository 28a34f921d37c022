/* Sweeps: the points, the threads, a signal, and a figure of the literature. */
#include "test_sweep.h"

TestSuite(sweep_points, .init = lnn_test_setup);

Test(sweep_points, points_are_the_product_with_the_last_key_fastest)
{
    const char *yaml = LINE "search: {from: 0.5, to: 0.6, per_decade: 1}\n"
                            "stop: {loss: 1.0e-4, max_steps: 100}\n"
                            "sweep:\n"
                            "  - {key: data.matrix, values: [[[1]], [[2]], [[4]]]}\n"
                            "  - {key: stop.loss, values: [1.0e-2, 1.0e-6]}\n";
    struct swept w = sweep(yaml, NULL);
    struct lnn_shape shape;
    double *matrix = values(&w, "search", "data_matrix", &shape);
    double *loss = values(&w, "search", "stop_loss", NULL);
    double *k = values(&w, "search", "iterations", NULL);
    cr_assert_eq(w.grid->points, 6);
    cr_assert_eq(shape.dims[0], 6);
    for (size_t i = 0; i < 6; i++) {
        double target = i % 2 ? 1e-6 : 1e-2, scale = pow(2, (double)(i / 2));
        char text[100], expected[100];
        struct lnn_problem *point;
        cr_assert_eq(matrix[i], (double)(i / 2));
        cr_assert_eq(loss[i], target);
        /* l scales with the square of the target matrix */
        cr_assert_eq(k[i], (double)iterations_to(0.5, target / (scale * scale)));
        lnn_sweep_point_text(w.problem, i, text, sizeof text);
        snprintf(expected, sizeof expected, "data.matrix=[[%g]] stop.loss=%s", scale,
                 i % 2 ? "1.0e-6" : "1.0e-2");
        cr_assert_str_eq(text, expected);
        LNN_OK(lnn_problem_point(w.problem, i, &point));
        cr_assert_eq(point->data.matrix.at[0], scale);
        cr_assert_eq(point->stop.loss, target);
        cr_assert_eq(point->sweep.n, 0);
        lnn_problem_free(point);
    }
    char *names = lnn_reader_attribute(w.reader, "search", "data_matrix_is");
    cr_assert_str_eq(names, "[[1]]\n[[2]]\n[[4]]");
    free(names);
    free(matrix);
    free(loss);
    free(k);
    finish(&w);
}

/* A point of a sweep is the run of that problem, to the bit. */
Test(sweep_points, cell_is_the_run_of_its_problem_alone)
{
    struct swept w = sweep("network: {widths: [4, 3, 2]}\n"
                           "data: {kind: teacher, samples: 30, noise: 0.1}\n"
                           "init: {kind: gaussian, scale: 0.5}\n"
                           "trajectories: [{system: gradient_descent}]\n"
                           "search: {from: 0.01, to: 0.1, by: loss}\n"
                           "stop: {max_steps: 200}\n"
                           "sweep: [{key: init.seed, values: [3, 4]}]\n",
                           NULL);
    const char *alone = "network: {widths: [4, 3, 2]}\n"
                        "data: {kind: teacher, samples: 30, noise: 0.1}\n"
                        "init: {kind: gaussian, scale: 0.5, seed: 4}\n"
                        "trajectories: [{system: gradient_descent, learning_rate: "
                        "0.0316227766016838}]\n"
                        "time: {end: 6.32455532033676, samples: 2}\n";
    struct lnn_problem *problem;
    struct lnn_simulation *simulation;
    struct lnn_simulate_options options = {.output = w.path, .force = true};
    LNN_OK(lnn_problem_parse(alone, "<test>", NULL, &problem));
    LNN_OK(lnn_simulate(problem, &options, &simulation));
    const struct lnn_cell *c = &w.grid->cells[w.grid->rates + 1];
    cr_assert_eq(simulation->results[0].counts.steps, 200);
    cr_assert_eq(c->iterations, 200);
    cr_assert_eq(c->loss, simulation->results[0].loss);
    lnn_simulation_free(simulation);
    lnn_problem_free(problem);
    finish(&w);
}

/* Every dense matrix two: the start is that of all of them, as alone. */
Test(sweep_points, layers_of_factors_are_searched_like_others)
{
    const char *yaml = "network: {widths: [3, 6, 2], activation: relu, factors: 2}\n"
                       "data: {kind: teacher, samples: 20, noise: 0.1}\n"
                       "init: {kind: gaussian, scale: 0.5}\n"
                       "trajectories: [{system: gradient_descent}]\n"
                       "search: {from: 0.01, to: 0.1, per_decade: 2, by: loss}\n"
                       "stop: {max_steps: 50}\n";
    struct swept w = sweep(yaml, NULL);
    double *loss = values(&w, "gradient_descent", "loss", NULL);
    struct lnn_shape shape;
    LNN_OK(lnn_reader_shape(w.reader, "gradient_descent", "W4", &shape));
    cr_assert(shape.dims[1] == 2 && shape.dims[2] == 2);
    LNN_OK(lnn_reader_shape(w.reader, "gradient_descent", "loss", &shape));
    const struct lnn_cell *best = &w.grid->cells[w.grid->best[0]];
    cr_assert_eq(best->iterations, 50);
    cr_assert_eq(best->loss, loss[shape.dims[0] - 1]);
    cr_assert_lt(best->loss, 0.9 * loss[0]);
    free(loss);
    finish(&w);
}

Test(sweep_points, number_of_threads_changes_nothing)
{
    const char *yaml = "network: {widths: [6, 5, 2]}\n"
                       "data: {kind: teacher, samples: 40, noise: 0.1}\n"
                       "init: {kind: gaussian, scale: 0.5}\n"
                       "trajectories:\n"
                       "  - {system: gradient_descent}\n"
                       "  - {system: end_to_end_descent}\n"
                       "search: {from: 0.001, to: 10, per_decade: 3}\n"
                       "stop: {loss: 0.05, max_steps: 400}\n"
                       "sweep: [{key: init.seed, values: [0, 1, 2]}]\n";
    static const char *const names[] = {"learning_rate", "iterations", "loss",
                                        "loss_least",    "ended",      "best",
                                        "best_loss",     "init_seed"};
    struct swept one = sweep_threads(yaml, NULL, 1),
                 four = sweep_threads(yaml, NULL, 4);
    cr_assert_eq(one.grid->done, one.grid->runs);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lnn_shape a, b;
        double *x = values(&one, "search", names[i], &a);
        double *y = values(&four, "search", names[i], &b);
        size_t n = 1;
        cr_assert_eq(a.rank, b.rank);
        for (size_t r = 0; r < a.rank; r++) n *= a.dims[r];
        cr_assert(memcmp(x, y, n * sizeof *x) == 0, "%s", names[i]);
        free(x);
        free(y);
    }
    finish(&one);
    finish(&four);
}

Test(sweep_points, trajectory_with_a_rate_of_its_own_is_run_as_given)
{
    const char *set[] = {"trajectories=[{system: gradient_descent}, {system: "
                         "gradient_descent, name: slow, learning_rate: 1.0e-3}]",
                         NULL};
    struct swept w = sweep(LINE "search: {from: 0.1, to: 1, per_decade: 1}\n"
                                "stop: {loss: 1.0e-8, max_steps: 50}\n",
                           set);
    const struct lnn_cell *slow = &w.grid->cells[w.grid->rates];
    cr_assert_eq(w.grid->runs, 3);
    cr_assert_eq(slow[0].learning_rate, 1e-3);
    cr_assert_eq(slow[0].iterations, 50);
    cr_assert(isnan(slow[1].learning_rate));
    cr_assert_eq(w.grid->best[1], LNN_NONE);
    cr_assert_eq(w.grid->simulation->n, 2); /* it is written, target or not */
    finish(&w);
}

Test(sweep_points, sweep_without_search_runs_to_time_end)
{
    struct swept w =
        sweep("network: {widths: [1, 1]}\ndata: {kind: target, matrix: [[1]]}\n"
              "init: {kind: zero}\n"
              "trajectories: [{system: gradient_descent, learning_rate: 0.25}]\n"
              "time: {end: 5}\n"
              "sweep: [{key: trajectories.learning_rate, values: [0.25, 0.5, 1]}]\n",
              NULL);
    const unsigned long steps[] = {20, 10, 5};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(w.grid->cells[i].iterations, steps[i]);
        cr_assert_eq(w.grid->cells[i].ended, LNN_END);
    }
    cr_assert(w.grid->by_loss);
    finish(&w);
}

Test(sweep_points, signal_keeps_what_was_finished)
{
    static volatile sig_atomic_t signal = 15;
    struct lnn_problem *problem;
    struct lnn_grid *grid;
    char path[] = "/tmp/lnn_sweep_XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    LNN_OK(lnn_problem_parse(LINE "search: {from: 0.1, to: 1}\n"
                                  "stop: {loss: 1.0e-8, max_steps: 1000}\n",
                             "<test>", NULL, &problem));
    struct lnn_sweep_options options = {
        .run = {.output = path, .force = true, .signal = &signal}, .threads = 2};
    LNN_OK(lnn_sweep(problem, &options, &grid));
    cr_assert_eq(grid->stopped, LNN_STOP_SIGNAL);
    cr_assert_eq(grid->done, 0);
    cr_assert_eq(grid->best[0], LNN_OPEN);
    cr_assert_null(grid->simulation);
    lnn_grid_free(grid);
    lnn_problem_free(problem);
    unlink(path);
}

/* ICLR 2019, figure 2, on 1/2 ||W - Phi||^2 with a unit Phi in R^(1 x 128), width 32,
 * half-decades; a few points of the table, in bands wide enough for any seed. most 0:
 * no learning rate reaches 1e-5. */
static const struct point {
    const char *widths, *init;
    double scale, least, most;
} figure[] = {
    {"[128, 32, 32, 1]", "gaussian", 0.03, 25, 50},
    {"[128, 32, 32, 1]", "gaussian", 1, 0, 0},
    {"[128, 32, 32, 1]", "balanced", 0.01, 15, 30},
    {"[128, 32, 32, 32, 32, 32, 32, 32, 1]", "gaussian", 0.1, 50, 300},
    {"[128, 32, 32, 32, 32, 32, 32, 32, 1]", "gaussian", 0.3, 0, 0},
};

static void check_point(const struct point *p, const char *phi)
{
    char yaml[2000];
    snprintf(yaml, sizeof yaml,
             "network: {widths: %s}\n%sinit: {kind: %s, scale: %g}\n"
             "trajectories: [{system: gradient_descent}]\n"
             "search: {from: 3.16227766016838e-2, to: 1}\n"
             "stop: {loss: 1.0e-5, max_steps: 1000}\n"
             "sweep: [{key: init.seed, values: [11, 12]}]\n",
             p->widths, phi, p->init, p->scale);
    struct swept w = sweep_threads(yaml, NULL, 2);
    for (size_t i = 0; i < 2; i++) {
        long best = w.grid->best[i];
        cr_assert_eq(best >= 0, p->most > 0, "%s %g", p->init, p->scale);
        if (best < 0) continue;
        double k = (double)w.grid->cells[i * w.grid->rates + (size_t)best].iterations;
        cr_assert(k >= p->least && k <= p->most, "%s %g: %g", p->init, p->scale, k);
    }
    finish(&w);
}

Test(sweep_points, scales_that_work_are_few_for_eight_layers, .timeout = 300)
{
    char phi[600] = "data: {kind: target, matrix: [[1";
    for (int i = 1; i < 128; i++) strcat(phi, ",0");
    strcat(phi, "]]}\n");
    for (size_t f = 0; f < sizeof figure / sizeof *figure; f++)
        check_point(&figure[f], phi);
}

/* The grid's run and the run that is written go through different code. */
Test(sweep_points, factored_layers_and_activations_are_those_of_a_run)
{
    struct swept w =
        sweep("network: {widths: [3, 4, 2], factors: 2, activation: tanh}\n"
              "data: {kind: teacher, samples: 20}\n"
              "init: {kind: gaussian, scale: 0.5, seed: 1}\n"
              "trajectories: [{system: gradient_descent}]\n"
              "search: {from: 0.01, to: 0.1, per_decade: 1, by: loss}\n"
              "stop: {max_steps: 50}\n",
              NULL);
    struct lnn_shape shape;
    double *l = values(&w, "gradient_descent", "loss", &shape);
    const struct lnn_cell *c = &w.grid->cells[w.grid->best[0]];
    cr_assert(isfinite(c->loss));
    cr_assert_eq(c->iterations, 50);
    cr_assert(c->loss < 0.9 * l[0]);
    cr_assert_eq(c->loss, l[shape.dims[0] - 1]);
    free(l);
    finish(&w);
}
