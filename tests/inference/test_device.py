"""Names of devices."""

import pytest
import torch

from yolact_cli.errors import DeviceError
from yolact_cli.inference.device import resolve_device


def test_cpu_is_always_there() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


def test_auto_finds_a_device() -> None:
    assert resolve_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:0", "", "cuda:-1"])
def test_unknown_spelling_is_refused(name) -> None:
    with pytest.raises(DeviceError, match="no device called"):
        resolve_device(name)


def test_missing_cuda_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"finds no CUDA device.*--device cpu"):
        resolve_device("cuda:0")


def test_cuda_index_out_of_range_names_those_there(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DeviceError, match="cuda:0 to cuda:1 are available"):
        resolve_device("cuda:2")
