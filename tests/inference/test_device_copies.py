"""Copies between arrays and a device, on streams that do nothing where there is no GPU."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from yolact_cli.inference.runtimes.device_copies import DirectCopies, StreamCopies, copies_for

CPU = torch.device("cpu")


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (3, 8, 8, 3), np.uint8)


@pytest.fixture(params=["direct", "streams", "no room to be page-locked"])
def copies(request):
    if request.param == "direct":
        return DirectCopies(CPU)
    # Without a driver nothing can be page-locked, which a driver may refuse as well.
    pinned = request.param != "streams"
    if pinned and torch.cuda.is_available():
        pytest.skip("there is a driver that locks pages")
    return StreamCopies(CPU, backend=torch.cpu, pinned=pinned)


def test_parts_of_a_batch_are_its_pictures(copies, pixels) -> None:
    batch = copies.to_device(pixels)
    assert len(batch) == 3
    np.testing.assert_array_equal(batch.part(1, 3).numpy(), pixels[1:3])
    np.testing.assert_array_equal(batch.part(0, None).numpy(), pixels)


def test_mirrored_pictures_are_copied_as_they_are_seen(copies, pixels) -> None:
    mirrored = pixels[:, :, ::-1]
    np.testing.assert_array_equal(copies.to_device(mirrored).part(0, None).numpy(), mirrored)


def test_no_pictures_stay_none(copies, pixels) -> None:
    assert len(copies.to_device(pixels[:0])) == 0


def test_values_come_back_as_an_array(copies) -> None:
    values = torch.arange(6.0).reshape(2, 3)
    with torch.inference_mode():
        array = copies.to_array(values)()
    np.testing.assert_array_equal(array, values.numpy())


def test_only_a_cuda_device_has_streams() -> None:
    assert isinstance(copies_for(CPU), DirectCopies)
    assert isinstance(copies_for(torch.device("mps")), DirectCopies)


@pytest.fixture
def noted():
    """Streams and events that note, by name, what is asked of them."""
    notes, names = [], iter(["there", "back"])

    class Stream:
        def __init__(self, name) -> None:
            self.name = name

        def wait_event(self, event) -> None:
            notes.append(f"{self.name} waits for {event.name}")

        def wait_stream(self, other) -> None:
            notes.append(f"{self.name} waits for {other.name}")

    class Event:
        def record(self, stream) -> None:
            self.name = f"the copy on {stream.name}"

        def synchronize(self) -> None:
            notes.append(f"the caller waits for {self.name}")

    backend = SimpleNamespace(
        Event=Event,
        Stream=lambda device: Stream(next(names)),
        current_stream=lambda device: Stream("the network"),
        stream=lambda stream: torch.cpu.stream(torch.cpu.Stream()),
    )
    return StreamCopies(CPU, backend=backend, pinned=False), notes


def test_the_network_waits_for_the_pixels_and_the_caller_does_not(noted, pixels) -> None:
    copies, notes = noted
    batch = copies.to_device(pixels)
    assert notes == []
    batch.part(0, 1)
    assert notes == ["the network waits for the copy on there"]


def test_values_leave_once_computed_and_are_waited_for_when_wanted(noted) -> None:
    copies, notes = noted
    array = copies.to_array(torch.zeros(2))
    assert notes == ["back waits for the network"]
    array()
    assert notes[1:] == ["the caller waits for the copy on back"]
