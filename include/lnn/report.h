/* A page about trajectory files: one self-contained HTML document (no request leaves
 * it) with the problem, the verdicts, and charts; several files are compared. It reads
 * the files only, and any file will do that lnn_reader takes. */
#ifndef LNN_REPORT_H
#define LNN_REPORT_H

#include <stddef.h>
#include "lnn/markup.h"

struct lnn_report_options {
    const char *version; /* of the program, for the foot of the page; NULL: "lnnflow" */
};

/* Appends the page. Where theorems cannot be judged the page says why. GSL_EOF: a file
 * cannot be read; GSL_EINVAL: it holds no trajectory, or n is 0; GSL_ENOMEM. */
int lnn_report_html(size_t n, const char *const paths[],
                    const struct lnn_report_options *options, struct lnn_markup *html);

#endif
