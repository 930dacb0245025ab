"""The formats that labels come back in: one table."""

from collections.abc import Callable
from pathlib import Path

from yolact_cli.formats.coco import read_coco
from yolact_cli.formats.coco_panoptic import read_coco_panoptic
from yolact_cli.formats.cvat import read_cvat
from yolact_cli.formats.datumaro import read_datumaro
from yolact_cli.formats.label_studio import read_label_studio
from yolact_cli.formats.labelme import read_labelme
from yolact_cli.formats.voc import read_voc
from yolact_cli.formats.yolo import read_yolo
from yolact_cli.labels import ReadLabels
from yolact_cli.settings import ImportFormat

_READERS: dict[ImportFormat, Callable[[Path], ReadLabels]] = {
    "coco": read_coco,
    "coco-panoptic": read_coco_panoptic,
    "cvat": read_cvat,
    "label-studio": read_label_studio,
    "labelme": read_labelme,
    "yolo": read_yolo,
    "voc": read_voc,
    "datumaro": read_datumaro,
}


def read_labels(path: Path, format_name: ImportFormat) -> ReadLabels:
    """What a file or a folder of that format holds.

    Raises:
        BadLabelsError: It cannot be read as that.
    """
    return _READERS[format_name](path)
