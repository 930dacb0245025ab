"""Made-up clips of shapes with known identities, as a network would label them."""

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle
from yolact_cli.scoring.identities import IdentityScorer, together
from yolact_cli.settings import TrackSettings
from yolact_cli.structures import Detections, Instance
from yolact_cli.tracking.tracker import Tracker


@dataclasses.dataclass(frozen=True, kw_only=True)
class Actor:
    """A shape that moves evenly; those later in the cast are in front."""

    name: str
    size_wh: tuple[float, float]
    start_xy: tuple[float, float]  # its centre at time 0
    speed_xy: tuple[float, float]  # px a second
    class_id: int = 0
    is_round: bool = True
    is_steady: bool = False  # never missed, no jitter


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shot:
    """One frame of a clip: what a network says of it, and what is true."""

    time_s: Fraction
    detections: Detections
    truth: dict[str, dict]  # what can be seen of each actor, as RLE
    names: tuple[str, ...]  # whose each instance is


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong in labelling."""

    missed: float = 0.0  # probability of an object a frame
    jitter: float = 0.0  # of centre and size, part of the size
    flicker: float = 0.0  # probability of another class


def _mask(actor: Actor, centre_xy, size_wh, size_hw) -> np.ndarray:
    y, x = np.ogrid[: size_hw[0], : size_hw[1]]
    across = np.abs(x + 0.5 - centre_xy[0]) / (size_wh[0] / 2)
    down = np.abs(y + 0.5 - centre_xy[1]) / (size_wh[1] / 2)
    return across**2 + down**2 <= 1 if actor.is_round else np.maximum(across, down) <= 1


def _visible(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each mask without what is in front of it."""
    hidden = np.zeros_like(masks[0])
    seen = []
    for mask in reversed(masks):
        seen.append(mask & ~hidden)
        hidden = hidden | mask
    return seen[::-1]


def instance_of(mask: np.ndarray, score: float, class_id: int) -> Instance:
    counts = rle.encode_mask(mask)
    x, y, width, height = box = rle.tight_bbox(counts, mask.shape)
    return Instance(
        uid=f"{x:03x}{y:03x}{width:03x}{height:03x}",
        class_id=class_id,
        score=score,
        box_score=score,
        predicted_box_xyxy_px=(float(x), float(y), float(x + width), float(y + height)),
        bbox_xywh_px=box,
        area_px=rle.area_of(counts),
        rle_counts=counts,
    )


def _shot(cast, time_s, size_hw, trouble, rng) -> Shot:
    height, width = size_hw
    centres = [np.add(a.start_xy, np.multiply(a.speed_xy, float(time_s))) for a in cast]
    true = _visible([_mask(a, c, a.size_wh, size_hw) for a, c in zip(cast, centres, strict=True)])
    shaken = []
    for actor, centre in zip(cast, centres, strict=True):
        shake = 0 if actor.is_steady else trouble.jitter
        moved = centre + rng.normal(0, 1, 2) * shake * np.array(actor.size_wh)
        size = actor.size_wh * np.exp(rng.normal(0, 1, 2) * shake)
        shaken.append(_mask(actor, moved, size, size_hw))
    found = []
    for actor, mask in zip(cast, _visible(shaken), strict=True):
        whole = np.pi / 4 * np.prod(actor.size_wh)
        part = mask.sum() / whole
        score = round(float(np.clip(0.35 + 0.6 * part - 0.1 * rng.random(), 0.31, 0.98)), 4)
        is_missed = rng.random() < trouble.missed and not actor.is_steady
        is_other = rng.random() < trouble.flicker and not actor.is_steady
        if part > 0.15 and not is_missed:
            found.append((actor.name, instance_of(mask, score, actor.class_id + 5 * is_other)))
    found.sort(key=lambda pair: -pair[1].score)
    detections = Detections(
        picture_id=1, name="f.png", size_hw=size_hw, instances=tuple(one for _, one in found)
    )
    truth = {
        actor.name: {"size": [height, width], "counts": rle.encode_mask(mask)}
        for actor, mask in zip(cast, true, strict=True)
        if mask.sum() > 0.15 * np.pi / 4 * np.prod(actor.size_wh)
    }
    names = tuple(name for name, _ in found)
    return Shot(time_s=time_s, detections=detections, truth=truth, names=names)


@pytest.fixture(scope="session")
def make_clip() -> Callable[..., list[Shot]]:
    """Film actors: ``make_clip([Actor(...), …], frames=90)``; the same call, the same clip."""

    def build(
        cast: Sequence[Actor],
        *,
        frames: int = 60,
        frame_rate: Fraction = Fraction(30),
        is_uneven: bool = False,
        size_hw: tuple[int, int] = (144, 256),
        seed: int = 0,
        **trouble: float,
    ) -> list[Shot]:
        rng = np.random.default_rng(seed)
        shots, time_s = [], Fraction(0)
        for _ in range(frames):
            shots.append(_shot(cast, time_s, size_hw, Trouble(**trouble), rng))
            uneven = Fraction(int(rng.integers(1, 4)), 2) if is_uneven else 1
            time_s += uneven / frame_rate
        return shots

    return build


@pytest.fixture(scope="session")
def actor() -> type[Actor]:
    return Actor


CROSSING = (
    Actor(name="a", size_wh=(30, 44), start_xy=(30, 70), speed_xy=(90, 0)),
    Actor(name="b", size_wh=(34, 40), start_xy=(226, 74), speed_xy=(-80, 4)),
)
OCCLUDED = (
    Actor(name="walker", size_wh=(26, 50), start_xy=(20, 70), speed_xy=(110, 0)),
    Actor(name="pillar", size_wh=(44, 120), start_xy=(120, 75), speed_xy=(0, 0), class_id=3,
          is_round=False, is_steady=True),
)  # fmt: skip
COMING_AND_GOING = (
    Actor(name="leaves", size_wh=(40, 30), start_xy=(200, 40), speed_xy=(80, 0)),
    Actor(name="enters", size_wh=(36, 30), start_xy=(-30, 100), speed_xy=(90, -6)),
    Actor(name="enters later", size_wh=(40, 34), start_xy=(-160, 50), speed_xy=(120, 0)),
)
CROWD = (
    *(Actor(name=f"right {n}", size_wh=(22, 34), start_xy=(10 + 36 * n, 40 + 16 * (n % 4)),
            speed_xy=(50 + 12 * n, 3)) for n in range(5)),
    *(Actor(name=f"left {n}", size_wh=(24, 30), start_xy=(250 - 40 * n, 48 + 14 * (n % 4)),
            speed_xy=(-60 - 9 * n, 0), class_id=1) for n in range(5)),
)  # fmt: skip
FAST_AND_SMALL = (
    Actor(name="ball", size_wh=(12, 12), start_xy=(10, 30), speed_xy=(330, 90), class_id=2),
    Actor(name="car", size_wh=(40, 20), start_xy=(250, 110), speed_xy=(-300, 0), class_id=1),
)
SCENES = {
    "crossing": CROSSING,
    "occluded": OCCLUDED,
    "coming and going": COMING_AND_GOING,
    "crowd": CROWD,
    "fast and small": FAST_AND_SMALL,
}


@pytest.fixture(scope="session")
def scenes() -> dict[str, tuple[Actor, ...]]:
    """Casts by the name of what happens."""
    return SCENES


TROUBLE = {"missed": 0.1, "jitter": 0.02, "flicker": 0.15}


class NoMotionMatcher:
    """Frame to frame: each object takes the id of what it overlaps most, best pairs first."""

    def __init__(self, min_iou):
        self._min_iou, self._count, self._last = min_iou, 0, ([], [])

    def update(self, _time_s, detections):
        size = list(detections.size_hw)
        regions = [{"size": size, "counts": one.rle_counts} for one in detections.instances]
        last_regions, last_ids = self._last
        ids = [0] * len(regions)
        if regions and last_regions:
            ious = np.array(coco_mask.iou(regions, last_regions, [0] * len(last_regions)))
            for place in np.argsort(-ious, axis=None, kind="stable"):
                one, other = np.unravel_index(place, ious.shape)
                if (
                    ious[one, other] >= self._min_iou
                    and not ids[one]
                    and last_ids[other] not in ids
                ):
                    ids[one] = last_ids[other]
        for place, track_id in enumerate(ids):
            if not track_id:
                self._count += 1
                ids[place] = self._count
        self._last = (regions, ids)
        return tuple(ids)


def figures_of(tracker, clip):
    scorer = IdentityScorer("segm")
    for shot in clip:
        ids = tracker.update(shot.time_s, shot.detections)
        size = list(shot.detections.size_hw)
        predicted = {
            track_id: {"size": size, "counts": instance.rle_counts}
            for track_id, instance in zip(ids, shot.detections.instances, strict=True)
        }
        scorer.add(shot.truth, predicted)
    return scorer.figures()


@pytest.fixture(scope="session")
def trouble() -> dict[str, float]:
    """What goes wrong in labelling, at its usual."""
    return TROUBLE


@pytest.fixture(scope="session")
def compare_with_no_motion(make_clip):
    """``compare_with_no_motion(cast, seeds, **options)``: figures of the tracker and of a matcher
    without motion, over a clip for each seed.
    """  # fmt: skip

    def compare(cast, seeds, **options):
        clips = [make_clip(cast, seed=seed, **TROUBLE, **options) for seed in seeds]
        settings = TrackSettings()
        return tuple(
            together([figures_of(make(), clip) for clip in clips])
            for make in (lambda: Tracker(settings), lambda: NoMotionMatcher(settings.min_overlap))
        )

    return compare
