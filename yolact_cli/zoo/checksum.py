"""What tells one model's weights from another's. No torch."""

import dataclasses
import hashlib

from yolact_cli.errors import ModelError
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.resolve import ModelSource, weights_absent


def weights_checksum(source: ModelSource) -> str:
    """SHA-256 of the weights, for manifests and run identities; of a graph, of all its files.

    Raises:
        ModelError: If the weights are not on this machine, or may not be read.
    """
    path, graph = source.weights_path, source.card.graph
    if path is None:
        raise weights_absent(source)
    try:
        if graph is None or not graph.files:
            return sha256_of_path(path)
        names = (path.name, *sorted(graph.files))
        digests = [f"{name} {sha256_of_path(path.with_name(name))}" for name in names]
    except OSError as error:
        where, reason = error.filename or path, error.strerror or error
        raise ModelError(f"{where}: cannot be read ({reason}).") from error
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def pinned(source: ModelSource, checksum: str) -> ModelSource:
    """The source, of which nothing but what was found now is loaded later.

    A training may replace its weights at any time. What somebody promised stays the promise, and a
    graph's card promises all its files.

    Args:
        source: With weights on this machine.
        checksum: What :func:`weights_checksum` gave.
    """
    if source.sha256 is not None or source.card.graph is not None:
        return source
    return dataclasses.replace(source, sha256=checksum)
