"""What changes in labels when another runtime or precision computes them, on real photographs.

Prints the table of README: ``pytest -m slow -s tests/pipelines/test_runtime_labels.py``. Everything
is compared with torch in float32, at the usual score threshold; AP is of all that is found.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.api import Annotator
from yolact_cli.datasets.truth import read_truth
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.inference.runtimes import installed
from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.settings import LabelSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.structures import Detections, Truth

MODEL = "yolact_lite0"
LEAST_MATCHED, MOST_SCORE_CHANGE, LEAST_MASK_IOU = 0.99, 0.02, 0.98
MOST_AP_DROP = 0.5
"""Points that int8 may lose on the pictures of which it was told."""
PICTURES_A_BATCH = 4
SETS = {"voc20": "val.json", "coco80-val": "annotations.json"}
EXACT = {"openvino": "openvino", "onnx": "onnxruntime"}


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledSet:
    """Pictures, and what people say is in them."""

    truth: Truth
    pictures: list[np.ndarray]


@pytest.fixture(scope="module", params=SETS)
def labelled(request, shared_dir):
    folder = shared_dir / "data" / request.param
    truth = read_truth(folder / SETS[request.param], images_dir=folder / "images")
    paths = [folder / "images" / picture.file_name for picture in truth.pictures]
    return LabelledSet(
        truth=truth, pictures=[read_picture(str(path), DecodeSettings()) for path in paths]
    )


@pytest.fixture(scope="module")
def int8_card(shared_dir, tmp_path_factory):
    """The model quantised on pictures of VOC, which may lose half a point of AP there."""
    return quantised(shared_dir, tmp_path_factory.mktemp("int8"))


@pytest.fixture(scope="module")
def wholly_int8_card(shared_dir, tmp_path_factory):
    """As it would be if nothing were spared."""
    needs("openvino")
    from yolact_cli.pipelines import quantize_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize_model, "MOST_SPARED", quantize_model.SPARED[:1])
        return quantised(shared_dir, tmp_path_factory.mktemp("wholly"))


@pytest.fixture
def nothing_spared(monkeypatch, tmp_path):
    """bf16 everywhere, and models compiled like that not taken for others."""
    from yolact_cli.inference.runtimes import openvino_graph, torch_runtime

    monkeypatch.setenv("YOLACT_CACHE", str(tmp_path))
    for module in (openvino_graph, torch_runtime):
        monkeypatch.setattr(module, "float32_modules", lambda *_, **__: {})


def quantised(shared_dir, output):
    for module in ("openvino", "nncf"):
        needs(module)
    from yolact_cli.pipelines.quantize_model import QuantizeRequest, quantize_model
    from yolact_cli.zoo.resolve import resolve_model

    folder = shared_dir / "data" / "voc20"
    request = QuantizeRequest(
        source=resolve_model(MODEL),
        images=folder / "images",
        labels=folder / "val.json",
        output=output,
        max_ap_drop=MOST_AP_DROP,
    )
    return str(quantize_model(request).card)


@pytest.fixture(scope="module")
def by_torch(labelled):
    return found_in(labelled, "torch")


def needs(module):
    if not installed.is_installed(module):
        pytest.skip(f"needs {module}, which is not installed")


def needs_bf16():
    needs("openvino")
    from yolact_cli.inference.runtimes.openvino_runtime import has_reduced_precision

    if not has_reduced_precision("bf16"):
        pytest.skip("this processor has no arithmetic in bf16")


def found_in(labelled, runtime, precision="fp32", *, model=MODEL, batch=PICTURES_A_BATCH):
    """Everything found in each picture, whatever its score."""
    settings = LabelSettings(runtime=runtime, precision=precision, score_threshold=0.0)
    annotator = Annotator.from_model(model, device="cpu", settings=settings)
    found = []
    for start in range(0, len(labelled.pictures), batch):
        found += annotator.annotate_batch(labelled.pictures[start : start + batch])
    return found, annotator


def good_enough(detections: Detections) -> Detections:
    least = LabelSettings().score_threshold
    kept = tuple(one for one in detections.instances if one.score > least)
    return replace(detections, instances=kept)


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


def mask_ap(labelled, found, annotator):
    """Points, 0 to 100, over the classes that model and truth share."""
    by_name = {one.name: one.category_id for one in labelled.truth.categories}
    results = [
        {
            "image_id": picture.image_id,
            "category_id": by_name[annotator.class_name(one)],
            "score": one.score,
            "segmentation": {"size": list(detections.size_hw), "counts": one.rle_counts},
        }
        for picture, detections in zip(labelled.truth.pictures, found, strict=True)
        for one in detections.instances
        if annotator.class_name(one) in by_name
    ]
    wanted = {by_name[one.name] for one in annotator.categories if one.name in by_name}
    truth = truth_to_coco(labelled.truth)
    return 100 * evaluate(truth, results, "segm", category_ids=wanted).ap


@dataclass(frozen=True, kw_only=True)
class Change:
    """From the one's labels to the other's."""

    matched: float
    score: float
    mask_iou: float
    counts: tuple[int, int]
    ap_points: tuple[float, float]


@pytest.fixture
def compared(labelled, by_torch):
    """``compared("openvino", "bf16")``: prints a row of the table and gives its figures."""

    def compare(runtime, precision, **options):
        sides = [[good_enough(one) for one in by_torch[0]]]
        found, annotator = found_in(labelled, runtime, precision, **options)
        sides.append([good_enough(one) for one in found])
        pairs = [pair for both in zip(*sides, strict=True) for pair in matches(*both)]
        ious, before, after = np.array(pairs).T
        is_matched = ious >= 0.9
        ap_points = (mask_ap(labelled, *by_torch), mask_ap(labelled, found, annotator))
        change = Change(
            matched=float(is_matched.mean()),
            score=float(np.percentile(np.abs(before - after)[is_matched], 95)),
            mask_iou=float(ious[is_matched].mean()),
            counts=tuple(sum(len(one.instances) for one in side) for side in sides),
            ap_points=ap_points,
        )
        name = "int8" if options.get("model") else precision
        print(
            f"\n| {runtime} {name} | {len(found)} pictures, {len(pairs)} objects |"
            f" {change.matched:.1%} | {change.score:.4f} | {change.mask_iou:.4f} |"
            f" {ap_points[0]:.2f} to {ap_points[1]:.2f} |"
        )
        return change

    return compare


pytestmark = [pytest.mark.slow, pytest.mark.shared, pytest.mark.timeout(900)]


@pytest.mark.parametrize("runtime", EXACT)
def test_labels_in_fp32_hardly_depend_on_the_runtime(runtime, compared):
    needs(EXACT[runtime])
    change = compared(runtime, "fp32")
    assert change.counts[0] == pytest.approx(change.counts[1], rel=0.01)
    assert change.matched >= LEAST_MATCHED
    assert change.score <= 0.001
    assert change.mask_iou >= 0.999


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_labels_in_bf16_are_nearly_those_in_fp32(runtime, compared):
    needs_bf16()
    change = compared(runtime, "bf16")
    assert change.counts[0] == pytest.approx(change.counts[1], rel=0.02)
    assert change.matched >= LEAST_MATCHED
    assert change.score <= MOST_SCORE_CHANGE
    assert change.mask_iou >= LEAST_MASK_IOU


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_bf16_everywhere_would_lose_objects(runtime, nothing_spared, compared):
    needs_bf16()
    assert compared(runtime, "bf16").matched < 0.97


def test_int8_everywhere_would_cost_more(compared, int8_card, wholly_int8_card):
    whole = compared("openvino", "fp32", model=wholly_int8_card)
    assert whole.ap_points[1] < compared("openvino", "fp32", model=int8_card).ap_points[1]


def test_int8_costs_little_average_precision(compared, int8_card):
    change = compared("openvino", "fp32", model=int8_card)
    assert change.ap_points[0] - change.ap_points[1] <= MOST_AP_DROP


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_labels_do_not_depend_on_the_batch(labelled, precision):
    needs("openvino") if precision == "fp32" else needs_bf16()
    few = replace(labelled, pictures=labelled.pictures[:16])
    alone, together = (found_in(few, "openvino", precision, batch=batch)[0] for batch in (1, 16))
    for one, other in zip(alone, together, strict=True):
        assert [each.rle_counts for each in one.instances] == [
            each.rle_counts for each in other.instances
        ]
        assert [each.score for each in one.instances] == [each.score for each in other.instances]
