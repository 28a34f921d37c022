/* Tables stored in finished files: what is there stays, what goes wrong changes
 * nothing. */
#include <hdf5.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include "trajectory_sample.h"

TestSuite(trajectory_store, .init = lnn_test_setup, .timeout = 300);

enum { ROWS = 3 };
static const double margins[ROWS] = {0.5, -1, NAN};
static const char *const words[ROWS] = {"holds", "not met", "\xce\xbb"};
static const struct lnn_sheet_column columns[] = {
    {.name = "margin", .doc = "a margin", .numbers = margins},
    {.name = "verdict", .texts = words},
};
static const struct lnn_attribute by_lnnflow[] = {
    {.name = "source", .kind = 't', .text = "lnnflow test"},
    {.name = "format", .kind = 'i', .count = 1},
};
static const struct lnn_attribute now = {
    .name = "judged", .kind = 't', .text = "today"};

static struct lnn_sheet sheet(const char *bytes)
{
    return (struct lnn_sheet){.name = "verdicts",
                              .doc = "a table",
                              .axis = "finding",
                              .rows = ROWS,
                              .n_columns = 2,
                              .columns = columns,
                              .bytes_name = "json",
                              .bytes_doc = "text",
                              .bytes = bytes,
                              .n_attributes = 2,
                              .attributes = by_lnnflow,
                              .n_volatile = 1,
                              .volatile_attributes = &now};
}

static int store(const char *path, const char *bytes)
{
    struct lnn_sheet s = sheet(bytes);
    return lnn_file_store(path, NULL, &s);
}

static char *load(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL);
    char *bytes = malloc(1 << 22);
    *n = fread(bytes, 1, 1 << 22, file);
    fclose(file);
    return bytes;
}

static bool same_file(const char *path, const char *bytes, size_t n)
{
    size_t m;
    char *now_there = load(path, &m);
    bool same = m == n && memcmp(bytes, now_there, n) == 0;
    free(now_there);
    return same;
}

static bool no_copy(const char *path)
{
    char name[400];
    snprintf(name, sizeof name, "%s.tmp", path);
    return access(name, F_OK) != 0;
}

/* Everything of the table, and everything that was there before. */
static void expect_stored(const char *path, const char *json)
{
    struct lnn_reader *reader;
    struct lnn_shape shape;
    double *values;
    LNN_OK(lnn_reader_open(path, &reader));
    LNN_OK(lnn_reader_get(reader, "verdicts", "margin", &shape, &values));
    cr_assert(shape.rank == 1 && shape.dims[0] == ROWS);
    cr_assert(values[0] == 0.5 && values[1] == -1 && isnan(values[2]));
    free(values);
    LNN_OK(lnn_reader_get(reader, "verdicts", "json", &shape, &values));
    cr_assert(shape.rank == 1 && shape.dims[0] == strlen(json));
    for (size_t i = 0; json[i]; i++)
        cr_assert(values[i] == (double)(unsigned char)json[i]);
    free(values);
    static const char *const texts[][3] = {
        {"verdicts", "verdict", "holds, not met, \xce\xbb"},
        {"verdicts", "source", "lnnflow test"},
        {"verdicts", "format", "1"},
        {"verdicts", "title", "a table"},
        {"verdicts/margin", "long_name", "a margin"},
        {"verdicts/volatile", "judged", "today"},
        {"", "problem", "a: 1\n"},
        {"", "complete", "1"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = lnn_reader_attribute(reader, texts[i][0], texts[i][1]);
        cr_assert(text != NULL && strcmp(text, texts[i][2]) == 0, "%s: %s", texts[i][1],
                  text ? text : "none");
        free(text);
    }
    cr_assert(eq(sz, lnn_reader_rows(reader, "g"), 12));
    LNN_OK(lnn_reader_get(reader, "g", "loss", &shape, &values));
    for (size_t row = 0; row < 12; row++) cr_assert(values[row] == sample(row, 0));
    free(values);
    const char *const *groups = lnn_reader_groups(reader);
    cr_assert(groups[0] && strcmp(groups[0], "g") == 0 && !groups[1]);
    lnn_reader_close(reader);
    cr_assert(no_copy(path));
}

Test(trajectory_store, a_table_is_added_and_replaced)
{
    char *path = sample_path();
    struct stat first, third;
    LNN_OK(sample_write(path, 12, 12, 2));
    LNN_OK(store(path, "{\"a\": 1}\n"));
    expect_stored(path, "{\"a\": 1}\n");
    cr_assert(stat(path, &first) == 0);
    LNN_OK(store(path, "{}"));
    expect_stored(path, "{}");
    for (int i = 0; i < 8; i++) LNN_OK(store(path, "{\"a\": \"\xce\xbb\"}\n"));
    expect_stored(path, "{\"a\": \"\xce\xbb\"}\n");
    cr_assert(stat(path, &third) == 0);
    /* a heap of texts a time, and no more */
    cr_expect(third.st_size - first.st_size < 9 * 6000, "%lld to %lld",
              (long long)first.st_size, (long long)third.st_size);
    sample_forget(path);
}

Test(trajectory_store, a_table_may_be_empty_or_long)
{
    enum { MANY = 9000 }; /* an attribute of 144 kB is larger than a header */
    char *path = sample_path();
    struct lnn_sheet s = sheet("x");
    struct lnn_reader *reader;
    static double numbers[MANY];
    static const char *texts[MANY];
    const struct lnn_sheet_column long_ones[] = {
        {.name = "margin", .doc = "a margin", .numbers = numbers},
        {.name = "verdict", .texts = texts},
    };
    for (size_t i = 0; i < MANY; i++) {
        numbers[i] = (double)i;
        texts[i] = i % 2 ? "odd" : "even";
    }
    LNN_OK(sample_write(path, 12, 12, 2));
    s.rows = 0;
    LNN_OK(lnn_file_store(path, NULL, &s));
    s.rows = MANY;
    s.columns = long_ones;
    LNN_OK(lnn_file_store(path, NULL, &s));
    LNN_OK(lnn_reader_open(path, &reader));
    char *text = lnn_reader_attribute(reader, "verdicts", "verdict");
    cr_assert(text != NULL && strlen(text) == MANY / 2 * 7 + 2 * (MANY - 1));
    free(text);
    lnn_reader_close(reader);
    LNN_OK(store(path, "{}"));
    expect_stored(path, "{}");
    sample_forget(path);
}

Test(trajectory_store, mode_and_link_stay)
{
    char *path = sample_path(), link[310], folder[300];
    struct stat info;
    LNN_OK(sample_write(path, 12, 12, 2));
    cr_assert(chmod(path, 0640) == 0);
    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    snprintf(link, sizeof link, "%s/link.h5", folder);
    cr_assert(symlink("x.h5", link) == 0);
    LNN_OK(store(link, "{}"));
    expect_stored(path, "{}");
    cr_assert(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
    cr_assert(stat(path, &info) == 0 && (info.st_mode & 07777) == 0640);
    unlink(link);
    sample_forget(path);
}

/* Refused: the status, the words, and not a byte of the file is another. */
static void refuse(const char *path, const struct lnn_stamp *stamp, int status,
                   const char *what)
{
    struct lnn_sheet s = sheet("{}");
    size_t n;
    char *bytes = load(path, &n);
    cr_expect(eq(int, lnn_file_store(path, stamp, &s), status), "%s: %s", what,
              lnn_error());
    cr_expect(strstr(lnn_error(), what) != NULL, "%s: %s", what, lnn_error());
    cr_expect(same_file(path, bytes, n), "%s: the file was changed", what);
    cr_expect(no_copy(path), "%s: a copy is left", what);
    free(bytes);
}

Test(trajectory_store, what_is_not_finished_or_not_ours_is_refused)
{
    char *path = sample_path();
    struct lnn_group group = sample_group("g", 4, 4);
    struct lnn_file *file;
    LNN_OK(lnn_file_create(path, false, 1, &group, 0, NULL, 0, NULL, false, &file));
    refuse(path, NULL, GSL_EOF, "not complete: still written, or cut off");
    LNN_OK(lnn_file_close(file, false));
    refuse(path, NULL, GSL_EOF, "not complete: still written, or cut off");
    group.name = "verdicts";
    LNN_OK(lnn_file_create(path, true, 1, &group, 0, NULL, 0, NULL, false, &file));
    LNN_OK(lnn_file_close(file, true));
    refuse(path, NULL, GSL_EINVAL, "\"verdicts\" that lnnflow did not write");
    FILE *text = fopen(path, "w");
    fputs("no HDF5\n", text);
    fclose(text);
    refuse(path, NULL, GSL_EOF, "cannot read");
    sample_forget(path);
    cr_expect(eq(int, store("/nowhere/x.h5", "{}"), GSL_EOF));
    cr_expect(strstr(lnn_error(), "No such file") != NULL, "%s", lnn_error());
    cr_expect(eq(int, store("/", "{}"), GSL_EOF));
    cr_expect(eq(int, store("/dev/null", "{}"), GSL_EOF));
}

Test(trajectory_store, a_file_that_was_changed_or_is_open_is_refused)
{
    char *path = sample_path();
    struct lnn_stamp stamp;
    struct lnn_sheet s = sheet("{}");
    LNN_OK(sample_write(path, 12, 12, 2));
    LNN_OK(lnn_file_stamp(path, &stamp));
    LNN_OK(lnn_file_store(path, &stamp, &s)); /* which makes it another file */
    refuse(path, &stamp, GSL_EOF, "was changed while it was read");
    int other = open(path, O_RDWR);
    cr_assert(other >= 0 && flock(other, LOCK_EX) == 0);
    refuse(path, NULL, GSL_EOF, "another program has it open for writing");
    close(other);
    other = open(path, O_RDONLY);
    cr_assert(other >= 0 && flock(other, LOCK_SH) == 0); /* a reader is no harm */
    LNN_OK(store(path, "{}"));
    close(other);
    expect_stored(path, "{}");
    sample_forget(path);
}

static int in_child(int (*job)(const char *, size_t), const char *path, size_t argument)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(job(path, argument));
    }
    cr_assert(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* 0: stored; 1: refused as it should be; others: wrong. */
static int store_limited(const char *path, size_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
    int status = store(path, "{}");
    if (status == GSL_SUCCESS) return 0;
    return status == GSL_EOF && strstr(lnn_error(), "File too large") != NULL ? 1 : 2;
}

Test(trajectory_store, a_full_disk_changes_nothing)
{
    char *path = sample_path();
    int stored = 0, refused = 0;
    size_t n, larger;
    LNN_OK(sample_write(path, 12, 12, 2));
    char *bytes = load(path, &n);
    LNN_OK(store(path, "{}"));
    free(load(path, &larger));
    cr_assert(larger > n + 1000);
    for (size_t limit = 0; limit < larger + 500; limit += limit < n ? 1733 : 97) {
        FILE *file = fopen(path, "wb");
        cr_assert(fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
        int code = in_child(store_limited, path, limit);
        cr_assert(code == 0 || code == 1, "%zu bytes: %d", limit, code);
        cr_assert(no_copy(path), "%zu bytes", limit);
        if (code == 1) cr_assert(same_file(path, bytes, n), "%zu bytes", limit);
        if (code == 0) expect_stored(path, "{}");
        stored += code == 0;
        refused += code == 1;
    }
    cr_expect(stored > 2 && refused > 20, "%d, %d", stored, refused);
    free(bytes);
    sample_forget(path);
}

/* As somebody else, if the test runs as root: root may write everywhere. */
static int store_as_nobody(const char *path, size_t unused)
{
    (void)unused;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 77;
    int status = store(path, "{}");
    if (status == GSL_SUCCESS) return 0;
    return status == GSL_EOF && strstr(lnn_error(), "Permission denied") ? 1 : 2;
}

Test(trajectory_store, what_may_not_be_written_stays)
{
    char *path = sample_path(), folder[300];
    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    LNN_OK(sample_write(path, 12, 12, 2));
    size_t n;
    char *bytes = load(path, &n);
    cr_assert(chmod(path, 0666) == 0 && chmod(folder, 0555) == 0);
    int code = in_child(store_as_nobody, path, 0);
    cr_expect(code == 1 || code == 77, "read-only folder: %d", code);
    cr_assert(chmod(folder, 0777) == 0 && chmod(path, 0444) == 0);
    code = in_child(store_as_nobody, path, 0);
    cr_expect(code == 1 || code == 77, "read-only file: %d", code);
    cr_expect(same_file(path, bytes, n));
    cr_expect(no_copy(path));
    free(bytes);
    sample_forget(path);
}

/* Another program's file: an old-style group, a hole, a user block before it all. */
Test(trajectory_store, what_another_program_wrote_stays_bit_for_bit)
{
    char *path = sample_path();
    double values[60], back[60];
    hsize_t extent = 60;
    for (int i = 0; i < 60; i++) values[i] = sin(i);
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(create, 512);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t set = H5Dcreate2(file, "numbers", H5T_IEEE_F64BE, space, H5P_DEFAULT,
                           H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(H5Dclose(set) >= 0 && H5Sclose(space) >= 0 && H5Pclose(create) >= 0);
    cr_assert(H5Fclose(file) >= 0);
    FILE *raw = fopen(path, "r+b");
    cr_assert(raw != NULL && fputs("#!/bin/sh\n", raw) >= 0 && fclose(raw) == 0);
    LNN_OK(store(path, "{}"));
    size_t n;
    char *bytes = load(path, &n);
    cr_assert(memcmp(bytes, "#!/bin/sh\n", 10) == 0);
    free(bytes);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    set = H5Dopen2(file, "numbers", H5P_DEFAULT);
    hid_t type = H5Dget_type(set);
    cr_assert(H5Tequal(type, H5T_IEEE_F64BE) > 0);
    H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, back);
    cr_assert(memcmp(values, back, sizeof values) == 0);
    cr_assert(H5Lexists(file, "dangling", H5P_DEFAULT) > 0);
    cr_assert(H5Tclose(type) >= 0 && H5Dclose(set) >= 0 && H5Fclose(file) >= 0);
    sample_forget(path);
}
