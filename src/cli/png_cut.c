/* The top rows of a PNG file: a row depends only on those above, so the rest is cut off
 * and what is left is packed again. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "cli.h"

static const unsigned char SIGNATURE[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

enum { HEADER = 13, LARGEST = 1 << 30 };

struct png {
    unsigned char header[HEADER];
    unsigned char *packed; /* all IDAT chunks */
    size_t n;
};

static unsigned long word(const unsigned char *b)
{
    return (unsigned long)b[0] << 24 | (unsigned long)b[1] << 16 |
           (unsigned long)b[2] << 8 | b[3];
}

static void put_word(unsigned char *b, unsigned long x)
{
    for (int i = 0; i < 4; i++) b[i] = (unsigned char)(x >> (24 - 8 * i) & 0xff);
}

/* Bytes of a row with its filter's; 0 where rows are not simply one below the other. */
static size_t row_size(const unsigned char header[])
{
    static const size_t channels[] = {1, 0, 3, 1, 2, 0, 4};
    size_t depth = header[8], type = header[9];
    if (type > 6 || header[12] != 0) return 0;
    return channels[type] ? 1 + (word(header) * channels[type] * depth + 7) / 8 : 0;
}

/* false at the end, or where the file is damaged. */
static bool read_chunk(FILE *in, struct png *png)
{
    unsigned char head[8], sum[4];
    if (fread(head, 1, 8, in) != 8 || memcmp(head + 4, "IEND", 4) == 0) return false;
    size_t n = word(head);
    if (n > LARGEST || png->n + n > LARGEST) return false;
    unsigned char *grown = realloc(png->packed, png->n + n + 1);
    if (!grown) return false;
    png->packed = grown;
    if (fread(grown + png->n, 1, n, in) != n || fread(sum, 1, 4, in) != 4) return false;
    if (memcmp(head + 4, "IHDR", 4) == 0 && n == HEADER)
        memcpy(png->header, grown + png->n, HEADER);
    if (memcmp(head + 4, "IDAT", 4) == 0) png->n += n;
    return true;
}

static bool read_png(const char *path, struct png *png)
{
    unsigned char head[sizeof SIGNATURE];
    FILE *in = fopen(path, "rb");
    bool good = in && fread(head, 1, sizeof head, in) == sizeof head &&
                memcmp(head, SIGNATURE, sizeof head) == 0;
    *png = (struct png){0};
    while (good && read_chunk(in, png)) {
    }
    if (in) fclose(in);
    return good && word(png->header) > 0 && word(png->header + 4) > 0;
}

bool cli_png_size(const char *path, long *width, long *height)
{
    struct png png;
    bool good = read_png(path, &png);
    *width = (long)word(png.header);
    *height = (long)word(png.header + 4);
    free(png.packed);
    return good && png.n > 0;
}

static bool write_chunk(FILE *out, const char *kind, const unsigned char *bytes,
                        size_t n)
{
    unsigned char head[8], sum[4];
    put_word(head, n);
    memcpy(head + 4, kind, 4);
    uLong crc = crc32(crc32(0, head + 4, 4), bytes, (uInt)n);
    put_word(sum, crc);
    return fwrite(head, 1, 8, out) == 8 && fwrite(bytes, 1, n, out) == n &&
           fwrite(sum, 1, 4, out) == 4;
}

static bool write_png(const char *path, const struct png *png)
{
    FILE *out = fopen(path, "wb");
    bool good = out &&
                fwrite(SIGNATURE, 1, sizeof SIGNATURE, out) == sizeof SIGNATURE &&
                write_chunk(out, "IHDR", png->header, HEADER) &&
                write_chunk(out, "IDAT", png->packed, png->n) &&
                write_chunk(out, "IEND", (const unsigned char *)"", 0);
    return out && fclose(out) == 0 && good;
}

/* Unpacked to the rows wanted, packed again. */
static bool cut(struct png *png, unsigned long height)
{
    size_t size = row_size(png->header) * height;
    if (size == 0 || size > LARGEST) return false;
    uLongf n = compressBound(size), unpacked = size;
    unsigned char *rows = malloc(size), *packed = malloc(n);
    z_stream z = {.next_in = png->packed,
                  .avail_in = (uInt)png->n,
                  .next_out = rows,
                  .avail_out = (uInt)size};
    bool good = rows && packed && inflateInit(&z) == Z_OK;
    if (good) {
        int status = inflate(&z, Z_FINISH);
        good = z.avail_out == 0 &&
               (status == Z_STREAM_END || status == Z_BUF_ERROR || status == Z_OK);
        (void)inflateEnd(&z);
    }
    good = good && compress2(packed, &n, rows, unpacked, 9) == Z_OK;
    free(rows);
    free(png->packed);
    png->packed = packed;
    png->n = n;
    put_word(png->header + 4, height);
    return good;
}

bool cli_png_cut(const char *from, long height, const char *to)
{
    struct png png;
    bool good = read_png(from, &png);
    if (good && height > 0 && (unsigned long)height < word(png.header + 4))
        good = cut(&png, (unsigned long)height);
    good = good && write_png(to, &png);
    free(png.packed);
    return good;
}
