"""A run killed at any write, then resumed, gives the bytes of one that nobody killed."""

import contextlib

import pytest

from yolact_cli.pipelines.annotate import annotate
from yolact_cli.store import LocalStore


class _Killed(BaseException):
    """Stands for the end of the process: nothing may handle it."""


@contextlib.contextmanager
def _killed_at_write(monkeypatch, number: int):
    """Die in the middle of the ``number``-th write to the store, leaving half of it."""
    writes = []
    append, put_stream = LocalStore.append, LocalStore.put_stream

    def dying_append(self, path, data, **options):
        writes.append(path)
        if len(writes) == number:
            append(self, path, data[: len(data) // 2], **options)
            raise _Killed
        append(self, path, data, **options)

    @contextlib.contextmanager
    def dying_put_stream(self, path):
        writes.append(path)
        if len(writes) == number:
            (self.path_of(path).parent).mkdir(parents=True, exist_ok=True)
            self.path_of(path).with_name(".00000000.part").write_bytes(b"half")
            raise _Killed
        with put_stream(self, path) as stream:
            yield stream

    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "append", dying_append)
        patched.setattr(LocalStore, "put_stream", dying_put_stream)
        yield writes


def _run(request) -> bytes:
    for _ in annotate(request):
        pass
    return (request.output / "annotations.json").read_bytes()


@pytest.fixture
def whole_run(make_photos, make_request, tmp_path, monkeypatch):
    photos = make_photos("a.png", "b.png", "bad.png", "c.png", "d.png")
    (photos / "bad.png").write_bytes(b"no picture")
    request = make_request(photos, output=tmp_path / "whole")
    with _killed_at_write(monkeypatch, number=0) as writes:
        expected = _run(request)
    return photos, expected, len(writes)


def test_run_killed_at_any_write_resumes_to_the_same_bytes(
    whole_run, make_request, tmp_path, monkeypatch
) -> None:
    photos, expected, writes = whole_run
    for number in range(1, writes + 1):
        request = make_request(photos, output=tmp_path / f"killed-{number}")
        with _killed_at_write(monkeypatch, number), pytest.raises(_Killed):
            _run(request)
        assert _run(request) == expected, f"killed at write {number} of {writes}"


def test_run_over_a_video_killed_at_any_write_resumes_to_the_same_bytes(
    make_clip, make_photos, make_request, tmp_path, monkeypatch
) -> None:
    sources = make_photos("a.png"), make_clip(frames=3)
    kinds = ("coco", "overlay", "youtube-vis")
    request = make_request(*sources, output=tmp_path / "whole", write=kinds)
    with _killed_at_write(monkeypatch, number=0) as writes:
        expected = _run(request)
    tracks = (request.output / "youtube_vis.json").read_bytes()
    for number in range(1, len(writes) + 1):
        request = make_request(*sources, output=tmp_path / f"killed-{number}", write=kinds)
        with _killed_at_write(monkeypatch, number), pytest.raises(_Killed):
            _run(request)
        assert _run(request) == expected, f"killed at write {number}: {writes[number - 1]}"
        assert (request.output / "youtube_vis.json").read_bytes() == tracks
        assert (request.output / "overlays/clip.mp4").exists()


def test_run_killed_again_and_again_gets_to_the_same_bytes(
    whole_run, make_request, tmp_path, monkeypatch
) -> None:
    photos, expected, _ = whole_run
    request = make_request(photos, output=tmp_path / "killed")
    for number in (4, 3, 3):
        with _killed_at_write(monkeypatch, number), pytest.raises(_Killed):
            _run(request)
    assert _run(request) == expected
