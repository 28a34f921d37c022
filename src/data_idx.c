/* Data in MNIST's idx format, plain or gzipped: two zero bytes, the type of the
 * numbers, the number of axes; the length of every axis (4 bytes, the highest first);
 * the numbers, the highest byte first, the last axis running fastest. */
#include "data_parts.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "lnn/err.h"

enum { AXES = 8 };

struct idx { /* a file being read */
    const char *path;
    gzFile file;
    size_t at; /* bytes read, of what is in the gzip file */
    unsigned type;
    size_t width, axes, length[AXES]; /* bytes a number */
    size_t row;                       /* numbers an example */
};

/* Exactly n bytes. */
static int take(struct idx *f, void *bytes, size_t n, const char *what)
{
    size_t got = 0;
    while (got < n) {
        size_t want = n - got < (1u << 30) ? n - got : 1u << 30;
        int now = gzread(f->file, (char *)bytes + got, (unsigned)want);
        if (now < 0) {
            int code;
            const char *why = gzerror(f->file, &code);
            return lnn_fail(GSL_EOF, "%s: error: cannot be read after byte %zu: %s",
                            f->path, f->at + got,
                            code == Z_ERRNO ? strerror(errno) : why);
        }
        if (now == 0)
            return lnn_fail(GSL_EINVAL,
                            "%s: error: the file ends at byte %zu, within %s", f->path,
                            f->at + got, what);
        got += (size_t)now;
    }
    f->at += n;
    return GSL_SUCCESS;
}

/* Bytes of a number of this type; 0: there is no such type. */
static size_t width_of(unsigned type)
{
    switch (type) {
    case 0x08: /* unsigned byte */
    case 0x09: /* signed byte */
        return 1;
    case 0x0B: /* short */
        return 2;
    case 0x0C: /* int */
    case 0x0D: /* float */
        return 4;
    case 0x0E: /* double */
        return 8;
    default:
        return 0;
    }
}

static int read_lengths(struct idx *f)
{
    unsigned char b[4];
    double numbers = 1;
    for (size_t i = 0; i < f->axes; i++) {
        size_t at = f->at;
        LNN_TRY(take(f, b, 4, "the lengths of the axes"));
        f->length[i] =
            (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | (size_t)b[3];
        numbers *= (double)f->length[i];
        if (i > 0) f->row *= f->length[i];
        if (f->length[i] == 0 || numbers > 1e11)
            return lnn_fail(GSL_EINVAL,
                            "%s: error: bytes %zu to %zu make axis %zu of length %zu, "
                            "%s",
                            f->path, at, at + 3, i + 1, f->length[i],
                            f->length[i] ? "more numbers than can be meant"
                                         : "where nothing is");
    }
    return GSL_SUCCESS;
}

static int open_idx(const char *path, size_t least, size_t most, struct idx *f)
{
    unsigned char b[4];
    *f = (struct idx){.path = path, .row = 1};
    errno = 0;
    f->file = gzopen(path, "rb");
    if (!f->file)
        return lnn_fail(errno ? GSL_EOF : GSL_ENOMEM, "%s: error: cannot be opened: %s",
                        path, errno ? strerror(errno) : "out of memory");
    LNN_TRY(take(f, b, 4, "the magic number"));
    if (b[0] != 0 || b[1] != 0)
        return lnn_fail(
            GSL_EINVAL,
            "%s: error: bytes 0 and 1 are 0x%02x 0x%02x; an idx file begins "
            "with two zeros",
            path, b[0], b[1]);
    f->type = b[2];
    f->width = width_of(f->type);
    f->axes = b[3];
    if (f->width == 0)
        return lnn_fail(
            GSL_EINVAL,
            "%s: error: byte 2, the type, is 0x%02x; known are 0x08 (unsigned "
            "byte), 0x09 (signed byte), 0x0b (short), 0x0c (int), 0x0d "
            "(float), 0x0e (double)",
            path, b[2]);
    if (f->axes < least || f->axes > most)
        return lnn_fail(GSL_EINVAL, "%s: error: byte 3, the number of axes, is %u; %s",
                        path, b[3],
                        most == 1 ? "labels have one" : "inputs have two to eight");
    return read_lengths(f);
}

static uint64_t big_endian(const unsigned char *b, size_t width)
{
    uint64_t x = 0;
    for (size_t i = 0; i < width; i++) x = x << 8 | b[i];
    return x;
}

static double number(const struct idx *f, const unsigned char *b)
{
    uint64_t bits = big_endian(b, f->width);
    uint32_t low = (uint32_t)bits;
    float single;
    double whole;
    switch (f->type) {
    case 0x08:
        return (double)bits;
    case 0x09:
        return (double)(int8_t)bits;
    case 0x0B:
        return (double)(int16_t)bits;
    case 0x0C:
        return (double)(int32_t)low;
    case 0x0D:
        memcpy(&single, &low, sizeof single);
        return (double)single;
    default:
        memcpy(&whole, &bits, sizeof whole);
        return whole;
    }
}

/* Those of the examples that rows names (n of them, ascending), `row` numbers each. */
static int read_rows(struct idx *f, const size_t rows[], size_t n, double out[])
{
    size_t bytes = f->row * f->width, next = 0;
    unsigned char *b = malloc(bytes + 1);
    int status = b ? GSL_SUCCESS : lnn_fail(GSL_ENOMEM, "%s: out of memory", f->path);
    for (size_t i = 0; i < f->length[0] && status == GSL_SUCCESS; i++) {
        size_t begin = f->at;
        status = take(f, b, bytes, "the numbers");
        if (status != GSL_SUCCESS || next == n || rows[next] != i) continue;
        double *to = out + next++ * f->row;
        for (size_t c = 0; c < f->row && status == GSL_SUCCESS; c++) {
            to[c] = number(f, b + c * f->width);
            if (!isfinite(to[c]))
                status = lnn_fail(GSL_EINVAL,
                                  "%s: error: the number at byte %zu is not finite",
                                  f->path, begin + c * f->width);
        }
    }
    char more;
    if (status == GSL_SUCCESS && gzread(f->file, &more, 1) > 0)
        status =
            lnn_fail(GSL_EINVAL,
                     "%s: error: there are more bytes after byte %zu, where by its "
                     "axes the file ends",
                     f->path, f->at);
    free(b);
    return status;
}

static void close_idx(struct idx *f)
{
    if (f->file) gzclose(f->file);
    f->file = NULL;
}

static int read_labels(struct lnn_data *data, struct idx *f)
{
    LNN_TRY(open_idx(data->source, 1, 1, f));
    data->m = f->length[0];
    data->k = 1;
    data->Y = lnn_data_array(data->m, 1);
    data->lines = malloc(data->m * sizeof *data->lines);
    data->target_names = calloc(2, sizeof *data->target_names);
    if (data->target_names) data->target_names[0] = strdup("label");
    if (!data->Y || !data->lines || !data->target_names || !data->target_names[0])
        return lnn_fail(GSL_ENOMEM, "out of memory for the data");
    for (size_t i = 0; i < data->m; i++) data->lines[i] = i;
    LNN_TRY(read_rows(f, data->lines, data->m, data->Y));
    for (size_t i = 0; i < data->m; i++) data->lines[i] = i + 1;
    return lnn_data_one_hot(data);
}

static int read_inputs(const struct lnn_problem *problem, const char *path,
                       struct lnn_data *data, struct idx *f)
{
    LNN_TRY(open_idx(path, 2, AXES, f));
    if (f->length[0] != data->m)
        return lnn_fail(
            GSL_EINVAL,
            "%s: error: bytes 4 to 7 make it %zu examples; %s has %zu labels", path,
            f->length[0], data->source, data->m);
    size_t n, *rows = lnn_data_choose(problem, path, data->m, &n);
    if (!rows) return GSL_EINVAL;
    data->d = f->row;
    data->X = lnn_data_array(n, data->d);
    data->input_names = lnn_data_names("x", data->d);
    int status =
        data->X && data->input_names ? read_rows(f, rows, n, data->X) : GSL_ENOMEM;
    if (status == GSL_SUCCESS) {
        double *X = data->X;
        data->X = NULL; /* it holds the rows already */
        lnn_data_keep(data, rows, n);
        data->X = X;
    }
    free(rows);
    data->weight = 1 / (double)n;
    if (f->type == 0x08) data->divisor = 255;
    return status;
}

int lnn_data_from_idx(const struct lnn_problem *problem, struct lnn_data *data)
{
    struct idx f = {.file = NULL};
    char *path = lnn_problem_path(problem, problem->data.file);
    data->source = lnn_problem_path(problem, problem->data.targets_file);
    int status = path && data->source ? read_labels(data, &f)
                                      : lnn_fail(GSL_ENOMEM, "out of memory");
    close_idx(&f);
    if (status == GSL_SUCCESS) status = read_inputs(problem, path, data, &f);
    close_idx(&f);
    free(path);
    return status;
}
