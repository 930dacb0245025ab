"""COCO's figures as records. NaN stands where COCO writes -1: nothing there to be measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One class alone.

    Attributes:
        category_id: From the truth.
        name: From the truth.
        objects: Labelled in truth, crowds and regions to be ignored not counted.
        ap: Average precision over IoU 0.50 to 0.95, [0, 1].
        ap50: At IoU 0.50.
        ar100: Average recall, at most 100 detections a picture.
    """

    category_id: int
    name: str
    objects: int
    ap: float
    ap50: float
    ar100: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoFigures:
    """COCO's twelve, each in [0, 1] or NaN, and the classes one by one.

    Small is below 32² px, large from 96² px on; area is the truth's for objects, the detection's
    own for those that hit nothing.

    Source: https://cocodataset.org/#detection-eval
    """

    ap: float
    """Over IoU 0.50, 0.55, … 0.95; the mean of the classes that truth has."""
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar1: float
    """Average recall with at most 1 detection a picture."""
    ar10: float
    ar100: float
    ar_small: float
    ar_medium: float
    ar_large: float
    per_class: Mapping[int, ClassFigures]
    """By category id, in the order of ids."""

    def twelve(self) -> dict[str, float]:
        """The twelve, in COCO's order."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "per_class"
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        classes = [
            {field.name: _json_number(getattr(one, field.name)) for field in fields(one)}
            for one in self.per_class.values()
        ]
        return {**{key: _json_number(x) for key, x in self.twelve().items()}, "classes": classes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies for other pictures of the same kind."""

    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Plain JSON types, null for NaN."""
        return {"low": _json_number(self.low), "high": _json_number(self.high)}


def _json_number(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
