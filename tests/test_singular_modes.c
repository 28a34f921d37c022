/* Singular values and vectors of the balanced flow. */
#include "lnn_test_flow.h"

#include "lnn/closed_form.h"

TestSuite(singular_modes, .init = lnn_test_setup);

static const struct lnn_ode *ode(void)
{
    return lnn_registry_find((const void *const *)lnn_odes, "singular_modes");
}

static struct lnn_test_flow flow_of(const char *widths, const char *rest)
{
    char text[1024];
    snprintf(text, sizeof text, "network: {widths: %s}\ntime: {end: 1}\n%s", widths,
             rest);
    return lnn_test_flow_of(text);
}

/* The state at t, from the start; GSL's status. */
static int state_at(struct lnn_model *m, double t, double rtol, double **y)
{
    size_t dim = ode()->dim(m);
    *y = malloc(dim * sizeof **y);
    LNN_OK(ode()->init(m, *y));
    return lnn_test_integrate(ode()->rhs, m, dim, 0, t, rtol, 1e-15, *y);
}

Test(singular_modes, derivatives_of_the_singular_values)
{
    static const char *const widths[] = {"[3, 3]", "[3, 4, 3]", "[3, 3, 5, 3]"};
    static const double expected[][3] = {
        /* of sigma, in decreasing order */
        {-0.32527689435222196, -0.961483141416911, -0.17615033596293017},
        {-0.3986179395150055, -0.8124866491472339, -0.09389541133776011},
        {-0.5078545044276123, -0.9145111685594328, -0.09063847579473663}};
    for (size_t i = 0; i < 3; i++) {
        struct lnn_test_flow f = flow_of(
            widths[i],
            "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75], [.3, .2, "
            ".1]]}\n"
            "init: {kind: balanced, matrix: [[.5, -.2, .1], [.05, .4, -.15], [.2, .1, "
            ".3]]}\n");
        double y[22], dydt[22];
        cr_assert(ode()->dim(f.model) == 22);
        LNN_OK(ode()->init(f.model, y));
        LNN_OK(ode()->rhs(0, y, dydt, f.model));
        for (size_t r = 0; r < 3; r++)
            LNN_CLOSE((i == 0 ? 1 : exp(y[r])) * dydt[r], expected[i][r], 1e-13);
        lnn_test_flow_free(&f);
    }
}

/* (U S V^T)' from the state's derivatives. */
static void product_tangent(struct lnn_model *m, size_t q, const double y[],
                            const double dydt[], double dW[])
{
    size_t k = m->net.d[m->net.N], d = m->net.d[0];
    const double *U = y + q, *V = U + k * q, *dU = dydt + q, *dV = dU + k * q;
    memset(dW, 0, k * d * sizeof *dW);
    for (size_t i = 0; i < k; i++)
        for (size_t r = 0; r < q; r++) {
            double s = m->net.N == 1 ? y[r] : exp(y[r]);
            double ds = m->net.N == 1 ? dydt[r] : s * dydt[r];
            for (size_t j = 0; j < d; j++)
                dW[i * d + j] += dU[i * q + r] * s * V[j * q + r] +
                                 U[i * q + r] * ds * V[j * q + r] +
                                 U[i * q + r] * s * dV[j * q + r];
        }
}

/* Largest |X^T dX + dX^T X|. */
static double unorthogonal(size_t n, size_t q, const double X[], const double dX[])
{
    double worst = 0;
    for (size_t r = 0; r < q; r++)
        for (size_t c = 0; c < q; c++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += X[i * q + r] * dX[i * q + c] + dX[i * q + r] * X[i * q + c];
            worst = fmax(worst, fabs(sum));
        }
    return worst;
}

/* From the product of the drawn start, at the rank that the widths allow. */
static void compare_with_layers(struct lnn_model *m, double w[])
{
    size_t k = m->net.d[m->net.N], d = m->net.d[0], dim = ode()->dim(m);
    size_t q = (dim - 1) / (1 + k + d);
    double W[36], dW[36], F[36], *y = malloc(2 * dim * sizeof *y), *dydt = y + dim;
    lnn_network_product(&m->net, w, W, m->chain);
    LNN_OK(lnn_balanced_start(&m->net, W, w));
    LNN_OK(ode()->init(m, y));
    LNN_OK(ode()->rhs(0, y, dydt, m));
    product_tangent(m, q, y, dydt, dW);
    double square = lnn_model_gradient(m, w, m->grad);
    lnn_network_product_tangent(&m->net, w, m->grad, W, F, m->chain);
    double scale = 1 + lnn_norm(k * d, F);
    for (size_t i = 0; i < k * d; i++) LNN_CLOSE(dW[i], -F[i], 1e-12 * scale);
    LNN_CLOSE(dydt[dim - 1] / square, 1, 1e-12);
    LNN_CLOSE(ode()->objective(m, y) / lnn_model_objective(m, w), 1, 1e-12);
    LNN_CLOSE(unorthogonal(k, q, y + q, dydt + q), 0, 1e-12 * scale);
    LNN_CLOSE(unorthogonal(d, q, y + q + k * q, dydt + q + k * q), 0, 1e-12 * scale);
    LNN_OK(ode()->product(m, y, F));
    cr_assert(lnn_test_gap(k * d, W, F) <= 1e-14 * scale);
    free(y);
}

Test(singular_modes, field_is_that_of_the_layers)
{
    static const char *const widths[] = {"[3, 3]",
                                         "[3, 2]",
                                         "[2, 4]",
                                         "[1, 4]",
                                         "[4, 1]",
                                         "[1, 1]",
                                         "[3, 5, 3]",
                                         "[3, 2, 2]",
                                         "[2, 6, 4]",
                                         "[4, 2, 3]",
                                         "[5, 1, 4, 5]",
                                         "[1, 1, 1, 3]",
                                         "[3, 3, 3, 3, 3]",
                                         "[4, 3, 5, 4, 6, 6]",
                                         "[3, 3, 3, 3, 3, 3, 2]"};
    for (size_t c = 0; c < 2 * sizeof widths / sizeof widths[0]; c++) {
        struct lnn_test_flow f = flow_of(
            widths[c / 2], c % 2 ? "data: {kind: teacher, samples: 20, seed: 7}\n"
                                   "init: {kind: gaussian, scale: 1}\n"
                                   "loss: {weight_decay: 0.3}\n"
                                 : "data: {kind: teacher, samples: 20, noise: 1}\n"
                                   "init: {kind: gaussian, scale: 1}\n"
                                   "loss: {kind: lp, p: 3}\n");
        compare_with_layers(f.model, f.w0);
        lnn_test_flow_free(&f);
    }
}

Test(singular_modes, trajectory_agrees_with_the_layers)
{
    static const char *const widths[] = {"[3, 2]", "[3, 2, 2]", "[3, 2, 5, 2]"};
    static const double expected[][6] = {
        {0.9651490521424938, 0.46514905214249386, -0.23257452607124698,
         0.0024893534183933227, -0.9302981042849877, 0.7051916384689206},
        {0.8768590351975238, 0.6653594942420873, -0.3758522392404179,
         -0.42272217989483474, -0.40685375788366857, 0.31315731080551423},
        {0.83160794083931, 0.7171414315651846, -0.4240765894564167, -0.5068629626319826,
         -0.4189064433881994, 0.260143068780419}};
    static const double loss[] = {0.00480258234229145, 0.389847143342373,
                                  0.47017427168751};
    for (size_t i = 0; i < 3; i++) {
        struct lnn_test_flow f = flow_of(
            widths[i],
            "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n"
            "init: {kind: balanced, matrix: [[.3, -.2, .1], [.05, .4, -.15]]}\n");
        double *y = NULL, W[6];
        LNN_OK(state_at(f.model, 3, 1e-12, &y));
        LNN_OK(ode()->product(f.model, y, W));
        cr_assert(lnn_test_gap(6, W, expected[i]) <= 1e-10);
        LNN_CLOSE(ode()->objective(f.model, y), loss[i], 1e-10);
        /* the energy lost is the energy of the path */
        double start = lnn_model_objective(f.model, f.w0);
        LNN_CLOSE(start - loss[i], y[ode()->dim(f.model) - 1], 1e-10);
        free(y);
        lnn_test_flow_free(&f);
    }
}

Test(singular_modes, tiny_singular_values_keep_their_sign)
{
    /* Completion of (?, 1; 1, 0): det W > 0 for ever, so sigma_2 -> 0 while W diverges.
     * In the layers' coordinates rounding turns the sign near t = 100. */
    static const double t[] = {10, 100, 1000},
                        w11[] = {2.858506595, 7.893233146, 17.90812859};
    static const double loss[] = {0.05009011144, 0.007779425608, 0.001549451332};
    static const double log_s2[] = {NAN, -43.44083, -175.8495};
    struct lnn_test_flow f = lnn_test_flow_of(
        "network: {widths: [2, 2, 2]}\nloss: {kind: masked}\n"
        "data: {kind: target, matrix: [[0, 1], [1, 0]], mask: [[0, 1], [1, 1]]}\n"
        "init: {kind: balanced, matrix: [[.1, .02], [.01, .1]]}\ntime: {end: 1000}\n");
    for (size_t i = 0; i < 3; i++) {
        double *y = NULL, W[4];
        LNN_OK(state_at(f.model, t[i], 1e-12, &y));
        LNN_OK(ode()->product(f.model, y, W));
        LNN_CLOSE(W[0] / w11[i], 1, 1e-9);
        LNN_CLOSE(ode()->objective(f.model, y) / loss[i], 1, 1e-9);
        if (i > 0) LNN_CLOSE(y[1] / log_s2[i], 1, 1e-6);
        double det_U = y[2] * y[5] - y[3] * y[4], det_V = y[6] * y[9] - y[7] * y[8];
        LNN_CLOSE(det_U * det_V, 1, 1e-9);
        free(y);
    }
    lnn_test_flow_free(&f);
}

Test(singular_modes, weight_decay_shrinks_every_mode)
{
    /* W(0) = Phi: no gradient at first, only the decay */
    struct lnn_test_flow f = lnn_test_flow_of(
        "network: {widths: [2, 3, 2, 2]}\nloss: {weight_decay: 0.25}\n"
        "data: {kind: target, matrix: [[2, 0], [0, 0.5]]}\n"
        "init: {kind: balanced, matrix: [[2, 0], [0, 0.5]]}\ntime: {end: 1}\n");
    double y[11], dydt[11];
    LNN_OK(ode()->init(f.model, y));
    LNN_OK(ode()->rhs(0, y, dydt, f.model));
    LNN_CLOSE(dydt[0], -3 * 0.25, 1e-14);
    LNN_CLOSE(dydt[1], -3 * 0.25, 1e-14);
    LNN_CLOSE(dydt[10], 0.25 * 0.25 * 3 * (pow(2, 2.0 / 3) + pow(0.5, 2.0 / 3)), 1e-14);
    lnn_test_flow_free(&f);
}

Test(singular_modes, one_layer_passes_through_zero)
{
    struct lnn_test_flow f =
        lnn_test_flow_of("network: {widths: [2, 2]}\n"
                         "data: {kind: target, matrix: [[2, 0.1], [-0.2, -1]]}\n"
                         "init: {kind: balanced, matrix: [[1, 0.2], [0.1, 0.3]]}\n"
                         "time: {end: 1}\n");
    double *y = NULL, W[4], e = exp(-0.8);
    LNN_OK(state_at(f.model, 0.8, 1e-12, &y));
    cr_assert(y[1] < -0.1);
    LNN_OK(ode()->product(f.model, y, W));
    LNN_CLOSE(W[0], 2 - 1 * e, 1e-10);
    LNN_CLOSE(W[1], 0.1 + 0.1 * e, 1e-10);
    LNN_CLOSE(W[2], -0.2 + 0.3 * e, 1e-10);
    LNN_CLOSE(W[3], -1 + 1.3 * e, 1e-10);
    free(y);
    lnn_test_flow_free(&f);
}

Test(singular_modes, crossing_stops)
{
    struct lnn_test_flow f =
        lnn_test_flow_of("network: {widths: [2, 2, 2]}\n"
                         "data: {kind: target, matrix: [[0.5, 0], [0, 3]]}\n"
                         "init: {kind: balanced, matrix: [[0.4, 0], [0, 0.1]]}\n"
                         "time: {end: 3}\n");
    double *y = NULL, lower = 0, upper = 3; /* when do the closed forms meet? */
    while (upper - lower > 1e-9) {
        double t = (lower + upper) / 2;
        if (lnn_mode(2, 3, 0.1, t) < lnn_mode(2, 0.5, 0.4, t))
            lower = t;
        else
            upper = t;
    }
    LNN_OK(state_at(f.model, lower - 1e-3, 1e-10, &y));
    free(y);
    cr_assert(state_at(f.model, lower + 0.5, 1e-10, &y) != GSL_SUCCESS);
    cr_assert(strstr(lnn_error(), "singular values 1 and 2 cross near t = ") != NULL);
    LNN_CLOSE(strtod(strstr(lnn_error(), "t = ") + 4, NULL), lower, 1e-3);
    free(y);
    lnn_test_flow_free(&f);
}

Test(singular_modes, wide_layer_stops_where_its_rank_drops)
{
    struct lnn_test_flow f = lnn_test_flow_of(
        "network: {widths: [2, 1]}\ndata: {kind: target, matrix: [[-1, 0]]}\n"
        "init: {kind: balanced, matrix: [[1, 0]]}\ntime: {end: 3}\n");
    double *y = NULL;
    cr_assert(state_at(f.model, 1, 1e-10, &y) != GSL_SUCCESS); /* W = 0 at t = log 2 */
    cr_assert(strstr(lnn_error(), "singular value 1 falls to 0 near t = 0.69") != NULL);
    free(y);
    lnn_test_flow_free(&f);
}

Test(singular_modes, refuses_what_has_no_singular_modes)
{
    static const struct {
        const char *widths, *init, *reason;
    } cases[] = {
        {"[3, 4, 2]", "{kind: gaussian}", "balanced"},
        {"[3, 4, 2]", "{kind: zero}", "W(0) = 0"},
        {"[3, 4, 2]", "{kind: balanced, matrix: [[1, 2, 3], [2, 4, 6]]}", "rank 1"},
        {"[3, 2]", "{kind: balanced, matrix: [[1, 2, 3], [2, 4, 6]]}", "rank 1"},
        {"[3, 4, 2]", "{kind: balanced, matrix: [[1, 0, 0], [0, 1, 0]]}", "distinct"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char rest[256];
        snprintf(
            rest, sizeof rest,
            "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\ninit: %s\n",
            cases[i].init);
        struct lnn_test_flow f = flow_of(cases[i].widths, rest);
        double y[13];
        cr_assert(ode()->dim(f.model) == 13);
        cr_assert(ode()->init(f.model, y) == GSL_EINVAL);
        cr_assert(strstr(lnn_error(), cases[i].reason) != NULL, "%s", lnn_error());
        lnn_test_flow_free(&f);
    }
}

Test(singular_modes, bottleneck_carries_a_start_of_low_rank)
{
    /* the advice of the refusal: the same W(t) through one hidden unit */
    struct lnn_test_flow f = lnn_test_flow_of(
        "network: {widths: [3, 1, 2]}\n"
        "data: {kind: target, matrix: [[1, .5, -.25], [0, -1, .75]]}\n"
        "init: {kind: balanced, matrix: [[.2, -.1, .2], [.26666666666666666, "
        "-.13333333333333333, .26666666666666666]]}\ntime: {end: 1}\n");
    static const double expected[] = {0.19275702989690988, -0.17759070128666413,
                                      0.2011906234865214,  0.4389070340917302,
                                      -0.4043733607313159, 0.45811029506296996};
    double *y = NULL, W[6];
    LNN_OK(state_at(f.model, 1, 1e-12, &y));
    LNN_OK(ode()->product(f.model, y, W));
    cr_assert(lnn_test_gap(6, W, expected) <= 1e-9);
    free(y);
    lnn_test_flow_free(&f);
}
