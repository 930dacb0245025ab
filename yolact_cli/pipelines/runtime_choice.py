"""Which runtime a run uses, and why. Imports none of them.

A run's labels depend on it in their last digits, so what was chosen is part of the run's identity
(``LabelSettings.runtime``) and the choice depends on nothing that changes by itself.
"""

import dataclasses
import logging
import re
from dataclasses import dataclass

from yolact_cli.errors import DeviceError, SettingsError
from yolact_cli.inference.gpu_signs import has_gpu_signs
from yolact_cli.inference.runtimes.installed import installed_version, is_installed, require
from yolact_cli.settings import LabelSettings, RuntimeName
from yolact_cli.zoo.card import ModelCard

_log = logging.getLogger(__name__)

PACKAGES = {"torch": "torch", "openvino": "openvino", "onnx": "onnxruntime"}
INTEL_GPU = "intel-gpu"
_DEVICES = {
    "openvino": (f"cpu|{INTEL_GPU}", f"Use cpu or {INTEL_GPU}."),
    "onnx": ("cpu|cuda(:[0-9]{1,3})?", "Use cpu, cuda or cuda:1 (say)."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeChoice:
    """What runs the network.

    Attributes:
        runtime: Never ``auto``.
        device: Never ``auto``: cpu, cuda:0, mps, or intel-gpu.
        reason: Why, as the end of a sentence.
    """

    runtime: RuntimeName
    device: str
    reason: str

    @property
    def version(self) -> str:
        """The runtime's name and version, as written beside a run."""
        return f"{self.runtime} {installed_version(PACKAGES[self.runtime])}".strip()


def choose_runtime(card: ModelCard, settings: LabelSettings, *, device: str) -> RuntimeChoice:
    """The runtime asked for, or the fastest that is installed and exact enough.

    Args:
        card: Of the model; an exported one is for a single runtime.
        settings: ``runtime`` and ``precision`` are looked at.
        device: As the user spells it.

    Raises:
        DeviceError: The device is not there, or not for this runtime.
        SettingsError: The runtime is not installed, or cannot run this model or precision.
    """
    choice = _choose(card, settings, device)
    _check_precision(choice, settings)
    level = logging.INFO if settings.runtime == "auto" else logging.DEBUG
    told = (choice.version, choice.device, choice.reason)
    _log.log(level, "The network is run by %s on %s: %s.", *told)
    return choice


def _choose(card: ModelCard, settings: LabelSettings, device: str) -> RuntimeChoice:
    asked = settings.runtime
    if card.graph is not None:
        made_for = card.graph.runtime
        if asked not in ("auto", made_for):
            raise SettingsError(
                f"{card.name} was exported for {made_for}; {asked} cannot run it.",
                remedy=f"Use --runtime {made_for}, or the model that it was made from.",
            )
        return _chosen(made_for, device, "the model was exported for it")
    if asked != "auto":
        return _chosen(asked, device, "it was asked for")
    if device == INTEL_GPU:
        return _chosen("openvino", device, "it is what runs on Intel GPUs")
    if not _is_processor(device):
        return _chosen("torch", device, "it is what runs on this device")
    return _fastest_on_processor(settings)


def _fastest_on_processor(settings: LabelSettings) -> RuntimeChoice:
    precision = settings.precision
    if is_installed("openvino"):
        if _openvino_computes_in(precision):
            return _chosen("openvino", "cpu", f"it is the fastest at {precision} on a processor")
        _log.warning(
            "This processor has no arithmetic in %s; fp32 would be faster, and exact.", precision
        )
        return _chosen("torch", "cpu", f"it alone computes in {precision} on this processor")
    if precision == "fp32" and is_installed("onnxruntime") and is_installed("onnxscript"):
        return _chosen("onnx", "cpu", "it is no slower than torch, and OpenVINO is not installed")
    return _chosen("torch", "cpu", "no faster runtime is installed")


def _chosen(runtime: RuntimeName, device: str, reason: str) -> RuntimeChoice:
    if runtime == "torch":
        return RuntimeChoice(runtime=runtime, device=_torch_device(device), reason=reason)
    require("openvino" if runtime == "openvino" else "onnxruntime", what_for=f"--runtime {runtime}")
    spellings, remedy = _DEVICES[runtime]
    where = "cpu" if device == "auto" else device
    if not re.fullmatch(spellings, where):
        raise DeviceError(f"{runtime} does not run on {device!r}.", remedy=remedy)
    return RuntimeChoice(runtime=runtime, device=where, reason=reason)


def _is_processor(device: str) -> bool:
    if device != "auto":
        return device == "cpu"
    return not has_gpu_signs() or _torch_device(device) == "cpu"


def _torch_device(device: str) -> str:
    if device == "cpu" or (device == "auto" and not has_gpu_signs()):
        return "cpu"
    from yolact_cli.inference.device import resolve_device  # torch

    return str(resolve_device(device))


def _check_precision(choice: RuntimeChoice, settings: LabelSettings) -> None:
    precision = settings.precision
    if choice.runtime == "onnx" and precision != "fp32":
        raise SettingsError(
            f"The runtime onnx computes in fp32, not in {precision}.",
            remedy="Leave out --precision, or use another --runtime.",
        )
    is_cpu = choice.runtime == "openvino" and choice.device == "cpu"
    if is_cpu and not _openvino_computes_in(precision):
        raise DeviceError(
            f"OpenVINO has no arithmetic in {precision} on this processor.",
            remedy="Leave out --precision: fp32 is faster here.",
        )


def _openvino_computes_in(precision: str) -> bool:
    if precision == "fp32":
        return True
    from yolact_cli.inference.runtimes.openvino_runtime import has_reduced_precision

    return has_reduced_precision("bf16" if precision == "bf16" else "fp16")


def with_runtime(settings: LabelSettings, choice: RuntimeChoice) -> LabelSettings:
    """The settings, their runtime the one that was chosen."""
    return dataclasses.replace(settings, runtime=choice.runtime)
