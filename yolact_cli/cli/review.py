"""``yolact review``: what to look at first, a page to look at it, and what comes of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yolact_cli.cli import options, reporting

if TYPE_CHECKING:
    from yolact_cli.pipelines.apply_review import Applied
    from yolact_cli.pipelines.review_queue import Queue
    from yolact_cli.review.queue import QueueEntry

_SHOWN_REASONS = 3
_SHOWN_NAMES = 5


@click.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False), metavar="RUN")
@click.option("--list", "lists", is_flag=True, help="Print the queue instead of opening the page.")
@click.option(
    "--apply",
    "applies",
    is_flag=True,
    help="Write reviewed.json into RUN: the pictures marked done, as a COCO data set.",
)
@options.config_option
@click.option(
    "--reviewer",
    metavar="NAME",
    help="Who you are; stands in the review.  [default: your name on this machine]",
)
@click.option(
    "--reviewers",
    type=options.CommaList(),
    metavar="NAME,...",
    help="Share the queue out between these people: only the share of --reviewer.",
)
@click.option(
    "--top", type=click.IntRange(1), metavar="N", help="With --list: only the first N pictures."
)
@options.moved_images_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Of the page.  [default: any that is free]",
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@options.json_option
def review(run: Path, lists: bool, applies: bool, as_json: bool, **chosen: Any) -> int:
    """Look through the labels of a run, first things first.

    Opens a page on this machine with the pictures that need a look most in front. RUN is the folder
    that annotate wrote; what people do is kept in its folder review/, and annotating again does
    not touch it.
    """  # fmt: skip
    if lists and applies:
        raise click.UsageError("--list and --apply are two things; give one of them.")
    if as_json and not (lists or applies):
        raise click.UsageError("--json goes with --list or --apply.")
    if chosen["top"] and not lists:
        raise click.UsageError("--top goes with --list.")
    if chosen["reviewers"] and not chosen["reviewer"]:
        raise click.UsageError("--reviewers needs --reviewer: whose share is it?")
    if applies:
        _apply(run, as_json=as_json)
        return 0
    if lists:
        _list(run, chosen, as_json=as_json)
        return 0
    return _open_page(run, chosen)


def _list(run: Path, chosen: dict[str, Any], *, as_json: bool) -> None:
    from yolact_cli.pipelines.review_queue import review_queue

    queue = review_queue(
        run,
        top=chosen["top"],
        reviewer=chosen["reviewer"],
        reviewers=chosen["reviewers"] or (),
    )
    if as_json:
        reporting.print_json(queue.to_record())
        return
    _show(queue)


def _show(queue: "Queue") -> None:
    left = queue.pictures - queue.reviewed
    reporting.message(
        f"{reporting.counted(left, 'picture')} to look at, {queue.reviewed} of {queue.pictures} "
        "marked done."
    )
    if queue.entries:
        rows = [_row(entry) for entry in queue.entries]
        reporting.print_table(["picture", "priority", "objects", "kind", "why"], rows)


def _row(entry: "QueueEntry") -> list[str]:
    reasons = () if entry.priority is None else entry.priority.reasons[:_SHOWN_REASONS]
    value = "-" if entry.priority is None else f"{entry.priority.value:.2f}"
    why = ", ".join(reason for reason, _ in reasons)
    return [entry.name, value, str(entry.objects), entry.kind, why]


def _apply(run: Path, *, as_json: bool) -> None:
    from yolact_cli.pipelines.apply_review import apply_review

    applied = apply_review(run)
    _warn(applied)
    if as_json:
        reporting.print_json(applied.to_record())
        return
    objects = reporting.counted(applied.objects, "object")
    pictures = reporting.counted(applied.pictures, "picture")
    left = f", {applied.left} not looked at yet" if applied.left else ""
    click.echo(f"{objects} in {pictures} marked done{left}: {applied.path}")


def _warn(applied: "Applied") -> None:
    if applied.changed_size:
        reporting.warn(
            f"Left out, as they were reviewed at another size: {_named(applied.changed_size)}."
        )
    if applied.gone:
        reporting.warn(f"Left out, as the run does not have them any more: {_named(applied.gone)}.")


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _open_page(run: Path, chosen: dict[str, Any]) -> int:
    from yolact_cli.cli.review_page import show_page
    from yolact_cli.pipelines.review_session import ReviewRequest

    request = ReviewRequest(
        run=run,
        reviewer=chosen["reviewer"] or _own_name(),
        reviewers=chosen["reviewers"] or (),
        images_dir=chosen["images"],
        port=chosen["port"],
    )
    return show_page(request, opens_browser=chosen["browser"])


def _own_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return "reviewer"
