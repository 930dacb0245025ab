"""The network run by torch."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from yolact_cli.errors import DeviceError
from yolact_cli.inference.runtimes.device_copies import StreamCopies
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.yolact import Yolact

NORMALISATION = Normalisation(mean=(120.0, 110.0, 100.0), std=(60.0, 60.0, 60.0))


@pytest.fixture
def make_runtime() -> Callable[..., TorchRuntime]:
    def build(*, mask_rescoring: bool = False, **options) -> TorchRuntime:
        torch.manual_seed(0)
        config = NetworkConfig(
            backbone="efficientnet_lite0",
            num_classes=3,
            input_size=96,
            anchors=AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (96.0,))),
            fpn_channels=16,
            num_prototypes=8,
            proto_channels=16,
            mask_rescoring=mask_rescoring,
        )
        network = Yolact(config)
        if mask_rescoring:  # 24 x 24 prototypes are too few for five strides of two
            network.maskiou_net = _ConstantIou()
        return TorchRuntime(
            network, normalisation=NORMALISATION, device=torch.device("cpu"), **options
        )

    return build


class _ConstantIou(torch.nn.Module):
    def forward(self, soft_masks: torch.Tensor, class_ids: torch.Tensor) -> torch.Tensor:
        return soft_masks.new_full((len(soft_masks),), 0.5)


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (3, 96, 96, 3), np.uint8)


def test_batch_gives_what_single_pictures_give(make_runtime, pixels) -> None:
    runtime = make_runtime()
    together = runtime.run(pixels)
    for index, batched in enumerate(together):
        (alone,) = runtime.run(pixels[index : index + 1])
        np.testing.assert_allclose(batched.scores, alone.scores, atol=1e-5)
        np.testing.assert_allclose(batched.prototypes, alone.prototypes, atol=1e-4)


def test_same_batch_gives_the_same_bytes(make_runtime, pixels) -> None:
    runtime = make_runtime()
    first, second = runtime.run(pixels), runtime.run(pixels)
    assert first[1].mask_coefficients.tobytes() == second[1].mask_coefficients.tobytes()


def test_candidates_are_sorted_and_capped(make_runtime, pixels) -> None:
    scores = make_runtime().run(pixels)[0].scores
    assert 0 < len(scores) <= 100
    assert (np.diff(scores) <= 0).all()


def test_float_and_whole_pixels_give_the_same(make_runtime, pixels) -> None:
    runtime = make_runtime()
    whole, floats = runtime.run(pixels), runtime.run(pixels.astype(np.float32))
    np.testing.assert_array_equal(whole[0].scores, floats[0].scores)


def test_no_pictures_give_no_candidates(make_runtime, pixels) -> None:
    assert make_runtime().run(pixels[:0]) == []


def test_threshold_that_nothing_passes_gives_empty_candidates(make_runtime, pixels) -> None:
    runtime = make_runtime(selection=Selection(score_threshold=0.999), mask_rescoring=True)
    candidates = runtime.run(pixels)[0]
    assert candidates.boxes_xyxy_norm.shape == (0, 4)
    assert candidates.mask_ious is not None
    assert len(candidates.mask_ious) == 0


def test_rescoring_network_gives_mask_ious(make_runtime, pixels) -> None:
    candidates = make_runtime(mask_rescoring=True).run(pixels)[0]
    assert candidates.mask_ious is not None
    assert candidates.mask_ious.shape == candidates.scores.shape


def test_reduced_precision_is_close_and_comes_back_as_float32(make_runtime, pixels) -> None:
    full, reduced = make_runtime().raw(pixels), make_runtime(precision="bf16").raw(pixels)
    assert reduced.prototypes.dtype == np.float32
    np.testing.assert_allclose(reduced.class_probabilities, full.class_probabilities, atol=0.1)


def test_raw_outputs_belong_to_the_anchors(make_runtime, pixels) -> None:
    raw = make_runtime().raw(pixels)
    assert raw.box_offsets.shape == (3, len(raw.anchors_cxcywh_norm), 4)
    np.testing.assert_allclose(raw.class_probabilities.sum(axis=-1), 1, rtol=1e-5)


NO_ROOM = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
]


@pytest.fixture(params=NO_ROOM)
def make_full_runtime(request, make_runtime, monkeypatch):
    """``make_full_runtime(1)``: a runtime with room for so many pictures, and the batches tried."""

    def build(room: int) -> tuple[TorchRuntime, list[int]]:
        runtime, batches = make_runtime(), []
        forward = runtime._forward

        def limited(part: torch.Tensor):
            batches.append(len(part))
            if len(part) > room:
                raise request.param
            return forward(part)

        monkeypatch.setattr(runtime, "_forward", limited)
        return runtime, batches

    return build


def test_batch_too_large_for_the_device_is_halved_and_remembered(make_full_runtime, pixels) -> None:
    runtime, batches = make_full_runtime(1)
    assert len(runtime.run(pixels)) == 3
    assert len(runtime.run(pixels)) == 3
    assert batches == [3, 1, 1, 1, 1, 1, 1]


def test_device_without_room_for_one_picture_is_an_error(make_full_runtime, pixels) -> None:
    runtime, _ = make_full_runtime(0)
    with pytest.raises(DeviceError, match="One picture does not fit"):
        runtime.run(pixels)
    with pytest.raises(DeviceError, match="A batch of 3 does not fit"):
        runtime.raw(pixels)


def test_device_without_room_for_the_network_is_an_error(make_runtime, monkeypatch) -> None:
    def no_room(*_, **__):
        raise NO_ROOM[0]

    monkeypatch.setattr(Yolact, "to", no_room)
    with pytest.raises(DeviceError, match="The network does not fit into the memory of cpu"):
        make_runtime()


def test_outputs_that_are_no_numbers_are_told_for_their_picture_alone(
    make_runtime, pixels, monkeypatch
) -> None:
    runtime = make_runtime()
    forward = runtime._forward

    def overflowing(batch):
        outputs = forward(batch)
        outputs.mask_coefficients[1, 0, 0] = float("inf")
        return outputs

    monkeypatch.setattr(runtime, "_forward", overflowing)
    assert [one.is_finite for one in runtime.run(pixels)] == [True, False, True]


def test_bf16_leaves_a_separable_backbone_and_the_head_in_float32(make_runtime, pixels) -> None:
    runtime = make_runtime(precision="bf16")
    network, dtypes = runtime._network, {}
    head = network.prediction_layers[0]
    watched = {
        "first": network.backbone.stages()[0],
        "last": network.backbone.stages()[-1],
        "pyramid": network.fpn.lat_layers[0],
        "classes": head.conf_layer,
        "boxes": head.bbox_layer,
        "prototypes": network.proto_net[0],
    }
    for name, module in watched.items():
        module.register_forward_hook(lambda _, __, out, name=name: dtypes.update({name: out.dtype}))
    runtime.run(pixels)
    single, half = torch.float32, torch.bfloat16
    assert dtypes == {
        "first": single, "last": single, "pyramid": half, "classes": single, "boxes": single,
        "prototypes": half,
    }  # fmt: skip


def test_fp32_is_float32_everywhere(make_runtime, pixels) -> None:
    runtime = make_runtime()
    dtypes = set()
    for module in runtime._network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _, __, out: dtypes.add(out.dtype))
    runtime.run(pixels)
    assert dtypes == {torch.float32}


def test_norms_are_folded_where_nothing_is_rounded(make_runtime) -> None:
    def norms(runtime: TorchRuntime, part: str) -> int:
        modules = runtime._network.get_submodule(part).modules()
        return sum(isinstance(one, torch.nn.BatchNorm2d) for one in modules)

    assert norms(make_runtime(), "") == 0
    assert norms(make_runtime(precision="bf16"), "backbone") == 0


def test_batches_under_way_together_come_in_order(make_runtime, pixels) -> None:
    runtime = make_runtime()
    ends = [runtime.start(pixels), runtime.start(pixels[::-1])]
    for end, batch in zip(ends, (pixels, pixels[::-1]), strict=True):
        for one, other in zip(end(), runtime.run(batch), strict=True):
            assert one.scores.tobytes() == other.scores.tobytes()


@pytest.mark.parametrize("mask_rescoring", [False, True])
def test_copies_on_streams_change_nothing(make_runtime, pixels, mask_rescoring) -> None:
    streams = StreamCopies(torch.device("cpu"), backend=torch.cpu, pinned=False)
    plain = make_runtime(mask_rescoring=mask_rescoring)
    other = make_runtime(mask_rescoring=mask_rescoring, copies=streams)
    for one, same in zip(plain.run(pixels), other.start(pixels)(), strict=True):
        for name in ("boxes_xyxy_norm", "scores", "mask_coefficients", "prototypes", "mask_ious"):
            np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
