"""Predictions and truth to figures: reads both sides, joins them, measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from yolact_cli.datasets.class_map import read_class_map
from yolact_cli.datasets.join import Joined, JoinReport, join
from yolact_cli.datasets.predictions import read_predictions
from yolact_cli.datasets.truth import read_truth
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.errors import BadCocoError, SettingsError
from yolact_cli.scoring.bootstrap import Bootstrap, bootstrap
from yolact_cli.scoring.evaluate import evaluate_prepared
from yolact_cli.scoring.figures import CocoFigures
from yolact_cli.scoring.prepare import IouType, prepare
from yolact_cli.structures import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """What is compared."""

    class_names: tuple[str, ...] | None = None
    """Only these of truth's classes, or None for all."""
    class_map: Path | None = None
    """A file with truth's names for the classes of the predictions."""
    iou_types: tuple[IouType, ...] | None = None
    """Boxes, masks, or None for whatever both sides have."""
    bootstrap_resamples: int = 0
    """Resamples of pictures for intervals; 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What came out.

    Attributes:
        figures: By what was compared.
        intervals: Likewise; empty when none were asked for.
        join: What was joined how.
        box_only_objects: Objects of truth without a mask, ignored where masks are compared.
    """

    figures: Mapping[IouType, CocoFigures]
    intervals: Mapping[IouType, Bootstrap]
    join: JoinReport
    box_only_objects: int


def score_predictions(predictions: Path, truth: Path, settings: ScoreSettings) -> ScoreReport:
    """COCO's figures for the predictions of a run, a data set or a results list.

    Raises:
        BadCocoError: A side that cannot be read or trusted, or the two have nothing in common.
        SettingsError: Unknown classes, or masks asked for where there are none.
    """
    ground = read_truth(truth)
    category_ids = _chosen(ground, settings.class_names)
    class_map = read_class_map(settings.class_map) if settings.class_map else None
    joined = join(
        read_predictions(predictions), ground, class_map=class_map, category_ids=category_ids
    )
    iou_types = settings.iou_types or _comparable(joined, ground)
    if "segm" in iou_types:
        _check_masks(joined, predictions)
    truth_coco = truth_to_coco(ground)
    figures: dict[IouType, CocoFigures] = {}
    intervals: dict[IouType, Bootstrap] = {}
    for iou_type in iou_types:
        given = prepare(truth_coco, joined.results, iou_type, category_ids=category_ids)
        figures[iou_type] = evaluate_prepared(given)
        if settings.bootstrap_resamples:
            intervals[iou_type] = bootstrap(given, resamples=settings.bootstrap_resamples)
    return ScoreReport(
        figures=figures,
        intervals=intervals,
        join=joined.report,
        box_only_objects=_box_only(ground, category_ids),
    )


def _chosen(truth: Truth, names: tuple[str, ...] | None) -> frozenset[int] | None:
    """Ids of the categories of those names, None for all.

    Raises:
        SettingsError: Truth has no class of that name.
    """
    if names is None:
        return None
    known = [category.name for category in truth.categories]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(known)}."
            raise SettingsError(f"Truth has no class '{name}'.", remedy=offer)
    return frozenset(one.category_id for one in truth.categories if one.name in names)


def _comparable(joined: Joined, truth: Truth) -> tuple[IouType, ...]:
    """Boxes always; masks where truth has any and no prediction lacks one."""
    has_truth_masks = any(
        labelled.segmentation is not None
        for picture in truth.pictures
        for labelled in picture.objects
    )
    has_masks = all("segmentation" in result for result in joined.results)
    return ("bbox", "segm") if has_truth_masks and has_masks else ("bbox",)


def _check_masks(joined: Joined, predictions: Path) -> None:
    without = sum("segmentation" not in result for result in joined.results)
    if without:
        problem = f"{without} of {len(joined.results)} predictions have no mask"
        remedy = "Compare boxes alone: --iou-type bbox."
        raise BadCocoError(str(predictions), [problem], remedy=remedy)


def _box_only(truth: Truth, category_ids: frozenset[int] | None) -> int:
    return sum(
        labelled.segmentation is None
        for picture in truth.pictures
        for labelled in picture.objects
        if category_ids is None or labelled.category_id in category_ids
    )


def report_json(report: ScoreReport) -> dict[str, Any]:
    """The report in plain JSON types, null where a figure is not defined."""
    document: dict[str, Any] = {}
    for iou_type, figures in report.figures.items():
        document[iou_type] = figures.to_json()
        drawn = report.intervals.get(iou_type)
        if drawn is not None:
            document[iou_type]["bootstrap"] = drawn.to_json()
    joined = report.join
    document["join"] = {
        "pictures_by": joined.pictures_by,
        "categories_by": joined.categories_by,
        "truth_pictures": joined.truth_pictures,
        "pictures_without_predictions": joined.pictures_without_predictions,
        "foreign_pictures": joined.foreign_pictures,
        "foreign_picture_objects": joined.foreign_picture_objects,
        "foreign_classes": dict(joined.foreign_classes),
        "objects": joined.objects,
    }
    document["box_only_objects"] = report.box_only_objects
    return document
