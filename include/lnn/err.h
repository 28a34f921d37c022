/* Status codes and the text of an error.
 *
 * GSL's codes are the only ones: GSL_SUCCESS, GSL_EINVAL (the caller's or the problem
 * file's fault), GSL_EOF (a file could not be read or written, or is corrupt),
 * GSL_ENOMEM, and any other code for a numerical failure. The text is set once, where
 * the error is found, and is kept per thread. */
#ifndef LNN_ERR_H
#define LNN_ERR_H

#include <gsl/gsl_errno.h>

/* Set this thread's text (printf style) and return `code`. Texts are one line; several
 * errors at once are separated by '\n'. */
int lnn_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append a line to this thread's text and return `code`: for callers that collect. */
int lnn_fail_more(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* This thread's text, "" when nothing failed since lnn_error_clear. Never NULL. */
const char *lnn_error(void);
void lnn_error_clear(void);

/* Carry a failure up. */
#define LNN_TRY(call)                                       \
    do {                                                    \
        int lnn_status_ = (call);                           \
        if (lnn_status_ != GSL_SUCCESS) return lnn_status_; \
    } while (0)

#endif
