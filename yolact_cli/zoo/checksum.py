"""What tells one model's weights from another's. No torch."""

import hashlib

from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.resolve import ModelSource, weights_absent


def weights_checksum(source: ModelSource) -> str:
    """SHA-256 of the weights, for manifests and run identities; of a graph, of all its files.

    Raises:
        ModelError: If the weights are not on this machine.
    """
    path, graph = source.weights_path, source.card.graph
    if path is None:
        raise weights_absent(source)
    if graph is None or not graph.files:
        return sha256_of_path(path)
    names = (path.name, *sorted(graph.files))
    digests = [f"{name} {sha256_of_path(path.with_name(name))}" for name in names]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
