/* Text tables: every dialect gives the same numbers, every fault is named where it is.
 */
#include "data_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

TestSuite(table, .init = lnn_test_setup);

static void same_table(const char *text, const char *header, const char *delimiter)
{
    static const double want[] = {1.5, -2, 3e-3, 0, 4, 5e10};
    static const char *const names[] = {"a", "b c", "d"};
    struct lnn_table table;
    struct lnn_test_file f = lnn_test_file_of(text);
    int status = lnn_table_read(f.path, header, delimiter, &table);
    lnn_test_file_remove(&f);
    cr_assert_eq(status, GSL_SUCCESS, "%s: %s", text, lnn_error());
    cr_assert_eq(table.rows, 2, "%s", text);
    cr_assert_eq(table.cols, 3, "%s", text);
    for (size_t i = 0; i < 6; i++) cr_assert_eq(table.at[i], want[i], "%s", text);
    for (size_t j = 0; j < 3; j++) cr_assert_str_eq(table.names[j], names[j]);
    lnn_table_free(&table);
}

Test(table, dialects_agree)
{
    static const char *const text[] = {
        "a,b c,d\n1.5,-2,3e-3\n0,4,5e10\n",
        "a,b c,d\n1.5,-2,3e-3\n0,4,5e10",
        "a;b c;d\n1.5;-2;3e-3\n0;4;5e10\n",
        "a\tb c\td\n1.5\t-2\t3e-3\n0\t4\t5e10\n",
        "a \"b c\" d\n1.5   -2\t3e-3\n  0 4 5e10   \n",
        ("\xef\xbb\xbf"
         "a,b c,d\r\n1.5,-2,3e-3\r\n0,4,5e10\r\n"),
        "a,b c,d\r1.5,-2,3e-3\r0,4,5e10\r",
        "\n \n\"a\",\"b c\",\"d\"\n\"1.5\" , \"-2\",3e-3\n 0 ,+4., .5E+11 \n\n \n",
    };
    static const char *const delimiter[] = {
        "comma", "comma", "semicolon", "tab", "whitespace", "comma", "comma", "comma"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        same_table(text[i], "auto", "auto");
        same_table(text[i], "yes", delimiter[i]);
    }
}

Test(table, auto_takes_names_for_a_header_and_numbers_for_a_row)
{
    static const struct {
        const char *text, *header, *first;
        size_t rows;
    } at[] = {{"1,2\n3,4\n", "auto", "x1", 2},
              {"1,2\n3,4\n", "yes", "1", 1},
              {"1,2\n3,4\n", "no", "x1", 2},
              {"a,\n3,4\n", "auto", "a", 1},
              {"7\n", "auto", "x1", 1},
              {"\"say \"\"hi\"\"\"\n7\n", "auto", "say \"hi\"", 1}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct lnn_table table;
        struct lnn_test_file f = lnn_test_file_of(at[i].text);
        int status = lnn_table_read(f.path, at[i].header, "auto", &table);
        lnn_test_file_remove(&f);
        cr_assert_eq(status, GSL_SUCCESS, "%s", lnn_error());
        cr_assert_eq(table.rows, at[i].rows);
        cr_assert_str_eq(table.names[0], at[i].first);
        lnn_table_free(&table);
    }
}

Test(table, rows_know_their_lines)
{
    struct lnn_table table;
    struct lnn_test_file f = lnn_test_file_of("\n\na\r\n1\r\n2\r\n");
    cr_assert_eq(lnn_table_read(f.path, "auto", "auto", &table), GSL_SUCCESS);
    lnn_test_file_remove(&f);
    cr_assert_eq(table.lines[0], 4);
    cr_assert_eq(table.lines[1], 5);
    lnn_table_free(&table);
}

/* The message must begin with path + place and hold the hint. */
static void refused(const char *text, const char *header, const char *place,
                    const char *hint)
{
    struct lnn_table table;
    struct lnn_test_file f = lnn_test_file_of(text);
    char want[128];
    snprintf(want, sizeof want, "%s%s error: ", f.path, place);
    int status = lnn_table_read(f.path, header, "auto", &table);
    lnn_test_file_remove(&f);
    cr_assert_eq(status, GSL_EINVAL, "not refused: %s", text);
    cr_assert_eq(strncmp(lnn_error(), want, strlen(want)), 0, "%s: %s", want,
                 lnn_error());
    cr_assert_not_null(strstr(lnn_error(), hint), "%s: %s", hint, lnn_error());
    cr_assert_null(table.at);
}

Test(table, faults_are_named_with_line_and_column)
{
    static const struct {
        const char *text, *header, *place, *hint;
    } at[] = {
        {"", "auto", ":1:1:", "empty"},
        {"\n \n", "auto", ":1:1:", "empty"},
        {"\xef\xbb\xbf", "auto", ":1:1:", "empty"},
        {"a,b\n", "auto", ":1:1:", "no row"},
        {"a,b\n1,2\n3\n", "auto", ":3:2:", "fewer fields than the 2 of line 1"},
        {"a,b\n1,2\n3,4,5\n", "auto", ":3:5:", "more fields than the 2 of line 1"},
        {"a,b\n1,2\n3,\n", "auto", ":3:3:", "\"b\" is missing"},
        {"a,b\n1,2\n,3\n", "auto", ":3:1:", "\"a\" is missing"},
        {"a,b\n1,2\n\"\",3\n", "auto", ":3:1:", "\"a\" is missing"},
        {"a,b\n1,NA\n", "auto", ":2:3:", "(\"NA\") in column \"b\""},
        {"a,b\n1, ?\n", "auto", ":2:4:", "missing"},
        {"a,b\n1,nan\n", "auto", ":2:3:", "missing"},
        {"a,b\n1,-Inf\n", "auto", ":2:3:", "not finite"},
        {"a,b\n1,1e999\n", "auto", ":2:3:", "not finite"},
        {"a,b\n1,2x\n", "auto", ":2:3:", "\"2x\" in column \"b\" is not a number"},
        {"a,b\n1,0x10\n", "auto", ":2:3:", "not a number"},
        {"a,b\n1,1-2\n", "auto", ":2:3:", "not a number"},
        {"a,b\n1,2 3\n", "auto", ":2:3:", "not a number"},
        {"a;b\n1,5;2\n", "auto", ":2:1:", "decimals with a point"},
        {"a,1\n1,2\n", "auto", ":1:1:", "header: yes"},
        {"a,b\n1,2\n", "no", ":1:1:", "header: yes"},
        {"a,b\n1,2\n\n3,4\n", "auto", ":3:1:", "blank line"},
        {"a,b\n1,\"2\n3,4\n", "auto", ":2:3:", "not closed"},
        {"a,b\n1,\"2\"3\n", "auto", ":2:6:", "after a closing quote"},
        {"\xff\xfe\x31", "auto", ":1:1:", "UTF-16"},
    };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        refused(at[i].text, at[i].header, at[i].place, at[i].hint);
}

Test(table, files_that_cannot_be_read)
{
    struct lnn_table table;
    cr_assert_eq(lnn_table_read("/no/such/file.csv", "auto", "auto", &table), GSL_EOF);
    cr_assert_not_null(
        strstr(lnn_error(), "/no/such/file.csv: error: cannot be opened"));
    cr_assert_eq(lnn_table_read("/tmp", "auto", "auto", &table), GSL_EOF);
    cr_assert_not_null(strstr(lnn_error(), "/tmp: error: cannot be read"));
}

/* A gzipped table reads like the plain one; cut short, it is refused. */
Test(table, gzip)
{
    struct lnn_table table;
    struct lnn_test_file f = lnn_test_file_of("");
    gzFile out = gzopen(f.path, "wb");
    gzprintf(out, "a b\n");
    for (int i = 0; i < 3000; i++) gzprintf(out, "%d %.17g\n", i, sin(i));
    cr_assert_eq(gzclose(out), Z_OK);
    cr_assert_eq(lnn_table_read(f.path, "auto", "auto", &table), GSL_SUCCESS);
    cr_assert_eq(table.rows, 3000);
    for (int i = 0; i < 3000; i++) cr_assert_eq(table.at[2 * i + 1], sin(i));
    lnn_table_free(&table);
    cr_assert_eq(truncate(f.path, 9999), 0);
    int status = lnn_table_read(f.path, "auto", "auto", &table);
    cr_assert_eq(status, GSL_EOF);
    cr_assert_not_null(strstr(lnn_error(), "cut short"), "%s", lnn_error());
    lnn_test_file_remove(&f);
}

/* Two million fields; a parser of quadratic time would take hours. */
Test(table, time_is_linear, .timeout = 60)
{
    struct lnn_table table;
    struct lnn_test_file f = lnn_test_file_of("");
    FILE *out = fopen(f.path, "wb");
    for (int i = 0; i < 20000; i++)
        for (int j = 0; j < 100; j++)
            fprintf(out, "%d.25%c", i + j, j < 99 ? ',' : '\n');
    cr_assert_eq(fclose(out), 0);
    clock_t start = clock();
    int status = lnn_table_read(f.path, "auto", "auto", &table);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    lnn_test_file_remove(&f);
    cr_assert_eq(status, GSL_SUCCESS, "%s", lnn_error());
    cr_assert_eq(table.at[100 * 777 + 55], 777 + 55 + 0.25);
    cr_assert_lt(seconds, 10);
    lnn_table_free(&table);
}
