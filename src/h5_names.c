/* Lists of names: links of a group, groups that hold a trajectory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "h5_private.h"
#include "lnn/err.h"

/* Deeper nesting is nobody's trajectory. */
enum { DEEPEST = 4 };

int lnn_h5_names_add(struct lnn_h5_names *names, const char *name)
{
    char **grown = realloc(names->name, (names->n + 2) * sizeof *grown);
    if (grown != NULL) names->name = grown;
    char *copy = grown == NULL ? NULL : strdup(name);
    if (copy == NULL) return lnn_fail(GSL_ENOMEM, "out of memory");
    names->name[names->n++] = copy;
    names->name[names->n] = NULL;
    return GSL_SUCCESS;
}

void lnn_h5_names_free(struct lnn_h5_names *names)
{
    for (size_t i = 0; i < names->n; i++) free(names->name[i]);
    free(names->name);
    *names = (struct lnn_h5_names){NULL, 0};
}

int lnn_h5_kind(hid_t id, const char *name, H5I_type_t *kind)
{
    *kind = H5I_BADID;
    htri_t there = H5Lexists(id, name, H5P_DEFAULT);
    if (there == 0) return GSL_SUCCESS;
    H5L_info_t link;
    if (there < 0 || H5Lget_info(id, name, &link, H5P_DEFAULT) < 0)
        return lnn_h5_fail(GSL_EOF, "cannot look up \"%s\"", name);
    hid_t object = H5Oopen(id, name, H5P_DEFAULT);
    if (object < 0 && link.type != H5L_TYPE_HARD) return GSL_SUCCESS; /* dangling */
    if (object < 0) return lnn_h5_fail(GSL_EOF, "cannot open \"%s\"", name);
    *kind = H5Iget_type(object);
    return lnn_h5_done(GSL_SUCCESS, H5Oclose, object);
}

static int creation_order(hid_t group, H5_index_t *order)
{
    hid_t plist = H5Gget_create_plist(group);
    unsigned flags = 0;
    int status = GSL_SUCCESS;
    if (plist < 0 || H5Pget_link_creation_order(plist, &flags) < 0)
        status = lnn_h5_fail(GSL_EOF, "cannot read a group");
    *order = flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    return lnn_h5_done(status, H5Pclose, plist);
}

int lnn_h5_links(hid_t group, struct lnn_h5_names *names)
{
    H5G_info_t info;
    H5_index_t order;
    LNN_TRY(creation_order(group, &order));
    if (H5Gget_info(group, &info) < 0)
        return lnn_h5_fail(GSL_EOF, "cannot list a group");
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[1024];
        ssize_t length = H5Lget_name_by_idx(group, ".", order, H5_ITER_INC, i, name,
                                            sizeof name, H5P_DEFAULT);
        if (length < 0) return lnn_h5_fail(GSL_EOF, "cannot list a group");
        if ((size_t)length >= sizeof name) continue; /* no name we would look for */
        LNN_TRY(lnn_h5_names_add(names, name));
    }
    return GSL_SUCCESS;
}

static bool tells_trajectory(const char *name)
{
    return strcmp(name, "time") == 0 || strcmp(name, "iteration") == 0 ||
           strcmp(name, "W1") == 0;
}

struct place { /* a group, and those it is in */
    const char *path;
    int depth;
    haddr_t address;
    const struct place *above;
};

static int visit(hid_t file, struct place *here, struct lnn_h5_names *found);

static int visit_links(hid_t file, const struct place *here,
                       const struct lnn_h5_names *links, struct lnn_h5_names *found)
{
    const char *path = here->path;
    bool holds = false;
    size_t place = found->n;
    for (size_t i = 0; i < links->n; i++) {
        char below[1024];
        H5I_type_t kind;
        const char *slash = path[0] == '\0' ? "" : "/";
        if (snprintf(below, sizeof below, "%s%s%s", path, slash, links->name[i]) >=
            (int)sizeof below)
            continue;
        LNN_TRY(lnn_h5_kind(file, below, &kind));
        if (kind == H5I_DATASET) holds = holds || tells_trajectory(links->name[i]);
        struct place next = {below, here->depth + 1, HADDR_UNDEF, here};
        if (kind == H5I_GROUP && here->depth < DEEPEST)
            LNN_TRY(visit(file, &next, found));
    }
    if (!holds) return GSL_SUCCESS;
    LNN_TRY(lnn_h5_names_add(found, path));
    /* A group stands before those inside it. */
    char *mine = found->name[found->n - 1];
    memmove(found->name + place + 1, found->name + place,
            (found->n - 1 - place) * sizeof *found->name);
    found->name[place] = mine;
    return GSL_SUCCESS;
}

/* A link back to a group that it is in. */
static bool is_circle(const struct place *here)
{
    for (const struct place *a = here->above; a != NULL; a = a->above)
        if (a->address == here->address) return true;
    return false;
}

static int visit(hid_t file, struct place *here, struct lnn_h5_names *found)
{
    struct lnn_h5_names links = {NULL, 0};
    H5O_info_t info;
    hid_t group = H5Gopen2(file, lnn_h5_path(here->path), H5P_DEFAULT);
    if (group < 0) return lnn_h5_fail(GSL_EOF, "cannot open group \"%s\"", here->path);
    if (H5Oget_info2(group, &info, H5O_INFO_BASIC) >= 0) here->address = info.addr;
    int status = GSL_SUCCESS;
    if (!is_circle(here)) {
        status = lnn_h5_links(group, &links);
        if (status == GSL_SUCCESS) status = visit_links(file, here, &links, found);
    }
    lnn_h5_names_free(&links);
    return lnn_h5_done(status, H5Gclose, group);
}

int lnn_h5_groups(hid_t file, struct lnn_h5_names *names)
{
    struct place root = {"", 0, HADDR_UNDEF, NULL};
    return visit(file, &root, names);
}
