/* Charts: geometry of the picture, and what thinning keeps. */
#include "lnn_test.h"

#include <time.h>

TestSuite(chart, .init = lnn_test_setup);

enum { ROWS = 5000 };

struct data {
    double x[ROWS], y[ROWS], lower[ROWS], upper[ROWS];
};

/* Decay with noise, NaN, zeros and a spike. */
static struct data *make_data(unsigned long seed, double scale)
{
    struct data *d = malloc(sizeof *d);
    gsl_rng *rng = lnn_rng_open(seed, "chart");
    cr_assert(d && rng);
    for (size_t i = 0; i < ROWS; i++) {
        d->x[i] = (double)i * scale;
        d->y[i] = exp(-(double)i / 300) * (1 + 0.3 * lnn_rng_normal(rng));
        if (i % 700 < 3) d->y[i] = NAN;
        if (i == 2345) d->y[i] = 77;
        d->lower[i] = i % 3 ? d->y[i] - 0.1 : d->y[i] * 1e-30; /* below any axis */
        d->upper[i] = i % 1000 == 5 ? INFINITY : d->y[i] + 0.1;
    }
    gsl_rng_free(rng);
    return d;
}

static struct lnn_markup draw(const struct lnn_chart *c)
{
    struct lnn_markup svg = {0};
    LNN_OK(lnn_chart_svg(c, &svg));
    cr_assert_null(strstr(svg.at, "nan"), "%s", strstr(svg.at, "nan"));
    cr_assert_null(strstr(svg.at, "inf "));
    return svg;
}

/* Points of the paths of a class: M and L with absolute coordinates. */
static size_t check_points(const char *svg, const char *class,
                           const struct lnn_chart_frame *f)
{
    size_t n = 0;
    for (const char *at = svg; (at = strstr(at, class)) != NULL;) {
        const char *d = strstr(at, " d=\"") + 4;
        const char *end = strchr(d, '"');
        for (at = d; at < end; at++) {
            double x, y;
            if (*at != 'M' && *at != 'L') continue;
            cr_assert_eq(sscanf(at + 1, "%lf %lf", &x, &y), 2, "%.30s", at);
            cr_assert(x >= f->left && x <= f->right, "%s: x %g", class, x);
            cr_assert(y >= f->top && y <= f->bottom, "%s: y %g", class, y);
            n++;
        }
    }
    return n;
}

static void check_frame(const struct lnn_chart_frame *f)
{
    cr_assert(f->left >= 0 && f->left + 30 < f->right && f->right <= f->width);
    cr_assert(f->top >= 0 && f->top + 100 < f->bottom && f->bottom <= f->height);
}

Test(chart, points_lie_in_the_box)
{
    for (int kind = 0; kind < 16; kind++) {
        struct data *d = make_data((unsigned long)kind, 1e-3);
        struct lnn_series s[3] = {{"a", ROWS, d->x, d->y, d->lower, d->upper, 0, false},
                                  {"b", ROWS, d->x, d->upper, NULL, NULL, 1, true},
                                  {"c", ROWS, d->y, d->x, NULL, NULL, 5, false}};
        struct lnn_chart c = {.title = "t",
                              .x_log = kind & 1,
                              .y_log = kind & 2,
                              .n = kind & 4 ? 3 : 1,
                              .series = s,
                              .standalone = kind & 8};
        struct lnn_chart_frame f;
        lnn_chart_layout(&c, &f);
        check_frame(&f);
        struct lnn_markup svg = draw(&c);
        cr_assert_gt(check_points(svg.at, "class=\"line\" stroke", &f), 300);
        size_t points = check_points(svg.at, "class=\"band\"", &f);
        cr_assert_gt(points, 100, "%d: %zu", kind, points);
        (void)check_points(svg.at, "class=\"mark\" fill", &f);
        cr_assert_lt(svg.n, 300000);
        lnn_markup_free(&svg);
        free(d);
    }
}

/* Every text fits, by lnn_markup_width, with its anchor. */
static size_t check_texts(const char *svg, const struct lnn_chart_frame *f)
{
    size_t n = 0;
    for (const char *at = svg; (at = strstr(at, "<text ")) != NULL; at++, n++) {
        double size, x, y;
        char content[400], *to = content;
        cr_assert_eq(sscanf(strstr(at, "font-size"), "font-size=\"%lf\"", &size), 1);
        cr_assert_eq(sscanf(strstr(at, " x="), " x=\"%lf\" y=\"%lf\"", &x, &y), 2);
        bool end = strncmp(strstr(at, "text-anchor"), "text-anchor=\"e", 14) == 0;
        bool middle = strncmp(strstr(at, "text-anchor"), "text-anchor=\"m", 14) == 0;
        for (const char *c = strchr(at, '>') + 1; strncmp(c, "</text", 6) != 0; c++) {
            if (*c == '<')
                c = strchr(c, '>'); /* a tspan's tag */
            else if (*c == '&')
                c = strchr(c, ';'), *to++ = 'n';
            else
                *to++ = *c;
        }
        *to = '\0';
        double width = size * lnn_markup_width(content);
        double left = end ? x - width : middle ? x - width / 2 : x;
        cr_assert(left >= -0.1 && left + width <= f->width + 0.1, "%s: %g to %g of %g",
                  content, left, left + width, f->width);
        cr_assert(y - size >= 0 && y <= f->height, "%s at %g", content, y);
    }
    return n;
}

Test(chart, texts_fit)
{
    static const char LONG[] =
        "a very long name of a quantity, longer than any picture "
        "is wide, \xe4\xb8\xad\xe6\x96\x87 <&> MMMMMMMMMMMMMMM";
    static const double scales[] = {1, 1e-9, 1e9, 12345.678, 1e-280, 1e280};
    for (size_t i = 0; i < 6; i++)
        for (int kind = 0; kind < 8; kind++) {
            double x[3], y[3];
            for (int k = 0; k < 3; k++) {
                x[k] = scales[i] * (1 + k * (kind & 4 ? 1e-7 : 1));
                y[k] = scales[(i + 2) % 6] * (kind & 4 ? 1 + k * 1e-9 : pow(1e4, k));
            }
            struct lnn_series s[40];
            for (size_t k = 0; k < 40; k++)
                s[k] =
                    (struct lnn_series){k % 2 ? LONG : "b", 3, x, y, NULL, NULL, 0, 0};
            struct lnn_chart c = {.title = LONG,
                                  .description = LONG,
                                  .x_label = LONG,
                                  .y_label = LONG,
                                  .x_log = kind & 1,
                                  .y_log = kind & 2,
                                  .n = 40,
                                  .series = s,
                                  .standalone = i % 2};
            struct lnn_chart_frame f;
            lnn_chart_layout(&c, &f);
            check_frame(&f);
            struct lnn_markup svg = draw(&c);
            cr_assert_geq(check_texts(svg.at, &f), 4);
            lnn_markup_free(&svg);
        }
}

/* Boxes of the legend: inside the picture, below the axis, apart. */
Test(chart, legend_is_apart)
{
    static const double x[] = {0, 1}, y[] = {1, 2};
    char names[60][30];
    struct lnn_series s[60];
    for (size_t n = 2; n <= 60; n += 7) {
        for (size_t k = 0; k < n; k++) {
            snprintf(names[k], sizeof names[k], "%.*s%zu", (int)(k % 20),
                     "abcdefghijklmnopqrstuvw", k);
            s[k] = (struct lnn_series){names[k], 2, x, y, NULL, NULL, 0, false};
        }
        struct lnn_chart c = {.n = n, .series = s, .standalone = true};
        struct lnn_chart_frame f;
        double corners[60][2];
        size_t found = 0;
        lnn_chart_layout(&c, &f);
        struct lnn_markup svg = draw(&c);
        for (const char *at = svg.at; (at = strstr(at, "translate(")) != NULL; at++) {
            double *q = corners[found++];
            cr_assert_eq(sscanf(at, "translate(%lf %lf)", &q[0], &q[1]), 2);
            cr_assert(q[0] >= 0 && q[0] + 60 <= f.width && q[1] + 12 <= f.height);
            cr_assert(q[1] >= f.bottom + 30, "legend at %g, axis %g", q[1], f.bottom);
            for (size_t k = 0; k + 1 < found; k++)
                cr_assert(fabs(q[0] - corners[k][0]) >= 60 ||
                          fabs(q[1] - corners[k][1]) >= 12);
        }
        cr_assert_eq(found, n);
        (void)check_texts(svg.at, &f);
        lnn_markup_free(&svg);
    }
}

Test(chart, nothing_to_draw)
{
    static const double nan[] = {NAN, NAN}, minus[] = {-1, 0};
    struct lnn_series s[2] = {{"a", 2, nan, nan, nan, nan, 0, false},
                              {"b", 2, minus, minus, NULL, NULL, 0, false}};
    for (int kind = 0; kind < 4; kind++)
        for (size_t n = 0; n <= 2; n++) {
            struct lnn_chart c = {
                .x_log = kind & 1, .y_log = kind & 2, .n = n, .series = s};
            struct lnn_markup svg = draw(&c);
            cr_assert_eq(strstr(svg.at, "not drawn") != NULL, n > 0);
            lnn_markup_free(&svg);
        }
}

static struct lnn_plot_axis axis(size_t n, const double x[], bool log)
{
    struct lnn_range range = {0};
    struct lnn_plot_axis a;
    lnn_range_add(&range, n, x);
    lnn_axis_fit(&a, &range, log, 0, 5);
    return a;
}

/* Per column the same lowest and highest value, by the definition. */
Test(chart, thinning_keeps_the_picture)
{
    enum { COLUMNS = 100 };
    struct data *d = make_data(11, 1);
    size_t *kept = malloc(ROWS * sizeof *kept);
    for (int log = 0; log < 2; log++) {
        double low[2][COLUMNS + 1], high[2][COLUMNS + 1];
        struct lnn_plot_axis x = axis(ROWS, d->x, false), y = axis(ROWS, d->y, log);
        size_t m = lnn_thin(&x, &y, ROWS, d->x, d->y, COLUMNS, kept);
        cr_assert_leq(m, 5 * (COLUMNS + 1));
        for (int k = 0; k <= COLUMNS; k++) low[0][k] = low[1][k] = INFINITY;
        for (int k = 0; k <= COLUMNS; k++) high[0][k] = high[1][k] = -INFINITY;
        for (size_t i = 0; i < ROWS + m; i++) {
            size_t row = i < ROWS ? i : kept[i - ROWS], which = i < ROWS ? 0 : 1;
            size_t k = (size_t)floor(d->x[row] / d->x[ROWS - 1] * COLUMNS);
            if (isnan(lnn_axis_place(&y, d->y[row]))) continue;
            low[which][k] = fmin(low[which][k], d->y[row]);
            high[which][k] = fmax(high[which][k], d->y[row]);
        }
        for (int k = 0; k <= COLUMNS; k++)
            cr_assert(low[0][k] == low[1][k] && high[0][k] == high[1][k], "%d", k);
        bool spike = false;
        for (size_t i = 0; i < m; i++) {
            cr_assert(i == 0 || kept[i] > kept[i - 1]);
            spike = spike || kept[i] == 2345;
        }
        cr_assert(spike);
        cr_assert_eq(kept[0], 0);
        cr_assert_eq(kept[m - 1], ROWS - 1);
    }
    free(kept);
    free(d);
}

/* A gap that spans columns stays one, one within a column goes. */
Test(chart, thinning_and_gaps)
{
    double x[40], y[40];
    size_t kept[40], gaps = 0;
    for (int i = 0; i < 40; i++) {
        x[i] = i;
        y[i] = i == 2 || (i >= 18 && i <= 24) ? NAN : 1 + i % 3;
    }
    struct lnn_plot_axis ax = axis(40, x, false), ay = axis(40, y, false);
    size_t m = lnn_thin(&ax, &ay, 40, x, y, 4, kept);
    for (size_t i = 0; i < m; i++) {
        if (!isnan(y[kept[i]])) continue;
        cr_assert_eq(kept[i], 18);
        gaps++;
    }
    cr_assert_eq(gaps, 1);
    cr_assert_eq(lnn_thin(&ax, &ay, 0, x, y, 4, kept), 0);
    cr_assert_eq(lnn_thin(&ax, &ay, 1, x, y, 4, kept), 1);
}

/* A path to and fro, as a zigzag of descent makes, is bounded too. */
Test(chart, thinning_is_bounded)
{
    enum { LONG = 200000 };
    double *x = malloc(LONG * sizeof *x), *y = malloc(LONG * sizeof *y);
    size_t *kept = malloc(LONG * sizeof *kept);
    for (int i = 0; i < LONG; i++) {
        x[i] = i % 2 ? -1 : 1;
        y[i] = i % 5 ? i : NAN;
    }
    y[77] = 1e9;
    struct lnn_plot_axis ax = axis(LONG, x, false), ay = axis(LONG, y, false);
    size_t m = lnn_thin(&ax, &ay, LONG, x, y, 50, kept), extreme = 0;
    cr_assert_leq(m, 16 * 50 + 16 + 4);
    cr_assert_geq(m, 300);
    for (size_t i = 0; i < m; i++) extreme += kept[i] == 77;
    cr_assert_eq(extreme, 1);
    cr_assert(kept[0] == 0 && kept[m - 1] == LONG - 1);
    free(x);
    free(y);
    free(kept);
}
