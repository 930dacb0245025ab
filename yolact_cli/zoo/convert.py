"""A checkpoint to safetensors, its card inside: read once with care, from then on plain data.

The reading happens in a process of its own with bounded memory, so that a file that breaks the
reader breaks nothing else.
"""

import dataclasses
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch
from safetensors.torch import save_file

from yolact_cli.errors import NotACheckpointError, OutputExistsError
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.card import ModelCard, card_to_toml
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.resolve import ModelSource, weights_absent
from yolact_cli.zoo.safetensors_header import CARD_KEY
from yolact_cli.zoo.weights import checked_weights

# The file itself, its float32 copy and the copy being written, beside what the reader needs.
COPIES = 4
SPARE_BYTES = 2 << 30


def convert_weights(source: ModelSource, out: Path, *, keep_existing: bool = True) -> str:
    """Write ``out`` with the source's weights in float32 and its card; gives its SHA-256.

    The semantic head is kept where the file has a whole one, so that training can go on from it.

    Args:
        source: With weights on this machine.
        out: Named ``.safetensors``.
        keep_existing: Refuse to replace a file.

    Raises:
        OutputExistsError: If ``out`` is there and ``keep_existing``.
        ModelError: If the weights are not here or fail any check of loading.
    """
    if source.weights_path is None:
        raise weights_absent(source)
    if keep_existing and out.exists():
        raise OutputExistsError(
            f"{out} is there already.", remedy="Give --overwrite to replace it."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    limit = COPIES * source.weights_path.stat().st_size + SPARE_BYTES
    try:
        _in_own_process(source, part, limit)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return sha256_of_path(out)


def _in_own_process(source: ModelSource, part: Path, limit_bytes: int) -> None:
    # spawn: a copy of this process would bring its memory and its threads' locks along
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        1, mp_context=context, initializer=_limit_memory, initargs=(limit_bytes,)
    ) as pool:
        try:
            pool.submit(write_safetensors, source, part).result()
        except (BrokenProcessPool, MemoryError) as error:
            raise NotACheckpointError(
                f"{source.weights_path}: reading it broke the reader or took more than "
                f"{limit_bytes:,} bytes.",
                remedy="Do not use this file.",
            ) from error


def _limit_memory(extra_bytes: int) -> None:
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    used_kib = next(int(line.split()[1]) for line in status.splitlines() if "VmData" in line)
    limit = used_kib * 1024 + extra_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def write_safetensors(source: ModelSource, path: Path) -> None:
    """Check the source's weights as loading does, and write them with the card.

    Raises:
        ModelError: If any check fails.
    """
    if source.weights_path is None:
        raise weights_absent(source)
    with torch.device("meta"):
        wanted = Yolact(source.card.network).state_dict()
    weights = checked_weights(wanted, source.weights_path, sha256=source.sha256)
    digest = sha256_of_path(source.weights_path)
    origin = f"{source.card.weights.origin}; converted from a file of SHA-256 {digest}"
    save_file(weights, path, metadata={CARD_KEY: card_to_toml(_alone(source.card, origin))})


def _alone(card: ModelCard, origin: str) -> ModelCard:
    weights = dataclasses.replace(
        card.weights, file=None, url=None, sha256=None, size_bytes=None, origin=origin
    )
    return dataclasses.replace(card, weights=weights)
