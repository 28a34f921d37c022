/* The verdicts: how many of each, the table with its filter, what the theorems say. */
#include "report_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *id, *sign, *label;
} KINDS[] = {[LNN_HOLDS] = {"holds", "&#10003;", "hold"},
             [LNN_VIOLATED] = {"violated", "&#10007;", "violated"},
             [LNN_NOT_MET] = {"unmet", "&#9675;", "not met"},
             [LNN_INCONCLUSIVE] = {"open", "?", "inconclusive"}};

enum { KINDS_N = sizeof KINDS / sizeof *KINDS };

static size_t count(const struct report *r, size_t kind)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->files[i].n_findings; k++)
            n += (size_t)r->files[i].findings[k].judgement.verdict == kind;
    return n;
}

static bool judged(const struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->files[i].n_findings > 0) return true;
    return false;
}

static void say_unjudged(struct report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct report_file *f = &r->files[i];
        if (f->n_findings > 0) continue;
        lnn_markup_put(r->out, "<p class=\"hint\">");
        lnn_markup_escape(r->out, f->label);
        lnn_markup_put(r->out, f->unjudged
                                   ? ": no theorem was judged: "
                                   : ": the theory is about none of its trajectories.");
        lnn_markup_escape(r->out, f->unjudged);
        lnn_markup_put(r->out, "</p>\n");
    }
}

void report_counts(struct report *r)
{
    if (!judged(r)) {
        say_unjudged(r);
        return;
    }
    lnn_markup_put(r->out,
                   "<ul class=\"counts\" aria-label=\"verdicts on theorems\">\n");
    for (size_t k = 0; k < KINDS_N; k++)
        lnn_markup_add(r->out,
                       "<li class=\"%s%s\"><a href=\"#verdicts\"><span class=\"sign\" "
                       "aria-hidden=\"true\">%s</span><b>%zu</b> %s</a></li>\n",
                       KINDS[k].id, count(r, k) ? "" : " none", KINDS[k].sign,
                       count(r, k),
                       k == 0 && count(r, 0) == 1 ? "holds" : KINDS[k].label);
    lnn_markup_put(r->out, "</ul>\n");
}

static void filter(struct report *r)
{
    lnn_markup_put(r->out, "<fieldset class=\"filter\"><legend>Show</legend>\n");
    for (size_t k = 0; k < KINDS_N; k++)
        lnn_markup_add(
            r->out,
            "<label class=\"%s\"><input type=\"checkbox\" id=\"show-%s\" "
            "checked> <span class=\"sign\" aria-hidden=\"true\">%s</span> %s "
            "(%zu)</label>\n",
            KINDS[k].id, KINDS[k].id, KINDS[k].sign, k == 0 ? "holds" : KINDS[k].label,
            count(r, k));
    lnn_markup_put(r->out, "</fieldset>\n");
}

static void number(struct report *r, const char *is, double x)
{
    lnn_markup_add(r->out, "<td class=\"n\" data-is=\"%s\">", is);
    report_put_number(r->out, x, 3);
}

static void row(struct report *r, const struct report_file *f,
                const struct lnn_finding *finding)
{
    const struct lnn_judgement *j = &finding->judgement;
    const char *group = finding->record->name[0] ? finding->record->name : "/";
    const char *theorem = finding->theorem->name;
    lnn_markup_add(r->out,
                   "<tr class=\"%s\"><th scope=\"row\"><a href=\"#thm-%s\">%s</a></th>"
                   "<td class=\"where\">",
                   KINDS[j->verdict].id, theorem, theorem);
    if (r->n > 1) {
        lnn_markup_escape(r->out, f->label);
        lnn_markup_put(r->out, ": ");
    }
    lnn_markup_escape(r->out, group);
    lnn_markup_add(r->out,
                   "<td class=\"verdict\"><span class=\"sign\" aria-hidden=\"true\">%s"
                   "</span> %s",
                   KINDS[j->verdict].sign, lnn_verdict_name(j->verdict));
    number(r, "measured", j->measured);
    number(r, "bound", j->bound);
    number(r, "error bar", j->bar);
    lnn_markup_put(r->out, "<td class=\"reason\">");
    lnn_markup_escape(r->out, j->reason);
    lnn_markup_put(r->out, "</tr>\n");
}

static bool appears(const struct report *r, const struct lnn_theorem *theorem)
{
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->files[i].n_findings; k++)
            if (r->files[i].findings[k].theorem == theorem) return true;
    return false;
}

static void statements(struct report *r)
{
    lnn_markup_put(r->out, "<details id=\"statements\"><summary>What the theorems "
                           "say</summary><dl>\n");
    for (const struct lnn_theorem *const *t = lnn_theorems; *t; t++) {
        if (!appears(r, *t)) continue;
        lnn_markup_add(r->out, "<dt id=\"thm-%s\">%s</dt><dd><p>", (*t)->name,
                       (*t)->name);
        lnn_markup_escape(r->out, (*t)->doc);
        lnn_markup_put(r->out, "</p><p>Needs: ");
        lnn_markup_escape(r->out, (*t)->needs);
        lnn_markup_put(r->out, ". Claims: ");
        lnn_markup_escape(r->out, (*t)->claims);
        lnn_markup_put(r->out, ".</p><p><i>");
        lnn_markup_escape(r->out, (*t)->source);
        lnn_markup_put(r->out, "</i></p></dd>\n");
    }
    lnn_markup_put(r->out, "</dl></details>\n");
}

void report_verdicts(struct report *r)
{
    if (!judged(r)) return;
    lnn_markup_put(r->out, "<section aria-labelledby=\"verdicts\"><h2 id=\"verdicts\">"
                           "Verdicts on theorems</h2>\n");
    say_unjudged(r);
    filter(r);
    lnn_markup_put(r->out,
                   "<div class=\"scroll\"><table class=\"verdicts\"><thead><tr><th "
                   "scope=\"col\">theorem<th scope=\"col\">trajectory<th "
                   "scope=\"col\">verdict<th scope=\"col\" class=\"n\">measured<th "
                   "scope=\"col\" class=\"n\">bound<th scope=\"col\" class=\"n\">error "
                   "bar<th scope=\"col\">reason</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->files[i].n_findings; k++)
            row(r, &r->files[i], &r->files[i].findings[k]);
    lnn_markup_put(r->out,
                   "</tbody></table></div>\n<p class=\"hint\">A conclusion reads "
                   "measured &#8804; bound; bound 0 is an identity, which holds while "
                   "measured is within the error bar. Not met: a hypothesis fails, the "
                   "theorem says nothing.</p>\n");
    statements(r);
    lnn_markup_put(r->out, "</section>\n");
}
