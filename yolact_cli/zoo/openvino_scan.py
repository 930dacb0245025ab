"""A look at a graph in OpenVINO's XML without the library: what does it ask for?"""

from xml.etree import ElementTree

from yolact_cli.zoo.onnx_scan import MAX_NODES, GraphRefusedError

MAX_XML_BYTES = 64 << 20

# What the networks' graphs consist of, quantised ones too.
LAYERS = frozenset({
    "Add", "AvgPool", "Broadcast", "Ceiling", "Clamp", "Concat", "Const", "Convert",
    "Convolution", "DeformableConvolution", "Divide", "FakeQuantize", "Floor", "Gather",
    "GroupConvolution", "Interpolate", "MaxPool", "Maximum", "Minimum", "Multiply", "PReLU",
    "Pad", "Parameter", "Power", "ReLU", "ReduceMax", "Reshape", "Result", "ShapeOf", "Sigmoid",
    "Slice", "Split", "Squeeze", "StridedSlice", "Subtract", "Tanh", "Transpose", "Unsqueeze",
    "VariadicSplit",
})  # fmt: skip


def scan_openvino(xml: bytes, *, weights_bytes: int) -> None:
    """Do nothing for a graph that OpenVINO may read.

    Raises:
        GraphRefusedError: It is no such XML, has layers that YOLACT does not need, or constants
            outside its weights.
    """
    if len(xml) > MAX_XML_BYTES:
        raise GraphRefusedError("its XML is implausibly large")
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise GraphRefusedError("its XML defines entities, which no graph needs")
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - entities were refused above
    except ElementTree.ParseError as error:
        raise GraphRefusedError(f"its XML cannot be read ({error})") from error
    layers = root.findall("layers/layer")
    if root.tag != "net" or not layers:
        raise GraphRefusedError("it holds no graph")
    if len(layers) > MAX_NODES:
        raise GraphRefusedError("its graph is implausibly large")
    for element in root.iter():
        if any("{" in name for name in (element.tag, *element.keys())):
            raise GraphRefusedError("its XML has namespaces, which no graph needs")
        if element.tag == "layer":
            _check_layer(element, weights_bytes)


def _check_layer(layer: ElementTree.Element, weights_bytes: int) -> None:
    kind = layer.get("type", "")
    if kind not in LAYERS:
        raise GraphRefusedError(f"it has a layer {kind[:40]!r}")
    if kind != "Const":
        return
    data = layer.find("data")
    fields = (data.get("offset", ""), data.get("size", "")) if data is not None else ("", "")
    if not all(field.isascii() and field.isdecimal() for field in fields):
        raise GraphRefusedError("a constant of it has no place in the weights")
    if int(fields[0]) + int(fields[1]) > weights_bytes:
        raise GraphRefusedError("a constant of it lies outside its weights")
