"""Batches one after another: what goes on side by side, and in which order labels come."""

import threading
import time

import numpy as np
import pytest

from yolact_cli.errors import DiskFullError
from yolact_cli.pipelines.labelling import BatchLabeller
from yolact_cli.pipelines.model import ready_model
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Failure, Frame
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture(scope="module")
def model(tiny_model):
    source, settings = resolve_model(str(tiny_model)), LabelSettings(runtime="torch")
    return ready_model(source, settings, device="cpu")


@pytest.fixture
def make_labeller(model):
    def build(*writers, **settings):
        return BatchLabeller(
            model,
            LabelSettings(runtime="torch", **settings),
            uid_seed="",
            writers=writers,
            labelled={},
        )

    return build


@pytest.fixture
def batches():
    """Three of two pictures; the second of the second batch could not be read."""
    noise = np.random.default_rng(0).integers(0, 255, (6, 96, 96, 3), np.uint8)
    items = [
        Frame(picture_id=place + 1, name=f"{place}.jpg", size_hw=(96, 96), pixels=pixels)
        for place, pixels in enumerate(noise)
    ]
    items[3] = Failure(picture_id=4, name="3.jpg", stage="decode", error="E", message="m")
    return [items[start : start + 2] for start in range(0, 6, 2)]


@pytest.fixture
def begun(model, monkeypatch):
    """Counts the batches whose network was begun."""
    calls = []
    start = model.runtime.start
    monkeypatch.setattr(model.runtime, "start", lambda pixels: calls.append(1) or start(pixels))
    return calls


@pytest.mark.parametrize("mirror_check", [False, True])
def test_labels_ahead_are_those_of_one_batch_at_a_time(make_labeller, batches, mirror_check):
    labeller = make_labeller(mirror_check=mirror_check)
    ahead = list(labeller.label_ahead(iter(batches)))
    assert [batch for batch, _ in ahead] == batches
    assert [found for _, found in ahead] == [labeller.label(batch) for batch in batches]
    assert any(found.instances for found in ahead[0][1])


def test_network_of_the_next_batch_is_begun_before_labels_are_given(make_labeller, batches, begun):
    labels = make_labeller().label_ahead(batches)
    next(labels)
    assert len(begun) == 2
    next(labels)
    assert len(begun) == 3
    labels.close()


def test_batch_without_a_readable_picture_needs_no_network(make_labeller, batches, begun):
    failure = batches[1][1]
    assert list(make_labeller().label_ahead([[failure]])) == [([failure], [failure])]
    assert not begun
    assert list(make_labeller().label_ahead([])) == []


def test_labelling_that_is_given_up_leaves_nothing_under_way(
    make_labeller, batches, model, monkeypatch
):
    """Or the network would read pixels that are let go of."""
    start, ended = model.runtime.start, []

    def watched(pixels):
        end = start(pixels)
        return lambda: ended.append(1) or end()

    monkeypatch.setattr(model.runtime, "start", watched)
    labels = make_labeller().label_ahead(batches)
    next(labels)
    assert len(ended) == 1
    labels.close()
    assert len(ended) == 2


def test_files_of_a_batch_are_written_side_by_side(make_labeller, batches):
    both_write = threading.Barrier(2, timeout=10)

    class Together:
        def write(self, frame, detections):
            both_write.wait()

    make_labeller(Together()).label(batches[0])


def test_full_disk_is_told_when_no_file_of_the_batch_is_being_written(make_labeller, batches):
    written = []

    class FullAtFirst:
        def write(self, frame, detections):
            if frame.picture_id == 1:
                raise DiskFullError("full")
            time.sleep(0.2)
            written.append(frame.picture_id)

    with pytest.raises(DiskFullError):
        make_labeller(FullAtFirst()).label(batches[0])
    assert written == [2]


def test_what_is_found_in_the_mirrored_picture_is_looked_at(
    make_labeller, batches, model, monkeypatch
):
    start, begun, ended = model.runtime.start, [], []

    def watched(pixels):
        end, place = start(pixels), len(begun)
        begun.append(pixels)
        return lambda: ended.append(place) or end()

    monkeypatch.setattr(model.runtime, "start", watched)
    make_labeller(mirror_check=True).label(batches[0])
    assert np.array_equal(begun[1], begun[0][:, :, ::-1])
    assert ended == [0, 1]
