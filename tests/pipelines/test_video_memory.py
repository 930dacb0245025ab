"""Memory does not grow with the frames of a video."""

import subprocess
import sys

import pytest

MEASURED = """
import resource, sys
from yolact_cli.cli.main import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""


@pytest.fixture
def peak_memory(make_clip, tiny_model, tmp_path):
    def measure(frames: int) -> int:
        """Of a run over a video of so many frames, in the unit of the system."""
        clip = make_clip(f"{frames}.mp4", frames=frames)
        options = ["--model", str(tiny_model), "--device", "cpu", "--workers", "0", "--json"]
        quick = ["--max-detections", "3", "--batch-size", "8"]
        quick += ["--write", "coco,results,overlay,youtube-vis"]
        run = ["annotate", str(clip), "-o", str(tmp_path / f"run-{frames}"), *options, *quick]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *run], capture_output=True, text=True, check=True
        )
        return int(done.stdout.splitlines()[-1])

    return measure


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="has no resource module")
def test_ten_thousand_frames_take_the_memory_of_a_thousand(peak_memory) -> None:
    long, short = peak_memory(10_000), peak_memory(1_000)
    print(f"\npeak: {short} at 1,000 frames, {long} at 10,000 ({long / short:.3f} times)")
    assert long < 1.05 * short
