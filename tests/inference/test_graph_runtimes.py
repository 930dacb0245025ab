"""Networks as graphs: the same outputs as torch's, picture by picture."""

import copy
import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from yolact_cli.errors import OutputError, WeightsMismatchError
from yolact_cli.inference.runtimes.graph import (
    MASK_IOUS,
    MASKS,
    OUTPUTS,
    PIXELS,
    GraphPair,
    GraphRuntime,
    Port,
    anchors_of,
    network_problem,
    output_shapes,
    rescoring_problem,
)
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.backbones.deformable import DeformableConv
from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.openvino_scan import scan_openvino

NORMALISATION = Normalisation(mean=(120.0, 110.0, 100.0), std=(60.0, 60.0, 60.0))
# 256 px is the least whose prototypes the rescoring branch can halve five times.
CONFIG = NetworkConfig(
    backbone="efficientnet_lite0",
    num_classes=3,
    input_size=256,
    anchors=AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (96.0,))),
    fpn_channels=8,
    num_prototypes=4,
    proto_channels=8,
    mask_rescoring=True,
)
SELECTION = Selection(score_threshold=0.3)
# torch's exporter to ONNX takes many seconds whatever the network
RUNTIMES = ["openvino", pytest.param("onnx", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Yolact(CONFIG).eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def graphs(network):
    """``graphs("onnx")``: made once for all tests."""
    made = {}

    def build(name):
        if name not in made:
            made[name] = make_graphs(name, network)
        return made[name]

    return build


@pytest.fixture(params=RUNTIMES)
def engine(request, graphs):
    return make_engine(request.param, graphs(request.param), CONFIG)


def make_graphs(name, network):
    if name == "openvino":
        pytest.importorskip("openvino", reason="needs openvino, which is not installed")
        from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs

        return openvino_graphs(network, NORMALISATION)
    pytest.importorskip("onnxscript", reason="needs onnxscript, which is not installed")
    pytest.importorskip("onnxruntime", reason="needs onnxruntime, which is not installed")
    from yolact_cli.inference.runtimes.onnx_graph import onnx_graphs

    return onnx_graphs(network, NORMALISATION)


def make_engine(name, graphs, config):
    """Of graphs, whatever the config says they are."""
    if name == "openvino":
        from yolact_cli.inference.runtimes.openvino_runtime import OpenVinoEngine, compile_graph

        options = {"device": "CPU", "precision": "fp32"}
        rescoring = compile_graph(graphs.rescoring, **options, pictures=None)
        return OpenVinoEngine(compile_graph(graphs.network, **options), rescoring, config=config)
    from yolact_cli.inference.runtimes.onnx_runtime import OnnxEngine

    return OnnxEngine(graphs, config=config, device="cpu")


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 255, (3, 256, 256, 3), np.uint8)


def test_graph_gives_what_torch_gives(engine, network, pixels):
    ours = GraphRuntime(engine, config=CONFIG, selection=SELECTION)
    theirs = TorchRuntime(
        copy.deepcopy(network),  # which is changed
        normalisation=NORMALISATION,
        device=torch.device("cpu"),
        selection=SELECTION,
    )
    found, expected = ours.raw(pixels), theirs.raw(pixels)
    for name in ("box_offsets", "class_probabilities", "mask_coefficients", "prototypes"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-4)
    np.testing.assert_array_equal(found.anchors_cxcywh_norm, expected.anchors_cxcywh_norm)
    for one, other in zip(ours.run(pixels), theirs.run(pixels), strict=True):
        assert one.class_ids.tolist() == other.class_ids.tolist()
        np.testing.assert_allclose(one.boxes_xyxy_norm, other.boxes_xyxy_norm, atol=1e-4)
        np.testing.assert_allclose(one.mask_ious, other.mask_ious, atol=1e-4)


def test_picture_gives_the_same_bytes_in_any_batch(engine, pixels):
    runtime = GraphRuntime(engine, config=CONFIG, selection=SELECTION)
    together = runtime.run(pixels)
    for place, batched in enumerate(together):
        (alone,) = runtime.run(pixels[place : place + 1])
        assert alone.scores.tobytes() == batched.scores.tobytes()
        assert alone.prototypes.tobytes() == batched.prototypes.tobytes()


def test_batches_under_way_together_do_not_mix(engine, pixels):
    runtime = GraphRuntime(engine, config=CONFIG, selection=SELECTION)
    alone = [runtime.run(pixels), runtime.run(pixels[::-1])]
    ends = [runtime.start(pixels), runtime.start(pixels[::-1])]
    for expected, end in zip(alone, ends, strict=True):
        for one, other in zip(expected, end(), strict=True):
            assert one.scores.tobytes() == other.scores.tobytes()
            assert one.prototypes.tobytes() == other.prototypes.tobytes()


def test_what_was_found_stays_while_other_pictures_are_run(engine, pixels):
    runtime = GraphRuntime(engine, config=CONFIG, selection=SELECTION)
    found = runtime.run(pixels)
    before = [one.prototypes.copy() for one in found]
    for _ in range(3):
        runtime.run(pixels[::-1] / 2)
    for one, prototypes in zip(found, before, strict=True):
        assert one.prototypes.tobytes() == prototypes.tobytes()


def test_outputs_that_nobody_takes_leave_the_engine_usable(engine, pixels):
    expected = [one.prototypes.tobytes() for one in engine.infer(pixels.astype(np.float32))]
    for taken in (1, 2):
        outputs = engine.infer(pixels[::-1].astype(np.float32))
        for _ in range(taken):
            next(outputs)
        outputs.close()
    again = [one.prototypes.tobytes() for one in engine.infer(pixels.astype(np.float32))]
    assert again == expected


def kept_in_float32(graph):
    root = ElementTree.fromstring(graph.model)
    return {
        layer.get("name")
        for layer in root.iterfind("layers/layer")
        if layer.find("rt_info/attribute[@name='precise']") is not None
    }


def test_backbone_and_head_are_marked_for_float32(graphs):
    kept = kept_in_float32(graphs("openvino").network)
    convolutions = [name for name in kept if name.startswith("Multiply")]
    # The stem, one convolution less in the first block, which widens nothing, and fifteen blocks;
    # only the very last, whose output is the pyramid's alone, passes for a part of that.
    assert len(convolutions) == 1 + 2 + 15 * 3 - 1
    for part in ("conf_layer", "bbox_layer", "mask_layer", "upfeature"):
        assert any(part in name for name in kept)
    assert not any("proto_net" in name or "fpn" in name for name in kept)


def test_graph_with_marks_may_be_read_again(graphs):
    graph = graphs("openvino").network
    scan_openvino(graph.model, weights_bytes=len(graph.weights))


def test_network_of_plain_convolutions_has_no_marks():
    pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs

    config = dataclasses.replace(CONFIG, backbone="resnet50", mask_rescoring=False)
    network = Yolact(config).eval().requires_grad_(requires_grad=False)
    assert not kept_in_float32(openvino_graphs(network, NORMALISATION).network)


def test_folder_for_temporary_files_that_is_full_is_told(network):
    pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    resource = pytest.importorskip("resource", reason="needs limits on files' sizes")
    from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"converted model cannot be written.*TMPDIR"):
            openvino_graphs(network, NORMALISATION)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_no_pictures_give_no_candidates(engine, pixels):
    runtime = GraphRuntime(engine, config=CONFIG, selection=SELECTION)
    assert runtime.run(pixels[:0]) == []
    assert runtime.raw(pixels[:0]).prototypes.shape == (0, 64, 64, 4)


def test_threshold_that_nothing_passes_gives_empty_candidates(engine, pixels):
    runtime = GraphRuntime(engine, config=CONFIG, selection=Selection(score_threshold=0.9999))
    candidates = runtime.run(pixels)[0]
    assert candidates.boxes_xyxy_norm.shape == (0, 4)
    assert candidates.mask_ious.shape == (0,)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_graph_of_another_network_is_refused(runtime, graphs):
    other = dataclasses.replace(CONFIG, num_classes=7)
    with pytest.raises(WeightsMismatchError, match="class_logits"):
        make_engine(runtime, graphs(runtime), other)


PORTS = [Port(name=PIXELS, shape=(None, 256, 256, 3), is_float32=True)]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([], "takes nothing"),
        ([*PORTS, *PORTS], "pixels .*, pixels"),
        ([dataclasses.replace(PORTS[0], name="image")], "takes image"),
        ([dataclasses.replace(PORTS[0], shape=(None, 3, 256, 256))], "3, 256, 256"),
        ([dataclasses.replace(PORTS[0], shape=())], "not pixels of 256 x 256 x 3"),
        ([dataclasses.replace(PORTS[0], is_float32=False)], "float32 alone"),
    ],
)
def test_graph_that_takes_anything_but_pictures_is_refused(inputs, reason):
    outputs = [
        Port(name=name, shape=(None, *shape), is_float32=True)
        for name, shape in output_shapes(CONFIG).items()
    ]
    assert network_problem(PORTS, outputs, CONFIG) is None
    assert re.search(reason, network_problem(inputs, outputs, CONFIG))


def test_rescoring_branch_of_another_network_is_refused():
    rows, columns, _ = output_shapes(CONFIG)["prototypes"]
    inputs = [Port(name=MASKS, shape=(None, rows, columns), is_float32=True)]
    outputs = [Port(name=MASK_IOUS, shape=(None, CONFIG.num_classes), is_float32=True)]
    assert rescoring_problem(inputs, outputs, CONFIG) is None
    assert "not for" in rescoring_problem(
        inputs, [dataclasses.replace(outputs[0], shape=(None, CONFIG.num_classes - 1))], CONFIG
    )
    assert "takes pixels" in rescoring_problem(PORTS, outputs, CONFIG)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_graphs_that_changed_places_are_refused(runtime, graphs):
    made = graphs(runtime)
    swapped = GraphPair(network=made.network, rescoring=made.network)
    with pytest.raises(WeightsMismatchError, match="mask_ious"):
        make_engine(runtime, swapped, CONFIG)


COMPILED_WITH = ("INFERENCE_PRECISION_HINT", "NUM_STREAMS", "INFERENCE_NUM_THREADS")


def test_what_was_compiled_before_runs_as_it_did_then(graphs, pixels):
    """Left alone, the library would run it in one stream, and in bf16 on new processors."""
    network = graphs("openvino").network
    from yolact_cli.inference.runtimes import openvino_runtime as runtime

    options = {"device": "CPU", "precision": "fp32"}
    compiled = runtime.compile_graph(network, **options)
    loaded = runtime.load_compiled(runtime.save_compiled(compiled), **options)
    for name in COMPILED_WITH:
        assert loaded.get_property(name) == compiled.get_property(name), name
    picture = [pixels[:1].astype(np.float32)]
    for name in OUTPUTS:
        assert loaded(picture)[name].tobytes() == compiled(picture)[name].tobytes()


def test_anchors_are_those_of_the_network(network):
    outputs = network(torch.zeros(1, 3, 256, 256))
    np.testing.assert_array_equal(anchors_of(CONFIG), network.anchors(outputs).numpy())


@pytest.fixture(scope="module")
def deformable():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layer = DeformableConv(4, 6, stride=2).eval().requires_grad_(requires_grad=False)
        layer.conv_offset_mask.weight.normal_(0, 0.5)
        return layer, torch.randn(2, 4, 15, 15)


def test_deformable_convolution_goes_through_openvino(deformable):
    openvino = pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    from yolact_cli.inference.runtimes import openvino_graph

    layer, features = deformable
    graph = openvino_graph._graph(layer, features, "x", ("y",))
    core = openvino.Core()
    model = core.read_model(model=graph.model, weights=graph.weights)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_allclose(compiled(features.numpy())[0], layer(features).numpy(), atol=1e-4)


@pytest.mark.slow
def test_deformable_convolution_goes_through_onnx(deformable):
    pytest.importorskip("onnxscript", reason="needs onnxscript, which is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    from yolact_cli.inference.runtimes import onnx_graph

    layer, features = deformable
    graph = onnx_graph._graph(layer, features, "x", ("y",))
    session = onnxruntime.InferenceSession(graph.model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": features.numpy()[:1]})
    np.testing.assert_allclose(found, layer(features[:1]).numpy(), atol=1e-4)
