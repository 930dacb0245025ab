"""Tracks in: YouTube-VIS data sets and results, our own ``youtube_vis.json`` among them.

Source of the format: https://youtube-vos.org/dataset/vis/ .
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from yolact_cli.datasets.coco_file import read_json
from yolact_cli.datasets.fields import (
    BadFieldError,
    number,
    record,
    records,
    shown,
    text,
    whole_number,
)
from yolact_cli.datasets.segmentation import check_segmentation, compressed_rle
from yolact_cli.errors import BadCocoError
from yolact_cli.video import Track, TrackedVideo, TrackSet

Parsed = TypeVar("Parsed")

OF_A_RUN = "youtube_vis.json"
_SIGN = b'"videos"'


def holds_tracks(path: Path) -> bool:
    """Whether a file is a YouTube-VIS data set: it lists videos, its annotations are over frames.

    Raises:
        BadCocoError: It lists videos, but cannot be read as JSON.
    """
    try:
        # Data sets of pictures, the large ones, need not be parsed to be told apart.
        if not path.is_file() or _SIGN not in path.read_bytes():
            return False
    except OSError:
        return False
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("videos"), list):
        return False
    annotations = document.get("annotations")
    return isinstance(annotations, list) and all(
        isinstance(one, dict) and "segmentations" in one for one in annotations[:1]
    )


def read_track_truth(path: Path) -> TrackSet:
    """The tracks of a data set; scores in it are not looked at.

    Raises:
        BadCocoError: With the first twenty problems.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise BadCocoError(str(path), [f"not a data set of tracks: {shown(document)}"])
    return _Reader(origin=str(path), has_scores=False).data_set(document)


def read_track_predictions(path: Path) -> TrackSet:
    """The tracks of a run's folder, a data set with scores, or a list of results.

    A list names no videos: its masks are checked when they meet truth's.

    Raises:
        BadCocoError: With the first twenty problems.
    """
    if path.is_dir():
        if not (path / OF_A_RUN).is_file():
            remedy = "Annotate the video with --write youtube-vis, and without --no-track."
            raise BadCocoError(str(path), [f"the folder has no {OF_A_RUN}"], remedy=remedy)
        path = path / OF_A_RUN
    document = read_json(path)
    reader = _Reader(origin=str(path), has_scores=True)
    if isinstance(document, list):
        return reader.results(document)
    if isinstance(document, dict) and "videos" in document:
        return reader.data_set(document)
    problem = "neither a data set with 'videos' nor a list of results"
    remedy = f"Truth is of tracks: give a run's folder or its {OF_A_RUN}."
    raise BadCocoError(str(path), [problem], remedy=remedy)


def checked_track(track: Track, video: TrackedVideo) -> Track:
    """The track with its masks checked against its video, all as compressed RLE.

    Raises:
        BadFieldError: One that cannot be a mask of that video, or not one for each frame.
    """
    if len(track.masks) != video.length:
        frames = f"{len(track.masks)} entries in 'segmentations'"
        raise BadFieldError(f"{frames}, its video has {video.length} frames")
    masks = []
    for frame, mask in enumerate(track.masks):
        try:
            checked = check_segmentation(mask, video.size_hw, allow_empty=True)
        except BadFieldError as error:
            raise BadFieldError(f"frame {frame}: {error}") from None
        masks.append(None if checked is None else compressed_rle(checked, video.size_hw))
    return replace(track, masks=tuple(masks))


@dataclass(kw_only=True)
class _Reader:
    origin: str
    has_scores: bool
    problems: list[str] = field(default_factory=list)

    def data_set(self, document: Mapping[str, Any]) -> TrackSet:
        listed = self._each(document, "videos", _video)
        named = self._each(document, "categories", _category)
        self._refuse_twice("videos", [one.video_id for one in listed])
        self._refuse_twice("categories", [key for key, _ in named])
        videos, names = {one.video_id: one for one in listed}, dict(named)
        if not self.problems and not (videos and names):
            self.problems.append("the set has no " + ("categories" if videos else "videos"))
        tracks = [
            self._of_video(track, videos, names)
            for track in self._each(document, "annotations", self._track)
        ]
        self._refuse_problems()
        return TrackSet(
            origin=self.origin,
            videos=videos,
            category_names=dict(sorted(names.items())),
            tracks=tuple(track for track in tracks if track is not None),
        )

    def results(self, items: list[Any]) -> TrackSet:
        tracks = self._each({"results": items}, "results", self._track)
        self._refuse_problems()
        return TrackSet(origin=self.origin, videos=None, category_names=None, tracks=tuple(tracks))

    def _each(
        self,
        document: Mapping[str, Any],
        key: str,
        read: Callable[[dict[str, Any], str], Parsed],
    ) -> list[Parsed]:
        try:
            items = records(document, key)
        except BadFieldError as error:
            self.problems.append(str(error))
            return []
        parsed = []
        for place, item in enumerate(items):
            try:
                parsed.append(read(record(item), f"{key}[{place}]"))
            except BadFieldError as error:
                self.problems.append(f"{key}[{place}]: {error}")
        return parsed

    def _track(self, item: dict[str, Any], place: str) -> Track:
        if self.has_scores and "score" not in item:
            raise BadFieldError("no 'score'")
        return Track(
            place=place,
            video_id=whole_number(item, "video_id"),
            category_id=whole_number(item, "category_id"),
            masks=tuple(records(item, "segmentations")),
            score=number(item["score"], "score") if self.has_scores else 1.0,
            is_crowd=not self.has_scores and bool(item.get("iscrowd")),
        )

    def _of_video(
        self, track: Track, videos: Mapping[int, TrackedVideo], names: Mapping[int, str]
    ) -> Track | None:
        problem = ""
        if track.category_id not in names:
            problem = f"category {track.category_id} is not among the categories"
        elif track.video_id not in videos:
            problem = f"video {track.video_id} is not among the videos"
        else:
            try:
                return checked_track(track, videos[track.video_id])
            except BadFieldError as error:
                problem = str(error)
        self.problems.append(f"{track.place}: {problem}")
        return None

    def _refuse_twice(self, key: str, ids: list[int]) -> None:
        twice = [one for one, count in Counter(ids).items() if count > 1]
        self.problems += [f"{key}: the id {one} stands there more than once" for one in twice]

    def _refuse_problems(self) -> None:
        if self.problems:
            raise BadCocoError(self.origin, self.problems)


def _video(item: Mapping[str, Any], _: str) -> TrackedVideo:
    names = item.get("file_names")
    if names is not None and not (
        isinstance(names, list) and all(isinstance(one, str) for one in names)
    ):
        raise BadFieldError(f"'file_names' is {shown(names)}, not a list of texts")
    length = whole_number(item, "length") if "length" in item else len(names or ())
    if names is not None and len(names) != length:
        raise BadFieldError(f"'length' is {length}, there are {len(names)} file names")
    size_hw = whole_number(item, "height"), whole_number(item, "width")
    if min(size_hw) < 1:
        raise BadFieldError(f"its frames are {size_hw[1]}x{size_hw[0]} px")
    frames = None if names is None else tuple(one.replace("\\", "/") for one in names)
    return TrackedVideo(
        video_id=whole_number(item, "id"),
        name=text(item, "name").replace("\\", "/") if item.get("name") else "",
        size_hw=size_hw,
        frame_names=frames,
        length=length,
    )


def _category(item: Mapping[str, Any], _: str) -> tuple[int, str]:
    return whole_number(item, "id"), text(item, "name")
