"""``yolact export``: a run's labels in the files of other tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from yolact_cli.cli import options, reporting
from yolact_cli.cli.export_words import show_plan, show_reports
from yolact_cli.settings import ExportFormat, ExportSettings

if TYPE_CHECKING:
    from yolact_cli.pipelines.export import ExportRequest

SOME_FAILED = 3
_SETTINGS = ExportSettings()
_OF_ONE_FORMAT = {"image_url": "label-studio", "margin": "cutouts"}


@click.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False), metavar="RUN")
@click.option(
    "--to",
    "formats",
    type=options.CommaList(get_args(ExportFormat)),
    required=True,
    help="Formats to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Where files go; with several formats, each into a folder of its name.",
)
@options.config_option
@click.option(
    "--polygons/--masks",
    default=False,
    show_default=True,
    help="Outlines that a person can drag, or exact masks, where the format has both.",
)
@click.option(
    "--exact-polygons",
    is_flag=True,
    help="Outlines keep every corner of every pixel.",
)
@click.option(
    "--chunk",
    type=click.IntRange(1),
    metavar="N",
    help="Pictures a task, each in a folder chunk-0001, chunk-0002, …  [default: all in one]",
)
@click.option(
    "--image-url",
    metavar="TEMPLATE",
    help="Where label-studio finds a picture, such as 's3://bucket/{name}'.",
)
@click.option(
    "--margin",
    type=click.IntRange(0),
    default=_SETTINGS.margin_px,
    show_default=True,
    metavar="PIXELS",
    help="Around cutouts, as far as the picture goes.",
)
@options.classes_option
@options.class_map_option
@click.option(
    "--score-threshold",
    type=options.Number(0, 1, max_open=True),
    help="Leave out machine labels whose score is not above this.",
)
@click.option("--reviewed", is_flag=True, help="Only pictures that a person marked done.")
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    help="Only the N pictures of the highest review priority.",
)
@click.option(
    "--split",
    type=options.CommaList(("sure", "check", "empty")),
    help="Folders of their own for pictures that need no look, that do, and without objects.",
)
@click.option(
    "--reviewers",
    type=options.CommaList(),
    metavar="NAME,...",
    help="Share the pictures out to people, each in a folder of that name.",
)
@click.option(
    "--reviewer", type=options.CommaList(), hidden=True, help="What --reviewers was called before."
)
@options.moved_images_option
@click.option(
    "--copy-images",
    "images_how",
    flag_value="copy",
    help="Put copies of the pictures beside.",
)
@click.option(
    "--link-images",
    "images_how",
    flag_value="link",
    help="Put symbolic links to the pictures beside; yolo and voc do unless told otherwise.",
)
@click.option(
    "--no-images",
    "images_how",
    flag_value="none",
    help="Put no pictures beside the labels.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace files that were edited since they were written, or that were there before.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be exported, and write nothing.")
@options.json_option
def export(dry_run: bool, as_json: bool, **chosen: Any) -> int:
    """Write a run's labels in the files of other tools.

    RUN is the folder that annotate wrote. What people did in its review is in the labels.

    Giving the same command again replaces what has become different. A file that somebody edited
    since, or that was there before, is left as it is and named; the exit code is then 3, as it is
    when pictures that a format needs cannot be found.
    """
    request = _request(chosen)
    if dry_run:
        from yolact_cli.pipelines.export import plan_export

        show_plan(plan_export(request), as_json=as_json)
        return 0
    return _run(request, as_json=as_json)


def _run(request: "ExportRequest", *, as_json: bool) -> int:
    from yolact_cli.pipelines.export import export as export_run
    from yolact_cli.pipelines.export import is_all_whole

    gone_through: dict[str, int] = {}
    with reporting.Progress(None) as progress:

        def follow(name: str, pictures: int) -> None:
            gone_through[name] = pictures  # they count anew with each format
            progress.update(sum(gone_through.values()))

        reports = list(export_run(request, watch=follow))
    show_reports(reports, as_json=as_json)
    return 0 if is_all_whole(reports) else SOME_FAILED


def _request(chosen: dict[str, Any]) -> "ExportRequest":
    from yolact_cli.datasets.class_map import read_class_map
    from yolact_cli.pipelines.export import ExportRequest
    from yolact_cli.pipelines.export_choice import ExportChoice

    formats = chosen["formats"]
    if not formats:
        raise click.BadParameter("Name a format.", param_hint="--to")
    for option, owner in _OF_ONE_FORMAT.items():
        if chosen[option] and owner not in formats:
            raise click.UsageError(f"--{option.replace('_', '-')} is for --to {owner}.")
    url = chosen["image_url"]
    if url is not None and "{name}" not in url:
        raise click.BadParameter("It has to hold {name}, the picture's.", param_hint="--image-url")
    return ExportRequest(
        run=chosen["run"],
        output=chosen["output"],
        formats=formats,
        settings=ExportSettings(
            shapes="polygons" if chosen["polygons"] else "masks",
            image_url=url,
            exact_polygons=chosen["exact_polygons"],
            images=chosen["images_how"],
            margin_px=chosen["margin"],
        ),
        choice=ExportChoice(
            class_names=chosen["classes"] or None,
            class_map=read_class_map(chosen["class_map"]) if chosen["class_map"] else None,
            score_threshold=chosen["score_threshold"],
            reviewed_only=chosen["reviewed"],
            top=chosen["top"],
            splits=chosen["split"] or (),
            reviewers=chosen["reviewers"] or chosen["reviewer"] or (),
        ),
        chunk=chosen["chunk"],
        images_dir=chosen["images"],
        overwrite=chosen["overwrite"],
    )
