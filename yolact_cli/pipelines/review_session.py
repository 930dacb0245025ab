"""`yolact review RUN`: a run opened for people, with its labels, its pixels and its lock."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yolact_cli.pipelines.apply_review import apply_review
from yolact_cli.pipelines.run_labels import RunLabels, score_threshold_of
from yolact_cli.pipelines.run_pictures import RunPictures
from yolact_cli.review.desk import Desk
from yolact_cli.review.previews import Previews
from yolact_cli.review.server import Page
from yolact_cli.review.serving import Served, served
from yolact_cli.runs.lock import locked
from yolact_cli.sources.decode import DecodeSettings
from yolact_cli.writers.palette import class_colours

_COLOURS_TO_SPARE = 64  # for classes that people bring in


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """What is to be reviewed, and by whom.

    Attributes:
        run: The run's folder.
        reviewer: Who stands in the journal.
        reviewers: All who share the queue, the reviewer among them; empty to show all of it.
        images_dir: Where pictures lie now; None for where they were.
        port: Of this machine; 0 for any that is free.
    """

    run: Path
    reviewer: str
    reviewers: tuple[str, ...] = ()
    images_dir: Path | None = None
    port: int = 0


@contextlib.contextmanager
def review_page(request: ReviewRequest) -> Iterator[Served]:
    """Serve the page of a run until the block ends; nobody else writes the run meanwhile.

    Raises:
        PageError: A package is missing, or the port is taken.
        YolactError: As :func:`opened_page`.
    """
    with opened_page(request) as page, served(page, port=request.port) as one:
        yield one


@contextlib.contextmanager
def opened_page(request: ReviewRequest) -> Iterator[Page]:
    """All that the page of a run shows and does, with the run's lock.

    Raises:
        OutputError: The folder is no run.
        RunLockedError: Another process writes it, or another page shows it.
        ReviewError: Its review is damaged, or of other pictures.
    """
    RunLabels.open(request.run)  # before the lock, which would make the folder
    with locked(request.run):
        labels = RunLabels.open(request.run)
        with contextlib.closing(_pictures_of(labels, request.images_dir)) as files:
            yield _page(request, labels, files)


def _page(request: ReviewRequest, labels: RunLabels, files: RunPictures) -> Page:
    desk = Desk(
        labels.machine(),
        labels.machine_picture,
        own_categories=labels.own_categories,
        store=labels.store,
        reviewer=request.reviewer,
        reviewers=request.reviewers,
    )
    rgb = class_colours(len(desk.categories) + _COLOURS_TO_SPARE).tolist()
    return Page(
        title=request.run.resolve().name,
        desk=desk,
        previews=Previews(files.pixels_of),
        colours=tuple((red, green, blue) for red, green, blue in rgb),
        least_score=score_threshold_of(labels.settings),
        apply=lambda: _apply(request.run),
    )


def _pictures_of(labels: RunLabels, images_dir: Path | None) -> RunPictures:
    """The way to the pixels, decoded as when they were annotated."""
    settings = labels.settings.get("labels", {})
    chosen = {
        key: settings[key]
        for key in ("bit_depth", "allow_truncated", "max_pixels")
        if key in settings
    }
    return RunPictures(
        labels.store,
        labels.pictures,
        labels.videos,
        decode=DecodeSettings(**chosen),
        images_dir=images_dir,
    )


def _apply(run: Path) -> str:
    """Write ``reviewed.json``; what came of it, for the page."""
    applied = apply_review(run)
    objects, pictures = _counted(applied.objects, "object"), _counted(applied.pictures, "picture")
    sentences = [
        f"{objects} in {pictures} marked done: {applied.path}.",
        f"Not done yet: {_counted(applied.left, 'picture')}." if applied.left else "",
        *(f"Left out, reviewed at another size: {name}." for name in applied.changed_size),
        *(f"Left out, not in the run any more: {name}." for name in applied.gone),
    ]
    return " ".join(filter(None, sentences))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
