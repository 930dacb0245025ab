"""Signals still arrive after models of OpenVINO's have come and gone."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import signal, sys
from yolact_cli.api import Annotator
from yolact_cli.settings import LabelSettings

def annotator():
    settings = LabelSettings(runtime="openvino")
    return Annotator.from_model(sys.argv[1], device="cpu", settings=settings)

seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append("a signal"))
first = annotator()
second = annotator()
del first
del second
signal.raise_signal(signal.SIGUSR1)
print(*seen)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs such a signal")
def test_a_signal_after_two_models_went_in_the_order_they_came(tiny_model):
    pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    code = [sys.executable, "-c", SCRIPT, str(tiny_model)]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "a signal\n"), done.stderr
