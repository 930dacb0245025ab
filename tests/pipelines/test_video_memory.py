"""Memory does not grow with the frames of a video, and is what was given."""

import csv
import weakref

import pytest

from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_events import Finished
from yolact_cli.sources.video_reader import VideoReader

SIZE_HW = (480, 640)
FRAME_BYTES = 480 * 640 * 3
FRAMES = 24
IN_HAND = 3 * 2  # three batches of two
OF_OVERLAY = 4 + 4 + 2  # waiting for a pen, for the encoder, and with each of them


@pytest.fixture
def peak_memory(make_clip, tiny_model, tmp_path, peak_memory_of):
    def measure(frames: int) -> int:
        """Of a run over a video of so many frames, in the unit of the system."""
        clip = make_clip(f"{frames}.mp4", frames=frames)
        options = ["--model", str(tiny_model), "--device", "cpu", "--workers", "0", "--json"]
        quick = ["--max-detections", "3", "--batch-size", "8"]
        quick += ["--write", "coco,results,overlay,youtube-vis"]
        run = ["annotate", str(clip), "-o", str(tmp_path / f"run-{frames}"), *options, *quick]
        return peak_memory_of(*run)

    return measure


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_frames_take_the_memory_of_a_thousand(peak_memory) -> None:
    long, short = peak_memory(10_000), peak_memory(1_000)
    print(f"\npeak: {short} at 1,000 frames, {long} at 10,000 ({long / short:.3f} times)")
    assert long < 1.05 * short


@pytest.fixture
def most_frames(make_clip, make_request, monkeypatch):
    """``most_frames(**fields)``: decoded frames that there are at a time, at most, in a run."""
    alive, most = set(), 0
    frames = VideoReader.frames

    def counted(self, **options):
        nonlocal most
        for item in frames(self, **options):
            number = id(item)
            alive.add(number)
            weakref.finalize(item.pixels, alive.discard, number)
            most = max(most, len(alive))
            yield item
            del item

    def measure(**fields):
        monkeypatch.setattr(VideoReader, "frames", counted)
        clip = make_clip(frames=FRAMES, size_hw=SIZE_HW)
        *_, last = annotate(make_request(clip, **fields))
        assert isinstance(last, Finished)
        assert last.manifest["counts"]["frames"] == FRAMES
        return most

    return measure


@pytest.mark.parametrize(("write", "held"), [("coco", IN_HAND), ("overlay", IN_HAND + OF_OVERLAY)])
def test_as_many_frames_are_held_as_the_memory_given_is_enough_for(most_frames, write, held):
    frames = held + 2  # one that is being decoded, and one ahead
    assert 4 <= most_frames(write=(write,), memory_bytes=frames * FRAME_BYTES) <= frames


def test_a_video_whose_frames_do_not_fit_is_a_failure_and_the_run_goes_on(make_clip, make_request):
    make_clip("a.mp4", size_hw=SIZE_HW)
    request = make_request(
        make_clip("b.mp4").parent, write=("coco",), memory_bytes=(IN_HAND + 2) * FRAME_BYTES - 1
    )
    *_, last = annotate(request)
    assert (last.manifest["counts"]["videos"], last.manifest["counts"]["failures"]) == (2, 1)
    with (request.output / "failures.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == "a.mp4"
    assert "8 are held at a time, 8 MB, more than --memory" in row["message"]


def test_memory_given_changes_no_label_of_a_video(make_clip, make_request, run):
    clip = make_clip(size_hw=SIZE_HW)
    little = run(clip, memory_bytes=(IN_HAND + 2) * FRAME_BYTES)
    assert little == run(clip, overwrite=True)
