/* The resolved form reads back to the same problem; and broken bytes never do harm. */
#include "test_problem.h"

TestSuite(problem_resolve, .init = lnn_test_setup);

static bool same_words(const struct lnn_words *a, const struct lnn_words *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) same = strcmp(a->at[i], b->at[i]) == 0;
    return same;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_doubles(size_t n, const double a[], const double b[])
{
    return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

static bool same(const struct lnn_key *key, const void *a, const void *b)
{
    a = (const char *)a + key->offset;
    b = (const char *)b + key->offset;
    if (strcmp(key->type, "real") == 0)
        return same_doubles(1, a, b) ||
               (isnan(*(const double *)a) && isnan(*(const double *)b));
    if (strcmp(key->type, "flag") == 0) return *(const bool *)a == *(const bool *)b;
    if (strcmp(key->type, "count") == 0)
        return *(const size_t *)a == *(const size_t *)b;
    if (strcmp(key->type, "words") == 0) return same_words(a, b);
    if (strcmp(key->type, "counts") == 0) {
        const struct lnn_counts *x = a, *y = b;
        return x->n == y->n && memcmp(x->at, y->at, x->n * sizeof *x->at) == 0;
    }
    if (strcmp(key->type, "matrix") == 0) {
        const struct lnn_matrix *x = a, *y = b;
        return x->rows == y->rows && x->cols == y->cols &&
               same_doubles(x->rows * x->cols, x->at, y->at);
    }
    return same_text(*(const char *const *)a, *(const char *const *)b);
}

static void expect_same(const struct lnn_problem *a, const struct lnn_problem *b)
{
    cr_assert_eq(a->trajectories.n, b->trajectories.n);
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(key->section, "trajectories") != 0) {
            cr_expect(same(key, a, b), "%s.%s", key->section, key->name);
            continue;
        }
        for (size_t i = 0; i < a->trajectories.n; i++)
            cr_expect(same(key, &a->trajectories.at[i], &b->trajectories.at[i]),
                      "trajectories.%zu.%s", i, key->name);
    }
    cr_expect_str_eq(a->resolved, b->resolved);
}

Test(problem_resolve, reads_back_to_the_same_problem)
{
    static const char *const texts[] = {
        GOOD,
        GOOD
        "title: \"a \\\"b\\\" \\\\ \\x01 \\N \\L \\P \\_ \\uFEFF \\uFFFF \\U0001F600 "
        "\\t"
        "\\n: #\"\nstop: {loss: -1e-300, max_steps: 1e15, gradient_norm: 4.9e-324}\n",
        GOOD "title: ''\noutput: {file: \"x y.h5\", weights_every: 0, "
             "observables: [loss, W]}\nglobal_error: false\n",
        NETWORK
        "time: {end: 0.1, spacing: log, first: 0.012345678901234567}\n"
        "data: {kind: csv, file: ../a, inputs: [3..10, -1, 'null', '~'], header: no, "
        "delimiter: whitespace, scale: whiten, target_scale: unit}\n"
        "init: {kind: identity, noise: 0.3333333333333333, rotate: true}\n",
        NETWORK TIME
        "data: {kind: teacher, samples: 7, rank: 1, intercept: true, seed: "
        "4294967295}\ninit: {kind: file, file: w.h5, group: a, row: -3}\n"
        "loss: {kind: logistic, weight_decay: 0.1}\n",
        NETWORK TIME
        "data: {kind: target, mask: [[1, 0, 1], [0, 0, 1]], matrix: [[0.1, "
        "-1e22, 3], [1e-5, 123456789012345678, 6]]}\nloss: {kind: masked}\n"
        "init: {kind: lambda_balanced, lambda: -0.7}\n",
        GOOD
        "loss: {kind: lp, p: 1.0000000000000002, scaling: papers}\n"
        "trajectories:\n- {system: gradient_flow, stepper: gauss, stages: 3}\n"
        "- {system: singular_modes, first_step: 1e-300}\n- {system: exact, name: -x.}\n"
        "- {system: end_to_end_descent, learning_rate: 0.7}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lnn_problem *a = lnn_test_problem(texts[i]);
        struct lnn_problem *b = lnn_test_problem(a->resolved);
        expect_same(a, b);
        lnn_problem_free(a);
        lnn_problem_free(b);
    }
}

Test(problem_resolve, holds_what_is_in_force_and_nothing_else)
{
    const char *set[] = {"time.samples=7", NULL};
    struct lnn_problem *p;
    LNN_OK(lnn_problem_parse(GOOD "trajectories: [{system: gradient_descent, "
                                  "learning_rate: 0.1}]\n",
                             "p", set, &p));
    cr_expect_str_eq(p->resolved,
                     "title: \"untitled\"\nglobal_error: true\nnetwork:\n"
                     "  widths: [3, 2, 2]\n  activation: linear\n  factors: 1\n"
                     "loss:\n  kind: square\n  weight_decay: 0\n"
                     "data:\n  kind: target\n  matrix: [[1, 0, 2], [0, 1, 3]]\n"
                     "  offset: 0\n  seed: 0\ninit:\n  kind: balanced\n  scale: 0.1\n"
                     "  rotate: false\n  seed: 0\ntrajectories:\n"
                     "  - system: gradient_descent\n    name: \"gradient_descent\"\n"
                     "    learning_rate: 0.1\n    batch_seed: 0\ntime:\n"
                     "  end: 1\n  samples: 7\n"
                     "  spacing: linear\noutput:\n  weights_every: 1\n");
    lnn_problem_free(p);
}

static const char example[] =
    "title: t\nnetwork: {widths: [2, 2, 2]}\nloss:\n  kind: square\n"
    "data: {kind: target, matrix: [[1, 0.5], [0, -1e0]]}\ninit: {scale: 1, seed: &a "
    "1}\n"
    "trajectories:\n  - system: gradient_flow\n    rtol: 1e-3\n"
    "  - {system: end_to_end, name: \"x\"}\ntime: {end: *a, samples: 3}\n"
    "stop:\noutput: {observables: [loss, W]}\n";

/* Numerical Recipes' generator: the same bytes on every machine. */
static unsigned next(unsigned *state, unsigned n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % n;
}

/* Overwrites, deletes, repeats or inserts some bytes, mostly of YAML's own. */
static void spoil(char *text, size_t room, unsigned *state)
{
    static const char special[] = "{}[]:,-&*!|>'\"%@`#?~ \n\t\x01\xc3\xff"
                                  "01e.=<null";
    for (unsigned edits = 1 + next(state, 4); edits > 0; edits--) {
        size_t n = strlen(text), at = next(state, (unsigned)n + 1);
        char byte = special[next(state, sizeof special - 1)];
        size_t length = 1 + next(state, 12), left = n - at;
        switch (next(state, 4)) {
        case 0:
            text[at] = at < n ? byte : '\0';
            break;
        case 1:
            length = length < left ? length : left;
            memmove(text + at, text + at + length, left - length + 1);
            break;
        case 2:
            if (n + 1 >= room) break;
            memmove(text + at + 1, text + at, left + 1);
            text[at] = byte;
            break;
        default:
            length = length < left ? length : left;
            if (n + length >= room) break;
            memmove(text + at + length, text + at, left + 1);
        }
    }
}

/* What is accepted must resolve to itself; what is refused must say why. The number of
 * rounds can be raised for a longer search. */
Test(problem_resolve, spoilt_bytes_do_no_harm)
{
    const char *rounds = getenv("LNN_FUZZ");
    unsigned state = 1;
    for (long left = rounds ? atol(rounds) : 3000; left > 0; left--) {
        char text[2 * sizeof example];
        struct lnn_problem *p;
        memcpy(text, example, sizeof example);
        spoil(text, sizeof text, &state);
        int code = lnn_problem_parse(text, "p", NULL, &p);
        if (code == GSL_SUCCESS) {
            struct lnn_problem *q = lnn_test_problem(p->resolved);
            expect_same(p, q);
            lnn_problem_free(q);
        } else {
            cr_assert_eq(code, GSL_EINVAL);
            cr_assert_not_null(strstr(lnn_error(), "error: "));
        }
        lnn_problem_free(p);
    }
}
