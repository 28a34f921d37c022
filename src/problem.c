/* Reading a problem: file -> YAML document -> sources (file, then --set) -> values and
 * defaults -> checks -> resolved form. Every stage runs whatever the ones before found,
 * so that all errors come at once. */
#include "lnn/problem.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lnn/err.h"
#include "problem_inner.h"

enum { FILE_MAX = 1 << 26 }; /* bytes; no problem file is larger */

static int slurp(FILE *file, const char *path, char **text, size_t *length)
{
    size_t n = 0, room = 1 << 14;
    char *at = NULL, *grown = NULL;
    while ((grown = realloc(at, room + 1)) != NULL) {
        at = grown;
        n += fread(at + n, 1, room - n, file);
        if (n < room || n >= FILE_MAX) break;
        room *= 2;
    }
    int code = GSL_SUCCESS;
    if (!grown)
        code = lnn_fail(GSL_ENOMEM, "%s: out of memory", path);
    else if (ferror(file))
        code = lnn_fail(GSL_EOF, "%s: cannot be read: %s", path, strerror(errno));
    else if (n >= FILE_MAX)
        code = lnn_fail(GSL_EOF, "%s: larger than 64 MiB: no problem file", path);
    if (code != GSL_SUCCESS) {
        free(at);
        return code;
    }
    at[n] = '\0';
    *text = at;
    *length = n;
    return GSL_SUCCESS;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup("");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static void collect(struct lnn_reading *r, size_t length, const char *const *set,
                    size_t point)
{
    struct lnn_document *d = lnn_yaml_load(r, r->problem->text, length, NULL);
    if (!d) return;
    if (!lnn_sources_file(r, d)) return;
    for (int i = 0; i < LNN_SECTIONS; i++)
        if (lnn_sections[i].list && !r->section[i].given)
            lnn_sources_default_list(r, i);
    for (size_t i = 0; set && set[i]; i++) lnn_sources_set(r, set[i]);
    lnn_sources_sweep(r, point);
    if (r->out_of_memory) return;
    lnn_values_read(r);
    if (!r->out_of_memory) lnn_problem_check(r);
}

static void reading_free(struct lnn_reading *r)
{
    lnn_documents_free(r->documents);
    for (size_t i = 0; i < r->n_messages; i++) free(r->messages[i].text);
    free(r->messages);
    free(r->entries);
    free(r);
}

static char **copy_texts(const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n]) n++;
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        if (!(copy[i] = strdup(texts[i]))) {
            while (i > 0) free(copy[--i]);
            free(copy);
            return NULL;
        }
    return copy;
}

/* `text` becomes the problem's own. */
static int parse(char *text, size_t length, const char *path, const char *const *set,
                 size_t point, struct lnn_problem **problem)
{
    struct lnn_reading *r = calloc(1, sizeof *r);
    struct lnn_problem *p = calloc(1, sizeof *p);
    if (!p || !r) {
        free(text);
        free(p);
        free(r);
        return lnn_fail(GSL_ENOMEM, "%s: out of memory", path);
    }
    p->text = text;
    p->path = strdup(path);
    p->folder = folder_of(path);
    r->path = path;
    r->problem = p;
    p->set = copy_texts(set);
    r->out_of_memory = !p->path || !p->folder || !p->set;
    if (!r->out_of_memory) collect(r, length, set, point);
    if (!r->out_of_memory && r->n_errors == 0) {
        p->resolved = lnn_problem_resolve(p);
        r->out_of_memory = !p->resolved;
        if (!r->out_of_memory) lnn_places_keep(r);
    }
    int code = lnn_messages_raise(r);
    reading_free(r);
    if (code == GSL_SUCCESS)
        *problem = p;
    else
        lnn_problem_free(p);
    return code;
}

/* Numbers have a decimal point whatever the caller's locale. */
static int parse_in_c_locale(char *text, size_t length, const char *path,
                             const char *const *set, size_t point,
                             struct lnn_problem **problem)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0) {
        free(text);
        return lnn_fail(GSL_ENOMEM, "%s: out of memory", path);
    }
    locale_t before = uselocale(c);
    int code = parse(text, length, path, set, point, problem);
    uselocale(before);
    freelocale(c);
    return code;
}

int lnn_problem_point(const struct lnn_problem *problem, size_t i,
                      struct lnn_problem **point)
{
    char *copy = strdup(problem->text);
    *point = NULL;
    if (!copy) return lnn_fail(GSL_ENOMEM, "%s: out of memory", problem->path);
    int code = parse_in_c_locale(copy, strlen(copy), problem->path,
                                 (const char *const *)problem->set, i, point);
    if (code != GSL_SUCCESS) return code;
    lnn_axes_free(&(*point)->sweep);
    (*point)->sweep = (struct lnn_axes){0};
    return GSL_SUCCESS;
}

/* Every value of the sweep must do, each with the others' first: found here rather than
 * after hours. */
static int check_points(const struct lnn_problem *problem)
{
    size_t stride = 1;
    for (size_t a = problem->sweep.n; a-- > 0; stride *= problem->sweep.at[a].n)
        for (size_t i = 1; i < problem->sweep.at[a].n; i++) {
            struct lnn_problem *point;
            LNN_TRY(lnn_problem_point(problem, i * stride, &point));
            lnn_problem_free(point);
        }
    return GSL_SUCCESS;
}

static int parse_all(char *text, size_t length, const char *path,
                     const char *const *set, struct lnn_problem **problem)
{
    LNN_TRY(parse_in_c_locale(text, length, path, set, 0, problem));
    int code = check_points(*problem);
    if (code == GSL_SUCCESS) return code;
    lnn_problem_free(*problem);
    *problem = NULL;
    return code;
}

int lnn_problem_read(const char *path, const char *const *set,
                     struct lnn_problem **problem)
{
    char *text = NULL;
    size_t length = 0;
    *problem = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return lnn_fail(GSL_EOF, "%s: cannot be opened: %s", path, strerror(errno));
    int code = slurp(file, path, &text, &length);
    fclose(file);
    if (code != GSL_SUCCESS) return code;
    return parse_all(text, length, path, set, problem);
}

int lnn_problem_parse(const char *text, const char *path, const char *const *set,
                      struct lnn_problem **problem)
{
    char *copy = strdup(text);
    *problem = NULL;
    if (!copy) return lnn_fail(GSL_ENOMEM, "%s: out of memory", path);
    return parse_all(copy, strlen(copy), path, set, problem);
}

static void release(void *base, bool list)
{
    for (const struct lnn_key *key = lnn_keys; key->section; key++)
        if (lnn_key_in_list(key) == list)
            lnn_type_of(key)->release((char *)base + key->offset);
}

void lnn_problem_free(struct lnn_problem *problem)
{
    if (!problem) return;
    for (size_t i = 0; i < problem->trajectories.n; i++)
        release(&problem->trajectories.at[i], true);
    lnn_places_free(problem);
    free(problem->trajectories.at);
    release(problem, false);
    free(problem->path);
    free(problem->folder);
    free(problem->text);
    for (size_t i = 0; problem->set && problem->set[i]; i++) free(problem->set[i]);
    free(problem->set);
    free(problem->resolved);
    free(problem->layers.at);
    free(problem);
}

char *lnn_problem_path(const struct lnn_problem *problem, const char *path)
{
    const char *folder = problem->folder;
    size_t n = strlen(folder), room = n + strlen(path) + 2;
    char *joined = malloc(room);
    if (!joined) return NULL;
    if (*path == '/' || n == 0)
        snprintf(joined, room, "%s", path);
    else
        snprintf(joined, room, "%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", path);
    return joined;
}
