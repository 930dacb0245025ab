"""Pictures as JPEGs that a browser shows, whatever their files are: scaled, upright, 8 bits.

What is sent holds pixels alone: no EXIF, no colour profile, no file of a stranger's.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.labels import LabelledPicture
from yolact_cli.review.frame_turns import FrameTurns

Level = Literal["thumb", "preview", "full"]
LONGEST_SIDE_PX: dict[Level, int] = {"thumb": 224, "preview": 2048, "full": 16_384}
"""The last is what browsers can draw on a canvas."""
_QUALITY: dict[Level, int] = {"thumb": 80, "preview": 90, "full": 95}
_CACHE_BYTES = 96 << 20

Pixels = UInt8[np.ndarray, "h w 3"]


class Previews:
    """Makes them and keeps those that were asked for last. Threads may share it.

    Args:
        read_pixels: Gives a picture's pixels: RGB, upright, of its size.
        cache_bytes: How much is kept.
    """

    def __init__(
        self, read_pixels: Callable[[LabelledPicture], Pixels], cache_bytes: int = _CACHE_BYTES
    ) -> None:
        self._read_pixels = read_pixels
        self._cache_bytes = cache_bytes
        self._cached: OrderedDict[tuple[int, Level], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        # Two large pictures at a time are enough of memory. The filmstrip has a queue of its
        # own, so that the picture somebody waits for does not stand behind it.
        self._slots = {"thumb": threading.Semaphore(1), "large": threading.Semaphore(2)}
        self._frames = FrameTurns()

    def jpeg(self, picture: LabelledPicture, level: Level) -> bytes:
        """The picture at that level of detail; never larger than it is.

        Raises:
            InputError: The file is not where it was, or cannot be read any more.
        """
        found = self._found(picture.picture_id, level)
        if found is not None:
            return found
        with self._turn(picture, level):
            found = self._found(picture.picture_id, level)
            return found if found is not None else self._made(picture, level)

    def _turn(self, picture: LabelledPicture, level: Level) -> AbstractContextManager[object]:
        if picture.place is not None:
            return self._frames.turn(picture.place)
        return self._slots["thumb" if level == "thumb" else "large"]

    def _made(self, picture: LabelledPicture, level: Level) -> bytes:
        pixels = self._read_pixels(picture)
        if level == "full":
            return _jpeg(pixels, level)
        # Both at once: a video's frame would have to be looked for again.
        levels: tuple[Level, ...] = ("preview", "thumb") if picture.place else (level,)
        made = {}
        for one in levels:
            made[one] = _jpeg(pixels, one)
            self._keep(picture.picture_id, one, made[one])
        return made[level]

    def _found(self, picture_id: int, level: Level) -> bytes | None:
        with self._lock:
            data = self._cached.get((picture_id, level))
            if data is not None:
                self._cached.move_to_end((picture_id, level))
            return data

    def _keep(self, picture_id: int, level: Level, data: bytes) -> None:
        with self._lock:
            self._bytes += len(data) - len(self._cached.pop((picture_id, level), b""))
            self._cached[picture_id, level] = data
            while self._bytes > self._cache_bytes:
                self._bytes -= len(self._cached.popitem(last=False)[1])


def _jpeg(pixels: Pixels, level: Level) -> bytes:
    height, width = pixels.shape[:2]
    scale = LONGEST_SIDE_PX[level] / max(height, width)
    if scale < 1:
        size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY[level]]
    is_encoded, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not is_encoded:
        raise ValueError("OpenCV encodes no JPEG")
    return bytes(data)
