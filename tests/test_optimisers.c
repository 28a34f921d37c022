/* The optimisers: first steps against 60-digit decimals, and how they are related. */
#include "first_steps.h"
#include "optimiser_case.h"

TestSuite(optimisers, .init = lnn_test_setup);

static const char *const names[] = {OPTIMISERS};
enum { NAMES = sizeof names / sizeof *names };

static const char *const problems[] = {
    "network: {widths: [1, 1]}\ndata: {kind: target, matrix: [[2]]}\n"
    "init: {kind: zero}\ntime: {end: 1}\n",
    "network: {widths: [3, 2, 1]}\nloss: {weight_decay: 0.125}\n"
    "data: {kind: target, matrix: [[1, 0.5, -0.25]]}\n"
    "init: {kind: zero}\ntime: {end: 1}\n"};
static const double starts[2][8] = {{0.5},
                                    {0.5, -0.25, 0.75, 0.25, 1, -0.5, 1.5, -0.75}};

Test(optimisers, first_three_steps_of_each)
{
    size_t seen = 0;
    for (size_t i = 0; i < sizeof first_steps / sizeof *first_steps; i++) {
        const struct first_steps *want = &first_steps[i];
        char keys[200];
        snprintf(keys, sizeof keys, ", learning_rate: %.17g%s", want->eta, want->keys);
        struct optimiser_case o = optimiser_open(problems[want->problem], want->system,
                                                 keys, starts[want->problem]);
        for (int step = 0; step < 3; step++) {
            optimiser_steps(&o, 1);
            for (size_t e = 0; e < o.c.net.size; e++) {
                double gap = fabs(o.y[e] - want->w[step][e]);
                cr_assert(gap <= 1e-15 * fmax(0.25, fabs(want->w[step][e])),
                          "%s%s, problem %d, step %d, weight %zu: %.17g, not %.17g",
                          want->system, want->keys, want->problem, step + 1, e, o.y[e],
                          want->w[step][e]);
            }
        }
        for (size_t n = 0; n < NAMES; n++)
            seen |= (size_t)!strcmp(names[n], want->system) << n;
        optimiser_close(&o);
    }
    cr_assert_eq(seen, (1u << NAMES) - 1);
}

#define PLAIN                                                                     \
    "network: {widths: [3, 4, 2]}\n"                                              \
    "data: {kind: teacher, samples: 8, noise: 0.2}\nloss: {weight_decay: 0.05}\n" \
    "init: {kind: gaussian, scale: 0.5}\ntime: {end: 1}\n"

/* The weights of two methods after so many steps, to the bit. */
static void expect_same(const char *a, const char *keys_a, const char *b,
                        const char *keys_b, int steps)
{
    struct optimiser_case x = optimiser_open(PLAIN, a, keys_a, NULL);
    struct optimiser_case y = optimiser_open(PLAIN, b, keys_b, NULL);
    optimiser_steps(&x, steps);
    optimiser_steps(&y, steps);
    for (size_t e = 0; e < x.c.net.size; e++)
        cr_assert_eq(x.y[e], y.y[e], "%s%s, %s%s: %.17g, %.17g", a, keys_a, b, keys_b,
                     x.y[e], y.y[e]);
    cr_assert_gt(lnn_distance(x.c.net.size, x.y, x.c.w0), 1e-3);
    optimiser_close(&x);
    optimiser_close(&y);
}

Test(optimisers, without_momentum_it_is_gradient_descent_to_the_bit)
{
    static const char *const batch[] = {"", ", batch: 3, batch_seed: 5", ", batch: 1"};
    for (int i = 0; i < 3; i++) {
        char zero[140], plain[100];
        snprintf(plain, sizeof plain, ", learning_rate: 0.03%s", batch[i]);
        snprintf(zero, sizeof zero, "%s, momentum: 0", plain);
        expect_same("momentum", zero, "gradient_descent", plain, 40);
        expect_same("nesterov", zero, "gradient_descent", plain, 40);
    }
}

/* All examples in a batch, or more of them: the whole batch, in no other order. */
Test(optimisers, a_batch_of_everything_is_no_batch)
{
    for (size_t n = 0; n < NAMES; n++) {
        expect_same(names[n], ", learning_rate: 0.01", names[n],
                    ", learning_rate: 0.01, batch: 8", 20);
        expect_same(names[n], ", learning_rate: 0.01", names[n],
                    ", learning_rate: 0.01, batch: 1000000, batch_seed: 3", 20);
    }
    struct optimiser_case o =
        optimiser_open(PLAIN, "gradient_descent", ", batch: 8", NULL);
    cr_assert_eq(o.dim, o.c.net.size);
    cr_assert_not(lnn_descent_batched(o.c.model));
    optimiser_close(&o);
}

/* w - start, over the gradient's signs: a number an entry. */
static void expect_sign_steps(const char *system, const char *keys, double size)
{
    struct optimiser_case o = optimiser_open(PLAIN, system, keys, NULL);
    size_t n = o.c.net.size;
    double *grad = naive_new(n);
    for (int step = 0; step < (strcmp(system, "adam") == 0 ? 10 : 1); step++) {
        double *before = naive_new(n);
        memcpy(before, o.y, n * sizeof *before);
        lnn_model_gradient(o.c.model, before, grad);
        optimiser_steps(&o, 1);
        for (size_t e = 0; e < n; e++)
            LNN_CLOSE(o.y[e], before[e] - size * copysign(1, grad[e]), 4e-16);
        free(before);
    }
    free(grad);
    optimiser_close(&o);
}

Test(optimisers, steps_along_the_gradients_signs)
{
    expect_sign_steps("adam", ", learning_rate: 0.01, beta1: 0, beta2: 0, epsilon: 0",
                      0.01);
    expect_sign_steps("adagrad", ", learning_rate: 0.07, epsilon: 0", 0.07);
    expect_sign_steps("rmsprop", ", learning_rate: 0.07, epsilon: 0, decay: 0", 0.07);
    expect_sign_steps("rmsprop", ", learning_rate: 0.07, epsilon: 0, decay: 0.75",
                      0.14);
}

/* Where the gradient is 0 nothing moves, whatever epsilon. */
Test(optimisers, a_critical_point_stays_one)
{
    static const char text[] = "network: {widths: [3, 2, 2]}\ninit: {kind: zero}\n"
                               "data: {kind: teacher, samples: 5}\ntime: {end: 1}\n";
    static const char *const keys[] = {"", ", batch: 2"};
    for (size_t n = 0; n < NAMES; n++)
        for (int i = 0; i < 2; i++) {
            char all[100];
            snprintf(all, sizeof all, "%s%s", keys[i],
                     n >= 2 ? ", epsilon: 0" : ", momentum: 0.5");
            struct optimiser_case o = optimiser_open(text, names[n], all, NULL);
            optimiser_steps(&o, 7);
            for (size_t e = 0; e < o.c.net.size; e++) cr_assert_eq(o.y[e], 0);
            optimiser_close(&o);
        }
}

/* The state is all there is: another model goes on from it as if nothing had been. */
Test(optimisers, go_on_from_the_last_state)
{
    static const char *const keys[] = {
        ", learning_rate: 0.02", ", learning_rate: 0.02, batch: 3, batch_seed: 9"};
    for (size_t n = 0; n <= NAMES; n++)
        for (int i = 0; i < 2; i++) {
            const char *name = n < NAMES ? names[n] : "gradient_descent";
            struct optimiser_case a = optimiser_open(PLAIN, name, keys[i], NULL);
            struct optimiser_case b = optimiser_open(PLAIN, name, keys[i], NULL);
            optimiser_steps(&a, 31);
            memcpy(b.y, a.y, a.dim * sizeof *a.y);
            optimiser_steps(&a, 20);
            optimiser_steps(&b, 20);
            cr_assert_arr_eq(a.y, b.y, a.dim * sizeof *a.y, "%s", name);
            if (a.dim > a.c.net.size) cr_assert_eq(a.y[a.dim - 1], 51, "%s", name);
            optimiser_close(&a);
            optimiser_close(&b);
        }
}

/* The second run moves the whole state by a rounding: the count survives that, and so
 * do the batches. */
Test(optimisers, a_perturbed_count_stays_whole)
{
    struct optimiser_case o = optimiser_open(PLAIN, "adam", ", batch: 3", NULL);
    double *k = &o.y[o.dim - 1];
    for (double count = 1; count < 1e15; count *= 7)
        for (int sign = -1; sign <= 1; sign += 2) {
            *k = count * (1 + sign * DBL_EPSILON);
            optimiser_steps(&o, 1);
            cr_assert_eq(*k, count + 1);
        }
    optimiser_close(&o);
}

Test(optimisers, refuse_what_they_cannot_do)
{
    char text[600];
    snprintf(text, sizeof text,
             "network: {widths: [3, 2, 2]}\ntime: {end: 1}\nloss: {kind: masked}\n"
             "data: {kind: target, matrix: [[1, -1, 1], [-1, 1, 1]], mask: [[1, 0, 1], "
             "[1, 1, 0]]}\ntrajectories: [{system: adam, learning_rate: 1, batch: 2}]");
    struct naive_case c = naive_open(text);
    double y[100];
    cr_assert_eq(system_called("adam")->init(c.model, y), GSL_EINVAL);
    cr_assert_not_null(strstr(lnn_error(), "masked is no sum over examples"), "%s",
                       lnn_error());
    cr_assert_eq(lnn_simulate_check(c.problem), GSL_EINVAL);
    c.model->spec = NULL;
    for (size_t n = 0; n < NAMES; n++)
        cr_assert_eq(system_called(names[n])->init(c.model, y), GSL_EINVAL);
    naive_close(&c);
}
