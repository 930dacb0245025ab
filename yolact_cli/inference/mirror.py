"""What a second look at the mirrored picture says of the first: objects it does not bear out.

A network that is sure of an object finds the same one with left and right swapped.
"""

from collections.abc import Sequence
from dataclasses import replace

from pycocotools import mask as coco_mask

from yolact_cli.geometry.masks import crop_of
from yolact_cli.geometry.rle import encode_crop
from yolact_cli.structures import Detections, Instance

_DECIMALS = 3


def with_mirror_check(detections: Detections, mirrored: Detections) -> Detections:
    """The detections, each with its ``mirror_disagreement``.

    It is 1 - IoU * min(1, m / s) for the object of the same class in the mirrored picture that
    makes it least, ``m`` being that one's score and ``s`` the object's own; 1 where there is none.

    Args:
        detections: Of the picture.
        mirrored: Of the same picture, left and right swapped, with the same thresholds.
    """
    size_hw = detections.size_hw
    turned: dict[int, list[tuple[str, float]]] = {}
    for one in mirrored.instances:
        turned.setdefault(one.class_id, []).append((_turned(one, size_hw), one.score))
    return replace(
        detections,
        instances=tuple(
            replace(
                one,
                mirror_disagreement=_disagreement(one, turned.get(one.class_id, ()), size_hw),
            )
            for one in detections.instances
        ),
    )


def _turned(instance: Instance, size_hw: tuple[int, int]) -> str:
    """The run lengths of the mask with left and right swapped."""
    x, y, width, _ = instance.bbox_xywh_px
    crop = crop_of(instance, size_hw)[:, ::-1]
    return encode_crop(crop, offset_yx=(y, size_hw[1] - x - width), size_hw=size_hw)


def _disagreement(
    instance: Instance, others: Sequence[tuple[str, float]], size_hw: tuple[int, int]
) -> float:
    if not others:
        return 1.0
    size = list(size_hw)
    masks = [{"size": size, "counts": counts} for counts, _ in others]
    own = {"size": size, "counts": instance.rle_counts}
    ious = coco_mask.iou([own], masks, [0] * len(masks))[0].tolist()
    scores = [min(1.0, score / max(instance.score, 1e-6)) for _, score in others]
    agreement: float = max(iou * score for iou, score in zip(ious, scores, strict=True))
    return round(1 - agreement, _DECIMALS)
