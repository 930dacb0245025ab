"""The training loop: batches in, one event an iteration out.

It decides nothing about files, validation or the terminal: the pipeline listens to its events and
saves, validates and reports between them. An iteration is a function of its number, the seed and
the state before it, so an interrupted training goes on as if it had not been.
"""

import math
import multiprocessing
import time
from collections.abc import Generator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader

from yolact_cli.errors import TrainingError
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import TrainSettings
from yolact_cli.training.dataset import TrainingDataset, start_worker
from yolact_cli.training.ema import WeightAverage
from yolact_cli.training.freeze import freeze_norms, freeze_stages
from yolact_cli.training.losses import LossSettings, training_losses
from yolact_cli.training.optimizer import set_learning_rates
from yolact_cli.training.sample import BrokenPicture, TrainingBatch, collate
from yolact_cli.training.schedule import learning_rate_factor

# So many losses in a row that are not finite mean that the weights are lost.
MOST_SKIPPED = 20
AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One optimiser step that has been done."""

    iteration: int
    """Steps done, this one included."""
    losses: dict[str, float]
    """Weighted terms, averaged over the accumulated passes."""
    learning_rate_factor: float
    is_skipped: bool
    """The loss or its gradient was not finite, so the weights were left alone."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trainee:
    """What the loop changes."""

    network: Yolact
    optimizer: torch.optim.Optimizer
    average: WeightAverage | None
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    device: torch.device


def train(
    trainee: Trainee,
    dataset: TrainingDataset,
    settings: TrainSettings,
    *,
    first_iteration: int,
    workers: int,
) -> Generator[Step]:
    """Do the iterations from ``first_iteration`` on, one event each; stop by closing it."""
    batches = iter(_load(dataset, settings, first_iteration=first_iteration, workers=workers))
    scaler = torch.amp.GradScaler(
        trainee.device.type, enabled=settings.precision == "fp16", init_scale=2.0**12
    )
    prepare_network(trainee.network, settings)
    skipped = 0
    for iteration in range(first_iteration, settings.iterations):
        start = time.monotonic()
        factor = learning_rate_factor(iteration, settings)
        set_learning_rates(trainee.optimizer, factor)
        totals: dict[str, float] = {}
        for part in range(settings.accumulate):
            batch = _whole(next(batches)).to(trainee.device)
            generator = torch.Generator().manual_seed(_seed(settings, iteration, part))
            losses = _losses(trainee, batch, settings, generator)
            loss = torch.stack(list(losses.values())).sum() / settings.accumulate
            if torch.isfinite(loss):
                scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            for name, value in losses.items():
                totals[name] = totals.get(name, 0.0) + float(value.detach()) / settings.accumulate
        is_skipped = not _update(trainee, scaler, totals, settings)
        skipped = skipped + 1 if is_skipped else 0
        if skipped == MOST_SKIPPED:
            raise TrainingError(
                f"The loss was not finite for {MOST_SKIPPED} iterations, the last {iteration + 1}.",
                remedy="Start again with a lower --learning-rate, or with --clip-norm 10.",
            )
        if trainee.average is not None:
            trainee.average.update(trainee.network, iteration)
        yield Step(
            iteration=iteration + 1,
            losses=totals,
            learning_rate_factor=factor,
            is_skipped=is_skipped,
            seconds=time.monotonic() - start,
        )


def prepare_network(network: Yolact, settings: TrainSettings) -> None:
    """Training mode, but for what stays frozen; call again after validating the same network."""
    network.train()
    if settings.freeze_norm:
        freeze_norms(network.backbone)
    freeze_stages(network.backbone.stages()[: settings.freeze_stages])


def normalise(
    pictures: Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Float[Tensor, "b 3 s s"]:
    """RGB bytes, channels last, to the network's input."""
    images = (pictures.float() - pictures.new_tensor(mean, dtype=torch.float32)) / (
        pictures.new_tensor(std, dtype=torch.float32)
    )
    return images.permute(0, 3, 1, 2)


def _whole(batch: TrainingBatch | BrokenPicture) -> TrainingBatch:
    if isinstance(batch, BrokenPicture):
        raise TrainingError(batch.message, remedy="Take the picture out of the data, or repair it.")
    return batch


def _load(
    dataset: TrainingDataset, settings: TrainSettings, *, first_iteration: int, workers: int
) -> DataLoader[TrainingBatch | BrokenPicture]:
    size = settings.batch_size
    first = first_iteration * settings.accumulate
    batches = [
        list(range(number * size, (number + 1) * size))
        for number in range(first, settings.iterations * settings.accumulate)
    ]
    return DataLoader(
        dataset,  # type: ignore[arg-type]  # collate makes batches of samples
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=collate,
        worker_init_fn=start_worker,
        prefetch_factor=2 if workers else None,
        # A fork would inherit torch's threads as locks that nobody opens.
        multiprocessing_context=_start_method() if workers else None,
    )


def _start_method() -> str:
    has_forkserver = "forkserver" in multiprocessing.get_all_start_methods()
    return "forkserver" if has_forkserver else "spawn"


def _losses(
    trainee: Trainee, batch: TrainingBatch, settings: TrainSettings, generator: torch.Generator
) -> dict[str, Tensor]:
    images = normalise(batch.pictures, trainee.mean, trainee.std)
    images = images.contiguous(memory_format=torch.channels_last)
    dtype = AUTOCAST.get(settings.precision)
    with torch.autocast(trainee.device.type, dtype=dtype, enabled=dtype is not None):
        outputs = trainee.network(images)
    limits = LossSettings(
        masks_per_picture=settings.masks_per_picture, box_mask_weight=settings.box_mask_weight
    )
    return training_losses(trainee.network, outputs, batch, limits, generator=generator)


def _update(
    trainee: Trainee,
    scaler: torch.amp.GradScaler,
    totals: dict[str, float],
    settings: TrainSettings,
) -> bool:
    """Step the optimiser; False when something was not finite and the weights stay."""
    is_finite = all(math.isfinite(value) for value in totals.values())
    if is_finite:
        scaler.unscale_(trainee.optimizer)
        parameters = [p for group in trainee.optimizer.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip_norm or math.inf)
        is_finite = bool(torch.isfinite(norm))
        if is_finite or scaler.is_enabled():
            scaler.step(trainee.optimizer)
        scaler.update()
    trainee.optimizer.zero_grad(set_to_none=True)
    return is_finite


def _seed(settings: TrainSettings, iteration: int, part: int) -> int:
    return (settings.seed * 1_000_003 + iteration * 1_009 + part) % 2**63
