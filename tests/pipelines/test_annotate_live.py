"""Live sources, from a server in this process: what is labelled, dropped, and never written down."""

import contextlib
import http.server
import json
import threading
import time

import av
import pytest

from yolact_cli.errors import OutputExistsError
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_events import Finished, FramesDone, VideoBegun, VideoDone
from yolact_cli.pipelines.labelling import BatchLabeller

PIECES = 40


@pytest.fixture
def serve():
    """``serve(data, seconds, stalls=False)``: an address that gives data piece by piece.

    ``serve.asked`` counts the requests.
    """
    with contextlib.ExitStack() as stack:

        def build(data: bytes, *, seconds: float = 0.0, stalls: bool = False) -> str:
            released = threading.Event()

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    build.asked += 1
                    self.send_response(200)
                    self.end_headers()
                    step = -(-len(data) // PIECES)
                    with contextlib.suppress(OSError):
                        for start in range(0, len(data), step):
                            self.wfile.write(data[start : start + step])
                            self.wfile.flush()
                            time.sleep(seconds / PIECES)
                        if stalls:
                            released.wait()

                def log_message(self, *arguments):
                    pass

            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            stack.callback(released.set)
            return f"http://user:secret@127.0.0.1:{server.server_port}/live"

        build.asked = 0
        yield build


def _frames_in(path):
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0)]


def test_a_stream_is_labelled_to_its_end(make_request, make_clip, serve, tmp_path):
    address = serve(make_clip("a.ts", frames=12).read_bytes(), seconds=1)
    *_, last = annotate(make_request(address, write=("coco", "overlay")))
    assert isinstance(last, Finished)
    counts = last.manifest["counts"]
    (video,) = last.manifest["videos"]
    assert counts["frames"] + video["dropped"] == 12
    shown = _frames_in(next((tmp_path / "run/overlays").iterdir()))
    assert shown[0] == 0
    assert len(shown) == counts["frames"] > 0


def test_labels_of_a_stream_do_not_wait_for_the_next_frame(
    make_request, make_clip, serve, monkeypatch
):
    address = serve(make_clip().read_bytes())
    monkeypatch.setattr(BatchLabeller, "label_ahead", None)  # it would wait
    *_, last = annotate(make_request(address))
    assert isinstance(last, Finished)
    assert last.manifest["counts"]["frames"]


def test_frames_that_come_too_fast_are_left_out_and_counted(
    make_request, make_clip, serve, monkeypatch
):
    label = BatchLabeller.label

    def slow(self, batch):
        time.sleep(0.1)
        return label(self, batch)

    monkeypatch.setattr(BatchLabeller, "label", slow)
    address = serve(make_clip("a.ts", frames=40).read_bytes())
    events = list(annotate(make_request(address)))
    (done,) = (event for event in events if isinstance(event, VideoDone))
    (video,) = events[-1].manifest["videos"]
    assert video["dropped"] > 0
    assert any(str(video["dropped"]) in note for note in done.notes)


def test_stopping_a_stream_that_has_gone_silent_finishes_its_files(
    make_request, make_clip, serve, tmp_path
):
    address = serve(make_clip("a.ts", frames=30).read_bytes(), stalls=True)
    seen = []
    started = time.monotonic()

    def should_stop():
        return any(isinstance(one, FramesDone) for one in seen) and time.monotonic() > started + 2

    for event in annotate(
        make_request(address, write=("coco", "overlay")), should_stop=should_stop
    ):
        seen += [event]
    assert isinstance(seen[-1], Finished)
    data_set = json.loads((tmp_path / "run/annotations.json").read_bytes())
    assert len(data_set["images"]) == len(_frames_in(next((tmp_path / "run/overlays").iterdir())))


def test_stopping_a_stream_in_the_midst_of_frames_finishes_its_files(
    make_request, make_clip, serve
):
    address = serve(make_clip("a.ts", frames=60).read_bytes(), seconds=5)
    seen = []
    request = make_request(address, write=("coco", "overlay"))
    stop = lambda: any(isinstance(one, FramesDone) for one in seen)  # noqa: E731
    for event in annotate(request, should_stop=stop):
        seen += [event]
    assert isinstance(seen[-1], Finished)
    assert 0 < seen[-1].manifest["counts"]["frames"] < 60


def test_a_live_recording_is_not_gone_on_with_and_says_so(make_request, make_clip, serve):
    address = serve(make_clip("a.ts", frames=12).read_bytes())
    steps = annotate(make_request(address))
    notes = ()
    for event in steps:
        notes = event.notes if isinstance(event, VideoBegun) else notes
        if isinstance(event, FramesDone):
            break
    steps.close()
    assert any("cannot be gone on with" in note for note in notes)
    with pytest.raises(OutputExistsError, match="cannot be gone on with"):
        list(annotate(make_request(address)))


def test_passwords_are_not_written_down(make_request, make_clip, serve, tmp_path):
    address = serve(make_clip("a.ts", frames=6).read_bytes())
    list(annotate(make_request(address)))
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert written
    assert not any(b"secret" in path.read_bytes() for path in written)
    assert not any("secret" in str(path) for path in written)


def test_a_server_that_is_not_there_is_a_failure(make_request):
    *_, last = annotate(make_request("http://127.0.0.1:9/live"))
    (failure,) = last.failures
    assert "cannot be reached" in failure.message


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
    ],
)
def test_a_playlist_in_disguise_fetches_nothing(make_request, make_clip, serve, tmp_path, playlist):
    address = serve(make_clip("a.ts").read_bytes())
    (tmp_path / "clip.mp4").write_text(playlist.format(address))
    *_, last = annotate(make_request(tmp_path / "clip.mp4"))
    assert len(last.failures) == 1
    assert serve.asked == 0
