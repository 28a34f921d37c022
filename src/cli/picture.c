/* A picture of a page, taken by whatever browser is installed: each is tried, without a
 * shell and with a profile of its own, until a PNG file is there. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cli.h"

enum { ARGUMENTS = 20, TEXT = 4200, PATIENCE = 120 /* s */, HIGHEST = 30000 };

struct camera {
    const struct cli_picture *p;
    const char *program;
    char folder[TEXT];  /* temporary: profile, output */
    char url[TEXT * 3]; /* of the page */
    char shot[TEXT + 20], words[TEXT + 20];
    int view_width, view_height; /* what of a window is the page's */
    int height;                  /* of the picture */
};

static const char *const browsers[] = {"chromium", "chromium-browser", "google-chrome",
                                       "google-chrome-stable", NULL};

/* file:// URL of a path, every byte but the plain ones as %XX. */
static bool make_url(const char *path, char *url, size_t room)
{
    char *full = realpath(path, NULL);
    size_t n = 0;
    if (!full) return false;
    n += (size_t)snprintf(url, room, "file://");
    for (const char *c = full; *c && n + 4 < room; c++) {
        bool bare = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= '0' && *c <= '9') || strchr("/-_.~", *c);
        n += (size_t)snprintf(url + n, room - n, bare ? "%c" : "%%%02X",
                              (unsigned char)*c);
    }
    free(full);
    return n + 4 < room;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    (void)remove(path);
    return 0;
}

/* In the child: nothing to read, output to a file, messages to nowhere. */
static void become(const struct camera *c, char *const argv[])
{
    int in = open("/dev/null", O_RDWR);
    int out = open(c->words, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    (void)setpgid(0, 0);
    if (in < 0 || out < 0) _exit(127);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(in, 2) < 0) _exit(127);
    (void)setenv("HOME", c->folder, 1);
    (void)setenv("XDG_CONFIG_HOME", c->folder, 1);
    (void)setenv("XDG_CACHE_HOME", c->folder, 1);
    execvp(argv[0], argv);
    _exit(127);
}

/* Its exit code; -1 when it took too long, was killed, or a signal came. */
static int run(const struct camera *c, char *const argv[])
{
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) become(c, argv);
    int status = 0;
    pid_t ended = 0;
    struct timespec nap = {0, 20000000};
    for (int i = 0; i < PATIENCE * 50 && ended == 0 && !cli_signal; i++) {
        ended = waitpid(child, &status, WNOHANG);
        if (ended == 0) nanosleep(&nap, NULL);
    }
    (void)kill(-child, SIGKILL); /* with what it may have left behind */
    if (ended == 0) (void)waitpid(child, &status, 0);
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void browse(struct camera *c, int width, int height, const char *task)
{
    char size[60], profile[TEXT + 40];
    snprintf(size, sizeof size, "--window-size=%d,%d", width, height);
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", c->folder);
    char *argv[ARGUMENTS] = {(char *)c->program,
                             (char *)"--headless",
                             (char *)"--disable-gpu",
                             (char *)"--hide-scrollbars",
                             (char *)"--no-first-run",
                             (char *)"--disable-extensions",
                             (char *)"--disable-dev-shm-usage",
                             (char *)"--force-device-scale-factor=1",
                             (char *)"--virtual-time-budget=5000",
                             size,
                             profile};
    size_t n = 11;
    if (geteuid() == 0) argv[n++] = (char *)"--no-sandbox"; /* root has none */
    argv[n++] = (char *)task;
    argv[n++] = c->url;
    (void)run(c, argv);
}

static char *slurp(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = NULL;
    size_t n = 0, room = 0;
    while (in && (room == n || !feof(in)) && !ferror(in)) {
        char *grown = realloc(text, (room = 2 * room + 4096) + 1);
        if (!grown) break;
        text = grown;
        n += fread(text + n, 1, room - n, in);
        text[n] = '\0';
        if (n < room) break;
    }
    if (in) fclose(in);
    return text;
}

/* The page's script leaves its height, and that of the view, in the document. */
static int measure(struct camera *c, int width, int height)
{
    int page = 0;
    browse(c, width, height, "--dump-dom");
    char *text = slurp(c->words);
    const char *at = text ? strstr(text, "data-height=\"") : NULL;
    if (at) page = (int)strtol(at + strlen("data-height=\""), NULL, 10);
    at = text ? strstr(text, "data-view=\"") : NULL;
    if (at && sscanf(at, "data-view=\"%d %d", &c->view_width, &c->view_height) != 2)
        page = 0;
    free(text);
    return page;
}

/* A window is larger than its view by the same, whatever its size. What a picture of
 * the window has more at its lower end is cut off. */
static bool shoot(struct camera *c)
{
    char task[TEXT + 40];
    long width, height;
    int wanted = c->p->height, probe = wanted ? wanted : 900;
    int page = measure(c, c->p->width, probe);
    if (page <= 0) return false;
    if (!wanted) wanted = page < HIGHEST ? page : HIGHEST;
    c->height = wanted;
    snprintf(task, sizeof task, "--screenshot=%s", c->shot);
    browse(c, c->p->width + (c->p->width - c->view_width),
           wanted + (probe - c->view_height), task);
    return cli_png_size(c->shot, &width, &height) && width >= c->p->width &&
           height >= wanted;
}

static bool shoot_webkit(struct camera *c)
{
    char width[20], crop[20];
    long w, h;
    snprintf(width, sizeof width, "%d", c->p->width);
    snprintf(crop, sizeof crop, "%d", c->p->height);
    char *argv[ARGUMENTS] = {(char *)c->program, (char *)"--quiet", (char *)"--width",
                             width};
    size_t n = 4;
    if (c->p->height) argv[n++] = (char *)"--crop-h", argv[n++] = crop;
    argv[n++] = c->url;
    argv[n++] = c->shot;
    (void)run(c, argv);
    c->height = c->p->height; /* 0: all */
    return cli_png_size(c->shot, &w, &h);
}

static bool take(struct camera *c)
{
    for (size_t i = 0; browsers[i] && !cli_signal; i++) {
        c->program = browsers[i];
        if (shoot(c)) return true;
    }
    c->program = "wkhtmltoimage";
    return !cli_signal && shoot_webkit(c);
}

int cli_picture(const struct cli_picture *p)
{
    struct camera c = {.p = p};
    const char *tmp = getenv("TMPDIR");
    int code = CLI_IO;
    snprintf(c.folder, sizeof c.folder, "%.4000s/lnnflow.XXXXXX",
             tmp && *tmp ? tmp : "/tmp");
    if (!make_url(p->page, c.url, sizeof c.url) || !mkdtemp(c.folder)) {
        cli_say("no picture of %s: %s", p->page, strerror(errno));
        return CLI_IO;
    }
    snprintf(c.shot, sizeof c.shot, "%s/shot.png", c.folder);
    snprintf(c.words, sizeof c.words, "%s/words", c.folder);
    cli_signals_catch();
    bool taken = take(&c);
    if (taken && cli_png_cut(c.shot, c.height, p->path))
        code = CLI_DONE;
    else if (taken)
        cli_say("cannot write %s: %s", p->path, strerror(errno));
    else if (cli_signal)
        code = 128 + (int)cli_signal;
    else
        cli_say("no picture: none of chromium, chromium-browser, google-chrome and "
                "wkhtmltoimage works here; on Debian apt install chromium. The page is "
                "in %s",
                p->page);
    (void)nftw(c.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}
