"""The frozen records that travel between stages. No torch, no files, no terminal.

Symbols: ``n`` detections of one picture, ``k`` prototypes, ``s`` the network's input side.
Boxes are half-open, in pixel-edge coordinates: one over the whole picture is (0, 0, width, height).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Shaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A class as written to files: COCO's ``category_id`` (gaps allowed), name and parent."""

    category_id: int
    name: str
    supercategory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPicture:
    """One line of ``listing.jsonl``: a picture's identity for the whole life of a run.

    Attributes:
        picture_id: 1-based, in listing order; never changes, never reused.
        name: Unique in the run, relative, with forward slashes: COCO's ``file_name`` and the stem
            of per-picture outputs.
        location: Where to open it (an absolute path).
        size_bytes: File size when listed.
        mtime_ns: Modification time when listed, in nanoseconds.
    """

    picture_id: int
    name: str
    location: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A decoded picture on its way into the network.

    Attributes:
        picture_id: From the listing.
        name: From the listing.
        size_hw: Height and width of the picture itself, EXIF orientation applied, in px.
        pixels: RGB at the network's input size, values in [0, 255], not yet normalised.
        preview: RGB to draw the overlay on, or None when no overlay was asked for.
    """

    picture_id: int
    name: str
    size_hw: tuple[int, int]
    pixels: Shaped[np.ndarray, "s s 3"]
    preview: Shaped[np.ndarray, "ph pw 3"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A picture that could not be done, with the reason; it keeps its place in the order.

    Attributes:
        picture_id: From the listing; for ``video`` and ``gap`` the video's.
        name: From the listing.
        stage: ``decode``, ``existing`` (labels of another size), ``write``, ``video`` (one that
            cannot be read) or ``gap`` (a part of one).
        error: The exception's class name.
        message: One sentence for people.
    """

    picture_id: int
    name: str
    stage: str
    error: str
    message: str

    def to_record(self) -> dict[str, Any]:
        """This failure as a journal line."""
        failure = {"stage": self.stage, "error": self.error, "message": self.message}
        return {"id": self.picture_id, "name": self.name, "failure": failure}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Failure":
        """The inverse of :meth:`to_record`."""
        return cls(picture_id=record["id"], name=record["name"], **record["failure"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """What a runtime gives for one picture: detections before their masks are assembled.

    Sorted by score, highest first; already past non-maximum suppression; at most 200.

    Attributes:
        boxes_xyxy_norm: Corners relative to the picture, unclipped.
        scores: Class confidence, [0, 1].
        class_ids: 0-based, dense, background not counted.
        mask_coefficients: Signed, [-1, 1].
        mask_ious: Predicted mask IoU (YOLACT++), or None where the network has no such branch.
        prototypes: At prototype resolution, shared by all detections of the picture.
    """

    boxes_xyxy_norm: Float32[np.ndarray, "n 4"]
    scores: Float32[np.ndarray, " n"]
    class_ids: Int[np.ndarray, " n"]
    mask_coefficients: Float32[np.ndarray, "n k"]
    mask_ious: Float32[np.ndarray, " n"] | None
    prototypes: Float32[np.ndarray, "h w k"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One labelled object, light enough to keep: the mask is a compressed COCO RLE.

    Attributes:
        uid: 12 hex digits, the same whenever the same run is computed again.
        class_id: 0-based, dense.
        score: What the object is ranked by: class confidence, times predicted mask IoU where the
            network predicts one. [0, 1], 4 decimals.
        box_score: Class confidence alone, [0, 1], 4 decimals.
        predicted_box_xyxy_px: The network's own box, clipped to the picture, 2 decimals.
        bbox_xywh_px: The mask's tight box, whole pixels.
        area_px: The mask's area.
        rle_counts: Compressed RLE counts (column-major, first run zeros) at the picture's size.
        track_id: Its identity within its video, from 1; None outside videos, and where nobody
            asked.
        track_class_id: What the whole track was taken for most, 0-based, dense; None likewise.
    """

    uid: str
    class_id: int
    score: float
    box_score: float
    predicted_box_xyxy_px: tuple[float, float, float, float]
    bbox_xywh_px: tuple[int, int, int, int]
    area_px: int
    rle_counts: str
    track_id: int | None = None
    track_class_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlace:
    """Where in which video a frame stands.

    Attributes:
        video_id: From the listing of videos.
        frame_index: 0-based, over all frames that could be decoded.
        time_s: From the video's beginning.
    """

    video_id: int
    frame_index: int
    time_s: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """All labels of one picture: the journal line, the row a writer gets. Holds no raster.

    Attributes:
        picture_id: From the listing.
        name: From the listing.
        size_hw: Height and width in px, EXIF orientation applied.
        instances: By score, highest first; may be empty.
        empty_masks: Detections dropped because not one pixel of their mask was left.
        place: Of a frame in its video; None for pictures. Never journaled here.
    """

    picture_id: int
    name: str
    size_hw: tuple[int, int]
    instances: tuple[Instance, ...]
    empty_masks: int = 0
    place: FramePlace | None = None

    def keeping(self, classes: Mapping[int, Category | None]) -> "Detections":
        """These detections without the instances whose class maps to None.

        Args:
            classes: For every class id of the model, the category it is written as, if any.
        """
        kept = tuple(item for item in self.instances if classes[item.class_id] is not None)
        return replace(self, instances=kept)

    def to_record(self) -> dict[str, Any]:
        """These detections as a journal line (plain JSON types)."""
        objects = [
            {
                "uid": instance.uid,
                "class_id": instance.class_id,
                "score": instance.score,
                "box_score": instance.box_score,
                "predicted_box": list(instance.predicted_box_xyxy_px),
                "bbox": list(instance.bbox_xywh_px),
                "area": instance.area_px,
                "counts": instance.rle_counts,
            }
            for instance in self.instances
        ]
        return {
            "id": self.picture_id,
            "name": self.name,
            "size": list(self.size_hw),
            "objects": objects,
            "empty_masks": self.empty_masks,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Detections":
        """The inverse of :meth:`to_record`."""
        instances = tuple(
            Instance(
                uid=item["uid"],
                class_id=item["class_id"],
                score=item["score"],
                box_score=item["box_score"],
                predicted_box_xyxy_px=tuple(item["predicted_box"]),
                bbox_xywh_px=tuple(item["bbox"]),
                area_px=item["area"],
                rle_counts=item["counts"],
            )
            for item in record["objects"]
        )
        height, width = record["size"]
        return cls(
            picture_id=record["id"],
            name=record["name"],
            size_hw=(height, width),
            instances=instances,
            empty_masks=record["empty_masks"],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawOutputs:
    """What the network gives for a batch before any selection, as arrays (for looking inside).

    Attributes:
        box_offsets: Raw box regression, before decoding.
        class_probabilities: After the softmax, background first.
        mask_coefficients: After the tanh.
        anchors_cxcywh_norm: One row an anchor, relative.
        prototypes: After their activation.
        boxes_xyxy_norm: What the offsets make of the anchors, corners, unclipped.
        level_sizes_hw: Rows and columns of the pyramid's levels, P3 first, as anchors are ordered.
        candidates: Of each picture, what a run chooses from these outputs.
    """

    box_offsets: Float[np.ndarray, "b anchors 4"]
    class_probabilities: Float[np.ndarray, "b anchors classes"]
    mask_coefficients: Float[np.ndarray, "b anchors k"]
    anchors_cxcywh_norm: Float[np.ndarray, "anchors 4"]
    prototypes: Float[np.ndarray, "b h w k"]
    boxes_xyxy_norm: Float[np.ndarray, "b anchors 4"]
    level_sizes_hw: tuple[tuple[int, int], ...]
    candidates: tuple[Candidates, ...]


PolygonsPx = tuple[Float64[np.ndarray, " _"], ...]
"""Parts of one object, each x0, y0, x1, y1, … in px."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TruthObject:
    """One object that somebody labelled.

    Attributes:
        annotation_id: From the file.
        category_id: From the file, gaps allowed.
        class_id: 0-based, dense: the place of the category among those of the file, by id.
        bbox_xywh_px: Left, top, width and height, not clipped.
        segmentation: Polygons, a COCO RLE (``size`` [h, w], ``counts`` as text), or None for an
            object of which only the box is known.
        is_crowd: A region of many objects, to be ignored rather than learnt.
        area_px: The file's area; where it has none, the mask's or else the box's.
    """

    annotation_id: int
    category_id: int
    class_id: int
    bbox_xywh_px: tuple[float, float, float, float]
    segmentation: PolygonsPx | Mapping[str, Any] | None
    is_crowd: bool
    area_px: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TruthPicture:
    """A picture with all that was labelled in it; no objects makes it a true negative.

    Attributes:
        image_id: From the file.
        file_name: From the file, with forward slashes.
        width: In px.
        height: In px.
        objects: In the file's order; may be empty.
        labelled_class_ids: The only classes that were looked for, or None for all of them.
        not_exhaustive_class_ids: Classes of which not every object is labelled.
    """

    image_id: int
    file_name: str
    width: int
    height: int
    objects: tuple[TruthObject, ...]
    labelled_class_ids: frozenset[int] | None = None
    not_exhaustive_class_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """A checked COCO data set.

    Attributes:
        categories: Sorted by id; a category's place here is its ``class_id``.
        pictures: In the file's order.
    """

    categories: tuple[Category, ...]
    pictures: tuple[TruthPicture, ...]
