"""What ``yolact export`` says at the end, and what a run says that exports when it is done."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yolact_cli.cli import reporting

if TYPE_CHECKING:
    from yolact_cli.pipelines.export import ExportPlan, FormatReport


def show_reports(reports: "Sequence[FormatReport]", *, as_json: bool) -> None:
    """What could not be done on stderr; counts and losses on stdout."""
    for report in reports:
        say_report(report)
    if as_json:
        reporting.print_json({"formats": [report.to_record() for report in reports]})
        return
    rows = [
        [
            report.name,
            f"{report.exported.pictures:,}",
            f"{report.exported.objects:,}",
            f"{report.files.written:,}",
            f"{report.files.unchanged:,}",
            f"{report.files.kept:,}",
            str(report.folder),
        ]
        for report in reports
    ]
    columns = ["format", "pictures", "objects", "written", "unchanged", "left alone", "folder"]
    reporting.print_table(columns, rows)
    losses = [
        [f"{report.name}: {sentence}", f"{count:,}"]
        for report in reports
        for sentence, count in report.exported.losses.items()
    ]
    if losses:
        reporting.print_table(["what the format does not hold", "objects"], losses)


def say_report(report: "FormatReport") -> None:
    """Name the files that were left alone and the pictures that were not found."""
    files = report.files
    for name in files.kept_names:
        reporting.warn(f"{report.folder / name}: left as it is; it was edited, or there before.")
    _say_more(files.kept - len(files.kept_names), "file")
    if files.kept:
        reporting.message("Replace such files with --overwrite.")
    for sentence in report.problems:
        reporting.warn(sentence)
    _say_more(report.not_found - len(report.problems), "picture")


def show_plan(plan: "ExportPlan", *, as_json: bool) -> None:
    """What an export would write, on stdout."""
    if as_json:
        parts = [
            {"folder": folder, "pictures": count, "objects": plan.objects[folder]}
            for folder, count in plan.pictures.items()
        ]
        reporting.print_json({"parts": parts})
        return
    rows = [
        [folder or "all", f"{count:,}", f"{plan.objects[folder]:,}"]
        for folder, count in plan.pictures.items()
    ]
    reporting.print_table(["would be exported", "pictures", "objects"], rows)


def _say_more(number: int, noun: str) -> None:
    if number > 0:
        reporting.warn(f"… and {reporting.counted(number, f'more {noun}')}.")
