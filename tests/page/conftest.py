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

from yolact_cli.pipelines.review_session import ReviewRequest, review_page
from yolact_cli.runs.listing import extend_listing, extend_video_listing
from yolact_cli.runs.state import MANIFEST, write_run_record
from yolact_cli.store import LocalStore
from yolact_cli.structures import Detections, ListedPicture
from yolact_cli.video import ListedVideo

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
        extend_listing(store, [], listed)
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
