/* The trajectory file: what is put is read back, in every state of the file. */
#include <hdf5.h>
#include <hdf5_hl.h>
#include "trajectory_sample.h"

TestSuite(trajectory, .init = lnn_test_setup);

/* A variable of group "g" has `rows` rows of `width` entries from sample(row, first).
 */
static void expect_rows(struct lnn_reader *reader, const char *name, size_t rows,
                        size_t every, size_t first, size_t width)
{
    struct lnn_shape shape;
    double *values;
    int status = lnn_reader_get(reader, "g", name, &shape, &values);
    cr_assert(status == GSL_SUCCESS, "%s: %s", name, lnn_error());
    cr_assert(eq(sz, shape.dims[0], rows), "%s", name);
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < width; i++)
            cr_assert(eq(dbl, values[row * width + i], sample(row * every, first + i)),
                      "%s, row %zu", name, row);
    free(values);
}

static void expect_file(const char *path, size_t rows, size_t every)
{
    struct lnn_reader *reader;
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0), "%s", lnn_error());
    cr_expect(eq(sz, lnn_reader_rows(reader, "g"), rows));
    expect_rows(reader, "loss", rows, 1, 0, 1);
    expect_rows(reader, "W", rows, 1, 1, 6);
    expect_rows(reader, "s", rows, 1, 8, 2);
    expect_rows(reader, "W1", (rows + every - 1) / every, every, 16, SAMPLE_WEIGHTS);
    lnn_reader_close(reader);
}

static char *attribute(const char *path, const char *group, const char *name)
{
    struct lnn_reader *reader;
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0), "%s", lnn_error());
    char *text = lnn_reader_attribute(reader, group, name);
    lnn_reader_close(reader);
    return text;
}

static void expect_attribute(const char *path, const char *group, const char *name,
                             const char *want)
{
    char *text = attribute(path, group, name);
    cr_expect(text != NULL && strcmp(text, want) == 0, "%s: %s is %s, not %s", group,
              name, text == NULL ? "absent" : text, want);
    free(text);
}

Test(trajectory, rows_come_back_however_many_were_announced)
{
    char *path = sample_path();
    static const size_t rows[] = {1, 2, 255, 256, 257, 600};
    for (size_t i = 0; i < 6; i++)
        for (size_t every = 1; every <= 3; every += 2) {
            cr_assert(eq(int, sample_write(path, rows[i], rows[i], every), 0));
            expect_file(path, rows[i], every);
            cr_assert(eq(int, sample_write(path, 2 * rows[i] + 9, rows[i], every), 0));
            expect_file(path, rows[i], every);
            cr_assert(eq(int, sample_write(path, rows[i] / 5 + 2, rows[i], every), 0));
            expect_file(path, rows[i], every);
            expect_attribute(path, "", "complete", "1");
            expect_attribute(path, "", "problem", "a: 1\n");
        }
    sample_forget(path);
}

Test(trajectory, no_row_at_all_is_a_file_too)
{
    char *path = sample_path();
    cr_assert(eq(int, sample_write(path, 10, 0, 2), 0), "%s", lnn_error());
    expect_file(path, 0, 2);
    sample_forget(path);
}

Test(trajectory, rows_are_there_for_readers_after_a_flush)
{
    char *path = sample_path(), command[400];
    struct lnn_group group = sample_group("g", 50, 50);
    struct lnn_file *file;
    snprintf(command, sizeof command, "h5dump -d /g/loss %s > /dev/null 2>&1", path);
    cr_assert(eq(int,
                 lnn_file_create(path, false, 1, &group, 0, NULL, 0, NULL, true, &file),
                 0));
    for (size_t row = 0; row < 30; row++) {
        cr_assert(eq(int, sample_put(file, 0, row, true), 0));
        if (row % 10 != 4) continue;
        cr_assert(eq(int, lnn_file_flush(file), 0));
        expect_file(path, row + 1, 1);
    }
    if (system("h5dump --version > /dev/null 2>&1") == 0) /* from another process */
        cr_expect(eq(int, system(command), 0));
    expect_attribute(path, "", "complete", "0");
    cr_assert(eq(int, lnn_file_close(file, false), 0));
    expect_file(path, 30, 1);
    expect_attribute(path, "", "complete", "0");
    sample_forget(path);
}

Test(trajectory, late_attributes_replace_and_join_early_ones)
{
    char *path = sample_path();
    const struct lnn_attribute reason = {.name = "reason", .kind = 't', .text = "end"};
    const struct lnn_attribute steps = {
        .name = "steps", .kind = 'i', .count = 1LL << 60};
    const struct lnn_attribute title = {.name = "title", .kind = 'n', .number = 0.1};
    struct lnn_group group = sample_group("g", 3, 0);
    struct lnn_file *file;
    cr_assert(eq(
        int, lnn_file_create(path, false, 1, &group, 0, NULL, 1, &reason, false, &file),
        0));
    for (size_t row = 0; row < 3; row++) sample_put(file, 0, row, false);
    cr_expect(eq(int, lnn_file_attribute(file, "g", &reason), 0));
    cr_expect(eq(int, lnn_file_attribute(file, "g", &title), 0));
    cr_expect(eq(int, lnn_file_attribute(file, "volatile", &steps), 0));
    cr_expect(eq(int, lnn_file_attribute(file, "h", &steps), GSL_EINVAL));
    cr_assert(eq(int, lnn_file_close(file, true), 0), "%s", lnn_error());
    expect_attribute(path, "g", "reason", "end");
    expect_attribute(path, "g", "title", "0.10000000000000001");
    expect_attribute(path, "volatile", "steps", "1152921504606846976");
    expect_attribute(path, "volatile", "reason", "end");
    expect_attribute(path, "g/loss", "units", "1");
    expect_attribute(path, "g/loss", "long_name", "the loss");
    expect_attribute(path, "", "Conventions", "CF-1.8");
    cr_expect(attribute(path, "g", "absent") == NULL);
    cr_expect(attribute(path, "nowhere", "absent") == NULL);
    sample_forget(path);
}

Test(trajectory, weights_that_a_row_leaves_out_are_nan)
{
    char *path = sample_path();
    struct lnn_group group = sample_group("g", 4, 4);
    struct lnn_file *file;
    struct lnn_reader *reader;
    struct lnn_shape shape;
    double *w;
    cr_assert(
        eq(int, lnn_file_create(path, false, 1, &group, 0, NULL, 0, NULL, false, &file),
           0));
    for (size_t row = 0; row < 4; row++) sample_put(file, 0, row, row != 2);
    cr_assert(eq(int, lnn_file_close(file, true), 0));
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0));
    cr_assert(eq(int, lnn_reader_get(reader, "g", "W1", &shape, &w), 0));
    cr_expect(eq(sz, shape.rank, 3));
    cr_expect(isnan(w[2 * SAMPLE_WEIGHTS]));
    cr_expect(eq(dbl, w[3 * SAMPLE_WEIGHTS + 1], sample(3, 17)));
    free(w);
    lnn_reader_close(reader);
    sample_forget(path);
}

Test(trajectory, lists_hold_variables_but_no_index_scales)
{
    static const char *const want[] = {"time", "weights_time", "loss", "W1",
                                       "W",    "iteration",    "s"};
    char *path = sample_path();
    struct lnn_reader *reader;
    cr_assert(eq(int, sample_write(path, 7, 7, 2), 0));
    cr_assert(eq(int, lnn_reader_open(path, &reader), 0));
    const char *const *groups = lnn_reader_groups(reader);
    cr_assert(groups[0] != NULL && groups[1] == NULL);
    cr_expect(eq(int, strcmp(groups[0], "g"), 0));
    size_t found = 0;
    for (const char *const *v = lnn_reader_variables(reader, "g"); *v != NULL; v++)
        for (size_t i = 0; i < 7; i++) found += strcmp(*v, want[i]) == 0;
    size_t n = 0;
    while (lnn_reader_variables(reader, "g")[n] != NULL) n++;
    cr_expect(eq(sz, n, 7));
    cr_expect(eq(sz, found, 7));
    const char *const *attributes = lnn_reader_attributes(reader, "g/W");
    cr_assert(attributes[0] != NULL && attributes[1] != NULL && attributes[2] == NULL);
    cr_expect(eq(int, strcmp(attributes[0], "long_name"), 0));
    cr_expect(lnn_reader_variables(reader, "nowhere")[0] == NULL);
    lnn_reader_close(reader);
    sample_forget(path);
}

static herr_t check_axes(hid_t root, const char *name, const H5O_info_t *info,
                         void *count)
{
    if (info->type != H5O_TYPE_DATASET) return 0;
    hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    hid_t plist = H5Dget_create_plist(dataset);
    unsigned order = 0;
    H5Pget_attr_creation_order(plist, &order);
    cr_expect(eq(uint, order, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), "%s",
              name);
    int rank = H5Sget_simple_extent_ndims(space);
    for (int i = 0; i < rank && H5DSis_scale(dataset) == 0; i++)
        cr_expect(eq(int, H5DSget_num_scales(dataset, (unsigned)i), 1), "%s", name);
    ++*(int *)count;
    return H5Pclose(plist) < 0 || H5Sclose(space) < 0 || H5Dclose(dataset) < 0 ? -1 : 0;
}

Test(trajectory, every_axis_has_a_scale)
{
    char *path = sample_path();
    int count = 0;
    cr_assert(eq(int, sample_write(path, 7, 7, 2), 0));
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(file >= 0);
    H5Ovisit2(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, check_axes, &count,
              H5O_INFO_BASIC);
    cr_expect(eq(int, count, 11)); /* 7 variables and d0, d1, d2, mode */
    H5Fclose(file);
    sample_forget(path);
}

static char *bytes_of(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);
    *n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

Test(trajectory, the_same_content_gives_the_same_bytes)
{
    char *path = sample_path();
    size_t n, m;
    cr_assert(eq(int, sample_write(path, 20, 13, 2), 0));
    char *one = bytes_of(path, &n);
    usleep(1100000); /* HDF5's time stamps count seconds */
    cr_assert(eq(int, sample_write(path, 20, 13, 2), 0));
    char *two = bytes_of(path, &m);
    cr_expect(n == m && memcmp(one, two, n) == 0);
    free(one);
    free(two);
    sample_forget(path);
}

static int refused(struct lnn_variable a, struct lnn_variable b)
{
    struct lnn_variable both[] = {a, b};
    struct lnn_group group = {
        .name = "g", .rows = 3, .n_variables = 2, .variables = both};
    struct lnn_file *file = NULL;
    char *path = sample_path();
    int status =
        lnn_file_create(path, false, 1, &group, 0, NULL, 0, NULL, false, &file);
    if (status == GSL_SUCCESS) lnn_file_close(file, false);
    cr_expect(status == 0 || access(path, F_OK) != 0);
    sample_forget(path);
    return status;
}

Test(trajectory, layouts_that_some_reader_could_not_read_are_refused)
{
    struct lnn_variable a = {.name = "a"}, b = {.name = "b"};
    struct lnn_variable v = {
        .name = "v", .rank = 2, .dims = {2, 2}, .axes = {"x", "y"}};
    struct lnn_variable gram = v, other = v, empty = v, slash = {.name = "a/b"};
    gram.axes[1] = "x";
    other.name = "o", other.dims[0] = 3;
    empty.dims[1] = 0;
    cr_expect(eq(int, refused(a, b), GSL_SUCCESS));
    cr_expect(eq(int, refused(a, v), GSL_SUCCESS));
    cr_expect(eq(int, refused(a, a), GSL_EINVAL));
    cr_expect(eq(int, refused(a, gram), GSL_EINVAL));
    cr_expect(eq(int, refused(v, other), GSL_EINVAL));
    cr_expect(eq(int, refused(a, empty), GSL_EINVAL));
    cr_expect(eq(int, refused(a, slash), GSL_EINVAL));
    cr_expect(eq(int, refused(v, (struct lnn_variable){.name = "y"}), GSL_EINVAL));
    cr_expect(eq(int, refused(a, (struct lnn_variable){.name = "time"}), GSL_EINVAL));
}
