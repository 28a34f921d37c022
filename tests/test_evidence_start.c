/* What a file says of its start: our own files and those of other programs. */
#include "foreign_file.h"
#include "test_convergence.h"

TestSuite(evidence_start, .init = lnn_test_setup, .timeout = 120);

#define SQUARE                                                           \
    "network: {widths: [2, 2, 2]}\n"                                     \
    "data: {kind: target, matrix: [[1, 0.5], [0, -1]]}\n" FLOW "time: {" \
    "end: 0.1, samples: 3}\n"

/* The attribute itself: is it there at all? */
static bool there(const struct judged *v, const char *name)
{
    char *text = lnn_reader_attribute(v->o.reader, "", name);
    bool is = text != NULL;
    free(text);
    return is;
}

static void check(const char *init, const char *kind, double scale, double noise,
                  bool noise_applies)
{
    char yaml[600];
    snprintf(yaml, sizeof yaml, "%sinit: %s\n", SQUARE, init);
    struct judged v = evidence_of(yaml, NULL);
    cr_assert_str_eq(v.e->init, kind);
    if (isnan(scale))
        cr_assert(isnan(v.e->init_scale), "%s: %g", init, v.e->init_scale);
    else
        LNN_CLOSE(v.e->init_scale, scale, 0);
    LNN_CLOSE(v.e->init_noise, noise, 0);
    cr_assert(there(&v, "init"));
    cr_assert(there(&v, "init_scale") == (isnan(scale) == 0), "%s", init);
    cr_assert(there(&v, "init_noise") == noise_applies, "%s", init);
    forget(&v);
}

/* A given matrix was not drawn: it has no scale, whatever the key's default. */
Test(evidence_start, our_own_file_says_how_it_was_made)
{
    check("{kind: balanced}", "balanced", 0.1, 0, false);
    check("{kind: balanced, scale: 0.25}", "balanced", 0.25, 0, false);
    check("{kind: balanced, matrix: [[1, 0], [0, 2]]}", "balanced", NAN, 0, false);
    check("{kind: gaussian, scale: 0.5}", "gaussian", 0.5, 0, false);
    check("{kind: identity}", "identity", 1, 0, true);
    check("{kind: identity, scale: 2, noise: 0.125}", "identity", 2, 0.125, true);
    check("{kind: zero}", "zero", NAN, 0, true);
    check("{kind: zero, noise: 1.0e-3}", "zero", NAN, 1e-3, true);
    check("{kind: orthogonal, scale: 0.75}", "orthogonal", 0.75, 0, false);
    check("{kind: lambda_balanced, scale: 0.3}", "lambda_balanced", 0.3, 0, false);
    check("{kind: lambda_balanced, matrix: [[1, 0], [0, 2]]}", "lambda_balanced", NAN,
          0, false);
}

Test(evidence_start, a_start_from_a_file_says_only_that)
{
    char yaml[700];
    struct judged first =
        evidence_of(SQUARE "init: {kind: gaussian, scale: 0.5}\n", NULL);
    snprintf(yaml, sizeof yaml,
             "%sinit: {kind: file, file: \"%s\", group: gradient_flow, row: 1}\n",
             SQUARE, first.o.path);
    struct judged second = evidence_of(yaml, NULL);
    cr_assert_str_eq(second.e->init, "file");
    cr_assert(isnan(second.e->init_scale));
    forget(&second);
    forget(&first);
}

Test(evidence_start, files_of_other_programs_may_say_it)
{
    struct descent run;
    struct lnn_evidence *e;
    struct foreign f = foreign_layers(&run, 0.05);
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    LNN_OK(foreign_read(&f, &e));
    cr_assert_str_eq(e->init, "");
    cr_assert(isnan(e->init_scale) && e->init_noise == 0);
    lnn_evidence_free(e);
    f = foreign_layers(&run, 0.05);
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_text(&f, "/", "init", "gaussian");
    foreign_number(&f, "/", "init_scale", 0.4);
    foreign_number(&f, "/", "init_noise", 0.01);
    LNN_OK(foreign_read(&f, &e));
    cr_assert_str_eq(e->init, "gaussian");
    cr_assert(e->init_scale == 0.4 && e->init_noise == 0.01);
    lnn_evidence_free(e);
}
