"""Settings as frozen dataclasses: one place for a field, its default, its unit and its meaning.

Torch-free, so that ``--help`` stays light. Resolved once (command line > environment > file >
card > default), then passed; nothing looks settings up.
"""

from dataclasses import dataclass
from typing import Literal

NmsKind = Literal["fast", "standard", "agnostic"]
MaskCrop = Literal["image", "prototype"]
Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NmsSettings:
    """How candidates are chosen among the anchors. Defaults are the reference's."""

    kind: NmsKind = "fast"
    """fast: the paper's, per class; standard: torchvision's greedy, per class; agnostic: fast,
    over all classes at once."""
    iou_threshold: float = 0.5
    """A box goes when it overlaps a better one by more than this, (0, 1]."""
    candidate_score: float = 0.05
    """Anchors whose best class is not above this are never looked at, [0, 1)."""
    top_k: int = 200
    """Anchors a class (or all together, when agnostic) that enter suppression."""
    max_detections: int = 100
    """Objects a picture, the best by score; at most 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSettings:
    """Everything that changes what is written about a picture, but for the model itself.

    Two runs with equal ``LabelSettings`` and equal model give the same labels.
    """

    nms: NmsSettings = NmsSettings()
    score_threshold: float = 0.3
    """Objects with a class confidence at or below this are left out, [0, 1)."""
    class_names: tuple[str, ...] | None = None
    """Only these classes (the model's own names), or None for all."""
    min_area_px: int = 1
    """Masks with fewer pixels are left out (and counted when empty)."""
    mask_crop: MaskCrop = "image"
    """image: masks are upsampled, then cropped by the box; prototype: the reference's order."""
    precision: Precision = "fp32"
    """Arithmetic of the network."""
    runtime: str = "torch"
    """What runs the network."""
    bit_depth: int | None = None
    """Significant bits of pictures with 16-bit samples, or None for the full 16."""
    allow_truncated: bool = False
    """Use the readable part of a cut-off picture instead of counting it as failed."""
    max_pixels: int = 178_956_970
    """Pictures of more pixels than this are refused (Pillow's own limit for bombs)."""
