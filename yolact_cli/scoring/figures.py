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
        ap75: At IoU 0.75.
        ar: Average recall, at most as many detections a picture as the rules allow.
        ap_by_area: AP by the name of the range of areas.
    """

    category_id: int
    name: str
    objects: int
    ap: float
    ap50: float
    ap75: float
    ar: float
    ap_by_area: Mapping[str, float]

    def to_json(self, ar_name: str) -> dict[str, Any]:
        """Plain JSON types, null for NaN; ``ar_name`` says what average recall is called."""
        areas = {f"ap_{area}": figure for area, figure in self.ap_by_area.items()}
        return json_numbers(
            {
                "category_id": self.category_id,
                "name": self.name,
                "objects": self.objects,
                "ap": self.ap,
                "ap50": self.ap50,
                "ap75": self.ap75,
                ar_name: self.ar,
                **areas,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoFigures:
    """COCO's figures, each in [0, 1] or NaN, and the classes one by one.

    Area is the truth's for objects, the detection's own for those that hit nothing.

    Source: https://cocodataset.org/#detection-eval

    Attributes:
        ap: Over IoU 0.50, 0.55, … 0.95; the mean of the classes that truth has.
        ap50: At IoU 0.50.
        ap75: At IoU 0.75.
        ap_by_area: AP of objects in a range of areas, by its name.
        ar_by_limit: Average recall with at most so many detections of a class in a picture.
        ar_by_area: Average recall of objects in a range of areas, at the highest limit.
        per_class: By category id, in the order of ids.
    """

    ap: float
    ap50: float
    ap75: float
    ap_by_area: Mapping[str, float]
    ar_by_limit: Mapping[int, float]
    ar_by_area: Mapping[str, float]
    per_class: Mapping[int, ClassFigures]

    @property
    def ar(self) -> float:
        """Average recall at the highest limit."""
        return list(self.ar_by_limit.values())[-1]

    def named(self) -> dict[str, float]:
        """All of them by name and in COCO's order: ``ap``, …, ``ap_small``, …, ``ar100``, …."""
        return {
            "ap": self.ap,
            "ap50": self.ap50,
            "ap75": self.ap75,
            **{f"ap_{area}": figure for area, figure in self.ap_by_area.items()},
            **{f"ar{limit}": figure for limit, figure in self.ar_by_limit.items()},
            **{f"ar_{area}": figure for area, figure in self.ar_by_area.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        ar_name = f"ar{list(self.ar_by_limit)[-1]}"
        classes = [one.to_json(ar_name) for one in self.per_class.values()]
        return {**json_numbers(self.named()), "classes": classes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies for other pictures of the same kind."""

    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Plain JSON types, null for NaN."""
        return json_fields(self)


def json_fields(record: Any) -> dict[str, Any]:
    """The fields of a dataclass of plain values, null for NaN."""
    return json_numbers({field.name: getattr(record, field.name) for field in fields(record)})


def json_numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as JSON takes it: null for NaN."""
    return {key: json_number(value) for key, value in values.items()}


def json_number(value: Any) -> Any:
    """A value as JSON takes it: null for NaN, numpy's numbers as Python's."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
