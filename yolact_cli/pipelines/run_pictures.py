"""From a run's labelled pictures to their pixels: where they were, or where they are now."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from yolact_cli.errors import InputError
from yolact_cli.labels import LabelledPicture
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.store import LocalStore
from yolact_cli.structures import FramePlace, ListedPicture
from yolact_cli.video import ListedVideo, VideoFrame
from yolact_cli.writers.names import frame_path


class RunPictures:
    """The files behind a run's pictures; see :class:`yolact_cli.labels.PictureFiles`.

    Args:
        store: The run's folder.
        pictures: Its listing.
        videos: Its listing of videos.
        decode: How pictures are read: as they were when annotated.
        images_dir: Where pictures lie now, by their names in the run or the last part of them;
            None for where they were.
    """

    def __init__(
        self,
        store: LocalStore,
        pictures: Sequence[ListedPicture],
        videos: Sequence[ListedVideo],
        *,
        decode: DecodeSettings | None = None,
        images_dir: Path | None = None,
    ) -> None:
        self._store = store
        self._locations = {picture.name: picture.location for picture in pictures}
        self._videos = {video.video_id: video for video in videos}
        self._decode = decode or DecodeSettings()
        self._images_dir = images_dir
        self._reel: _Reel | None = None

    def close(self) -> None:
        """Let go of a video that is open."""
        if self._reel is not None:
            self._reel.close()
            self._reel = None

    def path_of(self, picture: LabelledPicture) -> Path | None:
        """The picture's own file; None for a frame that is in no file of its own.

        Raises:
            InputError: The file is not where it was.
        """
        if picture.place is not None:
            frame = self._store.path_of(frame_path(picture.name))
            return frame if frame.is_file() else None
        return self._found(picture.name, self._locations[picture.name])

    def pixels_of(self, picture: LabelledPicture) -> UInt8[np.ndarray, "h w 3"]:
        """RGB, upright, of the picture's size.

        Raises:
            InputError: The file is not where it was, cannot be read any more, or has another size.
        """
        path = self.path_of(picture)
        if path is not None:
            pixels = read_picture(str(path), self._decode, name=picture.name)
        else:
            pixels = self._frame(picture)
        if pixels.shape[:2] != picture.size_hw:
            raise InputError(
                f"{picture.name}: has another size than when it was annotated.",
                remedy="Put the same file back, or annotate again.",
            )
        return pixels

    def _found(self, name: str, location: str) -> Path:
        tried = [Path(location)]
        if self._images_dir is not None:
            tried = [self._images_dir / name, self._images_dir / name.rpartition("/")[2]]
        for path in tried:
            if path.is_file():
                return path
        raise InputError(
            f"{name}: not found at {tried[0]}.",
            remedy="Say where the pictures are now with --images DIR.",
        )

    def _frame(self, picture: LabelledPicture) -> UInt8[np.ndarray, "h w 3"]:
        place = picture.place
        assert place is not None  # noqa: S101 - only frames have no file
        if self._reel is None or not self._reel.can_reach(place):
            self.close()
            video = self._videos[place.video_id]
            location = self._found(video.name, video.location)
            self._reel = _Reel(str(location), video)
        pixels = self._reel.wind_to(place)
        if pixels is None:
            raise InputError(f"{picture.name}: the video has no such frame any more.")
        return pixels


class _Reel:
    """A video that stays open, as frames are mostly asked for in order."""

    def __init__(self, location: str, video: ListedVideo) -> None:
        from yolact_cli.sources.video_reader import open_video  # pictures need no video library

        self._reader = open_video(location, name=video.name)
        self._video_id = video.video_id
        self._frames = self._reader.frames()
        self._next = 0

    def can_reach(self, place: FramePlace) -> bool:
        return place.video_id == self._video_id and place.frame_index >= self._next

    def wind_to(self, place: FramePlace) -> UInt8[np.ndarray, "h w 3"] | None:
        for item in self._frames:
            if isinstance(item, VideoFrame):
                self._next = item.frame_index + 1
                if item.frame_index == place.frame_index:
                    return item.pixels
        return None

    def close(self) -> None:
        self._reader.close()
