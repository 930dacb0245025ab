"""``yolact annotate``: photographs in, labels out."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from yolact_cli.cli import annotate_progress, annotate_words, options
from yolact_cli.cli.annotate_options import (
    LABEL_OPTIONS,
    MACHINE_OPTIONS,
    PICTURE_OPTIONS,
    VIDEO_OPTIONS,
    with_options,
)
from yolact_cli.cli.interruption import Interruption
from yolact_cli.settings import (
    FrameSettings,
    LabelSettings,
    NmsSettings,
    TrackSettings,
    VideoCodec,
    VideoFileSettings,
    WriteKind,
)

if TYPE_CHECKING:
    from yolact_cli.pipelines.annotate_request import AnnotateRequest
    from yolact_cli.zoo.resolve import ModelSource

SOME_FAILED = 3


@click.command()
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="RUN",
    help="The folder of the run; an unfinished run in it is resumed.",
)
@options.model_option
@click.option(
    "--write",
    type=options.CommaList(get_args(WriteKind)),
    default="coco,overlay",
    show_default=True,
    help="annotations.json, results.json, pictures and videos with objects drawn on them, PNGs of "
    "instances and classes, PNGs of single objects; of videos also their labelled frames as PNGs, "
    "and youtube_vis.json. The others are formats of 'yolact export', below exports/.",
)
@options.config_option
@with_options(*LABEL_OPTIONS, *MACHINE_OPTIONS, *PICTURE_OPTIONS, *VIDEO_OPTIONS)
@click.option("--overwrite", is_flag=True, help="Replace the run in the folder.")
@click.option("--dry-run", is_flag=True, help="Count what would be done, and do nothing.")
@options.json_option
def annotate(dry_run: bool, as_json: bool, **chosen: Any) -> int:
    """Outline the objects in photographs and videos.

    SOURCE is a folder, a picture, a video, a pattern such as 'photos/*.jpg', @list.txt with a path
    a line, - for such a list on standard input, or the address of a stream (rtsp://…, http://…).

    The run can be stopped at any time and goes on when the same command is given again. Pictures
    and parts of videos that cannot be read are listed at the end and in failures.csv, and the exit
    code is then 3.
    """  # fmt: skip
    request = _request(chosen)
    if dry_run:
        from yolact_cli.pipelines.annotate_plan import plan_annotation

        annotate_words.show_plan(plan_annotation(request), as_json=as_json)
        return 0
    return _run(request, as_json=as_json)


def _run(request: "AnnotateRequest", *, as_json: bool) -> int:
    from yolact_cli.pipelines.annotate import annotate as annotate_pictures
    from yolact_cli.pipelines.annotate_events import Finished, Listed, Stopped

    with Interruption() as interruption:
        events = annotate_pictures(request, should_stop=lambda: bool(interruption))
        listed = next(events)
        assert isinstance(listed, Listed)  # noqa: S101 - a run's first word
        annotate_words.say_listed(listed)
        last = annotate_progress.follow(listed, events)
    if isinstance(last, Stopped):
        annotate_words.say_stopped(last)
        return interruption.exit_code
    assert isinstance(last, Finished)  # noqa: S101 - or an exception had come through
    annotate_words.show_finished(last, request.output, as_json=as_json)
    is_whole = not last.failures and all(report.is_whole for report in last.exports)
    return 0 if is_whole else SOME_FAILED


def _request(chosen: dict[str, Any]) -> "AnnotateRequest":
    from yolact_cli.datasets.class_map import read_class_map
    from yolact_cli.pipelines.annotate_request import AnnotateRequest, Existing
    from yolact_cli.zoo.resolve import resolve_model

    if chosen["keep"] and not chosen["existing"]:
        raise click.UsageError("--keep says what to do with the pictures in --existing.")
    if not chosen["write"]:
        raise click.BadParameter("Nothing is to be written.", param_hint="--write")
    model = resolve_model(chosen["model"])
    class_map = read_class_map(chosen["class_map"]) if chosen["class_map"] else None
    existing = chosen["existing"]
    cameras = () if chosen["camera"] is None else (f"camera:{chosen['camera']}",)
    sources: tuple[str, ...] = (*chosen["sources"], *cameras)
    if not sources:
        raise click.UsageError("Missing argument 'SOURCE...'.")
    return AnnotateRequest(
        sources=sources,
        output=chosen["output"],
        model=model,
        settings=_label_settings(chosen, model, class_map),
        write=chosen["write"],
        class_map=class_map,
        existing=existing and Existing(path=existing, keep=chosen["keep"] or "skip"),
        device=chosen["device"],
        batch_size=chosen["batch_size"],
        workers=chosen["workers"],
        memory_bytes=chosen["memory"],
        recursive=chosen["recursive"],
        overwrite=chosen["overwrite"],
        overlay_max_px=chosen["overlay_size"],
        frames=_frame_settings(chosen),
        tracks=TrackSettings() if chosen["track"] else None,
        video_file=_video_file_settings(chosen),
        list_stream=_lines_of_stdin() if "-" in sources else None,
    )


def _frame_settings(chosen: dict[str, Any]) -> FrameSettings:
    start_s, end_s = chosen["start"], chosen["end"]
    if end_s is not None and end_s <= (start_s or 0):
        raise click.UsageError("--end is to be later than --start.")
    return FrameSettings(
        start_s=start_s,
        end_s=end_s,
        every=chosen["every"],
        fps=chosen["fps"],
        keyframes=chosen["keyframes"],
    )


def _video_file_settings(chosen: dict[str, Any]) -> VideoFileSettings:
    container = chosen["video_format"]
    if "youtube-vis" in chosen["write"] and not chosen["track"]:
        raise click.UsageError("youtube_vis.json is made of tracks; leave out --no-track.")
    fallback: VideoCodec = "vp9" if container == "webm" else "h264"
    codec: VideoCodec = chosen["codec"] or fallback
    settings = VideoFileSettings(container=container, codec=codec, crf=chosen["crf"])
    if "overlay" in chosen["write"]:
        from yolact_cli.writers.video_codecs import check_video_settings

        check_video_settings(settings)
    return settings


def _lines_of_stdin() -> list[str]:
    # As file names are, not as the terminal writes: they may hold bytes that are no text.
    return [os.fsdecode(line) for line in sys.stdin.buffer]


def _label_settings(chosen: dict[str, Any], model: "ModelSource", class_map: Any) -> LabelSettings:
    from yolact_cli.datasets.threshold_file import read_thresholds
    from yolact_cli.pipelines.classes import class_thresholds, wanted_class_names

    categories, thresholds = model.card.categories, chosen["thresholds"]
    return LabelSettings(
        nms=NmsSettings(
            kind=chosen["nms"],
            iou_threshold=chosen["iou_threshold"],
            max_detections=chosen["max_detections"],
        ),
        score_threshold=chosen["score_threshold"],
        class_thresholds=thresholds
        and class_thresholds(
            categories,
            read_thresholds(thresholds),
            otherwise=chosen["score_threshold"],
            class_map=class_map,
        ),
        class_names=wanted_class_names(
            categories,
            only=chosen["classes"],
            exclude=chosen["exclude"] or (),
            class_map=class_map,
        ),
        min_area_px=chosen["min_area"],
        mask_crop=chosen["mask_crop"],
        mirror_check=chosen["mirror_check"],
        precision=chosen["precision"],
        runtime=chosen["runtime"],
        bit_depth=chosen["bit_depth"],
        allow_truncated=chosen["allow_truncated"],
        max_pixels=chosen["max_pixels"],
    )
