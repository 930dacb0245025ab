"""Overlay videos: whole or not there, encoded beside the work that makes their frames.

Times are exact in mp4, whose clock is the input's. Matroska and webm count milliseconds: there
each frame's time is rounded to the nearest, and errors do not add up.
"""

import contextlib
import logging
import os
import queue
import threading
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from jaxtyping import UInt8

from yolact_cli.settings import VideoFileSettings
from yolact_cli.store import PART_SUFFIX
from yolact_cli.writers.video_codecs import check_video_settings
from yolact_cli.writers.video_encoding import EncodedFile
from yolact_cli.writers.video_errors import told_as_output_errors
from yolact_cli.writers.video_sound import Sound

_log = logging.getLogger(__name__)

FRAMES_IN_QUEUE = 4

_Item = tuple[UInt8[np.ndarray, "h w 3"], int]


class VideoWriter:
    """Writes a video frame by frame; a context manager. Encoding runs in a thread of its own.

    The file grows under its name and ``.part``. When the block ends without an error it gets its
    name, replacing what had it. After an error or a kill the part stays, and can be played up to
    a second or so before its end. Without a single frame there is no file at all.

    An odd width or height grows by one: the last column or row is shown twice, because the
    colours of 4:2:0 lie on every second pixel. Colours are BT.709, limited range, and say so.

    Args:
        path: The finished file.
        size_hw: Of every frame.
        time_base: Seconds a tick of ``pts``.
        frame_rate: Frames a second, about; for the distance of keyframes, and for how long the
            last frame is shown. None where nobody knows.
        settings: Container, codec, quality.
        sound: The input's sound and the cut; see :class:`Sound` for what it does to times. None
            for silence, and times as they are.

    Raises:
        SettingsError: The container cannot hold the codec, or the quality is out of range.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_hw: tuple[int, int],
        time_base: Fraction,
        frame_rate: Fraction | None,
        settings: VideoFileSettings,
        sound: Sound | None = None,
    ) -> None:
        check_video_settings(settings)
        self._path = path
        self._part = path.with_name(path.name + PART_SUFFIX)
        self._size_hw = size_hw
        self._time_base = time_base
        self._frame_rate = frame_rate
        self._settings = settings
        self._sound = sound
        self._last_pts: int | None = None
        self._notes: tuple[str, ...] = ()
        self._queue: queue.Queue[_Item | None] = queue.Queue(FRAMES_IN_QUEUE)
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the sound, a sentence each; complete when the block has ended."""
        return self._notes

    def __enter__(self) -> Self:
        """Begin the file.

        Raises:
            OutputError: It cannot be made, or the encoder refuses the size.
            DiskFullError: No space is left.
        """
        with told_as_output_errors(self._path):
            self._part.parent.mkdir(parents=True, exist_ok=True)
            file = EncodedFile(
                self._part,
                size_hw=self._size_hw,
                time_base=self._time_base,
                frame_rate=self._frame_rate,
                settings=self._settings,
                sound=self._sound,
            )
        self._thread = threading.Thread(
            target=self._encode, args=(file,), name=f"encoding {self._path.name}", daemon=True
        )
        self._thread.start()
        return self

    def write(self, pixels: UInt8[np.ndarray, "h w 3"], pts: int) -> None:
        """Hand a frame over; waits while a few others are to be encoded before it.

        Args:
            pixels: RGB; must not be changed any more.
            pts: When it is shown, in ticks, later than the frame before.

        Raises:
            DiskFullError: No space was left for an earlier frame.
            OutputError: An earlier frame could not be written for another reason.
            ValueError: Another size, or a time that is not later than the last.
        """
        if pixels.shape != (*self._size_hw, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"a frame of {pixels.shape} in a video of {self._size_hw}")
        if self._last_pts is not None and pts <= self._last_pts:
            raise ValueError(f"frame at {pts} is not after {self._last_pts}")
        self._raise_error()
        self._last_pts = pts
        self._queue.put((pixels, pts))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the file; give it its name unless there was an error.

        Raises:
            DiskFullError: No space is left.
            OutputError: The file could not be finished for another reason.
        """
        assert self._thread is not None  # noqa: S101 - only entered blocks are left
        self._queue.put(None)
        self._thread.join()
        if kind is not None:
            if self._error is not None:
                _log.warning("%s: %s", self._part, self._error)
            return
        self._raise_error()
        with told_as_output_errors(self._path):
            if self._last_pts is None:
                self._part.unlink()
                return
            with self._part.open("r+b") as file:
                os.fsync(file.fileno())
            self._part.replace(self._path)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _encode(self, file: EncodedFile) -> None:
        """What the thread does: frames from the queue into the file, until None comes."""
        frames = iter(self._queue.get, None)
        try:
            with told_as_output_errors(self._path):
                for pixels, pts in frames:
                    file.write(pixels, pts)
                file.close()
        except Exception as error:  # noqa: BLE001 - it is raised where the frames come from
            self._error = error
            with contextlib.suppress(Exception):
                file.abandon()
            for _ in frames:  # or who hands them over would wait for ever
                pass
        self._notes = file.notes
