/* The continuous systems integrated by GSL's own driver against published solutions:
 * the right-hand sides alone are judged, not the project's stepping. */
#include "naive.h"

#include <gsl/gsl_odeiv2.h>

TestSuite(flow, .init = lnn_test_setup);

static const struct lnn_ode *system_called(const char *name)
{
    const struct lnn_ode *ode = lnn_registry_find((const void *const *)lnn_odes, name);
    cr_assert_not_null(ode);
    return ode;
}

/* W(t) of a system from the case's start; *state, if asked for, is to be freed. */
static void integrate(const char *name, struct naive_case *c, double t, double W[],
                      double **state)
{
    const struct lnn_ode *ode = system_called(name);
    gsl_odeiv2_system system = {ode->rhs, ode->jac, ode->dim(c->model), c->model};
    gsl_odeiv2_driver *driver = gsl_odeiv2_driver_alloc_y_new(
        &system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-13, 1e-13);
    double *y = naive_new(system.dimension), at = 0;
    gsl_odeiv2_driver_set_nmax(driver, 100000);
    LNN_OK(ode->init(c->model, y));
    LNN_OK(gsl_odeiv2_driver_apply(driver, &at, t, y));
    LNN_OK(ode->product(c->model, y, W));
    gsl_odeiv2_driver_free(driver);
    if (state)
        *state = y;
    else
        free(y);
}

static struct naive_case open_case(const char *widths, const char *Phi,
                                   const char *init, const char *more)
{
    char text[1000];
    snprintf(text, sizeof text,
             "network: {widths: %s}\ndata: {kind: target, matrix: %s}\n"
             "init: %s\ntime: {end: 1}\n%s",
             widths, Phi, init, more);
    return naive_open(text);
}

static const char Phi[] = "[[1, 0.5, -0.25], [0, -1, 0.75]]";
static const char A0[] =
    "{kind: balanced, rotate: true, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}";

struct published {
    const char *widths;
    double t, W[6], loss;
};

static const struct published standard[] = {
    {"[3, 2]",
     1,
     {0.7424843911799871, 0.24248439117998735, -0.12124219558999388,
      0.01839397205857275, -0.48496878235997487, 0.41890850294569826},
     0.262212111270943},
    {"[3, 2]",
     3,
     {0.9651490521424938, 0.46514905214249386, -0.23257452607124698,
      0.0024893534183933227, -0.9302981042849877, 0.7051916384689206},
     0.00480258234229145},
    {"[3, 4, 2]",
     1,
     {0.7642497690249973, 0.13437856102106327, -0.04043711669000423,
      0.01870305988316392, 0.039518050444605046, 0.009702488456322237},
     0.931080898676951},
    {"[3, 2, 2]",
     3,
     {0.8768590351975238, 0.6653594942420873, -0.3758522392404179, -0.42272217989483474,
      -0.40685375787366857, 0.31315731080551423},
     0.389847143342373},
    {"[3, 4, 3, 2]",
     1,
     {0.8434402205126628, 0.15869683775652582, -0.03839353509586777,
      0.016890972559968583, 0.05671260739055495, -0.007214680924307457},
     0.938038510839605},
    {"[3, 2, 5, 2]",
     3,
     {0.83160794083931, 0.7171414315651846, -0.4240765894564167, -0.5068629626319826,
      -0.4189064433881994, 0.260143068780419},
     0.47017427168751},
};

Test(flow, layers_and_product_reach_the_published_matrices)
{
    static const char *const systems[] = {"gradient_flow", "end_to_end",
                                          "singular_modes"};
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
        for (int s = 0; s < 3; s++) {
            struct naive_case c = open_case(standard[i].widths, Phi, A0, "");
            double W[6], *y;
            integrate(systems[s], &c, standard[i].t, W, &y);
            LNN_CLOSE(lnn_test_gap(6, W, standard[i].W), 0, 1e-10);
            double loss = lnn_objective_value(c.model->objective, W);
            LNN_CLOSE(loss, standard[i].loss, 1e-10);
            /* E(t) is what the loss has lost */
            double lost = lnn_model_objective(c.model, c.w0) - loss;
            LNN_CLOSE(y[system_called(systems[s])->dim(c.model) - 1], lost, 1e-11);
            free(y);
            naive_close(&c);
        }
}

/* W(0) = 0.5 u v^T: the rank stays 1, and 0^0 = 1 decides the field. The product's own
 * flow sees singular values of rounding size there and is the less accurate one. */
Test(flow, a_start_of_rank_one)
{
    static const char *const widths[] = {"[3, 2, 2]", "[3, 2, 3, 2]"};
    static const double want[2][6] = {
        {0.19275702989690988, -0.17759070128666413, 0.2011906234865214,
         0.4389070340917302, -0.4043733607313159, 0.45811029506296996},
        {0.22255962024389156, -0.19078806352362024, 0.22580669837329945,
         0.47035921100611106, -0.403212958981569, 0.4772216108671003}};
    static const char start[] = "{kind: balanced, matrix: [[0.2, -0.1, 0.2], "
                                "[0.26666666666666666, -0.13333333333333333, "
                                "0.26666666666666666]]}";
    for (int i = 0; i < 2; i++) {
        struct naive_case c = open_case(widths[i], Phi, start, "");
        double W[6];
        integrate("gradient_flow", &c, 1, W, NULL);
        LNN_CLOSE(lnn_test_gap(6, W, want[i]), 0, 1e-12);
        integrate("end_to_end", &c, 1, W, NULL);
        LNN_CLOSE(lnn_test_gap(6, W, want[i]), 0, 1e-7);
        naive_close(&c);
    }
}

/* One output: the flow stays in the plane of w(0) and Phi. */
Test(flow, one_output_in_the_plane)
{
    static const char *const widths[] = {"[3, 1]", "[3, 1, 1]", "[3, 2, 1, 1]",
                                         "[3, 1, 1, 1, 2, 1]"};
    static const double want[4][3] = {
        {1.3425888589960386, 1.8102415719848324, 0.016464349082820833},
        {1.0139409437658025, 1.5549253561296863, 0.1660942618161416},
        {0.023016157197559742, 0.11751298370945681, 0.07103845154676316},
        {-0.012188167551949635, 0.026715191481124997, 0.035154066723047335}};
    static const char start[] = "{kind: balanced, matrix: [[-0.02, 0.01, 0.03]]}";
    for (int i = 0; i < 4; i++) {
        struct naive_case c = open_case(widths[i], "[[3, 4, 0]]", start, "");
        double W[3];
        integrate("gradient_flow", &c, 0.6, W, NULL);
        LNN_CLOSE(lnn_test_gap(3, W, want[i]), 0, 1e-10);
        integrate("end_to_end", &c, 0.6, W, NULL);
        LNN_CLOSE(lnn_test_gap(3, W, want[i]), 0, 1e-10);
        naive_close(&c);
    }
}

Test(flow, loss_from_the_identity)
{
    static const double t[3] = {0.5, 1, 2};
    static const double want[3] = {0.000503696819948, 2.80291425018e-05,
                                   1.20032065779e-07};
    for (int i = 0; i < 3; i++) {
        struct naive_case c = open_case("[2, 2, 2, 2]", "[[1.08, 0.06], [0.06, 0.92]]",
                                        "{kind: identity}", "");
        double W[4];
        integrate("gradient_flow", &c, t[i], W, NULL);
        LNN_CLOSE(lnn_objective_value(c.model->objective, W) / want[i], 1, 1e-9);
        integrate("end_to_end", &c, t[i], W, NULL);
        LNN_CLOSE(lnn_objective_value(c.model->objective, W) / want[i], 1, 1e-9);
        naive_close(&c);
    }
}

/* With weight decay both still agree, and an imbalance falls as exp(-2 lambda t). */
Test(flow, weight_decay)
{
    struct naive_case c =
        open_case("[3, 4, 3, 2]", Phi, A0, "loss: {weight_decay: 0.2}\n");
    double W[6], V[6], *y, before[16], after[16];
    integrate("gradient_flow", &c, 2, W, NULL);
    integrate("end_to_end", &c, 2, V, NULL);
    LNN_CLOSE(lnn_test_gap(6, W, V), 0, 1e-11);
    naive_fill(c.net.size, c.w0, 1);
    integrate("gradient_flow", &c, 2, W, &y);
    lnn_network_imbalance(&c.net, c.w0, 1, before);
    lnn_network_imbalance(&c.net, y, 1, after);
    for (int i = 0; i < 16; i++) LNN_CLOSE(after[i], exp(-0.8) * before[i], 1e-11);
    integrate("end_to_end", &c, 2, V, NULL); /* not balanced: another trajectory */
    cr_assert_gt(lnn_test_gap(6, W, V), 0.1);
    free(y);
    naive_close(&c);
}
