"""Predicted and true tracks to figures: of whole tracks, of single frames, of identities."""

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from yolact_cli.datasets.class_map import read_class_map
from yolact_cli.datasets.track_join import JoinedTracks, join_tracks
from yolact_cli.datasets.tracks import read_track_predictions, read_track_truth
from yolact_cli.geometry.rle import area_of, tight_bbox
from yolact_cli.pipelines.classes import unknown_class
from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.scoring.figures import CocoFigures
from yolact_cli.scoring.identities import IdentityFigures, IdentityScorer, Region, together
from yolact_cli.scoring.rules import COCO_AREAS, AreaRange, ScoringRules
from yolact_cli.scoring.track_ap import TRACK_AREAS, track_ap
from yolact_cli.video import Track, TrackSet


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackScoreSettings:
    """What is compared."""

    class_names: tuple[str, ...] | None = None
    """Only these of truth's classes, or None for all."""
    class_map: Path | None = None
    """A file with truth's names for the classes of the predictions."""
    max_detections: int = 100
    """Tracks of a class in a video, and masks of a class in a frame, that count."""
    areas: Mapping[str, AreaRange] | None = None
    """Sizes to tell apart, in px; None for those of YouTube-VIS and, in frames, of COCO."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackReport:
    """What came out.

    Attributes:
        tracks: COCO's figures, whole tracks being compared.
        track_areas: The sizes told apart there.
        frames: The same with each frame a picture, and each mask with its track's score.
        frame_areas: The sizes told apart there.
        identities: How well identities are kept, whatever the classes.
        join: What was joined how.
        videos: How many truth has.
        true_tracks: Of the classes that are compared.
    """

    tracks: CocoFigures
    track_areas: Mapping[str, AreaRange]
    frames: CocoFigures
    frame_areas: Mapping[str, AreaRange]
    identities: IdentityFigures
    join: JoinedTracks
    videos: int
    true_tracks: int


def score_tracks(predictions: Path, truth: Path, settings: TrackScoreSettings) -> TrackReport:
    """All about a run's tracks, or those of a file.

    Raises:
        BadCocoError: A side that cannot be read or trusted, or the two have nothing in common.
        SettingsError: Unknown classes.
    """
    ground = read_track_truth(truth)
    class_map = read_class_map(settings.class_map) if settings.class_map else None
    joined = join_tracks(read_track_predictions(predictions), ground, class_map=class_map)
    names = _chosen(ground, settings.class_names)
    true_tracks = [track for track in ground.tracks if track.category_id in names]
    predicted = [track for track in joined.tracks if track.category_id in names]
    track_areas, frame_areas = settings.areas or TRACK_AREAS, settings.areas or COCO_AREAS
    most = settings.max_detections
    return TrackReport(
        tracks=track_ap(
            true_tracks,
            predicted,
            category_names=names,
            rules=ScoringRules(max_detections=most, areas=track_areas),
        ),
        track_areas=track_areas,
        frames=evaluate(
            _frames_coco(ground, true_tracks, names),
            _frame_results(ground, predicted),
            "segm",
            rules=ScoringRules(max_detections=most, areas=frame_areas),
        ),
        frame_areas=frame_areas,
        identities=_identities(ground, true_tracks, predicted),
        join=replace(joined, tracks=tuple(predicted)),
        videos=len(ground.videos or {}),
        true_tracks=len(true_tracks),
    )


def track_report_json(report: TrackReport) -> dict[str, Any]:
    """The report in plain JSON types, null where a figure is not defined."""
    joined = {key: value for key, value in _fields(report.join).items() if key != "tracks"}
    return {
        "tracks": report.tracks.to_json(),
        "frames": report.frames.to_json(),
        "identities": report.identities.to_json(),
        "join": {
            **joined,
            "videos": report.videos,
            "true_tracks": report.true_tracks,
            "predicted_tracks": len(report.join.tracks),
        },
    }


def _fields(joined: JoinedTracks) -> dict[str, Any]:
    return asdict(replace(joined, tracks=()))


def _chosen(truth: TrackSet, class_names: tuple[str, ...] | None) -> dict[int, str]:
    known = dict(truth.category_names or {})
    if class_names is None:
        return known
    for name in class_names:
        if name not in known.values():
            raise unknown_class("Truth", name, list(known.values()))
    return {key: name for key, name in known.items() if name in class_names}


def _frame_ids(truth: TrackSet) -> dict[int, int]:
    """By video, the picture id of its first frame; the others follow."""
    starts, start = {}, 1
    for key, video in (truth.videos or {}).items():
        starts[key] = start
        start += video.length
    return starts


def _frames_coco(truth: TrackSet, tracks: list[Track], names: Mapping[int, str]) -> dict[str, Any]:
    """Truth with each frame as a picture."""
    starts = _frame_ids(truth)
    images = [
        {"id": starts[key] + frame, "height": video.size_hw[0], "width": video.size_hw[1]}
        for key, video in (truth.videos or {}).items()
        for frame in range(video.length)
    ]
    objects = [
        {**one, "id": number, "iscrowd": int(track.is_crowd)}
        for number, (track, one) in enumerate(_masks(starts, tracks), start=1)
    ]
    categories = [{"id": key, "name": name} for key, name in names.items()]
    return {"images": images, "categories": categories, "annotations": objects}


def _frame_results(truth: TrackSet, tracks: list[Track]) -> list[dict[str, Any]]:
    return [{**one, "score": track.score} for track, one in _masks(_frame_ids(truth), tracks)]


def _masks(starts: Mapping[int, int], tracks: list[Track]) -> list[tuple[Track, dict[str, Any]]]:
    """Every mask with a pixel, as an annotation of its frame."""
    found = []
    for track in tracks:
        for frame, mask in enumerate(track.masks):
            area_px = area_of(mask["counts"]) if mask is not None else 0
            if mask is None or not area_px:
                continue
            height, width = mask["size"]
            record = {
                "image_id": starts[track.video_id] + frame,
                "category_id": track.category_id,
                "segmentation": dict(mask),
                "area": area_px,
                "bbox": list(tight_bbox(mask["counts"], (height, width))),
            }
            found.append((track, record))
    return found


def _identities(
    truth: TrackSet, true_tracks: list[Track], predicted: list[Track]
) -> IdentityFigures:
    figures = []
    for key, video in (truth.videos or {}).items():
        scorer = IdentityScorer("segm")
        sides = [
            [track for track in tracks if track.video_id == key and not track.is_crowd]
            for tracks in (true_tracks, predicted)
        ]
        for frame in range(video.length):
            scorer.add(*(_seen_in(side, frame) for side in sides))
        figures.append(scorer.figures())
    return together(figures)


def _seen_in(tracks: list[Track], frame: int) -> dict[Hashable, Region]:
    """The masks of a frame that have a pixel, by the places of their tracks."""
    masks = {place: track.masks[frame] for place, track in enumerate(tracks)}
    return {
        place: dict(mask)
        for place, mask in masks.items()
        if mask is not None and area_of(mask["counts"])
    }
