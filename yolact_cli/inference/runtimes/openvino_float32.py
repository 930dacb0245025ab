"""Layers of a graph of OpenVINO's marked to be computed in float32 whatever the precision is.

The mark is an attribute in the graph's XML ("precise"), which Python cannot set on a model.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from xml.etree import ElementTree

from yolact_cli.inference.runtimes.graph import GraphBytes

_NOT_COMPUTED = ("Const", "Parameter", "Result")
_TRACED = "__module."
"""Begins the name of what came from a torch module; what OpenVINO made itself has other names."""


def keep_float32(graph: GraphBytes, modules: Iterable[str]) -> GraphBytes:
    """The graph with all that these modules compute marked.

    Args:
        graph: Converted from a traced module.
        modules: Names in that module.
    """
    root = ElementTree.fromstring(graph.model)  # noqa: S314 - OpenVINO has just written it
    starts = tuple(f"{_TRACED}{name}{end}" for name in modules for end in "./")
    consumers = defaultdict(set)
    for edge in root.iterfind("edges/edge"):
        consumers[edge.get("from-layer")].add(edge.get("to-layer"))
    marked: set[str | None] = set()
    for layer in reversed(root.findall("layers/layer")):  # what takes a layer's output comes after
        name, taken_by = layer.get("name", ""), consumers[layer.get("id")]
        if layer.get("type") in _NOT_COMPUTED:
            continue
        # A norm folded into a convolution leaves the convolution without the module's name.
        is_folded = not name.startswith(_TRACED) and bool(taken_by) and taken_by <= marked
        if is_folded or name.startswith(starts):
            marked.add(layer.get("id"))
            _mark(layer)
    return replace(graph, model=ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _mark(layer: ElementTree.Element) -> None:
    info = layer.find("rt_info")
    if info is None:
        info = ElementTree.Element("rt_info")
        layer.insert(0 if layer.find("data") is None else 1, info)
    ElementTree.SubElement(info, "attribute", name="precise", version="0")
