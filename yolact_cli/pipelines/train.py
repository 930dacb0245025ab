"""``yolact train``: ground truth and a model in, a card with weights out."""

import contextlib
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from yolact_cli.allocator import keep_freed_memory
from yolact_cli.datasets.truth import decode_mask, read_truth
from yolact_cli.inference.device import resolve_device
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines.train_folder import open_folder
from yolact_cli.pipelines.train_pictures import check_pictures
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.pipelines.train_result import (
    CurvesPicture,
    ResultCard,
    keep_best,
    read_best,
    write_result,
)
from yolact_cli.pipelines.train_sizes import check_sizes
from yolact_cli.pipelines.train_start import StartingPoint, make_network
from yolact_cli.pipelines.validate import Validation, Validator
from yolact_cli.runs.lock import locked
from yolact_cli.settings import TrainSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.store import LocalStore
from yolact_cli.structures import Truth, TruthObject, TruthPicture
from yolact_cli.training.dataset import (
    PictureReader,
    SampleShape,
    TrainingDataset,
    TrainingPictures,
)
from yolact_cli.training.ema import WeightAverage
from yolact_cli.training.freeze import freeze_stages, run_frozen_fused
from yolact_cli.training.loop import Step, Trainee, make_scaler, prepare_network, train
from yolact_cli.training.metrics import MetricsLog
from yolact_cli.training.optimizer import make_optimizer
from yolact_cli.training.order import TrainingOrder, repeat_factors
from yolact_cli.training.state import Progress, load_state, save_state
from yolact_cli.zoo.card import ModelCard

SAVE_EVERY_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Before the first iteration: what the training will be."""

    pictures: int
    objects: int
    classes: int
    parameters: int
    device: str
    first_iteration: int
    fresh_layers: tuple[str, ...]
    """Layers that start from random weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The result is in its folder."""

    card: Path
    progress: Progress
    validation: Mapping[str, Any] | None
    """What the result's weights reached, where they were validated; see Validation's fields."""


def run_training(request: TrainRequest) -> Generator[Started | Step | Validation | Finished]:
    """Train, one event for each thing that happened; closing the iterator saves and stops.

    Resuming a finished training writes its result again.

    Raises:
        BadCocoError: Ground truth that cannot be trusted; nothing was started.
        ModelError: The model or its weights are not there or do not fit.
        OutputExistsError: The folder holds another training and resuming was not asked for.
        RunMismatchError: Resuming with settings that differ.
        TrainingError: A saved state that cannot be resumed from, or a training that cannot go on.
    """
    truth = read_truth(request.data, images_dir=request.images_dir)
    device = resolve_device(request.device)
    check_pictures(truth, request.images_dir, str(request.data))
    starting = make_network(request, truth)
    check_sizes(request, starting.card.network)
    validator = _validator(request, truth, starting)
    store = LocalStore(request.output)
    with locked(request.output):
        open_folder(request, store)
        if device.type == "cpu":
            keep_freed_memory()
        session = _Session(request, truth, starting, store, device)
        yield session.started()
        yield from session.run(validator)


class _Session:
    """One start of a training: from the last saved state to the end or an interruption."""

    def __init__(
        self,
        request: TrainRequest,
        truth: Truth,
        starting: StartingPoint,
        store: LocalStore,
        device: torch.device,
    ) -> None:
        self._request, self._truth, self._starting = request, truth, starting
        self._store = store
        settings = request.settings
        network = starting.network.to(device).to(memory_format=torch.channels_last)
        freeze_stages(network.backbone.stages()[: settings.freeze_stages])
        prepare_network(network, settings)
        optimizer = make_optimizer(network, settings)
        decay = settings.ema_decay
        average = WeightAverage(network, decay=decay) if decay else None
        spec = starting.card.input
        self._trainee = Trainee(
            network=network,
            optimizer=optimizer,
            average=average,
            scaler=make_scaler(settings, device),
            mean=spec.mean,
            std=spec.std,
            device=device,
        )
        self._progress = Progress()
        if request.should_resume:
            self._progress = load_state(request.output, self._trainee)
        run_frozen_fused(network.backbone.stages()[: settings.freeze_stages])
        self._metrics = MetricsLog(store, first_iteration=self._progress.iteration)
        self._curves = CurvesPicture(store)
        self._saved_at = time.monotonic()

    def started(self) -> Started:
        """What is about to happen."""
        return Started(
            pictures=len(self._truth.pictures),
            objects=sum(len(picture.objects) for picture in self._truth.pictures),
            classes=len(self._truth.categories),
            parameters=self._starting.network.num_parameters,
            device=str(self._trainee.device),
            first_iteration=self._progress.iteration,
            fresh_layers=self._starting.fresh_layers,
        )

    def run(self, validator: Validator | None) -> Iterator[Step | Validation | Finished]:
        """Iterate, validate, save; stopped between two events, everything is saved."""
        if validator and self._should_validate():  # it was stopped while validating
            yield self._validate(validator)
        try:
            yield from self._iterate(validator)
        except GeneratorExit:
            self._save()
            raise
        self._save()
        yield self._finish(validator)

    def _iterate(self, validator: Validator | None) -> Iterator[Step | Validation]:
        steps = train(
            self._trainee,
            _dataset(self._request, self._truth, self._starting.card),
            self._request.settings,
            first_iteration=self._progress.iteration,
            workers=self._request.workers,
        )
        with contextlib.closing(steps):
            for step in steps:
                self._progress = replace(
                    self._progress,
                    iteration=step.iteration,
                    seconds=self._progress.seconds + step.seconds,
                )
                self._metrics.add_step(step)
                yield step
                if validator and self._should_validate():
                    self._save()  # validating takes its time, and may be what is interrupted
                    yield self._validate(validator)
                elif time.monotonic() - self._saved_at > SAVE_EVERY_S:
                    self._save()

    def _should_validate(self) -> bool:
        iteration = self._progress.iteration
        is_last = iteration == self._request.settings.iterations
        is_due = is_last or (iteration > 0 and iteration % self._request.validate_every == 0)
        return is_due and not self._metrics.has_validation(iteration)

    def _validate(self, validator: Validator) -> Validation:
        validation = validator.validate(self._weights(), self._progress)
        # The weights first: a validation that was written down is not done again.
        if self._metrics.is_best(validation):
            keep_best(self._weights(), self._store)
        self._metrics.add_validation(validation)
        self._curves.draw()
        return validation

    def _finish(self, validator: Validator | None) -> Finished:
        best = read_best(self._store) if validator else None
        validation = (
            self._metrics.last_validation if best is None else self._metrics.best_validation
        )
        result = self._result_card(validation if validator else None)
        card = write_result(result, best or self._weights(), self._store)
        self._curves.draw()
        return Finished(card=card, progress=self._progress, validation=result.validation)

    def _weights(self) -> dict[str, torch.Tensor]:
        average = self._trainee.average
        return dict(self._trainee.network.state_dict() if average is None else average.state)

    def _save(self) -> None:
        save_state(self._store, self._progress, self._trainee)
        self._saved_at = time.monotonic()

    def _result_card(self, validation: Mapping[str, Any] | None) -> ResultCard:
        return ResultCard(
            card=self._starting.card,
            name=self._request.name,
            command=self._request.command,
            data=self._request.data.name,
            pictures=len(self._truth.pictures),
            iterations=self._progress.iteration,
            hours=self._progress.seconds / 3600,
            device=str(self._trainee.device),
            validation=validation,
        )


def _dataset(request: TrainRequest, truth: Truth, card: ModelCard) -> TrainingDataset:
    settings = request.settings
    factors = repeat_factors(truth.pictures, threshold=settings.repeat_threshold)
    source = TrainingPictures(
        pictures=truth.pictures,
        read_picture=PictureReader(images_dir=request.images_dir, decode=decode_for_training),
        decode_mask=mask_of_object,
    )
    return TrainingDataset(
        source,
        TrainingOrder(factors, seed=settings.seed),
        sample_shape(card, settings),
        augment=settings.augment,
    )


def sample_shape(card: ModelCard, settings: TrainSettings) -> SampleShape:
    """What samples for the card's network look like."""
    return SampleShape(
        input_sizes=settings.input_sizes or (card.network.input_size,),
        batch_size=settings.batch_size,
        num_classes=card.network.num_classes,
        mean=card.input.mean,
    )


def decode_for_training(path: Path) -> Any:
    """A training picture's pixels, decoded as ``yolact annotate`` decodes them."""
    return read_picture(str(path), DecodeSettings())


def mask_of_object(picture: TruthPicture, thing: TruthObject) -> Any:
    """The true mask of an object that has one, at the picture's size."""
    if thing.segmentation is None:
        raise ValueError("an object without a mask was asked for it")
    return decode_mask(thing.segmentation, (picture.height, picture.width))


def _validator(request: TrainRequest, truth: Truth, starting: StartingPoint) -> Validator | None:
    if request.validation_data is None:
        return None
    return Validator(
        data=request.validation_data,
        images_dir=request.validation_images_dir or request.images_dir,
        categories=truth.categories,
        network=Yolact(starting.card.network),
        spec=starting.card.input,
        device=resolve_device(request.device),
    )
