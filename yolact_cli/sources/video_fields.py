"""Frames of two fields made whole, one frame for one frame."""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

import av
from av.filter import Graph
from av.video.stream import VideoStream

T = TypeVar("T")


class Deinterlacer(Generic[T]):
    """Deinterlaces frames that are marked as interlaced, and passes on the others as they are.

    Each frame comes with something of the caller's, which is given back with it: the filter waits
    for the next frame before it gives one. Until the first interlaced frame there is no filter.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._waiting: deque[tuple[av.VideoFrame, T]] = deque()

    def push(self, frame: av.VideoFrame, tag: T) -> Iterator[tuple[av.VideoFrame, T]]:
        """Frames that are ready, this one or earlier ones, in order."""
        kind = (frame.width, frame.height, frame.format.name)
        if self._graph is not None and kind != self._kind:
            yield from self.flush()
        if self._graph is None:
            if not frame.interlaced_frame:
                yield frame, tag
                return
            self._graph, self._kind = self._make_graph(frame), kind
        self._waiting.append((frame, tag))
        self._graph.vpush(frame)
        yield from self._ready()

    def flush(self) -> Iterator[tuple[av.VideoFrame, T]]:
        """The frames still waiting."""
        if self._graph is None:
            return
        self._graph.vpush(None)
        yield from self._ready()
        yield from self._waiting  # should the filter have kept one: better with its fields
        self._waiting.clear()
        self._graph = None

    def _make_graph(self, frame: av.VideoFrame) -> Graph:
        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=self._stream.time_base,
        )
        fields = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        graph.link_nodes(source, fields, graph.add("buffersink")).configure()
        return graph

    def _ready(self) -> Iterator[tuple[av.VideoFrame, T]]:
        while self._graph is not None and self._waiting:
            try:
                whole = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            fields, tag = self._waiting.popleft()
            # The filter knows pixels; how they are to be read is the stored frame's to say.
            whole.colorspace, whole.color_range = fields.colorspace, fields.color_range
            whole.color_trc, whole.color_primaries = fields.color_trc, fields.color_primaries
            yield whole, tag
