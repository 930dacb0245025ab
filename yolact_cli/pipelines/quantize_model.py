"""A model to int8, with what it lost measured on labels before it is kept."""

import dataclasses
import itertools
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from yolact_cli.datasets.truth import read_truth
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.errors import BadCocoError, ModelError
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.graph import GraphPair
from yolact_cli.inference.runtimes.installed import require
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.pipelines.export_model import (
    graph_card,
    make_graphs,
    runtime_of_graph,
    write_graph,
)
from yolact_cli.pipelines.graph_staging import check_absent, move_in, staging_folder
from yolact_cli.pipelines.results_on_truth import results_on_truth
from yolact_cli.pipelines.trial_pictures import readable_pictures
from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.scoring.prepare import IouType
from yolact_cli.settings import Spared
from yolact_cli.structures import Truth
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import ModelSource, source_of_card

_log = logging.getLogger(__name__)

_POINTS = 100

SPARED: tuple[Spared, ...] = get_args(Spared)
MOST_SPARED = SPARED[-1:]
"""What networks of separable convolutions begin with. With nothing spared, ``yolact_lite0`` lost
0.2 points on VOC and 2.0 on COCO, so that labels of one kind of pictures could not tell; like this
it loses none (``pytest -m slow -s tests/pipelines/test_runtime_labels.py``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeRequest:
    """What is quantised, on what, and how much it may lose."""

    source: ModelSource
    images: Path
    """A folder: pictures that ranges are measured on, and those of the labels."""
    output: Path
    labels: Path | None = None
    """A COCO data set of pictures in ``images``, or None: nothing is measured."""
    max_ap_drop: float = 0.5
    """Points of AP that may be lost, of 100."""
    calibration_pictures: int = 64
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """What was written.

    Attributes:
        card: What ``--model`` takes.
        kind: What AP is of: masks (segm), or boxes where truth has no masks.
        ap_before: In float32, points; None where nothing was measured.
        ap_after: In int8, points.
        spared: What had to stay in float32.
    """

    card: Path
    kind: str
    ap_before: float | None
    ap_after: float | None
    spared: Spared


def quantize_model(request: QuantizeRequest) -> Quantized:
    """Write the model in int8 with its card, if it loses no more AP than it may.

    Everything is quantised first; where that loses too much, less and less is (``SPARED``). Of
    networks of separable convolutions, as little as there is to choose from (``MOST_SPARED``).

    Raises:
        BadCocoError: The labels are broken, share no class with the model, or have no object of
            those that they share.
        ModelError: The model loses too much, or its weights are not here.
        NoInputsError: There is no picture to measure ranges on.
        OutputError: The folder cannot be written into, or the disk is full.
        OutputExistsError: A file is there already.
        SettingsError: A library that is needed is not installed.
    """
    for module in ("openvino", "nncf"):
        require(module, what_for="Quantising a model")
    source = request.source
    name = f"{source.card.name}-int8"
    card = graph_card(source, "openvino", name=name, precision="int8")
    if not request.overwrite:
        check_absent(request.output, card)
    spec = source.card.input
    normalisation = Normalisation(mean=spec.mean, std=spec.std)
    measure = _Measure.make(request)
    network = load_network(source)
    pixels = _calibration_pixels(request)
    with staging_folder(request.output) as folder:
        exact = make_graphs(network, normalisation, "openvino")
        before = _ap(measure, folder, exact, graph_card(source, "openvino", name=name))
        for spared in MOST_SPARED if network.backbone.is_separable else SPARED:
            quantised = _quantised(exact, pixels, spared=spared)
            after = _ap(measure, folder, quantised, card)
            if before is None or after is None or before - after <= request.max_ap_drop:
                break
            _log.info("AP fell from %.2f to %.2f, in fp32: %s", before, after, spared)
        else:
            raise _loses_too_much(name, before, after, request.max_ap_drop)
        rows = _rows(request, measure, (before, after), spared)
        summary = card.summary if rows else f"{card.summary}, what it loses not measured"
        written = dataclasses.replace(card, summary=summary, measured=rows)
        path = write_graph(folder, quantised, written)
        return Quantized(
            card=move_in(folder, request.output, path.name),
            kind=measure.kind if measure else "",
            ap_before=before,
            ap_after=after,
            spared=spared,
        )


def _quantised(exact: GraphPair, pixels: list[np.ndarray], *, spared: Spared) -> GraphPair:
    from yolact_cli.inference.runtimes.quantised_graph import quantise

    # the mask-rescoring branch stays as it is: it is small, and what it gives is a score
    network = quantise(exact.network, pixels, spared=spared)
    return GraphPair(network=network, rescoring=exact.rescoring)


def _ap(
    measure: "_Measure | None", folder: Path, graphs: GraphPair, card: ModelCard
) -> float | None:
    """What the graphs reach, run through the card as users will have it."""
    if measure is None:
        return None
    return measure.ap(runtime_of_graph(source_of_card(write_graph(folder, graphs, card)), graphs))


def _calibration_pixels(request: QuantizeRequest) -> list[np.ndarray]:
    resize = _resize(request.source.card)
    pictures = itertools.islice(readable_pictures(request.images), request.calibration_pictures)
    return [resize(picture)[None].astype(np.float32) for picture in pictures]


def _resize(card: ModelCard) -> Resize:
    return Resize(input_size=card.network.input_size, kind=card.input.interpolation)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """AP on the labelled pictures."""

    truth: Truth
    images: Path
    resize: Resize
    category_ids: dict[int, int]
    kind: IouType

    @classmethod
    def make(cls, request: QuantizeRequest) -> "_Measure | None":
        if request.labels is None:
            return None
        truth = read_truth(request.labels, images_dir=request.images)
        card = request.source.card
        by_name = {one.name: one.category_id for one in truth.categories}
        category_ids = {
            class_id: by_name[one.name]
            for class_id, one in enumerate(card.categories)
            if one.name in by_name
        }
        if not category_ids:
            raise BadCocoError(str(request.labels), ["shares no class name with the model"])
        has_masks = any(
            labelled.segmentation is not None
            for picture in truth.pictures
            for labelled in picture.objects
        )
        measure = cls(
            truth=truth,
            images=request.images,
            resize=_resize(card),
            category_ids=category_ids,
            kind="segm" if has_masks else "bbox",
        )
        if math.isnan(measure._points([])):  # or it would be known after minutes only
            names = ", ".join(one.name for one in card.categories if one.name in by_name)
            what = "mask" if has_masks else "box"
            problem = f"has no {what} of the classes that it shares with the model ({names})"
            raise BadCocoError(str(request.labels), [problem])
        return measure

    def ap(self, runtime: Runtime) -> float:
        """Points, 0 to 100."""
        results = list(
            results_on_truth(
                runtime,
                self.resize,
                self.truth,
                images_dir=self.images,
                category_ids=self.category_ids,
            )
        )
        return self._points(results)

    def _points(self, results: Sequence[Mapping[str, Any]]) -> float:
        """NaN where truth has nothing that could be found."""
        wanted = set(self.category_ids.values())
        figures = evaluate(truth_to_coco(self.truth), results, self.kind, category_ids=wanted)
        return _POINTS * figures.ap


def _loses_too_much(
    name: str, before: float | None, after: float | None, limit: float
) -> ModelError:
    assert before is not None and after is not None  # noqa: S101, PT018 - or nothing was compared
    return ModelError(
        f"{name}: int8 loses {before - after:.2f} points of AP ({before:.2f} to {after:.2f}); at "
        f"most {limit:g} are allowed. Nothing was written.",
        remedy="Measure ranges on more pictures of the kind (--calibration), or allow more "
        "(--max-ap-drop).",
    )


def _rows(
    request: QuantizeRequest,
    measure: _Measure | None,
    ap_points: tuple[float | None, float | None],
    spared: Spared,
) -> tuple[dict[str, str | float], ...]:
    before, after = ap_points
    if measure is None or before is None or after is None or request.labels is None:
        return ()
    key = "mask_ap" if measure.kind == "segm" else "box_ap"
    return (
        {
            "dataset": f"{request.labels.name} ({len(measure.truth.pictures)} pictures)",
            key: round(after / _POINTS, 4),
            f"{key}_fp32": round(before / _POINTS, 4),
            "ap_drop_points": round(before - after, 2),
            "in_fp32": spared,
            "command": f"yolact models quantize {request.source.card.name} --images "
            f"{request.images.name} --labels {request.labels.name}",
        },
    )
