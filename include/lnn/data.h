/* Inputs, targets and their moments.
 *
 * m examples: X (m x d, one example a row) and Y (m x k). The moments are uncentred,
 * Lambda_xx = X^T X / m (d x d), Lambda_yx = Y^T X / m (k x d), Lambda_yy = Y^T Y / m.
 * A target matrix Phi is whitened data: X = I_d, Y = Phi^T with weight 1 instead of
 * 1/m, so that 1/(2m) ||W X^T - Y^T||_F^2 becomes 1/2 ||W - Phi||_F^2.
 *
 * The square loss needs only R (q x d, q = min(m, d)) and B (k x q) from the QR
 * factorisation X / sqrt(m) = Q R, B = Y^T Q / sqrt(m):
 *     l(W) = 1/2 ||W R^T - B||_F^2 + floor,    Lambda_xx = R^T R,  Lambda_yx = B R.
 * This never squares the data's condition number, and costs nothing per example. If X
 * has not full rank, B is projected on the range of R and the rest is in the floor: the
 * floor is the infimum of the square loss for all data. Whitened data has R = I, B =
 * Phi.
 *
 * Whitening turns the centred inputs, column by column of unit deviation, into sqrt(m)
 * times the nearest matrix with orthonormal columns (U V^T of their SVD): Lambda_xx =
 * I, every input stays as near to itself as can be (Kessy, Lewin, Strimmer 2018,
 * "ZCA-cor"), and nothing depends on signs an SVD is free to choose. */
#ifndef LNN_DATA_H
#define LNN_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include "lnn/problem.h"

struct lnn_data {
    size_t m, d, k, q;
    size_t rank;   /* of X: singular values above max(m, d) eps times the first */
    double *X, *Y; /* m x d, m x k */
    double weight; /* 1/m; 1 for a target matrix */
    bool whitened; /* Lambda_xx = I: l(W) = 1/2 ||W - Phi||^2 + floor */
    double *Phi;   /* k x d: Lambda_yx; when whitened, the minimiser */
    double *Lxx, *Lyx, *Lyy; /* d x d, k x d, k x k; data.offset is not in them */
    double *R, *B;           /* q x d, k x q */
    double floor;            /* the part of the square loss no W can remove */
    bool classes;            /* every row of Y is one-hot, and not scaled since */
    double *mask;            /* k x d of 0 and 1 (observed), or NULL: all observed */
    char **input_names, **target_names; /* d and k of them */
    double divisor; /* data.divide: X_raw / divisor is what is scaled */
    double *x_mean, *x_scale, *y_mean,
        *y_scale;     /* removed by scaling; 0 and 1 if none */
    double *whitener; /* d x d: X_raw-centred = X whitener^T; NULL unless whiten */
    char *source;     /* csv, idx: the file the targets are from; else NULL */
    size_t *lines;    /* csv: the line of every example there; idx: its number from 1 */
};

/* Load or generate what problem->data asks for; widths give d and k where the data does
 * not. Errors name file:line. GSL_EINVAL, GSL_EOF, GSL_ENOMEM. */
int lnn_data_load(const struct lnn_problem *problem, struct lnn_data **data);
void lnn_data_free(struct lnn_data *data);

/* Data that is known by its moments or examples alone, for those who read it from a
 * file. Arrays are copied. From moments X and Y are NULL, q = d, and R is the symmetric
 * square root's factor diag(sqrt l) V^T of Lambda_xx = V diag(l) V^T: what the
 * gradient needs to round-off, but directions with l below d eps l_max are lost. */
struct lnn_moments {
    size_t m, d, k;          /* m: 0 if not known */
    const double *Lxx, *Lyx; /* d x d, k x d */
    const double *Lyy;       /* k x k; NULL: floor says what matters */
    double weight;           /* 1/m; NaN if not known */
    double floor;            /* NaN: from Lyy */
    bool whitened;           /* Lxx is the identity */
};
int lnn_data_from_moments(const struct lnn_moments *moments, struct lnn_data **data);
/* X is m x d, Y m x k; weight NaN means 1/m; moments and floor come out. */
int lnn_data_from_examples(const struct lnn_moments *sizes, const double X[],
                           const double Y[], struct lnn_data **data);

/* One text table, plain or gzipped: rows x cols numbers, and the header's names (or
 * "x1".. made up). header: auto | yes | no; auto takes the first row for names if none
 * of its fields is a number. delimiter: auto | comma | semicolon | tab | whitespace;
 * auto takes the first of ; tab , that stands in the first row, else blanks. Fields may
 * be quoted ("" is a quote); blank lines are allowed before and after the rows, not
 * among them. Errors as `file:line:column: error: ...`; used by lnn_data_load. */
struct lnn_table {
    size_t rows, cols;
    double *at;
    char **names;  /* cols of them, and a NULL */
    size_t *lines; /* rows of them: where each row stands in the file, from 1 */
};
int lnn_table_read(const char *path, const char *header, const char *delimiter,
                   struct lnn_table *table);
void lnn_table_free(struct lnn_table *table);

#endif
