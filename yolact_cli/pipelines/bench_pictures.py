"""The pictures of a measurement: so many, in a folder of their own, all of them readable.

Decoding is tried first, in worker processes as ``annotate`` has them: a picture that cannot be read
is told and left out, and one that would kill its process kills none that measures. It also brings
the files into the system's cache, so that what is measured is decoding, not the disk.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from yolact_cli.errors import NoInputsError
from yolact_cli.pipelines.annotate import suiting_workers
from yolact_cli.pipelines.annotate_frames import frame_preparer, frame_room
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.bench_request import BenchRequest
from yolact_cli.pipelines.trial_pictures import made_up_picture
from yolact_cli.sources.discover import EXTENSIONS, discover
from yolact_cli.sources.loader import load_frames
from yolact_cli.store import LocalStore, output_error
from yolact_cli.structures import Failure, ListedPicture

MADE_UP, MADE_UP_SIZE_HW = 8, (480, 640)
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPictures:
    """What is labelled.

    Attributes:
        folder: Holds them, and nothing else.
        count: How many there are.
        distinct: How many of them differ; the others repeat these in order.
        is_made_up: They are drawn, not taken: there is little to be found in them.
        failures: Pictures of the sources that could not be read.
        videos: Videos of the sources, which are passed over.
    """

    folder: Path
    count: int
    distinct: int
    is_made_up: bool = False
    failures: tuple[Failure, ...] = ()
    videos: int = 0

    def listed(self) -> tuple[ListedPicture, ...]:
        """They, in order."""
        return discover([str(self.folder)]).pictures


def gather_pictures(request: BenchRequest, folder: Path, *, batch_size: int) -> BenchPictures:
    """Fill the folder; a picture that batches of this size leave no memory for is not readable.

    Raises:
        InputError: A source that is not there, or without a picture that can be read.
        OutputError: There is no room for them.
    """
    if not request.sources:
        files = _made_up(min(request.pictures, MADE_UP), folder.with_name("made_up"))
        _repeat(files, request.pictures, folder)
        return BenchPictures(
            folder=folder, count=request.pictures, distinct=len(files), is_made_up=True
        )
    found = discover(request.sources, list_stream=request.list_stream)
    if not found.pictures:
        raise NoInputsError(
            "The sources hold videos, and no picture.",
            remedy="Give pictures: their labelling is what is measured.",
        )
    readable, failures = _tried(
        request.run_of(folder, folder), found.pictures, request.pictures, batch_size
    )
    if not readable:
        first = failures[0].message
        raise NoInputsError(
            f"None of the sources' {len(failures)} pictures can be read. The first: {first}"
        )
    _repeat(readable, request.pictures, folder)
    return BenchPictures(
        folder=folder,
        count=request.pictures,
        distinct=len(readable),
        failures=failures,
        videos=len(found.videos),
    )


def _tried(
    run: AnnotateRequest, pictures: Sequence[ListedPicture], wanted: int, batch_size: int
) -> tuple[list[Path], tuple[Failure, ...]]:
    """As many readable ones as are wanted, and those met on the way that are not."""
    places = {picture.picture_id: Path(picture.location) for picture in pictures}
    prepare = frame_preparer(run)
    workers = suiting_workers() if run.workers is None else run.workers
    readable: list[Path] = []
    failures: list[Failure] = []
    room = frame_room(run, batch_size=batch_size)
    with closing(load_frames(iter(pictures), prepare, workers=workers, room=room)) as frames:
        for frame in frames:
            if isinstance(frame, Failure):
                failures.append(frame)
            else:
                readable.append(places[frame.picture_id])
            if len(readable) == wanted:
                break
    return readable, tuple(failures)


def _made_up(count: int, folder: Path) -> list[Path]:
    store = LocalStore(folder)
    for seed in range(count):
        picture = made_up_picture(seed, size_hw=MADE_UP_SIZE_HW)
        quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
        _, data = cv2.imencode(".jpg", picture[:, :, ::-1], quality)
        store.put(f"{seed}.jpg", data.tobytes())
    return [store.path_of(f"{seed}.jpg") for seed in range(count)]


def _repeat(files: Sequence[Path], count: int, folder: Path) -> None:
    """Files of distinct names, as a run has no picture twice."""
    copies: list[Path] = []
    try:
        folder.mkdir()
        for number in range(count):
            file = files[number % len(files)]
            suffix = file.suffix.lower()
            place = folder / f"{number + 1:06d}{suffix if suffix in EXTENSIONS else '.jpg'}"
            if number < len(files):
                shutil.copyfile(file, place)
                copies.append(place)
            else:
                _link_or_copy(copies[number % len(files)], place)
    except OSError as error:
        raise output_error(folder, error, resumes=False) from error


def _link_or_copy(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # there are file systems without links
        shutil.copyfile(file, place)
