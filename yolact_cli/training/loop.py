"""The training loop: batches in, one event an iteration out.

It decides nothing about files, validation or the terminal: the pipeline listens to its events and
saves, validates and reports between them. An iteration is a function of its number, the seed and
the state before it, so an interrupted training goes on as if it had not been.
"""

import contextlib
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from yolact_cli.errors import TrainingError
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import TrainSettings
from yolact_cli.training.batches import load_batches
from yolact_cli.training.dataset import TrainingDataset
from yolact_cli.training.ema import WeightAverage
from yolact_cli.training.freeze import freeze_norms, freeze_stages
from yolact_cli.training.losses import LossSettings, training_losses
from yolact_cli.training.optimizer import set_learning_rates
from yolact_cli.training.passes import Passes
from yolact_cli.training.sample import TrainingBatch
from yolact_cli.training.schedule import learning_rate_factor

# So many losses in a row that are not finite mean that the weights are lost.
MOST_SKIPPED = 20
AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}
FIRST_SCALE = 2.0**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One optimiser step that has been done."""

    iteration: int
    """Steps done, this one included."""
    losses: dict[str, float]
    """Weighted terms, averaged over the accumulated passes."""
    learning_rate_factor: float
    is_skipped: bool
    """The loss or its gradient was not finite, so everything stayed as it was."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trainee:
    """What the loop changes."""

    network: Yolact
    optimizer: torch.optim.Optimizer
    average: WeightAverage | None
    scaler: torch.amp.GradScaler
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    device: torch.device


def make_scaler(settings: TrainSettings, device: torch.device) -> torch.amp.GradScaler:
    """Scales gradients where fp16 would lose them, and does nothing in other precisions."""
    is_half = settings.precision == "fp16"
    return torch.amp.GradScaler(device.type, enabled=is_half, init_scale=FIRST_SCALE)


def train(
    trainee: Trainee,
    dataset: TrainingDataset,
    settings: TrainSettings,
    *,
    first_iteration: int,
    workers: int,
) -> Generator[Step]:
    """Do the iterations from ``first_iteration`` on, one event each; stop by closing it.

    Between two events the trainee is whole; when an error comes out it may be half changed.

    Raises:
        TrainingError: A picture cannot be read, memory is short, or the losses stay infinite.
    """
    prepare_network(trainee.network, settings)
    batches = load_batches(dataset, settings, first_iteration=first_iteration, workers=workers)
    skipped = 0
    passes = Passes(trainee.network, count=settings.accumulate, device=trainee.device)
    with contextlib.closing(batches), passes, _memory_told():
        for iteration in range(first_iteration, settings.iterations):
            step = _iterate(trainee, passes, batches, settings, iteration)
            skipped = skipped + 1 if step.is_skipped else 0
            if skipped == MOST_SKIPPED:
                raise TrainingError(
                    f"The loss was not finite for {MOST_SKIPPED} iterations, the last "
                    f"{step.iteration}.",
                    remedy="Start again with a lower --learning-rate, or with --clip-norm 10.",
                )
            yield step


def _iterate(
    trainee: Trainee,
    passes: Passes,
    batches: Iterator[TrainingBatch],
    settings: TrainSettings,
    iteration: int,
) -> Step:
    start = time.monotonic()
    factor = learning_rate_factor(iteration, settings)
    set_learning_rates(trainee.optimizer, factor)
    given = [next(batches).to(trainee.device) for _ in range(settings.accumulate)]

    def one_pass(network: Yolact, part: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(_seed(settings, iteration, part))
        losses = _losses(network, given[part], trainee, settings, generator)
        loss = torch.stack(list(losses.values())).sum() / settings.accumulate
        if torch.isfinite(loss):
            trainee.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return {name: float(value.detach()) for name, value in losses.items()}

    outcomes = passes.run(one_pass)
    totals = {
        name: sum(outcome[name] for outcome in outcomes) / len(outcomes) for name in outcomes[0]
    }
    is_skipped = not _update(trainee, totals, settings)
    if not is_skipped:
        # A forward pass that overflows leaves batch-norm statistics that no later one repairs.
        passes.keep_statistics()
        if trainee.average is not None:
            trainee.average.update(trainee.network, iteration)
    return Step(
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


@contextlib.contextmanager
def _memory_told() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            "The device's memory is too small for this training.",
            remedy="Start again with a lower --batch-size (and --accumulate to make up for it), "
            "smaller --sizes, or --precision bf16.",
        ) from error


def _losses(
    network: Yolact,
    batch: TrainingBatch,
    trainee: Trainee,
    settings: TrainSettings,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    images = normalise(batch.pictures, trainee.mean, trainee.std)
    images = images.contiguous(memory_format=torch.channels_last)
    dtype = AUTOCAST.get(settings.precision)
    with torch.autocast(trainee.device.type, dtype=dtype, enabled=dtype is not None):
        outputs = network(images)
    limits = LossSettings(
        masks_per_picture=settings.masks_per_picture,
        dice_weight=settings.dice_weight,
        box_mask_weight=settings.box_mask_weight,
    )
    return training_losses(network, outputs, batch, limits, generator=generator)


def _update(trainee: Trainee, totals: dict[str, float], settings: TrainSettings) -> bool:
    """Step the optimiser; False when something was not finite and the weights stay."""
    scaler = trainee.scaler
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
