/* One trajectory of a file: what it claims to be, its rows, layers and attributes. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "evidence_private.h"
#include "lnn/err.h"

/* The group's name in messages: the root has none. */
static const char *shown(const struct lnn_record *r)
{
    return r->name[0] ? r->name : "/";
}

static int mismatch(const struct lnn_reading_evidence *f, const struct lnn_record *r,
                    const char *name, const struct lnn_shape *s, const char *meant)
{
    char shape[100] = "";
    size_t n = 0;
    if (s->rank == 0) snprintf(shape, sizeof shape, "one number");
    for (size_t i = 0; i < s->rank && i < 4; i++)
        n += (size_t)snprintf(shape + n, sizeof shape - n, i ? " x %zu" : "%zu",
                              s->dims[i]);
    return lnn_fail(GSL_EINVAL, "%s: %s in %s is %s; %s is meant", f->e.path, name,
                    shown(r), shape, meant);
}

/* A number a row, or NULL when the file has none of this length. */
static int column(struct lnn_reading_evidence *f, const struct lnn_record *r,
                  const char *name, const double **values)
{
    struct lnn_shape s;
    double *at;
    LNN_TRY(lnn_evidence_variable(f, r->name, name, 1, &s, &at));
    *values = at && s.dims[0] == r->rows ? at : NULL;
    return GSL_SUCCESS;
}

/* Layer j as (rows, d_j, d_{j-1}); a lone matrix is one row. */
static int layer(struct lnn_reading_evidence *f, const struct lnn_record *r, size_t j,
                 struct lnn_shape *s, double **values)
{
    char name[32];
    snprintf(name, sizeof name, "W%zu", j);
    LNN_TRY(lnn_evidence_variable(f, r->name, name, 3, s, values));
    if (*values || r->rows != 1) return GSL_SUCCESS;
    LNN_TRY(lnn_evidence_variable(f, r->name, name, 2, s, values));
    if (*values) *s = (struct lnn_shape){3, {1, s->dims[0], s->dims[1]}};
    return GSL_SUCCESS;
}

/* There is a W_j that is no layer: of another rank. */
static int odd_layer(const struct lnn_reading_evidence *f, const struct lnn_record *r,
                     const char *name)
{
    struct lnn_shape s;
    char meant[100];
    LNN_TRY(lnn_reader_shape(f->reader, r->name, name, &s));
    snprintf(meant, sizeof meant, "%zu x d_j x d_{j-1}", r->rows);
    return mismatch(f, r, name, &s, meant);
}

/* Names like a layer's that were not taken for one. */
static int check_names(struct lnn_reading_evidence *f, const struct lnn_record *r,
                       size_t N)
{
    const char *const *names = lnn_reader_variables(f->reader, r->name);
    char next[32];
    bool is_next = false;
    snprintf(next, sizeof next, "W%zu", N + 1);
    for (size_t i = 0; names[i]; i++) is_next = is_next || strcmp(names[i], next) == 0;
    if (is_next) return odd_layer(f, r, next);
    for (; *names; names++) {
        char *end;
        if ((*names)[0] != 'W' || (*names)[1] < '0' || (*names)[1] > '9') continue;
        unsigned long j = strtoul(*names + 1, &end, 10);
        if (*end != '\0' || (0 < j && j <= N)) continue;
        if (j == 0)
            return lnn_fail(GSL_EINVAL,
                            "%s: %s in %s: the layers are meant to be W1..WN",
                            f->e.path, *names, shown(r));
        return lnn_fail(
            GSL_EINVAL,
            "%s: %s in %s, but no usable %s: W1..WN of (rows x d_j x d_{j-1}) are "
            "meant",
            f->e.path, *names, shown(r), next);
    }
    return GSL_SUCCESS;
}

/* What the shapes would fit to, for the message; `below` is layer j - 1. */
static const char *suspicion(const struct lnn_record *r, const struct lnn_shape *s,
                             const struct lnn_shape *below)
{
    if (s->dims[0] != r->rows && s->dims[2] == r->rows)
        return " (rows come first: is the order of the axes reversed?)";
    if (s->dims[2] != below->dims[1] && s->dims[1] == below->dims[2])
        return " (is every layer transposed?)";
    return "";
}

static int check_layer(const struct lnn_reading_evidence *f, struct lnn_record *r,
                       size_t j, const struct lnn_shape *s,
                       const struct lnn_shape *below)
{
    char name[32], meant[200];
    snprintf(name, sizeof name, "W%zu", j);
    if (j == 1) r->weights_rows = s->dims[0];
    bool good = s->dims[1] > 0 && s->dims[2] > 0;
    if (j > 1)
        good = good && s->dims[0] == r->weights_rows && s->dims[2] == below->dims[1];
    if (good) return GSL_SUCCESS;
    snprintf(meant, sizeof meant, "%zu x d_%zu x %zu, none of them 0,", r->weights_rows,
             j, j > 1 ? below->dims[1] : s->dims[2]);
    (void)mismatch(f, r, name, s, meant);
    return lnn_fail(GSL_EINVAL, "%s%s", lnn_error(),
                    j > 1 ? suspicion(r, s, below) : "");
}

/* The layers next to each other, row by row; N = 0 when there are none. */
static int read_layers(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    double **layers = NULL;
    size_t *d = NULL, N = 0;
    struct lnn_shape s, below = {0};
    for (;; N++, below = s) {
        double *values;
        LNN_TRY(layer(f, r, N + 1, &s, &values));
        if (!values) break;
        LNN_TRY(check_layer(f, r, N + 1, &s, &below));
        size_t *wider = lnn_evidence_own(f, calloc(N + 2, sizeof *wider));
        double **longer = lnn_evidence_own(f, calloc(N + 1, sizeof *longer));
        if (!wider || !longer) return GSL_ENOMEM;
        if (N) memcpy(wider, d, (N + 1) * sizeof *wider);
        if (N) memcpy(longer, layers, N * sizeof *longer);
        d = wider;
        layers = longer;
        if (N == 0) d[0] = s.dims[2];
        d[N + 1] = s.dims[1];
        layers[N] = values;
    }
    LNN_TRY(check_names(f, r, N));
    if (N == 0) return GSL_SUCCESS;
    r->net = lnn_network_of(N + 1, d);
    double *w = lnn_evidence_array(f, r->weights_rows * r->net.size);
    if (!w) return GSL_ENOMEM;
    for (size_t i = 0; i < r->weights_rows; i++)
        for (size_t j = 1; j <= N; j++) {
            size_t size = d[j] * d[j - 1];
            memcpy(w + i * r->net.size + lnn_network_offset(&r->net, j),
                   layers[j - 1] + i * size, size * sizeof *w);
        }
    r->w = w;
    r->k = d[N];
    r->d = d[0];
    return GSL_SUCCESS;
}

/* What stands between the layers; where nothing is said, nothing. */
static int read_activation(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    char *name = lnn_evidence_text(f, r->name, "activation", "linear");
    if (!name) return GSL_ENOMEM;
    if (!r->w || strcmp(name, "linear") == 0) return GSL_SUCCESS;
    const struct lnn_activation *s = lnn_activation_find(name);
    double factors = lnn_evidence_number(f, r->name, "factors", 1), p = 0;
    if (!s)
        return lnn_fail(GSL_EINVAL,
                        "%s: the activation of %s is \"%.60s\"; one of lnnflow list "
                        "activations is meant",
                        f->e.path, shown(r), name);
    if (s->parameter) p = lnn_evidence_number(f, r->name, s->parameter, NAN);
    if (s->parameter && !(p >= 0 && isfinite(p)))
        return lnn_fail(GSL_EINVAL,
                        "%s: the activation %s of %s needs the attribute %s", f->e.path,
                        name, shown(r), s->parameter);
    if (!(factors >= 1 && factors <= (double)r->net.N) || factors != floor(factors) ||
        r->net.N % (size_t)factors != 0)
        return lnn_fail(
            GSL_EINVAL,
            "%s: factors of %s is %g; a divisor of the number of layers, %zu, "
            "is meant",
            f->e.path, shown(r), factors, r->net.N);
    lnn_network_activate(&r->net, s, p, (size_t)factors);
    return GSL_SUCCESS;
}

/* Weights that are stored more rarely have times of their own. */
static int read_weights_time(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    struct lnn_shape s;
    double *values;
    if (!r->w) return GSL_SUCCESS;
    r->w_t = r->t;
    LNN_TRY(lnn_evidence_variable(f, r->name, "weights_time", 1, &s, &values));
    if (values && s.dims[0] == r->weights_rows) {
        r->w_t = values;
        LNN_TRY(
            lnn_evidence_exact_times(f, r, "weights_time", r->weights_rows, &r->w_t));
    }
    if (r->w_t != r->t || r->weights_rows == r->rows) return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s: W1 in %s has %zu rows, its time %zu; as many are meant, or a "
                    "weights_time",
                    f->e.path, shown(r), r->weights_rows, r->rows);
}

static int form_W(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    if (r->w_t != r->t || !r->w) return GSL_SUCCESS; /* no row for every row */
    size_t kd = r->k * r->d;
    double *W = lnn_evidence_array(f, r->rows * kd);
    double *chain = lnn_evidence_array(f, r->net.chain);
    if (!W || !chain) return GSL_ENOMEM;
    for (size_t i = 0; i < r->rows; i++)
        lnn_network_product(&r->net, r->w + i * r->net.size, W + i * kd, chain);
    r->W = W;
    return GSL_SUCCESS;
}

static int read_W(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    struct lnn_shape s;
    double *values;
    if (r->net.activation) return GSL_SUCCESS; /* a non-linear network has none */
    LNN_TRY(lnn_evidence_variable(f, r->name, "W", 3, &s, &values));
    if (!values && r->rows == 1) {
        LNN_TRY(lnn_evidence_variable(f, r->name, "W", 2, &s, &values));
        s = (struct lnn_shape){3, {1, s.dims[0], s.dims[1]}};
    }
    if (!values) return form_W(f, r);
    char meant[100];
    size_t k = r->w ? r->k : s.dims[1], d = r->w ? r->d : s.dims[2];
    snprintf(meant, sizeof meant, "%zu x %zu x %zu", r->rows, k, d);
    if (s.dims[0] != r->rows || s.dims[1] != k || s.dims[2] != d || k == 0 || d == 0)
        return mismatch(f, r, "W", &s, meant);
    r->W = values;
    r->k = k;
    r->d = d;
    return GSL_SUCCESS;
}

/* Without layers the depth comes from the attribute widths, if its ends fit W. */
static int read_widths(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    char *text = lnn_evidence_text(f, r->name, "widths", "");
    size_t n = 0;
    size_t *d = lnn_evidence_own(f, text ? calloc(strlen(text) + 1, sizeof *d) : NULL);
    if (!d) return GSL_ENOMEM;
    while (text[strcspn(text, "0123456789")]) {
        text += strcspn(text, "0123456789");
        d[n++] = strtoul(text, &text, 10);
    }
    for (size_t i = 0; i < n; i++)
        if (d[i] == 0 || d[i] > 1000000) return GSL_SUCCESS;
    if (n >= 2 && d[0] == r->d && d[n - 1] == r->k) r->net = lnn_network_of(n, d);
    return GSL_SUCCESS;
}

/* Whole multiples of the step are iterations; other times are not made to be. */
static bool whole(size_t rows, const double t[], double eta, double iteration[])
{
    for (size_t i = 0; i < rows; i++) {
        iteration[i] = nearbyint(t[i] / eta);
        if (!(fabs(t[i] - eta * iteration[i]) <= 4 * DBL_EPSILON * fabs(t[i])))
            return false;
    }
    return true;
}

/* A time that is no list makes the rows a guess. */
static int check_time(const struct lnn_reading_evidence *f, const struct lnn_record *r)
{
    struct lnn_shape s;
    if (lnn_reader_shape(f->reader, r->name, "time", &s) != GSL_SUCCESS || s.rank == 1)
        return GSL_SUCCESS;
    return mismatch(f, r, "time", &s, "a list, a number a row,");
}

static int read_times(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    double eta = r->learning_rate;
    LNN_TRY(check_time(f, r));
    LNN_TRY(column(f, r, "time", &r->t));
    if (r->t) LNN_TRY(lnn_evidence_exact_times(f, r, "time", r->rows, &r->t));
    LNN_TRY(column(f, r, "iteration", &r->iteration));
    double *t = lnn_evidence_array(f, r->rows), *k = lnn_evidence_array(f, r->rows);
    if (!t || !k) return GSL_ENOMEM;
    if (!r->iteration && !isnan(eta)) {
        bool known = true;
        for (size_t i = 0; i < r->rows; i++) k[i] = (double)i;
        if (r->t) known = whole(r->rows, r->t, eta, k);
        if (known) r->iteration = k;
    }
    for (size_t i = 0; i < r->rows; i++)
        t[i] = r->iteration ? eta * r->iteration[i] : NAN;
    if (!r->t) r->t = t;
    return GSL_SUCCESS;
}

static bool is_flow(const struct lnn_record *r)
{
    return r->dynamics == LNN_DYNAMICS_FLOW || r->dynamics == LNN_DYNAMICS_END_TO_END;
}

static int read_system(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    static const struct {
        const char *system;
        enum lnn_dynamics dynamics;
    } known[] = {{"gradient_flow", LNN_DYNAMICS_FLOW},
                 {"gradient_descent", LNN_DYNAMICS_DESCENT},
                 {"end_to_end", LNN_DYNAMICS_END_TO_END},
                 {"singular_modes", LNN_DYNAMICS_END_TO_END},
                 {"end_to_end_descent", LNN_DYNAMICS_END_TO_END_DESCENT}};
    bool steps = !isnan(r->learning_rate);
    bool bare = !steps && r->iteration; /* counted in steps of unknown size */
    const char *guess = !r->w || bare ? "unknown"
                        : steps       ? "gradient_descent"
                                      : "gradient_flow";
    r->system = lnn_evidence_text(f, r->name, "system", guess);
    r->dynamics = LNN_DYNAMICS_OTHER;
    if (!r->system) return GSL_ENOMEM;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(r->system, known[i].system) == 0) r->dynamics = known[i].dynamics;
    if (lnn_evidence_number(f, r->name, "batch", 0) > 0 && !is_flow(r))
        r->dynamics = LNN_DYNAMICS_OTHER; /* no theorem here is about mini-batches */
    if (is_flow(r)) r->iteration = NULL;
    return GSL_SUCCESS;
}

/* One number, or an error that says what stands there instead. */
static int one_number(struct lnn_reading_evidence *f, const struct lnn_record *r,
                      const char *name, double fallback, double *x)
{
    char *text = lnn_evidence_text(f, r->name, name, ""), *end;
    if (!text) return GSL_ENOMEM;
    *x = fallback;
    if (!text[0]) return GSL_SUCCESS;
    *x = strtod(text, &end);
    if (end != text && end[strspn(end, " \n")] == '\0') return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL, "%s: %s of %s is \"%.60s\"; one number is meant",
                    f->e.path, name, shown(r), text);
}

static int read_facts(struct lnn_reading_evidence *f, struct lnn_record *r)
{
    LNN_TRY(one_number(f, r, "learning_rate", NAN, &r->learning_rate));
    if (r->learning_rate < 0)
        return lnn_fail(GSL_EINVAL, "%s: learning_rate of %s is %g, below 0", f->e.path,
                        shown(r), r->learning_rate);
    if (!(r->learning_rate > 0)) r->learning_rate = NAN;
    LNN_TRY(one_number(f, r, "weight_decay", 0, &r->weight_decay));
    LNN_TRY(one_number(f, r, "rounding", 0, &r->rounding));
    r->rtol = lnn_evidence_number(f, r->name, "rtol", NAN);
    r->atol = lnn_evidence_number(f, r->name, "atol", NAN);
    r->keeps_invariants =
        lnn_evidence_number(f, r->name, "keeps_quadratic_invariants", 0) != 0;
    double steps = lnn_evidence_number(f, r->name, "steps", 0);
    r->steps = steps >= 1 && steps < 1e18 ? (size_t)steps : 0;
    r->reason = lnn_evidence_text(f, r->name, "reason", "");
    return r->reason ? GSL_SUCCESS : GSL_ENOMEM;
}

int lnn_evidence_record(struct lnn_reading_evidence *f, const char *group,
                        struct lnn_record *r, bool *found)
{
    *r = (struct lnn_record){.name = lnn_evidence_own(f, strdup(group))};
    if (!r->name) return GSL_ENOMEM;
    r->rows = lnn_reader_rows(f->reader, group);
    LNN_TRY(read_facts(f, r));
    LNN_TRY(read_times(f, r));
    LNN_TRY(read_layers(f, r));
    LNN_TRY(read_activation(f, r));
    LNN_TRY(read_weights_time(f, r));
    LNN_TRY(read_W(f, r));
    *found = r->W || r->w;
    if (!*found) return GSL_SUCCESS;
    if (!r->w) LNN_TRY(read_widths(f, r));
    LNN_TRY(lnn_evidence_rounding(f, r));
    LNN_TRY(read_system(f, r));
    LNN_TRY(column(f, r, "loss", &r->loss));
    LNN_TRY(column(f, r, "loss_error", &r->loss_error));
    LNN_TRY(column(f, r, "weights_error", &r->weights_error));
    return column(f, r, "W_error", &r->W_error);
}
