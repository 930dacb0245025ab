"""``inspect.json``: the numbers behind the pictures of an inspection, as plain JSON types."""

from typing import Any

from yolact_cli.traces import Inspection, TracedAnchor

_FORMAT_VERSION = 1


def inspection_record(inspection: Inspection) -> dict[str, Any]:
    """Everything but the maps; boxes in px of the picture, not clipped."""
    height, width = inspection.size_hw
    settings = inspection.settings
    return {
        "format_version": _FORMAT_VERSION,
        "picture": {"name": inspection.name, "width": width, "height": height},
        "model": inspection.model,
        "settings": {
            "score_threshold": settings.score_threshold,
            "nms": settings.nms.kind,
            "iou_threshold": settings.nms.iou_threshold,
            "top_k": settings.nms.top_k,
            "mask_crop": settings.mask_crop,
        },
        "objects": _objects(inspection),
        "object": inspection.number,
        "terms": [
            {
                "prototype": term.prototype,
                "coefficient": _rounded(term.coefficient),
                "push": _rounded(term.push),
                "strength": _rounded(term.strength),
            }
            for term in inspection.mask.terms
        ],
        "growth": [
            {"terms": step.terms, "iou": _rounded(step.iou), "area": step.area_px}
            for step in inspection.mask.growth
        ],
        "anchor": _anchor(inspection.suppression.winner, inspection),
        "compared": inspection.suppression.entered,
        "gave_way": [_anchor(one, inspection) for one in inspection.suppression.beaten],
    }


def _objects(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "class": inspection.class_name(one.class_id),
            "score": one.score,
            "box_score": one.box_score,
            "bbox": list(one.bbox_xywh_px),
            "area": one.area_px,
        }
        for number, one in enumerate(inspection.instances, start=1)
    ]


def _anchor(one: TracedAnchor, inspection: Inspection) -> dict[str, Any]:
    height, width = inspection.size_hw
    left, top, right, bottom = one.box
    corners = (left * width, top * height, right * width, bottom * height)
    record: dict[str, Any] = {
        "anchor": one.anchor_index,
        "level": f"P{one.level}",
        "row": one.row,
        "column": one.column,
        "shape": one.shape,
        "class": inspection.class_name(one.class_id),
        "score": _rounded(one.score),
        "box_xyxy": [round(corner, 2) for corner in corners],
        "iou": _rounded(one.iou),
        "fate": one.fate,
    }
    if one.beaten_by is not None:
        record |= {"beaten_by": one.beaten_by, "beaten_by_iou": _rounded(one.beaten_by_iou)}
    return record


def _rounded(value: float) -> float | None:
    """Six decimals; null for what is no number, which JSON lacks."""
    return round(value, 6) + 0.0 if abs(value) < float("inf") else None
