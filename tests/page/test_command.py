"""``yolact review RUN`` as a person starts and ends it."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from types import SimpleNamespace
from urllib.request import HTTPCookieProcessor

import pytest

from yolact_cli.review.frame_turns import FrameTurns

COMMAND = [sys.executable, "-m", "yolact_cli", "review"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
def test_page_opens_and_closes_with_the_code_of_the_house(tmp_path, make_review_run, number, code):
    run = make_review_run(tmp_path)
    process = subprocess.Popen(
        [*COMMAND, str(run), "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.build_opener(HTTPCookieProcessor()).open(address, timeout=20) as answer:
        assert b"Review" in answer.read()
    process.send_signal(number)
    rest, told = process.communicate(timeout=30)
    assert (process.returncode, rest) == (code, "")
    assert "Traceback" not in told
    assert "closed" in told


def test_a_missing_package_is_named_with_the_way_to_get_it(tmp_path, make_review_run):
    run = make_review_run(tmp_path)
    hide = "import sys; sys.modules['starlette'] = sys.modules['starlette.applications'] = None"
    code = f"{hide}; from yolact_cli.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "review", str(run), "--no-browser"],
        capture_output=True, text=True, env={**os.environ, "COLUMNS": "300"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install starlette uvicorn" in done.stderr
    assert "Traceback" not in done.stderr


def test_frames_are_decoded_forwards_whoever_asks_first():
    turns, order = FrameTurns(), []

    def ask(index):
        with turns.turn(SimpleNamespace(video_id=1, frame_index=index)):
            order.append(index)

    with turns.turn(SimpleNamespace(video_id=1, frame_index=5)):
        threads = [threading.Thread(target=ask, args=(index,)) for index in (9, 2, 7, 1, 7)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    assert order == [7, 7, 9, 1, 2]
