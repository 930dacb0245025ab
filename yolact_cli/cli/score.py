"""``yolact score``: how good predictions are."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yolact_cli.cli import options, reporting

if TYPE_CHECKING:
    from yolact_cli.pipelines.score import ScoreReport
    from yolact_cli.scoring.figures import CocoFigures, Interval
    from yolact_cli.scoring.prepare import IouType

TITLES = {"bbox": "boxes", "segm": "masks"}
ROWS = {
    "ap": "AP           IoU 0.50:0.95",
    "ap50": "AP50         IoU 0.50",
    "ap75": "AP75         IoU 0.75",
    "ap_small": "AP small     below 32² px",
    "ap_medium": "AP medium    32² to 96² px",
    "ap_large": "AP large     from 96² px",
    "ar1": "AR1          1 a picture",
    "ar10": "AR10         10 a picture",
    "ar100": "AR100        100 a picture",
    "ar_small": "AR small     below 32² px",
    "ar_medium": "AR medium    32² to 96² px",
    "ar_large": "AR large     from 96² px",
}


@click.command()
@click.argument("predictions", type=click.Path(exists=True, path_type=Path))
@click.argument("truth", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.config_option
@click.option(
    "--iou-type",
    type=options.CommaList(("bbox", "segm")),
    help="Compare boxes, masks or both.  [default: what both sides have]",
)
@options.classes_option
@options.class_map_option
@click.option("--per-class", is_flag=True, help="Show every class on its own.")
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="95 % intervals of AP and AP50 from N resamples of the pictures; 200 will do.",
)
@options.json_option
def score(
    predictions: Path,
    truth: Path,
    iou_type: "tuple[IouType, ...] | None",
    classes: tuple[str, ...] | None,
    class_map: Path | None,
    per_class: bool,
    bootstrap: int,
    as_json: bool,
) -> None:
    """Measure predictions against ground truth.

    PREDICTIONS is the folder of a run, a COCO data set with scores (such as its annotations.json),
    or a COCO results list. TRUTH is a COCO data set.

    A results list is joined to truth by ids. A run or a data set is joined by file names and class
    names, so that the two may number differently.
    """
    from yolact_cli.pipelines.score import ScoreSettings, report_json, score_predictions

    settings = ScoreSettings(
        class_names=classes or None,
        class_map=class_map,
        iou_types=iou_type or None,
        bootstrap_resamples=bootstrap,
    )
    report = score_predictions(predictions, truth, settings)
    _say_what_was_joined(report)
    if as_json:
        reporting.print_json(report_json(report))
        return
    _show_figures(report)
    if per_class:
        for name, figures in report.figures.items():
            _show_classes(TITLES[name], figures)


def _say_what_was_joined(report: "ScoreReport") -> None:
    joined = report.join
    counted = reporting.counted
    reporting.message(
        f"{counted(joined.objects, 'prediction')} in {counted(joined.truth_pictures, 'picture')}"
        f" of truth; pictures joined by {joined.pictures_by}, classes by {joined.categories_by}."
    )
    if joined.pictures_without_predictions:
        without = counted(joined.pictures_without_predictions, "picture")
        reporting.message(f"No predictions in {without} of truth: all objects there are missed.")
    if joined.foreign_pictures:
        objects = counted(joined.foreign_picture_objects, "prediction")
        pictures = counted(joined.foreign_pictures, "picture")
        reporting.warn(f"Left out: {objects} in {pictures} that truth does not have.")
    if joined.foreign_classes:
        listed = ", ".join(f"{name} ({count})" for name, count in joined.foreign_classes.items())
        reporting.warn(f"Left out: predictions of classes that truth does not have: {listed}.")
    if report.box_only_objects and "segm" in report.figures:
        objects = counted(report.box_only_objects, "object")
        reporting.message(f"Ignored where masks are compared: {objects} of truth with only a box.")


def _show_figures(report: "ScoreReport") -> None:
    columns = ["", *(TITLES[name] for name in report.figures)]
    figures = [one.twelve() for one in report.figures.values()]
    rows = [[label, *(_shown(one[key]) for one in figures)] for key, label in ROWS.items()]
    if report.intervals:
        drawn = list(report.intervals.values())
        rows.append([f"AP           {drawn[0].level:.0%} interval", *(_range(x.ap) for x in drawn)])
        rows.append(
            [f"AP50         {drawn[0].level:.0%} interval", *(_range(x.ap50) for x in drawn)]
        )
    reporting.print_table(columns, rows)


def _show_classes(title: str, figures: "CocoFigures") -> None:
    rows = [
        [one.name, str(one.objects), _shown(one.ap), _shown(one.ap50), _shown(one.ar100)]
        for one in figures.per_class.values()
    ]
    reporting.print_table([title, "objects", "AP", "AP50", "AR100"], rows)


def _shown(figure: float) -> str:
    return "-" if math.isnan(figure) else f"{figure:.3f}"


def _range(interval: "Interval") -> str:
    return f"{_shown(interval.low)} to {_shown(interval.high)}"
