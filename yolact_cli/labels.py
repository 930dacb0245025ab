"""Labels as people hand them on: what a model found and what people made of it, name by name.

A run's labels are its journal with its review laid over it. Exports write these records, the
review page shows them, and what reviewers send back is read into the ``Read…`` ones. No torch, no
files, no terminal; masks stay run lengths.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from jaxtyping import UInt8

from yolact_cli.structures import Category, FramePlace

ObjectState = Literal["machine", "accepted", "corrected", "added"]
"""machine: nobody has looked at it; accepted: a person left it as it was; corrected: a person
changed its class or its mask; added: a person made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """How much a person should look at something, and why.

    Attributes:
        value: [0, 1], 3 decimals; 1 is to be looked at first.
        reasons: Parts that speak for a look with their share of the value, strongest first.
    """

    value: float
    reasons: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledObject:
    """One object as it is handed on.

    Attributes:
        uid: 12 hex digits, unique in its picture; the same for the same object in every file.
        category: What it is written as.
        bbox_xywh_px: The mask's tight box, whole pixels.
        area_px: The mask's area.
        rle_counts: Compressed COCO RLE counts at the picture's size.
        state: What people made of it.
        score: What the model ranked it by, [0, 1]; None for an object that a person made.
        box_score: Class confidence alone, [0, 1]; None likewise.
        predicted_box_xyxy_px: The network's own box; None likewise, and where its mask was changed.
        track_id: Its identity within its video, from 1; None outside videos.
        track_category_id: What the whole track was taken for most; None likewise.
        priority: Whether to look at it, or None where nobody asked.
    """

    uid: str
    category: Category
    bbox_xywh_px: tuple[int, int, int, int]
    area_px: int
    rle_counts: str
    state: ObjectState = "machine"
    score: float | None = None
    box_score: float | None = None
    predicted_box_xyxy_px: tuple[float, float, float, float] | None = None
    track_id: int | None = None
    track_category_id: int | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """One picture, or one frame of a video, with its objects.

    Attributes:
        picture_id: COCO's image id within the run.
        name: Unique in the run, relative, with forward slashes.
        size_hw: Height and width in px, EXIF orientation applied.
        objects: Those of the model by score, highest first, then those people added; may be empty.
        place: Of a frame in its video; None for pictures.
        is_reviewed: Whether a person marked it done.
        reviewer: Who did, or None.
        priority: Whether to look at it, or None where nobody asked.
    """

    picture_id: int
    name: str
    size_hw: tuple[int, int]
    objects: tuple[LabelledObject, ...]
    place: FramePlace | None = None
    is_reviewed: bool = False
    reviewer: str | None = None
    priority: Priority | None = None


class PictureFiles(Protocol):
    """The way from a labelled picture to its pixels."""

    def path_of(self, picture: LabelledPicture) -> Path | None:
        """The picture's own file; None for a frame that is in no file of its own.

        Raises:
            InputError: The file is not where it was.
        """
        ...

    def pixels_of(self, picture: LabelledPicture) -> UInt8[np.ndarray, "h w 3"]:
        """RGB, upright, of the picture's size.

        Raises:
            InputError: The file is not where it was, or cannot be read any more.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """All that an export is made of; pictures are streamed, so that their number is no matter.

    Attributes:
        categories: Every category that may occur, in the order of their ids.
        read_pictures: Gives all pictures in order of their ids, the same each time it is called.
        files: The way to their pixels.
        videos: As a data set lists them, ``id`` and ``name`` at least; empty without videos.
        info: About the labels' origin, for formats that have a place for it.
    """

    categories: tuple[Category, ...]
    read_pictures: Callable[[], Iterator[LabelledPicture]]
    files: PictureFiles
    videos: tuple[Mapping[str, Any], ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """One object in a file that came back.

    Attributes:
        place: How sentences call it, such as ``image 3, mask 2``.
        category_name: As the file says.
        rle_counts: Compressed COCO RLE counts at the picture's size.
        uid: Of the object that it was made from, or None where the file does not say.
        score: As the file says, or None.
    """

    place: str
    category_name: str
    rle_counts: str
    uid: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPicture:
    """One picture in a file that came back, with all its objects; none means that it has none.

    Attributes:
        file_name: As the file says, with forward slashes.
        size_hw: As the file says.
        objects: In the file's order.
    """

    file_name: str
    size_hw: tuple[int, int]
    objects: tuple[ReadObject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLabels:
    """A file that came back.

    Attributes:
        origin: The file or folder.
        pictures: In the file's order.
        not_understood: What could not be used (a shape of a kind that is no mask, …), a sentence
            each that names its place; the rest was read.
    """

    origin: str
    pictures: tuple[ReadPicture, ...]
    not_understood: tuple[str, ...] = ()
