/* Where bytes come from and go to: an HDF5 file driver over a descriptor of ours.
 *
 * Writing: HDF5 does not survive a failed write. On a full disk its sec2 driver leaves
 * a file that cannot be closed, which crashes or loops later. This driver keeps the
 * first error, drops what is written after it and tells HDF5 that all is well; our code
 * asks for the error after every flush. Dropping also keeps time rows out of a file
 * whose data rows failed. The descriptor is ours, so syncing and closing it are checked
 * here too.
 *
 * Reading: texts lie in "global heaps", which HDF5 1.10 believes without a check; a
 * damaged one makes it crash or loop. The driver looks at each heap before HDF5 does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "h5_private.h"
#include "lnn/err.h"
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

struct driver {  /* HDF5's view of one file */
    H5FD_t base; /* first: HDF5 casts to it */
    struct lnn_h5_disk *disk;
    haddr_t allocated, end;
};

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    (void)name, (void)flags, (void)most;
    struct lnn_h5_disk *const *disk = H5Pget_driver_info(access);
    struct driver *driver = disk == NULL ? NULL : calloc(1, sizeof *driver);
    struct stat info;
    if (driver == NULL || fstat((*disk)->descriptor, &info) != 0) {
        free(driver);
        return NULL;
    }
    driver->disk = *disk;
    driver->end = (haddr_t)info.st_size;
    return &driver->base;
}

static herr_t driver_close(H5FD_t *file)
{
    free(file);
    return 0;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
             H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver *)file)->allocated;
}

static herr_t driver_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((struct driver *)file)->allocated = address;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver *)file)->end;
}

static size_t little_endian(const unsigned char *bytes, int n)
{
    size_t value = 0;
    while (n-- > 0) value = value << 8 | bytes[n];
    return value;
}

/* Do the objects of a heap ("GCOL", version 1, size, then objects of index, count,
 * size) lie within it? `n` bytes of it are here; the rest comes with a later read. */
static bool is_sound_heap(const unsigned char *bytes, size_t n)
{
    enum { HEADER = 16 };
    size_t size = little_endian(bytes + 8, 8), at = HEADER;
    if (bytes[4] != 1 || size < HEADER || size > SIZE_MAX / 2) return false;
    while (at + HEADER <= size && at + HEADER <= n) {
        size_t index = little_endian(bytes + at, 2);
        size_t need = little_endian(bytes + at + 8, 8);
        if (need > size - at) return false;
        if (index > 0) need = HEADER + (need + 7) / 8 * 8; /* index 0: the free rest */
        if (need < HEADER || need > size - at) return false;
        at += need;
    }
    return true;
}

static herr_t check_heap(const void *bytes, size_t n)
{
    if (n < 16 || memcmp(bytes, "GCOL", 4) != 0 || is_sound_heap(bytes, n)) return 0;
    (void)H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_HEAP,
                   H5E_BADVALUE, "a heap of texts is damaged");
    return -1;
}

static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at,
                          size_t n, void *bytes)
{
    (void)type, (void)transfer;
    char *to = bytes;
    size_t wanted = n;
    const struct driver *driver = (const struct driver *)file;
    while (n > 0) {
        ssize_t got = pread(driver->disk->descriptor, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) { /* HDF5 reads beyond the end what it has not written yet */
            memset(to, 0, n);
            break;
        }
        to += got, at += (haddr_t)got, n -= (size_t)got;
    }
    return check_heap(bytes, wanted);
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at,
                           size_t n, const void *bytes)
{
    (void)type, (void)transfer;
    const char *from = bytes;
    struct driver *driver = (struct driver *)file;
    if (at + n > driver->end) driver->end = at + n;
    while (n > 0 && driver->disk->error == 0) {
        ssize_t put = pwrite(driver->disk->descriptor, from, n, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            driver->disk->error = put < 0 ? errno : EIO;
            break;
        }
        from += put, at += (haddr_t)put, n -= (size_t)put;
    }
    return 0;
}

static herr_t driver_truncate(H5FD_t *file, hid_t transfer, hbool_t closing)
{
    (void)transfer, (void)closing;
    struct driver *driver = (struct driver *)file;
    struct lnn_h5_disk *disk = driver->disk;
    if (driver->end == driver->allocated) return 0;
    if (disk->error == 0 && ftruncate(disk->descriptor, (off_t)driver->allocated) != 0)
        disk->error = errno;
    driver->end = driver->allocated;
    return 0;
}

static const H5FD_class_t CLASS = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)511, /* from the range left for one's own drivers */
#endif
    .name = "lnnflow",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(struct lnn_h5_disk *),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_get_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_get_eof,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

int lnn_h5_disk_open(const char *path, bool create, struct lnn_h5_disk **out)
{
    int flags = O_CLOEXEC | (create ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY);
    struct lnn_h5_disk *disk = calloc(1, sizeof *disk);
    *out = disk;
    if (disk == NULL) return lnn_fail(GSL_ENOMEM, "out of memory for %s", path);
    disk->descriptor = open(path, flags, 0666);
    if (disk->descriptor >= 0) return GSL_SUCCESS;
    int status = lnn_fail(GSL_EOF, "cannot %s %s: %s", create ? "create" : "read", path,
                          strerror(errno));
    free(disk);
    *out = NULL;
    return status;
}

int lnn_h5_disk_use(struct lnn_h5_disk *disk, hid_t access)
{
    hid_t driver = H5FDregister(&CLASS);
    int status = GSL_SUCCESS;
    if (driver < 0 || H5Pset_driver(access, driver, &disk) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot set up HDF5");
    return lnn_h5_done(status, H5FDunregister, driver); /* the property list keeps it */
}

int lnn_h5_disk_check(int status, const struct lnn_h5_disk *disk, const char *path)
{
    if (disk == NULL || disk->error == 0) return status;
    return lnn_fail(GSL_EOF, "cannot write %s: %s", path, strerror(disk->error));
}

int lnn_h5_disk_sync(struct lnn_h5_disk *disk)
{
    if (disk->error == 0 && fdatasync(disk->descriptor) != 0) disk->error = errno;
    return disk->error == 0 ? GSL_SUCCESS : GSL_EOF;
}

int lnn_h5_disk_close(int status, struct lnn_h5_disk *disk, const char *path)
{
    if (disk == NULL) return status;
    if (close(disk->descriptor) != 0 && disk->error == 0) disk->error = errno;
    if (status == GSL_SUCCESS) status = lnn_h5_disk_check(status, disk, path);
    free(disk);
    return status;
}
