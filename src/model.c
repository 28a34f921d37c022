/* Network + loss + data + start + scratch. */
#include "lnn/model.h"

#include <math.h>
#include <stdlib.h>
#include "lnn/err.h"

/* One block for the struct and all its arrays. */
static struct lnn_model *model_block(const struct lnn_network *net, size_t examples)
{
    size_t k = net->d[net->N], d = net->d[0], kd = k * d;
    size_t side = k > d ? k : d;
    size_t tangent = lnn_network_tangent_size(net);
    size_t chain = net->chain > tangent ? net->chain : tangent;
    size_t doubles = 4 * kd + net->size + chain + 2 * side * side + examples * k;
    struct lnn_model *m = malloc(sizeof *m + doubles * sizeof(double));
    if (!m) return NULL;
    *m = (struct lnn_model){.net = *net};
    m->W = (double *)(m + 1);
    m->G = m->W + kd;
    m->dW = m->G + kd;
    m->dG = m->dW + kd;
    m->grad = m->dG + kd;
    m->chain = m->grad + net->size;
    m->kd1 = m->chain + chain;
    m->kd2 = m->kd1 + side * side;
    m->outputs = m->kd2 + side * side;
    return m;
}

int lnn_model_alloc(const struct lnn_problem *problem, const struct lnn_data *data,
                    const double w0[], double learning_rate, struct lnn_model **model)
{
    struct lnn_network net = lnn_network_for(problem);
    struct lnn_model *m = model_block(&net, data->m);
    *model = NULL;
    if (!m)
        return lnn_fail(GSL_ENOMEM, "out of memory for a model of %zu weights",
                        net.size);
    m->problem = problem;
    m->data = data;
    m->weight_decay = problem->loss.weight_decay;
    m->learning_rate = learning_rate;
    m->w0 = w0;
    m->svd = lnn_svd_alloc(net.d[net.N], net.d[0]);
    m->rank = net.d[0] < net.d[net.N] ? net.d[0] : net.d[net.N];
    int status = m->svd ? lnn_objective_alloc(problem, data, &m->objective)
                        : lnn_fail(GSL_ENOMEM, "out of memory for singular values");
    if (status == GSL_SUCCESS && net.activation)
        status = lnn_mlp_alloc(&net, m->objective, &m->mlp);
    if (status != GSL_SUCCESS) {
        lnn_model_free(m);
        return status;
    }
    *model = m;
    return GSL_SUCCESS;
}

void lnn_model_free(struct lnn_model *m)
{
    if (!m) return;
    lnn_mlp_free(m->mlp);
    free(m->objective);
    free(m->svd);
    lnn_batches_close(m->batches);
    free(m->extra);
    free(m);
}

void lnn_model_loss_gradient(struct lnn_model *m, const double W[])
{
    if (m->with_loss)
        m->loss = lnn_objective_value_gradient(m->objective, W, m->G);
    else
        lnn_objective_gradient(m->objective, W, m->G);
}

double lnn_model_gradient(struct lnn_model *m, const double w[], double grad[])
{
    struct lnn_examples all = lnn_examples_all(m->data);
    if (m->mlp) {
        m->loss = lnn_mlp_gradient(m->mlp, &all, w, grad);
    } else {
        lnn_network_product(&m->net, w, m->W, m->chain);
        lnn_model_loss_gradient(m, m->W);
        lnn_network_gradient(&m->net, w, m->G, grad, m->chain);
    }
    if (m->weight_decay > 0) lnn_axpy(m->net.size, m->weight_decay, w, grad);
    return lnn_dot(m->net.size, grad, grad);
}

void lnn_model_hessian(struct lnn_model *m, const double w[], const double v[],
                       double hv[])
{
    struct lnn_examples all = lnn_examples_all(m->data);
    if (m->mlp) {
        lnn_mlp_hessian(m->mlp, &all, w, v, hv);
    } else {
        lnn_network_product_tangent(&m->net, w, v, m->W, m->dW, m->chain);
        lnn_objective_gradient(m->objective, m->W, m->G);
        m->objective->loss->hessian(m->objective, m->W, m->dW, m->dG);
        lnn_network_gradient_tangent(&m->net, w, v, m->G, m->dG, hv, m->chain);
    }
    if (m->weight_decay > 0) lnn_axpy(m->net.size, m->weight_decay, v, hv);
}

double lnn_model_loss(struct lnn_model *m, const double w[])
{
    struct lnn_examples all = lnn_examples_all(m->data);
    if (m->mlp) return lnn_mlp_gradient(m->mlp, &all, w, NULL);
    lnn_network_product(&m->net, w, m->W, m->chain);
    return lnn_objective_value(m->objective, m->W);
}

double lnn_model_objective(struct lnn_model *m, const double w[])
{
    double value = lnn_model_loss(m, w);
    if (m->weight_decay > 0)
        value += 0.5 * m->weight_decay * lnn_dot(m->net.size, w, w);
    return value;
}

static size_t largest(size_t k, const double x[])
{
    size_t best = 0;
    for (size_t r = 1; r < k; r++) best = x[r] > x[best] ? r : best;
    return best;
}

double lnn_model_accuracy(struct lnn_model *m, const double W_or_w[])
{
    const struct lnn_data *data = m->data;
    struct lnn_examples all = lnn_examples_all(data);
    size_t right = 0, k = data->k;
    if (m->mlp)
        lnn_mlp_outputs(m->mlp, &all, W_or_w, m->outputs);
    else
        lnn_gemm(false, true, data->m, k, data->d, 1, data->X, W_or_w, 0, m->outputs);
    for (size_t i = 0; i < data->m; i++)
        right += largest(k, m->outputs + i * k) == largest(k, data->Y + i * k);
    return (double)right / (double)data->m;
}
