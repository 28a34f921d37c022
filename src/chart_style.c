/* What charts look like: colours of series (told apart with any colour vision, light
 * and dark), dashes, marks, and the rules for everything else. */
#include "chart_private.h"

#include <math.h>

/* Contrast of 3 and more with the paper; neighbours differ in lightness too. */
static const struct {
    const char *light, *dark;
} COLOURS[LNN_CHART_STYLES] = {{"#0063a6", "#5cb8f5"}, {"#c8500a", "#ff9a57"},
                               {"#00795c", "#35d3a6"}, {"#9c3f87", "#f08bd2"},
                               {"#8a6d00", "#e8c63b"}, {"#5a4fcf", "#b0a6ff"},
                               {"#20262e", "#f2f2f2"}, {"#b3283a", "#ff8f9a"}};

static const char *const DASHES[] = {"none", "7 4", "2 3", "10 3 2 3"};
static const char ASIDE_DASH[] = "3 3";

enum { DASHES_N = sizeof DASHES / sizeof *DASHES, MARKS_N = 6 };

size_t chart_style_of(const struct lnn_chart *c, size_t series)
{
    size_t style = c->series[series].style;
    return style > 0 ? style - 1 : series;
}

void chart_style_attributes(const struct lnn_chart *c, size_t series,
                            struct lnn_markup *svg)
{
    size_t style = chart_style_of(c, series), colour = style % LNN_CHART_STYLES;
    bool aside = c->series[series].aside;
    lnn_markup_add(
        svg,
        "class=\"series s%zu%s\" stroke=\"%s\" stroke-width=\"%s\" "
        "stroke-dasharray=\"%s\"",
        colour, aside ? " aside" : "", COLOURS[colour].light, aside ? "1" : "1.8",
        aside ? ASIDE_DASH : DASHES[(style + style / LNN_CHART_STYLES) % DASHES_N]);
}

void chart_mark(size_t style, double x, double y, struct lnn_markup *svg)
{
    static const char *const shapes[MARKS_N] = {
        "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
        "m-2.8-2.8h5.6v5.6h-5.6z",
        "m0-3.6l3.5 6.2h-7z",
        "m0-4l3.4 4l-3.4 4l-3.4-4z",
        "m0 3.6l3.5-6.2h-7z",
        "m-1.2-3.6h2.4v2.4h2.4v2.4h-2.4v2.4h-2.4v-2.4h-2.4v-2.4h2.4z"};
    lnn_markup_add(svg, "M%.1f %.1f%s", x, y, shapes[style % MARKS_N]);
}

void lnn_chart_swatch(const struct lnn_chart *c, size_t series, struct lnn_markup *svg)
{
    lnn_markup_put(svg, "<svg class=\"swatch\" width=\"30\" height=\"12\" "
                        "viewBox=\"0 0 30 12\" aria-hidden=\"true\"><g fill=\"none\" ");
    chart_style_attributes(c, series, svg);
    lnn_markup_put(svg, "><path class=\"line\" d=\"M1 6H29\"/>");
    if (!c->series[series].aside && c->n <= CHART_MARKED) {
        lnn_markup_put(svg, "<path class=\"mark\" d=\"");
        chart_mark(chart_style_of(c, series), 15, 6, svg);
        lnn_markup_put(svg, "\"/>");
    }
    lnn_markup_put(svg, "</g></svg>");
}

static void colours(struct lnn_markup *css, bool dark)
{
    lnn_markup_add(css, dark ? "--paper:#14171c;--ink:#e8eaed;--soft:#a4abb6;"
                               "--grid:#2c323b;--rule:#5c6573;"
                             : "--paper:#fff;--ink:#1b1f26;--soft:#59616d;"
                               "--grid:#e6e9ee;--rule:#8b93a0;");
    for (size_t i = 0; i < LNN_CHART_STYLES; i++)
        lnn_markup_add(css, "--s%zu:%s;", i, dark ? COLOURS[i].dark : COLOURS[i].light);
}

void lnn_chart_style(struct lnn_markup *css)
{
    lnn_markup_put(css, ":root{color-scheme:light dark;");
    colours(css, false);
    lnn_markup_put(css, "}\n@media screen and (prefers-color-scheme:dark){:root{");
    colours(css, true);
    lnn_markup_put(
        css, "}}\n.chart text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,"
             "\"Noto Sans\",\"DejaVu Sans\",sans-serif;font-size:11px;fill:var(--soft);"
             "stroke:none}\n"
             ".chart .name,.chart .key{fill:var(--ink)}.chart .name{font-size:12px}\n"
             ".chart .title{font-size:15px;font-weight:600;fill:var(--ink)}\n"
             ".chart .paper{fill:var(--paper)}.chart .grid{stroke:var(--grid)}\n"
             ".chart .axis{stroke:var(--rule)}\n"
             ".series .mark{fill:var(--paper);stroke-dasharray:none;stroke-width:1.3}\n"
             ".series .band{stroke:none;opacity:.18}\n");
    for (size_t i = 0; i < LNN_CHART_STYLES; i++)
        lnn_markup_add(css, ".s%zu{stroke:var(--s%zu)}.s%zu .band{fill:var(--s%zu)}\n",
                       i, i, i, i);
}
