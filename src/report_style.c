/* The page's style: light and dark, phone to wide screen, paper. */
#include "report_private.h"

static const char *const RULES[] = {
    ":root{--good:#00684a;--bad:#b3261e;--mute:#59616d;--ask:#7a5c00;--card:#f6f7f9}",
    "@media screen and (prefers-color-scheme:dark){:root{--good:#4fd1a5;--bad:#ff8a80;",
    "--mute:#a4abb6;--ask:#e8c63b;--card:#1c2027}}",
    "*{box-sizing:border-box}",
    "body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,",
    "-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}",
    "main,footer{max-width:1400px;margin:0 auto;padding:0 clamp(12px,3vw,32px)}",
    "header{padding:20px 0 4px}",
    "h1{font-size:clamp(22px,4vw,30px);line-height:1.2;margin:0 0 12px;",
    "overflow-wrap:anywhere}",
    "h2{font-size:19px;margin:30px 0 8px;padding-bottom:4px;",
    "border-bottom:1px solid var(--grid)}",
    "h3{font-size:15px;margin:0;overflow-wrap:anywhere}",
    ".hint,footer,figcaption p{color:var(--soft);font-size:13px;margin:6px 0}",
    "footer{padding-top:24px;padding-bottom:24px}",
    ".facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin:0 0 14px}",
    ".facts dt{color:var(--soft);font-size:12px}",
    ".facts dd{margin:0;overflow-wrap:anywhere}.facts div{min-width:0;max-width:100%}",
    ".counts{list-style:none;display:flex;flex-wrap:wrap;gap:10px;margin:14px 0;",
    "padding:0}",
    ".counts a{display:block;padding:8px "
    "16px;border-radius:8px;background:var(--card);",
    "border:1px solid var(--grid);text-decoration:none;color:inherit}",
    ".counts b{font-size:22px;font-variant-numeric:tabular-nums;margin-right:2px}",
    ".counts .sign{font-size:18px;margin-right:8px}.counts .none{opacity:.62}",
    ".holds .sign,.holds .verdict{color:var(--good)}",
    ".violated .sign,.violated .verdict{color:var(--bad)}",
    ".violated .verdict{font-weight:700}.unmet .sign,.unmet "
    ".verdict{color:var(--mute)}",
    ".open .sign,.open .verdict{color:var(--ask)}.sign{font-weight:700}",
    ".charts{display:grid;gap:22px 26px;",
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr))}",
    "figure{margin:0;min-width:0;break-inside:avoid}",
    "figcaption p{margin:2px 0 6px;overflow-wrap:anywhere;line-height:1.35}",
    "@supports "
    "(grid-template-rows:subgrid){.charts{row-gap:0}figure.plot{display:grid;",
    "grid-template:subgrid/minmax(0,1fr);grid-row:span "
    "5;row-gap:0;margin-bottom:22px}}",
    "sub,sup{font-size:.75em;line-height:0}",
    ".view svg{display:block;width:100%;height:auto}",
    ":focus-visible{outline:2px solid var(--s0);outline-offset:2px}",
    ".value{min-height:1.4em;margin:0;font-size:13px;",
    "font-variant-numeric:tabular-nums;overflow-wrap:anywhere;line-height:1.4}",
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 10px;margin:0;",
    "padding:0;max-height:7.5em;overflow:auto}",
    ".legend li{min-width:0;max-width:100%}",
    ".legend "
    "button{display:flex;align-items:center;gap:7px;max-width:100%;font:inherit;",
    "font-size:13px;color:inherit;background:none;border:0;border-radius:4px;",
    "padding:1px 3px;text-align:left;cursor:pointer}",
    ".legend svg{flex:none}.legend span{min-width:0;overflow-wrap:anywhere}",
    ".legend [aria-pressed=false]{text-decoration:line-through;opacity:.6}",
    ".off{display:none}",
    ".cursor{stroke:var(--ink);stroke-width:.8;stroke-dasharray:2 2}",
    ".dot{fill:var(--ink);stroke:var(--paper);stroke-width:1.2}",
    "details{margin:6px 0}summary{cursor:pointer;font-size:13px;color:var(--soft)}",
    ".scroll{overflow:auto;max-width:100%}.numbers .scroll{max-height:20em}",
    "table{border-collapse:collapse;font-size:13px;width:100%;",
    "font-variant-numeric:tabular-nums}",
    "th,td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;",
    "border-bottom:1px solid var(--grid);font-weight:400}",
    "thead th{color:var(--soft);white-space:nowrap}tbody th{font-weight:600}",
    ".n{text-align:right;white-space:nowrap}.verdict{white-space:nowrap}",
    "caption{text-align:left;color:var(--soft)}.reason{min-width:16em}",
    "a{color:inherit;text-decoration-color:var(--rule)}",
    ".filter{border:0;margin:0 0 8px;padding:0;display:flex;flex-wrap:wrap;gap:4px "
    "18px}",
    ".filter legend{float:left;margin-right:16px;padding:0;color:var(--soft)}",
    ".filter input{accent-color:var(--s0);width:16px;height:16px;vertical-align:-3px}",
    "body:has(#show-holds:not(:checked)) .verdicts .holds,",
    "body:has(#show-violated:not(:checked)) .verdicts .violated,",
    "body:has(#show-unmet:not(:checked)) .verdicts .unmet,",
    "body:has(#show-open:not(:checked)) .verdicts .open{display:none}",
    "pre{background:var(--card);border:1px solid var(--grid);border-radius:6px;",
    "padding:12px;overflow:auto;font-size:12.5px;line-height:1.45}",
    "#statements dt{font-weight:600;margin-top:10px;scroll-margin-top:10px}",
    "#statements dd{margin:0 0 0 1em;max-width:80ch}#statements p{margin:3px 0}",
    "html:not(.live) .script,html:not(.live) .value{display:none}",
    "@media (max-width:520px){.scroll th,.scroll td{padding-right:8px}",
    ".counts{display:grid;grid-template-columns:1fr 1fr}.counts a{padding:6px 10px}",
    ".reason{min-width:12em}}",
    "@media print{body{font-size:10pt}main,footer{max-width:none;padding:0}",
    ".charts{grid-template-columns:1fr 1fr}.script,.value,.filter,.numbers{",
    "display:none!important}.scroll{overflow:visible}.legend{max-height:none}",
    "table{font-size:8pt}thead{display:table-header-group}tr{break-inside:avoid}",
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}",
    NULL};

void report_style(struct lnn_markup *css)
{
    for (const char *const *rule = RULES; *rule; rule++) {
        lnn_markup_put(css, *rule);
        lnn_markup_put(css, "\n");
    }
}
