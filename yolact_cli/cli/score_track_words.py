"""What ``yolact score`` says of tracks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yolact_cli.cli import reporting
from yolact_cli.cli.score_words import label
from yolact_cli.pipelines.score_wording import shown

if TYPE_CHECKING:
    from yolact_cli.pipelines.score_tracks import TrackReport

_NOT_FOR_TRACKS = {
    "iou_type": "--iou-type",
    "score_threshold": "--score-threshold",
    "thresholds": "--thresholds",
    "bootstrap": "--bootstrap",
    "goal": "--suggest-thresholds",
    "csv_file": "--csv",
    "report_file": "--report",
    "images_dir": "--images",
}


def refuse_what_tracks_lack(predictions: Sequence[Path], chosen: Mapping[str, Any]) -> None:
    """Do nothing, unless something was asked that is known of pictures only.

    Raises:
        click.UsageError: It was.
    """
    if len(predictions) > 1:
        raise click.UsageError("TRUTH is of tracks: give one set of predictions.")
    for key, option in _NOT_FOR_TRACKS.items():
        if chosen.get(key):
            raise click.UsageError(f"TRUTH is of tracks: {option} is for pictures only.")


def say_what_was_joined(report: "TrackReport") -> None:
    """How predictions and truth came together, and what was left out."""
    joined, counted = report.join, reporting.counted
    reporting.message(
        f"{counted(len(joined.tracks), 'predicted track')} and"
        f" {counted(report.true_tracks, 'true track')} in {counted(report.videos, 'video')};"
        f" videos joined by {joined.videos_by}, classes by {joined.categories_by}."
    )
    if joined.videos_without_predictions:
        without = counted(joined.videos_without_predictions, "video")
        reporting.message(f"No predictions in {without} of truth: all tracks there are missed.")
    if joined.foreign_videos:
        tracks = counted(joined.foreign_tracks, "track")
        videos = counted(joined.foreign_videos, "video")
        reporting.warn(f"Left out: {tracks} in {videos} that truth does not have.")
    if joined.foreign_classes:
        listed = ", ".join(f"{name} ({count})" for name, count in joined.foreign_classes.items())
        reporting.warn(f"Left out: tracks of classes that truth does not have: {listed}.")


def show_report(report: "TrackReport", *, per_class: bool) -> None:
    """The figures of whole tracks, of single frames, and of identities."""
    for title, figures, areas, each in (
        ("tracks", report.tracks, report.track_areas, "a video"),
        ("masks, frame by frame", report.frames, report.frame_areas, "a frame"),
    ):
        rows = [
            [label(name, areas, each=each), shown(value)] for name, value in figures.named().items()
        ]
        reporting.print_table(["", title], rows)
        if per_class:
            limit = list(figures.ar_by_limit)[-1]
            classes = [
                [one.name, f"{one.objects:,}", shown(one.ap), shown(one.ap50), shown(one.ar)]
                for one in figures.per_class.values()
            ]
            reporting.print_table([title, "objects", "AP", "AP50", f"AR{limit}"], classes)
    kept = report.identities
    rows = [
        ["IDF1         objects under one identity", shown(kept.idf1)],
        ["IDP          of the predicted", shown(kept.idp)],
        ["IDR          of the true", shown(kept.idr)],
        ["switches     of identity", f"{kept.switches:,}"],
    ]
    reporting.print_table(["", "identities"], rows)
