/* A trajectory file as another program would write it: HDF5's own calls, and a plain
 * gradient-descent loop on two layers with a target matrix. */
#ifndef FOREIGN_FILE_H
#define FOREIGN_FILE_H

#include <hdf5.h>
#include <unistd.h>
#include "lnn_test.h"

struct foreign {
    hid_t file;
    char path[64];
};

static inline struct foreign foreign_open(void)
{
    struct foreign f = {.path = "/tmp/lnn_foreign_XXXXXX"};
    int fd = mkstemp(f.path);
    cr_assert(fd >= 0);
    close(fd);
    f.file = H5Fcreate(f.path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(f.file >= 0);
    return f;
}

static inline void foreign_group(const struct foreign *f, const char *name)
{
    hid_t group = H5Gcreate2(f->file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(group >= 0);
    H5Gclose(group);
}

/* values: as many as the dims multiply to; unused dims are 0. */
static inline void foreign_put(const struct foreign *f, const char *name,
                               const double values[], size_t a, size_t b, size_t c)
{
    hsize_t dims[] = {a, b, c};
    hid_t space = H5Screate_simple(c ? 3 : b ? 2 : 1, dims, NULL);
    hid_t set = H5Dcreate2(f->file, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT,
                           H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(set >= 0, "%s", name);
    cr_assert(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >=
              0);
    H5Dclose(set);
    H5Sclose(space);
}

static inline void foreign_number(const struct foreign *f, const char *group,
                                  const char *name, double x)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t at = H5Acreate_by_name(f->file, group, name, H5T_NATIVE_DOUBLE, space,
                                 H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(at >= 0 && H5Awrite(at, H5T_NATIVE_DOUBLE, &x) >= 0);
    H5Aclose(at);
    H5Sclose(space);
}

static inline void foreign_text(const struct foreign *f, const char *group,
                                const char *name, const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    hid_t at = H5Acreate_by_name(f->file, group, name, type, space, H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(at >= 0 && H5Awrite(at, type, text) >= 0);
    H5Aclose(at);
    H5Tclose(type);
    H5Sclose(space);
}

/* Closes the file and reads it; the file is gone afterwards. */
static inline int foreign_read(struct foreign *f, struct lnn_evidence **e)
{
    cr_assert(H5Fclose(f->file) >= 0);
    int status = lnn_evidence_read(f->path, e);
    unlink(f->path);
    return status;
}

/* Rows of W1 (4 x 3) and W2 (2 x 4) under descent towards PHI (2 x 3). */
enum { FOREIGN_ROWS = 21, FOREIGN_1 = 12, FOREIGN_2 = 8, FOREIGN_KD = 6 };
static const double foreign_phi[FOREIGN_KD] = {1, 0.5, -0.25, 0, -1, 0.75};

struct descent {
    double W1[FOREIGN_ROWS * FOREIGN_1], W2[FOREIGN_ROWS * FOREIGN_2];
    double k[FOREIGN_ROWS], t[FOREIGN_ROWS], loss[FOREIGN_ROWS];
};

/* E = W2 W1 - Phi; the loss is half its square. */
static inline double descent_error(const double W1[], const double W2[], double E[])
{
    double loss = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) {
            double *e = &E[3 * i + j];
            *e = -foreign_phi[3 * i + j];
            for (int h = 0; h < 4; h++) *e += W2[4 * i + h] * W1[3 * h + j];
            loss += 0.5 * *e * *e;
        }
    return loss;
}

static inline void descent_step(double eta, const double from1[], const double from2[],
                                const double E[], double to1[], double to2[])
{
    memcpy(to1, from1, FOREIGN_1 * sizeof *to1);
    memcpy(to2, from2, FOREIGN_2 * sizeof *to2);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int h = 0; h < 4; h++) {
                to1[3 * h + j] -= eta * from2[4 * i + h] * E[3 * i + j];
                to2[4 * i + h] -= eta * E[3 * i + j] * from1[3 * h + j];
            }
}

static inline void descent_run(struct descent *run, double eta)
{
    double E[FOREIGN_KD];
    for (int i = 0; i < FOREIGN_1; i++) run->W1[i] = 0.4 * sin(1.0 + i);
    for (int i = 0; i < FOREIGN_2; i++) run->W2[i] = 0.4 * cos(2.0 + i);
    for (size_t n = 0; n < FOREIGN_ROWS; n++) {
        double *W1 = run->W1 + n * FOREIGN_1, *W2 = run->W2 + n * FOREIGN_2;
        run->k[n] = (double)n;
        run->t[n] = eta * (double)n;
        run->loss[n] = descent_error(W1, W2, E);
        if (n + 1 < FOREIGN_ROWS)
            descent_step(eta, W1, W2, E, W1 + FOREIGN_1, W2 + FOREIGN_2);
    }
}

/* The layers at the root. */
static inline struct foreign foreign_layers(struct descent *run, double eta)
{
    struct foreign f = foreign_open();
    descent_run(run, eta);
    foreign_put(&f, "W1", run->W1, FOREIGN_ROWS, 4, 3);
    foreign_put(&f, "W2", run->W2, FOREIGN_ROWS, 2, 4);
    return f;
}

#endif
