"""Predicted tracks brought to truth's videos, frames and categories.

Videos are joined by name, else by id where size and length agree; frames by the numbers in their
names where both sides have them, so that truth may have every fifth frame only, else by place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.fields import BadFieldError
from yolact_cli.datasets.tracks import checked_track
from yolact_cli.errors import BadCocoError, SettingsError
from yolact_cli.video import Track, TrackedVideo, TrackSet

_LAST_NUMBER = re.compile(r"(\d+)\D*$")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JoinedTracks:
    """Predictions in truth's terms, and what was left out.

    Attributes:
        tracks: With truth's ids, and a mask for each of truth's frames.
        videos_by: How videos were found.
        categories_by: How categories were found.
        foreign_videos: Predicted videos that truth lacks.
        foreign_tracks: Tracks in them.
        foreign_classes: Tracks of classes that truth lacks, by name.
        videos_without_predictions: Of truth, not looked at or nothing found.
    """

    tracks: tuple[Track, ...]
    videos_by: str
    categories_by: str
    foreign_videos: int
    foreign_tracks: int
    foreign_classes: Mapping[str, int]
    videos_without_predictions: int


def join_tracks(
    predictions: TrackSet, truth: TrackSet, *, class_map: ClassMap | None = None
) -> JoinedTracks:
    """The predictions in truth's terms.

    Raises:
        BadCocoError: Nothing in common, ambiguous names, or frames that cannot be told apart.
        SettingsError: A class map for a list of results.
    """
    videos, videos_by = _join_videos(predictions, truth)
    categories, categories_by = _join_categories(predictions, truth, class_map)
    names = predictions.category_names or {}
    problems: list[str] = []
    frames = _frames_of_videos(predictions, videos, problems)
    kept: list[Track] = []
    foreign, left_out = 0, Counter[str]()
    for track in predictions.tracks:
        video = videos.get(track.video_id)
        category = categories.get(track.category_id)
        if video is None:
            foreign += 1
        elif category is None:
            left_out[names.get(track.category_id, f"category {track.category_id}")] += 1
        elif not problems:
            kept += _moved(track, video, frames.get(track.video_id), category, problems)
    if problems:
        raise BadCocoError(predictions.origin, problems)
    listed = predictions.videos or {track.video_id for track in predictions.tracks}
    with_tracks = {track.video_id for track in kept}
    return JoinedTracks(
        tracks=tuple(kept),
        videos_by=videos_by,
        categories_by=categories_by,
        foreign_videos=sum(video_id not in videos for video_id in listed),
        foreign_tracks=foreign,
        foreign_classes=dict(sorted(left_out.items())),
        videos_without_predictions=len((truth.videos or {}).keys() - with_tracks),
    )


def _moved(
    track: Track,
    video: TrackedVideo,
    frames: tuple[int, ...] | None,
    category_id: int,
    problems: list[str],
) -> Iterable[Track]:
    """The track on truth's frames."""
    try:
        if frames is None:
            track = checked_track(track, video)
        else:
            track = replace(track, masks=tuple(track.masks[frame] for frame in frames))
    except BadFieldError as error:
        problems.append(f"{track.place}: {error}")
        return ()
    return (replace(track, video_id=video.video_id, category_id=category_id),)


def _join_videos(predictions: TrackSet, truth: TrackSet) -> tuple[dict[int, TrackedVideo], str]:
    """Truth's video by the predictions' video id, and how they were found."""
    known = truth.videos or {}
    if predictions.videos is None:
        ids = {track.video_id for track in predictions.tracks}
        joined, how = {key: known[key] for key in ids & known.keys()}, "id"
        listed = len(ids)
    else:
        joined, how = _by_name(predictions, truth), "name"
        if not joined:
            joined, how = _by_id(predictions.videos, known), "id"
        listed = len(predictions.videos)
    if listed and not joined:
        here = next(iter(predictions.videos.values())) if predictions.videos else None
        there = next(iter(known.values()))
        words = f" ('{_name(here)}' here, '{_name(there)}' there)" if here else ""
        raise BadCocoError(predictions.origin, [f"truth has none of its videos{words}"])
    return joined, how


def _by_name(predictions: TrackSet, truth: TrackSet) -> dict[int, TrackedVideo]:
    theirs = defaultdict(list)
    for video in (truth.videos or {}).values():
        theirs[_key(video)].append(video)
    ours = Counter(_key(video) for video in (predictions.videos or {}).values())
    joined: dict[int, TrackedVideo] = {}
    problems = []
    for video in (predictions.videos or {}).values():
        found = theirs.get(_key(video), []) if _key(video) else []
        if len(found) > 1 or (found and ours[_key(video)] > 1):
            problems.append(f"'{_name(video)}' could be '{_name(found[0])}', but not only")
        elif found and found[0].size_hw != video.size_hw:
            here, there = (f"{one.size_hw[1]}x{one.size_hw[0]}" for one in (video, found[0]))
            problems.append(f"'{_name(video)}' is {here} px here and {there} px in truth")
        elif found:
            joined[video.video_id] = found[0]
    if problems:
        raise BadCocoError(predictions.origin, problems)
    return joined


def _by_id(
    ours: Mapping[int, TrackedVideo], theirs: Mapping[int, TrackedVideo]
) -> dict[int, TrackedVideo]:
    return {
        key: theirs[key]
        for key, video in ours.items()
        if key in theirs
        and (theirs[key].size_hw, theirs[key].length) == (video.size_hw, video.length)
    }


def _name(video: TrackedVideo) -> str:
    """What a video is called: by itself, else by the folder of its frames."""
    if video.name or not video.frame_names:
        return video.name
    return video.frame_names[0].rpartition("/")[0]


def _key(video: TrackedVideo) -> str:
    """The last part of the name without a file's ending: ``clips/a.mp4`` and ``a`` are one."""
    last = _name(video).rstrip("/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    return stem if dot and stem and len(ending) <= 4 else last


def _frames_of_videos(
    predictions: TrackSet, joined: Mapping[int, TrackedVideo], problems: list[str]
) -> dict[int, tuple[int, ...]]:
    """By predicted video, for each of truth's frames the place of the predicted one."""
    frames = {}
    for key, video in (predictions.videos or {}).items():
        if key not in joined:
            continue
        places = _places(video, joined[key])
        if places is None:
            counts = f"{video.length} frames here and {joined[key].length} in truth"
            problems.append(f"'{_name(video)}' has {counts}, and names do not tell which is which")
        else:
            frames[key] = places
    return frames


def _places(ours: TrackedVideo, theirs: TrackedVideo) -> tuple[int, ...] | None:
    numbers, wanted = _numbers(ours), _numbers(theirs)
    if numbers and wanted:
        place_of = {frame: place for place, frame in enumerate(numbers)}
        if all(frame in place_of for frame in wanted):
            return tuple(place_of[frame] for frame in wanted)
    return tuple(range(theirs.length)) if ours.length == theirs.length else None


def _numbers(video: TrackedVideo) -> list[int]:
    """The number in each frame's name; none where a frame has none, or two have the same."""
    stems = [name.rpartition("/")[2].rpartition(".")[0] for name in video.frame_names or ()]
    found = [_LAST_NUMBER.search(stem) for stem in stems]
    numbers = [int(one[1]) for one in found if one]
    return numbers if len(set(numbers)) == len(stems) else []


def _join_categories(
    predictions: TrackSet, truth: TrackSet, class_map: ClassMap | None
) -> tuple[dict[int, int], str]:
    """Truth's category id by the predictions', and how they were found."""
    known = truth.category_names or {}
    ours = predictions.category_names
    if ours is None:
        if class_map is not None:
            raise SettingsError(
                f"{predictions.origin}: a results list has no class names to map.",
                remedy="Score the run's youtube_vis.json instead.",
            )
        return {key: key for key in known}, "id"
    if class_map is not None:
        class_map.check_names(list(ours.values()))
    by_name = {name: key for key, name in known.items()}
    mapped = {key: class_map.new_name(name) if class_map else name for key, name in ours.items()}
    joined = {key: by_name[name] for key, name in mapped.items() if name in by_name}
    if joined:
        return joined, "name"
    here, there = next(iter(ours.values())), next(iter(known.values()))
    problem = f"truth has none of its classes ('{here}' here, '{there}' there)"
    raise BadCocoError(predictions.origin, [problem], remedy="A class map can rename them.")
