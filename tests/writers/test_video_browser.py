"""Overlay videos in a browser."""

import functools
import http.server
import json
import queue
import shutil
import subprocess
import threading
from fractions import Fraction

import pytest

from yolact_cli.settings import VideoFileSettings
from yolact_cli.writers.video_file import VideoWriter
from yolact_cli.writers.video_sound import Sound

PAGE = """<!doctype html><video id="video" muted playsinline></video><script>
const video = document.getElementById("video");
let isTold = false;
const tell = extra => {
  if (isTold) return;
  isTold = true;
  fetch("/told", {method: "POST", body: JSON.stringify({
    time: video.currentTime, duration: video.duration, error: video.error && video.error.message,
    width: video.videoWidth, height: video.videoHeight, ...extra})});
};
video.onerror = () => tell({});
video.onended = () => tell({ended: true});
setTimeout(() => tell({late: true}), 40000);
video.src = "/" + location.hash.slice(1);
video.play().catch(error => tell({refused: String(error)}));
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args, told, **fields):
        self.told = told
        super().__init__(*args, **fields)

    def do_POST(self):
        self.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("needs chromium, which is not here")


@pytest.fixture
def play(tmp_path, chromium):
    """Play a file of ``tmp_path`` in a headless browser: what it saw, as a dict."""
    told = queue.Queue()
    handler = functools.partial(Handler, told=told, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(path):
        (tmp_path / "page.html").write_text(PAGE)
        address = f"http://127.0.0.1:{server.server_port}/page.html#{path.name}"
        switches = (
            "headless no-sandbox disable-gpu disable-quic no-first-run disable-component-update "
            "disable-background-networking disable-sync disable-dev-shm-usage "
            "autoplay-policy=no-user-gesture-required"
        )
        command = [chromium, *(f"--{switch}" for switch in switches.split())]
        browser = subprocess.Popen(
            [*command, f"--user-data-dir={tmp_path / 'profile'}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return told.get(timeout=90)
        finally:
            browser.terminate()
            browser.wait(timeout=20)

    yield run
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "h264"), ("mp4", "vp9"), ("webm", "vp9"), ("webm", "av1")]
)
def test_overlay_plays_in_a_browser(tmp_path, play, make_input, make_pixels, container, codec):
    source = make_input("in.mp4", ["aac"])
    path = tmp_path / f"overlay.{container}"
    with VideoWriter(
        path,
        size_hw=(48, 64),
        time_base=Fraction(1, 12_800),
        frame_rate=Fraction(25),
        settings=VideoFileSettings(container=container, codec=codec),
        sound=Sound(location=str(source)),
    ) as writer:
        for index in range(50):
            writer.write(make_pixels(index), 512 * index)

    seen = play(path)

    assert seen["error"] is None
    assert seen.get("ended"), seen
    assert seen["time"] == pytest.approx(2, abs=0.1)
    assert seen["duration"] == pytest.approx(2, abs=0.1)
    assert (seen["width"], seen["height"]) == (64, 48)
