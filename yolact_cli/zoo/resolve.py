"""From what a user writes after ``--model`` to a card and the file of its weights. No torch."""

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from yolact_cli.errors import CardError, ModelError, UnknownModelError
from yolact_cli.zoo.card import GRAPH_SUFFIXES, MAX_CARD_BYTES, ModelCard, parse_card, read_card
from yolact_cli.zoo.locate import cache_folder, card_paths
from yolact_cli.zoo.safetensors_header import read_embedded_card

WEIGHT_SUFFIXES = (".pth", ".safetensors")
GRAPH_FILE_SUFFIXES = tuple(GRAPH_SUFFIXES.values())
# <config>_<epoch>_<iteration>[_interrupt], as the reference names its checkpoints.
RELEASED_STEM = re.compile(r"(?P<config>.+?)_\d+_\d+(_interrupt)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A card with its weights, as far as they are on this machine.

    Attributes:
        card: What the network is.
        weights_path: The file to load, or None when it is not here (not downloaded yet).
        sha256: The digest the file must have, from the card or from its download; None where
            nobody promised one.
    """

    card: ModelCard
    weights_path: Path | None
    sha256: str | None = None


def resolve_model(text: str) -> ModelSource:
    """The model that ``text`` names: a card's name, a card's path, or a file of weights.

    An exported graph (.onnx, .xml) is told by the card of its stem beside it. Another weights
    file's card is the one it carries (safetensors), or the TOML file of its stem beside it, or the
    zoo's card for the configuration in its name (``<config>_<epoch>_<iteration>.pth``).

    Raises:
        UnknownModelError: If nothing of that name is there, or a weights file tells no card.
        NotACheckpointError: If what tells no card is no file of weights at all.
        WeightsMismatchError: If it holds a backbone alone.
        CardError: If the card found is not valid.
    """
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path's own raises for unknown users
    if path.suffix in WEIGHT_SUFFIXES:
        return _from_weights_file(path)
    if path.suffix in GRAPH_FILE_SUFFIXES:
        return _from_graph_file(path)
    if path.suffix == ".toml":
        return source_of_card(_existing(path))
    return source_of_card(_card_of_name(text))


def source_of_card(card_path: Path) -> ModelSource:
    """The card in a file, with its weights where they are here.

    Raises:
        CardError: If the card is not valid, or the file it names is missing.
    """
    card = read_card(card_path)
    weights = card.weights
    if weights.file is not None:
        path = card_path.parent / weights.file
        if not path.is_file():
            raise CardError(f"{card_path}: its weights {path} are missing.")
        return ModelSource(card=card, weights_path=path, sha256=weights.sha256)
    cached = cached_weights_path(card)
    if cached is None or not cached.is_file():
        return ModelSource(card=card, weights_path=None, sha256=weights.sha256)
    return ModelSource(
        card=card, weights_path=cached, sha256=weights.sha256 or recorded_sha256(cached)
    )


def cached_weights_path(card: ModelCard) -> Path | None:
    """Where the card's download is or will be; None for a card without an address."""
    if card.weights.url is None:
        return None
    name = PurePosixPath(unquote(urlsplit(card.weights.url).path)).name
    if not name or name in (".", "..") or "\\" in name:
        raise CardError(f"{card.name}: the address {card.weights.url} ends in no file name.")
    return cache_folder() / card.name / name


def digest_path(weights_path: Path) -> Path:
    """The file beside a download that records its SHA-256."""
    return weights_path.with_name(weights_path.name + ".sha256")


def recorded_sha256(weights_path: Path) -> str | None:
    """The digest recorded when the file was downloaded, or None."""
    try:
        words = digest_path(weights_path).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{digest_path(weights_path)}: cannot be read ({error}).") from error
    if not words or not re.fullmatch(r"[0-9a-f]{64}", words[0]):
        raise CardError(f"{digest_path(weights_path)}: holds no SHA-256.", remedy="Delete it.")
    return words[0]


def weights_absent(source: ModelSource) -> ModelError:
    """The error for a card whose weights are not here, with the way to get them."""
    card = source.card
    if card.weights.url is None:
        return ModelError(
            f"There are no weights to be had for {card.name}: {card.weights.origin}.",
            remedy="Give the path of a .pth or .safetensors file instead of the name.",
        )
    return ModelError(
        f"The weights of {card.name} are not on this machine.",
        remedy=f"Fetch them once with: yolact models pull {card.name}",
    )


def _from_weights_file(path: Path) -> ModelSource:
    path = _existing(path)
    text = read_embedded_card(path) if path.suffix == ".safetensors" else None
    if text is not None:
        if len(text) > MAX_CARD_BYTES:
            raise CardError(f"{path}: the card it carries is too large.")
        return ModelSource(card=parse_card(text, where=f"{path} (its card)"), weights_path=path)
    beside = path.with_suffix(".toml")
    if beside.is_file():
        card = read_card(beside)
        promised = card.weights.sha256 if card.weights.file == path.name else None
        return ModelSource(card=card, weights_path=path, sha256=promised)
    card = read_card(_card_of_released_file(path))
    return ModelSource(card=card, weights_path=path, sha256=recorded_sha256(path))


def _from_graph_file(path: Path) -> ModelSource:
    path = _existing(path)
    beside = path.with_suffix(".toml")
    if beside.is_file():
        source = source_of_card(beside)
        if source.card.graph is not None and source.card.weights.file == path.name:
            return source
    raise UnknownModelError(
        f"{path}: there is no card beside it that says what it is.",
        remedy=f"'yolact models export' writes {beside.name} together with the graph.",
    )


def _card_of_released_file(path: Path) -> Path:
    released = RELEASED_STEM.fullmatch(path.stem)
    config = released["config"] if released else path.stem
    card_path = card_paths().get(config)
    if card_path is None:
        raise _cardless(path)
    return card_path


def _cardless(path: Path) -> ModelError:
    # Looked into first: a card would not help a file that is no network. Only this needs torch.
    from yolact_cli.zoo.checkpoint import read_tensors
    from yolact_cli.zoo.mismatch import backbone_only

    return backbone_only(read_tensors(path), path) or UnknownModelError(
        f"{path}: its name does not tell which network it is for "
        "(<model>_<epoch>_<iteration>.pth would).",
        remedy=f"Put a model card beside it as {path.with_suffix('.toml').name}. "
        f"Known models are {', '.join(card_paths())}.",
    )


def _card_of_name(name: str) -> Path:
    cards = card_paths()
    if name in cards:
        return cards[name]
    close = difflib.get_close_matches(name, cards, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    raise UnknownModelError(
        f"There is no model {name!r}.",
        remedy=f"{hint}Give one of {', '.join(cards)}, or the path of a .toml card or of a .pth, "
        ".safetensors, .onnx or .xml file.",
    )


def _existing(path: Path) -> Path:
    if path.is_dir():
        raise UnknownModelError(f"{path}: is a folder, not a file.")
    if not path.is_file():
        raise UnknownModelError(f"{path}: there is no such file.")
    return path
