"""A run loads what it uses."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

LOADED_BY_A_RUN = """
import sys
from yolact_cli.cli.main import main

code = main(sys.argv[1:])
print(*sorted({name.split(".")[0] for name in sys.modules}))
sys.exit(code)
"""
UNUSED = {"torch", "torchvision", "scipy", "av", "matplotlib", "faster_coco_eval", "onnxruntime"}


@pytest.mark.skipif(find_spec("openvino") is None, reason="needs openvino")
def test_a_run_loads_nothing_that_it_does_not_use(make_photos, tiny_model, tmp_path):
    options = ["--model", str(tiny_model), "--workers", "0", "--max-detections", "3"]
    photos = make_photos("a.png")
    for attempt in ("converts the model", "finds it converted"):
        run = ["annotate", str(photos), "-o", str(tmp_path / attempt), *options]
        command = [sys.executable, "-c", LOADED_BY_A_RUN, *run, "--runtime", "openvino"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"openvino", "cv2"} <= loaded
    assert loaded & UNUSED == set()
