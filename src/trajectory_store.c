/* Adding a table to a finished file, ours or another program's.
 *
 *   /<table>        title, the caller's attributes; each column of texts is an
 *                   attribute too, an array of strings of variable length in UTF-8
 *     <axis>        (rows) int32 index: the scale of the columns
 *     <column>      (rows) double
 *     <bytes>       (n) uint8, the long text
 *     volatile      a group: attributes that differ from time to time
 *
 * Why texts are no datasets: Octave's load ends at a string of variable length or of
 * UTF-8, and what comes after it is not loaded; netCDF's library (4.9) reads past its
 * memory at one of fixed length; h5netcdf has no compound types. Attributes that are
 * arrays of strings go everywhere except Octave, and bytes go there too.
 *
 * The file is not touched: others may be reading it, and it may be the only copy. It
 * is copied byte by byte to PATH.tmp, so that whatever is in it stays; HDF5 adds the
 * table there; that is synced, and renamed over the file. Other hard links to the file
 * keep the old one; access lists and extended attributes are not copied. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "h5_private.h"
#include "lnn/err.h"
#include "trajectory_private.h"
#include "trajectory_reader.h"

struct store {
    const char *path;
    char *real, *temporary; /* real: what the path is a link to, or the path */
    int source;
    struct stat was;
    struct lnn_h5_disk *disk; /* of the copy */
    hid_t file;
};

static struct lnn_stamp stamp_of(const struct stat *info)
{
    return (struct lnn_stamp){.device = info->st_dev,
                              .inode = info->st_ino,
                              .size = info->st_size,
                              .seconds = info->st_mtim.tv_sec,
                              .nanoseconds = info->st_mtim.tv_nsec};
}

int lnn_file_stamp(const char *path, struct lnn_stamp *stamp)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return lnn_fail(GSL_EOF, "cannot read %s: %s", path, strerror(errno));
    *stamp = stamp_of(&info);
    return GSL_SUCCESS;
}

static bool same_stamp(const struct lnn_stamp *a, const struct lnn_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

/* Is the file what it was when it was read (or opened here)? */
static int check_stamp(const struct store *s, const struct lnn_stamp *was)
{
    struct lnn_stamp now;
    LNN_TRY(lnn_file_stamp(s->real, &now));
    if (was == NULL || same_stamp(&now, was)) return GSL_SUCCESS;
    return lnn_fail(GSL_EOF, "%s was changed while it was read: nothing is stored",
                    s->path);
}

static int open_source(struct store *s)
{
    size_t n;
    struct stat link;
    bool linked = lstat(s->path, &link) == 0 && S_ISLNK(link.st_mode);
    s->real = linked ? realpath(s->path, NULL) : strdup(s->path);
    if (s->real == NULL)
        return lnn_fail(GSL_EOF, "cannot read %s: %s", s->path, strerror(errno));
    n = strlen(s->real) + sizeof ".tmp";
    s->temporary = malloc(n);
    if (s->temporary == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    snprintf(s->temporary, n, "%s.tmp", s->real);
    s->source = open(s->real, O_RDONLY | O_CLOEXEC);
    if (s->source < 0 || fstat(s->source, &s->was) != 0)
        return lnn_fail(GSL_EOF, "cannot read %s: %s", s->path, strerror(errno));
    if (!S_ISREG(s->was.st_mode))
        return lnn_fail(GSL_EOF, "cannot write %s: it is not a regular file", s->path);
    /* renaming would not ask */
    if (access(s->real, W_OK) != 0)
        return lnn_fail(GSL_EOF, "cannot write %s: %s", s->path, strerror(errno));
    /* HDF5 locks what it writes; a system without locks knows of no writer */
    if (flock(s->source, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return lnn_fail(GSL_EOF,
                        "cannot write %s: another program has it open for "
                        "writing",
                        s->path);
    return GSL_SUCCESS;
}

static bool says(struct lnn_reader *reader, const char *group, const char *name,
                 const char *begin)
{
    char *text = lnn_reader_attribute(reader, group, name);
    bool found = text != NULL && strncmp(text, begin, strlen(begin)) == 0;
    free(text);
    return found;
}

static int check_content(const struct store *s, struct lnn_reader *reader,
                         const char *name)
{
    H5I_type_t kind;
    struct lnn_h5_printing printing = lnn_h5_silence();
    htri_t link = H5Lexists(reader->file, name, H5P_DEFAULT);
    int status = lnn_h5_kind(reader->file, name, &kind);
    lnn_h5_restore(printing);
    LNN_TRY(status);
    if (says(reader, "", "layout_version", "") && !says(reader, "", "complete", "1"))
        return lnn_fail(GSL_EOF,
                        "%s is not complete: still written, or cut off; nothing is "
                        "stored in it",
                        s->path);
    if (link == 0 || (kind == H5I_GROUP && says(reader, name, "source", "lnnflow")))
        return GSL_SUCCESS;
    return lnn_fail(GSL_EINVAL,
                    "%s holds a \"%s\" that lnnflow did not write: it stays, and "
                    "nothing is stored",
                    s->path, name);
}

/* Whatever speaks against it is found before anything is written. */
static int check_source(const struct store *s, const struct lnn_stamp *stamp,
                        const char *name)
{
    struct lnn_reader *reader;
    LNN_TRY(check_stamp(s, stamp));
    LNN_TRY(lnn_reader_open(s->path, &reader));
    int status = check_content(s, reader, name);
    lnn_reader_close(reader);
    return status;
}

/* Nobody may see in the copy what he may not see in the file. */
static int set_owner(const struct store *s)
{
    struct stat is;
    int to = s->disk->descriptor;
    if (fstat(to, &is) != 0)
        return lnn_fail(GSL_EOF, "cannot write %s: %s", s->temporary, strerror(errno));
    bool moved = is.st_uid != s->was.st_uid || is.st_gid != s->was.st_gid;
    if (moved && fchown(to, s->was.st_uid, s->was.st_gid) != 0)
        return lnn_fail(GSL_EOF, "cannot write %s and keep its owner: %s", s->path,
                        strerror(errno));
    if (fchmod(to, s->was.st_mode & 07777) != 0)
        return lnn_fail(GSL_EOF, "cannot write %s and keep its mode: %s", s->path,
                        strerror(errno));
    return GSL_SUCCESS;
}

/* One block to the copy; GSL_EOF, with errno, when it does not fit. */
static int put_block(const struct store *s, const char *from, size_t n, off_t at)
{
    while (n > 0) {
        ssize_t put = pwrite(s->disk->descriptor, from, n, at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            if (put == 0) errno = EIO;
            return lnn_fail(GSL_EOF, "cannot write %s: %s", s->temporary,
                            strerror(errno));
        }
        from += put, at += put, n -= (size_t)put;
    }
    return GSL_SUCCESS;
}

static int copy_bytes(const struct store *s)
{
    enum { BLOCK = 1 << 20 };
    char *block = malloc(BLOCK);
    int status = block == NULL ? lnn_fail(GSL_ENOMEM, "out of memory") : GSL_SUCCESS;
    for (off_t at = 0; status == GSL_SUCCESS && at < s->was.st_size;) {
        ssize_t got = pread(s->source, block, BLOCK, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            status = lnn_fail(GSL_EOF, "cannot read %s: %s", s->path,
                              got < 0 ? strerror(errno) : "it was cut off");
            break;
        }
        status = put_block(s, block, (size_t)got, at);
        at += got;
    }
    free(block);
    return status;
}

static int open_file(struct store *s)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    int status = GSL_SUCCESS;
    if (access < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot set up HDF5");
    if (status == GSL_SUCCESS) status = lnn_h5_disk_use(s->disk, access);
    if (status == GSL_SUCCESS) s->file = H5Fopen(s->temporary, H5F_ACC_RDWR, access);
    if (status == GSL_SUCCESS && s->file < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot write %s", s->path);
    return lnn_h5_done(status, H5Pclose, access);
}

static int close_file(int status, struct store *s)
{
    status = lnn_h5_done(status, H5Fclose, s->file);
    s->file = -1;
    return lnn_h5_disk_check(status, s->disk, s->temporary);
}

static int make_copy(struct store *s)
{
    (void)unlink(s->temporary); /* what a crash left there */
    LNN_TRY(lnn_h5_disk_open(s->temporary, true, &s->disk));
    LNN_TRY(set_owner(s));
    LNN_TRY(copy_bytes(s));
    return open_file(s);
}

static int write_column(hid_t group, const struct lnn_sheet *sheet,
                        const struct lnn_sheet_column *c)
{
    const struct lnn_variable v = {.name = c->name,
                                   .doc = c->doc,
                                   .units = "1",
                                   .rank = 1,
                                   .dims = {sheet->rows},
                                   .axes = {sheet->axis},
                                   .fixed = c->numbers};
    return c->texts != NULL ? lnn_layout_texts(group, c->name, sheet->rows, c->texts)
                            : lnn_layout_fixed(group, &v);
}

static int write_all(hid_t group, size_t n, const struct lnn_attribute attributes[])
{
    for (size_t i = 0; i < n; i++) LNN_TRY(lnn_layout_attribute(group, &attributes[i]));
    return GSL_SUCCESS;
}

static int fill_sheet(hid_t group, const struct lnn_sheet *sheet)
{
    const struct lnn_attribute title = {
        .name = "title", .kind = 't', .text = sheet->doc};
    LNN_TRY(lnn_layout_attribute(group, &title));
    LNN_TRY(write_all(group, sheet->n_attributes, sheet->attributes));
    for (size_t i = 0; sheet->rows > 0 && i < sheet->n_columns; i++)
        LNN_TRY(write_column(group, sheet, &sheet->columns[i]));
    if (sheet->bytes != NULL && sheet->bytes[0] != '\0')
        LNN_TRY(lnn_layout_bytes(group, sheet->bytes_name, sheet->bytes_doc,
                                 strlen(sheet->bytes), sheet->bytes));
    hid_t apart = lnn_layout_group(group, "volatile");
    if (apart < 0) return GSL_EOF;
    int status = write_all(apart, sheet->n_volatile, sheet->volatile_attributes);
    return lnn_h5_done(status, H5Gclose, apart);
}

/* The old table's place is used again, except that of its texts: HDF5 never frees
 * strings of variable length. h5repack does. */
static int write_sheet(const struct store *s, const struct lnn_sheet *sheet)
{
    htri_t there = H5Lexists(s->file, sheet->name, H5P_DEFAULT);
    if (there < 0 || (there > 0 && H5Ldelete(s->file, sheet->name, H5P_DEFAULT) < 0))
        return lnn_h5_fail(GSL_EOF, "cannot replace %s in %s", sheet->name, s->path);
    hid_t group = lnn_layout_group(s->file, sheet->name);
    if (group < 0) return GSL_EOF;
    int status = fill_sheet(group, sheet);
    return lnn_h5_done(status, H5Gclose, group);
}

/* Another program may have put a copy of its own there. */
static bool is_mine(const struct store *s)
{
    struct stat mine, named;
    return s->disk != NULL && fstat(s->disk->descriptor, &mine) == 0 &&
           stat(s->temporary, &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

static int install(const struct store *s)
{
    const struct lnn_stamp was = stamp_of(&s->was);
    if (!is_mine(s))
        return lnn_fail(GSL_EOF, "cannot write %s: another program writes %s", s->path,
                        s->temporary);
    LNN_TRY(check_stamp(s, &was));
    if (rename(s->temporary, s->real) != 0)
        return lnn_fail(GSL_EOF, "cannot rename %s to %s: %s", s->temporary, s->real,
                        strerror(errno));
    (void)lnn_file_sync_folder(s->real); /* not every system can; it is stored */
    return GSL_SUCCESS;
}

static int store(struct store *s, const struct lnn_stamp *stamp,
                 const struct lnn_sheet *sheet)
{
    LNN_TRY(open_source(s));
    LNN_TRY(check_source(s, stamp, sheet->name));
    int status = make_copy(s);
    if (status == GSL_SUCCESS) status = write_sheet(s, sheet);
    if (s->disk != NULL) status = close_file(status, s);
    if (status == GSL_SUCCESS) status = lnn_h5_disk_sync(s->disk);
    status = lnn_h5_disk_check(status, s->disk, s->temporary);
    if (status == GSL_SUCCESS) status = install(s);
    if (status != GSL_SUCCESS && is_mine(s)) (void)unlink(s->temporary);
    return status;
}

int lnn_file_store(const char *path, const struct lnn_stamp *stamp,
                   const struct lnn_sheet *sheet)
{
    struct store s = {.path = path, .source = -1, .file = -1};
    struct lnn_h5_printing printing = lnn_h5_silence();
    int status = store(&s, stamp, sheet);
    lnn_h5_restore(printing);
    status = lnn_h5_disk_close(status, s.disk, path);
    if (s.source >= 0) close(s.source);
    free(s.real);
    free(s.temporary);
    return status;
}
