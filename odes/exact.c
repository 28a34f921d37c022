/* Closed forms of gradient flow with the square loss, where they exist. State: W. */
#include "lnn/ode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/closed_form.h"
#include "lnn/err.h"

/* Defects relative to the norms that count as rounding. */
static const double balance_tolerance = 1e-12;
static const double alignment_tolerance = 1e-11;

struct attempt { /* at a closed form, and why none applies so far: "...; ..." */
    struct lnn_model *m;
    double *W0; /* k x d */
    struct lnn_closed_form *form;
    char why[1024];
};

__attribute__((format(printf, 2, 3))) static void add_reason(struct attempt *a,
                                                             const char *format, ...)
{
    size_t size = sizeof a->why, at = strlen(a->why);
    if (at > 0) snprintf(a->why + at, size - at, "; ");
    at = strlen(a->why);
    va_list args;
    va_start(args, format);
    vsnprintf(a->why + at, size - at, format, args);
    va_end(args);
}

static size_t dim(const struct lnn_model *m)
{
    return m->net.d[m->net.N] * m->net.d[0];
}

/* What every closed form asks for. */
static void common_reasons(struct attempt *a)
{
    const struct lnn_model *m = a->m;
    const char *loss = m->objective->loss->name;
    if (strcmp(loss, "square") != 0) add_reason(a, "the loss is %s, not square", loss);
    if (m->weight_decay > 0)
        add_reason(a, "there is weight decay, lambda = %g", m->weight_decay);
    if (m->net.N > 1 && !m->data->whitened)
        add_reason(a,
                   "of data that is not whitened only one layer has a closed form, "
                   "this network has %zu",
                   m->net.N);
}

/* N balanced layers along the target's singular vectors. */
static int try_aligned(struct attempt *a, double defect)
{
    const struct lnn_network *net = &a->m->net;
    double misalignment = 0;
    if (!(defect <= balance_tolerance)) {
        add_reason(a,
                   "the start is not balanced: max_j ||C_j|| / (||W_j||^2 + "
                   "||W_{j+1}||^2) = %.3g",
                   defect);
        return GSL_SUCCESS;
    }
    LNN_TRY(lnn_closed_aligned(net->N, net->d[net->N], net->d[0], a->m->data->Phi,
                               a->W0, &misalignment, &a->form));
    if (misalignment <= alignment_tolerance) return GSL_SUCCESS;
    free(a->form);
    a->form = NULL;
    add_reason(a,
               "W(0) and the target have no common singular vectors: relative defect "
               "%.3g",
               misalignment);
    return GSL_SUCCESS;
}

/* Two layers with W_2^T W_2 - W_1 W_1^T = lambda I, lambda = 0 included. */
static int try_two_layers(struct attempt *a)
{
    const struct lnn_network *net = &a->m->net;
    size_t d = net->d[0], h = net->d[1], k = net->d[2];
    const double *W1 = a->m->w0, *W2 = W1 + h * d;
    double lambda = 0, defect = 0;
    for (size_t i = 0; i < k * h; i++) lambda += W2[i] * W2[i] / (double)h;
    for (size_t i = 0; i < h * d; i++) lambda -= W1[i] * W1[i] / (double)h;
    LNN_TRY(lnn_closed_balance(2, net->d, W1, lambda, &defect));
    if (defect <= balance_tolerance)
        return lnn_closed_two_layer(k, h, d, a->m->data->Phi, lambda, W1, W2, &a->form);
    add_reason(a, "W_2^T W_2 - W_1 W_1^T is no multiple of I: relative defect %.3g",
               defect);
    return GSL_SUCCESS;
}

static int choose(struct attempt *a)
{
    const struct lnn_model *m = a->m;
    const struct lnn_network *net = &m->net;
    const struct lnn_data *data = m->data;
    double defect = 0;
    common_reasons(a);
    if (a->why[0]) return GSL_SUCCESS;
    if (net->N == 1)
        return lnn_closed_linear(net->d[1], net->d[0], data->q, data->R, data->B, a->W0,
                                 &a->form);
    LNN_TRY(lnn_closed_balance(net->N, net->d, m->w0, 0, &defect));
    LNN_TRY(try_aligned(a, defect));
    return net->N == 2 && !a->form ? try_two_layers(a) : GSL_SUCCESS;
}

static int init(struct lnn_model *m, double y[])
{
    struct attempt a = {.m = m, .W0 = y};
    lnn_network_product(&m->net, m->w0, y, m->chain);
    free(m->extra);
    m->extra = NULL;
    LNN_TRY(choose(&a));
    if (!a.form)
        return lnn_fail(GSL_EINVAL, "exact: no closed form is known: %s", a.why);
    m->extra = a.form;
    return GSL_SUCCESS;
}

static int at(struct lnn_model *m, double t, double y[])
{
    struct lnn_closed_form *form = m->extra;
    return form->at(form, t, y);
}

static int product(struct lnn_model *m, const double y[], double W[])
{
    memcpy(W, y, dim(m) * sizeof *W);
    return GSL_SUCCESS;
}

const struct lnn_ode lnn_ode_exact = {
    .name = "exact",
    .doc =
        "Closed forms of the square loss without weight decay, no steps taken: one "
        "layer "
        "on any data, W* + (W(0) - W*) exp(-Lambda_xx t); on whitened data N balanced "
        "layers whose W(0) has the target's singular vectors (modes u' = N u^{2-2/N} "
        "(s - u); Saxe, McClelland & Ganguli 2014), and two layers with W_2^T W_2 - "
        "W_1 W_1^T = lambda I of any shape (matrix Riccati equation; Fukumizu 1998, "
        "Braun "
        "et al. 2022, Domine et al. 2024). Refuses any other problem with the reasons. "
        "Modes of W(0) below 8 roundings of its norm count as 0.",
    .dim = dim,
    .init = init,
    .at = at,
    .product = product,
};
