"""All there is to be said of one comparison: what tables, reports and JSON are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yolact_cli.scoring.calibration import Calibration, calibration
from yolact_cli.scoring.confusion import ConfusionMatrix, confusion_matrix
from yolact_cli.scoring.errors_by_kind import ErrorBreakdown, error_breakdown
from yolact_cli.scoring.evaluate import evaluate_prepared
from yolact_cli.scoring.figures import ClassFigures, CocoFigures
from yolact_cli.scoring.matching import Matches, match
from yolact_cli.scoring.operating import (
    OperatingPoint,
    ThresholdCurve,
    kept_points,
    ranked_all,
    ranked_class,
    together,
)
from yolact_cli.scoring.precision import PrecisionRecall, precision_recall
from yolact_cli.scoring.prepare import EvaluationInput
from yolact_cli.scoring.rules import AreaRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where scores are cut for precision, recall, F1 and the confusion matrix.

    Attributes:
        default: For classes without a threshold of their own; None for that of the best F1 of
            all classes together.
        by_class: By class name.
    """

    default: float | None = None
    by_class: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassAnalysis:
    """One class.

    Attributes:
        figures: COCO's.
        kept: Precision, recall and F1 at the class's threshold, at IoU 0.50.
        best_f1: Where the class's own F1 is highest.
        curve: Precision and recall; NaN where truth has no object of the class.
        thresholds: Precision, recall and F1 against threshold.
        calibration: Scores against precision.
    """

    figures: ClassFigures
    kept: OperatingPoint
    best_f1: OperatingPoint
    curve: PrecisionRecall
    thresholds: ThresholdCurve
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """Boxes, masks or boundaries of one set of predictions against truth.

    Attributes:
        matches: The record that all but ``figures`` follows from.
        figures: COCO's, by the evaluation library.
        areas: The ranges in the figures' names, in square px.
        threshold: The cut of classes without one of their own.
        kept: All classes together, each at its threshold.
        classes: By class name, in the order of category ids.
        thresholds: Precision, recall and F1 of all classes together against threshold.
        calibration: Scores of all classes against precision.
        confusion: What is taken for what, at the cut.
        errors: Kinds of mistakes and what they cost, at any score.
    """

    matches: Matches
    figures: CocoFigures
    areas: Mapping[str, AreaRange]
    threshold: float
    kept: OperatingPoint
    classes: Mapping[str, ClassAnalysis]
    thresholds: ThresholdCurve
    calibration: Calibration
    confusion: ConfusionMatrix
    errors: ErrorBreakdown

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN; COCO's figures at the top."""
        document = self.figures.to_json()
        for record, (name, one) in zip(document["classes"], self.classes.items(), strict=True):
            record["name"] = name
            record["kept"] = one.kept.to_json()
            record["best_f1"] = one.best_f1.to_json()
            record["calibration_error"] = one.calibration.to_json()["expected_error"]
            record["precision_recall"] = one.curve.to_json()
            record["thresholds"] = one.thresholds.to_json()
        return {
            **document,
            "score_threshold": self.threshold,
            "kept": self.kept.to_json(),
            "errors": self.errors.to_json(),
            "confusion": self.confusion.to_json(),
            "thresholds": self.thresholds.to_json(),
            "calibration": self.calibration.to_json(),
        }


def analyse(given: EvaluationInput, cut: Cut | None = None) -> Analysis:
    """Everything, from what :func:`yolact_cli.scoring.prepare.prepare` made."""
    matches = match(given)
    figures = evaluate_prepared(given)
    everything = ranked_all(matches)
    cut = cut or Cut()
    threshold = everything.best_f1().threshold if cut.default is None else cut.default
    points = kept_points(matches, cut.by_class, threshold)
    return Analysis(
        matches=matches,
        figures=figures,
        areas=given.rules.areas,
        threshold=threshold,
        kept=together(points),
        classes=_classes(matches, figures, points),
        thresholds=everything.curve(),
        calibration=calibration(everything),
        confusion=confusion_matrix(matches, cut.by_class, threshold),
        errors=error_breakdown(matches),
    )


def _classes(
    matches: Matches, figures: CocoFigures, points: Mapping[str, OperatingPoint]
) -> dict[str, ClassAnalysis]:
    classes = {}
    for place, name in enumerate(matches.class_names):
        ranked = ranked_class(matches, place)
        classes[name] = ClassAnalysis(
            figures=figures.per_class[int(matches.category_ids[place])],
            kept=points[name],
            best_f1=ranked.best_f1(),
            curve=precision_recall(matches, place),
            thresholds=ranked.curve(),
            calibration=calibration(ranked),
        )
    return classes
