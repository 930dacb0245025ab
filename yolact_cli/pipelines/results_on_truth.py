"""A runtime's labels of pictures with ground truth, as COCO results for scoring."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.settings import LabelSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.structures import Detections, Truth

BATCH_SIZE = 4


def results_on_truth(
    runtime: Runtime,
    resize: Resize,
    truth: Truth,
    *,
    images_dir: Path,
    category_ids: Mapping[int, int],
) -> Iterator[dict[str, Any]]:
    """Every detection of every picture, whatever its score.

    Args:
        runtime: With a selection that leaves nothing out.
        resize: A picture to the runtime's input.
        truth: Whose pictures are looked at.
        images_dir: Where they are.
        category_ids: What truth calls the model's classes; the others are left out.

    Raises:
        UnreadablePictureError: A picture is not there or cannot be read.
    """
    pictures = truth.pictures
    settings = LabelSettings(score_threshold=0.0)
    for start in range(0, len(pictures), BATCH_SIZE):
        part = pictures[start : start + BATCH_SIZE]
        decoded = [
            read_picture(str(images_dir / picture.file_name), DecodeSettings()) for picture in part
        ]
        candidates = runtime.run(np.stack([resize(pixels) for pixels in decoded]))
        for picture, found in zip(part, candidates, strict=True):
            key = PictureKey(
                picture_id=picture.image_id,
                name=picture.file_name,
                size_hw=(picture.height, picture.width),
            )
            detections = detections_from_candidates(found, key, settings=settings, uid_seed="")
            yield from _records(detections, category_ids)


def _records(detections: Detections, category_ids: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    for instance in detections.instances:
        if instance.class_id in category_ids:
            left, top, right, bottom = instance.predicted_box_xyxy_px
            yield {
                "image_id": detections.picture_id,
                "category_id": category_ids[instance.class_id],
                "bbox": [left, top, right - left, bottom - top],
                "score": instance.score,
                "segmentation": {
                    "size": list(detections.size_hw),
                    "counts": instance.rle_counts,
                },
            }
