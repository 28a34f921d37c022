/* LD_PRELOAD: kills the process before its k-th call that changes a file.
 *
 *   LNN_CRASH_AT=k    kill before call k (1, 2, ...); not set: count only
 *   LNN_CRASH_TORN=1  let the first half of that call's bytes through
 *   LNN_CRASH_COUNT=F at exit, write the number of calls to F */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t write_call(int, const void *, size_t);
typedef ssize_t pwrite_call(int, const void *, size_t, off_t);
typedef int truncate_call(int, off_t);
typedef int rename_call(const char *, const char *);
typedef int sync_call(int);

static unsigned long calls;

/* Object pointers and function pointers may not be cast to each other in ISO C. */
static void find(const char *name, void *call)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(call, &symbol, sizeof symbol);
}

static int is_due(void)
{
    const char *at = getenv("LNN_CRASH_AT");
    return ++calls == (at == NULL ? 0 : strtoul(at, NULL, 10));
}

static int is_torn(void)
{
    return getenv("LNN_CRASH_TORN") != NULL;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

ssize_t write(int file, const void *bytes, size_t n)
{
    write_call *call;
    find("write", &call);
    if (file <= STDERR_FILENO) return call(file, bytes, n);
    if (is_due()) {
        if (is_torn()) (void)!call(file, bytes, n / 2);
        die();
    }
    return call(file, bytes, n);
}

ssize_t pwrite(int file, const void *bytes, size_t n, off_t at)
{
    pwrite_call *call;
    find("pwrite", &call);
    if (is_due()) {
        if (is_torn()) (void)!call(file, bytes, n / 2, at);
        die();
    }
    return call(file, bytes, n, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t n, off_t at)
{
    return pwrite(file, bytes, n, at);
}

int ftruncate(int file, off_t size)
{
    truncate_call *call;
    find("ftruncate", &call);
    if (is_due()) die();
    return call(file, size);
}

int ftruncate64(int file, off_t size)
{
    return ftruncate(file, size);
}

int rename(const char *from, const char *to)
{
    rename_call *call;
    find("rename", &call);
    if (is_due()) die();
    return call(from, to);
}

int fdatasync(int file)
{
    sync_call *call;
    find("fdatasync", &call);
    if (is_due()) die();
    return call(file);
}

int fsync(int file)
{
    sync_call *call;
    find("fsync", &call);
    if (is_due()) die();
    return call(file);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("LNN_CRASH_COUNT");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL) return;
    fprintf(file, "%lu\n", calls);
    fclose(file);
}
