/* Awkward files of other programs: what is meant is said, and nothing is guessed. */
#include "foreign_file.h"

TestSuite(evidence_awkward, .init = lnn_test_setup, .timeout = 120);

static void refuse(struct foreign *f, const char *what)
{
    struct lnn_evidence *e = NULL;
    int status = foreign_read(f, &e);
    cr_assert(status == GSL_EINVAL && e == NULL, "%d: %s", status, what);
    cr_assert(strstr(lnn_error(), what) != NULL, "%s: %s", what, lnn_error());
    cr_assert(strstr(lnn_error(), f->path) != NULL, "no path: %s", lnn_error());
}

static struct lnn_evidence *accept(struct foreign *f)
{
    struct lnn_evidence *e = NULL;
    LNN_OK(foreign_read(f, &e));
    return e;
}

Test(evidence_awkward, axes_in_another_order_are_recognised)
{
    struct descent run;
    struct foreign f = foreign_open();
    descent_run(&run, 0.1);
    foreign_put(&f, "W1", run.W1, FOREIGN_ROWS, 3, 4);
    foreign_put(&f, "W2", run.W2, FOREIGN_ROWS, 4, 2);
    refuse(&f, "W2 in / is 21 x 4 x 2; 21 x d_2 x 3, none of them 0, is meant (is "
               "every layer transposed?)");
    f = foreign_open();
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_put(&f, "W1", run.W1, 3, 4, FOREIGN_ROWS);
    foreign_put(&f, "W2", run.W2, 4, 2, FOREIGN_ROWS);
    refuse(&f,
           "W2 in / is 4 x 2 x 21; 3 x d_2 x 4, none of them 0, is meant (rows come "
           "first");
    f = foreign_open(); /* square, and one row short: no suspicion */
    foreign_put(&f, "W1", run.W1, 20, 3, 3);
    foreign_put(&f, "W2", run.W1, 19, 3, 3);
    refuse(&f, "W2 in / is 19 x 3 x 3; 20 x d_2 x 3, none of them 0, is meant");
    cr_assert(strchr(lnn_error(), '?') == NULL, "%s", lnn_error());
}

Test(evidence_awkward, layers_that_are_none_are_named)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.1);
    foreign_put(&f, "W0", run.W1, FOREIGN_ROWS, 3, 3);
    refuse(&f, "W0 in /: the layers are meant to be W1..WN");
    f = foreign_open();
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 0, 0);
    foreign_put(&f, "W1", run.W1, 4, 3, 0);
    refuse(&f, "W1 in / is 4 x 3; 21 x d_j x d_{j-1} is meant");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "W3", run.W2, 2, 2, 0);
    refuse(&f, "W3 in / is 2 x 2; 21 x d_j x d_{j-1} is meant");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "time", run.t, FOREIGN_ROWS, 1, 0);
    refuse(&f, "time in / is 21 x 1; a list, a number a row, is meant");
}

static void foreign_list(const struct foreign *f, const char *name, hsize_t n,
                         const double x[])
{
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t at =
        H5Acreate2(f->file, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(at >= 0 && H5Awrite(at, H5T_NATIVE_DOUBLE, x) >= 0);
    H5Aclose(at);
    H5Sclose(space);
}

Test(evidence_awkward, numbers_are_one_number)
{
    struct descent run;
    const double rates[] = {0.0625, 0.125};
    struct foreign f = foreign_layers(&run, 0.0625);
    foreign_list(&f, "learning_rate", 1, rates);
    struct lnn_evidence *e = accept(&f);
    cr_assert(e->records[0].learning_rate == 0.0625);
    lnn_evidence_free(e);
    f = foreign_layers(&run, 0.0625);
    foreign_text(&f, "/", "learning_rate", "0.0625");
    e = accept(&f);
    cr_assert(e->records[0].learning_rate == 0.0625);
    lnn_evidence_free(e);
    f = foreign_layers(&run, 0.0625);
    foreign_list(&f, "learning_rate", 2, rates);
    refuse(&f, "learning_rate of / is \"0.0625, 0.125\"; one number is meant");
    f = foreign_layers(&run, 0.0625);
    foreign_number(&f, "/", "learning_rate", -0.0625);
    refuse(&f, "learning_rate of / is -0.0625, below 0");
    f = foreign_layers(&run, 0.0625);
    foreign_text(&f, "/", "weight_decay", "none");
    refuse(&f, "weight_decay of / is \"none\"; one number is meant");
}

Test(evidence_awkward, losses_are_those_there_are)
{
    struct descent run;
    double phi[FOREIGN_KD];
    struct foreign f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    foreign_text(&f, "/", "loss", "mse");
    refuse(&f, "the attribute loss is \"mse\"; one of square, ");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", foreign_phi, 2, 3, 0);
    foreign_text(&f, "/", "loss", "masked");
    refuse(&f, "the loss masked needs a dataset mask");
    for (size_t i = 0; i < FOREIGN_KD; i++) phi[i] = i == 2 ? NAN : foreign_phi[i];
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "Phi", phi, 2, 3, 0);
    refuse(&f, "the target Phi is not finite");
    f = foreign_layers(&run, 0.1);
    foreign_put(&f, "X", phi, 2, 3, 0);
    foreign_put(&f, "Y", foreign_phi, 2, 2, 0);
    refuse(&f, "not finite");
}

/* netCDF's conventions */
Test(evidence_awkward, packed_numbers_are_refused_and_missing_ones_are_none)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.1);
    foreign_number(&f, "W2", "scale_factor", 0.001);
    refuse(&f, "/W2 is packed (it has a scale_factor)");
    f = foreign_open();
    descent_run(&run, 0.1);
    run.W1[3 * FOREIGN_1 + 5] = -999;
    foreign_put(&f, "W1", run.W1, FOREIGN_ROWS, 4, 3);
    foreign_put(&f, "W2", run.W2, FOREIGN_ROWS, 2, 4);
    foreign_number(&f, "W1", "_FillValue", -999);
    struct lnn_evidence *e = accept(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(isnan(r->w[3 * 20 + 5]) && r->w[3 * 20 + 4] == run.W1[3 * 12 + 4]);
    cr_assert(isnan(lnn_norm(6, r->W + 3 * 6)));
    lnn_evidence_free(e);
}

Test(evidence_awkward, circles_of_links_are_one_trajectory)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.1);
    foreign_group(&f, "a");
    H5Lcreate_hard(f.file, "/", f.file, "me", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f.file, "/", f.file, "a/up", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/a", f.file, "a/again", H5P_DEFAULT, H5P_DEFAULT);
    struct lnn_evidence *e = accept(&f);
    cr_assert(e->n == 1 && e->records[0].name[0] == '\0', "%zu", e->n);
    lnn_evidence_free(e);
}

Test(evidence_awkward, a_file_may_say_how_it_was_rounded)
{
    struct descent run;
    struct foreign f = foreign_layers(&run, 0.1);
    foreign_number(&f, "/", "rounding", 1e-4);
    struct lnn_evidence *e = accept(&f);
    const struct lnn_record *r = &e->records[0];
    cr_assert(lnn_record_rounding(r) == 1e-4);
    cr_assert(r->W_rounding != NULL && r->W_rounding[2] > 1e-5);
    lnn_evidence_free(e);
    f = foreign_layers(&run, 0.1);
    foreign_text(&f, "/", "rounding", "float16");
    refuse(&f, "rounding of / is \"float16\"; one number is meant");
}
