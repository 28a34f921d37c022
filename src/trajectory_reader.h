/* A trajectory file that is open for reading. Not installed. */
#ifndef LNN_TRAJECTORY_READER_H
#define LNN_TRAJECTORY_READER_H

#include "h5_private.h"
#include "lnn/trajectory.h"

struct lnn_reader_list { /* names handed out; they live as long as the reader */
    char kind;           /* 'v' variables, 'a' attributes */
    char *key;           /* of which group or dataset */
    struct lnn_h5_names names;
    struct lnn_reader_list *next;
};

struct lnn_reader {
    char *path;
    struct lnn_h5_disk *disk;
    hid_t file;
    struct lnn_h5_names groups;
    struct lnn_h5_group group; /* the one last used; id < 0: none */
    char *group_name;
    struct lnn_reader_list *lists;
};

/* The list of that kind and key; `collect` makes it at the first call. */
typedef int lnn_reader_collect(struct lnn_reader *reader, const char *name,
                               struct lnn_h5_names *found);
const char *const *lnn_reader_list(struct lnn_reader *reader, char kind,
                                   const char *name, lnn_reader_collect *collect);

#endif
