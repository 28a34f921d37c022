/* Data from tables: which columns, what fits the network, the transform. */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(csv, .init = lnn_test_setup);

static void selects(const char *path, const char *widths, const char *keys,
                    const char *want)
{
    char got[256] = "";
    struct lnn_data *data =
        lnn_test_need(lnn_test_load(widths, "kind: csv, file: %s%s", path, keys));
    for (size_t j = 0; j < data->d; j++) strcat(strcat(got, data->input_names[j]), " ");
    strcat(got, "-> ");
    for (size_t j = 0; j < data->k; j++)
        strcat(strcat(got, data->target_names[j]), " ");
    cr_assert_str_eq(got, want);
    /* column c of row r is 10 r + c, with a = 1, ..., e = 5 */
    for (size_t i = 0; i < data->m; i++) {
        for (size_t j = 0; j < data->d; j++)
            cr_assert_eq(data->X[i * data->d + j],
                         10.0 * (double)i + data->input_names[j][0] - 'a' + 1);
        for (size_t j = 0; j < data->k; j++)
            cr_assert_eq(data->Y[i * data->k + j],
                         10.0 * (double)i + data->target_names[j][0] - 'a' + 1);
    }
    lnn_data_free(data);
}

Test(csv, columns_by_name_number_and_range)
{
    struct lnn_test_file f = lnn_test_file_of("a,b,c,d,e\n1,2,3,4,5\n11,12,13,14,15\n");
    selects(f.path, "4, 1", "", "a b c d -> e ");
    selects(f.path, "4, 1", ", targets: [a]", "b c d e -> a ");
    selects(f.path, "4, 1", ", targets: [1]", "b c d e -> a ");
    selects(f.path, "3, 2", ", targets: [-1, -2]", "a b c -> e d ");
    selects(f.path, "3, 1", ", inputs: [d, 2..3]", "d b c -> e ");
    selects(f.path, "2, 2", ", inputs: [c, a], targets: [d..e]", "c a -> d e ");
    selects(f.path, "2, 3", ", inputs: [-2..-1], targets: [a..3]", "d e -> a b c ");
    lnn_test_file_remove(&f);
}

Test(csv, columns_that_do_not_fit_are_refused)
{
    static const struct {
        const char *keys, *hint;
    } at[] = {
        {"inputs: [bmj, bp]", "\"bmj\" (data.inputs); did you mean \"bmi\"?"},
        {"inputs: [bmi, 9]", "no column 9 (data.inputs); the columns are 1 to 3"},
        {"targets: [0]", "no column 0 (data.targets)"},
        {"inputs: [bmi, 1]", "\"bmi\" is named twice (data.inputs)"},
        {"inputs: [bp..bmi]", "runs backwards"},
        {"inputs: [1..2], targets: [bp]", "\"bp\" is both an input and a target"},
        {"inputs: [1..3]",
         "\"y\" is both an input and a target (data.targets is by default"},
        {"targets: [1..3]", "no column is left"},
    };
    struct lnn_test_file f = lnn_test_file_of("bmi,bp,y\n1,2,3\n4,5,7\n");
    char begin[128];
    snprintf(begin, sizeof begin, "%s:1: error: ", f.path);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        lnn_test_refused(
            lnn_test_load("2, 1", "kind: csv, file: %s, %s", f.path, at[i].keys), begin,
            at[i].hint);
    lnn_test_file_remove(&f);
    f = lnn_test_file_of("a,a,y\n1,2,3\n");
    lnn_test_refused(lnn_test_load("1, 1", "kind: csv, file: %s, inputs: [a]", f.path),
                     f.path, "columns 1 and 2 are both called \"a\"");
    lnn_test_file_remove(&f);
}

Test(csv, widths_that_do_not_fit_are_refused)
{
    struct lnn_test_file f = lnn_test_file_of("age,bmi,y\n1,2,3\n4,5,7\n");
    lnn_test_refused(lnn_test_load("10, 1", "kind: csv, file: %s", f.path),
                     "p.yaml:1:11: error: network.widths",
                     "says 10 inputs, the data has 2: age, bmi");
    lnn_test_refused(
        lnn_test_load("2, 1", "kind: csv, file: %s, intercept: true", f.path),
        "p.yaml:1:11: error: ",
        "says 2 inputs, the data has 3: age, bmi and the intercept");
    lnn_test_refused(lnn_test_load("2, 2", "kind: csv, file: %s", f.path),
                     "p.yaml:1:11: error: network.widths",
                     "says 2 outputs, the data has 1: y");
    lnn_test_file_remove(&f);
}

/* Only the columns in use must be numbers. */
Test(csv, unused_text_columns_and_a_targets_file)
{
    struct lnn_test_file f = lnn_test_file_of("id,a,b\nred,1,2\n,3,4\n"),
                         g = lnn_test_file_of("8;7\n6;5\n");
    struct lnn_data *data = lnn_test_need(
        lnn_test_load("2, 2", "kind: csv, file: %s, inputs: [a, b], targets_file: %s",
                      f.path, g.path));
    cr_assert_eq(data->X[3], 4);
    cr_assert_eq(data->Y[2], 6);
    cr_assert_str_eq(data->target_names[1], "x2");
    cr_assert_str_eq(data->source, g.path);
    lnn_data_free(data);
    lnn_test_refused(
        lnn_test_load("3, 2", "kind: csv, file: %s, targets_file: %s", f.path, g.path),
        f.path, ":2:1: error: \"red\" in column \"id\" is not a number");
    lnn_test_file_remove(&g);
    g = lnn_test_file_of("8;7\n6;5\n4;3\n");
    lnn_test_refused(
        lnn_test_load("2, 2", "kind: csv, file: %s, inputs: [2, 3], targets_file: %s",
                      f.path, g.path),
        g.path, "3 rows of targets for the 2 rows of inputs");
    lnn_test_file_remove(&f);
    lnn_test_file_remove(&g);
}

Test(csv, logarithms)
{
    struct lnn_test_file f = lnn_test_file_of("x,y\n1,0\n2,1.5\n3,-0.5\n");
    struct lnn_data *data = lnn_test_need(
        lnn_test_load("1, 1", "kind: csv, file: %s, target_transform: log1p", f.path));
    cr_assert_eq(data->Y[0], 0);
    cr_assert_float_eq(data->Y[1], log(2.5), 1e-15);
    cr_assert_float_eq(data->Y[2], -log(2), 1e-15);
    lnn_data_free(data);
    lnn_test_file_remove(&f);
    f = lnn_test_file_of("x,y\n1,0\n2,-1\n");
    lnn_test_refused(
        lnn_test_load("1, 1", "kind: csv, file: %s, target_transform: log1p", f.path),
        f.path, ":3: error: target \"y\" is -1; log1p needs more than -1");
    lnn_test_file_remove(&f);
    f = lnn_test_file_of("x,y\n1,1\n2,2.5\n3,0.5\n");
    data = lnn_test_need(
        lnn_test_load("1, 1", "kind: csv, file: %s, target_transform: log", f.path));
    cr_assert_eq(data->Y[0], 0);
    cr_assert_float_eq(data->Y[1], log(2.5), 1e-15);
    cr_assert_float_eq(data->Y[2], -log(2), 1e-15);
    lnn_data_free(data);
    lnn_test_file_remove(&f);
    f = lnn_test_file_of("x,y\n1,2\n2,0\n");
    lnn_test_refused(
        lnn_test_load("1, 1", "kind: csv, file: %s, target_transform: log", f.path),
        f.path, ":3: error: target \"y\" is 0; log needs more than 0");
    lnn_test_file_remove(&f);
}
