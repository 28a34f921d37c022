/* What the tests of the problem file share: a valid problem, and wrong ones with the
 * text of their messages. */
#ifndef TEST_PROBLEM_H
#define TEST_PROBLEM_H

#include "lnn_test.h"

/* A valid problem of three lines; what is appended begins at line 4. */
#define NETWORK "network: {widths: [3, 2, 2]}\n"
#define DATA "data: {kind: target, matrix: [[1, 0, 2], [0, 1, 3]]}\n"
#define TIME "time: {end: 1}\n"
#define GOOD NETWORK DATA TIME

struct wrong {
    const char *text, *set, *message;
};

/* Each must be refused with its message; the last text is NULL. */
static inline void expect_all(const struct wrong wrong[])
{
    for (; wrong->text; wrong++) {
        const char *set[] = {wrong->set, NULL};
        struct lnn_problem *problem = (struct lnn_problem *)8;
        int code = lnn_problem_parse(wrong->text, "p.yaml", set, &problem);
        cr_expect_eq(code, GSL_EINVAL, "accepted: %s %s", wrong->text, wrong->set);
        cr_expect_null(problem);
        cr_expect_str_eq(lnn_error(), wrong->message);
    }
}

#endif
