"""The weights a card names, from its address into the user's cache."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from yolact_cli.errors import ModelError
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.resolve import (
    ModelSource,
    cached_weights_path,
    digest_path,
    recorded_sha256,
    weights_absent,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledWeights:
    """A file in the cache.

    Attributes:
        path: Where it is.
        sha256: Its digest, required from now on.
        was_here: Whether nothing had to be fetched.
    """

    path: Path
    sha256: str
    was_here: bool


def pull_weights(
    card: ModelCard,
    *,
    is_offline: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> PulledWeights:
    """Make sure the card's weights are in the cache, whole and as promised.

    Processes that want the same file wait for one another.

    Args:
        card: With an address under [weights].
        is_offline: Only look at what is here; nothing is sent anywhere.
        progress: Called with the bytes that are here and, where known, the bytes in all.

    Raises:
        ModelError: If the card has no address, or the file is not here and ``is_offline``.
        ChecksumError: If the host sends other bytes than it, or the card, or an earlier download
            promised.
        DownloadError: If the host does not deliver.
        DiskFullError: If the file does not fit.
    """
    path = cached_weights_path(card)
    if path is None or card.weights.url is None:
        raise weights_absent(ModelSource(card=card, weights_path=None))
    required = card.weights.sha256 or recorded_sha256(path)
    here = _already_here(path, required)
    if here is not None:
        return here
    if is_offline:
        raise ModelError(
            f"The weights of {card.name} are not in {path.parent}, and --offline was given.",
            remedy="Copy the file there, or give its path as --model.",
        )
    with _lock(path):
        here = _already_here(path, card.weights.sha256 or recorded_sha256(path))
        return here or _fetch(card.weights.url, path, required, progress)


def _already_here(path: Path, required: str | None) -> PulledWeights | None:
    if not path.is_file():
        return None
    found = sha256_of_path(path)
    if required is not None and found != required:
        log.warning("%s is not as recorded, it is fetched anew", path)
        return None
    if required is None:
        _record(path, found)
    return PulledWeights(path=path, sha256=found, was_here=True)


def _fetch(
    url: str,
    path: Path,
    required: str | None,
    progress: Callable[[int, int | None], None] | None,
) -> PulledWeights:
    # Imported here so that what is offline never loads code that could open a connection.
    from yolact_cli.zoo.download import download

    found = download(url, path, sha256=required, progress=progress)
    _record(path, found)
    return PulledWeights(path=path, sha256=found, was_here=False)


def _record(path: Path, sha256: str) -> None:
    digest_path(path).write_text(f"{sha256}  {path.name}\n", encoding="ascii")


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock")
    try:
        with lock.acquire(timeout=0):
            pass
    except Timeout:
        log.warning("Another process is fetching %s; waiting for it", path.name)
    return lock
