"""ONNX Runtime on a device that runs whole batches, with sessions that stand in for a GPU's."""

from types import SimpleNamespace

import numpy as np
import pytest

from yolact_cli.errors import DeviceError, WeightsMismatchError
from yolact_cli.inference.runtimes import onnx_runtime
from yolact_cli.inference.runtimes.graph import (
    PIXELS,
    GraphBytes,
    GraphPair,
    GraphRuntime,
    output_shapes,
)
from yolact_cli.inference.selection import Selection
from yolact_cli.network.config import AnchorConfig, NetworkConfig

CONFIG = NetworkConfig(
    backbone="efficientnet_lite0",
    num_classes=3,
    input_size=64,
    anchors=AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (96.0,))),
    num_prototypes=4,
)
NO_ROOM = [
    RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size"),
    RuntimeError("CUDA failure 2: out of memory ; GPU=0"),
]


class Session:
    """Gives each picture's first value back as its prototypes, for as many as there is room."""

    def __init__(self, *, room=8, batch="batch", error=NO_ROOM[0]):
        self.room, self.batch, self.error = room, batch, error
        self.batches = []

    def get_inputs(self):
        return [self._port(PIXELS, (64, 64, 3))]

    def get_outputs(self):
        return [self._port(name, shape) for name, shape in output_shapes(CONFIG).items()]

    def _port(self, name, shape):
        return SimpleNamespace(name=name, shape=[self.batch, *shape], type="tensor(float)")

    def run(self, names, feeds):
        pixels = feeds[PIXELS]
        self.batches.append(len(pixels))
        if len(pixels) > self.room:
            raise self.error
        shapes = output_shapes(CONFIG)
        firsts = pixels[:, 0, 0, 0]
        return [
            np.ones((len(pixels), *shapes[name]), np.float32)
            * firsts.reshape(-1, *[1] * len(shapes[name]))
            for name in names
        ]


@pytest.fixture
def make_runtime(monkeypatch):
    """``make_runtime(session)``: on a GPU, as far as it knows."""

    def build(session):
        monkeypatch.setattr(onnx_runtime, "_providers", lambda device: [])
        monkeypatch.setattr(onnx_runtime, "_session", lambda graph, providers: session)
        graphs = GraphPair(network=GraphBytes(model=b""))
        engine = onnx_runtime.OnnxEngine(graphs, config=CONFIG, device="cuda")
        return GraphRuntime(engine, config=CONFIG, selection=Selection())

    return build


@pytest.fixture
def pixels():
    pictures = np.zeros((5, 64, 64, 3), np.uint8)
    pictures[:, 0, 0, 0] = range(5)
    return pictures


def seen(raw):
    return raw.prototypes[:, 0, 0, 0].tolist()


def test_a_batch_is_run_whole_and_pictures_keep_their_order(make_runtime, pixels):
    session = Session()
    assert seen(make_runtime(session).raw(pixels)) == [0, 1, 2, 3, 4]
    assert session.batches == [5]


@pytest.mark.parametrize("error", NO_ROOM)
def test_a_batch_that_does_not_fit_is_halved_and_remembered(make_runtime, pixels, error):
    session = Session(room=1, error=error)
    runtime = make_runtime(session)
    assert seen(runtime.raw(pixels)) == [0, 1, 2, 3, 4]
    assert runtime.largest_batch == 1
    session.batches.clear()
    runtime.raw(pixels)
    assert session.batches == [1] * 5


def test_no_room_for_one_picture_is_an_error(make_runtime, pixels):
    with pytest.raises(DeviceError, match="One picture does not fit into the memory of cuda"):
        make_runtime(Session(room=0)).raw(pixels)


def test_other_errors_are_told_as_they_are(make_runtime, pixels):
    with pytest.raises(RuntimeError, match="broken"):
        make_runtime(Session(room=0, error=RuntimeError("broken"))).raw(pixels)


def test_halves_of_an_earlier_attempt_are_gone_on_with(make_runtime, pixels):
    session = Session()
    runtime = make_runtime(session)
    runtime.largest_batch = 2
    assert seen(runtime.raw(pixels)) == [0, 1, 2, 3, 4]
    assert session.batches == [2, 2, 1]


def test_a_graph_for_batches_of_one_length_is_refused(make_runtime):
    with pytest.raises(WeightsMismatchError, match="for batches of 2"):
        make_runtime(Session(batch=2))
