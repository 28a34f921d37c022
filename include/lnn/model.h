/* Network + loss + data + start + scratch: all that a right-hand side needs. One model
 * serves one trajectory; it is GSL's `params`. Evaluations allocate nothing. Functions of
 * the layers work for non-linear networks too; those of W are for linear ones. */
#ifndef LNN_MODEL_H
#define LNN_MODEL_H

#include "lnn/batch.h"
#include "lnn/init.h"
#include "lnn/loss.h"
#include "lnn/mlp.h"
#include "lnn/network.h"

struct lnn_model {
    struct lnn_network net;
    const struct lnn_problem *problem; /* not owned */
    const struct lnn_data *data;       /* not owned */
    struct lnn_objective *objective;   /* owned */
    struct lnn_mlp *mlp; /* of a non-linear network; NULL: linear. Owned */
    double weight_decay; /* lambda: the flow descends phi + lambda/2 sum ||W_j||_F^2 */
    const struct lnn_problem_trajectory *spec; /* its entry; NULL: none. Not owned */
    double learning_rate; /* eta of the discrete systems; NaN for flows */
    /* with_loss: lnn_model_gradient and lnn_model_end_to_end leave l(W) of the state
     * they were given in loss, at next to no cost. */
    bool with_loss;
    double loss;
    const double *w0; /* the start, net.size doubles; not owned */
    /* scratch, sized for this model; see the functions for who uses what */
    double *W, *G, *dW, *dG; /* k x d */
    double *grad;            /* net.size */
    double *chain;           /* net.chain, or what the tangents need if more */
    struct lnn_svd *svd;     /* of a k x d matrix */
    size_t rank;       /* end-to-end field: singular values beyond it count as 0 */
    double *kd1, *kd2; /* (max(k,d))^2 doubles each: small products */
    double *outputs;   /* data->m x k: of batches */
    struct lnn_batches *batches; /* lnn_descent_init's; owned; NULL: all examples */
    void *extra; /* a system's own data, made by its init, freed with free */
};

/* `w0` and `problem`, `data` must outlive the model. */
int lnn_model_alloc(const struct lnn_problem *problem, const struct lnn_data *data,
                    const double w0[], double learning_rate, struct lnn_model **model);
void lnn_model_free(struct lnn_model *model);

/* m->G = dl/dW at W, and m->loss = l(W) if m->with_loss. */
void lnn_model_loss_gradient(struct lnn_model *m, const double W[]);

/* phi's gradient at the layers w: grad (net.size); leaves W, G of a linear network in
 * the model. Returns
 * the square of its norm, weight decay included: grad_j = dphi/dW_j + lambda W_j. */
double lnn_model_gradient(struct lnn_model *m, const double w[], double grad[]);

/* The same over the examples e alone, data->m of them at most: phi is then their loss,
 * sum_i e->weight l(W x_i, y_i). Leaves W and that loss's G in the model. Needs
 * loss->outputs. */
double lnn_model_batch_gradient(struct lnn_model *m, const struct lnn_examples *e,
                                const double w[], double grad[]);

/* hv = D^2(phi + decay)(w)[v]; the sizes of w. Uses the model's scratch. Exact: forward
 * mode through the chain rule, the loss's own Hessian. */
void lnn_model_hessian(struct lnn_model *m, const double w[], const double v[],
                       double hv[]);

/* phi, the loss alone, and phi + lambda/2 sum_j ||W_j||_F^2, what the flow descends, at
 * the layers w. */
double lnn_model_loss(struct lnn_model *m, const double w[]);
double lnn_model_objective(struct lnn_model *m, const double w[]);

/* The share of examples whose largest output is that of the target's largest entry. W (k
 * x d) of a linear network, layers w (net.size) of a non-linear one. */
double lnn_model_accuracy(struct lnn_model *m, const double W_or_w[]);

/* End-to-end vector field (Arora, Cohen & Hazan 2018, Theorem 1, eta = 1):
 *   F(W) = lambda N W + sum_j [W W^T]^{(j-1)/N} G(W) [W^T W]^{(N-j)/N},   0^0 = 1,
 * so W' = -F. One thin SVD; any shape and rank. Singular values beyond m->rank count as
 * 0 (see lnn_model_keep_rank). Returns ||full gradient||^2 of a balanced factorisation
 * (what sum_j ||dphi/dW_j + lambda W_j||^2 would be) in *square if not NULL. */
int lnn_model_end_to_end(struct lnn_model *m, const double W[], double F[],
                         double *square);

/* Sets m->rank to the numerical rank of W (N >= 2; min(k, d) otherwise). The flow keeps
 * the rank of its start; rounding does not, and for N >= 3 the field turns a singular
 * value of 1e-17 into a slope of 1e-17^{2/N}. For systems that start at W and whose
 * rank is kept. */
int lnn_model_keep_rank(struct lnn_model *m, const double W[]);

/* lnn_model_objective of a balanced factorisation of W, whose sum_j ||W_j||_F^2 is N
 * sum_r s_r^{2/N}. NaN when the singular values cannot be had. */
double lnn_model_end_to_end_objective(struct lnn_model *m, const double W[]);

/* Extreme eigenvalues of P_W = sum_j [W^T W]^{(N-j)/N} kron [W W^T]^{(j-1)/N} from the
 * singular values s (q of them, descending): Claim 1, and for the smallest the sharp
 * constants sigma_min^{2-2/N} (k != d), N sigma_min^{2-2/N} (k = d). */
void lnn_preconditioner_range(size_t N, size_t k, size_t d, const double s[],
                              double *smallest, double *largest);

/* p(r,q) = sum_{j=1}^N a^{2(N-j)/N} b^{2(j-1)/N}: eigenvalue of P_W for singular values
 * a, b >= 0, with 0^0 = 1. */
double lnn_preconditioner_eigenvalue(size_t N, double a, double b);

#endif
