/* Weights and variables of HDF5 files that lnnflow did not write. */
#include <hdf5.h>
#include "trajectory_sample.h"

TestSuite(h5, .init = lnn_test_setup);

/* Plain datasets, contiguous, without scales; entry i is base + i. */
static void add(hid_t file, const char *name, int rank, const hsize_t dims[],
                double base)
{
    size_t n = 1;
    for (int i = 0; i < rank; i++) n *= (size_t)dims[i];
    double *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++) values[i] = base + (double)i;
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t id = H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space, links, H5P_DEFAULT,
                          H5P_DEFAULT);
    H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(id);
    H5Pclose(links);
    H5Sclose(space);
    free(values);
}

static void set(hid_t file, const char *name, const double values[])
{
    hid_t id = H5Dopen2(file, name, H5P_DEFAULT);
    H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(id);
}

static hid_t make(const char *path)
{
    return H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

static const size_t widths[] = {3, 4, 2};

Test(h5, plain_matrices_at_the_root)
{
    char *path = sample_path();
    double w[20];
    hid_t file = make(path);
    add(file, "W1", 2, (const hsize_t[]){4, 3}, 100);
    add(file, "W2", 2, (const hsize_t[]){2, 4}, 200);
    H5Fclose(file);
    cr_assert(eq(int, lnn_h5_weights(path, NULL, -1, 3, widths, w), 0), "%s",
              lnn_error());
    cr_expect(eq(dbl, w[0], 100));
    cr_expect(eq(dbl, w[11], 111));
    cr_expect(eq(dbl, w[12], 200));
    cr_expect(eq(dbl, w[19], 207));
    cr_expect(eq(int, lnn_h5_weights(path, NULL, 1, 3, widths, w), GSL_EINVAL));
    cr_expect(eq(int, lnn_h5_weights(path, "g", -1, 3, widths, w), GSL_EINVAL));
    sample_forget(path);
}

Test(h5, rows_count_where_their_time_is_finite)
{
    static const double times[] = {0, 1, NAN, 3, NAN};
    char *path = sample_path();
    double w[20];
    hid_t file = make(path);
    add(file, "run/a/time", 1, (const hsize_t[]){5}, 0);
    set(file, "run/a/time", times);
    add(file, "run/a/W1", 3, (const hsize_t[]){5, 4, 3}, 0);
    add(file, "run/a/W2", 3, (const hsize_t[]){5, 2, 4}, 0);
    H5Fclose(file);
    static const struct {
        long row;
        double first;
    } want[] = {{-1, 36}, {-2, 12}, {-3, 0}, {0, 0}, {1, 12}, {2, 36}};
    for (size_t i = 0; i < 6; i++) {
        cr_assert(eq(int, lnn_h5_weights(path, "", want[i].row, 3, widths, w), 0));
        cr_expect(eq(dbl, w[0], want[i].first), "row %ld", want[i].row);
        cr_expect(eq(dbl, w[12], want[i].first * 8 / 12), "row %ld", want[i].row);
    }
    cr_expect(eq(int, lnn_h5_weights(path, "run/a", 3, 3, widths, w), GSL_EINVAL));
    cr_expect(eq(int, lnn_h5_weights(path, "run/a", -4, 3, widths, w), GSL_EINVAL));
    sample_forget(path);
}

Test(h5, layers_that_do_not_fit_are_told_apart)
{
    char *path = sample_path();
    double w[30];
    hid_t file = make(path);
    add(file, "a/W1", 2, (const hsize_t[]){4, 3}, 0);
    add(file, "a/W2", 2, (const hsize_t[]){2, 4}, 0);
    add(file, "b/W1", 2, (const hsize_t[]){4, 3}, 0);
    H5Fclose(file);
    cr_expect(eq(int, lnn_h5_weights(path, "a", -1, 3, (const size_t[]){3, 4, 5}, w),
                 GSL_EINVAL));
    cr_expect(strstr(lnn_error(), "W2 is 2 x 4 in the file, 5 x 4 by the widths") !=
                  NULL,
              "%s", lnn_error());
    cr_expect(
        eq(int, lnn_h5_weights(path, "", -1, 3, widths, w), GSL_EINVAL)); /* which? */
    cr_expect(
        eq(int, lnn_h5_weights(path, "b", -1, 3, widths, w), GSL_EINVAL)); /* no W2 */
    cr_expect(
        eq(int, lnn_h5_weights(path, "a", -1, 2, widths, w), GSL_EINVAL)); /* a W2 */
    cr_expect(eq(int, lnn_h5_weights(path, "b", -1, 2, widths, w), GSL_SUCCESS));
    cr_expect(eq(int, lnn_h5_weights("/nowhere.h5", "", -1, 2, widths, w), GSL_EOF));
    sample_forget(path);
}

Test(h5, weights_of_our_own_files)
{
    char *path = sample_path();
    double w[SAMPLE_WEIGHTS];
    cr_assert(eq(int, sample_write(path, 40, 10, 3), 0));
    cr_assert(eq(int, lnn_h5_weights(path, "", -1, 2, widths, w), 0), "%s",
              lnn_error());
    cr_expect(eq(dbl, w[5], sample(9, 16 + 5)));
    cr_assert(eq(int, lnn_h5_weights(path, "g", 1, 2, widths, w), 0));
    cr_expect(eq(dbl, w[0], sample(3, 16)));
    sample_forget(path);
}

Test(h5, foreign_groups_are_read_like_ours)
{
    char *path = sample_path();
    struct lnn_reader *reader;
    struct lnn_shape shape;
    double *values;
    hid_t file = make(path);
    add(file, "time", 1, (const hsize_t[]){3}, 0);
    set(file, "time", (const double[]){NAN, 1, 2});
    add(file, "loss", 1, (const hsize_t[]){3}, 5);
    add(file, "constant", 1, (const hsize_t[]){2}, 9);
    add(file, "steps/iteration", 1, (const hsize_t[]){4}, 0);
    add(file, "steps/x", 2, (const hsize_t[]){4, 2}, 0);
    add(file, "other/x", 1, (const hsize_t[]){4}, 0);
    H5Fclose(file);
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0), "%s", lnn_error());
    const char *const *groups = lnn_reader_groups(reader);
    cr_assert(groups[0] != NULL && groups[1] != NULL && groups[2] == NULL);
    cr_expect(eq(int, strcmp(groups[0], ""), 0));
    cr_expect(eq(int, strcmp(groups[1], "steps"), 0));
    cr_expect(eq(sz, lnn_reader_rows(reader, ""), 2));
    cr_expect(eq(sz, lnn_reader_rows(reader, "steps"), 4));
    cr_assert(eq(int, lnn_reader_get(reader, "", "loss", &shape, &values), 0));
    cr_expect(eq(sz, shape.dims[0], 2));
    cr_expect(eq(dbl, values[0], 6));
    free(values);
    cr_assert(eq(int, lnn_reader_get(reader, "", "constant", &shape, &values), 0));
    cr_expect(eq(sz, shape.dims[0], 2));
    cr_expect(eq(dbl, values[1], 10));
    free(values);
    cr_expect(
        eq(int, lnn_reader_get(reader, "", "absent", &shape, &values), GSL_EINVAL));
    cr_expect(eq(int, lnn_reader_shape(reader, "steps", "x", &shape), 0));
    cr_expect(eq(sz, shape.dims[1], 2));
    lnn_reader_close(reader);
    sample_forget(path);
}

/* An empty dataset of any extent costs nothing on disk, but would in memory. */
Test(h5, extents_that_no_file_of_that_size_can_fill_are_refused)
{
    char *path = sample_path();
    struct lnn_reader *reader;
    struct lnn_shape shape;
    double *values;
    hid_t file = make(path), plist = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, (const hsize_t[]){1ULL << 50}, NULL);
    add(file, "g/time", 1, (const hsize_t[]){3}, 0);
    H5Pset_chunk(plist, 1, (const hsize_t[]){64});
    hid_t id = H5Dcreate2(file, "g/x", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, plist,
                          H5P_DEFAULT);
    cr_assert(id >= 0 && H5Dclose(id) >= 0);
    H5Pclose(plist);
    H5Sclose(space);
    H5Fclose(file);
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0), "%s", lnn_error());
    cr_expect(eq(int, lnn_reader_get(reader, "g", "x", &shape, &values), GSL_EOF));
    cr_expect(strstr(lnn_error(), "is damaged") != NULL, "%s", lnn_error());
    lnn_reader_close(reader);
    sample_forget(path);
}
