"""A stream's packets to decoded frames; a packet that is broken costs its own frame, no more."""

import heapq
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from yolact_cli.sources.video_clock import set_back_limit
from yolact_cli.sources.video_gaps import GapBook, TickGap
from yolact_cli.sources.video_promise import (
    frame_step,
    has_bare_order,
    is_lossy,
    promised_end,
    time_base,
)

_log = logging.getLogger(__name__)

_MOST_FAILED_READS = 1000  # then there is nothing more to be had


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedFrame:
    """A frame as the decoder gave it.

    Attributes:
        frame: Its pixels, and how they are to be read.
        pts: When it is shown, in the stream's own ticks; None where that is not known.
    """

    frame: av.VideoFrame
    pts: int | None


class Decoder:
    """Iterates over a stream's frames in the order they are shown, and the gaps between them."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        step = frame_step(stream)
        self._book = GapBook(step, is_lossy=is_lossy(container))
        self._set_back = set_back_limit(step, round(1 / time_base(stream)))
        # Where packets have only their order, frames are shown at the same times, sorted.
        self._places: list[int] | None = [] if has_bare_order(container) else None
        self._last_pts: int | None = None
        self._packets = 0
        self._broke_off: str | None = None

    def __iter__(self) -> Iterator[DecodedFrame | TickGap]:
        for packet in self._read():
            self._packets += 1
            self._send(packet)
            yield from self._booked(self._decode(packet))
        while frames := self._decode(None):
            yield from self._booked(frames)
        # An edit list may show less than the track holds; all samples read is nothing cut off.
        is_whole = 0 < self._stream.frames <= self._packets and self._broke_off is None
        promise = None if is_whole else promised_end(self._container, self._stream)
        gap = self._book.end(promise, broke_off=self._broke_off)
        if gap is not None:
            yield gap

    def _read(self) -> Iterator["Packet[VideoStream]"]:
        """The stream's packets; where reading fails it goes on behind that place, if it can."""
        for _ in range(_MOST_FAILED_READS):
            try:
                packets = self._container.demux(self._stream)
                yield from (packet for packet in packets if packet.size)  # the last are empty
            except av.InvalidDataError as error:
                _log.debug("reading: %s", error)
            except (av.FFmpegError, OSError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._broke_off = f"Reading broke off: {reason}."
                return
            else:
                return

    def _send(self, packet: "Packet[VideoStream]") -> None:
        if self._places is not None:
            if packet.dts is not None:
                heapq.heappush(self._places, packet.dts)
        elif not packet.is_discard:  # before the first frame shown, and needed only by others
            self._book.send(packet.pts)

    def _decode(self, packet: "Packet[VideoStream] | None") -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except av.EOFError:
            return []
        except (av.FFmpegError, ValueError) as error:
            _log.debug("packet at %s: %s", packet and packet.pts, error)
            if packet is not None:
                self._fail(packet)
            return []

    def _fail(self, packet: "Packet[VideoStream]") -> None:
        if self._places is not None and packet.dts in self._places:
            self._places.remove(packet.dts)
            heapq.heapify(self._places)
            self._book.fail(packet.dts)
        elif not packet.is_discard:
            self._book.fail(packet.pts)

    def _pts_of(self, frame: av.VideoFrame) -> int | None:
        if self._places:
            return heapq.heappop(self._places)
        return frame.pts if frame.pts is not None else frame.dts

    def _booked(self, frames: list[av.VideoFrame]) -> Iterator[DecodedFrame | TickGap]:
        for frame in frames:
            pts = self._pts_of(frame)
            if pts is not None:
                yield from self._gaps_before(frame, pts)
            yield DecodedFrame(frame=frame, pts=pts)

    def _gaps_before(self, frame: av.VideoFrame, pts: int) -> Iterator[TickGap]:
        if self._last_pts is not None and self._last_pts - pts > self._set_back:
            yield from filter(None, [self._book.restart()])
        self._last_pts = pts
        gap = self._book.come(pts, is_damaged=frame.is_corrupt, duration=frame.duration or 0)
        yield from filter(None, [gap])
