"""Predictions and truth to figures: reads both sides, joins them, measures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from yolact_cli.datasets.class_map import read_class_map
from yolact_cli.datasets.join import Joined, JoinReport, join
from yolact_cli.datasets.predictions import read_predictions
from yolact_cli.datasets.threshold_file import read_thresholds
from yolact_cli.datasets.truth import read_truth
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.errors import AnnotationError, BadCocoError, SettingsError
from yolact_cli.scoring.analysis import Analysis, Cut, analyse
from yolact_cli.scoring.compare import RESAMPLES, Comparison, compare
from yolact_cli.scoring.prepare import EvaluationInput, IouType, prepare
from yolact_cli.scoring.resampling import Bootstrap, bootstrap
from yolact_cli.scoring.rules import ScoringRules
from yolact_cli.scoring.suggest import Goal, Suggestion, suggest
from yolact_cli.structures import Truth

_RULES = ScoringRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """What is compared, and what is asked about it."""

    class_names: tuple[str, ...] | None = None
    """Only these of truth's classes, or None for all."""
    class_map: Path | None = None
    """A file with truth's names for the classes of the predictions."""
    iou_types: tuple[IouType, ...] | None = None
    """Boxes, masks, boundaries, or None for boxes and masks where both sides have them."""
    rules: ScoringRules = _RULES
    """How many detections count, and which sizes are told apart."""
    score_threshold: float | None = None
    """For precision, recall, F1 and confusions; None for that of the best F1."""
    thresholds: Path | None = None
    """A file with thresholds by class for the same; they and its default go before
    ``score_threshold``."""
    bootstrap_resamples: int = 0
    """Resamples of pictures for intervals; 0 for none, in a comparison for the usual number."""
    goal: Goal | None = None
    """What suggested thresholds are to reach; None for no suggestion."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreReport:
    """What came out for one set of predictions.

    Attributes:
        predictions: Where they came from.
        analyses: By what was compared.
        intervals: Likewise; empty when none were asked for.
        suggestion: Thresholds by class, from masks where they were compared, else from boxes;
            None when not asked for.
        join: What was joined how.
        box_only_objects: Objects of truth without a mask, ignored where masks are compared.
        truth: As read: what a report draws beside the predictions.
        results: Those that take part, as joined; examples of mistakes point into it.
    """

    predictions: Path
    analyses: Mapping[IouType, Analysis]
    intervals: Mapping[IouType, Bootstrap]
    suggestion: Suggestion | None
    join: JoinReport
    box_only_objects: int
    truth: Truth
    results: list[dict[str, Any]]

    @property
    def main_iou_type(self) -> IouType:
        """What thresholds and errors are told of: masks where they were compared."""
        return "segm" if "segm" in self.analyses else next(iter(self.analyses))

    @property
    def main(self) -> Analysis:
        """The analysis of :attr:`main_iou_type`."""
        return self.analyses[self.main_iou_type]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparisonReport:
    """What came out for two sets of predictions.

    Attributes:
        a: The first.
        b: The second.
        comparisons: B against A, by what was compared.
    """

    a: ScoreReport
    b: ScoreReport
    comparisons: Mapping[IouType, Comparison]


def score_predictions(predictions: Path, truth: Path, settings: ScoreSettings) -> ScoreReport:
    """Everything about the predictions of a run, a data set or a results list.

    Raises:
        BadCocoError: A side that cannot be read or trusted, or the two have nothing in common.
        AnnotationError: No threshold meets the goal.
        SettingsError: Unknown classes, or masks asked for where there are none.
    """
    side = _Side(predictions, read_truth(truth), settings)
    return side.report(settings.iou_types or side.comparable())


def compare_predictions(
    first: Path, second: Path, truth: Path, settings: ScoreSettings
) -> ComparisonReport:
    """Everything about two sets of predictions of the same pictures, and their differences.

    Compared is what both have, unless told.

    Raises:
        BadCocoError: As for one.
        AnnotationError: As for one.
        SettingsError: As for one.
    """
    ground = read_truth(truth)
    sides = [_Side(path, ground, settings) for path in (first, second)]
    shared = sides[1].comparable()
    iou_types = settings.iou_types or tuple(x for x in sides[0].comparable() if x in shared)
    a, b = (side.report(iou_types) for side in sides)
    resamples = settings.bootstrap_resamples or RESAMPLES
    comparisons = {
        iou_type: compare(
            a.analyses[iou_type].matches, b.analyses[iou_type].matches, resamples=resamples
        )
        for iou_type in iou_types
    }
    return ComparisonReport(a=a, b=b, comparisons=comparisons)


class _Side:
    """One set of predictions, read and joined."""

    def __init__(self, predictions: Path, truth: Truth, settings: ScoreSettings) -> None:
        self._predictions = predictions
        self._truth = truth
        self._truth_coco = truth_to_coco(truth)
        self._settings = settings
        self._category_ids = _chosen(truth, settings.class_names)
        class_map = read_class_map(settings.class_map) if settings.class_map else None
        read = read_predictions(predictions)
        self._has_names = read.category_names is not None
        self._joined = join(read, truth, class_map=class_map, category_ids=self._category_ids)

    def comparable(self) -> tuple[IouType, ...]:
        """Boxes always; masks where truth has any and no prediction lacks one."""
        return _comparable(self._joined, self._truth)

    def report(self, iou_types: tuple[IouType, ...]) -> ScoreReport:
        """All about it."""
        if set(iou_types) - {"bbox"}:
            _check_masks(self._joined, self._predictions)
        cut = self._cut()
        analyses = {iou_type: analyse(self._prepared(iou_type), cut) for iou_type in iou_types}
        resamples = self._settings.bootstrap_resamples
        report = ScoreReport(
            predictions=self._predictions,
            analyses=analyses,
            intervals={
                iou_type: bootstrap(one.matches, resamples=resamples)
                for iou_type, one in analyses.items()
                if resamples
            },
            suggestion=None,
            join=self._joined.report,
            box_only_objects=_box_only(self._truth, self._category_ids),
            truth=self._truth,
            results=self._joined.results,
        )
        return report if self._settings.goal is None else self._suggesting(report)

    def _prepared(self, iou_type: IouType) -> EvaluationInput:
        return prepare(
            self._truth_coco,
            self._joined.results,
            iou_type,
            category_ids=self._category_ids,
            rules=self._settings.rules,
        )

    def _cut(self) -> Cut:
        otherwise = self._settings.score_threshold
        if self._settings.thresholds is None:
            return Cut(default=otherwise)
        given = read_thresholds(self._settings.thresholds)
        known = [category.name for category in self._truth.categories]
        for name in given.by_class:
            if name not in known:
                raise _unknown_class(f"{given.origin}: truth", name, known)
        default = otherwise if given.default is None else given.default
        return Cut(default=default, by_class=given.by_class)

    def _suggesting(self, report: ScoreReport) -> ScoreReport:
        matches, goal = report.main.matches, self._settings.goal
        assert goal is not None  # noqa: S101 - asked by the caller
        _check_scores(report.predictions, matches.scores)
        suggestion = suggest(matches, goal, names=self._known_names(report))
        if all(one.source in ("all", "none") for one in suggestion.by_class.values()):
            raise AnnotationError(
                f"{report.predictions}: no threshold can promise {goal}, not even of all classes "
                "together.",
                remedy="Ask for less, or label more pictures.",
            )
        return replace(report, suggestion=suggestion)

    def _known_names(self, report: ScoreReport) -> set[str]:
        """The classes that the predictions can have, by truth's names."""
        if self._has_names:
            return {one.truth_name for one in report.join.classes}
        matches = report.main.matches
        return {matches.class_names[place] for place in set(matches.detection_class.tolist())}


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
            raise _unknown_class("Truth", name, known)
    return frozenset(one.category_id for one in truth.categories if one.name in names)


def _unknown_class(who: str, name: str, known: list[str]) -> SettingsError:
    close = get_close_matches(name, known, n=1)
    offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(known)}."
    return SettingsError(f"{who} has no class '{name}'.", remedy=offer)


def _comparable(joined: Joined, truth: Truth) -> tuple[IouType, ...]:
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


def _check_scores(predictions: Path, scores: Any) -> None:
    if len(scores) and (scores.min() < 0 or scores.max() > 1):
        problem = f"scores go from {scores.min():g} to {scores.max():g}; thresholds are in [0, 1]"
        raise BadCocoError(str(predictions), [problem])


def _box_only(truth: Truth, category_ids: frozenset[int] | None) -> int:
    return sum(
        labelled.segmentation is None
        for picture in truth.pictures
        for labelled in picture.objects
        if category_ids is None or labelled.category_id in category_ids
    )
