"""A picture of a training: its losses, and what its validations reached."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any


def curves_svg(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Losses above, COCO's figures below, over iterations; the same bytes for the same records.

    Args:
        records: Lines of ``metrics.jsonl``; may hold no validation.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib
    from matplotlib.figure import Figure

    steps = [record for record in records if "losses" in record]
    validations = [record for record in records if "mask_ap50" in record]
    # Without a salt and with a date, the same curves would give other bytes each time.
    with matplotlib.rc_context({"svg.hashsalt": "yolact", "svg.fonttype": "none"}):
        figure = Figure(figsize=(8, 7), layout="constrained")
        losses, figures = figure.subplots(2, 1, sharex=True)
        for name in steps[0]["losses"] if steps else ():
            losses.plot(
                [step["iteration"] for step in steps],
                [_drawn(step["losses"][name]) for step in steps],
                label=name.replace("_", " "),
                linewidth=1,
            )
        losses.set(ylabel="weighted loss", yscale="log")
        for name, label in (("mask_ap50", "mask AP50"), ("mask_ap", "mask AP"),
                            ("box_ap50", "box AP50"), ("box_ap", "box AP")):  # fmt: skip
            figures.plot(
                [one["iteration"] for one in validations],
                [_drawn(one[name]) for one in validations],
                label=label,
                marker="o",
                markersize=3,
            )
        figures.set(ylabel="on the validation set", xlabel="iterations")
        figures.set_ylim(bottom=0)
        for axes in (losses, figures):
            axes.grid(alpha=0.3)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="best", fontsize="small")
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _drawn(value: float | None) -> float:
    """What is not known leaves a gap."""
    return math.nan if value is None else value
