/* What info and export share: choosing a group of a file. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

const char *cli_group_name(const char *group)
{
    return group[0] ? group : "/"; /* the root group */
}

/* A message that names the groups there are. */
static void complain(const char *path, const char *name, const char *const *groups)
{
    size_t n = 0;
    while (groups[n]) n++;
    const char **names = calloc(n + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++) names[i] = cli_group_name(groups[i]);
    if (!names) {
        cli_say("out of memory");
    } else if (name) {
        (void)cli_unknown("group", name, names);
    } else {
        fprintf(stderr,
                "lnnflow: %s holds several trajectories, say which by --group: ", path);
        for (size_t i = 0; i < n; i++) fprintf(stderr, "%s%s", i ? ", " : "", names[i]);
        fputc('\n', stderr);
    }
    free(names);
}

const char *cli_group(struct lnn_reader *reader, const char *path, const char *name)
{
    const char *const *groups = lnn_reader_groups(reader);
    if (!groups[0]) {
        cli_say("%s holds no trajectory: no group with a dataset called time%s", path,
                cli_search_is(reader)
                    ? "; its search is shown by lnnflow info and report"
                    : "");
        return NULL;
    }
    if (!name && !groups[1]) return groups[0];
    const char *bare = name && name[0] == '/' ? name + 1 : name;
    for (size_t i = 0; name && groups[i]; i++)
        if (strcmp(groups[i], bare) == 0) return groups[i];
    if (name && strcmp(bare, "verdicts") == 0 && cli_verdicts_are(reader))
        cli_say("%s: verdicts is no trajectory; lnnflow info --verdicts prints them",
                path);
    else
        complain(path, name, groups);
    return NULL;
}
