"""Labels that people made before: which pictures they are of, and what they leave room for.

A picture counts as labelled when at least one object of it is in the file: tools list pictures
that nobody has opened yet, too.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from yolact_cli.datasets.segmentation import compressed_rle
from yolact_cli.datasets.truth import read_truth
from yolact_cli.errors import UnreadablePictureError
from yolact_cli.geometry.masks import crop_of
from yolact_cli.geometry.rle import decode_crop
from yolact_cli.structures import (
    Detections,
    Instance,
    ListedPicture,
    TruthObject,
    TruthPicture,
)

# Masks of neighbours touch and leak: less than this of the smaller one is no sign of one object.
MOST_SHARED = 0.25


class ExistingLabels:
    """A data set of people's, looked up by the names of a run's pictures."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BadCocoError: It cannot be trusted.
        """
        pictures = [picture for picture in read_truth(path).pictures if picture.objects]
        self._by_name = {picture.file_name.removeprefix("./"): picture for picture in pictures}
        self._by_last_part = _unique(pictures)

    def match(self, listed: Sequence[ListedPicture]) -> dict[int, TruthPicture]:
        """The labelled ones among the listed pictures, by picture id.

        By the whole name, else by its last part where neither side has that twice.
        """
        found = {
            picture.picture_id: self._by_name[picture.name]
            for picture in listed
            if picture.name in self._by_name
        }
        taken = {picture.image_id for picture in found.values()}
        rest = [picture for picture in listed if picture.picture_id not in found]
        alike = Counter(_last_part(picture.name) for picture in rest)
        for picture in rest:
            last_part = _last_part(picture.name)
            other = self._by_last_part.get(last_part)
            if other is not None and alike[last_part] == 1 and other.image_id not in taken:
                found[picture.picture_id] = other
        return found


def without_labelled(
    pictures: Iterable[ListedPicture], labelled: Iterable[int], *, first_id: int
) -> tuple[ListedPicture, ...]:
    """The pictures that nobody labelled, numbered anew from ``first_id``."""
    refused = frozenset(labelled)
    left = (picture for picture in pictures if picture.picture_id not in refused)
    return tuple(
        replace(picture, picture_id=picture_id)
        for picture_id, picture in enumerate(left, start=first_id)
    )


def without_overlaps(detections: Detections, labelled: TruthPicture) -> Detections:
    """The detections where people have put nothing, of whatever class.

    One goes when it shares more than a quarter of the smaller of the two masks with an object of
    theirs: so a part of an object goes, and so does a group that holds one. An object of which
    only the box is known counts as filling it.

    Raises:
        UnreadablePictureError: The labels are of a picture of another size.
    """
    if (labelled.height, labelled.width) != detections.size_hw:
        height, width = detections.size_hw
        raise UnreadablePictureError(
            f"{detections.name}: is {width}x{height} px, but was labelled as "
            f"{labelled.width}x{labelled.height} px.",
            remedy="Were the pictures scaled or rotated since?",
        )
    theirs = [_Region(item, detections.size_hw) for item in labelled.objects]
    kept = tuple(
        instance
        for instance in detections.instances
        if not any(region.covers(instance) for region in theirs)
    )
    return replace(detections, instances=kept)


class _Region:
    """An object of people's as a mask that is decoded where it is looked at."""

    def __init__(self, item: TruthObject, size_hw: tuple[int, int]) -> None:
        self._size_hw = size_hw
        x, y, width, height = item.bbox_xywh_px
        self._edges_xyxy = round(x), round(y), round(x + width), round(y + height)
        self._counts: str | None = None
        self._area_px = max(width * height, 1.0)
        if item.segmentation is not None:
            self._counts = compressed_rle(item.segmentation, size_hw)["counts"]
            whole = (0, 0, size_hw[1], size_hw[0])
            self._area_px = max(float(self._pixels_in(whole).sum()), 1.0)

    def covers(self, instance: Instance) -> bool:
        """Whether the two share too much to be two objects."""
        if not self._may_touch(instance):
            return False
        ours = crop_of(instance, self._size_hw)
        shared_px = float((ours & self._pixels_in(instance.bbox_xywh_px)).sum())
        return shared_px > MOST_SHARED * min(instance.area_px, self._area_px)

    def _may_touch(self, instance: Instance) -> bool:
        left, top, right, bottom = self._edges_xyxy
        x, y, width, height = instance.bbox_xywh_px
        slack_px = 1  # polygons are rasterised to half a pixel beyond their corners
        is_beside = x >= right + slack_px or x + width <= left - slack_px
        return not is_beside and y < bottom + slack_px and y + height > top - slack_px

    def _pixels_in(self, bbox_xywh: tuple[int, int, int, int]) -> np.ndarray:
        if self._counts is not None:
            return decode_crop(self._counts, self._size_hw, bbox_xywh=bbox_xywh)
        x, y, width, height = bbox_xywh
        left, top, right, bottom = self._edges_xyxy
        pixels = np.zeros((height, width), bool)
        pixels[max(top - y, 0) : max(bottom - y, 0), max(left - x, 0) : max(right - x, 0)] = True
        return pixels


def _unique(pictures: Sequence[TruthPicture]) -> dict[str, TruthPicture]:
    counts = Counter(_last_part(picture.file_name) for picture in pictures)
    named = ((_last_part(picture.file_name), picture) for picture in pictures)
    return {name: picture for name, picture in named if counts[name] == 1}


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]
