/* Verdicts for programs: JSON. The fields are documented in help_file.c. */
#include <math.h>
#include <string.h>
#include "cli.h"

/* Bytes of the UTF-8 sequence at `s`, 0 if it is none. */
static size_t sequence(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return overlong || beyond ? 0 : n;
}

/* Bytes that are no UTF-8, in a file's name say, are taken for Latin-1. */
static void print_string(const char *text, FILE *out)
{
    putc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        size_t n = sequence(s);
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", out);
        else if (*s < 0x20 || *s == 0x7f || n == 0)
            fprintf(out, "\\u%04x", (unsigned)*s);
        else
            fprintf(out, "%.*s", (int)n, (const char *)s);
        s += n > 0 ? n : 1;
    }
    putc('"', out);
}

/* `before` is what separates it from the field before. */
static void text_field(const char *before, const char *name, const char *text,
                       FILE *out)
{
    fprintf(out, "%s\"%s\": ", before, name);
    print_string(text ? text : "", out);
}

static void number_field(const char *before, const char *name, double x, FILE *out)
{
    fprintf(out, "%s\"%s\": ", before, name);
    if (isfinite(x))
        fprintf(out, "%.17g", x);
    else
        fputs("null", out);
}

static void print_hypotheses(const struct lnn_judgement *j, FILE *out)
{
    fputs(",\n      \"hypotheses\": [", out);
    for (size_t i = 0; i < j->n_hypotheses; i++) {
        const struct lnn_hypothesis *h = &j->hypotheses[i];
        text_field(i ? ",\n        {" : "\n        {", "text", h->text, out);
        text_field(", ", "verdict", lnn_verdict_name(h->verdict), out);
        number_field(", ", "measured", h->measured, out);
        number_field(", ", "bound", h->bound, out);
        putc('}', out);
    }
    putc(']', out);
}

static void print_figures(const struct lnn_judgement *j, FILE *out)
{
    fputs(",\n      \"figures\": [", out);
    for (size_t i = 0; i < j->n_figures; i++) {
        text_field(i ? ",\n        {" : "\n        {", "name", j->figures[i].name, out);
        number_field(", ", "value", j->figures[i].value, out);
        putc('}', out);
    }
    putc(']', out);
}

static void print_finding(const struct lnn_finding *f, FILE *out)
{
    const struct lnn_judgement *j = &f->judgement;
    static const char line[] = ",\n      ";
    text_field("\n    {", "theorem", f->theorem->name, out);
    text_field(", ", "trajectory", cli_group_name(f->record->name), out);
    text_field(", ", "system", f->record->system, out);
    text_field(line, "verdict", lnn_verdict_name(j->verdict), out);
    number_field(line, "measured", j->measured, out);
    number_field(", ", "bound", j->bound, out);
    number_field(line, "margin", j->margin, out);
    number_field(", ", "error_bar", j->bar, out);
    text_field(line, "reason", j->reason, out);
    text_field(line, "statement", f->theorem->doc, out);
    text_field(line, "source", f->theorem->source, out);
    print_hypotheses(j, out);
    print_figures(j, out);
    text_field(line, "explanation", j->explain, out);
    putc('}', out);
}

void cli_verdicts_json(const struct cli_verdicts *v, FILE *out)
{
    size_t count[CLI_VERDICTS];
    cli_verdicts_count(v, count);
    fprintf(out, "{\n  \"format\": %d", CLI_VERDICTS_FORMAT);
    text_field(",\n  ", "file", v->evidence->path, out);
    fprintf(out, ",\n  \"complete\": %s", v->evidence->complete ? "true" : "false");
    fprintf(out,
            ",\n  \"counts\": {\"holds\": %zu, \"violated\": %zu, \"not met\": %zu, "
            "\"inconclusive\": %zu}",
            count[LNN_HOLDS], count[LNN_VIOLATED], count[LNN_NOT_MET],
            count[LNN_INCONCLUSIVE]);
    fputs(",\n  \"findings\": [", out);
    for (size_t i = 0; i < v->n; i++) {
        if (i) putc(',', out);
        print_finding(&v->findings[i], out);
    }
    fputs("]\n}\n", out);
}
