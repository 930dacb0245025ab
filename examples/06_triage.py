"""Whether the review queue finds wrong objects sooner than chance, where the truth is known.

Prints the figures and draws how many of the wrong objects are found while one goes through the
queue. Needs matplotlib: pip install matplotlib.

Usage: python 06_triage.py RUN TRUTH.json [CURVES.svg] [LEAST_SCORE]
"""

import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from yolact_cli.pipelines.triage import inspection_of
from yolact_cli.scoring.triage import found_curve, triage_figures

run, truth, *rest = sys.argv[1:]
curves_path = rest[0] if rest else "triage.svg"
least_score = float(rest[1]) if len(rest) > 1 else 0.0

inspection = inspection_of(Path(run), Path(truth), least_score=least_score)
figures = triage_figures(inspection)
print(f"{figures.objects} objects, {figures.wrong} wrong; {figures.missed} objects were missed")
print(
    f"among the first {figures.share:.0%} in the queue: {figures.found:.1%} of the wrong ones, "
    f"{figures.lift:.2f} times as many as in random order "
    f"(95 % interval {figures.interval.low:.2f} to {figures.interval.high:.2f}); "
    f"no order could find more than {figures.highest_lift:.2f} times as many"
)

with matplotlib.rc_context({"svg.hashsalt": "yolact", "svg.fonttype": "none"}):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(*found_curve(inspection), label="by priority")
    axes.plot([0, 1], [0, 1], "--", label="in random order")
    axes.plot([0, figures.wrong / figures.objects, 1], [0, 1, 1], ":", label="knowing the truth")
    axes.axvline(figures.share, color="gray", linewidth=0.5)
    axes.set(xlabel="share of objects inspected", ylabel="share of wrong objects found")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(curves_path, metadata={"Date": None} if curves_path.endswith(".svg") else None)
print(curves_path)
