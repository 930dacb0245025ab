"""Memory does not grow with the pictures."""

import os
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
def peak_memory(make_photos, tiny_model, tmp_path):
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
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *run], capture_output=True, text=True, check=True
        )
        return int(done.stdout.splitlines()[-1])

    return measure


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="has no resource module")
def test_two_thousand_pictures_take_the_memory_of_two_hundred(peak_memory) -> None:
    assert peak_memory(2000) < 1.05 * peak_memory(200)
