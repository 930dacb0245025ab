"""How the page of a score looks, beyond what all pages do."""

STYLE = """
:root { --first: #1f6fb4; --second: #c8500a; --third: #1b7a43; --on-fill: #fff;
  --bar: #1f6fb426; --true: #27b8ff; --false: #ff8a1f; }
@media (prefers-color-scheme: dark) { :root { --first: #6cb4f0; --second: #f59b5c; --third: #62c98d;
  --on-fill: #10141a; --bar: #6cb4f03d; } }
html { scroll-padding-top: 12px; }
h1 { overflow-wrap: anywhere; }
h3 { font-size: 1.02rem; margin: 28px 0 2px; text-transform: none; }
dd { font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
nav { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 18px 0 0; padding: 10px 0 0;
  border-top: 1px solid var(--line); font-size: .9rem; }
a { color: var(--first); }
nav a { padding: 4px 0; }
.findings { margin: 0; padding: 12px 16px 12px 34px; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; max-width: 78ch; }
.findings li { margin: 3px 0; overflow-wrap: anywhere; }
section > p { white-space: pre-line; }
.gallery > p { max-width: 68ch; margin: 0 0 10px; color: var(--pale); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
  gap: 22px 28px; margin-top: 16px; align-items: start; }
.chart figcaption { font-weight: 600; font-size: .95rem; margin-bottom: 4px; }
.chart small { font-size: .82rem; max-width: 60ch; }
.chart svg { display: block; width: 100%; height: auto; max-width: calc(var(--wide) * 1.5px); }
.chart svg * { stroke-linejoin: round; stroke-linecap: butt; }
.chart svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
  sans-serif; }
.broad { grid-column: 1 / -1; }
.broad svg { min-width: calc(var(--wide) * 1px); max-width: calc(var(--wide) * 1.3px); }
caption { text-align: left; font-weight: 600; padding: 6px 0; }
th[scope=row] { color: var(--ink); white-space: normal; overflow-wrap: anywhere; min-width: 6.5rem;
  max-width: 22rem; position: sticky; left: 0; background: var(--paper); }
.n { text-align: right; }
td.n.share { min-width: 4.2rem; padding-left: 6px; background: linear-gradient(90deg,
  var(--bar) var(--share), transparent var(--share)) no-repeat right 6px center / calc(100% - 12px)
  72%; print-color-adjust: exact; }
.words { white-space: normal; min-width: 9rem; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr));
  gap: 18px 22px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; }
.pair p { margin: 0 0 3px; font-size: .84rem; line-height: 1.3; overflow-wrap: anywhere;
  min-height: 2.6em; display: flex; flex-direction: column; justify-content: flex-end; }
.pair p span { color: var(--pale); font-size: .76rem; }
.pair svg { display: block; width: 100%; aspect-ratio: 4 / 3; background: var(--card);
  border-radius: 4px; print-color-adjust: exact; }
.mistake figcaption { font-size: .82rem; margin-top: 4px; overflow-wrap: anywhere; }
.mistake figcaption b { font-weight: 500; }
.truth { --shape: var(--true); } .predicted { --shape: var(--false); }
.truth p b { border-left: 4px solid var(--true); padding-left: 6px; }
.predicted p b { border-left: 4px solid var(--false); padding-left: 6px; }
.pair path { fill: none; stroke: var(--shape); vector-effect: non-scaling-stroke; }
.pair .other { stroke-width: 1; stroke: #fff; stroke-opacity: .85; paint-order: stroke; }
.pair .under { stroke: #000; stroke-width: 4.5; stroke-opacity: .75; }
.pair .chosen { stroke-width: 2.2; fill: var(--shape); fill-opacity: .24; fill-rule: evenodd; }
.pair .absent { stroke: #fff; stroke-width: 2; stroke-dasharray: 5 4; }
.ground { fill: #7d848c; }
footer { margin-top: 44px; padding-top: 14px; border-top: 1px solid var(--line);
  color: var(--pale); font-size: .82rem; overflow-wrap: anywhere; }
@media (max-width: 520px) { dl { gap: 8px 20px; } dd { font-size: 1.25rem; }
  section { margin-top: 34px; } table { font-size: .82rem; } th, td { padding-right: 9px; } }
@media print { :root { --first: #1f6fb4; --second: #c8500a; --third: #1b7a43; --on-fill: #fff;
    --bar: #1f6fb426; }
  nav { display: none; } body { font-size: 10.5pt; } a { color: inherit; text-decoration: none; }
  .charts { grid-template-columns: repeat(auto-fit, minmax(54mm, 1fr)); }
  .mistakes { grid-template-columns: 1fr 1fr; }
  .broad svg { min-width: 0; max-width: 100%; } th[scope=row] { position: static; }
  table { font-size: 8.5pt; } thead { display: table-header-group; } h3 { break-after: avoid; } }
"""
