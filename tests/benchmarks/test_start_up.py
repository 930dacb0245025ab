"""What a person waits for before the first label: a cold process, files in the system's cache.

Torch is loaded whatever runs the network: its DataLoader has the processes that decode.
"""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from yolact_cli.inference.runtimes.installed import is_installed

HELP_S, FIRST_LABEL_S = 0.15, 3.0
ATTEMPTS = 5
IMPORT_TORCH = """
import time
start = time.perf_counter()
import torch
print(time.perf_counter() - start)
"""


def seconds_of(command) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.mark.bench
def test_help_comes_at_once(capsys):
    shortest = min(
        seconds_of([sys.executable, "-m", "yolact_cli", "--help"]) for _ in range(ATTEMPTS)
    )
    with capsys.disabled():
        print(f"\nyolact --help: {shortest:.2f} s of {HELP_S}")
    assert shortest <= HELP_S


@pytest.fixture
def first_label(repository, tmp_path):
    """``first_label("torch")``: seconds from the start to the first lines of the journal."""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}

    def measure(runtime: str) -> float:
        output = tmp_path / "run"
        shutil.rmtree(output, ignore_errors=True)
        photos = repository / "examples" / "images"
        command = [sys.executable, "-m", "yolact_cli", "annotate", photos, "-o", output]
        options = ["--runtime", runtime, "--batch-size", "1", "--write", "coco", "--json"]
        start = time.perf_counter()
        with subprocess.Popen(
            [*command, *options], env=environment, stdout=subprocess.DEVNULL
        ) as process:
            journal = output / "journal"
            while not (lines := sorted(journal.glob("*.jsonl"))) and process.poll() is None:
                time.sleep(0.005)
            seconds = time.perf_counter() - start
            process.communicate()
        assert process.returncode == 0
        json.loads(lines[0].read_text().splitlines()[0])
        return seconds

    return measure


@pytest.mark.bench
@pytest.mark.timeout(600)
@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_the_first_label_comes_soon(runtime, first_label, capsys):
    if not is_installed(runtime):
        pytest.skip(f"{runtime} is not installed")
    first_label(runtime)  # converts and compiles, where that is to be done
    shortest = min(first_label(runtime) for _ in range(ATTEMPTS))
    torch_s = min(
        float(subprocess.check_output([sys.executable, "-c", IMPORT_TORCH], text=True))
        for _ in range(ATTEMPTS)
    )
    share = f"importing torch takes {torch_s:.2f} s, {torch_s / shortest:.0%} of that"
    with capsys.disabled():
        print(f"\nfirst label by {runtime}: {shortest:.2f} s of {FIRST_LABEL_S}; {share}")
    assert shortest <= FIRST_LABEL_S
