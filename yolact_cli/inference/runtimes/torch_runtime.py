"""The network run by torch, on a processor or a GPU.

Symbols: ``b`` pictures of a batch, ``s`` the network's input side, ``d`` detections of a picture,
``k`` prototypes.
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Shaped
from torch import Tensor, nn

from yolact_cli.errors import DeviceError
from yolact_cli.geometry.boxes import decode_boxes
from yolact_cli.inference.nms import Chosen, choose_detections
from yolact_cli.inference.runtimes.device_copies import DeviceBatch, DeviceCopies, copies_for
from yolact_cli.inference.runtimes.float32_layers import float32_modules
from yolact_cli.inference.runtimes.runtime import Choose, halved_batch
from yolact_cli.inference.selection import Selection
from yolact_cli.network.inference_form import bring_to_inference_form
from yolact_cli.network.yolact import NetworkOutputs, Yolact
from yolact_cli.settings import Precision
from yolact_cli.structures import Candidates, RawOutputs

# Of torch's allocators on a processor, on MPS and on CUDA, and of CUDA's own libraries.
_OUT_OF_MEMORY = ("DefaultCPUAllocator", "out of memory", "ALLOC_FAILED")
_REDUCED = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """(pixel - mean) / std, by channel: red, green, blue, in units of [0, 255]."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class TorchRuntime:
    """A network on its device, in evaluation mode.

    The network is moved and brought to another form and memory format: it belongs to the runtime
    from now on.
    Reduced precision is the network's alone; boxes, suppression and mask rescoring are float32.
    """

    def __init__(
        self,
        network: Yolact,
        *,
        normalisation: Normalisation,
        device: torch.device,
        precision: Precision = "fp32",
        selection: Selection | None = None,
        copies: DeviceCopies | None = None,
    ) -> None:
        """Take the network.

        Args:
            network: With its weights.
            normalisation: Of pixels.
            device: Where it is to run.
            precision: Of its arithmetic.
            selection: What is asked for.
            copies: Between arrays and the device; None for what pays there.

        Raises:
            DeviceError: The network does not fit into the device's memory.
        """
        self.device = device
        self._copies = copies or copies_for(device)
        _make_ready(network.eval(), device, precision)
        with _fitting(device, "The network", "Use a smaller model, or --device cpu."):
            self._network = network.to(device).to(memory_format=torch.channels_last)
        self._mean = torch.tensor(normalisation.mean, device=device)
        self._std = torch.tensor(normalisation.std, device=device)
        self._precision = precision
        self._selection = selection or Selection()
        self.largest_batch: int | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    def run(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> list[Candidates]:
        """Candidates of each picture, in order; none for an empty batch.

        A batch that does not fit into the device's memory is run in halves, and later ones too.

        Raises:
            DeviceError: Not even one picture fits.
        """
        return self._run(self._copies.to_device(pixels))

    def start(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """Begin :meth:`run` in a thread of the runtime's own; pixels are on their way at once."""
        return self._thread.submit(self._run, self._copies.to_device(pixels)).result

    def run_network(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """As :meth:`run`, the network first, and waited for where the device works by itself.

        Raises:
            DeviceError: The batch does not fit, in parts that fitted before.
        """
        batch = self._copies.to_device(pixels)
        step = self.largest_batch or max(len(batch), 1)
        remedy = "Use a smaller --batch-size."
        with _fitting(self.device, f"A batch of {step}", remedy), torch.inference_mode():
            parts = [
                self._forward(batch.part(start, start + step))
                for start in range(0, len(batch), step)
            ]
            self._wait()
        return lambda: self._choose(parts)

    def raw(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> RawOutputs:
        """The network's outputs before any selection, and what a run would choose from them.

        Raises:
            DeviceError: The batch does not fit.
        """
        remedy = "Use a smaller model, or --device cpu."
        with _fitting(self.device, f"A batch of {len(pixels)}", remedy), torch.inference_mode():
            outputs = self._forward(self._copies.to_device(pixels).part(0, None))
            return RawOutputs(
                box_offsets=outputs.box_offsets.float().cpu().numpy(),
                class_probabilities=_class_probabilities(outputs).cpu().numpy(),
                mask_coefficients=outputs.mask_coefficients.float().cpu().numpy(),
                anchors_cxcywh_norm=self._network.anchors(outputs).cpu().numpy(),
                prototypes=outputs.prototypes.float().cpu().numpy(),
                boxes_xyxy_norm=self._boxes(outputs).cpu().numpy(),
                level_sizes_hw=outputs.level_sizes_hw,
                candidates=tuple(self._chosen(outputs)),
            )

    def _run(self, batch: DeviceBatch) -> list[Candidates]:
        candidates: list[Candidates] = []
        while (start := len(candidates)) < len(batch):
            stop = min(start + (self.largest_batch or len(batch)), len(batch))
            try:
                candidates += self._run_part(batch, start, stop)
            except (RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._halve(stop - start)
        return candidates

    def _run_part(self, batch: DeviceBatch, start: int, stop: int) -> list[Candidates]:
        with torch.inference_mode():
            return self._chosen(self._forward(batch.part(start, stop)))

    def _choose(self, parts: list[NetworkOutputs]) -> list[Candidates]:
        with torch.inference_mode():
            return [found for outputs in parts for found in self._chosen(outputs)]

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def _chosen(self, outputs: NetworkOutputs) -> list[Candidates]:
        boxes, scores = self._boxes(outputs), _class_probabilities(outputs)[..., 1:]
        prototypes = outputs.prototypes.float()
        prototype_arrays = self._copies.to_array(prototypes)  # on their way meanwhile
        coefficients = outputs.mask_coefficients.float()
        are_finite = _are_finite(outputs)
        chosen = [
            choose_detections(boxes[index], scores[index], self._selection)
            for index in range(len(boxes))
        ]
        mask_ious = [
            self._mask_ious(one, boxes[index], coefficients[index], prototypes[index])
            for index, one in enumerate(chosen)
        ]
        arrays = prototype_arrays()
        return [
            Candidates(
                boxes_xyxy_norm=boxes[index][one.anchor_indices].cpu().numpy(),
                scores=one.scores.cpu().numpy(),
                class_ids=one.class_ids.cpu().numpy(),
                mask_coefficients=coefficients[index][one.anchor_indices].cpu().numpy(),
                mask_ious=mask_ious[index],
                prototypes=arrays[index],
                is_finite=are_finite[index],
            )
            for index, one in enumerate(chosen)
        ]

    def _boxes(self, outputs: NetworkOutputs) -> Float[Tensor, "b n 4"]:
        return decode_boxes(outputs.box_offsets.float(), self._network.anchors(outputs))

    def _forward(self, pixels: Shaped[Tensor, "b s s 3"]) -> NetworkOutputs:
        # (b, s, s, 3) seen as (b, 3, s, s) is channels_last already: nothing is copied
        images = ((pixels.float() - self._mean) / self._std).permute(0, 3, 1, 2)
        with _arithmetic(self.device, self._precision):
            outputs: NetworkOutputs = self._network(images)
        return outputs

    def _mask_ious(
        self,
        chosen: Chosen,
        boxes_xyxy_norm: Float[Tensor, "n 4"],
        coefficients: Float[Tensor, "n k"],
        prototypes: Float[Tensor, "h w k"],
    ) -> Float32[np.ndarray, " d"] | None:
        if not self._network.config.mask_rescoring:
            return None
        places = chosen.anchor_indices
        soft_masks = cropped_soft_masks(boxes_xyxy_norm[places], coefficients[places], prototypes)
        with _arithmetic(self.device, "fp32"):
            mask_ious: np.ndarray = (
                self._network.maskiou_net(soft_masks, chosen.class_ids).cpu().numpy()
            )
        return mask_ious

    def _halve(self, failed_batch: int) -> None:
        self.largest_batch = halved_batch(failed_batch, device=str(self.device))
        if self.device.type == "mps":
            torch.mps.empty_cache()
        torch.cuda.empty_cache()


@contextlib.contextmanager
def _fitting(device: torch.device, what: str, remedy: str) -> Iterator[None]:
    """Say that something does not fit into the device's memory, where it does not."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        raise DeviceError(
            f"{what} does not fit into the memory of {device}.", remedy=remedy
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    """Of a GPU, or of a processor; torch has an exception of its own for some of them only."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(sign in str(error) for sign in _OUT_OF_MEMORY)


def _class_probabilities(outputs: NetworkOutputs) -> Float[Tensor, "b n classes"]:
    """Background first."""
    return outputs.class_logits.float().softmax(dim=-1)


def _are_finite(outputs: NetworkOutputs) -> list[bool]:
    """Whether each picture's outputs are numbers: reduced precision overflows, weights rot."""
    parts = (
        *(outputs.box_offsets, outputs.class_logits),
        *(outputs.mask_coefficients, outputs.prototypes),
    )
    finite: list[bool] = (
        torch.stack([part.isfinite().flatten(1).all(dim=1) for part in parts]).all(dim=0).tolist()
    )
    return finite


def cropped_soft_masks(
    boxes_xyxy_norm: Float[Tensor, "d 4"],
    mask_coefficients: Float[Tensor, "d k"],
    prototypes: Float[Tensor, "h w k"],
) -> Float[Tensor, "d h w"]:
    """Soft masks at prototype resolution, zero outside their boxes grown by one prototype pixel.

    Source: dbolya/yolact 902073d, ``layers/box_utils.py``, ``crop`` (MIT).
    """
    height, width = prototypes.shape[:2]
    soft_masks = torch.sigmoid(torch.einsum("hwk,dk->dhw", prototypes, mask_coefficients))
    columns = torch.arange(width, device=prototypes.device)
    rows = torch.arange(height, device=prototypes.device)
    in_columns = _inside(columns, boxes_xyxy_norm[:, [0, 2]] * width)
    in_rows = _inside(rows, boxes_xyxy_norm[:, [1, 3]] * height)
    return soft_masks * (in_rows[:, :, None] & in_columns[:, None, :])


def _inside(places: Tensor, edges: Float[Tensor, "d 2"]) -> Tensor:
    low, high = edges.amin(dim=1, keepdim=True) - 1, edges.amax(dim=1, keepdim=True) + 1
    return (places >= low) & (places < high)


def _make_ready(network: Yolact, device: torch.device, precision: Precision) -> None:
    if precision != "bf16":
        bring_to_inference_form(network)
        return
    # Norms stay where layers compute in bf16: folded into biases, which are rounded then, they
    # would be off by the same amount everywhere in a picture.
    for module in float32_modules(network).values():
        bring_to_inference_form(module)
        _keep_float32(module, device)


def _keep_float32(module: nn.Module, device: torch.device) -> None:
    forward = module.forward

    def in_float32(x: Tensor, **more: Any) -> Any:
        with torch.autocast(device.type, enabled=False):
            return forward(x.float(), **more)

    module.forward = in_float32


@contextlib.contextmanager
def _arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """float32 that is float32 (cuDNN would round to TF32), or autocast; the same every time."""
    dtype = _REDUCED.get(precision)
    with contextlib.ExitStack() as stack:
        if device.type == "cuda":
            flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
            stack.enter_context(flags)
        if dtype is not None:
            stack.enter_context(torch.autocast(device.type, dtype=dtype))
        yield
