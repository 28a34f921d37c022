/* Reading a problem: values, defaults, overrides. What is refused is in the files
 * test_problem_errors.c and test_problem_checks.c. */
#include "test_problem.h"

#include <locale.h>
#include <unistd.h>

TestSuite(problem, .init = lnn_test_setup);

static struct lnn_problem *parse(const char *text, const char *const *set)
{
    struct lnn_problem *problem = NULL;
    int code = lnn_problem_parse(text, "dir/p.yaml", set, &problem);
    cr_assert_eq(code, GSL_SUCCESS, "%s\nrefused: %s", text, lnn_error());
    return problem;
}

Test(problem, table_is_sound)
{
    const char *types = " text path choice real count flag counts matrix words sweep ";
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        char type[32];
        snprintf(type, sizeof type, " %s ", key->type);
        cr_expect_not_null(strstr(types, type), "%s: type %s", key->name, key->type);
        cr_expect(key->doc && *key->doc, "%s has no doc", key->name);
        cr_expect_leq(key->min, key->max, "%s", key->name);
        if (strcmp(key->type, "choice") == 0) cr_expect_not_null(key->choices);
        if (*key->section) cr_expect_not_null(lnn_section_doc(key->section));
    }
    cr_expect_null(lnn_section_doc("nothing"));
}

static bool among(const char *const *words, const char *word, size_t n)
{
    for (; *words; words++)
        if (strlen(*words) == n && strncmp(*words, word, n) == 0) return true;
    return false;
}

Test(problem, kinds_that_keys_go_with_exist)
{
    const struct lnn_key *first = lnn_keys, *kind;
    for (const struct lnn_key *key = lnn_keys; key->section; key++) {
        if (strcmp(first->section, key->section) != 0) first = key;
        const char *word = key->goes_with, *equals = strchr(word, '=');
        kind = first;
        for (; equals && strncmp(kind->name, word, (size_t)(equals - word)) != 0;
             kind++)
            cr_assert(kind < key, "%s goes with a later key", key->name);
        if (equals) word = equals + 1;
        for (; *word; word += strspn(word, " ")) {
            size_t n = strcspn(word, " ");
            cr_expect(kind->choices && among(kind->choices, word, n), "%s: %s",
                      key->name, word);
            word += n;
        }
    }
}

Test(problem, values_are_read)
{
    struct lnn_problem *p = parse(
        "title: 'two words'\nglobal_error: false\nnetwork: {widths: [3, 1e1, 2]}\n"
        "loss: {kind: lp, p: 2.5}\n"
        "data: {kind: target, matrix: [[+1, .5, -2.5e-1], [0, -1., 0.75]]}\n"
        "time:\n  end: 1E3\n  samples: 1.01e2\nstop:\noutput: {observables: loss}\n"
        "trajectories:\n- system: gradient_descent\n  learning_rate: 1e-3\n"
        "  name: gd\n- {system: end_to_end}\n",
        NULL);
    cr_expect_str_eq(p->title, "two words");
    cr_expect(p->global_error == false);
    cr_expect_eq(p->network.widths.n, 3);
    cr_expect_eq(p->network.widths.at[1], 10);
    cr_expect_str_eq(p->loss.kind, "lp");
    cr_expect_eq(p->loss.p, 2.5);
    cr_expect_eq(p->data.matrix.rows, 2);
    cr_expect_eq(p->data.matrix.cols, 3);
    const double phi[] = {1, .5, -.25, 0, -1, .75};
    cr_expect_eq(lnn_test_gap(6, p->data.matrix.at, phi), 0);
    cr_expect_eq(p->time.end, 1000);
    cr_expect_eq(p->time.samples, 101);
    cr_expect_eq(p->output.observables.n, 1);
    cr_expect_eq(p->trajectories.n, 2);
    cr_expect_str_eq(p->trajectories.at[0].name, "gd");
    cr_expect_eq(p->trajectories.at[0].learning_rate, 1e-3);
    cr_expect_str_eq(p->trajectories.at[1].name, "end_to_end");
    cr_expect_str_eq(p->path, "dir/p.yaml");
    cr_expect_str_eq(p->folder, "dir");
    lnn_problem_free(p);
}

Test(problem, defaults)
{
    struct lnn_problem *p = parse(GOOD, NULL);
    cr_expect_str_eq(p->title, "untitled");
    cr_expect(p->global_error);
    cr_expect_str_eq(p->loss.kind, "square");
    cr_expect_str_eq(p->data.scale, "none");
    cr_expect_eq(p->init.scale, 0.1);
    cr_expect_eq(p->trajectories.n, 2);
    cr_expect_str_eq(p->trajectories.at[0].system, "gradient_flow");
    cr_expect_str_eq(p->trajectories.at[0].name, "gradient_flow");
    cr_expect_str_eq(p->trajectories.at[1].stepper, "rk8pd");
    cr_expect_eq(p->trajectories.at[1].rtol, 1e-10);
    cr_expect(isnan(p->trajectories.at[0].learning_rate));
    cr_expect(isnan(p->stop.loss));
    cr_expect(isnan(p->time.first));
    cr_expect_eq(p->stop.max_steps, 0);
    cr_expect_eq(p->output.weights_every, 1);
    cr_expect_null(p->output.file);
    cr_expect_null(p->init.matrix.at);
    cr_expect_eq(p->output.observables.n, 0);
    lnn_problem_free(p);
}

Test(problem, defaults_that_depend_on_other_keys)
{
    struct lnn_problem *p = parse(GOOD "init: {kind: identity}\n", NULL);
    cr_expect_eq(p->init.scale, 1);
    lnn_problem_free(p);
    p = parse(GOOD "init: {kind: identity, scale: 0.5}\n", NULL);
    cr_expect_eq(p->init.scale, 0.5);
    lnn_problem_free(p);
    const char *set[] = {"time.spacing=log", "time.end=3", NULL};
    p = parse(GOOD, set);
    cr_expect_eq(p->time.first, 3 / 1e4);
    lnn_problem_free(p);
}

/* "x kind=y" in the table. */
Test(problem, defaults_that_depend_on_the_kind)
{
    struct lnn_problem *p =
        parse(GOOD "trajectories: [{system: adadelta}, {system: adagrad, "
                   "learning_rate: 3}, {system: rmsprop, learning_rate: 2}]\n",
              NULL);
    const struct lnn_problem_trajectory *at = p->trajectories.at;
    static const double want[3][3] = {{1, 1e-6, 0.95}, {3, 1e-10, 0.9}, {2, 1e-8, 0.9}};
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(at[i].learning_rate, want[i][0]);
        cr_expect_eq(at[i].epsilon, want[i][1]);
        cr_expect_eq(at[i].decay, want[i][2]);
    }
    lnn_problem_free(p);
}

Test(problem, lists_and_scalars)
{
    struct lnn_problem *p = parse("network: {widths: [3, 1]}\ntime: {end: 1}\n"
                                  "data: {kind: csv, file: a.csv, targets: -1, "
                                  "inputs: [3..10, age, 'a b', 007]}\n"
                                  "init: {matrix: [1, 2, 3]}\n",
                                  NULL);
    cr_expect_eq(p->data.targets.n, 1);
    cr_expect_str_eq(p->data.targets.at[0], "-1");
    cr_expect_eq(p->data.inputs.n, 4);
    cr_expect_str_eq(p->data.inputs.at[0], "3..10");
    cr_expect_str_eq(p->data.inputs.at[2], "a b");
    cr_expect_str_eq(p->data.inputs.at[3], "007");
    cr_expect_eq(p->init.matrix.rows, 1);
    cr_expect_eq(p->init.matrix.cols, 3);
    lnn_problem_free(p);
}

Test(problem, aliases_are_resolved_and_cycles_refused)
{
    struct lnn_problem *p =
        parse("network: {widths: [2, 2]}\ntime: {end: &t 7}\n"
              "data: {kind: target, matrix: [&r [1, 2], *r]}\nstop: {loss: *t}\n",
              NULL);
    cr_expect_eq(p->stop.loss, 7);
    cr_expect_eq(p->data.matrix.at[3], 2);
    lnn_problem_free(p);
    static const struct wrong cyclic[] = {
        {NETWORK TIME "data: {kind: target, matrix: &m [*m, *m]}\n", NULL,
         "p.yaml:3:30: error: data.matrix: expected a number, got a list\n"
         "p.yaml:3:30: error: data.matrix: expected a number, got a list\n"
         "p.yaml:3:30: error: data.matrix: expected a number, got a list\n"
         "p.yaml:3:30: error: data.matrix: expected a number, got a list"},
        {"&root\nnetwork: *root\n" DATA TIME, NULL,
         "p.yaml:2:1: error: unknown key \"network\" in network; it is a key of the "
         "document\n"
         "p.yaml:2:1: error: missing key \"widths\" in network\n"
         "p.yaml:3:1: error: unknown key \"data\" in network; it is a key of the "
         "document\n"
         "p.yaml:4:1: error: unknown key \"time\" in network; it is a key of the "
         "document"},
        {0}};
    expect_all(cyclic);
}

Test(problem, overrides)
{
    const char *set[] = {"network.widths=[3, 5, 2]",
                         "title='a=b.c'",
                         "trajectories.rtol=1e-6",
                         "trajectories.end_to_end.rtol=1e-8",
                         "trajectories.gd.small.learning_rate=0.5",
                         "trajectories.0.stepper=gauss",
                         "trajectories.0.stages=2",
                         "loss={kind: lp, p: 3}",
                         "time.end=2",
                         "time.end=4",
                         NULL};
    struct lnn_problem *p =
        parse(GOOD "loss: {kind: masked}\n"
                   "trajectories:\n- {system: gradient_flow, rtol: 1}\n"
                   "- {system: end_to_end}\n- {system: gradient_descent, "
                   "learning_rate: 1, name: gd.small}\n",
              set);
    cr_expect_eq(p->network.widths.at[1], 5);
    cr_expect_str_eq(p->title, "a=b.c");
    cr_expect_eq(p->trajectories.at[0].rtol, 1e-6);
    cr_expect_eq(p->trajectories.at[1].rtol, 1e-8);
    cr_expect_eq(p->trajectories.at[2].learning_rate, 0.5);
    cr_expect_eq(p->trajectories.at[0].stages, 2);
    cr_expect_eq(p->loss.p, 3);
    cr_expect_eq(p->time.end, 4);
    lnn_problem_free(p);
}

Test(problem, overrides_supply_what_the_file_lacks)
{
    const char *set[] = {"network.widths=[1, 1]",
                         "data={kind: teacher}",
                         "time.end=1",
                         "trajectories=[{system: exact, name: x}]",
                         "trajectories.exact.name=y",
                         NULL};
    struct lnn_problem *p = parse("title: t\n", set);
    cr_expect_eq(p->trajectories.n, 1);
    cr_expect_str_eq(p->trajectories.at[0].name, "y");
    cr_expect_str_eq(p->data.kind, "teacher");
    lnn_problem_free(p);
}

Test(problem, decimal_points_whatever_the_locale)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) cr_skip_test("no locale with commas");
    struct lnn_problem *p = parse(GOOD "stop: {loss: 0.25}\n", NULL);
    cr_expect_eq(p->stop.loss, 0.25);
    cr_expect_not_null(strstr(p->resolved, "loss: 0.25\n"));
    lnn_problem_free(p);
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

Test(problem, files)
{
    char folder[] = "/tmp/lnn_problem_XXXXXX", path[64], expected[160];
    struct lnn_problem *p;
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/p.yaml", folder);
    cr_expect_eq(lnn_problem_read(path, NULL, &p), GSL_EOF);
    snprintf(expected, sizeof expected,
             "%s: cannot be opened: No such file or directory", path);
    cr_expect_str_eq(lnn_error(), expected);
    cr_expect_eq(lnn_problem_read(folder, NULL, &p), GSL_EOF);
    write_file(path, GOOD, strlen(GOOD));
    LNN_OK(lnn_problem_read(path, NULL, &p));
    cr_expect_str_eq(p->folder, folder);
    cr_expect_str_eq(p->text, GOOD);
    char *joined = lnn_problem_path(p, "p.yaml"), *absolute = lnn_problem_path(p, "/a");
    cr_expect_str_eq(joined, path);
    cr_expect_str_eq(absolute, "/a");
    free(joined);
    free(absolute);
    lnn_problem_free(p);
    write_file(path, GOOD "\0more", sizeof GOOD + 4);
    cr_expect_eq(lnn_problem_read(path, NULL, &p), GSL_EINVAL);
    cr_expect_not_null(strstr(lnn_error(), ":4:1: error: not plain UTF-8 text"));
    unlink(path);
    rmdir(folder);
}

Test(problem, a_flood_of_errors_is_counted)
{
    char text[8192] = GOOD "init: {matrix: [";
    for (int i = 0; i < 1500; i++) strcat(text, "x, ");
    strcat(text, "]}\n");
    struct lnn_problem *p;
    cr_expect_eq(lnn_problem_parse(text, "p.yaml", NULL, &p), GSL_EINVAL);
    const char *last = strrchr(lnn_error(), '\n');
    size_t shown = 0, hidden = 0;
    for (const char *c = lnn_error(); *c; c++) shown += *c == '\n';
    cr_assert_eq(
        sscanf(last, "\np.yaml: error: %zu more errors are not shown", &hidden), 1);
    cr_expect_eq(shown + hidden, 1500);
}

Test(problem, places_outlive_the_reading)
{
    static const char text[] = "network: {widths: [2, 1]}\n"
                               "data: {kind: teacher}\n"
                               "trajectories:\n"
                               "  - {system: end_to_end}\n"
                               "  - {system: gradient_flow}\n"
                               "time: {end: 1}\n";
    const char *set[] = {"time.samples=5", NULL};
    struct lnn_problem *p = NULL;
    cr_assert_eq(lnn_problem_parse(text, "p.yaml", set, &p), GSL_SUCCESS);
    cr_expect_str_eq(lnn_problem_place(p, "network", "widths"), "p.yaml:1:11");
    cr_expect_str_eq(lnn_problem_place(p, "data", "scale"), "p.yaml:2:1");
    cr_expect_str_eq(lnn_problem_place(p, "data", NULL), "p.yaml:2:1");
    cr_expect_str_eq(lnn_problem_place(p, "time", "samples"), "--set time.samples=5");
    cr_expect_str_eq(lnn_problem_place(p, "init", "kind"), "p.yaml");
    cr_expect_str_eq(lnn_problem_entry_place(p, 1), "p.yaml:5:5");
    lnn_problem_free(p);
}
