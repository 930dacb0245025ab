"""``yolact models``: what networks there are, and their weights."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yolact_cli.cli import options, reporting
from yolact_cli.errors import ModelError

if TYPE_CHECKING:
    from yolact_cli.zoo.resolve import ModelSource

BYTES_PER_MB = 1_000_000


@click.group()
def models() -> None:
    """List, show, fetch, check, convert, export and quantize models."""


@models.command("list")
@click.option("--markdown", is_flag=True, help="Write the page models/README.md to stdout.")
@options.json_option
def list_models(markdown: bool, as_json: bool) -> None:
    """List the models that --model knows by name.

    Cards of your own are found in the folders that $YOLACT_MODELS names, separated as in $PATH.
    """
    from yolact_cli.zoo.card import read_card
    from yolact_cli.zoo.listing import best_figure, describe, weights_place, zoo_page
    from yolact_cli.zoo.locate import embedded_folder

    if markdown:
        cards = sorted(embedded_folder().glob("*.toml"))
        click.echo(zoo_page([read_card(path) for path in cards]), nl=False)
        return
    sources = list(_readable_cards())
    if as_json:
        reporting.print_json([describe(source, path) for source, path in sources])
        return
    rows = [
        (
            source.card.name,
            source.card.network.backbone,
            f"{source.card.network.input_size} px",
            str(source.card.network.num_classes),
            weights_place(source),
            best_figure(source.card),
        )
        for source, _ in sources
    ]
    reporting.print_table(("model", "backbone", "input", "classes", "weights", "mask AP"), rows)


@models.command()
@click.argument("name")
@options.json_option
def show(name: str, as_json: bool) -> None:
    """Print a model's card.

    NAME is a model's name, a card, or a .pth or .safetensors file.
    """
    from yolact_cli.zoo.card import card_to_toml
    from yolact_cli.zoo.listing import describe, weights_place
    from yolact_cli.zoo.locate import card_paths
    from yolact_cli.zoo.resolve import resolve_model

    source = resolve_model(name)
    if as_json:
        reporting.print_json(describe(source, card_paths().get(name, Path(name))))
        return
    click.echo(card_to_toml(source.card), nl=False)
    reporting.message(f"Weights: {source.weights_path or weights_place(source)}")


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--offline", is_flag=True, envvar="YOLACT_OFFLINE", show_envvar=True,
    help="Open no connection: only say whether the weights are here.",
)  # fmt: skip
def pull(names: tuple[str, ...], offline: bool) -> None:
    """Fetch the weights of models into the cache.

    A broken download goes on where it stopped. The file's SHA-256 is held against the host's
    promise, recorded, and required from then on. The cache is $YOLACT_CACHE, or the user's own.
    """
    from yolact_cli.zoo.pull import pull_weights
    from yolact_cli.zoo.resolve import resolve_model

    for card in [resolve_model(name).card for name in names]:
        if card.weights.file is not None:
            reporting.message(f"{card.name} travels with its card, there is nothing to fetch.")
            continue
        with _Download() as download:
            pulled = pull_weights(card, is_offline=offline, progress=download.update)
        state = "was here already" if pulled.was_here else "fetched"
        reporting.message(f"{card.name} {state}, SHA-256 {pulled.sha256}")
        click.echo(str(pulled.path))


@models.command()
@options.json_option
def check(as_json: bool) -> int:
    """Verify every card: its files, their checksums, and that its network loads."""
    from yolact_cli.zoo.check import check_cards
    from yolact_cli.zoo.listing import weights_place

    rows: list[dict[str, Any]] = []
    for report in check_cards():
        place = weights_place(report.source) if report.source else "unknown"
        rows.append(
            {
                "model": report.name,
                "card": str(report.path),
                "weights": place,
                "parameters": report.parameters,
                "problem": report.problem,
            }
        )
    if as_json:
        reporting.print_json(rows)
    else:
        table = [(r["model"], r["weights"], f"{r['parameters']:,}", r["card"]) for r in rows]
        reporting.print_table(("model", "weights", "parameters", "card"), table)
    problems = [row["problem"] for row in rows if row["problem"]]
    for problem in problems:
        reporting.error(problem)
    return 1 if problems else 0


@models.command()
@click.argument("source", metavar="IN")
@click.argument("out", metavar="OUT.safetensors", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace OUT.safetensors if it is there.")
def convert(source: str, out: Path, overwrite: bool) -> None:
    """Check the weights IN and write them as safetensors, with their card inside.

    IN is a .pth or .safetensors file, or a model's name. It is read in a process of its own with
    bounded memory.
    """
    if out.suffix != ".safetensors":
        raise click.BadParameter("must end in .safetensors", param_hint="OUT.safetensors")
    from yolact_cli.zoo.convert import convert_weights
    from yolact_cli.zoo.resolve import resolve_model

    digest = convert_weights(resolve_model(source), out, keep_existing=not overwrite)
    reporting.message(f"SHA-256 {digest}")
    click.echo(str(out))


@models.command()
@click.argument("name")
@click.option(
    "--to",
    type=click.Choice(("onnx", "openvino")),
    required=True,
    help="Which runtime's format.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Where the graph and its card go.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Pictures to compare with torch on.  [default: made-up ones]",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier export.")
@options.json_option
def export(
    name: str, to: Any, output: Path, images: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Write a model as a graph that ONNX Runtime or OpenVINO runs.

    NAME is what --model takes. The graph takes any number of pictures at once, as they are: RGB
    from 0 to 255, at the model's input size. It is kept if it gives what torch gives. The card
    beside it is what --model takes.
    """  # fmt: skip
    from yolact_cli.pipelines.export_model import export_model
    from yolact_cli.zoo.resolve import resolve_model

    done = export_model(resolve_model(name), to, output, images=images, overwrite=overwrite)
    if as_json:
        reporting.print_json(
            {
                "card": str(done.card),
                "pictures": done.pictures,
                "made_up": images is None,
                "differences": dict(done.differences),
            }
        )
        return
    worst = max(done.differences.values())
    kind = "made-up picture" if images is None else "picture"
    pictures = reporting.counted(done.pictures, kind)
    reporting.message(f"Differs from torch by at most {worst:.1e} of a value, on {pictures}.")
    if images is None:
        reporting.message("Give --images to compare on your own.")
    click.echo(str(done.card))


@models.command()
@click.argument("name")
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    metavar="DIR",
    help="Pictures of the kind that the model will see.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="TRUTH.json",
    help="A COCO data set of pictures in DIR, to measure the loss on.",
)
@click.option(
    "--max-ap-drop",
    type=options.Number(0, 100),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="Write nothing when more AP than this is lost on --labels, of 100.",
)
@click.option(
    "--calibration",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    metavar="N",
    help="Most pictures to measure ranges on.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Where the graph and its card go.",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier one.")
@options.json_option
def quantize(
    name: str,
    images: Path,
    labels: Path | None,
    max_ap_drop: float,
    calibration: int,
    output: Path,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a model in int8, for OpenVINO; needs openvino and nncf.

    NAME is what --model takes. What is lost is measured on the labels; without them nothing is,
    and the card says so. The card beside the graph is what --model takes.
    """  # fmt: skip
    if labels is None and _is_given("max_ap_drop"):
        raise click.UsageError("--max-ap-drop needs --labels: what is lost is measured on them.")
    from yolact_cli.pipelines.quantize_model import QuantizeRequest, quantize_model
    from yolact_cli.zoo.resolve import resolve_model

    request = QuantizeRequest(
        source=resolve_model(name), images=images, output=output, labels=labels,
        max_ap_drop=max_ap_drop, calibration_pictures=calibration, overwrite=overwrite,
    )  # fmt: skip
    done = quantize_model(request)
    if as_json:
        reporting.print_json({**dataclasses.asdict(done), "card": str(done.card)})
        return
    if done.ap_before is None or done.ap_after is None:
        reporting.warn("What int8 loses was not measured: give --labels to know.")
    else:
        what = "Mask" if done.kind == "segm" else "Box"
        drop = done.ap_before - done.ap_after
        reporting.message(
            f"{what} AP {done.ap_before:.2f} in fp32, {done.ap_after:.2f} in int8: "
            f"{drop:.2f} points lost."
        )
    click.echo(str(done.card))


def _is_given(parameter: str) -> bool:
    """Whether the running command was told it, rather than left with its default."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is not click.core.ParameterSource.DEFAULT


def _readable_cards() -> "Iterator[tuple[ModelSource, Path]]":
    """Every card that is valid; one that is not costs a warning, not the list."""
    from yolact_cli.zoo.locate import card_paths
    from yolact_cli.zoo.resolve import source_of_card

    for path in card_paths().values():
        try:
            yield source_of_card(path), path
        except ModelError as error:
            reporting.warn(str(error))


class _Download:
    """Progress of one file in megabytes; drawn from the first byte, when the size is known."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._progress: reporting.Progress | None = None

    def __enter__(self) -> "_Download":
        return self

    def __exit__(self, *exception: Any) -> None:
        self._open.close()

    def update(self, done_bytes: int, total_bytes: int | None) -> None:
        """Take what has arrived."""
        if self._progress is None:
            total = None if total_bytes is None else -(-total_bytes // BYTES_PER_MB)
            progress = reporting.Progress(total, unit="MB", initial=done_bytes // BYTES_PER_MB)
            self._progress = self._open.enter_context(progress)
        is_whole = done_bytes == total_bytes
        self._progress.update(
            -(-done_bytes // BYTES_PER_MB) if is_whole else done_bytes // BYTES_PER_MB
        )
