"""How the page of an inspection looks, beyond what all pages do."""

STYLE = """
img, svg { display: block; max-width: 100%; height: auto; border-radius: 4px; }
.wide { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px; }
.wide img, .wide svg { width: 100%; max-height: 78vh; object-fit: contain; }
.grid { display: grid; gap: 14px; }
.small { grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)); }
.middle { grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
figure img { width: 100%; border: 1px solid var(--line); }
figure img + img { margin-top: 6px; }
figcaption { font-size: .88rem; font-weight: 600; margin-top: 4px; }
.key { display: flex; align-items: center; gap: 8px; font-size: .82rem; }
.key i { width: 180px; height: 12px; border-radius: 3px; background: linear-gradient(90deg,
  #053061, #2166ac, #4393c3, #92c5de, #d1e5f0, #f7f7f7, #fddbc7, #f4a582, #d6604d, #b2182b,
  #67001f); print-color-adjust: exact; }
.bars { display: grid; grid-template-columns: 2.4rem 1fr 3.4rem 1fr 3.4rem; gap: 0 8px;
  align-items: center; font-size: .84rem; line-height: 1.55; font-variant-numeric: tabular-nums; }
.bars.heads { grid-template-columns: 2.4rem 1fr 1fr; color: var(--pale); }
.bar { position: relative; height: 12px; }
.bar::before { content: ""; position: absolute; left: 50%; top: -6px; bottom: -6px; width: 1px;
  background: var(--line); }
.bar i { position: absolute; top: 0; bottom: 0; print-color-adjust: exact; }
.bar .above { left: 50%; background: var(--above); border-radius: 0 3px 3px 0; }
.bar .below { right: 50%; background: var(--below); border-radius: 3px 0 0 3px; }
.value { text-align: right; color: var(--pale); }
td:last-child { white-space: normal; min-width: 15rem; }
td i, .legend i { display: inline-block; width: 12px; height: 12px; margin-right: 6px;
  border-radius: 2px; border: 1px solid var(--line); print-color-adjust: exact; }
.white { background: #fff; }
.chosen td { background: var(--chosen); font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0 0; font-size: .88rem; }
svg rect { fill: none; vector-effect: non-scaling-stroke; }
svg .shade { fill: #000; fill-opacity: .42; }
svg .beaten { stroke-width: 1.4; }
svg .under { stroke: #000; stroke-width: 6; }
svg .winner { stroke: #fff; stroke-width: 3; }
@media (max-width: 520px) { .small { grid-template-columns: repeat(3, 1fr); }
  .middle { grid-template-columns: repeat(2, 1fr); } .grid { gap: 10px; }
  .bars { grid-template-columns: 1.9rem 1fr 2.9rem 1fr 2.9rem; gap: 0 5px; font-size: .76rem; }
  .bars.heads { grid-template-columns: 1.9rem 1fr 1fr; } }
@media print { .small { grid-template-columns: repeat(6, 1fr); }
  .middle { grid-template-columns: repeat(3, 1fr); }
  .wide img, .wide svg { max-height: 40vh; } .bars { break-inside: avoid; } }
"""
