"""What ``yolact score`` says of the work that people had with a run's labels."""

import math
from typing import TYPE_CHECKING

from yolact_cli.cli import reporting

if TYPE_CHECKING:
    from yolact_cli.scoring.effort import Effort


def show_effort(effort: "Effort") -> None:
    """How much of the model's labels people had to change, on stdout."""
    rows = [
        ["accepted untouched", str(effort.untouched), _share(effort.untouched_share)],
        ["mask edited", str(effort.edited), _edit(effort.mean_edit)],
        ["relabelled", str(effort.relabelled), ""],
        ["deleted", str(effort.deleted), ""],
        ["added", str(effort.added), ""],
    ]
    pictures = reporting.counted(effort.pictures, "picture")
    objects = reporting.counted(effort.before, "object")
    reporting.print_table(["objects", "", ""], rows, title=f"{objects} in {pictures} reviewed")


def _share(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _edit(edit: float) -> str:
    return "" if math.isnan(edit) else f"1 - IoU {edit:.3f} on average"
