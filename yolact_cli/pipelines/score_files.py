"""A score for programs: JSON, a table of classes as CSV, and thresholds.toml."""

import csv
import io
import math
from dataclasses import asdict
from typing import Any

from yolact_cli.datasets.threshold_file import ThresholdLine, thresholds_text
from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
from yolact_cli.scoring.analysis import Analysis
from yolact_cli.scoring.prepare import IouType
from yolact_cli.scoring.suggest import SuggestedThreshold


def report_json(report: ScoreReport) -> dict[str, Any]:
    """The report in plain JSON types, null where a figure is not defined."""
    document: dict[str, Any] = {}
    for iou_type, analysis in report.analyses.items():
        document[iou_type] = analysis.to_json()
        drawn = report.intervals.get(iou_type)
        if drawn is not None:
            document[iou_type]["bootstrap"] = drawn.to_json()
    if report.suggestion is not None:
        document["suggestion"] = report.suggestion.to_json()
    document["join"] = asdict(report.join)
    document["box_only_objects"] = report.box_only_objects
    return document


def comparison_json(report: ComparisonReport) -> dict[str, Any]:
    """Both reports and their differences in plain JSON types."""
    return {
        "a": {"predictions": str(report.a.predictions), **report_json(report.a)},
        "b": {"predictions": str(report.b.predictions), **report_json(report.b)},
        "comparison": {kind: one.to_json() for kind, one in report.comparisons.items()},
    }


def classes_csv(report: ScoreReport) -> str:
    """One line for each class and each thing compared; figures that are not defined are empty."""
    text = io.StringIO()
    rows = [row for iou_type, one in report.analyses.items() for row in _class_rows(iou_type, one)]
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["iou_type"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def comparison_csv(report: ComparisonReport) -> str:
    """One line for each class and each thing compared, with both figures and the difference."""
    text = io.StringIO()
    columns = ["iou_type", "class", "figure", "a", "b", "difference", "low", "high", "pictures",
               "verdict"]  # fmt: skip
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for iou_type, comparison in report.comparisons.items():
        for figure, by_class in (
            ("ap", comparison.ap_by_class),
            ("ap50", comparison.ap50_by_class),
        ):
            for name, difference in by_class.items():
                place = {"iou_type": iou_type, "class": _cell(name), "figure": figure}
                writer.writerow({**place, **difference.to_json()})
    return text.getvalue()


def thresholds_toml(report: ScoreReport) -> str:
    """The suggested thresholds as a file for ``yolact annotate --thresholds``."""
    suggestion = report.suggestion
    assert suggestion is not None  # noqa: S101 - asked for, or there is no file
    pooled, kept = suggestion.pooled, suggestion.kept
    kind = {"bbox": "boxes", "segm": "masks", "boundary": "boundaries"}[report.main_iou_type]
    rates = f"precision {_shown(kept.precision)}, recall {_shown(kept.recall)}"
    head = [
        f"Thresholds for {suggestion.goal}, by 'yolact score --suggest-thresholds', from the",
        f"scores of {kind} at IoU 0.50. Use them with 'yolact annotate --thresholds'.",
        f"Together they keep {kept.predictions} predictions: {rates}.",
    ]
    if pooled is None:
        head.append("No threshold of all classes together can promise as much.")
    lines = [
        ThresholdLine(name=name, threshold=one.threshold, note=_note(one))
        for name, one in suggestion.by_class.items()
    ]
    return thresholds_text(lines, default=pooled.threshold if pooled else None, head=head)


def _note(one: SuggestedThreshold) -> str:
    words = {"own": "", "pooled": "pooled: ", "none": "left out: ", "all": "all kept: "}
    point = one.point
    counted = (
        f"precision {_shown(point.precision)} of {point.predictions}, "
        f"recall {_shown(point.recall)} of {point.objects}"
    )
    bound = "" if math.isnan(one.bound) else f", at least {_shown(one.bound)}"
    why = f"{words[one.source]}{one.reason}; " if one.reason else ""
    return f"{why}{counted}{bound if one.source == 'own' else ''}"


def _class_rows(iou_type: IouType, analysis: Analysis) -> list[dict[str, Any]]:
    rows = []
    for name, one in analysis.classes.items():
        figures = one.figures
        numbers = {
            "ap": figures.ap,
            "ap50": figures.ap50,
            "ap75": figures.ap75,
            "ar": figures.ar,
            **{f"ap_{area}": figure for area, figure in figures.ap_by_area.items()},
            "threshold": one.kept.threshold,
            "precision": one.kept.precision,
            "recall": one.kept.recall,
            "f1": one.kept.f1,
        }
        rows.append(
            {
                "iou_type": iou_type,
                "category_id": figures.category_id,
                "class": _cell(name),
                "objects": figures.objects,
                "predictions": one.kept.predictions,
                "hits": one.kept.hits,
                **{key: "" if math.isnan(value) else value for key, value in numbers.items()},
            }
        )
    return rows


def _cell(name: str) -> str:
    # A spreadsheet runs what begins so; class names come from files of others.
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


def _shown(figure: float) -> str:
    return "-" if math.isnan(figure) else f"{figure:.3f}"
