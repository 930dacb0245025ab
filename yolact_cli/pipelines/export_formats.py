"""The formats that labels can be handed on in: one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from yolact_cli.formats.coco import write_coco
from yolact_cli.formats.coco_panoptic import write_coco_panoptic
from yolact_cli.formats.cutouts import write_cutouts
from yolact_cli.formats.cvat import write_cvat
from yolact_cli.formats.datumaro import write_datumaro
from yolact_cli.formats.export import Exported
from yolact_cli.formats.label_studio import write_label_studio
from yolact_cli.formats.labelme import write_labelme
from yolact_cli.formats.voc import write_voc
from yolact_cli.formats.yolo import write_yolo
from yolact_cli.labels import LabelSet
from yolact_cli.settings import ExportFormat, ExportSettings
from yolact_cli.store import LocalStore

Writer = Callable[[LabelSet, LocalStore, ExportSettings], Exported]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatEntry:
    """How a format is written.

    Attributes:
        write: Writes the labels into a folder.
        images_folder: Where pictures go that are wanted beside the labels; None where the writer
            puts them in their place itself.
    """

    write: Writer
    images_folder: str | None = None


FORMATS: dict[ExportFormat, FormatEntry] = {
    "coco": FormatEntry(write=write_coco, images_folder="images"),
    "coco-panoptic": FormatEntry(write=write_coco_panoptic, images_folder="images"),
    "cvat": FormatEntry(write=write_cvat, images_folder="images"),
    "label-studio": FormatEntry(write=write_label_studio, images_folder="images"),
    "labelme": FormatEntry(write=write_labelme),
    "yolo": FormatEntry(write=write_yolo),
    "voc": FormatEntry(write=write_voc),
    "datumaro": FormatEntry(write=write_datumaro, images_folder="images/default"),
    "cutouts": FormatEntry(write=write_cutouts),
}


def exports_among(kinds: Sequence[str]) -> tuple[ExportFormat, ...]:
    """Those of the kinds of files that are exports; ``coco`` is the run's own data set."""
    return tuple(cast(ExportFormat, kind) for kind in kinds if kind in FORMATS and kind != "coco")
