/* Networks with activations: outputs, gradient and Hessian against plain loops,
 * difference quotients and the linear network, over the lists of activations and
 * losses. */
#include "naive.h"

TestSuite(mlp, .init = lnn_test_setup);

static const struct naive_widths shapes[] = {
    {2, {1, 1}},    {2, {3, 2}},       {3, {1, 1, 1}},    {3, {4, 7, 3}},
    {3, {7, 2, 4}}, {4, {2, 5, 3, 4}}, {4, {5, 1, 1, 2}}, {5, {3, 4, 2, 5, 2}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* Data drawn as a teacher's; where the loss needs labels, Y is made of them. */
static struct naive_case open_case(const struct naive_widths *widths,
                                   const char *activation, size_t factors,
                                   const char *loss, size_t m)
{
    char list[200] = "", text[1000];
    size_t length = 0;
    for (size_t j = 0; j < widths->n; j++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%zu",
                                   j == 0 ? "" : ", ", widths->d[j]);
    bool labels = strncmp(loss, "cross", 5) == 0 || strncmp(loss, "logis", 5) == 0;
    snprintf(text, sizeof text,
             "network: {widths: [%s], activation: %s, factors: %zu}\n"
             "loss: {kind: square}\n"
             "data: {kind: teacher, samples: %zu, noise: 0.5, seed: 3}\n"
             "init: {kind: gaussian, scale: 0.8}\ntime: {end: 1}\n",
             list, activation, factors, m);
    struct naive_case c = naive_open(text);
    size_t k = c.data->k;
    for (size_t i = 0; i < m && labels; i++)
        for (size_t r = 0; r < k; r++)
            c.data->Y[i * k + r] =
                *loss == 'c' ? (i + i / k) % k == r : (i * k + r) % 3 == 0;
    lnn_model_free(c.model);
    lnn_problem_free(c.problem);
    char *at = strstr(text, "kind: square") + strlen("kind: square");
    char *rest = strdup(at);
    sprintf(at - strlen("square"), "%s%s", loss, rest);
    free(rest);
    c.problem = lnn_test_problem(text);
    c.net = lnn_network_for(c.problem);
    LNN_OK(lnn_model_alloc(c.problem, c.data, c.w0, NAN, &c.model));
    return c;
}

static double activate(const struct lnn_network *net, double z)
{
    const char *name = net->activation->name;
    if (strcmp(name, "relu") == 0) return z > 0 ? z : 0;
    if (strcmp(name, "leaky_relu") == 0) return z > 0 ? z : 0.01 * z;
    if (strcmp(name, "tanh") == 0) return (exp(z) - exp(-z)) / (exp(z) + exp(-z));
    cr_assert_str_eq(name, "softplus");
    return log(1 + exp(z));
}

/* Outputs of one example, unit by unit; returns the least |input| of an activation. */
static double naive_outputs(const struct lnn_network *net, const double w[],
                            const double x[], double f[])
{
    double a[64], z[64], least = INFINITY;
    memcpy(a, x, net->d[0] * sizeof *a);
    for (size_t j = 1; j <= net->N; j++) {
        for (size_t r = 0; r < net->d[j]; r++, w += net->d[j - 1])
            z[r] = naive_dot(net->d[j - 1], w, a);
        for (size_t r = 0; r < net->d[j]; r++) {
            bool behind = net->activation && j < net->N && j % net->factors == 0;
            if (behind) least = fmin(least, fabs(z[r]));
            a[r] = behind ? activate(net, z[r]) : z[r];
        }
    }
    memcpy(f, a, net->d[net->N] * sizeof *f);
    return least;
}

static double naive_loss(const struct naive_case *c, const double f[], const double y[])
{
    const char *kind = c->problem->loss.kind;
    double sum = 0, top = -INFINITY, own = 0;
    for (size_t r = 0; r < c->data->k; r++) {
        double gap = fabs(f[r] - y[r]), s = y[r] > 0 ? 1 : -1;
        if (strcmp(kind, "square") == 0) sum += 0.5 * gap * gap;
        if (strcmp(kind, "lp") == 0) sum += pow(gap, c->problem->loss.p);
        if (strcmp(kind, "logistic") == 0) sum += log(1 + exp(-s * f[r]));
        if (strcmp(kind, "cross_entropy") == 0) {
            sum += exp(f[r]);
            own += y[r] * f[r];
            top = fmax(top, f[r]);
        }
    }
    return strcmp(kind, "cross_entropy") == 0 ? log(sum) - own : sum;
}

static double naive_phi(const struct naive_case *c, const double w[], double *least)
{
    double sum = 0, f[64];
    *least = INFINITY;
    for (size_t i = 0; i < c->data->m; i++) {
        const double *x = c->data->X + i * c->data->d, *y = c->data->Y + i * c->data->k;
        *least = fmin(*least, naive_outputs(&c->net, w, x, f));
        sum += naive_loss(c, f, y);
    }
    return sum / (double)c->data->m;
}

/* Richardson's two central differences of g(e) at 0: order 4. */
static double slope(double up, double down, double up2, double down2, double h)
{
    return (8 * (up - down) - (up2 - down2)) / (12 * h);
}

static double moved_phi(const struct naive_case *c, double w[], size_t i, double by)
{
    double keep = w[i], least;
    w[i] = keep + by;
    double phi = naive_phi(c, w, &least);
    w[i] = keep;
    return phi;
}

static void check_gradient(const struct naive_case *c, double w[])
{
    const double h = 1e-4;
    double *grad = naive_new(c->net.size), least, phi = naive_phi(c, w, &least);
    if (c->net.activation && c->net.activation->kinked) cr_assert_gt(least, 10 * h);
    double square = lnn_model_gradient(c->model, w, grad);
    LNN_CLOSE(lnn_model_loss(c->model, w), phi, 1e-13 * (1 + phi));
    LNN_CLOSE(square, naive_dot(c->net.size, grad, grad), 1e-13 * (1 + square));
    for (size_t i = 0; i < c->net.size; i++)
        LNN_CLOSE(grad[i],
                  slope(moved_phi(c, w, i, h), moved_phi(c, w, i, -h),
                        moved_phi(c, w, i, 2 * h), moved_phi(c, w, i, -2 * h), h),
                  2e-11 * (1 + phi));
    free(grad);
}

/* The gradient, checked above, along v: its difference quotient is the Hessian's. */
static void check_hessian(const struct naive_case *c, const double w[])
{
    const double h = 1e-4;
    size_t n = c->net.size;
    double *v = naive_random(n, 91), *hv = naive_new(n), *at = naive_new(n), *g[4];
    double step[] = {h, -h, 2 * h, -2 * h};
    for (size_t i = 0; i < n; i++) v[i] *= 0.3;
    lnn_model_hessian(c->model, w, v, hv);
    for (int s = 0; s < 4; s++) {
        g[s] = naive_new(n);
        for (size_t i = 0; i < n; i++) at[i] = w[i] + step[s] * v[i];
        lnn_model_gradient(c->model, at, g[s]);
    }
    for (size_t i = 0; i < n; i++)
        LNN_CLOSE(hv[i], slope(g[0][i], g[1][i], g[2][i], g[3][i], h),
                  1e-9 * (1 + naive_norm(n, hv)));
    for (int s = 0; s < 4; s++) free(g[s]);
    free(v);
    free(hv);
    free(at);
}

/* Weights at which no activation's input is near its kink. */
static double *away_from_kinks(const struct naive_case *c)
{
    for (unsigned long seed = 1; seed < 400; seed++) {
        double *w = naive_random(c->net.size, seed), least;
        (void)naive_phi(c, w, &least);
        if (least > 2e-3) return w;
        free(w);
    }
    cr_assert(false, "no weights away from kinks");
    return NULL;
}

Test(mlp, derivatives_of_every_activation_loss_shape_and_factors)
{
    static const char *const losses[] = {"square", "lp, p: 4", "lp, p: 2.5", "logistic",
                                         "cross_entropy"};
    size_t nonlinear = 0;
    for (size_t a = 1; lnn_activations[a]; a++)
        for (size_t l = 0; l < 5; l++)
            for (size_t s = 0; s < SHAPES; s++)
                for (size_t factors = 1; factors <= 3; factors++) {
                    size_t k = shapes[s].d[shapes[s].n - 1];
                    if (k < 2 && l == 4) continue;
                    struct naive_case c = open_case(
                        &shapes[s], lnn_activations[a]->name, factors, losses[l], 5);
                    cr_assert_eq(c.net.N, factors * (shapes[s].n - 1));
                    cr_assert_eq(c.net.activation != NULL, shapes[s].n > 2);
                    double *w = away_from_kinks(&c);
                    check_gradient(&c, w);
                    check_hessian(&c, w);
                    nonlinear += c.net.activation != NULL;
                    free(w);
                    naive_close(&c);
                }
    cr_assert_gt(nonlinear, 300);
}

/* More examples than a block holds, the last block not full; some examples only. */
Test(mlp, blocks_and_batches_add_up)
{
    struct naive_case c = open_case(&shapes[5], "tanh", 2, "cross_entropy", 1291);
    size_t n = c.net.size;
    double *sum = naive_new(n), *grad = naive_new(n), *part = naive_new(n), least;
    LNN_CLOSE(lnn_model_loss(c.model, c.w0), naive_phi(&c, c.w0, &least), 1e-13);
    lnn_model_gradient(c.model, c.w0, grad);
    for (size_t i = 0; i < c.data->m; i += 100) { /* in batches of 100 and one of 91 */
        struct lnn_examples e = lnn_examples_all(c.data);
        e.X += i * c.data->d;
        e.Y += i * c.data->k;
        e.m = c.data->m - i < 100 ? c.data->m - i : 100;
        lnn_model_batch_gradient(c.model, &e, c.w0, part);
        for (size_t q = 0; q < n; q++) sum[q] += part[q];
    }
    LNN_CLOSE(lnn_test_gap(n, sum, grad), 0, 1e-15);
    double *one = naive_new(n), *v = naive_random(n, 8), *hv = naive_new(n);
    lnn_model_hessian(c.model, c.w0, v, hv);
    lnn_model_hessian(c.model, c.w0, hv, one); /* symmetric: v.H(Hv) = |Hv|^2 */
    LNN_CLOSE(naive_dot(n, v, one), naive_dot(n, hv, hv), 1e-12 * naive_dot(n, hv, hv));
    free(sum);
    free(grad);
    free(part);
    free(one);
    free(v);
    free(hv);
    naive_close(&c);
}

/* Back-propagation through no activation gives what network.h and the moments give. */
Test(mlp, without_activation_it_is_the_linear_network)
{
    static const char *const losses[] = {"square", "lp, p: 4", "logistic",
                                         "cross_entropy"};
    for (size_t l = 0; l < 4; l++)
        for (size_t s = 0; s < SHAPES; s++) {
            size_t k = shapes[s].d[shapes[s].n - 1];
            if (k < 2 && l == 3) continue;
            struct naive_case c = open_case(&shapes[s], "linear", 1, losses[l], 7);
            size_t n = c.net.size;
            struct lnn_network net = c.net;
            struct lnn_mlp *mlp;
            struct lnn_examples all = lnn_examples_all(c.data);
            double *a = naive_new(n), *b = naive_new(n), *v = naive_random(n, 4);
            cr_assert_null(net.activation);
            if (s % 2) net.activation = lnn_activation_find("linear"); /* by force */
            net.factors = 1;
            LNN_OK(lnn_mlp_alloc(&net, c.model->objective, &mlp));
            double phi = lnn_mlp_gradient(mlp, &all, c.w0, a);
            LNN_CLOSE(phi, lnn_model_loss(c.model, c.w0), 1e-13 * (1 + phi));
            lnn_model_gradient(c.model, c.w0, b);
            LNN_CLOSE(lnn_test_gap(n, a, b), 0, 1e-12 * (1 + naive_norm(n, b)));
            lnn_mlp_hessian(mlp, &all, c.w0, v, a);
            lnn_model_hessian(c.model, c.w0, v, b);
            LNN_CLOSE(lnn_test_gap(n, a, b), 0, 1e-12 * (1 + naive_norm(n, b)));
            lnn_mlp_free(mlp);
            free(a);
            free(b);
            free(v);
            naive_close(&c);
        }
}

/* Inputs and weights above 0: every unit is on, and relu is not to be seen. */
Test(mlp, relu_with_all_units_on_is_the_linear_network)
{
    struct naive_case c = open_case(&shapes[5], "relu", 2, "square", 11);
    struct naive_case lin = open_case(&shapes[5], "linear", 2, "square", 11);
    size_t n = c.net.size;
    double *w = naive_random(n, 3), *v = naive_random(n, 5), *a = naive_new(n),
           *b = naive_new(n);
    for (size_t i = 0; i < n; i++) w[i] = 0.1 + fabs(w[i]);
    for (size_t i = 0; i < c.data->m * c.data->d; i++)
        c.data->X[i] = lin.data->X[i] = 0.1 + fabs(c.data->X[i]);
    struct lnn_examples all = lnn_examples_all(lin.data);
    struct lnn_mlp *mlp;
    LNN_OK(lnn_mlp_alloc(&lin.net, lin.model->objective, &mlp));
    double phi = lnn_mlp_gradient(mlp, &all, w, b);
    cr_assert_eq(lnn_model_loss(c.model, w), phi, "not the same to the bit");
    lnn_model_gradient(c.model, w, a);
    cr_assert_eq(lnn_test_gap(n, a, b), 0, "not the same to the bit");
    lnn_model_hessian(c.model, w, v, a);
    lnn_mlp_hessian(mlp, &all, w, v, b);
    cr_assert_eq(lnn_test_gap(n, a, b), 0, "not the same to the bit");
    lnn_mlp_free(mlp);
    free(w);
    free(v);
    free(a);
    free(b);
    naive_close(&c);
    naive_close(&lin);
}

/* s'(0) is the value from the left: a unit whose input is exactly 0 for some example.
 * The one-sided derivatives along a direction that moves it up, and down, are the
 * gradient's and that of the selection that is on; both are checked. */
Test(mlp, selection_at_an_exact_kink)
{
    static const struct naive_widths widths = {3, {2, 2, 1}};
    static const char *const names[] = {"relu", "leaky_relu"};
    for (int a = 0; a < 2; a++) {
        struct naive_case c = open_case(&widths, names[a], 1, "square", 1);
        double w[] = {1, -2, 0.5, 0.25, 0.7, -0.4}, grad[6], least, left = a ? 0.01 : 0;
        c.data->X[0] = 2;
        c.data->X[1] = 1; /* unit 1: 2 - 2 = 0 exactly; unit 2: 1.25 */
        c.data->Y[0] = 3;
        double r = -0.4 * 1.25 - 3, phi = naive_phi(&c, w, &least);
        cr_assert_eq(least, 0);
        lnn_model_gradient(c.model, w, grad);
        LNN_CLOSE(grad[0], r * 0.7 * left * 2, 1e-15);
        LNN_CLOSE(grad[1], r * 0.7 * left * 1, 1e-15);
        LNN_CLOSE(grad[4], 0, 0);
        for (int side = -1; side <= 1;
             side += 2) { /* along w[0]: on above, off below */
            double h = side * 1e-6, quotient = (moved_phi(&c, w, 0, h) - phi) / h;
            LNN_CLOSE(quotient, r * 0.7 * (side > 0 ? 1 : left) * 2, 1e-4);
        }
        naive_close(&c);
    }
}

/* The derivatives' own formulas at arguments where exponentials overflow. */
Test(mlp, activations_far_from_zero)
{
    static const double z[] = {-1e4, -800, -40, 0, 40, 800, 1e4};
    for (size_t a = 0; lnn_activations[a]; a++) {
        const struct lnn_activation *s = lnn_activations[a];
        double V[7], one[7], two[7], p = s->parameter ? 0.5 : 0;
        for (int i = 0; i < 7; i++) one[i] = two[i] = 1;
        s->value(p, 7, z, V);
        s->times_first(p, 7, z, V, one);
        if (s->times_second) s->times_second(p, 7, z, V, two);
        cr_assert(lnn_finite(7, V) && lnn_finite(7, one) && lnn_finite(7, two), "%s",
                  s->name);
        for (int i = 1; i < 7; i++) cr_assert_geq(V[i], V[i - 1], "%s", s->name);
        for (int i = 0; i < 7; i++)
            cr_assert(one[i] >= 0 && one[i] <= 1, "%s' out of range", s->name);
        cr_assert_eq(lnn_activation_find(s->name), s);
        if (s->homogeneous) /* s(c z) = c s(z) and s(z) = s'(z) z */
            for (int i = 0; i < 7; i++) LNN_CLOSE(V[i], one[i] * z[i], 0);
    }
    cr_assert_null(lnn_activation_find("none such"));
}

/* factors: 2 of a linear network is the deeper linear network, to the bit. */
Test(mlp, factors_of_a_linear_network_are_layers)
{
    static const struct naive_widths wide = {5, {4, 3, 3, 2, 2}}; /* 4-3-2 factored */
    static const struct naive_widths dense = {3, {4, 3, 2}};
    struct naive_case a = open_case(&dense, "linear", 2, "lp, p: 3", 9);
    struct naive_case b = open_case(&wide, "linear", 1, "lp, p: 3", 9);
    cr_assert_eq(a.net.N, 4);
    for (size_t j = 0; j <= 4; j++) cr_assert_eq(a.net.d[j], b.net.d[j]);
    cr_assert_eq(lnn_test_gap(a.net.size, a.w0, b.w0), 0);
    double *x = naive_new(a.net.size), *y = naive_new(a.net.size);
    lnn_model_gradient(a.model, a.w0, x);
    lnn_model_gradient(b.model, b.w0, y);
    cr_assert_eq(lnn_test_gap(a.net.size, x, y), 0);
    free(x);
    free(y);
    naive_close(&a);
    naive_close(&b);
}

/* What stands where, and what flow conserves of C_j. */
Test(mlp, activations_stand_behind_dense_layers_but_the_last)
{
    static const enum lnn_conserved D = LNN_CONSERVED_DIAGONAL, A = LNN_CONSERVED_ALL,
                                    O = LNN_CONSERVED_NOTHING;
    static const struct {
        const char *activation;
        enum lnn_conserved of[5];
    } want[] = {{"relu", {A, D, A, D, A}},
                {"leaky_relu", {A, D, A, D, A}},
                {"tanh", {A, O, A, O, A}},
                {"linear", {A, A, A, A, A}}};
    static const struct naive_widths widths = {4, {3, 2, 4, 2}};
    for (size_t i = 0; i < 4; i++) {
        struct naive_case c = open_case(&widths, want[i].activation, 2, "square", 4);
        double C[16];
        for (size_t j = 1; j < 6; j++) {
            cr_assert_eq(lnn_network_conserved(&c.net, j), want[i].of[j - 1]);
            lnn_network_imbalance(&c.net, c.w0, j, C);
            for (size_t q = 0; q < c.net.d[j] * c.net.d[j]; q++) {
                bool diagonal = q % (c.net.d[j] + 1) == 0;
                if (want[i].of[j - 1] == O) cr_assert(isnan(C[q]));
                if (want[i].of[j - 1] == D && !diagonal) cr_assert_eq(C[q], 0);
                if (want[i].of[j - 1] == A || (want[i].of[j - 1] == D && diagonal))
                    cr_assert(C[q] != 0 && isfinite(C[q]));
            }
        }
        naive_close(&c);
    }
}
