"""A graph's files, checked before any runtime sees them. No torch, no runtime.

Size, digest, then the file's own structure: nothing outside the card's list of files is read, no
operator is passed on that YOLACT does not need, and nothing is run. How much memory a graph within
these limits may have is the runtime's to bound.
"""

from dataclasses import dataclass
from pathlib import Path

from yolact_cli.errors import CardError, NotACheckpointError
from yolact_cli.zoo.container import MAX_CHECKPOINT_BYTES
from yolact_cli.zoo.digest import check_digest, sha256_of
from yolact_cli.zoo.onnx_scan import GraphRefusedError, scan_onnx
from yolact_cli.zoo.openvino_scan import scan_openvino
from yolact_cli.zoo.resolve import ModelSource, weights_absent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphFile:
    """One graph's bytes; those of its weights are empty where they are inside."""

    model: bytes
    weights: bytes = b""


def read_graphs(source: ModelSource) -> tuple[GraphFile, GraphFile | None]:
    """The graphs of the network and of its rescoring branch, where it has one.

    Each file is read once: what was checked is what is used.

    Raises:
        CardError: A file that the card names is not there, or the card has no graph.
        ChecksumError: A file is not the promised one.
        NotACheckpointError: A file is oversized, broken, or asks for what no export asks for.
    """
    path, graph = source.weights_path, source.card.graph
    if path is None:
        raise weights_absent(source)
    if graph is None:
        raise CardError(f"{source.card.name}: the card has no [graph].")
    digests = {name: str(digest) for name, digest in graph.files.items()}
    digests[path.name] = str(source.card.weights.sha256)
    network = _read_graph(path, digests, runtime=graph.runtime)
    if graph.rescoring_file is None:
        return network, None
    rescoring = path.with_name(graph.rescoring_file)
    return network, _read_graph(rescoring, digests, runtime=graph.runtime)


def _read_graph(path: Path, digests: dict[str, str], *, runtime: str) -> GraphFile:
    model = _read_checked(path, digests)
    weights = b""
    if runtime == "openvino":
        weights = _read_checked(path.with_suffix(".bin"), digests)
    try:
        if runtime == "openvino":
            scan_openvino(model, weights_bytes=len(weights))
        else:
            scan_onnx(model)
    except GraphRefusedError as error:
        raise NotACheckpointError(
            f"{path}: not a graph that can be used: {error}.",
            remedy="Nothing of it was run. Export the model again.",
        ) from error
    return GraphFile(model=model, weights=weights)


def _read_checked(path: Path, digests: dict[str, str]) -> bytes:
    if path.name not in digests:
        raise CardError(f"{path}: belongs to the graph, but [graph.files] does not list it.")
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            if size_bytes > MAX_CHECKPOINT_BYTES:
                raise NotACheckpointError(
                    f"{path}: {size_bytes:,} bytes; no graph above {MAX_CHECKPOINT_BYTES:,} is "
                    "opened."
                )
            check_digest(sha256_of(file), digests[path.name], path)
            file.seek(0)
            return file.read(size_bytes)
    except OSError as error:
        raise CardError(f"{path}: cannot be read ({error.strerror or error}).") from error
