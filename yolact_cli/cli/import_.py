"""``yolact import``: what reviewers send back."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from yolact_cli.cli import options, reporting
from yolact_cli.settings import ImportFormat

if TYPE_CHECKING:
    from yolact_cli.pipelines.import_labels import ImportReport

_SHOWN = 20


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True), metavar="FILE")
@click.option(
    "--from",
    "format_name",
    type=click.Choice(get_args(ImportFormat)),
    required=True,
    help="What wrote it: a COCO data set of any tool, or a tool's own format.",
)
@click.option(
    "--into",
    "run",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="RUN",
    help="The run that was exported.",
)
@options.config_option
@click.option("--reviewer", metavar="NAME", help="Whose work it is.  [default: the file's name]")
@options.class_map_option
@click.option("--new-classes", is_flag=True, help="Take classes over that the run does not have.")
@click.option(
    "--exact",
    is_flag=True,
    help="Count every pixel that differs as a correction, also what outlines lose on the way.",
)
@click.option("--overwrite", is_flag=True, help="Change pictures that are marked done already.")
@options.json_option
def import_(
    file: Path,
    format_name: ImportFormat,
    run: Path,
    reviewer: str | None,
    class_map: Path | None,
    new_classes: bool,
    exact: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Take a reviewer's file over into the review of a run.

    FILE is what CVAT, Label Studio, LabelMe or another tool exported; for formats of several files,
    their folder. Its pictures are marked done and hold just its objects, which are matched with the
    run's by their uids, then by overlap. --class-map is the one that export was given.

    Nothing is changed unless all of it can be taken over; the same file again changes nothing.
    """  # fmt: skip
    from yolact_cli.datasets.class_map import read_class_map
    from yolact_cli.pipelines.import_formats import read_labels
    from yolact_cli.pipelines.import_labels import ImportRequest, import_labels

    request = ImportRequest(
        run=run,
        reviewer=reviewer,
        class_map=read_class_map(class_map) if class_map else None,
        new_classes=new_classes,
        overwrite=overwrite,
        exact=exact,
    )
    report = import_labels(read_labels(file, format_name), request)
    _say_what_was_left_out(report)
    if as_json:
        reporting.print_json(report.to_record())
        return
    _show(report, run)


def _say_what_was_left_out(report: "ImportReport") -> None:
    for sentence in report.not_understood[:_SHOWN]:
        reporting.warn(f"Not understood: {sentence}.")
    _say_more(len(report.not_understood))
    for name in report.unknown[:_SHOWN]:
        reporting.warn(f"The run has no labels of {name}.")
    _say_more(len(report.unknown))
    if report.new_classes:
        reporting.message(f"New classes: {', '.join(report.new_classes)}.")


def _say_more(count: int) -> None:
    if count > _SHOWN:
        reporting.warn(f"… and {count - _SHOWN} more.")


def _show(report: "ImportReport", run: Path) -> None:
    rows = [[name, str(count)] for name, count in report.changes.to_record().items()]
    reporting.print_table(["objects", ""], rows)
    pictures = reporting.counted(report.marked, "picture")
    before = f", {report.unchanged} were so before" if report.unchanged else ""
    click.echo(f"{pictures} marked done{before}: {run}")
