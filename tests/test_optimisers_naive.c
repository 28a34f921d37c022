/* Every discrete method over fifty iterations against plain loops: all shapes, losses,
 * with weight decay and mini-batches. */
#include "optimiser_case.h"

TestSuite(optimisers_naive, .init = lnn_test_setup, .timeout = 120);

static const char *const names[] = {OPTIMISERS, "gradient_descent"};
enum { NAMES = sizeof names / sizeof *names, STEPS = 50 };

static const struct naive_widths shapes[] = {
    {2, {1, 1}},       {2, {4, 2}},          {2, {2, 4}},
    {3, {1, 1, 1}},    {3, {3, 1, 3}},       {3, {5, 2, 3}},
    {4, {2, 3, 3, 2}}, {5, {3, 2, 4, 2, 1}}, {5, {1, 2, 1, 3, 4}}};

struct reference { /* weights, and what methods remember */
    const struct lnn_problem_trajectory *spec;
    size_t n, k;
    double *w, *g, *first, *second;
};

/* The mean over the batch of dl/dW, then layer by layer. */
static void gradient_at(const struct naive_case *c, const struct lnn_examples *e,
                        const double w[], double g[])
{
    size_t k = c->data->k, d = c->data->d;
    double *W = naive_new(10000), *G = naive_new(k * d);
    bool quartic = strcmp(c->problem->loss.kind, "lp") == 0;
    naive_partial(&c->net, w, 1, c->net.N, W);
    for (size_t i = 0; i < e->m; i++)
        for (size_t o = 0; o < k; o++) {
            double r = naive_dot(d, W + o * d, e->X + i * d) - e->Y[i * k + o];
            double s = quartic ? 4 * r * r * r : r;
            for (size_t j = 0; j < d; j++)
                G[o * d + j] += s * e->X[i * d + j] / (double)e->m;
        }
    naive_gradient(&c->net, w, G, g);
    for (size_t i = 0; i < c->net.size; i++)
        g[i] += c->problem->loss.weight_decay * w[i];
    free(W);
    free(G);
}

static double moved(struct reference *r, size_t i, double eta)
{
    const struct lnn_problem_trajectory *p = r->spec;
    double g = r->g[i], *a = &r->first[i], *b = &r->second[i];
    if (strcmp(p->system, "gradient_descent") == 0) return -eta * g;
    if (strcmp(p->system, "momentum") == 0 || strcmp(p->system, "nesterov") == 0)
        return *a = p->momentum * *a - eta * g;
    if (strcmp(p->system, "adagrad") == 0) {
        *a += pow(g, 2);
        return -eta / (sqrt(*a) + p->epsilon) * g;
    }
    if (strcmp(p->system, "rmsprop") == 0) {
        *a = p->decay * *a + (1 - p->decay) * pow(g, 2);
        return -eta / (sqrt(*a) + p->epsilon) * g;
    }
    if (strcmp(p->system, "adadelta") == 0) {
        *a = p->decay * *a + (1 - p->decay) * pow(g, 2);
        double step = -sqrt((*b + p->epsilon) / (*a + p->epsilon)) * g;
        *b = p->decay * *b + (1 - p->decay) * pow(step, 2);
        return eta * step;
    }
    *a = p->beta1 * *a + (1 - p->beta1) * g;
    *b = p->beta2 * *b + (1 - p->beta2) * pow(g, 2);
    double t = (double)r->k + 1;
    return -eta * (*a / (1 - pow(p->beta1, t))) /
           (sqrt(*b / (1 - pow(p->beta2, t))) + p->epsilon);
}

static void reference_step(struct reference *r, const struct naive_case *c,
                           const struct lnn_examples *e)
{
    double *at = naive_new(r->n), eta = r->spec->learning_rate;
    bool ahead = strcmp(r->spec->system, "nesterov") == 0;
    for (size_t i = 0; i < r->n; i++)
        at[i] = r->w[i] + (ahead ? r->spec->momentum * r->first[i] : 0);
    gradient_at(c, e, at, r->g);
    for (size_t i = 0; i < r->n; i++) r->w[i] += moved(r, i, eta);
    r->k++;
    free(at);
}

/* The largest distance from the reference over all iterations. */
static double follow(struct optimiser_case *o)
{
    const struct lnn_problem_trajectory *spec = o->c.problem->trajectories.at;
    struct reference r = {.spec = spec, .n = o->c.net.size};
    double **arrays[] = {&r.w, &r.g, &r.first, &r.second}, worst = 0;
    for (size_t i = 0; i < 4; i++) *arrays[i] = naive_new(r.n);
    memcpy(r.w, o->c.w0, r.n * sizeof *r.w);
    const struct lnn_data *data = o->c.data;
    struct lnn_examples all = {data->m, data->X, data->Y, data->weight};
    struct lnn_batches *batches = NULL;
    if (spec->batch > 0 && spec->batch < data->m)
        LNN_OK(lnn_batches_open(data, spec->batch, spec->batch_seed, &batches));
    for (unsigned long k = 0; k < STEPS; k++) {
        optimiser_steps(o, 1);
        reference_step(&r, &o->c, batches ? lnn_batches_at(batches, k) : &all);
        double gap = lnn_test_gap(r.n, o->y, r.w);
        cr_assert(isfinite(gap), "%s", spec->system);
        worst = fmax(worst, gap);
    }
    double far = lnn_distance(r.n, r.w, o->c.w0);
    cr_assert(far > 1e-7, "%s, depth %zu, %zu to %zu, %s: %g", spec->system, o->c.net.N,
              o->c.net.d[0], o->c.net.d[o->c.net.N], o->c.problem->loss.kind, far);
    lnn_batches_close(batches);
    for (size_t i = 0; i < 4; i++) free(*arrays[i]);
    return worst;
}

/* The quartic loss is too steep for a large step along the gradient itself. A small
 * epsilon makes a near minimum chaotic: roundings would grow to 1e-8. */
static void check(const struct naive_widths *shape, size_t name, int samples,
                  const char *loss, int batch, unsigned long seed)
{
    char text[1000], list[200] = "", keys[100];
    size_t at = 0;
    for (size_t j = 0; j < shape->n; j++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%zu", j ? ", " : "",
                               shape->d[j]);
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\nloss: {%s}\n"
             "data: {kind: teacher, samples: %d, noise: 0.3, seed: 2}\n"
             "init: {kind: gaussian, scale: 0.6, seed: %lu}\ntime: {end: 1}\n",
             list, loss, samples, seed);
    bool steep = strstr(loss, "lp") && strchr("mng", names[name][0]);
    const char *rate = steep ? "0.0001" : strstr(names[name], "delta") ? "1" : "0.01";
    int n = snprintf(
        keys, sizeof keys, ", learning_rate: %s%s", rate,
        names[name][0] == 'r' || !strcmp(names[name], "adam") ? ", epsilon: 0.1" : "");
    if (batch)
        snprintf(keys + n, sizeof keys - (size_t)n, ", batch: %d, batch_seed: %lu",
                 batch, seed);
    struct optimiser_case o = optimiser_open(text, names[name], keys, NULL);
    double worst = follow(&o);
    cr_assert(worst <= 2e-12, "%s, [%s], %d samples, %s%s: %g", names[name], list,
              samples, loss, keys, worst);
    optimiser_close(&o);
}

/* Two samples of up to five inputs: the data is rank deficient, too. */
Test(optimisers_naive, fifty_iterations_on_every_shape)
{
    static const char *const losses[] = {"kind: square", "kind: lp, p: 4",
                                         "kind: square, weight_decay: 0.3"};
    for (size_t name = 0; name < NAMES; name++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (size_t l = 0; l < 3; l++) {
                check(&shapes[s], name, 2, losses[l], 0, s);
                check(&shapes[s], name, 7, losses[l], 0, s);
                check(&shapes[s], name, 7, losses[l], 3, s);
                check(&shapes[s], name, 7, losses[l], 1, s + 10);
            }
}
