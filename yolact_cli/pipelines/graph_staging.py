"""Where an exported model's files are made, and how they get to their place."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from yolact_cli.errors import OutputExistsError
from yolact_cli.store import told_as_output_errors
from yolact_cli.zoo.card import ModelCard, read_card

_PREFIX = ".export-"
_SUFFIXES = frozenset({".onnx", ".xml", ".bin", ".toml"})
# Measuring an int8 model on many labels takes hours, in which nothing is written.
_LEFT_BEHIND_S = 24 * 3600


def graph_files(card: ModelCard) -> list[str]:
    """Names of all files of an exported model but its card's."""
    assert card.graph is not None  # noqa: S101 - asked of exported models only
    graphs = [str(card.weights.file), *filter(None, [card.graph.rescoring_file])]
    if card.graph.runtime == "onnx":
        return graphs
    return [name for graph in graphs for name in (graph, str(Path(graph).with_suffix(".bin")))]


def check_absent(output: Path, card: ModelCard) -> None:
    """Hold that nothing would be replaced.

    Raises:
        OutputExistsError: A file of the exported model's names is there, whoever wrote it.
    """
    names = (f"{card.name}.toml", *graph_files(card))
    there = [str(output / name) for name in names if os.path.lexists(output / name)]
    if there:
        verb = "is" if len(there) == 1 else "are"
        raise OutputExistsError(
            f"{', '.join(there)} {verb} there already.", remedy="Give --overwrite to replace it."
        )


@contextlib.contextmanager
def staging_folder(output: Path) -> Iterator[Path]:
    """A folder inside ``output`` that goes away; files are moved out of it once they are whole.

    Those that a process left behind a day ago or earlier, as it was killed, are removed.

    Raises:
        OutputError: It cannot be made.
    """
    with told_as_output_errors(output, resumes=False):
        output.mkdir(parents=True, exist_ok=True)
        for path in output.glob(f"{_PREFIX}*"):
            if _is_left_behind(path):
                shutil.rmtree(path, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=output))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_in(folder: Path, output: Path, card_name: str) -> Path:
    """Move the files into place, the card last: without it, the others are nothing.

    Raises:
        OutputError: A file cannot be moved.
    """
    with told_as_output_errors(output, resumes=False):
        (output / card_name).unlink(missing_ok=True)
        for path in sorted(folder.iterdir(), key=lambda one: one.name == card_name):
            path.replace(output / path.name)
    read_card(output / card_name)
    return output / card_name


def _is_left_behind(folder: Path) -> bool:
    """Whether it is one of ours, and nobody has written there for long."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    files = list(folder.iterdir())
    newest_s = max(path.stat().st_mtime for path in (folder, *files))
    is_ours = all(path.suffix in _SUFFIXES for path in files)
    return is_ours and time.time() - newest_s > _LEFT_BEHIND_S
