"""Label Studio: tasks with predictions, the labelling config they need, and its JSON export.

Masks are brush regions, exact. Polygons run along pixel edges in percent of the picture, one ring
an object: holes are reached by slits, parts joined by lines walked there and back. A region's id
is the object's uid and stays so when a prediction is made an annotation.

Source: https://labelstud.io/guide/predictions and /guide/export, and label-studio-sdk's converter.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import quoteattr

from yolact_cli.errors import SettingsError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.json_lists import write_items
from yolact_cli.formats.reading import Problems, read_json
from yolact_cli.formats.shapes import EMPTY, Losses, Outliner
from yolact_cli.formats.untrusted import checked_score, checked_size_hw
from yolact_cli.geometry.brush_rle import decode_brush, encode_brush
from yolact_cli.geometry.coco_masks import counts_of_polygons
from yolact_cli.labels import (
    LabelledObject,
    LabelledPicture,
    LabelSet,
    ReadLabels,
    ReadObject,
    ReadPicture,
)
from yolact_cli.settings import ExportSettings
from yolact_cli.store import Store

TASKS = "tasks.json"
CONFIG = "labeling_config.xml"
LOCAL_FILES = "/data/local-files/?d={name}"
"""Pictures below the folder that the server was allowed to serve from."""
_PERCENT_DECIMALS = 6  # of a side of 100,000 px a thousandth
_PX_DECIMALS = 3
_UID = re.compile(r"[0-9a-f]{12}")
_UPLOADED = re.compile(r".*/data/upload/\d+/[0-9a-f]{8}-(.*)")
_SCORE_DECIMALS = 4

Record = Mapping[str, Any]


def write_label_studio(labels: LabelSet, store: Store, settings: ExportSettings) -> Exported:
    """Write ``tasks.json``, to be imported, and ``labeling_config.xml`` for the project.

    A task's data has the picture's address, name and size, and its review priority where there is
    one; its prediction the mean score of its objects. Objects without a pixel are left out.

    Raises:
        SettingsError: The address has no place for a picture's name.
        OutputError: The store cannot take the files.
    """
    template = settings.image_url or LOCAL_FILES
    if "{name}" not in template:
        raise SettingsError(
            f"The picture's address {template!r} has no {{name}}.",
            remedy="Put {name} where the picture's path belongs.",
        )
    store.put(CONFIG, _config(labels).encode("utf-8"))
    tasks = _Tasks(template, _model_version(labels.info), settings)
    with store.put_stream(TASKS) as stream:
        stream.write(b"[")
        pictures = write_items(stream, map(tasks.task, labels.read_pictures()))
        stream.write(b"]\n")
    return Exported(pictures=pictures, objects=tasks.objects, losses=tasks.losses.counts)


def read_label_studio(path: Path) -> ReadLabels:
    """The objects of Label Studio's JSON export (not JSON-MIN), or of the only one in an archive.

    What people submitted counts, the newest of several; predictions only where nobody has done
    anything. Tasks that a person skipped are named in ``not_understood``, and so are regions other
    than brushes and polygons.

    Raises:
        BadLabelsError: The file is no such export, or has broken masks or sizes.
    """
    problems = Problems(path)
    document = read_json(path)
    if not isinstance(document, list):
        raise problems.error("not from Label Studio: it is no list of tasks")
    pictures = []
    for number, task in enumerate(document, start=1):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            problems.add(f"task {number}: it has no 'data'; export as JSON, not as JSON-MIN")
            continue
        found = _picture(f"task {task.get('id', number)}", task, problems)
        if found is not None:
            pictures.append(found)
    return problems.labels(pictures)


class _Tasks:
    """Makes tasks of pictures, and counts.

    Attributes:
        objects: Written so far.
        losses: So far.
    """

    def __init__(self, template: str, model_version: str, settings: ExportSettings) -> None:
        self.objects = 0
        self.losses = Losses()
        self._template = template
        self._model_version = model_version
        self._outliner = Outliner("edge", settings) if settings.shapes == "polygons" else None

    def task(self, picture: LabelledPicture) -> dict[str, Any]:
        height, width = picture.size_hw
        name = quote(os.fsencode(picture.name), safe="/")
        data = {
            "image": self._template.replace("{name}", name),
            "name": picture.name,
            "width": width,
            "height": height,
        }
        if picture.priority is not None:
            data["review_priority"] = picture.priority.value
        regions = list(self._regions(picture))
        self.objects += len(regions)
        prediction: dict[str, Any] = {"model_version": self._model_version}
        scores = [one.score for one in picture.objects if one.score is not None]
        if scores:
            prediction["score"] = round(math.fsum(scores) / len(scores), _SCORE_DECIMALS)
        return {"data": data, "predictions": [prediction | {"result": regions}]}

    def _regions(self, picture: LabelledPicture) -> Iterator[dict[str, Any]]:
        height, width = picture.size_hw
        for one in picture.objects:
            if one.area_px == 0:
                self.losses.add([EMPTY])
                continue
            kind, tag, value = self._value(one, picture.size_hw)
            region = {
                "id": one.uid,
                "type": kind,
                "from_name": tag,
                "to_name": "image",
                "original_width": width,
                "original_height": height,
                "image_rotation": 0,
                "value": value | {kind: [one.category.name]},
            }
            yield region if one.score is None else region | {"score": one.score}

    def _value(
        self, one: LabelledObject, size_hw: tuple[int, int]
    ) -> tuple[str, str, dict[str, Any]]:
        """A region's type, the tag of the config that it belongs to, and its shape."""
        if self._outliner is None:
            packed = encode_brush(one.rle_counts, size_hw, bbox_xywh=one.bbox_xywh_px)
            return "brushlabels", "brush", {"format": "rle", "rle": packed.tolist()}
        outlined = self._outliner.rings(one, size_hw, is_single=True)
        self.losses.add(outlined.losses)
        height, width = size_hw
        points = [
            [round(100 * x / width, _PERCENT_DECIMALS), round(100 * y / height, _PERCENT_DECIMALS)]
            for x, y in outlined.rings[0]
        ]
        return "polygonlabels", "polygon", {"points": points, "closed": True}


def _config(labels: LabelSet) -> str:
    """Both tools, so that people may correct brushes with polygons and the other way round."""
    names = [quoteattr(category.name) for category in labels.categories]
    choices = "".join(f"    <Label value={name}/>\n" for name in names)
    return (
        '<View>\n  <Image name="image" value="$image" zoom="true" zoomControl="true"/>\n'
        f'  <BrushLabels name="brush" toName="image">\n{choices}  </BrushLabels>\n'
        f'  <PolygonLabels name="polygon" toName="image">\n{choices}  </PolygonLabels>\n</View>\n'
    )


def _model_version(info: Record) -> str:
    """The labels' origin; texts only, as it is shown in lists."""
    description = info.get("description")
    return description if isinstance(description, str) and description else "yolact"


def _picture(place: str, task: Record, problems: Problems) -> ReadPicture | None:
    name = _name(task["data"])
    if name is None:
        problems.add(f"{place}: its data name no picture")
        return None
    results = _results(place, task, problems)
    if results is None:
        return None
    size_hw = _size_hw(task["data"], results)
    if size_hw is None:
        problems.pass_over(f"{place}: {name} has no region, and no size that can be known")
        return None
    objects = []
    for number, result in enumerate(results, start=1):
        found = _object(f"{place}, region {number}", result, size_hw, problems)
        if found is not None:
            objects.append(found)
    return ReadPicture(file_name=name, size_hw=size_hw, objects=tuple(objects))


def _name(data: Record) -> str | None:
    """The picture's name: ours, or what its address says."""
    if isinstance(data.get("name"), str) and data["name"]:
        return str(data["name"]).replace("\\", "/")
    address = data.get("image")
    if not isinstance(address, str) or not address:
        return None
    parts = urlsplit(address)
    served = parse_qs(parts.query).get("d")
    if served:
        return served[0].replace("\\", "/")
    uploaded = _UPLOADED.fullmatch(parts.path)
    return unquote(uploaded[1] if uploaded else parts.path.rpartition("/")[2]) or None


def _results(place: str, task: Record, problems: Problems) -> list[Any] | None:
    """The regions that count, or None for a task that a person skipped."""
    annotations = [one for one in _listed(task, "annotations") if isinstance(one, dict)]
    done = [one for one in annotations if one.get("was_cancelled") is not True]
    if annotations and not done:
        problems.pass_over(f"{place}: a person skipped it")
        return None
    if len(done) > 1:
        problems.pass_over(f"{place}: of its {len(done)} annotations the newest is read")
        done.sort(key=lambda one: str(one.get("updated_at", "")))
    predictions = [one for one in _listed(task, "predictions") if isinstance(one, dict)]
    chosen = (done or predictions or [{}])[-1]
    return _listed(chosen, "result")


def _listed(record: Record, key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []


def _size_hw(data: Record, results: list[Any]) -> tuple[int, int] | None:
    for one in results:
        if isinstance(one, dict):
            size_hw = checked_size_hw(one.get("original_height"), one.get("original_width"))
            if size_hw is not None:
                return size_hw
    return checked_size_hw(data.get("height"), data.get("width"))


def _object(
    place: str, result: Any, size_hw: tuple[int, int], problems: Problems
) -> ReadObject | None:
    if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
        problems.add(f"{place}: it has no value")
        return None
    kind, value = result.get("type"), result["value"]
    if kind not in ("brushlabels", "polygonlabels"):
        problems.pass_over(f"{place}: a region of type {kind!r:.40} is no mask with a label")
        return None
    own = (result.get("original_height"), result.get("original_width"))
    if own not in ((None, None), size_hw):
        problems.add(f"{place}: it is of a picture of another size than regions before it")
        return None
    names = value.get(kind)
    if not isinstance(names, list) or not names or not isinstance(names[0], str):
        problems.pass_over(f"{place}: it has no label")
        return None
    try:
        counts = _counts(kind, value, size_hw)
    except ValueError as error:
        problems.add(f"{place}: {error}")
        return None
    uid = result.get("id")
    is_ours = isinstance(uid, str) and _UID.fullmatch(uid) is not None
    return ReadObject(
        place=place,
        category_name=names[0],
        rle_counts=counts,
        uid=uid if is_ours else None,
        score=checked_score(result.get("score")),
    )


def _counts(kind: str, value: Record, size_hw: tuple[int, int]) -> str:
    if kind == "brushlabels":
        if value.get("format", "rle") != "rle" or not isinstance(value.get("rle"), list):
            raise ValueError("its brush has no run lengths")
        return decode_brush(value["rle"], size_hw)
    height, width = size_hw
    numbers: list[float] = []
    for point in _listed(value, "points"):
        if not isinstance(point, list) or not all(type(part) in (int, float) for part in point):
            raise ValueError("its points are not pairs of numbers")
        if len(point) != 2:
            raise ValueError("its points are not pairs of numbers")
        # six decimals of percent hide whole numbers
        numbers += (
            round(point[0] * width / 100, _PX_DECIMALS),
            round(point[1] * height / 100, _PX_DECIMALS),
        )
    return counts_of_polygons([numbers], size_hw)
