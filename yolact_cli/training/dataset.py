"""Training samples by their place in the order, made by loader workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8
from torch.utils.data import Dataset

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.settings import AugmentSettings
from yolact_cli.structures import TruthObject, TruthPicture
from yolact_cli.training.augment import (
    blank_canvas,
    keep_objects,
    mosaic_views,
    random_view,
    whole_view,
)
from yolact_cli.training.order import TrainingOrder
from yolact_cli.training.photometric import distort_colours
from yolact_cli.training.sample import BrokenPicture, Sample
from yolact_cli.training.view import View

# Keeps the draws for batches apart from those for samples.
BATCH_STREAM = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleShape:
    """Sizes and colour that the network fixes."""

    input_sizes: tuple[int, ...]
    """Sides that batches can have, in px; at least one."""
    batch_size: int
    """Neighbours in the order that have one size."""
    num_classes: int
    mean: tuple[float, float, float]
    """What fills the canvas, RGB."""

    def input_size(self, index: int, *, seed: int) -> int:
        """The side of the batch that place ``index`` of the order falls into."""
        rng = np.random.default_rng((seed, index // self.batch_size, BATCH_STREAM))
        return self.input_sizes[rng.integers(len(self.input_sizes))]


def mask_size(input_size: int) -> int:
    """The side of the prototypes: twice P3's, which is an eighth of the input's, rounded up."""
    return 2 * -(-input_size // 8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingPictures:
    """The pictures to learn from, and how to get at their pixels and masks."""

    pictures: Sequence[TruthPicture]
    read_picture: Callable[[TruthPicture], UInt8[np.ndarray, "h w 3"]]
    decode_mask: Callable[[TruthPicture, TruthObject], Bool[np.ndarray, "h w"]]


class TrainingDataset(Dataset[Sample | BrokenPicture]):
    """Place in the training order to sample, by (seed, epoch, place) alone."""

    def __init__(
        self,
        source: TrainingPictures,
        order: TrainingOrder,
        shape: SampleShape,
        *,
        augment: AugmentSettings,
    ) -> None:
        self._source = source
        self._order = order
        self._shape = shape
        self._augment = augment

    def __getitem__(self, index: int) -> Sample | BrokenPicture:
        """The sample at a place of the order."""
        try:
            return self._sample(index)
        except UnreadablePictureError as error:
            return BrokenPicture(message=error.sentence)

    def _sample(self, index: int) -> Sample:
        pictures = self._source.pictures
        epoch, number = self._order.place(index)
        rng = np.random.default_rng((self._order.seed, epoch, index))
        if rng.random() < self._augment.mosaic:
            others = rng.integers(0, len(pictures), 3)
            chosen = [pictures[i] for i in (number, *others)]
            views = mosaic_views([_size_hw(p) for p in chosen], self._augment, rng)
        else:
            chosen = [pictures[number]]
            views = [self._single_view(chosen[0], rng)]
        side = self._shape.input_size(index, seed=self._order.seed)
        sample = self._compose(chosen, views, side=side)
        if not self._augment.photometric:
            return sample
        picture = distort_colours(sample.picture, rng)
        return _with_picture(sample, picture)

    def _single_view(self, picture: TruthPicture, rng: np.random.Generator) -> View:
        boxes = _boxes_xyxy_px(picture, [o for o in picture.objects if not o.is_crowd])
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        if not (self._augment.crop or self._augment.mirror or self._augment.max_expand > 1):
            return whole_view(_size_hw(picture))
        return random_view(_size_hw(picture), centres, self._augment, rng)

    def _compose(
        self, pictures: Sequence[TruthPicture], views: Sequence[View], *, side: int
    ) -> Sample:
        shape = self._shape
        canvas = blank_canvas(side, shape.mean)
        parts = []
        is_labelled = np.ones(shape.num_classes, bool)
        for picture, view in zip(pictures, views, strict=True):
            pixels = self._source.read_picture(picture)
            view.draw(pixels, canvas)
            parts.append(self._objects(picture, view, side=mask_size(side)))
            if picture.labelled_class_ids is not None:
                looked_for = np.zeros(shape.num_classes, bool)
                looked_for[list(picture.labelled_class_ids)] = True
                is_labelled &= looked_for
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        return Sample(picture=canvas, is_labelled=is_labelled, **joined)

    def _objects(self, picture: TruthPicture, view: View, *, side: int) -> dict[str, np.ndarray]:
        boxes = view.transform_boxes(_boxes_xyxy_px(picture, picture.objects))
        clipped, stays, is_ignored = keep_objects(boxes, view)
        kept = [thing for thing, stay in zip(picture.objects, stays, strict=True) if stay]
        is_crowd = is_ignored[stays] | np.array([thing.is_crowd for thing in kept], bool)
        masks = np.zeros((len(kept), side, side), bool)
        has_mask = np.zeros(len(kept), bool)
        for index, thing in enumerate(kept):
            if is_crowd[index] or thing.segmentation is None:
                continue
            masks[index] = view.transform_mask(self._source.decode_mask(picture, thing), side=side)
            # One too thin to leave a pixel would teach that its box is empty; its box is known.
            has_mask[index] = masks[index].any()
        return {
            "boxes_xyxy_norm": clipped[stays].astype(np.float32),
            "class_ids": np.array([thing.class_id for thing in kept], np.int64),
            "masks": masks,
            "has_mask": has_mask,
            "is_crowd": is_crowd,
        }


def has_labelled_shape(size_hw: tuple[int, int], picture: TruthPicture) -> bool:
    """Whether a file of that size shows what was labelled: at the same scale, or at another."""
    height, width = size_hw
    # The same shape, each side rounded to a whole pixel.
    skew = abs(height * picture.width - width * picture.height)
    return skew <= picture.width + picture.height


def another_shape(size_hw: tuple[int, int], picture: TruthPicture) -> str:
    """The sentence for a file that is not what was labelled."""
    height, width = size_hw
    return (
        f"{picture.file_name} has {width}x{height} px, "
        f"and the labels are for {picture.width}x{picture.height}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReader:
    """Reads a picture of the set from its folder as RGB, at the size its truth was drawn at.

    A picture that was scaled since it was labelled does no harm. One of another shape is another
    picture, or was turned.
    """

    images_dir: Path
    decode: Callable[[Path], UInt8[np.ndarray, "h w 3"]]

    def __call__(self, picture: TruthPicture) -> UInt8[np.ndarray, "h w 3"]:
        """The picture, brought to the truth's size should the file differ.

        Raises:
            UnreadablePictureError: It cannot be decoded, or has not the truth's shape.
        """
        pixels = self.decode(self.images_dir / picture.file_name)
        height, width = pixels.shape[:2]
        if (height, width) == (picture.height, picture.width):
            return pixels
        if not has_labelled_shape((height, width), picture):
            raise UnreadablePictureError(another_shape((height, width), picture))
        resized = cv2.resize(pixels, (picture.width, picture.height), interpolation=cv2.INTER_AREA)
        return np.asarray(resized)


def _with_picture(sample: Sample, picture: UInt8[np.ndarray, "s s 3"]) -> Sample:
    return Sample(
        picture=picture,
        boxes_xyxy_norm=sample.boxes_xyxy_norm,
        class_ids=sample.class_ids,
        masks=sample.masks,
        has_mask=sample.has_mask,
        is_crowd=sample.is_crowd,
        is_labelled=sample.is_labelled,
    )


def _size_hw(picture: TruthPicture) -> tuple[int, int]:
    return picture.height, picture.width


def _boxes_xyxy_px(
    picture: TruthPicture, objects: Sequence[TruthObject]
) -> Float64[np.ndarray, "n 4"]:
    boxes = np.array([thing.bbox_xywh_px for thing in objects], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes.clip(0, (picture.width, picture.height) * 2)
