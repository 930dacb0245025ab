"""The program as a library: a picture as an array in, labels out.

from yolact_cli import Annotator

annotator = Annotator.from_model("yolact_lite0")
detections = annotator(picture)  # height x width x 3, uint8, RGB
for instance in detections.instances:
    print(annotator.class_name(instance), instance.score, instance.bbox_xywh_px)
    mask = annotator.mask(instance, detections)  # height x width, bool
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from jaxtyping import Bool, UInt8

from yolact_cli.errors import InputError
from yolact_cli.geometry.rle import decode_mask
from yolact_cli.inference.postprocess import PictureKey, check_finite, detections_from_candidates
from yolact_cli.pipelines.model import ReadyModel, ready_model
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Category, Detections, Instance
from yolact_cli.zoo.resolve import resolve_model


class Annotator:
    """Finds and outlines the objects of pictures given as arrays.

    Attributes:
        categories: The classes in the order of ``Instance.class_id``.
        settings: What was asked for.
    """

    def __init__(self, model: ReadyModel, settings: LabelSettings) -> None:
        self.categories: tuple[Category, ...] = model.categories
        self.settings = settings
        self._model = model

    @classmethod
    def from_model(
        cls, model: str, *, device: str = "auto", settings: LabelSettings | None = None
    ) -> Self:
        """An annotator with the weights loaded.

        Args:
            model: A card's name or path, or a ``.pth`` or ``.safetensors`` file.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
            settings: Thresholds and the like; those of the command line when left out.

        Raises:
            ModelError: No such model, or weights that are not here or not to be trusted.
            DeviceError: The device is not there.
            SettingsError: A class that the model does not have.
        """
        settings = settings or LabelSettings()
        return cls(ready_model(resolve_model(model), settings, device=device), settings)

    def __call__(self, picture: UInt8[np.ndarray, "h w 3"], *, name: str = "") -> Detections:
        """The labels of one picture: RGB, [0, 255].

        Args:
            picture: Of any size; not changed.
            name: Goes into the detections, and into their uids.

        Raises:
            InputError: Not a picture of that form.
        """
        (detections,) = self.annotate_batch([picture], names=[name])
        return detections

    def annotate_batch(
        self, pictures: Sequence[UInt8[np.ndarray, "_ _ 3"]], *, names: Sequence[str] | None = None
    ) -> list[Detections]:
        """The labels of several pictures, run through the network together.

        Args:
            pictures: As for a single one; sizes may differ.
            names: One each, or none.

        Raises:
            InputError: Not pictures of that form.
            ModelError: The network's outputs are not finite.
        """
        if not pictures:
            return []
        for picture in pictures:
            _check_picture(picture)
        pixels = np.stack([self._model.resize(picture) for picture in pictures])
        found = self._model.runtime.run(pixels)
        names = names or [""] * len(pictures)
        for candidates, name in zip(found, names, strict=True):
            check_finite(candidates, name or "the picture")
        return [
            detections_from_candidates(
                candidates,
                PictureKey(picture_id=place, name=name, size_hw=picture.shape[:2]),
                settings=self.settings,
                uid_seed="",
            )
            for place, (candidates, picture, name) in enumerate(
                zip(found, pictures, names, strict=True), start=1
            )
        ]

    def class_name(self, instance: Instance) -> str:
        """What the model calls the instance's class."""
        return self.categories[instance.class_id].name

    def mask(self, instance: Instance, detections: Detections) -> Bool[np.ndarray, "h w"]:
        """The instance's mask at the picture's size."""
        return decode_mask(instance.rle_counts, detections.size_hw)


def _check_picture(picture: np.ndarray) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise InputError(
            f"A picture must be height x width x 3 of uint8; this is {picture.shape} of "
            f"{picture.dtype}.",
            remedy="Convert grey or transparent pictures to RGB, and floats to [0, 255], first.",
        )
