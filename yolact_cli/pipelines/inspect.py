"""A picture to the story of one of its masks: network, traces, drawings, files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from yolact_cli.errors import InputError, OutputError, SettingsError
from yolact_cli.geometry.masks import crop_of
from yolact_cli.inference.mask_trace import soft_masks, trace_mask
from yolact_cli.inference.postprocess import PictureKey, instances_by_rank
from yolact_cli.inference.selection import Selection
from yolact_cli.inference.suppression_trace import trace_suppression
from yolact_cli.pipelines.model import ReadyModel, ready_model, selection_of
from yolact_cli.settings import LabelSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.sources.prepare import shrink
from yolact_cli.store import LocalStore
from yolact_cli.structures import Instance, RawOutputs
from yolact_cli.traces import Inspection
from yolact_cli.writers.inspect_figures import FIGURE_PATHS, inspection_pngs
from yolact_cli.writers.inspect_page import inspection_page
from yolact_cli.writers.inspect_record import inspection_record
from yolact_cli.writers.own_files import refuse_foreign, replace_own_files
from yolact_cli.zoo.resolve import ModelSource

PAGE_PATH, RECORD_PATH = "inspect.html", "inspect.json"
_PREVIEW_PX = 960


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChoice:
    """Which object of a picture is meant: one by its place, or one at a point."""

    number: int | None = None
    """From 1, the best score first; None with no point means 1."""
    at_xy: tuple[int, int] | None = None
    """A pixel of the picture, its first being (0, 0)."""


def inspect_picture(
    picture: Path,
    model: ModelSource,
    *,
    settings: LabelSettings,
    choice: ObjectChoice,
    device: str = "auto",
) -> Inspection:
    """How the chosen object's mask came about.

    Raises:
        UnreadablePictureError: The picture cannot be decoded, or must not be.
        InputError: Nothing was found in it, or nothing at that point.
        SettingsError: It has no object of that number, or no such pixel.
        ModelError: The weights are not here, or not to be trusted.
        DeviceError: The device is not there.
    """
    _check_there(picture)
    decode = DecodeSettings(
        max_pixels=settings.max_pixels,
        bit_depth=settings.bit_depth,
        allow_truncated=settings.allow_truncated,
    )
    pixels = read_picture(str(picture), decode)
    ready = ready_model(model, settings, device=device)
    return inspect_pixels(
        pixels, picture.name, ready, model_name=model.card.name, settings=settings, choice=choice
    )


def check_output(output: Path) -> None:
    """Do nothing, unless an inspection cannot be written into this folder.

    Raises:
        OutputExistsError: Files of these names are there, and are somebody else's.
        OutputError: It is no folder.
    """
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output}: is no folder.", remedy="Choose another one with --output.")
    names = [PAGE_PATH, *FIGURE_PATHS]
    refuse_foreign(LocalStore(output, resumes=False), names, record_path=RECORD_PATH)


def write_inspection(inspection: Inspection, output: Path) -> Path:
    """Draw it into a folder, and give the path of its page.

    Raises:
        OutputExistsError: Files of these names are there, and are somebody else's.
        OutputError: The folder cannot take them.
    """
    store = LocalStore(output, resumes=False)
    files = {PAGE_PATH: inspection_page(inspection), **inspection_pngs(inspection)}
    replace_own_files(store, files, record_path=RECORD_PATH, record=inspection_record(inspection))
    return output / PAGE_PATH


def inspect_pixels(
    pixels: UInt8[np.ndarray, "h w 3"],
    name: str,
    ready: ReadyModel,
    *,
    model_name: str,
    settings: LabelSettings,
    choice: ObjectChoice,
) -> Inspection:
    """Like :func:`inspect_picture`, of a picture that is decoded and a model that is loaded."""
    selection = selection_of(ready.categories, settings)
    raw = ready.runtime.raw(ready.resize(pixels)[None])
    height, width = pixels.shape[:2]
    found = _labels(raw, name, (height, width), settings)
    instances = [instance for _, instance in found]
    class_names = tuple(category.name for category in ready.categories)
    if not found:
        raise _nothing_found(name, raw, selection, class_names)
    number = _chosen(instances, choice, name=name, size_hw=(height, width))
    candidate, instance = found[number - 1]
    candidates = raw.candidates[0]
    preview = shrink(pixels, _PREVIEW_PX)
    preview_hw = preview.shape[0], preview.shape[1]
    whole, cropped = soft_masks(candidates, candidate, size_hw=preview_hw, crop=settings.mask_crop)
    return Inspection(
        name=name,
        size_hw=(height, width),
        preview=preview,
        model=model_name,
        class_names=class_names,
        settings=settings,
        instances=tuple(instances),
        number=number,
        prototypes=raw.prototypes[0],
        mask=trace_mask(
            candidates, candidate, instance=instance, size_hw=(height, width), settings=settings
        ),
        soft_mask=whole,
        soft_mask_cropped=cropped,
        suppression=trace_suppression(raw, selection, candidate=candidate),
    )


def _check_there(picture: Path) -> None:
    if picture.is_dir():
        raise InputError(f"{picture}: is a folder.", remedy="Give one picture.")
    if not picture.exists():
        raise InputError(f"{picture}: there is no such file.", remedy="Check the path.")


def _labels(
    raw: RawOutputs, name: str, size_hw: tuple[int, int], settings: LabelSettings
) -> list[tuple[int, Instance]]:
    """What annotate would write, each with its place among the candidates."""
    key = PictureKey(picture_id=1, name=name, size_hw=size_hw)
    return [
        (candidate, instance)
        for candidate, instance in instances_by_rank(
            raw.candidates[0], key, settings=settings, uid_seed=""
        )
        if instance is not None and instance.area_px >= settings.min_area_px
    ]


def _nothing_found(
    name: str, raw: RawOutputs, selection: Selection, class_names: tuple[str, ...]
) -> InputError:
    scores = raw.class_probabilities[0, :, 1:]
    if selection.class_ids is not None:
        unwanted = np.setdiff1d(np.arange(scores.shape[1]), selection.class_ids)
        scores = np.delete(scores, unwanted, axis=1)
        class_names = tuple(class_names[one] for one in selection.class_ids)
    threshold = selection.score_threshold
    best = np.unravel_index(int(scores.argmax()), scores.shape)
    what, score = class_names[int(best[1])], float(scores[best])
    if score > threshold:
        return InputError(
            f"{name}: nothing is left of any object's mask.", remedy="Lower --min-area."
        )
    return InputError(
        f"{name}: no object above the score threshold of {threshold:g};"
        f" the best anchor says '{what}' with {score:.3f}.",
        remedy="Lower --score-threshold.",
    )


def _chosen(
    instances: list[Instance], choice: ObjectChoice, *, name: str, size_hw: tuple[int, int]
) -> int:
    count = len(instances)
    if choice.at_xy is None:
        number = choice.number or 1
        if number > count:
            has = "1 object" if count == 1 else f"{count} objects"
            raise SettingsError(
                f"{name} has {has}, no object {number}.",
                remedy="Objects count from 1, the best score first; a lower --score-threshold"
                " gives more.",
            )
        return number
    x, y = choice.at_xy
    if x >= size_hw[1] or y >= size_hw[0]:
        raise SettingsError(f"{name} is {size_hw[1]}x{size_hw[0]} px; it has no pixel {x},{y}.")
    for number, instance in enumerate(instances, start=1):
        left, top, width, height = instance.bbox_xywh_px
        is_inside = 0 <= x - left < width and 0 <= y - top < height
        if is_inside and crop_of(instance, size_hw)[y - top, x - left]:
            return number
    raise InputError(
        f"{name}: no object's mask has the pixel {x},{y}.",
        remedy=f"Choose one of the {count} by --object." if count > 1 else "Leave out --at.",
    )
