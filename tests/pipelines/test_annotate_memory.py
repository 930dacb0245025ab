"""Memory does not grow with the pictures."""

import gc
import os
import time

import pytest

from yolact_cli.pipelines import annotate as pipeline
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.sources.loader import load_frames
from yolact_cli.structures import Frame, ListedPicture


@pytest.fixture
def peak_memory(make_photos, tiny_model, tmp_path, peak_memory_of):
    def measure(pictures: int) -> int:
        """Of a run over so many pictures (links to a few), in the unit of the system."""
        photos = make_photos(*(f"{number}.png" for number in range(3)))
        folder = tmp_path / f"many-{pictures}"
        folder.mkdir()
        for number in range(pictures):
            os.link(photos / f"{number % 3}.png", folder / f"{number:04d}.png")
        options = ["--model", str(tiny_model), "--device", "cpu", "--workers", "0", "--json"]
        quick = ["--max-detections", "10", "--batch-size", "8", "--write", "coco,results,masks"]
        run = ["annotate", str(folder), "-o", str(tmp_path / f"run-{pictures}"), *options, *quick]
        return peak_memory_of(*run)

    return measure


def objects_at_rest():
    """What the collector knows, once the batch ahead is through the network.

    A tuple that another thread is filling must be held by nobody else, or the filling fails.
    """
    time.sleep(0.3)
    return gc.get_objects()


@pytest.mark.parametrize("resumed", [False, True])
def test_the_listing_is_not_kept_in_memory(make_request, make_photos, resumed) -> None:
    request = make_request(make_photos(*(f"{number:02d}.png" for number in range(40))))
    if resumed:
        list(annotate(request, should_stop=lambda: True))
    events = annotate(request)
    next(events)

    next(events)  # a batch

    gc.collect()
    assert sum(type(one) is ListedPicture for one in objects_at_rest()) < 20


@pytest.mark.parametrize("workers", [0, 1])
def test_frames_of_two_batches_are_held_at_a_time(
    make_request, make_photos, monkeypatch, workers
) -> None:
    request = make_request(make_photos(*(f"{number}.png" for number in range(10))), workers=workers)
    held = []

    def counting(*args, **kwargs):
        for frame in load_frames(*args, **kwargs):
            held.append(
                sum(type(one) is Frame and one.pixels.size > 0 for one in objects_at_rest())
            )
            yield frame

    monkeypatch.setattr(pipeline, "load_frames", counting)
    list(annotate(request))

    assert max(held) == 2 * request.batch_size


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_thousand_pictures_take_the_memory_of_two_hundred(peak_memory) -> None:
    peak_memory(10)  # converts the model where a runtime asks for that
    few, many = peak_memory(200), peak_memory(2000)
    print(f"\npeak with 200 pictures {few / 1024:.0f} MiB, with 2,000 {many / 1024:.0f} MiB")
    assert many < 1.05 * few
