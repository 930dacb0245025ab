"""``yolact inspect``: how the mask of an object came about."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from yolact_cli.cli import options, reporting
from yolact_cli.settings import LabelSettings, MaskCrop, NmsKind, NmsSettings

if TYPE_CHECKING:
    from yolact_cli.traces import Inspection

_LABELS, _NMS = LabelSettings(), NmsSettings()
_MOST_OF_A_MASK = 0.9


class Pixel(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A pixel of a picture: ``X,Y`` from the upper left corner, which is ``0,0``."""

    name = "pixel"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Column and row."""
        if isinstance(value, tuple):
            return value
        x, comma, y = str(value).partition(",")
        if not (comma and x.strip().isdecimal() and y.strip().isdecimal()):
            self.fail(f"{value!r} is no pixel; give X,Y such as 120,80.", param, ctx)
        return int(x), int(y)


@click.command()
@click.argument("picture", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR",
    help="The folder of the page and its pictures.",
)  # fmt: skip
@options.model_option
@click.option(
    "--object", "number", type=click.IntRange(1), metavar="N",
    help="Which object, from 1, the best score first.  [default: 1]",
)  # fmt: skip
@click.option(
    "--at", "at_xy", type=Pixel(), metavar="X,Y",
    help="The object whose mask has this pixel of the picture, instead of --object.",
)  # fmt: skip
@options.config_option
@click.option(
    "--score-threshold", type=options.Number(0, 1, max_open=True),
    default=_LABELS.score_threshold, show_default=True,
    help="Objects are those whose class confidence is above this.",
)  # fmt: skip
@options.classes_option
@click.option(
    "--nms", type=click.Choice(get_args(NmsKind)), default=_NMS.kind, show_default=True,
    help="Which of several overlapping boxes stay, as for annotate.",
)  # fmt: skip
@click.option(
    "--iou-threshold", type=options.Number(0, 1, min_open=True),
    default=_NMS.iou_threshold, show_default=True,
    help="Overlap above which the box of the lower score goes.",
)  # fmt: skip
@click.option(
    "--mask-crop", type=click.Choice(get_args(MaskCrop)), default=_LABELS.mask_crop,
    show_default=True, help="Where masks are cropped by their boxes, as for annotate.",
)  # fmt: skip
@click.option(
    "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps",
    help="Where the network runs.",
)  # fmt: skip
@options.json_option
def inspect(picture: Path, output: Path, as_json: bool, **chosen: Any) -> None:
    """Show how the mask of an object came about.

    PICTURE is one photograph. The page inspect.html shows the prototypes, the object's mask
    coefficients, how the mask grows from the strongest of them, the soft mask before and after the
    crop, and the anchors that gave way to the object's. The same is there as PNGs, and in numbers
    as inspect.json.
    """
    from yolact_cli.pipelines.inspect import (
        ObjectChoice,
        check_output,
        inspect_picture,
        write_inspection,
    )
    from yolact_cli.zoo.resolve import resolve_model

    if chosen["number"] is not None and chosen["at_xy"] is not None:
        raise click.UsageError("--object and --at both choose an object; give one of them.")
    check_output(output)
    settings = LabelSettings(
        nms=NmsSettings(kind=chosen["nms"], iou_threshold=chosen["iou_threshold"]),
        score_threshold=chosen["score_threshold"],
        class_names=chosen["classes"] or None,
        mask_crop=chosen["mask_crop"],
    )
    inspection = inspect_picture(
        picture,
        resolve_model(chosen["model"]),
        settings=settings,
        choice=ObjectChoice(number=chosen["number"], at_xy=chosen["at_xy"]),
        device=chosen["device"],
    )
    page = write_inspection(inspection, output)
    _show(inspection, page, as_json=as_json)


def _show(inspection: "Inspection", page: Path, *, as_json: bool) -> None:
    from yolact_cli.writers.inspect_record import inspection_record

    if as_json:
        reporting.print_json({**inspection_record(inspection), "page": str(page)})
        return
    rows = [
        (
            f"{'>' if number == inspection.number else ' '} {number}",
            inspection.class_name(one.class_id),
            f"{one.score:.3f}",
            f"{one.area_px:,} px",
        )
        for number, one in enumerate(inspection.instances, start=1)
    ]
    reporting.print_table(("object", "class", "score", "mask"), rows)
    trace, grown = inspection.suppression, inspection.mask.growth
    # not the first that is good enough: the next ones may take away what they add back later
    missing = [step.terms for step in grown if step.iou <= _MOST_OF_A_MASK]
    enough = next(step for step in grown if step.terms > max(missing, default=0))
    count, of_all = reporting.counted(enough.terms, "prototype"), len(inspection.mask.terms)
    reporting.message(
        f"From {count} on, of {of_all}, the sum is its mask but for little (IoU {enough.iou:.2f})."
    )
    gone = reporting.counted(len(trace.beaten), "anchor")
    reporting.message(f"{gone} gave way to its anchor on P{trace.winner.level}.")
    reporting.message(f"Look at {page}")
