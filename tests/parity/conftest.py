"""The reference's made-up weights and picture, drawn again, and the rules of comparison.

Each tensor is drawn by NumPy's PCG64, seeded with the CRC-32 of its name. NumPy does not promise
the same stream for ever; where it differs the tests skip.
"""

import dataclasses
import hashlib
import math
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask

from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Candidates, Instance, RawOutputs
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model

SCORE_THRESHOLD = 0.05
SCORE_TOLERANCE = 1e-4
PICTURE_SUM = "5e50c30f05faf06d"
TENSOR_SUMS = {
    "proto_net.10.weight": "421d5b2665ab2b54",
}
SMALLER = {"conv_offset_mask": 0.3, "bbox_layer": 0.12, "conf_layer": 0.2, "mask_layer": 0.15}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """All that our network gives for the picture."""

    pixels: np.ndarray
    """Normalised, 3 x s x s."""
    raw: RawOutputs
    candidates: Candidates
    masks: list[Instance | None]
    """One a candidate, None where no pixel is left."""


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A smooth random picture, 427 x 640, RGB."""
    height, width = 427, 640
    rng = np.random.Generator(np.random.PCG64(1000))
    y, x = np.mgrid[0:height, 0:width]
    blobs = np.zeros((height, width, 3))
    for _ in range(24):
        centre_y, centre_x, radius = (
            rng.uniform(0, height),
            rng.uniform(0, width),
            rng.uniform(15, 140),
        )
        bump = np.exp(-((y - centre_y) ** 2 + (x - centre_x) ** 2) / (2 * radius * radius))
        blobs += bump[..., None] * rng.uniform(-160, 160, 3)
    bgr = np.clip(blobs + 120 + rng.normal(0, 6, blobs.shape), 0, 255).astype(np.uint8)
    _skip_unless_equal(bgr, PICTURE_SUM)
    return np.ascontiguousarray(bgr[..., ::-1])


@pytest.fixture(scope="session")
def make_weights() -> Callable[[str], dict[str, torch.Tensor]]:
    """The reference's made-up weights for a card's name."""

    def make(name: str) -> dict[str, torch.Tensor]:
        config = resolve_model(name).card.network
        with torch.device("meta"):
            layout = Yolact(config).state_dict()
        weights = {key: _draw(key, tuple(slot.shape)) for key, slot in layout.items()}
        for key, expected in TENSOR_SUMS.items():
            _skip_unless_equal(weights[key].numpy(), expected)
        background = weights["prediction_layers.0.conf_layer.bias"][:: config.num_classes + 1]
        background += 5.0 if config.num_classes == 20 else 6.0
        weights["prediction_layers.0.mask_layer.bias"] += 0.25
        if config.mask_rescoring:
            weights["maskiou_net.maskiou_net.10.weight"] *= 0.1
            weights["maskiou_net.maskiou_net.10.bias"] += 0.6
        return weights

    return make


def _draw(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_mean"):
        values = rng.normal(0, 0.05, shape)
    elif name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight")):
        is_last = name.endswith("weight") and (".bn3." in name or ".conv2.1." in name)
        values = rng.uniform(0.8, 1.2, shape) * (0.25 if is_last else 1.0)
    elif len(shape) == 1:
        values = rng.normal(0, 0.02, shape)
    else:
        gain = 1.0 if "lat_layers" in name else math.sqrt(2)
        values = rng.normal(0, gain / math.sqrt(np.prod(shape[1:])), shape)
        for part, factor in SMALLER.items():
            values *= factor if part in name else 1.0
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def _skip_unless_equal(array: np.ndarray, expected: str) -> None:
    if not hashlib.sha256(array.tobytes()).hexdigest().startswith(expected):
        pytest.skip(f"NumPy {np.__version__} draws other numbers than the recorded figures need")


@pytest.fixture(scope="session")
def run_reference_case(
    picture: np.ndarray,
    make_weights: Callable[[str], dict[str, torch.Tensor]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Run]:
    """Save made-up weights under a released name, load them, run the picture."""

    def run(name: str) -> Run:
        path = tmp_path_factory.mktemp("weights") / f"{name}_54_800000.pth"
        torch.save(make_weights(name), path)
        source = resolve_model(str(path))
        card = source.card
        network = load_network(source)
        network.forward = _once(network.forward)
        resize = Resize(input_size=card.network.input_size, kind=card.input.interpolation)
        runtime = TorchRuntime(
            network,
            normalisation=Normalisation(mean=card.input.mean, std=card.input.std),
            device=torch.device("cpu"),
            selection=Selection(score_threshold=SCORE_THRESHOLD),
        )
        path.unlink()
        pixels = resize(picture)
        candidates = runtime.run(pixels[None])[0]
        normalised = (pixels - np.float32(card.input.mean)) / np.float32(card.input.std)
        return Run(
            pixels=normalised.transpose(2, 0, 1),
            raw=runtime.raw(pixels[None]),
            candidates=candidates,
            masks=[_mask(candidates, index) for index in range(len(candidates.scores))],
        )

    return run


def _once(forward: Callable[..., object]) -> Callable[..., object]:
    """Compute the first call's outputs and give them ever after: raw and chosen share them."""
    kept: list[object] = []

    def remembered(images: torch.Tensor) -> object:
        if not kept:
            kept.append(forward(images))
        return kept[0]

    return remembered


def _mask(candidates: Candidates, index: int) -> Instance | None:
    one = slice(index, index + 1)
    alone = dataclasses.replace(
        candidates,
        boxes_xyxy_norm=candidates.boxes_xyxy_norm[one],
        scores=candidates.scores[one],
        class_ids=candidates.class_ids[one],
        mask_coefficients=candidates.mask_coefficients[one],
        mask_ious=None,
    )
    detections = detections_from_candidates(
        alone,
        PictureKey(picture_id=1, name="picture.png", size_hw=(427, 640)),
        settings=LabelSettings(score_threshold=SCORE_THRESHOLD, mask_crop="prototype"),
        uid_seed="",
    )
    return detections.instances[0] if detections.instances else None


@pytest.fixture(scope="session")
def assert_raw_close() -> Callable[..., None]:
    """Hold raw outputs against recorded ones: 1e-4 of the value plus 1e-4 of the largest."""

    def check(found: np.ndarray, expected: np.ndarray, largest: float | None = None) -> None:
        largest = float(np.abs(expected).max()) if largest is None else largest
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * largest)

    return check


@pytest.fixture(scope="session")
def match_detections() -> Callable[..., list[tuple[int, int]]]:
    """Pair recorded detections with ours: ``match(golden, candidates)`` gives index pairs.

    Equal class, scores within 1e-4, nearest box first. Those whose score is within 1e-4 of the
    last one may lack a partner on either side: who is the hundredth is left to float noise.
    """

    def match(golden: dict[str, np.ndarray], ours: Candidates) -> list[tuple[int, int]]:
        free = set(range(len(ours.scores)))
        pairs, alone = [], []
        for index, (class_id, score) in enumerate(
            zip(golden["class_ids"], golden["scores"], strict=True)
        ):
            box = golden["boxes_xyxy_norm"][index]
            likely = [
                (float(np.abs(ours.boxes_xyxy_norm[other] - box).max()), other)
                for other in free
                if ours.class_ids[other] == class_id
                and abs(ours.scores[other] - score) <= SCORE_TOLERANCE
            ]
            if likely:
                free.remove(min(likely)[1])
                pairs.append((index, min(likely)[1]))
            else:
                alone.append(score)
        last = golden["scores"].min()
        assert all(score - last <= SCORE_TOLERANCE for score in alone)
        assert all(ours.scores[other] - last <= SCORE_TOLERANCE for other in free)
        return pairs

    return match


@pytest.fixture(scope="session")
def mask_iou() -> Callable[[str, Instance | None], float]:
    """IoU of recorded run lengths and our mask at the picture's size; 1 when both are empty."""

    def measure(counts: str, ours: Instance | None) -> float:
        recorded = {"size": [427, 640], "counts": counts}
        if ours is None:
            return float(coco_mask.area(recorded) == 0)
        own = {"size": [427, 640], "counts": ours.rle_counts}
        return float(coco_mask.iou([own], [recorded], [0])[0, 0])

    return measure
