"""Settings as frozen dataclasses: one place for a field, its default, its unit and its meaning.

Torch-free, so that ``--help`` stays light. Resolved once (command line > environment > file >
card > default), then passed; nothing looks settings up.
"""

from dataclasses import dataclass
from typing import Literal

NmsKind = Literal["fast", "standard", "agnostic"]
MaskCrop = Literal["image", "prototype"]
Precision = Literal["fp32", "bf16", "fp16"]
WriteKind = Literal[
    "coco", "results", "overlay", "masks", "objects", "frames", "youtube-vis",
    "coco-panoptic", "cvat", "label-studio", "labelme", "yolo", "voc", "datumaro", "cutouts",
]  # fmt: skip
"""What a run writes; from ``coco-panoptic`` on, the formats of exports, below ``exports/``."""
Spared = Literal["nothing", "first layers", "first and last layers"]
"""What stays in float32 when a network is quantised."""
RuntimeName = Literal["auto", "torch", "openvino", "onnx"]
Keep = Literal["skip", "merge"]
ExportFormat = Literal[
    "coco", "coco-panoptic", "cvat", "label-studio", "labelme", "yolo", "voc", "datumaro", "cutouts"
]
ImportFormat = Literal[
    "coco", "coco-panoptic", "cvat", "label-studio", "labelme", "yolo", "voc", "datumaro"
]
Shapes = Literal["masks", "polygons"]
Images = Literal["none", "copy", "link"]
VideoContainer = Literal["mp4", "mkv", "webm"]
VideoCodec = Literal["h264", "h265", "vp9", "av1"]


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
    class_thresholds: tuple[float, ...] | None = None
    """One for each class of the model, in its order: objects with a score at or below their
    class's are left out, [0, 1]. None for ``score_threshold`` alone, which they replace."""
    class_names: tuple[str, ...] | None = None
    """Only these classes (the model's own names), or None for all."""
    min_area_px: int = 1
    """Masks with fewer pixels are left out (and counted when empty)."""
    mask_crop: MaskCrop = "image"
    """image: masks are upsampled, then cropped by the box; prototype: the reference's order.

    They score alike: mask AP50 0.479 and 0.471 on VOC's 213 pictures, 0.306 and 0.313 on COCO's
    (yolact_lite0, the commands of its card with --mask-crop). image cuts edges as finely as the
    picture shows them.
    """
    mirror_check: bool = False
    """The mirrored picture is looked at too, and how far its objects differ is kept; this doubles
    the network's work."""
    precision: Precision = "fp32"
    """Arithmetic of the network."""
    runtime: RuntimeName = "auto"
    """What runs the network. auto is the fastest that is installed and exact enough for the device
    and the precision; a run's record has what it was."""
    bit_depth: int | None = None
    """Significant bits of pictures with 16-bit samples, or None for the full 16."""
    allow_truncated: bool = False
    """Use the readable part of a cut-off picture instead of counting it as failed."""
    max_pixels: int = 178_956_970
    """Pictures of more pixels than this are refused (Pillow's own limit for bombs)."""

    @property
    def least_score(self) -> float:
        """The class confidence that no object lies at or below, whatever its class."""
        if self.class_thresholds is None:
            return self.score_threshold
        return min(self.class_thresholds, default=self.score_threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """How training pictures are varied. Defaults are the reference's; see training/augment.py."""

    photometric: bool = True
    """Brightness, contrast, saturation and hue, each with probability one half."""
    max_expand: float = 4.0
    """Largest zoom out, as the side of the canvas over the picture's; 1 switches it off."""
    crop: bool = True
    """Random crops that keep the centre of an object."""
    mirror: bool = True
    """Left and right swapped with probability one half."""
    mosaic: float = 0.0
    """Probability of four pictures side by side; the reference has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """Everything that decides the outcome of a training but its data and its starting weights."""

    augment: AugmentSettings = AugmentSettings()
    iterations: int = 10_000
    """Optimiser steps."""
    batch_size: int = 8
    """Pictures a forward pass."""
    input_sizes: tuple[int, ...] = ()
    """Sides in px, one drawn for each batch; empty for the network's own."""
    accumulate: int = 1
    """Forward passes an optimiser step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD with momentum 0.9, or AdamW."""
    learning_rate: float = 1e-3
    """At its highest, after the warm-up."""
    backbone_rate: float = 1.0
    """The backbone's learning rate over the rest's."""
    weight_decay: float = 5e-4
    """Not applied to biases and normalisation when the optimiser is AdamW."""
    schedule: Literal["step", "cosine"] = "step"
    """step: a tenth after 35, 75, 87.5 and 93.75 % of the iterations, as the reference does."""
    warmup_iterations: int = 500
    """Linear, from a tenth of the learning rate."""
    ema_decay: float = 0.0
    """Decay of the moving average of the weights that is validated and kept; 0 for none."""
    freeze_stages: int = 0
    """Backbone stages, the stem first, that keep their weights and batch-norm statistics."""
    freeze_norm: bool = False
    """All of the backbone's batch norms keep their statistics and weights (small batches)."""
    clip_norm: float = 0.0
    """Largest norm of the gradient; 0 for no limit, as the reference."""
    dice_weight: float = 0.0
    """Weight of the masks' overlap beside their pixels; 0 as the reference."""
    box_mask_weight: float = 0.0
    """Weight of learning masks from objects that have only a box; 0 ignores their masks."""
    repeat_threshold: float = 0.0
    """Pictures of classes in a smaller share of pictures than this are repeated; 0 for none."""
    masks_per_picture: int = 100
    """Positive anchors a picture whose masks are learnt from, drawn at random."""
    precision: Precision = "fp32"
    """Arithmetic of forward and backward passes; weights stay fp32."""
    seed: int = 0
    """Of augmentation, order and fresh layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSettings:
    """Which frames of a video are labelled; the overlay keeps them all."""

    start_s: float | None = None
    """Frames shown before this are left out, of the overlay too."""
    end_s: float | None = None
    """Frames shown at or after this are left out, of the overlay too."""
    every: int = 1
    """Every n-th frame is labelled, the first one too."""
    fps: float | None = None
    """At most this many frames a second are labelled, or None for all."""
    keyframes: bool = False
    """Only frames that the codec can decode without another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFileSettings:
    """How overlay videos are encoded."""

    container: VideoContainer = "mp4"
    """The file's kind, and its ending."""
    codec: VideoCodec = "h264"
    """h264 plays anywhere; vp9 and av1 are what webm holds."""
    crf: int | None = None
    """Constant quality, lower is better and larger; None for a good one of the codec's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSettings:
    """How objects of a video's frames are joined to identities."""

    min_overlap: float = 0.3
    """Objects that overlap a track's forecast by less than this are not it, (0, 1]."""
    max_gap_s: float = 1.0
    """A track not seen for longer has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """How labels are handed to other tools. Each writer takes what concerns its format."""

    shapes: Shapes = "masks"
    """masks: exact, where the format has them; polygons: outlines that a person can drag."""
    image_url: str | None = None
    """How a tool finds a picture: a text with ``{name}`` (path within the run, as a URL writes
    it), or None for the format's usual way."""
    exact_polygons: bool = False
    """Outlines keep every corner of every pixel."""
    images: Images | None = None
    """Whether the pictures come beside the labels: as copies, byte for byte, or as symbolic links
    to where they are; None for the format's usual way."""
    margin_px: int = 0
    """Around crops and cut-outs, as far as the picture goes."""
