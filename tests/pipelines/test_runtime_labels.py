"""What changes in labels when another runtime computes them, on real photographs.

Prints a line a runtime: ``pytest -m slow -s tests/pipelines/test_runtime_labels.py``.
"""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.api import Annotator
from yolact_cli.inference.runtimes import installed
from yolact_cli.settings import LabelSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture

LEAST_MATCHED, MOST_SCORE_CHANGE, LEAST_MASK_IOU = 0.99, 0.02, 0.98
PICTURES_A_BATCH = 4


def labels(pictures, runtime, *, batch=PICTURES_A_BATCH):
    annotator = Annotator.from_model(
        "yolact_lite0", device="cpu", settings=LabelSettings(runtime=runtime)
    )
    found = []
    for start in range(0, len(pictures), batch):
        found += annotator.annotate_batch(pictures[start : start + batch])
    return found


def matches(expected, found):
    """Each expected object with the found one of its class that overlaps it most: IoU, scores."""
    for one in expected.instances:
        rivals = [other for other in found.instances if other.class_id == one.class_id]
        pair = [
            [{"size": expected.size_hw, "counts": each.rle_counts.encode()} for each in side]
            for side in ([one], rivals)
        ]
        ious = coco_mask.iou(pair[0], pair[1], [0] * len(rivals))[0] if rivals else [0.0]
        best = int(np.argmax(ious))
        yield float(ious[best]), one.score, rivals[best].score if rivals else 0.0


@pytest.fixture(scope="module")
def pictures(shared_dir):
    paths = sorted((shared_dir / "data" / "coco80-val" / "images").glob("*.jpg"))
    return [read_picture(str(path), DecodeSettings()) for path in paths]


@pytest.fixture(scope="module")
def by_torch(pictures):
    return labels(pictures, "torch")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("runtime", "module"), [("openvino", "openvino"), ("onnx", "onnxruntime")])
def test_labels_hardly_depend_on_the_runtime(runtime, module, pictures, by_torch):
    if not installed.is_installed(module):
        pytest.skip(f"needs {module}, which is not installed")
    found = labels(pictures, runtime)
    pairs = [pair for sides in zip(by_torch, found, strict=True) for pair in matches(*sides)]
    ious, before, after = np.array(pairs).T
    is_matched = ious >= 0.9
    change = np.percentile(np.abs(before - after)[is_matched], 95)
    print(
        f"\n{runtime} against torch, fp32, {len(pictures)} pictures, {len(pairs)} objects: "
        f"{is_matched.mean():.2%} matched at IoU 0.9, 95th percentile of score change {change:.4f}, "
        f"mean mask IoU {ious[is_matched].mean():.4f}"
    )
    assert sum(len(one.instances) for one in found) == pytest.approx(len(pairs), rel=0.01)
    assert is_matched.mean() >= LEAST_MATCHED
    assert change <= MOST_SCORE_CHANGE
    assert ious[is_matched].mean() >= LEAST_MASK_IOU


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(600)
def test_labels_do_not_depend_on_the_batch(pictures):
    if not installed.is_installed("openvino"):
        pytest.skip("needs openvino, which is not installed")
    alone, together = (labels(pictures[:16], "openvino", batch=batch) for batch in (1, 16))
    for one, other in zip(alone, together, strict=True):
        assert [each.rle_counts for each in one.instances] == [
            each.rle_counts for each in other.instances
        ]
        assert [each.score for each in one.instances] == [each.score for each in other.instances]
