"""What a loader worker gives for one place in the training order, and batches of it.

Symbols: ``n`` objects, ``c`` classes, ``s`` input side, ``p`` prototype side, ``q`` P3's side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One augmented training picture with its objects."""

    picture: UInt8[np.ndarray, "s s 3"]
    boxes_xyxy_norm: Float32[np.ndarray, "n 4"]
    class_ids: Int64[np.ndarray, " n"]
    masks: Bool[np.ndarray, "n p p"]
    """All False where only a box is known."""
    has_mask: Bool[np.ndarray, " n"]
    is_crowd: Bool[np.ndarray, " n"]
    """Regions to be ignored: crowds, and objects cut off by more than their centre."""
    is_labelled: Bool[np.ndarray, " c"]
    """Classes that were looked for in this picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPicture:
    """In a sample's place: a picture that could not be read, told to the main process."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """The objects of one picture of a batch, as tensors on the network's device."""

    boxes_xyxy_norm: Float[Tensor, "n 4"]
    class_ids: Tensor
    masks: Bool[Tensor, "n p p"]
    has_mask: Bool[Tensor, " n"]
    crowd_boxes_xyxy_norm: Float[Tensor, "m 4"]
    crowd_class_ids: Tensor
    is_labelled: Bool[Tensor, " c"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingBatch:
    """Pictures (not yet normalised) and what is true of them."""

    pictures: UInt8[Tensor, "b s s 3"]
    targets: tuple[Target, ...]

    def to(self, device: torch.device) -> "TrainingBatch":
        """The same batch on another device."""
        moved = tuple(
            Target(
                boxes_xyxy_norm=target.boxes_xyxy_norm.to(device),
                class_ids=target.class_ids.to(device),
                masks=target.masks.to(device),
                has_mask=target.has_mask.to(device),
                crowd_boxes_xyxy_norm=target.crowd_boxes_xyxy_norm.to(device),
                crowd_class_ids=target.crowd_class_ids.to(device),
                is_labelled=target.is_labelled.to(device),
            )
            for target in self.targets
        )
        return TrainingBatch(pictures=self.pictures.to(device), targets=moved)


def collate(samples: Sequence[Sample]) -> TrainingBatch:
    """One batch of equally sized samples; crowds are put apart from what is to be learnt."""
    targets = []
    for sample in samples:
        real = ~sample.is_crowd
        targets.append(
            Target(
                boxes_xyxy_norm=torch.from_numpy(sample.boxes_xyxy_norm[real]),
                class_ids=torch.from_numpy(sample.class_ids[real]),
                masks=torch.from_numpy(sample.masks[real]),
                has_mask=torch.from_numpy(sample.has_mask[real]),
                crowd_boxes_xyxy_norm=torch.from_numpy(sample.boxes_xyxy_norm[~real]),
                crowd_class_ids=torch.from_numpy(sample.class_ids[~real]),
                is_labelled=torch.from_numpy(sample.is_labelled),
            )
        )
    pictures = torch.from_numpy(np.stack([sample.picture for sample in samples]))
    return TrainingBatch(pictures=pictures, targets=tuple(targets))
