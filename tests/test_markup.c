/* Growing texts: what is added stands there, escaped where asked; widths are no smaller
 * for a longer text. */
#include "lnn_test.h"

TestSuite(markup, .init = lnn_test_setup);

static void escaped(const char *from, const char *to)
{
    struct lnn_markup t = {0};
    lnn_markup_escape(&t, from);
    LNN_OK(lnn_markup_status(&t));
    cr_assert_str_eq(t.at ? t.at : "", to, "%s: %s, not %s", from, t.at, to);
    lnn_markup_free(&t);
}

Test(markup, escape)
{
    escaped("", "");
    escaped(NULL, "");
    escaped("<script>alert('\"&\"')</script>",
            "&lt;script&gt;alert(&#39;&#34;&amp;&#34;&#39;)&lt;/script&gt;");
    escaped("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
            "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82");
    /* Latin-1; a sequence cut short; overlong; a surrogate; beyond Unicode */
    escaped("caf\xe9", "caf\xc3\xa9");
    escaped("\xe2\x82", "\xc3\xa2\xef\xbf\xbd");
    escaped("\xc0\xbc", "\xc3\x80\xc2\xbc");
    escaped("\xed\xa0\x80", "\xc3\xad\xc2\xa0\xef\xbf\xbd");
    escaped("\xf5", "\xc3\xb5");
    /* what XML does not know */
    escaped("a\x01"
            "b\x1b\n\tc\xef\xbf\xbe",
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\n\tc\xef\xbf\xbd");
}

/* Any bytes at all come out as UTF-8 without markup. */
Test(markup, escape_any_bytes)
{
    gsl_rng *rng = lnn_rng_open(3, "markup");
    for (int i = 0; i < 3000; i++) {
        char bytes[24];
        struct lnn_markup t = {0};
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (char)(int)(256 * lnn_rng_uniform(rng));
        bytes[sizeof bytes - 1] = '\0';
        lnn_markup_escape(&t, bytes);
        for (const char *s = t.at ? t.at : ""; *s;) {
            const char *before = s;
            unsigned c = lnn_markup_character(&s);
            cr_assert(c != '<' && c != '>' && c != '"' && c != '\'');
            cr_assert(c >= 0x80 ? s - before > 1 : s - before == 1, "no UTF-8");
        }
        lnn_markup_free(&t);
    }
    gsl_rng_free(rng);
}

Test(markup, grows)
{
    struct lnn_markup t = {0};
    for (int i = 0; i < 5000; i++) lnn_markup_add(&t, "%d,", i);
    LNN_OK(lnn_markup_status(&t));
    cr_assert_eq(t.n, strlen(t.at));
    const char *at = t.at;
    for (int i = 0; i < 5000; i++) {
        char *end;
        cr_assert_eq(strtol(at, &end, 10), i);
        at = end + 1;
    }
    lnn_markup_bytes(&t, "", 0);
    cr_assert_eq(*at, '\0');
    lnn_markup_free(&t);
    cr_assert_null(t.at);
}

Test(markup, failure_is_kept)
{
    struct lnn_markup t = {.failed = true};
    lnn_markup_put(&t, "x");
    lnn_markup_add(&t, "%d", 3);
    lnn_markup_escape(&t, "<");
    cr_assert_null(t.at);
    cr_assert_eq(lnn_markup_status(&t), GSL_ENOMEM);
}

Test(markup, cut_to_width)
{
    static const char *const texts[] = {
        "gradient_flow",
        "MMMMMMMMMM",
        "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87",
        "a <b> & c",
        "iiiiiiiiiiiiiiiiiiiiiiiiiiii",
        ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (double width = 2; width < 20; width += 0.7) {
            struct lnn_markup cut = {0}, whole = {0};
            lnn_markup_escape_cut(&cut, texts[i], width);
            lnn_markup_escape(&whole, texts[i]);
            const char *got = cut.at ? cut.at : "", *all = whole.at ? whole.at : "";
            bool fits = lnn_markup_width(texts[i]) <= width;
            cr_assert_eq(strcmp(got, all) == 0, fits, "%s %g: %s", texts[i], width,
                         got);
            if (!fits) cr_assert_not_null(strstr(got, "\xe2\x80\xa6"));
            if (!strchr(texts[i], '<'))
                cr_assert_leq(lnn_markup_width(got), width + 1e-12);
            lnn_markup_free(&cut);
            lnn_markup_free(&whole);
        }
}
