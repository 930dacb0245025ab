"""``yolact models``: what networks there are, and their weights."""

import contextlib
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
    """List, fetch, check and convert models."""


@models.command("list")
@click.option("--markdown", is_flag=True, help="Write the page models/README.md to stdout.")
@options.json_option
def list_models(markdown: bool, as_json: bool) -> None:
    """List the models that --model knows by name."""
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
    "--offline", is_flag=True, envvar="YOLACT_OFFLINE",
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
