"""The curves and the matrix of a score, as records to be drawn."""

import numpy as np

from yolact_cli.pipelines.score import ComparisonReport, ScoreReport
from yolact_cli.pipelines.score_findings import cut_words, has_own_thresholds
from yolact_cli.pipelines.score_wording import TITLES, shown
from yolact_cli.scoring.analysis import Analysis
from yolact_cli.scoring.confusion import ConfusionMatrix
from yolact_cli.scoring.precision import RECALLS
from yolact_cli.writers.score_records import (
    Change,
    ChangesChart,
    Line,
    LineChart,
    LineKind,
    MatrixChart,
    ReliabilityChart,
)

MOST_LINES, MOST_CLASSES, MOST_CHANGES = 40, 20, 30
_KINDS: tuple[LineKind, ...] = ("main", "second", "third")
_PRECISION_RECALL = ("recall", "precision")


def precision_recall_chart(report: ScoreReport) -> LineChart:
    """The mean of the classes for each thing compared; the classes of the main one, pale."""
    titles = TITLES[report.main_iou_type]
    curves = [
        (name, one.curve.precision)
        for name, one in _by_objects(report.main)
        if one.figures.objects and not np.isnan(one.curve.precision).any()
    ]
    pale = [
        Line(name=name, x=RECALLS, y=values, kind="pale") for name, values in curves[:MOST_LINES]
    ]
    main_first = sorted(report.analyses, key=lambda one: one != report.main_iou_type)
    bold = [
        Line(name=TITLES[iou_type], x=RECALLS, y=_mean_curve(report.analyses[iou_type]), kind=kind)
        for iou_type, kind in zip(main_first, _KINDS, strict=False)
    ]
    areas = ", ".join(
        f"{TITLES[iou_type]} {shown(report.analyses[iou_type].figures.ap50)}"
        for iou_type in main_first
    )
    many = "every class" if len(curves) <= MOST_LINES else f"the {MOST_LINES} classes seen most"
    return LineChart(
        title="Precision against recall",
        words=f"At IoU 0.50, the mean of the classes; the area below is AP50: {areas}. "
        f"Thin lines: {many}, {titles}.",
        axes=_PRECISION_RECALL,
        lines=(*pale, *bold),
    )


def threshold_chart(report: ScoreReport) -> LineChart:
    """Precision, recall and F1 of all classes together against the threshold."""
    curve, main = report.main.thresholds, report.main
    kept = main.kept
    is_one = not has_own_thresholds(report)
    return LineChart(
        title="What a threshold keeps",
        words=f"All classes together, {TITLES[report.main_iou_type]} at IoU 0.50. "
        f"Above {cut_words(report)}: precision {shown(kept.precision)}, recall "
        f"{shown(kept.recall)}, F1 {shown(kept.f1)}.",
        axes=("threshold of the score", "share"),
        lines=(
            Line(name="precision", x=curve.thresholds, y=curve.precision, kind="main"),
            Line(name="recall", x=curve.thresholds, y=curve.recall, kind="second"),
            Line(name="F1", x=curve.thresholds, y=curve.f1, kind="third"),
        ),
        mark=(main.threshold, f"{main.threshold:.2f}") if is_one else None,
    )


def reliability_chart(report: ScoreReport) -> ReliabilityChart:
    """Whether scores mean what they say."""
    found = report.main.calibration
    return ReliabilityChart(
        title="Do scores mean what they say?",
        words="Bars: how many of the predictions of a score are right; on the dashed line, as many "
        f"as the score says. Expected calibration error {shown(found.expected_error)}.",
        edges=found.edges,
        count=found.count,
        mean_score=found.mean_score,
        precision=found.precision,
    )


def confusion_chart(report: ScoreReport) -> MatrixChart:
    """The classes that are taken for each other most; all others are one."""
    matrix = report.main.confusion
    names, counts, pooled = _pooled(matrix)
    left_out = (
        f" The {pooled} classes that are mixed up less are one; what is mixed up among them is on "
        "its diagonal."
        if pooled
        else ""
    )
    return MatrixChart(
        title="What is taken for what",
        words=f"Objects by row, of predictions above {cut_words(report)}, at IoU 0.50; the shade "
        f"is the share of the row. Last column: not found. Last row: false alarms.{left_out}",
        names=names,
        counts=counts,
    )


def both_curves_chart(report: ComparisonReport) -> LineChart:
    """Precision against recall of A and of B."""
    lines = [
        Line(name=name, x=RECALLS, y=_mean_curve(side.main), kind=kind)
        for name, side, kind in zip("AB", (report.a, report.b), _KINDS, strict=False)
    ]
    areas = [shown(side.main.figures.ap50) for side in (report.a, report.b)]
    return LineChart(
        title="Precision against recall",
        words=f"{TITLES[report.a.main_iou_type].capitalize()} at IoU 0.50, the mean of the "
        f"classes; the area below is AP50: A {areas[0]}, B {areas[1]}.",
        axes=_PRECISION_RECALL,
        lines=tuple(lines),
    )


def changes_chart(report: ComparisonReport) -> ChangesChart:
    """How the AP of classes changed, with intervals; those that changed most."""
    comparison = report.comparisons[report.a.main_iou_type]
    differing = [item for item in comparison.ap_by_class.items() if item[1].change]
    by_change = sorted(differing, key=lambda item: -abs(item[1].change))
    kept = sorted(by_change[:MOST_CHANGES], key=lambda item: -item[1].change)
    more = len(comparison.ap_by_class) - len(kept)
    return ChangesChart(
        title="Change by class",
        words=f"AP of B minus A, {TITLES[report.a.main_iou_type]}, with the "
        f"{comparison.level:.0%} interval; filled where the difference is certain."
        + (f" {more} classes that changed less, or not at all, are not shown." if more else ""),
        axis="AP of B minus AP of A",
        changes=tuple(
            Change(
                name=name,
                change=one.change,
                low=one.interval.low,
                high=one.interval.high,
                is_certain=one.verdict in ("better", "worse"),
            )
            for name, one in kept
        ),
    )


def _by_objects(analysis: Analysis) -> list:  # type: ignore[type-arg]
    return sorted(analysis.classes.items(), key=lambda item: -item[1].figures.objects)


def _mean_curve(analysis: Analysis) -> np.ndarray:
    curves = [one.curve.precision for one in analysis.classes.values()]
    defined = [one for one in curves if not np.isnan(one).any()]
    return np.mean(defined, axis=0) if defined else np.full(len(RECALLS), np.nan)


def _pooled(matrix: ConfusionMatrix) -> tuple[tuple[str, ...], np.ndarray, int]:
    """The matrix with at most so many classes of their own, and how many are pooled."""
    counts = matrix.counts
    among = counts[:-1, :-1] - np.diag(np.diag(counts[:-1, :-1]))
    mixed_up = among.sum(axis=0) + among.sum(axis=1)
    seen = counts[:-1].sum(axis=1) + counts[:, :-1].sum(axis=0)
    order = np.lexsort((-seen, -mixed_up))
    kept = np.sort(order[seen[order] > 0][:MOST_CLASSES])
    pooled = int(np.count_nonzero(seen)) - len(kept)
    others = len(kept)
    place = np.full(len(counts), others)
    place[kept] = np.arange(len(kept))
    place[-1] = others + bool(pooled)
    small = np.zeros((place[-1] + 1, place[-1] + 1), np.int64)
    np.add.at(small, (place[:, None], place[None, :]), counts)
    names = [matrix.class_names[one] for one in kept]
    pool = [f"{pooled} others"] if pooled else []
    return (*names, *pool, "background"), small, pooled
