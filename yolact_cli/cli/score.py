"""``yolact score``: how good predictions are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yolact_cli.cli import options, reporting
from yolact_cli.cli.score_options import Areas, GoalType
from yolact_cli.errors import OutputExistsError

if TYPE_CHECKING:
    from yolact_cli.pipelines.score import ScoreSettings

SORTS = ("ap", "ap50", "f1", "precision", "recall", "objects", "name", "id")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    type=click.Path(exists=True, path_type=Path),
    metavar="PREDICTIONS [TRUTH | PREDICTIONS_B]",
)
@click.option("--truth", type=_FILE, metavar="TRUTH.json", help="Ground truth, as a data set.")
@options.config_option
@click.option(
    "--iou-type",
    type=options.CommaList(("bbox", "segm", "boundary")),
    help="Compare boxes, masks, or the boundaries of masks.  [default: boxes and masks, where "
    "both sides have them]",
)
@options.classes_option
@options.class_map_option
@click.option(
    "--max-detections",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Predictions of a class in a picture that count; LVIS takes 300.",
)
@click.option(
    "--areas",
    type=Areas(),
    help="Sizes to tell apart, in square px.  [default: small=0:1024,medium=1024:9216,large=9216:]",
)
@click.option(
    "--score-threshold",
    type=options.Number(0, 1, max_open=True),
    metavar="SCORE",
    help="Precision, recall, F1 and confusions of scores above this.  [default: that of the best "
    "F1 of all classes together]",
)
@click.option(
    "--thresholds",
    type=_FILE,
    metavar="FILE.toml",
    help="The same with a threshold for each class; those without one have the file's default, "
    "or else --score-threshold.",
)
@click.option("--per-class", is_flag=True, help="Show every class on its own.")
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="ap",
    show_default=True,
    help="What the classes are sorted by.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="95 % intervals from N resamples of the pictures.  [default: 0; 1000 when two sets of "
    "predictions are compared]",
)
@click.option(
    "--suggest-thresholds",
    "goal",
    type=GoalType(),
    help="Write a threshold for each class that meets this on other pictures too.",
)
@click.option(
    "--thresholds-file",
    type=_NEW_FILE,
    default="thresholds.toml",
    show_default=True,
    metavar="FILE",
    help="Where --suggest-thresholds writes.",
)
@click.option("--csv", "csv_file", type=_NEW_FILE, metavar="FILE", help="Write the classes as CSV.")
@click.option(
    "--report",
    "report_file",
    type=_NEW_FILE,
    metavar="FILE.html",
    help="Write all of it as one page: tables, curves, and the worst mistakes beside the truth; "
    "needs matplotlib.",
)
@click.option(
    "--images",
    "images_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the pictures of --report are; file names in TRUTH start there.  [default: where "
    "the run found them]",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@options.json_option
def score(paths: tuple[Path, ...], truth: Path | None, **chosen: Any) -> None:
    """Measure predictions against ground truth.

    PREDICTIONS is the folder of a run, a COCO data set with scores (such as its annotations.json),
    or a COCO results list. TRUTH is a COCO data set, LVIS's too, and may stand last or behind
    --truth.

    With a run and the reviewed.json that people left of it, it also says how much they had to
    change.

    With two sets of predictions and --truth, B is compared with A, with intervals from resampled
    pictures.

    Where TRUTH is a YouTube-VIS data set, tracks are compared: PREDICTIONS is then a run with
    youtube_vis.json, such a file, or a list of its results.

    A results list is joined to truth by ids. A run or a data set is joined by file names and class
    names, so that the two may number differently.
    """  # fmt: skip
    predictions, truth = _sides(paths, truth)
    if _is_of_tracks(truth):
        _score_tracks(predictions, truth, chosen)
        return
    if len(predictions) > 1 and chosen["goal"]:
        raise click.UsageError("--suggest-thresholds is about one set of predictions.")
    _check_report(chosen)
    _refuse_lost_work(chosen)
    settings = _settings(chosen)
    if len(predictions) == 1:
        _score_one(predictions[0], truth, settings, chosen)
    else:
        _compare(predictions, truth, settings, chosen)


def _sides(paths: tuple[Path, ...], truth: Path | None) -> tuple[tuple[Path, ...], Path]:
    """The predictions, one or two, and the truth."""
    if truth is None:
        if len(paths) < 2:
            missing = "PREDICTIONS" if not paths else "TRUTH"
            raise click.UsageError(f"Missing {missing}.")
        *first, truth = paths
        paths = tuple(first)
        if len(paths) > 1:
            raise click.UsageError("Give the truth of two sets of predictions by --truth.")
        if truth.is_dir():
            raise click.BadParameter(f"TRUTH is a file; {truth} is a folder.")
    if not paths:
        raise click.UsageError("Missing PREDICTIONS.")
    if len(paths) > 2:
        raise click.UsageError("At most two sets of predictions are compared.")
    return paths, truth


def _settings(chosen: Mapping[str, Any]) -> "ScoreSettings":
    from yolact_cli.pipelines.score import ScoreSettings
    from yolact_cli.scoring.rules import COCO_AREAS, ScoringRules

    return ScoreSettings(
        class_names=chosen["classes"] or None,
        class_map=chosen["class_map"],
        iou_types=chosen["iou_type"] or None,
        rules=ScoringRules(
            max_detections=chosen["max_detections"], areas=chosen["areas"] or COCO_AREAS
        ),
        score_threshold=chosen["score_threshold"],
        thresholds=chosen["thresholds"],
        bootstrap_resamples=chosen["bootstrap"],
        goal=chosen["goal"],
    )


def _score_one(
    predictions: Path, truth: Path, settings: "ScoreSettings", chosen: Mapping[str, Any]
) -> None:
    from yolact_cli.cli import effort_words, score_words
    from yolact_cli.pipelines import score_files
    from yolact_cli.pipelines.effort import human_effort, is_reviewed_run
    from yolact_cli.pipelines.score import score_predictions

    effort = human_effort(predictions, truth) if is_reviewed_run(predictions, truth) else None
    report = score_predictions(predictions, truth, settings)
    score_words.say_what_was_joined(report)
    if chosen["csv_file"]:
        _write(chosen["csv_file"], score_files.classes_csv(report))
    if chosen["report_file"]:
        from yolact_cli.pipelines.score_page import report_page

        page = report_page(report, truth=truth, images_dir=chosen["images_dir"])
        _write(chosen["report_file"], page)
    if report.suggestion is not None:
        _write(chosen["thresholds_file"], score_files.thresholds_toml(report))
    if chosen["as_json"]:
        more = {} if effort is None else {"effort": effort.to_json()}
        reporting.print_json(score_files.report_json(report) | more)
    else:
        score_words.show_report(report, per_class=chosen["per_class"], sort=chosen["sort"])
        if effort is not None:
            effort_words.show_effort(effort)
    if report.suggestion is not None:
        score_words.say_suggestion(report.suggestion, chosen["thresholds_file"])


def _is_of_tracks(truth: Path) -> bool:
    from yolact_cli.datasets.tracks import holds_tracks

    return holds_tracks(truth)


def _score_tracks(predictions: tuple[Path, ...], truth: Path, chosen: Mapping[str, Any]) -> None:
    from yolact_cli.cli import score_track_words
    from yolact_cli.pipelines.score_tracks import (
        TrackScoreSettings,
        score_tracks,
        track_report_json,
    )

    score_track_words.refuse_what_tracks_lack(predictions, chosen)
    settings = TrackScoreSettings(
        class_names=chosen["classes"] or None,
        class_map=chosen["class_map"],
        max_detections=chosen["max_detections"],
        areas=chosen["areas"],
    )
    report = score_tracks(predictions[0], truth, settings)
    score_track_words.say_what_was_joined(report)
    if chosen["as_json"]:
        reporting.print_json(track_report_json(report))
    else:
        score_track_words.show_report(report, per_class=chosen["per_class"])


def _compare(
    predictions: tuple[Path, ...],
    truth: Path,
    settings: "ScoreSettings",
    chosen: Mapping[str, Any],
) -> None:
    from yolact_cli.cli import score_words
    from yolact_cli.pipelines import score_files
    from yolact_cli.pipelines.score import compare_predictions

    first, second = predictions
    report = compare_predictions(first, second, truth, settings)
    for side in (report.a, report.b):
        score_words.say_what_was_joined(side)
    if chosen["csv_file"]:
        _write(chosen["csv_file"], score_files.comparison_csv(report))
    if chosen["report_file"]:
        from yolact_cli.pipelines.score_page import comparison_page

        page = comparison_page(report, truth=truth, images_dir=chosen["images_dir"])
        _write(chosen["report_file"], page)
    if chosen["as_json"]:
        reporting.print_json(score_files.comparison_json(report))
    else:
        score_words.show_comparison(report, per_class=chosen["per_class"])


def _check_report(chosen: Mapping[str, Any]) -> None:
    """Before anything is computed: a report that cannot be made is refused at once."""
    if chosen["report_file"]:
        from yolact_cli.pipelines.score_page import check_can_draw

        check_can_draw()
    elif chosen["images_dir"]:
        raise click.UsageError("--images is of the pictures in a --report.")


def _refuse_lost_work(chosen: Mapping[str, Any]) -> None:
    """Before anything is computed: thresholds and tables may have been edited.

    Raises:
        OutputExistsError: A file that would be written is there.
    """
    files = [
        chosen["csv_file"],
        chosen["report_file"],
        chosen["thresholds_file"] if chosen["goal"] else None,
    ]
    for path in files:
        if path is not None and path.exists() and not chosen["overwrite"]:
            raise OutputExistsError(
                f"{path} is there already.", remedy="Give another name, or --overwrite."
            )


def _write(path: Path, content: str | bytes) -> None:
    from yolact_cli.store import LocalStore

    data = content if isinstance(content, bytes) else content.encode("utf-8")
    LocalStore(path.parent, resumes=False).put(path.name, data)
