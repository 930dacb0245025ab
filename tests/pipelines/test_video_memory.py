"""Memory does not grow with the frames of a video."""

import pytest


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
