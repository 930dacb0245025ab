"""A network as a graph that other libraries run: its inputs, its outputs, and how it is run.

The graph takes pictures as they are, RGB in [0, 255], and normalises them itself; it gives what
the network gives, before any softmax or choice. YOLACT++ has a second graph, for rescoring masks.

Symbols: ``b`` pictures of a batch, ``s`` the network's input side, ``k`` prototypes, ``n`` masks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped

from yolact_cli.inference import array_nms
from yolact_cli.inference.runtimes.runtime import Choose
from yolact_cli.inference.selection import Selection
from yolact_cli.inference.soft_masks import cropped_soft_masks
from yolact_cli.network.anchors import level_sizes_hw, make_anchors
from yolact_cli.network.config import NetworkConfig
from yolact_cli.structures import Candidates, RawOutputs

PIXELS = "pixels"
OUTPUTS = ("box_offsets", "class_logits", "mask_coefficients", "prototypes")
MASKS, MASK_IOUS = "soft_masks", "mask_ious"
GRAPH_VERSION = 3
"""Counts changes of what a graph takes, computes and gives."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphBytes:
    """A graph as a file's bytes: ONNX, or OpenVINO's XML with its weights beside it."""

    model: bytes
    weights: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphPair:
    """The network's graph, and the mask-rescoring branch's where it has one."""

    network: GraphBytes
    rescoring: GraphBytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureOutputs:
    """What the graph gives for one picture.

    The arrays may be the engine's own: they stay as they are until it is next asked to infer, and
    what is kept longer has to be copied.
    """

    box_offsets: Float32[np.ndarray, "anchors 4"]
    class_logits: Float32[np.ndarray, "anchors classes"]
    mask_coefficients: Float32[np.ndarray, "anchors k"]
    prototypes: Float32[np.ndarray, "h w k"]

    @property
    def is_finite(self) -> bool:
        """Whether all of them are numbers."""
        return all(_is_finite(getattr(self, name)) for name in OUTPUTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or an output of a graph; None stands for lengths that are free."""

    name: str
    shape: tuple[int | None, ...]
    is_float32: bool


@runtime_checkable
class Engine(Protocol):
    """A library that runs a graph.

    Attributes:
        largest_batch: As a :class:`Runtime` has it.
    """

    largest_batch: int | None

    def infer(self, pixels: Float32[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        """Begin with all pictures, and give the outputs of each, in order.

        What this returns has to be gone through before the pictures are let go of.
        """

    def rescore(self, soft_masks: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n c"]:
        """The IoU expected of each mask for each class."""


class GraphRuntime:
    """A :class:`Runtime` on top of an engine: everything after the network is done here."""

    def __init__(self, engine: Engine, *, config: NetworkConfig, selection: Selection) -> None:
        """Take the engine of a graph.

        Args:
            engine: Ready to run.
            config: Of the network that became the graph.
            selection: What is asked for.
        """
        self._engine = engine
        self._config = config
        self._selection = selection
        self._anchors = anchors_of(config)

    @property
    def largest_batch(self) -> int | None:
        """The engine's."""
        return self._engine.largest_batch

    @largest_batch.setter
    def largest_batch(self, pictures: int | None) -> None:
        self._engine.largest_batch = pictures

    def run(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> list[Candidates]:
        """Candidates of each picture, in order; none for an empty batch."""
        return self.start(pixels)()

    def start(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """Begin :meth:`run`; pictures are looked at while later ones are on their way."""
        outputs = self._infer(pixels)
        return lambda: list(map(self._candidates, outputs))

    def run_network(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """As :meth:`run`, the network first; nothing else may be run before the second step."""
        outputs = list(self._infer(pixels))
        return lambda: list(map(self._candidates, outputs))

    def raw(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> RawOutputs:
        """The network's outputs before any selection, and what a run would choose from them."""
        outputs = list(self._infer(pixels))
        stacked = {
            name: np.stack([getattr(one, name) for one in outputs])
            if outputs
            else np.zeros((0, *shape), np.float32)
            for name, shape in output_shapes(self._config).items()
        }
        return RawOutputs(
            box_offsets=stacked["box_offsets"],
            class_probabilities=array_nms.softmax(stacked["class_logits"]),
            mask_coefficients=stacked["mask_coefficients"],
            anchors_cxcywh_norm=self._anchors,
            prototypes=stacked["prototypes"],
            boxes_xyxy_norm=self._boxes(stacked["box_offsets"]),
            level_sizes_hw=level_sizes_hw(self._config.input_size),
            candidates=tuple(map(self._candidates, outputs)),
        )

    def _boxes(
        self, box_offsets: Float32[np.ndarray, "b anchors 4"]
    ) -> Float32[np.ndarray, "b anchors 4"]:
        boxes = np.zeros_like(box_offsets)
        for index, offsets in enumerate(box_offsets):
            boxes[index] = array_nms.decode_boxes(offsets, self._anchors)
        return boxes

    def _infer(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        return self._engine.infer(np.ascontiguousarray(pixels, np.float32))

    def _candidates(self, outputs: PictureOutputs) -> Candidates:
        least_score = self._selection.least_score
        anchors, scores = array_nms.candidate_anchors(outputs.class_logits, least_score)
        boxes = array_nms.decode_boxes(outputs.box_offsets[anchors], self._anchors[anchors])
        is_finite = np.isfinite(boxes).all(axis=1)
        anchors, scores, boxes = anchors[is_finite], scores[is_finite], boxes[is_finite]
        chosen = array_nms.choose_detections(boxes, scores, self._selection)
        coefficients = outputs.mask_coefficients[anchors[chosen.anchor_indices]]
        boxes = boxes[chosen.anchor_indices]
        mask_ious = None
        if self._config.mask_rescoring:
            soft_masks = cropped_soft_masks(boxes, coefficients, outputs.prototypes)
            mask_ious = self._mask_ious(soft_masks, chosen.class_ids)
        return Candidates(
            boxes_xyxy_norm=boxes,
            scores=chosen.scores,
            class_ids=chosen.class_ids,
            mask_coefficients=coefficients,
            mask_ious=mask_ious,
            prototypes=outputs.prototypes.copy(),
            is_finite=outputs.is_finite,
        )

    def _mask_ious(
        self, soft_masks: Float32[np.ndarray, "n h w"], class_ids: np.ndarray
    ) -> Float32[np.ndarray, " n"]:
        if not len(soft_masks):
            return np.zeros(0, np.float32)
        by_class = self._engine.rescore(soft_masks)
        mask_ious: np.ndarray = by_class[np.arange(len(class_ids)), class_ids]
        return mask_ious


def _is_finite(values: np.ndarray) -> bool:
    flat = values.reshape(-1)
    # The sum of squares takes half the time, and is a number unless one is none or very large.
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.dot(flat, flat)
    return bool(np.isfinite(squares) or np.isfinite(flat).all())


def anchors_of(config: NetworkConfig) -> Float32[np.ndarray, "anchors 4"]:
    """The anchors of a network at its own input size."""
    return make_anchors(
        config.anchors,
        input_size=config.input_size,
        level_sizes_hw=level_sizes_hw(config.input_size),
    )


def output_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """What a graph must give for one picture, by the output's name."""
    levels = level_sizes_hw(config.input_size)
    anchors = config.anchors.per_cell * sum(rows * columns for rows, columns in levels)
    rows, columns = levels[0]
    return {
        "box_offsets": (anchors, 4),
        "class_logits": (anchors, config.num_classes + 1),
        "mask_coefficients": (anchors, config.num_prototypes),
        "prototypes": (2 * rows, 2 * columns, config.num_prototypes),
    }


def network_problem(
    inputs: Sequence[Port], outputs: Sequence[Port], config: NetworkConfig
) -> str | None:
    """What is wrong with the network's graph; None when nothing is."""
    side = config.input_size
    found = {port.name: port.shape[1:] for port in outputs}
    for name, shape in output_shapes(config).items():
        if found.get(name) != shape:
            return f"its output {name} is {found.get(name)}, the card's network gives {shape}"
    return _input_problem(inputs, PIXELS, (side, side, 3))


def rescoring_problem(
    inputs: Sequence[Port], outputs: Sequence[Port], config: NetworkConfig
) -> str | None:
    """What is wrong with the graph of the mask-rescoring branch; None when nothing is."""
    found = {port.name: port.shape[1:] for port in outputs}
    if found.get(MASK_IOUS) != (config.num_classes,):
        return f"{MASK_IOUS} is {found.get(MASK_IOUS)}, not for {config.num_classes} classes"
    return _input_problem(inputs, MASKS, output_shapes(config)["prototypes"][:2])


def _input_problem(inputs: Sequence[Port], name: str, shape: tuple[int, ...]) -> str | None:
    wanted = Port(name=name, shape=(None, *shape), is_float32=True)
    free_first = [replace(port, shape=(None, *port.shape[1:])) for port in inputs]
    if free_first == [wanted]:
        return None
    found = ", ".join(f"{port.name} {port.shape}" for port in inputs) or "nothing"
    return f"it takes {found}, not {name} of {' x '.join(map(str, shape))} in float32 alone"
