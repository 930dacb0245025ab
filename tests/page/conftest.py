"""Runs to review, made without a model, and the page of one, with and without a browser."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from yolact_cli.pipelines.review_session import ReviewRequest, opened_page, review_page
from yolact_cli.review.server import make_app
from yolact_cli.runs.listing import extend_video_listing, write_listing
from yolact_cli.runs.state import MANIFEST, write_run_record
from yolact_cli.store import LocalStore
from yolact_cli.structures import Detections, ListedPicture
from yolact_cli.video import ListedVideo

WAIT_MS = 15_000
SIZE = {"width": 1200, "height": 800}
PORT, TOKEN = 8100, "a-token-of-the-test"
KEYS = (f"key-{number:08d}" for number in range(10**8))
CLASSES = ("cat", "dog", "person")
FRAMES = 6


@pytest.fixture(scope="session")
def make_review_run(make_detections) -> Callable[..., Path]:
    """``make_review_run(folder, pictures=3, clip=path)``: a finished run, three objects a picture.

    There are never more than forty files, whatever the number of pictures.
    """

    def build(
        folder: Path,
        *,
        pictures: int = 3,
        clip: Path | None = None,
        size_hw: tuple[int, int] = (60, 80),
    ) -> Path:
        store = LocalStore(folder / "run")
        kinds = min(pictures, 40)
        files = [_picture(folder / f"{number:02d}.png", number, size_hw) for number in range(kinds)]
        # The same objects in all of them: so all need a look as much, and stand in order of ids.
        found = make_detections(3, seed=1, size_hw=size_hw, num_classes=len(CLASSES))
        listed = [
            _listed(number, f"{number:05d}.png", files[number % kinds])
            for number in range(1, pictures + 1)
        ]
        classes = [
            {"id": n + 1, "name": name, "supercategory": ""} for n, name in enumerate(CLASSES)
        ]
        write_run_record(store, {"labels": {"score_threshold": 0.3}}, notes={"classes": classes})
        write_listing(store, listed)
        lines = [
            replace(found, picture_id=one.picture_id, name=one.name).to_record() for one in listed
        ]
        store.put("journal/0-000000.jsonl", _lines(lines))
        if clip is not None:
            _add_video(store, clip, make_detections)
        store.put(MANIFEST, b"{}")
        return store.root

    return build


def _add_video(store: LocalStore, clip: Path, make_detections: Callable[..., Detections]) -> None:
    stat = clip.stat()
    video = ListedVideo(
        video_id=1, name=clip.name, location=str(clip), size_bytes=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
    )  # fmt: skip
    extend_video_listing(store, [], [video])
    lines = []
    for frame in range(FRAMES):
        name = f"{clip.name}/{frame:06d}.png"
        found = make_detections(2, name=name, picture_id=frame + 1, size_hw=(72, 96), seed=99)
        extra = {"frame": frame, "time": f"{frame}/10", "tracks": [1, 2]}
        lines.append(found.to_record() | extra)
    store.put("journal/v00001-000000.jsonl", _lines(lines))
    end = {"size": [72, 96], "frames": FRAMES, "dropped": 0, "labelled": FRAMES, "gaps": [],
           "notes": [], "failure": None}  # fmt: skip
    store.put("journal/v00001-end.json", json.dumps(end).encode())


def _picture(path: Path, seed: int, size_hw: tuple[int, int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = size_hw
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows * 200 // height, columns * 200 // width, 0 * rows + 6 * seed], axis=-1)
    assert cv2.imwrite(str(path), pixels.astype(np.uint8))
    return path


def _listed(number: int, name: str, path: Path) -> ListedPicture:
    stat = path.stat()
    return ListedPicture(
        picture_id=number, name=name, location=str(path), size_bytes=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
    )  # fmt: skip


def _lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in records)


@pytest.fixture
def serve() -> Callable[..., contextlib.AbstractContextManager[SimpleNamespace]]:
    """``with serve(run) as page``: a real server; ``page.address``, ``page.port``, ``page.token``."""

    @contextlib.contextmanager
    def serving(run: Path, **fields: Any) -> Iterator[SimpleNamespace]:
        with review_page(ReviewRequest(run=run, reviewer="anna", **fields)) as one:
            yield SimpleNamespace(address=one.address, port=one.port, token=one.token, run=run)

    return serving


@pytest.fixture
def read_events() -> Callable[[Path], list[dict[str, Any]]]:
    """The events in a run's review journal, as they stand in the file."""

    def read(run: Path) -> list[dict[str, Any]]:
        path = run / "review" / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines[1:]]

    return read


class Window:
    """A window with the page, and what went wrong in it."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.problems = []
        self.requests = []
        self.page.on("console", self._take_console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.wait_shown()

    def _take_console(self, message):
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def wait_shown(self, picture_id=None):
        wanted = f'="{picture_id}"' if picture_id else ""
        self.page.wait_for_selector(f"#canvas[data-shown{wanted}]", timeout=WAIT_MS)

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def saved(self):
        """Wait until the server has confirmed everything."""
        self.page.wait_for_selector('body[data-pending="0"]', timeout=WAIT_MS)

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def objects(self):
        return [
            SimpleNamespace(name=one.locator(".object-name").inner_text(), state=one.locator(".object-state").inner_text())
            for one in self.page.locator("#objects .object").all()
        ]  # fmt: skip

    def wait_for(self, selector):
        self.page.wait_for_selector(selector, timeout=WAIT_MS)

    def json(self, path):
        return self.page.evaluate("path => fetch(path).then(answer => answer.json())", path)

    def picture(self, picture_id=1):
        return self.json(f"api/pictures/{picture_id}")

    def on_screen(self, x, y):
        """Where a point of the picture is, while the whole picture is shown."""
        box = self.page.locator("#canvas").bounding_box()
        height, width = self.picture(int(self.page.get_attribute("#canvas", "data-shown")))["size"]
        scale = min((box["width"] - 32) / width, (box["height"] - 32) / height, 8)
        return (
            box["x"] + (box["width"] - width * scale) / 2 + x * scale,
            box["y"] + (box["height"] - height * scale) / 2 + y * scale,
        )

    def drag(self, *points):
        places = [self.on_screen(*point) for point in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def choose_class(self, text):
        self.page.wait_for_selector("#picker[open]")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#picker:not([open])", state="attached")


@pytest.fixture
def context(browser):
    made = browser.new_context(viewport=SIZE)
    yield made
    made.close()


@pytest.fixture
def run_folder(tmp_path, make_review_run):
    return make_review_run(tmp_path)


@pytest.fixture
def served(run_folder, serve):
    with serve(run_folder) as one:
        yield one


@pytest.fixture
def open_window():
    """``open_window(context, address)``: a window with the page."""
    return Window


@pytest.fixture
def window(served, context):
    """A window in which nothing goes wrong, and which asks nobody else for anything."""
    one = Window(context, served.address)
    yield one
    assert one.problems == []
    own = f"http://127.0.0.1:{served.port}/"
    assert [url for url in one.requests if not url.startswith((own, "data:", "blob:"))] == []


class ReviewClient(TestClient):
    """A client with the page's token that speaks of pictures, acts and tracks."""

    def picture(self, picture_id=1):
        return self.get(f"/api/pictures/{picture_id}").json()

    @staticmethod
    def next_key():
        """One that no act had before."""
        return next(KEYS)

    def states(self, picture_id=1):
        return [one["state"] for one in self.picture(picture_id)["objects"]]

    def act(self, acts, *, picture_id=1, revision=None, key=None):
        body = {
            "picture_id": picture_id,
            "acts": acts,
            "revision": self.picture(picture_id)["revision"] if revision is None else revision,
            "key": key or next(KEYS),
        }
        return self.post("/api/acts", json=body)

    def track(self, kind, *, picture_id=3, revision=None, **fields):
        shown = self.picture(picture_id)
        body = {
            "kind": kind, "video_id": 1, "picture_id": picture_id, "key": next(KEYS),
            "revision": shown["video_revision"] if revision is None else revision, **fields,
        }  # fmt: skip
        return self.post("/api/videos", json=body)


@pytest.fixture
def make_client(run_folder):
    """A client of a page of the run, with the token: ``make_client(run)``."""
    opened = []

    def build(run=run_folder, **fields):
        manager = opened_page(ReviewRequest(run=run, reviewer="anna", **fields))
        page = manager.__enter__()
        opened.append(manager)
        app = make_app(page, token=TOKEN, port=PORT)
        return ReviewClient(
            app,
            base_url=f"http://127.0.0.1:{PORT}",
            headers={"x-yolact-token": TOKEN},
            follow_redirects=False,
        )

    yield build
    for manager in opened:
        manager.__exit__(None, None, None)


@pytest.fixture
def client(make_client):
    return make_client()
