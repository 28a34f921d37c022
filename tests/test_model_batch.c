/* The gradient over some examples, against plain loops and against the whole data's. */
#include "naive.h"

TestSuite(model_batch, .init = lnn_test_setup);

/* Every other example, from the second on; weight as for a mean over all data. */
struct batch {
    struct lnn_examples e;
    double *X, *Y;
};

static struct batch every_other(const struct lnn_data *data)
{
    struct batch b = {.X = naive_new(data->m * data->d),
                      .Y = naive_new(data->m * data->k)};
    for (size_t i = 1; i < data->m; i += 2, b.e.m++) {
        memcpy(b.X + b.e.m * data->d, data->X + i * data->d, data->d * sizeof *b.X);
        memcpy(b.Y + b.e.m * data->k, data->Y + i * data->k, data->k * sizeof *b.Y);
    }
    b.e.X = b.X;
    b.e.Y = b.Y;
    b.e.weight = 0.37;
    return b;
}

/* dl/df of one output f with target y. */
static double slope(const struct lnn_problem *p, double f, double y)
{
    double r = f - y, power = p->loss.p;
    if (strcmp(p->loss.kind, "square") == 0) return r;
    if (strcmp(p->loss.kind, "logistic") == 0) return -y / (1 + exp(y * f));
    double s = pow(fabs(r), power - 1) * (r < 0 ? -1 : 1);
    return strcmp(p->loss.scaling, "papers") == 0 ? s : power * s;
}

static void naive_batch_gradient(const struct naive_case *c,
                                 const struct lnn_examples *e, const double w[],
                                 double grad[])
{
    size_t k = c->data->k, d = c->data->d;
    double *W = naive_new(10000), *G = naive_new(k * d);
    naive_partial(&c->net, w, 1, c->net.N, W);
    for (size_t i = 0; i < e->m; i++)
        for (size_t o = 0; o < k; o++) {
            double f = naive_dot(d, W + o * d, e->X + i * d);
            double s = e->weight * slope(c->problem, f, e->Y[i * k + o]);
            for (size_t in = 0; in < d; in++) G[o * d + in] += s * e->X[i * d + in];
        }
    naive_gradient(&c->net, w, G, grad);
    for (size_t i = 0; i < c->net.size; i++)
        grad[i] += c->problem->loss.weight_decay * w[i];
    free(W);
    free(G);
}

static void check(struct naive_case *c)
{
    size_t n = c->net.size;
    double *w = naive_random(n, 3), *got = naive_new(n + 1), *want = naive_new(n);
    struct batch b = every_other(c->data);
    got[n] = 4711;
    double square = lnn_model_batch_gradient(c->model, &b.e, w, got);
    naive_batch_gradient(c, &b.e, w, want);
    double size = 1 + naive_norm(n, want);
    LNN_CLOSE(lnn_test_gap(n, got, want), 0, 1e-14 * size);
    LNN_CLOSE(square, naive_dot(n, want, want), 1e-13 * size * size);
    struct lnn_examples all = {c->data->m, c->data->X, c->data->Y, c->data->weight};
    lnn_model_batch_gradient(c->model, &all, w, got);
    lnn_model_gradient(c->model, w, want);
    LNN_CLOSE(lnn_test_gap(n, got, want), 0, 2e-14 * (1 + naive_norm(n, want)));
    cr_assert_eq(got[n], 4711);
    double *arrays[] = {w, got, want, b.X, b.Y};
    for (size_t i = 0; i < 5; i++) free(arrays[i]);
}

static struct naive_case open_data(const struct naive_widths *widths, const char *loss)
{
    char list[200] = "", text[1000];
    size_t at = 0;
    for (size_t j = 0; j < widths->n; j++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%zu", j ? ", " : "",
                               widths->d[j]);
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\nloss: {kind: %s}\n"
             "data: {kind: teacher, samples: 9, noise: 0.3, seed: 4}\n"
             "init: {kind: zero}\ntime: {end: 1}\n",
             list, loss);
    return naive_open(text);
}

Test(model_batch, gradient_of_some_examples_on_every_shape)
{
    static const char *const losses[] = {"square", "square, weight_decay: 0.3",
                                         "lp, p: 3.5",
                                         "lp, p: 4, scaling: papers, weight_decay: 1"};
    for (size_t i = 0; i < NAIVE_NETS; i++)
        for (size_t l = 0; l < 4; l++) {
            struct naive_case c = open_data(&naive_widths[i], losses[l]);
            check(&c);
            naive_close(&c);
        }
}

/* A target matrix: an example is a column; labels of -1 and 1 suit every loss whose outputs
 * do not mix. */
Test(model_batch, gradient_of_some_columns_for_every_loss)
{
    static const struct naive_widths widths = {4, {5, 2, 3, 2}};
    static const double Phi[10] = {1, -1, 1, 1, -1, -1, 1, 1, -1, 1};
    for (size_t l = 0; lnn_losses[l]; l++) {
        char loss[100];
        if (!lnn_losses[l]->outputs) continue;
        if (strcmp(lnn_losses[l]->name, "cross_entropy") == 0) continue; /* test_mlp.c */
        snprintf(loss, sizeof loss, "loss: {kind: %s, weight_decay: 0.2}\n",
                 lnn_losses[l]->name);
        struct naive_case c = naive_target(&widths, Phi, loss);
        check(&c);
        naive_close(&c);
    }
}
