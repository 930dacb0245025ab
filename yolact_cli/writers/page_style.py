"""How all pages look: by day and by night, on a phone, on paper."""

BASE = """
:root { color-scheme: light dark; --paper: #fff; --card: #f6f7f9; --ink: #1c2026; --pale: #5c6570;
  --line: #d9dee4; --above: #b2182b; --below: #2166ac; --chosen: #fde7d8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1d2127; --ink: #e8ebef;
  --pale: #9aa4b0; --line: #343b44; --above: #ef7d6b; --below: #6cb0e4; --chosen: #4a2a17; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.15; margin: 0 0 12px; }
h2 { font-size: 1.3rem; margin: 0 0 4px; }
section { margin-top: 44px; padding-top: 20px; border-top: 1px solid var(--line); }
section > p { max-width: 68ch; margin: 0 0 14px; color: var(--pale); }
.eyebrow { margin: 0; color: var(--pale); overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0 0 18px; }
dt { color: var(--pale); font-size: .82rem; } dd { margin: 0; font-weight: 600; }
figure { margin: 0; break-inside: avoid; }
small { display: block; font-weight: 400; color: var(--pale); }
.scroll { overflow-x: auto; margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-size: .88rem;
  font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--pale); font-weight: 600; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
@page { margin: 14mm; }
@media print { :root { --paper: #fff; --card: #fff; --ink: #000; --pale: #444; --line: #bbb;
  --above: #b2182b; --below: #2166ac; --chosen: #eee; }
  main { max-width: none; padding: 0; } section { margin-top: 20px; } .scroll { overflow: visible; }
  h2, h2 + p { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""
