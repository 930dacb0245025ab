"""How far ``yolact annotate`` is, drawn from its events: pictures first, then video by video."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from yolact_cli.cli import annotate_words, reporting

if TYPE_CHECKING:
    from yolact_cli.pipelines.annotate_events import Event, Listed


def follow(listed: "Listed", events: "Iterator[Event]") -> "Event":
    """Show what happens until it ends; gives the last event."""
    from yolact_cli.pipelines.annotate_events import BatchDone, FramesDone, Labelled, VideoBegun

    last: Event = listed
    with contextlib.ExitStack() as stack:
        progress = reporting.Progress(listed.total, initial=listed.done)
        if listed.total:
            stack.enter_context(progress)
        for last in events:
            if isinstance(last, BatchDone):
                progress.update(last.done, last.failures)
            elif isinstance(last, VideoBegun):
                stack.close()
                annotate_words.say_video(last)
                progress = reporting.Progress(last.num_frames, unit="frames")
                stack.enter_context(progress)
            elif isinstance(last, FramesDone):
                progress.update(last.frames, last.gaps)
            elif isinstance(last, Labelled):
                stack.close()
                annotate_words.say_labelled(last)
            else:
                _say_beside(progress, last)
    return last


def _say_beside(progress: reporting.Progress, event: "Event") -> None:
    """What is said above the bar, which goes on."""
    from yolact_cli.pipelines.annotate_events import BatchShrunk, FewBits, VideoDone

    if isinstance(event, FewBits):
        progress.warn(annotate_words.few_bits(event))
    elif isinstance(event, BatchShrunk):
        progress.warn(annotate_words.batch_shrunk(event))
    elif isinstance(event, VideoDone):
        for note in event.notes:
            progress.message(f"{event.name}: {note}")
