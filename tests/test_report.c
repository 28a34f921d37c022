/* Reports: what the page says is what the file says. Its look is tested by
 * tests/report. */
#include "foreign_file.h"
#include "test_simulate.h"

TestSuite(report, .init = lnn_test_setup);

static const char FLOWS[] = "title: \"</h1><script>x</script> & 'q'\"\n"
                            "network: {widths: [3, 4, 3, 2]}\n" PHI A0 "trajectories:\n"
                            "  - {system: gradient_flow}\n"
                            "  - {system: end_to_end}\n"
                            "  - {system: gradient_descent, learning_rate: 0.01}\n"
                            "time: {end: 3, samples: 31}\n";

static struct lnn_markup page_of(size_t n, const char *const paths[])
{
    struct lnn_markup page = {0};
    LNN_OK(lnn_report_html(n, paths, NULL, &page));
    cr_assert_null(strstr(page.at, "<script>x"));
    cr_assert_not_null(strstr(page.at, "</html>\n"));
    return page;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (; (text = strstr(text, word)) != NULL; text += strlen(word)) n++;
    return n;
}

/* Does a cell of some table hold this number, to the bit? */
static bool has_cell(const char *page, double x)
{
    for (const char *at = page; (at = strstr(at, "<td>")) != NULL; at += 4) {
        char *end;
        double value = strtod(at + 4, &end);
        if (end > at + 4 && value == x) return true;
    }
    return false;
}

Test(report, says_what_the_file_says)
{
    struct outcome o = simulate(FLOWS, NULL);
    const char *const paths[] = {o.path};
    struct lnn_markup page = page_of(1, paths);
    cr_assert_not_null(strstr(page.at, "&lt;/h1&gt;&lt;script&gt;x"));
    cr_assert_not_null(strstr(page.at, "3 \xe2\x86\x92 4 \xe2\x86\x92 3 \xe2\x86\x92 2 "
                                       "(3 layers, 30 weights)"));
    cr_assert_not_null(strstr(page.at, "widths: ["));
    static const char *const groups[] = {"gradient_flow", "end_to_end",
                                         "gradient_descent"};
    static const char *const names[] = {"loss", "gradient_norm"};
    for (int g = 0; g < 3; g++)
        for (int k = 0; k < 2; k++) {
            struct lnn_shape shape;
            double *y = values(&o, groups[g], names[k], &shape);
            /* the infimum of this loss is 0: what is above it is the loss */
            cr_assert(has_cell(page.at, y[0]), "%s %.17g", names[k], y[0]);
            cr_assert(has_cell(page.at, y[shape.dims[0] - 1]), "%s, last", names[k]);
            free(y);
        }
    lnn_markup_free(&page);
    finish(&o);
}

/* Iterations that take different times have no time in common; and a column that no
 * trajectory fills is left out. */
Test(report, axis_and_columns_are_those_that_the_files_share)
{
    static const char DESCENT[] = "{system: gradient_descent, learning_rate: 0.01}";
    static const char MOMENTUM[] = "{system: momentum, learning_rate: 0.02}";
    static const char *const pairs[][2] = {
        {DESCENT, ""}, {DESCENT, MOMENTUM}, {"{system: gradient_flow}", MOMENTUM}};
    for (int i = 0; i < 3; i++) {
        char set[200];
        snprintf(set, sizeof set, "trajectories=[%s, %s]", pairs[i][0], pairs[i][1]);
        const char *const sets[] = {set, NULL};
        struct outcome o = simulate(FLOWS, sets);
        const char *const paths[] = {o.path};
        struct lnn_markup page = page_of(1, paths);
        cr_assert_eq(strstr(page.at, ">iteration</text>") != NULL, i == 1, "%d", i);
        cr_assert_eq(strstr(page.at, ">flow time t</text>") != NULL, i != 1, "%d", i);
        cr_assert_null(strstr(page.at, ">gap to end-to-end"));
        lnn_markup_free(&page);
        finish(&o);
    }
    struct outcome o = simulate(FLOWS, NULL);
    const char *const paths[] = {o.path};
    struct lnn_markup page = page_of(1, paths);
    cr_assert_not_null(strstr(page.at, ">gap to end-to-end"));
    lnn_markup_free(&page);
    finish(&o);
}

Test(report, verdicts_are_the_judges)
{
    struct outcome o = simulate(FLOWS, NULL);
    const char *const paths[] = {o.path};
    struct lnn_markup page = page_of(1, paths);
    struct lnn_evidence *e = NULL;
    struct lnn_finding *findings = NULL;
    size_t n = 0, met[4] = {0};
    LNN_OK(lnn_evidence_read(o.path, &e));
    LNN_OK(lnn_judge_all(e, NULL, &n, &findings));
    for (size_t i = 0; i < n; i++) met[findings[i].judgement.verdict]++;
    static const char *const rows[] = {"<tr class=\"holds\">",
                                       "<tr class=\"violated\">",
                                       "<tr class=\"unmet\">", "<tr class=\"open\">"};
    static const char *const ids[] = {"show-holds", "show-violated", "show-unmet",
                                      "show-open"};
    cr_assert_gt(met[LNN_HOLDS], 5);
    for (size_t k = 0; k < 4; k++) {
        char want[20];
        cr_assert_eq(count(page.at, rows[k]), met[k], "%s", rows[k]);
        snprintf(want, sizeof want, "(%zu)</label>", met[k]);
        const char *at = strstr(strstr(page.at, "<fieldset"), ids[k]);
        const char *label = strstr(at, "</label>"), *there = strstr(at, want);
        cr_assert(there && there < label, "%s: %s", ids[k], want);
    }
    free(findings);
    lnn_evidence_free(e);
    lnn_markup_free(&page);
    finish(&o);
}

/* The same file twice: every chart has twice the series. */
Test(report, compares)
{
    struct outcome o = simulate(FLOWS, NULL);
    const char *const paths[] = {o.path, o.path};
    struct lnn_markup one = page_of(1, paths), two = page_of(2, paths);
    size_t charts = count(one.at, "<svg class=\"chart\"");
    cr_assert_gt(charts, 8);
    cr_assert_eq(count(two.at, "<svg class=\"chart\""), charts);
    const char *first = strstr(one.at, "Gradient norm"), *second;
    second = strstr(two.at, "Gradient norm");
    cr_assert(first && second);
    size_t at = count(first, "<tbody data-series=\"2\">");
    cr_assert_gt(at, 0);
    cr_assert_geq(count(second, "<tbody data-series=\"5\">"), at);
    cr_assert_eq(count(two.at, "<tr class=\"holds\">"),
                 2 * count(one.at, "<tr class=\"holds\">"));
    lnn_markup_free(&one);
    lnn_markup_free(&two);
    finish(&o);
}

/* Layers alone, of another program: balancedness and singular values follow. */
Test(report, foreign_layers)
{
    struct foreign f = foreign_open();
    static const double w1[] = {1, 0, 0, 2, 1, 0, 0, 3}, w2[] = {3, 4, 3, 5};
    foreign_put(&f, "W1", w1, 2, 2, 2);
    foreign_put(&f, "W2", w2, 2, 1, 2);
    H5Fclose(f.file);
    const char *const paths[] = {f.path};
    struct lnn_markup page = page_of(1, paths);
    /* W = (3, 8), then (3, 15); C_1 = (8, 12; 12, 12), then (8, 15; 15, 16) */
    cr_assert_not_null(strstr(page.at, "Singular values"));
    double last = sqrt(9 + 225), first = sqrt(64 + 3 * 144),
           then = sqrt(64 + 2 * 225 + 256);
    bool found[3] = {false, false, false};
    for (const char *at = page.at; (at = strstr(at, "<td>")) != NULL; at += 4) {
        double value = strtod(at + 4, NULL);
        found[0] = found[0] || fabs(value - last) < 1e-12;
        found[1] = found[1] || fabs(value - first) < 1e-12;
        found[2] = found[2] || fabs(value - then) < 1e-12;
    }
    cr_assert(found[0] && found[1] && found[2]);
    lnn_markup_free(&page);
    unlink(f.path);
}

Test(report, refuses)
{
    struct lnn_markup page = {0};
    struct foreign f = foreign_open();
    H5Fclose(f.file);
    const char *const missing[] = {"/nowhere/file.h5"}, *const empty[] = {f.path};
    cr_assert_eq(lnn_report_html(1, missing, NULL, &page), GSL_EOF);
    cr_assert_not_null(strstr(lnn_error(), "/nowhere/file.h5"));
    cr_assert_eq(lnn_report_html(1, empty, NULL, &page), GSL_EINVAL);
    cr_assert_not_null(strstr(lnn_error(), "holds no trajectory"));
    cr_assert_eq(lnn_report_html(0, empty, NULL, &page), GSL_EINVAL);
    lnn_markup_free(&page);
    unlink(f.path);
}
