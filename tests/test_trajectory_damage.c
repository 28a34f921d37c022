/* The trajectory file when things go wrong: full disks, wrong paths, damaged bytes. */
#include <hdf5.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "trajectory_sample.h"

TestSuite(trajectory_damage, .init = lnn_test_setup, .timeout = 300);

/* What HDF5 leaks or prints over a damaged file is not ours: all in a child that leaves
 * without clean-up. The exit code is the job's; a crash is reported as -signal. */
static int in_child(int (*job)(const char *, size_t), const char *path, size_t argument)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60); /* endless loops end as a signal */
        _exit(job(path, argument));
    }
    cr_assert(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void limit_file_size(size_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* 0: written; 1: refused as it should be; others: wrong. */
static int write_limited(const char *path, size_t bytes)
{
    limit_file_size(bytes);
    int status = sample_write(path, 300, 200, 2);
    if (status == GSL_SUCCESS) return 0;
    return status == GSL_EOF && strstr(lnn_error(), "File too large") != NULL ? 1 : 2;
}

Test(trajectory_damage, full_disk_at_creation_leaves_nothing_behind)
{
    char *path = sample_path();
    int written = 0, refused = 0;
    for (size_t bytes = 0; bytes < 120000; bytes += 1733) {
        int code = in_child(write_limited, path, bytes);
        cr_assert(code == 0 || code == 1, "%zu bytes: %d", bytes, code);
        if (code == 0)
            written++;
        else
            refused++;
        cr_expect(eq(int, access(path, F_OK) == 0, code == 0), "%zu bytes", bytes);
        unlink(path);
    }
    cr_expect(written > 5 && refused > 30, "%d, %d", written, refused);
    sample_forget(path);
}

static int write_then_limit(const char *path, size_t bytes)
{
    struct lnn_group group = sample_group("g", 400, 400);
    struct lnn_file *file;
    if (lnn_file_create(path, true, 1, &group, 0, NULL, 0, NULL, false, &file) != 0)
        return 2;
    for (size_t row = 0; row < 40; row++)
        if (sample_put(file, 0, row, true) != 0) return 3;
    if (lnn_file_flush(file) != 0) return 4;
    limit_file_size(bytes);
    int failures = 0;
    for (size_t row = 40; row < 390; row++)
        failures += sample_put(file, 0, row, true) != 0;
    int status = lnn_file_close(file, true);
    return failures > 0 && status == GSL_SUCCESS ? 5 : status == GSL_EOF;
}

Test(trajectory_damage, full_disk_later_keeps_the_rows_written_before)
{
    char *path = sample_path();
    size_t failed = 0;
    for (size_t bytes = 100; bytes < 130000; bytes += 9001) {
        struct lnn_reader *reader;
        int code = in_child(write_then_limit, path, bytes);
        cr_assert(code == 0 || code == 1, "%zu bytes: %d", bytes, code);
        failed += (size_t)code;
        cr_assert(eq(int, lnn_reader_open(path, &reader), 0), "%s", lnn_error());
        size_t rows = lnn_reader_rows(reader, "g");
        struct lnn_shape shape;
        double *loss;
        cr_assert(rows >= 40);
        cr_assert(eq(int, lnn_reader_get(reader, "g", "loss", &shape, &loss), 0));
        for (size_t row = 0; row < rows; row++)
            cr_assert(eq(dbl, loss[row], sample(row, 0)));
        free(loss);
        lnn_reader_close(reader);
    }
    cr_expect(failed > 5);
    sample_forget(path);
}

static int create(const char *path, bool force)
{
    struct lnn_group group = sample_group("g", 4, 4);
    struct lnn_file *file = NULL;
    int status =
        lnn_file_create(path, force, 1, &group, 0, NULL, 0, NULL, false, &file);
    if (status == GSL_SUCCESS) lnn_file_close(file, false);
    return status;
}

Test(trajectory_damage, paths_that_cannot_be_written_are_named)
{
    char *path = sample_path(), below[400];
    cr_assert(eq(int, create(path, false), GSL_SUCCESS));
    cr_expect(eq(int, create(path, false), GSL_EINVAL));
    cr_expect(strstr(lnn_error(), "exists; use --force") != NULL, "%s", lnn_error());
    cr_expect(eq(int, create(path, true), GSL_SUCCESS));
    snprintf(below, sizeof below, "%s/x.h5", path);
    cr_expect(eq(int, create(below, true), GSL_EOF));
    cr_expect(strstr(lnn_error(), "Not a directory") != NULL, "%s", lnn_error());
    *strrchr(below, '/') = '\0';
    *strrchr(below, '/') = '\0';
    cr_expect(eq(int, create(below, true), GSL_EOF));
    cr_expect(strstr(lnn_error(), "is a directory") != NULL, "%s", lnn_error());
    strcat(below, "/nowhere/x.h5");
    cr_expect(eq(int, create(below, true), GSL_EOF));
    cr_expect(strstr(lnn_error(), "No such file") != NULL, "%s", lnn_error());
    cr_expect(eq(int, create("/dev/full", true), GSL_EOF));
    sample_forget(path);
}

Test(trajectory_damage, rows_without_a_time_are_refused)
{
    char *path = sample_path();
    struct lnn_group group = sample_group("g", 4, 0);
    struct lnn_file *file;
    double values[SAMPLE_VALUES] = {0};
    cr_assert(
        eq(int, lnn_file_create(path, false, 1, &group, 0, NULL, 0, NULL, false, &file),
           0));
    cr_expect(eq(int, lnn_file_put(file, 0, NAN, values, NULL), GSL_EINVAL));
    cr_expect(eq(int, lnn_file_put(file, 1, 0, values, NULL), GSL_EINVAL));
    cr_expect(eq(int, lnn_file_close(file, true), GSL_SUCCESS));
    sample_forget(path);
}

static int read_everything(const char *path, size_t unused)
{
    (void)unused;
    struct lnn_reader *reader;
    size_t widths[] = {3, 4};
    double w[SAMPLE_WEIGHTS];
    (void)lnn_h5_weights(path, NULL, -1, 2, widths, w);
    int status = lnn_reader_open(path, &reader);
    if (status != GSL_SUCCESS)
        return status == GSL_EOF && lnn_error()[0] != '\0' ? 0 : 1;
    for (const char *const *g = lnn_reader_groups(reader); *g != NULL; g++) {
        for (const char *const *a = lnn_reader_attributes(reader, *g); *a != NULL; a++)
            free(lnn_reader_attribute(reader, *g, *a));
        for (const char *const *v = lnn_reader_variables(reader, *g); *v != NULL; v++) {
            struct lnn_shape shape;
            double *values;
            if (lnn_reader_get(reader, *g, *v, &shape, &values) == GSL_SUCCESS)
                free(values);
        }
    }
    free(lnn_reader_attribute(reader, "", "problem"));
    lnn_reader_close(reader);
    return 0;
}

static char *load(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    *n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void save(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert(fwrite(bytes, 1, n, file) == n);
    cr_assert(fclose(file) == 0);
}

Test(trajectory_damage, truncated_files_are_refused)
{
    char *path = sample_path();
    size_t n;
    cr_assert(eq(int, sample_write(path, 12, 12, 2), 0));
    char *bytes = load(path, &n);
    for (size_t length = 0; length < n; length += 1 + length / 7) {
        struct lnn_reader *reader = NULL;
        save(path, bytes, length);
        cr_expect(eq(int, in_child(read_everything, path, 0), 0), "%zu bytes", length);
        cr_expect(eq(int, lnn_reader_open(path, &reader), GSL_EOF), "%zu bytes",
                  length);
        cr_expect(strstr(lnn_error(), path) != NULL, "%s", lnn_error());
    }
    free(bytes);
    sample_forget(path);
}

Test(trajectory_damage, flipped_bytes_never_crash_the_reader)
{
    char *path = sample_path();
    unsigned long long random = 1;
    size_t n;
    cr_assert(eq(int, sample_write(path, 12, 12, 2), 0));
    char *bytes = load(path, &n), *damaged = malloc(n);
    for (int i = 0; i < 400; i++) {
        memcpy(damaged, bytes, n);
        for (int flips = 1 << i % 4; flips > 0; flips--) {
            random = random * 6364136223846793005ULL + 1442695040888963407ULL;
            damaged[(random >> 33) % n] ^= (char)(1 + (random >> 25) % 255);
        }
        save(path, damaged, n);
        int code = in_child(read_everything, path, 0);
        cr_expect(eq(int, code, 0), "case %d", i);
    }
    free(bytes);
    free(damaged);
    sample_forget(path);
}

static herr_t printer(hid_t stack, void *data)
{
    (void)stack, (void)data;
    return 0;
}

Test(trajectory_damage, the_callers_error_printing_stays)
{
    struct lnn_reader *reader;
    H5E_auto2_t function;
    void *data;
    int mine = 0;
    H5Eset_auto2(H5E_DEFAULT, printer, &mine);
    cr_expect(eq(int, lnn_reader_open("/", &reader), GSL_EOF));
    cr_expect(eq(int, lnn_reader_open("/nowhere", &reader), GSL_EOF));
    H5Eget_auto2(H5E_DEFAULT, &function, &data);
    cr_expect(function == printer && data == &mine);
}
