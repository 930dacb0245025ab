"""COCO's figures of the weights so far, between iterations."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from yolact_cli.datasets.truth import read_truth
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.errors import BadCocoError
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines.results_on_truth import results_on_truth
from yolact_cli.pipelines.train_pictures import check_pictures
from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.structures import Category
from yolact_cli.training.state import Progress
from yolact_cli.zoo.card import InputSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What the weights of an iteration reach on the validation set, each in [0, 1]."""

    iteration: int
    mask_ap: float
    mask_ap50: float
    box_ap: float
    box_ap50: float
    mask_ap50_by_class: dict[str, float]


class Validator:
    """Annotates the validation pictures and scores them as ``yolact score`` does."""

    def __init__(
        self,
        *,
        data: Path,
        images_dir: Path,
        categories: Sequence[Category],
        network: Yolact,
        spec: InputSpec,
        device: torch.device,
    ) -> None:
        """Check the validation set against the training's classes.

        Raises:
            BadCocoError: The set or a picture is broken, or it shares no class with the
                training data.
        """
        self._truth = read_truth(data, images_dir=images_dir)
        check_pictures(self._truth, images_dir, str(data))
        # What was read and checked, not the file: tools leave out what evaluation needs.
        self._document = truth_to_coco(self._truth)
        self._images_dir = images_dir
        self._network = network
        self._spec = spec
        self._device = device
        by_name = {category.name: category.category_id for category in self._truth.categories}
        self._category_ids = {
            class_id: by_name[category.name]
            for class_id, category in enumerate(categories)
            if category.name in by_name
        }
        if not self._category_ids:
            raise BadCocoError(str(data), ["shares no class name with the training data"])

    def validate(self, state: dict[str, torch.Tensor], progress: Progress) -> Validation:
        """The figures of ``state``; classes that training does not know are left out."""
        network = copy.deepcopy(self._network)  # the runtime changes it for good
        network.load_state_dict(state)
        normalisation = Normalisation(mean=self._spec.mean, std=self._spec.std)
        runtime = TorchRuntime(
            network, normalisation=normalisation, device=self._device, selection=Selection()
        )
        resize = Resize(input_size=network.config.input_size, kind=self._spec.interpolation)
        results = list(
            results_on_truth(
                runtime,
                resize,
                self._truth,
                images_dir=self._images_dir,
                category_ids=self._category_ids,
            )
        )
        wanted = set(self._category_ids.values())
        masks = evaluate(self._document, results, "segm", category_ids=wanted)
        boxes = evaluate(self._document, results, "bbox", category_ids=wanted)
        return Validation(
            iteration=progress.iteration,
            mask_ap=masks.ap,
            mask_ap50=masks.ap50,
            box_ap=boxes.ap,
            box_ap50=boxes.ap50,
            mask_ap50_by_class={one.name: one.ap50 for one in masks.per_class.values()},
        )
