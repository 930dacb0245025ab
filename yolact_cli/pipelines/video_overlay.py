"""A video's overlay: drawn by a thread of its own, beside the network and the encoder."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.sources.frame_choice import exact_s
from yolact_cli.sources.video_kinds import is_live
from yolact_cli.video import ListedVideo, VideoFrame, VideoInfo
from yolact_cli.writers.video_file import FRAMES_IN_QUEUE, VideoWriter
from yolact_cli.writers.video_overlay import DrawnObject, draw_tracked
from yolact_cli.writers.video_sound import Sound

_FRAMES_IN_HAND = 4
FRAMES_HELD = _FRAMES_IN_HAND + FRAMES_IN_QUEUE + 2
"""At most, for an overlay: those that wait, the one being drawn and the one being encoded."""


class OverlayVideo:
    """Takes frames with what to draw on them; a context manager, with the file as VideoWriter's.

    Args:
        path: The finished file.
        video: Where the sound comes from; live sources are silent and begin at 0.
        info: Of the frames.
        request: The part of the video that is wanted, and how it is encoded.
    """

    def __init__(
        self, path: Path, video: ListedVideo, info: VideoInfo, request: AnnotateRequest
    ) -> None:
        start_s, end_s = request.frames.start_s, request.frames.end_s
        # Opening an address twice would give another part of it; its clock may have any beginning.
        self._is_live = is_live(video.location)
        self._first_pts: int | None = None
        self._writer = VideoWriter(
            path,
            size_hw=info.size_hw,
            time_base=info.time_base,
            frame_rate=info.frame_rate,
            settings=request.video_file,
            sound=None
            if self._is_live
            else Sound(
                location=video.location,
                start_s=None if start_s is None else exact_s(start_s),
                end_s=None if end_s is None else exact_s(end_s),
            ),
        )
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="yolact-draw")
        self._in_hand: deque[Future[None]] = deque()

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the sound; complete when the block has ended."""
        return self._writer.notes

    def __enter__(self) -> Self:
        """Begin the file."""
        self._writer.__enter__()
        return self

    def write(self, frame: VideoFrame, objects: Sequence[DrawnObject]) -> None:
        """Hand a frame over, to be drawn on; what went wrong with an earlier one is raised here."""
        while len(self._in_hand) >= _FRAMES_IN_HAND:
            self._in_hand.popleft().result()
        self._in_hand.append(self._thread.submit(self._draw, frame, objects))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the file, unless there was an error."""
        try:
            if kind is None:
                for drawn in self._in_hand:
                    drawn.result()
        except BaseException as own:
            self._thread.shutdown(cancel_futures=True)
            self._writer.__exit__(type(own), own, own.__traceback__)
            raise
        self._thread.shutdown(cancel_futures=True)
        self._writer.__exit__(kind, error, traceback)

    def _draw(self, frame: VideoFrame, objects: Sequence[DrawnObject]) -> None:
        if self._first_pts is None:
            self._first_pts = frame.pts if self._is_live else 0
        self._writer.write(draw_tracked(frame.pixels, objects), frame.pts - self._first_pts)
