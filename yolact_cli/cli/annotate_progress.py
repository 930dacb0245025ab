"""How far ``yolact annotate`` is, drawn from its events: pictures first, then video by video."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from yolact_cli.cli import annotate_words, reporting

if TYPE_CHECKING:
    from yolact_cli.pipelines.annotate_events import Event, Listed


def follow(listed: "Listed", events: "Iterator[Event]") -> "Event":
    """Show what happens until it ends; gives the last event."""
    from yolact_cli.pipelines.annotate_events import (
        BatchDone,
        BatchShrunk,
        FewBits,
        FramesDone,
        VideoBegun,
        VideoDone,
    )

    last: Event = listed
    with contextlib.ExitStack() as stack:
        progress = reporting.Progress(listed.total, initial=listed.done)
        if listed.total:
            stack.enter_context(progress)
        for last in events:
            if isinstance(last, BatchDone):
                progress.update(last.done, last.failures)
            elif isinstance(last, FewBits):
                progress.warn(annotate_words.few_bits(last))
            elif isinstance(last, BatchShrunk):
                progress.warn(annotate_words.batch_shrunk(last))
            elif isinstance(last, VideoBegun):
                stack.close()
                annotate_words.say_video(last)
                progress = reporting.Progress(last.num_frames, unit="frames")
                stack.enter_context(progress)
            elif isinstance(last, FramesDone):
                progress.update(last.frames, last.gaps)
            elif isinstance(last, VideoDone):
                for note in last.notes:
                    progress.message(f"{last.name}: {note}")
    return last
