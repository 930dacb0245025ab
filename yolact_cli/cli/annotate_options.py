"""The options of ``yolact annotate``, but for what every run is told: sources, output, model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from yolact_cli.cli import options
from yolact_cli.settings import (
    FrameSettings,
    Keep,
    LabelSettings,
    MaskCrop,
    NmsKind,
    NmsSettings,
    Precision,
    RuntimeName,
    VideoCodec,
    VideoContainer,
    VideoFileSettings,
)

_LABELS = LabelSettings()
_NMS = NmsSettings()
_FRAMES = FrameSettings()
_VIDEO_FILE = VideoFileSettings()
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

Decorator = Callable[[Any], Any]

LABEL_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--score-threshold", type=options.Number(0, 1, max_open=True),
        default=_LABELS.score_threshold, show_default=True,
        help="Leave out objects whose class confidence is not above this.",
    ),
    click.option(
        "--thresholds", type=_FILE, metavar="FILE.toml",
        help="A threshold for each class, as 'yolact score --suggest-thresholds' writes them; "
        "those without one have the file's default, or else --score-threshold.",
    ),
    options.classes_option,
    click.option(
        "--exclude", type=options.CommaList(), metavar="NAME,...", help="All classes but these.",
    ),
    options.class_map_option,
    click.option(
        "--max-detections", type=click.IntRange(1, 200), default=_NMS.max_detections,
        show_default=True, help="Most objects a picture, the best by score.",
    ),
    click.option(
        "--min-area", type=click.IntRange(1), default=_LABELS.min_area_px, show_default=True,
        metavar="PIXELS", help="Leave out smaller masks.",
    ),
    click.option(
        "--nms", type=click.Choice(get_args(NmsKind)), default=_NMS.kind, show_default=True,
        help="Which of several overlapping boxes stay: the paper's Fast NMS by class, standard "
        "greedy NMS by class, or Fast NMS over all classes at once.",
    ),
    click.option(
        "--iou-threshold", type=options.Number(0, 1, min_open=True),
        default=_NMS.iou_threshold, show_default=True,
        help="Overlap above which the box of the lower score goes.",
    ),
    click.option(
        "--mask-crop", type=click.Choice(get_args(MaskCrop)), default=_LABELS.mask_crop,
        show_default=True,
        help="Crop masks by their boxes in the picture, or among the prototypes as the reference "
        "does.",
    ),
    click.option(
        "--mirror-check", is_flag=True,
        help="Look at every picture mirrored, too, and rank objects that differ there higher for "
        "review; takes twice as long.",
    ),
    click.option(
        "--existing", type=_FILE, metavar="LABELS.json",
        help="A COCO data set of objects that people have labelled; for pictures, not for videos.",
    ),
    click.option(
        "--keep", type=click.Choice(get_args(Keep)),
        help="What becomes of the pictures labelled in --existing: they are left out (skip), or "
        "given only objects that share at most a quarter of the smaller mask with each of those "
        "there (merge).  [default: skip]",
    ),
)  # fmt: skip
"""What is labelled."""

MACHINE_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps|intel-gpu",
        help="Where the network runs.",
    ),
    click.option(
        "--runtime", type=click.Choice(get_args(RuntimeName)), default=_LABELS.runtime,
        show_default=True,
        help="What runs the network: the fastest that is installed and computes as exactly as "
        "--precision says, or the one named.",
    ),
    click.option(
        "--precision", type=click.Choice(get_args(Precision)), default=_LABELS.precision,
        show_default=True, help="Arithmetic of the network.",
    ),
    click.option(
        "--batch-size", type=click.IntRange(1, 1024),
        help="Pictures run together.  [default: 4, on a GPU 16]",
    ),
    click.option(
        "--workers", type=click.IntRange(0, 256),
        help="Processes that decode ahead; 0 for none.  [default: by cores, at most 4]",
    ),
    click.option(
        "--memory", type=options.MemorySize(), metavar="SIZE",
        help="For pictures being decoded and waiting, beside the network and the program, such as "
        "800MB or 4GiB. A picture whose decoding, with the frames of two batches as large, would "
        "take more than three quarters of it is left out as failed, as is a video of which too few "
        "frames fit.  [default: a quarter of what is free, at most 4GiB; none is left out]",
    ),
)  # fmt: skip
"""What runs the network, and how."""

PICTURE_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--recursive/--no-recursive", default=True, show_default=True,
        help="Look into folders of folders.",
    ),
    click.option(
        "--bit-depth", type=click.IntRange(8, 16), metavar="BITS",
        help="Significant bits of 16-bit pictures, such as 12.  [default: 16]",
    ),
    click.option(
        "--allow-truncated", is_flag=True,
        help="Use what is readable of pictures that are cut off.",
    ),
    click.option(
        "--max-pixels", type=click.IntRange(1), default=_LABELS.max_pixels, show_default=True,
        help="Refuse larger pictures.",
    ),
    click.option(
        "--overlay-size", type=click.IntRange(0), default=1600, show_default=True,
        metavar="PIXELS",
        help="Longest side of pictures' overlays; 0 for the picture's own. Videos keep their size.",
    ),
)  # fmt: skip
"""Which pictures are read and how, and how large they are drawn."""

VIDEO_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--camera", type=click.IntRange(0), metavar="N",
        help="Label what a camera of this machine sees, until Ctrl-C.",
    ),
    click.option(
        "--start", type=options.TimeSpan(), metavar="TIME",
        help="Videos from here on: seconds, or 1:02:03.5.",
    ),
    click.option("--end", type=options.TimeSpan(), metavar="TIME", help="Videos up to here."),
    click.option(
        "--every", type=click.IntRange(1), default=_FRAMES.every, show_default=True,
        metavar="N", help="Label every n-th frame of videos; overlays keep them all.",
    ),
    click.option(
        "--fps", type=options.Number(0, min_open=True), metavar="RATE",
        help="Label at most so many frames a second of videos.",
    ),
    click.option(
        "--keyframes", is_flag=True, help="Label only the keyframes of videos.",
    ),
    click.option(
        "--track/--no-track", default=True, show_default=True,
        help="Follow objects through videos.",
    ),
    click.option(
        "--video-format", type=click.Choice(get_args(VideoContainer)),
        default=_VIDEO_FILE.container, show_default=True, help="Of overlay videos.",
    ),
    click.option(
        "--codec", type=click.Choice(get_args(VideoCodec)),
        help="Of overlay videos; h264 plays anywhere.  [default: h264, in webm vp9]",
    ),
    click.option(
        "--crf", type=click.IntRange(0, 63), metavar="N",
        help="Constant quality of overlay videos, lower is better.  [default: by codec]",
    ),
)  # fmt: skip
"""Which frames of videos are labelled, and how their overlays are written."""


def with_options(*decorators: Decorator) -> Decorator:
    """All of these options, in ``--help`` in this order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
