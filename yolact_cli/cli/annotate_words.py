"""What ``yolact annotate`` says before, on the way, and at the end."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yolact_cli.cli import reporting
from yolact_cli.cli.export_words import say_report

if TYPE_CHECKING:
    from yolact_cli.pipelines.annotate_events import (
        BatchShrunk,
        FewBits,
        Finished,
        Labelled,
        Listed,
        Stopped,
        VideoBegun,
    )
    from yolact_cli.pipelines.annotate_plan import AnnotatePlan

_SHOWN_EXTENSIONS = 5
_SHOWN_NAMES = 5
_MANY_PICTURES = 5000
_BITS_OF_SENSORS = (8, 10, 12, 14)


def say_listed(listed: "Listed") -> None:
    """What was found, and what was passed over."""
    kinds = (
        [reporting.counted(listed.total, "picture")] if listed.total or not listed.videos else []
    )
    if listed.videos:
        kinds.append(reporting.counted(listed.videos, "video"))
    pictures = " and ".join(kinds)
    resumed = f", {listed.done} of them done before" if listed.done else ""
    reporting.message(f"{pictures}{resumed}; the network runs on {listed.device}.")
    if listed.labelled:
        reporting.message(f"{reporting.counted(listed.labelled, 'picture')} labelled by people.")
    if listed.other_extensions:
        counts = list(listed.other_extensions.items())
        named = ", ".join(f"{count} {name}" for name, count in counts[:_SHOWN_EXTENSIONS])
        more = ", …" if len(counts) > _SHOWN_EXTENSIONS else ""
        reporting.message(f"Passed over, being no pictures or videos: {named}{more}.")
    if listed.earlier_runs:
        reporting.message(f"Passed over, being runs of yolact: {_some(listed.earlier_runs)}.")
    for folder in listed.unreadable_folders:
        reporting.warn(f"{folder}: this folder cannot be looked into.")
    if listed.ignores_existing:
        reporting.warn("--existing is for pictures only: every frame of the videos is labelled.")
    if listed.changed:
        reporting.warn(
            f"Changed since they were labelled: {_some(listed.changed)}. Their labels are of what"
            " they were; label all as they are now with --overwrite."
        )


def few_bits(found: "FewBits") -> str:
    """What to do about 16-bit pictures that are dark all over."""
    likely = next(bits for bits in _BITS_OF_SENSORS if bits >= found.used_bits)
    return (
        f"{found.name} has 16 bits a sample and uses {found.used_bits}, so that it comes out dark;"
        f" there may be more like it. If they were taken with {likely} bits, start again with"
        f" --bit-depth {likely}."
    )


def batch_shrunk(shrunk: "BatchShrunk") -> str:
    """What is given up by a run whose batches do not fit; that they do not was said before."""
    return (
        f"With at most {reporting.counted(shrunk.largest_batch, 'picture')} at a time, the last"
        " digits of scores may differ from another run's; the manifest says so (largest_batch)."
    )


def say_labelled(labelled: "Labelled") -> None:
    """What happens now that the bar is full, where that lasts more than a second or two."""
    if labelled.pictures >= _MANY_PICTURES:
        pictures = reporting.counted(labelled.pictures, "picture")
        reporting.message(f"All {pictures} are labelled; writing the files about the whole run.")


def say_video(begun: "VideoBegun") -> None:
    """Which video comes next, and what is done to its frames."""
    if begun.num_frames is None:
        frames = "a video"
    else:
        frames = f"about {reporting.counted(begun.num_frames, 'frame')}"
    reporting.message(" ".join((f"{begun.name}: {frames}.", *begun.notes)))


def say_stopped(stopped: "Stopped") -> None:
    """How far it got."""
    parts = [f"{stopped.done} of {stopped.total} pictures"] if stopped.total else []
    if stopped.videos:
        parts.append(f"{stopped.videos_done} of {stopped.videos} videos")
    reporting.message(f"Stopped after {' and '.join(parts)}. Give the same command again to go on.")


def show_plan(plan: "AnnotatePlan", *, as_json: bool) -> None:
    """What a run would do, on stdout."""
    if as_json:
        reporting.print_json(plan.to_record())
        return
    verb = "would be resumed" if plan.resumes else "would be written"
    rows = [
        ["pictures", str(plan.pictures)],
        ["videos, not in the sizes below", str(plan.videos)],
        ["done before", str(plan.done)],
        ["labelled by people", str(plan.labelled)],
        ["other files passed over", str(plan.other_files)],
        ["to be read", _size(plan.source_bytes)],
        ["to be written, about", _size(plan.expected_bytes)],
    ]
    reporting.print_table([f"{plan.output} {verb}", ""], rows)


def show_finished(finished: "Finished", output: Path, *, as_json: bool) -> None:
    """The failures on stderr; the counts, or the whole manifest, on stdout."""
    manifest = finished.manifest
    counts = manifest["counts"]
    for failure in finished.failures:
        reporting.warn(failure.message)
    for report in finished.exports:
        say_report(report)
    unlisted = counts["failures"] - len(finished.failures)
    if unlisted > 0:
        reporting.warn(f"… and {unlisted} more in {output / 'failures.csv'}.")
    if as_json:
        reporting.print_json(manifest)
        return
    classes = [(one["objects"], one["name"]) for one in manifest["classes"] if one["objects"]]
    if classes:
        rows = [[name, str(objects)] for objects, name in sorted(classes, key=lambda one: -one[0])]
        reporting.print_table(["class", "objects"], rows)
    click.echo(_summary(counts, output))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _summary(counts: dict[str, int], output: Path) -> str:
    objects = reporting.counted(counts["objects"], "object")
    places = []
    if counts["pictures"] or not counts["videos"]:
        places.append(reporting.counted(counts["pictures"], "picture"))
    if counts["videos"]:
        frames = reporting.counted(counts["frames"], "frame")
        places.append(f"{frames} of {reporting.counted(counts['videos'], 'video')}")
    parts = [f"{objects} in {' and '.join(places)}"]
    if counts["pictures"]:
        parts.append(f"{counts['pictures_without_objects']} without objects")
    if counts["failures"]:
        parts.append(f"{counts['failures']} failed")
    return f"{', '.join(parts)}: {output}"


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
