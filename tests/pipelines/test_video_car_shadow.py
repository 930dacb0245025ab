"""The embedded model on a real video of one car: ``pytest -m slow -s`` with this file's path."""

import json

import av
import cv2
import numpy as np
import pytest

from yolact_cli.cli.main import main
from yolact_cli.geometry import rle

LEAST_IOU = 0.5


@pytest.fixture
def car_shadow(shared_dir, tmp_path):
    """The frames as a lossless video, and the car's mask in each."""
    folder = shared_dir / "data" / "video" / "car-shadow"
    pictures = [cv2.imread(str(path)) for path in sorted((folder / "frames").iterdir())]
    masks = [cv2.imread(str(path), 0) > 0 for path in sorted((folder / "masks").iterdir())]
    path = tmp_path / "car.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path, masks


def _best(truth, annotations):
    """IoU and track of the annotation that overlaps the truth most."""
    found = [(0.0, 0)]
    for one in annotations:
        mask = rle.decode_mask(one["segmentation"]["counts"], truth.shape)
        found.append(((mask & truth).sum() / (mask | truth).sum(), one["track_id"]))
    return max(found)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(600)
def test_a_car_that_is_followed_by_the_camera_keeps_its_identity(car_shadow, tmp_path):
    clip, truth = car_shadow
    run = tmp_path / "run"
    assert main(["annotate", str(clip), "-o", str(run), "--device", "cpu", "--write", "coco"]) == 0
    data_set = json.loads((run / "annotations.json").read_bytes())
    (car,) = (one["id"] for one in data_set["categories"] if one["name"] == "car")
    cars = [
        one
        for one in data_set["annotations"]
        if car in (one["category_id"], one["track_category_id"])
    ]
    best = [
        _best(mask, [one for one in cars if one["image_id"] == image["id"]])
        for image, mask in zip(data_set["images"], truth, strict=True)
    ]
    found = [(iou, track_id) for iou, track_id in best if iou >= LEAST_IOU]
    print(
        f"\nfound in {len(found)} of {len(truth)} frames, mean IoU"
        f" {np.mean([iou for iou, _ in found]):.3f}, identities {len({one for _, one in found})}"
    )
    assert len(found) > len(truth) / 2
    assert len({track_id for _, track_id in found}) == 1
