/* Is a trajectory file of the crash test's writer intact? Uses HDF5 alone, so that the
 * library is not its own judge.
 *
 *   checker FILE JOURNAL
 *
 * Every row the journal calls safe must be there; every row with a finite time must
 * hold what the writer meant; only a prefix of rows may exist; every object must open.
 * A missing file is right while no row is safe. Prints the rows found. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "content.h"

enum { MOST = 4096, WIDEST = CONTENT_H * CONTENT_D };

static double times[MOST], values[MOST * WIDEST];

static size_t fail(const char *what, size_t group, size_t row)
{
    fprintf(stderr, "checker: %s, group %zu, row %zu\n", what, group, row);
    exit(1);
}

/* Rows of a dataset; its contents go to `out`. */
static size_t read_all(hid_t group, const char *name, double out[], size_t width)
{
    hsize_t extent[3] = {0, 1, 1};
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT);
    hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);
    if (space < 0 || H5Sget_simple_extent_dims(space, extent, NULL) < 1) exit(1);
    if (extent[1] * extent[2] != width || extent[0] > MOST) exit(1);
    if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        exit(1);
    if (H5Sclose(space) < 0 || H5Dclose(dataset) < 0) exit(1);
    return (size_t)extent[0];
}

static size_t count_rows(hid_t group, size_t g, const char *name, size_t every)
{
    size_t n = read_all(group, name, times, 1), rows = 0;
    while (rows < n && isfinite(times[rows])) rows++;
    for (size_t row = 0; row < n; row++) {
        if (row >= rows && isfinite(times[row])) fail("a hole in time", g, row);
        if (row < rows && times[row] != content_time(row * every)) fail("time", g, row);
    }
    return rows;
}

/* Entries first..first+width-1 of content(), for every row that exists. */
static void check(hid_t group, size_t g, const char *name, size_t rows, size_t every,
                  size_t first, size_t width)
{
    size_t n = read_all(group, name, values, width);
    if (n < rows) fail(name, g, n);
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < width; i++) {
            double want = content(g, row * every, first + i);
            if (first == 1 + CONTENT_K * CONTENT_D) want = (double)row;
            if (values[row * width + i] != want) fail(name, g, row);
        }
}

static void check_group(hid_t file, const char *name, size_t g, size_t every,
                        size_t safe)
{
    hid_t group = H5Gopen2(file, name, H5P_DEFAULT);
    if (group < 0) exit(1);
    size_t rows = count_rows(group, g, "time", 1), w = CONTENT_K * CONTENT_D;
    check(group, g, "loss", rows, 1, 0, 1);
    check(group, g, "W", rows, 1, 1, w);
    check(group, g, "iteration", rows, 1, 1 + w, 1);
    check(group, g, "singular_values", rows, 1, 2 + w, CONTENT_K);
    size_t stored = every == 1 ? rows : count_rows(group, g, "weights_time", every);
    check(group, g, "W1", stored, every, CONTENT_VALUES, WIDEST);
    if (rows < safe || stored < (safe + every - 1) / every)
        fail("a row is lost", g, rows);
    printf(" %zu/%zu", rows, stored);
    if (H5Gclose(group) < 0) exit(1);
}

/* A table that is there at all is whole. */
static void check_table(hid_t file)
{
    if (H5Lexists(file, "verdicts", H5P_DEFAULT) <= 0) return;
    hid_t group = H5Gopen2(file, "verdicts", H5P_DEFAULT);
    if (group < 0 || H5Aexists(group, "verdict") <= 0) exit(1);
    if (H5Lexists(group, "volatile", H5P_DEFAULT) <= 0) exit(1);
    if (read_all(group, "margin", values, 1) != CONTENT_FINDINGS) exit(1);
    for (size_t i = 0; i < CONTENT_FINDINGS; i++)
        if (values[i] != content(2, i, 0)) fail("margin", 2, i);
    printf(" with a table,");
    if (H5Gclose(group) < 0) exit(1);
}

/* Opens every object and reads every attribute's type and size. */
static herr_t touch(hid_t root, const char *name, const H5O_info_t *info, void *data)
{
    (void)data;
    hid_t object = H5Oopen(root, name, H5P_DEFAULT);
    if (object < 0) return -1;
    for (hsize_t i = 0; i < info->num_attrs; i++) {
        hid_t a = H5Aopen_by_idx(object, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i,
                                 H5P_DEFAULT, H5P_DEFAULT);
        if (a < 0 || H5Aget_storage_size(a) == 0 || H5Aclose(a) < 0) return -1;
    }
    return H5Oclose(object);
}

int main(int argc, char *argv[])
{
    size_t safe = 0;
    FILE *journal = argc < 3 ? NULL : fopen(argv[2], "rb");
    if (journal == NULL || fread(&safe, sizeof safe, 1, journal) != 1) return 2;
    fclose(journal);
    if (access(argv[1], F_OK) != 0) {
        printf("no file, %zu safe\n", safe);
        return safe == 0 ? 0 : 1;
    }
    hid_t file = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return 1;
    check_group(file, "gradient_flow", 0, 1, safe);
    check_group(file, "end_to_end", 1, CONTENT_EVERY, safe);
    check_table(file);
    printf(" rows, %zu safe\n", safe);
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, touch, NULL, H5O_INFO_NUM_ATTRS) <
        0)
        return 1;
    return H5Fclose(file) < 0;
}
