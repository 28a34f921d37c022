/* The page as a whole: head, counts, charts, verdicts, runs, problems, foot. */
#include "report_private.h"

#include <math.h>
#include <stdio.h>
#include "lnn/err.h"

void report_put_number(struct lnn_markup *out, double x, int digits)
{
    if (isnan(x))
        lnn_markup_put(out, "&#8211;");
    else
        lnn_markup_add(out, "%.*g", digits, x);
}

static void title(struct report *r)
{
    const char *text = r->n == 1 ? report_text(r, &r->files[0], "", "title") : NULL;
    if (text && *text) {
        lnn_markup_escape(r->out, text);
    } else if (r->n == 1) {
        lnn_markup_escape(r->out, r->files[0].label);
    } else {
        lnn_markup_add(r->out, "%zu trajectory files compared", r->n);
    }
}

static void open_page(struct report *r)
{
    lnn_markup_put(r->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                           "charset=\"utf-8\">\n<meta name=\"viewport\" "
                           "content=\"width=device-width, initial-scale=1\">\n<title>");
    title(r);
    lnn_markup_put(r->out, "</title>\n<style>\n");
    lnn_chart_style(r->out);
    report_style(r->out);
    lnn_markup_put(r->out, "</style>\n</head>\n<body>\n<main>\n<header>\n<h1 "
                           "dir=\"auto\">");
    title(r);
    lnn_markup_put(r->out, "</h1>\n");
    report_head(r);
    report_counts(r);
    lnn_markup_put(r->out, "</header>\n");
}

static void close_page(struct report *r)
{
    lnn_markup_put(r->out, "</main>\n<footer>Written by ");
    lnn_markup_escape(r->out, r->version);
    lnn_markup_put(r->out, " report, from the file alone. Weights, loss and flow time "
                           "carry no unit.</footer>\n<script>\n");
    report_script(r->out);
    lnn_markup_put(r->out, "</script>\n</body>\n</html>\n");
}

/* What no chart says of itself. */
static void say_axes(struct report *r)
{
    size_t dropped = 0;
    for (size_t i = 0; r->x_log && i < r->n_tracks; i++)
        for (size_t k = 0; k < r->tracks[i].rows && !(r->tracks[i].x[k] > 0); k++)
            dropped++;
    lnn_markup_put(r->out, "<p class=\"hint\">All quantities are dimensionless.");
    if (dropped > 0)
        lnn_markup_put(r->out, " The axis is logarithmic in t, so the start, t = 0, is "
                               "not drawn.");
    lnn_markup_put(r->out,
                   "<span class=\"script\"> Values: hover, or Tab to a chart; "
                   "&#8592; &#8594; move along, &#8593; &#8595; choose the series, "
                   "Home and End jump. Legend entries hide and show.</span></p>\n");
}

static int write_page(struct report *r)
{
    open_page(r);
    if (r->n > 1) report_runs(r);
    lnn_markup_put(r->out, "<section aria-labelledby=\"charts\"><h2 "
                           "id=\"charts\">Charts</h2>\n");
    say_axes(r);
    lnn_markup_put(r->out, "<div class=\"charts\">\n");
    report_charts(r);
    lnn_markup_put(r->out, "</div>\n");
    if (r->figures == 0)
        lnn_markup_put(r->out, "<p>No row of any trajectory holds a value that could "
                               "be drawn.</p>\n");
    lnn_markup_put(r->out, "</section>\n");
    report_verdicts(r);
    if (r->n == 1) report_runs(r);
    lnn_markup_put(r->out, "<section>\n");
    report_others(r);
    lnn_markup_put(r->out, "</section>\n");
    report_problems(r);
    close_page(r);
    return lnn_markup_status(r->out);
}

int lnn_report_html(size_t n, const char *const paths[],
                    const struct lnn_report_options *options, struct lnn_markup *html)
{
    struct report r = {.out = html, .version = "lnnflow", .x_name = "flow time t"};
    if (options && options->version) r.version = options->version;
    if (n == 0) return lnn_fail(GSL_EINVAL, "a report needs a file to be about");
    int status = report_read(&r, n, paths);
    if (status == GSL_SUCCESS) status = write_page(&r);
    report_close(&r);
    return status;
}
