"""How good simplified polygons are on what people outlined. Prints the figures that it holds."""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.geometry.polygons import SMALL_AREA_PX, polygon_parts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.shared,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def truth(shared_dir):
    """Crops of all objects of more than 32x32 px."""
    path = shared_dir / "data" / "coco80-val" / "annotations.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    sizes = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
    crops = []
    for item in data["annotations"]:
        polygons = item["segmentation"]
        if isinstance(polygons, dict) or item["iscrowd"]:
            continue
        size_hw = sizes[item["image_id"]]
        counts = coco_mask.merge(coco_mask.frPyObjects(polygons, *size_hw))
        if coco_mask.area(counts) > SMALL_AREA_PX:
            x, y, width, height = coco_mask.toBbox(counts).astype(int)
            mask = coco_mask.decode(counts)[y : y + height, x : x + width]
            crops.append(mask.astype(bool))
    assert len(crops) > 400
    return crops


def painted(parts, size_hw, convention):
    """By the consumer's own rasteriser, outer rings and holes."""
    if convention == "centre":
        canvas = np.zeros(size_hw, np.uint8)
        rings = [ring for part in parts for ring in (part.outer, *part.holes)]
        cv2.fillPoly(canvas, [ring.astype(np.int32) for ring in rings], 1)
        return canvas > 0

    def raster(ring):
        return coco_mask.decode(coco_mask.frPyObjects([ring.ravel().tolist()], *size_hw))[..., 0]

    found = np.zeros(size_hw, bool)
    for part in parts:
        solid = raster(part.outer) > 0
        for hole in part.holes:
            solid &= raster(hole) == 0
        found |= solid
    return found


@pytest.mark.parametrize("convention", ["edge", "centre"])
def test_simplified_polygons_are_close_and_light(truth, convention):
    ious, corners, shares, with_holes = [], [], [], 0
    for mask in truth:
        parts = polygon_parts(mask, convention)
        exact = polygon_parts(mask, convention, is_exact=True)
        found = painted(parts, mask.shape, convention)
        ious.append((found & mask).sum() / (found | mask).sum())
        corners.append(sum(part.vertices for part in parts))
        shares.append(corners[-1] / sum(part.vertices for part in exact))
        with_holes += any(part.holes for part in parts)
    print(
        f"\n{convention}: {len(truth)} objects, mean IoU {np.mean(ious):.4f}"
        f" (least {min(ious):.3f}), median corners {np.median(corners):.0f},"
        f" mean share of the exact outline's {np.mean(shares):.3f}; {with_holes} have holes"
    )
    assert np.mean(ious) >= 0.995
    assert np.median(corners) <= 60
    assert np.mean(shares) <= 0.25
