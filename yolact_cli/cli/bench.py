"""``yolact bench``: where the time goes."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from yolact_cli.cli import options, reporting
from yolact_cli.cli.annotate import SOME_FAILED
from yolact_cli.cli.annotate_options import MACHINE_OPTIONS, with_options
from yolact_cli.errors import OutputExistsError
from yolact_cli.settings import LabelSettings, RuntimeName, WriteKind

if TYPE_CHECKING:
    from yolact_cli.pipelines.bench_report import BenchReport
    from yolact_cli.pipelines.bench_request import BenchRequest

_OF_VIDEOS = ("frames", "youtube-vis")
_KINDS = tuple(kind for kind in get_args(WriteKind) if kind not in _OF_VIDEOS)


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE...]")
@options.model_option
@click.option(
    "--pictures",
    type=click.IntRange(2, 100_000),
    default=64,
    show_default=True,
    metavar="N",
    help="Pictures labelled: the first of the sources', repeated in order where there are fewer.",
)
@click.option(
    "--write",
    type=options.CommaList(_KINDS),
    default="coco,overlay",
    show_default=True,
    help="Kinds of files whose writing is measured, as for annotate.",
)
@options.config_option
@with_options(*MACHINE_OPTIONS)
@click.option(
    "--against",
    type=click.Choice([name for name in get_args(RuntimeName) if name != "auto"]),
    help="Another runtime, run in turn with the first: which is quicker, and whether they find "
    "the same.",
)
@click.option(
    "--rounds",
    type=click.IntRange(2, 1000),
    default=10,
    show_default=True,
    metavar="N",
    help="Turns that each of the two takes, up to 16 pictures in each.",
)
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg",
    help="Write the steps as a picture.",
)
@click.option("--overwrite", is_flag=True, help="Replace the chart that is there.")
@options.json_option
def bench(chart: Path | None, overwrite: bool, as_json: bool, **chosen: Any) -> int:
    """Measure where the time of annotate goes.

    SOURCE is as for annotate: a folder, a picture, a pattern, @list.txt or -. Without one, pictures
    are made up, in which there is little to be found: objects cost time of their own, so that your
    own pictures tell more.

    Each step is timed by itself: decode, preprocess (resizing, and shrinking for the overlay),
    network (with normalisation), NMS (with the softmax, the boxes and YOLACT++'s mask rescoring),
    masks (assembled, cropped, brought to the picture's size), RLE, the journal, and each kind of
    files. Then a whole run, in which they go on side by side.

    Everything is written into a temporary folder (TMPDIR says where) that is gone at the end. Other
    programs that run meanwhile are measured with it.
    """
    from yolact_cli.cli import bench_words
    from yolact_cli.pipelines.bench import bench as measure

    _check_chart(chart, overwrite=overwrite)
    request = _request(chosen)
    if chart is not None:
        _check_place(chart)
    bench_words.say_request(request)
    with reporting.Progress(request.steps, unit="steps") as progress:
        report = measure(request, progress.update)
    bench_words.say_pictures(report.pictures)
    bench_words.say_devices(report)
    bench_words.show_report(report, as_json=as_json)
    if chart is not None:  # last: a measurement is not to be lost over it
        _write_chart(chart, report)
        reporting.message(f"Wrote {chart}.")
    return SOME_FAILED if report.pictures.failures else 0


def _request(chosen: dict[str, Any]) -> "BenchRequest":
    from yolact_cli.pipelines.bench_request import BenchRequest
    from yolact_cli.zoo.resolve import resolve_model

    sources: tuple[str, ...] = chosen["sources"]
    return BenchRequest(
        sources=sources,
        model=resolve_model(chosen["model"]),
        settings=LabelSettings(precision=chosen["precision"], runtime=chosen["runtime"]),
        write=chosen["write"],
        device=chosen["device"],
        batch_size=chosen["batch_size"],
        workers=chosen["workers"],
        memory_bytes=chosen["memory"],
        pictures=chosen["pictures"],
        against=chosen["against"],
        rounds=chosen["rounds"],
        list_stream=map(os.fsdecode, sys.stdin.buffer) if "-" in sources else None,
    )


def _check_chart(chart: Path | None, *, overwrite: bool) -> None:
    """Before anything is measured."""
    if chart is None:
        return
    if chart.suffix.lower() != ".svg":
        raise click.BadParameter("It is an SVG; give it a name in .svg.", param_hint="--chart")
    if chart.exists() and not overwrite:
        raise OutputExistsError(
            f"{chart} is there already.", remedy="Give another name, or --overwrite."
        )


def _check_place(chart: Path) -> None:
    """That the chart's folder, made where it is not there, takes a file."""
    from yolact_cli.store import LocalStore

    with LocalStore(chart.parent, resumes=False).scratch():
        pass


def _write_chart(chart: Path, report: "BenchReport") -> None:
    from yolact_cli.cli.bench_words import chart_svg
    from yolact_cli.store import LocalStore

    LocalStore(chart.parent, resumes=False).put(chart.name, chart_svg(report).encode("utf-8"))
