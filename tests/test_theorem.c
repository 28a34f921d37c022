/* What the judges of theorems share. */
#include "foreign_file.h"

TestSuite(theorem, .init = lnn_test_setup, .timeout = 120);

static struct lnn_judgement empty(void)
{
    return (struct lnn_judgement){.verdict = LNN_INCONCLUSIVE,
                                  .measured = NAN,
                                  .bound = NAN,
                                  .margin = NAN,
                                  .bar = NAN};
}

static enum lnn_verdict hypothesis(double measured, double bound, double bar)
{
    struct lnn_judgement j = empty();
    bool holds = lnn_judge_hypothesis(&j, "it is so", measured, bound, bar);
    cr_assert(j.n_hypotheses == 1 && holds == (j.hypotheses[0].verdict == LNN_HOLDS));
    return j.hypotheses[0].verdict;
}

static enum lnn_verdict conclusion(double measured, double bound, double bar)
{
    struct lnn_judgement j = empty();
    lnn_judge_conclude(&j, "the gap", measured, bound, bar);
    cr_assert(strstr(j.reason, "the gap") == j.reason, "%s", j.reason);
    return j.verdict;
}

Test(theorem, the_error_bar_decides)
{
    enum lnn_verdict (*const ways[])(double, double, double) = {hypothesis, conclusion};
    for (int i = 0; i < 2; i++) {
        cr_assert(ways[i](1, 2, 0.5) == LNN_HOLDS);
        cr_assert(ways[i](1, 2, 1) == LNN_HOLDS);
        cr_assert(ways[i](1, 2, 1.5) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](2, 1, 1.5) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](2, 1, 1) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](2, 1, 0.5) == LNN_VIOLATED);
        cr_assert(ways[i](-1, -2, 0.5) == LNN_VIOLATED);
        cr_assert(ways[i](3, INFINITY, 1) == LNN_HOLDS);
        cr_assert(ways[i](INFINITY, 1, 1) == LNN_VIOLATED);
    }
}

Test(theorem, what_is_not_a_number_never_holds)
{
    enum lnn_verdict (*const ways[])(double, double, double) = {hypothesis, conclusion};
    for (int i = 0; i < 2; i++) {
        cr_assert(ways[i](NAN, 2, 0.5) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](1, NAN, 0.5) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](1, 2, NAN) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](1, 2, INFINITY) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](1, 2, -1) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](INFINITY, INFINITY, 0) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](INFINITY, 2, INFINITY) == LNN_INCONCLUSIVE);
        cr_assert(ways[i](-INFINITY, 2, 1) == LNN_INCONCLUSIVE);
    }
}

Test(theorem, an_identity_holds_within_its_error_bar)
{
    cr_assert(conclusion(1e-12, 0, 1e-11) == LNN_HOLDS);
    cr_assert(conclusion(1e-11, 0, 1e-11) == LNN_HOLDS);
    cr_assert(conclusion(1.01e-11, 0, 1e-11) == LNN_INCONCLUSIVE);
    cr_assert(conclusion(2.99e-11, 0, 1e-11) == LNN_INCONCLUSIVE);
    cr_assert(conclusion(3.01e-11, 0, 1e-11) == LNN_VIOLATED);
    cr_assert(conclusion(0, 0, 0) == LNN_HOLDS);
    cr_assert(conclusion(1e-300, 0, 0) == LNN_VIOLATED);
    cr_assert(conclusion(NAN, 0, 1) == LNN_INCONCLUSIVE);
    cr_assert(conclusion(0, 0, NAN) == LNN_INCONCLUSIVE);
    cr_assert(conclusion(0, 0, -1) == LNN_INCONCLUSIVE);
    cr_assert(conclusion(INFINITY, 0, 1) == LNN_VIOLATED);
}

Test(theorem, hypotheses_come_before_the_conclusion)
{
    struct lnn_judgement j = empty();
    cr_assert(lnn_judge_fact(&j, "the loss is square", true));
    lnn_judge_conclude(&j, "the gap", 3, 2, 0.1);
    cr_assert(j.verdict == LNN_VIOLATED && j.margin == -1 && j.bar == 0.1);

    j = empty();
    cr_assert(lnn_judge_hypothesis(&j, "the start is balanced", 1, 1, 1) == false);
    lnn_judge_conclude(&j, "the gap", 1, 2, 0.1);
    cr_assert(j.verdict == LNN_INCONCLUSIVE && j.measured == 1 && j.bound == 2);
    cr_assert(strstr(j.reason, "the start is balanced") != NULL, "%s", j.reason);

    cr_assert(lnn_judge_fact(&j, "the loss is square", false) == false);
    lnn_judge_conclude(&j, "the gap", 3, 2, 0.1);
    cr_assert(j.verdict == LNN_NOT_MET);
    cr_assert(strstr(j.reason, "the loss is square") != NULL, "%s", j.reason);
}

Test(theorem, a_full_list_of_hypotheses_loses_no_failure)
{
    struct lnn_judgement j = empty();
    for (int i = 0; i < LNN_HYPOTHESES + 3; i++) lnn_judge_fact(&j, "yes", true);
    lnn_judge_conclude(&j, "the gap", 1, 2, 0.1);
    cr_assert(j.verdict == LNN_HOLDS && j.n_hypotheses == LNN_HYPOTHESES);
    lnn_judge_hypothesis(&j, "perhaps", NAN, 1, 1);
    lnn_judge_fact(&j, "yes", true);
    lnn_judge_conclude(&j, "the gap", 1, 2, 0.1);
    cr_assert(j.verdict == LNN_INCONCLUSIVE);
    lnn_judge_fact(&j, "no", false);
    lnn_judge_hypothesis(&j, "perhaps", NAN, 1, 1);
    lnn_judge_conclude(&j, "the gap", 1, 2, 0.1);
    cr_assert(j.verdict == LNN_NOT_MET && j.n_hypotheses == LNN_HYPOTHESES);
}

Test(theorem, a_judge_that_stops_never_passes)
{
    struct lnn_judgement j = empty();
    cr_assert(lnn_judge_stop(&j, LNN_INCONCLUSIVE, "row %d is NaN", 3) == GSL_SUCCESS);
    cr_assert(j.verdict == LNN_INCONCLUSIVE && strcmp(j.reason, "row 3 is NaN") == 0);
    lnn_judge_stop(&j, LNN_NOT_MET, "no");
    cr_assert(j.verdict == LNN_NOT_MET);
    lnn_judge_stop(&j, LNN_HOLDS, "yes");
    cr_assert(j.verdict == LNN_INCONCLUSIVE);
    lnn_judge_stop(&j, LNN_VIOLATED, "%500s", "long");
    cr_assert(j.verdict == LNN_INCONCLUSIVE && strlen(j.reason) < sizeof j.reason);
}

Test(theorem, text_and_figures_end_where_their_room_does)
{
    struct lnn_judgement j = empty();
    for (int i = 0; i < LNN_FIGURES + 5; i++) lnn_judge_figure(&j, "x", i);
    cr_assert(j.n_figures == LNN_FIGURES && j.figures[LNN_FIGURES - 1].value == 23);
    lnn_judge_explain(&j, "a = %d", 1);
    lnn_judge_explain(&j, "b = %d", 2);
    cr_assert_str_eq(j.explain, "a = 1\nb = 2");
    for (int i = 0; i < 300; i++) lnn_judge_explain(&j, "%037d", i);
    cr_assert(strlen(j.explain) < sizeof j.explain);
    cr_assert(strlen(j.explain) > sizeof j.explain - 50);
}

Test(theorem, verdicts_have_names)
{
    cr_assert_str_eq(lnn_verdict_name(LNN_HOLDS), "holds");
    cr_assert_str_eq(lnn_verdict_name(LNN_VIOLATED), "violated");
    cr_assert_str_eq(lnn_verdict_name(LNN_NOT_MET), "not met");
    cr_assert_str_eq(lnn_verdict_name(LNN_INCONCLUSIVE), "inconclusive");
}

/* A record of one row of weights. */
static struct lnn_record record_of(size_t n_widths, const size_t widths[],
                                   const double w[])
{
    struct lnn_record r = {.name = "r", .net = lnn_network_of(n_widths, widths)};
    r.rows = r.weights_rows = 1;
    r.k = widths[n_widths - 1];
    r.d = widths[0];
    r.w = w;
    return r;
}

Test(theorem, imbalance_of_stored_weights)
{
    static const size_t widths[] = {2, 3, 1, 2};
    double w[11], imbalance, scale, C[2] = {0};
    for (int i = 0; i < 11; i++) w[i] = sin(1.0 + i);
    struct lnn_record r = record_of(4, widths, w);
    LNN_OK(lnn_record_imbalance(&r, 0, &imbalance, &scale));
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double c = w[6 + a] * w[6 + b];
            for (int h = 0; h < 2; h++) c -= w[2 * a + h] * w[2 * b + h];
            C[0] += c * c;
        }
    double above = w[9] * w[9] + w[10] * w[10];
    double middle = w[6] * w[6] + w[7] * w[7] + w[8] * w[8];
    C[1] = fabs(above - middle);
    LNN_CLOSE(imbalance, fmax(sqrt(C[0]), C[1]), 1e-14);
    LNN_CLOSE(scale, fmax(pow(lnn_norm(6, w), 2) + middle, above + middle), 1e-14);
    w[10] = NAN; /* only the second interface sees it */
    LNN_OK(lnn_record_imbalance(&r, 0, &imbalance, &scale));
    cr_assert(isnan(imbalance) && isnan(scale));
    w[10] = 1;
    w[0] = NAN; /* only the first */
    LNN_OK(lnn_record_imbalance(&r, 0, &imbalance, &scale));
    cr_assert(isnan(imbalance) && isnan(scale));
}

Test(theorem, weights_that_are_not_there_are_refused)
{
    static const size_t widths[] = {1, 1};
    double w[] = {2}, imbalance = 0, scale = 0;
    struct lnn_record r = record_of(2, widths, w);
    struct lnn_evidence e = {.n = 1, .records = &r};
    LNN_OK(lnn_record_imbalance(&r, 0, &imbalance, &scale));
    cr_assert(imbalance == 0 && scale == 0);
    cr_assert(lnn_record_imbalance(&r, 1, &imbalance, &scale) == GSL_EINVAL);
    cr_assert(isnan(imbalance) && isnan(scale));
    cr_assert(lnn_record_gradient(&e, &r, 0, w) == GSL_EINVAL);
    cr_assert(strstr(lnn_error(), "loss") != NULL);
    r.w = NULL;
    cr_assert(lnn_record_imbalance(&r, 0, &imbalance, &scale) == GSL_EINVAL);
    cr_assert(lnn_record_gradient(&e, &r, 0, w) == GSL_EINVAL);
}

/* One descent step, by a loop that knows nothing of the library, is eta times it. */
Test(theorem, gradient_of_stored_weights_is_the_step)
{
    struct descent run;
    struct lnn_evidence *e;
    double grad[20], eta = 0.05;
    struct foreign f = foreign_layers(&run, eta);
    foreign_put(&f, "target", foreign_phi, 2, 3, 0);
    foreign_number(&f, "/", "learning_rate", eta);
    LNN_OK(foreign_read(&f, &e));
    struct lnn_record *r = &e->records[0];
    for (size_t i = 0; i + 1 < FOREIGN_ROWS; i++) {
        LNN_OK(lnn_record_gradient(e, r, i, grad));
        lnn_axpy(20, -1 / eta, r->w + i * 20, grad);
        lnn_axpy(20, 1 / eta, r->w + (i + 1) * 20, grad);
        LNN_CLOSE(lnn_norm(20, grad), 0, 1e-13);
    }
    double plain[20];
    LNN_OK(lnn_record_gradient(e, r, 0, plain));
    r->weight_decay = 0.5;
    LNN_OK(lnn_record_gradient(e, r, 0, grad));
    for (size_t i = 0; i < 20; i++) LNN_CLOSE(grad[i], plain[i] + 0.5 * r->w[i], 1e-15);
    lnn_evidence_free(e);
}
