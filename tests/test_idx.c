/* Labels as classes, a part of the examples, and MNIST's idx files, written here. */
#include <unistd.h>
#include <zlib.h>
#include "lnn_test.h"

TestSuite(idx, .init = lnn_test_setup);
TestSuite(classes, .init = lnn_test_setup);

static const unsigned char labels_bytes[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 7};
/* 3 images of 2 x 2 */
static const unsigned char images_bytes[] = {0, 0, 8, 3, 0, 0,  0,  3,  0,   0,
                                             0, 2, 0, 0, 0, 2,  0,  51, 102, 255,
                                             1, 2, 3, 4, 9, 10, 11, 255};

static void name(char path[100], const char *what)
{
    snprintf(path, 100, "/tmp/lnn_idx_%d_%s", (int)getpid(), what);
}

static void write_bytes(const char *path, const void *bytes, size_t n, bool gzip)
{
    gzFile f = gzopen(path, gzip ? "wb" : "wbT");
    cr_assert_not_null(f);
    cr_assert_eq(gzwrite(f, bytes, (unsigned)n), (int)n);
    cr_assert_eq(gzclose(f), Z_OK);
}

static int load_text(const char *text, struct lnn_problem **problem,
                     struct lnn_data **data)
{
    *data = NULL;
    *problem = lnn_test_problem(text);
    return lnn_data_load(*problem, data);
}

static int load(const void *images, size_t n, const void *labels, size_t m,
                const char *widths, const char *more, struct lnn_data **data)
{
    char a[100], b[100], text[600];
    struct lnn_problem *problem;
    name(a, "images");
    name(b, "labels");
    write_bytes(a, images, n, true);
    write_bytes(b, labels, m, false);
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\n"
             "data: {kind: idx, file: %s, targets_file: %s%s}\ntime: {end: 1}\n",
             widths, a, b, more);
    int status = load_text(text, &problem, data);
    lnn_problem_free(problem);
    unlink(a);
    unlink(b);
    return status;
}

static struct lnn_data *good(const char *widths, const char *more)
{
    struct lnn_data *data;
    LNN_OK(load(images_bytes, sizeof images_bytes, labels_bytes, sizeof labels_bytes,
                widths, more, &data));
    return data;
}

Test(idx, images_and_labels)
{
    static const double X[12] = {0, 51, 102, 255, 1, 2, 3, 4, 9, 10, 11, 255};
    static const double Y[6] = {0, 1, 1, 0, 0, 1};
    struct lnn_data *data = good("4, 2", "");
    cr_assert(data->m == 3 && data->d == 4 && data->k == 2 && data->classes);
    for (int i = 0; i < 12; i++) LNN_CLOSE(data->X[i], X[i] / 255, 0);
    for (int i = 0; i < 6; i++) LNN_CLOSE(data->Y[i], Y[i], 0);
    cr_assert_str_eq(data->target_names[0], "label=2");
    cr_assert_str_eq(data->target_names[1], "label=7");
    LNN_CLOSE(data->weight, 1.0 / 3, 0);
    lnn_data_free(data);
    data = good("5, 2", ", divide: 3, intercept: true");
    LNN_CLOSE(data->X[5 + 3], 4.0 / 3, 0);
    LNN_CLOSE(data->X[5 + 4], 1, 0);
    lnn_data_free(data);
}

/* Classes are those of the whole file: the first two examples would have both anyway,
 * the first one only 7. */
Test(idx, a_part_of_the_examples)
{
    struct lnn_data *data = good("4, 2", ", rows: 1");
    cr_assert(data->m == 1 && data->k == 2);
    LNN_CLOSE(data->X[3], 1, 0);
    LNN_CLOSE(data->Y[1], 1, 0);
    LNN_CLOSE(data->weight, 1, 0);
    lnn_data_free(data);
    size_t last = 0;
    for (int seed = 0; seed < 40; seed++) {
        char more[60];
        snprintf(more, sizeof more, ", rows: 2, subset: random, seed: %d", seed);
        data = good("4, 2", more);
        cr_assert_eq(data->m, 2);
        cr_assert_lt(data->lines[0], data->lines[1]);
        last += data->lines[1] == 3;
        for (int i = 0; i < 2; i++) /* rows stay with their labels */
            LNN_CLOSE(data->X[4 * i],
                      data->lines[i] == 1   ? 0
                      : data->lines[i] == 2 ? 1.0 / 255
                                            : 9.0 / 255,
                      0);
        lnn_data_free(data);
    }
    cr_assert(last > 15 && last < 38, "%zu of 40 subsets have the last example", last);
}

static void put(unsigned char to[], size_t width, unsigned long long bits)
{
    for (size_t i = 0; i < width; i++)
        to[i] = (unsigned char)(bits >> (8 * (width - 1 - i)));
}

/* The same three numbers in every type, as inputs and as labels. */
Test(idx, every_type_of_number)
{
    static const struct {
        unsigned char type;
        size_t width;
    } types[] = {{8, 1}, {9, 1}, {11, 2}, {12, 4}, {13, 4}, {14, 8}};
    static const double value[] = {5, 7, 100};
    for (size_t t = 0; t < 6; t++) {
        unsigned char X[12 + 24] = {0, 0, types[t].type, 2, 0, 0, 0, 3, 0, 0, 0, 1};
        unsigned char L[8 + 24] = {0, 0, types[t].type, 1, 0, 0, 0, 3};
        size_t w = types[t].width;
        for (size_t i = 0; i < 3; i++) {
            double v = value[i] * (types[t].type > 8 && i == 0 ? -1 : 1);
            unsigned long long bits = (unsigned long long)(long long)v;
            float f = (float)v;
            unsigned int low;
            memcpy(&low, &f, sizeof low);
            if (types[t].type == 13) bits = low;
            if (types[t].type == 14) memcpy(&bits, &v, sizeof bits);
            put(X + 12 + i * w, w, bits);
            put(L + 8 + i * w, w, bits);
        }
        struct lnn_data *data;
        LNN_OK(load(X, 12 + 3 * w, L, 8 + 3 * w, "1, 3", "", &data));
        for (size_t i = 0; i < 3; i++) {
            double v = value[i] * (types[t].type > 8 && i == 0 ? -1 : 1);
            LNN_CLOSE(data->X[i], types[t].type == 8 ? v / 255 : v, 0);
            LNN_CLOSE(data->Y[i * 3 + i], 1, 0);
        }
        cr_assert_str_eq(data->target_names[0],
                         types[t].type > 8 ? "label=-5" : "label=5");
        lnn_data_free(data);
    }
}

static void refused(const void *images, size_t n, const void *labels, size_t m,
                    const char *widths, const char *more, const char *why)
{
    struct lnn_data *data;
    int status = load(images, n, labels, m, widths, more, &data);
    cr_assert(status != GSL_SUCCESS, "not refused: %s", why);
    cr_assert_not_null(strstr(lnn_error(), why), "\"%s\" lacks \"%s\"", lnn_error(),
                       why);
}

Test(idx, what_is_wrong_is_said_at_which_byte)
{
    size_t n = sizeof images_bytes, m = sizeof labels_bytes;
    unsigned char X[64], L[16];
    memcpy(X, images_bytes, n);
    memcpy(L, labels_bytes, m);
    refused(X, n - 1, L, m, "4, 2", "", "ends at byte 27, within the numbers");
    refused(X, 2, L, m, "4, 2", "", "ends at byte 2, within the magic number");
    refused(X, n, L, 6, "4, 2", "", "ends at byte 6, within the lengths of the axes");
    X[n] = 0;
    refused(X, n + 1, L, m, "4, 2", "", "there are more bytes after byte 28");
    X[1] = 7;
    refused(X, n, L, m, "4, 2", "", "bytes 0 and 1 are 0x00 0x07");
    X[1] = 0;
    X[2] = 10;
    refused(X, n, L, m, "4, 2", "", "byte 2, the type, is 0x0a");
    X[2] = 8;
    X[3] = 1;
    refused(X, n, L, m, "4, 2", "", "byte 3, the number of axes, is 1");
    X[3] = 3;
    X[7] = 2;
    refused(X, n, L, m, "4, 2", "", "bytes 4 to 7 make it 2 examples");
    X[7] = 0;
    refused(X, n, L, m, "4, 2", "", "bytes 4 to 7 make axis 1 of length 0");
    X[7] = 3;
    X[8] = X[12] = 255;
    refused(X, n, L, m, "4, 2", "", "more numbers than can be meant");
    X[8] = X[12] = 0;
    L[3] = 2;
    refused(X, n, L, m, "4, 2", "",
            "byte 3, the number of axes, is 2; labels have one");
    L[3] = 1;
    refused(X, n, L, m, "5, 2", "", "network.widths says 5 inputs, the data has 4");
    refused(X, n, L, m, "4, 3", "", "network.widths says 3 outputs, the data has 2");
    refused(X, n, L, m, "4, 2", ", rows: 4", "data.rows is 4; there are 3");
    L[8] = L[9] = L[10] = 1;
    refused(X, n, L, m, "4, 2", "", "takes 1 values");
}

Test(idx, labels_must_be_given)
{
    struct lnn_problem *p;
    cr_assert_neq(lnn_problem_parse("network: {widths: [4, 2]}\n"
                                    "data: {kind: idx, file: a}\ntime: {end: 1}\n",
                                    "p", NULL, &p),
                  GSL_SUCCESS);
    cr_assert_not_null(strstr(lnn_error(), "p:2:14: error: data.kind idx needs"), "%s",
                       lnn_error());
}

static int load_csv(const char *csv, const char *widths, const char *more,
                    struct lnn_data **data)
{
    char path[100], text[400];
    struct lnn_problem *problem;
    name(path, "csv");
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(csv, f);
    fclose(f);
    snprintf(text, sizeof text,
             "network: {widths: [%s]}\ndata: {kind: csv, file: %s, classes: true%s}\n"
             "time: {end: 1}\n",
             widths, path, more);
    int status = load_text(text, &problem, data);
    lnn_problem_free(problem);
    unlink(path);
    return status;
}

Test(classes, of_a_column)
{
    static const double Y[12] = {0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0};
    struct lnn_data *data;
    LNN_OK(load_csv("a,b,digit\n1,2,0\n3,4,-1\n5,6,12\n7,9,0\n", "2, 3", "", &data));
    cr_assert(data->m == 4 && data->d == 2 && data->k == 3 && data->classes);
    for (int i = 0; i < 12; i++) LNN_CLOSE(data->Y[i], Y[i], 0);
    cr_assert_str_eq(data->target_names[0], "digit=-1");
    cr_assert_str_eq(data->target_names[1], "digit=0");
    cr_assert_str_eq(data->target_names[2], "digit=12");
    LNN_CLOSE(data->Lyy[4], 0.5, 1e-16); /* two of four are 0 */
    lnn_data_free(data);
    LNN_OK(load_csv("1,2,0\n3,4,1\n", "2, 2", ", target_scale: center", &data));
    cr_assert_not(data->classes); /* no longer one-hot */
    lnn_data_free(data);
}

Test(classes, that_are_none)
{
    struct lnn_data *data;
    cr_assert_neq(load_csv("1,0\n2,1.5\n3,1\n", "1, 2", "", &data), GSL_SUCCESS);
    cr_assert_not_null(strstr(lnn_error(), "_csv:2: error: label \"x2\" is 1.5; "),
                       "%s", lnn_error());
    cr_assert_neq(load_csv("1,0,1\n2,1,0\n", "1, 2", ", targets: [2, 3]", &data),
                  GSL_SUCCESS);
    cr_assert_not_null(strstr(lnn_error(), "one target"), "%s", lnn_error());
    cr_assert_neq(load_csv("1,0\n2,0\n", "1, 2", "", &data), GSL_SUCCESS);
    cr_assert_not_null(strstr(lnn_error(), "takes 1 values"), "%s", lnn_error());
}

/* The digits that ship: ten classes, whose sizes are known. */
Test(classes, digits)
{
    static const int sizes[10] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
    struct lnn_problem *problem;
    struct lnn_data *data;
    LNN_OK(load_text("network: {widths: [64, 10]}\n"
                     "data: {kind: csv, file: " LNN_SOURCE "/tests/data/digits.csv.gz, "
                     "classes: true, divide: 16}\ntime: {end: 1}\n",
                     &problem, &data));
    cr_assert(data->m == 1797 && data->k == 10);
    for (size_t r = 0; r < 10; r++) {
        int n = 0;
        for (size_t i = 0; i < data->m; i++) n += data->Y[i * 10 + r] == 1;
        cr_assert_eq(n, sizes[r]);
    }
    LNN_CLOSE(data->X[2], 5.0 / 16, 0);
    lnn_data_free(data);
    lnn_problem_free(problem);
}

/* MNIST's test images, where the user has them: $LNN_DATA, else ../shared/data. */
Test(idx, mnist_test_images)
{
    const char *folder = getenv("LNN_DATA");
    char text[1500], images[600];
    struct lnn_problem *problem;
    struct lnn_data *data;
    if (!folder) folder = LNN_SOURCE "/../shared/data";
    snprintf(images, sizeof images, "%s/t10k-images-idx3-ubyte.gz", folder);
    if (access(images, R_OK) != 0)
        cr_skip_test("MNIST's test images are not in %s: not tested", folder);
    snprintf(text, sizeof text,
             "network: {widths: [784, 10]}\n"
             "data: {kind: idx, file: %s, targets_file: "
             "%s/t10k-labels-idx1-ubyte.gz, rows: 1000}\ntime: {end: 1}\n",
             images, folder);
    LNN_OK(load_text(text, &problem, &data));
    cr_assert(data->m == 1000 && data->k == 10 &&
              data->Y[7] == 1); /* the first is a 7 */
    double sum = 0;
    for (size_t i = 0; i < 784; i++) sum += 255 * data->X[i];
    LNN_CLOSE(sum, 18454, 1e-8); /* of the first image's bytes */
    lnn_data_free(data);
    lnn_problem_free(problem);
}
